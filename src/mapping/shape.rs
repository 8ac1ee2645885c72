//! Whether a pattern can match some text of a known shape, such as a number in a product's notation.
//!
//! Nothing here knows which notation a product has.

use std::collections::BTreeMap;

use crate::ir::{Case, Pattern, Piece};

/// What one place of a text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// This character.
    Char(char),
    /// A decimal digit.
    Digit,
    /// A hexadecimal digit in small letters.
    HexDigit,
    /// Any character.
    Any,
}

impl Place {
    fn holds(self, wanted: char, case: Case) -> bool {
        let wanted = match self {
            Place::HexDigit if case == Case::Fold => wanted.to_ascii_lowercase(),
            _ => wanted,
        };
        match self {
            Place::Char(own) if own.is_ascii() && wanted.is_ascii() && case == Case::Fold => {
                own.eq_ignore_ascii_case(&wanted)
            }
            Place::Char(own) if case == Case::Fold => own.to_lowercase().eq(wanted.to_lowercase()),
            Place::Char(own) => own == wanted,
            Place::Digit => wanted.is_ascii_digit(),
            Place::HexDigit => matches!(wanted, '0'..='9' | 'a'..='f'),
            Place::Any => true,
        }
    }
}

/// The places of a text.
pub(super) fn exactly(text: &str) -> Vec<Place> {
    text.chars().map(Place::Char).collect()
}

/// One character's worth of a pattern, or any text.
enum Step<'p> {
    Char(char),
    OneOf(&'p [char]),
    AnyChar,
    AnyString,
}

/// Whether some text of the shape matches.
pub(super) fn can_match(pattern: &Pattern, shape: &[Place]) -> bool {
    run(&steps(pattern), pattern.case, shape).last().is_some_and(|end| *end)
}

/// What must match after some text of the shape, by the place in the pattern where it begins. A rest that another one
/// contains (`x` beside `*x`) is left out.
pub(super) fn rests(pattern: &Pattern, shape: &[Place]) -> BTreeMap<usize, Pattern> {
    let steps = steps(pattern);
    let open = run(&steps, pattern.case, shape);
    let mut out = BTreeMap::new();
    let mut any_before = false;
    for (i, open) in open.iter().enumerate() {
        let rest = steps.get(i..).unwrap_or_default();
        if *open && !any_before {
            out.insert(i, Pattern::new(pieces(rest), pattern.case));
        }
        any_before = *open && matches!(rest.first(), Some(Step::AnyString));
    }
    out
}

fn steps(pattern: &Pattern) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for piece in pattern.pieces() {
        match piece {
            Piece::Literal(text) => steps.extend(text.chars().map(Step::Char)),
            Piece::OneOf(set) => steps.push(Step::OneOf(set)),
            Piece::AnyChar => steps.push(Step::AnyChar),
            Piece::AnyString => steps.push(Step::AnyString),
        }
    }
    steps
}

/// The pieces of some steps; characters in a row are one.
fn pieces(steps: &[Step<'_>]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    for step in steps {
        if let Step::Char(c) = step {
            text.push(*c);
            continue;
        }
        if !text.is_empty() {
            out.push(Piece::Literal(std::mem::take(&mut text).into()));
        }
        out.push(match step {
            Step::OneOf(set) => Piece::OneOf((*set).into()),
            Step::AnyChar => Piece::AnyChar,
            Step::AnyString | Step::Char(_) => Piece::AnyString,
        });
    }
    if !text.is_empty() {
        out.push(Piece::Literal(text.into()));
    }
    out
}

/// At `i`: whether the first `i` steps can match all places.
fn run(steps: &[Step<'_>], case: Case, shape: &[Place]) -> Vec<bool> {
    let mut open = vec![false; steps.len() + 1];
    open.iter_mut().take(1).for_each(|start| *start = true);
    skip_any(steps, &mut open);
    let mut next = vec![false; steps.len() + 1];
    for place in shape {
        next.fill(false);
        for (i, step) in steps.iter().enumerate() {
            if !open.get(i).is_some_and(|open| *open) {
                continue;
            }
            let (passes, to) = match step {
                Step::Char(c) => (place.holds(*c, case), i + 1),
                Step::OneOf(set) => (set.iter().any(|c| place.holds(*c, case)), i + 1),
                Step::AnyChar => (true, i + 1),
                Step::AnyString => (true, i),
            };
            next.iter_mut().skip(to).take(1).for_each(|open| *open |= passes);
        }
        skip_any(steps, &mut next);
        std::mem::swap(&mut open, &mut next);
        if !open.contains(&true) {
            break; // no text of the shape gets further
        }
    }
    open
}

/// Any text may be none.
fn skip_any(steps: &[Step<'_>], open: &mut [bool]) {
    for (i, step) in steps.iter().enumerate() {
        if matches!(step, Step::AnyString) && open.get(i).is_some_and(|open| *open) {
            open.iter_mut().skip(i + 1).take(1).for_each(|open| *open = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::pattern;

    fn fits(text: &str, shape: &[Place]) -> bool {
        can_match(&Pattern::new(pattern::parse(text), Case::Fold), shape)
    }

    #[test]
    fn a_pattern_is_tried_on_every_text_of_a_shape() {
        let high = exactly("High");
        for text in ["high", "*", "h*", "*G*", "????", "*h", "h*i*gh"] {
            assert!(fits(text, &high), "{text}");
        }
        for text in ["hig", "???", "*hi", "highh", "", "x*"] {
            assert!(!fits(text, &high), "{text}");
        }
        let number = [exactly("0x"), vec![Place::HexDigit; 2]].concat();
        assert!(fits("0xAF", &number) && fits("*f", &number) && fits("0x??", &number));
        assert!(!fits("0xg0", &number) && !fits("0xAF*f", &number));
        assert!(fits("1?", &[Place::Digit; 2]) && !fits("a?", &[Place::Digit; 2]));
        let exact = Pattern::new(pattern::parse("0xAF"), Case::Exact);
        assert!(!can_match(&exact, &number), "they are small letters");
    }
}
