//! The model of SPL as an engine.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Engine, EngineError, Table, without_spans};
use crate::interp::Event;
use crate::lang::Skeleton;
use crate::lang::spl::{self, CompareOp, Row, SearchExpr, SearchKind, Stage};

/// Splunk's field of the raw text.
const RAW_FIELD: &str = "_raw";

/// An index of events.
#[derive(Default)]
pub struct Spl {
    rows: Vec<Row>,
}

impl Engine for Spl {
    fn name(&self) -> &str {
        "the model of SPL"
    }

    fn load(&mut self, table: &Table) -> Result<(), EngineError> {
        self.rows = table.rows.iter().map(row).collect::<Result<_, _>>()?;
        Ok(())
    }

    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        let query = spl::parse(text).and_then(|query| query.prepare()).map_err(rejected)?;
        let mut selected = BTreeSet::new();
        for (number, row) in self.rows.iter().enumerate() {
            if query.matches(row).map_err(rejected)? {
                selected.insert(number);
            }
        }
        Ok(selected)
    }

    fn skeleton(&mut self, text: &str) -> Option<Skeleton> {
        spl::parse(text).ok().map(|query| query.skeleton())
    }

    fn form(&mut self, text: &str) -> Option<String> {
        let mut query = spl::parse(text).ok()?;
        query.stages = query.stages.into_iter().map(plain).collect();
        Some(without_spans(&query.stages))
    }
}

/// With lists of one value as that value.
fn plain(stage: Stage) -> Stage {
    match stage {
        Stage::Search(expr) => Stage::Search(plain_search(expr)),
        Stage::Tstats { set, fill, condition, by } => {
            Stage::Tstats { set, fill, condition: condition.map(plain_search), by }
        }
        other => other,
    }
}

fn plain_search(expr: SearchExpr) -> SearchExpr {
    let all = |parts: Vec<SearchExpr>| parts.into_iter().map(plain_search).collect();
    let kind = match expr.kind {
        SearchKind::And(parts) => SearchKind::And(all(parts)),
        SearchKind::Or(parts) => SearchKind::Or(all(parts)),
        SearchKind::Not(part) => SearchKind::Not(Box::new(plain_search(*part))),
        SearchKind::In(name, mut values) if values.len() == 1 => {
            SearchKind::Compare(name, CompareOp::Equal, values.swap_remove(0))
        }
        kind => kind,
    };
    SearchExpr { kind, span: expr.span }
}

fn row(event: &Event) -> Result<Row, EngineError> {
    let mut raw = String::new();
    let mut fields = Vec::new();
    for (name, value) in &event.0 {
        let values = match value {
            Value::Array(values) => values.iter().map(|value| text(name, value)).collect::<Result<_, _>>()?,
            value => vec![text(name, value)?],
        };
        if name == RAW_FIELD {
            raw = values.concat();
        } else {
            fields.push((name.clone(), values));
        }
    }
    Ok(Row::new(&raw, fields))
}

fn text(name: &str, value: &Value) -> Result<String, EngineError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => Err(EngineError::Rejected(format!("field `{name}` holds text, not {other}"))),
    }
}

fn rejected(error: crate::lang::Error) -> EngineError {
    EngineError::Rejected(error.to_string())
}
