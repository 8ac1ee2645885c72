//! Values and names cannot leave their quotes, in either language.

use proptest::prelude::*;

use super::{cased, convert, fold, literal, query};

/// The tokens of a query by the rules that both languages share: a quote opens a literal, `\` takes the next character
/// with it, a quote closes it. A literal's token is its text as it stands between the quotes.
#[derive(Debug, PartialEq)]
enum Token {
    Literal(String),
    Code(String),
}

fn lex(query: &str) -> Vec<Token> {
    let (mut tokens, mut code, mut chars) = (Vec::new(), String::new(), query.chars());
    while let Some(c) = chars.next() {
        if c != '"' {
            code.push(c);
            continue;
        }
        tokens.push(Token::Code(std::mem::take(&mut code)));
        let mut text = String::new();
        loop {
            match chars.next().expect("an open literal") {
                '"' => break,
                '\\' => {
                    text.push('\\');
                    text.push(chars.next().expect("an open literal"));
                }
                c => text.push(c),
            }
        }
        tokens.push(Token::Literal(text));
    }
    tokens.push(Token::Code(code));
    tokens
}

/// What a literal of `search` means.
fn unescape(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().expect("a character") } else { c });
    }
    out
}

/// Whether the expression in a literal of `where` finds `value`, by the documented first layer.
fn finds(literal: &str, value: &str) -> bool {
    assert!(!literal.contains("\\\\") && !literal.contains("\\\""), "{literal}");
    assert!(!literal.contains(['`', '\n', '\r', '\t']), "{literal}");
    regex::Regex::new(literal).expect("a regex").is_match(value)
}

proptest! {
    #[test]
    fn a_value_never_ends_its_literal(value in "(?s:[\"\\\\`*?%$|\\[\\]() a\n\t'/]|.){1,12}") {
        let tokens = lex(&query(literal("f", &value)));
        match tokens.as_slice() {
            [Token::Code(head), Token::Literal(text), Token::Code(tail)] if head == "f=" => {
                prop_assert_eq!(unescape(text), value);
                prop_assert_eq!(tail, "");
                prop_assert!(!text.contains(['*', '`']));
            }
            [Token::Code(head), Token::Literal(text), Token::Code(tail)] => {
                prop_assert_eq!(head, "* | where isnotnull(mvfilter(match(f, ");
                prop_assert_eq!(tail, ")))");
                prop_assert!(finds(text, &value), "{} {:?}", text, value);
                let (longer, shifted) = (format!("{value}\n"), format!("x{value}"));
                prop_assert!(!finds(text, &longer) && !finds(text, &shifted), "{}", text);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_name_never_ends_its_quotes(name in "(?s:[\"'\\\\`*.| a_-]|.){1,8}") {
        let search = convert(fold(&name, "v"));
        let filter = convert(cased(&name, "v"));
        prop_assert_eq!(search.query.is_some(), filter.query.is_some());
        if let (Some(search), Some(filter)) = (search.query, filter.query) {
            prop_assert!(!name.contains(['"', '\'', '\\', '`', '*']));
            let (quoted_search, quoted_filter) = (format!("\"{name}\"=\"v\""), format!("'{name}'"));
            let bare = search == format!("{name}=\"v\"");
            prop_assert!(bare || search == quoted_search || search.starts_with("* | where "), "{}", search);
            prop_assert!(!bare || name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)));
            let quoted = filter.strip_prefix("* | where isnotnull(mvfilter(match(").and_then(|rest| rest.strip_suffix(", \"^v\\z\")))"));
            prop_assert!(quoted == Some(&name) || quoted == Some(&quoted_filter), "{}", filter);
        }
    }
}
