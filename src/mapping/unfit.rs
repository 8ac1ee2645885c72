//! Why the product would not have an event as the mapping says.
//!
//! A reason names the construct, never a rule. Where it is found is the business of `event`, `forward` and the values' own files.

use std::fmt;
use std::sync::Arc;

/// Why the product would not store an event as the mapping says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The field of the event, or of what the mapping asks of it.
    pub field: Arc<str>,
    /// The reason.
    pub reason: Reason,
}

/// The reasons why an event cannot be mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The text is no list of hashes.
    Hashes,
    /// The text is not divided as the source's are.
    Division,
    /// A keyword finds what the mapping gave the event, and the product keeps beside its text.
    Keyword,
    /// The text is none of the values that the field has.
    NotAValue,
    /// An expression finds nothing in the text.
    Extraction,
    /// The value is one that the product keeps for another value of the source.
    Taken,
    /// The product does not have the field.
    NotKept,
    /// An object where the rule tests a value.
    Object,
    /// What the mapping asks of the log source's events does not hold.
    OtherSource,
    /// Two fields of the event are one column, and their values differ.
    OneColumn,
    /// A field of the rule is missing whose column has a value all the same.
    HalfColumn,
    /// The column holds whole numbers.
    NotAnInteger,
    /// The column holds numbers.
    NotANumber,
    /// The column holds truth values.
    NotABoolean,
    /// The column holds addresses in their canonical form.
    NotAnAddress,
    /// The column holds points in time.
    NotATime,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Hashes => "not of the log source: no list of hashes",
            Reason::Division => "not of the log source: not divided as its values are",
            Reason::Keyword => "cannot be compared: a keyword finds what the mapping asks of every event",
            Reason::NotAValue => "not of the log source: its field has no such value, or the product no word for it",
            Reason::Extraction => "not of the log source: the mapping's expression finds nothing in it",
            Reason::Taken => "not of the log source: the product has this value for another one",
            Reason::NotKept => "cannot be stored: the product does not have the field",
            Reason::Object => "not of the log source: an object where the rule tests a value",
            Reason::OtherSource => "not of the log source: the mapping asks for another value",
            Reason::OneColumn => "cannot be stored: another field has another value for the same column",
            Reason::HalfColumn => "not of the log source: it is missing, and its column has a value all the same",
            Reason::NotAnInteger => "cannot be stored: the column holds whole numbers",
            Reason::NotANumber => "cannot be stored: the column holds numbers",
            Reason::NotABoolean => "cannot be stored: the column holds true or false",
            Reason::NotAnAddress => "cannot be stored: the column holds addresses in their canonical form",
            Reason::NotATime => "cannot be stored: the column holds points in time",
        })
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.reason)
    }
}
