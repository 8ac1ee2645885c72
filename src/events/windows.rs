//! SEMANTICS.md, "Windows event records": the nested record becomes the flat event that rules are written for.
//!
//! Works on the JSON that `evtx` and `evtx_dump` make, and on its relatives: attributes in `#attributes`, in
//! `NAME_attributes` beside the element, or as `@Attr`; text in `#text`; data as named fields or as `Data` elements
//! with a name.

use serde_json::{Map, Value};

/// The prepared event where the object is a Windows event record (`Event` with a `System` part), else the object as it
/// is.
pub(super) fn prepare_if_record(mut object: Map<String, Value>) -> Map<String, Value> {
    let system = object.get("Event").and_then(|event| event.get("System"));
    let is_system = |system: &Value| match system {
        Value::Array(parts) => parts.iter().any(Value::is_object),
        system => system.is_object(),
    };
    let is_record = system.is_some_and(is_system);
    match object.remove("Event") {
        Some(Value::Object(event)) if is_record => prepare(object, event),
        Some(other) => {
            object.insert("Event".into(), other);
            object
        }
        None => object,
    }
}

/// Data first: where a system field has the name of a data field (`Channel` of a cleared log), rules mean the data.
fn prepare(beside: Map<String, Value>, mut event: Map<String, Value>) -> Map<String, Value> {
    let mut fields = Fields::default();
    for section in ["EventData", "UserData"] {
        let attributes = event.remove(&format!("{section}_attributes"));
        match event.remove(section) {
            Some(Value::Object(mut section_fields)) if section == "UserData" => {
                lift_user_data(&mut section_fields, &mut fields)
            }
            Some(Value::Object(section_fields)) => lift(section, section_fields, &mut fields),
            // A section that comes more than once, of JSON with a repeated key.
            Some(Value::Array(sections)) => sections.into_iter().for_each(|one| match one {
                Value::Object(section_fields) => lift(section, section_fields, &mut fields),
                other => fields.add(section, other),
            }),
            Some(Value::Null) | None => {}
            Some(other) => fields.add(section, other),
        }
        if let Some(Value::Object(attributes)) = attributes {
            fields.add_attributes(section, attributes);
        }
    }
    let mut system = Fields::default();
    let sections = match event.remove("System") {
        Some(Value::Array(sections)) => sections,
        section => section.into_iter().collect(),
    };
    for section in sections {
        if let Value::Object(section) = section {
            lift("System", section, &mut system);
        }
    }
    event.remove("#attributes");
    event.remove("Event_attributes");
    let mut out = fields.0;
    for (name, value) in system.0.into_iter().chain(event).chain(beside) {
        if name != "Event_attributes" && !out.contains_key(&name) {
            out.insert(name, value);
        }
    }
    out
}

/// `UserData` holds one element whose name is the provider's; its fields are what rules name.
fn lift_user_data(section: &mut Map<String, Value>, fields: &mut Fields) {
    for (name, element) in std::mem::take(section) {
        match element {
            Value::Object(inner) => lift(&name, inner, fields),
            other => fields.add(&name, other),
        }
    }
}

/// Lifts the children of an element called `parent`.
fn lift(parent: &str, children: Map<String, Value>, fields: &mut Fields) {
    for (name, child) in children {
        if name == "#attributes" {
            if let Value::Object(attributes) = child {
                fields.add_attributes(parent, attributes);
            }
        } else if name == "Data" {
            lift_data(child, fields);
        } else if let (Some(tag), Value::Object(_)) = (name.strip_suffix("_attributes"), &child) {
            if let Value::Object(attributes) = child {
                fields.add_attributes(tag, attributes);
            }
        } else {
            lift_element(&name, child, fields);
        }
    }
}

/// An element: its attributes become fields of their own, its text the field; what is nested deeper stays nested.
fn lift_element(name: &str, element: Value, fields: &mut Fields) {
    let mut parts = match element {
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            return elements.into_iter().for_each(|element| lift_element(name, element, fields));
        }
        Value::Object(parts) => parts,
        element => return fields.add(name, element),
    };
    let had_attributes = take_attributes(&mut parts, name, fields);
    match parts.remove("#text") {
        Some(text) => fields.add(name, text),
        None if parts.is_empty() && had_attributes => {}
        None => fields.add(name, Value::Object(parts)),
    }
}

/// `Data` elements: those with a name are fields, the others are the list `Data`.
fn lift_data(data: Value, fields: &mut Fields) {
    match data {
        Value::Array(elements) => elements.into_iter().for_each(|element| lift_data(element, fields)),
        Value::Object(mut parts) => match take_name(&mut parts) {
            Some(name) => fields.add(&name, parts.remove("#text").unwrap_or(Value::Null)),
            None => lift_element("Data", Value::Object(parts), fields),
        },
        scalar => fields.add("Data", scalar),
    }
}

/// The name in `@Name` or in the attribute `Name` of a `Data` element.
fn take_name(parts: &mut Map<String, Value>) -> Option<String> {
    let attribute = parts.get_mut("#attributes").and_then(Value::as_object_mut).and_then(|a| a.remove("Name"));
    match attribute.or_else(|| parts.remove("@Name")) {
        Some(Value::String(name)) => Some(name),
        _ => None,
    }
}

/// Moves an element's attributes to fields; whether there were any.
fn take_attributes(parts: &mut Map<String, Value>, tag: &str, fields: &mut Fields) -> bool {
    let mut attributes = match parts.remove("#attributes") {
        Some(Value::Object(attributes)) => attributes,
        _ => Map::new(),
    };
    let at_names: Vec<String> = parts.keys().filter(|name| name.starts_with('@')).cloned().collect();
    for name in at_names {
        if let Some(value) = parts.remove(&name) {
            attributes.insert(name.trim_start_matches('@').to_owned(), value);
        }
    }
    let any = !attributes.is_empty();
    fields.add_attributes(tag, attributes);
    any
}

/// The flat event as it grows.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    /// Adds a field, its name without blanks. A second value of the same name makes a list.
    fn add(&mut self, name: &str, value: Value) {
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        super::add(&mut self.0, name, value);
    }

    /// Adds an element's attributes as `Tag_Attr`. Name spaces are no data.
    fn add_attributes(&mut self, tag: &str, attributes: Map<String, Value>) {
        for (name, value) in attributes {
            if name != "xmlns" && !name.starts_with("xmlns:") {
                self.add(&format!("{tag}_{name}"), value);
            }
        }
    }
}
