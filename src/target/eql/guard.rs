//! Makes leaves total where a negation looks at them.
//!
//! `?f : "x"` is not false but null where `f` is missing (Elasticsearch: where no index maps it; other engines: always), and
//! `not null` is null: the event is lost. Below no negation null and false are the same to the result, so those leaves stay plain;
//! below one, each is joined with `?f != null`. The IR's meaning is not touched, nothing is rendered.

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
    match plan {
        Plan::All(parts) => Plan::all(parts.into_iter().map(totalize).collect::<Vec<_>>()),
        Plan::Any(parts) => Plan::any(parts.into_iter().map(totalize).collect::<Vec<_>>()),
        Plan::Not(part) => below_not(*part, &[]).flip(),
        other => other,
    }
}

trait Flip {
    fn flip(self) -> Plan;
}

impl Flip for Plan {
    /// The negation; presence and absence are each other's.
    fn flip(self) -> Plan {
        match self {
            Plan::Leaf(Leaf { name: PRESENT, operands }) => Plan::Leaf(Leaf { name: MISSING, operands }),
            Plan::Leaf(Leaf { name: MISSING, operands }) => Plan::Leaf(Leaf { name: PRESENT, operands }),
            other => other.negate(),
        }
    }
}

/// A plan below a negation, beside conjuncts that say that the fields `known` are present.
fn below_not(plan: Plan, known: &[Quoted]) -> Plan {
    match plan {
        Plan::Not(part) => below_not(*part, known).flip(),
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
