//! Sigma strings: wildcards, escapes, and the pieces that `windash` varies.
//!
//! Text that YAML has unquoted comes in, pieces of an [`ir::Pattern`](crate::ir::Pattern) come out. Modifiers that add
//! wildcards work on the pieces, so a trailing backslash of a value never escapes an added `*`.

use std::sync::Arc;

use crate::ir::Piece;

/// The characters that `windash` exchanges.
pub const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// Reads a Sigma string: `*` is any text, `?` one character, `\` escapes these two and itself.
pub fn parse(text: &str) -> Vec<Piece> {
    if !text.contains(['*', '?', '\\']) {
        return if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text.into())] };
    }
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let wildcard = match c {
            '*' => Piece::AnyString,
            '?' => Piece::AnyChar,
            '\\' => {
                literal.push(chars.next_if(|next| matches!(next, '\\' | '*' | '?')).unwrap_or('\\'));
                continue;
            }
            c => {
                literal.push(c);
                continue;
            }
        };
        flush(&mut literal, &mut pieces);
        pieces.push(wildcard);
    }
    flush(&mut literal, &mut pieces);
    pieces
}

fn flush(literal: &mut String, pieces: &mut Vec<Piece>) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal).into()));
    }
}

/// Writes pieces as a Sigma string that [`parse`] reads back; a set of dashes is written as its first.
pub fn escape(pieces: &[Piece]) -> String {
    let mut out = String::new();
    let push = |c: char, out: &mut String| {
        if matches!(c, '\\' | '*' | '?') {
            out.push('\\');
        }
        out.push(c);
    };
    for piece in pieces {
        match piece {
            Piece::Literal(text) => text.chars().for_each(|c| push(c, &mut out)),
            Piece::AnyString => out.push('*'),
            Piece::AnyChar => out.push('?'),
            Piece::OneOf(set) => set.first().into_iter().for_each(|&c| push(c, &mut out)),
        }
    }
    out
}

/// The text of pieces without wildcards; `None` where there is one.
pub fn literal(pieces: &[Piece]) -> Option<Arc<str>> {
    match pieces {
        [] => Some("".into()),
        [Piece::Literal(text)] => Some(text.clone()),
        _ => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => Some(text.as_ref()),
                Piece::AnyString | Piece::AnyChar | Piece::OneOf(_) => None,
            })
            .collect::<Option<String>>()
            .map(Arc::from),
    }
}

/// Varies every dash that begins a word: one that follows no word character and is followed by one.
pub fn windash(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out = Vec::new();
    for piece in pieces {
        let Piece::Literal(text) = &piece else {
            out.push(piece);
            continue;
        };
        let mut plain = String::new();
        let mut before = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let begins_word = !before.is_some_and(is_word) && chars.peek().copied().is_some_and(is_word);
            if DASHES.contains(&c) && begins_word {
                flush(&mut plain, &mut out);
                out.push(Piece::OneOf(std::iter::once(c).chain(DASHES.into_iter().filter(|&d| d != c)).collect()));
            } else {
                plain.push(c);
            }
            before = Some(c);
        }
        flush(&mut plain, &mut out);
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// All texts that pieces without wildcards stand for, or `None` where there are more than `limit`.
pub fn variants(pieces: &[Piece], limit: usize) -> Option<Vec<Vec<Piece>>> {
    let mut out = vec![Vec::new()];
    for piece in pieces {
        let Piece::OneOf(set) = piece else {
            out.iter_mut().for_each(|v: &mut Vec<Piece>| v.push(piece.clone()));
            continue;
        };
        if out.len() * set.len() > limit {
            return None;
        }
        let with = |c: &char, v: &Vec<Piece>| v.iter().cloned().chain([Piece::Literal(c.to_string().into())]).collect();
        out = out.iter().flat_map(|v| set.iter().map(move |c| with(c, v))).collect();
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ir::{Case, Pattern};

    fn lit(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    #[test]
    fn escapes() {
        assert_eq!(parse(r"C:\Windows\*"), [lit(r"C:\Windows*")]);
        assert_eq!(parse(r"C:\Windows\\*"), [lit(r"C:\Windows\"), Piece::AnyString]);
        assert_eq!(parse(r"a\"), [lit(r"a\")]);
        assert_eq!(parse("a?b"), [lit("a"), Piece::AnyChar, lit("b")]);
        assert_eq!(parse(""), []);
    }

    #[test]
    fn windash_varies_dashes_before_words() {
        let dashes = |c: char| {
            Piece::OneOf([&[c][..], &DASHES.iter().copied().filter(|&d| d != c).collect::<Vec<_>>()].concat())
        };
        assert_eq!(windash(parse(" -a-b")), [lit(" "), dashes('-'), lit("a-b")]);
        assert_eq!(windash(parse("--foo")), [lit("-"), dashes('-'), lit("foo")]);
        assert_eq!(windash(parse("/c *-d")), [dashes('/'), lit("c "), Piece::AnyString, dashes('-'), lit("d")]);
        assert_eq!(windash(parse("a/b - c-")), [lit("a/b - c-")]);
    }

    #[test]
    fn variants_stop_at_the_limit() {
        let three = windash(parse("-a -b -c"));
        assert_eq!(variants(&three, 200).map(|v| v.len()), Some(125));
        assert_eq!(variants(&windash(parse("-a -b -c -d")), 200), None);
        let texts = variants(&windash(parse("-a")), 200).unwrap_or_default();
        assert_eq!(literal(&texts[1]).as_deref(), Some("/a"));
    }

    proptest! {
        #[test]
        fn what_is_escaped_reads_back(text in r"[\\*?a]{0,12}") {
            let pieces = parse(&text);
            prop_assert_eq!(&parse(&escape(&pieces)), &pieces);
            let literal = [Piece::Literal(format!("x{text}").into())];
            prop_assert_eq!(&parse(&escape(&literal)), &literal);
        }

        #[test]
        fn windash_keeps_the_written_text_among_its_variants(text in "[-/ a_\u{2013}*]{0,10}") {
            let varied = windash(parse(&text));
            let written = Pattern::new(parse(&escape(&varied)), Case::Fold);
            prop_assert_eq!(written, Pattern::new(parse(&text), Case::Fold));
        }
    }
}
