//! Tokens and the place of a parser among them: what the parsers of all languages do alike.
//!
//! A parser is a cursor over the tokens of its language, with the rules of its grammar as further methods. What a token is, and
//! which words are reserved, is each language's own.

use super::{Error, MAX_DEPTH};
use crate::source::Span;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<K> {
    pub kind: K,
    pub span: Span,
}

/// What every language's tokens can be asked; the default is the end of the query.
pub(super) trait Lexeme: Default {
    /// Whether it is this punctuation.
    fn is_mark(&self, mark: &str) -> bool;
    /// Whether it is this word, as written.
    fn is_word(&self, word: &str) -> bool;
}

/// A place among the tokens of a query.
pub(super) struct Cursor<'a, K> {
    text: &'a str,
    tokens: Vec<Token<K>>,
    /// The place of the token at hand.
    pub at: usize,
    /// How many levels of nesting the parser is in.
    pub depth: usize,
    end: K,
}

impl<'a, K: Lexeme> Cursor<'a, K> {
    /// Begins at the first token.
    pub fn new(text: &'a str, tokens: Vec<Token<K>>) -> Self {
        Self { text, tokens, at: 0, depth: 0, end: K::default() }
    }

    /// The token at hand.
    pub fn kind(&self) -> &K {
        self.ahead(0)
    }

    /// The token so many places further on.
    pub fn ahead(&self, places: usize) -> &K {
        self.tokens.get(self.at + places).map_or(&self.end, |token| &token.kind)
    }

    /// Goes past the token if it is this punctuation.
    pub fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.kind().is_mark(mark);
        self.at += usize::from(found);
        found
    }

    /// Goes past the token if it is this word.
    pub fn take_word(&mut self, word: &str) -> bool {
        let found = self.kind().is_word(word);
        self.at += usize::from(found);
        found
    }

    /// Goes past this punctuation.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn expect_mark(&mut self, mark: &str) -> Result<(), Error> {
        if self.take_mark(mark) { Ok(()) } else { self.unexpected(&format!("`{mark}`")) }
    }

    /// Where the token at hand stands.
    pub fn span(&self) -> Span {
        self.tokens.get(self.at).map_or(Span::new(self.text.len(), self.text.len()), |token| token.span)
    }

    /// Where the token before this one stands.
    pub fn last_span(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(Span::default(), |token| token.span)
    }

    /// The complaint that something else was expected here.
    ///
    /// # Errors
    /// Always.
    pub fn unexpected<T>(&self, wanted: &str) -> Result<T, Error> {
        let span = self.span();
        let found = match self.text.get(span.range()) {
            Some(found) if !found.is_empty() => format!("`{found}`"),
            _ => "the end of the query".to_owned(),
        };
        Err(Error::new(format!("expected {wanted}, found {found}"), span))
    }

    /// One level of nesting deeper.
    ///
    /// # Errors
    /// Where the part has one, or the levels are too many.
    pub fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.deeper()?;
        let part = part(self);
        self.depth -= 1;
        part
    }

    /// Counts one more level.
    ///
    /// # Errors
    /// Where the levels are too many.
    pub fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(Error::new(format!("expressions nest deeper than {MAX_DEPTH}"), self.span())),
            false => Ok(()),
        }
    }

    /// Parts with a word between them: the only part, or what `join` makes of several with where they stand.
    ///
    /// # Errors
    /// Where a part has one.
    pub fn chain<T>(
        &mut self,
        word: &str,
        join: impl FnOnce(Vec<T>, Span) -> T,
        mut part: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let start = self.span();
        let first = part(self)?;
        if !self.kind().is_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        Ok(join(parts, start.to(self.last_span())))
    }
}
