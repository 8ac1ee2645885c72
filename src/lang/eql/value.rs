//! The values that a query meets: the index's mapping, and documents.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The field that holds the event category.
pub const CATEGORY_FIELD: &str = "event.category";

/// The type of a field in the index's mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldType {
    /// `keyword` and its kin; `ignore_above` is not modelled.
    Keyword,
    /// `wildcard`
    Wildcard,
    /// `text` and `match_only_text`, which EQL cannot query
    Text,
    /// `long` and the smaller integer types
    Long,
    /// `double` and the smaller types with a point
    Double,
    /// `boolean`
    Boolean,
    /// `ip`
    Ip,
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FieldType::Keyword => "keyword",
            FieldType::Wildcard => "wildcard",
            FieldType::Text => "text",
            FieldType::Long => "long",
            FieldType::Double => "double",
            FieldType::Boolean => "boolean",
            FieldType::Ip => "ip",
        })
    }
}

/// The fields of the indices that a query searches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    fields: BTreeMap<String, FieldType>,
    others: OtherFields,
}

/// What a field is that the mapping does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherFields {
    /// In no index: an error, or null where the field is optional.
    #[default]
    Unmapped,
    /// A `keyword`: for callers that know no mapping.
    Keyword,
}

impl Mapping {
    /// A mapping with these fields, by their full dotted names.
    pub fn new(fields: impl IntoIterator<Item = (String, FieldType)>, others: OtherFields) -> Self {
        Self { fields: fields.into_iter().collect(), others }
    }

    /// The type of a field; `None` where no index has it.
    pub fn field(&self, name: &str) -> Option<FieldType> {
        let other = (self.others == OtherFields::Keyword).then_some(FieldType::Keyword);
        self.fields.get(name).copied().or(other)
    }
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// For `boolean` fields.
    Bool(bool),
    /// For `long` and `double` fields.
    Long(i64),
    /// For `double` fields.
    Double(f64),
    /// For `keyword`, `wildcard`, `text` and `ip` fields.
    String(String),
}

/// A document: the values of its fields by full dotted name. A field with several values is an array; a field without
/// values, or null, is missing.
pub type Document = BTreeMap<String, Vec<Value>>;

/// A value while a predicate is computed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Bool(bool),
    Long(i64),
    Double(f64),
    Text(Cow<'a, str>),
    /// IPv4 as IPv4-mapped, as Lucene stores it.
    Ip(Ipv6Addr),
}

impl Cell<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    /// What `string()` gives.
    pub(super) fn to_text(&self) -> String {
        match self {
            Cell::Bool(value) => value.to_string(),
            Cell::Long(value) => value.to_string(),
            Cell::Double(value) => format!("{value:?}"),
            Cell::Text(text) => text.as_ref().to_owned(),
            Cell::Ip(address) => address.to_canonical().to_string(),
        }
    }
}

impl Value {
    /// The value as a field of this type holds it; `None` where the index would refuse the document.
    pub(super) fn cell(&self, field: FieldType) -> Option<Cell<'_>> {
        Some(match (self, field) {
            (Value::Bool(value), FieldType::Boolean) => Cell::Bool(*value),
            (Value::Long(value), FieldType::Long) => Cell::Long(*value),
            (Value::Long(value), FieldType::Double) => Cell::Double(*value as f64),
            (Value::Double(value), FieldType::Double) => Cell::Double(*value),
            (Value::String(text), FieldType::Keyword | FieldType::Wildcard) => Cell::Text(Cow::Borrowed(text)),
            (Value::String(text), FieldType::Ip) => Cell::Ip(address(text)?),
            _ => return None,
        })
    }
}

/// Reads an IP address; IPv4 becomes IPv4-mapped.
pub(super) fn address(text: &str) -> Option<Ipv6Addr> {
    Some(match text.parse().ok()? {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    })
}

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    bits: u128,
    mask: u128,
}

impl Block {
    /// Reads `address/prefix`; bits behind the prefix may be set and do not count.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (base, prefix) = text.split_once('/')?;
        let v4 = base.parse::<IpAddr>().ok()?.is_ipv4();
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let prefix = prefix.parse::<u32>().ok().filter(|prefix| *prefix <= if v4 { 32 } else { 128 })?;
        let mask = u128::MAX.checked_shl(if v4 { 32 } else { 128 } - prefix).unwrap_or(0);
        Some(Self { bits: address(base)?.to_bits(), mask })
    }

    pub(super) fn contains(self, address: Ipv6Addr) -> bool {
        (address.to_bits() ^ self.bits) & self.mask == 0
    }
}
