//! FRONT END: Sigma documents as written, and their lowering to the IR.
//!
//! [`read`] takes a source and gives the rules of its documents in the IR with everything that is to be said about them.
//! [`parse`] stops before the IR: the documents as written, every node with its span. Nothing here knows a target, reads
//! a file, or evaluates an event.
//!
//! ```text
//! text --yaml--> nodes --collection--> nodes --rule, detection, condition--> documents --lower, item--> ir
//! ```

mod attributes;
mod budget;
mod collection;
pub mod condition;
pub mod correlation;
pub mod detection;
pub mod encoding;
pub mod filter;
mod item;
pub mod logsource;
mod lower;
mod messages;
pub mod modifier;
pub mod pattern;
mod placeholder;
pub mod rule;
pub mod scalar;
mod slips;
pub mod taxonomy;
pub mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use attributes::json;
pub use filter::{Filter, apply_filters};
pub use rule::{Document, Rule};

use crate::diagnostic::{Diagnostic, codes};
use crate::ir;
use crate::source::{Source, Span};
use budget::Budget;
use messages::Messages;
use yaml::Soundness;

/// What the caller supplies to the reading of rules.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Values of placeholders, by name without percent signs.
    pub placeholders: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// What becomes of a placeholder without a value.
    pub unresolved: UnresolvedPlaceholders,
}

/// What becomes of a placeholder without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnresolvedPlaceholders {
    /// The rule is refused, as the specification demands of anything that is to match events.
    #[default]
    Reject,
    /// The rule is kept with [`ir::Test::Placeholder`] and a warning: for checking rules whose values are elsewhere.
    Keep,
}

/// What a source held.
#[derive(Debug, Default)]
pub struct Read {
    /// The rules that could be read, in source order, with the filters of the same source applied.
    pub rules: Vec<ir::Rule>,
    /// The filters, for the rules of other sources; see [`apply_filters`].
    pub filters: Vec<Filter>,
    /// The documents that gave no rule or filter because of an error, in source order.
    pub unread: Vec<Unread>,
    /// What correlations of this source refer to, for the rules of other sources; see [`withhold`].
    pub correlated: Vec<Arc<str>>,
    /// Everything to be said, in source order; errors mean that a document gave no rule.
    pub diagnostics: Vec<Diagnostic>,
}

/// A document that could not be read, by what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The whole document.
    pub span: Span,
    /// Its title, where it has one that is a scalar.
    pub title: Option<Arc<str>>,
    /// Its id, likewise.
    pub id: Option<Arc<str>>,
}

/// The documents of a source as written.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The documents without an error, in source order.
    pub documents: Vec<Document>,
    /// Everything to be said, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads all documents of a source: parses, applies collections and filters of the same source, lowers.
pub fn read(source: &Source, options: &Options) -> Read {
    let mut messages = Messages::default();
    let mut out = Read::default();
    let mut budget = Budget::default();
    for (document, name, soundness) in parse_all(source, &mut messages) {
        // A document with errors is lowered too, for what there is to say about the rest of it.
        let sound = soundness == Soundness::Sound;
        let before = messages.errors();
        match &document {
            Some(Document::Rule(rule)) => {
                out.rules.extend(lower::rule(rule, options, &mut budget, &mut messages).filter(|_| sound));
            }
            Some(Document::Filter(filter)) => {
                out.filters.extend(filter::lower(filter, options, &mut budget, &mut messages).filter(|_| sound));
            }
            Some(Document::Correlation(correlation)) if !correlation.generate => {
                out.correlated.extend(correlation.rules.iter().map(|rule| rule.text.clone()));
            }
            Some(Document::Correlation(_)) | None => {}
        }
        if !sound || messages.errors() != before {
            out.unread.push(name);
        }
    }
    filter::apply_own(&mut out.rules, &out.filters, &mut messages);
    out.diagnostics = messages.finish();
    let own = out.correlated.clone();
    withhold(&mut out, &own);
    out
}

/// Takes the rules away that a correlation refers to by these ids or names: alone they would fire on what is only part of
/// its pattern, and correlations are not supported. Gives whether there were any.
pub fn withhold(read: &mut Read, correlated: &[Arc<str>]) -> bool {
    let before = read.unread.len();
    let (held, kept) = std::mem::take(&mut read.rules).into_iter().partition(|rule| filter::is_named(rule, correlated));
    read.rules = kept;
    for rule in held {
        let rule: ir::Rule = rule;
        let message = format!("the rule `{}` is part of a correlation, which is not supported yet", rule.meta.title);
        let start = rule.meta.span.start;
        read.diagnostics.push(
            Diagnostic::new(codes::CORRELATED, message)
                .at(Span { start, end: start })
                .help("with `generate: true` in the correlation the rule stands for itself, too"),
        );
        read.unread.push(Unread { span: rule.meta.span, title: Some(rule.meta.title), id: rule.meta.id });
    }
    let found = read.unread.len() != before;
    if found {
        read.unread.sort_by_key(|document| document.span.start);
        read.diagnostics.sort_by_key(|d| d.span.map_or(0, |span| span.start));
    }
    found
}

/// Parses all documents of a source. What needs the meaning of a value or the names of searches is said by [`lower`].
pub fn parse(source: &Source) -> Parsed {
    let mut messages = Messages::default();
    let documents = parse_all(source, &mut messages);
    let sound = documents.into_iter().filter(|(_, _, soundness)| *soundness == Soundness::Sound);
    Parsed { documents: sound.filter_map(|(document, ..)| document).collect(), diagnostics: messages.finish() }
}

/// Lowers a rule to the IR, with what there is to be said about its values and conditions.
///
/// # Errors
/// There is no rule where a diagnostic is an error.
pub fn lower(rule: &Rule, options: &Options) -> (Option<ir::Rule>, Vec<Diagnostic>) {
    let mut messages = Messages::default();
    let lowered = lower::rule(rule, options, &mut Budget::default(), &mut messages);
    (lowered, messages.finish())
}

/// Reads a search that stands alone, such as the conditions that a mapping adds, with what is to be said about it.
pub(crate) fn search(node: &yaml::Node<'_>) -> (detection::Detection, Vec<Diagnostic>) {
    let mut messages = Messages::default();
    let key = |text| yaml::Entry {
        key: scalar::Scalar { text, style: scalar::Style::Quoted, kind: scalar::Kind::Text, verbatim: None },
        key_span: node.span,
        value: node.clone(),
    };
    let mut condition = key("condition".into());
    condition.value.value = yaml::Value::Scalar(key("search".into()).key);
    let map = yaml::Value::Map(vec![key("search".into()), condition]);
    let detection = detection::parse(&yaml::Node { value: map, span: node.span }, &[], None, &mut messages);
    (detection, messages.finish())
}

/// Lowers a search that stands alone.
pub(crate) fn lower_search(detection: &detection::Detection) -> (Option<ir::Expr>, Vec<Diagnostic>) {
    let mut messages = Messages::default();
    let options = Options { unresolved: UnresolvedPlaceholders::Keep, ..Options::default() };
    let expr = lower::detection(detection, &options, &mut Budget::default(), &mut messages);
    (expr, messages.finish())
}

fn parse_all(source: &Source, messages: &mut Messages) -> Vec<(Option<Document>, Unread, Soundness)> {
    let before = messages.errors();
    let yaml::Stream { documents, lost } = yaml::documents(source, rule::is_essential, messages);
    if documents.is_empty() && lost.is_empty() && messages.errors() == before {
        let message = format!("`{}` holds no document: it is empty or has comments only", source.name());
        messages.push(Diagnostic::new(codes::SOURCE_EMPTY, message));
    }
    let broken: Vec<Span> =
        documents.iter().filter(|d| d.soundness == Soundness::Broken).map(|d| d.node.span).collect();
    let nodes: Vec<_> = documents.into_iter().map(|document| document.node).collect();
    // A broken part of a collection breaks all rules that it goes into; who takes part is not worth finding out.
    let lost: Vec<Unread> = lost.into_iter().map(|part| Unread::lost(source, part, messages)).collect();
    let collects = || collection::is_collection(&nodes) || lost.iter().any(|part| has_action(source.slice(part.span)));
    let shared = (!broken.is_empty() || !lost.is_empty()) && collects();
    let nodes = collection::expand(nodes, messages);
    let mut out: Vec<_> = lost.into_iter().map(|part| (None, part, Soundness::Broken)).collect();
    for node in &nodes {
        let before = messages.errors();
        let document = rule::parse(node, messages);
        let sound = messages.errors() == before && !shared && !broken.contains(&node.span);
        out.push((document, Unread::new(node), if sound { Soundness::Sound } else { Soundness::Broken }));
    }
    out.sort_by_key(|(_, document, _)| document.span.start);
    out
}

/// The value of a key at the top of a text that is no YAML, as it stands there.
fn written<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))?;
    Some(value.trim().trim_matches(['"', '\''])).filter(|value| !value.is_empty())
}

/// Whether a text that is no YAML is part of a collection.
fn has_action(text: &str) -> bool {
    written(text, "action").is_some()
}

impl Unread {
    fn new(node: &yaml::Node<'_>) -> Self {
        let text = |key: &str| match &node.value {
            yaml::Value::Map(entries) => {
                entries.iter().find(|entry| entry.key.text == key).and_then(|entry| match &entry.value.value {
                    yaml::Value::Scalar(scalar) => Some(Arc::from(&*scalar.text)),
                    _ => None,
                })
            }
            _ => None,
        };
        Unread { span: node.span, title: text("title"), id: text("id") }
    }

    /// A document that is no YAML, by what its lines say; and whether it is a rule, too.
    fn lost(source: &Source, lost: yaml::Lost, messages: &mut Messages) -> Self {
        let written_text = source.slice(lost.span);
        let mut why = lost.why;
        if why.code == codes::YAML_SYNTAX && rule::is_something_else(written_text) {
            (why.code, why.severity) = (codes::NOT_A_RULE, codes::NOT_A_RULE.severity());
            let rest = why.message.strip_prefix("this is no YAML").unwrap_or_default();
            why.message = format!("this document is neither a Sigma rule nor YAML{rest}");
        }
        messages.push(why);
        let text = |key: &str| written(written_text, key).map(Arc::from);
        Unread { span: lost.span, title: text("title"), id: text("id") }
    }
}

#[cfg(test)]
mod tests;
