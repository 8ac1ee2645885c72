//! Neighbouring alternatives on one field become one list: `f IN (..)`, one `mvfilter`. Only leaves whose operands are a
//! field and a list take part; a list holds where one of its members does, so the plan means the same before and after.

use crate::target::plan::{Leaf, Plan};
use crate::target::quote::Operand;

/// The plan with lists merged and neighbouring repetitions dropped.
pub fn merge(plan: Plan) -> Plan {
    match plan {
        Plan::Any(parts) => {
            let mut out: Vec<Plan> = Vec::with_capacity(parts.len());
            for part in parts {
                let kept = match (out.last_mut(), merge(part)) {
                    (Some(last), part) if *last == part => None,
                    (Some(Plan::Leaf(last)), Plan::Leaf(leaf)) => absorb(last, leaf).map(Plan::Leaf),
                    (_, part) => Some(part),
                };
                out.extend(kept);
            }
            Plan::any(out)
        }
        Plan::All(parts) => {
            let mut parts: Vec<Plan> = parts.into_iter().map(merge).collect();
            parts.dedup();
            Plan::all(parts)
        }
        Plan::Not(part) => merge(*part).negate(),
        plan => plan,
    }
}

/// Takes the list of `leaf` into that of `last`; gives `leaf` back where they are not lists on one field.
fn absorb(last: &mut Leaf, leaf: Leaf) -> Option<Leaf> {
    if last.name != leaf.name {
        return Some(leaf);
    }
    match (last.operands.as_mut_slice(), leaf.operands.as_slice()) {
        ([Operand::One(field), Operand::Many(all)], [Operand::One(other), Operand::Many(more)]) if field == other => {
            all.extend(more.iter().cloned());
            None
        }
        _ => Some(leaf),
    }
}
