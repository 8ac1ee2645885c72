//! Conditions: text to a tree with spans.
//!
//! The parser knows the grammar only; which search identifiers exist is known where a detection is lowered.
//! Precedence, loosest first: `or`, `and`, `not`, `x of`, parentheses.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;

/// The longest condition that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The deepest nesting of parentheses and `not`.
pub const MAX_DEPTH: usize = 64;

/// The words of the grammar.
const RESERVED: [&str; 7] = ["and", "or", "not", "of", "all", "any", "them"];

/// Whether the name cannot be given to a search, because it has a meaning in conditions.
pub fn is_reserved(name: &str) -> bool {
    name == "1" || RESERVED.contains(&name)
}

/// A condition as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What it says.
    pub expr: Expr,
    /// Where the text stands.
    pub span: Span,
}

/// A node of a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A search by name.
    Identifier(Arc<str>),
    /// `1 of`, `any of`, `all of`.
    Selector {
        /// How many of the selected searches.
        quantifier: Quantifier,
        /// Which searches.
        target: Target,
    },
    /// Negation.
    Not(Box<Expr>),
    /// Two or more parts, all needed.
    And(Vec<Expr>),
    /// Two or more parts, one needed.
    Or(Vec<Expr>),
}

/// How many of the selected searches must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// All.
    All,
}

/// Which searches a selector takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// All whose names do not begin with `_`.
    Them,
    /// Those whose whole name matches, `*` standing for any characters.
    Pattern(Arc<str>),
}

impl Target {
    /// Whether the target takes the search of this name.
    pub fn selects(&self, name: &str) -> bool {
        match self {
            Target::Them => !name.starts_with('_'),
            Target::Pattern(pattern) => (pattern.starts_with('_') || !name.starts_with('_')) && glob(pattern, name),
        }
    }
}

/// Whether `name` matches `pattern` in full; `*` is any characters.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(inner) = name.strip_prefix(head).and_then(|n| n.strip_suffix(tail)) else { return false };
    let mut left = inner;
    middle.split('*').all(|part| match left.find(part) {
        Some(at) => {
            left = &left[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Whether the grammar can spell a search of this name.
pub fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_identifier_byte)
}

fn is_identifier_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

impl fmt::Display for Expr {
    /// The condition's canonical text; parentheses only where precedence needs them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, parts: &[Expr], word: &str, or_inside: bool| {
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    write!(f, " {word} ")?;
                }
                let nested = match part.kind {
                    ExprKind::Or(_) => true,
                    ExprKind::And(_) => !or_inside,
                    _ => false,
                };
                if nested { write!(f, "({part})")? } else { write!(f, "{part}")? }
            }
            Ok(())
        };
        match &self.kind {
            ExprKind::Identifier(name) => f.write_str(name),
            ExprKind::Selector { quantifier, target } => {
                f.write_str(if *quantifier == Quantifier::Any { "1 of " } else { "all of " })?;
                match target {
                    Target::Them => f.write_str("them"),
                    Target::Pattern(pattern) => f.write_str(pattern),
                }
            }
            ExprKind::Not(part) if matches!(part.kind, ExprKind::And(_) | ExprKind::Or(_)) => write!(f, "not ({part})"),
            ExprKind::Not(part) => write!(f, "not {part}"),
            ExprKind::And(parts) => join(f, parts, "and", false),
            ExprKind::Or(parts) => join(f, parts, "or", true),
        }
    }
}

/// Parses a condition. `place` turns a byte range of `text` into a place in the source.
pub(super) fn parse(text: &str, place: impl Fn(Range<usize>) -> Span) -> Result<Condition, Box<Diagnostic>> {
    let fail = |failure: Failure| {
        let mut diagnostic = Diagnostic::new(failure.code, failure.message).at(place(failure.range));
        diagnostic.help = failure.help;
        Box::new(diagnostic)
    };
    if text.len() > MAX_BYTES {
        let message = format!("the condition is longer than {MAX_BYTES} bytes");
        return Err(fail(Failure::new(codes::CONDITION_TOO_LARGE, message, 0..text.len())));
    }
    if let Some(failure) = aggregation(text) {
        return Err(fail(failure));
    }
    let tokens = tokens(text).map_err(&fail)?;
    let mut parser = Parser { text, tokens: &tokens, next: 0, place: &place };
    if tokens.is_empty() {
        return Err(fail(Failure::new(codes::CONDITION_SYNTAX, "the condition is empty", 0..text.len())));
    }
    let expr = parser.or(0).map_err(&fail)?;
    match parser.peek() {
        None => Ok(Condition { expr, span: place(0..text.len()) }),
        Some(token) if token.text(text) == ")" => {
            Err(fail(Failure::new(codes::CONDITION_SYNTAX, "this `)` closes nothing", token.range())))
        }
        Some(token) => Err(fail(parser.unexpected(token, "expected `and`, `or` or the end"))),
    }
}

struct Failure {
    code: crate::diagnostic::Code,
    message: String,
    range: Range<usize>,
    help: Vec<String>,
}

impl Failure {
    fn new(code: crate::diagnostic::Code, message: impl Into<String>, range: Range<usize>) -> Self {
        Self { code, message: message.into(), range, help: Vec::new() }
    }

    fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

/// A word of identifier characters and `*`, or a parenthesis.
#[derive(Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
}

impl Token {
    fn text(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or("")
    }

    fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Failure> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let word = bytes[at..].iter().take_while(|&&b| is_identifier_byte(b) || b == b'*').count();
        match b {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'(' | b')' => {
                out.push(Token { start: at, end: at + 1 });
                at += 1;
            }
            _ if word > 0 => {
                out.push(Token { start: at, end: at + word });
                at += word;
            }
            _ => return Err(strange(text, at)),
        }
    }
    Ok(out)
}

/// The failure for a character that no condition has.
fn strange(text: &str, at: usize) -> Failure {
    let rest = text.get(at..).unwrap_or("");
    for (symbol, word) in [("&&", "and"), ("||", "or"), ("!", "not"), ("&", "and")] {
        if rest.starts_with(symbol) {
            let message = format!("`{symbol}` is no operator of conditions");
            let range = at..at + symbol.len();
            return Failure::new(codes::CONDITION_SYNTAX, message, range).help(format!("write `{word}`"));
        }
    }
    let c = rest.chars().next().unwrap_or(' ');
    let failure =
        Failure::new(codes::CONDITION_SYNTAX, format!("`{c}` cannot stand in a condition"), at..at + c.len_utf8());
    match c {
        '?' => failure.help("patterns of search names have `*` only"),
        ',' => failure.help("give one pattern to each `of`, joined by `or` or `and`"),
        _ => failure,
    }
}

/// The failure for a v1 aggregation, naming the correlation that replaces it.
fn aggregation(text: &str) -> Option<Failure> {
    let at = text.match_indices('|').map(|(at, _)| at).find(|&at| {
        let bytes = text.as_bytes();
        bytes.get(at + 1) != Some(&b'|') && (at == 0 || bytes.get(at - 1) != Some(&b'|'))
    })?;
    let rest = text.get(at + 1..).unwrap_or("").trim_start();
    let function = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    let argument = rest.split_once('(').and_then(|(_, r)| r.split_once(')')).map_or("", |(a, _)| a.trim());
    let range = at..text.trim_end().len();
    let message = "aggregations after `|` are no longer part of Sigma's conditions";
    let failure = Failure::new(codes::AGGREGATION, message, range);
    let correlation = match (function.to_ascii_lowercase().as_str(), argument) {
        ("count", "") => "event_count",
        ("count", _) => "value_count",
        ("sum", _) => "value_sum",
        ("avg", _) => "value_avg",
        ("near", _) => "temporal",
        ("min" | "max", _) => return Some(failure.help("no correlation type is equal to `min` and `max`")),
        _ => return Some(failure.help("write a correlation rule")),
    };
    Some(failure.help(format!("write a correlation rule of type `{correlation}`")))
}

struct Parser<'t, P> {
    text: &'t str,
    tokens: &'t [Token],
    next: usize,
    place: &'t P,
}

type Parsed = Result<Expr, Failure>;

impl<'t, P: Fn(Range<usize>) -> Span> Parser<'t, P> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.next).copied()
    }

    fn word(&self, ahead: usize) -> Option<&'t str> {
        self.tokens.get(self.next + ahead).map(|token| token.text(self.text))
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.word(0) == Some(word);
        self.next += usize::from(found);
        found
    }

    fn or(&mut self, depth: usize) -> Parsed {
        let mut parts = vec![self.and(depth)?];
        while self.eat("or") {
            parts.push(self.and(depth)?);
        }
        Ok(join(parts, ExprKind::Or))
    }

    fn and(&mut self, depth: usize) -> Parsed {
        let mut parts = vec![self.not(depth)?];
        while self.eat("and") {
            parts.push(self.not(depth)?);
        }
        Ok(join(parts, ExprKind::And))
    }

    fn not(&mut self, depth: usize) -> Parsed {
        let Some(token) = self.peek().filter(|t| t.text(self.text) == "not") else { return self.primary(depth) };
        self.check_depth(depth, token)?;
        self.next += 1;
        let part = self.not(depth + 1)?;
        let span = (self.place)(token.range()).to(part.span);
        Ok(Expr { kind: ExprKind::Not(Box::new(part)), span })
    }

    fn check_depth(&self, depth: usize, token: Token) -> Result<(), Failure> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        let message = format!("the condition is nested more than {MAX_DEPTH} deep");
        Err(Failure::new(codes::CONDITION_TOO_LARGE, message, token.range()))
    }

    fn primary(&mut self, depth: usize) -> Parsed {
        let Some(token) = self.peek() else {
            let end = self.text.trim_end().len();
            let start = self.tokens.last().map_or(0, |t| t.start);
            return Err(Failure::new(
                codes::CONDITION_SYNTAX,
                "the condition ends where a search is expected",
                start..end,
            ));
        };
        let word = token.text(self.text);
        if word == "(" {
            self.check_depth(depth, token)?;
            self.next += 1;
            let mut inner = self.or(depth + 1)?;
            return match self.peek() {
                Some(close) if close.text(self.text) == ")" => {
                    self.next += 1;
                    inner.span = (self.place)(token.start..close.end);
                    Ok(inner)
                }
                Some(other) => Err(self.unexpected(other, "expected `and`, `or` or `)`")),
                None => Err(Failure::new(codes::CONDITION_SYNTAX, "this `(` is never closed", token.range())),
            };
        }
        if self.word(1) == Some("of") {
            return self.selector(token, word);
        }
        if word == ")" || RESERVED.contains(&word) || word.contains('*') {
            return Err(self.unexpected(token, "expected a search"));
        }
        // Before `and`, `or`, `)` and the end, `Not` can only be the name of a search.
        let operand = |next: &str| next == "(" || (is_identifier(next) && !matches!(next, "and" | "or"));
        if let Some(operator) = upper_case(word).filter(|_| self.word(1).is_some_and(operand)) {
            let message = format!("`{word}` is no operator");
            return Err(Failure::new(codes::CONDITION_SYNTAX, message, token.range())
                .help(format!("operators are lower case: write `{operator}`")));
        }
        self.next += 1;
        Ok(Expr { kind: ExprKind::Identifier(word.into()), span: (self.place)(token.range()) })
    }

    fn selector(&mut self, token: Token, word: &str) -> Parsed {
        let quantifier = match word {
            "1" | "any" => Quantifier::Any,
            "all" => Quantifier::All,
            _ => {
                let message = format!("`{word} of` is no selector");
                return Err(Failure::new(codes::CONDITION_SYNTAX, message, token.range())
                    .help("a selector begins with `1 of`, `any of` or `all of`"));
            }
        };
        self.next += 2;
        let target = self.peek();
        match target.map(|t| (t, t.text(self.text))) {
            Some((end, name)) if name == "them" || !(RESERVED.contains(&name) || name == "(" || name == ")") => {
                self.next += 1;
                let target = if name == "them" { Target::Them } else { Target::Pattern(name.into()) };
                let span = (self.place)(token.start..end.end);
                Ok(Expr { kind: ExprKind::Selector { quantifier, target }, span })
            }
            Some((other, _)) => Err(self.unexpected(other, "expected `them` or a pattern of search names after `of`")),
            None => {
                let message = "the condition ends where `them` or a pattern is expected";
                Err(Failure::new(codes::CONDITION_SYNTAX, message, token.start..self.text.trim_end().len()))
            }
        }
    }

    fn unexpected(&self, token: Token, expected: &str) -> Failure {
        let word = token.text(self.text);
        let failure = Failure::new(codes::CONDITION_SYNTAX, format!("unexpected `{word}`, {expected}"), token.range());
        match upper_case(word) {
            Some(operator) => failure.help(format!("operators are lower case: write `{operator}`")),
            None if word.contains('*') => failure.help("a pattern needs `1 of` or `all of` before it"),
            None => failure,
        }
    }
}

/// The operator that a word in other letter case means.
fn upper_case(word: &str) -> Option<&'static str> {
    RESERVED.into_iter().find(|&reserved| word != reserved && word.eq_ignore_ascii_case(reserved))
}

fn join(mut parts: Vec<Expr>, kind: fn(Vec<Expr>) -> ExprKind) -> Expr {
    if parts.len() > 1 {
        let span = parts.iter().skip(1).fold(parts[0].span, |span, part| span.to(part.span));
        return Expr { kind: kind(parts), span };
    }
    parts.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Condition, Box<Diagnostic>> {
        parse(text, |range| Span::new(range.start, range.end))
    }

    /// The tree with every node in parentheses.
    fn tree(text: &str) -> String {
        fn show(expr: &Expr) -> String {
            let list = |word: &str, parts: &[Expr]| {
                format!("({word} {})", parts.iter().map(show).collect::<Vec<_>>().join(" "))
            };
            match &expr.kind {
                ExprKind::Not(part) => format!("(not {})", show(part)),
                ExprKind::And(parts) => list("and", parts),
                ExprKind::Or(parts) => list("or", parts),
                _ => format!("[{expr}]"),
            }
        }
        show(&read(text).unwrap_or_else(|d| panic!("{text}: {d}")).expr)
    }

    #[test]
    fn precedence_and_words() {
        assert_eq!(tree("a or b and not c"), "(or [a] (and [b] (not [c])))");
        assert_eq!(tree("not a and b"), "(and (not [a]) [b])");
        assert_eq!(tree("not(a)and(b)"), "(and (not [a]) [b])");
        assert_eq!(tree("(a or b) and c"), "(and (or [a] [b]) [c])");
        assert_eq!(tree("and_x or not_z or notepad or 1st"), "(or [and_x] [not_z] [notepad] [1st])");
        assert_eq!(tree("any of sel* and not all of them"), "(and [1 of sel*] (not [all of them]))");
        assert_eq!(tree("1 of sel"), "[1 of sel]");
        assert_eq!(tree(" a\r\n\tand  b "), "(and [a] [b])");
        assert_eq!(tree("not not a"), "(not (not [a]))");
    }

    #[test]
    fn errors_point_at_the_word() {
        for (text, code, at) in [
            ("", "SG0302", ""),
            ("(a", "SG0302", "("),
            ("a)", "SG0302", ")"),
            ("a b", "SG0302", "b"),
            ("a and", "SG0302", "and"),
            ("not", "SG0302", "not"),
            ("a AND b", "SG0302", "AND"),
            ("NOT a", "SG0302", "NOT"),
            ("1 OF them", "SG0302", "OF"),
            ("2 of them", "SG0302", "2"),
            ("0 of them", "SG0302", "0"),
            ("a && b", "SG0302", "&&"),
            ("a || b", "SG0302", "||"),
            ("!a", "SG0302", "!"),
            ("1 of (a*)", "SG0302", "("),
            ("1 of a?", "SG0302", "?"),
            ("1 of", "SG0302", "1 of"),
            ("1 of and", "SG0302", "and"),
            ("a and b*", "SG0302", "b*"),
            ("them", "SG0302", "them"),
            ("a.b", "SG0302", "."),
            ("é", "SG0302", "é"),
            ("a | count() by b > 5", "SG0305", "| count() by b > 5"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.code.id(), &text[error.span.unwrap().range()]), (code, at), "{text}");
        }
    }

    #[test]
    fn hints_name_the_way_out() {
        let help = |text| read(text).unwrap_err().help.join("; ");
        assert_eq!(help("a AND b"), "operators are lower case: write `and`");
        assert_eq!(help("NOT a"), "operators are lower case: write `not`");
        assert_eq!(help("1 OF them"), "operators are lower case: write `of`");
        assert_eq!(help("a && b"), "write `and`");
        assert_eq!(help("a | count() > 5"), "write a correlation rule of type `event_count`");
        assert_eq!(help("a | count(User) by Host > 5"), "write a correlation rule of type `value_count`");
        assert_eq!(help("a | near b"), "write a correlation rule of type `temporal`");
        assert_eq!(help("a | max(x) > 5"), "no correlation type is equal to `min` and `max`");
    }

    #[test]
    fn nesting_and_length_have_limits() {
        let code = |text: String| read(&text).unwrap_err().code.id();
        assert!(read(&format!("{}a{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH))).is_ok());
        assert_eq!(code(format!("{}a{}", "(".repeat(MAX_DEPTH + 1), ")".repeat(MAX_DEPTH + 1))), "SG0306");
        assert_eq!(code("not ".repeat(10_000) + "a"), "SG0306");
        assert_eq!(code("a ".repeat(MAX_BYTES)), "SG0306");
    }

    #[test]
    fn patterns_select_whole_names() {
        let selects = |pattern: &str, name: &str| Target::Pattern(pattern.into()).selects(name);
        assert!(selects("sel*", "selection") && selects("*", "a") && selects("a*b*c", "axxbyyc") && selects("a", "a"));
        assert!(
            !selects("sel*", "Selection") && !selects("a*a", "a") && !selects("a", "ab") && !selects("a*b*b", "ab")
        );
        assert!(
            !selects("*", "_a") && selects("_*", "_a") && !Target::Them.selects("_a") && Target::Them.selects("a_")
        );
    }

    fn any_condition() -> impl Strategy<Value = String> {
        let leaf =
            prop::sample::select(vec!["a", "sel_1", "1 of sel*", "all of them", "notepad"]).prop_map(String::from);
        leaf.prop_recursive(5, 40, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(|p| format!("({})", p.join(" and "))),
                prop::collection::vec(inner.clone(), 2..4).prop_map(|p| format!("({})", p.join(" or "))),
                inner.prop_map(|p| format!("not ({p})")),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic(text in ".{0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn any_words_are_parsed_without_panic(words in prop::collection::vec(prop::sample::select(vec![
            "a", "and", "or", "not", "of", "all", "1", "them", "(", ")", "x*", "AND", "|", "count", "||"]), 0..30)) {
            let _ = read(&words.join(" "));
        }

        #[test]
        fn what_is_printed_reads_back(text in any_condition()) {
            let printed = read(&text).map(|c| c.expr.to_string()).unwrap_or_default();
            prop_assert_eq!(tree(&printed), tree(&text));
        }
    }
}
