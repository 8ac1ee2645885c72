//! String patterns: what a Sigma string means once its escapes are read and its modifiers are applied.

use std::sync::Arc;

use serde::Serialize;

/// Whether letters are compared with folding.
///
/// Folding is Unicode *simple* case folding (CaseFolding.txt, status C and S): one scalar value to one, no Turkic
/// forms, no normalisation. This is what `(?i)` means to the `regex` crate, and not what `str::to_lowercase` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// Letters match without regard to case.
    Fold,
    /// Letters match exactly.
    Exact,
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// These characters; never empty.
    Literal(Arc<str>),
    /// Any number of any characters, line breaks included.
    AnyString,
    /// Exactly one Unicode scalar value, line breaks included.
    AnyChar,
    /// Exactly one of these characters (from `windash`); never empty, no duplicates, source order.
    OneOf(Vec<char>),
}

/// A pattern over the whole text of a value. No pieces: the empty text.
///
/// Invariant (kept by [`Pattern::new`]): literals are not empty, adjacent literals are one, adjacent
/// [`Piece::AnyString`] are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Pattern {
    pieces: Vec<Piece>,
    /// How letters compare.
    pub case: Case,
}

/// The simplest form that a pattern has; targets choose their operator by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape<'a> {
    /// Any present text (`*`).
    Anything,
    /// Exactly this text (possibly empty).
    Equals(&'a str),
    /// Begins with this text.
    StartsWith(&'a str),
    /// Ends with this text.
    EndsWith(&'a str),
    /// Has this text somewhere.
    Contains(&'a str),
    /// Inner wildcards, one-character wildcards or character sets.
    General,
}

impl Pattern {
    /// A pattern from pieces, brought to the form that the invariant describes.
    pub fn new(pieces: impl IntoIterator<Item = Piece>, case: Case) -> Self {
        let mut out: Vec<Piece> = Vec::new();
        // Literals in a row, copied once and not once for each of them.
        let mut run: Vec<Arc<str>> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Literal(text) => run.extend((!text.is_empty()).then_some(text)),
                Piece::OneOf(set) if set.len() == 1 => run.push(set[0].to_string().into()),
                piece => {
                    out.extend(joined(&mut run));
                    if (out.last(), &piece) != (Some(&Piece::AnyString), &Piece::AnyString) {
                        out.push(piece);
                    }
                }
            }
        }
        out.extend(joined(&mut run));
        Self { pieces: out, case }
    }

    /// A pattern that is exactly `text`.
    pub fn literal(text: &str, case: Case) -> Self {
        Self::new([Piece::Literal(text.into())], case)
    }

    /// The pieces.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The bytes of its literal texts, and one for each other piece.
    pub fn size(&self) -> usize {
        let of = |piece: &Piece| if let Piece::Literal(text) = piece { text.len() } else { 1 };
        self.pieces.iter().map(of).sum()
    }

    /// The simplest form.
    pub fn shape(&self) -> Shape<'_> {
        use Piece::{AnyString, Literal};
        match self.pieces.as_slice() {
            [] => Shape::Equals(""),
            [AnyString] => Shape::Anything,
            [Literal(text)] => Shape::Equals(text),
            [Literal(text), AnyString] => Shape::StartsWith(text),
            [AnyString, Literal(text)] => Shape::EndsWith(text),
            [AnyString, Literal(text), AnyString] => Shape::Contains(text),
            _ => Shape::General,
        }
    }

    /// The same pattern with `*` before and after it: some substring matches.
    pub fn anywhere(self) -> Self {
        let case = self.case;
        let inner = self.pieces.into_iter();
        Self::new(std::iter::once(Piece::AnyString).chain(inner).chain([Piece::AnyString]), case)
    }

    /// All literal characters and set members, in order.
    pub fn chars(&self) -> impl Iterator<Item = char> + '_ {
        self.pieces.iter().flat_map(|piece| match piece {
            Piece::Literal(text) => text.chars().collect::<Vec<_>>(),
            Piece::OneOf(set) => set.clone(),
            Piece::AnyString | Piece::AnyChar => Vec::new(),
        })
    }
}

/// Literals in a row as one; leaves none.
fn joined(run: &mut Vec<Arc<str>>) -> Option<Piece> {
    let text = if run.len() > 1 { run.concat().into() } else { run.pop()? };
    run.clear();
    Some(Piece::Literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_merged() {
        let p = Pattern::new(
            [
                Piece::Literal("a".into()),
                Piece::Literal("".into()),
                Piece::OneOf(vec!['b']),
                Piece::AnyString,
                Piece::AnyString,
            ],
            Case::Fold,
        );
        assert_eq!(p.pieces(), [Piece::Literal("ab".into()), Piece::AnyString]);
        assert_eq!(p.shape(), Shape::StartsWith("ab"));
    }
}
