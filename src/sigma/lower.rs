//! Rules and filters as written to the IR.
//!
//! Searches are lowered once; conditions put them together. Errors are collected and give no rule.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Options;
use super::budget::Budget;
use super::condition::{self, ExprKind, Quantifier, Target};
use super::detection::{Body, BodyKind, Detection, Search};
use super::item::Items;
use super::messages::Messages;
use super::rule::Rule;
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::ir::{self, Expr, ItemIds, Node, Origin};
use crate::source::Span;

/// The most nodes that the conditions of a rule may add by naming a search again.
pub const MAX_REPEATED: usize = 250_000;

/// The most comparisons of patterns with names in the conditions of a rule.
const MAX_LOOKS: usize = 5_000_000;
/// The most names among which a slip is looked for.
const MAX_NAMES: usize = 500;

/// The rule in the IR; `None` after an error.
pub(super) fn rule(rule: &Rule, options: &Options, budget: &mut Budget, messages: &mut Messages) -> Option<ir::Rule> {
    let condition = detection(&rule.detection, options, budget, messages)?;
    Some(ir::Rule { meta: rule.meta.clone(), logsource: rule.logsource.clone(), table: None, condition })
}

/// The meaning of a detection section: some condition holds. `None` after an error.
pub(super) fn detection(
    detection: &Detection,
    options: &Options,
    budget: &mut Budget,
    messages: &mut Messages,
) -> Option<Expr> {
    if detection.searches.is_empty() {
        return None; // an error of its own; every name in the condition would be another
    }
    let before = messages.errors();
    budget.next_rule();
    let mut ids = ItemIds::default();
    let lower = |s| Lowered::new(s, options, budget, &mut ids, messages);
    let searches = detection.searches.iter().map(lower).collect::<Vec<_>>();
    let mut lowering = Conditions {
        searches: &searches,
        places: searches.iter().enumerate().rev().map(|(i, search)| (search.name.as_ref(), i)).collect(),
        looks: 0,
        used: vec![false; searches.len()],
        repeated: 0,
        messages,
    };
    let mut parts = detection
        .conditions
        .iter()
        .map(|c| lowering.expr(&c.expr))
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Option<Vec<_>>>();
    let used = std::mem::take(&mut lowering.used);
    // Conditions that did not parse use nobody knows what.
    if messages.errors() == before && !detection.conditions.is_empty() {
        for (search, used) in detection.searches.iter().zip(used) {
            // No condition can use a reserved name, which is an error of its own.
            if used || condition::is_reserved(&search.name.text) {
                continue;
            }
            let message = format!("no condition uses the search `{}`", search.name.text);
            messages.push(Diagnostic::new(codes::IDENTIFIER_UNUSED, message).at(search.name.span));
        }
    }
    let parts = parts.as_mut().filter(|parts| messages.errors() == before && !parts.is_empty())?;
    if parts.len() == 1 {
        return parts.pop();
    }
    let span = detection.conditions.iter().skip(1).fold(detection.conditions[0].span, |span, c| span.to(c.span));
    Some(Expr::new(Node::Any(std::mem::take(parts)), Origin { span, ..Origin::default() }))
}

/// A search in the IR.
struct Lowered {
    name: Arc<str>,
    /// `None` after an error, which has been reported.
    expr: Option<Expr>,
    nodes: usize,
}

impl Lowered {
    fn new(
        search: &Search,
        options: &Options,
        budget: &mut Budget,
        ids: &mut ItemIds,
        messages: &mut Messages,
    ) -> Self {
        let name = search.name.text.clone();
        let mut items = Items::new(options, budget, ids, messages, name.clone());
        let expr = body(&search.body, &mut items);
        let nodes = expr.as_ref().map_or(0, count);
        Self { name, expr, nodes }
    }
}

/// The nodes of a tree.
pub(super) fn count(expr: &Expr) -> usize {
    match &expr.node {
        Node::True | Node::False | Node::Test(_) => 1,
        Node::Not(part) => 1 + count(part),
        Node::All(parts) | Node::Any(parts) => 1 + parts.iter().map(count).sum::<usize>(),
    }
}

fn body(body_: &Body, items: &mut Items<'_>) -> Option<Expr> {
    let (parts, link): (Vec<_>, fn(Vec<Expr>) -> Node) = match &body_.kind {
        BodyKind::Keyword(value) => return items.keyword(value),
        BodyKind::Items(list) => (list.iter().map(|item| items.item(item)).collect(), Node::All),
        BodyKind::AnyOf(list) => (list.iter().map(|part| body(part, items)).collect(), Node::Any),
    };
    let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Expr::new(link(parts), items.origin(body_.span))),
    }
}

struct Conditions<'a> {
    searches: &'a [Lowered],
    places: BTreeMap<&'a str, usize>,
    /// How often a pattern was held against a name so far.
    looks: usize,
    used: Vec<bool>,
    repeated: usize,
    messages: &'a mut Messages,
}

impl Conditions<'_> {
    fn expr(&mut self, expr: &condition::Expr) -> Option<Expr> {
        let origin = Origin { span: expr.span, ..Origin::default() };
        match &expr.kind {
            ExprKind::Identifier(name) => match self.places.get(name.as_ref()) {
                Some(&i) => self.take(i, expr.span),
                None => self.undefined(name, expr.span),
            },
            ExprKind::Selector { quantifier, target } => {
                let selected = self.selected(target, expr.span)?;
                if selected.is_empty() {
                    return self.selects_nothing(target, expr.span);
                }
                let parts = selected.into_iter().map(|i| self.take(i, expr.span)).collect::<Vec<_>>();
                let link = if *quantifier == Quantifier::Any { Node::Any } else { Node::All };
                joined(parts, link, origin)
            }
            ExprKind::Not(part) => Some(Expr::new(Node::Not(Box::new(self.expr(part)?)), origin)),
            ExprKind::And(parts) => joined(parts.iter().map(|p| self.expr(p)).collect(), Node::All, origin),
            ExprKind::Or(parts) => joined(parts.iter().map(|p| self.expr(p)).collect(), Node::Any, origin),
        }
    }

    /// The searches that a selector takes; `None` where the selectors of the rule cost too much.
    fn selected(&mut self, target: &Target, span: Span) -> Option<Vec<usize>> {
        let before = self.looks;
        self.looks = before.saturating_add(self.searches.len());
        if self.looks > MAX_LOOKS {
            if before <= MAX_LOOKS {
                let message = "the condition has too many selectors for this many searches";
                self.messages.push(Diagnostic::new(codes::CONDITION_TOO_LARGE, message).at(span));
            }
            return None;
        }
        Some((0..self.searches.len()).filter(|&i| target.selects(&self.searches[i].name)).collect())
    }

    /// A copy of a search for a place in the condition.
    fn take(&mut self, i: usize, span: Span) -> Option<Expr> {
        let search = &self.searches[i];
        let again = std::mem::replace(&mut self.used[i], true);
        let before = self.repeated;
        self.repeated += if again { search.nodes } else { 0 };
        if self.repeated <= MAX_REPEATED {
            return search.expr.clone();
        }
        if before <= MAX_REPEATED {
            let message = format!("the condition repeats searches to more than {MAX_REPEATED} tests");
            self.messages.push(Diagnostic::new(codes::CONDITION_TOO_LARGE, message).at(span));
        }
        None
    }

    /// The name nearest to a word, while anybody will see the suggestion; among the first names of very many.
    fn near<'n>(&self, word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        if self.messages.is_full() { None } else { did_you_mean(word, names.take(MAX_NAMES)) }
    }

    fn undefined(&mut self, name: &str, span: Span) -> Option<Expr> {
        let diagnostic = Diagnostic::new(codes::IDENTIFIER_UNDEFINED, format!("there is no search `{name}`")).at(span);
        self.messages.push(match self.near(name, self.searches.iter().map(|s| s.name.as_ref())) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
        None
    }

    fn selects_nothing(&mut self, target: &Target, span: Span) -> Option<Expr> {
        let message = match target {
            Target::Them => "`them` selects nothing, because every name begins with `_`".to_owned(),
            Target::Pattern(pattern) => format!("no search has a name like `{pattern}`"),
        };
        let diagnostic = Diagnostic::new(codes::SELECTOR_EMPTY, message).at(span);
        let near = match target {
            Target::Them => None,
            Target::Pattern(pattern) => {
                let stem = pattern.trim_end_matches('*');
                self.near(stem, self.searches.iter().map(|s| s.name.get(..stem.len()).unwrap_or(&s.name)))
            }
        };
        self.messages.push(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}*`?")),
            None => diagnostic,
        });
        None
    }
}

fn joined(parts: Vec<Option<Expr>>, link: fn(Vec<Expr>) -> Node, origin: Origin) -> Option<Expr> {
    let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    if parts.len() == 1 { parts.pop() } else { Some(Expr::new(link(parts), origin)) }
}
