//! From predicates to leaves: which operator says a test exactly.
//!
//! `:` folds and reads `*` and `?`, which it cannot escape; `in~` folds and reads nothing; `==` and `in` do neither;
//! `like` reads but does not fold. What none of them can say goes to `regex` and `regex~`. Nothing is quoted or
//! rendered here.

use std::sync::Arc;

use super::{Types, guard, quote, regex, typed};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Case, Field, FieldType, Origin, Pattern, Piece, Predicate, Shape, Subject, Test};
use crate::target::plan::{Context, Leaves, Plan};
use crate::target::quote::{Operand, Quoted};

/// The most patterns that character sets are written out to; more become a regular expression.
const ALTERNATIVES: usize = 25;

/// From so many patterns on a list is packed where it must be.
const WORTH_PACKING: usize = 16;

/// The leaves of one rule.
pub(super) struct Room<'t> {
    pub(super) types: &'t Types,
    pub(super) lists: Lists,
}

/// How long lists of texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// A value for each, with the operator that says it best.
    Plain,
    /// As regular expressions, since the values would be too many clauses.
    Packed,
}

/// An operator that takes a list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `:`
    Matches,
    /// `in~`
    InFold,
    /// `==` and `in`
    In,
    /// `like`
    Like,
    /// `cidrMatch`
    Cidr,
}

impl Operator {
    fn macro_name(self) -> &'static str {
        match self {
            Operator::Matches => "matches",
            Operator::InFold => "in_fold",
            Operator::In => "in_exact",
            Operator::Like => "like",
            Operator::Cidr => "cidr",
        }
    }
}

/// A piece of the answer to one test; the alternatives of a test are several.
pub(super) enum Item {
    /// A value for an operator.
    Value(Operator, Quoted),
    /// Something that stands alone.
    Plan(Plan),
}

/// A field with its quoted name and its type.
pub(super) struct Column {
    pub(super) name: Arc<str>,
    pub(super) quoted: Quoted,
    pub(super) kind: FieldType,
}

impl Column {
    /// The leaf `macro(field, operand)`.
    pub(super) fn leaf(&self, name: &'static str, operand: impl Into<Operand>) -> Plan {
        Plan::leaf(name, [self.quoted.clone().into(), operand.into()])
    }

    /// The field has a value.
    pub(super) fn present(&self) -> Plan {
        guard::present(self.quoted.clone())
    }
}

impl Leaves for Room<'_> {
    fn leaf(&self, predicate: &Predicate, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        match &predicate.subject {
            Subject::Field(field) => self.alternatives(field, &[(&predicate.test, origin)], cx),
            Subject::AnyValue => Err(unsupported("search all values of an event")),
        }
    }

    fn alternatives(
        &self,
        field: &Field,
        tests: &[(&Test, &Origin)],
        cx: &mut Context<'_>,
    ) -> Result<Plan, Diagnostic> {
        let kind = self.types.get(field);
        let column = Column { name: field.name.clone(), quoted: quote::field(&field.name)?, kind };
        let mut out = Vec::new();
        let (packed, tests): (Vec<_>, Vec<_>) =
            tests.iter().partition(|(test, _)| self.lists == Lists::Packed && is_packed(&column, test));
        let tests = if packed.len() < WORTH_PACKING {
            [packed, tests].concat()
        } else {
            let patterns =
                packed.iter().filter_map(|(test, _)| if let Test::Pattern(p) = test { Some(p) } else { None });
            let patterns: Vec<&Pattern> = patterns.collect();
            let texts = regex::pack(&patterns, longest_regex(cx)).map_err(refused)?;
            out.extend(texts.iter().map(|(text, case)| Item::Plan(regex_leaf(&column, text, *case))));
            tests
        };
        for (test, origin) in tests {
            // A refusal of one test must not hide those of the others.
            match items(&column, test, origin, cx) {
                Ok(items) => out.extend(items),
                Err(refusal) => cx.say(at(refusal, origin)),
            }
        }
        Ok(assemble(&column, out, cx.manifest.limits.list_values))
    }
}

/// Whether a test is a clause of its own that a regular expression can say as well: an exact text is one of a set.
fn is_packed(column: &Column, test: &Test) -> bool {
    let Test::Pattern(pattern) = test else { return false };
    let is_term = matches!(pattern.shape(), Shape::Equals(text) if pattern.case == Case::Exact || text.is_empty());
    column.kind == FieldType::Text && pattern.shape() != Shape::Anything && !is_term
}

fn at(mut diagnostic: Diagnostic, origin: &Origin) -> Diagnostic {
    diagnostic.span.get_or_insert(origin.span);
    diagnostic
}

/// A test that EQL has no way to say.
pub(super) fn unsupported(what: &str) -> Diagnostic {
    Diagnostic::new(codes::PREDICATE_UNSUPPORTED, format!("EQL cannot {what}"))
}

/// Joins the values of each operator into lists, in the order in which the operators first occur.
fn assemble(column: &Column, items: Vec<Item>, limit: Option<usize>) -> Plan {
    enum Slot {
        List(Operator, Vec<Quoted>),
        Plan(Plan),
    }
    let mut slots: Vec<Slot> = Vec::new();
    for item in items {
        match item {
            Item::Plan(plan) => slots.push(Slot::Plan(plan)),
            Item::Value(operator, value) => {
                let list = slots.iter_mut().find_map(|slot| match slot {
                    Slot::List(other, values) if *other == operator => Some(values),
                    _ => None,
                });
                match list {
                    Some(values) => values.push(value),
                    None => slots.push(Slot::List(operator, vec![value])),
                }
            }
        }
    }
    let limit = limit.unwrap_or(usize::MAX).max(1);
    Plan::any(slots.into_iter().flat_map(|slot| match slot {
        Slot::Plan(plan) => vec![plan],
        Slot::List(operator, values) => {
            values.chunks(limit).map(|values| column.leaf(operator.macro_name(), values.to_vec())).collect()
        }
    }))
}

/// One test on a column.
fn items(column: &Column, test: &Test, origin: &Origin, cx: &mut Context<'_>) -> Result<Vec<Item>, Diagnostic> {
    match test {
        Test::Null => return Ok(vec![Item::Plan(guard::missing(column.quoted.clone()))]),
        Test::Exists(present) => {
            cx.say(null_is_missing(&column.name).at(origin.span));
            let (yes, no) = (column.present(), guard::missing(column.quoted.clone()));
            return Ok(vec![Item::Plan(if *present { yes } else { no })]);
        }
        Test::FieldPattern { .. } => return Err(unsupported("compare a field with another field")),
        Test::TimePart { .. } => return Err(unsupported("take parts of a date")),
        Test::Placeholder(_) => return Err(unsupported("compare with a placeholder")),
        _ => {}
    }
    if column.kind != FieldType::Text {
        return typed::items(column, test);
    }
    match test {
        Test::Pattern(pattern) => text_pattern(column, pattern, origin, cx),
        Test::Regex(regex) => search(column, &regex.tree, cx),
        // Numbers and booleans are held as their text.
        Test::Number(number) => Ok(vec![Item::Value(Operator::Matches, quote::string(&number.to_string()))]),
        Test::Bool(value) => Ok(vec![Item::Value(Operator::Matches, quote::string(&value.to_string()))]),
        Test::Network(_) => Err(unsupported("test a text column for a network")
            .help("`cidrMatch` works on columns of type ip only; map the field to one")),
        _ => Err(unsupported("compare the numbers in a text column")
            .help("ranges work on numeric columns only; map the field to one")),
    }
}

/// The rule tells a null value from a missing field.
fn null_is_missing(name: &str) -> Diagnostic {
    Diagnostic::new(
        codes::DATA_MODEL,
        format!("Elasticsearch holds no nulls: `{name}` with a null value counts as missing there"),
    )
}

/// A pattern on text.
fn text_pattern(
    column: &Column,
    pattern: &Pattern,
    origin: &Origin,
    cx: &mut Context<'_>,
) -> Result<Vec<Item>, Diagnostic> {
    if pattern.case == Case::Fold && pattern.chars().any(|c| !c.is_ascii() && regex::is_cased(c)) {
        // The operators may fold ASCII only; an expression can list both forms of the other letters.
        if let Ok(item) = whole(column, pattern, cx) {
            return Ok(vec![item]);
        }
        let warning = "Elasticsearch before version 9 folds only the ASCII letters of this value";
        cx.say(Diagnostic::new(codes::FOLDING_LIMITED, warning).at(origin.span));
    }
    match expand(pattern) {
        Some(patterns) => patterns.iter().map(|pattern| simple_pattern(column, pattern, cx)).collect(),
        None => whole(column, pattern, cx).map(|item| vec![item]),
    }
}

/// The pattern without character sets: every choice of their members, where these are few.
fn expand(pattern: &Pattern) -> Option<Vec<Pattern>> {
    let mut out: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pattern.pieces() {
        let choices: Vec<Piece> = match piece {
            Piece::OneOf(set) => set.iter().map(|c| Piece::Literal(c.to_string().into())).collect(),
            other => vec![other.clone()],
        };
        if out.len().saturating_mul(choices.len()) > ALTERNATIVES {
            return None;
        }
        if let [choice] = choices.as_slice() {
            out.iter_mut().for_each(|head| head.push(choice.clone()));
        } else {
            let with = |head: &Vec<Piece>, choice: &Piece| [head.as_slice(), std::slice::from_ref(choice)].concat();
            out = out.iter().flat_map(|head| choices.iter().map(move |choice| with(head, choice))).collect();
        }
    }
    Some(out.into_iter().map(|pieces| Pattern::new(pieces, pattern.case)).collect())
}

/// A pattern of text and wildcards.
fn simple_pattern(column: &Column, pattern: &Pattern, cx: &Context<'_>) -> Result<Item, Diagnostic> {
    let literal_wildcard = pattern.chars().any(|c| matches!(c, '*' | '?'));
    let fold = pattern.case == Case::Fold;
    Ok(match pattern.shape() {
        Shape::Anything => Item::Plan(column.present()),
        Shape::Equals("") => Item::Value(Operator::In, quote::string("")),
        Shape::Equals(text) if !fold => Item::Value(Operator::In, quote::string(text)),
        Shape::Equals(text) if literal_wildcard && !is_turkish(pattern) => {
            Item::Value(Operator::InFold, quote::string(text))
        }
        Shape::StartsWith(text) if literal_wildcard && !is_turkish(pattern) => {
            Item::Plan(column.leaf(if fold { "starts_fold" } else { "starts" }, quote::string(text)))
        }
        _ if literal_wildcard || is_turkish(pattern) => return whole(column, pattern, cx),
        _ if !regex::takes_wildcards(pattern) => return Err(too_complex("pattern")),
        _ => Item::Value(if fold { Operator::Matches } else { Operator::Like }, quote::string(&spelled(pattern))),
    })
}

/// Whether Elasticsearch 9 folds a letter of the pattern otherwise than Unicode: it takes `i` for `\u{130}`, and `I` for
/// `\u{131}`. Regular expressions name the letters.
fn is_turkish(pattern: &Pattern) -> bool {
    pattern.case == Case::Fold && pattern.chars().any(|c| matches!(c, '\u{130}' | '\u{131}'))
}

/// The pattern as `:` and `like` read it.
fn spelled(pattern: &Pattern) -> String {
    let mut out = String::new();
    for piece in pattern.pieces() {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::AnyString => out.push('*'),
            Piece::AnyChar => out.push('?'),
            Piece::OneOf(_) => {} // written out before
        }
    }
    out
}

/// The pattern as `:` and `like` read it, every choice of its character sets; `None` where these are too many.
pub(super) fn spelled_choices(pattern: &Pattern) -> Option<Vec<String>> {
    Some(expand(pattern)?.iter().map(spelled).collect())
}

/// A pattern as a regular expression.
fn whole(column: &Column, pattern: &Pattern, cx: &Context<'_>) -> Result<Item, Diagnostic> {
    let (text, case) = regex::whole(pattern, longest_regex(cx)).map_err(refused)?;
    Ok(Item::Plan(regex_leaf(column, &text, case)))
}

/// A regular expression. What is too large for one expression becomes several.
fn search(column: &Column, tree: &crate::ir::regex::Tree, cx: &Context<'_>) -> Result<Vec<Item>, Diagnostic> {
    match regex::search(tree, longest_regex(cx)).map_err(refused)? {
        regex::Search::Everything => Ok(vec![Item::Plan(column.present())]),
        regex::Search::Nothing => Ok(vec![Item::Plan(Plan::False)]),
        regex::Search::Lines(lines, case) => {
            Ok(lines.iter().map(|line| Item::Plan(regex_leaf(column, line, case))).collect())
        }
    }
}

fn regex_leaf(column: &Column, text: &str, case: Case) -> Plan {
    column.leaf(if case == Case::Fold { "regex_fold" } else { "regex" }, quote::string(text))
}

/// In UTF-16 units, as Elasticsearch counts.
fn longest_regex(cx: &Context<'_>) -> usize {
    cx.manifest.limits.regex_chars.unwrap_or(usize::MAX)
}

fn refused(refusal: regex::Refusal) -> Diagnostic {
    match refusal {
        regex::Refusal::Unsayable(what) => {
            Diagnostic::new(codes::REGEX_UNSUPPORTED, format!("EQL's regular expressions cannot say {what}"))
                .help("write the rule with plain strings and wildcards, or convert it to another target")
        }
        regex::Refusal::TooLong(length, limit) => Diagnostic::new(
            codes::REGEX_UNSUPPORTED,
            format!("the regular expression has {length} characters in EQL, Elasticsearch accepts {limit}"),
        )
        .help("split its alternatives into several values of the field"),
        regex::Refusal::TooComplex => too_complex("regular expression"),
    }
}

/// A pattern that Lucene gives up on.
fn too_complex(what: &str) -> Diagnostic {
    Diagnostic::new(codes::PATTERN_TOO_COMPLEX, format!("Elasticsearch would refuse this {what} as too complex")).help(
        "use fewer wildcards for one character (`?`, `.`, `.{n}`) behind an open start, or name the text before them",
    )
}
