//! The model of KQL as an engine: every column a `string`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Engine, EngineError, Table};
use crate::interp::Event;
use crate::lang::kql::{self, OtherColumns, Row, Schema, Type};

/// A table of strings.
#[derive(Default)]
pub struct Kql {
    schema: Schema,
    rows: Vec<Row>,
}

impl Engine for Kql {
    fn name(&self) -> &str {
        "the model of KQL"
    }

    fn load(&mut self, table: &Table) -> Result<(), EngineError> {
        let columns = table.columns.iter().map(|column| (column.name.clone(), Type::String));
        self.schema = Schema::new(columns, OtherColumns::Unknown);
        self.rows = table.rows.iter().map(row).collect::<Result<_, _>>()?;
        Ok(())
    }

    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        let query = kql::parse(text).and_then(|query| query.prepare(&self.schema)).map_err(rejected)?;
        let mut selected = BTreeSet::new();
        for (number, row) in self.rows.iter().enumerate() {
            if query.matches(row).map_err(rejected)? {
                selected.insert(number);
            }
        }
        Ok(selected)
    }
}

fn row(event: &Event) -> Result<Row, EngineError> {
    let cell = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), kql::Value::String(text.clone()))),
        other => Err(EngineError::Rejected(format!("column `{name}` holds text, not {other}"))),
    };
    event.0.iter().map(cell).collect()
}

fn rejected(error: crate::lang::Error) -> EngineError {
    EngineError::Rejected(error.to_string())
}
