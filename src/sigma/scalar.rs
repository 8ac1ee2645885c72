//! YAML scalars: the core schema of YAML 1.2, and where YAML 1.1 would differ.
//!
//! Pure functions from the text of a plain scalar to its meaning. Nothing here knows what a scalar is used for.

use std::borrow::Cow;

use crate::source::Span;

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes; the only style that can be something other than text.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A block scalar (`|` or `>`).
    Block,
}

/// What a scalar is under the core schema.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Text.
    Text,
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A finite number with a fraction or an exponent.
    Float(f64),
    /// A number outside the numbers that a rule can use: `.inf`, `.nan`, or too large.
    Unbounded,
}

impl Kind {
    /// The kind in words, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::Float(_) | Kind::Unbounded => "a number",
        }
    }
}

/// A scalar as written: unquoted text, style, meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar<'s> {
    /// The text after unquoting.
    pub text: Cow<'s, str>,
    /// How it was written.
    pub style: Style,
    /// What it is.
    pub kind: Kind,
    /// Where the text begins in the source, if the source has it byte by byte.
    pub verbatim: Option<u32>,
}

impl Scalar<'_> {
    /// The scalar with a text of its own.
    pub(super) fn into_owned(self) -> Scalar<'static> {
        let Scalar { text, style, kind, verbatim } = self;
        Scalar { text: Cow::Owned(text.into_owned()), style, kind, verbatim }
    }

    /// The place of a part of the text, or of the whole scalar where escapes or folding make that unknowable.
    pub fn place(&self, whole: Span, range: std::ops::Range<usize>) -> Span {
        place(self.verbatim, whole, range)
    }
}

/// The place of `range` of a text that stands at `verbatim`, else `whole`.
pub(super) fn place(verbatim: Option<u32>, whole: Span, range: std::ops::Range<usize>) -> Span {
    match verbatim {
        Some(at) => Span::new(at as usize + range.start, at as usize + range.end),
        None => whole,
    }
}

/// What the text of a plain scalar is under the core schema.
pub fn resolve(text: &str) -> Kind {
    let Some(first) = text.bytes().next() else { return Kind::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' => match text {
            "~" | "null" | "Null" | "NULL" => Kind::Null,
            "true" | "True" | "TRUE" => Kind::Bool(true),
            "false" | "False" | "FALSE" => Kind::Bool(false),
            _ => Kind::Text,
        },
        _ => Kind::Text,
    }
}

fn number(text: &str) -> Kind {
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Kind::Unbounded;
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_or(Kind::Unbounded, Kind::Int);
    }
    if !is_float(unsigned) {
        return Kind::Text;
    }
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Kind::Float(x),
        _ => Kind::Unbounded,
    }
}

fn radix(digits: &str, radix: u32) -> Kind {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Kind::Text;
    }
    i128::from_str_radix(digits, radix).map_or(Kind::Unbounded, Kind::Int)
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let whole = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((integer, fraction)) => digits(integer) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    whole && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

/// The Boolean of a word that is one to readers of YAML 1.1 only.
pub fn yaml11_bool(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| same_word(word, text));
    if is(&["y", "yes", "on"]) {
        Some(true)
    } else if is(&["n", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

/// What YAML 1.1 makes of a plain scalar that the core schema reads otherwise.
pub fn yaml11(text: &str) -> Option<&'static str> {
    let first = text.bytes().next()?;
    match first {
        b'y' | b'Y' | b'n' | b'N' | b'o' | b'O' => {
            ["y", "n", "yes", "no", "on", "off"].iter().any(|word| same_word(word, text)).then_some("a boolean")
        }
        b'0'..=b'9' | b'+' | b'-' => yaml11_number(text.strip_prefix(['+', '-']).unwrap_or(text)),
        _ => None,
    }
}

/// YAML 1.1 knows a word in lower case, capitalised and in upper case.
fn same_word(word: &str, text: &str) -> bool {
    let tail = |s: &str, upper: bool| s.bytes().skip(1).all(|b| b.is_ascii_uppercase() == upper);
    word.eq_ignore_ascii_case(text) && (tail(text, false) || text.bytes().all(|b| b.is_ascii_uppercase()))
}

fn yaml11_number(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if bytes.len() > 1 && bytes[0] == b'0' && bytes.iter().all(|b| (b'0'..=b'7').contains(b)) {
        return Some("an octal number");
    }
    if text.starts_with("0b") || (text.contains('_') && digits(&text.replace('_', ""))) {
        return Some("a number");
    }
    if text.starts_with("0o") {
        return Some("text");
    }
    let parts = text.split(':').collect::<Vec<_>>();
    if (2..=4).contains(&parts.len()) && parts.iter().all(|p| p.len() <= 2 && digits(p)) {
        return Some("a number in base 60");
    }
    let date = text.get(..10).filter(|d| {
        let mut parts = d.split('-');
        [4, 2, 2].iter().all(|&n| parts.next().is_some_and(|p| p.len() == n && digits(p)))
    });
    let rest = date.and_then(|_| text.as_bytes().get(10));
    (date.is_some() && matches!(rest, None | Some(b'T' | b't' | b' '))).then_some("a date")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_schema() {
        for (text, kind) in [
            ("", Kind::Null),
            ("~", Kind::Null),
            ("Null", Kind::Null),
            ("nuLL", Kind::Text),
            ("TRUE", Kind::Bool(true)),
            ("yes", Kind::Text),
            ("017", Kind::Int(17)),
            ("+5", Kind::Int(5)),
            ("-5", Kind::Int(-5)),
            ("-", Kind::Text),
            ("0o17", Kind::Int(15)),
            ("0x1F", Kind::Int(31)),
            ("0xfg", Kind::Text),
            ("1_000", Kind::Text),
            ("12:30:45", Kind::Text),
            ("1.5", Kind::Float(1.5)),
            ("1e3", Kind::Float(1000.0)),
            (".5", Kind::Float(0.5)),
            ("5.", Kind::Float(5.0)),
            (".", Kind::Text),
            ("1e", Kind::Text),
            ("1.2.3", Kind::Text),
            (".inf", Kind::Unbounded),
            ("-.Inf", Kind::Unbounded),
            (".nan", Kind::Unbounded),
            ("1e999", Kind::Unbounded),
            ("2024-03-01", Kind::Text),
            ("18446744073709551615", Kind::Int(u64::MAX as i128)),
        ] {
            assert_eq!(resolve(text), kind, "{text:?}");
        }
        assert_eq!(resolve(&"9".repeat(60)), Kind::Unbounded);
    }

    #[test]
    fn yaml_11_differs_on_these_only() {
        for text in ["yes", "No", "OFF", "y", "017", "1_000", "12:30:45", "2024-03-01", "2024-03-01T10:00:00", "0b11"] {
            assert!(yaml11(text).is_some(), "{text}");
        }
        for text in
            ["yEs", "yesterday", "0", "10", "0.5", "10.0.0.1", "2024-03-01x", "1:", "a:b", "-", "0x1f", "nothing"]
        {
            assert!(yaml11(text).is_none(), "{text}");
        }
    }
}
