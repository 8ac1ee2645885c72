//! No value and no name of a rule can leave its literal, by the rules of Kusto's lexer.

use proptest::prelude::*;

use super::*;

/// A token after Kusto's lexer; texts are decoded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

/// Kusto's lexer, as its grammar has it, for all kinds of string literals; what it does not know is an error.
pub(crate) fn lex(query: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = query.chars().collect();
    let mut at = 0;
    let mut tokens = Vec::new();
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        if c.is_whitespace() {
            at += 1;
        } else if c == '/' && next == Some('/') {
            return Err("comment".into());
        } else if c == '"' || c == '\'' {
            let (text, end) = escaped(&chars, at + 1, c)?;
            tokens.push(Token::Text(text));
            at = end;
        } else if c == '@' && matches!(next, Some('"' | '\'')) {
            let (text, end) = verbatim(&chars, at + 2, chars[at + 1])?;
            tokens.push(Token::Text(text));
            at = end;
        } else if (c == '`' || c == '~') && next == Some(c) && chars.get(at + 2) == Some(&c) {
            return Err("multi-line literal".into());
        } else if c.is_ascii_alphanumeric() || c == '_' {
            let start = at;
            while chars.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || "_.".contains(*c)) {
                at += 1;
            }
            if chars.get(at) == Some(&'~') {
                at += 1;
            }
            tokens.push(Token::Word(chars[start..at].iter().collect()));
        } else if "=<>!".contains(c) && matches!(next, Some('=' | '~')) {
            tokens.push(Token::Sign(chars[at..at + 2].iter().collect()));
            at += 2;
        } else if "()[],|*<>-".contains(c) {
            tokens.push(Token::Sign(c.to_string()));
            at += 1;
        } else {
            return Err(format!("unknown character {c:?}"));
        }
    }
    match tokens.windows(2).any(|w| matches!(w, [Token::Text(_), Token::Text(_)])) {
        true => Err("neighbouring literals would be joined".into()),
        false => Ok(tokens),
    }
}

fn verbatim(chars: &[char], mut at: usize, quote: char) -> Result<(String, usize), String> {
    let mut text = String::new();
    loop {
        match (chars.get(at), chars.get(at + 1)) {
            (None | Some('\n' | '\r'), _) => return Err("unterminated literal".into()),
            (Some(&c), Some(&d)) if c == quote && d == quote => {
                text.push(quote);
                at += 2;
            }
            (Some(&c), _) if c == quote => return Ok((text, at + 1)),
            (Some(&c), _) => {
                text.push(c);
                at += 1;
            }
        }
    }
}

fn escaped(chars: &[char], mut at: usize, quote: char) -> Result<(String, usize), String> {
    let mut text = String::new();
    loop {
        match chars.get(at) {
            None | Some('\n' | '\r') => return Err("unterminated literal".into()),
            Some(&c) if c == quote => return Ok((text, at + 1)),
            Some('\\') => {
                let (c, length) = escape(&chars[at + 1..])?;
                text.push(c);
                at += 1 + length;
            }
            Some(&c) => {
                text.push(c);
                at += 1;
            }
        }
    }
}

fn escape(chars: &[char]) -> Result<(char, usize), String> {
    let number = |digits: usize| {
        let text: String = chars.iter().skip(1).take(digits).collect();
        let code = u32::from_str_radix(&text, 16).map_err(|e| e.to_string())?;
        Ok((char::from_u32(code).ok_or("no character")?, 1 + digits))
    };
    match chars.first() {
        Some('u') => number(4),
        Some('U') => number(8),
        Some('x') => number(2),
        Some(&c @ ('\\' | '"' | '\'')) => Ok((c, 1)),
        Some('n') => Ok(('\n', 1)),
        Some('r') => Ok(('\r', 1)),
        Some('t') => Ok(('\t', 1)),
        other => Err(format!("unknown escape {other:?}")),
    }
}

/// Text rich in what could end a literal.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("\\".to_owned()),
        Just("@\"".to_owned()),
        Just("```".to_owned()),
        Just("~~~".to_owned()),
        Just("//".to_owned()),
        Just("\n| take 1".to_owned()),
        Just("\r".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("\\u0022".to_owned()),
        Just("{{ x }}".to_owned()),
        Just("{% raw %}".to_owned()),
        prop::char::any().prop_map(String::from),
    ];
    prop::collection::vec(part, 1..8).prop_map(|parts| parts.concat())
}

/// The tokens of the condition for a field with this name.
fn tokens(name: &str, test: Test) -> Vec<Token> {
    let query = kql(typed(name, FieldType::Unknown, test));
    lex(&query).unwrap_or_else(|e| panic!("{e}: {query}"))
}

pub(crate) fn texts(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().filter_map(|t| if let Token::Text(text) = t { Some(text.as_str()) } else { None }).collect()
}

fn shape(tokens: &[Token]) -> Vec<Token> {
    let blank = |t: &Token| if matches!(t, Token::Text(_)) { Token::Text(String::new()) } else { t.clone() };
    tokens.iter().map(blank).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_ends_its_literal(value in hostile()) {
        for case in [Fold, Exact] {
            for pieces in [
                vec![lit(&value)],
                vec![lit(&value), AnyString],
                vec![AnyString, lit(&value)],
                vec![AnyString, lit(&value), AnyString],
            ] {
                let found = tokens("f", pattern(pieces, case));
                prop_assert_eq!(found.len(), if found.contains(&Token::Word("regex".into())) { 4 } else { 3 });
                if !found.contains(&Token::Word("regex".into())) {
                    prop_assert_eq!(texts(&found), [value.as_str()]);
                }
            }
        }
    }

    #[test]
    fn no_value_of_a_pattern_changes_its_regex(value in hostile(), other in hostile()) {
        let found = tokens("f", pattern([lit(&value), AnyChar, lit(&other), AnyString, lit("z")], Fold));
        prop_assert_eq!(found.len(), 4);
        let regex = regex::Regex::new(texts(&found)[0]).expect("a regular expression");
        let (full, longer) = (format!("{value}\n{other}--z"), format!("{value}\n{other}--zy"));
        prop_assert!(regex.is_match(&full), "{} on {:?}", regex, full);
        prop_assert!(!regex.is_match(&longer));
    }

    #[test]
    fn no_value_escapes_from_lists_keywords_and_regexes(a in hostile(), b in hostile()) {
        let benign = lex(&kql(either([pattern([lit("a")], Exact), pattern([lit("b")], Exact)]))).expect("lexes");
        let list = lex(&kql(either([pattern([lit(&a)], Exact), pattern([lit(&b)], Exact)]))).expect("lexes");
        if a != b {
            prop_assert_eq!(shape(&list), shape(&benign));
            prop_assert_eq!(texts(&list), [a.as_str(), b.as_str()]);
        }
        let word = lex(&kql(keyword(pattern([AnyString, lit(&a), AnyString], Exact)))).expect("lexes");
        prop_assert_eq!(texts(&word), [a.as_str()]);
        if let Ok(regex) = Regex::parse(&regex::escape(&a), Flags::default()) {
            let found = tokens("f", Test::Regex(regex));
            prop_assert_eq!(found.len(), 4);
            prop_assert!(regex::Regex::new(texts(&found)[0]).expect("a regular expression").is_match(&a));
        }
    }

    #[test]
    fn no_field_or_table_leaves_its_brackets(name in hostile()) {
        let found = tokens(&name, eq("x"));
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
        if !plain {
            let bracketed = [Token::Sign("[".into()), Token::Text(name.clone()), Token::Sign("]".into())];
            prop_assert_eq!(&found[..3], &bracketed);
            prop_assert_eq!(found.len(), 5);
        }
        let other = Test::FieldPattern { op: PatternOp::Contains, other: Field::new(name.as_str()), case: Fold };
        prop_assert!(lex(&kql(f(other))).is_ok());
        let options = Options { layout: Layout::Pretty, table: Some(name.clone()) };
        let query = convert(f(eq("x")), &options).query.expect("converts");
        let found = lex(&query).expect("lexes");
        prop_assert!(plain || found[1] == Token::Text(name));
    }
}
