//! Syntax tree and schema to a predicate that can be computed: names, types, constant arguments, regexes.
//!
//! As strict as the engine's binder, or stricter: where the vendor's pages leave the meaning of a combination of types
//! open, it is an error.

use std::collections::BTreeSet;

use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;

use super::ast::{CompareOp, Expr, ExprKind, ListOp, Literal, Name, Subject, TextOp, TextTest};
use super::eval::{Needle, Node, folded};
use super::functions::{TimePart, signature};
use super::network::{Family, Network};
use super::value::{Schema, Type, Value};
use crate::lang::Error;

/// The most capture groups that `matches regex` and `extract()` take (page "Regular expressions").
const MAX_GROUPS: usize = 16;

/// Checks an expression that must be a `bool`.
pub(super) fn predicate(expr: &Expr, schema: &Schema) -> Result<Node, Error> {
    Checker { schema }.of_type(expr, Type::Bool)
}

/// Checks an expression of any type.
pub(super) fn expression(expr: &Expr, schema: &Schema) -> Result<(Node, Type), Error> {
    Checker { schema }.check(expr)
}

struct Checker<'a> {
    schema: &'a Schema,
}

type Typed = (Node, Type);

impl Checker<'_> {
    fn check(&self, expr: &Expr) -> Result<Typed, Error> {
        Ok(match &expr.kind {
            ExprKind::Literal(literal) => constant(literal),
            ExprKind::Column(name) => match self.schema.column(name) {
                Some(column) => (Node::Column { name: name.clone(), column, span: expr.span }, column),
                None => return Err(expr.error(format!("unknown column `{name}`"))),
            },
            ExprKind::Key(base, key) => {
                (Node::Key(Box::new(self.of_type(base, Type::Dynamic)?), key.clone()), Type::Dynamic)
            }
            ExprKind::Element(base, index) => {
                (Node::Element(Box::new(self.of_type(base, Type::Dynamic)?), *index), Type::Dynamic)
            }
            ExprKind::And(parts) => (Node::And(self.all_bool(parts)?), Type::Bool),
            ExprKind::Or(parts) => (Node::Or(self.all_bool(parts)?), Type::Bool),
            ExprKind::Compare(op, left, right) => (self.compare(expr, *op, left, right)?, Type::Bool),
            ExprKind::Text(op, subject, needle) => (self.text(expr, *op, subject, needle)?, Type::Bool),
            ExprKind::List(op, subject, items) => (self.list(expr, *op, subject, items)?, Type::Bool),
            ExprKind::Between { negated, subject, low, high } => {
                (self.between(*negated, [subject, low, high])?, Type::Bool)
            }
            ExprKind::Call(name, args) => self.call(expr, name, args)?,
        })
    }

    fn of_type(&self, expr: &Expr, wanted: Type) -> Result<Node, Error> {
        match self.check(expr)? {
            (node, found) if found == wanted => Ok(node),
            (_, Type::Dynamic) if wanted == Type::String => {
                Err(expr.error("a dynamic value must be cast before it is compared, for example with tostring()"))
            }
            (_, found) => Err(expr.error(format!("expected a value of type {wanted}, found one of type {found}"))),
        }
    }

    fn all_bool(&self, parts: &[Expr]) -> Result<Vec<Node>, Error> {
        parts.iter().map(|part| self.of_type(part, Type::Bool)).collect()
    }

    fn compare(&self, expr: &Expr, op: CompareOp, left: &Expr, right: &Expr) -> Result<Node, Error> {
        let ((left, left_type), (right, right_type)) = (self.check(left)?, self.check(right)?);
        let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        let ordered = |kind: Type| kind.is_number() || kind == Type::DateTime;
        if !comparable(left_type, right_type) {
            return Err(expr.error(format!("cannot compare values of types {left_type} and {right_type}")));
        }
        if left_type == Type::Dynamic {
            return Err(expr.error("a dynamic value must be cast before it is compared, for example with tostring()"));
        }
        if !equality && !ordered(left_type) {
            return Err(expr.error(format!("the order of values of type {left_type} is not modelled")));
        }
        Ok(Node::Compare(op, Box::new(left), Box::new(right)))
    }

    fn between(&self, negated: bool, [subject, low, high]: [&Expr; 3]) -> Result<Node, Error> {
        let (node, kind) = self.check(subject)?;
        let border = |expr: &Expr| match self.check(expr)? {
            (node, found) if comparable(kind, found) && (kind.is_number() || kind == Type::DateTime) => {
                Ok(Box::new(node))
            }
            (_, found) => Err(expr.error(format!("cannot compare values of types {kind} and {found} by order"))),
        };
        Ok(Node::Between { negated, subject: Box::new(node), low: border(low)?, high: border(high)? })
    }

    fn text(&self, expr: &Expr, op: TextOp, subject: &Subject, needle: &Expr) -> Result<Node, Error> {
        if op.test == TextTest::MatchesRegex {
            let regex = self.regex(needle)?;
            return Ok(match subject {
                Subject::Expr(subject) => Node::Regex(Box::new(self.of_type(subject, Type::String)?), regex),
                Subject::AnyColumn => Node::AnyColumnRegex(regex),
            });
        }
        let empty = string_of(needle).is_some_and(str::is_empty);
        let term = matches!(op.test, TextTest::Has | TextTest::HasPrefix | TextTest::HasSuffix);
        if empty && (term || *subject == Subject::AnyColumn) {
            return Err(needle.error("the meaning of an empty text is not documented here"));
        }
        let needle = self.needle(needle, op.fold)?;
        match subject {
            Subject::Expr(subject) => {
                Ok(Node::Text { op, subject: Box::new(self.of_type(subject, Type::String)?), needle })
            }
            Subject::AnyColumn if op.negated => {
                Err(expr.error("the meaning of a negated operator over `*` is not documented"))
            }
            Subject::AnyColumn => Ok(Node::AnyColumn { op, needle }),
        }
    }

    fn needle(&self, expr: &Expr, fold: bool) -> Result<Needle, Error> {
        match string_of(expr) {
            Some(text) => Ok(Needle::Const(folded(text, fold).into_owned())),
            None => Ok(Needle::Node(Box::new(self.of_type(expr, Type::String)?))),
        }
    }

    fn regex(&self, expr: &Expr) -> Result<Regex, Error> {
        let pattern = string_of(expr).ok_or_else(|| expr.error("the regex must be a string constant"))?;
        let regex = RegexBuilder::new(pattern).build().map_err(|error| {
            let reason = error.to_string();
            expr.error(format!("the regex is not valid: {}", reason.lines().last().unwrap_or_default().trim()))
        })?;
        match regex.captures_len() - 1 > MAX_GROUPS {
            true => Err(expr.error(format!("the regex has more than {MAX_GROUPS} capture groups"))),
            false => Ok(regex),
        }
    }

    fn list(&self, expr: &Expr, op: ListOp, subject: &Expr, items: &[Expr]) -> Result<Node, Error> {
        let spread = spread(items)?;
        let items = spread.as_slice();
        let ListOp::In { fold, negated } = op else {
            let subject = Box::new(self.of_type(subject, Type::String)?);
            if let Some(empty) = items.iter().find(|item| string_of(item).is_some_and(str::is_empty)) {
                return Err(empty.error("the meaning of an empty text is not documented here"));
            }
            let needles = items.iter().map(|item| self.needle(item, true)).collect::<Result<_, _>>()?;
            return Ok(Node::Terms { subject, needles, all: op == ListOp::HasAll });
        };
        let (subject, kind) = self.check(subject)?;
        if kind == Type::Dynamic || (fold && kind != Type::String) {
            return Err(expr.error(format!("this operator is not modelled for a value of type {kind}")));
        }
        let subject = Box::new(subject);
        if kind == Type::String
            && let Some(texts) = items.iter().map(string_of).collect::<Option<BTreeSet<_>>>()
        {
            let texts = texts.into_iter().map(|text| folded(text, fold).into_owned()).collect();
            return Ok(Node::InTexts { subject, fold, negated, texts });
        }
        let checked = items.iter().map(|item| match self.check(item)? {
            (node, found) if comparable(kind, found) => Ok(node),
            (_, found) => Err(item.error(format!("cannot compare values of types {kind} and {found}"))),
        });
        Ok(Node::In { subject, fold, negated, items: checked.collect::<Result<_, _>>()? })
    }

    fn call(&self, expr: &Expr, name: &Name, args: &[Expr]) -> Result<Typed, Error> {
        match (name.text.as_str(), args) {
            ("not", [inner]) => Ok((Node::Not(Box::new(self.of_type(inner, Type::Bool)?)), Type::Bool)),
            ("coalesce", [_, _, ..]) => {
                let (nodes, kind) = self.same_type(expr, args.iter())?;
                Ok((Node::Coalesce(nodes), kind))
            }
            ("iff" | "iif", [_, _, _]) | ("case", [_, _, _, ..]) if args.len() % 2 == 1 => self.case(expr, args),
            ("column_ifexists", [column, default]) => self.column_if_exists(column, default),
            ("extract", [pattern, group, subject]) => self.extract(pattern, group, subject),
            ("replace_regex", [subject, pattern, rewrite]) => self.replace_regex(subject, pattern, rewrite),
            ("datetime_part", [part, time]) => {
                let part = string_of(part)
                    .and_then(TimePart::named)
                    .ok_or_else(|| part.error("expected the name of a part of a time, as a constant"))?;
                Ok((Node::TimePart(part, Box::new(self.of_type(time, Type::DateTime)?)), Type::Int))
            }
            ("ipv4_is_in_any_range", [address, ranges @ ..]) if !ranges.is_empty() => {
                self.in_ranges(Family::V4, address, ranges)
            }
            ("ipv6_is_in_any_range", [address, ranges @ ..]) if !ranges.is_empty() => {
                self.in_ranges(Family::V6, address, ranges)
            }
            _ => self.plain_call(expr, name, args),
        }
    }

    fn plain_call(&self, expr: &Expr, name: &Name, args: &[Expr]) -> Result<Typed, Error> {
        const SPECIAL: [&str; 11] = [
            "not",
            "coalesce",
            "iff",
            "iif",
            "case",
            "column_ifexists",
            "extract",
            "replace_regex",
            "datetime_part",
            "ipv4_is_in_any_range",
            "ipv6_is_in_any_range",
        ];
        let wrong_count = || expr.error(format!("`{}` does not take {} arguments", name.text, args.len()));
        let Some(signature) = signature(&name.text) else {
            if SPECIAL.contains(&name.text.as_str()) {
                return Err(wrong_count());
            }
            return Err(Error::new(format!("unknown function `{}`", name.text), name.span));
        };
        if args.len() < signature.required || args.len() > signature.params.len() {
            return Err(wrong_count());
        }
        let mut nodes = Vec::with_capacity(args.len());
        for (arg, param) in args.iter().zip(signature.params) {
            let (node, found) = self.check(arg)?;
            if !param.admits(found) {
                return Err(arg.error(format!("`{}` does not take a value of type {found} here", name.text)));
            }
            nodes.push(node);
        }
        Ok((Node::Call(signature.function, nodes), signature.result))
    }

    /// Checks expressions of which one is chosen: they must have one type; different numbers widen.
    fn same_type<'e>(&self, expr: &Expr, choices: impl Iterator<Item = &'e Expr>) -> Result<(Vec<Node>, Type), Error> {
        let mut nodes = Vec::new();
        let mut common: Option<Type> = None;
        for choice in choices {
            let (node, kind) = self.check(choice)?;
            common = Some(match common {
                None => kind,
                Some(before) => widened(before, kind).ok_or_else(|| {
                    choice.error(format!("expected a value of type {before}, found one of type {kind}"))
                })?,
            });
            nodes.push(node);
        }
        common.map(|kind| (nodes, kind)).ok_or_else(|| expr.error("expected an argument"))
    }

    fn case(&self, expr: &Expr, args: &[Expr]) -> Result<Typed, Error> {
        let (arms, last) = args.as_chunks::<2>();
        let choices = arms.iter().map(|[_, value]| value).chain(last);
        let (mut values, kind) = self.same_type(expr, choices)?;
        let otherwise = values.pop().ok_or_else(|| expr.error("expected an argument"))?;
        let conditions = arms.iter().map(|[condition, _]| self.of_type(condition, Type::Bool));
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        Ok((Node::Case(conditions.into_iter().zip(values).collect(), Box::new(otherwise)), kind))
    }

    fn column_if_exists(&self, column: &Expr, default: &Expr) -> Result<Typed, Error> {
        let name = string_of(column).ok_or_else(|| column.error("the column's name must be a constant"))?;
        let default = self.check(default)?;
        Ok(match self.schema.column(name) {
            Some(kind) => (Node::Column { name: name.to_owned(), column: kind, span: column.span }, kind),
            None => default,
        })
    }

    /// Page "replace_regex()": every match of the regex is replaced; `\0` and `\1` in the rewrite are groups, which are not
    /// modelled.
    fn replace_regex(&self, subject: &Expr, pattern: &Expr, rewrite: &Expr) -> Result<Typed, Error> {
        let subject = Box::new(self.of_type(subject, Type::String)?);
        let regex = self.regex(pattern)?;
        let rewrite = match string_of(rewrite) {
            Some(text) if !text.contains('\\') => text.to_owned(),
            _ => return Err(rewrite.error("the rewrite must be a constant without backslashes")),
        };
        Ok((Node::Replace { regex, subject, rewrite }, Type::String))
    }

    fn extract(&self, pattern: &Expr, group: &Expr, subject: &Expr) -> Result<Typed, Error> {
        let regex = self.regex(pattern)?;
        let group = match group.kind {
            ExprKind::Literal(Literal::Long(Some(number))) => usize::try_from(number).ok(),
            _ => None,
        }
        .filter(|number| *number < regex.captures_len())
        .ok_or_else(|| group.error("expected the number of a capture group of the regex, as a constant"))?;
        let subject = Box::new(self.of_type(subject, Type::String)?);
        Ok((Node::Extract { regex, group, subject }, Type::String))
    }

    fn in_ranges(&self, family: Family, address: &Expr, ranges: &[Expr]) -> Result<Typed, Error> {
        let read = |range: &Expr| {
            let text = string_of(range).ok_or_else(|| range.error("ranges are modelled as string constants only"))?;
            Network::parse(text, family).ok_or_else(|| range.error(format!("`{text}` is not a range of addresses")))
        };
        let ranges = spread(ranges)?.iter().map(read).collect::<Result<_, _>>()?;
        let address = Box::new(self.of_type(address, Type::String)?);
        Ok((Node::InRanges { family, address, ranges }, Type::Bool))
    }
}

/// Whether `==` takes values of these types.
fn comparable(left: Type, right: Type) -> bool {
    left == right || (left.is_number() && right.is_number())
}

/// The type that holds values of both.
fn widened(left: Type, right: Type) -> Option<Type> {
    match (left, right) {
        _ if left == right => Some(left),
        (Type::Int | Type::Long, Type::Int | Type::Long) => Some(Type::Long),
        (Type::Int | Type::Long | Type::Real, Type::Int | Type::Long | Type::Real) => Some(Type::Real),
        _ => None,
    }
}

/// The text of a string constant.
fn string_of(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

/// The items of a list; a single dynamic array stands for its elements.
fn spread(items: &[Expr]) -> Result<Vec<Expr>, Error> {
    let [Expr { kind: ExprKind::Literal(Literal::Dynamic(Json::Array(values))), span }] = items else {
        return Ok(items.to_vec());
    };
    let item = |value: &Json| {
        let literal = match value {
            Json::String(text) => Literal::String(text.clone()),
            Json::Bool(value) => Literal::Bool(Some(*value)),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Literal::Long(Some(value)),
                None => Literal::Real(number.as_f64()),
            },
            _ => return Err(Error::new("only texts, numbers and truth values are modelled in this array", *span)),
        };
        Ok(Expr { kind: ExprKind::Literal(literal), span: *span })
    };
    values.iter().map(item).collect()
}

fn constant(literal: &Literal) -> Typed {
    let or_null = |value: Option<Value>| Node::Const(value.unwrap_or(Value::Null));
    match literal {
        Literal::Bool(value) => (or_null(value.map(Value::Bool)), Type::Bool),
        Literal::Long(value) => (or_null(value.map(Value::Long)), Type::Long),
        Literal::Int(value) => (or_null(value.map(|value| Value::Long(value.into()))), Type::Int),
        Literal::Real(value) => (or_null(value.map(Value::Real)), Type::Real),
        Literal::Decimal(value) => (or_null(value.map(Value::Real)), Type::Decimal),
        Literal::String(value) => (Node::Const(Value::String(value.clone())), Type::String),
        Literal::DateTime(value) => (or_null(value.map(Value::DateTime)), Type::DateTime),
        Literal::Dynamic(value) => (Node::Const(Value::Dynamic(value.clone())), Type::Dynamic),
    }
}
