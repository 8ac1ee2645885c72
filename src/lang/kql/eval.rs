//! A checked predicate and how it is computed for a row.
//!
//! Truth is three-valued, after the page "Null values": null is sticky, except that `==` and `!=` of a null and another
//! value are false and true, `and` with false is false, and `or` with true is true.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use regex::{NoExpand, Regex};
use serde_json::Value as Json;

use super::ast::{CompareOp, TextOp, TextTest};
use super::functions::{Function, TimePart, call};
use super::network::{Family, Network};
use super::text::passes;
use super::value::{Cell, Row, Type, Value};
use crate::lang::{Error, Folding};
use crate::source::Span;

/// A checked expression: its names are resolved, its types fit, its regexes are compiled.
#[derive(Debug)]
pub(super) enum Node {
    Const(Value),
    Column { name: String, column: Type, span: Span },
    Key(Box<Node>, String),
    Element(Box<Node>, i64),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Compare(CompareOp, Box<Node>, Box<Node>),
    Text { op: TextOp, subject: Box<Node>, needle: Needle },
    AnyColumn { op: TextOp, needle: Needle },
    Regex(Box<Node>, Regex),
    AnyColumnRegex(Regex),
    InTexts { subject: Box<Node>, fold: bool, negated: bool, texts: BTreeSet<String> },
    In { subject: Box<Node>, fold: bool, negated: bool, items: Vec<Node> },
    Terms { subject: Box<Node>, needles: Vec<Needle>, all: bool },
    Between { negated: bool, subject: Box<Node>, low: Box<Node>, high: Box<Node> },
    Call(Function, Vec<Node>),
    Coalesce(Vec<Node>),
    Case(Vec<(Node, Node)>, Box<Node>),
    Extract { regex: Regex, group: usize, subject: Box<Node> },
    Replace { regex: Regex, subject: Box<Node>, rewrite: String },
    InRanges { family: Family, address: Box<Node>, ranges: Vec<Network> },
    TimePart(TimePart, Box<Node>),
}

/// The right side of a string operator.
#[derive(Debug)]
pub(super) enum Needle {
    /// A constant, folded already where the operator folds.
    Const(String),
    /// Computed for each row.
    Node(Box<Node>),
}

impl Node {
    pub(super) fn eval<'a>(&'a self, row: &'a Row) -> Result<Cell<'a>, Error> {
        Ok(match self {
            Node::Const(value) => value.cell(),
            Node::Column { name, column, span } => return cell_of(row, name, *column, *span),
            Node::Key(base, key) => member(base.eval(row)?, |value| value.get(key.as_str())),
            Node::Element(base, index) => member(base.eval(row)?, |value| element(value, *index)),
            Node::Call(function, args) => {
                let args = args.iter().map(|arg| arg.eval(row)).collect::<Result<Vec<_>, _>>()?;
                call(*function, &args)
            }
            Node::Coalesce(args) => {
                let mut last = Cell::Null;
                for arg in args {
                    last = arg.eval(row)?;
                    if !last.is_null() && !matches!(&last, Cell::Text(text) if text.is_empty()) {
                        break;
                    }
                }
                last
            }
            Node::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    if condition.truth(row)? == Some(true) {
                        return value.eval(row);
                    }
                }
                otherwise.eval(row)?
            }
            Node::Extract { regex, group, subject } => {
                let subject = subject.eval(row)?;
                let found = regex.captures(subject.text()).and_then(|captures| captures.get(*group));
                Cell::Text(Cow::Owned(found.map_or("", |found| found.as_str()).to_owned()))
            }
            Node::Replace { regex, subject, rewrite } => {
                let subject = subject.eval(row)?;
                let replaced = regex.replace_all(subject.text(), NoExpand(rewrite));
                Cell::Text(Cow::Owned(replaced.into_owned()))
            }
            Node::TimePart(part, time) => match time.eval(row)? {
                Cell::DateTime(time) => Cell::Long(part.of(time)),
                _ => Cell::Null,
            },
            _ => Cell::from_truth(self.truth(row)?),
        })
    }

    /// The truth of a predicate; `None` is null.
    pub(super) fn truth(&self, row: &Row) -> Result<Option<bool>, Error> {
        Ok(match self {
            Node::And(parts) => return fold_truth(parts, row, false),
            Node::Or(parts) => return fold_truth(parts, row, true),
            Node::Not(inner) => inner.truth(row)?.map(|truth| !truth),
            Node::Compare(op, left, right) => compare(*op, &left.eval(row)?, &right.eval(row)?),
            Node::Text { op, subject, needle } => Some(needle.test(*op, subject.eval(row)?.text(), row)? != op.negated),
            Node::AnyColumn { op, needle } => {
                for cell in row.values() {
                    if needle.test(*op, &cell.cell().to_text(), row)? {
                        return Ok(Some(true));
                    }
                }
                Some(false)
            }
            Node::Regex(subject, regex) => Some(regex.is_match(subject.eval(row)?.text())),
            Node::AnyColumnRegex(regex) => Some(row.values().any(|cell| regex.is_match(&cell.cell().to_text()))),
            Node::InTexts { subject, fold, negated, texts } => {
                let subject = subject.eval(row)?;
                Some(texts.contains(folded(subject.text(), *fold).as_ref()) != *negated)
            }
            Node::In { subject, fold, negated, items } => is_in(&subject.eval(row)?, *fold, *negated, items, row)?,
            Node::Terms { subject, needles, all } => {
                let subject = subject.eval(row)?;
                Some(has_terms(subject.text(), needles, *all, row)?)
            }
            Node::Between { negated, subject, low, high } => {
                let subject = subject.eval(row)?;
                let above = compare(CompareOp::GreaterOrEqual, &subject, &low.eval(row)?);
                let below = compare(CompareOp::LessOrEqual, &subject, &high.eval(row)?);
                and(above, below).map(|within| within != *negated)
            }
            Node::InRanges { family, address, ranges } => {
                let address = address.eval(row)?;
                let address = Network::parse(address.text(), *family).filter(|address| address.is_address());
                address.map(|address| ranges.iter().any(|range| address.matches(*range, 128)))
            }
            _ => self.eval(row)?.truth(),
        })
    }
}

impl Needle {
    /// Whether the text passes the operator's test, its negation not counted.
    fn test(&self, op: TextOp, text: &str, row: &Row) -> Result<bool, Error> {
        let text = folded(text, op.fold);
        Ok(match self {
            Needle::Const(needle) => passes(op.test, &text, needle),
            Needle::Node(node) => passes(op.test, &text, &folded(node.eval(row)?.text(), op.fold)),
        })
    }
}

/// The text as a case-insensitive operator compares it.
pub(super) fn folded(text: &str, fold: bool) -> Cow<'_, str> {
    if fold { Cow::Owned(Folding::Simple.fold(text)) } else { Cow::Borrowed(text) }
}

fn cell_of<'a>(row: &'a Row, name: &str, column: Type, span: Span) -> Result<Cell<'a>, Error> {
    let cell = row.get(name).map_or(Cell::Null, Value::cell);
    if cell.is_null() && column == Type::String {
        return Ok(Cell::Text(Cow::Borrowed("")));
    }
    match cell.is_of(column) {
        true => Ok(cell),
        false => Err(Error::new(format!("the row's cell of column `{name}` is not of type {column}"), span)),
    }
}

fn member<'a>(base: Cell<'a>, find: impl Fn(&Json) -> Option<&Json>) -> Cell<'a> {
    let Cell::Dynamic(base) = base else { return Cell::Null };
    let found = match base {
        Cow::Borrowed(value) => find(value).map(Cow::Borrowed),
        Cow::Owned(value) => find(&value).cloned().map(Cow::Owned),
    };
    match found {
        None => Cell::Null,
        Some(value) if value.is_null() => Cell::Null,
        Some(value) => Cell::Dynamic(value),
    }
}

fn element(value: &Json, index: i64) -> Option<&Json> {
    let items = value.as_array()?;
    let at = if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
    items.get(usize::try_from(at).ok()?)
}

/// `and` and `or` over three values: `decisive` is the truth that settles it.
fn fold_truth(parts: &[Node], row: &Row, decisive: bool) -> Result<Option<bool>, Error> {
    let mut result = Some(!decisive);
    for part in parts {
        match part.truth(row)? {
            Some(truth) if truth == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn compare(op: CompareOp, left: &Cell<'_>, right: &Cell<'_>) -> Option<bool> {
    match (left.is_null(), right.is_null(), op) {
        (true, true, _) => return None,
        (false, false, _) => {}
        (_, _, CompareOp::Equal) => return Some(false),
        (_, _, CompareOp::NotEqual) => return Some(true),
        _ => return None,
    }
    let order = match (left, right) {
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Long(a), Cell::Long(b)) => Some(a.cmp(b)),
        (Cell::Long(a), Cell::Real(b)) => (*a as f64).partial_cmp(b),
        (Cell::Real(a), Cell::Long(b)) => a.partial_cmp(&(*b as f64)),
        (Cell::Real(a), Cell::Real(b)) => a.partial_cmp(b),
        (Cell::Text(a), Cell::Text(b)) => Some(a.cmp(b)),
        (Cell::DateTime(a), Cell::DateTime(b)) => Some(a.cmp(b)),
        _ => None,
    };
    Some(match op {
        CompareOp::Equal => order == Some(Ordering::Equal),
        CompareOp::NotEqual => order != Some(Ordering::Equal),
        CompareOp::Less => order == Some(Ordering::Less),
        CompareOp::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        CompareOp::Greater => order == Some(Ordering::Greater),
        CompareOp::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// "`in` behaves like a logical OR of equality comparisons, `!in` like a logical AND of inequality comparisons."
fn is_in(subject: &Cell<'_>, fold: bool, negated: bool, items: &[Node], row: &Row) -> Result<Option<bool>, Error> {
    let mut result = Some(false);
    for item in items {
        let item = item.eval(row)?;
        let equal = match (subject, &item) {
            (Cell::Text(a), Cell::Text(b)) if fold => Some(folded(a, true) == folded(b, true)),
            _ => compare(CompareOp::Equal, subject, &item),
        };
        match equal {
            Some(true) => return Ok(Some(!negated)),
            Some(false) => {}
            None => result = None,
        }
    }
    Ok(result.map(|found| found != negated))
}

fn has_terms(text: &str, needles: &[Needle], all: bool, row: &Row) -> Result<bool, Error> {
    let has = TextOp { test: TextTest::Has, fold: true, negated: false };
    for needle in needles {
        if needle.test(has, text, row)? != all {
            return Ok(!all);
        }
    }
    Ok(all)
}
