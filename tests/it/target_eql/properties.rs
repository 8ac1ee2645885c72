//! Random patterns, expressions and texts: the query, read by the test's own model, finds what the IR means.

use proptest::collection::vec;
use proptest::prelude::*;
use sigmaglot::ir::regex::{Flags, Regex};
use sigmaglot::ir::{Case, Pattern, Piece, Test};
use sigmaglot::target::Options;

use super::{convert_with, language, rule, target, test};

/// Characters that mean something to some lexer.
const SPECIAL: &str = "aAbB1_ -/\\\"'`*?#@&<>~.^$|(){}[]+,:%!=\n\t\0";

fn special() -> impl Strategy<Value = char> {
    let chars: Vec<char> = SPECIAL.chars().collect();
    prop::sample::select(chars)
}

fn special_text(most: usize) -> impl Strategy<Value = String> {
    vec(special(), 0..most).prop_map(String::from_iter)
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        4 => vec(special(), 1..4).prop_map(|chars| Piece::Literal(String::from_iter(chars).into())),
        2 => Just(Piece::AnyString),
        1 => Just(Piece::AnyChar),
        1 => vec(special(), 1..4).prop_map(|mut set| {
            let mut seen = Vec::new();
            set.retain(|c| !seen.contains(c) && { seen.push(*c); true });
            Piece::OneOf(set)
        }),
    ]
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    (vec(piece(), 0..5), prop::bool::ANY)
        .prop_map(|(pieces, fold)| Pattern::new(pieces, if fold { Case::Fold } else { Case::Exact }))
}

/// The meaning of a pattern, by the definition.
fn means(pieces: &[Piece], fold: bool, text: &[char]) -> bool {
    let same = |a: char, b: char| a == b || fold && a.eq_ignore_ascii_case(&b);
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    match first {
        Piece::AnyString => (0..=text.len()).any(|n| means(rest, fold, &text[n..])),
        Piece::AnyChar => !text.is_empty() && means(rest, fold, &text[1..]),
        Piece::OneOf(set) => {
            text.first().is_some_and(|c| set.iter().any(|s| same(*s, *c))) && means(rest, fold, &text[1..])
        }
        Piece::Literal(literal) => {
            let literal: Vec<char> = literal.chars().collect();
            text.len() >= literal.len()
                && literal.iter().zip(text).all(|(a, b)| same(*a, *b))
                && means(rest, fold, &text[literal.len()..])
        }
    }
}

/// A text that the pattern is likely to match.
fn sample(pattern: &Pattern, filler: &str) -> String {
    let mut out = String::new();
    for piece in pattern.pieces() {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::AnyString => out.push_str(filler),
            Piece::AnyChar => out.push('x'),
            Piece::OneOf(set) => out.extend(set.last()),
        }
    }
    out
}

/// Parts of regular expressions; those that make no valid whole are thrown away by the reader.
fn expression() -> impl Strategy<Value = String> {
    let leaves = prop::sample::select(vec![
        "a",
        "B",
        "b",
        "1",
        "_",
        " ",
        "-",
        "→",
        "\\n",
        "\"",
        "#",
        "@",
        "&",
        "<",
        ">",
        "~",
        "\\.",
        "\\*",
        "\\\\",
        ".",
        "\\d",
        "\\W",
        "\\s",
        "\\S",
        "\\w",
        "[ab]",
        "[^a]",
        "[a-c_]",
        "[^\\s\\d-]",
        "[\\]^-]",
        "^",
        "$",
        "\\b",
        "\\B",
        "(?m:^)",
        "(?m:$)",
        "(?s:.)",
        "(?i:a)",
        "(?i:[a-b])",
        "(?i)",
        "",
    ]);
    leaves.prop_map(String::from).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            4 => vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join("|"))),
            1 => vec(inner.clone(), 2..3).prop_map(|parts| parts.join("|")),
            2 => (inner, prop::sample::select(vec!["*", "+", "?", "*?", "+?", "{2}", "{1,2}", "{0,1}?", "{1,}"]))
                .prop_map(|(part, quantifier)| format!("(?:{part}){quantifier}")),
        ]
    })
}

fn haystack() -> impl Strategy<Value = String> {
    let chars: Vec<char> = "aaAbB1_ -→\n\"#@&<>~.*\\".chars().collect();
    vec(prop::sample::select(chars), 0..7).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn patterns_mean_the_same(pattern in any_pattern(), noise in special_text(6), filler in special_text(3)) {
        let conversion = convert_with(test("f", Test::Pattern(pattern.clone())), &Options::default());
        let query = conversion.query.expect("every pattern can be said");
        let fold = pattern.case == Case::Fold;
        let likely = sample(&pattern, &filler);
        for text in [noise, likely.clone(), likely.to_ascii_uppercase(), format!("{likely}x"), String::new()] {
            let chars: Vec<char> = text.chars().collect();
            let found = language::holds(&query, "f", &text).map_err(|e| TestCaseError::fail(format!("{query}: {e}")))?;
            prop_assert_eq!(found, means(pattern.pieces(), fold, &chars), "{} on {:?}", query, text);
        }
    }

    #[test]
    fn no_name_or_value_ends_its_literal(name in "(?s).{1,8}|[a`.\\-]{1,8}", value in prop_oneof![any::<String>(), special_text(8)]) {
        let pattern = Pattern::literal(&value, Case::Exact);
        let query = convert_with(test(&name, Test::Pattern(pattern)), &Options::default()).query.expect("can be said");
        prop_assert_eq!(language::holds(&query, &name, &value), Ok(true), "{}", query);
    }

    #[test]
    fn expressions_mean_the_same(text in expression(), flags in any::<(bool, bool, bool)>(), hays in vec(haystack(), 12)) {
        let flags = Flags { ignore_case: flags.0, multi_line: flags.1, dot_all: flags.2 };
        let Ok(regex) = Regex::parse(&text, flags) else { return Ok(()) };
        let reference = regex::RegexBuilder::new(&text)
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .build();
        let Ok(reference) = reference else { return Ok(()) };
        let conversion = target().convert(&rule(test("f", Test::Regex(regex))), &Options::default());
        let Some(query) = conversion.query else {
            prop_assert_eq!(conversion.diagnostics[0].code.to_string(), "SG0502");
            return Ok(());
        };
        for hay in hays {
            let found = match query.as_str() {
                "any where false" => false,
                query => language::holds(query, "f", &hay).map_err(|e| TestCaseError::fail(format!("{query}: {e}")))?,
            };
            prop_assert_eq!(found, reference.is_match(&hay), "{} as {} on {:?}", text, query, hay);
        }
    }
}
