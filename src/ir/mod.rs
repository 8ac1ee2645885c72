//! THE CONTRACT: what a rule means, in a small closed set of typed forms.
//!
//! A [`Rule`] is metadata and a Boolean tree ([`Expr`]) over [`Predicate`]s. SEMANTICS.md gives each predicate its one
//! meaning; `interp` executes it; targets render it. The IR is lossless: letter case, order, wildcards, the places
//! in the source and the names of selections are kept.
//!
//! Nothing here reads rule text, knows a target, or evaluates an event. Imports: `source` and `diagnostic` only.

mod expr;
pub mod json;
mod network;
mod normalize;
pub(crate) mod origin;
mod pattern;
mod predicate;
pub mod regex;
mod rule;

pub use expr::{Expr, Node};
pub use network::Network;
pub use normalize::normalize;
pub use origin::{Author, ItemId, ItemIds, Origin};
pub use pattern::{Case, Pattern, Piece, Shape};
pub use predicate::{
    CompareOp, Field, FieldType, Kind, Number, PatternOp, Placeholder, PlaceholderPart, Predicate, Subject, Test,
    TimePart,
};
pub use regex::Regex;
pub use rule::{Level, Logsource, Meta, Related, RelationKind, Rule, Status, Table, TableShape};
