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
    /// Mutants that make a difference only where a character is in a value.
    #[serde(default)]
    pub without: Vec<Without>,
    /// Texts of macros and what a mistake makes of them.
    #[serde(default)]
    pub swaps: Vec<Swap>,
}

/// A mutant that makes no difference where a character is in none of the values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Without {
    /// The parameter or condition that the mutant is about.
    pub about: String,
    /// The character.
    pub character: char,
}

impl Without {
    /// Whether no value of these calls has the character, and the mutant is about what the character makes different.
    pub fn is_proof(&self, mutant: &Mutant, calls: &[&Call]) -> bool {
        let plain = |argument: &Argument| match argument {
            Argument::One(text) => !text.contains(self.character),
            Argument::Many(list) => list.iter().all(|text| !text.contains(self.character)),
            Argument::Flag(_) | Argument::Word(_) => true,
        };
        mutant.what.contains(&format!("`{}`", self.about))
            && !calls.is_empty()
            && calls.iter().all(|call| call.arguments.iter().all(plain))
    }
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
