//! `sigmaglot_prefixes`: values that begin otherwise in the product, as the hives of the registry. An extension of the format.
//!
//! A pattern is split where the beginning of a value ends, in every way in which it can be, so that wildcards mean what they
//! meant. A pattern that would find the product's beginning where it did not find the rule's is refused.

use std::sync::Arc;

use super::budget::Budget;
use super::params::Params;
use super::shape::{self, Place};
use super::unfit::Reason;
use crate::ir::{Case, Pattern, Piece, Test};
use crate::sigma::pattern;

/// How many comparisons of characters are a step of the budget.
const COMPARISONS: usize = 64;

/// Beginnings of values in the rule's terms, each with the product's; the first that a value has counts.
#[derive(Debug, Clone)]
pub(super) struct Prefixes(Vec<(Arc<str>, Vec<Piece>)>);

impl Prefixes {
    /// Reads the map; `?` is any character of the product's beginning.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<Prefixes> {
        let names = params.names("prefixes")?;
        let pairs = names.into_iter().filter_map(|(old, new)| Some((old?, pattern::parse(new.first()?))));
        Some(Prefixes(pairs.collect()))
    }

    /// What a test becomes: alternatives; `Ok(None)` where it stays as it is.
    ///
    /// # Errors
    /// Where it cannot be said of the product's values, with the reason.
    pub fn apply(&self, test: &Test, budget: &mut Budget) -> Result<Option<Vec<Test>>, String> {
        let pattern = match test {
            Test::Null | Test::Exists(_) | Test::Placeholder(_) => return Ok(None),
            Test::Pattern(pattern) => pattern,
            _ => return Err("the product's values begin otherwise, and only text can be rewritten".into()),
        };
        let mut out = Vec::new();
        let length = pattern.size();
        for (old, new) in &self.0 {
            let product = places(new);
            if !budget.steps(length.saturating_mul(old.len() + product.len()) / COMPARISONS) {
                return Ok(None);
            }
            let before = shape::rests(pattern, &shape::exactly(old));
            let after = shape::rests(pattern, &product);
            if after.keys().any(|place| !before.contains_key(place)) {
                let new = pattern::escape(new);
                return Err(format!("the product has `{new}` for `{old}`, where this would find what it was not for"));
            }
            for (_, rest) in before.iter().filter(|(place, _)| !after.contains_key(place)) {
                if !budget.tests(1) || !budget.text(rest.size()) {
                    return Ok(None);
                }
                let pieces = new.iter().chain(rest.pieces()).cloned();
                out.push(Test::Pattern(Pattern::new(pieces, pattern.case)));
            }
            if begins_with(pattern, old) {
                return Ok(Some(out)); // all its values do
            }
        }
        if out.is_empty() {
            return Ok(None);
        }
        out.push(test.clone());
        Ok(Some(out))
    }
}

impl Prefixes {
    /// The product's text for one of the rule's, with `?` in it where the product's beginning has it; `None` where it stays.
    ///
    /// # Errors
    /// Where the text begins as the product's do.
    pub fn of(&self, text: &str) -> Result<Option<Vec<Piece>>, Reason> {
        let whole = Pattern::literal(text, Case::Fold);
        for (old, new) in &self.0 {
            if begins_with(&whole, old) {
                let rest: String = text.chars().skip(old.chars().count()).collect();
                return Ok(Some(new.iter().cloned().chain([Piece::Literal(rest.into())]).collect()));
            }
            if !shape::rests(&whole, &places(new)).is_empty() {
                return Err(Reason::Taken);
            }
        }
        Ok(None)
    }
}

fn begins_with(pattern: &Pattern, old: &str) -> bool {
    let Some(Piece::Literal(text)) = pattern.pieces().first() else { return false };
    let start: Vec<Place> = text.chars().take(old.chars().count()).map(Place::Char).collect();
    shape::can_match(&Pattern::literal(old, pattern.case), &start)
}

fn places(pieces: &[Piece]) -> Vec<Place> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => out.extend(text.chars().map(Place::Char)),
            _ => out.push(Place::Any),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Result<Vec<String>, String> {
        let pairs = [(r"HKLM\", r"HKEY_LOCAL_MACHINE\"), (r"HKU\", r"HKEY_USERS\")];
        let prefixes = Prefixes(pairs.map(|(old, new)| (old.into(), pattern::parse(new))).to_vec());
        let test = Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold));
        let out = prefixes.apply(&test, &mut Budget::default())?.unwrap_or_else(|| vec![test]);
        let text = |test| match test {
            Test::Pattern(pattern) => pattern::escape(pattern.pieces()).replace(r"\\", r"\"),
            other => format!("{other:?}"),
        };
        Ok(out.into_iter().map(text).collect())
    }

    #[test]
    fn a_beginning_is_replaced_wherever_the_pattern_can_find_it() {
        assert_eq!(made(r"hklm\a").unwrap(), [r"HKEY_LOCAL_MACHINE\a"]);
        assert_eq!(made(r"HKU\\*\b").unwrap(), [r"HKEY_USERS\*\b"]);
        assert_eq!(made(r"*\SOFTWARE\\*").unwrap(), [r"*\SOFTWARE\*"], "neither beginning has it");
        assert_eq!(made(r"*HKLM\a*").unwrap(), [r"HKEY_LOCAL_MACHINE\a*", r"*HKLM\a*"]);
        assert_eq!(made("*KLM*").unwrap(), [r"HKEY_LOCAL_MACHINE\*", "*KLM*"]);
        assert_eq!(made(r"HK*\b").unwrap(), [r"HK*\b"]);
        assert_eq!(made("*").unwrap(), ["*"]);
        assert_eq!(made(r"C:\x").unwrap(), [r"C:\x"]);
    }

    #[test]
    fn what_is_in_the_products_beginning_alone_is_refused() {
        assert!(made("*MACHINE*").is_err() && made("HKEY*").is_err() && made("*_*").is_err());
    }
}
