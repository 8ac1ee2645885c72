//! SEMANTICS.md, "The tree" and "Predicates": whether a rule holds for an event.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use serde_json::Value;

use super::{Event, pattern, time, value};
use crate::ir::regex::Tree;
use crate::ir::{
    Case, CompareOp, Expr, Network, Node, Number, Pattern, PatternOp, Piece, Predicate, Regex, Rule, Subject, Test,
    TimePart,
};

/// A rule made ready for any number of events.
#[derive(Debug)]
pub struct Matcher<'r> {
    pub(super) rule: &'r Rule,
    /// The engine's expression of each regex in the rule.
    regexes: HashMap<&'r Tree, regex::Regex>,
    /// The same by the place of the tree in memory: a tree takes long to look up by what it says.
    places: HashMap<usize, regex::Regex>,
}

impl<'r> Matcher<'r> {
    /// Compiles the rule's regexes.
    pub fn new(rule: &'r Rule) -> Self {
        let (mut regexes, mut places) = (HashMap::new(), HashMap::new());
        rule.condition.for_each_predicate(&mut |predicate, _| {
            // Reading a rule proves that its regexes compile (`ir::Regex::parse`). A tree made by hand that does not
            // finds nothing.
            let Test::Regex(Regex { tree, .. }) = &predicate.test else { return };
            if !regexes.contains_key(tree)
                && let Ok(regex) = tree.compile()
            {
                regexes.insert(tree, regex);
            }
            if let Some(regex) = regexes.get(tree) {
                places.insert(place(tree), regex.clone());
            }
        });
        Self { rule, regexes, places }
    }

    /// Whether the rule's condition holds for the event.
    pub fn matches(&self, event: &Event) -> bool {
        self.expr(&self.rule.condition, event)
    }

    /// "The tree": two-valued, every form is true or false.
    fn expr(&self, expr: &Expr, event: &Event) -> bool {
        match &expr.node {
            Node::True => true,
            Node::False => false,
            Node::All(parts) => parts.iter().all(|part| self.expr(part, event)),
            Node::Any(parts) => parts.iter().any(|part| self.expr(part, event)),
            Node::Not(part) => !self.expr(part, event),
            Node::Test(predicate) => self.predicate(predicate, event),
        }
    }

    /// Whether one predicate of the rule holds for the event.
    pub fn holds(&self, predicate: &Predicate, event: &Event) -> bool {
        self.predicate(predicate, event)
    }

    /// "Predicates": the truth of a test for a missing field, for no values and for several.
    pub(super) fn predicate(&self, predicate: &Predicate, event: &Event) -> bool {
        let field = match &predicate.subject {
            Subject::AnyValue => return event.scalars().iter().any(|value| self.value(&predicate.test, value)),
            Subject::Field(field) => field,
        };
        let values = event.values(&field.name);
        match (&predicate.test, values) {
            (Test::Exists(wanted), values) => values.is_some() == *wanted,
            (Test::Null, None) => true,
            (Test::Null, Some(values)) => values.iter().all(|value| value.is_null()),
            (_, None) => false,
            (Test::FieldPattern { op, other, case }, Some(values)) => {
                let others = event.values(&other.name).unwrap_or_default();
                values.iter().any(|value| others.iter().any(|other| field_pattern(*op, *case, value, other)))
            }
            (test, Some(values)) => values.iter().any(|value| self.value(test, value)),
        }
    }

    /// The test on a single value. Nulls and objects pass none.
    pub(super) fn value(&self, test: &Test, value: &Value) -> bool {
        match test {
            Test::Pattern(pattern) => value::text(value).is_some_and(|text| pattern::matches(pattern, &text)),
            Test::Regex(regex) => value::text(value).is_some_and(|text| self.finds(regex, &text)),
            Test::Network(network) => in_network(*network, value),
            Test::Compare(op, number) => compare(*op, *number, value),
            Test::Number(number) => equals_number(*number, value),
            Test::Bool(wanted) => equals_bool(*wanted, value),
            Test::TimePart { part, op, n } => time_part(*part, *op, *n, value),
            // About a field as a whole: decided before its values are looked at.
            Test::Exists(_) | Test::Null | Test::FieldPattern { .. } => false,
            Test::Placeholder(_) => false,
        }
    }

    /// "Regular expressions".
    fn finds(&self, regex: &Regex, text: &str) -> bool {
        // A predicate that is not the rule's own has another place.
        let compiled = self.places.get(&place(&regex.tree)).or_else(|| self.regexes.get(&regex.tree));
        compiled.is_some_and(|compiled| compiled.is_match(text))
    }
}

/// Where the tree is; no two trees that live are in one place.
fn place(tree: &Tree) -> usize {
    std::ptr::from_ref(tree).addr()
}

/// "Networks": only text can be an address.
fn in_network(network: Network, value: &Value) -> bool {
    let Value::String(text) = value else { return false };
    text.parse::<IpAddr>().is_ok_and(|address| network.contains(address))
}

/// "Comparisons": a number, or text that spells one.
fn compare(op: CompareOp, number: Number, value: &Value) -> bool {
    let found = match value {
        Value::String(text) => value::spelled_number(text),
        other => value::number(other),
    };
    found.is_some_and(|found| op.holds(found.compare(number)))
}

/// "Numbers": numbers as numbers, text as the number's canonical text.
fn equals_number(number: Number, value: &Value) -> bool {
    match value {
        Value::Number(_) => value::number(value) == Some(number),
        Value::String(text) => *text == number.to_string(),
        _ => false,
    }
}

/// "Booleans": the boolean, or its word in any letter case.
fn equals_bool(wanted: bool, value: &Value) -> bool {
    match value {
        Value::Bool(found) => *found == wanted,
        Value::String(text) => {
            pattern::matches(&Pattern::literal(if wanted { "true" } else { "false" }, Case::Fold), text)
        }
        _ => false,
    }
}

/// "Time parts": only text can be a timestamp.
fn time_part(part: TimePart, op: CompareOp, n: i64, value: &Value) -> bool {
    let Value::String(text) = value else { return false };
    time::part(part, text).is_some_and(|found| op.holds(found.cmp(&n)))
}

/// "Field references": both have text, and the other's text is a pattern without wildcards.
fn field_pattern(op: PatternOp, case: Case, value: &Value, other: &Value) -> bool {
    let (Some(text), Some(other)) = (value::text(value), value::text(other)) else { return false };
    let literal = Piece::Literal(Cow::into_owned(other).into());
    let pieces = match op {
        PatternOp::Equals => vec![literal],
        PatternOp::Contains => vec![Piece::AnyString, literal, Piece::AnyString],
        PatternOp::StartsWith => vec![literal, Piece::AnyString],
        PatternOp::EndsWith => vec![Piece::AnyString, literal],
    };
    pattern::matches(&Pattern::new(pieces, case), &text)
}
