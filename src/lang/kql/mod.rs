//! Kusto Query Language: `Table | where predicate | where predicate ...`.
//!
//! Sources: the Kusto pages of MicrosoftDocs/dataexplorer-docs (named in comments by their titles) and the grammar of
//! microsoft/Kusto-Query-Language. The model refuses what it does not know: other tabular operators, arithmetic,
//! timespans, unknown functions, unknown escapes. Not documented by the vendor, and chosen here:
//!
//! * case-insensitive operators fold with Unicode simple folding;
//! * `*` compares the text form of columns that are not strings;
//! * a text is a number for `tolong()` and `todouble()` only if it is one from end to end, without blanks;
//! * `todatetime()` reads the ISO 8601 forms only, every other text is null;
//! * `decimal` is held as `real`.

mod ast;
mod check;
mod eval;
mod functions;
mod lexer;
mod literal;
mod network;
mod parser;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use ast::{CompareOp, Expr, ExprKind, ListOp, Literal, Name, Query, Subject, TextOp, TextTest};
pub use parser::parse;
pub use value::{OtherColumns, Row, Schema, Type, Value};

use super::Error;
use eval::Node;

/// A query checked against a schema, with its regexes compiled: made once, asked for many rows.
#[derive(Debug)]
pub struct Prepared {
    filters: Vec<Node>,
}

impl Query {
    /// Checks names and types against the table's schema.
    ///
    /// # Errors
    /// What the engine's binder refuses (an unknown column, a text compared with a number), and what the model does not
    /// know.
    pub fn prepare(&self, schema: &Schema) -> Result<Prepared, Error> {
        let filters = self.filters.iter().map(|filter| check::predicate(filter, schema)).collect::<Result<_, _>>()?;
        Ok(Prepared { filters })
    }

    /// Whether the query keeps this row; to ask for many rows, [`Query::prepare`] once.
    ///
    /// # Errors
    /// Those of [`Query::prepare`] and of [`Prepared::matches`].
    pub fn matches(&self, row: &Row, schema: &Schema) -> Result<bool, Error> {
        self.prepare(schema)?.matches(row)
    }
}

impl Prepared {
    /// Whether the query keeps this row: every `where` is true of it ("`where` treats null values as if they're
    /// `bool(false)`", page "Null values").
    ///
    /// # Errors
    /// A cell of the row is not of its column's type.
    pub fn matches(&self, row: &Row) -> Result<bool, Error> {
        for filter in &self.filters {
            if filter.truth(row)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
