//! The room of kql.

use super::Backend;
use super::plan::{Context, Query};
use crate::ir;

/// The back end.
pub(super) struct Kql;

impl Backend for Kql {
    fn plan(&self, _rule: &ir::Rule, _cx: &mut Context<'_>) -> Query {
        Query { parts: Vec::new(), operands: Vec::new() }
    }
}
