//! A checked condition and how it is computed for a document.
//!
//! Elasticsearch compiles an event query to Query DSL: a leaf is true or false of a document, never unknown. A leaf on a
//! field with several values is true if any value passes, and its negation if none does. Null comes in only where the
//! query itself is null: an optional field that no index has, or the literal.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use regex_automata::meta::Regex;

use super::ast::CompareOp;
use super::value::{Block, Cell, Document, FieldType};
use super::wildcard::{Subject, Wildcard};
use crate::lang::{Error, Folding};
use crate::source::Span;

/// The most combinations of array values that `concat()` builds for one document.
const MAX_COMBINATIONS: usize = 10_000;

/// A checked condition.
#[derive(Debug)]
pub(super) enum Node {
    /// A constant; `None` is null.
    Const(Option<bool>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// The document has a value for the field.
    Exists(String),
    /// Any value of the operand passes the test.
    Test(Operand, Test),
    /// Any pair of values of two operands passes.
    Pair {
        part: Part,
        fold: Option<Folding>,
        whole: Operand,
        needle: Operand,
    },
}

/// A test of one value.
#[derive(Debug)]
pub(super) enum Test {
    Compare(CompareOp, Cell<'static>),
    OneOf(Vec<Cell<'static>>),
    /// Equal to one of these folded texts.
    Folded(Folding, BTreeSet<String>),
    /// Starts with this text, folded where folding is given.
    Prefix(Option<Folding>, String),
    Matches(Regex),
    /// Covered by one of these patterns, all of one case.
    Like(Vec<Wildcard>),
    Within(Vec<Block>),
}

/// Where a text stands in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Start,
    End,
    Anywhere,
}

/// What gives the values of a leaf.
#[derive(Debug)]
pub(super) enum Operand {
    Const(Cell<'static>),
    Field { name: String, field: FieldType, span: Span },
    Length(Box<Operand>),
    Text(Box<Operand>),
    Number { text: Box<Operand>, base: Option<u32>, span: Span },
    Concat(Vec<Operand>, Span),
}

impl Node {
    /// The truth of the condition; `None` is null.
    pub(super) fn truth(&self, document: &Document) -> Result<Option<bool>, Error> {
        Ok(match self {
            Node::Const(value) => *value,
            Node::And(parts) => return fold_truth(parts, document, false),
            Node::Or(parts) => return fold_truth(parts, document, true),
            Node::Not(inner) => inner.truth(document)?.map(|truth| !truth),
            Node::Exists(name) => Some(document.get(name).is_some_and(|values| !values.is_empty())),
            Node::Test(operand, test) => Some(operand.values(document)?.iter().any(|value| test.passes(value))),
            Node::Pair { part, fold, whole, needle } => {
                let (wholes, needles) =
                    (operand_texts(whole, *fold, document)?, operand_texts(needle, *fold, document)?);
                Some(wholes.iter().any(|whole| needles.iter().any(|needle| part.holds(whole, needle))))
            }
        })
    }
}

/// `and` and `or` with nulls: `decisive` is the truth that settles it.
fn fold_truth(parts: &[Node], document: &Document, decisive: bool) -> Result<Option<bool>, Error> {
    let mut result = Some(!decisive);
    for part in parts {
        match part.truth(document)? {
            Some(truth) if truth == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}

fn operand_texts(operand: &Operand, fold: Option<Folding>, document: &Document) -> Result<Vec<String>, Error> {
    let text = |cell: &Cell<'_>| fold.map_or_else(|| cell.text().to_owned(), |folding| folding.fold(cell.text()));
    Ok(operand.values(document)?.iter().map(text).collect())
}

impl Part {
    fn holds(self, whole: &str, needle: &str) -> bool {
        match self {
            Part::Start => whole.starts_with(needle),
            Part::End => whole.ends_with(needle),
            // "`stringContains("", "")` returns false", and so for any text.
            Part::Anywhere => !needle.is_empty() && whole.contains(needle),
        }
    }
}

impl Test {
    fn passes(&self, value: &Cell<'_>) -> bool {
        match self {
            Test::Compare(op, other) => compare(*op, value, other),
            Test::OneOf(others) => others.iter().any(|other| compare(CompareOp::Equal, value, other)),
            Test::Folded(folding, texts) => texts.contains(&folding.fold(value.text())),
            Test::Prefix(None, prefix) => value.text().starts_with(prefix.as_str()),
            Test::Prefix(Some(folding), prefix) => folding.fold(value.text()).starts_with(prefix.as_str()),
            Test::Matches(regex) => regex.is_match(value.text()),
            Test::Like(patterns) => {
                let subject = patterns.first().map(|pattern| Subject::new(value.text(), pattern.case()));
                subject.is_some_and(|subject| patterns.iter().any(|pattern| pattern.matches(&subject)))
            }
            Test::Within(blocks) => match value {
                Cell::Ip(address) => blocks.iter().any(|block| block.contains(*address)),
                _ => false,
            },
        }
    }
}

fn compare(op: CompareOp, left: &Cell<'_>, right: &Cell<'_>) -> bool {
    let order = match (left, right) {
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Long(a), Cell::Long(b)) => Some(a.cmp(b)),
        (Cell::Long(a), Cell::Double(b)) => (*a as f64).partial_cmp(b),
        (Cell::Double(a), Cell::Long(b)) => a.partial_cmp(&(*b as f64)),
        (Cell::Double(a), Cell::Double(b)) => a.partial_cmp(b),
        // "A case-sensitive lexicographic order": Lucene's is that of the UTF-8 bytes.
        (Cell::Text(a), Cell::Text(b)) => Some(a.cmp(b)),
        (Cell::Ip(a), Cell::Ip(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match op {
        CompareOp::Equal => order == Some(Ordering::Equal),
        CompareOp::NotEqual => order != Some(Ordering::Equal),
        CompareOp::Less => order == Some(Ordering::Less),
        CompareOp::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        CompareOp::Greater => order == Some(Ordering::Greater),
        CompareOp::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

impl Operand {
    /// All values of the operand for this document.
    fn values<'a>(&'a self, document: &'a Document) -> Result<Vec<Cell<'a>>, Error> {
        match self {
            Operand::Const(cell) => Ok(vec![cell.clone()]),
            Operand::Field { name, field, span } => {
                let values = document.get(name).map_or(&[][..], Vec::as_slice);
                let wrong = || Error::new(format!("the document's value of `{name}` does not fit type {field}"), *span);
                values.iter().map(|value| value.cell(*field).ok_or_else(wrong)).collect()
            }
            // Java counts UTF-16 units.
            Operand::Length(text) => text.map(document, |cell| {
                Ok(Cell::Long(i64::try_from(cell.text().encode_utf16().count()).unwrap_or(i64::MAX)))
            }),
            Operand::Text(inner) => inner.map(document, |cell| Ok(Cell::Text(Cow::Owned(cell.to_text())))),
            Operand::Number { text, base, span } => text.map(document, |cell| {
                let wrong = || Error::new(format!("number() cannot read `{}`: the search fails", cell.text()), *span);
                number(cell.text(), *base).ok_or_else(wrong)
            }),
            Operand::Concat(parts, span) => {
                let mut texts = vec![String::new()];
                for part in parts {
                    let values = part.values(document)?;
                    if texts.len().saturating_mul(values.len()) > MAX_COMBINATIONS {
                        return Err(Error::new("concat() has too many combinations of the arrays' values", *span));
                    }
                    let join = |head: &String| values.iter().map(|v| head.clone() + &v.to_text()).collect::<Vec<_>>();
                    texts = texts.iter().flat_map(join).collect();
                }
                Ok(texts.into_iter().map(|text| Cell::Text(Cow::Owned(text))).collect())
            }
        }
    }

    fn map<'a>(
        &'a self,
        document: &'a Document,
        change: impl Fn(&Cell<'a>) -> Result<Cell<'a>, Error>,
    ) -> Result<Vec<Cell<'a>>, Error> {
        self.values(document)?.iter().map(change).collect()
    }
}

/// What `number()` gives: blanks around it do not count, `0x` makes base 16.
pub(super) fn number<'a>(text: &str, base: Option<u32>) -> Option<Cell<'a>> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let hex = digits.strip_prefix("0x").filter(|_| base.is_none_or(|base| base == 16));
    let (digits, base) = match hex {
        Some(hex) => (hex, 16),
        None => (digits, base.unwrap_or(10)),
    };
    let digits = format!("{sign}{digits}");
    if let Ok(value) = i64::from_str_radix(&digits, base) {
        return Some(Cell::Long(value));
    }
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    (base == 10 && plain).then(|| digits.parse().ok().map(Cell::Double)).flatten()
}
