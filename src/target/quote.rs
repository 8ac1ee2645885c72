//! What every quoter shares: the type of finished operands.
//!
//! A [`Quoted`] is text that is safe to stand in a query as it is. Only quoters (one a language, in its room) make
//! one, and leaves take nothing else, so a rule's value cannot reach a template unquoted.

use minijinja::Value;

/// A finished piece of a query: a literal, a name, a pattern with its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Declares `text` finished. To be called by quoters only.
    pub(in crate::target) fn by_quoter(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An argument of a leaf's macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A finished piece.
    One(Quoted),
    /// Finished pieces, for lists.
    Many(Vec<Quoted>),
    /// A switch for the template.
    Flag(bool),
    /// A word from the program itself (an operator's or a time part's name), never from a rule.
    Word(&'static str),
}

impl From<Quoted> for Operand {
    fn from(quoted: Quoted) -> Self {
        Operand::One(quoted)
    }
}

impl From<Vec<Quoted>> for Operand {
    fn from(quoted: Vec<Quoted>) -> Self {
        Operand::Many(quoted)
    }
}

impl From<&Operand> for Value {
    fn from(operand: &Operand) -> Value {
        match operand {
            Operand::One(quoted) => Value::from(quoted.as_str()),
            Operand::Many(list) => list.iter().map(Quoted::as_str).collect(),
            Operand::Flag(flag) => Value::from(*flag),
            Operand::Word(word) => Value::from(*word),
        }
    }
}
