//! VERIFY: the evidence that a translation means what the rule means.
//!
//! [`witness`] makes events that tell right translations from wrong ones, [`project`] says what a target's store holds of
//! an event, [`sqlite`] is an engine to ask. This is the only room besides `cli` that knows both the back ends' stores and
//! the interpreter's events. It shares no code with either: functions that SQLite needs are written here anew, so that a
//! mistake of theirs shows as a difference. Nothing here prints or reads files, and nothing decides what a rule means.

pub mod project;
pub mod sqlite;
pub mod witness;
