//! SQLite in process.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::{Column, ColumnKind, Engine, EngineError, Table};
use crate::interp::Event;
use crate::verify::sqlite::{EventTable, register, select};

/// A connection with the functions that SQLite's queries call.
pub struct Sqlite {
    connection: Connection,
    table: Option<String>,
}

impl Sqlite {
    /// An empty database in memory.
    ///
    /// # Errors
    /// What SQLite says where it cannot make one.
    pub fn new() -> Result<Self, EngineError> {
        let connection = Connection::open_in_memory().map_err(rejected)?;
        register(&connection).map_err(rejected)?;
        Ok(Self { connection, table: None })
    }
}

impl Engine for Sqlite {
    fn name(&self) -> &str {
        "SQLite"
    }

    fn load(&mut self, table: &Table) -> Result<(), EngineError> {
        if let Some(old) = self.table.take() {
            let old = old.replace('`', "``");
            self.connection.execute(&format!("DROP TABLE IF EXISTS `{old}`"), []).map_err(rejected)?;
        }
        self.table = Some(table.name.clone());
        // The column of the whole event is always there.
        let fields = table.columns.iter().filter(|column| column.kind != ColumnKind::WholeEvent);
        let fields = fields.map(|column| column.name.as_str());
        let transaction = self.connection.unchecked_transaction().map_err(rejected)?;
        let mut events = EventTable::create(&transaction, &table.name, fields).map_err(rejected)?;
        let documents: Vec<&Column> = table.columns.iter().filter(|c| c.kind == ColumnKind::Document).collect();
        for row in &table.rows {
            let cells = documents.iter().map(|column| (column.name.clone(), column.value(row)));
            let stored = Event(cells.collect());
            events.insert(if documents.is_empty() { row } else { &stored }).map_err(rejected)?;
        }
        drop(events);
        transaction.commit().map_err(rejected)
    }

    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        let rows = select(&self.connection, text).map_err(rejected)?;
        Ok(rows.into_iter().filter_map(|row| usize::try_from(row).ok()).collect())
    }

    /// The program that SQLite runs.
    fn form(&mut self, text: &str) -> Option<String> {
        let mut statement = self.connection.prepare(&format!("EXPLAIN {text}")).ok()?;
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            // The last column is a comment.
            let cell = |n| row.get_ref(n).map(|value| format!("{value:?}"));
            (0..columns.saturating_sub(1)).map(cell).collect::<Result<Vec<_>, _>>()
        };
        let rows = statement.query_map([], row).ok()?.collect::<Result<Vec<_>, _>>().ok()?;
        Some(format!("{rows:?}"))
    }
}

fn rejected(error: rusqlite::Error) -> EngineError {
    EngineError::Rejected(error.to_string())
}
