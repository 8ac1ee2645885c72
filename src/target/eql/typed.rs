//! Tests on columns that hold no text: numbers, booleans, addresses, times.
//!
//! The IR tests the *text* of a value; such a column holds the value, so a text that is not the text of any value of
//! its type is never there. What would need the exact text of a fraction, an address or a time is refused.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv6Net};

use super::leaf::{Column, Item, Operator, unsupported};
use super::quote;
use crate::diagnostic::Diagnostic;
use crate::ir::{Case, CompareOp, FieldType, Number, Pattern, Shape, Test};
use crate::target::plan::Plan;
use crate::target::quote::Operand;

/// One test on a column that is not text. Null, exists and what needs another field are settled before.
pub(super) fn items(column: &Column, test: &Test) -> Result<Vec<Item>, Diagnostic> {
    match (column.kind, test) {
        (_, Test::Pattern(pattern)) if pattern.shape() == Shape::Anything => Ok(vec![Item::Plan(column.present())]),
        (_, Test::Regex(_)) => Err(unsupported(&format!("search {} for a regular expression", noun(column.kind)))
            .help("expressions work on keyword columns only; map the field to one, or test with wildcards or numbers")),
        (FieldType::Ip, Test::Network(network)) => match network.net() {
            IpNet::V4(_) => Ok(vec![Item::Value(Operator::Cidr, quote::string(&network.to_string()))]),
            IpNet::V6(net) => Ok(without_ipv4(net)),
        },
        (FieldType::Integer | FieldType::Real, Test::Compare(CompareOp::Eq, number) | Test::Number(number)) => {
            equal_number(column, *number)
        }
        (FieldType::Integer | FieldType::Real, Test::Compare(op, number)) => {
            let operands = [column.quoted.clone().into(), Operand::Word(word(*op)), quote::number(*number)?.into()];
            Ok(vec![Item::Plan(Plan::leaf("compare", operands))])
        }
        (FieldType::Boolean, Test::Bool(value)) => Ok(vec![Item::Value(Operator::In, quote::boolean(*value))]),
        (_, Test::Number(_) | Test::Bool(_)) if column.kind != FieldType::Time => Ok(never()),
        (_, Test::Pattern(pattern)) => typed_pattern(column, pattern),
        (kind, Test::Network(_)) => Err(unsupported(&format!("test {} for a network", noun(kind)))
            .help("`cidrMatch` works on columns of type ip only; map the field to one")),
        (kind, _) => Err(unsupported(&format!("compare {} with a number", noun(kind)))
            .help("map the field to a column that holds numbers")),
    }
}

/// An IPv6 network without the block in which an `ip` field holds IPv4 addresses: these lie in no IPv6 network.
fn without_ipv4(net: Ipv6Net) -> Vec<Item> {
    let item = |net: &Ipv6Net| Item::Value(Operator::Cidr, quote::string(&net.to_string()));
    let block = Ipv6Net::new_assert(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96);
    if block.contains(&net) {
        return never();
    }
    let mut out = Vec::new();
    let mut rest = net;
    // Halves: the one without the block is taken, the other is halved again.
    while rest.contains(&block) {
        let Ok(halves) = rest.subnets(rest.prefix_len() + 1) else { break };
        let (with, without): (Vec<_>, Vec<_>) = halves.partition(|half| half.contains(&block));
        out.extend(without.iter().map(item));
        match with.as_slice() {
            [half] if *half != block => rest = *half,
            _ => return out,
        }
    }
    out.push(item(&rest));
    out
}

fn noun(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Ip => "an ip column",
        FieldType::Boolean => "a boolean column",
        FieldType::Time => "a date column",
        FieldType::Integer | FieldType::Real => "a numeric column",
        _ => "a text column",
    }
}

fn word(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

/// No value of the column passes.
fn never() -> Vec<Item> {
    vec![Item::Plan(Plan::False)]
}

/// A whole number in any spelling, and only such, can be in an integer column.
fn equal_number(column: &Column, number: Number) -> Result<Vec<Item>, Diagnostic> {
    let number = match number {
        Number::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => Number::Int(x as i128),
        other => other,
    };
    match (column.kind, number) {
        (FieldType::Integer, Number::Float(_)) => Ok(never()),
        (FieldType::Integer, Number::Int(n)) if i64::try_from(n).is_err() => Ok(never()),
        _ => Ok(vec![Item::Value(Operator::In, quote::number(number)?)]),
    }
}

/// A string pattern on a column that holds no strings.
fn typed_pattern(column: &Column, pattern: &Pattern) -> Result<Vec<Item>, Diagnostic> {
    let Shape::Equals(text) = pattern.shape() else { return wildcards(column, pattern) };
    match column.kind {
        FieldType::Integer | FieldType::Real => match number_of_text(text) {
            Some(number) => equal_number(column, number),
            None => Ok(never()),
        },
        FieldType::Boolean => {
            let is = |word: &str| match pattern.case {
                Case::Fold => text.eq_ignore_ascii_case(word),
                Case::Exact => text == word,
            };
            Ok(match [true, false].into_iter().find(|value| is(if *value { "true" } else { "false" })) {
                Some(value) => vec![Item::Value(Operator::In, quote::boolean(value))],
                None => never(),
            })
        }
        FieldType::Ip => Ok(match canonical_address(text, pattern.case) {
            Some(address) => vec![Item::Value(Operator::In, quote::string(&address))],
            None => never(),
        }),
        kind => {
            Err(unsupported(&format!("compare the text of {}", noun(kind))).help("map the field to a keyword column"))
        }
    }
}

/// The address whose canonical text this is: such a column gives its addresses back in that form only, IPv4-mapped ones as
/// IPv4.
fn canonical_address(text: &str, case: Case) -> Option<String> {
    let address = text.parse::<IpAddr>().ok()?.to_canonical().to_string();
    let same = match case {
        Case::Fold => address.eq_ignore_ascii_case(text),
        Case::Exact => address == text,
    };
    same.then_some(address)
}

/// The number whose canonical text this is.
fn number_of_text(text: &str) -> Option<Number> {
    let number = match text.parse::<i128>() {
        Ok(n) => Number::Int(n),
        Err(_) => Number::Float(text.parse::<f64>().ok().filter(|x| x.is_finite())?),
    };
    (number.to_string() == text).then_some(number)
}

/// Wildcards over the text of a value: only where Elasticsearch writes it as the IR does.
fn wildcards(column: &Column, pattern: &Pattern) -> Result<Vec<Item>, Diagnostic> {
    let literal = pattern.chars().any(|c| matches!(c, '*' | '?'));
    match column.kind {
        // No such text has a `*` or a `?`.
        FieldType::Integer | FieldType::Boolean | FieldType::Ip if literal => Ok(never()),
        FieldType::Integer | FieldType::Boolean | FieldType::Ip => {
            let patterns = super::leaf::spelled_choices(pattern).ok_or_else(|| {
                unsupported(&format!("match this pattern with {}", noun(column.kind))).help("use fewer character sets")
            })?;
            let name = if pattern.case == Case::Fold { "text_matches" } else { "text_like" };
            Ok(vec![Item::Plan(column.leaf(name, patterns.iter().map(|text| quote::string(text)).collect::<Vec<_>>()))])
        }
        kind => Err(unsupported(&format!("match the text of {} with wildcards", noun(kind)))
            .help("map the field to a keyword column, or compare numbers")),
    }
}
