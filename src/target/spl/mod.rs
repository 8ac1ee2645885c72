//! The room of spl.

use super::Backend;
use super::plan::{Context, Query};
use crate::ir;

/// The back end.
pub(super) struct Spl;

impl Backend for Spl {
    fn plan(&self, _rule: &ir::Rule, _cx: &mut Context<'_>) -> Query {
        Query { parts: Vec::new(), operands: Vec::new() }
    }
}
