//! Text to tokens, after the grammar of Elasticsearch (`EqlBase.g4`) and the page "EQL syntax reference".

use crate::lang::Error;
use crate::lang::cursor::{self, Lexeme};
use crate::source::Span;

/// A token and where it stands.
pub(super) type Token<'a> = cursor::Token<Kind<'a>>;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Kind<'a> {
    /// A keyword or a name; with a `~` at its end where one follows at once.
    Word(&'a str),
    /// A name in backticks, unescaped.
    Quoted(String),
    /// A string, unescaped.
    Text(String),
    /// An integer without a sign.
    Integer(i64),
    /// A number with a point or an exponent, without a sign.
    Decimal(f64),
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
        matches!(self, Kind::Word(own) if *own == word)
    }
}

/// Longer marks stand before their prefixes.
const MARKS: [&str; 21] =
    ["==", "!=", "<=", ">=", "<", ">", ":", "(", ")", "[", "]", ",", ".", "|", "?", "-", "+", "*", "/", "%", "="];

/// Splits a query into tokens; the last one is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank()?;
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
        Err(Error::new(message, Span::new(start, self.at)))
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Skips blanks, `// comments` and `/* comments, which /* nest */ */`.
    fn skip_blank(&mut self) -> Result<(), Error> {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.skip_block()?;
            } else if rest.starts_with([' ', '\r', '\n', '\t']) {
                self.at += 1;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_block(&mut self) -> Result<(), Error> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else if self.bump().is_none() {
                return self.error(start, "the comment has no end");
            }
        }
    }

    fn next_kind(&mut self) -> Result<Kind<'a>, Error> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Kind::End) };
        match first {
            '"' if rest.starts_with("\"\"\"") => self.raw().map(Kind::Text),
            '"' => self.escaped().map(Kind::Text),
            '\'' => self.error(self.at, "strings in single quotes are not supported"),
            '`' => self.backticks().map(Kind::Quoted),
            '0'..='9' => self.number(),
            '.' if rest.get(1..).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit())) => self.number(),
            'a'..='z' | 'A'..='Z' | '_' | '@' => Ok(self.word()),
            _ => match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
                Some(mark) => {
                    self.at += mark.len();
                    Ok(Kind::Mark(mark))
                }
                None => self.error(self.at, format!("`{first}` is no part of EQL outside a string")),
            },
        }
    }

    fn word(&mut self) -> Kind<'a> {
        let rest = self.rest();
        let length = 1 + rest.bytes().skip(1).take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
        let length = length + usize::from(rest.get(length..).is_some_and(|after| after.starts_with('~')));
        self.at += length;
        Kind::Word(rest.get(..length).unwrap_or(""))
    }

    fn number(&mut self) -> Result<Kind<'a>, Error> {
        let (start, rest) = (self.at, self.rest());
        let digits = |from: usize| rest.bytes().skip(from).take_while(u8::is_ascii_digit).count();
        let byte = |at: usize| rest.as_bytes().get(at).copied();
        let whole = digits(0);
        let mut length = whole;
        if byte(length) == Some(b'.') {
            length += 1 + digits(length + 1);
        }
        if matches!(byte(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(byte(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            length += if exponent > 0 { 1 + sign + exponent } else { 0 };
        }
        self.at += length;
        let text = rest.get(..length).unwrap_or("");
        if byte(length).is_some_and(|b| b == b'_' || b.is_ascii_alphabetic()) {
            return self.error(start, "a name that starts with a digit needs backticks");
        }
        let kind = match length == whole {
            true => text.parse().ok().map(Kind::Integer),
            false => text.parse().ok().map(Kind::Decimal),
        };
        kind.map_or_else(|| self.error(start, "the number does not fit a long"), Ok)
    }

    fn backticks(&mut self) -> Result<String, Error> {
        let start = self.at;
        self.at += 1;
        let mut name = String::new();
        loop {
            match self.bump() {
                None => return self.error(start, "the name has no closing backtick"),
                Some('`') if self.rest().starts_with('`') => {
                    self.at += 1;
                    name.push('`');
                }
                Some('`') => return Ok(name),
                Some(c) => name.push(c),
            }
        }
    }

    /// `"""raw"""`: on one line, and as the grammar has it one or two quotes more at the end belong to the text.
    fn raw(&mut self) -> Result<String, Error> {
        let start = self.at;
        self.at += 3;
        let body = self.rest();
        let end = body.find("\"\"\"").filter(|end| !body.get(..*end).unwrap_or("").contains(['\r', '\n']));
        let Some(end) = end else { return self.error(start, "the raw string has no end on its line") };
        let more = body.get(end + 3..).unwrap_or("").bytes().take(2).take_while(|b| *b == b'"').count();
        self.at += end + 3 + more;
        Ok(body.get(..end + more).unwrap_or("").to_owned())
    }

    fn escaped(&mut self) -> Result<String, Error> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.bump() {
                None | Some('\r' | '\n') => return self.error(start, "the string has no end on its line"),
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape(at)?),
                Some(c) => text.push(c),
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<char, Error> {
        match self.bump() {
            Some('b') => Ok('\u{8}'),
            Some('t') => Ok('\t'),
            Some('n') => Ok('\n'),
            Some('f') => Ok('\u{c}'),
            Some('r') => Ok('\r'),
            Some(c @ ('"' | '\\')) => Ok(c),
            Some('u') => self.code_point(start),
            Some(c) => self.error(start, format!("`\\{c}` is not an escape sequence")),
            None => self.error(start, "the string has no end on its line"),
        }
    }

    /// `\u{200f}`: two to eight hexadecimal digits.
    fn code_point(&mut self, start: usize) -> Result<char, Error> {
        let digits = self.rest().strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
        let valid = |d: &&str| (2..=8).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_hexdigit());
        let Some(digits) = digits.filter(valid) else {
            return self.error(start, "the escape needs two to eight hexadecimal digits in braces");
        };
        self.at += digits.len() + 2;
        let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        character.map_or_else(|| self.error(start, "the escape is not a Unicode character"), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(query: &str) -> Result<String, String> {
        let mut tokens = tokens(query).map_err(|e| e.message)?;
        match tokens.remove(0).kind {
            Kind::Text(text) if tokens.len() == 1 => Ok(text),
            other => Err(format!("{other:?}")),
        }
    }

    /// Page "EQL syntax reference", sections "Strings", "Escape characters in a string", "Raw strings".
    #[test]
    fn strings() {
        for (query, value) in [
            (r#""hello world""#, "hello world"),
            (r#""example \r of \" escaped \n characters""#, "example \r of \" escaped \n characters"),
            (r#""\u{200f}\u{200F}\u{0000200f}""#, "\u{200f}\u{200f}\u{200f}"),
            (r#""a\\b\tc""#, "a\\b\tc"),
            (
                r#""""Raw string with a literal double quote " and blackslash \ included""""#,
                r#"Raw string with a literal double quote " and blackslash \ included"#,
            ),
            (r#""String containing \"\"\" three double quotes""#, "String containing \"\"\" three double quotes"),
            (r#""""a"""""#, "a\""),
        ] {
            assert_eq!(text(query).as_deref(), Ok(value), "{query}");
        }
    }

    #[test]
    fn wrong_strings() {
        for query in [
            r#""\*""#,
            r#""\'""#,
            r#""\d""#,
            "'a'",
            "\"a",
            "\"a\nb\"",
            "\"\"\"a\nb\"\"\"",
            r#""\u{1}""#,
            r#""\u{d800}""#,
            "`a",
        ] {
            assert!(text(query).is_err(), "{query}");
        }
    }
}
