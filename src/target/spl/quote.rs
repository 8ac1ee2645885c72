//! The quoter of SPL: the only place that writes literals and names, for `search` and for `where`.
//!
//! # Literals of `search`
//! `"` opens and closes; `\"` is a quote and `\\` a backslash, so every backslash is doubled, the one before a closing
//! quote or before a wildcard too. `*` is a wildcard always: nothing escapes it. What a literal cannot hold for sure is
//! not tried ([`search_value`] says `None`, and `where` takes over): `*`, backticks (macros), control characters and white
//! space other than blanks, blanks at either end, text that `search` reads as a network or as `CASE(..)` or `TERM(..)`.
//!
//! # Literals of `where`
//! The only text from rules is in regular expressions, which pass two layers: the string literal, then PCRE2. The
//! literal's layer turns `\\` into `\` and `\"` into `"` and leaves any other `\c` as it is:
//!
//! | meant | PCRE2 | written |
//! |---|---|---|
//! | a digit, a dot | `\d`, `\.` | `\d`, `\.` |
//! | a backslash | `\\` or `\x5c` | `\x5c` |
//! | a quote | `"` or `\x22` | `\x22` |
//! | white space other than a blank | itself or `\x{..}` | `\x{..}` |
//! | a backtick | `` ` `` or `\x60` | `\x60` |
//! | a bar | `\|` or `\x7c` | `\x7c`: of `\|` the documentation says two things |
//!
//! The written forms have no `\\` and no `\"`, so they mean the same with and without the first layer.
//! Neither predicate language is entered through a name: names with quotes, backslashes and the like are refused.

use std::net::IpAddr;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Network, Number, Piece};
use crate::target::quote::Quoted;

/// A `search` literal of a pattern, or `None` where `search` cannot say it exactly. The pieces have no one-character
/// wildcards and no sets, and are not empty.
pub fn search_value(pieces: &[Piece]) -> Option<Quoted> {
    let mut out = String::from("\"");
    for piece in pieces {
        match piece {
            Piece::AnyString => out.push('*'),
            Piece::Literal(text) if text.chars().all(holds) => escape_search(text, &mut out),
            Piece::Literal(_) | Piece::AnyChar | Piece::OneOf(_) => return None,
        }
    }
    let blank_edge = matches!(pieces.first(), Some(Piece::Literal(text)) if text.starts_with(' '))
        || matches!(pieces.last(), Some(Piece::Literal(text)) if text.ends_with(' '));
    let special = match pieces.first() {
        Some(Piece::Literal(text)) => reads_as_function(text) || (pieces.len() == 1 && reads_as_network(text)),
        _ => false,
    };
    if blank_edge || special {
        return None;
    }
    out.push('"');
    Some(Quoted::by_quoter(out))
}

/// A `search` literal of a text of the program's own making (a number, a boolean).
pub fn search_word(text: &str) -> Quoted {
    let mut out = String::from("\"");
    escape_search(text, &mut out);
    out.push('"');
    Quoted::by_quoter(out)
}

/// The value of `index=`; `*` keeps its meaning, since the user asked for it.
///
/// # Errors
/// Where the name has a character that no index has.
pub fn index(name: &str) -> Result<Quoted, Diagnostic> {
    if name.chars().all(|c| is_word(c) || matches!(c, '-' | '*')) {
        return Ok(search_word(name));
    }
    Err(Diagnostic::new(codes::LITERAL_UNSUPPORTED, format!("`{}` is no name of an index", name.escape_debug()))
        .help("names of indexes have letters, digits, `_` and `-`; `*` stands for any of them"))
}

/// The name of a data model with its data set (`Endpoint.Processes`), and the name of the set, which its fields have before theirs.
///
/// # Errors
/// Where the name is not of that form.
pub fn data_model(name: &str) -> Result<(Quoted, Quoted), Diagnostic> {
    let plain = |part: &str| !part.is_empty() && part.chars().all(is_word);
    match name.rsplit_once('.') {
        Some((model, set)) if plain(set) && model.split('.').all(plain) => {
            Ok((Quoted::by_quoter(name.to_owned()), Quoted::by_quoter(set.to_owned())))
        }
        _ => Err(Diagnostic::new(
            codes::LITERAL_UNSUPPORTED,
            format!("`{}` is no data model with a data set", name.escape_debug()),
        )
        .help("such a name has letters, digits and `_`, as in `Endpoint.Processes`")),
    }
}

/// A field of a data set in `tstats`.
///
/// # Errors
/// Where a data set cannot have a field of this name.
pub fn model_field(set: &Quoted, name: &str) -> Result<Quoted, Diagnostic> {
    if !name.is_empty() && name.chars().all(is_word) {
        return Ok(Quoted::by_quoter(format!("{}.{name}", set.as_str())));
    }
    Err(Diagnostic::new(codes::LITERAL_UNSUPPORTED, format!("`{}` is no field of a data set", name.escape_debug()))
        .help("such a name has letters, digits and `_`; map the field to one"))
}

fn escape_search(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
}

fn holds(c: char) -> bool {
    !(matches!(c, '*' | '`') || c.is_control() || (c.is_whitespace() && c != ' '))
}

/// `f="10.0.0.0/8"` matches addresses of the network, not the text.
fn reads_as_network(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, prefix)| {
        address.parse::<IpAddr>().is_ok() && prefix.bytes().all(|b| b.is_ascii_digit())
    })
}

fn reads_as_function(text: &str) -> bool {
    ["case(", "term("].iter().any(|name| text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
}

/// A field's name in `search`.
///
/// # Errors
/// Where the name cannot be quoted.
pub fn search_name(name: &str) -> Result<Quoted, Diagnostic> {
    check_name(name)?;
    let bare = starts_like_a_name(name) && name.chars().all(|c| is_word(c) || c == '.');
    let reserved = ["AND", "OR", "NOT", "IN", "BY", "AS"].iter().any(|word| name.eq_ignore_ascii_case(word));
    Ok(Quoted::by_quoter(if bare && !reserved { name.to_owned() } else { format!("\"{name}\"") }))
}

/// A field's name in `where`, where a dot concatenates and double quotes make a string.
///
/// # Errors
/// Where the name cannot be quoted.
pub fn filter_name(name: &str) -> Result<Quoted, Diagnostic> {
    const RESERVED: &[&str] = &["AND", "OR", "NOT", "XOR", "IN", "LIKE", "TRUE", "FALSE", "NULL"];
    check_name(name)?;
    let bare = starts_like_a_name(name) && name.chars().all(is_word);
    let reserved = RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word));
    Ok(Quoted::by_quoter(if bare && !reserved { name.to_owned() } else { format!("'{name}'") }))
}

fn check_name(name: &str) -> Result<(), Diagnostic> {
    let odd = name.chars().find(|c| matches!(c, '"' | '\'' | '\\' | '`' | '*') || c.is_control());
    let what = match odd {
        Some(c) => format!("`{}`", c.escape_debug()),
        None if name.is_empty() => "no characters".to_owned(),
        None => return Ok(()),
    };
    Err(Diagnostic::new(codes::LITERAL_UNSUPPORTED, format!("the field name `{}` has {what}", name.escape_debug()))
        .help("SPL has no way to quote such a name; map the field to another name"))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn starts_like_a_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// A `where` literal of a PCRE2 expression as [`crate::target::regex::print`] writes it.
pub fn regex(pcre: &str) -> Quoted {
    let mut out = String::from("\"");
    let mut chars = pcre.chars();
    while let Some(c) = chars.next() {
        let escaped = c == '\\';
        let c = if escaped { chars.next().unwrap_or(c) } else { c };
        match c {
            '\\' => out.push_str("\\x5c"),
            '"' => out.push_str("\\x22"),
            '`' => out.push_str("\\x60"),
            // The manual says of `search` that a backslash takes the bar's meaning away, and leaves open whether it is gone here.
            '|' if escaped => out.push_str("\\x7c"),
            c if c.is_whitespace() && c != ' ' => out.push_str(&format!("\\x{{{:X}}}", u32::from(c))),
            c => {
                out.extend(escaped.then_some('\\'));
                out.push(c);
            }
        }
    }
    out.push('"');
    Quoted::by_quoter(out)
}

/// A `where` literal of a network.
pub fn network(network: Network) -> Quoted {
    Quoted::by_quoter(format!("\"{network}\""))
}

/// A `where` number, or `None` where Splunk's numbers (doubles) are too coarse for it.
pub fn number(number: Number) -> Option<Quoted> {
    const EXACT: i128 = 1 << 53;
    let whole = Number::Int(EXACT);
    let exact = number.compare(whole).is_lt() && number.compare(Number::Int(-EXACT)).is_gt();
    exact.then(|| Quoted::by_quoter(number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Option<String> {
        search_value(&[Piece::Literal(text.into())]).map(|quoted| quoted.as_str().to_owned())
    }

    #[test]
    fn search_literals_double_every_backslash() {
        assert_eq!(literal("C:\\Temp\\").as_deref(), Some(r#""C:\\Temp\\""#));
        assert_eq!(literal("a\"b").as_deref(), Some(r#""a\"b""#));
        let before_wildcard = [Piece::AnyString, Piece::Literal("\\".into()), Piece::AnyString];
        assert_eq!(search_value(&before_wildcard).map(|q| q.as_str().to_owned()).as_deref(), Some(r#""*\\*""#));
    }

    #[test]
    fn search_refuses_what_its_literals_cannot_hold() {
        for text in ["a*b", "a`b", "a\tb", "a\nb", " a", "a ", "a\u{a0}b", "10.0.0.0/8", "::/0", "CASE(a)", "term(x)"] {
            assert_eq!(literal(text), None, "{text:?}");
        }
        for text in ["10.0.0.1", "a/8", "a[b]|c$d%e_f", "AND", "11/2"] {
            assert!(literal(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn regexes_never_have_a_doubled_backslash_or_a_quote() {
        assert_eq!(regex(r#"^C:\\"\d[\\`]\."#).as_str(), r#""^C:\x5c\x22\d[\x5c\x60]\.""#);
        assert_eq!(regex(r#"\""#).as_str(), r#""\x22""#);
        assert_eq!(regex(r"a\||b").as_str(), r#""a\x7c|b""#);
        assert_eq!(regex("\\").as_str(), r#""\x5c""#);
    }

    #[test]
    fn names_are_quoted_by_the_language() {
        let search = |name| search_name(name).map(|q| q.as_str().to_owned()).unwrap_or_default();
        let filter = |name| filter_name(name).map(|q| q.as_str().to_owned()).unwrap_or_default();
        assert_eq!(search("process.name"), "process.name");
        assert_eq!(filter("process.name"), "'process.name'");
        assert_eq!(search("user agent"), "\"user agent\"");
        assert_eq!(filter("c-uri"), "'c-uri'");
        assert_eq!((search("or"), filter("Like")), ("\"or\"".to_owned(), "'Like'".to_owned()));
        for name in ["a\"b", "a'b", "a\\", "a`b", "a\nb", "a*", ""] {
            assert!(search_name(name).is_err() && filter_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn numbers_beyond_doubles_are_refused() {
        assert_eq!(number(Number::Float(1.5)).map(|q| q.as_str().to_owned()).as_deref(), Some("1.5"));
        assert_eq!(number(Number::Int(1 << 53)), None, "the next number is read as this one");
        assert_eq!(number(Number::Float(-1e300)), None);
    }
}
