//! What a mapping asks of the events of a log source, given to an event that leaves it open.
//!
//! Nothing here overrides a value that the event has.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::event::{held, sample};
use super::unfit::{Reason, Unfit};
use crate::interp::{Event, Matcher};
use crate::ir::{Case, Expr, Node, Pattern, Predicate, Subject, Test};

/// Wishes about an event, granted in the fields that its source leaves open.
pub(super) struct Wishes<'a> {
    /// Of the mapped rule.
    pub matcher: &'a Matcher<'a>,
    /// The columns that have a value of the source.
    pub fixed: &'a BTreeSet<String>,
    /// Which of several values a wish leaves open is taken.
    pub choice: usize,
}

impl Wishes<'_> {
    /// Makes the expression true or false of the event.
    ///
    /// # Errors
    /// Where the event's own values do not allow it.
    pub fn grant(&self, expr: &Expr, wanted: bool, event: &mut Event) -> Result<(), Unfit> {
        match (&expr.node, wanted) {
            (Node::Not(part), _) => self.grant(part, !wanted, event),
            (Node::True, true) | (Node::False, false) => Ok(()),
            (Node::True, false) | (Node::False, true) => Err(refusal("")),
            (Node::All(parts), true) | (Node::Any(parts), false) => {
                parts.iter().try_for_each(|part| self.grant(part, wanted, event))
            }
            (Node::Any(parts), true) | (Node::All(parts), false) => self.some(parts, wanted, event),
            (Node::Test(predicate), _) => self.test(predicate, wanted, event),
        }
    }

    /// Grants one of the parts: one that holds already, else another by choice.
    fn some(&self, parts: &[Expr], wanted: bool, event: &mut Event) -> Result<(), Unfit> {
        if parts.iter().any(|part| self.holds(part, event) == wanted) {
            return Ok(());
        }
        let mut last = refusal("");
        for i in 0..parts.len() {
            let Some(part) = parts.get((i + self.choice) % parts.len()) else { continue };
            let mut trial = event.clone();
            match self.grant(part, wanted, &mut trial) {
                Ok(()) => {
                    *event = trial;
                    return Ok(());
                }
                Err(unfit) => last = unfit,
            }
        }
        Err(last)
    }

    fn test(&self, predicate: &Predicate, wanted: bool, event: &mut Event) -> Result<(), Unfit> {
        if self.matcher.holds(predicate, event) == wanted {
            return Ok(());
        }
        let Subject::Field(field) = &predicate.subject else { return Err(refusal("")) };
        if self.fixed.contains(field.name.as_ref()) {
            return Err(refusal(&field.name));
        }
        let value = match (&predicate.test, wanted) {
            (Test::Pattern(pattern), true) => Test::Pattern(Pattern::literal(&sample(pattern.pieces()), Case::Exact)),
            (Test::Number(number) | Test::Compare(_, number), true) => Test::Number(*number),
            (Test::Bool(b), true) => Test::Bool(*b),
            _ => Test::Pattern(Pattern::literal("x", Case::Exact)),
        };
        let value = held(field.kind, &value).map_err(|reason| Unfit { field: field.name.clone(), reason })?;
        // One field may be asked for several values, such as the tags of an event.
        let values = match event.0.get(field.name.as_ref()) {
            Some(Value::Array(known)) if wanted => known.iter().cloned().chain([value]).collect(),
            Some(known) if wanted && !known.is_null() => Value::Array(vec![known.clone(), value]),
            _ => value,
        };
        event.0.insert(field.name.to_string(), values);
        if self.matcher.holds(predicate, event) == wanted { Ok(()) } else { Err(refusal(&field.name)) }
    }

    fn holds(&self, expr: &Expr, event: &Event) -> bool {
        match &expr.node {
            Node::True => true,
            Node::False => false,
            Node::Not(part) => !self.holds(part, event),
            Node::All(parts) => parts.iter().all(|part| self.holds(part, event)),
            Node::Any(parts) => parts.iter().any(|part| self.holds(part, event)),
            Node::Test(predicate) => self.matcher.holds(predicate, event),
        }
    }

    /// Whether the expression holds of the event.
    ///
    /// # Errors
    /// Where it does not.
    pub fn check(&self, expr: &Expr, event: &Event) -> Result<(), Unfit> {
        if self.holds(expr, event) {
            return Ok(());
        }
        let mut name: Arc<str> = "".into();
        expr.for_each_predicate(&mut |predicate, _| {
            if let (Subject::Field(field), true) = (&predicate.subject, name.is_empty()) {
                name = field.name.clone();
            }
        });
        Err(refusal(&name))
    }
}

/// The complaint that an event has other values than those of the log source.
fn refusal(field: &str) -> Unfit {
    Unfit { field: field.into(), reason: Reason::OtherSource }
}
