//! Lucene's regular expressions (`org.apache.lucene.util.automaton.RegExp`, all optional operators on), read the way its
//! parser reads them, misreadings included, and compiled for the `regex` crate.
//!
//! What looks like a mistake here is Lucene's: `^`, `$` and `(?:` are plain characters, `x+?` is `(x+)?`, an operator
//! where an operand is due is a literal. Not modelled: intersection `&`, complement `~`, `<...>`.

use std::collections::HashMap;

use regex_automata::meta::Regex;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir};

use super::pattern::{Case, any_char, any_string, character, class, repeat, whole};
use crate::lang::MAX_DEPTH;

/// The longest regex that an index takes by default (`index.max_regex_length`).
const MAX_LENGTH: usize = 1000;

/// The compiled regexes of a query, for as many mappings as it is prepared for.
#[derive(Debug, Default)]
pub struct Regexes {
    known: HashMap<(String, Case), Result<Regex, String>>,
}

impl Regexes {
    /// The compiled regex; it must match a whole value.
    pub(super) fn get(&mut self, pattern: String, case: Case) -> Result<Regex, String> {
        self.known.entry((pattern, case)).or_insert_with_key(|(pattern, case)| compile(pattern, *case)).clone()
    }
}

/// Compiles a regex; it must match a whole value.
pub(super) fn compile(pattern: &str, case: Case) -> Result<Regex, String> {
    if pattern.encode_utf16().count() > MAX_LENGTH {
        return Err(format!("the regex is longer than {MAX_LENGTH}"));
    }
    let mut parser = Parser { chars: pattern.chars().collect(), at: 0, depth: 0, case };
    if parser.chars.is_empty() {
        return whole(Hir::empty());
    }
    let hir = parser.union()?;
    match parser.peek() {
        None => whole(hir),
        Some(c) => Err(format!("`{c}` at character {} of the regex has no partner", parser.at + 1)),
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    case: Case,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Result<char, String> {
        let c = self.peek().ok_or("the regex ends too early")?;
        self.at += 1;
        Ok(c)
    }

    fn union(&mut self) -> Result<Hir, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("the regex nests deeper than {MAX_DEPTH}"));
        }
        let mut parts = vec![self.concatenation()?];
        while self.take('|') {
            parts.push(self.concatenation()?);
        }
        self.depth -= 1;
        Ok(Hir::alternation(parts))
    }

    fn concatenation(&mut self) -> Result<Hir, String> {
        let mut parts = vec![self.repetition()?];
        while self.peek().is_some_and(|c| !matches!(c, ')' | '|' | '&')) {
            parts.push(self.repetition()?);
        }
        match self.peek() {
            Some('&') => Err("intersection (`&`) is not modelled".to_owned()),
            _ => Ok(Hir::concat(parts)),
        }
    }

    fn repetition(&mut self) -> Result<Hir, String> {
        let mut hir = self.simple()?;
        let mut suffixes = 0;
        while let Some(c @ ('?' | '*' | '+' | '{')) = self.peek() {
            self.at += 1;
            suffixes += 1;
            if suffixes > MAX_DEPTH {
                return Err("the regex repeats a repetition too often".to_owned());
            }
            let (min, max) = match c {
                '?' => (0, Some(1)),
                '*' => (0, None),
                '+' => (1, None),
                _ => self.bounds()?,
            };
            hir = repeat(hir, min, max);
        }
        Ok(hir)
    }

    /// The rest of `{n}`, `{n,}` or `{n,m}`.
    fn bounds(&mut self) -> Result<(u32, Option<u32>), String> {
        let min = self.number()?.ok_or("`{` must be followed by a number")?;
        let max = if self.take(',') { self.number()? } else { Some(min) };
        if !self.take('}') {
            return Err("`{` without `}` in the regex".to_owned());
        }
        match max {
            // Lucene makes the empty language of it; nobody means that.
            Some(max) if max < min => Err("the bounds of the repetition are the wrong way round".to_owned()),
            _ => Ok((min, max)),
        }
    }

    fn number(&mut self) -> Result<Option<u32>, String> {
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.at += 1;
        }
        match digits.is_empty() {
            true => Ok(None),
            false => digits.parse().map(Some).map_err(|_| "the bound of the repetition is too large".to_owned()),
        }
    }

    fn simple(&mut self) -> Result<Hir, String> {
        let c = self.next()?;
        Ok(match c {
            '~' => return Err("complement (`~`) is not modelled".to_owned()),
            '<' => return Err("intervals and named automata (`<...>`) are not modelled".to_owned()),
            '&' => return Err("intersection (`&`) is not modelled".to_owned()),
            '.' => any_char(),
            '#' => Hir::fail(),
            '@' => any_string(),
            '"' => self.quoted()?,
            '[' => self.bracketed()?,
            '(' if self.take(')') => Hir::empty(),
            '(' => {
                let inner = self.union()?;
                if !self.take(')') {
                    return Err("`(` without `)` in the regex".to_owned());
                }
                inner
            }
            '\\' => match predefined(self.peek())? {
                Some(class) => {
                    self.at += 1;
                    Hir::class(Class::Unicode(class))
                }
                None => character(self.next()?, self.case),
            },
            _ => character(c, self.case),
        })
    }

    fn quoted(&mut self) -> Result<Hir, String> {
        let mut chars = Vec::new();
        loop {
            match self.next()? {
                '"' => return Ok(Hir::concat(chars)),
                c => chars.push(character(c, self.case)),
            }
        }
    }

    /// The rest of `[...]`. Ranges are never folded ("the case insensitive flag does not apply to ranges", page "Regular
    /// expression syntax"), single characters are.
    fn bracketed(&mut self) -> Result<Hir, String> {
        let negated = self.take('^');
        let mut members = self.member()?;
        while self.peek().is_some_and(|c| c != ']') {
            members.union(&self.member()?);
        }
        if !self.take(']') {
            return Err("`[` without `]` in the regex".to_owned());
        }
        if negated {
            members.negate();
        }
        Ok(Hir::class(Class::Unicode(members)))
    }

    fn member(&mut self) -> Result<ClassUnicode, String> {
        let mut first = self.next()?;
        if first == '\\' {
            if let Some(class) = predefined(self.peek())? {
                self.at += 1;
                return Ok(class);
            }
            first = self.next()?;
            // An escaped backslash ends the member at once: it cannot start a range.
            if first == '\\' {
                return Ok(class([first], self.case));
            }
        }
        if !self.take('-') {
            return Ok(class([first], self.case));
        }
        self.take('\\');
        let last = self.next()?;
        match first <= last {
            true => Ok(ClassUnicode::new([ClassUnicodeRange::new(first, last)])),
            false => Err(format!("the range `{first}-{last}` is the wrong way round")),
        }
    }
}

/// The class of `\d`, `\D`, `\s`, `\S`, `\w`, `\W`; any other letter behind a backslash is an error.
fn predefined(letter: Option<char>) -> Result<Option<ClassUnicode>, String> {
    let ranges = |pairs: &[(char, char)]| ClassUnicode::new(pairs.iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)));
    let Some(letter) = letter else { return Ok(None) };
    let mut class = match letter.to_ascii_lowercase() {
        'd' => ranges(&[('0', '9')]),
        's' => ranges(&[(' ', ' '), ('\t', '\n'), ('\r', '\r')]),
        'w' => ranges(&[('a', 'z'), ('A', 'Z'), ('_', '_'), ('0', '9')]),
        'a'..='z' => return Err(format!("invalid character class \\{letter}")),
        _ => return Ok(None),
    };
    if letter.is_ascii_uppercase() {
        class.negate();
    }
    Ok(Some(class))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Folding;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern, Case::Exact).is_ok_and(|regex| regex.is_match(text))
    }

    fn folds(pattern: &str, text: &str) -> bool {
        compile(pattern, Case::Fold(Folding::Ascii)).is_ok_and(|regex| regex.is_match(text))
    }

    /// Page "Regular expression syntax" of the Elasticsearch reference.
    #[test]
    fn examples_of_the_page() {
        for (pattern, yes, no) in [
            ("ab.", "aba", "ab"),
            ("abc?", "ab", "abcc"),
            ("ab+", "abb", "a"),
            ("ab*", "a", "b"),
            ("a{2}", "aa", "aaa"),
            ("a{2,4}", "aaaa", "a"),
            ("a{2,}", "aaaaa", "a"),
            ("abc|xyz", "xyz", "abcxyz"),
            ("abc(def)?", "abcdef", "abcd"),
            ("[abc]", "b", "d"),
            ("[a-c]", "b", "-"),
            ("[-abc]", "-", "d"),
            ("[abc\\-]", "-", "d"),
            ("[^abc]", "d", "a"),
            ("[^a-c]", "d", "b"),
            ("[^abc\\-]", "d", "-"),
            ("a\\.b", "a.b", "axb"),
            ("@", "anything\nat all", "never"),
            ("\\d+\\s\\w", "42 x", "4x"),
        ] {
            assert!(matches(pattern, yes), "{pattern} {yes}");
            assert!(!matches(pattern, no) || pattern == "@", "{pattern} {no}");
        }
        assert!(!matches("#", "") && !matches("abc#", "abc"));
    }

    #[test]
    fn a_whole_value_must_match_and_dot_takes_line_breaks() {
        assert!(!matches("b", "abc") && matches(".*b.*", "a\nb\nc"));
    }

    #[test]
    fn silent_misreadings_of_lucene() {
        for (pattern, text) in [
            ("^a$", "^a$"),
            ("(?:ab)", "?:ab"),
            ("(?i)ab", "?iab"),
            ("\\1", "1"),
            ("a||b", "|b"),
            ("ab+?", "a"),
            ("*a", "*a"),
            ("a}]", "a}]"),
            ("\"a.b\"c", "a.bc"),
            ("()", ""),
            ("[]a]", "]"),
            ("[a\\\\-]", "-"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        assert!(matches("(ab+)?", ""), "the same as `ab+?`, which is a group and a `?`");
        assert!(!matches("a.b", "a.b.") && matches("ab{2}?", "a"));
    }

    #[test]
    fn errors() {
        for pattern in [
            "(", "(a", "a)", "[a", "[]", "\"a", "a{", "a{,3}", "a{3", "a{3,2}", "[c-a]", "\\b", "\\p{L}", "\\t",
            "[\\n]", "a&b", "~a", "<1-5>", "\\", "(a|)", "a|",
        ] {
            assert!(compile(pattern, Case::Exact).is_err(), "{pattern}");
        }
        assert!(compile(&"(".repeat(500), Case::Exact).is_err());
        assert!(compile(&"a".repeat(1001), Case::Exact).is_err());
        assert!(compile(&"a?".repeat(500), Case::Exact).is_ok());
        assert!(compile(&format!("a{}", "{1000}".repeat(9)), Case::Exact).is_err());
    }

    /// Section on case: single characters fold, ranges do not.
    #[test]
    fn ranges_are_not_folded() {
        assert!(folds("abc", "ABC") && folds("[abc]", "B") && !folds("Ä", "ä") && !folds("k", "\u{212A}"));
        assert!(!folds("[a-c]", "B") && !folds("[^b]", "B") && folds("[^a-c]", "B"));
        assert!(compile("Ä", Case::Fold(Folding::Ascii)).is_ok_and(|regex| !regex.is_match("ä")));
        assert!(
            compile("[xY]", Case::Fold(Folding::Ascii)).is_ok_and(|regex| regex.is_match("X") && regex.is_match("y"))
        );
    }

    /// A Lucene regex and the same one for the `regex` crate, every part in a group.
    fn regexes() -> impl Strategy<Value = (String, String)> {
        let same = |text: &str| (text.to_owned(), text.to_owned());
        let leaf = prop::sample::select(vec![
            same("a"),
            same("b"),
            same("[ab]"),
            same("[^a]"),
            same("\\d"),
            (".".to_owned(), "(?s:.)".to_owned()),
            ("@".to_owned(), "(?s:.*)".to_owned()),
            ("()".to_owned(), "(?:)".to_owned()),
            ("\"ab\"".to_owned(), "ab".to_owned()),
            ("\\.".to_owned(), "\\.".to_owned()),
        ]);
        leaf.prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone())
                    .prop_map(|(a, b)| (format!("({})({})", a.0, b.0), format!("(?:{})(?:{})", a.1, b.1))),
                (inner.clone(), inner.clone())
                    .prop_map(|(a, b)| (format!("({}|{})", a.0, b.0), format!("(?:{}|{})", a.1, b.1))),
                (inner.clone(), prop::sample::select(vec!["?", "*", "+", "{2}", "{1,2}", "{1,}"]))
                    .prop_map(|(a, suffix)| (format!("({}){suffix}", a.0), format!("(?:{}){suffix}", a.1))),
                (inner, prop::sample::select(vec!["?", "*", "+"]))
                    .prop_map(|(a, suffix)| (format!("({})+{suffix}", a.0), format!("(?:(?:{})+){suffix}", a.1))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_printed_pattern_means_what_was_parsed((lucene, expected) in regexes(), text in "[ab1.\n]{0,6}") {
            let expected = Regex::new(&format!("\\A(?:{})\\z", expected.replace("\\d", "[0-9]"))).map(|r| r.is_match(&text));
            let found = compile(&lucene, Case::Exact).map(|r| r.is_match(&text));
            prop_assert_eq!(found.ok(), expected.ok(), "{}", lucene);
        }
    }
}
