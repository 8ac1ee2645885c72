//! The conditions of pipelines: on rules, on detection items, on names of fields.
//!
//! Each is read here and tested here, against what [`View`] tells of the rule and of the work so far. Nothing here changes a rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::item;
use super::params::{Literal, Messages, Params, say, unknown};
use super::regex;
use super::sources::{self, Source};
use super::state::{State, Tracking};
use super::text::{self, Text};
use super::values;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Expr, Logsource, Meta, Number, Piece, Rule, Test};
use crate::sigma::logsource;
use crate::sigma::yaml::Node;

/// What conditions look at.
pub(super) struct View<'a> {
    pub rule: &'a Rule,
    pub state: &'a State,
    pub tracking: &'a Tracking,
}

/// Relations of `op`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Ge,
    Gt,
    Le,
    Lt,
    In,
    NotIn,
}

const OPS: &[(&str, Op)] =
    &[("eq", Op::Eq), ("ne", Op::Ne), ("gte", Op::Ge), ("gt", Op::Gt), ("lte", Op::Le), ("lt", Op::Lt)];
const LIST_OPS: &[(&str, Op)] = &[
    ("eq", Op::Eq),
    ("ne", Op::Ne),
    ("gte", Op::Ge),
    ("gt", Op::Gt),
    ("lte", Op::Le),
    ("lt", Op::Lt),
    ("in", Op::In),
    ("not_in", Op::NotIn),
];

impl Op {
    fn holds(self, order: Option<std::cmp::Ordering>) -> bool {
        match self {
            Op::Eq | Op::In => order.is_some_and(|o| o.is_eq()),
            Op::Ne | Op::NotIn => !order.is_some_and(|o| o.is_eq()),
            Op::Ge => order.is_some_and(|o| o.is_ge()),
            Op::Gt => order.is_some_and(|o| o.is_gt()),
            Op::Le => order.is_some_and(|o| o.is_le()),
            Op::Lt => order.is_some_and(|o| o.is_lt()),
        }
    }
}

/// `processing_state`, which all three kinds have.
#[derive(Debug, Clone)]
pub(super) struct StateIs {
    key: Arc<str>,
    value: Literal,
    op: Op,
}

impl StateIs {
    fn parse(params: &mut Params<'_, '_, '_>) -> Option<Self> {
        let (key, value) = (params.required("key"), params.literal("val"));
        let op = params.choice("op", OPS, Op::Eq);
        Some(Self { key: key?, value: value?, op })
    }

    fn holds(&self, state: &State) -> bool {
        match state.get(&self.key) {
            Some(value) => self.op.holds(order(value, &self.value)),
            None => false,
        }
    }
}

/// The order of a JSON scalar relative to a literal, where they have one.
fn order(value: &serde_json::Value, literal: &Literal) -> Option<std::cmp::Ordering> {
    use serde_json::Value as Json;
    match (value, literal) {
        (Json::String(a), Literal::Text(b)) => Some(a.as_str().cmp(b)),
        (Json::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Json::Null, Literal::Null) => Some(std::cmp::Ordering::Equal),
        (Json::Number(a), Literal::Number(b)) => {
            let a = a.as_i64().map(|n| Number::Int(n.into())).or_else(|| a.as_f64().map(Number::Float))?;
            Some(a.compare(*b))
        }
        _ => None,
    }
}

/// A condition on a rule.
#[derive(Debug, Clone)]
pub(super) enum RuleCondition {
    Logsource(Logsource),
    Source(SourceIs),
    ContainsItem { field: Option<Arc<str>>, value: Literal },
    ContainsField(Option<Arc<str>>),
    ItemApplied(Arc<str>),
    State(StateIs),
    IsRule,
    IsCorrelation,
    Attribute { name: Arc<str>, value: Literal, op: Op },
    Tag(Arc<str>),
}

const RULE_CONDITIONS: &[&str] = &[
    "logsource",
    "contains_detection_item",
    "contains_field",
    "processing_item_applied",
    "processing_state",
    "is_sigma_rule",
    "is_sigma_correlation_rule",
    "rule_attribute",
    "tag",
    "sigmaglot_source",
];

/// `sigmaglot_source`: the table of log sources has the rule's in this place.
#[derive(Debug, Clone)]
pub(super) struct SourceIs {
    product: Option<Arc<str>>,
    log: Option<Arc<str>>,
    channel: Option<Arc<str>>,
    provider: Option<Arc<str>>,
}

impl SourceIs {
    fn parse(params: &mut Params<'_, '_, '_>) -> Option<Self> {
        let (product, log) = (params.text("product"), params.text("log"));
        let out = Self { product, log, channel: params.text("channel"), provider: params.text("provider") };
        if !sources::all().iter().any(|source| out.holds(source)) {
            let message = "no row of the table of log sources is like this";
            let help = "`sigmaglot mappings --sources` prints the table";
            params.messages.push(Diagnostic::new(codes::MAPPING_VALUE, message).at(params.span).help(help));
            return None;
        }
        Some(out)
    }

    fn holds(&self, source: &Source) -> bool {
        self.product.as_ref().is_none_or(|product| *product == source.product)
            && self.log.as_ref().is_none_or(|log| *log == source.log)
            && self.channel.as_ref().is_none_or(|channel| source.channels.contains(channel))
            && (self.provider.is_none() || self.provider == source.provider)
    }
}

/// Opens a condition and reads its type.
fn open<'n, 's, 'm>(
    node: &'n Node<'s>,
    known: &[&str],
    messages: &'m mut Messages,
) -> Option<(Arc<str>, Params<'n, 's, 'm>)> {
    let mut params = Params::open(node, "a condition", messages)?;
    let kind = params.required("type")?;
    if !known.contains(&kind.as_ref()) {
        let span = params.node("type").map_or(params.span, |node| node.span);
        unknown(params.messages, codes::MAPPING_TYPE, "condition of this kind", &kind, span, known);
        return None;
    }
    params.rename(format!("the condition `{kind}`"));
    Some((kind, params))
}

impl RuleCondition {
    /// Reads a condition.
    pub fn parse(node: &Node<'_>, messages: &mut Messages) -> Option<Self> {
        let (kind, mut params) = open(node, RULE_CONDITIONS, messages)?;
        let condition = Self::read(&kind, &mut params);
        params.finish();
        condition
    }

    fn read(kind: &str, params: &mut Params<'_, '_, '_>) -> Option<Self> {
        Some(match kind {
            "logsource" => Self::Logsource(read_logsource(params)),
            "contains_detection_item" => {
                let field = params.text("field");
                Self::ContainsItem { field, value: params.literal("value")? }
            }
            "contains_field" => Self::ContainsField(params.text("field")),
            "processing_item_applied" => Self::ItemApplied(params.required("processing_item_id")?),
            "processing_state" => Self::State(StateIs::parse(params)?),
            "is_sigma_rule" => Self::IsRule,
            "is_sigma_correlation_rule" => Self::IsCorrelation,
            "rule_attribute" => {
                let (name, value) = (params.required("attribute"), params.literal("value"));
                let op = params.choice("op", LIST_OPS, Op::Eq);
                Self::Attribute { name: name?, value: value?, op }
            }
            "sigmaglot_source" => Self::Source(SourceIs::parse(params)?),
            _ => Self::Tag(params.required("tag")?),
        })
    }

    /// Whether it holds.
    pub fn holds(&self, view: &View<'_>) -> bool {
        match self {
            Self::Logsource(outer) => logsource::contains(outer, &view.rule.logsource),
            Self::Source(place) => sources::find(&view.rule.logsource).is_some_and(|source| place.holds(source)),
            Self::ContainsItem { field, value } => any_item(view.rule, |item| {
                field.is_some()
                    && item::field(item) == *field
                    && item::tests(item).iter().any(|(subject, test)| values::equals(subject, test, value))
            }),
            Self::ContainsField(field) => field.is_some() && any_item(view.rule, |item| item::field(item) == *field),
            Self::ItemApplied(id) => view.tracking.rule_has(id),
            Self::State(state) => state.holds(view.state),
            Self::IsRule => true, // correlations do not come here
            Self::IsCorrelation => false,
            Self::Attribute { name, value, op } => attribute(&view.rule.meta, name, value, *op),
            Self::Tag(tag) => view.rule.meta.tags.contains(tag),
        }
    }
}

/// The three parts of a log source.
pub(super) fn read_logsource(params: &mut Params<'_, '_, '_>) -> Logsource {
    Logsource {
        category: params.text("category"),
        product: params.text("product"),
        service: params.text("service"),
        ..Logsource::default()
    }
}

fn any_item(rule: &Rule, test: impl Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    item::each_item(&rule.condition, &mut |item| found |= test(item));
    found
}

/// Compares an attribute; lists have members, levels and statuses an order, the rest is text.
fn attribute(meta: &Meta, name: &str, value: &Literal, op: Op) -> bool {
    const LEVELS: &[&str] = &["informational", "low", "medium", "high", "critical"];
    const STATUSES: &[&str] = &["unsupported", "deprecated", "experimental", "test", "stable"];
    let text = match value {
        Literal::Text(text) => text.to_string(),
        Literal::Number(number) => number.to_string(),
        Literal::Bool(b) => b.to_string(),
        Literal::Null => String::new(),
    };
    let ranked = |ranks: &[&str], own: Option<usize>| {
        let other = ranks.iter().position(|rank| rank.eq_ignore_ascii_case(&text));
        own.zip(other).is_some_and(|(own, other)| op.holds(Some(own.cmp(&other))))
    };
    let one = |own: &Option<Arc<str>>| own.as_ref().is_some_and(|own| op.holds(Some(own.as_ref().cmp(&text))));
    let list = |own: &[Arc<str>]| match op {
        Op::In => own.iter().any(|own| own.as_ref() == text),
        Op::NotIn => own.iter().all(|own| own.as_ref() != text),
        Op::Ne => true,
        _ => false,
    };
    match name {
        "title" => op.holds(Some(meta.title.as_ref().cmp(&text))),
        "id" => one(&meta.id),
        "name" => one(&meta.name),
        "taxonomy" => one(&meta.taxonomy),
        "description" => one(&meta.description),
        "license" => one(&meta.license),
        "author" => one(&meta.author),
        "date" => one(&meta.date),
        "modified" => one(&meta.modified),
        "level" => ranked(LEVELS, meta.level.map(|level| level as usize)),
        "status" => ranked(STATUSES, meta.status.map(|status| status as usize)),
        "references" => list(&meta.references),
        "tags" => list(&meta.tags),
        "fields" => list(&meta.fields),
        "falsepositives" => list(&meta.falsepositives),
        "scope" => list(&meta.scope),
        custom => match meta.custom.get(custom) {
            Some(serde_json::Value::Array(own)) => {
                let own: Vec<Arc<str>> = own.iter().filter_map(|v| v.as_str()).map(Arc::from).collect();
                list(&own)
            }
            Some(own) => op.holds(order(own, value)),
            None => false,
        },
    }
}

/// A condition on an item.
#[derive(Debug, Clone)]
pub(super) enum ItemCondition {
    Value { all: Quantity, test: ValueTest },
    ItemApplied(Arc<str>),
    State(StateIs),
}

/// How many of an item's values must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Any,
    All,
}

/// A test on a value.
#[derive(Debug, Clone)]
pub(super) enum ValueTest {
    Match { regex: ::regex::Regex, negated: bool },
    Equals(Literal),
    Wildcard,
    Null,
}

const ITEM_CONDITIONS: &[&str] =
    &["match_string", "match_value", "contains_wildcard", "is_null", "processing_item_applied", "processing_state"];

impl ItemCondition {
    /// Reads a condition.
    pub fn parse(node: &Node<'_>, messages: &mut Messages) -> Option<Self> {
        let (kind, mut params) = open(node, ITEM_CONDITIONS, messages)?;
        let condition = Self::read(&kind, &mut params);
        params.finish();
        condition
    }

    fn read(kind: &str, params: &mut Params<'_, '_, '_>) -> Option<Self> {
        match kind {
            "processing_item_applied" => return params.required("processing_item_id").map(Self::ItemApplied),
            "processing_state" => return StateIs::parse(params).map(Self::State),
            _ => {}
        }
        if params.node("cond").is_none() {
            params.missing("cond");
        }
        let all = params.choice("cond", &[("any", Quantity::Any), ("all", Quantity::All)], Quantity::Any);
        let test = match kind {
            "match_string" => {
                let (regex, negated) = (params.regex("pattern"), params.flag("negate"));
                ValueTest::Match { regex: regex?, negated }
            }
            "match_value" => ValueTest::Equals(params.literal("value")?),
            "contains_wildcard" => ValueTest::Wildcard,
            _ => ValueTest::Null,
        };
        Some(Self::Value { all, test })
    }

    /// Whether it holds for an item.
    pub fn holds(&self, item: &Expr, view: &View<'_>) -> bool {
        match self {
            Self::ItemApplied(id) => view.tracking.item_has(item.origin.item, id),
            Self::State(state) => state.holds(view.state),
            Self::Value { all, test } => {
                let values = item::tests(item);
                let mut passes = values.iter().map(|(subject, value)| match (test, value) {
                    (ValueTest::Match { regex, negated }, Test::Pattern(pattern)) => {
                        let text = Text::new(text::value_pieces(subject, pattern));
                        regex::matches_at_start(regex, &text.text) != *negated
                    }
                    (ValueTest::Match { negated, .. }, _) => *negated,
                    (ValueTest::Equals(literal), value) => values::equals(subject, value, literal),
                    (ValueTest::Wildcard, Test::Pattern(pattern)) => text::value_pieces(subject, pattern)
                        .iter()
                        .any(|piece| matches!(piece, Piece::AnyString | Piece::AnyChar)),
                    (ValueTest::Wildcard, _) => false,
                    (ValueTest::Null, value) => **value == Test::Null,
                });
                if *all == Quantity::All { passes.all(|p| p) } else { passes.any(|p| p) }
            }
        }
    }
}

/// A condition on the name of a field.
#[derive(Debug, Clone)]
pub(super) enum FieldCondition {
    Fields { fields: Fields, excluded: bool },
    ItemApplied(Arc<str>),
    State(StateIs),
}

/// Names of fields.
#[derive(Debug, Clone)]
pub(super) enum Fields {
    Plain(BTreeSet<Arc<str>>),
    Regexes(Vec<::regex::Regex>),
}

const FIELD_CONDITIONS: &[&str] = &["include_fields", "exclude_fields", "processing_item_applied", "processing_state"];

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Plain,
    Regex,
}

impl FieldCondition {
    /// Reads a condition.
    pub fn parse(node: &Node<'_>, messages: &mut Messages) -> Option<Self> {
        let (kind, mut params) = open(node, FIELD_CONDITIONS, messages)?;
        let condition = Self::read(&kind, &mut params);
        params.finish();
        condition
    }

    fn read(kind: &str, params: &mut Params<'_, '_, '_>) -> Option<Self> {
        match kind {
            "processing_item_applied" => return params.required("processing_item_id").map(Self::ItemApplied),
            "processing_state" => return StateIs::parse(params).map(Self::State),
            _ => {}
        }
        let names = params.required_texts("fields");
        let mode = params.choice("mode", &[("plain", Mode::Plain), ("re", Mode::Regex)], Mode::Plain);
        let names = names?;
        let fields = match mode {
            Mode::Plain => Fields::Plain(names.into_iter().collect()),
            Mode::Regex => {
                let span = params.node("fields").map_or(params.span, |node| node.span);
                let compile = |name: &Arc<str>| match regex::compile(name) {
                    Ok(regex) => Some(regex),
                    Err(message) => {
                        say(params.messages, codes::MAPPING_REGEX, message, span);
                        None
                    }
                };
                Fields::Regexes(names.iter().map(compile).collect::<Option<_>>()?)
            }
        };
        Some(Self::Fields { fields, excluded: kind == "exclude_fields" })
    }

    /// Whether it holds for a name; a keyword has none.
    pub fn holds(&self, name: Option<&str>, view: &View<'_>) -> bool {
        match self {
            Self::ItemApplied(id) => view.tracking.field_has(name, id),
            Self::State(state) => state.holds(view.state),
            Self::Fields { fields, excluded } => {
                let listed = name.is_some_and(|name| match fields {
                    Fields::Plain(names) => names.contains(name),
                    Fields::Regexes(list) => list.iter().any(|regex| regex::matches_at_start(regex, name)),
                });
                listed != *excluded
            }
        }
    }
}
