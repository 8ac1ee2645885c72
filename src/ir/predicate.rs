//! The closed set of tests on an event.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::Serialize;

use super::{Case, Network, Pattern, Piece, Regex, Shape};

/// A test on one field, or on any value of the event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Predicate {
    /// What is tested.
    pub subject: Subject,
    /// How.
    pub test: Test,
}

/// What a predicate looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A field by name.
    Field(Field),
    /// Every scalar of the event at any depth (a keyword): holds where some single value passes the test.
    /// Only [`Test::Pattern`] and [`Test::Regex`] occur with it; a keyword's pattern already has its outer `*`.
    AnyValue,
}

/// A field: its name in the rule's or the target's schema, and what is known of its type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Field {
    /// The name, exact.
    pub name: Arc<str>,
    /// The type of the column in the target's schema; [`FieldType::Unknown`] before mapping.
    pub kind: FieldType,
}

impl Field {
    /// A field of unknown type.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), kind: FieldType::Unknown }
    }
}

/// Types of columns, as far as they decide an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// No schema says.
    #[default]
    Unknown,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Real,
    /// True or false.
    Boolean,
    /// An IP address in a type of its own.
    Ip,
    /// A point in time.
    Time,
    /// A JSON value.
    Dynamic,
    /// An IP address of either family in the engine's own type, such as PostgreSQL's `inet`.
    Inet,
    /// An IPv4 address in the engine's own type, such as ClickHouse's `IPv4`.
    Inet4,
    /// An IPv6 address in the engine's own type that holds IPv4 addresses as `::ffff:10.0.0.1`, such as ClickHouse's `IPv6`.
    Inet6,
    /// A point in time in UTC, in the engine's own type without a time zone.
    Timestamp,
    /// A point in time in the engine's own type with a time zone.
    TimestampTz,
}

impl FieldType {
    /// What the type is to a language that has no own form of it.
    pub fn general(self) -> FieldType {
        match self {
            FieldType::Inet | FieldType::Inet4 | FieldType::Inet6 => FieldType::Ip,
            FieldType::Timestamp | FieldType::TimestampTz => FieldType::Time,
            other => other,
        }
    }
}

/// How the subject is tested. Each is false where the field is missing, except [`Test::Null`] and
/// `Exists(false)`; each holds for an array where it holds for some element.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// The text of the value matches.
    Pattern(Pattern),
    /// The regex finds a match in the text of the value.
    Regex(Regex),
    /// The text of the value is an address of the network.
    Network(Network),
    /// The value is a number (or text that spells one) in this relation to the given one.
    Compare(CompareOp, Number),
    /// The value is this number, or its text is the number's canonical text.
    Number(Number),
    /// The value is this boolean, or its text is `true` or `false` in any letter case.
    Bool(bool),
    /// The field's key is present (true) or absent (false), whatever its value.
    Exists(bool),
    /// The field is missing, or all its values are null.
    Null,
    /// The text of the value stands in this relation to the text of another field's value.
    FieldPattern {
        /// The relation.
        op: PatternOp,
        /// The other field.
        other: Field,
        /// How letters compare.
        case: Case,
    },
    /// This part of the timestamp in the value (taken in UTC) stands in this relation to `n`.
    TimePart {
        /// Which part.
        part: TimePart,
        /// The relation; equality without a comparison modifier.
        op: CompareOp,
        /// The number.
        n: i64,
    },
    /// A placeholder nobody gave a value; an error in every target, false in the interpreter.
    Placeholder(Placeholder),
}

/// A value with at least one placeholder that has no values yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Placeholder {
    /// The first placeholder without values.
    pub name: Arc<str>,
    /// The whole value with its outer wildcards. Empty where a modifier (`windash`, `base64`) works on the text that the
    /// placeholder stands for: then only reading the rule with values can resolve it.
    pub parts: Vec<PlaceholderPart>,
    /// How letters compare.
    pub case: Case,
}

/// A part of a value with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceholderPart {
    /// As in a pattern.
    Piece(Piece),
    /// A placeholder by name.
    Name(Arc<str>),
}

impl Placeholder {
    /// Whether the value is the placeholder and nothing else.
    pub fn is_bare(&self) -> bool {
        matches!(self.parts.as_slice(), [PlaceholderPart::Name(name)] if *name == self.name) && self.case == Case::Fold
    }
}

/// The value that is this placeholder and nothing else.
impl From<&str> for Placeholder {
    fn from(name: &str) -> Self {
        let name: Arc<str> = name.into();
        Self { parts: vec![PlaceholderPart::Name(name.clone())], name, case: Case::Fold }
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The public vocabulary of predicates, for manifests, the IR's JSON, `explain` and the docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The whole text, a number or a boolean.
    Eq,
    /// The text somewhere within.
    Match,
    /// The text at the start.
    StartsWith,
    /// The text at the end.
    EndsWith,
    /// Any other pattern, and `*` alone.
    Wildcard,
    /// A regular expression.
    RegexMatch,
    /// An IP network.
    CidrMatch,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Missing or null.
    IsNull,
    /// Key present or absent.
    Exists,
    /// Another field's value.
    Fieldref,
    /// A part of a timestamp.
    TimePart,
    /// Any value of the event.
    Keyword,
    /// A placeholder without a value.
    Placeholder,
}

impl Kind {
    /// All kinds in the order of the documentation.
    pub const ALL: &'static [Kind] = &[
        Kind::Eq,
        Kind::Match,
        Kind::StartsWith,
        Kind::EndsWith,
        Kind::Wildcard,
        Kind::RegexMatch,
        Kind::CidrMatch,
        Kind::Lt,
        Kind::Le,
        Kind::Gt,
        Kind::Ge,
        Kind::IsNull,
        Kind::Exists,
        Kind::Fieldref,
        Kind::TimePart,
        Kind::Keyword,
        Kind::Placeholder,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Eq => "eq",
            Kind::Match => "match",
            Kind::StartsWith => "starts_with",
            Kind::EndsWith => "ends_with",
            Kind::Wildcard => "wildcard",
            Kind::RegexMatch => "regex_match",
            Kind::CidrMatch => "cidr_match",
            Kind::Lt => "lt",
            Kind::Le => "le",
            Kind::Gt => "gt",
            Kind::Ge => "ge",
            Kind::IsNull => "is_null",
            Kind::Exists => "exists",
            Kind::Fieldref => "fieldref",
            Kind::TimePart => "time_part",
            Kind::Keyword => "keyword",
            Kind::Placeholder => "placeholder",
        }
    }

    /// The kind of this word.
    pub fn find(word: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

impl Predicate {
    /// Which kind of predicate this is.
    pub fn kind(&self) -> Kind {
        if self.subject == Subject::AnyValue {
            return Kind::Keyword;
        }
        match &self.test {
            Test::Pattern(pattern) => match pattern.shape() {
                Shape::Equals(_) => Kind::Eq,
                Shape::Contains(_) => Kind::Match,
                Shape::StartsWith(_) => Kind::StartsWith,
                Shape::EndsWith(_) => Kind::EndsWith,
                Shape::Anything | Shape::General => Kind::Wildcard,
            },
            Test::Regex(_) => Kind::RegexMatch,
            Test::Network(_) => Kind::CidrMatch,
            Test::Compare(CompareOp::Eq, _) | Test::Number(_) | Test::Bool(_) => Kind::Eq,
            Test::Compare(CompareOp::Lt, _) => Kind::Lt,
            Test::Compare(CompareOp::Le, _) => Kind::Le,
            Test::Compare(CompareOp::Gt, _) => Kind::Gt,
            Test::Compare(CompareOp::Ge, _) => Kind::Ge,
            Test::Exists(_) => Kind::Exists,
            Test::Null => Kind::IsNull,
            Test::FieldPattern { .. } => Kind::Fieldref,
            Test::TimePart { .. } => Kind::TimePart,
            Test::Placeholder(_) => Kind::Placeholder,
        }
    }
}

/// A relation between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CompareOp {
    /// Equal (time parts only).
    Eq,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

impl CompareOp {
    /// Whether `left op right` holds where `left.cmp(right)` is `ordering`.
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            CompareOp::Eq => ordering.is_eq(),
            CompareOp::Lt => ordering.is_lt(),
            CompareOp::Le => ordering.is_le(),
            CompareOp::Gt => ordering.is_gt(),
            CompareOp::Ge => ordering.is_ge(),
        }
    }
}

/// How two fields' texts relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternOp {
    /// The same text.
    Equals,
    /// The other's text somewhere within.
    Contains,
    /// Begins with the other's text.
    StartsWith,
    /// Ends with the other's text.
    EndsWith,
}

/// A part of a point in time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TimePart {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Day of the month, 1 to 31.
    Day,
    /// ISO 8601 week, 1 to 53.
    Week,
    /// 1 to 12.
    Month,
    /// The calendar year.
    Year,
}

/// A number of a rule. Integers are exact; a float is finite.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// A whole number.
    Int(i128),
    /// A finite number written with a fraction or an exponent.
    Float(f64),
}

impl Number {
    /// The number's order relative to another, exact between integers and floats.
    pub fn compare(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(&b),
            (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (Number::Int(a), Number::Float(b)) => compare_int_float(a, b),
            (Number::Float(a), Number::Int(b)) => compare_int_float(b, a).reverse(),
        }
    }
}

/// Orders an integer and a finite float without rounding the integer.
fn compare_int_float(a: i128, b: f64) -> Ordering {
    if b >= i128::MAX as f64 {
        return Ordering::Less;
    }
    if b < i128::MIN as f64 {
        return Ordering::Greater;
    }
    let whole = b.trunc();
    a.cmp(&(whole as i128)).then_with(|| 0.0_f64.partial_cmp(&(b - whole)).unwrap_or(Ordering::Equal))
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.compare(*other).is_eq()
    }
}

impl Eq for Number {}

/// Equal numbers hash alike, integer or float.
impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Number::Int(n) => n.hash(state),
            Number::Float(x) if x.trunc() == x && x.abs() < i128::MAX as f64 => (x as i128).hash(state),
            Number::Float(x) => x.to_bits().hash(state),
        }
    }
}

/// The canonical text: an integral value as an integer, else the shortest decimal that reads back the same.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Number::Int(n) => write!(f, "{n}"),
            Number::Float(0.0) => f.write_str("0"), // the negative zero too
            // The exact integer: the shortest digits that read back as the same double would be padded with zeros.
            Number::Float(x) if x.fract() == 0.0 => write!(f, "{x:.0}"),
            Number::Float(x) => write!(f, "{x}"), // never an exponent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floats_compare_exactly() {
        let big = Number::Int((1 << 53) + 1);
        assert!(big.compare(Number::Float((1u64 << 53) as f64)).is_gt());
        assert_eq!(Number::Int(17), Number::Float(17.0));
        assert!(Number::Int(-1).compare(Number::Float(-1.5)).is_gt());
        assert!(Number::Int(1).compare(Number::Float(1e300)).is_lt());
    }

    #[test]
    fn canonical_text() {
        assert_eq!(Number::Float(17.0).to_string(), "17");
        assert_eq!(Number::Float(1.5).to_string(), "1.5");
        assert_eq!(Number::Float(-0.0).to_string(), "0");
        assert_eq!(Number::Float(1e21).to_string(), "1000000000000000000000");
        assert_eq!(Number::Float(1e-7).to_string(), "0.0000001");
        assert_eq!(Number::Float(18_446_744_073_709_551_616.0).to_string(), "18446744073709551616");
        assert_eq!(Number::Float(-1e23).to_string(), "-99999999999999991611392");
    }
}
