//! `sigmaglot_split`: one field of the rule whose value the product keeps in two. An extension of the format.
//!
//! The value is taken to be `first`, the separator, `last`, with the separator nowhere else, as in `DOMAIN\user`. A pattern on
//! the whole holds exactly where, for some way to cut it at a separator, its two parts hold on the two fields.

use std::sync::Arc;

use crate::ir::{Expr, Field, Node, Pattern, Piece, Predicate, Subject, Test};

/// The test on two fields, or why there is none.
pub(super) fn split(
    test: &Test,
    separator: char,
    fields: (&Arc<str>, &Arc<str>),
    place: &Expr,
) -> Result<Expr, String> {
    let origin = || place.origin.clone();
    let on = |name: &Arc<str>, test: Test| {
        let predicate = Predicate { subject: Subject::Field(Field::new(name.clone())), test };
        Expr::new(Node::Test(predicate), origin())
    };
    let both = |first: Test, last: Test| Expr::new(Node::All(vec![on(fields.0, first), on(fields.1, last)]), origin());
    match test {
        Test::Null => Ok(both(Test::Null, Test::Null)),
        Test::Exists(present) => Ok(on(fields.1, Test::Exists(*present))),
        Test::Pattern(pattern) => {
            let mut parts: Vec<Expr> = cuts(pattern, separator)
                .into_iter()
                .map(|(first, last)| both(Test::Pattern(first), Test::Pattern(last)))
                .collect();
            match parts.len() {
                1 => parts.pop().ok_or_else(String::new),
                _ => Ok(Expr::new(Node::Any(parts), origin())),
            }
        }
        _ => Err(format!("its value lies in `{}` and `{}`, and only text can be taken apart", fields.0, fields.1)),
    }
}

/// The ways to cut a pattern at the one separator of a value: at a literal one, or within a wildcard where there is none.
fn cuts(pattern: &Pattern, separator: char) -> Vec<(Pattern, Pattern)> {
    let pieces = pattern.pieces();
    let make = |left: Vec<Piece>, right: Vec<Piece>| {
        (Pattern::new(left, pattern.case), Pattern::new(right, pattern.case))
    };
    let literal = pieces.iter().enumerate().flat_map(|(i, piece)| match piece {
        Piece::Literal(text) => text.match_indices(separator).map(|(at, _)| (i, at)).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let found: Vec<(usize, usize)> = literal.collect();
    match found.as_slice() {
        [] => {}
        [(i, at)] => {
            let Some(Piece::Literal(text)) = pieces.get(*i) else { return Vec::new() };
            let (before, after) = text.split_at(*at);
            let mut left = pieces[..*i].to_vec();
            left.push(Piece::Literal(before.into()));
            let mut right = vec![Piece::Literal(after.get(separator.len_utf8()..).unwrap_or("").into())];
            right.extend_from_slice(&pieces[i + 1..]);
            return vec![make(left, right)];
        }
        _ => return Vec::new(), // no value has two
    }
    let mut out = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        let (left, right) = (&pieces[..i], &pieces[i + 1..]);
        match piece {
            Piece::AnyString => {
                let left = left.iter().chain([piece]).cloned().collect();
                out.push(make(left, std::iter::once(piece).chain(right).cloned().collect()));
            }
            Piece::AnyChar => out.push(make(left.to_vec(), right.to_vec())),
            Piece::OneOf(set) if set.contains(&separator) => out.push(make(left.to_vec(), right.to_vec())),
            Piece::OneOf(_) | Piece::Literal(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Case;
    use crate::sigma::pattern;

    fn cut(text: &str) -> Vec<(String, String)> {
        let pattern = Pattern::new(pattern::parse(text), Case::Fold);
        let text = |pattern: &Pattern| pattern::escape(pattern.pieces());
        cuts(&pattern, '\\').iter().map(|(a, b)| (text(a), text(b))).collect()
    }

    #[test]
    fn a_pattern_is_cut_at_the_separator_or_within_a_wildcard() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(cut(r"NT AUTHORITY\SYSTEM"), [pair("NT AUTHORITY", "SYSTEM")]);
        assert_eq!(cut(r"*\SYSTEM"), [pair("*", "SYSTEM")]);
        assert_eq!(cut("*AUTHORI*"), [pair("*", "*AUTHORI*"), pair("*AUTHORI*", "*")]);
        assert_eq!(cut("A?B"), [pair("A", "B")]);
        assert_eq!(cut("SYSTEM"), []);
        assert_eq!(cut(r"A\B\C"), []);
    }
}
