//! `sigmaglot_split`: one field of the rule whose value the product keeps in two. An extension of the format.
//!
//! The value is taken to be `first`, the separator, `last`, with the separator not in `last`, as in `DOMAIN\user`. A pattern on
//! the whole holds exactly where, for some way to cut it at a separator, its two parts hold on the two fields.

use std::sync::Arc;

use crate::ir::{Expr, Field, Node, Pattern, Piece, Predicate, Subject, Test};

/// How a value is divided.
#[derive(Debug, Clone)]
pub(super) struct Division {
    /// What stands between the parts.
    pub separator: char,
    /// The field of the part before it; `None` where the product does not keep that part.
    pub first: Option<Arc<str>>,
    /// The field of the part after it, in which it does not stand.
    pub last: Arc<str>,
    /// Whether the separator may stand in the first part too, as in a path with its last name.
    pub repeats: bool,
    /// What becomes of a test that looks at a first part which the product does not keep.
    pub lost: Lost,
    /// Which field has a value that is not divided, while the other is missing; `None` where there are no such values.
    pub whole: Option<Part>,
}

/// What becomes of a test on a part that the product does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// It is refused.
    Refused,
    /// The part is a missing field, so that no such test holds.
    Missing,
}

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    First,
    Last,
}

impl Division {
    /// The test on the two fields.
    ///
    /// # Errors
    /// Where the test is not of the kind that can be divided, with the reason.
    pub fn divide(&self, test: &Test, place: &Expr) -> Result<Expr, String> {
        let origin = || place.origin.clone();
        let on = |name: &Arc<str>, test: Test| {
            let predicate = Predicate { subject: Subject::Field(Field::new(name.clone())), test };
            Expr::new(Node::Test(predicate), origin())
        };
        let Some(first_field) = &self.first else { return self.last_part(test, on, place) };
        let both = |first, last| Expr::new(Node::All(vec![on(first_field, first), on(&self.last, last)]), origin());
        match test {
            Test::Null => Ok(both(Test::Null, Test::Null)),
            Test::Exists(present) => {
                let field = if self.whole == Some(Part::First) { first_field } else { &self.last };
                Ok(on(field, Test::Exists(*present)))
            }
            Test::Pattern(pattern) => {
                // A value that is not divided has no separator, unless its first part may have some.
                let whole = self.whole.filter(|_| self.repeats || self.lacks(pattern.pieces()));
                let any = |part: &Pattern| matches!(part.pieces(), [Piece::AnyString]);
                let mut alone = whole;
                let mut parts: Vec<Expr> = Vec::new();
                for (first, last) in self.cuts(pattern) {
                    parts.push(match whole {
                        // With or without the other part: the test on this one says it all.
                        Some(Part::First) if any(&last) && first == *pattern => {
                            alone = None;
                            on(first_field, Test::Pattern(first))
                        }
                        Some(Part::Last) if any(&first) && last == *pattern => {
                            alone = None;
                            on(&self.last, Test::Pattern(last))
                        }
                        // There is no last part without a first one.
                        Some(Part::First) if any(&first) => on(&self.last, Test::Pattern(last)),
                        _ => both(Test::Pattern(first), Test::Pattern(last)),
                    });
                }
                parts.extend(alone.map(|part| match part {
                    Part::First => both(Test::Pattern(pattern.clone()), Test::Null),
                    Part::Last => both(Test::Null, Test::Pattern(pattern.clone())),
                }));
                if parts.len() == 1
                    && let Some(part) = parts.pop()
                {
                    return Ok(part);
                }
                Ok(Expr::new(Node::Any(parts), origin()))
            }
            _ => Err(format!("its value lies in `{first_field}` and `{}`, and only text can be divided", self.last)),
        }
    }

    /// The test on the last part, where the product does not keep the first.
    fn last_part(&self, test: &Test, on: impl Fn(&Arc<str>, Test) -> Expr, place: &Expr) -> Result<Expr, String> {
        match test {
            Test::Null | Test::Exists(_) => Ok(on(&self.last, test.clone())),
            Test::Pattern(pattern) => {
                let mut parts = Vec::new();
                for (first, last) in self.cuts(pattern) {
                    if first.pieces() != [Piece::AnyString] {
                        if self.lost == Lost::Missing {
                            continue;
                        }
                        return Err(format!("`{}` has the last part of its value alone", self.last));
                    }
                    parts.push(on(&self.last, Test::Pattern(last)));
                }
                Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::new(Node::Any(parts), place.origin.clone()) })
            }
            _ => Err(format!("`{}` has the last part of its value alone, and only text can be divided", self.last)),
        }
    }

    /// Whether a test looks at a first part that is a missing field.
    pub fn loses(&self, test: &Test) -> bool {
        let looks =
            |pattern: &Pattern| self.cuts(pattern).iter().any(|(first, _)| first.pieces() != [Piece::AnyString]);
        self.lost == Lost::Missing && matches!(test, Test::Pattern(pattern) if looks(pattern))
    }

    /// What the product keeps of a text whose first part it drops; `None` where it has no separator.
    pub fn last_of<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.rsplit_once(self.separator).map(|(_, last)| last)
    }

    /// Whether no literal piece has the separator.
    fn lacks(&self, pieces: &[Piece]) -> bool {
        !pieces.iter().any(|piece| matches!(piece, Piece::Literal(text) if text.contains(self.separator)))
    }

    /// At most how many ways there are to cut a pattern.
    pub fn places(&self, pattern: &Pattern) -> usize {
        let of = |piece: &Piece| match piece {
            Piece::Literal(text) => text.matches(self.separator).count(),
            Piece::AnyString | Piece::AnyChar | Piece::OneOf(_) => 1,
        };
        pattern.pieces().iter().map(of).sum()
    }

    /// The ways to cut a pattern at the separator of a value: at a literal one or within a wildcard. Where a part would keep
    /// a separator that the values of its field do not have, it would never match, and the cut is left out.
    fn cuts(&self, pattern: &Pattern) -> Vec<(Pattern, Pattern)> {
        let pieces = pattern.pieces();
        let mut out: Vec<(Vec<Piece>, Vec<Piece>)> = Vec::new();
        for (i, piece) in pieces.iter().enumerate() {
            let (left, right) = (&pieces[..i], &pieces[i + 1..]);
            let around = |before: &[Piece], after: &[Piece]| ([left, before].concat(), [after, right].concat());
            let literal = |text: &str| Piece::Literal(text.into());
            match piece {
                Piece::Literal(text) => out.extend(text.match_indices(self.separator).map(|(at, found)| {
                    let (before, after) = (&text[..at], &text[at + found.len()..]);
                    around(&[literal(before)], &[literal(after)])
                })),
                Piece::AnyString => out.push(around(&[Piece::AnyString], &[Piece::AnyString])),
                Piece::AnyChar => out.push(around(&[], &[])),
                Piece::OneOf(set) if set.contains(&self.separator) => out.push(around(&[], &[])),
                Piece::OneOf(_) => {}
            }
        }
        out.retain(|(first, last)| self.lacks(last) && (self.repeats || self.lacks(first)));
        let make = |pieces| Pattern::new(pieces, pattern.case);
        out.into_iter().map(|(first, last)| (make(first), make(last))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Case;
    use crate::sigma::pattern;

    fn cut(text: &str, repeats: bool) -> Vec<(String, String)> {
        let pattern = Pattern::new(pattern::parse(text), Case::Fold);
        let text = |pattern: &Pattern| pattern::escape(pattern.pieces());
        let division = Division {
            separator: '\\',
            first: Some("a".into()),
            last: "b".into(),
            repeats,
            whole: None,
            lost: Lost::Refused,
        };
        division.cuts(&pattern).iter().map(|(a, b)| (text(a), text(b))).collect()
    }

    #[test]
    fn a_pattern_is_cut_at_the_separator_or_within_a_wildcard() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(cut(r"NT AUTHORITY\SYSTEM", false), [pair("NT AUTHORITY", "SYSTEM")]);
        assert_eq!(cut(r"*\SYSTEM", false), [pair("*", "SYSTEM")]);
        assert_eq!(cut("*AUTHORI*", false), [pair("*", "*AUTHORI*"), pair("*AUTHORI*", "*")]);
        assert_eq!(cut("A?B", false), [pair("A", "B")]);
        assert_eq!(cut("SYSTEM", false), []);
        assert_eq!(cut(r"A\B\C", false), []);
    }

    #[test]
    fn a_product_may_keep_the_last_part_alone() {
        let name = Division {
            separator: '\\',
            first: None,
            last: "b".into(),
            repeats: true,
            whole: None,
            lost: Lost::Refused,
        };
        let place = Expr::new(Node::True, Default::default());
        let made = |text: &str| {
            let test = Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold));
            name.divide(&test, &place).map(|expr| match expr.node {
                Node::Test(Predicate { test: Test::Pattern(pattern), .. }) => pattern::escape(pattern.pieces()),
                other => format!("{other:?}"),
            })
        };
        assert_eq!(made(r"*\a.exe"), Ok("a.exe".to_owned()));
        assert!(made(r"C:\a.exe").is_err() && made(r"*\a\\*").is_err() && made("*a*").is_err());
        assert_eq!((name.last_of(r"C:\x\a.exe"), name.last_of("a.exe")), (Some("a.exe"), None));
    }

    #[test]
    fn the_first_part_of_a_path_may_have_separators() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(cut(r"A\B\C", true), [pair(r"A\\B", "C")]);
        let run = [pair(r"*\\Run", "*"), pair(r"*\\Run\\*", "*")];
        assert_eq!(cut(r"*\Run\\*", true), run);
    }
}
