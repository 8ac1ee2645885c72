//! Makes leaves total where a negation looks at them.
//!
//! `?f : "x"` is not false but null where `f` is missing (Elasticsearch: where no index maps it; other engines:
//! always), and `not null` is null: the event is lost. Below no negation null and false are the same to the result, so
//! those leaves stay plain; below one, each is joined with `?f != null`, unless the query asks for the field beside
//! the negation anyway. The IR's meaning is not touched, nothing is rendered.

use crate::target::plan::{Leaf, Plan};
use crate::target::quote::{Operand, Quoted};

/// The macro of `?f != null`.
pub(super) const PRESENT: &str = "present";
/// The macro of `?f == null`.
pub(super) const MISSING: &str = "missing";

/// The leaf that holds where the field has a value.
pub(super) fn present(field: Quoted) -> Plan {
    Plan::leaf(PRESENT, [field.into()])
}

/// The leaf that holds where it has none.
pub(super) fn missing(field: Quoted) -> Plan {
    Plan::leaf(MISSING, [field.into()])
}

/// The same plan, two-valued for every event. The first operand of every leaf is its field.
pub(super) fn totalize(plan: Plan) -> Plan {
    above_not(plan, &[])
}

/// A plan below no negation, beside conjuncts that hold only where the fields `known` are present.
fn above_not(plan: Plan, known: &[Quoted]) -> Plan {
    match plan {
        Plan::All(parts) => {
            let asked: Vec<Quoted> = known.iter().cloned().chain(parts.iter().flat_map(needed)).collect();
            Plan::all(parts.into_iter().map(|part| above_not(part, &asked)).collect::<Vec<_>>())
        }
        Plan::Any(parts) => Plan::any(parts.into_iter().map(|part| above_not(part, known)).collect::<Vec<_>>()),
        Plan::Not(part) => flip(below_not(*part, known)),
        other => other,
    }
}

/// The fields without which a conjunct cannot hold, as far as that is plain to see.
fn needed(plan: &Plan) -> Vec<Quoted> {
    match plan {
        Plan::Leaf(Leaf { name: MISSING, .. }) => Vec::new(),
        Plan::Leaf(leaf) => match leaf.operands.first() {
            Some(Operand::One(field)) => vec![field.clone()],
            _ => Vec::new(),
        },
        Plan::Any(parts) => {
            let mut parts = parts.iter().map(needed);
            let first = parts.next().unwrap_or_default();
            parts.fold(first, |common, part| common.into_iter().filter(|field| part.contains(field)).collect())
        }
        _ => Vec::new(),
    }
}

/// The negation; presence and absence are each other's.
fn flip(plan: Plan) -> Plan {
    match plan {
        Plan::Leaf(Leaf { name: PRESENT, operands }) => Plan::Leaf(Leaf { name: MISSING, operands }),
        Plan::Leaf(Leaf { name: MISSING, operands }) => Plan::Leaf(Leaf { name: PRESENT, operands }),
        other => other.negate(),
    }
}

/// A plan below a negation, beside conjuncts that say that the fields `known` are present.
fn below_not(plan: Plan, known: &[Quoted]) -> Plan {
    match plan {
        Plan::Not(part) => flip(below_not(*part, known)),
        Plan::Any(parts) => Plan::any(alternatives(parts, known)),
        Plan::All(parts) => {
            let mut known = known.to_vec();
            let mut out = Vec::new();
            for part in parts {
                if let Some(field) = unguarded(&part, &known) {
                    out.push(present(field.clone()));
                    known.push(field.clone());
                }
                out.push(below_not(part, &known));
            }
            Plan::all(out)
        }
        leaf => match unguarded(&leaf, known) {
            Some(field) => Plan::all([present(field.clone()), leaf]),
            None => leaf,
        },
    }
}

/// Alternatives; neighbours on one field share their guard.
fn alternatives(parts: Vec<Plan>, known: &[Quoted]) -> Vec<Plan> {
    let mut out: Vec<Plan> = Vec::new();
    let mut run: Option<(Quoted, Vec<Plan>)> = None;
    for part in parts {
        let field = unguarded(&part, known).cloned();
        match (&mut run, field) {
            (Some((shared, leaves)), Some(field)) if *shared == field => leaves.push(part),
            (_, field) => {
                out.extend(run.take().map(close));
                match field {
                    Some(field) => run = Some((field, vec![part])),
                    None => out.push(below_not(part, known)),
                }
            }
        }
    }
    out.extend(run.take().map(close));
    out
}

fn close((field, leaves): (Quoted, Vec<Plan>)) -> Plan {
    Plan::all([present(field), Plan::any(leaves)])
}

/// The field of a leaf that may be null: every one but those on presence itself and on fields known to be present.
fn unguarded<'p>(plan: &'p Plan, known: &[Quoted]) -> Option<&'p Quoted> {
    match plan {
        Plan::Leaf(Leaf { name: PRESENT | MISSING, .. }) => None,
        Plan::Leaf(leaf) => match leaf.operands.first() {
            Some(Operand::One(field)) if !known.contains(field) => Some(field),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::quote;
    use super::*;

    const FIELDS: [&str; 3] = ["a", "b", "c"];

    /// A plan over three fields; a leaf's second operand is what it says where its field is present.
    fn plan() -> impl Strategy<Value = Plan> {
        let leaf = (0..3usize, any::<bool>(), 0..4u8).prop_filter_map("a name", |(at, value, kind)| {
            let field = quote::field(FIELDS[at]).ok()?;
            Some(match kind {
                0 => present(field),
                1 => missing(field),
                _ => Plan::leaf("matches", [field.into(), Operand::Flag(value)]),
            })
        });
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..4).prop_map(Plan::all),
                proptest::collection::vec(inner.clone(), 1..4).prop_map(Plan::any),
                inner.prop_map(Plan::negate),
            ]
        })
    }

    /// The value where the fields `gone` are missing: there a leaf is `absent` (`None` is null).
    fn value(plan: &Plan, gone: [bool; 3], absent: Option<bool>) -> Option<bool> {
        match plan {
            Plan::True => Some(true),
            Plan::False => Some(false),
            Plan::Not(part) => value(part, gone, absent).map(|v| !v),
            Plan::All(parts) => {
                let values: Vec<_> = parts.iter().map(|part| value(part, gone, absent)).collect();
                if values.contains(&Some(false)) { Some(false) } else { (!values.contains(&None)).then_some(true) }
            }
            Plan::Any(parts) => {
                let values: Vec<_> = parts.iter().map(|part| value(part, gone, absent)).collect();
                if values.contains(&Some(true)) { Some(true) } else { (!values.contains(&None)).then_some(false) }
            }
            Plan::Leaf(leaf) => {
                let Some(Operand::One(name)) = leaf.operands.first() else { return None };
                let at = FIELDS.iter().position(|field| name.as_str().ends_with(field))?;
                match (leaf.name, leaf.operands.get(1)) {
                    (PRESENT, _) => Some(!gone[at]),
                    (MISSING, _) => Some(gone[at]),
                    _ if gone[at] => absent,
                    (_, Some(Operand::Flag(value))) => Some(*value),
                    _ => None,
                }
            }
        }
    }

    proptest! {
        #[test]
        fn null_changes_no_answer(plan in plan(), gone in any::<[bool; 3]>()) {
            let meant = value(&plan, gone, Some(false)) == Some(true);
            let total = totalize(plan);
            for absent in [None, Some(false)] {
                prop_assert_eq!(value(&total, gone, absent) == Some(true), meant, "{:?}", total);
            }
        }
    }
}
