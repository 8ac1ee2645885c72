//! The leaves of the `where` part: regular expressions, networks, numbers, other fields, times. Each leaf's macro gives
//! true or false and never null, and holds where some value of a multivalue field passes. Literals of `search` have no
//! place here.

use super::quote;
use super::{limits, subject_name};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::regex::{Class, ClassItem, Flags, Look, Tree};
use crate::ir::{
    Case, CompareOp, Number, Origin, Pattern, PatternOp, Piece, Predicate, Regex, Shape, Subject, Test, TimePart,
};
use crate::target::plan::{Context, Leaves, Plan};
use crate::target::quote::{Operand, Quoted};
use crate::target::regex::{self, Dialect};

/// Patterns' wildcards cross line breaks, so their dot does.
const PATTERN: Dialect = Dialect { prefix: "(?s)", dot_all: ".", ..regex::PCRE2 };

/// The leaves of the `where` part.
pub struct Filter;

impl Leaves for Filter {
    fn leaf(&self, predicate: &Predicate, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        limits::note(predicate, origin, cx);
        let field = quote::filter_name(subject_name(&predicate.subject))?;
        match &predicate.test {
            Test::Pattern(pattern) => match pattern.shape() {
                Shape::Anything => Ok(present(field)),
                Shape::Equals("") => Ok(present(field).negate()),
                _ => Ok(Plan::leaf("matches", [field.into(), vec![pattern_regex(pattern)?].into()])),
            },
            Test::Regex(regex) => {
                let pcre = rule_regex(regex, &predicate.subject)?;
                Ok(Plan::leaf("matches", [field.into(), vec![pcre].into()]))
            }
            Test::Number(number) => text(field, &number.to_string()),
            Test::Bool(value) => text(field, &value.to_string()),
            Test::Network(network) => {
                Ok(Plan::leaf("in_networks", [field.into(), vec![quote::network(*network)].into()]))
            }
            Test::Compare(op, number) => compare(field, *op, *number),
            Test::Exists(true) => Ok(present(field)),
            Test::Exists(false) | Test::Null => Ok(present(field).negate()),
            // Whatever the relation, a value stands in it to itself.
            Test::FieldPattern { other, .. } if subject_name(&predicate.subject) == &*other.name => Ok(present(field)),
            Test::FieldPattern { op, other, case } => {
                let other = quote::filter_name(&other.name)?;
                let fold = Operand::Flag(*case == Case::Fold);
                Ok(Plan::leaf(relation(*op), [field.into(), other.into(), fold]))
            }
            Test::TimePart { part, op, n } => time_part(field, *part, *op, *n),
            // Not reached: `plan::build` refuses placeholders before it asks for a leaf.
            Test::Placeholder(name) => {
                Err(Diagnostic::new(codes::PLACEHOLDER_UNRESOLVED, format!("the placeholder `%{name}%` has no value")))
            }
        }
    }
}

fn present(field: Quoted) -> Plan {
    Plan::leaf("present", [field.into()])
}

/// The value is this text, letter case aside.
fn text(field: Quoted, text: &str) -> Result<Plan, Diagnostic> {
    let pattern = Pattern::literal(text, Case::Fold);
    Ok(Plan::leaf("matches", [field.into(), vec![pattern_regex(&pattern)?].into()]))
}

/// A pattern as a regular expression that finds a match exactly where the pattern covers the whole text: an outer `*` is the
/// absence of an anchor.
pub fn tree(pattern: &Pattern) -> Tree {
    let fold = pattern.case == Case::Fold;
    let (mut pieces, mut parts) = (pattern.pieces(), Vec::new());
    match pieces {
        [Piece::AnyString, rest @ ..] => pieces = rest,
        _ => parts.push(Tree::Look(Look::Start)),
    }
    let open_end = matches!(pieces.last(), Some(Piece::AnyString)) || (pieces.is_empty() && parts.is_empty());
    if let ([rest @ .., Piece::AnyString], true) = (pieces, open_end) {
        pieces = rest;
    }
    for piece in pieces {
        match piece {
            Piece::Literal(text) => parts.extend(text.chars().map(|c| Tree::Literal { c, fold })),
            Piece::AnyChar => parts.push(Tree::Dot { newline: true }),
            Piece::AnyString => {
                let tree = Box::new(Tree::Dot { newline: true });
                parts.push(Tree::Repeat { min: 0, max: None, greedy: true, tree });
            }
            Piece::OneOf(set) => {
                let items = set.iter().map(|c| ClassItem::Range(*c, *c)).collect();
                parts.push(Tree::Class(Class { negated: false, fold, items }));
            }
        }
    }
    if !open_end {
        parts.push(Tree::Look(Look::End));
    }
    Tree::Concat(parts)
}

fn pattern_regex(pattern: &Pattern) -> Result<Quoted, Diagnostic> {
    let tree = tree(pattern);
    let dots = matches!(&tree, Tree::Concat(parts) if parts.iter().any(|p| matches!(p, Tree::Dot { .. } | Tree::Repeat { .. })));
    let dialect = if dots { PATTERN } else { regex::PCRE2 };
    print(&Regex { text: "".into(), flags: Flags::default(), tree }, &dialect)
}

/// A rule's own expression. In the raw text the borders of values are not known, so a keyword cannot have anchors.
fn rule_regex(regex: &Regex, subject: &Subject) -> Result<Quoted, Diagnostic> {
    if *subject == Subject::AnyValue && has_anchor(&regex.tree) {
        let message =
            "Splunk SPL cannot say the start or end of a value in a keyword: `_raw` does not show where values end";
        return Err(Diagnostic::new(codes::PREDICATE_UNSUPPORTED, message).help("name the field that the text is in"));
    }
    print(regex, &regex::PCRE2)
}

fn print(regex: &Regex, dialect: &Dialect) -> Result<Quoted, Diagnostic> {
    let pcre = regex::print(regex, dialect).map_err(|why| {
        Diagnostic::new(codes::REGEX_UNSUPPORTED, format!("Splunk SPL cannot say this regular expression: {why}"))
    })?;
    Ok(quote::regex(&pcre))
}

fn has_anchor(tree: &Tree) -> bool {
    match tree {
        Tree::Look(look) => !matches!(look, Look::WordBoundary | Look::NotWordBoundary),
        Tree::Repeat { tree, .. } | Tree::Group(tree) => has_anchor(tree),
        Tree::Concat(parts) | Tree::Alternate(parts) => parts.iter().any(has_anchor),
        Tree::Empty | Tree::Literal { .. } | Tree::Dot { .. } | Tree::Class(_) => false,
    }
}

fn compare(field: Quoted, op: CompareOp, number: Number) -> Result<Plan, Diagnostic> {
    let Some(number) = quote::number(number) else {
        let message = format!("Splunk SPL cannot compare with {number} exactly: its numbers are doubles");
        let help = "numbers from -9007199254740991 to 9007199254740991 are exact";
        return Err(Diagnostic::new(codes::PREDICATE_UNSUPPORTED, message).help(help));
    };
    Ok(Plan::leaf("compares", [field.into(), Operand::Word(operator(op)), number.into()]))
}

fn operator(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

fn relation(op: PatternOp) -> &'static str {
    match op {
        PatternOp::Equals => "equals_field",
        PatternOp::Contains => "contains_field",
        PatternOp::StartsWith => "starts_with_field",
        PatternOp::EndsWith => "ends_with_field",
    }
}

fn time_part(field: Quoted, part: TimePart, op: CompareOp, n: i64) -> Result<Plan, Diagnostic> {
    let name = match part {
        TimePart::Minute => "minute",
        TimePart::Hour => "hour",
        TimePart::Day => "day",
        TimePart::Week => "week",
        TimePart::Month => "month",
        TimePart::Year => "year",
    };
    let Some(n) = quote::number(Number::Int(n.into())) else {
        return Err(Diagnostic::new(codes::PREDICATE_UNSUPPORTED, format!("no {name} is as far away as {n}")));
    };
    Ok(Plan::leaf(name, [field.into(), Operand::Word(operator(op)), n.into()]))
}
