//! How many clauses a plan makes of Lucene's query.
//!
//! Since Lucene 9 all leaves of a query count together, 1,024 at most by default (`indices.query.bool.max_clause_count`;
//! Elasticsearch from 8.1 on takes more where it has the memory for it). A list is one clause a value, but for a list of exact
//! texts, which is one set of terms. Nothing is rewritten here.

use crate::target::plan::{Leaf, Plan};
use crate::target::quote::Operand;

/// The number of clauses.
pub(super) fn count(plan: &Plan) -> usize {
    match plan {
        Plan::True | Plan::False => 1,
        Plan::All(parts) | Plan::Any(parts) => parts.iter().map(count).sum(),
        // A Boolean query of nothing but a negation gets one for all documents.
        Plan::Not(part) => count(part) + 1,
        Plan::Leaf(leaf) => values(leaf),
    }
}

fn values(leaf: &Leaf) -> usize {
    match (leaf.name, leaf.operands.get(1)) {
        ("in_exact", _) => 1,
        (_, Some(Operand::Many(values))) => values.len(),
        _ => 1,
    }
}
