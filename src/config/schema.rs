//! The JSON Schema of the file, for editors; made from the table of keys.

use serde_json::{Map, Value as Json, json};

use super::keys::{KEYS, Key, Kind, Place};

/// The schema of `sigmaglot.toml`.
pub fn schema() -> Json {
    let target = object(Place::Target, []);
    let targets = json!({
        "description": "Settings of single targets, by name.",
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/target"},
    });
    let rules = json!({
        "description": "Patterns of paths relative to this file; one that fits a directory is for all below it.",
        "type": "array",
        "items": {"type": "string", "minLength": 1},
    });
    let mut over = object(Place::Override, [("rules", rules), ("target", targets.clone())]);
    over["required"] = json!(["rules"]);
    let overrides = json!({
        "description": "Settings for some rules; of two that fit, the later one counts, key by key.",
        "type": "array",
        "items": {"$ref": "#/$defs/override"},
    });
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sigmaglot.toml",
    });
    let here = json!({"type": "string"});
    let top = object(Place::Top, [("target", targets), ("override", overrides), ("$schema", here)]);
    if let (Some(root), Json::Object(top)) = (root.as_object_mut(), top) {
        root.extend(top);
        root.insert("$defs".to_owned(), json!({"target": target, "override": over}));
    }
    root
}

/// The schema of a table: its keys, then the tables in it.
fn object<const N: usize>(place: Place, tables: [(&str, Json); N]) -> Json {
    let keys = KEYS.iter().filter(|key| key.is_at(place)).map(|key| (key.name.to_owned(), of(key)));
    let tables = tables.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    let properties: Map<String, Json> = keys.chain(tables).collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

fn of(key: &Key) -> Json {
    let text = json!({"type": "string", "minLength": 1});
    let mut out = match key.kind {
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Text | Kind::Path => text,
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Texts | Kind::Paths | Kind::Pipelines => json!({"type": "array", "items": text}),
    };
    out["description"] = key.about.into();
    out
}
