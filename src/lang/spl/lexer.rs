//! Text to tokens. The two sub-languages have lexers of their own: a word of `search` may hold characters that are
//! operators in `where`. Both stop at the pipe.

use crate::lang::Error;
use crate::lang::cursor::{self, Lexeme};
use crate::source::Span;

/// A token and where it stands.
pub(super) type Token<'a> = cursor::Token<Kind<'a>>;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) enum Kind<'a> {
    /// A word without quotes: in `where` a name or keyword, in `search` any run of characters.
    Word(&'a str),
    /// What stands between double quotes, as written.
    Quoted(&'a str),
    /// A field in single quotes; in `where` only.
    Field(&'a str),
    /// A number; in `where` only.
    Number(f64),
    /// Punctuation.
    Mark(&'static str),
    /// The pipe, or the end of the text.
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
const WHERE_MARKS: [&str; 16] = ["==", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "+", "-", "*", "/", "%"];
const SEARCH_MARKS: [&str; 9] = ["!=", "<=", ">=", "=", "<", ">", "(", ")", ","];

/// Reads a search from left to right.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Skips white space and comments: "three backticks before and after" (page "Add comments to searches").
    pub(super) fn skip_blank(&mut self) -> Result<(), Error> {
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            let Some(comment) = self.rest().strip_prefix("```") else { return Ok(()) };
            let Some(length) = comment.find("```") else { return self.error(3, "the comment does not end") };
            self.at += length + 6;
        }
    }

    /// An error about the next `length` bytes.
    pub(super) fn error<T>(&self, length: usize, message: impl Into<String>) -> Result<T, Error> {
        Err(Error::new(message, Span::new(self.at, (self.at + length).min(self.text.len()))))
    }

    /// A name of ASCII letters, digits and `_`; empty where none stands here.
    pub(super) fn name(&mut self) -> (&'a str, Span) {
        let rest = self.rest();
        let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let span = Span::new(self.at, self.at + end);
        self.at += end;
        (rest.get(..end).unwrap_or(""), span)
    }

    /// Takes the pipe before a further stage.
    pub(super) fn take_pipe(&mut self) -> bool {
        let pipe = self.rest().starts_with('|');
        self.at += usize::from(pipe);
        pipe
    }

    /// Takes the word `search` where white space follows.
    pub(super) fn take_search(&mut self) {
        if self.rest().strip_prefix("search").is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
            self.at += "search".len();
        }
    }

    /// The tokens of a `where` or `regex` up to the pipe.
    pub(super) fn where_tokens(&mut self) -> Result<Vec<Token<'a>>, Error> {
        self.tokens(Self::where_kind)
    }

    /// The tokens of a `search` up to the pipe.
    pub(super) fn search_tokens(&mut self) -> Result<Vec<Token<'a>>, Error> {
        self.tokens(Self::search_kind)
    }

    fn tokens(&mut self, kind: fn(&mut Self, char) -> Result<Kind<'a>, Error>) -> Result<Vec<Token<'a>>, Error> {
        let mut tokens = Vec::new();
        loop {
            self.skip_blank()?;
            let start = self.at;
            let kind = match self.rest().chars().next() {
                None | Some('|') => Kind::End,
                Some('`') => return self.error(1, "macros are not modelled"),
                Some('[' | ']') => return self.error(1, "subsearches are not modelled"),
                Some('"') => Kind::Quoted(self.quoted('"')?),
                Some(first) => kind(self, first)?,
            };
            tokens.push(Token { kind, span: Span::new(start, self.at) });
            if kind == Kind::End {
                return Ok(tokens);
            }
        }
    }

    /// What stands between quotes; a backslash keeps the quote after it from ending the text.
    fn quoted(&mut self, quote: char) -> Result<&'a str, Error> {
        let body = self.rest().get(1..).unwrap_or("");
        let mut chars = body.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at += at + 2;
                return Ok(body.get(..at).unwrap_or(""));
            }
            if c == '\\' {
                chars.next();
            }
        }
        self.error(1, "the quote does not end")
    }

    fn mark(&mut self, marks: &[&'static str]) -> Option<Kind<'a>> {
        let mark = marks.iter().find(|mark| self.rest().starts_with(**mark))?;
        self.at += mark.len();
        Some(Kind::Mark(mark))
    }

    fn where_kind(&mut self, first: char) -> Result<Kind<'a>, Error> {
        if first == '_' || first.is_ascii_alphabetic() {
            return Ok(Kind::Word(self.name().0));
        }
        if first == '\'' {
            let field = self.quoted('\'')?;
            return match field.is_empty() || field.contains(['\\', '*']) {
                false => Ok(Kind::Field(field)),
                true => self.error(0, "a field name that is empty or holds `\\` or `*` is not modelled"),
            };
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        self.mark(&WHERE_MARKS).map_or_else(|| self.error(first.len_utf8(), format!("unexpected `{first}`")), Ok)
    }

    /// A decimal number. "A field name that starts with a digit must be surrounded by single quotation marks" (page
    /// "where"), so a letter must not follow.
    fn number(&mut self) -> Result<Kind<'a>, Error> {
        let rest = self.rest();
        let digits = |from: usize| {
            let tail = rest.get(from..).unwrap_or("");
            from + tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len())
        };
        let whole = digits(0);
        let point = rest.get(whole..).is_some_and(|tail| tail.starts_with('.'));
        let end = if point && digits(whole + 1) > whole + 1 { digits(whole + 1) } else { whole };
        let next = rest.get(end..).and_then(|tail| tail.chars().next());
        if next.is_some_and(|c| c == '_' || c == '.' || c.is_alphanumeric()) {
            return self.error(end + 1, "this is neither a number nor a field name without quotes");
        }
        match rest.get(..end).and_then(|digits| digits.parse::<f64>().ok()).filter(|number| number.is_finite()) {
            Some(number) => {
                self.at += end;
                Ok(Kind::Number(number))
            }
            None => self.error(end, "the number is too large"),
        }
    }

    /// A mark or a word of `search`. "You need quotation marks around phrases and field values that include white
    /// spaces, commas, pipes, quotations, or brackets" (page "search").
    fn search_kind(&mut self, first: char) -> Result<Kind<'a>, Error> {
        if let Some(mark) = self.mark(&SEARCH_MARKS) {
            return Ok(mark);
        }
        if matches!(first, '!' | '\'') {
            return self.error(1, format!("`{first}` is not modelled outside quotes"));
        }
        let rest = self.rest();
        let mut chars = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            let stop = matches!(c, '"' | '(' | ')' | ',' | '|' | '=' | '<' | '>' | '!' | '[' | ']' | '`' | '\'');
            if stop || c.is_whitespace() {
                end = at;
                break;
            }
            if c == '\\' {
                chars.next();
            }
        }
        self.at += end;
        match self.rest().chars().next() {
            Some(c @ ('"' | '[' | ']' | '`' | '\'')) => self.error(1, format!("`{c}` within a word is not modelled")),
            _ => Ok(Kind::Word(rest.get(..end).unwrap_or(""))),
        }
    }
}
