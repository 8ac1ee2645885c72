//! Syntax tree and mapping to a condition that can be computed: fields, types, constants, patterns.
//!
//! As strict as Elasticsearch's verifier, or stricter: where the vendor's sources leave a combination of types open, it
//! is an error.

use std::borrow::Cow;
use std::cell::RefCell;

use super::ast::{CompareOp, Expr, ExprKind, Literal, MatchOp};
use super::eval::{Node, Operand, Part, Test};
use super::pattern::Case;
use super::regexp::Regexes;
use super::value::{Block, CATEGORY_FIELD, Cell, FieldType, Mapping, address};
use super::wildcard::Wildcard;
use crate::lang::{Error, Folding};
use crate::source::Span;

/// The condition of a query, its category included.
pub(super) fn condition(
    category: Option<&str>,
    span: Span,
    expr: &Expr,
    mapping: &Mapping,
    folding: Folding,
    regexes: &mut Regexes,
) -> Result<Node, Error> {
    let checker = Checker { mapping, folding, regexes: RefCell::new(regexes) };
    let condition = checker.condition(expr)?;
    let Some(category) = category else { return Ok(condition) };
    let field = match mapping.field(CATEGORY_FIELD) {
        Some(field) => Operand::Field { name: CATEGORY_FIELD.to_owned(), field, span },
        None => return Err(Error::new(format!("unknown column `{CATEGORY_FIELD}`"), span)),
    };
    let category = Test::Compare(CompareOp::Equal, Cell::Text(Cow::Owned(category.to_owned())));
    Ok(Node::And(vec![Node::Test(field, category), condition]))
}

struct Checker<'a> {
    mapping: &'a Mapping,
    folding: Folding,
    regexes: RefCell<&'a mut Regexes>,
}

/// What an operand gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bool,
    Ip,
}

/// An operand; `None` is null.
type Typed = Option<(Operand, Kind)>;

impl Checker<'_> {
    fn condition(&self, expr: &Expr) -> Result<Node, Error> {
        match &expr.kind {
            ExprKind::And(parts) => Ok(Node::And(self.conditions(parts)?)),
            ExprKind::Or(parts) => Ok(Node::Or(self.conditions(parts)?)),
            ExprKind::Not(inner) => Ok(Node::Not(Box::new(self.condition(inner)?))),
            ExprKind::Literal(Literal::Bool(value)) => Ok(Node::Const(Some(*value))),
            ExprKind::Literal(Literal::Null) => Ok(Node::Const(None)),
            ExprKind::Compare(op, left, right) => self.compare(expr, *op, left, right),
            ExprKind::In { fold, negated, subject, items } => {
                let found = self.is_in(expr, *fold, subject, items)?;
                Ok(if *negated { Node::Not(Box::new(found)) } else { found })
            }
            ExprKind::Match(op, subject, patterns) => self.matches(expr, *op, subject, patterns),
            ExprKind::Call { name, fold, args } => self.predicate_call(expr, name, *fold, args),
            ExprKind::Field { .. } => match self.operand(expr)? {
                None => Ok(Node::Const(None)),
                Some((field, Kind::Bool)) => Ok(Node::Test(field, Test::Compare(CompareOp::Equal, Cell::Bool(true)))),
                Some(_) => Err(expr.error("a field alone must be a boolean one")),
            },
            ExprKind::Literal(_) => Err(expr.error("a condition must be true or false")),
        }
    }

    fn conditions(&self, parts: &[Expr]) -> Result<Vec<Node>, Error> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn compare(&self, expr: &Expr, op: CompareOp, left: &Expr, right: &Expr) -> Result<Node, Error> {
        // The planner puts literals on the right.
        let (op, left, right) = match (&left.kind, &right.kind) {
            (ExprKind::Literal(_), ExprKind::Literal(_)) => (op, left, right),
            (ExprKind::Literal(_), _) => (mirrored(op), right, left),
            _ => (op, left, right),
        };
        let ExprKind::Literal(literal) = &right.kind else {
            return Err(right.error("comparisons against fields are not supported"));
        };
        let negated = op == CompareOp::NotEqual;
        let not_if = |negated: bool, node| if negated { Node::Not(Box::new(node)) } else { node };
        if matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
            match literal {
                Literal::Null => return Ok(not_if(negated, self.is_null(left)?)),
                Literal::Bool(value) if !matches!(left.kind, ExprKind::Literal(_)) => {
                    return self.compare_with_bool(left, *value, negated);
                }
                _ => {}
            }
        }
        if *literal == Literal::Null {
            return self.operand(left).map(|_| Node::Const(None));
        }
        let Some((operand, kind)) = self.operand(left)? else { return Ok(Node::Const(None)) };
        if matches!(operand, Operand::Const(_)) {
            return Err(expr.error("comparing two constants is not modelled"));
        }
        let value = constant(right, literal, kind)?;
        let test = match op {
            CompareOp::NotEqual | CompareOp::Equal => Test::Compare(CompareOp::Equal, value),
            _ if matches!(kind, Kind::Bool | Kind::Ip) => {
                return Err(expr.error("the order of values of this type is not modelled"));
            }
            _ => Test::Compare(op, value),
        };
        Ok(not_if(negated, Node::Test(operand, test)))
    }

    /// `x == true`: for a condition `x` the condition itself, for a boolean field a term. `!=` is `not ... ==`.
    fn compare_with_bool(&self, left: &Expr, value: bool, negated: bool) -> Result<Node, Error> {
        let not = |node| Node::Not(Box::new(node));
        let node = match &left.kind {
            ExprKind::Field { .. } => match self.operand(left)? {
                None => return Ok(Node::Const(None)),
                Some((field, Kind::Bool)) => Node::Test(field, Test::Compare(CompareOp::Equal, Cell::Bool(value))),
                Some(_) => return Err(left.error("only a boolean field can be compared with a truth value")),
            },
            _ if value => self.condition(left)?,
            _ => not(self.condition(left)?),
        };
        Ok(if negated { not(node) } else { node })
    }

    /// `x == null`.
    fn is_null(&self, expr: &Expr) -> Result<Node, Error> {
        match (&expr.kind, self.operand(expr)?) {
            (_, None) => Ok(Node::Const(Some(true))),
            (_, Some((Operand::Field { name, .. }, _))) => Ok(Node::Not(Box::new(Node::Exists(name)))),
            (_, Some(_)) => Err(expr.error("tests for null are modelled on fields only")),
        }
    }

    fn is_in(&self, expr: &Expr, fold: bool, subject: &Expr, items: &[Expr]) -> Result<Node, Error> {
        let operand = self.operand(subject)?;
        let kind = operand.as_ref().map(|(_, kind)| *kind);
        let read = |item: &Expr| match &item.kind {
            ExprKind::Literal(Literal::Null) => Err(item.error("null in a list is not modelled")),
            ExprKind::Literal(literal) => kind.map(|kind| constant(item, literal, kind)).transpose(),
            _ => Err(item.error("comparisons against fields are not supported")),
        };
        let values = items.iter().map(read).collect::<Result<Option<Vec<_>>, _>>()?;
        let (Some((operand, kind)), Some(values)) = (operand, values) else { return Ok(Node::Const(None)) };
        if !fold {
            return Ok(Node::Test(operand, Test::OneOf(values)));
        }
        if kind != Kind::Text {
            return Err(expr.error("`in~` compares strings only"));
        }
        let folded = values.iter().map(|value| self.folding.fold(value.text())).collect();
        Ok(Node::Test(operand, Test::Folded(self.folding, folded)))
    }

    fn matches(&self, expr: &Expr, op: MatchOp, subject: &Expr, patterns: &[String]) -> Result<Node, Error> {
        let case = if op.folds() { Case::Fold(self.folding) } else { Case::Exact };
        let test = match op {
            // "Supports list lookups": the list is joined with `|` and parsed as one regex. Letters beyond ASCII fold in no version
            // (`RegExp.ASCII_CASE_INSENSITIVE`).
            MatchOp::Regex | MatchOp::RegexFold => {
                let case = if op.folds() { Case::Fold(Folding::Ascii) } else { Case::Exact };
                let compiled = self.regexes.borrow_mut().get(patterns.join("|"), case);
                Test::Matches(compiled.map_err(|message| expr.error(message))?)
            }
            _ => Test::Like(patterns.iter().map(|pattern| Wildcard::like(pattern, case)).collect()),
        };
        match self.operand(subject)? {
            None => Ok(Node::Const(None)),
            Some((operand, Kind::Text)) => Ok(Node::Test(operand, test)),
            Some(_) => Err(subject.error("this operator compares strings only")),
        }
    }

    fn predicate_call(&self, expr: &Expr, name: &str, fold: bool, args: &[Expr]) -> Result<Node, Error> {
        // Names of functions are found in any case: golden translation `startsWithFunction-insensitive`.
        let part = match (name.to_ascii_lowercase().as_str(), fold) {
            ("cidrmatch", false) => return self.cidr_match(expr, args),
            ("startswith", _) => Part::Start,
            ("endswith", _) => Part::End,
            ("stringcontains", _) => Part::Anywhere,
            ("length" | "string" | "number" | "concat", false) => {
                return Err(expr.error("a condition must be true or false"));
            }
            _ => return Err(unknown_function(expr, name, fold)),
        };
        let [whole, needle] = args else { return Err(expr.error(format!("`{name}` takes two arguments"))) };
        let (whole_operand, needle_operand) = (self.operand(whole)?, self.operand(needle)?);
        let (Some((whole_operand, whole_kind)), Some((needle_operand, needle_kind))) = (whole_operand, needle_operand)
        else {
            return Ok(Node::Const(None));
        };
        if whole_kind != Kind::Text || needle_kind != Kind::Text {
            return Err(expr.error(format!("`{name}` takes strings only")));
        }
        match (whole_operand, needle_operand) {
            (field @ Operand::Field { .. }, Operand::Const(text)) => {
                self.part_of_field(needle, part, fold, field, text.text())
            }
            (whole, needle) => Ok(Node::Pair { part, fold: fold.then_some(self.folding), whole, needle }),
        }
    }

    /// A string function on a field with a constant: `startsWith` becomes a `prefix` query; the others become `wildcard`
    /// queries, into which the constant goes as it is, so that its `*`, `?` and `\` are live.
    fn part_of_field(&self, at: &Expr, part: Part, fold: bool, field: Operand, text: &str) -> Result<Node, Error> {
        let case = if fold { Case::Fold(self.folding) } else { Case::Exact };
        let pattern = match part {
            Part::Start => {
                let prefix = if fold { self.folding.fold(text) } else { text.to_owned() };
                return Ok(Node::Test(field, Test::Prefix(fold.then_some(self.folding), prefix)));
            }
            Part::End => format!("*{text}"),
            // The function's page says false, the wildcard `**` that it becomes says true.
            Part::Anywhere if text.is_empty() => return Err(at.error("the meaning of an empty text is not clear here")),
            Part::Anywhere => format!("*{text}*"),
        };
        Ok(Node::Test(field, Test::Like(vec![Wildcard::lucene(&pattern, case)])))
    }

    fn cidr_match(&self, expr: &Expr, args: &[Expr]) -> Result<Node, Error> {
        let [subject, blocks @ ..] = args else { return Err(expr.error("`cidrMatch` needs an address")) };
        if blocks.is_empty() {
            return Err(expr.error("`cidrMatch` needs a block of addresses"));
        }
        let read = |block: &Expr| match &block.kind {
            ExprKind::Literal(Literal::Null) => Ok(None),
            ExprKind::Literal(Literal::String(text)) => match Block::parse(text) {
                Some(block) => Ok(Some(block)),
                None => Err(block.error(format!("`{text}` is not a block of addresses"))),
            },
            _ => Err(block.error("blocks of addresses must be constant strings")),
        };
        let blocks = blocks.iter().map(read).collect::<Result<Option<Vec<_>>, _>>()?;
        match (self.operand(subject)?, blocks) {
            (None, _) => Ok(Node::Const(None)),
            (Some((field @ Operand::Field { .. }, Kind::Ip)), Some(blocks)) => {
                Ok(Node::Test(field, Test::Within(blocks)))
            }
            (Some((Operand::Field { .. }, Kind::Ip)), None) => Ok(Node::Const(None)),
            (Some(_), _) => Err(subject.error("`cidrMatch` takes a field of type ip only")),
        }
    }

    fn operand(&self, expr: &Expr) -> Result<Typed, Error> {
        match &expr.kind {
            ExprKind::Literal(literal) => literal_operand(expr, literal),
            ExprKind::Field { name, optional } => self.field(expr, name, *optional),
            ExprKind::Call { name, fold: false, args } => self.value_call(expr, name, args),
            ExprKind::Call { name, fold, .. } => Err(unknown_function(expr, name, *fold)),
            _ => Err(expr.error("a condition cannot stand here")),
        }
    }

    fn field(&self, expr: &Expr, name: &str, optional: bool) -> Result<Typed, Error> {
        let kind = match self.mapping.field(name) {
            None if optional => return Ok(None),
            None => return Err(expr.error(format!("unknown column `{name}`"))),
            Some(FieldType::Keyword | FieldType::Wildcard) => Kind::Text,
            Some(FieldType::Long | FieldType::Double) => Kind::Number,
            Some(FieldType::Boolean) => Kind::Bool,
            Some(FieldType::Ip) => Kind::Ip,
            Some(FieldType::Text) => {
                return Err(expr.error(format!("field `{name}` of type text cannot be used for an exact match")));
            }
        };
        let field = self.mapping.field(name).unwrap_or(FieldType::Keyword);
        Ok(Some((Operand::Field { name: name.to_owned(), field, span: expr.span }, kind)))
    }

    fn value_call(&self, expr: &Expr, name: &str, args: &[Expr]) -> Result<Typed, Error> {
        let text_only = |operand: Typed, at: &Expr| match operand {
            Some((operand, Kind::Text)) => Ok(Some(Box::new(operand))),
            None => Ok(None),
            Some(_) => Err(at.error(format!("`{name}` takes a string"))),
        };
        Ok(match (name.to_ascii_lowercase().as_str(), args) {
            ("length", [text]) => {
                text_only(self.operand(text)?, text)?.map(|text| (Operand::Length(text), Kind::Number))
            }
            ("string", [value]) => self.printable(value)?.map(|value| (Operand::Text(Box::new(value)), Kind::Text)),
            ("number", [text]) => self.number(expr, text_only(self.operand(text)?, text)?, None),
            ("number", [text, base]) => {
                let base = match base.kind {
                    ExprKind::Literal(Literal::Null) => None,
                    ExprKind::Literal(Literal::Integer(base @ 2..=36)) => u32::try_from(base).ok(),
                    _ => return Err(base.error("the base must be a number from 2 to 36")),
                };
                self.number(expr, text_only(self.operand(text)?, text)?, base)
            }
            ("concat", [_, ..]) => {
                let parts = args.iter().map(|arg| self.printable(arg)).collect::<Result<Option<Vec<_>>, _>>()?;
                parts.map(|parts| (Operand::Concat(parts, expr.span), Kind::Text))
            }
            ("length" | "string" | "number" | "concat", _) => {
                return Err(expr.error(format!("`{name}` does not take {} arguments", args.len())));
            }
            ("cidrmatch" | "startswith" | "endswith" | "stringcontains", _) => {
                return Err(expr.error("a condition cannot stand here"));
            }
            _ => return Err(unknown_function(expr, name, false)),
        })
    }

    fn number(&self, expr: &Expr, text: Option<Box<Operand>>, base: Option<u32>) -> Typed {
        text.map(|text| (Operand::Number { text, base, span: expr.span }, Kind::Number))
    }

    /// An operand whose text form is clear; Java writes very large and very small doubles in its own way.
    fn printable(&self, expr: &Expr) -> Result<Option<Operand>, Error> {
        match self.operand(expr)? {
            Some((Operand::Field { field: FieldType::Double, .. }, _)) => {
                Err(expr.error("the text form of a double field is not modelled"))
            }
            Some((Operand::Const(Cell::Double(value)), _)) if value != 0.0 && !(1e-3..1e7).contains(&value.abs()) => {
                Err(expr.error("the text form of this number is not modelled"))
            }
            Some((Operand::Number { .. }, _)) => Err(expr.error("the text form of a number is not modelled")),
            other => Ok(other.map(|(operand, _)| operand)),
        }
    }
}

fn unknown_function(expr: &Expr, name: &str, fold: bool) -> Error {
    expr.error(format!("unknown function `{name}{}`", if fold { "~" } else { "" }))
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        CompareOp::Equal | CompareOp::NotEqual => op,
    }
}

fn literal_operand(expr: &Expr, literal: &Literal) -> Result<Typed, Error> {
    let kind = match literal {
        Literal::Null => return Ok(None),
        Literal::Bool(_) => Kind::Bool,
        Literal::Integer(_) | Literal::Decimal(_) => Kind::Number,
        Literal::String(_) => Kind::Text,
    };
    Ok(Some((Operand::Const(constant(expr, literal, kind)?), kind)))
}

/// A constant as a value of this kind.
fn constant(expr: &Expr, literal: &Literal, kind: Kind) -> Result<Cell<'static>, Error> {
    Ok(match (literal, kind) {
        (Literal::Bool(value), Kind::Bool) => Cell::Bool(*value),
        (Literal::Integer(value), Kind::Number) => Cell::Long(*value),
        (Literal::Decimal(value), Kind::Number) => Cell::Double(*value),
        (Literal::String(text), Kind::Text) => Cell::Text(Cow::Owned(text.clone())),
        (Literal::String(text), Kind::Ip) => {
            Cell::Ip(address(text).ok_or_else(|| expr.error(format!("`{text}` is not an IP address")))?)
        }
        _ => return Err(expr.error("the types of the two sides do not fit")),
    })
}
