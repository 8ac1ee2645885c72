//! Checked expressions of `where`, and how they are computed for an event.
//!
//! Values and conditions are apart: "eval-expressions must be Boolean expressions" (page "where"), and "the result of an
//! eval expression cannot be a Boolean" (page "eval").

use std::borrow::Cow;

use regex::Regex;

use super::ast::{ArithmeticOp, CompareOp};
use super::functions::{Function, call, like};
use super::network::Network;
use super::quote::Replacement;
use super::value::{Row, Value};
use crate::lang::Error;
use crate::source::Span;

/// The event, with one field bound to a single value inside `mvfilter()`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    row: &'a Row,
    bound: Option<(&'a str, &'a str)>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(row: &'a Row) -> Self {
        Self { row, bound: None }
    }

    fn field(self, name: &str) -> Value<'a> {
        match self.bound {
            Some((bound, value)) if bound == name => Value::Field(value),
            _ if name == "_time" => self.row.time().map_or(Value::Null, Value::Number),
            _ => Value::of_values(self.row.values(name).iter().map(String::as_str).collect()),
        }
    }
}

/// An expression that gives a value, and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Null,
    Number(f64),
    Text(String),
    Field(String),
    Concat(Vec<Node>),
    Arithmetic(ArithmeticOp, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    /// `if()` and `case()`: the value of the first condition that is true.
    Case(Vec<(Truth, Node)>, Box<Node>),
    Coalesce(Vec<Node>),
    Call(Function, Vec<Node>),
    Replace {
        subject: Box<Node>,
        regex: Regex,
        replacement: Vec<Replacement>,
    },
    Count(Box<Node>),
    Index(Box<Node>, Vec<Node>),
    Find(Box<Node>, Regex),
    Filter {
        field: String,
        condition: Box<Truth>,
    },
}

/// An expression that gives true, false or null.
#[derive(Debug)]
pub(super) enum Truth {
    Const(Option<bool>),
    And(Vec<Truth>),
    Or(Vec<Truth>),
    Xor(Vec<Truth>),
    Not(Box<Truth>),
    Compare(CompareOp, Node, Node),
    In(Node, Vec<Node>),
    LikeConst(Node, Regex),
    Like(Node, Node),
    Match(Node, Regex),
    CidrMatch(Network, Node),
    IsNull { node: Node, negated: bool },
    Case(Vec<(Truth, Truth)>, Box<Truth>),
    Coalesce(Vec<Truth>),
}

impl Truth {
    /// `None` is null.
    pub(super) fn eval(&self, scope: Scope<'_>) -> Result<Option<bool>, Error> {
        Ok(match self {
            Truth::Const(truth) => *truth,
            Truth::And(parts) => return fold(parts, scope, false),
            Truth::Or(parts) => return fold(parts, scope, true),
            Truth::Xor(parts) => {
                let mut result = Some(false);
                for part in parts {
                    result = result.zip(part.eval(scope)?).map(|(a, b)| a != b);
                }
                result
            }
            Truth::Not(inner) => inner.eval(scope)?.map(|truth| !truth),
            Truth::Compare(op, left, right) => compare(*op, left, right, scope)?,
            Truth::In(subject, items) => {
                let mut result = Some(false);
                for item in items {
                    match compare(CompareOp::Equal, subject, item, scope)? {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => result = None,
                    }
                }
                result
            }
            Truth::LikeConst(subject, regex) | Truth::Match(subject, regex) => {
                subject.single(scope)?.map(|subject| regex.is_match(&subject.text()))
            }
            Truth::Like(subject, pattern) => match (subject.single(scope)?, pattern.single(scope)?) {
                (Some(subject), Some(text)) => Some(like(&text.text(), pattern.span)?.is_match(&subject.text())),
                _ => None,
            },
            Truth::CidrMatch(network, node) => node.single(scope)?.map(|value| network.contains(&value.text())),
            Truth::IsNull { node, negated } => Some(matches!(node.eval(scope)?, Value::Null) != *negated),
            Truth::Case(arms, otherwise) => return choose(arms, otherwise, scope)?.eval(scope),
            Truth::Coalesce(parts) => {
                for part in parts {
                    if let Some(truth) = part.eval(scope)? {
                        return Ok(Some(truth));
                    }
                }
                None
            }
        })
    }
}

impl Node {
    pub(super) fn eval<'a>(&'a self, scope: Scope<'a>) -> Result<Value<'a>, Error> {
        Ok(match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Number(number) => Value::Number(*number),
            NodeKind::Text(text) => Value::Text(Cow::Borrowed(text)),
            NodeKind::Field(name) => scope.field(name),
            NodeKind::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    let Some(value) = part.single(scope)? else { return Ok(Value::Null) };
                    text += &value.text();
                }
                Value::Text(Cow::Owned(text))
            }
            NodeKind::Arithmetic(op, left, right) => match (left.number(scope)?, right.number(scope)?) {
                (Some(left), Some(right)) => Value::Number(self.finite(op.apply(left, right))?),
                _ => Value::Null,
            },
            NodeKind::Negate(inner) => inner.number(scope)?.map_or(Value::Null, |number| Value::Number(-number)),
            NodeKind::Case(arms, otherwise) => return choose(arms, otherwise, scope)?.eval(scope),
            NodeKind::Coalesce(parts) => {
                for part in parts {
                    match part.eval(scope)? {
                        Value::Null => {}
                        value => return Ok(value),
                    }
                }
                Value::Null
            }
            NodeKind::Call(function, args) => {
                let mut values = Vec::with_capacity(args.len());
                for arg in args {
                    let Some(value) = arg.single(scope)? else { return Ok(Value::Null) };
                    values.push(value);
                }
                call(*function, &values, self.span)?
            }
            NodeKind::Replace { subject, regex, replacement } => match subject.single(scope)? {
                Some(subject) => Value::Text(Cow::Owned(replace(&subject.text(), regex, replacement))),
                None => Value::Null,
            },
            _ => self.many_valued(scope)?,
        })
    }

    /// The functions of fields with many values (page "Multivalue eval functions").
    fn many_valued<'a>(&'a self, scope: Scope<'a>) -> Result<Value<'a>, Error> {
        Ok(match &self.kind {
            // "If the field has no values, this function returns NULL."
            NodeKind::Count(values) => match values.eval(scope)? {
                Value::Null => Value::Null,
                Value::Many(values) => Value::Number(values.len() as f64),
                _ => Value::Number(1.0),
            },
            NodeKind::Index(values, bounds) => {
                let values = values.field_values(scope)?;
                let mut places = Vec::new();
                for bound in bounds {
                    let Some(index) = bound.number(scope)? else { return Ok(Value::Null) };
                    places.push(place(index, values.len()));
                }
                let (Some(&Some(first)), Some(&Some(last))) = (places.first(), places.last()) else {
                    return Ok(Value::Null);
                };
                Value::of_values(values.get(first..=last).map(<[&str]>::to_vec).unwrap_or_default())
            }
            // "Returns the index for the first value that matches the regex", from 0, else NULL.
            NodeKind::Find(values, regex) => {
                let values = values.field_values(scope)?;
                let found = values.iter().position(|value| regex.is_match(value));
                found.map_or(Value::Null, |index| Value::Number(index as f64))
            }
            NodeKind::Filter { field, condition } => {
                let mut kept = Vec::new();
                for value in scope.row.values(field) {
                    if condition.eval(Scope { row: scope.row, bound: Some((field, value)) })? == Some(true) {
                        kept.push(value.as_str());
                    }
                }
                Value::of_values(kept)
            }
            _ => Value::Null,
        })
    }

    /// The value, for a function of one value; `None` is null.
    ///
    /// # Errors
    /// There are many values.
    fn single<'a>(&'a self, scope: Scope<'a>) -> Result<Option<Value<'a>>, Error> {
        match self.eval(scope)? {
            Value::Null => Ok(None),
            Value::Many(_) => {
                Err(Error::new("what this does with a field of many values is not documented", self.span))
            }
            value => Ok(Some(value)),
        }
    }

    fn number(&self, scope: Scope<'_>) -> Result<Option<f64>, Error> {
        let Some(value) = self.single(scope)? else { return Ok(None) };
        match value.number() {
            Some(number) => Ok(Some(number)),
            None => Err(Error::new("what arithmetic gives for a text is not documented", self.span)),
        }
    }

    fn finite(&self, number: f64) -> Result<f64, Error> {
        let problem = || Error::new("the result of this division or overflow is not documented", self.span);
        if number.is_finite() { Ok(number) } else { Err(problem()) }
    }

    /// The values of a field that the check has found to be one (or made of one).
    fn field_values<'a>(&'a self, scope: Scope<'a>) -> Result<Vec<&'a str>, Error> {
        match self.eval(scope)? {
            Value::Null => Ok(Vec::new()),
            Value::Field(value) => Ok(vec![value]),
            Value::Many(values) => Ok(values),
            Value::Number(_) | Value::Text(_) => Err(Error::new("expected the values of a field", self.span)),
        }
    }
}

impl ArithmeticOp {
    fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            ArithmeticOp::Add => left + right,
            ArithmeticOp::Subtract => left - right,
            ArithmeticOp::Multiply => left * right,
            ArithmeticOp::Divide => left / right,
            ArithmeticOp::Remainder => left % right,
        }
    }
}

/// `AND` (`decisive` is false) or `OR` (true): the decisive value wins over null.
fn fold(parts: &[Truth], scope: Scope<'_>, decisive: bool) -> Result<Option<bool>, Error> {
    let mut result = Some(!decisive);
    for part in parts {
        match part.eval(scope)? {
            Some(truth) if truth == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}

fn choose<'a, T>(arms: &'a [(Truth, T)], otherwise: &'a T, scope: Scope<'_>) -> Result<&'a T, Error> {
    for (condition, value) in arms {
        if condition.eval(scope)? == Some(true) {
            return Ok(value);
        }
    }
    Ok(otherwise)
}

fn compare(op: CompareOp, left: &Node, right: &Node, scope: Scope<'_>) -> Result<Option<bool>, Error> {
    let (Some(a), Some(b)) = (left.single(scope)?, right.single(scope)?) else { return Ok(None) };
    match (&a, &b) {
        (Value::Number(_), Value::Text(_)) | (Value::Text(_), Value::Number(_)) => {
            Err(Error::new("how a number compares with a string is not documented", left.span))
        }
        _ => Ok(a.compare(&b).map(|order| op.holds(order))),
    }
}

fn replace(text: &str, regex: &Regex, replacement: &[Replacement]) -> String {
    let replaced = regex.replace_all(text, |captures: &regex::Captures<'_>| {
        let mut out = String::new();
        for part in replacement {
            match part {
                Replacement::Char(c) => out.push(*c),
                Replacement::Group(group) => out += captures.get(*group).map_or("", |group| group.as_str()),
            }
        }
        out
    });
    replaced.into_owned()
}

/// The place of an index in a list: "indexes start at zero", a negative one counts from the end, others have no place.
fn place(index: f64, length: usize) -> Option<usize> {
    let from_end = if index < 0.0 { length as f64 } else { 0.0 };
    let place = index + from_end;
    (place >= 0.0 && place < length as f64 && place.fract() == 0.0).then_some(place as usize)
}
