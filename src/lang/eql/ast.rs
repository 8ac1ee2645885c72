//! The syntax tree of an EQL event query: what was written, every node with its place.

use std::sync::Arc;

use crate::lang::{Error, Skeleton};
use crate::source::Span;

/// An event query: `category where condition | pipe`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The event category; `None` is `any`.
    pub category: Option<String>,
    /// Where the category stands.
    pub category_span: Span,
    /// What an event must meet.
    pub condition: Expr,
    /// The pipes: how many of the matching events are returned. They do not change which events match.
    pub pipes: Vec<Pipe>,
    pub(super) text: Arc<str>,
}

/// A pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pipe {
    /// Which end of the result it keeps.
    pub kind: PipeKind,
    /// How many events it keeps.
    pub count: u64,
    /// Where it stands.
    pub span: Span,
}

/// The pipes that Elasticsearch knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipeKind {
    /// `| head N`
    Head,
    /// `| tail N`
    Tail,
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
    /// A field, by its full dotted name; optional where `?` stands before it.
    Field {
        /// The name, without backticks.
        name: String,
        /// Whether the field need not be mapped.
        optional: bool,
    },
    /// `a and b and c`
    And(Vec<Expr>),
    /// `a or b or c`
    Or(Vec<Expr>),
    /// `not a`
    Not(Box<Expr>),
    /// `== != < <= > >=`
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `in`, `in~`, `not in`, `not in~`
    In {
        /// Whether `A` equals `a`.
        fold: bool,
        /// Whether `not` stands before it.
        negated: bool,
        /// What is looked up.
        subject: Box<Expr>,
        /// The list.
        items: Vec<Expr>,
    },
    /// `:`, `like`, `like~`, `regex`, `regex~` with one string or a list of them.
    Match(MatchOp, Box<Expr>, Vec<String>),
    /// A function call.
    Call {
        /// The function's name, without `~`.
        name: String,
        /// Whether `~` follows the name: `A` equals `a`.
        fold: bool,
        /// The arguments.
        args: Vec<Expr>,
    },
}

/// A comparison of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
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

/// A comparison of a string with patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchOp {
    /// `:`, case-insensitive, with wildcards.
    Equal,
    /// `like`, with wildcards.
    Like,
    /// `like~`
    LikeFold,
    /// `regex`
    Regex,
    /// `regex~`
    RegexFold,
}

impl MatchOp {
    /// Whether `A` equals `a`.
    pub fn folds(self) -> bool {
        matches!(self, MatchOp::Equal | MatchOp::LikeFold | MatchOp::RegexFold)
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A number with a point or an exponent.
    Decimal(f64),
    /// A string of either form.
    String(String),
}

impl Query {
    /// The query's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The Boolean structure of the condition; the category is no part of it.
    pub fn skeleton(&self) -> Skeleton {
        self.condition.skeleton(&self.text)
    }
}

impl Expr {
    fn skeleton(&self, text: &str) -> Skeleton {
        let all = |parts: &[Expr]| parts.iter().map(|part| part.skeleton(text)).collect();
        match &self.kind {
            ExprKind::And(parts) => Skeleton::And(all(parts)),
            ExprKind::Or(parts) => Skeleton::Or(all(parts)),
            ExprKind::Not(inner) => Skeleton::Not(Box::new(inner.skeleton(text))),
            ExprKind::Literal(Literal::Bool(true)) => Skeleton::True,
            ExprKind::Literal(Literal::Bool(false)) => Skeleton::False,
            _ => Skeleton::Leaf(text.get(self.span.range()).unwrap_or("").to_owned()),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::new(message, self.span)
    }
}
