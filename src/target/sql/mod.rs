//! The room of SQL and its dialects.

use super::plan::{Context, Query};
use super::{Backend, Manifest};
use crate::diagnostic::Diagnostic;
use crate::ir;

/// The back end of one dialect.
pub(super) struct Sql;

impl Sql {
    /// The dialect that the manifest describes.
    pub(super) fn new(_manifest: &Manifest) -> Result<Self, Diagnostic> {
        Ok(Self)
    }
}

impl Backend for Sql {
    fn plan(&self, _rule: &ir::Rule, _cx: &mut Context<'_>) -> Query {
        Query { parts: Vec::new(), operands: Vec::new() }
    }
}
