//! Escapes of surrogate pairs, `"\ud83d\ude00"`, as JSON has them: YAML's writers make them, YAML's parser refuses them.
//!
//! The parser gets a text in which such a pair is its character, followed by fillers, so that every character after it
//! keeps its number. Where the pair was no escape after all (outside of double quotes), it is put back.

use std::ops::Range;

/// What stands behind a character in place of the rest of its escape; private to no script, and in no sane text.
const FILLER: char = '\u{10FFFD}';
/// The characters of `\uD83D\uDE00`.
const LENGTH: usize = 12;

/// A text with its pairs replaced.
#[derive(Debug)]
pub(super) struct Rewritten<'s> {
    /// What the parser reads.
    pub text: String,
    /// The pairs with their places in the text as written.
    pairs: Vec<(usize, &'s str)>,
}

impl<'s> Rewritten<'s> {
    /// The text with its pairs replaced; `None` where it has none.
    pub fn new(written: &'s str) -> Option<Self> {
        if !written.contains("\\u") || written.contains(FILLER) {
            return None;
        }
        let mut out = Rewritten { text: String::with_capacity(written.len()), pairs: Vec::new() };
        let mut from = 0;
        let mut at = 0;
        while let Some(found) = written.get(at..).and_then(|rest| rest.find('\\')) {
            at += found;
            match written.get(at..at + LENGTH).and_then(|pair| Some((pair, character(pair)?))) {
                Some((pair, c)) => {
                    out.text.push_str(written.get(from..at).unwrap_or(""));
                    out.text.push(c);
                    out.text.extend(std::iter::repeat_n(FILLER, LENGTH - 1));
                    out.pairs.push((at, pair));
                    at += LENGTH;
                    from = at;
                }
                // A backslash takes the character after it along: `\\ud83d` is no escape.
                None => at += 1 + written.get(at + 1..).and_then(|s| s.chars().next()).map_or(0, char::len_utf8),
            }
        }
        out.text.push_str(written.get(from..).unwrap_or(""));
        (!out.pairs.is_empty()).then_some(out)
    }

    /// A scalar's text from the text that the parser read: without fillers, or with the pairs as written.
    pub fn restore(&self, text: &str, place: Range<usize>, escapes: bool) -> String {
        if escapes || !text.contains(FILLER) {
            return text.replace(FILLER, "");
        }
        let mut pairs = self.pairs.iter().filter(|(at, _)| place.contains(at)).map(|(_, pair)| *pair);
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if chars.peek() == Some(&FILLER) {
                while chars.next_if_eq(&FILLER).is_some() {}
                out.push_str(pairs.next().unwrap_or(""));
            } else {
                out.push(c);
            }
        }
        out
    }
}

/// The character of a text such as `\uD83D\uDE00`.
fn character(pair: &str) -> Option<char> {
    let unit = |half: &str| {
        let digits = half.strip_prefix("\\u").filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(pair.get(..LENGTH / 2)?)?, unit(pair.get(LENGTH / 2..)?)?];
    let mut characters = char::decode_utf16(units);
    let first = characters.next()?.ok()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_their_character_and_keep_the_length() {
        let written = r#"a: "x\ud83d\uDE00y\\ud83d\ude00" # \u0041"#;
        let rewritten = Rewritten::new(written).expect("there is a pair");
        assert_eq!(rewritten.text.chars().count(), written.chars().count());
        assert_eq!(rewritten.restore(&rewritten.text, 0..written.len(), false), written);
        assert!(rewritten.restore(&rewritten.text, 0..written.len(), true).starts_with("a: \"x\u{1f600}y"));
        for none in [r"\u0041\u0042", r"\ud83d", r"\ude00\ud83d", "plain"] {
            assert!(Rewritten::new(none).is_none(), "{none}");
        }
    }
}
