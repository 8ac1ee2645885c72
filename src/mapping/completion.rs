//! `map_string`, `sigmaglot_values`, and tests that ask for more than one value: a wildcard or an expression must find the new words where it found the
//! old ones.
//!
//! The keys of the mapping are values of the source, and each has a new word in the product; every other value of `map_string` stays as it is. A
//! test is right where it says of each new word what the item said of its key. Where it does not, the words are added or taken
//! out. Where two keys have one word and the item tells them apart, nothing can be right, and the rule is refused.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::apply::Work;
use super::item;
use super::pipeline::Item;
use crate::diagnostic::codes;
use crate::interp::{Event, Matcher};
use crate::ir::{Author, Case, Expr, Field, Node, Pattern, Piece, Predicate, Rule, Subject, Test};
use crate::sigma::pattern;

/// The item with what its tests miss of the new words.
pub(super) fn complete(
    work: &mut Work<'_>,
    item: &Item,
    written: &Expr,
    changed: Expr,
    mapping: &IndexMap<Arc<str>, Vec<Arc<str>>>,
) -> Expr {
    let mut added = false; // what a mapping asks has the product's words already
    written.for_each_predicate(&mut |_, origin| added |= origin.author == Author::Mapping);
    let Some(field) = item::field(written).filter(|_| !added && is_of_values(written)) else { return changed };
    let (mut more, mut fewer): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let words = words(mapping);
    // Each word and each key is held against the item, before and after.
    let tests = item::size(written).saturating_add(item::size(&changed));
    if !work.budget.steps((words.len() + mapping.len()).saturating_mul(tests).saturating_mul(2)) {
        return changed;
    }
    for (word, keys) in words {
        let wanted: Vec<bool> = keys.iter().map(|key| holds(written, &field, key)).collect();
        let found = holds(&changed, &field, word);
        match (wanted.contains(&true), wanted.contains(&false)) {
            (true, true) => {
                let message =
                    format!("the product has `{word}` for each of {}, which this tells apart", keys.join(", "));
                work.fail(codes::MAPPING_REJECTS, item, message, &written.origin);
                return changed;
            }
            (true, false) if !found => more.push(word),
            (false, true) if found => fewer.push(word),
            _ => {}
        }
    }
    if !fewer.is_empty() && !has_wildcards(written) {
        let message = format!("the product has `{}` for another value", fewer.join("`, `"));
        work.fail(codes::MAPPING_REJECTS, item, message, &written.origin);
        return changed;
    }
    let test = |word: &str| {
        let test = Test::Pattern(Pattern::literal(word, Case::Fold));
        let predicate = Predicate { subject: Subject::Field(Field::new(field.clone())), test };
        Expr::new(Node::Test(predicate), place(written))
    };
    let mut out = changed;
    if !fewer.is_empty() {
        let none = Expr::new(Node::Any(fewer.into_iter().map(test).collect()), place(written)).negate();
        out = Expr::new(Node::All(vec![out, none]), place(written));
    }
    if !more.is_empty() {
        let words = more.into_iter().map(test);
        out = Expr::new(Node::Any(std::iter::once(out).chain(words).collect()), place(written));
    }
    out
}

fn place(expr: &Expr) -> crate::ir::Origin {
    expr.origin.clone()
}

/// The new words, each with the keys that have it. A word with wildcards is none. A word that is a key for itself beside other keys
/// is how rules may write it, and no value of the source.
fn words(mapping: &IndexMap<Arc<str>, Vec<Arc<str>>>) -> IndexMap<&str, Vec<&str>> {
    let mut out: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (key, words) in mapping {
        for word in words {
            if pattern::literal(&pattern::parse(word)).as_deref() == Some(word) {
                out.entry(word.as_ref()).or_default().push(key);
            }
        }
    }
    for (word, keys) in &mut out {
        if keys.len() > 1 {
            keys.retain(|key| key != word);
        }
    }
    out
}

/// Whether the item tests nothing but the field's values.
fn is_of_values(item: &Expr) -> bool {
    item::tests(item)
        .iter()
        .all(|(_, test)| matches!(test, Test::Pattern(_) | Test::Regex(_) | Test::Number(_) | Test::Bool(_)))
}

fn has_wildcards(item: &Expr) -> bool {
    item::tests(item).iter().any(|(_, test)| match test {
        Test::Pattern(pattern) => !pattern.pieces().iter().all(|piece| matches!(piece, Piece::Literal(_))),
        test => matches!(test, Test::Regex(_)),
    })
}

/// Whether the item holds of an event with this value.
fn holds(item: &Expr, field: &Arc<str>, value: &str) -> bool {
    let rule = Rule { meta: Default::default(), logsource: Default::default(), table: None, condition: item.clone() };
    let event = Event([(field.to_string(), Value::from(value))].into_iter().collect());
    Matcher::new(&rule).matches(&event)
}
