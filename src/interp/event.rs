//! SEMANTICS.md, "Events" and "Fields": what an event is, and how a field name finds its values.

use serde_json::{Map, Value};

/// An event: a JSON object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Event(pub Map<String, Value>);

impl Event {
    /// The values of a field: arrays are taken apart at every depth, so what is left is scalars, nulls and objects.
    /// `None` where the field is missing, which is not the same as having no values (`[]`).
    pub fn values(&self, field: &str) -> Option<Vec<&Value>> {
        let mut values = Vec::new();
        resolve_in_object(&self.0, field, &mut values).then_some(values)
    }

    /// Every string, number and boolean of the event at any depth, in order ("Keywords").
    pub fn scalars(&self) -> Vec<&Value> {
        let mut found = Vec::new();
        let mut waiting: Vec<&Value> = self.0.values().rev().collect();
        while let Some(value) = waiting.pop() {
            match value {
                Value::Null => {}
                Value::Array(items) => waiting.extend(items.iter().rev()),
                Value::Object(object) => waiting.extend(object.values().rev()),
                scalar => found.push(scalar),
            }
        }
        found
    }
}

/// Adds what `path` finds in `object` to `found`; false, and nothing added, where it finds nothing.
///
/// A (value, rest of the path) pair is looked at once at most, so the work is bounded by the event's size.
fn resolve_in_object<'e>(object: &'e Map<String, Value>, path: &str, found: &mut Vec<&'e Value>) -> bool {
    if let Some(value) = object.get(path) {
        flatten(value, found);
        return true;
    }
    path.match_indices('.').any(|(dot, _)| {
        let (head, tail) = (&path[..dot], &path[dot + 1..]);
        object.get(head).is_some_and(|value| resolve(value, tail, found))
    })
}

fn resolve<'e>(value: &'e Value, path: &str, found: &mut Vec<&'e Value>) -> bool {
    match value {
        Value::Object(object) => resolve_in_object(object, path, found),
        Value::Array(items) => {
            // No short circuit: every element contributes.
            let hits = items.iter().filter(|item| resolve(item, path, found)).count();
            hits > 0
        }
        _ => false,
    }
}

fn flatten<'e>(value: &'e Value, found: &mut Vec<&'e Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, found)),
        other => found.push(other),
    }
}
