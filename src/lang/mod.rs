//! Models of the target languages: a strict lexer, parser and evaluator for the part of each language that a detection
//! query uses.
//!
//! A model is written from the vendor's documentation, with the *language's* semantics: what a real engine would
//! answer, its oddities included. `verify` runs a model where no engine is installed. A model must therefore never
//! share code with a back end or with the interpreter (it would share their mistakes): nothing here imports `target`,
//! `interp` or `ir`. Syntax, functions and escapes that a model does not know are errors, never guesses.

use std::fmt;

use crate::source::Span;

pub mod eql;
pub mod kql;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

    #[test]
    fn folding_keeps_the_number_of_characters() {
        assert_eq!(Folding::Simple.fold("ÄẞSS\u{212A}"), "äßssk");
        assert_eq!(Folding::Ascii.fold("ÄBC"), "Äbc");
    }
}
