//! The model of EQL as an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{Column, ColumnKind, Engine, EngineError, Table, without_spans};
use crate::interp::Event;
use crate::lang::eql::{self, Document, Expr, ExprKind, FieldType, Mapping, OtherFields, Regexes};
use crate::lang::{Folding, Skeleton};

/// Which fields an index maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// Every column of the table.
    All,
    /// For each event those that it has, as if each had an index of its own: a field that is missing is unknown, too.
    Present,
}

/// The last query, with its compiled regexes.
type Compiled = (String, Regexes);

/// Indices of documents.
pub struct Eql {
    fields: Fields,
    compiled: Arc<Mutex<Compiled>>,
    columns: Vec<(String, FieldType)>,
    documents: Vec<Document>,
}

impl Eql {
    /// No documents yet.
    pub fn new(fields: Fields) -> Self {
        Self { fields, compiled: Arc::default(), columns: Vec::new(), documents: Vec::new() }
    }

    /// One of each kind: a field may be missing in an event, or in the whole index, and both must give the same. They compile a
    /// query once.
    pub fn both() -> [Self; 2] {
        let all = Self::new(Fields::All);
        let present = Self { compiled: all.compiled.clone(), ..Self::new(Fields::Present) };
        [all, present]
    }

    /// The rows in groups of one mapping each.
    fn groups(&self) -> BTreeMap<Vec<&(String, FieldType)>, Vec<usize>> {
        let mut groups: BTreeMap<Vec<&(String, FieldType)>, Vec<usize>> = BTreeMap::new();
        for (number, document) in self.documents.iter().enumerate() {
            let mapped = |(name, _): &&(String, FieldType)| self.fields == Fields::All || document.contains_key(name);
            groups.entry(self.columns.iter().filter(mapped).collect()).or_default().push(number);
        }
        groups
    }
}

impl Engine for Eql {
    fn name(&self) -> &str {
        match self.fields {
            Fields::All => "the model of EQL, every field mapped",
            Fields::Present => "the model of EQL, missing fields unmapped",
        }
    }

    fn load(&mut self, table: &Table) -> Result<(), EngineError> {
        self.columns = table.columns.iter().map(|column| (column.name.clone(), field_type(column))).collect();
        self.documents = table.rows.iter().map(|row| document(row, &table.columns)).collect::<Result<_, _>>()?;
        Ok(())
    }

    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        let query = eql::parse(text).map_err(rejected)?;
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if compiled.0 != text {
            *compiled = (text.to_owned(), Regexes::default());
        }
        let mut selected = BTreeSet::new();
        for (fields, rows) in self.groups() {
            let mapping = Mapping::new(fields.into_iter().cloned(), OtherFields::Unmapped);
            let prepared = query.prepare_with(&mapping, Folding::Simple, &mut compiled.1).map_err(rejected)?;
            for number in rows {
                if prepared.matches(&self.documents[number]).map_err(rejected)? {
                    selected.insert(number);
                }
            }
        }
        Ok(selected)
    }

    fn skeleton(&mut self, text: &str) -> Option<Skeleton> {
        eql::parse(text).ok().map(|query| query.skeleton())
    }

    fn form(&mut self, text: &str) -> Option<String> {
        let query = eql::parse(text).ok()?;
        let keyword = |name: &str| self.columns.iter().any(|(own, kind)| own == name && *kind == FieldType::Keyword);
        Some(without_spans(&(query.category, unwrapped(query.condition, &keyword), query.pipes)))
    }
}

/// Without `string()` around keywords, which are text as they are.
fn unwrapped(expr: Expr, keyword: &dyn Fn(&str) -> bool) -> Expr {
    let one = |expr: Box<Expr>| Box::new(unwrapped(*expr, keyword));
    let all = |parts: Vec<Expr>| parts.into_iter().map(|part| unwrapped(part, keyword)).collect();
    let kind = match expr.kind {
        ExprKind::And(parts) => ExprKind::And(all(parts)),
        ExprKind::Or(parts) => ExprKind::Or(all(parts)),
        ExprKind::Not(part) => ExprKind::Not(one(part)),
        ExprKind::Compare(op, left, right) => ExprKind::Compare(op, one(left), one(right)),
        ExprKind::In { fold, negated, subject, items } => ExprKind::In { fold, negated, subject: one(subject), items },
        ExprKind::Match(op, subject, patterns) => ExprKind::Match(op, one(subject), patterns),
        ExprKind::Call { name, fold: false, mut args }
            if name == "string"
                && matches!(args.as_slice(), [Expr { kind: ExprKind::Field { name, .. }, .. }] if keyword(name)) =>
        {
            return args.swap_remove(0);
        }
        kind => kind,
    };
    Expr { kind, span: expr.span }
}

fn field_type(column: &Column) -> FieldType {
    match column.kind {
        ColumnKind::Text
        | ColumnKind::WholeEvent
        | ColumnKind::Document
        | ColumnKind::Time
        | ColumnKind::Dynamic
        | ColumnKind::Native(_) => FieldType::Keyword,
        ColumnKind::Integer => FieldType::Long,
        ColumnKind::Boolean => FieldType::Boolean,
        ColumnKind::Real => FieldType::Double,
        ColumnKind::Ip => FieldType::Ip,
    }
}

fn document(event: &Event, columns: &[Column]) -> Result<Document, EngineError> {
    let mut document = Document::new();
    for column in columns {
        let values = match event.0.get(&column.name) {
            None => continue,
            Some(Value::Array(values)) => values.iter().map(|value| cell(column, value)).collect::<Result<_, _>>()?,
            Some(value) => vec![cell(column, value)?],
        };
        document.insert(column.name.clone(), values);
    }
    Ok(document)
}

fn cell(column: &Column, value: &Value) -> Result<eql::Value, EngineError> {
    match (column.kind, value) {
        (ColumnKind::Text | ColumnKind::Ip, Value::String(text)) => Ok(eql::Value::String(text.clone())),
        (ColumnKind::Real, Value::Number(number)) if number.is_f64() => {
            Ok(eql::Value::Double(number.as_f64().unwrap_or_default()))
        }
        (ColumnKind::Boolean, Value::Bool(value)) => Ok(eql::Value::Bool(*value)),
        (ColumnKind::Real | ColumnKind::Integer, Value::Number(number)) if number.is_i64() => {
            Ok(eql::Value::Long(number.as_i64().unwrap_or_default()))
        }
        _ => Err(EngineError::Rejected(format!("field `{}` cannot hold {value}", column.name))),
    }
}

fn rejected(error: crate::lang::Error) -> EngineError {
    EngineError::Rejected(error.to_string())
}
