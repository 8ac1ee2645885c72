//! The IR as JSON, for other programs; `docs/ir.schema.json` describes it and `tests/ir.rs` keeps the two in step.
//!
//! Lossless: what the IR tells apart, the JSON tells apart. A negation directly over a test is written into it as `negated`.
//! A change that a reader could trip over raises [`VERSION`]. Nothing here interprets a rule.

use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, Serializer};
use sha2::{Digest, Sha256};

use super::{
    Case, CompareOp, Expr, Field, FieldType, Kind, Level, Logsource, Meta, Node, Number, Origin, PatternOp, Piece,
    PlaceholderPart, Predicate, Regex, Related, Rule, Status, Subject, Table, Test, TimePart,
};
use crate::source::Span;

/// The version of the form.
pub const VERSION: u32 = 1;

/// The rule as one line of JSON.
///
/// # Errors
/// Where the rule holds what JSON cannot: a number that is not finite, which no front end makes.
pub fn to_line(rule: &Rule) -> Result<String, serde_json::Error> {
    serde_json::to_string(&RuleView::new(rule, Places::Kept))
}

/// The rule as indented JSON.
///
/// # Errors
/// As [`to_line`].
pub fn to_pretty(rule: &Rule) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&RuleView::new(rule, Places::Kept))
}

/// The rule's fingerprint: SHA-256, hexadecimal, of its one-line JSON without spans and origins. Moving text about in the file,
/// renaming a selection or changing a comment leaves it as it is.
pub fn hash(rule: &Rule) -> String {
    let text = serde_json::to_vec(&RuleView::new(rule, Places::Dropped)).unwrap_or_default();
    Sha256::digest(&text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a string does not fail
        hex
    })
}

/// Whether spans and origins are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    Kept,
    Dropped,
}

impl Places {
    fn span(self, span: Span) -> Option<Span> {
        (self == Places::Kept).then_some(span)
    }
}

#[derive(serde::Serialize)]
struct RuleView<'a> {
    version: u32,
    meta: MetaView<'a>,
    logsource: LogsourceView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: &'a Option<Table>,
    condition: ExprView<'a>,
}

impl<'a> RuleView<'a> {
    fn new(rule: &'a Rule, places: Places) -> Self {
        RuleView {
            version: VERSION,
            meta: MetaView::new(&rule.meta, places),
            logsource: LogsourceView::new(&rule.logsource, places),
            table: &rule.table,
            condition: ExprView { expr: &rule.condition, places },
        }
    }
}

/// A list that is left out when empty.
type Words<'a> = &'a [Arc<str>];

fn none(words: &Words<'_>) -> bool {
    words.is_empty()
}

#[derive(serde::Serialize)]
struct MetaView<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Related]>::is_empty")]
    related: &'a [Related],
    #[serde(skip_serializing_if = "Option::is_none")]
    taxonomy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    #[serde(skip_serializing_if = "none")]
    references: Words<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<&'a str>,
    #[serde(skip_serializing_if = "none")]
    tags: Words<'a>,
    #[serde(skip_serializing_if = "none")]
    fields: Words<'a>,
    #[serde(skip_serializing_if = "none")]
    falsepositives: Words<'a>,
    #[serde(skip_serializing_if = "none")]
    scope: Words<'a>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    custom: &'a IndexMap<Arc<str>, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
}

impl<'a> MetaView<'a> {
    fn new(meta: &'a Meta, places: Places) -> Self {
        MetaView {
            title: &meta.title,
            id: meta.id.as_deref(),
            name: meta.name.as_deref(),
            related: &meta.related,
            taxonomy: meta.taxonomy.as_deref(),
            status: meta.status,
            level: meta.level,
            description: meta.description.as_deref(),
            license: meta.license.as_deref(),
            author: meta.author.as_deref(),
            references: &meta.references,
            date: meta.date.as_deref(),
            modified: meta.modified.as_deref(),
            tags: &meta.tags,
            fields: &meta.fields,
            falsepositives: &meta.falsepositives,
            scope: &meta.scope,
            custom: &meta.custom,
            span: places.span(meta.span),
        }
    }
}

#[derive(serde::Serialize)]
struct LogsourceView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<&'a str>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    custom: &'a IndexMap<Arc<str>, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
}

impl<'a> LogsourceView<'a> {
    fn new(logsource: &'a Logsource, places: Places) -> Self {
        LogsourceView {
            category: logsource.category.as_deref(),
            product: logsource.product.as_deref(),
            service: logsource.service.as_deref(),
            definition: logsource.definition.as_deref(),
            custom: &logsource.custom,
            span: places.span(logsource.span),
        }
    }
}

struct ExprView<'a> {
    expr: &'a Expr,
    places: Places,
}

impl Serialize for ExprView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places = self.places;
        let (op, origin) = (op(&self.expr.node), &self.expr.origin);
        match &self.expr.node {
            Node::Test(predicate) => TestView::new(predicate, origin, None, places).serialize(serializer),
            Node::Not(part) => match &part.node {
                Node::Test(predicate) => {
                    TestView::new(predicate, &part.origin, Some(origin), places).serialize(serializer)
                }
                _ => {
                    let mut map = serializer.serialize_map(None)?;
                    map.serialize_entry("op", op)?;
                    map.serialize_entry("part", &ExprView { expr: part, places })?;
                    end(map, origin, places)
                }
            },
            Node::All(parts) | Node::Any(parts) => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("op", op)?;
                let parts: Vec<_> = parts.iter().map(|expr| ExprView { expr, places }).collect();
                map.serialize_entry("parts", &parts)?;
                end(map, origin, places)
            }
            Node::True | Node::False => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("op", op)?;
                end(map, origin, places)
            }
        }
    }
}

fn op(node: &Node) -> &'static str {
    match node {
        Node::True => "true",
        Node::False => "false",
        Node::All(_) => "and",
        Node::Any(_) => "or",
        Node::Not(_) => "not",
        Node::Test(_) => "test",
    }
}

fn end<M: SerializeMap>(mut map: M, origin: &Origin, places: Places) -> Result<M::Ok, M::Error> {
    if places == Places::Kept {
        map.serialize_entry("origin", origin)?;
    }
    map.end()
}

/// A predicate: what is common to all, then the keys of its kind of test.
#[derive(serde::Serialize)]
struct TestView<'a> {
    op: &'static str,
    kind: Kind,
    negated: bool,
    /// Absent in a keyword.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_type: Option<FieldType>,
    #[serde(flatten)]
    test: ValueView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a Origin>,
    /// The place of the negation where that is not the test's.
    #[serde(skip_serializing_if = "Option::is_none")]
    negation_origin: Option<&'a Origin>,
}

impl<'a> TestView<'a> {
    fn new(predicate: &'a Predicate, origin: &'a Origin, negation: Option<&'a Origin>, places: Places) -> Self {
        let field = match &predicate.subject {
            Subject::Field(field) => Some(field),
            Subject::AnyValue => None,
        };
        let kept = |origin: &'a Origin| (places == Places::Kept).then_some(origin);
        TestView {
            op: "test",
            kind: predicate.kind(),
            negated: negation.is_some(),
            field: field.map(|field| field.name.as_ref()),
            field_type: field.and_then(known_type),
            test: ValueView::new(&predicate.test),
            origin: kept(origin),
            negation_origin: negation.filter(|negation| *negation != origin).and_then(kept),
        }
    }
}

fn known_type(field: &Field) -> Option<FieldType> {
    (field.kind != FieldType::Unknown).then_some(field.kind)
}

/// The keys of a test. Which of them are there tells which test it is.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum ValueView<'a> {
    Pattern {
        pattern: &'a [Piece],
        case_sensitive: bool,
    },
    Regex {
        regex: &'a str,
        flags: String,
        case_sensitive: bool,
    },
    Network {
        network: super::Network,
    },
    Compare {
        compare: CompareOp,
        number: NumberView,
    },
    Number {
        number: NumberView,
    },
    Bool {
        bool: bool,
    },
    Exists {
        exists: bool,
    },
    Null {},
    FieldPattern {
        relation: PatternOp,
        other: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        other_type: Option<FieldType>,
        case_sensitive: bool,
    },
    TimePart {
        part: TimePart,
        compare: CompareOp,
        number: i64,
    },
    Placeholder {
        placeholder: &'a str,
        /// The whole value, where it is more than the placeholder.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<&'a [PlaceholderPart]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        case_sensitive: Option<bool>,
    },
}

impl<'a> ValueView<'a> {
    fn new(test: &'a Test) -> Self {
        match test {
            Test::Pattern(pattern) => {
                ValueView::Pattern { pattern: pattern.pieces(), case_sensitive: pattern.case == Case::Exact }
            }
            Test::Regex(regex) => {
                ValueView::Regex { regex: &regex.text, flags: flags(regex), case_sensitive: !regex.flags.ignore_case }
            }
            Test::Network(network) => ValueView::Network { network: *network },
            Test::Compare(op, number) => ValueView::Compare { compare: *op, number: NumberView(*number) },
            Test::Number(number) => ValueView::Number { number: NumberView(*number) },
            Test::Bool(bool) => ValueView::Bool { bool: *bool },
            Test::Exists(exists) => ValueView::Exists { exists: *exists },
            Test::Null => ValueView::Null {},
            Test::FieldPattern { op, other, case } => ValueView::FieldPattern {
                relation: *op,
                other: &other.name,
                other_type: known_type(other),
                case_sensitive: *case == Case::Exact,
            },
            Test::TimePart { part, op, n } => ValueView::TimePart { part: *part, compare: *op, number: *n },
            Test::Placeholder(value) => ValueView::Placeholder {
                placeholder: &value.name,
                value: (!value.is_bare()).then_some(value.parts.as_slice()),
                case_sensitive: (!value.is_bare()).then_some(value.case == Case::Exact),
            },
        }
    }
}

/// The flags as letters, in the order `ims`.
fn flags(regex: &Regex) -> String {
    let all = [(regex.flags.ignore_case, 'i'), (regex.flags.multi_line, 'm'), (regex.flags.dot_all, 's')];
    all.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect()
}

/// A number: `17` is an integer, `17.0` a float. An integer outside 64 bits is text, which every JSON reader keeps exact.
struct NumberView(Number);

impl Serialize for NumberView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Number::Int(n) => match (i64::try_from(n), u64::try_from(n)) {
                (Ok(n), _) => serializer.serialize_i64(n),
                (_, Ok(n)) => serializer.serialize_u64(n),
                _ => serializer.collect_str(&n),
            },
            Number::Float(x) => serializer.serialize_f64(x),
        }
    }
}
