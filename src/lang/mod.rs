//! Models of the target languages: a strict lexer, parser and evaluator for the part of each language that a detection
//! query uses.
//!
//! A model is written from the vendor's documentation, with the *language's* semantics: what a real engine would
//! answer, its oddities included. `verify` runs a model where no engine is installed. A model must therefore never
//! share code with a back end or with the interpreter (it would share their mistakes): nothing here imports `target`,
//! `interp` or `ir`. Syntax, functions and escapes that a model does not know are errors, never guesses.

use std::fmt;

use crate::source::Span;

mod cursor;
pub mod eql;
pub mod kql;
pub mod spl;
pub mod sql;

/// How deep an expression may nest before a parser gives up: far above any real query, far below the stack's end.
pub const MAX_DEPTH: usize = 64;

/// Why a query was rejected: by the lexer, the parser, or the check of names and types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// Where in the query's text.
    pub span: Span,
}

impl Error {
    /// An error at a place in the query's text.
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message, self.span.start)
    }
}

impl std::error::Error for Error {}

/// The Boolean structure of a query over the source text of its leaves.
///
/// A leaf is everything that is not `and`, `or`, `not` or a Boolean constant: an operator that negates within itself
/// (`!=`, `!contains`, `not in`) stays one leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skeleton {
    /// All of these.
    And(Vec<Skeleton>),
    /// At least one of these.
    Or(Vec<Skeleton>),
    /// Not this.
    Not(Box<Skeleton>),
    /// A predicate, as it is written in the query.
    Leaf(String),
    /// The constant `true`.
    True,
    /// The constant `false`.
    False,
}

/// Which letters a case-insensitive comparison takes as equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Folding {
    /// Unicode simple case folding: one code point to one code point, so `Ä` equals `ä` but `ß` does not equal `ss`.
    #[default]
    Simple,
    /// `A` to `Z` only.
    Ascii,
}

impl Folding {
    /// The folded form of one character.
    pub fn fold_char(self, c: char) -> char {
        if c.is_ascii() || self == Folding::Ascii {
            return c.to_ascii_lowercase();
        }
        unicode_case_mapping::case_folded(c).and_then(|folded| char::from_u32(folded.get())).unwrap_or(c)
    }

    /// The folded form of a text: as many characters as the text has.
    pub fn fold(self, text: &str) -> String {
        if text.is_ascii() {
            return text.to_ascii_lowercase();
        }
        text.chars().map(|c| self.fold_char(c)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding_keeps_the_number_of_characters() {
        assert_eq!(Folding::Simple.fold("ÄẞSS\u{212A}"), "äßssk");
        assert_eq!(Folding::Ascii.fold("ÄBC"), "Äbc");
    }

    /// A random condition over four leaves.
    fn skeletons() -> impl Strategy<Value = Skeleton> {
        let leaf = (0..4_u8).prop_map(|n| Skeleton::Leaf(format!("f{n} == \"x\"")));
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Skeleton::And),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Skeleton::Or),
                inner.prop_map(|part| Skeleton::Not(Box::new(part))),
            ]
        })
    }

    /// Writes a condition with no more parentheses than precedence asks for; `level` is 0 in `or`, 1 in `and`, 2 in `not`.
    fn write(skeleton: &Skeleton, level: u8, not: (&str, &str), out: &mut String) {
        let (own, word, parts) = match skeleton {
            Skeleton::Or(parts) => (0, " or ", parts.as_slice()),
            Skeleton::And(parts) => (1, " and ", parts.as_slice()),
            Skeleton::Not(inner) => {
                out.push_str(not.0);
                write(inner, if not.1.is_empty() { 2 } else { 0 }, not, out);
                out.push_str(not.1);
                return;
            }
            Skeleton::Leaf(text) => return out.push_str(text),
            Skeleton::True => return out.push_str("true"),
            Skeleton::False => return out.push_str("false"),
        };
        out.push_str(if own < level { "(" } else { "" });
        for (n, part) in parts.iter().enumerate() {
            out.push_str(if n > 0 { word } else { "" });
            write(part, own + 1, not, out);
        }
        out.push_str(if own < level { ")" } else { "" });
    }

    fn holds(skeleton: &Skeleton, bits: u8) -> bool {
        match skeleton {
            Skeleton::And(parts) => parts.iter().all(|part| holds(part, bits)),
            Skeleton::Or(parts) => parts.iter().any(|part| holds(part, bits)),
            Skeleton::Not(inner) => !holds(inner, bits),
            Skeleton::Leaf(text) => (0..4).any(|n| text.starts_with(&format!("f{n}")) && bits & (1 << n) != 0),
            Skeleton::True => true,
            Skeleton::False => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_language_reads_and_computes_a_condition_as_it_was_meant(meant in skeletons(), bits in 0..16_u8) {
            let set = |n: u8| if bits & (1 << n) != 0 { "x" } else { "y" };
            let expected = holds(&meant, bits);

            let mut text = "T | where ".to_owned();
            write(&meant, 0, ("not(", ")"), &mut text);
            let query = kql::parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let row = (0..4).map(|n| (format!("f{n}"), kql::Value::String(set(n).to_owned()))).collect();
            let schema = kql::Schema::new([], kql::OtherColumns::String);
            prop_assert_eq!(holds(&query.skeleton(), bits), expected, "{}", &text);
            prop_assert_eq!(query.matches(&row, &schema), Ok(expected), "{}", &text);

            let mut text = "any where ".to_owned();
            write(&meant, 0, ("not ", ""), &mut text);
            let query = eql::parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let document = (0..4).map(|n| (format!("f{n}"), vec![eql::Value::String(set(n).to_owned())])).collect();
            let mapping = eql::Mapping::new([], eql::OtherFields::Keyword);
            prop_assert_eq!(holds(&query.skeleton(), bits), expected, "{}", &text);
            prop_assert_eq!(query.matches(&document, &mapping, Folding::Simple), Ok(expected), "{}", &text);
        }
    }
}
