//! Filters: conditions that are added to other rules.
//!
//! A filter's condition holds as written, in its own namespace of searches; to exclude events it says `not`.

use std::sync::Arc;

use super::budget::Budget;
use super::condition::{Expr as Written, ExprKind};
use super::detection::{self, Detection};
use super::messages::Messages;
use super::yaml::{Node, Value};
use super::{Options, attributes, logsource};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::origin::each_origin_mut;
use crate::ir::{self, Author, Expr, ItemIds, Logsource, Meta, Origin};

/// The most nodes that the filters of a source may add to its rules.
const MAX_ADDED: usize = 1_000_000;

/// A filter as written.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterDocument {
    /// What it says of itself.
    pub meta: Meta,
    /// The log source whose rules it applies to.
    pub logsource: Logsource,
    /// The rules it applies to.
    pub rules: FilterRules,
    /// What it demands of the events.
    pub detection: Detection,
}

/// Which rules a filter applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterRules {
    /// All rules of its log source.
    Any,
    /// Those with one of these ids or names.
    Listed(Vec<Arc<str>>),
}

/// A filter ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// What it says of itself.
    pub meta: Meta,
    /// The log source whose rules it applies to.
    pub logsource: Logsource,
    /// The rules it applies to.
    pub rules: FilterRules,
    /// What it demands of the events.
    pub condition: Expr,
}

/// Whose source the places in a filter's condition belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Places {
    /// The rule's own.
    Keep,
    /// Another one: the rule's condition stands for them.
    Move,
}

impl Filter {
    /// Whether the filter applies to the rule.
    pub fn applies_to(&self, rule: &ir::Rule) -> bool {
        let named = match &self.rules {
            FilterRules::Any => true,
            FilterRules::Listed(names) => is_named(rule, names),
        };
        named && logsource::contains(&self.logsource, &rule.logsource)
    }
}

/// Whether one of these is the rule's id or name.
pub(super) fn is_named(rule: &ir::Rule, names: &[Arc<str>]) -> bool {
    let id = rule.meta.id.as_deref();
    names.iter().any(|name| rule.meta.name.as_ref() == Some(name) || id.is_some_and(|id| same_id(id, name)))
}

/// UUIDs compare as such, other ids as text.
fn same_id(a: &str, b: &str) -> bool {
    match (uuid::Uuid::try_parse(a), uuid::Uuid::try_parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// Adds filters of other sources to the rules they apply to, and says to how many rules each one was added.
///
/// A filter's text stands in another source than the rule's, so the places in its condition become the place of the
/// rule's condition. [`super::read`] has applied the filters of a source to its own rules already.
pub fn apply_filters(rules: &mut [ir::Rule], filters: &[Filter]) -> Vec<usize> {
    apply(rules, filters, Places::Move)
}

/// Adds filters to rules of the same source; no rule is left where that would take too much memory.
pub(super) fn apply_own(rules: &mut Vec<ir::Rule>, filters: &[Filter], messages: &mut Messages) {
    let sizes: Vec<usize> = filters.iter().map(|filter| super::lower::count(&filter.condition)).collect();
    let mut added = 0_usize;
    for rule in rules.iter() {
        let applied = filters.iter().zip(&sizes).filter(|(filter, _)| filter.applies_to(rule));
        added = added.saturating_add(applied.map(|(_, size)| size).sum());
        if added > MAX_ADDED {
            let message = format!("the filters add more than {MAX_ADDED} tests to the rules of the file");
            messages.push(Diagnostic::new(codes::SOURCE_TOO_LARGE, message).help("split the file into several"));
            return rules.clear();
        }
    }
    apply(rules, filters, Places::Keep);
}

fn apply(rules: &mut [ir::Rule], filters: &[Filter], places: Places) -> Vec<usize> {
    let mut counts = vec![0; filters.len()];
    for rule in rules {
        let span = rule.condition.origin.span;
        let mut ids = ItemIds::after(&rule.condition);
        let mut extra = Vec::new();
        for (filter, count) in filters.iter().zip(&mut counts) {
            if filter.applies_to(rule) {
                let mut condition = filter.condition.clone();
                ids.adopt(&mut condition, Author::Filter);
                if places == Places::Move {
                    each_origin_mut(&mut condition, &mut |origin| origin.span = span);
                }
                extra.push(condition);
                *count += 1;
            }
        }
        if !extra.is_empty() {
            // One flat list, so that a thousand filters do not nest a thousand deep.
            let own = std::mem::replace(&mut rule.condition, Expr::new(ir::Node::True, Origin::default()));
            let parts = std::iter::once(own).chain(extra).collect();
            rule.condition = Expr::new(ir::Node::All(parts), Origin { span, ..Origin::default() });
        }
    }
    counts
}

/// Reads the section `filter`.
pub(super) fn parse(node: &Node<'_>, meta: Meta, logsource: Logsource, messages: &mut Messages) -> FilterDocument {
    let rules = rules(node, messages);
    let detection = detection::parse(node, &["rules"], None, messages);
    for condition in detection.conditions.iter().filter(|condition| !negates(&condition.expr)) {
        let message = "this filter keeps the events that it describes and excludes all others";
        let diagnostic = Diagnostic::new(codes::FILTER_POSITIVE, message).at(condition.span);
        messages.push(diagnostic.help("write `not` before the search to exclude what it describes"));
    }
    FilterDocument { meta, logsource, rules, detection }
}

fn rules(node: &Node<'_>, messages: &mut Messages) -> FilterRules {
    let Value::Map(entries) = &node.value else { return FilterRules::Any };
    let Some(entry) = entries.iter().find(|entry| entry.key.text == "rules" && !entry.value.is_null()) else {
        let diagnostic = Diagnostic::new(codes::FILTER_RULES, "the filter does not say which rules it applies to");
        messages.push(diagnostic.at(node.span).help("add `rules` with ids or names, or `rules: any`"));
        return FilterRules::Any;
    };
    let names = attributes::texts_or_one(entry, messages);
    match names.as_slice() {
        [] => FilterRules::Any,
        [(name, _)] if name.as_ref() == "any" && matches!(entry.value.value, Value::Scalar(_)) => FilterRules::Any,
        _ => FilterRules::Listed(names.into_iter().map(|(name, _)| name).collect()),
    }
}

fn negates(expr: &Written) -> bool {
    match &expr.kind {
        ExprKind::Not(_) => true,
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().any(negates),
        ExprKind::Identifier(_) | ExprKind::Selector { .. } => false,
    }
}

/// The filter with its condition in the IR; `None` after an error.
pub(super) fn lower(
    filter: &FilterDocument,
    options: &Options,
    budget: &mut Budget,
    messages: &mut Messages,
) -> Option<Filter> {
    let condition = super::lower::detection(&filter.detection, options, budget, messages)?;
    Some(Filter {
        meta: filter.meta.clone(),
        logsource: filter.logsource.clone(),
        rules: filter.rules.clone(),
        condition,
    })
}
