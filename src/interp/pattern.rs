//! SEMANTICS.md, "Patterns": strings with wildcards, matched against a whole text.
//!
//! The pieces between two `*` form a segment of fixed length in characters. The first segment stands at the start, the
//! last at the end, and each one between is taken at the first place where it fits: a later place could only leave
//! less room. That costs at most (characters of the text) x (characters of the pattern), never more.

use super::value::fold;
use crate::ir::{Case, Pattern, Piece};

/// Whether the pattern matches the whole text.
pub(super) fn matches(pattern: &Pattern, text: &str) -> bool {
    let case = pattern.case;
    let mut segments = pattern.pieces().split(|piece| *piece == Piece::AnyString);
    let Some(first) = segments.next() else { return text.is_empty() };
    let Some(mut rest) = strip(first, text, case) else { return false };
    let Some(last) = segments.next_back() else { return rest.is_empty() };
    for segment in segments {
        let Some(after) = find(segment, rest, case) else { return false };
        rest = after;
    }
    match tail(rest, length(last)) {
        Some(end) => strip(last, end, case).is_some(),
        None => false,
    }
}

/// What follows the segment where the text begins with it.
fn strip<'t>(segment: &[Piece], text: &'t str, case: Case) -> Option<&'t str> {
    let mut chars = text.chars();
    for piece in segment {
        let fits = match piece {
            Piece::Literal(literal) => literal.chars().all(|c| chars.next().is_some_and(|t| same(c, t, case))),
            Piece::AnyChar => chars.next().is_some(),
            Piece::OneOf(set) => chars.next().is_some_and(|t| set.iter().any(|c| same(*c, t, case))),
            Piece::AnyString => false, // segments have none
        };
        if !fits {
            return None;
        }
    }
    Some(chars.as_str())
}

/// What follows the segment at the first place where it fits.
fn find<'t>(segment: &[Piece], text: &'t str, case: Case) -> Option<&'t str> {
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.filter_map(|at| text.get(at..)).find_map(|from| strip(segment, from, case))
}

/// The last `length` characters of the text.
fn tail(text: &str, length: usize) -> Option<&str> {
    match length.checked_sub(1) {
        None => Some(""),
        Some(back) => text.char_indices().rev().nth(back).and_then(|(at, _)| text.get(at..)),
    }
}

/// The number of characters that a segment takes.
fn length(segment: &[Piece]) -> usize {
    let of = |piece: &Piece| if let Piece::Literal(text) = piece { text.chars().count() } else { 1 };
    segment.iter().map(of).sum()
}

fn same(a: char, b: char, case: Case) -> bool {
    a == b || (case == Case::Fold && fold(a) == fold(b))
}
