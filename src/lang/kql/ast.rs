//! The syntax tree of a KQL query: what was written, every node with its place.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::lang::{Error, Skeleton};
use crate::source::Span;

/// A query: a table, the columns that it computes, and the conditions that its rows must meet, one for each `where`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The table, or a function without arguments that stands for one (`_Im_ProcessCreate()`).
    pub table: Name,
    /// The `extend` operators, in order; they stand before every `where`. Each gives columns, computed from those before it.
    pub extends: Vec<Vec<(Name, Expr)>>,
    /// The predicates of the `where` operators, in order; a row must meet all of them.
    pub filters: Vec<Expr>,
    pub(super) text: Arc<str>,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name without brackets and quotes.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, parentheses around it not counted.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A column.
    Column(String),
    /// A slot of a property bag: `bag.key` or `bag["key"]`.
    Key(Box<Expr>, String),
    /// An element of an array: `array[0]`; a negative index counts from the end.
    Element(Box<Expr>, i64),
    /// `a and b and c`.
    And(Vec<Expr>),
    /// `a or b or c`.
    Or(Vec<Expr>),
    /// `== != < <= > >=`.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// A string operator between two texts.
    Text(TextOp, Subject, Box<Expr>),
    /// `in`, `has_any` and their kin.
    List(ListOp, Box<Expr>, Vec<Expr>),
    /// `x between (low .. high)`.
    Between {
        /// `!between`.
        negated: bool,
        /// What is compared.
        subject: Box<Expr>,
        /// The lower border, inclusive.
        low: Box<Expr>,
        /// The upper border, inclusive.
        high: Box<Expr>,
    },
    /// A function call; `not(...)` is one of them.
    Call(Name, Vec<Expr>),
}

/// The left side of a string operator.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// An expression.
    Expr(Box<Expr>),
    /// `*`: any column.
    AnyColumn,
}

/// A comparison of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=` or `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// How a string operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextTest {
    /// The whole text.
    Equal,
    /// A part of the text.
    Contains,
    /// The start of the text.
    StartsWith,
    /// The end of the text.
    EndsWith,
    /// A whole term.
    Has,
    /// The start of a term.
    HasPrefix,
    /// The end of a term.
    HasSuffix,
    /// A regular expression finds a match.
    MatchesRegex,
}

/// A string operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOp {
    /// How it compares.
    pub test: TextTest,
    /// Whether `A` equals `a`.
    pub fold: bool,
    /// Whether it is the operator with `!`.
    pub negated: bool,
}

/// An operator with a list on its right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOp {
    /// `in`, `!in`, `in~`, `!in~`.
    In {
        /// Whether `A` equals `a`.
        fold: bool,
        /// Whether it is the operator with `!`.
        negated: bool,
    },
    /// `has_any`
    HasAny,
    /// `has_all`
    HasAll,
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `true`, `bool(false)`, `bool(null)`.
    Bool(Option<bool>),
    /// `5`, `0xf`, `long(-1)`, `long(null)`.
    Long(Option<i64>),
    /// `int(5)`, `int(null)`.
    Int(Option<i32>),
    /// `1.0`, `real(nan)`, `real(null)`.
    Real(Option<f64>),
    /// `decimal(1.5)`, `decimal(null)`.
    Decimal(Option<f64>),
    /// Any form of string; never null.
    String(String),
    /// `datetime(2015-12-31)`, in UTC.
    DateTime(Option<chrono::NaiveDateTime>),
    /// `dynamic([1, "a"])`; `dynamic(null)` is JSON's null.
    Dynamic(Json),
}

impl Query {
    /// The query's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The Boolean structure of all `where` conditions together.
    pub fn skeleton(&self) -> Skeleton {
        match self.filters.as_slice() {
            [] => Skeleton::True,
            [only] => only.skeleton(&self.text),
            many => Skeleton::And(many.iter().map(|filter| filter.skeleton(&self.text)).collect()),
        }
    }
}

impl Expr {
    /// The Boolean structure of this expression, which was parsed from `text`.
    fn skeleton(&self, text: &str) -> Skeleton {
        let all = |parts: &[Expr]| parts.iter().map(|part| part.skeleton(text)).collect();
        match &self.kind {
            ExprKind::And(parts) => Skeleton::And(all(parts)),
            ExprKind::Or(parts) => Skeleton::Or(all(parts)),
            ExprKind::Call(name, args) if name.text == "not" && args.len() == 1 => {
                args.first().map_or(Skeleton::False, |inner| Skeleton::Not(Box::new(inner.skeleton(text))))
            }
            ExprKind::Literal(Literal::Bool(Some(true))) => Skeleton::True,
            ExprKind::Literal(Literal::Bool(Some(false))) => Skeleton::False,
            _ => Skeleton::Leaf(text.get(self.span.range()).unwrap_or("").to_owned()),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::new(message, self.span)
    }
}
