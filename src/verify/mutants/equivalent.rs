//! Proof that a mutant's query is the rule's own in other words. What is only likely is not said here.

use super::mistakes::Mistakes;
use super::{Kind, Mutant};
use crate::target::call::{Argument, Call};
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
        return Some("no value has the character that makes the difference");
    }
    if mutant.kind == Kind::Case && no_letter(concerned, mistakes) {
        return Some("no letter of the values has a case");
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
    !calls.is_empty()
        && calls.iter().all(|call| {
            !mistakes.is_regex(call.name)
                && call.arguments.iter().skip(1).all(|argument| match argument {
                    Argument::One(text) => !has_case(text),
                    Argument::Many(list) => !list.iter().any(|text| has_case(text)),
                    Argument::Flag(_) | Argument::Word(_) => true,
                })
        })
}

fn has_case(text: &str) -> bool {
    text.chars().any(|c| c.is_uppercase() || c.is_lowercase() || c.to_lowercase().ne([c]) || c.to_uppercase().ne([c]))
}
