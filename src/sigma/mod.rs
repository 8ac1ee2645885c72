//! FRONT END: Sigma documents as written, and their lowering to the IR.
//!
//! [`read`] takes a source and gives the rules of its documents in the IR with everything that is to be said about them.
//! Every node keeps its span. Nothing here knows a target, reads a file, or evaluates an event.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::ir;
use crate::source::Source;

/// What the caller supplies to the reading of rules.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Values of placeholders, by name without percent signs.
    pub placeholders: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

/// What a source held.
#[derive(Debug, Default)]
pub struct Read {
    /// The rules that could be read, in source order.
    pub rules: Vec<ir::Rule>,
    /// Everything to be said, in source order; errors mean that a document gave no rule.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads all documents of a source: parses, applies collections and filters of the same source, lowers.
pub fn read(_source: &Source, _options: &Options) -> Read {
    Read::default()
}
