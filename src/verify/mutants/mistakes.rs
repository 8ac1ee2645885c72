//! What mistakes a language invites, as data of its templates (`templates/<room>/mistakes.toml`).
//!
//! The kinds of mutants that need no knowledge of a language are in [`super::text`] and [`super::operand`]; this file says only
//! what they cannot see: which words of the language are near to each other, which parameters are fields, how wildcards and escapes are
//! written.

use serde::Deserialize;

use super::{Kind, Mutant};
use crate::diagnostic::{Diagnostic, codes};
use crate::target::Templates;
use crate::target::call::{Argument, Call};

/// What is said of a room. Everything is optional: a user's templates have mutants without it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mistakes {
    /// The parameters of macros that are fields or columns; other parameters are values.
    #[serde(default)]
    pub fields: Vec<String>,
    /// A literal to stand for a field.
    pub constant: Option<String>,
    /// The characters that escape the next one within literals and patterns.
    #[serde(default)]
    pub escapes: Vec<char>,
    /// Macros whose values are regular expressions.
    #[serde(default)]
    pub regexes: Vec<String>,
    /// How patterns of these macros are written.
    #[serde(default)]
    pub wildcards: Vec<Wildcards>,
    /// Between these operators the order of operands makes no difference.
    #[serde(default)]
    pub symmetric: Vec<String>,
    /// Mutants that make a difference only where something is in a value.
    #[serde(default)]
    pub without: Vec<Without>,
    /// Words of mutants that only make null of false.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// Words of mutants that take a guard from a negation: they tell only where an event lacks what is negated.
    #[serde(default)]
    pub guards: Vec<String>,
    /// Texts of macros and what a mistake makes of them.
    #[serde(default)]
    pub swaps: Vec<Swap>,
}

/// A mutant that makes no difference where the values of the calls are plain enough.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Without {
    /// The macros; all where none is named.
    #[serde(default)]
    pub macros: Vec<String>,
    /// What the mutant's words have in them.
    pub about: String,
    /// No value has one of these characters.
    #[serde(default)]
    pub characters: String,
    /// No value has a letter that has a case.
    #[serde(default)]
    pub letters: bool,
    /// No value begins or ends with a letter or digit.
    #[serde(default)]
    pub word_ends: bool,
}

impl Without {
    /// Whether the values of these calls lack all that the mutant makes different.
    pub fn is_proof(&self, mutant: &Mutant, calls: &[&Call]) -> bool {
        let tells = |text: &String| {
            let inner = text.trim_matches(['"', '\'', '@']);
            let ends = || inner.starts_with(char::is_alphanumeric) || inner.ends_with(char::is_alphanumeric);
            text.contains(|c| self.characters.contains(c))
                || (self.letters && has_case(text))
                || (self.word_ends && (inner.is_empty() || ends()))
        };
        (self.macros.is_empty() || self.macros.contains(&mutant.name))
            && mutant.what.contains(&self.about)
            && !calls.is_empty()
            && !calls.iter().any(|call| values(call).any(tells))
    }
}

/// The values of a call: what comes after its field.
pub(super) fn values(call: &Call) -> impl Iterator<Item = &String> {
    call.arguments.iter().skip(1).flat_map(|argument| match argument {
        Argument::One(text) => std::slice::from_ref(text),
        Argument::Many(list) => list.as_slice(),
        Argument::Flag(_) | Argument::Word(_) => &[],
    })
}

/// Whether a letter of the text has a case.
pub(super) fn has_case(text: &str) -> bool {
    text.chars().any(|c| c.is_uppercase() || c.is_lowercase() || c.to_lowercase().ne([c]) || c.to_uppercase().ne([c]))
}

/// How wildcards are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wildcards {
    /// In the values of these macros.
    pub macros: Vec<String>,
    /// One character.
    pub one: Option<String>,
    /// Any characters.
    pub many: String,
}

/// A text and a wrong one in its place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Swap {
    /// Of which kind the mistake is.
    pub kind: Kind,
    /// What stands in a macro.
    pub from: String,
    /// What the mistake writes.
    pub to: String,
}

impl Mistakes {
    /// Reads what is said of a room.
    ///
    /// # Errors
    /// Where the file is not as it should be.
    pub fn load(room: &str, templates: &Templates) -> Result<Self, Diagnostic> {
        let path = format!("{room}/mistakes.toml");
        let Some(text) = templates.get(&path) else { return Ok(Self::default()) };
        toml::from_str(text).map_err(|why| Diagnostic::new(codes::MANIFEST_INVALID, format!("templates/{path}: {why}")))
    }

    /// How the patterns of a macro are written.
    pub fn wildcards_of(&self, name: &str) -> Option<&Wildcards> {
        self.wildcards.iter().find(|wildcards| wildcards.macros.iter().any(|other| other == name))
    }

    /// Whether the values of a macro are regular expressions.
    pub fn is_regex(&self, name: &str) -> bool {
        self.regexes.iter().any(|other| other == name)
    }
}
