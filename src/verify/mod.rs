//! VERIFY: the evidence that a translation means what the rule means.
//!
//! Events are made from the rule ([`witness`]), put into a table as the target's store holds them ([`store`]), asked for with
//! the rule's query ([`engine`]), and the answer is compared with the interpreter event by event ([`compare()`]).
//!
//! Events that went through a mapping cannot show a wrong fact of it: documents that a product stored can ([`compare_documents`]), asked
//! with rules and with [`questions`] made from their events.
//!
//! [`skeleton`] needs no engine: it reads a query's text and finds the planned tree in it.
//!
//! This is the only room besides `cli` that knows both the back ends and the interpreter. It shares no code with either: functions
//! that SQLite needs are written here anew, so that a mistake of theirs shows as a difference. Nothing here prints, reads files
//! or starts processes, and nothing here decides what a rule means: that is `interp`'s alone.

mod base;
mod compare;
mod document;
mod documents;
pub mod engine;
mod evidence;
mod exclusion;
mod members;
pub mod mutants;
pub mod project;
pub mod questions;
mod shrink;
pub mod skeleton;
pub mod sqlite;
pub mod store;
mod tally;
mod verdict;
pub mod witness;

pub use compare::{Comparison, DataModel, Difference, Exam, Mapping, Outcome, Stage, compare, compare_mapped};
pub use documents::{Answer, Asked, Pair, Scope, compare_documents};
pub use evidence::{Evidence, Extent, Recorded};
pub use exclusion::Exclusion;
pub use members::Members;
pub use tally::{Capped, FlipCounts, Tally};
