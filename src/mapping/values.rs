//! The transformations of values: one test of an item in, what it becomes out.
//!
//! A change of text goes through [`super::text`], so that wildcards and escapes survive it. Nothing here looks at fields.

use std::sync::Arc;

use indexmap::IndexMap;

use super::budget::Budget;
use super::closed::Closed;
use super::encoding::Encoding;
use super::event;
use super::params::{Literal, Params, say};
use super::prefix::Prefixes;
use super::regex::Replacement;
use super::registry::RegistryData;
use super::spelling::Spellings;
use super::text::{self, Text, Wildcards};
use super::unfit::Reason;
use crate::diagnostic::codes;
use crate::ir::regex::Flags;
use crate::ir::{Case, Field, Number, Pattern, Piece, Regex, Subject, Test};
use crate::sigma::pattern;
use crate::sigma::scalar::{self, Kind};

/// A change of values.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// `replace_string`
    Replace { regex: ::regex::Regex, by: Replacement, wildcards: Wildcards },
    /// `map_string`
    Map(IndexMap<Arc<str>, Vec<Arc<str>>>),
    /// `set_value`
    Set(Literal),
    /// `convert_type`
    Convert(Type),
    /// `regex`
    Regex(Method),
    /// `case`
    Case(Letters),
    /// `sigmaglot_values`
    Closed(Closed),
    /// `sigmaglot_prefixes`
    Prefixes(Prefixes),
    /// `sigmaglot_registry_data`
    RegistryData(RegistryData),
    /// `sigmaglot_encoding`
    Encoding(Encoding),
    /// `sigmaglot_spellings`
    Spellings(Spellings),
}

/// The types of `convert_type` and `force_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
}

/// How `regex` goes about letter case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Plain,
    Flag,
    Brackets,
}

/// The methods of `case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    Lower,
    Upper,
    Snake,
}

const TYPES: &[(&str, Type)] = &[("str", Type::Text), ("num", Type::Number)];

/// The words of `case`.
pub(super) const LETTERS: &[(&str, Letters)] =
    &[("lower", Letters::Lower), ("upper", Letters::Upper), ("snake_case", Letters::Snake)];

impl Change {
    /// Reads the parameters of a transformation of this type; `None` where it is another or has an error.
    pub fn parse(kind: &str, params: &mut Params<'_, '_, '_>) -> Option<Change> {
        Some(match kind {
            "replace_string" => return replace_string(params),
            "map_string" => {
                let names = params.names("mapping")?;
                Change::Map(names.into_iter().filter_map(|(key, values)| Some((key?, values))).collect())
            }
            "set_value" => return set_value(params),
            "sigmaglot_values" => Change::Closed(Closed::parse(params)?),
            "sigmaglot_prefixes" => Change::Prefixes(Prefixes::parse(params)?),
            "sigmaglot_registry_data" => Change::RegistryData(RegistryData::parse(params)?),
            "sigmaglot_encoding" => Change::Encoding(Encoding::parse(params)?),
            "sigmaglot_spellings" => Change::Spellings(Spellings::parse(params)?),
            "convert_type" => {
                if params.node("target_type").is_none() {
                    params.missing("target_type");
                }
                Change::Convert(params.choice("target_type", TYPES, Type::Text))
            }
            "regex" => {
                let words = [
                    ("plain", Method::Plain),
                    ("ignore_case_flag", Method::Flag),
                    ("ignore_case_brackets", Method::Brackets),
                ];
                Change::Regex(params.choice("method", &words, Method::Brackets))
            }
            _ => Change::Case(params.choice("method", LETTERS, Letters::Lower)),
        })
    }

    /// What a test becomes: alternatives; `Ok(None)` where it stays as it is.
    ///
    /// # Errors
    /// Where the value does not fit, with the reason.
    pub fn apply(&self, subject: &Subject, test: &Test, budget: &mut Budget) -> Result<Option<Vec<Test>>, String> {
        if budget.spent().is_some() {
            return Ok(None);
        }
        match (self, test) {
            (Change::Set(literal), _) => Ok(Some(vec![literal_test(subject, literal, Case::Fold)])),
            (Change::Closed(values), test) => values.apply(test),
            (Change::Prefixes(prefixes), test) => prefixes.apply(test, budget),
            (Change::RegistryData(data), test) => data.apply(test),
            (Change::Encoding(encoding), test) => encoding.apply(test),
            (Change::Spellings(spellings), test) => spellings.apply(test),
            (Change::Convert(kind), test) => Ok(convert(*kind, subject, test)?.map(|test| vec![test])),
            (Change::Replace { regex, by, wildcards }, Test::Pattern(old)) => {
                let pieces = text::value_pieces(subject, old);
                let Some(new) = text::replace(pieces, regex, by, *wildcards, budget) else {
                    return Err("`windash` makes too many texts of this value to replace in each".into());
                };
                Ok(Some(new.into_iter().map(|p| Test::Pattern(text::value_pattern(subject, p, old))).collect()))
            }
            (Change::Replace { regex, by, .. }, Test::Number(number)) => {
                let text = number.to_string();
                let new = by.replace_all(regex, &text, budget.text_left()).unwrap_or_else(|| text.clone());
                budget.text(new.len());
                Ok((new != text).then(|| vec![Test::Pattern(Pattern::new(pattern::parse(&new), Case::Fold))]))
            }
            (Change::Map(mapping), Test::Pattern(old)) => {
                let pieces = text::value_pieces(subject, old);
                // A wildcard that looks like a key is none, but for letter case a text is the same value.
                let case = if pattern::literal(pieces).is_some() { old.case } else { Case::Exact };
                let texts = find(mapping, &Text::new(pieces).text, case);
                let test = |text: &Arc<str>| Test::Pattern(text::value_pattern(subject, pattern::parse(text), old));
                Ok(texts.map(|texts| texts.iter().map(test).collect()))
            }
            (Change::Map(mapping), Test::Bool(_) | Test::Number(_)) => {
                let texts = event::text(test).and_then(|text| find(mapping, &text, Case::Fold));
                let test = |text: &Arc<str>| Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold));
                Ok(texts.map(|texts| texts.iter().map(test).collect()))
            }
            (Change::Regex(method), Test::Pattern(old)) if *subject != Subject::AnyValue => {
                to_regex(*method, old).map(|regex| regex.map(|regex| vec![Test::Regex(regex)]))
            }
            (Change::Regex(method), Test::Pattern(old)) => {
                // A keyword's own wildcards at both ends are what a search without anchors means.
                let inner = Pattern::new(text::value_pieces(subject, old).to_vec(), old.case).anywhere();
                to_regex(*method, &inner).map(|regex| regex.map(|regex| vec![Test::Regex(regex)]))
            }
            (Change::Case(letters), Test::Pattern(old)) => Ok(Some(vec![Test::Pattern(change_case(*letters, old))])),
            _ => Ok(None),
        }
    }
}

impl Change {
    /// What an event's value becomes: alternatives; `Ok(None)` where it stays as it is.
    ///
    /// # Errors
    /// Where no event of the source has the value.
    pub fn forward(&self, test: &Test, budget: &mut Budget) -> Result<Option<Vec<Test>>, Reason> {
        let exact = |text: &str| Test::Pattern(Pattern::literal(text, Case::Exact));
        if let Change::Set(literal) = self {
            let subject = Subject::Field(Field::new(""));
            return Ok(Some(vec![match literal_test(&subject, literal, Case::Exact) {
                Test::Pattern(pattern) => exact(&event::sample(pattern.pieces())),
                other => other,
            }]));
        }
        let Some(text) = event::text(test) else { return Ok(None) };
        match self {
            Change::Convert(Type::Text) => Ok(Some(vec![exact(&text)])),
            Change::Convert(Type::Number) => match number(&text) {
                // `00` is no text that a number has.
                Some(number) if number.to_string() == text => Ok(Some(vec![Test::Number(number)])),
                _ => Err(Reason::NotANumber),
            },
            Change::Replace { regex, by, wildcards } => {
                let pieces = [Piece::Literal(text.as_str().into())];
                let old = if text.is_empty() { &[][..] } else { &pieces };
                let new = text::replace(old, regex, by, *wildcards, budget).unwrap_or_default();
                let new: Vec<Test> = new.iter().map(|pieces| exact(&event::sample(pieces))).collect();
                Ok((new != [exact(&text)]).then_some(new))
            }
            Change::Map(mapping) => match find(mapping, &text, Case::Fold) {
                Some(texts) => {
                    Ok(Some(texts.iter().map(|text| exact(&event::sample(&pattern::parse(text)))).collect()))
                }
                // The product has this text, but says something else with it.
                None if mapping.values().flatten().any(|new| folds_to(new, &text)) => Err(Reason::Taken),
                None => Ok(None),
            },
            Change::Case(letters) => Ok(Some(vec![exact(&with_case(*letters, &text, &mut None))])),
            Change::Closed(values) => match values.of(&text) {
                Some(new) => Ok(Some(new.iter().map(|text| exact(text)).collect())),
                None => Err(Reason::NotAValue),
            },
            Change::Encoding(encoding) => Ok(Some(vec![exact(&encoding.of(&text))])),
            Change::Spellings(spellings) => {
                Ok(spellings.of(&text)?.map(|texts| texts.iter().map(|text| exact(text)).collect()))
            }
            Change::Prefixes(prefixes) => Ok(prefixes.of(&text)?.map(|pieces| vec![exact(&event::sample(&pieces))])),
            Change::RegistryData(data) => {
                Ok(data.of(&text)?.map(|texts| texts.iter().map(|text| exact(text)).collect()))
            }
            Change::Regex(_) | Change::Set(_) => Ok(None),
        }
    }
}

/// What a text is mapped to; without regard to letter case where the value is compared so.
fn find<'m>(mapping: &'m IndexMap<Arc<str>, Vec<Arc<str>>>, text: &str, case: Case) -> Option<&'m Vec<Arc<str>>> {
    let folded = || mapping.iter().find(|(key, _)| folds_to(key, text)).map(|(_, texts)| texts);
    mapping.get(text).or_else(|| if case == Case::Fold { folded() } else { None })
}

/// Whether two texts differ in letter case alone.
fn folds_to(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn replace_string(params: &mut Params<'_, '_, '_>) -> Option<Change> {
    let regex = params.regex("regex");
    let text = match params.node("replacement") {
        Some(_) => params.text("replacement"),
        None => params.required("replacement"),
    };
    let wildcards = match (params.flag("skip_special"), params.flag("interpret_special")) {
        (false, _) => Wildcards::Seen,
        (true, false) => Wildcards::Skipped,
        (true, true) => Wildcards::SkippedAndRead,
    };
    let (regex, text) = (regex?, text?);
    match Replacement::parse(&text, &regex) {
        Ok(by) => Some(Change::Replace { regex, by, wildcards }),
        Err(message) => {
            let span = params.node("replacement").map_or(params.span, |node| node.span);
            say(params.messages, codes::MAPPING_REGEX, message, span);
            None
        }
    }
}

fn set_value(params: &mut Params<'_, '_, '_>) -> Option<Change> {
    let literal = params.literal("value");
    let force = params.node("force_type").is_some().then(|| params.choice("force_type", TYPES, Type::Text));
    let literal = literal?;
    let Some(force) = force else { return Some(Change::Set(literal)) };
    let forced = match (force, &literal) {
        (Type::Text, Literal::Text(_)) | (Type::Number, Literal::Number(_)) => Some(literal.clone()),
        (Type::Text, Literal::Number(number)) => Some(Literal::Text(number.to_string().into())),
        (Type::Number, Literal::Text(text)) => number(text).map(Literal::Number),
        (_, Literal::Bool(_) | Literal::Null) => None,
    };
    if forced.is_none() {
        let node = params.node("value");
        let message = "the value of `set_value` cannot have the type of `force_type`";
        let span = node.map_or(params.span, |node| node.span);
        say(params.messages, codes::MAPPING_VALUE, message, span);
    }
    forced.map(Change::Set)
}

/// The test for a literal of a pipeline.
pub(super) fn literal_test(subject: &Subject, literal: &Literal, case: Case) -> Test {
    let text = |text: &str| {
        let pattern = Pattern::new(pattern::parse(text), case);
        Test::Pattern(if *subject == Subject::AnyValue { pattern.anywhere() } else { pattern })
    };
    match literal {
        Literal::Text(value) => text(value),
        Literal::Number(number) if *subject == Subject::AnyValue => text(&number.to_string()),
        Literal::Number(number) => Test::Number(*number),
        Literal::Bool(b) => Test::Bool(*b),
        Literal::Null => Test::Null,
    }
}

/// Whether a test is for exactly this literal.
pub(super) fn equals(subject: &Subject, test: &Test, literal: &Literal) -> bool {
    match (test, literal) {
        (Test::Pattern(value), Literal::Text(text)) => {
            let other = Pattern::new(pattern::parse(text), value.case);
            text::value_pieces(subject, value) == other.pieces()
        }
        (Test::Number(a), Literal::Number(b)) => a == b,
        (Test::Bool(a), Literal::Bool(b)) => a == b,
        (Test::Null, Literal::Null) => true,
        _ => false,
    }
}

fn number(text: &str) -> Option<Number> {
    match scalar::resolve(text) {
        Kind::Int(n) => Some(Number::Int(n)),
        Kind::Float(x) => Some(Number::Float(x)),
        Kind::Text | Kind::Null | Kind::Bool(_) | Kind::Unbounded => None,
    }
}

fn convert(kind: Type, subject: &Subject, test: &Test) -> Result<Option<Test>, String> {
    let text = |text: String| Some(Test::Pattern(Pattern::literal(&text, Case::Fold)));
    match (kind, test) {
        (Type::Text, Test::Number(number)) => Ok(text(number.to_string())),
        (Type::Text, Test::Bool(b)) => Ok(text(b.to_string())),
        (Type::Number, Test::Pattern(value)) if *subject != Subject::AnyValue => {
            let literal = pattern::literal(value.pieces());
            match literal.as_deref().and_then(number) {
                Some(number) => Ok(Some(Test::Number(number))),
                None => Err(format!("`{}` is no number", pattern::escape(value.pieces()))),
            }
        }
        _ => Ok(None),
    }
}

/// The expression that matches what a pattern matches, but for letter case with [`Method::Plain`]. The empty text has none.
fn to_regex(method: Method, pattern: &Pattern) -> Result<Option<Regex>, String> {
    let mut pieces = pattern.pieces();
    if pieces.is_empty() {
        return Ok(None);
    }
    // A search without anchors begins and ends anywhere by itself.
    let (mut open, mut close) = ("^", "$");
    if let [Piece::AnyString, rest @ ..] = pieces {
        (open, pieces) = ("", rest);
    }
    if let [rest @ .., Piece::AnyString] = pieces {
        (close, pieces) = ("", rest);
    }
    let brackets = method == Method::Brackets && pattern.case == Case::Fold;
    let mut text = String::from(open);
    let mut dot = false;
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => literal.chars().for_each(|c| push_char(c, brackets, &mut text)),
            Piece::AnyString => text.push_str(".*"),
            Piece::AnyChar => text.push('.'),
            Piece::OneOf(set) => {
                text.push('[');
                set.iter().for_each(|c| text.push_str(&regex_syntax::escape(&c.to_string())));
                text.push(']');
            }
        }
        dot |= matches!(piece, Piece::AnyString | Piece::AnyChar);
    }
    text.push_str(close);
    let ignore_case = method == Method::Flag && pattern.case == Case::Fold;
    let flags = Flags { ignore_case, multi_line: false, dot_all: dot };
    Regex::parse(&text, flags).map(Some).map_err(|error| error.message)
}

/// A character of an expression; with brackets, in both letter cases.
fn push_char(c: char, brackets: bool, out: &mut String) {
    let one = |mut chars: Box<dyn Iterator<Item = char>>| chars.next().filter(|_| chars.next().is_none());
    let pair = (one(Box::new(c.to_lowercase())), one(Box::new(c.to_uppercase())));
    match pair {
        (Some(lower), Some(upper)) if brackets && lower != upper => {
            out.push('[');
            out.push(lower);
            out.push(upper);
            out.push(']');
        }
        _ => out.push_str(&regex_syntax::escape(&c.to_string())),
    }
}

fn change_case(letters: Letters, pattern: &Pattern) -> Pattern {
    let mut before = None;
    let pieces: Vec<Piece> = pattern
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text) => Piece::Literal(with_case(letters, text, &mut before).into()),
            other => {
                before = None;
                other.clone()
            }
        })
        .collect();
    Pattern::new(pieces, pattern.case)
}

/// The text in this letter case. In snake case a capital after a small letter or digit begins a word.
pub(super) fn with_case(letters: Letters, text: &str, before: &mut Option<char>) -> String {
    match letters {
        Letters::Lower => text.to_lowercase(),
        Letters::Upper => text.to_uppercase(),
        Letters::Snake => {
            let mut out = String::with_capacity(text.len() + 4);
            for c in text.chars() {
                if c.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || b.is_numeric()) {
                    out.push('_');
                }
                out.extend(c.to_lowercase());
                *before = Some(c);
            }
            out
        }
    }
}
