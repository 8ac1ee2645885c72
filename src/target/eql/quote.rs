//! EQL's quoter: the only place that writes strings, names and numbers of the language.
//!
//! Rules of the lexer (Elasticsearch): a string stands in double quotes and knows the escapes `\b \t \n \f \r \" \\`
//! and `\u{..}` with two to eight digits, any other backslash is an error; a name in backticks doubles a backtick. No
//! operator is chosen here.

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::Number;
use crate::target::quote::Quoted;

/// Words that cannot stand as a bare name or a part of one.
const KEYWORDS: &[&str] = &[
    "and",
    "any",
    "by",
    "count",
    "false",
    "filter",
    "head",
    "in",
    "join",
    "like",
    "maxspan",
    "not",
    "null",
    "of",
    "or",
    "regex",
    "runs",
    "sample",
    "sequence",
    "sort",
    "tail",
    "true",
    "unique",
    "unique_count",
    "until",
    "where",
    "with",
];

/// A string literal.
pub(super) fn string(text: &str) -> Quoted {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || is_invisible(c) => out.push_str(&format!("\\u{{{:04x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    Quoted::by_quoter(out)
}

/// Characters that a reader cannot see or that reorder what he sees: written as escapes so that a review shows them.
/// The joiner and the variation selectors of emoji stay as they are.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}'
        | '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A field, optional (`?name`): a plain name that no index maps fails the whole query.
///
/// # Errors
/// Where the name is empty.
pub(super) fn field(name: &str) -> Result<Quoted, Diagnostic> {
    if name.is_empty() {
        return Err(Diagnostic::new(codes::LITERAL_UNSUPPORTED, "EQL cannot name a field whose name is empty")
            .help("map the field to a name of the target's schema"));
    }
    let backticks = |text: &str| format!("`{}`", text.replace('`', "``"));
    let segment = |text: &str| if is_identifier(text) { text.to_owned() } else { backticks(text) };
    let path = match name.split('.').any(str::is_empty) {
        true => backticks(name), // no path, but one name with dots in it
        false => name.split('.').map(segment).collect::<Vec<_>>().join("."),
    };
    Ok(Quoted::by_quoter(format!("?{path}")))
}

/// The event category before `where`; `any` is the word for all of them.
pub(super) fn category(name: &str) -> Quoted {
    if name == "any" || is_identifier(name) { Quoted::by_quoter(name.to_owned()) } else { string(name) }
}

fn is_identifier(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '@')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// A number literal.
///
/// # Errors
/// Where a whole number needs more than 64 bits.
pub(super) fn number(number: Number) -> Result<Quoted, Diagnostic> {
    match number {
        Number::Int(n) if i64::try_from(n).is_err() => {
            Err(Diagnostic::new(codes::LITERAL_UNSUPPORTED, format!("EQL cannot write {n}: it is no 64-bit number"))
                .help("compare with a number that the column can hold"))
        }
        // The sign is read after the digits, and 9223372036854775808 is no 64-bit number.
        Number::Int(n) if n == i128::from(i64::MIN) => Ok(Quoted::by_quoter(format!("{n}.0"))),
        Number::Int(n) => Ok(Quoted::by_quoter(n.to_string())),
        // A float stays one however many digits it has.
        Number::Float(x) if x.fract() == 0.0 => Ok(Quoted::by_quoter(format!("{x}.0"))),
        Number::Float(x) => Ok(Quoted::by_quoter(x.to_string())),
    }
}

/// A boolean literal.
pub(super) fn boolean(value: bool) -> Quoted {
    Quoted::by_quoter(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_escape_what_would_end_or_hide_them() {
        assert_eq!(string(r#"a"b\c"#).as_str(), r#""a\"b\\c""#);
        assert_eq!(string("\t\n\r\0\u{7f}\u{202e}é").as_str(), r#""\t\n\r\u{0000}\u{007f}\u{202e}é""#);
    }

    #[test]
    fn names_are_quoted_where_the_grammar_needs_it() {
        let name = |text| field(text).map(|q| q.as_str().to_owned()).ok();
        assert_eq!(name("process.name").as_deref(), Some("?process.name"));
        assert_eq!(name("@timestamp").as_deref(), Some("?@timestamp"));
        for (text, quoted) in [
            ("cs-uri-query", "?`cs-uri-query`"),
            ("a b", "?`a b`"),
            ("a`b", "?`a``b`"),
            ("1st", "?`1st`"),
            ("x.by.a-b", "?x.`by`.`a-b`"),
            ("not", "?`not`"),
            ("a..b", "?`a..b`"),
            ("é", "?`é`"),
        ] {
            assert_eq!(name(text).as_deref(), Some(quoted));
        }
        assert_eq!(name(""), None);
    }

    #[test]
    fn numbers_keep_their_kind() {
        let text = |n| number(n).map(|q| q.as_str().to_owned()).ok();
        assert_eq!(text(Number::Int(-5)).as_deref(), Some("-5"));
        assert_eq!(text(Number::Float(1.5)).as_deref(), Some("1.5"));
        assert_eq!(text(Number::Float(2.0)).as_deref(), Some("2.0"));
        assert_eq!(text(Number::Float(1e22)).as_deref(), Some("10000000000000000000000.0"));
        assert_eq!(text(Number::Int(1 << 64)), None);
    }
}
