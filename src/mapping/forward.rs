//! The transformations of one value of an event: the counterparts of `rewrite`, which works on what a rule asks of values.
//!
//! An item here asks for exactly one value. A value that no event of the source has is noted in the work as unfit.

use std::sync::Arc;

use super::apply::Work;
use super::budget::Budget;
use super::event::text;
use super::pipeline::Item;
use super::split::{Division, Part};
use super::transformation::Transformation;
use super::unfit::Reason;
use super::{item, rewrite};
use crate::ir::{Case, Expr, Field, Node, Origin, Pattern, Predicate, Subject, Test};

/// What a value becomes.
pub(super) fn item(work: &mut Work<'_>, item: &Item, part: Expr) -> Expr {
    let Some(old) = item::field(&part) else { return part };
    match &item.transformation {
        Transformation::Values(change) => {
            each(work, part, &|test, place, budget| match change.forward(test, budget)? {
                Some(tests) => Ok(alternatives(&old, tests, &place.origin)),
                None => Ok(on(&old, test.clone(), &place.origin)),
            })
        }
        Transformation::Hashes { algorithms, prefix, drop_algorithm, fields } if fields.contains(&old) => {
            let name =
                |algorithm: &str| if *drop_algorithm { prefix.to_string() } else { format!("{prefix}{algorithm}") };
            let changed = each(work, part, &|test, place, _| {
                let Some(text) = text(test) else { return Ok(on(&old, test.clone(), &place.origin)) };
                let hashes = hashes(&text).ok_or(Reason::Hashes)?;
                let known = hashes.into_iter().filter(|(algorithm, _)| algorithms.iter().any(|a| **a == *algorithm));
                Ok(together(known.map(|(algorithm, hash)| (name(&algorithm).into(), hash)).collect(), &place.origin))
            });
            rewrite::note_parts(work, item, &old, &changed);
            item::split(changed)
        }
        Transformation::Extract { regex, prefix, keep } => {
            let changed = each(work, part, &|test, place, _| {
                let Some(text) = text(test) else { return Ok(on(&old, test.clone(), &place.origin)) };
                let captures = regex.captures(&text);
                let names = regex.capture_names().flatten();
                let parts: Vec<(Arc<str>, String)> = names
                    .filter_map(|name| {
                        let found = captures.as_ref()?.name(name)?;
                        Some((format!("{prefix}{name}").into(), found.as_str().to_owned()))
                    })
                    .collect();
                match (parts.is_empty(), keep) {
                    (false, _) => Ok(together(parts, &place.origin)),
                    (true, true) => Ok(on(&old, test.clone(), &place.origin)),
                    (true, false) => Err(Reason::Extraction),
                }
            });
            rewrite::note_parts(work, item, &old, &changed);
            item::split(changed)
        }
        Transformation::Split(division) => {
            let lost = work.is_lost(&old);
            let changed = each(work, part, &|test, place, _| match text(test) {
                Some(_) if lost => Err(Reason::NotKept),
                _ => divide(division, test, place),
            });
            rewrite::note_parts(work, item, &old, &changed);
            item::split(changed)
        }
        Transformation::LastParts(parts) => {
            let Some(name) = parts.names.get(&old) else { return part };
            let changed = each(work, part, &|test, place, _| {
                let Some(path) = text(test) else { return Ok(on(&old, test.clone(), &place.origin)) };
                let last = parts.name_of(&path).ok_or(Reason::Division)?;
                Ok(together(vec![(old.clone(), path.clone()), (name.clone(), last.to_owned())], &place.origin))
            });
            rewrite::note_parts(work, item, &old, &changed);
            item::split(changed)
        }
        // The columns are alike, so that the first may have all.
        Transformation::Spread { field, columns } if *field == old => {
            let first = columns.first().unwrap_or(field);
            let changed = item::on_field(part, first);
            rewrite::note_parts(work, item, &old, &changed);
            changed
        }
        _ => part,
    }
}

/// Rebuilds an item with what each of its values becomes.
fn each(work: &mut Work<'_>, part: Expr, change: &dyn Fn(&Test, &Expr, &mut Budget) -> Result<Expr, Reason>) -> Expr {
    item::map_tests(part, &mut |predicate, place| match change(&predicate.test, place, &mut work.budget) {
        Ok(expr) => expr,
        Err(reason) => {
            work.unfit(&place.origin, reason);
            Expr::new(Node::Test(predicate), place.origin.clone())
        }
    })
}

fn on(name: &Arc<str>, test: Test, origin: &Origin) -> Expr {
    let subject = Subject::Field(Field::new(name.clone()));
    Expr::new(Node::Test(Predicate { subject, test }), origin.clone())
}

fn alternatives(name: &Arc<str>, tests: Vec<Test>, origin: &Origin) -> Expr {
    let mut tests: Vec<Expr> = tests.into_iter().map(|test| on(name, test, origin)).collect();
    if tests.len() == 1 { tests.remove(0) } else { Expr::new(Node::Any(tests), origin.clone()) }
}

/// Fields that the one value becomes.
fn together(parts: Vec<(Arc<str>, String)>, origin: &Origin) -> Expr {
    let exact = |text: &str| Test::Pattern(Pattern::literal(text, Case::Exact));
    let mut parts: Vec<Expr> = parts.iter().map(|(name, text)| on(name, exact(text), origin)).collect();
    if parts.len() == 1 { parts.remove(0) } else { Expr::new(Node::All(parts), origin.clone()) }
}

fn divide(division: &Division, test: &Test, place: &Expr) -> Result<Expr, Reason> {
    let exact = |text: &str| Test::Pattern(Pattern::literal(text, Case::Exact));
    let test = match (text(test), &division.first) {
        (Some(text), None) => {
            let last = division.last_of(&text).ok_or(Reason::Division)?;
            return Ok(on(&division.last, exact(last), &place.origin));
        }
        // Where a value may be undivided, an empty last part cannot be told from none.
        (Some(text), Some(_)) if division.whole == Some(Part::First) && text.ends_with(division.separator) => {
            return Err(Reason::Division);
        }
        (Some(text), Some(_)) => exact(&text),
        (None, _) => Test::Null,
    };
    match division.divide(&test, place) {
        Ok(expr) if expr.node != Node::Any(Vec::new()) => Ok(expr),
        _ => Err(Reason::Division),
    }
}

/// The hashes of a list `ALGORITHM=digits,ALGORITHM=digits`; the commas may be missing. A single hash may stand alone.
fn hashes(text: &str) -> Option<Vec<(String, String)>> {
    if text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let algorithm = rewrite::algorithm_of(text)?;
        return Some(vec![(algorithm.to_owned(), text.to_owned())]);
    }
    let mut out: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_at(rest.find('=')?);
        let algorithm = name.to_ascii_uppercase();
        let length = rewrite::digits(&algorithm)?;
        let (hash, after) = after.get(1..)?.split_at_checked(length)?;
        if !hash.bytes().all(|b| b.is_ascii_hexdigit()) || out.iter().any(|(known, _)| *known == algorithm) {
            return None;
        }
        out.push((algorithm, hash.to_owned()));
        rest = match after.strip_prefix(',') {
            Some("") => return None,
            Some(after) => after,
            None => after,
        };
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_hashes_is_taken_apart_with_commas_and_without() {
        let (md5, imphash) = ("0".repeat(32), "f".repeat(32));
        let both = Some(vec![("MD5".to_owned(), md5.clone()), ("IMPHASH".to_owned(), imphash.clone())]);
        assert_eq!(hashes(&format!("MD5={md5},IMPHASH={imphash}")), both);
        assert_eq!(hashes(&format!("md5={md5}Imphash={imphash}")), both);
        assert_eq!(hashes(&md5), Some(vec![("MD5".to_owned(), md5.clone())]));
        for text in ["", "MD5=", "MD5=xyz", "MD5=00", "x", ",", "CRC=00"] {
            assert_eq!(hashes(text), None, "{text}");
        }
        assert_eq!(hashes(&format!("MD5={md5},")), None);
        assert_eq!(hashes(&format!("MD5={md5},MD5={md5}")), None, "one hash of a kind");
    }
}
