//! Projections: the event as a target's store holds it.
//!
//! A query is compared with the interpreter on the projected event. What a projection loses is written in the
//! `data_model` of the target's manifest, line by line.

use serde_json::{Map, Value};

use crate::interp::Event;
use crate::ir::Number;

/// The event as a flat SQL table holds it.
///
/// Nulls are missing; objects are one field for each of their leaves, named by the dotted path (a field that has that name
/// already wins); arrays are their JSON text; booleans and numbers other than 64-bit integers are their canonical text; U+0000 is
/// U+FFFD.
pub fn project_sql(event: &Event) -> Event {
    let mut out = Map::new();
    let mut nested = Vec::new();
    for (name, value) in &event.0 {
        match value {
            Value::Object(object) => nested.push((name.clone(), object)),
            value => insert(&mut out, name.clone(), value),
        }
    }
    // Objects after scalars: a flat key is stronger than a path.
    while !nested.is_empty() {
        let mut deeper = Vec::new();
        for (path, object) in nested {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                match value {
                    Value::Object(object) => deeper.push((path, object)),
                    value if !out.contains_key(&path) => insert(&mut out, path, value),
                    _ => {}
                }
            }
        }
        nested = deeper;
    }
    Event(out)
}

fn insert(out: &mut Map<String, Value>, name: String, value: &Value) {
    let text = match value {
        Value::Null => return,
        Value::String(text) if text.contains('\0') => text.replace('\0', "\u{FFFD}"),
        Value::Number(number) if number.is_f64() || number.as_i64().is_none() => canonical(number),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        value => {
            out.insert(name, value.clone());
            return;
        }
    };
    out.insert(name, Value::String(text));
}

fn canonical(number: &serde_json::Number) -> String {
    match (number.as_u64(), number.as_f64()) {
        (Some(whole), _) => whole.to_string(),
        (None, Some(x)) => Number::Float(x).to_string(),
        (None, None) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_flat_table_holds() {
        let Value::Object(event) = json!({
            "Image": "a\0b", "EventID": 1, "Big": 18446744073709551615u64, "Ratio": 17.0, "Signed": true, "Gone": null,
            "a": {"b": {"c": 1, "d": null}, "e": {}}, "a.b.c": "flat wins", "list": [1, {"x": null}],
        }) else {
            panic!("an object")
        };
        let Value::Object(expected) = json!({
            "Image": "a\u{FFFD}b", "EventID": 1, "Big": "18446744073709551615", "Ratio": "17", "Signed": "true",
            "a.b.c": "flat wins", "list": "[1,{\"x\":null}]",
        }) else {
            panic!("an object")
        };
        assert_eq!(project_sql(&Event(event)).0, expected);
    }
}
