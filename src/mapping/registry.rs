//! `sigmaglot_registry_data`: the data of a registry value, from Sysmon's words to a product's. An extension of the format.
//!
//! Sysmon writes numbers as `DWORD (0x00000001)` and `QWORD (0x00000000-0x00000001)`; products write them without the word or in decimal, where
//! texts of digits look the same. A test becomes the numbers and words that it is for beside itself, and is refused where it is for
//! many of them, or where it would find numbers that it was not for.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::params::Params;
use super::shape::{self, Place};
use super::unfit::Reason;
use crate::ir::regex::Tree;
use crate::ir::{Case, Pattern, Piece, Regex, Test};
use crate::sigma::pattern;

/// The most digits of a number of 64 bits.
const DIGITS: usize = 20;

/// How a product writes the data of registry values.
#[derive(Debug, Clone)]
pub(super) struct RegistryData {
    notation: Notation,
    /// Sysmon's words with the product's.
    words: IndexMap<Arc<str>, Vec<Arc<str>>>,
    /// Sysmon's words that the product has no counterpart of.
    refused: Vec<Arc<str>>,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    Decimal,
    /// In decimal, or as Sysmon does: the events are of several products.
    Both,
    /// What stands in Sysmon's parentheses, without the word before them.
    Hexadecimal,
}

/// The numbers that a pattern is for.
enum Numbers {
    None,
    One { sysmon: String, value: u64 },
    Many,
}

impl RegistryData {
    /// Reads the parameters.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<RegistryData> {
        let notations =
            [("decimal", Notation::Decimal), ("both", Notation::Both), ("hexadecimal", Notation::Hexadecimal)];
        let notation = params.choice("numbers", &notations, Notation::Decimal);
        let words = if params.node("words").is_some() { params.names("words")? } else { Default::default() };
        let words = words.into_iter().filter_map(|(key, values)| Some((key?, values))).collect();
        Some(RegistryData { notation, words, refused: params.texts("refused").unwrap_or_default() })
    }

    /// What a test becomes: alternatives; `Ok(None)` where it stays as it is.
    ///
    /// # Errors
    /// Where it is for more than can be listed, with the reason.
    pub fn apply(&self, test: &Test) -> Result<Option<Vec<Test>>, String> {
        let pattern = match test {
            Test::Null | Test::Exists(_) | Test::Placeholder(_) => return Ok(None),
            Test::Pattern(pattern) => pattern,
            Test::Regex(regex) if self.is_for_other_text(regex) => return Ok(None),
            _ => return Err("the product writes numbers otherwise than Sysmon, and only text can be rewritten".into()),
        };
        if matches!(pattern.pieces(), [Piece::AnyString]) {
            return Ok(None); // all data
        }
        let is_for = |word: &Arc<str>| shape::can_match(pattern, &shape::exactly(word));
        if let Some(word) = self.refused.iter().find(|word| is_for(word)) {
            return Err(format!("the product has no such word as Sysmon's `{word}`"));
        }
        let mut texts: Vec<String> = Vec::new();
        match numbers(pattern) {
            Numbers::Many => {
                return Err("the product writes numbers otherwise than Sysmon, and this is for many of them".into());
            }
            _ if self.notation.looks_like_a_number(pattern) => {
                let message =
                    "the product writes numbers otherwise than Sysmon, where this would find what it was not for";
                return Err(message.into());
            }
            Numbers::None => {}
            Numbers::One { sysmon, value } => texts.extend(self.notation.texts(sysmon, value)),
        }
        for (word, new) in &self.words {
            match (is_for(word), new.iter().any(is_for)) {
                (true, _) => texts.extend(new.iter().map(ToString::to_string)),
                (false, true) => return Err(format!("the product writes this for Sysmon's `{word}`")),
                (false, false) => {}
            }
        }
        if texts.is_empty() {
            return Ok(None);
        }
        let literal = pattern::literal(pattern.pieces());
        let mut out: Vec<Test> = texts.iter().map(|text| Test::Pattern(Pattern::literal(text, pattern.case))).collect();
        if literal.is_none() {
            out.push(test.clone()); // for text that happens to look like it
        }
        Ok(Some(out))
    }

    /// What the product writes for a text of Sysmon's: alternatives; `Ok(None)` where it writes the same.
    ///
    /// # Errors
    /// Where the product has no word for it, or means another one of Sysmon's by it.
    pub fn of(&self, text: &str) -> Result<Option<Vec<String>>, Reason> {
        let whole = Pattern::literal(text, Case::Fold);
        let is = |word: &Arc<str>| shape::can_match(&whole, &shape::exactly(word));
        if self.refused.iter().any(is) {
            return Err(Reason::NotAValue);
        }
        if let Some((_, new)) = self.words.iter().find(|(word, _)| is(word)) {
            return Ok(Some(new.iter().map(ToString::to_string).collect()));
        }
        if let Numbers::One { sysmon, value } = numbers(&whole) {
            return Ok(Some(self.notation.texts(sysmon, value)));
        }
        if self.notation.looks_like_a_number(&whole) || self.words.values().flatten().any(is) {
            Err(Reason::Taken)
        } else {
            Ok(None)
        }
    }

    /// Whether each match needs a character that no number and no word has, in either notation.
    fn is_for_other_text(&self, regex: &Regex) -> bool {
        let words = self.words.iter().flat_map(|(word, new)| std::iter::once(word).chain(new)).chain(&self.refused);
        let mut letters: BTreeSet<char> = "0123456789abcdefDWORDQ (x-)".chars().collect();
        letters.extend(words.flat_map(|word| word.chars()));
        let cases = |c: &char| [c.to_ascii_lowercase(), c.to_ascii_uppercase()];
        letters = letters.iter().flat_map(cases).collect();
        needs_other(&regex.tree, &letters)
    }
}

impl Notation {
    /// How the product writes a number.
    fn texts(self, sysmon: String, value: u64) -> Vec<String> {
        match self {
            Notation::Decimal => vec![value.to_string()],
            Notation::Both => vec![value.to_string(), sysmon],
            Notation::Hexadecimal => {
                let inner = sysmon.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
                vec![inner.map(str::to_owned).unwrap_or(sysmon)]
            }
        }
    }

    /// Whether the pattern finds what the product may write for a number.
    fn looks_like_a_number(self, pattern: &Pattern) -> bool {
        if self == Notation::Hexadecimal {
            let double = [shape::exactly("0x"), vec![Place::HexDigit; 8]].concat();
            let quad = [double.clone(), shape::exactly("-"), double.clone()].concat();
            return shape::can_match(pattern, &double) || shape::can_match(pattern, &quad);
        }
        (1..=DIGITS).any(|n| shape::can_match(pattern, &vec![Place::Digit; n]))
    }
}

/// Whether each match of the tree needs a character beside these.
fn needs_other(tree: &Tree, letters: &BTreeSet<char>) -> bool {
    match tree {
        Tree::Literal { c, .. } => !letters.contains(c),
        Tree::Class(class) => class.ranges().iter().all(|(from, to)| letters.range(from..=to).next().is_none()),
        Tree::Repeat { min, tree, .. } => *min > 0 && needs_other(tree, letters),
        Tree::Group(tree) => needs_other(tree, letters),
        Tree::Concat(parts) => parts.iter().any(|part| needs_other(part, letters)),
        Tree::Alternate(parts) => parts.iter().all(|part| needs_other(part, letters)),
        Tree::Empty | Tree::Dot { .. } | Tree::Look(_) => false,
    }
}

/// The numbers in Sysmon's notation that a pattern matches.
fn numbers(pattern: &Pattern) -> Numbers {
    let hex = |n| vec![Place::HexDigit; n];
    let end = shape::exactly(")");
    let double = [shape::exactly("DWORD (0x"), hex(8), end.clone()].concat();
    let quad = [shape::exactly("QWORD (0x"), hex(8), shape::exactly("-0x"), hex(8), end].concat();
    match (number(pattern, double), number(pattern, quad)) {
        (Numbers::None, found) | (found, Numbers::None) => found,
        _ => Numbers::Many,
    }
}

/// The numbers of one shape: one exactly where the pattern leaves each of its digits no choice.
fn number(pattern: &Pattern, mut shape: Vec<Place>) -> Numbers {
    if !shape::can_match(pattern, &shape) {
        return Numbers::None;
    }
    let places: Vec<usize> =
        shape.iter().enumerate().filter(|(_, place)| **place == Place::HexDigit).map(|(i, _)| i).collect();
    let mut value: u64 = 0;
    for place in places {
        let mut found = None;
        for (digit, c) in (0u64..).zip("0123456789abcdef".chars()) {
            let mut one = shape.clone();
            one.iter_mut().skip(place).take(1).for_each(|here| *here = Place::Char(c));
            if shape::can_match(pattern, &one) {
                if found.is_some() {
                    return Numbers::Many;
                }
                found = Some((digit, one));
            }
        }
        let Some((digit, one)) = found else { return Numbers::None };
        value = (value << 4) | digit;
        shape = one;
    }
    let sysmon = shape.iter().filter_map(|place| if let Place::Char(c) = place { Some(*c) } else { None }).collect();
    Numbers::One { sysmon, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, notation: Notation) -> Result<Vec<String>, String> {
        let words = [(Arc::from("(Empty)"), vec![Arc::from("")])].into_iter().collect();
        let data = RegistryData { notation, words, refused: vec!["Binary Data".into()] };
        let test = Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold));
        let out = data.apply(&test)?.unwrap_or_else(|| vec![test]);
        let text = |test| match test {
            Test::Pattern(pattern) => pattern::escape(pattern.pieces()),
            other => format!("{other:?}"),
        };
        Ok(out.into_iter().map(text).collect())
    }

    #[test]
    fn numbers_are_those_of_the_product() {
        let decimal = |text| made(text, Notation::Decimal);
        assert_eq!(decimal("DWORD (0x0000002A)").unwrap(), ["42"]);
        assert_eq!(decimal("DWORD (0xffffffff)").unwrap(), ["4294967295"]);
        assert_eq!(decimal("QWORD (0x00000001-0x00000002)").unwrap(), ["4294967298"]);
        assert_eq!(decimal("*DWORD (0x00000001)*").unwrap(), ["1", "*DWORD (0x00000001)*"], "or a text with it");
        assert_eq!(decimal("*(0x00000001)").unwrap(), ["1", "*(0x00000001)"]);
        assert_eq!(made("dword (0x0000000A)", Notation::Both).unwrap(), ["10", "DWORD (0x0000000a)"]);
    }

    #[test]
    fn hexadecimal_numbers_lose_the_word_before_them() {
        let hexadecimal = |text| made(text, Notation::Hexadecimal);
        assert_eq!(hexadecimal("DWORD (0x0000002A)").unwrap(), ["0x0000002a"]);
        assert_eq!(hexadecimal("QWORD (0x00000001-0x00000002)").unwrap(), ["0x00000001-0x00000002"]);
        assert_eq!(hexadecimal("*(0x00000001)").unwrap(), ["0x00000001", "*(0x00000001)"]);
        assert_eq!(hexadecimal("1").unwrap(), ["1"], "a text, and no number");
        assert!(hexadecimal("0x00000001").is_err() && hexadecimal("*1*").is_err() && hexadecimal("DWORD*").is_err());
    }

    #[test]
    fn what_is_for_many_numbers_or_would_find_others_is_refused() {
        for text in ["DWORD*", "*0x00000001*", "DWORD (0x0000000?)", "*1*", "1", "4*", "?*"] {
            assert!(made(text, Notation::Decimal).is_err(), "{text}");
        }
    }

    #[test]
    fn words_and_other_text() {
        let decimal = |text| made(text, Notation::Decimal);
        assert_eq!(decimal("*.exe").unwrap(), ["*.exe"]);
        assert_eq!(decimal("*").unwrap(), ["*"]);
        assert_eq!(decimal("(Empty)").unwrap(), [""]);
        assert_eq!(decimal("*empty)").unwrap(), ["", "*empty)"]);
        assert!(decimal("Binary Data").is_err() && decimal("*Data").is_err());
    }

    #[test]
    fn empty_data_are_the_products_word_for_another() {
        assert!(made("", Notation::Decimal).is_err());
    }

    #[test]
    fn data_of_an_event_are_what_the_product_writes() {
        let words = [(Arc::from("(Empty)"), vec![Arc::from("")])].into_iter().collect();
        let of = |text: &str, notation| {
            let words = IndexMap::clone(&words);
            RegistryData { notation, words, refused: vec!["Binary Data".into()] }.of(text)
        };
        let decimal = |text| of(text, Notation::Decimal);
        let written = |texts: &[&str]| Ok(Some(texts.iter().map(ToString::to_string).collect::<Vec<_>>()));
        assert_eq!(decimal("DWORD (0x0000002A)"), written(&["42"]));
        assert_eq!(of("dword (0x0000000A)", Notation::Both), written(&["10", "DWORD (0x0000000a)"]));
        assert_eq!(decimal("(empty)"), written(&[""]));
        assert_eq!(decimal(r"C:\x.exe"), Ok(None));
        assert_eq!(decimal("DWORD (0x1)"), Ok(None), "no number of Sysmon's");
        assert_eq!(decimal("Binary Data"), Err(Reason::NotAValue));
        assert_eq!((decimal("1"), decimal("")), (Err(Reason::Taken), Err(Reason::Taken)));
    }

    #[test]
    fn expressions_for_other_text_stay() {
        let words = [(Arc::from("(Empty)"), vec![Arc::from("")])].into_iter().collect();
        let data = RegistryData { notation: Notation::Decimal, words, refused: Vec::new() };
        let apply = |text: &str| data.apply(&Test::Regex(Regex::parse(text, Default::default()).unwrap()));
        for text in [r"\\(?:a|b)\\[^\\]+\.exe", r"(?i)\\temp", "x.*s", "[g-lsu]+"] {
            assert_eq!(apply(text), Ok(None), "{text}");
        }
        for text in ["^DWORD", "1|s", "s?", "[^s]", ".*", "0x"] {
            assert!(apply(text).is_err(), "{text}");
        }
    }
}
