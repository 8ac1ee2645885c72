//! The Boolean skeleton: whether a query's text reads as the tree that was planned.
//!
//! The query is parsed by a reader of its language, and so is each leaf of the plan alone; the trees must be equal for
//! all truth values of the leaves. That proves parentheses and precedence for a rule without any engine. What the
//! leaves mean is for engines and models to show. The reader is the caller's: a model of `lang`, or a parser of SQL.

use std::collections::{BTreeMap, BTreeSet};

use crate::lang::Skeleton;
use crate::target::Outline;

/// With more leaves than this not all truth values are tried.
const ALL_VALUES: usize = 16;
/// How many random assignments are tried beyond that.
const SAMPLES: u64 = 4096;

/// Why a query is not what was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The reader rejects the query or a leaf: the text and the reader's words.
    Unreadable(String, String),
    /// The trees differ where these leaves hold and no others.
    Differs(Vec<String>),
}

/// Reads a condition that stands alone.
pub type Reader<'r> = &'r dyn Fn(&str) -> Result<Skeleton, String>;

/// Compares a query's skeleton with the planned tree.
///
/// `parts` are the planned trees, all of which must hold, and for each a reader of a condition that stands alone in that
/// part. For at most 16 distinct leaves, or where the trees are equal but for nested `and`s, `or`s and doubled
/// negations, the result is a proof; otherwise 4,096 assignments are tried, always the same ones.
///
/// # Errors
/// The mismatch.
pub fn compare(query: &Skeleton, parts: &[(Outline, Reader<'_>)]) -> Result<(), Mismatch> {
    let planned = parts.iter().map(|(outline, read)| planned(outline, *read)).collect::<Result<Vec<_>, _>>()?;
    let (planned, query) = (flat(&Skeleton::And(planned)), flat(query));
    if planned == query {
        return Ok(());
    }
    let mut leaves = BTreeSet::new();
    collect(&planned, &mut leaves);
    collect(&query, &mut leaves);
    let places: BTreeMap<&str, usize> = leaves.iter().enumerate().map(|(n, text)| (*text, n)).collect();
    let differs = |values: &[bool]| holds(&planned, &places, values) != holds(&query, &places, values);
    match assignments(leaves.len()).find(|values| differs(values)) {
        Some(values) => Err(Mismatch::Differs(
            leaves.iter().zip(values).filter(|(_, value)| *value).map(|(leaf, _)| (*leaf).to_owned()).collect(),
        )),
        None => Ok(()),
    }
}

/// Whether two trees hold for the same truth values of their leaves. `false` also where there are too many leaves to try all.
pub(super) fn same(left: &Skeleton, right: &Skeleton) -> bool {
    let (left, right) = (flat(left), flat(right));
    let mut leaves = BTreeSet::new();
    collect(&left, &mut leaves);
    collect(&right, &mut leaves);
    let places: BTreeMap<&str, usize> = leaves.iter().enumerate().map(|(n, text)| (*text, n)).collect();
    let equal = |values: Vec<bool>| holds(&left, &places, &values) == holds(&right, &places, &values);
    left == right || (leaves.len() <= ALL_VALUES && assignments(leaves.len()).all(equal))
}

/// The planned tree with each leaf as it reads alone.
fn planned(outline: &Outline, read: Reader<'_>) -> Result<Skeleton, Mismatch> {
    let each = |parts: &[Outline]| parts.iter().map(|part| planned(part, read)).collect::<Result<Vec<_>, _>>();
    Ok(match outline {
        Outline::All(parts) => Skeleton::And(each(parts)?),
        Outline::Any(parts) => Skeleton::Or(each(parts)?),
        Outline::Not(part) => Skeleton::Not(Box::new(planned(part, read)?)),
        Outline::Leaf(text) => read(text).map_err(|words| Mismatch::Unreadable(text.clone(), words))?,
    })
}

/// The same without nested `and`s and `or`s, lists of one, and doubled negations.
fn flat(skeleton: &Skeleton) -> Skeleton {
    let merged = |parts: &[Skeleton], inner: fn(Skeleton) -> Result<Vec<Skeleton>, Skeleton>| {
        let mut out = Vec::new();
        for part in parts {
            match inner(flat(part)) {
                Ok(parts) => out.extend(parts),
                Err(part) => out.push(part),
            }
        }
        out
    };
    let one = |mut parts: Vec<Skeleton>, make: fn(Vec<Skeleton>) -> Skeleton| match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            make(parts)
        }
    };
    match skeleton {
        Skeleton::And(parts) => one(
            merged(parts, |part| if let Skeleton::And(parts) = part { Ok(parts) } else { Err(part) }),
            Skeleton::And,
        ),
        Skeleton::Or(parts) => {
            one(merged(parts, |part| if let Skeleton::Or(parts) = part { Ok(parts) } else { Err(part) }), Skeleton::Or)
        }
        Skeleton::Not(part) => match flat(part) {
            Skeleton::Not(inner) => *inner,
            other => Skeleton::Not(Box::new(other)),
        },
        other => other.clone(),
    }
}

fn collect<'s>(skeleton: &'s Skeleton, out: &mut BTreeSet<&'s str>) {
    match skeleton {
        Skeleton::And(parts) | Skeleton::Or(parts) => parts.iter().for_each(|part| collect(part, out)),
        Skeleton::Not(part) => collect(part, out),
        Skeleton::Leaf(text) => drop(out.insert(text)),
        Skeleton::True | Skeleton::False => {}
    }
}

fn holds(skeleton: &Skeleton, places: &BTreeMap<&str, usize>, values: &[bool]) -> bool {
    match skeleton {
        Skeleton::And(parts) => parts.iter().all(|part| holds(part, places, values)),
        Skeleton::Or(parts) => parts.iter().any(|part| holds(part, places, values)),
        Skeleton::Not(part) => !holds(part, places, values),
        Skeleton::Leaf(text) => places.get(text.as_str()).and_then(|n| values.get(*n)).copied().unwrap_or(false),
        Skeleton::True => true,
        Skeleton::False => false,
    }
}

/// Truth values of so many leaves: all, or random ones of which few, half, or most are true.
fn assignments(leaves: usize) -> Box<dyn Iterator<Item = Vec<bool>>> {
    if leaves <= ALL_VALUES {
        return Box::new((0..1_u64 << leaves).map(move |bits| (0..leaves).map(|n| bits >> n & 1 == 1).collect()));
    }
    Box::new((0..SAMPLES).map(move |sample| {
        let mut state = sample.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let share = [1, 8, 32, 56, 63][sample as usize % 5];
        let next = |_| {
            // xorshift64: its high bits are even enough.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state >> 58 < share
        };
        (0..leaves).map(next).collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(text: &str) -> Skeleton {
        Skeleton::Leaf(text.to_owned())
    }

    fn plain(text: &str) -> Outline {
        Outline::Leaf(text.to_owned())
    }

    fn read(text: &str) -> Result<Skeleton, String> {
        if text == "?" { Err("no leaf".to_owned()) } else { Ok(leaf(text)) }
    }

    #[test]
    fn trees_that_differ_in_layout_only_are_equal() {
        let query = Skeleton::And(vec![leaf("a"), Skeleton::And(vec![leaf("b"), Skeleton::Or(vec![leaf("c")])])]);
        let outline =
            Outline::All(vec![plain("a"), plain("b"), Outline::Not(Box::new(Outline::Not(Box::new(plain("c")))))]);
        assert_eq!(compare(&query, &[(outline, &read)]), Ok(()));
        // De Morgan: another tree, the same truth values.
        let query = Skeleton::Not(Box::new(Skeleton::Or(vec![
            Skeleton::Not(Box::new(leaf("a"))),
            Skeleton::Not(Box::new(leaf("b"))),
        ])));
        assert_eq!(compare(&query, &[(Outline::All(vec![plain("a"), plain("b")]), &read)]), Ok(()));
    }

    #[test]
    fn a_missing_group_is_found_with_few_leaves_and_with_many() {
        for count in [1, 40] {
            let more: Vec<String> = (0..count).map(|n| format!("x{n}")).collect();
            let any = Outline::Any(more.iter().map(|text| plain(text)).chain([plain("b")]).collect());
            let planned = Outline::All(vec![plain("a"), any]);
            // `a and x0 or x1 or .. or b`
            let first = Skeleton::And(vec![leaf("a"), leaf("x0")]);
            let rest = more.iter().skip(1).map(|text| leaf(text)).chain([leaf("b")]);
            let query = Skeleton::Or(std::iter::once(first).chain(rest).collect());
            assert!(matches!(compare(&query, &[(planned, &read)]), Err(Mismatch::Differs(_))));
        }
    }

    #[test]
    fn what_cannot_be_read_is_reported() {
        let unreadable = Mismatch::Unreadable("?".to_owned(), "no leaf".to_owned());
        assert_eq!(compare(&leaf("a"), &[(plain("?"), &read)]), Err(unreadable));
    }
}
