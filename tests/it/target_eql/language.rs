//! A strict lexer of EQL and an evaluator of alternatives of leaves on one text value: the test's own reading of a
//! query.

use super::lucene;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Text(String),
    Name(String),
    Word(String),
    Sign(char),
}

/// Reads all tokens; anything that EQL does not know is an error.
pub fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut chars = text.chars().peekable();
    let mut out = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\n' => {}
            '"' => out.push(Token::Text(string(&mut chars)?)),
            '(' | ')' | ',' | '?' | ':' | '=' | '!' | '<' | '>' => out.push(Token::Sign(c)),
            c if c.is_ascii_alphanumeric() || "_@-`".contains(c) => out.push(path(c, &mut chars)?),
            c => return Err(format!("the character {c:?} outside of a literal")),
        }
    }
    Ok(out)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn string(chars: &mut Chars<'_>) -> Result<String, String> {
    let mut out = String::new();
    loop {
        match chars.next().ok_or("a string without end")? {
            '"' => return Ok(out),
            '\n' | '\r' => return Err("a line break in a string".into()),
            '\\' => out.push(match chars.next().ok_or("a string without end")? {
                'b' => '\u{8}',
                't' => '\t',
                'n' => '\n',
                'f' => '\u{c}',
                'r' => '\r',
                '"' => '"',
                '\\' => '\\',
                'u' => code_point(chars)?,
                c => return Err(format!("the escape \\{c}")),
            }),
            c => out.push(c),
        }
    }
}

fn code_point(chars: &mut Chars<'_>) -> Result<char, String> {
    if chars.next() != Some('{') {
        return Err("\\u without brace".into());
    }
    let digits: String = chars.by_ref().take_while(|c| *c != '}').collect();
    if !(2..=8).contains(&digits.len()) {
        return Err("a sequence should use 2 to 8 digits".into());
    }
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or_else(|| "no character".into())
}

/// A word, or a name of segments of which some stand in backticks.
fn path(first: char, chars: &mut Chars<'_>) -> Result<Token, String> {
    let mut out = String::new();
    let mut quoted = first == '`';
    if quoted {
        out.push_str(&name(chars)?);
    } else {
        out.push(first);
    }
    loop {
        match chars.peek() {
            Some('`') if out.ends_with('.') => {
                chars.next();
                quoted = true;
                out.push_str(&name(chars)?);
            }
            Some(c) if c.is_ascii_alphanumeric() || "_.~@".contains(*c) => out.extend(chars.next()),
            _ if quoted => return Ok(Token::Name(out)),
            _ => return Ok(Token::Word(out)),
        }
    }
}

fn name(chars: &mut Chars<'_>) -> Result<String, String> {
    let mut out = String::new();
    loop {
        match chars.next().ok_or("a name without end")? {
            '`' if chars.next_if_eq(&'`').is_none() => return Ok(out),
            c => out.push(c),
        }
    }
}

/// Whether `any where LEAF or LEAF ..` on the only field `field` holds for this value.
pub fn holds(query: &str, field: &str, value: &str) -> Result<bool, String> {
    let tokens = lex(query)?;
    let word = |text: &str| Token::Word(text.into());
    let Some(condition) = tokens.strip_prefix(&[word("any"), word("where")]) else { return Err("no head".into()) };
    let mut reader = Reader { tokens: condition, field };
    let mut out = reader.leaf(value)?;
    while reader.word("or") {
        out |= reader.leaf(value)?;
    }
    if reader.tokens.is_empty() { Ok(out) } else { Err(format!("left over: {:?}", reader.tokens)) }
}

struct Reader<'t> {
    tokens: &'t [Token],
    field: &'t str,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Token, String> {
        let (first, rest) = self.tokens.split_first().ok_or("the query ends early")?;
        self.tokens = rest;
        Ok(first.clone())
    }

    fn word(&mut self, text: &str) -> bool {
        let there = self.tokens.first() == Some(&Token::Word(text.into()));
        self.tokens = &self.tokens[usize::from(there)..];
        there
    }

    fn sign(&mut self, c: char) -> bool {
        let there = self.tokens.first() == Some(&Token::Sign(c));
        self.tokens = &self.tokens[usize::from(there)..];
        there
    }

    fn expect(&mut self, signs: &str) -> Result<(), String> {
        signs.chars().try_for_each(|c| if self.sign(c) { Ok(()) } else { Err(format!("expected {c}")) })
    }

    fn field(&mut self) -> Result<(), String> {
        self.expect("?")?;
        match self.next()? {
            Token::Name(name) | Token::Word(name) if name == self.field => Ok(()),
            other => Err(format!("{other:?} is not the field")),
        }
    }

    fn texts(&mut self) -> Result<Vec<String>, String> {
        let list = self.sign('(');
        let mut out = Vec::new();
        loop {
            match self.next()? {
                Token::Text(text) => out.push(text),
                other => return Err(format!("{other:?} is no text")),
            }
            if !list || self.sign(')') {
                return Ok(out);
            }
            self.expect(",")?;
        }
    }

    fn leaf(&mut self, value: &str) -> Result<bool, String> {
        for (function, fold) in [("startsWith", false), ("startsWith~", true)] {
            if self.word(function) {
                self.expect("(")?;
                self.field()?;
                self.expect(",")?;
                let texts = self.texts()?;
                self.expect(")")?;
                let (text, value) = (lower(&texts[0], fold), lower(value, fold));
                return Ok(value.starts_with(&text));
            }
        }
        self.field()?;
        if self.sign('!') {
            self.expect("=")?;
            return if self.word("null") { Ok(true) } else { Err("`!=` with a value".into()) };
        }
        if self.sign('=') {
            self.expect("=")?;
            return Ok(self.texts()?.iter().any(|text| text == value));
        }
        let operator = if self.sign(':') { Token::Word(":".into()) } else { self.next()? };
        let Token::Word(operator) = operator else { return Err(format!("{operator:?} is no operator")) };
        let texts = self.texts()?;
        let fold = operator == ":" || operator.ends_with('~');
        let test = |text: &String| -> Result<bool, String> {
            Ok(match operator.as_str() {
                ":" | "like" => wildcard(&chars(text, fold), &chars(value, fold)),
                "in" | "in~" => lower(text, fold) == lower(value, fold),
                "regex" | "regex~" => lucene::matches(&lucene::parse(text)?, value, fold),
                other => return Err(format!("the operator {other}")),
            })
        };
        texts.iter().try_fold(false, |out, text| Ok(out | test(text)?))
    }
}

fn lower(text: &str, fold: bool) -> String {
    if fold { text.to_ascii_lowercase() } else { text.to_owned() }
}

fn chars(text: &str, fold: bool) -> Vec<char> {
    lower(text, fold).chars().collect()
}

fn wildcard(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|n| wildcard(rest, &text[n..])),
        Some(('?', rest)) => !text.is_empty() && wildcard(rest, &text[1..]),
        Some((c, rest)) => text.first() == Some(c) && wildcard(rest, &text[1..]),
    }
}
