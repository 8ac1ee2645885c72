//! The quoter of SQL: string literals, names, `LIKE` and `GLOB` patterns.
//!
//! The only place of the room that makes [`Quoted`] text. It knows no operators.

use super::dialect::{Dialect, JsonPath, LikeEscape, Names, Strings, Values};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Field, FieldType, Number, Pattern, Piece, TableShape};
use crate::target::quote::Quoted;

/// The character that `ESCAPE` clauses name.
const ESCAPE: char = '!';

/// A quoter for one dialect.
#[derive(Clone, Copy)]
pub(super) struct Quoter<'d> {
    pub dialect: &'d Dialect,
    /// The target's name, for messages.
    pub target: &'d str,
    /// How the table keeps the fields.
    pub shape: &'d TableShape,
}

/// A `LIKE` pattern as a literal, and whether it needs the `ESCAPE` clause.
pub(super) struct Like {
    pub pattern: Quoted,
    pub clause: bool,
}

impl Quoter<'_> {
    /// A string literal.
    ///
    /// # Errors
    /// Where the text holds U+0000, which ends a statement for some of the engines and is not storable in others.
    pub fn string(&self, text: &str) -> Result<Quoted, Diagnostic> {
        self.no_null(text, "a value")?;
        let body = match self.dialect.strings {
            Strings::Doubled => text.replace('\'', "''"),
            Strings::Backslash => text.replace('\\', "\\\\").replace('\'', "\\'"),
            Strings::BackslashDollar => text.replace('\\', "\\\\").replace('\'', "\\'").replace("${", "\\u0024{"),
        };
        Ok(Quoted::by_quoter(format!("'{body}'")))
    }

    /// A number literal; not to be used for numbers that the engine would round.
    pub fn number(&self, number: Number) -> Quoted {
        Quoted::by_quoter(number.to_string())
    }

    /// A boolean literal of a boolean column.
    pub fn boolean(&self, value: bool) -> Quoted {
        Quoted::by_quoter(if value { "TRUE" } else { "FALSE" }.into())
    }

    /// A name of a column.
    ///
    /// # Errors
    /// Where the dialect cannot hold it.
    pub fn name(&self, name: &str) -> Result<Quoted, Diagnostic> {
        self.no_null(name, "a name")?;
        let refuse = |why: String| {
            Diagnostic::new(codes::LITERAL_UNSUPPORTED, format!("{} cannot name `{name}`: {why}", self.target))
                .help("map the field to a column with another name")
        };
        if name.is_empty() {
            return Err(refuse("it is empty".into()));
        }
        if let Some(limit) = self.dialect.name_bytes.filter(|limit| name.len() > *limit) {
            return Err(refuse(format!("names have at most {limit} bytes")));
        }
        Ok(Quoted::by_quoter(match self.dialect.names {
            Names::Brackets if name.contains(']') => format!("`{}`", name.replace('`', "``")),
            Names::Brackets => format!("[{name}]"),
            Names::DoubleQuotes => format!("\"{}\"", name.replace('"', "\"\"")),
            Names::BackticksDollar if name.contains("${") => {
                return Err(refuse("`${` begins a variable".into()));
            }
            Names::BackticksDollar => format!("`{}`", name.replace('`', "``")),
            Names::BackticksBackslash => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
        }))
    }

    /// A field: a column, a column within columns, or a path in the JSON column.
    ///
    /// # Errors
    /// Where the dialect cannot hold a name.
    pub fn column(&self, field: &Field) -> Result<Quoted, Diagnostic> {
        match self.shape {
            TableShape::Flat | TableShape::DataModel { .. } => self.name(&field.name),
            TableShape::Nested => self.table(&field.name),
            TableShape::Json { column } => {
                let (column, path) = (self.name(column)?, self.path(&field.name)?);
                // The column first: a path may spell `{column}`.
                let parts = self.dialect.json.split("{path}").map(|part| part.replace("{column}", column.as_str()));
                Ok(Quoted::by_quoter(parts.collect::<Vec<_>>().join(path.as_str())))
            }
        }
    }

    /// The path of a field in a JSON column, as a literal or literals. Dots part its names.
    ///
    /// # Errors
    /// Where a name has what the engines do not read alike in paths: a quote, a backslash, `*`, a control character.
    fn path(&self, name: &str) -> Result<Quoted, Diagnostic> {
        let special: &[char] = match self.dialect.json_path {
            JsonPath::Dollar => &['"', '\\', '*'],
            JsonPath::Brackets => &['\'', '\\', '*'],
            JsonPath::Braces | JsonPath::Arguments => &[],
        };
        let bad = |part: &str| part.is_empty() || part.contains(|c: char| c.is_control() || special.contains(&c));
        let parts: Vec<&str> = name.split('.').collect();
        if parts.iter().any(|part| bad(part)) {
            let message = format!("{} cannot say the path of `{name}` in a JSON column", self.target);
            let help = "map the field to a path of names without quotes, backslashes, `*` and control characters";
            return Err(Diagnostic::new(codes::LITERAL_UNSUPPORTED, message).help(help));
        }
        let plain = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        match self.dialect.json_path {
            JsonPath::Dollar => {
                let part = |part: &&str| if plain(part) { format!(".{part}") } else { format!(".\"{part}\"") };
                self.string(&format!("${}", parts.iter().map(part).collect::<String>()))
            }
            JsonPath::Brackets => {
                let part = |part: &&str| if plain(part) { format!(".{part}") } else { format!("['{part}']") };
                self.string(&format!("${}", parts.iter().map(part).collect::<String>()))
            }
            JsonPath::Braces => {
                let part = |part: &&str| match plain(part) && !part.eq_ignore_ascii_case("null") {
                    true => (*part).to_owned(),
                    false => format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\"")),
                };
                self.string(&format!("{{{}}}", parts.iter().map(part).collect::<Vec<_>>().join(",")))
            }
            JsonPath::Arguments => {
                let parts = parts.iter().map(|part| self.string(part)).collect::<Result<Vec<_>, _>>()?;
                Ok(Quoted::by_quoter(parts.iter().map(Quoted::as_str).collect::<Vec<_>>().join(", ")))
            }
        }
    }

    /// The type of a field as it is asked for: what a path leads to is taken as text.
    pub fn kind(&self, field: &Field) -> FieldType {
        match self.shape {
            TableShape::Json { .. } => FieldType::Text,
            _ => field.kind,
        }
    }

    /// What a column of unknown type may hold.
    pub fn values(&self) -> Values {
        match self.shape {
            TableShape::Json { .. } => Values::Text,
            _ => self.dialect.values,
        }
    }

    /// A table's name; dots part database, schema and table.
    ///
    /// # Errors
    /// Where the dialect cannot hold a part.
    pub fn table(&self, name: &str) -> Result<Quoted, Diagnostic> {
        let parts: Vec<Quoted> = name.split('.').map(|part| self.name(part)).collect::<Result<_, _>>()?;
        Ok(Quoted::by_quoter(parts.iter().map(Quoted::as_str).collect::<Vec<_>>().join(".")))
    }

    /// The text of a column: the column itself where it is text already.
    ///
    /// # Errors
    /// Where the dialect cannot hold the name.
    pub fn text_of(&self, field: &Field) -> Result<Quoted, Diagnostic> {
        match self.kind(field) {
            FieldType::Unknown | FieldType::Text => self.column(field),
            _ => self.cast(field),
        }
    }

    /// The column converted to text whatever it holds.
    ///
    /// # Errors
    /// Where the dialect cannot hold the name.
    pub fn cast(&self, field: &Field) -> Result<Quoted, Diagnostic> {
        let column = self.column(field)?;
        if matches!(self.shape, TableShape::Json { .. }) {
            return Ok(column);
        }
        let kind = self.kind(field);
        let text = if kind.general() == kind { &self.dialect.text } else { &self.native(kind)?.text };
        Ok(Quoted::by_quoter(text.replacen("{}", column.as_str(), 1)))
    }

    /// A `LIKE` pattern; `None` where it has sets of characters.
    ///
    /// # Errors
    /// Where the dialect cannot hold the literal.
    pub fn like(&self, pattern: &Pattern) -> Result<Option<Like>, Diagnostic> {
        let default = self.dialect.like_escape;
        let clause = default != LikeEscape::BackslashOnly
            && pattern.chars().any(|c| matches!(c, '%' | '_') || c == '\\' && default == LikeEscape::Backslash);
        let escape = match default {
            LikeEscape::BackslashOnly => Some('\\'),
            _ => clause.then_some(ESCAPE),
        };
        let escaped = |c| escape.filter(|escape| matches!(c, '%' | '_') || c == *escape);
        let Some(text) = like_text(pattern, escaped) else { return Ok(None) };
        Ok(Some(Like { pattern: self.string(&text)?, clause }))
    }

    /// The pattern of the product's own `sigma_like`, whose escape character is always `!`; `None` where it has sets.
    ///
    /// # Errors
    /// Where the dialect cannot hold the literal.
    pub fn like_function(&self, pattern: &Pattern) -> Result<Option<Quoted>, Diagnostic> {
        let escaped = |c| matches!(c, '%' | '_' | ESCAPE).then_some(ESCAPE);
        let Some(text) = like_text(pattern, escaped) else { return Ok(None) };
        self.string(&text).map(Some)
    }

    /// A `GLOB` pattern, with sets; its letters in lower case where `lower` says so.
    ///
    /// # Errors
    /// Where the dialect cannot hold the literal.
    pub fn glob(&self, pattern: &Pattern, letters: Letters) -> Result<Quoted, Diagnostic> {
        let mut text = String::new();
        for piece in pattern.pieces() {
            match piece {
                Piece::AnyString => text.push('*'),
                Piece::AnyChar => text.push('?'),
                Piece::OneOf(set) => glob_set(set.iter().map(|c| letters.of(*c)), &mut text),
                Piece::Literal(literal) => {
                    for c in literal.chars().map(|c| letters.of(c)) {
                        match c {
                            '*' | '?' | '[' => text.extend(['[', c, ']']),
                            _ => text.push(c),
                        }
                    }
                }
            }
        }
        self.string(&text)
    }

    fn no_null(&self, text: &str, what: &str) -> Result<(), Diagnostic> {
        if !text.contains('\0') {
            return Ok(());
        }
        Err(Diagnostic::new(codes::LITERAL_UNSUPPORTED, format!("{} cannot hold U+0000 in {what}", self.target))
            .help("a store of this kind has no such character in its events either; leave the value out"))
    }
}

/// The text of a `LIKE` pattern, with what `escaped` says before a character; `None` where the pattern has sets.
fn like_text(pattern: &Pattern, escaped: impl Fn(char) -> Option<char>) -> Option<String> {
    let mut text = String::new();
    for piece in pattern.pieces() {
        match piece {
            Piece::AnyString => text.push('%'),
            Piece::AnyChar => text.push('_'),
            Piece::OneOf(_) => return None,
            Piece::Literal(literal) => literal.chars().for_each(|c| {
                text.extend(escaped(c));
                text.push(c);
            }),
        }
    }
    Some(text)
}

/// Whether a pattern's letters stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// As written.
    AsWritten,
    /// ASCII letters in lower case.
    Lower,
}

impl Letters {
    fn of(self, c: char) -> char {
        match self {
            Letters::AsWritten => c,
            Letters::Lower => c.to_ascii_lowercase(),
        }
    }
}

/// A `GLOB` set: `]` must come first, `^` must not, and `-` is itself at the start or the end only.
fn glob_set(set: impl Iterator<Item = char>, out: &mut String) {
    let mut set: Vec<char> = set.collect();
    set.sort_by_key(|c| match c {
        ']' => 0,
        '^' => 2,
        '-' => 3,
        _ => 1,
    });
    set.dedup();
    if set.as_slice() == ['^', '-'] {
        set.reverse();
    }
    out.push('[');
    out.extend(set);
    out.push(']');
}
