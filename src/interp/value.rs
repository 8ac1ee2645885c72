//! SEMANTICS.md, "Text of a value", "Letter case" and "Numbers": what a single value of an event is.

use std::borrow::Cow;

use serde_json::Value;

use crate::ir::Number;

/// The text of a scalar; nulls, objects and arrays have none.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(_) => number(value).map(|n| Cow::Owned(n.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The number that a JSON number is; integers exactly.
pub(super) fn number(value: &Value) -> Option<Number> {
    let Value::Number(n) = value else { return None };
    if let Some(i) = n.as_i64() {
        Some(Number::Int(i.into()))
    } else if let Some(u) = n.as_u64() {
        Some(Number::Int(u.into()))
    } else {
        n.as_f64().map(Number::Float)
    }
}

/// The number that a text spells: an optional sign, digits with an optional fraction, an optional exponent, and nothing
/// else. A whole number is exact up to 38 digits; the rest is the nearest double, beyond its range an infinity.
pub(super) fn spelled_number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let spelled = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole.is_empty() || digits(whole)) && digits(fraction),
        None => digits(mantissa),
    };
    if !spelled || !exponent.is_none_or(digits) {
        return None;
    }
    match text.parse::<i128>() {
        Ok(whole) => Some(Number::Int(whole)),
        Err(_) => text.parse::<f64>().ok().map(Number::Float),
    }
}

/// A character's simple case folding (CaseFolding.txt, status C and S); itself where it has none.
pub(super) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    unicode_case_mapping::case_folded(c).and_then(|folded| char::from_u32(folded.get())).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

    use super::*;

    #[test]
    fn folding_is_that_of_the_regex_engine_for_every_character() {
        for c in '\0'..=char::MAX {
            let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
            class.case_fold_simple();
            for range in class.iter() {
                for other in range.start()..=range.end() {
                    assert_eq!(fold(c), fold(other), "{c:?} and {other:?} fold to one another");
                }
            }
            let mut folded = ClassUnicode::new([ClassUnicodeRange::new(fold(c), fold(c))]);
            folded.case_fold_simple();
            assert!(folded.iter().any(|r| r.start() <= c && c <= r.end()), "{c:?} folds too far");
            assert_eq!(fold(fold(c)), fold(c), "{c:?}: folding twice is folding once");
        }
    }

    #[test]
    fn folding_landmarks() {
        assert_eq!([fold('É'), fold('ς'), fold('\u{212A}'), fold('ẞ')], ['é', 'σ', 'k', 'ß']);
        assert_eq!(fold('\u{130}'), '\u{130}', "no Turkic forms");
    }

    #[test]
    fn spelled_numbers() {
        let int = |text| match spelled_number(text) {
            Some(Number::Int(n)) => Some(n),
            _ => None,
        };
        assert_eq!(int("+17"), Some(17));
        assert_eq!(int("-017"), Some(-17));
        assert_eq!(int("18446744073709551616"), Some(1 << 64));
        for text in ["1.5", ".5", "1e3", "-2.5E-1", "1e999"] {
            assert!(spelled_number(text).is_some(), "{text}");
        }
        for text in ["", "+", ".", "1.", "1e", "e1", " 1", "1 ", "0x10", "inf", "NaN", "1_000", "--1", "1.2.3", "١"] {
            assert!(spelled_number(text).is_none(), "{text}");
        }
        assert!(spelled_number("1e999").is_some_and(|n| n.compare(Number::Int(i128::MAX)).is_gt()));
    }
}
