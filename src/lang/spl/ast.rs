//! The syntax tree of a search: what was written, every node with its place.

use std::sync::Arc;

use crate::lang::{Error, Skeleton};
use crate::source::Span;

/// A search: the stages of its pipe; an event must pass all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The stages, in order; the first is a `search` or a `tstats`.
    pub stages: Vec<Stage>,
    pub(super) text: Arc<str>,
}

/// One command of the pipe.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// `tstats .. from datamodel=M.D where terms by fields`; in the first place only.
    Tstats {
        /// The name of the data set, which its fields have before theirs.
        set: String,
        /// What stands for a missing value in the fields of `by`.
        fill: Option<String>,
        /// The condition over the fields of the data set.
        condition: Option<SearchExpr>,
        /// The fields of the rows, without the data set.
        by: Vec<Name>,
    },
    /// `rename SET.* as *`: takes this prefix off the names of fields.
    Rename {
        /// The prefix.
        prefix: String,
    },
    /// `search terms`; the word may be left out in the first stage.
    Search(SearchExpr),
    /// `where predicate`
    Where(Expr),
    /// `regex field="pattern"`, or `!=`.
    Regex {
        /// The field; `_raw` when none is written.
        field: Name,
        /// Whether it is `!=`.
        negated: bool,
        /// The regular expression.
        pattern: Text,
    },
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name without quotes.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A condition of `search` and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchExpr {
    /// What it is.
    pub kind: SearchKind,
    /// Where it stands, parentheses around it not counted.
    pub span: Span,
}

/// A condition of `search`.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchKind {
    /// `a AND b`, or `a b`.
    And(Vec<SearchExpr>),
    /// `a OR b`
    Or(Vec<SearchExpr>),
    /// `NOT a`
    Not(Box<SearchExpr>),
    /// `field=value` and its kin.
    Compare(Name, CompareOp, Pattern),
    /// `field IN (value, value)`
    In(Name, Vec<Pattern>),
    /// A word or phrase, looked for in `_raw`.
    Term(Pattern),
}

/// A value of `search`: text with `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Texts and wildcards in turn; two texts never follow one another.
    pub pieces: Vec<Piece>,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A part of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These characters, never empty.
    Text(String),
    /// `*`
    AnyString,
}

/// A comparison of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `=`, in `where` also `==`
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

/// An expression of `where` and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, parentheses around it not counted.
    pub span: Span,
}

/// An expression of `where`.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `"text"`
    Text(Text),
    /// `5`, `1.5`
    Number(f64),
    /// `field` or `'a field'`
    Field(String),
    /// `a AND b`
    And(Vec<Expr>),
    /// `a OR b`
    Or(Vec<Expr>),
    /// `a XOR b`
    Xor(Vec<Expr>),
    /// `NOT a`
    Not(Box<Expr>),
    /// `a = b` and its kin.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `a LIKE b`
    Like(Box<Expr>, Box<Expr>),
    /// `a IN (b, c)`
    In(Box<Expr>, Vec<Expr>),
    /// `a . b`: the texts one after the other.
    Concat(Vec<Expr>),
    /// `a + b` and its kin.
    Arithmetic(ArithmeticOp, Box<Expr>, Box<Expr>),
    /// `-a`
    Negate(Box<Expr>),
    /// `function(a, b)`
    Call(Name, Vec<Expr>),
}

/// An operator between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// A string in double quotes as it is written: what a backslash means depends on whether the string is used as a text, a
/// regular expression or a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The characters between the quotes.
    pub source: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

impl Query {
    /// The search's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The Boolean structure of all stages together.
    pub fn skeleton(&self) -> Skeleton {
        let leaf = |field: &Name, pattern: &Text| {
            let span = field.span.to(pattern.span);
            Skeleton::Leaf(self.text.get(span.range()).unwrap_or("").to_owned())
        };
        let part = |stage: &Stage| match stage {
            Stage::Search(expr) => Some(expr.skeleton(&self.text)),
            Stage::Tstats { condition, .. } => condition.as_ref().map(|expr| expr.skeleton(&self.text)),
            Stage::Where(expr) => Some(expr.skeleton(&self.text)),
            Stage::Regex { field, pattern, .. } => Some(leaf(field, pattern)),
            Stage::Rename { .. } => None,
        };
        let mut parts: Vec<Skeleton> = self.stages.iter().filter_map(part).collect();
        match (parts.pop(), parts.is_empty()) {
            (None, _) => Skeleton::True,
            (Some(only), true) => only,
            (Some(last), false) => Skeleton::And(parts.into_iter().chain([last]).collect()),
        }
    }
}

impl SearchExpr {
    fn skeleton(&self, text: &str) -> Skeleton {
        let all = |parts: &[SearchExpr]| parts.iter().map(|part| part.skeleton(text)).collect();
        match &self.kind {
            SearchKind::And(parts) => Skeleton::And(all(parts)),
            SearchKind::Or(parts) => Skeleton::Or(all(parts)),
            SearchKind::Not(inner) => Skeleton::Not(Box::new(inner.skeleton(text))),
            _ => Skeleton::Leaf(text.get(self.span.range()).unwrap_or("").to_owned()),
        }
    }
}

impl Expr {
    fn skeleton(&self, text: &str) -> Skeleton {
        let all = |parts: &[Expr]| parts.iter().map(|part| part.skeleton(text)).collect();
        match &self.kind {
            ExprKind::And(parts) => Skeleton::And(all(parts)),
            ExprKind::Or(parts) => Skeleton::Or(all(parts)),
            ExprKind::Not(inner) => Skeleton::Not(Box::new(inner.skeleton(text))),
            ExprKind::Call(name, args) if name.text == "true" && args.is_empty() => Skeleton::True,
            ExprKind::Call(name, args) if name.text == "false" && args.is_empty() => Skeleton::False,
            _ => Skeleton::Leaf(text.get(self.span.range()).unwrap_or("").to_owned()),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::new(message, self.span)
    }
}
