//! Events as a JSON column holds them, and what the interpreter sees of them.
//!
//! The row's event has a key for each leaf, named by the dotted path, with the value as the document has it; [`document`] makes the
//! document of that. Nulls stay, since a query must tell them from values; an array is kept, for keywords. What queries on a
//! path see of an array is the engine's JSON text of it, so such events are left out. Flat stores are `store`'s business.

use serde_json::{Map, Number, Value};

use super::exclusion::Exclusion;
use super::project::{Arrays, flatten, text_of};
use crate::interp::Event;
use crate::ir::{Expr, Node, Predicate, Test};

/// The event as a document, cut to what a rule looks at: `names` are the fields that it names, `whole` says whether it has
/// keywords, `objects` whether the engine takes an object for a value.
///
/// # Errors
/// Where the event cannot be compared.
pub(super) fn project(event: &Event, names: &[&str], whole: bool, objects: bool) -> Result<Event, Exclusion> {
    let mut fields = flatten(event, Arrays::Json, |_| true, |value| Some(stored(value)));
    let below = |name: &str, path: &str| path.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    if !whole {
        fields.retain(|path, _| names.iter().any(|name| path == name || below(name, path) || below(path, name)));
    }
    for (path, value) in &fields {
        if fields.keys().any(|other| below(path, other)) {
            return Err(Exclusion::ValueAndFields);
        }
        if names.iter().any(|name| objects && below(name, path)) {
            return Err(Exclusion::ObjectAsText);
        }
        if value.is_array() && names.iter().any(|name| path == name || below(path, name)) {
            return Err(Exclusion::List);
        }
    }
    Ok(Event(fields))
}

/// The document of a projected event, as JSON text.
pub(super) fn document(event: &Event) -> String {
    let mut root = Map::new();
    for (path, value) in &event.0 {
        let mut place = &mut root;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                place.insert(part.to_owned(), value.clone());
                break;
            }
            // A value in the way was excluded by `project`.
            let inner = place.entry(part).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { break };
            place = inner;
        }
    }
    Value::Object(root).to_string()
}

/// The condition as it is meant of a path: a null is not told from a missing key.
pub(super) fn project_expr(expr: &Expr) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(project_expr).collect();
    let node = match &expr.node {
        Node::All(parts) => Node::All(all(parts)),
        Node::Any(parts) => Node::Any(all(parts)),
        Node::Not(part) => Node::Not(Box::new(project_expr(part))),
        Node::Test(Predicate { subject, test: Test::Exists(exists) }) => {
            let null = Node::Test(Predicate { subject: subject.clone(), test: Test::Null });
            if *exists { Node::Not(Box::new(Expr::new(null, expr.origin.clone()))) } else { null }
        }
        other => other.clone(),
    };
    Expr::new(node, expr.origin.clone())
}

/// A value as the document has it: numbers in canonical form, those that the engines write each in its own way as text.
fn stored(value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "\u{FFFD}").into(),
        Value::Number(number) => stored_number(number),
        Value::Array(items) => items.iter().map(stored).collect(),
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), stored(value))).collect(),
        other => other.clone(),
    }
}

fn stored_number(number: &Number) -> Value {
    let text = text_of(&Value::Number(number.clone()));
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    let plain = number.as_f64().is_some_and(|x| (1e-3..1e7).contains(&x.abs()));
    if number.is_u64() || (plain && number.to_string() == text) { number.clone().into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(value: Value) -> Event {
        match value {
            Value::Object(fields) => Event(fields),
            _ => Event::default(),
        }
    }

    #[test]
    fn a_document_keeps_types_and_nests_dotted_keys() {
        let given = event(json!({"a.b": 17.0, "a": {"c": null}, "big": 1e300, "t": true, "s": "x\0y", "other": 1}));
        let names = ["a.b", "a.c", "big", "t", "s"];
        let projected = project(&given, &names, false, false).expect("a document");
        let written: Value = serde_json::from_str(&document(&projected)).expect("JSON");
        // All digits of the double, as SEMANTICS.md says of the text of large numbers.
        let big = format!("{:.0}", 1e300);
        assert_eq!(written, json!({"a": {"b": 17, "c": null}, "big": big, "t": true, "s": "x\u{FFFD}y"}));
    }

    #[test]
    fn what_cannot_be_compared_is_left_out() {
        let project = |value, name| project(&event(value), &[name], false, true).map(|event| Value::Object(event.0));
        assert_eq!(project(json!({"a": [1]}), "a"), Err(Exclusion::List));
        assert_eq!(project(json!({"a": [{"b": 1}]}), "a.b"), Err(Exclusion::List));
        assert_eq!(project(json!({"a": {"b": 1}}), "a"), Err(Exclusion::ObjectAsText));
        assert_eq!(project(json!({"a": 1, "a.b": 1}), "a"), Err(Exclusion::ValueAndFields));
        assert_eq!(project(json!({"b": [1]}), "a"), Ok(json!({})));
    }
}
