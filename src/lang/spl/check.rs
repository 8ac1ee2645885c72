//! Syntax tree to expressions that can be computed: functions, conditions apart from values, constants compiled.

use super::ast::{Expr, ExprKind, Name, Text};
use super::eval::{Node, NodeKind, Truth};
use super::functions::{Function, like};
use super::network::Network;
use super::pcre;
use crate::lang::Error;

/// Checks an expression that must be a condition.
pub(super) fn truth(expr: &Expr) -> Result<Truth, Error> {
    let all = |parts: &[Expr]| parts.iter().map(truth).collect::<Result<Vec<_>, _>>();
    Ok(match &expr.kind {
        ExprKind::And(parts) => Truth::And(all(parts)?),
        ExprKind::Or(parts) => Truth::Or(all(parts)?),
        ExprKind::Xor(parts) => Truth::Xor(all(parts)?),
        ExprKind::Not(inner) => Truth::Not(Box::new(truth(inner)?)),
        ExprKind::Compare(op, left, right) => Truth::Compare(*op, value(left)?, value(right)?),
        ExprKind::Like(subject, pattern) => likeness(subject, pattern)?,
        ExprKind::In(subject, items) => Truth::In(value(subject)?, values(items)?),
        ExprKind::Call(name, args) => condition_call(expr, name, args)?,
        _ => return Err(expr.error("expected a condition: a comparison, or a function that gives true or false")),
    })
}

/// A call that gives true or false (page "Comparison and Conditional functions", "Informational functions").
fn condition_call(expr: &Expr, name: &Name, args: &[Expr]) -> Result<Truth, Error> {
    Ok(match (name.text.as_str(), args) {
        ("true", []) => Truth::Const(Some(true)),
        ("false", []) => Truth::Const(Some(false)),
        ("null", []) => Truth::Const(None),
        ("isnull", [arg]) => Truth::IsNull { node: value(arg)?, negated: false },
        ("isnotnull", [arg]) => Truth::IsNull { node: value(arg)?, negated: true },
        ("match", [subject, regex]) => Truth::Match(value(subject)?, pcre::compile(literal(regex)?)?),
        ("like", [subject, pattern]) => likeness(subject, pattern)?,
        ("in", [subject, items @ ..]) if !items.is_empty() => Truth::In(value(subject)?, values(items)?),
        ("cidrmatch", [network, address]) => {
            let text = literal(network)?.value()?;
            let parsed = Network::parse(&text).ok_or_else(|| network.error("this is no network in CIDR notation"))?;
            Truth::CidrMatch(parsed, value(address)?)
        }
        ("if", [condition, yes, no]) => Truth::Case(vec![(truth(condition)?, truth(yes)?)], Box::new(truth(no)?)),
        ("case", pairs) if !pairs.is_empty() => Truth::Case(arms(expr, pairs, truth)?, Box::new(Truth::Const(None))),
        ("coalesce", parts) if !parts.is_empty() => Truth::Coalesce(parts.iter().map(truth).collect::<Result<_, _>>()?),
        _ => return Err(bad_call(name, "a condition")),
    })
}

/// Checks an expression that must be a value.
fn value(expr: &Expr) -> Result<Node, Error> {
    let kind = match &expr.kind {
        ExprKind::Text(text) => NodeKind::Text(text.value()?),
        ExprKind::Number(number) => NodeKind::Number(*number),
        ExprKind::Field(name) => NodeKind::Field(name.clone()),
        ExprKind::Concat(parts) => NodeKind::Concat(values(parts)?),
        ExprKind::Arithmetic(op, left, right) => {
            NodeKind::Arithmetic(*op, Box::new(value(left)?), Box::new(value(right)?))
        }
        ExprKind::Negate(inner) => NodeKind::Negate(Box::new(value(inner)?)),
        ExprKind::Call(name, args) => value_call(expr, name, args)?,
        _ => return Err(expr.error("expected a value, found a condition")),
    };
    Ok(Node { kind, span: expr.span })
}

fn values(exprs: &[Expr]) -> Result<Vec<Node>, Error> {
    exprs.iter().map(value).collect()
}

fn value_call(expr: &Expr, name: &Name, args: &[Expr]) -> Result<NodeKind, Error> {
    if let Some((function, least, most)) = Function::of(&name.text) {
        if !(least..=most).contains(&args.len()) {
            return Err(bad_call(name, "a value"));
        }
        return Ok(NodeKind::Call(function, values(args)?));
    }
    Ok(match (name.text.as_str(), args) {
        ("null", []) => NodeKind::Null,
        ("if", [condition, yes, no]) => NodeKind::Case(vec![(truth(condition)?, value(yes)?)], Box::new(value(no)?)),
        // "The function defaults to NULL if none of the conditions are true."
        ("case", pairs) if !pairs.is_empty() => {
            let none = Node { kind: NodeKind::Null, span: expr.span };
            NodeKind::Case(arms(expr, pairs, value)?, Box::new(none))
        }
        ("coalesce", parts) if !parts.is_empty() => NodeKind::Coalesce(values(parts)?),
        ("replace", [subject, regex, replacement]) => {
            let subject = Box::new(value(subject)?);
            NodeKind::Replace {
                subject,
                regex: pcre::compile_for_replace(literal(regex)?)?,
                replacement: literal(replacement)?.replacement()?,
            }
        }
        ("mvcount", [field]) => NodeKind::Count(Box::new(many(field)?)),
        ("mvindex", [field, bounds @ ..]) if matches!(bounds.len(), 1 | 2) => {
            NodeKind::Index(Box::new(many(field)?), values(bounds)?)
        }
        ("mvfind", [field, regex]) => NodeKind::Find(Box::new(many(field)?), pcre::compile(literal(regex)?)?),
        ("mvfilter", [condition]) => filter(condition)?,
        _ => return Err(bad_call(name, "a value")),
    })
}

/// A field, or what `mvfilter()` and `mvindex()` leave of one.
fn many(expr: &Expr) -> Result<Node, Error> {
    match &expr.kind {
        ExprKind::Field(_) => value(expr),
        ExprKind::Call(name, _) if matches!(name.text.as_str(), "mvfilter" | "mvindex") => value(expr),
        _ => Err(expr.error("expected a field")),
    }
}

/// "The predicate expression can reference only one field at a time" (page "Multivalue eval functions", `mvfilter`).
fn filter(condition: &Expr) -> Result<NodeKind, Error> {
    let mut fields = Vec::new();
    collect_fields(condition, &mut fields);
    fields.dedup();
    match fields.as_slice() {
        [field] if *field != "_time" => {
            Ok(NodeKind::Filter { field: (*field).to_owned(), condition: Box::new(truth(condition)?) })
        }
        _ => Err(condition.error("the condition of `mvfilter()` must name one field")),
    }
}

fn collect_fields<'a>(expr: &'a Expr, fields: &mut Vec<&'a str>) {
    match &expr.kind {
        ExprKind::Text(_) | ExprKind::Number(_) => {}
        ExprKind::Field(name) => fields.push(name),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Xor(parts) | ExprKind::Concat(parts) => {
            parts.iter().for_each(|part| collect_fields(part, fields));
        }
        ExprKind::Not(inner) | ExprKind::Negate(inner) => collect_fields(inner, fields),
        ExprKind::Compare(_, left, right) | ExprKind::Like(left, right) | ExprKind::Arithmetic(_, left, right) => {
            collect_fields(left, fields);
            collect_fields(right, fields);
        }
        ExprKind::In(subject, items) => {
            collect_fields(subject, fields);
            items.iter().for_each(|item| collect_fields(item, fields));
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| collect_fields(arg, fields)),
    }
}

fn likeness(subject: &Expr, pattern: &Expr) -> Result<Truth, Error> {
    let subject = value(subject)?;
    Ok(match &pattern.kind {
        ExprKind::Text(text) => Truth::LikeConst(subject, like(&text.value()?, pattern.span)?),
        _ => Truth::Like(subject, value(pattern)?),
    })
}

/// The pairs of `case(condition, value, ...)`.
fn arms<T>(expr: &Expr, pairs: &[Expr], then: fn(&Expr) -> Result<T, Error>) -> Result<Vec<(Truth, T)>, Error> {
    let arm = |pair: &[Expr]| match pair {
        [condition, result] => Ok((truth(condition)?, then(result)?)),
        _ => Err(expr.error("`case()` takes pairs of a condition and a value")),
    };
    pairs.chunks(2).map(arm).collect()
}

fn literal(expr: &Expr) -> Result<&Text, Error> {
    match &expr.kind {
        ExprKind::Text(text) => Ok(text),
        _ => Err(expr.error("expected a string in double quotes")),
    }
}

fn bad_call(name: &Name, expected: &str) -> Error {
    let message = format!("`{}()` is not modelled as {expected} with these arguments", name.text);
    Error::new(message, name.span)
}
