//! EQL as Elasticsearch translates it to Query DSL, so that Lucene can run it.
//!
//! Written after Elasticsearch's golden translations (`querytranslator_tests.txt`): a leaf on a field is one query of
//! Lucene; a function around a field is a script, which Lucene has not, and an [`Err`] here. All fields are mapped.

use serde_json::{Value, json};
use sigmaglot::lang::eql::{CATEGORY_FIELD, CompareOp, Expr, ExprKind, Literal, MatchOp, Query};

/// All flags of Lucene's regular expressions, as Elasticsearch sets them for EQL.
const ALL_FLAGS: u32 = 255;

/// Why a query cannot run on Lucene alone.
pub const SCRIPT: &str = "Elasticsearch runs a function of this query as a script, which Lucene has not";

/// The query as Query DSL.
///
/// # Errors
/// Where Elasticsearch needs a script.
pub fn translate(query: &Query) -> Result<Value, &'static str> {
    let condition = condition(&query.condition)?;
    Ok(match &query.category {
        Some(category) => all(vec![term(CATEGORY_FIELD, json!(category), false), condition]),
        None => condition,
    })
}

fn all(parts: Vec<Value>) -> Value {
    json!({"bool": {"must": parts}})
}

/// One of them, or several of which one must hold.
fn any(mut parts: Vec<Value>) -> Value {
    if parts.len() == 1 { parts.remove(0) } else { json!({"bool": {"should": parts}}) }
}

fn not(part: Value) -> Value {
    json!({"bool": {"must_not": [part]}})
}

fn term(field: &str, value: Value, fold: bool) -> Value {
    json!({"term": {field: {"value": value, "case_insensitive": fold}}})
}

fn condition(expr: &Expr) -> Result<Value, &'static str> {
    match &expr.kind {
        ExprKind::Literal(Literal::Bool(true)) => Ok(json!({"match_all": {}})),
        ExprKind::Literal(_) => Ok(json!({"match_none": {}})),
        ExprKind::Field { name, .. } => Ok(term(name, json!(true), false)),
        ExprKind::And(parts) => Ok(all(each(parts)?)),
        ExprKind::Or(parts) => Ok(any(each(parts)?)),
        ExprKind::Not(inner) => Ok(not(condition(inner)?)),
        ExprKind::Compare(op, left, right) => compare(*op, left, right),
        ExprKind::In { fold, negated, subject, items } => {
            let name = field(subject)?;
            let values = items.iter().map(constant).collect::<Result<Vec<_>, _>>()?;
            let found = match fold {
                true => any(values.into_iter().map(|value| term(name, value, true)).collect()),
                false => json!({"terms": {name: values}}),
            };
            Ok(if *negated { not(found) } else { found })
        }
        ExprKind::Match(op, subject, patterns) => {
            let name = field(subject)?;
            Ok(match op {
                // "Supports list lookups": the list is one regular expression.
                MatchOp::Regex | MatchOp::RegexFold => json!({"regexp": {name: {
                    "value": patterns.join("|"), "flags_value": ALL_FLAGS, "case_insensitive": op.folds(),
                }}}),
                _ => any(patterns.iter().map(|pattern| wildcard(name, pattern, op.folds())).collect()),
            })
        }
        ExprKind::Call { name, fold, args } => call(name, *fold, args),
    }
}

fn each(parts: &[Expr]) -> Result<Vec<Value>, &'static str> {
    parts.iter().map(condition).collect()
}

fn field(expr: &Expr) -> Result<&str, &'static str> {
    match &expr.kind {
        ExprKind::Field { name, .. } => Ok(name),
        _ => Err(SCRIPT),
    }
}

fn constant(expr: &Expr) -> Result<Value, &'static str> {
    match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => Ok(json!(text)),
        ExprKind::Literal(Literal::Integer(n)) => Ok(json!(n)),
        ExprKind::Literal(Literal::Decimal(x)) => Ok(json!(x)),
        ExprKind::Literal(Literal::Bool(value)) => Ok(json!(value)),
        _ => Err("a value that is no constant"),
    }
}

fn compare(op: CompareOp, left: &Expr, right: &Expr) -> Result<Value, &'static str> {
    let name = field(left)?;
    let equal = match &right.kind {
        ExprKind::Literal(Literal::Null) => not(json!({"exists": {"field": name}})),
        _ => term(name, constant(right)?, false),
    };
    let bound = match op {
        CompareOp::Equal => return Ok(equal),
        CompareOp::NotEqual => return Ok(not(equal)),
        CompareOp::Less => "lt",
        CompareOp::LessOrEqual => "lte",
        CompareOp::Greater => "gt",
        CompareOp::GreaterOrEqual => "gte",
    };
    Ok(json!({"range": {name: {bound: constant(right)?}}}))
}

/// `:` and `like`: a text without wildcards is a term, one that takes everything a test for existence.
fn wildcard(name: &str, pattern: &str, fold: bool) -> Value {
    if !pattern.contains(['*', '?']) {
        return term(name, json!(pattern), fold);
    }
    if pattern.chars().all(|c| c == '*') {
        return json!({"exists": {"field": name}});
    }
    // A backslash of EQL's pattern is one of the text.
    json!({"wildcard": {name: {"value": pattern.replace('\\', "\\\\"), "case_insensitive": fold}}})
}

fn call(name: &str, fold: bool, args: &[Expr]) -> Result<Value, &'static str> {
    let [subject, values @ ..] = args else { return Err("a function without arguments") };
    let subject = field(subject)?;
    match (name.to_ascii_lowercase().as_str(), values) {
        ("cidrmatch", blocks) => {
            Ok(json!({"terms": {subject: blocks.iter().map(constant).collect::<Result<Vec<_>, _>>()?}}))
        }
        ("startswith", [prefix]) => {
            Ok(json!({"prefix": {subject: {"value": constant(prefix)?, "case_insensitive": fold}}}))
        }
        _ => Err(SCRIPT),
    }
}
