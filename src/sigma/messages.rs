//! The list that a reading collects its diagnostics in.
//!
//! It counts errors, so that a caller can ask whether a document gave any, and it is bounded, so that a hostile file
//! cannot fill the memory with messages. Nothing here decides what is wrong.

use crate::diagnostic::{Diagnostic, Severity, codes};
use crate::source::Span;

/// The most diagnostics that are kept of one source; the rest is counted.
pub const LIMIT: usize = 1_000;

/// The longest message, in bytes; values of a rule can be megabytes long.
const LONGEST: usize = 1_000;

/// Diagnostics in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Messages {
    list: Vec<Diagnostic>,
    errors: usize,
    left_out: usize,
}

/// Where the list stood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    length: usize,
    errors: usize,
}

impl Messages {
    /// Adds one. Errors past the limit are counted, so that their document is still refused.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.is_error());
        if diagnostic.message.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|&at| diagnostic.message.is_char_boundary(at)).unwrap_or(0);
            diagnostic.message.truncate(end);
            diagnostic.message.push('…');
        }
        if self.list.len() < LIMIT {
            self.list.push(diagnostic);
        } else {
            self.left_out += 1;
        }
    }

    /// A place in the list, to come back to.
    pub fn mark(&self) -> Mark {
        Mark { length: self.list.len(), errors: self.errors }
    }

    /// Makes warnings of the errors since the mark, which cost no detection; whether there were any.
    pub fn demote(&mut self, mark: Mark) -> bool {
        let found = self.errors != mark.errors;
        self.errors = mark.errors;
        let new = self.list.get_mut(mark.length..).unwrap_or(&mut []);
        new.iter_mut().filter(|d| d.is_error()).for_each(|d| d.severity = Severity::Warning);
        found
    }

    /// Whether there is an error about something within the span.
    pub fn has_error_within(&self, span: Span) -> bool {
        let within = |at: Span| span.start <= at.start && at.end <= span.end;
        self.list.iter().any(|d| d.is_error() && d.span.is_some_and(within))
    }

    /// Whether further messages are only counted, so that no work need go into their words.
    pub fn is_full(&self) -> bool {
        self.list.len() >= LIMIT
    }

    /// How many errors there were so far.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// The diagnostics in source order, with a word on how many were left out.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| d.span.map_or(0, |span| span.start));
        if self.left_out > 0 {
            let text = format!("{} further messages about this file are left out", self.left_out);
            self.list.push(Diagnostic::new(codes::MESSAGES_LEFT_OUT, text));
        }
        self.list
    }
}
