//! Splunk's Search Processing Language: `search terms | where predicate | regex field="..." ...`, and `tstats` in place of the
//! leading `search`.
//!
//! Two languages in one pipe. `search` compares without regard to case, knows `*` and networks, binds `OR` tighter than
//! `AND`, and is two-valued; `where` is typed, case-sensitive and three-valued, and binds `AND` tighter than `OR`.
//!
//! Sources: the pages of Splunk's manuals, named in comments by their titles. The model refuses what they do not say:
//! other commands, macros, subsearches, `CASE()` and `TERM()`, time modifiers, unknown functions and escapes, how
//! `like()` reads a backslash, what a function of one value does with a field of many. Not documented by the vendor, and
//! chosen here:
//!
//! * comparisons without regard to case fold with Unicode simple folding, `lower()` and `upper()` map one character to
//!   one character;
//! * in `where`, a field whose text looks like a decimal number is a number beside another number, and a text beside a
//!   string;
//! * a function other than `isnull()`, `isnotnull()`, `coalesce()`, `if()` and `case()` gives null when an argument is
//!   null, and `AND`, `OR`, `NOT` and `XOR` are Kleene's;
//! * a bare term is found in `_raw` between breakers of the default `segmenters.conf`;
//! * times are in UTC;
//! * regexes work on Unicode text, with `\d`, `\w`, `\s` and `\b` of ASCII.

mod ast;
mod check;
mod constants;
mod eval;
mod functions;
mod lexer;
mod network;
mod parser;
mod pcre;
mod quote;
mod search;
mod terms;
mod tstats;
mod value;

#[cfg(test)]
mod tests;

pub use ast::{
    ArithmeticOp, CompareOp, Expr, ExprKind, Name, Pattern, Piece, Query, SearchExpr, SearchKind, Stage, Text,
};
pub use constants::constants;
pub use parser::parse;
pub use value::Row;

use std::borrow::Cow;

use super::Error;
use regex::Regex;

/// A checked query with its regexes and patterns compiled: made once, asked for many rows.
#[derive(Debug)]
pub struct Prepared {
    steps: Vec<Step>,
}

/// One stage of the pipe, ready to be asked.
#[derive(Debug)]
enum Step {
    Search(terms::Test),
    Tstats { set: String, fill: Option<String>, condition: Option<terms::Test>, by: Vec<Name> },
    Rename { prefix: String },
    Where(eval::Truth),
    Regex { field: Name, negated: bool, regex: Regex },
}

impl Query {
    /// Checks functions, types and patterns.
    ///
    /// # Errors
    /// What Splunk refuses (an unknown function, a `where` that is no condition), and what the model does not know.
    pub fn prepare(&self) -> Result<Prepared, Error> {
        let step = |stage: &Stage| {
            Ok(match stage {
                Stage::Search(expr) => Step::Search(terms::Test::new(expr)?),
                Stage::Tstats { set, fill, condition, by } => Step::Tstats {
                    set: set.clone(),
                    fill: fill.clone(),
                    condition: condition.as_ref().map(terms::Test::new).transpose()?,
                    by: by.clone(),
                },
                Stage::Rename { prefix } => Step::Rename { prefix: prefix.clone() },
                Stage::Where(expr) => Step::Where(check::truth(expr)?),
                Stage::Regex { field, negated, pattern } => {
                    Step::Regex { field: field.clone(), negated: *negated, regex: pcre::compile(pattern)? }
                }
            })
        };
        Ok(Prepared { steps: self.stages.iter().map(step).collect::<Result<_, Error>>()? })
    }

    /// Whether the query keeps this row; to ask for many rows, [`Query::prepare`] once.
    ///
    /// # Errors
    /// Those of [`Query::prepare`] and of [`Prepared::matches`].
    pub fn matches(&self, row: &Row) -> Result<bool, Error> {
        self.prepare()?.matches(row)
    }
}

impl Prepared {
    /// Whether every stage of the pipe keeps this row: "the `where` command returns only the results for which the eval
    /// expression returns true" (page "where").
    ///
    /// # Errors
    /// The row asks for something that the documentation leaves open, such as a field of many values in a function of one.
    pub fn matches(&self, row: &Row) -> Result<bool, Error> {
        let mut row = Cow::Borrowed(row);
        for step in &self.steps {
            match step {
                Step::Tstats { set, fill, condition, by } => {
                    if condition.as_ref().is_some_and(|condition| !condition.holds(&row)) {
                        return Ok(false);
                    }
                    let Some(made) = tstats::row(&row, set, fill.as_deref(), by)? else { return Ok(false) };
                    row = Cow::Owned(made);
                }
                Step::Rename { prefix } => row = Cow::Owned(row.without_prefix(prefix)),
                step if !step.keeps(&row)? => return Ok(false),
                _ => {}
            }
        }
        Ok(true)
    }
}

impl Step {
    fn keeps(&self, row: &Row) -> Result<bool, Error> {
        match self {
            // These make rows.
            Step::Tstats { .. } | Step::Rename { .. } => Ok(true),
            Step::Search(test) => Ok(test.holds(row)),
            Step::Where(truth) => Ok(truth.eval(eval::Scope::of(row))? == Some(true)),
            Step::Regex { field, negated, regex } => match (row.values(&field.text), negated) {
                ([], false) => Ok(false),
                ([], true) => Err(Error::new(
                    format!("whether `regex {}!=` keeps an event without the field is not documented", field.text),
                    field.span,
                )),
                ([value], _) => Ok(regex.is_match(value) != *negated),
                _ => Err(Error::new("`regex` on a field of many values is not documented", field.span)),
            },
        }
    }
}
