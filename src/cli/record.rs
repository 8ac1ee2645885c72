//! The record that `convert --format jsonl` prints, one a rule and target.

use serde::Serialize;

use crate::diagnostic::Report;
use crate::mapping;

/// How the conversion of one rule to one target went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There is a query.
    Ok,
    /// The target cannot say the rule.
    Unsupported,
    /// The rule could not be read.
    Invalid,
    /// The record of no rule: what is to be said of the rest of a file, such as a document that is none.
    Other,
    /// The record of no rule: finalizers made one text of the queries of all.
    Finalized,
}

/// A line of output. Every key but `mapping` is always there.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    /// The file as the user named it, or `<stdin>`.
    pub path: Option<&'a str>,
    /// The rule's id.
    pub id: Option<&'a str>,
    /// The rule's title; null where not even that could be read.
    pub title: Option<&'a str>,
    /// The target.
    pub target: &'a str,
    /// How it went.
    pub status: Status,
    /// The query; null unless the status is `ok`.
    pub query: Option<&'a str>,
    /// What is to be said about the rule and its conversion.
    pub diagnostics: Vec<Report>,
    /// Fingerprint of the rule's IR; null where the rule could not be read.
    pub ir_hash: Option<&'a str>,
    /// What the mapping did; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<&'a mapping::Record>,
}

impl<'a> Record<'a> {
    /// The record of what in a file belongs to no rule.
    pub fn other(path: &'a str, target: &'a str, diagnostics: Vec<Report>) -> Self {
        Record { path: Some(path), status: Status::Other, query: None, diagnostics, ..Record::finalized(target, "") }
    }

    /// The record of the text that finalizers made of all queries for a target.
    pub fn finalized(target: &'a str, text: &'a str) -> Self {
        Record {
            path: None,
            id: None,
            title: None,
            target,
            status: Status::Finalized,
            query: Some(text),
            diagnostics: Vec::new(),
            ir_hash: None,
            mapping: None,
        }
    }
}
