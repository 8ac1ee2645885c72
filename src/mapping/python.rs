//! Values of templates as Python writes them: `str`, `repr` and `json.dumps`.
//!
//! Templates of pySigma's pipelines run in Jinja on Python, and a query must not depend on which program runs them. What has no
//! such text, like a whole rule, has none here. Nothing here knows templates.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::instance::{self, Instance};

/// How deep lists may be nested.
const DEPTH: usize = 64;
/// The most bytes of a text; a list can hold another one many times.
const MOST: usize = 128 << 20;

/// What a value is whose text is asked for and that has none.
pub(super) type NoText = String;

/// `str(value)`.
///
/// # Errors
/// With what the value is, where it has no text.
pub(super) fn str(value: &Value, out: &mut String) -> Result<(), NoText> {
    match value.as_str() {
        Some(text) => {
            out.push_str(text);
            Ok(())
        }
        None => repr(value, out, 0),
    }
}

/// `str(value)` as a value of its own.
///
/// # Errors
/// With what the value is, where it has no text.
pub(super) fn string(value: &Value) -> Result<String, NoText> {
    let mut out = String::new();
    str(value, &mut out)?;
    Ok(out)
}

/// `repr(value)` of a value within others.
///
/// # Errors
/// With what the value is, where it has no text.
pub(super) fn repr(value: &Value, out: &mut String, depth: usize) -> Result<(), NoText> {
    if depth > DEPTH {
        return Err("a value nested too deep".into());
    }
    if let Some(instance) = value.downcast_object_ref::<Instance>() {
        let text = if depth == 0 { instance.text() } else { instance.repr() };
        out.push_str(&text.ok_or_else(|| format!("a {}", instance.class()))?);
        return Ok(());
    }
    if let Some(tags) = instance::tags_of(value) {
        return list(('[', ']'), tags.into_iter(), out, |tag, out| repr(&tag, out, depth + 1));
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::Invalid => return Err("undefined".into()),
        ValueKind::None => out.push_str("None"),
        ValueKind::Number => number(value, out),
        ValueKind::String => quoted(value.as_str().unwrap_or_default(), out),
        ValueKind::Map => {
            let keys = value.try_iter().map_err(|error| error.to_string())?;
            list(('{', '}'), keys, out, |key, out| {
                repr(&key, out, depth + 1)?;
                out.push_str(": ");
                repr(&value.get_item(&key).unwrap_or_default(), out, depth + 1)
            })?;
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|error| error.to_string())?;
            let brackets = if value.is_tuple() { ('(', ')') } else { ('[', ']') };
            list(brackets, items, out, |item, out| repr(&item, out, depth + 1))?;
            if value.is_tuple() && value.len() == Some(1) {
                out.insert(out.len() - 1, ',');
            }
        }
        ValueKind::Bool | ValueKind::Bytes | ValueKind::Plain => {
            let _ = write!(out, "{value}");
        }
        _ => return Err("no value".into()),
    }
    Ok(())
}

fn list(
    (open, close): (char, char),
    items: impl Iterator<Item = Value>,
    out: &mut String,
    one: impl Fn(Value, &mut String) -> Result<(), NoText>,
) -> Result<(), NoText> {
    out.push(open);
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        one(item, out)?;
        fits(out)?;
    }
    out.push(close);
    Ok(())
}

/// Whether the text may go on.
fn fits(out: &str) -> Result<(), NoText> {
    if out.len() > MOST { Err("a value too long to be written".into()) } else { Ok(()) }
}

/// Integers in full, floats in the shortest form, with an exponent where Python has one.
fn number(value: &Value, out: &mut String) {
    if value.is_integer() {
        let _ = write!(out, "{value}");
        return;
    }
    let x = f64::try_from(value.clone()).unwrap_or(f64::NAN);
    let size = x.abs();
    if x.is_nan() {
        out.push_str("nan");
    } else if x.is_infinite() {
        out.push_str(if x > 0.0 { "inf" } else { "-inf" });
    } else if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{x:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        let _ = write!(out, "{digits}e{sign}{exponent:0>2}");
    } else {
        let _ = write!(out, "{x:?}");
    }
}

/// A text in Python's quotes.
pub(super) fn quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || (0x7f..0xa1).contains(&(c as u32)) || c as u32 == 0xad => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// How `json.dumps` lays out its text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Json {
    /// The blanks of a level; `None` for one line.
    pub indent: Option<usize>,
    /// Whether keys stand in their order.
    pub sorted: bool,
    /// Whether the text may stand in HTML, as `tojson` has it.
    pub html: bool,
}

impl Json {
    /// `json.dumps(value)`.
    ///
    /// # Errors
    /// With what the value is, where JSON has no such values.
    pub fn dumps(self, value: &Value) -> Result<String, NoText> {
        let mut out = String::new();
        self.write(value, 0, &mut out)?;
        Ok(out)
    }

    fn write(self, value: &Value, depth: usize, out: &mut String) -> Result<(), NoText> {
        if depth > DEPTH {
            return Err("a value nested too deep".into());
        }
        if let Some(instance) = value.downcast_object_ref::<Instance>() {
            return Err(format!("a {}", instance.class()));
        }
        if let Some(tags) = instance::tags_of(value) {
            return self.block(('[', ']'), &tags, depth, out, |tag, out| self.write(tag, depth + 1, out));
        }
        match value.kind() {
            ValueKind::None => out.push_str("null"),
            ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => number(value, out),
            ValueKind::String => self.text(value.as_str().unwrap_or_default(), out),
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter().map_err(|error| error.to_string())?.collect();
                self.block(('[', ']'), &items, depth, out, |item, out| self.write(item, depth + 1, out))?;
            }
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter().map_err(|error| error.to_string())?.collect();
                if self.sorted {
                    keys.sort();
                }
                self.block(('{', '}'), &keys, depth, out, |key, out| {
                    match key.as_str() {
                        Some(text) => self.text(text, out),
                        None => return Err("a map with keys that are no text".into()),
                    }
                    out.push_str(": ");
                    self.write(&value.get_item(key).unwrap_or_default(), depth + 1, out)
                })?;
            }
            other => return Err(other.to_string()),
        }
        Ok(())
    }

    fn block(
        self,
        (open, close): (char, char),
        items: &[Value],
        depth: usize,
        out: &mut String,
        one: impl Fn(&Value, &mut String) -> Result<(), NoText>,
    ) -> Result<(), NoText> {
        out.push(open);
        for (i, item) in items.iter().enumerate() {
            out.push_str(match (i, self.indent) {
                (0, _) => "",
                (_, None) => ", ",
                (_, Some(_)) => ",",
            });
            self.line(depth + 1, out);
            one(item, out)?;
            fits(out)?;
        }
        if !items.is_empty() {
            self.line(depth, out);
        }
        out.push(close);
        Ok(())
    }

    fn line(self, depth: usize, out: &mut String) {
        if let Some(indent) = self.indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn text(self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '<' | '>' | '&' | '\'' if self.html => {
                    let _ = write!(out, "\\u{:04x}", c as u32);
                }
                ' '..='~' => out.push(c),
                c => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
            }
        }
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use minijinja::value::Serde;

    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let text = |json: serde_json::Value| string(&Value::from(Serde(json))).unwrap();
        let json = serde_json::json!(["a'b", "c\"d'", 1, 1.0, 1e16, 1e-5, true, null, {"k": ["\\", "\n"]}]);
        assert_eq!(text(json), r#"["a'b", 'c"d\'', 1, 1.0, 1e+16, 1e-05, True, None, {'k': ['\\', '\n']}]"#);
        assert_eq!(text(serde_json::json!("plain")), "plain");
        assert!(string(&Value::UNDEFINED).is_err());
    }

    #[test]
    fn json_is_that_of_python() {
        let value = Value::from(Serde(serde_json::json!({"b": ["é😀<", 1.5], "a": {}})));
        let html = Json { sorted: true, html: true, ..Json::default() };
        assert_eq!(html.dumps(&value).unwrap(), r#"{"a": {}, "b": ["\u00e9\ud83d\ude00\u003c", 1.5]}"#);
        let lines = Json { indent: Some(2), ..Json::default() };
        let expected = "{\n  \"b\": [\n    \"\\u00e9\\ud83d\\ude00<\",\n    1.5\n  ],\n  \"a\": {}\n}";
        assert_eq!(lines.dumps(&value).unwrap(), expected);
    }
}
