//! What a mapping did to a rule, for records and `mapping explain`.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;

use super::sources::Source;
use super::state::{State, Tracking};
use crate::diagnostic::Diagnostic;
use crate::ir;

/// How records name a keyword, which has no field.
pub(super) const KEYWORD: &str = "(keyword)";

/// A rule after its mapping.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The rule in the target's fields; `None` exactly where a diagnostic is an error.
    pub rule: Option<ir::Rule>,
    /// What is to be said about it; places are in the rule's source.
    pub diagnostics: Vec<Diagnostic>,
    /// What was done.
    pub record: Record,
    pub(super) tracking: Tracking,
    /// The places in the chain of the pipelines that are not for the rule.
    pub(super) passed_over: Vec<usize>,
}

/// What the pipelines did to a rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Record {
    /// The pipelines that worked on the rule, in their order.
    pub pipelines: Vec<Arc<str>>,
    /// The table or index that was chosen.
    pub table: Option<Arc<str>>,
    /// The log source that has no table, as `product/category/service`, where the rule passed all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped_source: Option<Arc<str>>,
    /// Where the events are written, where a mapping took that from the table of log sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRecord>,
    /// The fields that were mapped, by their name before, in the order of the work.
    pub fields: IndexMap<Arc<str>, FieldRecord>,
    /// The fields of the result that no mapping gave.
    pub unmapped: Vec<Arc<str>>,
    /// The fields of the rule that no event of the product has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Arc<str>>,
    /// The columns that a site may have; the query takes those that are not there for missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<Arc<str>>,
    /// The mapping that comes first for the log source, where another one was taken because it has the rule's fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<Arc<str>>,
    /// The fields that the mapping which comes first does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacked: Vec<Arc<str>>,
    /// Every item of the pipelines, applied or not.
    #[serde(skip)]
    pub steps: Vec<StepRecord>,
    /// The variables at the end.
    #[serde(skip)]
    pub state: State,
}

/// The source that was chosen for the rule's log source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceRecord {
    /// The log, by the name that Sigma gives its service.
    pub log: Arc<str>,
    /// Its channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Arc<str>>,
    /// The ids of the events; none for all of the log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_ids: Vec<u32>,
}

impl Mapped {
    /// Whether the product has all fields of the rule.
    pub(super) fn has_all(&self) -> bool {
        self.rule.is_some() && self.record.missing.is_empty() && self.record.unmapped.is_empty()
    }
}

impl From<&Source> for SourceRecord {
    fn from(source: &Source) -> Self {
        Self { log: source.log.clone(), channels: source.channels.clone(), event_ids: source.event_ids.clone() }
    }
}

/// What became of a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FieldRecord {
    /// Its new names.
    pub to: Vec<Arc<str>>,
    /// The items of the pipelines that gave them: ids, or `#` with the place in the list.
    pub by: Vec<Arc<str>>,
}

/// An item of a pipeline and whether it did something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepRecord {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The item's id, or `#` with its place in the list.
    pub item: Arc<str>,
    /// The type of the transformation.
    pub kind: Arc<str>,
    /// Whether its conditions on the rule held.
    pub applied: bool,
    /// Whether it found something to work on.
    pub touched: bool,
}

impl StepRecord {
    pub(super) fn new(pipeline: &Arc<str>, item: &Arc<str>, kind: &Arc<str>, applied: bool) -> Self {
        Self { pipeline: pipeline.clone(), item: item.clone(), kind: kind.clone(), applied, touched: false }
    }
}

impl Record {
    /// Notes new names of a field.
    pub(super) fn field(&mut self, old: &str, new: &[Arc<str>], by: &Arc<str>) {
        let record = self.fields.entry(old.into()).or_default();
        for name in new {
            if !record.to.contains(name) {
                record.to.push(name.clone());
            }
        }
        if !record.by.contains(by) {
            record.by.push(by.clone());
        }
    }
}
