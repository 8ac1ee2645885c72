//! VERIFY: the evidence that a translation means what the rule means.
//!
//! [`witness`] makes events that tell right translations from wrong ones. Nothing here prints or reads files, and nothing
//! here decides what a rule means: that is `interp`'s alone.

pub mod project;
pub mod sqlite;
pub mod witness;
