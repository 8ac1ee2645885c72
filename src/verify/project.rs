//! Projections: events flattened, and values as their text.
//!
//! What a projection loses is written in the `data_model` of the target's manifest, line by line. Which store takes
//! which projection is `store`'s business.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::interp::Event;
use crate::ir::Number;

/// What becomes of arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrays {
    /// They are one value.
    Json,
    /// Each element is a value of the field; objects in them are fields of the same path.
    Values,
}

/// The event as a flat table of SQLite holds it.
///
/// Nulls are missing; objects are one field for each of their leaves, named by the dotted path (a field that has that name
/// already wins); arrays are their JSON text; booleans and numbers other than 64-bit integers are their canonical text; U+0000 is
/// U+FFFD.
pub fn project_sql(event: &Event) -> Event {
    Event(flatten(event, Arrays::Json, |_| true, sql_value))
}

/// A value in a column of text and integers.
pub(super) fn sql_value(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_i64() => Some(value.clone()),
        other => sql_text(other),
    }
}

/// A value in a column of text.
pub(super) fn sql_text(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.replace('\0', "\u{FFFD}").into()),
        other => Some(text_of(other).into()),
    }
}

/// The event's values by dotted path, as far as the paths are `wanted`, each as `hold` has it; what it does not hold is missing.
/// A scalar key that has the name of a path wins over the path, but among [`Arrays::Values`] all values of one name are kept.
pub(super) fn flatten(
    event: &Event,
    arrays: Arrays,
    wanted: impl Fn(&str) -> bool,
    hold: impl Fn(&Value) -> Option<Value>,
) -> Map<String, Value> {
    let mut out: Map<String, Value> = Map::new();
    let mut level: Vec<(Cow<'_, str>, &Value)> =
        event.0.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), value)).collect();
    while !level.is_empty() {
        let mut deeper = Vec::new();
        for (path, value) in level {
            let wanted = wanted(&path);
            if !wanted && !matches!(value, Value::Object(_) | Value::Array(_)) {
                continue;
            }
            let mut values = Vec::new();
            leaves(value, arrays, &path, &mut values, &mut deeper);
            for value in values.into_iter().filter(|_| wanted) {
                match (value, out.get_mut(path.as_ref())) {
                    (value, None) => {
                        if let Some(value) = hold(value) {
                            out.insert(path.clone().into_owned(), value);
                        }
                    }
                    (value, Some(known)) if arrays == Arrays::Values => add(known, hold(value)),
                    _ => {}
                }
            }
        }
        level = deeper;
    }
    out
}

/// Whether all fields of the event are plain: values, or lists of values, under names without a dot.
pub(super) fn is_flat(event: &Event) -> bool {
    let nested = |value: &Value| matches!(value, Value::Object(_) | Value::Array(_));
    event.0.iter().all(|(name, value)| match value {
        Value::Object(_) => false,
        Value::Array(items) => !name.contains('.') && !items.iter().any(nested),
        _ => !name.contains('.'),
    })
}

/// The values of a field itself, and what lies below it.
fn leaves<'e>(
    value: &'e Value,
    arrays: Arrays,
    path: &str,
    out: &mut Vec<&'e Value>,
    deeper: &mut Vec<(Cow<'e, str>, &'e Value)>,
) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                deeper.extend(object.iter().map(|(name, value)| (Cow::Owned(format!("{path}.{name}")), value)));
            }
            Value::Array(items) if arrays == Arrays::Values => waiting.extend(items.iter().rev()),
            leaf => out.push(leaf),
        }
    }
}

/// One more value of a field.
fn add(known: &mut Value, more: Option<Value>) {
    match (known, more) {
        (_, None) => {}
        (Value::Array(values), Some(more)) => values.push(more),
        (one, Some(more)) => *one = Value::Array(vec![one.take(), more]),
    }
}

/// The canonical text of a scalar; JSON text of anything else.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(whole), ..) => whole.to_string(),
            (_, Some(whole), _) => whole.to_string(),
            (.., Some(x)) => Number::Float(x).to_string(),
            _ => number.to_string(),
        },
        other => other.to_string(),
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
