//! The `detection` section as written: searches, items, values, conditions.
//!
//! Everything keeps its span and its order, so that a message can point at a value and `explain` can show a selection
//! word for word. What the values mean under their modifiers is decided in `item`.

use std::sync::Arc;

use super::condition::{self, Condition};
use super::messages::Messages;
use super::modifier::{self, Chain, Modifier, Operator, Subject, Written};
use super::scalar::{self, Kind, Scalar, Style};
use super::slips;
use super::yaml::{Entry, Node, Value as Yaml};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::source::Span;

/// A detection section, or the part of a filter that is like one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detection {
    /// The searches in source order.
    pub searches: Vec<Search>,
    /// The conditions; the rule matches if any does.
    pub conditions: Vec<Condition>,
    /// The v1 key `timeframe`, which has no effect.
    pub timeframe: Option<Text>,
    /// Where the section stands.
    pub span: Span,
}

/// A text with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The text after unquoting.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

/// A search identifier with what it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The name.
    pub name: Text,
    /// What is searched.
    pub body: Body,
    /// From the start of the name to the end of the body: the search word for word.
    pub span: Span,
}

/// What a search stands for, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// The form.
    pub kind: BodyKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a search.
#[derive(Debug, Clone, PartialEq)]
pub enum BodyKind {
    /// A map: all items are needed.
    Items(Vec<Item>),
    /// A list: one element is needed.
    AnyOf(Vec<Body>),
    /// A scalar: a keyword.
    Keyword(Value),
}

/// A key of a map with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The field; `None` for a keyword.
    pub field: Option<Text>,
    /// The modifiers as written.
    pub modifiers: Vec<Written>,
    /// What the modifiers ask for.
    pub chain: Chain,
    /// The values, at least one.
    pub values: Vec<Value>,
    /// Whether the values were written as a list.
    pub form: Form,
    /// Where the key stands.
    pub key_span: Span,
    /// From the start of the key to the end of the last value.
    pub span: Span,
}

/// How the values of an item were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As one scalar.
    Single,
    /// As a list.
    List,
}

/// A value as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The text after unquoting.
    pub text: Arc<str>,
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
    verbatim: Option<u32>,
}

impl Value {
    /// The place of a part of the text; the whole value where escapes hide it.
    pub fn place(&self, range: std::ops::Range<usize>) -> Span {
        scalar::place(self.verbatim, self.span, range)
    }
}

/// The keys of a detection section that name no search.
const KEYS: [&str; 2] = ["condition", "timeframe"];

/// Reads a detection section. `skip` names keys that belong to somebody else (`rules` of a filter).
///
/// `outside` is the place of a condition that stands beside the section instead of in it.
pub(super) fn parse(node: &Node<'_>, skip: &[&str], outside: Option<Span>, messages: &mut Messages) -> Detection {
    let mut out = Detection { span: node.span, ..Detection::default() };
    let Yaml::Map(entries) = &node.value else {
        let message = format!("a detection is a map of searches and a condition, this is {}", node.describe());
        messages.push(Diagnostic::new(codes::ATTRIBUTE_TYPE, message).at(node.span));
        return out;
    };
    let mut has_condition = false;
    for entry in entries {
        match entry.key.text.as_ref() {
            "condition" => {
                has_condition = true;
                out.conditions = conditions(&entry.value, entry.key_span, messages);
            }
            "timeframe" => out.timeframe = timeframe(entry, messages),
            key if skip.contains(&key) => {}
            _ => out.searches.push(search(entry, messages)),
        }
    }
    if !has_condition {
        let diagnostic = Diagnostic::new(codes::CONDITION_MISSING, "the detection has no condition").at(node.span);
        let near = out.searches.iter().find(|s| did_you_mean(&s.name.text, KEYS) == Some("condition"));
        messages.push(match (outside, near) {
            (Some(place), _) => diagnostic.label(place, "it stands here, and belongs below `detection:`"),
            (None, Some(search)) => diagnostic.label(search.name.span, "did you mean `condition`?"),
            (None, None) => diagnostic,
        });
    }
    if out.searches.is_empty() {
        messages.push(Diagnostic::new(codes::DETECTION_EMPTY, "the detection has no search").at(node.span));
    }
    out
}

fn conditions(node: &Node<'_>, key: Span, messages: &mut Messages) -> Vec<Condition> {
    let one = |node: &Node<'_>, messages: &mut Messages| match &node.value {
        Yaml::Scalar(scalar) if scalar.kind == Kind::Text => {
            condition::parse(&scalar.text, |range| scalar.place(node.span, range))
                .map_err(|diagnostic| messages.push(*diagnostic))
                .ok()
        }
        _ => {
            let message = format!("a condition is text, this is {}", node.describe());
            let span = if node.is_null() { key } else { node.span };
            messages.push(Diagnostic::new(codes::CONDITION_MISSING, message).at(span));
            None
        }
    };
    match &node.value {
        Yaml::List(nodes) if nodes.is_empty() => {
            messages.push(Diagnostic::new(codes::CONDITION_MISSING, "the list of conditions is empty").at(node.span));
            Vec::new()
        }
        Yaml::List(nodes) => nodes.iter().filter_map(|node| one(node, messages)).collect(),
        _ => one(node, messages).into_iter().collect(),
    }
}

fn timeframe(entry: &Entry<'_>, messages: &mut Messages) -> Option<Text> {
    let Yaml::Scalar(scalar) = &entry.value.value else {
        let message = format!("`timeframe` is text such as `5m`, this is {}", entry.value.describe());
        messages.push(Diagnostic::new(codes::ATTRIBUTE_TYPE, message).at(entry.value.span));
        return None;
    };
    let diagnostic = Diagnostic::new(codes::TIMEFRAME_IGNORED, "`timeframe` has no effect on single events");
    messages.push(diagnostic.at(entry.span()).help("a time span belongs into a correlation rule, as `timespan`"));
    Some(Text { text: scalar.text.as_ref().into(), span: entry.value.span })
}

fn search(entry: &Entry<'_>, messages: &mut Messages) -> Search {
    let name = Text { text: entry.key.text.as_ref().into(), span: entry.key_span };
    if !is_text(&entry.key) {
        refuse_key(&entry.key, entry.key_span, messages);
    } else if condition::is_reserved(&name.text) {
        let message = format!("`{}` is a word of conditions, so it cannot name a search", name.text);
        messages.push(Diagnostic::new(codes::IDENTIFIER_RESERVED, message).at(name.span).help("rename the search"));
    } else if !condition::is_identifier(&name.text) {
        let message = format!("a condition cannot spell the name `{}`; only a pattern reaches this search", name.text);
        messages.push(Diagnostic::new(codes::IDENTIFIER_SPELLING, message).at(name.span));
    }
    if let Yaml::Scalar(scalar) = &entry.value.value
        && let Some(diagnostic) = slips::keyword_like_item(scalar, entry.value.span)
    {
        messages.push(diagnostic);
    }
    let body = if entry.value.is_null() {
        let message = format!("the search `{}` is empty", name.text);
        messages.push(Diagnostic::new(codes::EMPTY, message).at(entry.key_span));
        Body { kind: BodyKind::AnyOf(Vec::new()), span: entry.value.span }
    } else {
        body(&entry.value, messages)
    };
    Search { name, body, span: entry.span() }
}

/// Whether a key is text; nothing at all is the empty text.
fn is_text(key: &Scalar<'_>) -> bool {
    key.kind == Kind::Text || key.text.is_empty()
}

fn refuse_key(key: &Scalar<'_>, span: Span, messages: &mut Messages) {
    let message = format!("the key `{}` is {}, keys are text", key.text, key.kind.describe());
    messages.push(Diagnostic::new(codes::KEY_NOT_TEXT, message).at(span).help("put it in quotes"));
}

fn body(node: &Node<'_>, messages: &mut Messages) -> Body {
    // A map whose keys were refused has nothing left, and that has been said.
    let empty = |what: &str, messages: &mut Messages| {
        if messages.has_error_within(node.span) {
            return;
        }
        messages.push(Diagnostic::new(codes::EMPTY, format!("an empty {what} selects nothing")).at(node.span));
    };
    let kind = match &node.value {
        Yaml::Scalar(scalar) => match keyword(scalar, node.span, messages) {
            Some(value) if value.kind == Kind::Null => {
                messages.push(Diagnostic::new(codes::NULL_VALUE, "null cannot be a keyword").at(node.span));
                BodyKind::AnyOf(Vec::new())
            }
            Some(value) => BodyKind::Keyword(value),
            None => BodyKind::AnyOf(Vec::new()),
        },
        Yaml::List(nodes) => {
            if nodes.is_empty() {
                empty("list", messages);
            }
            BodyKind::AnyOf(nodes.iter().map(|node| body(node, messages)).collect())
        }
        Yaml::Map(entries) => {
            if entries.is_empty() {
                empty("map", messages);
            }
            BodyKind::Items(entries.iter().filter_map(|entry| item(entry, messages)).collect())
        }
    };
    Body { kind, span: node.span }
}

fn item(entry: &Entry<'_>, messages: &mut Messages) -> Option<Item> {
    if !is_text(&entry.key) {
        refuse_key(&entry.key, entry.key_span, messages);
    }
    let key = entry.key.text.as_ref();
    let mut at = key.find('|').unwrap_or(key.len());
    let name = key.get(..at).unwrap_or("");
    let field = (!name.is_empty()).then(|| Text { text: name.into(), span: entry.key.place(entry.key_span, 0..at) });
    if let Some(field) = &field
        && field.text.trim() != &*field.text
    {
        messages.push(slips::blank_at_an_end(&field.text, field.span));
    }
    let mut modifiers = Vec::new();
    let mut sound = true;
    for name in key.split('|').skip(1) {
        let range = at + 1..at + 1 + name.len();
        // Nothing follows the last `|` of `f|`, so point at the `|` itself.
        let shown = if name.is_empty() { at..at + 1 } else { range.clone() };
        let span = entry.key.place(entry.key_span, shown);
        at = range.end;
        match Modifier::find(name) {
            Some(modifier) => modifiers.push(Written { modifier, span }),
            None => {
                sound = false;
                messages.push(modifier::unknown(name, span));
            }
        }
    }
    let subject = if field.is_some() { Subject::Field } else { Subject::Keyword };
    let chain = match Chain::build(&modifiers, subject, entry.key_span) {
        Ok(chain) => Some(chain),
        Err(diagnostic) => {
            // A chain with an unknown name in it says nothing about the rest.
            if sound {
                messages.push(*diagnostic);
            }
            None
        }
    };
    let wanted = if chain.is_some_and(|chain| chain.operator == Operator::Exists) { Wanted::Bool } else { Wanted::Any };
    let (values, form) = values(entry, wanted, messages)?;
    let chain = chain.filter(|_| sound)?;
    Some(Item { field, modifiers, chain, values, form, key_span: entry.key_span, span: entry.span() })
}

/// What kind of value an item asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    /// A Boolean, for which the words of YAML 1.1 count too.
    Bool,
}

/// The values of an item; `None` where there is none that can be used.
fn values(entry: &Entry<'_>, wanted: Wanted, messages: &mut Messages) -> Option<(Vec<Value>, Form)> {
    let mut sound = true;
    let mut refuse = |code, message: &str, span, help: &str| {
        sound = false;
        let diagnostic = Diagnostic::new(code, message).at(span);
        messages.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    };
    let node = &entry.value;
    let list = match &node.value {
        Yaml::Scalar(scalar) if wanted == Wanted::Bool => {
            return Some((vec![boolean(scalar, node.span, messages)?], Form::Single));
        }
        Yaml::Scalar(scalar) => return Some((vec![value(scalar, node.span, messages)?], Form::Single)),
        Yaml::Map(_) => {
            refuse(codes::VALUE_NESTED, "a map cannot be a value", node.span, "write nested fields as `outer.inner`");
            return None;
        }
        Yaml::List(list) if list.is_empty() => {
            refuse(
                codes::EMPTY,
                "an empty list has no value to compare with",
                node.span,
                "write `null` for an absent field",
            );
            return None;
        }
        Yaml::List(list) => list,
    };
    let mut scalars = Vec::with_capacity(list.len());
    for element in list {
        match &element.value {
            Yaml::Scalar(scalar) if scalar.kind == Kind::Null => {
                let span = if element.span.start == element.span.end { node.span } else { element.span };
                let help = "make a second selection with `null` and join both with `or`";
                refuse(codes::NULL_VALUE, "null cannot be part of a list", span, help);
            }
            Yaml::Scalar(scalar) => scalars.push((scalar, element.span)),
            Yaml::List(_) => refuse(codes::VALUE_NESTED, "a list cannot be part of a list of values", element.span, ""),
            Yaml::Map(_) => refuse(codes::VALUE_NESTED, "a map cannot be part of a list of values", element.span, ""),
        }
    }
    let values = scalars.iter().filter_map(|(scalar, span)| value(scalar, *span, messages)).collect::<Vec<_>>();
    (sound && values.len() == list.len()).then_some((values, Form::List))
}

/// A scalar that stands alone, unless it was meant to be an item.
fn keyword(scalar: &Scalar<'_>, span: Span, messages: &mut Messages) -> Option<Value> {
    if let Some(diagnostic) = slips::missing_colon(scalar, span) {
        messages.push(diagnostic);
        return None;
    }
    value(scalar, span, messages)
}

/// A value where a Boolean is wanted: people who write for readers of YAML 1.1 say `yes`.
fn boolean(scalar: &Scalar<'_>, span: Span, messages: &mut Messages) -> Option<Value> {
    match scalar::yaml11_bool(&scalar.text).filter(|_| scalar.style == Style::Plain) {
        Some(truth) => {
            messages.push(slips::yaml11_bool(&scalar.text, truth, span));
            let (text, verbatim) = (scalar.text.as_ref().into(), scalar.verbatim);
            Some(Value { text, kind: Kind::Bool(truth), span, verbatim })
        }
        None => value(scalar, span, messages),
    }
}

fn value(scalar: &Scalar<'_>, span: Span, messages: &mut Messages) -> Option<Value> {
    if scalar.kind == Kind::Unbounded {
        let message = format!("`{}` is no number that a value can be compared with", scalar.text);
        messages.push(Diagnostic::new(codes::NUMBER_RANGE, message).at(span).help("put it in quotes if it is text"));
        return None;
    }
    if scalar.style == Style::Plain
        && let Some(other) = scalar::yaml11(&scalar.text)
    {
        let message =
            format!("`{}` is {} here, but {other} to readers of YAML 1.1", scalar.text, scalar.kind.describe());
        messages.push(Diagnostic::new(codes::YAML_11, message).at(span).help("put it in quotes if it is text"));
    }
    if let Some(diagnostic) = slips::escaped_control(scalar, span) {
        messages.push(diagnostic);
    }
    Some(Value { text: scalar.text.as_ref().into(), kind: scalar.kind, span, verbatim: scalar.verbatim })
}
