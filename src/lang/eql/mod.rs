//! Event Query Language as Elasticsearch runs it: `category where condition`.
//!
//! Sources: the EQL pages of the Elasticsearch reference (named in comments by their titles), its grammar, its golden
//! translations to Query DSL (`querytranslator_tests.txt`), and Lucene's `RegExp`. The model refuses what it does not
//! know: sequences, samples, arithmetic, `text` fields, other functions and pipes. Chosen here, for want of a document:
//!
//! * a null within `and` and `or` (an optional field that no index has) counts as unknown, and an unknown result is no
//!   match;
//! * `string()`, `concat()` and the like see every combination of the values of array fields.

mod ast;
mod check;
mod eval;
mod lexer;
mod parser;
mod pattern;
mod regexp;
mod value;
mod wildcard;

#[cfg(test)]
mod tests;

pub use ast::{CompareOp, Expr, ExprKind, Literal, MatchOp, Pipe, PipeKind, Query};
pub use parser::parse;
pub use regexp::Regexes;
pub use value::{CATEGORY_FIELD, Document, FieldType, Mapping, OtherFields, Value};

use super::{Error, Folding};
use eval::Node;

/// A query checked against a mapping, with its patterns compiled: made once, asked for many documents.
#[derive(Debug)]
pub struct Prepared {
    condition: Node,
}

/// The texts of a query's string literals and the digits of its numbers, in order.
///
/// # Errors
/// Text that is no token.
pub fn constants(text: &str) -> Result<Vec<String>, Error> {
    let constant = |token: lexer::Token<'_>| match token.kind {
        lexer::Kind::Text(text) => Some(text),
        lexer::Kind::Integer(number) => Some(number.to_string()),
        lexer::Kind::Decimal(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(lexer::tokens(text)?.into_iter().filter_map(constant).collect())
}

impl Query {
    /// Checks fields and types against the mapping. Elasticsearch 9 folds case with [`Folding::Simple`], 8 and older with
    /// [`Folding::Ascii`].
    ///
    /// # Errors
    /// What Elasticsearch's verifier refuses (an unmapped field without `?`, `:` on a number), and what the model does not
    /// know.
    pub fn prepare(&self, mapping: &Mapping, folding: Folding) -> Result<Prepared, Error> {
        self.prepare_with(mapping, folding, &mut Regexes::default())
    }

    /// The same with regexes that were compiled for another mapping.
    ///
    /// # Errors
    /// Those of [`Query::prepare`].
    pub fn prepare_with(&self, mapping: &Mapping, folding: Folding, regexes: &mut Regexes) -> Result<Prepared, Error> {
        let category = self.category.as_deref();
        let condition = check::condition(category, self.category_span, &self.condition, mapping, folding, regexes)?;
        Ok(Prepared { condition })
    }

    /// Whether the query matches this document; to ask for many, [`Query::prepare`] once.
    ///
    /// # Errors
    /// Those of [`Query::prepare`] and of [`Prepared::matches`].
    pub fn matches(&self, document: &Document, mapping: &Mapping, folding: Folding) -> Result<bool, Error> {
        self.prepare(mapping, folding)?.matches(document)
    }
}

impl Prepared {
    /// Whether the query matches this document. Pipes only choose among the matching events, so they do not count here.
    ///
    /// # Errors
    /// A value of the document is not of its field's type, or `number()` meets a text that is no number.
    pub fn matches(&self, document: &Document) -> Result<bool, Error> {
        Ok(self.condition.truth(document)? == Some(true))
    }
}
