//! Proof that a mutant's query is the rule's own in other words. What is only likely is not said here.

use std::collections::BTreeSet;

use super::mistakes::{Mistakes, has_case, values};
use super::{Kind, Mutant};
use crate::ir::{Expr, Node, Subject, Test};
use crate::lang::Skeleton;
use crate::target::call::Call;
use crate::verify::Exam;
use crate::verify::engine::Engine;
use crate::verify::skeleton;

/// Why two queries are one, if they are.
pub(super) fn reason(
    mutant: &Mutant,
    exam: &Exam<'_>,
    wrong: &str,
    concerned: &[&Call],
    mistakes: &Mistakes,
    engines: &mut [Box<dyn Engine>],
) -> Option<&'static str> {
    let query = exam.query();
    if mistakes.without.iter().any(|without| without.is_proof(mutant, concerned)) {
        return Some("no value has what makes the difference");
    }
    if mutant.kind == Kind::Case && no_letter(concerned, mistakes) {
        return Some("no letter of the values has a case");
    }
    if mistakes.guards.iter().any(|guard| mutant.what.contains(guard)) && needs_what_it_negates(exam.condition()) {
        return Some("an event without a field that is negated is never selected");
    }
    let negated = |engine: &mut Box<dyn Engine>| engine.skeleton(query).is_none_or(|skeleton| negates(&skeleton));
    if mistakes.nulls.iter().any(|null| mutant.what.contains(null)) && !engines.iter_mut().any(negated) {
        return Some("nothing is negated, and null selects no more than false");
    }
    let same = |engine: &mut Box<dyn Engine>| {
        let (own, other) = (engine.form(query), engine.form(wrong));
        own.is_some() && own == other
    };
    if engines.iter_mut().all(same) {
        return Some("the engine reads both queries as one");
    }
    let same = |engine: &mut Box<dyn Engine>| match (engine.skeleton(query), engine.skeleton(wrong)) {
        (Some(own), Some(other)) => skeleton::same(&own, &other),
        _ => false,
    };
    if engines.iter_mut().all(same) {
        return Some("the conditions agree for all truth values of their leaves");
    }
    None
}

/// Whether the values of these calls hold no letter that has a case. Regular expressions say letters in other ways, too.
fn no_letter(calls: &[&Call], mistakes: &Mistakes) -> bool {
    let none = |call: &&Call| !mistakes.is_regex(call.name) && !values(call).any(|text| has_case(text));
    !calls.is_empty() && calls.iter().all(none)
}

/// Whether no event matches that lacks a field of a negated predicate.
fn needs_what_it_negates(condition: &Expr) -> bool {
    let mut fields = BTreeSet::new();
    negated_fields(condition, false, &mut fields);
    fields.iter().all(|field| field.is_some_and(|field| !can_hold_without(condition, field)))
}

/// The fields of the predicates below a NOT; nothing for a keyword.
fn negated_fields<'r>(expr: &'r Expr, negated: bool, out: &mut BTreeSet<Option<&'r str>>) {
    match &expr.node {
        Node::True | Node::False => {}
        Node::Test(predicate) if negated => {
            out.insert(match &predicate.subject {
                Subject::Field(field) => Some(&*field.name),
                Subject::AnyValue => None,
            });
            if let Test::FieldPattern { other, .. } = &predicate.test {
                out.insert(Some(&*other.name));
            }
        }
        Node::Test(_) => {}
        Node::Not(part) => negated_fields(part, true, out),
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| negated_fields(part, negated, out)),
    }
}

/// Whether the expression may hold where the field is missing; below a NOT all is possible.
fn can_hold_without(expr: &Expr, field: &str) -> bool {
    match &expr.node {
        Node::True | Node::Not(_) => true,
        Node::False => false,
        Node::Test(predicate) => match (&predicate.subject, &predicate.test) {
            (_, Test::Null | Test::Exists(false)) => true,
            (_, Test::FieldPattern { other, .. }) if *other.name == *field => false,
            (Subject::Field(own), _) => *own.name != *field,
            (Subject::AnyValue, _) => true,
        },
        Node::All(parts) => parts.iter().all(|part| can_hold_without(part, field)),
        Node::Any(parts) => parts.iter().any(|part| can_hold_without(part, field)),
    }
}

fn negates(skeleton: &Skeleton) -> bool {
    match skeleton {
        Skeleton::Not(_) => true,
        Skeleton::And(parts) | Skeleton::Or(parts) => parts.iter().any(negates),
        Skeleton::Leaf(_) | Skeleton::True | Skeleton::False => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma;
    use crate::source::Source;

    fn condition(detection: &str) -> Expr {
        let text = format!("title: t\nlogsource: {{category: c}}\ndetection:\n{detection}\n");
        let read = sigma::read(&Source::new("t.yml", text), &sigma::Options::default());
        crate::ir::normalize(read.rules.into_iter().next().expect("a rule").condition)
    }

    #[test]
    fn a_guard_is_needed_where_an_event_may_lack_the_field() {
        let same = "  a: {F|startswith: x}\n  b: {F|endswith: y}\n  condition: a and not b";
        let other = "  a: {G|startswith: x}\n  b: {F|endswith: y}\n  condition: a and not b";
        let either = "  a: [{F: x}, {G: x}]\n  b: {F|endswith: y}\n  condition: a and not b";
        let word = "  a: {F: x}\n  b: [y]\n  condition: a and not b";
        assert!(needs_what_it_negates(&condition(same)));
        for each in [other, either, word] {
            assert!(!needs_what_it_negates(&condition(each)), "{each}");
        }
    }
}
