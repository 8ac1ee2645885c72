//! The quoter of KQL: names, strings, numbers and regular expressions as finished pieces of a query.
//!
//! The only place that knows Kusto's lexer. A string is verbatim (`@".."`, quotes doubled) where it has backslashes and
//! nothing invisible, else escaped (`".."`); each value has one spelling. Two literals never stand side by side: Kusto
//! would join them. Nothing here decides what a predicate means.

use std::net::IpAddr;

use super::reserved::is_reserved;
use crate::ir::regex::{Class, ClassItem, Flags, Look, Tree};
use crate::ir::{Case, Field, FieldType, Network, Number, Pattern, Piece, Regex};
use crate::target::quote::Quoted;
use crate::target::regex::{self, Dialect};

/// Regular expressions of rules. Kusto documents the syntax of the `regex` crate; engines before it were RE2, whose
/// bound on repetitions is kept.
const REGEX: Dialect = Dialect { max_repeat: 1000, ..regex::RUST };
/// Regular expressions made of patterns, whose every dot is any character.
const PATTERN: Dialect = Dialect { prefix: "(?s)", dot_all: ".", ..REGEX };

/// A column or table by name: bare where Kusto reads it as a name, else in brackets.
pub(super) fn name(name: &str) -> Quoted {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_reserved(name);
    Quoted::by_quoter(if plain { name.to_owned() } else { format!("[{}]", escaped(name, '\'')) })
}

/// The text of a column, where the column keeps the text that a rule tests: not for floating-point numbers, which
/// `tostring()` spells differently, and not for times, whose spelling is lost.
pub(super) fn text(field: &Field) -> Option<Quoted> {
    let name = name(&field.name);
    match field.kind.general() {
        FieldType::Integer | FieldType::Boolean | FieldType::Dynamic => {
            Some(Quoted::by_quoter(format!("tostring({})", name.as_str())))
        }
        FieldType::Real | FieldType::Time => None,
        _ => Some(name),
    }
}

/// A string literal.
pub(super) fn string(text: &str) -> Quoted {
    Quoted::by_quoter(if text.contains('\\') && !text.chars().any(is_invisible) {
        format!("@\"{}\"", text.replace('"', "\"\""))
    } else {
        escaped(text, '"')
    })
}

/// A network as the range functions take it.
pub(super) fn network(network: Network) -> Quoted {
    string(&network.to_string())
}

/// Whether the network is one of IPv4 addresses.
pub(super) fn is_ipv4(network: Network) -> bool {
    matches!(network.net().addr(), IpAddr::V4(_))
}

/// A whole number. The least one has no plain spelling: its digits alone are too large.
pub(super) fn integer(n: i64) -> Quoted {
    Quoted::by_quoter(if n == i64::MIN { format!("long({n})") } else { n.to_string() })
}

/// A boolean.
pub(super) fn boolean(value: bool) -> Quoted {
    Quoted::by_quoter(value.to_string())
}

/// A floating-point number; a fraction or an exponent makes Kusto read it as `real`.
pub(super) fn real(x: f64) -> Quoted {
    let magnitude = x.abs();
    Quoted::by_quoter(if x == 0.0 || (1e-5..1e15).contains(&magnitude) {
        let text = Number::Float(x).to_string();
        if text.contains('.') { text } else { format!("{text}.0") }
    } else {
        format!("{x:e}")
    })
}

/// A rule's regular expression as a literal for `matches regex`.
///
/// # Errors
/// With the reason where Kusto's dialect cannot say it.
pub(super) fn regex(regex: &Regex) -> Result<Quoted, regex::Refusal> {
    regex::print(regex, &REGEX).map(|text| string(&text))
}

/// A pattern as a literal for `matches regex`. An outer `*` is left out: the operator searches.
///
/// # Errors
/// With the reason where Kusto's dialect cannot say it.
pub(super) fn pattern(pattern: &Pattern) -> Result<Quoted, regex::Refusal> {
    let fold = pattern.case == Case::Fold;
    let pieces = pattern.pieces();
    let (open_start, open_end) = (pieces.first() == Some(&Piece::AnyString), pieces.last() == Some(&Piece::AnyString));
    let inner = pieces.get(usize::from(open_start)..pieces.len() - usize::from(open_end)).unwrap_or_default();
    let mut parts = Vec::new();
    if !open_start {
        parts.push(Tree::Look(Look::Start));
    }
    for piece in inner {
        match piece {
            Piece::Literal(text) => parts.extend(text.chars().map(|c| Tree::Literal { c, fold })),
            Piece::AnyChar => parts.push(Tree::Dot { newline: true }),
            Piece::AnyString => parts.push(Tree::Repeat {
                min: 0,
                max: None,
                greedy: true,
                tree: Box::new(Tree::Dot { newline: true }),
            }),
            Piece::OneOf(set) => parts.push(Tree::Class(Class {
                negated: false,
                fold,
                items: set.iter().map(|&c| ClassItem::Range(c, c)).collect(),
            })),
        }
    }
    if !open_end {
        parts.push(Tree::Look(Look::End));
    }
    let regex = Regex { text: "".into(), flags: Flags::default(), tree: Tree::Concat(parts) };
    regex::print(&regex, &PATTERN).map(|text| string(&text))
}

/// A literal with escapes. Unknown escapes are errors of Kusto's lexer, so only documented ones are written.
fn escaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_invisible(c) && c as u32 > 0xFFFF => out.push_str(&format!("\\U{:08X}", c as u32)),
            c if is_invisible(c) => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Characters that a reader could not see or that would turn the line around: they are written by number.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bracketed(text: &str) -> String {
        name(text).as_str().to_owned()
    }

    #[test]
    fn names_are_bare_only_where_kusto_reads_a_name() {
        assert_eq!(bracketed("Image"), "Image");
        assert_eq!(bracketed("_x9"), "_x9");
        assert_eq!(bracketed("c-uri"), "['c-uri']");
        assert_eq!(bracketed("gcp.audit.method_name"), "['gcp.audit.method_name']");
        assert_eq!(bracketed("title"), "['title']");
        assert_eq!(bracketed("1day"), "['1day']");
        assert_eq!(bracketed("Größe"), "['Größe']");
        assert_eq!(bracketed(r"a'b\c"), r"['a\'b\\c']");
        assert_eq!(bracketed(""), "['']");
    }

    #[test]
    fn each_value_has_one_spelling() {
        let show = |text: &str| string(text).as_str().to_owned();
        assert_eq!(show("cmd.exe"), r#""cmd.exe""#);
        assert_eq!(show(r"\cmd.exe"), r#"@"\cmd.exe""#);
        assert_eq!(show(r#"a\"b""#), r#"@"a\""b""""#);
        assert_eq!(show(r#"say "x""#), r#""say \"x\"""#);
        assert_eq!(show("C:\\a\n"), r#""C:\\a\n""#);
        assert_eq!(show("\u{0}\u{7F}\u{200B}\u{E0041}é"), "\"\\u0000\\u007F\\u200B\\U000E0041é\"");
        assert_eq!(show("\\"), r#"@"\""#);
        assert_eq!(show(""), r#""""#);
    }

    #[test]
    fn numbers_are_of_the_type_that_is_meant() {
        assert_eq!(integer(-5).as_str(), "-5");
        assert_eq!(integer(i64::MIN).as_str(), "long(-9223372036854775808)");
        assert_eq!(real(17.0).as_str(), "17.0");
        assert_eq!(real(-1.5).as_str(), "-1.5");
        assert_eq!(real(1e300).as_str(), "1e300");
        assert_eq!(real(1.5e-300).as_str(), "1.5e-300");
        assert_eq!(real(-0.0).as_str(), "0.0");
    }
}
