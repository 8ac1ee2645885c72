//! The plan of a query: a Boolean tree over leaves, each a template macro with finished operands.
//!
//! [`build`] walks the IR's tree and asks the room for each leaf; structure, capability checks and the
//! collection of refusals are the same for every target and stand here.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Expr, Field, Node, Origin, Predicate, Subject, Test};

use super::quote::Operand;
use super::{Capability, Manifest, Options};
use crate::source::Span;

/// A planned query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The Boolean parts, each with the name it has in `query.j2` and the template file whose macros render it.
    pub parts: Vec<Part>,
    /// Further finished operands for `query.j2`, by name.
    pub operands: Vec<(&'static str, Operand)>,
}

/// A Boolean part of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The variable in `query.j2`.
    pub name: &'static str,
    /// Template files that hold the macros, most specific first.
    pub macros: Vec<String>,
    /// What it says.
    pub plan: Plan,
}

/// The Boolean tree of a part.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Every event.
    True,
    /// No event.
    False,
    /// All parts hold.
    All(Vec<Plan>),
    /// Some part holds.
    Any(Vec<Plan>),
    /// The part does not hold.
    Not(Box<Plan>),
    /// A macro.
    Leaf(Leaf),
}

/// A call of a template's macro.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// The macro's name.
    pub name: &'static str,
    /// Its arguments in order.
    pub operands: Vec<Operand>,
}

impl Plan {
    /// A leaf.
    pub fn leaf(name: &'static str, operands: impl IntoIterator<Item = Operand>) -> Plan {
        Plan::Leaf(Leaf { name, operands: operands.into_iter().collect() })
    }

    /// The negation.
    pub fn negate(self) -> Plan {
        match self {
            Plan::True => Plan::False,
            Plan::False => Plan::True,
            Plan::Not(inner) => *inner,
            other => Plan::Not(Box::new(other)),
        }
    }

    /// All of the parts; constants and nested conjunctions are folded.
    pub fn all(parts: impl IntoIterator<Item = Plan>) -> Plan {
        let mut out = Vec::new();
        for part in parts {
            match part {
                Plan::True => {}
                Plan::False => return Plan::False,
                Plan::All(inner) => out.extend(inner),
                other => out.push(other),
            }
        }
        match out.len() {
            0 => Plan::True,
            1 => out.remove(0),
            _ => Plan::All(out),
        }
    }

    /// Any of the parts; constants and nested disjunctions are folded.
    pub fn any(parts: impl IntoIterator<Item = Plan>) -> Plan {
        let mut out = Vec::new();
        for part in parts {
            match part {
                Plan::False => {}
                Plan::True => return Plan::True,
                Plan::Any(inner) => out.extend(inner),
                other => out.push(other),
            }
        }
        match out.len() {
            0 => Plan::False,
            1 => out.remove(0),
            _ => Plan::Any(out),
        }
    }

    /// The same tree with no conjunction or disjunction wider than `width`: wider ones become trees of such.
    pub fn balance(self, width: usize) -> Plan {
        let split = |parts: Vec<Plan>, make: fn(Vec<Plan>) -> Plan| {
            let mut parts: Vec<Plan> = parts.into_iter().map(|part| part.balance(width)).collect();
            while parts.len() > width.max(2) {
                let mut rest = parts.into_iter();
                let mut next = Vec::new();
                loop {
                    let mut chunk: Vec<Plan> = rest.by_ref().take(width.max(2)).collect();
                    match chunk.len() {
                        0 => break,
                        1 => next.extend(chunk.pop()),
                        _ => next.push(make(chunk)),
                    }
                }
                parts = next;
            }
            make(parts)
        };
        match self {
            Plan::All(parts) => split(parts, Plan::All),
            Plan::Any(parts) => split(parts, Plan::Any),
            Plan::Not(part) => Plan::Not(Box::new(part.balance(width))),
            other => other,
        }
    }
}

/// What a room needs while it plans: the manifest, the caller's options, and a place for what it has to say.
pub struct Context<'a> {
    /// What the target can say.
    pub manifest: &'a Manifest,
    /// The caller's choices.
    #[allow(dead_code, reason = "rooms may read it")]
    pub options: &'a Options,
    diagnostics: Vec<Diagnostic>,
    /// Which of them are about a place: a long list may have one for each value.
    said: HashMap<Option<Span>, Vec<usize>>,
}

impl<'a> Context<'a> {
    /// A fresh context.
    pub fn new(manifest: &'a Manifest, options: &'a Options) -> Self {
        Self { manifest, options, diagnostics: Vec::new(), said: HashMap::new() }
    }

    /// Notes something; the same thing about the same place is noted once.
    pub fn say(&mut self, diagnostic: Diagnostic) {
        let here = self.said.entry(diagnostic.span).or_default();
        if here.iter().all(|&i| self.diagnostics.get(i) != Some(&diagnostic)) {
            here.push(self.diagnostics.len());
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether something was refused, so that the plan will not be used.
    pub fn refused(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// What was noted, in the order of the rule.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}

/// How a room turns predicates into leaves.
pub trait Leaves {
    /// The plan of one predicate.
    ///
    /// # Errors
    /// Where the target cannot say it.
    fn leaf(&self, predicate: &Predicate, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic>;

    /// The plan of two or more neighbouring alternatives on one field, for languages with list operators.
    ///
    /// # Errors
    /// Where the target cannot say one of them.
    fn alternatives(
        &self,
        field: &Field,
        tests: &[(&Test, &Origin)],
        cx: &mut Context<'_>,
    ) -> Result<Plan, Diagnostic> {
        self.each(field, tests, cx).map(Plan::any)
    }

    /// Each test as its own leaf; for implementations of [`Leaves::alternatives`].
    ///
    /// # Errors
    /// Where the target cannot say one of them.
    fn each(&self, field: &Field, tests: &[(&Test, &Origin)], cx: &mut Context<'_>) -> Result<Vec<Plan>, Diagnostic> {
        tests
            .iter()
            .map(|(test, origin)| {
                let predicate = Predicate { subject: Subject::Field(field.clone()), test: (*test).clone() };
                self.leaf(&predicate, origin, cx)
            })
            .collect()
    }
}

/// Plans a tree. Every refusal is noted in `cx`; a refused leaf becomes [`Plan::False`] in a plan that is then not used.
pub fn build(expr: &Expr, leaves: &impl Leaves, cx: &mut Context<'_>) -> Plan {
    match &expr.node {
        Node::True => Plan::True,
        Node::False => Plan::False,
        Node::Not(part) => build(part, leaves, cx).negate(),
        Node::All(parts) => Plan::all(parts.iter().map(|part| build(part, leaves, cx)).collect::<Vec<_>>()),
        Node::Any(parts) => Plan::any(disjunction(parts, leaves, cx)),
        Node::Test(predicate) => {
            let result = check(predicate, cx.manifest).and_then(|()| leaves.leaf(predicate, &expr.origin, cx));
            settle(result, &expr.origin, cx)
        }
    }
}

/// Plans alternatives, runs of tests on one field together.
fn disjunction(parts: &[Expr], leaves: &impl Leaves, cx: &mut Context<'_>) -> Vec<Plan> {
    let mut out = Vec::new();
    let mut rest = parts;
    while let Some(first) = rest.first() {
        let run = match field_of(first) {
            Some(field) => rest.iter().take_while(|part| field_of(part) == Some(field)).count(),
            None => 1,
        };
        let (now, later) = rest.split_at(run);
        rest = later;
        match field_of(first) {
            Some(field) if run > 1 => {
                let mut tests = Vec::with_capacity(run);
                for part in now {
                    let Node::Test(predicate) = &part.node else { continue };
                    match check(predicate, cx.manifest) {
                        Ok(()) => tests.push((&predicate.test, &part.origin)),
                        Err(refusal) => out.push(settle(Err(refusal), &part.origin, cx)),
                    }
                }
                let result = match tests.as_slice() {
                    [] => Ok(Plan::False),
                    tests => leaves.alternatives(field, tests, cx),
                };
                out.push(settle(result, &first.origin, cx));
            }
            _ => out.push(build(first, leaves, cx)),
        }
    }
    out
}

fn field_of(expr: &Expr) -> Option<&Field> {
    match &expr.node {
        Node::Test(Predicate { subject: Subject::Field(field), .. }) => Some(field),
        _ => None,
    }
}

fn settle(result: Result<Plan, Diagnostic>, origin: &Origin, cx: &mut Context<'_>) -> Plan {
    result.unwrap_or_else(|mut refusal| {
        refusal.span.get_or_insert(origin.span);
        cx.say(refusal);
        Plan::False
    })
}

/// Whether the manifest lets the target say this predicate.
fn check(predicate: &Predicate, manifest: &Manifest) -> Result<(), Diagnostic> {
    if let Test::Placeholder(name) = &predicate.test {
        return Err(Diagnostic::new(codes::PLACEHOLDER_UNRESOLVED, format!("the placeholder `%{name}%` has no value"))
            .help(format!("give it one: --placeholder {name}=VALUE[,VALUE]")));
    }
    match manifest.capability(predicate.kind()) {
        Capability::Exact => Ok(()),
        Capability::Unsupported { reason, help } => {
            let what = predicate.kind().as_str();
            Err(Diagnostic::new(
                codes::PREDICATE_UNSUPPORTED,
                format!("{} cannot say `{what}`: {reason}", manifest.name),
            )
            .help(help.clone()))
        }
    }
}

/// The refusal of a query that the target would not accept for its size.
pub fn too_large(manifest: &Manifest, bytes: usize, limit: usize) -> Diagnostic {
    Diagnostic::new(codes::QUERY_TOO_LARGE, format!("the query has {bytes} bytes, {} accepts {limit}", manifest.name))
        .help("split the rule, or move long value lists into a lookup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balancing_keeps_all_leaves_in_order_and_bounds_width() {
        let leaf = |i: usize| Plan::leaf("x", [Operand::Flag(i % 2 == 0)]);
        let plan = Plan::Any((0..1000).map(leaf).collect()).balance(10);
        fn walk(plan: &Plan, leaves: &mut usize, widest: &mut usize) {
            match plan {
                Plan::Any(parts) | Plan::All(parts) => {
                    *widest = (*widest).max(parts.len());
                    parts.iter().for_each(|p| walk(p, leaves, widest));
                }
                Plan::Not(part) => walk(part, leaves, widest),
                _ => *leaves += 1,
            }
        }
        let (mut leaves, mut widest) = (0, 0);
        walk(&plan, &mut leaves, &mut widest);
        assert_eq!((leaves, widest), (1000, 10));
    }
}
