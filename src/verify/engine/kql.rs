//! The model of KQL as an engine: every column a `string`, unless a mapping says its type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ColumnKind, Engine, EngineError, Table, without_spans};
use crate::interp::Event;
use crate::lang::Skeleton;
use crate::lang::kql::{self, OtherColumns, Row, Schema, Type};

/// A table.
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
        let columns: Vec<(String, Type)> = table.columns.iter().map(|c| (c.name.clone(), type_of(c.kind))).collect();
        let types: BTreeMap<&str, Type> = columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        self.rows = table.rows.iter().map(|event| row(event, &types)).collect::<Result<_, _>>()?;
        self.schema = Schema::new(columns, OtherColumns::Unknown);
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

    fn skeleton(&mut self, text: &str) -> Option<Skeleton> {
        kql::parse(text).ok().map(|query| query.skeleton())
    }

    fn form(&mut self, text: &str) -> Option<String> {
        kql::parse(text).ok().map(|query| without_spans(&(query.table, query.extends, query.filters)))
    }
}

/// The type of a column of this kind.
pub(in crate::verify) fn type_of(kind: ColumnKind) -> Type {
    match kind {
        ColumnKind::Text | ColumnKind::Ip | ColumnKind::WholeEvent | ColumnKind::Document | ColumnKind::Native(_) => {
            Type::String
        }
        ColumnKind::Integer => Type::Long,
        ColumnKind::Real => Type::Real,
        ColumnKind::Boolean => Type::Bool,
        ColumnKind::Time => Type::DateTime,
        ColumnKind::Dynamic => Type::Dynamic,
    }
}

fn row(event: &Event, types: &BTreeMap<&str, Type>) -> Result<Row, EngineError> {
    let cell = |(name, value): (&String, &Value)| {
        let kind = types.get(name.as_str()).copied().unwrap_or(Type::String);
        match cell(kind, value) {
            Some(cell) => Ok((name.clone(), cell)),
            None => Err(EngineError::Rejected(format!("column `{name}` of type {kind} cannot hold {value}"))),
        }
    };
    event.0.iter().map(cell).collect()
}

fn cell(kind: Type, value: &Value) -> Option<kql::Value> {
    Some(match (kind, value) {
        (Type::String, Value::String(text)) => kql::Value::String(text.clone()),
        (Type::Dynamic, _) => kql::Value::Dynamic(value.clone()),
        (Type::Bool, Value::Bool(b)) => kql::Value::Bool(*b),
        (Type::Long, Value::Number(number)) => kql::Value::Long(number.as_i64()?),
        (Type::Real, Value::Number(number)) => kql::Value::Real(number.as_f64()?),
        (Type::DateTime, Value::String(text)) => {
            kql::Value::DateTime(chrono::DateTime::parse_from_rfc3339(text).ok()?.naive_utc())
        }
        _ => return None,
    })
}

fn rejected(error: crate::lang::Error) -> EngineError {
    EngineError::Rejected(error.to_string())
}
