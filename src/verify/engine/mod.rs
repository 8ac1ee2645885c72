//! Engines: what holds a table of events and answers queries about it.
//!
//! [`Sqlite`] is the real thing, in process; [`Eql`], [`Kql`] and [`Spl`] run the models of `lang`. Engines that are programs of
//! their own are spoken to by `cli`, since only that may start processes. An engine takes events as a store holds
//! them and must not change them further: what does not fit a column is an error, never a guess.

mod eql;
pub(super) mod kql;
mod spl;
mod sqlite;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

pub use eql::{Eql, Fields};
pub use kql::Kql;
pub use spl::Spl;
pub use sqlite::Sqlite;

use super::document::document;
use crate::interp::Event;
use crate::ir::FieldType;
use crate::lang::Skeleton;

/// A table of events.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name in queries.
    pub name: String,
    /// Its columns; no two have one name.
    pub columns: Vec<Column>,
    /// The events as the store holds them; the number of a row is its place, from 0.
    pub rows: Vec<Event>,
}

/// A column of a table: a field of the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name, exact.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text; in SQLite integers too.
    Text,
    /// Whole numbers, where a mapping says so.
    Integer,
    /// Numbers.
    Real,
    /// True or false.
    Boolean,
    /// Points in time, as text.
    Time,
    /// JSON values, as text.
    Dynamic,
    /// IP addresses, as text.
    Ip,
    /// A value in the engine's own type of this name, as text.
    Native(FieldType),
    /// The whole event as the text of a JSON object.
    WholeEvent,
    /// The whole event as a JSON object, dotted names nested.
    Document,
}

impl Column {
    /// The value of this column for an event: null where it has none.
    pub fn value(&self, event: &Event) -> Value {
        match self.kind {
            ColumnKind::Document => Value::String(document(event)),
            ColumnKind::WholeEvent => Value::String(Value::Object(event.0.clone()).to_string()),
            _ => event.0.get(&self.name).cloned().unwrap_or(Value::Null),
        }
    }
}

/// Why an engine gave no answer, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineError {
    /// It does not take the query or the table; it can be asked again.
    Rejected(String),
    /// It is gone: dead, or silent for too long.
    Gone(String),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Rejected(words) | EngineError::Gone(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for EngineError {}

/// Something that holds one table and answers queries about it.
pub trait Engine: Send {
    /// What it is called in reports.
    fn name(&self) -> &str;

    /// Holds this table and no other.
    ///
    /// # Errors
    /// What the engine says.
    fn load(&mut self, table: &Table) -> Result<(), EngineError>;

    /// The numbers of the rows that the query selects.
    ///
    /// # Errors
    /// What the engine says of the query.
    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError>;

    /// What the engine makes of a query: two texts with one form are one query to it. `None` where it does not say.
    fn form(&mut self, text: &str) -> Option<String> {
        let _ = text;
        None
    }

    /// The Boolean structure of a query over its leaves. `None` where it does not say.
    fn skeleton(&mut self, text: &str) -> Option<Skeleton> {
        let _ = text;
        None
    }
}

/// A parsed query without its places.
fn without_spans(tree: &impl fmt::Debug) -> String {
    let text = format!("{tree:?}");
    let mut parts = text.split("Span { start: ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}
