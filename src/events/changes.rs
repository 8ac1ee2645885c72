//! What was not quite right in the events of a source and was read nevertheless, counted for one message.

use crate::diagnostic::{Diagnostic, codes};

/// A kind of fault that costs no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Bytes that are no UTF-8, or half a character of UTF-16.
    Bytes,
    /// An escape for half a character (`\ud800`).
    HalfCharacter,
    /// An escape that JSON does not have.
    Escape,
    /// A control character that JSON wants escaped, also a line break within a string.
    Control,
    /// A number beyond a double's range, or one that JSON does not have.
    Number,
    /// NUL bytes between values.
    Nul,
    /// A comma before a closing bracket.
    Comma,
    /// A key that stands more than once in an object.
    Repeated,
    /// A value nested deeper than values are kept, or behind more of them than are kept.
    Folded,
    /// A row with another number of cells than the header.
    Cells,
    /// A quote that does not end.
    Quote,
}

use Change::*;

/// Each with what is said of it.
const WORDS: [(Change, &str); 11] = [
    (Bytes, "have bytes that are no text, read as U+FFFD"),
    (HalfCharacter, "have an escape for half a character, read as U+FFFD"),
    (Escape, "have an unknown escape, read as it stands"),
    (Control, "have a control character that is not escaped"),
    (Number, "have a number that JSON or a double does not have, read as text"),
    (Nul, "follow NUL bytes, which are skipped"),
    (Comma, "have a comma before a closing bracket"),
    (Repeated, "have a key more than once, read as a list of all its values"),
    (Folded, "are nested too deep or have too many values, whose rest is read as text"),
    (Cells, "have more or fewer cells than the header has names"),
    (Quote, "have a quote that does not end, read as it stands"),
];

/// The faults of one event, or the count of events with each.
#[derive(Debug, Default, Clone)]
pub(super) struct Changes {
    /// For each kind how many events have it, and the line of the first.
    counts: [(usize, usize); WORDS.len()],
    /// How many events have any.
    events: usize,
}

impl Changes {
    /// Notes a fault of an event.
    pub(super) fn note(&mut self, change: Change) {
        if let Some((count, _)) = WORDS.iter().position(|(one, _)| *one == change).and_then(|i| self.counts.get_mut(i))
        {
            *count = 1;
        }
    }

    /// Counts an event with its faults.
    pub(super) fn add(&mut self, event: &Changes, line: usize) {
        let mut any = false;
        for ((count, first), (has, _)) in self.counts.iter_mut().zip(&event.counts) {
            if *has > 0 {
                any = true;
                *first = if *count == 0 { line } else { *first };
                *count += 1;
            }
        }
        self.events += usize::from(any);
    }

    /// The message about a source; `None` where nothing was wrong.
    pub(super) fn diagnostic(&self, name: &str) -> Option<Diagnostic> {
        if self.events == 0 {
            return None;
        }
        let plural = |n: usize| if n == 1 { "1 event is" } else { "events are" };
        let number = if self.events == 1 { String::new() } else { format!("{} ", self.events) };
        let message = format!(
            "{name}: {number}{} not quite right and read as well as possible; none is left out",
            plural(self.events)
        );
        let mut diagnostic = Diagnostic::new(codes::EVENTS_CHANGED, message);
        for ((count, line), (_, words)) in self.counts.iter().zip(&WORDS) {
            if *count > 0 {
                diagnostic = diagnostic.help(format!("{count} {words}; the first on line {line}"));
            }
        }
        Some(diagnostic)
    }
}
