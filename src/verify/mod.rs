//! Checks that queries mean what their rules mean: what a target's store holds of an event, and engines to ask.
//!
//! This is the only room besides `cli` that knows both the back ends' stores and the interpreter's events. It shares no code
//! with either: functions that SQLite needs are written here anew, so that a mistake of theirs shows as a difference.

pub mod project;
pub mod sqlite;
