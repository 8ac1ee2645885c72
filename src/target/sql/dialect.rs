//! What sets the dialects apart, read from the manifest's words.
//!
//! A word says how a dialect behaves, never which one it is; the room asks these and knows no dialect by name.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diagnostic::{Diagnostic, codes};
use crate::target::{Manifest, regex};

/// A dialect's words. `templates/sql/manifest.toml` explains each.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialect {
    /// The dialect's macro file, looked into before `sql/predicates.j2`.
    pub macros: Option<String>,
    /// How string literals escape.
    pub strings: Strings,
    /// How names are quoted.
    pub names: Names,
    /// The longest name in bytes.
    pub name_bytes: Option<usize>,
    /// Whether columns whose names differ in letter case only are one column.
    pub names_ignore_case: bool,
    /// Which operators match patterns.
    pub patterns: Patterns,
    /// What escapes within `LIKE` where no `ESCAPE` clause says it.
    pub like_escape: LikeEscape,
    /// How letters beyond ASCII fold.
    pub folding: Folding,
    /// The family of the regular expressions.
    pub regex: RegexFamily,
    /// The text of a column of another type, `{}` being the column.
    pub text: String,
    /// What a column of unknown type may hold.
    pub values: Values,
    /// How IPv4 networks are said.
    pub ipv4: Ipv4,
    /// Whether there is a function for IPv6 networks.
    pub ipv6: bool,
    /// Whether text compares with any number; else with numbers below 2^53 only.
    pub exact_numbers: bool,
    /// The column that holds the whole event as a JSON object, for keywords.
    pub event_column: String,
    /// The text of a field of a JSON column: `{column}` is the column, `{path}` the literal of its path.
    pub json: String,
    /// How such a path is written.
    pub json_path: JsonPath,
    /// Whether keywords can look into a JSON column at every depth.
    pub json_keywords: bool,
    /// The deepest expression that the parser accepts.
    pub depth: Option<usize>,
    /// The longest pattern of `LIKE` and `GLOB` in bytes.
    pub pattern_bytes: Option<usize>,
    /// Types of the engine's own: `inet`, `inet4`, `inet6`, `timestamp`, `timestamptz`.
    #[serde(default)]
    pub native: BTreeMap<String, Native>,
}

/// How a type of the engine's own is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Native {
    /// The text of such a column as rules test it, `{}` being the column.
    pub text: String,
    /// A literal of the type, `{}` being the string literal.
    pub literal: String,
    /// Whether a literal of a point in time names its time zone.
    #[serde(default)]
    pub zone: bool,
}

/// How string literals escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Strings {
    /// A quote is doubled, everything else stands for itself.
    Doubled,
    /// Backslash and quote take a backslash.
    Backslash,
    /// As [`Strings::Backslash`]; `${` begins a substitution even within literals.
    BackslashDollar,
}

/// How names are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Names {
    /// `[a]`; backticks where the name holds `]`.
    Brackets,
    /// `"a"`, a quote doubled.
    DoubleQuotes,
    /// Backticks, a backtick doubled; `${` begins a substitution even here.
    BackticksDollar,
    /// Backticks; backslash and backtick take a backslash.
    BackticksBackslash,
}

/// How the path of a field in a JSON column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum JsonPath {
    /// `'$.a."b c"'`
    Dollar,
    /// `'$[''a''][''b c'']'`
    Brackets,
    /// `'{"a","b c"}'`
    Braces,
    /// `'a', 'b c'`
    Arguments,
}

/// Which operators match patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Patterns {
    /// `LIKE` folds ASCII letters, `GLOB` is exact, functions of the product do the rest.
    Glob,
    /// `ILIKE` folds, `LIKE` is exact.
    Ilike,
}

/// What escapes within `LIKE` where no `ESCAPE` clause says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LikeEscape {
    /// Nothing.
    Nothing,
    /// The backslash; a clause may replace it.
    Backslash,
    /// The backslash, and there is no clause.
    BackslashOnly,
}

/// How letters beyond ASCII fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Folding {
    /// By the product's own function, exactly.
    Function,
    /// By lower case.
    LowerCase,
    /// By lower case as the database's locale has it.
    Locale,
}

/// The family of the regular expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RegexFamily {
    /// The `regex` crate's.
    Rust,
    /// RE2's.
    Re2,
    /// RE2's with a dot that matches line breaks.
    Re2DotAll,
    /// PostgreSQL's.
    Postgres,
    /// Java's.
    Java,
}

/// What a column of unknown type may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Values {
    /// Text and whole numbers, each as itself.
    Mixed,
    /// Text only.
    Text,
}

/// How IPv4 networks are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ipv4 {
    /// As ranges of the address as a number.
    Ranges,
    /// As a regular expression over the four parts.
    Regex,
}

impl Dialect {
    /// The dialect that the manifest describes.
    pub fn new(manifest: &Manifest) -> Result<Self, Diagnostic> {
        let words: toml::Table = manifest.words.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let invalid =
            |why: String| Diagnostic::new(codes::MANIFEST_INVALID, format!("{}: [words]: {why}", manifest.name));
        let dialect: Dialect =
            toml::Value::Table(words).try_into().map_err(|e: toml::de::Error| invalid(e.to_string()))?;
        if dialect.text.matches("{}").count() != 1 {
            return Err(invalid("`text` must hold `{}` once".into()));
        }
        if !dialect.json.contains("{column}") || !dialect.json.contains("{path}") {
            return Err(invalid("`json` must hold `{column}` and `{path}`".into()));
        }
        for (name, native) in &dialect.native {
            if !["inet", "inet4", "inet6", "timestamp", "timestamptz"].contains(&name.as_str()) {
                return Err(invalid(format!("`native.{name}` is none of inet, inet4, inet6, timestamp, timestamptz")));
            }
            if [&native.text, &native.literal].iter().any(|form| form.matches("{}").count() != 1) {
                return Err(invalid(format!("`native.{name}`: `text` and `literal` must hold `{{}}` once")));
            }
        }
        Ok(dialect)
    }

    /// The regex printer's dialect.
    pub fn regex(&self) -> &'static regex::Dialect {
        match self.regex {
            RegexFamily::Rust => &regex::RUST,
            RegexFamily::Re2 => &regex::RE2,
            RegexFamily::Re2DotAll => &regex::RE2_DOT_ALL,
            RegexFamily::Postgres => &regex::POSTGRES,
            RegexFamily::Java => &regex::JAVA,
        }
    }
}
