//! The values that a query meets: types, cells, rows and the schema that the caller gives.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDateTime;
use serde_json::Value as Json;

/// A scalar type. `guid` and `timespan` are not modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`, 32 bits
    Int,
    /// `long`, 64 bits
    Long,
    /// `real`
    Real,
    /// `decimal`, held in a `real`: exact to 15 digits only
    Decimal,
    /// `string`, the one type without a null
    String,
    /// `datetime`, in UTC
    DateTime,
    /// `dynamic`
    Dynamic,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Decimal => "decimal",
            Type::String => "string",
            Type::DateTime => "datetime",
            Type::Dynamic => "dynamic",
        })
    }
}

impl Type {
    /// Whether values of this type compare as numbers.
    pub fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Long | Type::Real | Type::Decimal)
    }
}

/// The value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value; in a `string` column it reads as `""`.
    Null,
    /// A `bool`.
    Bool(bool),
    /// An `int` or a `long`.
    Long(i64),
    /// A `real` or a `decimal`.
    Real(f64),
    /// A `string`.
    String(String),
    /// A `datetime` in UTC.
    DateTime(NaiveDateTime),
    /// A `dynamic`.
    Dynamic(Json),
}

/// A row: its cells by column. A column without a cell has no value.
pub type Row = BTreeMap<String, Value>;

/// The columns of the table that a query reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    columns: BTreeMap<String, Type>,
    others: OtherColumns,
}

/// What a column is that the schema does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherColumns {
    /// An error, as in the engine.
    #[default]
    Unknown,
    /// A `string`: for callers that know no schema.
    String,
}

impl Schema {
    /// A schema with these columns.
    pub fn new(columns: impl IntoIterator<Item = (String, Type)>, others: OtherColumns) -> Self {
        Self { columns: columns.into_iter().collect(), others }
    }

    /// Gives a column this type.
    pub(super) fn set(&mut self, name: String, kind: Type) {
        self.columns.insert(name, kind);
    }

    /// The type of a column; `None` where the table has no such column.
    pub fn column(&self, name: &str) -> Option<Type> {
        let other = (self.others == OtherColumns::String).then_some(Type::String);
        self.columns.get(name).copied().or(other)
    }
}

/// A value while a predicate is computed: borrowed where it can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    Text(Cow<'a, str>),
    DateTime(NaiveDateTime),
    Dynamic(Cow<'a, Json>),
}

impl Value {
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Value::Null | Value::Dynamic(Json::Null) => Cell::Null,
            Value::Bool(value) => Cell::Bool(*value),
            Value::Long(value) => Cell::Long(*value),
            Value::Real(value) => Cell::Real(*value),
            Value::String(value) => Cell::Text(Cow::Borrowed(value)),
            Value::DateTime(value) => Cell::DateTime(*value),
            Value::Dynamic(value) => Cell::Dynamic(Cow::Borrowed(value)),
        }
    }
}

impl Cell<'_> {
    /// Whether a cell may stand in a column of this type.
    pub(super) fn is_of(&self, column: Type) -> bool {
        match self {
            Cell::Null => true,
            Cell::Bool(_) => column == Type::Bool,
            Cell::Long(value) => column == Type::Long || (column == Type::Int && i32::try_from(*value).is_ok()),
            Cell::Real(_) => matches!(column, Type::Real | Type::Decimal),
            Cell::Text(_) => column == Type::String,
            Cell::DateTime(_) => column == Type::DateTime,
            Cell::Dynamic(_) => column == Type::Dynamic,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Bool(value) => Value::Bool(value),
            Cell::Long(value) => Value::Long(value),
            Cell::Real(value) => Value::Real(value),
            Cell::Text(text) => Value::String(text.into_owned()),
            Cell::DateTime(value) => Value::DateTime(value),
            Cell::Dynamic(value) => Value::Dynamic(value.into_owned()),
        }
    }

    /// The text of a string; other cells have none.
    pub(super) fn text(&self) -> &str {
        match self {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    /// The truth of a bool; null is unknown.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Cell::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn from_truth(truth: Option<bool>) -> Self {
        truth.map_or(Cell::Null, Cell::Bool)
    }

    /// What `tostring()` gives. Reals are refused by the check of types: their text form is not documented.
    pub(super) fn to_text(&self) -> String {
        match self {
            Cell::Null => String::new(),
            Cell::Bool(value) => value.to_string(),
            Cell::Long(value) => value.to_string(),
            Cell::Real(value) => value.to_string(),
            Cell::Text(text) => text.as_ref().to_owned(),
            Cell::DateTime(value) => {
                let ticks = value.and_utc().timestamp_subsec_nanos() / 100;
                format!("{}.{ticks:07}Z", value.format("%Y-%m-%dT%H:%M:%S"))
            }
            Cell::Dynamic(value) => match value.as_ref() {
                Json::String(text) => text.clone(),
                other => whole_numbers(other).to_string(),
            },
        }
    }
}

/// JSON as a dynamic value prints it: a number without a fraction has no point (`118.0` is `118`, page `parse_json()`).
fn whole_numbers(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(whole_numbers).collect()),
        Json::Object(slots) => slots.iter().map(|(key, slot)| (key.clone(), whole_numbers(slot))).collect(),
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => Json::from(float as i64),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
