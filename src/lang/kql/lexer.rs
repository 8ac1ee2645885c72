//! Text to tokens, after `grammar/KqlTokens.g4` of microsoft/Kusto-Query-Language.
//!
//! A token never crosses into meaning: keywords are names here, and the parser decides where a name may stand.

use crate::lang::Error;
use crate::lang::cursor::{self, Lexeme};
use crate::source::Span;

/// A token and where it stands.
pub(super) type Token<'a> = cursor::Token<Kind<'a>>;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Kind<'a> {
    /// A name or keyword; also the operators that look like names: `in~`, `!contains`, `!in~`.
    Name(&'a str),
    /// A string literal of any form, unescaped.
    Text(String),
    /// An integer literal without a sign.
    Long(u64),
    /// A literal with a point or an exponent, without a sign.
    Real(f64),
    /// A typed literal such as `datetime(2015-12-31)`: its type and the text between the parentheses.
    Typed(&'a str, &'a str),
    /// Punctuation.
    Mark(&'static str),
    /// The end of the query.
    #[default]
    End,
}

impl Lexeme for Kind<'_> {
    fn is_mark(&self, mark: &str) -> bool {
        matches!(self, Kind::Mark(own) if *own == mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self, Kind::Name(own) if *own == word)
    }
}

/// Longer marks stand before their prefixes.
const MARKS: [&str; 30] = [
    "..", "==", "=~", "=>", "!=", "!~", "<=", "<>", ">=", "*", "@", "|", "}", "]", ")", ",", ":", "-", ".", "=", "!",
    ">", "<", "{", "[", "(", "%", "+", ";", "/",
];

/// Names that, followed at once by `(`, open a typed literal whose text runs to the next `)`.
const TYPED: [&str; 14] = [
    "long", "int64", "int", "int32", "real", "double", "decimal", "bool", "datetime", "time", "timespan", "guid",
    "uuid", "uniqueid",
];

/// Units of a timespan literal such as `3d`.
const UNITS: [&str; 17] = [
    "m", "min", "minute", "minutes", "s", "sec", "second", "seconds", "d", "day", "days", "h", "hr", "hrs", "hour",
    "hours", "ms",
];

/// Splits a query into tokens; the last one is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let kind = lexer.next_kind()?;
        let end = kind == Kind::End;
        tokens.push(Token { kind, span: Span::new(start, lexer.at) });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn error<T>(&self, start: usize, message: impl Into<String>) -> Result<T, Error> {
        Err(Error::new(message, Span::new(start, self.at.max(start))))
    }

    /// Skips white space as the grammar lists it, and `//` comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len());
                continue;
            }
            match rest.chars().next() {
                Some(c) if is_blank(c) => self.at += c.len_utf8(),
                _ => return,
            }
        }
    }

    fn next_kind(&mut self) -> Result<Kind<'a>, Error> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Kind::End) };
        if let Some(text) = self.string()? {
            return Ok(Kind::Text(text));
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        if first == '$' || first == '_' || first.is_ascii_alphabetic() {
            return Ok(self.name());
        }
        if let Some(negated) = rest.strip_prefix('!')
            && negated.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            let length = 1 + name_length(negated);
            return Ok(Kind::Name(self.take_name(length)));
        }
        match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            Some(mark) => {
                self.at += mark.len();
                Ok(Kind::Mark(mark))
            }
            None => self.error(self.at, format!("`{first}` is no part of KQL outside a string")),
        }
    }

    fn name(&mut self) -> Kind<'a> {
        let rest = self.rest();
        let length = 1 + name_length(rest.get(1..).unwrap_or(""));
        let word = rest.get(..length).unwrap_or("");
        if TYPED.contains(&word)
            && let Some(body) = rest.get(length..).and_then(|after| after.strip_prefix('('))
            && let Some(close) = body.find(')')
        {
            self.at += length + 1 + close + 1;
            return Kind::Typed(word, body.get(..close).unwrap_or(""));
        }
        Kind::Name(self.take_name(length))
    }

    /// Takes a name of this length, and the `~` of `in~` and `!in~`.
    fn take_name(&mut self, length: usize) -> &'a str {
        let rest = self.rest();
        let word = rest.get(..length).unwrap_or("");
        let tilde = matches!(word, "in" | "!in") && rest.get(length..).is_some_and(|after| after.starts_with('~'));
        let length = length + usize::from(tilde);
        self.at += length;
        rest.get(..length).unwrap_or("")
    }

    fn number(&mut self) -> Result<Kind<'a>, Error> {
        let (start, rest) = (self.at, self.rest());
        if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let digits = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
            if digits > 0 && name_length(hex) == digits {
                self.at += 2 + digits;
                return match u64::from_str_radix(&hex[..digits], 16) {
                    Ok(value) => Ok(Kind::Long(value)),
                    Err(_) => self.error(start, "the hexadecimal number is too large"),
                };
            }
        }
        let length = real_length(rest);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length = length.max(digits);
        let tail = name_length(rest.get(length..).unwrap_or(""));
        if tail > 0 {
            return self.number_with_letters(start, digits, length, tail);
        }
        self.at += length;
        let text = rest.get(..length).unwrap_or("");
        if length == digits {
            return match text.parse() {
                Ok(value) => Ok(Kind::Long(value)),
                Err(_) => self.error(start, "the number is too large for a long"),
            };
        }
        match text.parse() {
            Ok(value) => Ok(Kind::Real(value)),
            Err(_) => self.error(start, "not a number"),
        }
    }

    /// Digits with letters after them: a timespan literal such as `3d` (not modelled), or a name such as `7zip`.
    fn number_with_letters(
        &mut self,
        start: usize,
        digits: usize,
        length: usize,
        tail: usize,
    ) -> Result<Kind<'a>, Error> {
        let letters = self.rest().get(length..length + tail).unwrap_or("");
        self.at += length + tail;
        if UNITS.contains(&letters) || ["milli", "micro", "nano", "tick"].iter().any(|unit| letters.starts_with(unit)) {
            return self.error(start, "timespan literals are not modelled");
        }
        if length != digits {
            return self.error(start, "a number must not run into a name");
        }
        Ok(Kind::Name(self.text.get(start..self.at).unwrap_or("")))
    }

    /// A string literal of any form where one starts here.
    fn string(&mut self) -> Result<Option<String>, Error> {
        let (start, rest) = (self.at, self.rest());
        // `h` or `H` marks a string as secret; it does not change the value.
        let body = rest.strip_prefix(['h', 'H']).unwrap_or(rest);
        let prefix = rest.len() - body.len();
        for fence in ["```", "~~~"] {
            if let Some(inner) = body.strip_prefix(fence) {
                let Some(end) = inner.find(fence) else {
                    return self.error(start, "the multi-line string has no end");
                };
                self.at += prefix + fence.len() + end + fence.len();
                return Ok(Some(inner.get(..end).unwrap_or("").to_owned()));
            }
        }
        let (verbatim, quoted) = match body.strip_prefix('@') {
            Some(quoted) => (true, quoted),
            None => (false, body),
        };
        let Some(quote) = quoted.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return Ok(None) };
        self.at += prefix + usize::from(verbatim) + 1;
        if verbatim { self.verbatim(start, quote).map(Some) } else { self.escaped(start, quote).map(Some) }
    }

    fn verbatim(&mut self, start: usize, quote: char) -> Result<String, Error> {
        let mut value = String::new();
        loop {
            match self.bump() {
                None | Some('\r' | '\n') => return self.error(start, "the string has no end on its line"),
                Some(c) if c == quote => {
                    if !self.rest().starts_with(quote) {
                        return Ok(value);
                    }
                    self.at += 1;
                    value.push(quote);
                }
                Some(c) => value.push(c),
            }
        }
    }

    fn escaped(&mut self, start: usize, quote: char) -> Result<String, Error> {
        let mut value = String::new();
        loop {
            let at = self.at;
            match self.bump() {
                None | Some('\r' | '\n') => return self.error(start, "the string has no end on its line"),
                Some(c) if c == quote => return Ok(value),
                Some('\\') => value.push(self.escape(at)?),
                Some(c) => value.push(c),
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<char, Error> {
        let Some(c) = self.bump() else { return self.error(start, "the string has no end on its line") };
        Ok(match c {
            '\'' | '"' | '\\' => c,
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => return self.code_point(start, 2),
            'u' => return self.code_point(start, 4),
            'U' => return self.code_point(start, 8),
            '0'..='7' => return self.octal(start, c),
            _ => return self.error(start, format!("`\\{c}` is not an escape sequence")),
        })
    }

    /// Up to three octal digits, three only where the first is at most 3.
    fn octal(&mut self, start: usize, first: char) -> Result<char, Error> {
        let most = if first <= '3' { 3 } else { 2 };
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 1..most {
            let Some(digit) = self.rest().chars().next().and_then(|c| c.to_digit(8)) else { break };
            self.at += 1;
            value = value * 8 + digit;
        }
        char::from_u32(value).map_or_else(|| self.error(start, "not a character"), Ok)
    }

    fn code_point(&mut self, start: usize, digits: usize) -> Result<char, Error> {
        let value = self.hex(start, digits)?;
        if digits == 4 && (0xD800..0xDC00).contains(&value) && self.rest().starts_with("\\u") {
            self.at += 2;
            let low = self.hex(start, 4)?;
            if (0xDC00..0xE000).contains(&low) {
                let joined = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(joined).map_or_else(|| self.error(start, "not a character"), Ok);
            }
        }
        char::from_u32(value).map_or_else(|| self.error(start, "the escape is not a Unicode character"), Ok)
    }

    fn hex(&mut self, start: usize, digits: usize) -> Result<u32, Error> {
        let text = self.rest().get(..digits).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        match text.and_then(|text| u32::from_str_radix(text, 16).ok()) {
            Some(value) => {
                self.at += digits;
                Ok(value)
            }
            None => self.error(start, format!("the escape needs {digits} hexadecimal digits")),
        }
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | ' ' | '\r' | '\n' | '\u{c}' | '\u{a0}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200b}')
        || matches!(c, '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

fn name_length(text: &str) -> usize {
    text.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count()
}

/// The length of a literal with a point or an exponent at the start of `text`; 0 where there is none.
fn real_length(text: &str) -> usize {
    let digits = |from: usize| text.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let whole = digits(0);
    let mut length = whole;
    // `1..5` is a range of two integers, not a real and a point.
    if byte(length) == Some(b'.') && byte(length + 1) != Some(b'.') {
        length += 1;
        length += digits(length);
    }
    if matches!(byte(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    if length == whole { 0 } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(query: &str) -> Result<String, String> {
        match tokens(query).map_err(|e| e.message)?.first().map(|t| t.kind.clone()) {
            Some(Kind::Text(text)) => Ok(text),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn string_forms_of_the_string_data_type_page() {
        for (query, value) in [
            (r#""Double quote characters (\") are escaped""#, "Double quote characters (\") are escaped"),
            (r"'Single quote characters (\') require escaping'", "Single quote characters (') require escaping"),
            (r"@'C:\Folder\filename.txt'", r"C:\Folder\filename.txt"),
            (r#"@"ends with a backslash\""#, r"ends with a backslash\"),
            (r#"@"a""b""#, "a\"b"),
            (r#"'\\n.*(>|\'|=|\")[a-zA-Z0-9/+]{86}=='"#, r#"\n.*(>|'|=|")[a-zA-Z0-9/+]{86}=="#),
            ("```a\n\\\"b```", "a\n\\\"b"),
            ("~~~a`b~~~", "a`b"),
            ("h'hello'", "hello"),
            ("h@'world'", "world"),
            ("H\"hello\"", "hello"),
            (r#""\t\x41\u00e4\U0001F600\101\0""#, "\tAä\u{1F600}A\0"),
            (r#""\ud83d\ude00""#, "\u{1F600}"),
        ] {
            assert_eq!(text(query).as_deref(), Ok(value), "{query}");
        }
    }

    #[test]
    fn unknown_escapes_and_open_strings_are_errors() {
        for query in [r#""\d""#, r#""\ ""#, r#""\u12""#, r#""\ud83d""#, "\"a\nb\"", "\"a", "@\"a", "```a", "'\\", "#"] {
            assert!(text(query).is_err(), "{query}");
        }
    }

    #[test]
    fn numbers_and_names() {
        let kinds = |query| tokens(query).map(|t| t.into_iter().map(|t| t.kind).collect::<Vec<_>>());
        assert_eq!(kinds("0xf 1.5 1e5 7zip").map(|k| k.len()), Ok(5));
        assert_eq!(kinds("0xf").map(|mut k| k.remove(0)), Ok(Kind::Long(15)));
        assert_eq!(kinds("7zip").map(|mut k| k.remove(0)), Ok(Kind::Name("7zip")));
        assert_eq!(kinds("1..5"), Ok(vec![Kind::Long(1), Kind::Mark(".."), Kind::Long(5), Kind::End]));
        assert_eq!(kinds("datetime(2015-12-31)").map(|mut k| k.remove(0)), Ok(Kind::Typed("datetime", "2015-12-31")));
        assert!(kinds("3d").is_err());
        assert!(kinds("99999999999999999999").is_err());
    }
}
