//! Editing the text of a pattern without losing what its characters are.
//!
//! Pipelines edit values as text, with `*` and `?` for wildcards. A text of that kind cannot tell a wildcard from the character,
//! or a backslash before a wildcard from an escape; [`Text`] remembers which characters stand for pieces, so that an edit
//! leaves everything as it was that it does not touch.

use ::regex::Regex;

use super::budget::Budget;
use super::regex::{MATCH, Part, Replacement};
use crate::ir::{Pattern, Piece, Subject};
use crate::sigma::pattern;

/// The most texts that are made of one value with a set of dashes.
const MAX_VARIANTS: usize = 200;

/// The text of a pattern with the places of its wildcards.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    /// With `*` and `?` for wildcards, and the first of its characters for a set.
    pub text: String,
    special: Vec<(usize, Piece)>,
}

impl Text {
    /// The text of pieces.
    pub fn new(pieces: &[Piece]) -> Self {
        let mut out = Self { text: String::new(), special: Vec::new() };
        for piece in pieces {
            let c = match piece {
                Piece::Literal(text) => {
                    out.text.push_str(text);
                    continue;
                }
                Piece::AnyString => '*',
                Piece::AnyChar => '?',
                Piece::OneOf(set) => match set.first() {
                    Some(c) => *c,
                    None => continue,
                },
            };
            out.special.push((out.text.len(), piece.clone()));
            out.text.push(c);
        }
        out
    }

    /// The pieces of a range of the text.
    pub fn pieces(&self, range: std::ops::Range<usize>) -> Vec<Piece> {
        let mut out = Vec::new();
        let mut from = range.start;
        let first = self.special.partition_point(|(at, _)| *at < range.start);
        let within = self.special.iter().skip(first).take_while(|(at, _)| *at < range.end);
        for (at, piece) in within {
            out.extend(self.literal(from..*at));
            out.push(piece.clone());
            from = at + self.text.get(*at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        }
        out.extend(self.literal(from..range.end));
        out
    }

    fn literal(&self, range: std::ops::Range<usize>) -> Option<Piece> {
        self.text.get(range).filter(|text| !text.is_empty()).map(|text| Piece::Literal(text.into()))
    }

    /// The pieces after every match is replaced, as far as the budget goes. `read` says what the characters of the replacement
    /// are.
    fn replace(
        &self,
        regex: &Regex,
        by: &Replacement,
        read: fn(&str) -> Vec<Piece>,
        budget: &mut Budget,
    ) -> Vec<Piece> {
        let mut out = Vec::new();
        let mut from = 0;
        for captures in regex.captures_iter(&self.text) {
            let Some(found) = captures.get(0) else { continue };
            if !budget.text(found.start() - from + by.size(&captures) + MATCH) {
                break;
            }
            out.extend(self.pieces(from..found.start()));
            for part in &by.0 {
                match part {
                    Part::Text(text) => out.extend(read(text)),
                    group => out.extend(group.range(&captures).into_iter().flat_map(|range| self.pieces(range))),
                }
            }
            from = found.end();
        }
        out.extend(self.pieces(from..self.text.len()));
        budget.text(self.text.len() - from);
        out
    }
}

/// The pieces of a value as the rule's author wrote it: a keyword's outer wildcards are the meaning of keywords.
pub(super) fn value_pieces<'p>(subject: &Subject, pattern: &'p Pattern) -> &'p [Piece] {
    match (subject, pattern.pieces()) {
        (Subject::AnyValue, [Piece::AnyString, inner @ .., Piece::AnyString]) => inner,
        (_, pieces) => pieces,
    }
}

/// A value with new pieces; the reverse of [`value_pieces`].
pub(super) fn value_pattern(subject: &Subject, pieces: impl IntoIterator<Item = Piece>, like: &Pattern) -> Pattern {
    let pattern = Pattern::new(pieces, like.case);
    if *subject == Subject::AnyValue { pattern.anywhere() } else { pattern }
}

/// How a replacement goes about wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcards {
    /// The expression sees them as `*` and `?`, and those of the replacement are wildcards.
    Seen,
    /// The expression sees the literal stretches between them, one by one; the replacement is literal.
    Skipped,
    /// As `Skipped`, with wildcards in the replacement.
    SkippedAndRead,
}

/// Replaces in a value. `None` where a set of dashes makes too many texts.
///
/// A set of dashes is several texts; where they do not all change alike, each is a result of its own.
pub(super) fn replace(
    pieces: &[Piece],
    regex: &Regex,
    by: &Replacement,
    wildcards: Wildcards,
    budget: &mut Budget,
) -> Option<Vec<Vec<Piece>>> {
    let mut edit = |pieces: &[Piece]| normal(edit(pieces, regex, by, wildcards, budget));
    let together = edit(pieces);
    if !pieces.iter().any(|piece| matches!(piece, Piece::OneOf(_))) {
        return Some(vec![together]);
    }
    let mut apart: Vec<_> = pattern::variants(pieces, MAX_VARIANTS)?.iter().map(|variant| edit(variant)).collect();
    let expected: Vec<_> = pattern::variants(&together, MAX_VARIANTS)?.into_iter().map(normal).collect();
    if apart == expected {
        return Some(vec![together]);
    }
    let mut seen = std::collections::BTreeSet::new();
    apart.retain(|pieces| seen.insert(pieces.clone()));
    Some(apart)
}

fn normal(pieces: Vec<Piece>) -> Vec<Piece> {
    Pattern::new(pieces, crate::ir::Case::Exact).pieces().to_vec()
}

fn edit(pieces: &[Piece], regex: &Regex, by: &Replacement, wildcards: Wildcards, budget: &mut Budget) -> Vec<Piece> {
    if wildcards == Wildcards::Seen {
        return Text::new(pieces).replace(regex, by, read, budget);
    }
    let read = if wildcards == Wildcards::Skipped { literal } else { read };
    let is_wildcard = |piece: &Piece| matches!(piece, Piece::AnyString | Piece::AnyChar);
    let mut out = Vec::new();
    for run in pieces.chunk_by(|a, b| !is_wildcard(a) && !is_wildcard(b)) {
        match run {
            [piece] if is_wildcard(piece) => out.push(piece.clone()),
            run => out.extend(Text::new(run).replace(regex, by, read, budget)),
        }
    }
    out
}

/// The characters of a replacement as they stand.
fn literal(text: &str) -> Vec<Piece> {
    vec![Piece::Literal(text.into())]
}

/// The characters of a replacement with wildcards; a backslash is itself, but for one before a wildcard, which makes it a character.
fn read(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let wildcard = match (c, chars.peek()) {
            ('\\', Some(next @ ('*' | '?'))) => {
                plain.push(*next);
                chars.next();
                continue;
            }
            ('*', _) => Piece::AnyString,
            ('?', _) => Piece::AnyChar,
            _ => {
                plain.push(c);
                continue;
            }
        };
        out.push(Piece::Literal(std::mem::take(&mut plain).into()));
        out.push(wildcard);
    }
    out.push(Piece::Literal(plain.into()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(value: &str, regex: &str, by: &str, wildcards: Wildcards) -> Vec<String> {
        let regex = Regex::new(regex).unwrap();
        let by = Replacement::parse(by, &regex).unwrap();
        let budget = &mut Budget::default();
        let out = replace(&normal(pattern::parse(value)), &regex, &by, wildcards, budget).unwrap();
        out.iter().map(|pieces| pattern::escape(pieces)).collect()
    }

    #[test]
    fn what_is_not_touched_stays_what_it_was() {
        let no_op = |value| replaced(value, "zzz", "", Wildcards::Seen);
        assert_eq!(no_op(r"C:\\Users\\*"), [r"C:\\Users\\*"]);
        assert_eq!(no_op(r"a\*b\\?"), [r"a\*b\\?"]);
        assert_eq!(replaced(r"x\\*", "x", "y", Wildcards::Seen), [r"y\\*"]);
        assert_eq!(replaced(r"\*a*", "(.*)a(.*)", r"\2b\1", Wildcards::Seen), [r"*b\*"], "groups keep their wildcards");
    }

    #[test]
    fn wildcards_of_the_replacement_are_read_or_not() {
        assert_eq!(replaced("a.b", r"\.", "*", Wildcards::Seen), ["a*b"]);
        assert_eq!(replaced("a.b", r"\.", r"\*", Wildcards::Seen), [r"a\*b"]);
        assert_eq!(replaced("a*b", "[ab]", "*", Wildcards::Skipped), [r"\**\*"]);
        assert_eq!(replaced("a*b", "[ab]", "?", Wildcards::SkippedAndRead), ["?*?"]);
        assert_eq!(replaced("a*b", "^.", "x", Wildcards::Skipped), ["x*x"], "each stretch is a text");
    }

    #[test]
    fn dashes_that_change_differently_come_apart() {
        let regex = Regex::new("-a").unwrap();
        let by = Replacement::parse("=a", &regex).unwrap();
        let dashed = pattern::windash(pattern::parse("x -a"));
        let budget = &mut Budget::default();
        let out = replace(&dashed, &regex, &by, Wildcards::Seen, budget).unwrap();
        assert_eq!(out.len(), 5);
        assert_eq!(pattern::escape(&out[0]), "x =a");
        let regex = Regex::new("x").unwrap();
        let by = Replacement::parse("y", &regex).unwrap();
        assert_eq!(replace(&dashed, &regex, &by, Wildcards::Seen, budget).unwrap().len(), 1);
    }
}
