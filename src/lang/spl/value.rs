//! Events as Splunk sees them, and the values of `where`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// An event: its fields as they were extracted, all of them texts.
///
/// A field without a value, or with the empty text as its only one, is no field: extraction makes none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    fields: BTreeMap<String, Vec<String>>,
    time: Option<f64>,
}

impl Row {
    /// An event with this raw text (the field `_raw`) and these fields, among them what the index knows (`index`,
    /// `source`, `sourcetype`, `host`). Empty texts are left out.
    pub fn new(raw: &str, fields: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        let mut row = Self::default();
        for (name, values) in fields.into_iter().chain([("_raw".to_owned(), vec![raw.to_owned()])]) {
            let values: Vec<_> = values.into_iter().filter(|value| !value.is_empty()).collect();
            if !values.is_empty() {
                row.fields.insert(name, values);
            }
        }
        row
    }

    /// The same event at this time (the field `_time`), in seconds since 1970.
    pub fn at(mut self, time: f64) -> Self {
        self.time = Some(time);
        self
    }

    /// The values of a field; none where the event lacks it. Names are case-sensitive.
    pub fn values(&self, field: &str) -> &[String] {
        self.fields.get(field).map_or(&[], Vec::as_slice)
    }

    /// The same row with a prefix taken off the names that have it.
    pub(super) fn without_prefix(&self, prefix: &str) -> Self {
        let short =
            |name: &String| name.strip_prefix(prefix).filter(|name| !name.is_empty()).unwrap_or(name).to_owned();
        Self {
            fields: self.fields.iter().map(|(name, values)| (short(name), values.clone())).collect(),
            ..self.clone()
        }
    }

    pub(super) fn time(&self) -> Option<f64> {
        self.time
    }
}

/// A value of an expression.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Number(f64),
    /// A string: of a literal, or made by a function.
    Text(Cow<'a, str>),
    /// A field's text, which is a number where it looks like one and a number is called for.
    Field(&'a str),
    /// A field of more than one value.
    Many(Vec<&'a str>),
}

impl<'a> Value<'a> {
    /// The value of a field with these values.
    pub(super) fn of_values(values: Vec<&'a str>) -> Self {
        match values.as_slice() {
            [] => Value::Null,
            [only] => Value::Field(only),
            _ => Value::Many(values),
        }
    }

    /// The number, where it is one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Field(text) => number(text),
            _ => None,
        }
    }

    /// The text of a value; a number's is its shortest decimal form.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Null | Value::Many(_) => Cow::Borrowed(""),
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Field(text) => Cow::Borrowed(text),
        }
    }

    /// How two values compare: as numbers if both are, else "lexicographically", by code point (page "where").
    pub(super) fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => Some(self.text().as_ref().cmp(other.text().as_ref())),
        }
    }
}

/// Reads a decimal number; `None` where the text does not look like one.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    text.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}
