//! Events from bytes: JSON text of several shapes, CSV, and Windows event logs, plain or compressed.
//!
//! Nothing here opens files: the caller hands in a reader and the name to use in messages. Events come one by one; only
//! one event, or one 64 KiB chunk of an event log, is held at a time, whatever the size of the source.
//!
//! One bad thing never drops an event, since whoever can write the bad thing could hide with it: text that is not quite
//! right is read as well as can be, and one message a source says how often (`changes`). What cannot be an event at all
//! is a diagnostic in its place, and reading goes on behind it; a source has at most [`ERRORS_SAID`] of these, then a total.
//!
//! * `text`: compression and encodings, down to UTF-8 bytes
//! * `kind`: what a source seems to be that is none of these
//! * `window`: the bytes of a source as a window that moves over them
//! * `json`, `csv`, `evtx`: events of each format
//! * `windows`: records of Windows logs as rules name their fields

mod changes;
mod csv;
#[cfg(feature = "evtx")]
mod evtx;
mod json;
mod kind;
#[cfg(test)]
mod tests;
mod text;
mod window;
mod windows;

use std::io::{self, BufRead};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;

/// How many errors of one source are given one by one.
pub const ERRORS_SAID: usize = 20;

/// The largest event that is read, in bytes of its text.
const EVENT_LIMIT: usize = 64 << 20;

/// What a source of events holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Decided by the content: an event log by its first bytes, else JSON, whose Windows event records are prepared
    /// as those of a log are.
    #[default]
    Auto,
    /// JSON objects as they stand: one, an array of them, or one after the other with or without line breaks.
    Json,
    /// A table with a header row, each row an event of texts. Separated by commas, semicolons or tabs.
    Csv,
    /// A Windows event log (`.evtx`).
    Evtx,
}

impl Format {
    /// The format that a file's name tells: CSV has no content to be known by. Else it is decided by the content.
    pub fn of_name(name: &str) -> Format {
        let name = name.to_ascii_lowercase();
        let name = COMPRESSED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        if [".csv", ".tsv"].iter().any(|end| name.ends_with(end)) { Format::Csv } else { Format::Auto }
    }

    /// Whether files with this name are taken out of a directory.
    pub fn takes(self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let name = COMPRESSED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        let ends: &[&str] = match self {
            Format::Auto => &[".json", ".jsonl", ".ndjson", ".evtx", ".csv", ".tsv"],
            Format::Json => &[".json", ".jsonl", ".ndjson", ".log"],
            Format::Csv => &[".csv", ".tsv"],
            Format::Evtx => &[".evtx"],
        };
        ends.iter().any(|end| name.ends_with(end))
    }
}

/// What stands behind the ending of a compressed file.
const COMPRESSED: [&str; 2] = [".gz", ".zst"];

/// A source that is read event by event.
trait Records {
    /// The next event, or why there is none in this place.
    fn read(&mut self) -> Option<Result<Event, Diagnostic>>;

    /// The bytes that the last event took in the source.
    fn size(&self) -> usize;

    /// What is to be said of the whole source once it was read.
    fn closing(&mut self) -> Option<Diagnostic> {
        None
    }
}

/// The events of one source, each with its index from 0. What could not be read takes an index too.
///
/// An `Err` is what is to be said: an error stands for an event that could not be read, or for several; a warning, at the
/// end, says how events were read.
pub struct Events<'a> {
    records: Box<dyn Records + 'a>,
    name: String,
    next: usize,
    failed: usize,
    /// What is still to be said, once the source has ended.
    closing: Option<std::vec::IntoIter<Diagnostic>>,
}

impl<'a> Events<'a> {
    /// The events of `reader`; `name` stands in messages.
    pub fn new(reader: impl BufRead + 'a, name: &str, format: Format) -> Self {
        let records = open(Box::new(reader), name, format).unwrap_or_else(|said| Box::new(Unreadable(Some(said))));
        Self { records, name: name.to_owned(), next: 0, failed: 0, closing: None }
    }

    /// The bytes that the last event took in its source.
    pub fn size_of_last(&self) -> usize {
        self.records.size()
    }

    fn closing(&mut self) -> std::vec::IntoIter<Diagnostic> {
        let mut said = Vec::new();
        if let Some(more) = self.failed.checked_sub(ERRORS_SAID).filter(|more| *more > 0) {
            let message = format!("{}: {more} more events could not be read, {} in all", self.name, self.failed);
            said.push(Diagnostic::new(codes::EVENTS_LEFT_OUT, message));
        }
        said.extend(self.records.closing());
        said.into_iter()
    }
}

impl Iterator for Events<'_> {
    type Item = Result<(usize, Event), Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(closing) = &mut self.closing {
            return closing.next().map(Err);
        }
        while let Some(event) = self.records.read() {
            let index = self.next;
            self.next += 1;
            match event {
                Ok(event) => return Some(Ok((index, event))),
                Err(diagnostic) => {
                    self.failed += 1;
                    if self.failed <= ERRORS_SAID {
                        return Some(Err(diagnostic));
                    }
                }
            }
        }
        let mut closing = self.closing();
        let first = closing.next();
        self.closing = Some(closing);
        first.map(Err)
    }
}

/// A source that cannot be read.
struct Unreadable(Option<Diagnostic>);

impl Records for Unreadable {
    fn read(&mut self) -> Option<Result<Event, Diagnostic>> {
        self.0.take().map(Err)
    }

    fn size(&self) -> usize {
        0
    }
}

/// The records of a source.
///
/// # Errors
/// Where the source is nothing that can be read.
fn open<'a>(reader: Box<dyn BufRead + 'a>, name: &str, format: Format) -> Result<Box<dyn Records + 'a>, Diagnostic> {
    let (head, reader) = text::plain(reader).map_err(|error| io_failed(name, &error))?;
    let is_log = head.starts_with(kind::EVENT_LOG);
    match format {
        Format::Auto | Format::Evtx if is_log || format == Format::Evtx => return log(reader, name),
        _ => {}
    }
    if let Some(kind) = kind::seems(&head) {
        return Err(kind.diagnostic(name));
    }
    let reader = text::utf8(&head, reader);
    Ok(match format {
        Format::Csv => Box::new(csv::Rows::new(reader, name)),
        Format::Json => Box::new(json::Objects::new(reader, name, json::Preparation::None)),
        Format::Auto | Format::Evtx => Box::new(json::Objects::new(reader, name, json::Preparation::WindowsRecords)),
    })
}

#[cfg(feature = "evtx")]
fn log<'a>(reader: Box<dyn BufRead + 'a>, name: &str) -> Result<Box<dyn Records + 'a>, Diagnostic> {
    Ok(Box::new(evtx::Log::open(reader, name)?))
}

#[cfg(not(feature = "evtx"))]
fn log<'a>(_reader: Box<dyn BufRead + 'a>, name: &str) -> Result<Box<dyn Records + 'a>, Diagnostic> {
    let message = format!("`{name}` is a Windows event log, and this build cannot read those");
    let help = "build with the feature `evtx`, or convert the log to JSON with evtx_dump";
    Err(Diagnostic::new(codes::EVENT_LOG_FAILED, message).help(help))
}

/// SEMANTICS.md, "Events": a second value of a name makes a list, so that none of them is lost. Whether the name was
/// there already.
fn add(object: &mut Map<String, Value>, name: String, value: Value) -> bool {
    match object.get_mut(&name) {
        None => {
            object.insert(name, value);
            return false;
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![std::mem::take(first), value]),
    }
    true
}

fn io_failed(name: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::new(codes::EVENTS_UNREADABLE, format!("{name}: reading failed: {error}"))
}
