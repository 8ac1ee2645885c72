//! What a backslash means in each place.
//!
//! Page "search", section "Quotes and escaping characters": "the backslash character is used to escape quotes, pipes, and
//! itself", and an unknown sequence is left as it is. Page "Types of expressions": in an expression's string, `\t` is a
//! tab. Page "SPL and regular expressions": in a regular expression a doubled backslash is halved before the regular
//! expression is read, other sequences reach it.

use super::ast::{Pattern, Piece, Text};
use crate::lang::Error;
use crate::source::Span;

impl Pattern {
    /// Reads a value of `search`: `source` stands between `span`'s quotes, if it has any.
    ///
    /// # Errors
    /// A backslash before `*`: "the backslash symbol can't be used to escape the asterisk" (page "Backslashes"); what it
    /// is instead, the page does not say.
    pub(super) fn read(source: &str, span: Span) -> Result<Self, Error> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = source.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some('*')) => return Err(Error::new("`\\*` does not escape the asterisk", span)),
                ('\\', Some(&escaped @ ('\\' | '"' | '|'))) => {
                    chars.next();
                    text.push(escaped);
                }
                ('\\', None) => return Err(Error::new("a backslash at the end of a value must be doubled", span)),
                ('*', _) => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    if pieces.last() != Some(&Piece::AnyString) {
                        pieces.push(Piece::AnyString);
                    }
                }
                _ => text.push(c),
            }
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces, span })
    }

    /// The value where it has no wildcard.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl Text {
    /// The string as a text.
    ///
    /// # Errors
    /// A backslash sequence other than `\\`, `\"` and `\t`.
    pub(super) fn value(&self) -> Result<String, Error> {
        self.read(|escaped| match escaped {
            '\\' => Some("\\".into()),
            '"' => Some("\"".into()),
            't' => Some("\t".into()),
            _ => None,
        })
    }

    /// The string as a regular expression.
    ///
    /// # Errors
    /// `\|`, which is `|` by the page "search" and an escaped bar by the rules of regular expressions.
    pub(super) fn regex(&self) -> Result<String, Error> {
        self.read(|escaped| match escaped {
            '|' => None,
            '\\' | '"' => Some(escaped.into()),
            _ => Some(format!("\\{escaped}")),
        })
        .map_err(|error| Error::new(format!("{}; write `[|]` for a bar", error.message), error.span))
    }

    /// The string as a replacement: texts and the numbers of groups (page "Text functions", `replace`: "\1" is the first
    /// group).
    ///
    /// # Errors
    /// A backslash sequence other than `\\`, `\"`, `\t` and `\` with a digit from 1 to 9.
    pub(super) fn replacement(&self) -> Result<Vec<Replacement>, Error> {
        let source = self.read(|escaped| match escaped {
            '\\' | '"' => Some(escaped.into()),
            't' => Some("\t".into()),
            '1'..='9' => Some(format!("\\{escaped}")),
            _ => None,
        })?;
        let mut parts = Vec::new();
        let mut chars = source.chars();
        while let Some(c) = chars.next() {
            match (c, chars.clone().next().and_then(|digit| digit.to_digit(10))) {
                ('\\', Some(digit @ 1..=9)) => {
                    chars.next();
                    parts.push(Replacement::Group(digit as usize));
                }
                ('\\', _) => return Err(Error::new("a backslash in a replacement is not modelled", self.span)),
                _ => parts.push(Replacement::Char(c)),
            }
        }
        Ok(parts)
    }

    fn read(&self, escape: impl Fn(char) -> Option<String>) -> Result<String, Error> {
        let mut text = String::with_capacity(self.source.len());
        let mut chars = self.source.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            let Some((_, escaped)) = chars.next() else { return Err(Error::new("unfinished escape", self.span)) };
            let start = self.span.start as usize + 1 + at;
            let span = Span::new(start, start + 1 + escaped.len_utf8());
            let meant = escape(escaped);
            text +=
                &meant.ok_or_else(|| Error::new(format!("what `\\{escaped}` means here is not documented"), span))?;
        }
        Ok(text)
    }
}

/// A part of a replacement.
#[derive(Debug)]
pub(super) enum Replacement {
    /// This character.
    Char(char),
    /// What this group matched.
    Group(usize),
}
