//! No value, field or table name gets out of its literal, in any dialect, read by that dialect's own lexical rules.

use proptest::prelude::*;
use sigmaglot::diagnostic::codes;
use sigmaglot::ir::regex::Flags;
use sigmaglot::ir::{Case, Expr, Field, Number, Pattern, PatternOp, Piece, Regex, Test};
use sigmaglot::target::{Layout, Options, Target};

use crate::sqlite::build::{TARGETS, any, convert, keyword, on, rule, target};

/// A token of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A string literal, decoded.
    String(String),
    /// A quoted name, decoded.
    Name(String),
    /// Everything between, trimmed.
    Plain(String),
}

/// The lexical rules of a dialect, as its documentation has them.
struct Lexer {
    /// Whether a backslash escapes within strings.
    backslash_in_strings: bool,
    /// The quotes of names.
    names: &'static [(char, char)],
    /// Whether a backslash escapes within names.
    backslash_in_names: bool,
}

fn lexer(target: &str) -> Lexer {
    let doubled = |names| Lexer { backslash_in_strings: false, names, backslash_in_names: false };
    match target {
        "sql" => doubled(&[('[', ']'), ('`', '`'), ('"', '"')]),
        "sql:clickhouse" => {
            Lexer { backslash_in_strings: true, names: &[('`', '`'), ('"', '"')], backslash_in_names: true }
        }
        "sql:spark" => Lexer { backslash_in_strings: true, names: &[('`', '`')], backslash_in_names: false },
        _ => doubled(&[('"', '"')]),
    }
}

impl Lexer {
    /// The tokens, or what is wrong: an open literal, a comment, a second statement.
    fn tokens(&self, query: &str) -> Result<Vec<Token>, String> {
        let mut tokens = Vec::new();
        let mut plain = String::new();
        let mut rest = query.chars().peekable();
        while let Some(c) = rest.next() {
            let name = self.names.iter().find(|(open, _)| *open == c);
            if c != '\'' && name.is_none() {
                plain.push(c);
                continue;
            }
            if !plain.trim().is_empty() {
                tokens.push(Token::Plain(plain.trim().to_owned()));
            }
            plain.clear();
            let close = name.map_or('\'', |(_, close)| *close);
            let backslash = if name.is_some() { self.backslash_in_names } else { self.backslash_in_strings };
            let mut text = String::new();
            loop {
                match rest.next().ok_or("a literal stays open")? {
                    '\\' if backslash => match rest.next().ok_or("a literal stays open")? {
                        'u' => {
                            let code: String = rest.by_ref().take(4).collect();
                            text.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
                        }
                        c @ ('\\' | '\'' | '`') => text.push(c),
                        other => return Err(format!("the escape \\{other}")),
                    },
                    c if c == close && c != ']' && rest.peek() == Some(&close) => {
                        rest.next();
                        text.push(c);
                    }
                    c if c == close => break,
                    c => text.push(c),
                }
            }
            tokens.push(if name.is_some() { Token::Name(text) } else { Token::String(text) });
        }
        if !plain.trim().is_empty() {
            tokens.push(Token::Plain(plain.trim().to_owned()));
        }
        for token in &tokens {
            if let Token::Plain(text) = token {
                let odd = |c: char| !(c.is_ascii_alphanumeric() || " _(),.*=<>|~:{}-+#".contains(c));
                if text.contains(odd) || text.contains("--") || text.contains("/*") {
                    return Err(format!("`{text}` outside of literals"));
                }
            }
        }
        Ok(tokens)
    }
}

/// Conditions that carry the text in every kind of literal.
fn conditions(field: &str, text: &str) -> Vec<Expr> {
    let pattern = |pieces: Vec<Piece>, case| on(field, Test::Pattern(Pattern::new(pieces, case)));
    let literal = || Piece::Literal(text.into());
    let mut out = Vec::new();
    for case in [Case::Fold, Case::Exact] {
        let equals = pattern(vec![literal()], case);
        out.push(any(vec![equals.clone(), pattern(vec![Piece::Literal("other".into())], case)]));
        out.push(equals);
        out.push(pattern(vec![Piece::AnyString, literal()], case).negate());
        out.push(pattern(vec![literal(), Piece::AnyString], case));
        out.push(pattern(vec![Piece::AnyString, literal(), Piece::AnyChar, literal(), Piece::AnyString], case));
        out.push(pattern(vec![literal(), Piece::OneOf(vec!['-', '/', ']', '^', '\'', '\\'])], case));
        out.push(on(field, Test::FieldPattern { op: PatternOp::Contains, other: Field::new(text), case }));
        out.push(keyword(Test::Pattern(Pattern::new([literal()], case).anywhere())));
    }
    if let Ok(regex) = Regex::parse(&regex::escape(text), Flags { ignore_case: true, ..Flags::default() }) {
        out.push(on(field, Test::Regex(regex)));
    }
    out.push(on(field, Test::Number(Number::Int(-5))));
    out
}

/// Hostile texts: anything, and what closes a literal somewhere.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "'", "''", "\\", "\\'", "\\\\'", "\"", "`", "``", "\\`", "]", "[", "${", "}", "$$", "--", "/*", "*/", ";", "\n", "\r",
            " OR 1=1 --", "%", "_", "!", "!'", "E'", "\u{0}", "é", "😀", "{x:String}", "?", ":a", "@a", "\u{2019}", "u0027", "x27",
        ]).prop_map(String::from),
        1 => any_text(),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::char::any(), 0..4).prop_map(|chars| chars.into_iter().collect())
}

fn targets() -> Vec<(&'static str, Target)> {
    TARGETS.iter().map(|name| (*name, target(name))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn literals_close_exactly_once(field in hostile(), text in hostile(), table in hostile()) {
        for (name, target) in targets() {
            let lexer = lexer(name);
            for condition in conditions(&field, &text) {
                let options = Options { layout: Layout::Compact, table: Some(table.clone()) };
                let shown = format!("{condition:?}");
                let conversion = target.convert(&rule(condition), &options);
                let Some(query) = conversion.query else { continue };
                let tokens = lexer.tokens(&query);
                prop_assert!(tokens.is_ok(), "{name}: {tokens:?} in {query} of {shown}");
                prop_assert!(!query.contains('\0') && (name != "sql:spark" || !query.contains("${")), "{name}: {query}");
            }
        }
    }

    /// An exact equality says the text and the names themselves, nothing more and nothing less.
    #[test]
    fn literals_read_back_as_the_text(field in hostile(), text in hostile()) {
        let text = format!("x{text}"); // no number
        for (name, target) in targets() {
            let condition = on(&field, Test::Pattern(Pattern::literal(&text, Case::Exact)));
            let conversion = convert(&target, condition);
            let Some(query) = conversion.query else {
                let unsayable = field.is_empty() || [&field, &text].iter().any(|t| t.contains('\0')) || field.len() > 63
                    || name == "sql:spark" && field.contains("${");
                prop_assert!(unsayable, "{name}: refused: {:?}", conversion.diagnostics);
                let expected = conversion.diagnostics.iter().all(|d| d.code == codes::LITERAL_UNSUPPORTED);
                prop_assert!(expected, "{name}: {:?}", conversion.diagnostics);
                continue;
            };
            let expected = [
                Token::Plain("SELECT * FROM".into()), Token::Name("events".into()), Token::Plain("WHERE".into()),
                Token::Name(field.clone()), Token::Plain("=".into()), Token::String(text.clone()),
            ];
            prop_assert_eq!(lexer(name).tokens(&query), Ok(expected.to_vec()), "{}: {}", name, query);
        }
    }
}

/// The lexers can see an escape: what other converters once wrote.
#[test]
fn the_lexers_notice_a_value_that_got_out() {
    assert!(lexer("sql").tokens(r"SELECT * FROM [e] WHERE [A] = '\' or 1=1 --'").is_err());
    assert!(lexer("sql:clickhouse").tokens(r"SELECT * FROM `e` WHERE `A` = 'a\'").is_err());
    assert!(lexer("sql:postgres").tokens("SELECT * FROM \"e\" WHERE \"A\" = 'a'; DROP TABLE x").is_err());
}
