//! REFERENCE SEMANTICS: the IR executed on an event, to be read against SEMANTICS.md line by line.
//!
//! Short, slow, obviously right. Nothing here is optimised beyond compiling a rule's regexes once, nothing reads files,
//! and nothing knows a target. Comments name the headings of SEMANTICS.md.
//!
//! * `event`: the event and how a field name finds its values ("Events", "Fields")
//! * `value`: text, numbers and letter case of a single value ("Text of a value", "Letter case", "Numbers")
//! * `pattern`: strings with wildcards ("Patterns")
//! * `time`: parts of timestamps ("Time parts")
//! * `eval`: predicates and the Boolean tree
//! * `trace`: the same evaluation with its reasons

mod eval;
mod event;
mod pattern;
#[cfg(test)]
mod tests;
mod time;
mod trace;
mod value;

pub use eval::Matcher;
pub use event::Event;
pub use trace::{Trace, TraceNode, TraceTest, Verb};
