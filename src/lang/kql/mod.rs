//! Kusto Query Language: `Table | extend column = expression, ... | where predicate | where predicate ...`.
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

use std::borrow::Cow;

use super::Error;
use eval::Node;

/// A query checked against a schema, with its regexes compiled: made once, asked for many rows.
#[derive(Debug)]
pub struct Prepared {
    extends: Vec<Vec<(String, Node)>>,
    filters: Vec<Node>,
}

/// The texts of a query's string literals and the digits of its numbers, in order.
///
/// # Errors
/// Text that is no token.
pub fn constants(text: &str) -> Result<Vec<String>, Error> {
    let constant = |token: lexer::Token<'_>| match token.kind {
        lexer::Kind::Text(text) => Some(text),
        lexer::Kind::Long(number) => Some(number.to_string()),
        lexer::Kind::Real(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(lexer::tokens(text)?.into_iter().filter_map(constant).collect())
}

impl Query {
    /// Checks names and types against the table's schema.
    ///
    /// # Errors
    /// What the engine's binder refuses (an unknown column, a text compared with a number), and what the model does not
    /// know.
    pub fn prepare(&self, schema: &Schema) -> Result<Prepared, Error> {
        let mut schema = Cow::Borrowed(schema);
        let mut extends = Vec::with_capacity(self.extends.len());
        for columns in &self.extends {
            let check = |(name, expr): &(Name, Expr)| Ok((name.text.clone(), check::expression(expr, &schema)?));
            let computed = columns.iter().map(check).collect::<Result<Vec<_>, Error>>()?;
            let schema = schema.to_mut();
            computed.iter().for_each(|(name, (_, kind))| schema.set(name.clone(), *kind));
            extends.push(computed.into_iter().map(|(name, (node, _))| (name, node)).collect());
        }
        let filters = self.filters.iter().map(|filter| check::predicate(filter, &schema)).collect::<Result<_, _>>()?;
        Ok(Prepared { extends, filters })
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
    /// The row with the columns that the query computes.
    ///
    /// # Errors
    /// A cell of the row is not of its column's type.
    pub fn extend<'r>(&self, row: &'r Row) -> Result<Cow<'r, Row>, Error> {
        let mut row = Cow::Borrowed(row);
        for columns in &self.extends {
            // None of the columns of one operator sees another.
            let cell = |(name, node): &(String, Node)| Ok((name.clone(), node.eval(&row)?.into_value()));
            let cells = columns.iter().map(cell).collect::<Result<Vec<_>, Error>>()?;
            row.to_mut().extend(cells);
        }
        Ok(row)
    }

    /// Whether the query keeps this row: every `where` is true of it ("`where` treats null values as if they're
    /// `bool(false)`", page "Null values").
    ///
    /// # Errors
    /// A cell of the row is not of its column's type.
    pub fn matches(&self, row: &Row) -> Result<bool, Error> {
        let row = &*self.extend(row)?;
        for filter in &self.filters {
            if filter.truth(row)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
