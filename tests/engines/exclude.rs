//! What the engines do otherwise than the products, or than the target's data model says: left out by construct.
//!
//! Each function gets the rule as the store has it, its query, and an event as the store holds it. An error is the reason
//! for which the event is not compared.

use std::net::IpAddr;

use serde_json::Value;
use sigmaglot::interp::Event;
use sigmaglot::ir::{Case, Pattern, Piece, Rule, Subject, Test};

/// The most bytes of a term of Lucene.
const MAX_TERM: usize = 32_766;

/// How an engine with one switch for letter case is to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Letters fold.
    Fold,
    /// Letters are exact.
    Exact,
}

/// The exclusions of an engine.
pub type Exclude = fn(&Rule, &str, &Event) -> Result<Mode, &'static str>;

/// An engine that takes everything.
pub fn nothing(_: &Rule, _: &str, _: &Event) -> Result<Mode, &'static str> {
    Ok(Mode::Fold)
}

/// DuckDB folds by lower case.
pub fn duckdb(rule: &Rule, _: &str, event: &Event) -> Result<Mode, &'static str> {
    lower_case(rule, event)
}

/// PostgreSQL folds by lower case.
pub fn postgres(rule: &Rule, _: &str, event: &Event) -> Result<Mode, &'static str> {
    lower_case(rule, event)
}

/// ClickHouse folds by lower case.
pub fn clickhouse(rule: &Rule, _: &str, event: &Event) -> Result<Mode, &'static str> {
    lower_case(rule, event)
}

/// Spark folds by lower case.
pub fn spark(rule: &Rule, _: &str, event: &Event) -> Result<Mode, &'static str> {
    lower_case(rule, event)
}

/// ClickHouse reads Kusto, but is not Kusto.
pub fn kusto(rule: &Rule, query: &str, event: &Event) -> Result<Mode, &'static str> {
    if query.contains("* contains") || tests(rule).any(|(subject, _)| *subject == Subject::AnyValue) {
        return Err("ClickHouse's Kusto has no `*` for all columns");
    }
    if query.contains("(?-u:") {
        return Err("ClickHouse's regular expressions do not know `(?-u:`");
    }
    if query.contains("matches regex") && texts(event).any(|text| text.contains('\n')) {
        return Err("ClickHouse's dot matches line breaks");
    }
    if network_fields(rule).any(|name| !is_address(event.0.get(name))) {
        return Err("ClickHouse's functions of networks fail on text that is no address");
    }
    lower_case(rule, event)
}

/// The Endgame engine reads Elasticsearch's EQL, but is not Elasticsearch.
pub fn eql(rule: &Rule, query: &str, event: &Event) -> Result<Mode, &'static str> {
    if query.contains(" regex") {
        return Err("PyPI eql's `regex` looks at the start of a text, not at the whole");
    }
    if reads_one_escape(query) {
        return Err("PyPI eql reads several `\\u{..}` in one text as one");
    }
    let patterns = || tests(rule).filter_map(|(_, test)| if let Test::Pattern(p) = test { Some(p) } else { None });
    if patterns().any(|p| p.pieces().iter().any(|piece| !matches!(piece, Piece::Literal(_) | Piece::AnyString))) {
        return Err("PyPI eql has no wildcard for one character");
    }
    if event.0.values().any(Value::is_array) {
        return Err("PyPI eql's `:` does not look into arrays");
    }
    if texts(event).any(|text| text.ends_with('\n')) {
        return Err("PyPI eql's `:` ends with Python's `$`, which holds before a last line break too");
    }
    let cased = |p: &&Pattern| p.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    let exact = patterns().filter(cased).any(|p| p.case == Case::Exact);
    if exact && patterns().filter(cased).any(|p| p.case == Case::Fold) {
        return Err("PyPI eql has one switch of letter case for the whole query");
    }
    if !exact && texts(event).any(|text| text.chars().any(|c| !c.is_ascii() && (c.is_lowercase() || c.is_uppercase())))
    {
        return Err("PyPI eql folds letters beyond ASCII in ways of its own");
    }
    Ok(if exact { Mode::Exact } else { Mode::Fold })
}

/// Lucene runs what Elasticsearch does not run as a script, on texts that fit a term.
pub fn lucene(_: &Rule, query: &str, event: &Event) -> Result<Mode, &'static str> {
    crate::lucene::can_run(query)?;
    if all_texts(event).any(|text| text.len() > MAX_TERM) {
        return Err("Lucene has no terms of this length");
    }
    Ok(Mode::Fold)
}

/// Whether a text of the query has more than one character by its number, which PyPI `eql` takes for a single one.
pub fn reads_one_escape(query: &str) -> bool {
    query.split('"').any(|part| part.matches("\\u{").count() > 1)
}

/// Lower case is not folding where the forms of a letter share none, or differ in length.
fn lower_case(_: &Rule, event: &Event) -> Result<Mode, &'static str> {
    if texts(event).any(|text| text.chars().any(lower_case_differs)) {
        return Err("lower case and folding differ for a letter of the event");
    }
    Ok(Mode::Fold)
}

fn lower_case_differs(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let folded = unicode_case_mapping::case_folded(c).and_then(|n| char::from_u32(n.get())).unwrap_or(c);
    let mut lower = c.to_lowercase();
    lower.next() != Some(folded) || lower.next().is_some() || folded.len_utf8() != c.len_utf8()
}

fn tests(rule: &Rule) -> impl Iterator<Item = (&Subject, &Test)> {
    let mut out = Vec::new();
    rule.condition.for_each_predicate(&mut |predicate, _| out.push((&predicate.subject, &predicate.test)));
    out.into_iter()
}

fn network_fields(rule: &Rule) -> impl Iterator<Item = &str> {
    tests(rule).filter_map(|pair| match pair {
        (Subject::Field(field), Test::Network(_)) => Some(&*field.name),
        _ => None,
    })
}

fn is_address(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.parse::<IpAddr>().is_ok())
}

/// The texts of an event, those in lists too.
fn all_texts(event: &Event) -> impl Iterator<Item = &str> {
    let values = event.0.values().flat_map(|value| match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    });
    values.filter_map(Value::as_str)
}

fn texts(event: &Event) -> impl Iterator<Item = &str> {
    event.0.values().filter_map(Value::as_str)
}
