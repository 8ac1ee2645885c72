//! VERIFY: the evidence that a translation means what the rule means.
//!
//! [`witness`] makes events that tell right translations from wrong ones, [`project`] says what a target's store holds of an
//! event, [`sqlite`] is an engine to ask. Nothing here prints or reads files, and nothing here decides what a rule means:
//! that is `interp`'s alone. No code is shared with the back ends or the interpreter: the functions that SQLite needs are
//! written here anew, so that a mistake of theirs shows as a difference.

pub mod project;
pub mod sqlite;
pub mod witness;
