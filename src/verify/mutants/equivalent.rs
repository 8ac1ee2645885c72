//! Proof that a mutant's query is the rule's own in other words. What is only likely is not said here.

use super::mistakes::{Mistakes, has_case, values};
use super::{Kind, Mutant};
use crate::lang::Skeleton;
use crate::target::call::Call;
use crate::verify::engine::Engine;
use crate::verify::skeleton;

/// Why two queries are one, if they are.
pub(super) fn reason(
    mutant: &Mutant,
    query: &str,
    wrong: &str,
    concerned: &[&Call],
    mistakes: &Mistakes,
    engines: &mut [Box<dyn Engine>],
) -> Option<&'static str> {
    if mistakes.without.iter().any(|without| without.is_proof(mutant, concerned)) {
        return Some("no value has what makes the difference");
    }
    if mutant.kind == Kind::Case && no_letter(concerned, mistakes) {
        return Some("no letter of the values has a case");
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

fn negates(skeleton: &Skeleton) -> bool {
    match skeleton {
        Skeleton::Not(_) => true,
        Skeleton::And(parts) | Skeleton::Or(parts) => parts.iter().any(negates),
        Skeleton::Leaf(_) | Skeleton::True | Skeleton::False => false,
    }
}
