//! Why events are left out of a comparison: named by construct, never by rule.

use std::fmt;

use crate::mapping;

/// Why an event is left out of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// U+212A and U+017F fold to the ASCII letters `k` and `s`; the targets' operators do not all know that.
    FoldingGap,
    /// Two fields compare in Splunk by their lower case, which keeps letters apart that fold alike, such as `σ` and `ς`.
    LowerCase,
    /// Two fields of the rule are one column, since letter case does not count in the store's names.
    OneColumn,
    /// Text that is no address, for an `ip` field.
    NotAnAddress,
    /// Text that is no value of the engine's own type, or one that engines write in different ways.
    NotOfTheType,
    /// Text that is no number, for a numeric field.
    NotANumber,
    /// A number that a double does not hold exactly, for a numeric field.
    NotADouble,
    /// A value in a field that has fields of its own.
    ValueAndFields,
    /// Text that is neither true nor false, for a field of such values.
    NotABoolean,
    /// A field that the store keeps for itself.
    ReservedField,
    /// The product would not have the event as the mapping says.
    Unfit(mapping::Reason),
    /// A list under a path of a JSON column, whose text each engine writes in its own way.
    List,
    /// An object under a path of a JSON column, for an engine that takes it for a value.
    ObjectAsText,
    /// No row from which the query would compute these values is known.
    NotComputed,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Exclusion::FoldingGap => "U+212A or U+017F in a value, which not every operator folds to k and s",
            Exclusion::LowerCase => "two fields compare by lower case, and a value has letters beyond ASCII",
            Exclusion::OneColumn => "fields that differ in letter case only are one column",
            Exclusion::NotAnAddress => "an ip field cannot hold text that is no address",
            Exclusion::NotOfTheType => "a column of the engine's own type cannot hold the text, or not in one spelling",
            Exclusion::NotANumber => "a numeric field cannot hold text that is no number",
            Exclusion::NotADouble => "a double does not hold the number exactly",
            Exclusion::ValueAndFields => "a field with fields of its own cannot have a value",
            Exclusion::NotABoolean => "a boolean field cannot hold other text",
            Exclusion::ReservedField => "the store keeps the field for itself",
            Exclusion::Unfit(reason) => return reason.fmt(f),
            Exclusion::List => {
                "a list: its text in a JSON column is the engine's, and a data model has one value a field"
            }
            Exclusion::NotComputed => "no row is known from which the query computes these values",
            Exclusion::ObjectAsText => "the engine takes an object in a JSON column for its text",
        })
    }
}
