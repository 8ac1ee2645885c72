//! The IR of a rule as a short tree for people, made from its public JSON form.
//!
//! One line a node. A test reads: field, kind, pieces (`*` and `?` are wildcards, text stands in quotes as it is).

use std::fmt::Write as _;

use serde_json::Value;
use sigmaglot::ir::{self, Rule};

/// The condition of the rule, a node a line.
pub fn condition(rule: &Rule) -> String {
    let json = ir::json::to_line(rule).expect("the rule has a JSON form");
    let json: Value = serde_json::from_str(&json).expect("the form is JSON");
    let mut out = String::new();
    node(&json["condition"], 0, None, &mut out);
    out
}

fn node(value: &Value, depth: usize, around: Option<&str>, out: &mut String) {
    let selection = value["origin"]["selection"].as_str();
    let what = match word(value, "op") {
        "test" => test(value),
        op => op.to_owned(),
    };
    let _ = write!(out, "{:1$}{what}", "", depth * 2);
    if let Some(name) = selection.filter(|name| Some(*name) != around) {
        let _ = write!(out, "  # {name}");
    }
    out.push('\n');
    let parts = value["parts"].as_array().into_iter().flatten();
    for part in parts.chain(value.get("part")) {
        node(part, depth + 1, selection, out);
    }
}

fn test(value: &Value) -> String {
    let not = if value["negated"] == true { "not " } else { "" };
    let field = value["field"].as_str().unwrap_or("any value");
    let exact = match value["case_sensitive"] == true && value.get("regex").is_none() {
        true => " (exact case)",
        false => "",
    };
    format!("{not}{field} {}{}{exact}", word(value, "kind"), operand(value))
}

/// What the field is compared with; each kind of test has keys of its own.
fn operand(value: &Value) -> String {
    if let Some(pieces) = value["pattern"].as_array() {
        return if pieces.is_empty() { " ''".into() } else { pieces.iter().map(piece).collect() };
    }
    if let Some(regex) = value["regex"].as_str() {
        let flags = word(value, "flags");
        let flags = if flags.is_empty() { String::new() } else { format!(" with {flags}") };
        return format!(" {}{flags}", quoted(regex));
    }
    let mut out = String::new();
    for key in ["relation", "other", "part", "compare", "number", "bool", "exists", "network", "placeholder"] {
        match value.get(key) {
            None => {}
            Some(Value::String(text)) => out += &format!(" {text}"),
            Some(other) => out += &format!(" {other}"),
        }
    }
    out
}

fn piece(piece: &Value) -> String {
    match piece.as_str() {
        Some("any_string") => " *".into(),
        Some(_) => " ?".into(),
        None => match piece["literal"].as_str() {
            Some(text) => format!(" {}", quoted(text)),
            None => {
                let set = piece["one_of"].as_array().into_iter().flatten().filter_map(Value::as_str);
                format!(" [{}]", set.collect::<String>())
            }
        },
    }
}

/// The text in quotes; only what cannot be seen is escaped.
fn quoted(text: &str) -> String {
    let invisible = |c: char| c.is_control() || ('\u{2028}'..='\u{202E}').contains(&c);
    let shown = text.chars().map(|c| if invisible(c) { c.escape_unicode().to_string() } else { c.to_string() });
    format!("'{}'", shown.collect::<String>())
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
