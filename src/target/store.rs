//! The store model: what a product's store does to an event, as data (`[store]` of a manifest).
//!
//! It is said once, here, and interpreted by `verify::store`. The `data_model` of a manifest says the same for people.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The word for all tables, where a store has the table in a field.
pub(crate) const ANY_TABLE: &str = "any";

/// What a target's store does to an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreModel {
    /// How a scalar is held.
    pub scalars: Scalars,
    /// How a list is held.
    pub arrays: Arrays,
    /// What the empty text is.
    pub empty: Empty,
    /// Whether names that differ in letter case only are one column.
    #[serde(default)]
    pub names_fold: bool,
    /// Where the types of columns come from.
    pub types: Types,
    /// The column in which keywords look; none where they look at every column, or are not known.
    #[serde(default)]
    pub keywords: Option<Keywords>,
    /// Fields that the store keeps for itself; a star at the end stands for any rest.
    #[serde(default)]
    pub reserved: Vec<String>,
    /// The field of an event that holds what queries name as their table; none where a table is a table.
    #[serde(default)]
    pub table_field: Option<String>,
    /// Whether numbers in text are computed from it as doubles, and two fields compare by their lower case.
    #[serde(default)]
    pub computes: bool,
    /// Whether a query may compute the columns of a rule from others.
    #[serde(default)]
    pub computed_columns: bool,
    /// Whether a field with fields of its own can have a value beside them.
    #[serde(default)]
    pub value_and_fields: bool,
    /// One JSON column for the whole event.
    #[serde(default)]
    pub json: Json,
    /// Columns within columns.
    #[serde(default)]
    pub nested: Nested,
    /// A data model that is asked instead of events.
    #[serde(default)]
    pub data_model: DataModel,
}

/// How a scalar is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalars {
    /// As its canonical text.
    Text,
    /// Integers of 64 bits as such, others as text.
    TextAndIntegers,
}

/// How a list is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrays {
    /// As several values of one field.
    Values,
    /// As its JSON text.
    Json,
}

/// What the empty text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// A value like others.
    Value,
    /// No value.
    Missing,
}

/// Where the types of columns come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Types {
    /// From the mapping, else from what the rule does with a field.
    Inferred,
    /// From the mapping.
    Declared,
    /// All is text.
    Text,
}

/// In what keywords look.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keywords {
    /// In a column that holds the text of all values, one a line.
    Raw(String),
    /// In a column that holds the row as a JSON object.
    Object(String),
}

/// One JSON column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Json {
    /// Whether the engine takes an object for its text.
    #[serde(default)]
    pub objects_are_text: bool,
}

/// Columns within columns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nested {
    /// Where their types come from.
    #[serde(default = "declared")]
    pub types: Types,
}

impl Default for Nested {
    fn default() -> Self {
        Self { types: declared() }
    }
}

fn declared() -> Types {
    Types::Declared
}

/// A data model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataModel {
    /// The text that stands for a missing value.
    #[serde(default)]
    pub fills: Option<String>,
}

impl StoreModel {
    /// What of an event's fields the store has: no nulls, no empty text where that is no value, and the table where it stands in a
    /// field. Types and lists are left as they are.
    pub fn held(&self, mut fields: Map<String, Value>, table: Option<&str>) -> Map<String, Value> {
        let is_empty = |value: &Value| value.as_str() == Some("") && self.empty == Empty::Missing;
        fields.retain(|_, value| !value.is_null() && !is_empty(value));
        let table = table.filter(|table| !table.is_empty() && *table != ANY_TABLE);
        if let (Some(table), Some(field)) = (table, &self.table_field) {
            fields.entry(field).or_insert_with(|| table.into());
        }
        fields
    }

    /// Whether the store keeps the field for itself.
    pub fn reserves(&self, field: &str) -> bool {
        let is = |name: &str| if self.names_fold { field.eq_ignore_ascii_case(name) } else { field == name };
        self.reserved.iter().any(|name| match name.strip_suffix('*') {
            Some(start) => field.starts_with(start),
            None => is(name),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::target::{Target, Templates};

    #[test]
    fn a_store_has_no_nulls_and_the_table_where_it_stands_in_a_field() {
        let fields = json!({"a": "x", "empty": "", "null": null});
        for (target, expected) in [
            ("eql", json!({"a": "x", "empty": "", "event.category": "main"})),
            ("kql", json!({"a": "x"})),
            ("spl", json!({"a": "x", "index": "main"})),
            ("sql", json!({"a": "x", "empty": ""})),
        ] {
            let target = Target::load(target, &Templates::embedded()).expect("a target");
            let model = target.manifest().store.as_ref().expect("a store");
            let held = model.held(fields.as_object().cloned().unwrap_or_default(), Some("main"));
            assert_eq!(serde_json::Value::Object(held), expected, "{}", target.manifest().name);
        }
    }
}
