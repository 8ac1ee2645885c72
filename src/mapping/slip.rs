//! Pipelines with one wrong fact, for those who want to know whether it would be noticed.
//!
//! Every name and value that an item of `transformations` holds is exchanged for its neighbour's or spoilt, and every entry of a map
//! lost. What an item's conditions say stays as it is. Nothing here is used to convert a rule for a user.

use std::sync::Arc;

use super::Pipeline;
use crate::sigma::yaml::{self, Node, Value};
use crate::source::{Source, Span};

/// A pipeline that is wrong in one place.
#[derive(Debug, Clone)]
pub struct Slip {
    /// The item.
    pub item: Arc<str>,
    /// The mistake in words.
    pub what: String,
    /// The pipeline.
    pub pipeline: Pipeline,
}

/// Keys of an item that say which it is or when it works, not what it writes.
const ABOUT: &[&str] = &["id", "type", "source", "vars"];

/// The pipelines with one mistake each; those that cannot be read are left out.
pub fn slips(source: &Source) -> Vec<Slip> {
    let (nodes, _) = yaml::read(source);
    let mut out = Vec::new();
    let Some(Node { value: Value::Map(entries), .. }) = nodes.first() else { return out };
    let items = entries.iter().find(|entry| entry.key.text == "transformations").map(|entry| &entry.value.value);
    let Some(Value::List(items)) = items else { return out };
    for (place, item) in items.iter().enumerate() {
        let Value::Map(entries) = &item.value else { continue };
        let id = entries.iter().find(|entry| entry.key.text == "id").and_then(|entry| match &entry.value.value {
            Value::Scalar(scalar) => Some(scalar.text.as_ref()),
            _ => None,
        });
        let label: Arc<str> = id.map_or_else(|| (place + 1).to_string(), str::to_owned).into();
        let mut edits = Vec::new();
        for entry in entries {
            let key = entry.key.text.as_ref();
            if !ABOUT.contains(&key) && !key.ends_with("conditions") && !key.contains("_cond_") {
                collect(key, &entry.value, None, &mut edits);
            }
        }
        for edit in edits {
            let mut text = source.text().to_owned();
            text.replace_range(edit.at.range(), &edit.with(source));
            let (pipeline, _) = Pipeline::parse(&Source::new(source.name().clone(), text));
            out.extend(pipeline.map(|pipeline| Slip { item: label.clone(), what: edit.what, pipeline }));
        }
    }
    out
}

/// A change of a pipeline's text.
struct Edit {
    what: String,
    at: Span,
    with: With,
}

enum With {
    /// What stands elsewhere.
    From(Span),
    Text(String),
}

impl Edit {
    fn with(&self, source: &Source) -> String {
        match &self.with {
            With::From(span) => source.slice(*span).to_owned(),
            With::Text(text) => text.clone(),
        }
    }
}

/// The edits of a value; `neighbour` is a value of the same kind beside it.
fn collect(key: &str, node: &Node<'_>, neighbour: Option<&Node<'_>>, out: &mut Vec<Edit>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let text = scalar.text.as_ref();
            if let Some(other) = neighbour.filter(|other| matches!(&other.value, Value::Scalar(_))) {
                out.push(Edit {
                    what: format!("`{key}`: its neighbour's"),
                    at: node.span,
                    with: With::From(other.span),
                });
            }
            if text.chars().any(char::is_alphanumeric) && !matches!(text, "true" | "false" | "null") {
                let spoilt = match text.parse::<i64>() {
                    Ok(number) => number.saturating_add(1).to_string(),
                    Err(_) => format!("'{}x'", text.replace('\'', "''")),
                };
                out.push(Edit { what: format!("`{key}`: `{text}` spoilt"), at: node.span, with: With::Text(spoilt) });
            }
        }
        Value::List(nodes) => {
            for (place, inner) in nodes.iter().enumerate() {
                let other = nodes.get(place + 1).or(nodes.first()).filter(|other| other.span != inner.span);
                collect(key, inner, other, out);
            }
        }
        Value::Map(entries) => {
            for (place, entry) in entries.iter().enumerate() {
                let other = entries.get(place + 1).or(entries.first()).map(|entry| &entry.value);
                let other = other.filter(|other| other.span != entry.value.span);
                let name = entry.key.text.as_ref();
                collect(name, &entry.value, other, out);
                let lost = With::Text(format!("'{}_lost'", name.replace('\'', "''")));
                out.push(Edit { what: format!("`{name}` lost"), at: entry.key_span, with: lost });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_values_are_exchanged_spoilt_and_lost() {
        let text = "name: n\ntransformations:\n  - id: names\n    type: field_name_mapping\n    mapping:\n      A: x.a\n      B: x.b\n    rule_conditions:\n      - {type: logsource, product: windows}\n";
        let made = slips(&Source::new("m.yml", text));
        let what: Vec<&str> = made.iter().map(|slip| slip.what.as_str()).collect();
        assert_eq!(
            what,
            [
                "`A`: its neighbour's",
                "`A`: `x.a` spoilt",
                "`A` lost",
                "`B`: its neighbour's",
                "`B`: `x.b` spoilt",
                "`B` lost"
            ]
        );
        assert!(made.iter().all(|slip| &*slip.item == "names"));
    }
}
