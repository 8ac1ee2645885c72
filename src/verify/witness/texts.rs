//! Texts of patterns with their freedoms filled in, and changes of texts.

use crate::ir::{Pattern, Piece};

/// What stands in the free places of a pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill<'f> {
    /// For a `*` at the start.
    pub(super) start: &'f str,
    /// For a `*` within.
    pub(super) inner: &'f str,
    /// For a `*` at the end.
    pub(super) end: &'f str,
    /// For a `?`.
    pub(super) one: &'f str,
    /// Which member of a set, from the first, round and round.
    pub(super) member: usize,
}

impl Fill<'_> {
    /// Nothing in the open places.
    pub(super) const PLAIN: Fill<'static> = Fill { start: "", inner: "", end: "", one: "q", member: 0 };

    /// The text that the pattern takes with this in its free places.
    pub(super) fn text(&self, pattern: &Pattern) -> String {
        self.text_with(pattern, |_, text| text.to_owned())
    }

    /// The same with each literal, by its number, changed.
    pub(super) fn text_with(&self, pattern: &Pattern, mut literal: impl FnMut(usize, &str) -> String) -> String {
        let last = pattern.pieces().len().saturating_sub(1);
        let mut number = 0;
        let piece = |(place, piece): (usize, &Piece)| match piece {
            Piece::Literal(text) => {
                number += 1;
                literal(number - 1, text)
            }
            Piece::AnyString if place == 0 => self.start.to_owned(),
            Piece::AnyString if place == last => self.end.to_owned(),
            Piece::AnyString => self.inner.to_owned(),
            Piece::AnyChar => self.one.to_owned(),
            Piece::OneOf(set) => set.get(self.member % set.len().max(1)).map(char::to_string).unwrap_or_default(),
        };
        pattern.pieces().iter().enumerate().map(piece).collect()
    }
}

/// The literals of a pattern.
pub(super) fn literals(pattern: &Pattern) -> Vec<&str> {
    let text = |piece| match piece {
        &Piece::Literal(ref text) => Some(text.as_ref()),
        _ => None,
    };
    pattern.pieces().iter().filter_map(text).collect()
}

/// Whether a `*` is at the start.
pub(super) fn opens(pattern: &Pattern) -> bool {
    pattern.pieces().first() == Some(&Piece::AnyString)
}

/// Whether a `*` is at the end.
pub(super) fn closes(pattern: &Pattern) -> bool {
    pattern.pieces().last() == Some(&Piece::AnyString)
}

/// Every letter in upper case, as far as that is one character.
pub(super) fn upper(text: &str) -> String {
    text.chars().map(|c| single(c.to_uppercase(), c)).collect()
}

/// Every letter in lower case, as far as that is one character.
pub(super) fn lower(text: &str) -> String {
    text.chars().map(|c| single(c.to_lowercase(), c)).collect()
}

/// Every letter in its other case.
pub(super) fn swapped(text: &str) -> String {
    text.chars().map(swap).collect()
}

/// A character in its other case.
pub(super) fn swap(c: char) -> char {
    if c.is_uppercase() { single(c.to_lowercase(), c) } else { single(c.to_uppercase(), c) }
}

fn single(mut chars: impl Iterator<Item = char>, c: char) -> char {
    match (chars.next(), chars.next()) {
        (Some(only), None) => only,
        // One character for one: what folding is about.
        _ => c,
    }
}

/// The places of the characters that have another case.
pub(super) fn letters(text: &str) -> Vec<usize> {
    text.chars().enumerate().filter(|(_, c)| swap(*c) != *c).map(|(place, _)| place).collect()
}

/// The text with the character at a place replaced by a text.
pub(super) fn replaced(text: &str, place: usize, with: impl Fn(char) -> String) -> String {
    text.chars().enumerate().map(|(n, c)| if n == place { with(c) } else { c.to_string() }).collect()
}

/// The text with the letter at a place in its other case.
pub(super) fn swapped_at(text: &str, place: usize) -> String {
    replaced(text, place, |c| swap(c).to_string())
}

/// A letter that is not the character, in neither case.
pub(super) fn another(c: char) -> char {
    if matches!(c, 'q' | 'Q') { 'w' } else { 'q' }
}

/// The text before and after its middle.
pub(super) fn halves(text: &str) -> (String, String) {
    let chars: Vec<char> = text.chars().collect();
    let (front, back) = chars.split_at(chars.len() / 2);
    (front.iter().collect(), back.iter().collect())
}
