//! A rule: what it says of itself, where its events come from, and its condition.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;

use super::Expr;
use crate::source::Span;

/// A detection rule's meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What the rule says of itself.
    pub meta: Meta,
    /// The log source as written.
    pub logsource: Logsource,
    /// Where the target keeps such events; set by mapping.
    pub table: Option<Table>,
    /// The condition; several conditions are their [`super::Node::Any`].
    pub condition: Expr,
}

/// A rule's attributes that do not match events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meta {
    /// Title; never empty in a rule that was read without an error.
    pub title: Arc<str>,
    /// Identifier, usually a UUID, as written.
    pub id: Option<Arc<str>>,
    /// Name for references by correlations.
    pub name: Option<Arc<str>>,
    /// Related rules.
    pub related: Vec<Related>,
    /// Taxonomy of the field names; `sigma` where absent.
    pub taxonomy: Option<Arc<str>>,
    /// Maturity.
    pub status: Option<Status>,
    /// Severity.
    pub level: Option<Level>,
    /// Description.
    pub description: Option<Arc<str>>,
    /// SPDX licence id.
    pub license: Option<Arc<str>>,
    /// Authors, as written.
    pub author: Option<Arc<str>>,
    /// References.
    pub references: Vec<Arc<str>>,
    /// Creation date, `YYYY-MM-DD`.
    pub date: Option<Arc<str>>,
    /// Last change, `YYYY-MM-DD`.
    pub modified: Option<Arc<str>>,
    /// Tags.
    pub tags: Vec<Arc<str>>,
    /// Fields worth showing.
    pub fields: Vec<Arc<str>>,
    /// Known false positives.
    pub falsepositives: Vec<Arc<str>>,
    /// Scope.
    pub scope: Vec<Arc<str>>,
    /// Everything else, in source order.
    pub custom: IndexMap<Arc<str>, serde_json::Value>,
    /// The document's place in its source.
    pub span: Span,
}

/// A relation to another rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// The other rule's id.
    pub id: Arc<str>,
    /// The relation.
    pub kind: RelationKind,
}

/// Kinds of relations between rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words of the specification")]
pub enum RelationKind {
    Derived,
    Obsolete,
    Merged,
    Renamed,
    Similar,
    Correlation,
}

/// Maturity of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words of the specification")]
pub enum Status {
    Unsupported,
    Deprecated,
    Experimental,
    Test,
    Stable,
}

/// Severity of what a rule finds, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words of the specification")]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// The log source of a rule, as written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Logsource {
    /// Kind of event, such as `process_creation`.
    pub category: Option<Arc<str>>,
    /// Product, such as `windows`.
    pub product: Option<Arc<str>>,
    /// Service, such as `sysmon`.
    pub service: Option<Arc<str>>,
    /// What the log must be configured to record, in prose.
    pub definition: Option<Arc<str>>,
    /// Everything else, in source order.
    pub custom: IndexMap<Arc<str>, serde_json::Value>,
    /// The place in the source.
    pub span: Span,
}

/// Where a target keeps the rule's events: table, index pattern, data model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The name, not yet quoted; empty where the target's default is meant.
    pub name: Arc<str>,
    /// How it keeps the fields of an event.
    #[serde(skip_serializing_if = "TableShape::is_flat")]
    pub shape: TableShape,
}

impl Table {
    /// A table with a column a field.
    pub fn flat(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), shape: TableShape::Flat }
    }
}

/// How a table keeps the fields of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableShape {
    /// A column a field.
    #[default]
    Flat,
    /// One column holds each event as a JSON object; a field is a path in it.
    Json {
        /// The column's name, not yet quoted.
        column: Arc<str>,
    },
    /// Columns with columns of their own: a dot in a field's name leads into one.
    Nested,
    /// A data model of Splunk, named with its data set.
    DataModel {
        /// Fields of the data set to show beside those that the rule tests.
        show: Vec<Arc<str>>,
    },
}

impl TableShape {
    /// The word of the shape in mappings and manifests.
    pub fn word(&self) -> &'static str {
        match self {
            TableShape::Flat => "flat",
            TableShape::Json { .. } => "json",
            TableShape::Nested => "nested",
            TableShape::DataModel { .. } => "data_model",
        }
    }

    fn is_flat(&self) -> bool {
        *self == TableShape::Flat
    }
}
