//! What Jinja on Python has and the engine of our templates has not, or has otherwise: filters, methods of texts, functions.
//!
//! `tests/templates/` holds expressions with what `sigma-cli` makes of them. Nothing here knows pipelines.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use minijinja::value::{Kwargs, Rest, Tuple, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;
use regex::{Match, Regex};

use super::growing;
use super::python::{self, Json};

/// The most characters that a filter pads a text to.
const WIDTH: usize = 10_000;

/// Gives an environment the filters, methods and functions.
pub(super) fn install(environment: &mut Environment<'_>) {
    environment.set_unknown_method_callback(method);
    environment.add_filter("defining", defining);
    environment.add_filter("string", |value: &Value| text(value));
    environment.add_filter("join", join);
    environment.add_filter("tojson", tojson);
    environment.add_filter("center", |value: &Value, width: Option<usize>| {
        padded(&text(value)?, width.unwrap_or(80), Side::Both, ' ')
    });
    environment.add_filter("wordcount", |value: &Value| Ok::<_, Error>(words(&text(value)?)));
    for name in ["e", "escape", "forceescape"] {
        environment.add_filter(name, move |value: &Value| match value.is_safe() && name != "forceescape" {
            true => Ok::<_, Error>(value.clone()),
            false => Ok(Value::from_safe_string(escape(&text(value)?))),
        });
    }
    environment.add_filter("truncate", truncate);
    environment.add_filter("indent", indent);
    environment.add_filter("last", last);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("filesizeformat", minijinja_contrib::filters::filesizeformat);
    environment.add_filter("striptags", minijinja_contrib::filters::striptags);
    for name in ["random", "urlize"] {
        // A query may not depend on chance, and what a link is depends on the reader.
        environment.add_filter(name, move |_: &Value| -> Result<Value, Error> {
            Err(failed(format!("the filter `{name}` is refused")))
        });
    }
    for name in ["upper", "lower", "capitalize", "title", "trim", "replace"] {
        environment.add_filter(name, move |state: &mut State<'_, '_>, value: &Value, args: Rest<Value>| {
            let (own, args) = (Value::from(text(value)?), args.0);
            match name {
                "trim" => method(state, &own, "strip", &args),
                "title" => Ok(title(own.as_str().unwrap_or_default()).into()),
                _ => method(state, &own, name, &args),
            }
        });
    }
    environment.add_function(growing::MAKE, growing::make);
    environment.add_function("cycler", minijinja_contrib::globals::cycler);
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// The text of a value, as Python has it.
pub(super) fn text(value: &Value) -> Result<String, Error> {
    python::string(value).map_err(|what| failed(format!("{what} has no text")))
}

/// The filter `defining(columns)`: of definitions `NAME = EXPRESSION` those whose name is one of the columns, in their order.
fn defining(definitions: Vec<Value>, columns: Vec<Value>) -> Vec<Value> {
    let columns: HashSet<&str> = columns.iter().filter_map(Value::as_str).collect();
    let name = |definition: &Value| Some(columns.contains(definition.as_str()?.split_once(" = ")?.0));
    definitions.into_iter().filter(|definition| name(definition) == Some(true)).collect()
}

fn join(value: &Value, separator: Option<&Value>, options: Kwargs) -> Result<String, Error> {
    let attribute: Option<String> = options.get("attribute")?;
    let named: Option<Value> = options.get("d")?;
    options.assert_all_used()?;
    let separator = separator.cloned().or(named).map_or(Ok(String::new()), |value| text(&value))?;
    let mut out = String::new();
    for (i, item) in value.try_iter()?.enumerate() {
        if i > 0 {
            out.push_str(&separator);
        }
        let item = match &attribute {
            Some(path) => path.split('.').try_fold(item, |item, key| item.get_attr(key))?,
            None => item,
        };
        out.push_str(&text(&item)?);
    }
    Ok(out)
}

fn tojson(value: &Value, indent: Option<usize>, options: Kwargs) -> Result<Value, Error> {
    let named: Option<usize> = options.get("indent")?;
    options.assert_all_used()?;
    let indent = indent.or(named).map(|indent| indent.min(64));
    let layout = Json { indent, sorted: true, html: true };
    let out = layout.dumps(value).map_err(|what| failed(format!("JSON has no value for {what}")))?;
    Ok(Value::from_safe_string(out))
}

/// The characters of HTML as entities, as Python's MarkupSafe has them.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

fn truncate(value: &Value, args: Rest<Value>) -> Result<String, Error> {
    type Arguments = (Option<usize>, Option<bool>, Option<String>, Option<usize>, Kwargs);
    let (length, kill, end, leeway, options): Arguments = from_args(&args.0)?;
    let length = length.or(options.get("length")?).unwrap_or(255);
    let kill = kill.or(options.get("killwords")?).unwrap_or(false);
    let end = end.or(options.get("end")?).unwrap_or_else(|| "...".to_owned());
    let leeway = leeway.or(options.get("leeway")?).unwrap_or(5);
    options.assert_all_used()?;
    let text = text(value)?;
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let room = length.checked_sub(end.chars().count()).ok_or_else(|| failed("`truncate` has no room for its end"))?;
    let cut: String = text.chars().take(room).collect();
    let cut = if kill { cut.as_str() } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words) };
    Ok(format!("{cut}{end}"))
}

fn indent(
    value: &Value,
    width: Option<Value>,
    first: Option<bool>,
    blank: Option<bool>,
    options: Kwargs,
) -> Result<String, Error> {
    let width = width.or(options.get("width")?).unwrap_or_else(|| 4.into());
    let first = first.or(options.get("first")?).unwrap_or(false);
    let blank = blank.or(options.get("blank")?).unwrap_or(false);
    options.assert_all_used()?;
    let Some(text) = value.as_str() else { return Err(failed("`indent` takes text")) };
    let by = match (width.as_str(), usize::try_from(width.clone())) {
        (Some(by), _) => by.to_owned(),
        (None, Ok(width)) if width <= WIDTH => " ".repeat(width),
        _ => return Err(failed(format!("`indent` takes a width up to {WIDTH} or a text"))),
    };
    // Jinja adds a line break, so that one at the end of the text is kept.
    let text = format!("{text}\n");
    let mut out = String::with_capacity(text.len());
    for (i, line) in text.lines().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        if (i == 0 && first) || (i > 0 && (blank || !line.is_empty())) {
            out.push_str(&by);
        }
        out.push_str(line);
    }
    Ok(out)
}

fn last(value: &Value) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.chars().last().map_or(Value::UNDEFINED, |c| Value::from(c.to_string())));
    }
    Ok(value.try_iter()?.last().unwrap_or(Value::UNDEFINED))
}

/// A text within an address, or a map as the fields of a form.
fn urlencode(value: &Value) -> Result<String, Error> {
    let encode = |text: &str, plain: &[u8], out: &mut String| {
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
                b' ' if plain.is_empty() => out.push('+'),
                byte if plain.contains(&byte) => out.push(char::from(byte)),
                byte => out.push_str(&format!("%{byte:02X}")),
            }
        }
    };
    let mut out = String::new();
    if value.kind() != ValueKind::Map {
        encode(&text(value)?, b"/", &mut out);
        return Ok(out);
    }
    for (i, key) in value.try_iter()?.enumerate() {
        if i > 0 {
            out.push('&');
        }
        encode(&text(&key)?, b"", &mut out);
        out.push('=');
        encode(&text(&value.get_item(&key)?)?, b"", &mut out);
    }
    Ok(out)
}

/// Runs of letters, digits and `_`.
fn words(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).count()
}

/// Jinja's filter: a word begins after a blank, a hyphen or an opening bracket.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins {
            out.extend(c.to_uppercase())
        } else {
            out.extend(c.to_lowercase())
        }
        begins = c.is_whitespace() || matches!(c, '-' | '(' | '{' | '[' | '<');
    }
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

fn padded(text: &str, width: usize, side: Side, fill: char) -> Result<String, Error> {
    if width > WIDTH {
        return Err(failed(format!("a text is padded to at most {WIDTH} characters")));
    }
    let more = width.saturating_sub(text.chars().count());
    let left = match side {
        Side::Left => more,
        Side::Right => 0,
        // Python puts the odd one to the left where the width is odd.
        Side::Both => more / 2 + (more & width & 1),
    };
    let fill = |count: usize| std::iter::repeat_n(fill, count);
    Ok(fill(left).chain(text.chars()).chain(fill(more - left)).collect())
}

/// The methods of Python's texts that the engine's compatibility layer has not; the rest is its own.
fn method(state: &mut State<'_, '_>, value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    let Some(text) = value.as_str().filter(|_| value.kind() == ValueKind::String) else {
        return pycompat::unknown_method_callback(state, value, method, args);
    };
    let pad = |side| {
        let (width, fill): (usize, Option<char>) = from_args(args)?;
        padded(text, width, side, fill.unwrap_or(' ')).map(Value::from)
    };
    Ok(match method {
        "center" => pad(Side::Both)?,
        "ljust" => pad(Side::Right)?,
        "rjust" => pad(Side::Left)?,
        "zfill" => {
            let (width,): (usize,) = from_args(args)?;
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['+', '-'])));
            format!("{sign}{}", padded(digits, width.saturating_sub(sign.len()), Side::Left, '0')?).into()
        }
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            text.strip_prefix(prefix).unwrap_or(text).into()
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            text.strip_suffix(suffix).unwrap_or(text).into()
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            if separator.is_empty() {
                return Err(failed("empty separator"));
            }
            let found = if method == "partition" { text.split_once(separator) } else { text.rsplit_once(separator) };
            let parts = match (found, method) {
                (Some((before, after)), _) => [before, separator, after],
                (None, "partition") => [text, "", ""],
                (None, _) => ["", "", text],
            };
            Tuple::from(parts.map(Value::from)).into()
        }
        "title" => {
            from_args::<()>(args)?;
            let mut within = false;
            let mut out = String::with_capacity(text.len());
            for c in text.chars() {
                if within {
                    out.extend(c.to_lowercase())
                } else {
                    out.extend(c.to_uppercase())
                }
                within = c.is_alphabetic();
            }
            out.into()
        }
        "rsplit" => {
            let (separator, most): (Option<&str>, Option<usize>) = from_args(args)?;
            let Some(separator) = separator.filter(|separator| !separator.is_empty()) else {
                return Err(failed("`rsplit` needs a separator here"));
            };
            let mut parts: Vec<&str> = match most {
                Some(most) => text.rsplitn(most + 1, separator).collect(),
                None => text.rsplit(separator).collect(),
            };
            parts.reverse();
            Value::from(parts.into_iter().map(Value::from).collect::<Vec<_>>())
        }
        "swapcase" => {
            let swap = |c: char| -> String {
                if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
            };
            from_args::<()>(args)?;
            text.chars().map(swap).collect::<String>().into()
        }
        "casefold" => {
            from_args::<()>(args)?;
            text.replace('ß', "ss").to_lowercase().into()
        }
        "isspace" => {
            from_args::<()>(args)?;
            (!text.is_empty() && text.chars().all(char::is_whitespace)).into()
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(args)?;
            let found = if method == "index" { text.find(part) } else { text.rfind(part) };
            let at = found.ok_or_else(|| failed("substring not found"))?;
            text.get(..at).unwrap_or_default().chars().count().into()
        }
        "join" => {
            let (items,): (&Value,) = from_args(args)?;
            let items: Vec<Value> = items.try_iter()?.collect();
            if items.iter().any(|item| item.as_str().is_none()) {
                return Err(failed("`join` takes texts"));
            }
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            items.join(text).into()
        }
        _ => return pycompat::unknown_method_callback(state, value, method, args),
    })
}

/// What stands for one tag in a template: an element of the list, or a name.
const TAG: &str = r"(rule\.tags\[-?\d+\]|rule\.tags\|(?:first|last)|[A-Za-z_]\w*)";

/// Comparisons in the text of a template that Jinja has true and the engine false without a word: of a tag with a text.
pub(super) fn misread(template: &str) -> Vec<(String, Option<String>)> {
    static LOOP: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\bfor\s+([A-Za-z_]\w*)\s+in\b(\s+rule\.tags\b)?").ok());
    static LEFT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(&format!(r"{TAG}\s*(?:==|!=|(?:not\s+)?in\b)")).ok());
    static RIGHT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!(r"(?:==|!=)\s*{TAG}")).ok());
    if !template.contains("rule.tags") {
        return Vec::new();
    }
    let (Some(loops), Some(left), Some(right)) = (&*LOOP, &*LEFT, &*RIGHT) else { return Vec::new() }; // constants
    let over_tags = loops.captures_iter(template).filter(|found| found.get(2).is_some());
    let names: HashSet<&str> = over_tags.filter_map(|found| found.get(1)).map(|name| name.as_str()).collect();
    // `for tag in rule.tags` itself is no comparison.
    let text = loops.replace_all(template, "");
    let stands_alone =
        |name: &Match<'_>| !text[..name.start()].ends_with(|c: char| c == '.' || c == '_' || c.is_alphanumeric());
    let is_whole = |name: &Match<'_>| !text[name.end()..].starts_with(['.', '|', '[']);
    let compared = left.captures_iter(&text).filter_map(|found| found.get(1)).filter(stands_alone);
    let others = right.captures_iter(&text).filter_map(|found| found.get(1)).filter(is_whole);
    let shown = |name: Match<'_>| match name.as_str() {
        text if text.starts_with("rule.tags[") => Some("rule.tags[0]".to_owned()),
        text if text.starts_with("rule.tags|") => Some("rule.tags|first".to_owned()),
        text => names.contains(text).then(|| text.to_owned()),
    };
    let message = |shown: String| {
        let message = format!("`{shown}` is a tag and no text, so that a comparison with a text fails here");
        (message, Some(format!("write `{shown}|string`")))
    };
    compared.chain(others).filter_map(shown).collect::<BTreeSet<_>>().into_iter().map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_of_asked_columns_stay() {
        let list = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
        let kept = defining(list(&["A = x", "AB = y", "B = f(A = z)", "C"]), list(&["B", "A", "C", "x"]));
        assert_eq!(kept, list(&["A = x", "B = f(A = z)"]));
    }

    #[test]
    fn a_tag_that_is_compared_with_a_text_is_noticed() {
        for text in [
            "{% for tag in rule.tags %}{% if tag == 'a.b' %}{% endif %}{% endfor %}",
            "{% for tag in rule.tags if 'a.b' != tag %}{% endfor %}",
            "{% for t in rule.tags %}{{ t in ['a'] }}{% endfor %}",
            "{{ rule.tags[0] == 'a.b' }}",
            "{{ 'a.b'==rule.tags[0] }}",
            "{% for tag in rule.tags %}{{ x==tag }}{% endfor %}",
        ] {
            assert_eq!(misread(text).len(), 1, "{text}");
        }
        for text in [
            "{% for tag in rule.tags %}{% if tag.namespace == 'a' and tag|string == 'x' %}{% endif %}{% endfor %}",
            "{% if 'a.b' in rule.tags %}{% endif %}",
            "{% for tag in rule.tags %}{{ tag }}{% endfor %}",
            "{% for tag in rule.tags %}{{ x.tag == 1 or 1 == tag.name or xtag == tags }}{% endfor %}",
        ] {
            assert_eq!(misread(text), [], "{text}");
        }
    }
}
