//! Python's format strings, for `simple_template`: `{query}`, `{rule.title}`, `{pipeline.state[key]}`, `{{` and `}}` for braces.
//!
//! Formats and conversions of values (`{x!r}`, `{x:>8}`) are refused. Nothing here knows what a rule is.

use minijinja::Value;

use super::python;

/// A format string.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FormatString(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Path(String, Vec<Key>),
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Key {
    Name(String),
    Index(usize),
}

impl FormatString {
    /// Reads a format string.
    ///
    /// # Errors
    /// Where a brace stands alone, or a name has a format of its own.
    pub fn parse(text: &str) -> Result<FormatString, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.next_if_eq(&c).is_some() => plain.push(c),
                '}' => return Err("a `}` stands alone in the template; `}}` is the character".into()),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) => name.push(c),
                            None => return Err("a `{` of the template is not closed; `{{` is the character".into()),
                        }
                    }
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(path(&name)?);
                }
                c => plain.push(c),
            }
        }
        parts.push(Part::Text(plain));
        Ok(FormatString(parts))
    }

    /// The names at the start of its paths.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Path(name, _) => name.split('.').next(),
            Part::Text(_) => None,
        })
    }

    /// Fills in the values; `None` where the result is longer than `most` bytes.
    ///
    /// # Errors
    /// Where there is no such value.
    pub fn fill(&self, context: &Value, most: usize) -> Result<Option<String>, String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Path(name, path) => {
                    let found = path.iter().try_fold(context.clone(), |value, key| {
                        let next = match key {
                            Key::Name(key) => value.get_attr(key),
                            Key::Index(index) => value.get_item_by_index(*index),
                        };
                        next.ok().filter(|value| !value.is_undefined())
                    });
                    let Some(found) = found else { return Err(format!("there is no `{name}`")) };
                    python::str(&found, &mut out).map_err(|what| format!("`{name}` is {what}, which has no text"))?;
                }
            }
            if out.len() > most {
                return Ok(None);
            }
        }
        Ok(Some(out))
    }
}

fn path(name: &str) -> Result<Part, String> {
    if name.is_empty() || name.contains(['!', ':', '{']) {
        return Err(format!("`{{{name}}}` is no plain name; formats and conversions are not supported"));
    }
    let keys = name.replace('[', ".").replace(']', "");
    let key = |key: &str| key.parse().map_or_else(|_| Key::Name(key.to_owned()), Key::Index);
    Ok(Part::Path(name.to_owned(), keys.split('.').map(key).collect()))
}

#[cfg(test)]
mod tests {
    use minijinja::value::Serde;

    use super::*;

    #[test]
    fn format_strings_take_paths_and_doubled_braces() {
        let context = Value::from(Serde(serde_json::json!({"query": "q", "a": {"b": [1, "x"], "c": null}})));
        let fill = |text: &str| FormatString::parse(text).and_then(|format| format.fill(&context, 100));
        assert_eq!(fill("{{{query}}} {a.b[1]} {a.c}"), Ok(Some("{q} x None".into())));
        assert_eq!(fill("{a.b}"), Ok(Some("[1, 'x']".into())));
        assert_eq!(fill(&"{query}".repeat(101)), Ok(None));
        for wrong in ["{a.d}", "{", "}", "{query!r}", "{query:>8}", "{}"] {
            assert!(fill(wrong).is_err(), "{wrong}");
        }
    }
}
