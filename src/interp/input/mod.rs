//! Events from bytes: JSON text of several shapes, and Windows event logs.
//!
//! Nothing here opens files: the caller hands in a reader and the name to use in messages. Events come one by one; only
//! one JSON value, or one 64 KiB chunk of an event log, is held at a time. What cannot be read is a diagnostic in its
//! place, and reading goes on behind it.

#[cfg(feature = "evtx")]
mod evtx;
mod json;
#[cfg(test)]
mod tests;
mod windows;

use std::io::{self, BufRead, Cursor, Read};

use serde_json::Value;

use self::json::JsonValues;
use super::Event;
use crate::diagnostic::{Diagnostic, codes};

/// The first bytes of a Windows event log.
const EVTX_MAGIC: &[u8; 8] = b"ElfFile\0";

/// What a source of events holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Decided by the content: an event log by its first bytes, else JSON, whose Windows event records are prepared
    /// as those of a log are.
    #[default]
    Auto,
    /// JSON objects as they stand: one, an array of them, or one after the other with or without line breaks.
    Json,
    /// A Windows event log (`.evtx`).
    Evtx,
}

/// The events of one source, each with its index from 0. What could not be read takes an index too.
pub struct Events<'a> {
    inner: Box<dyn Iterator<Item = Result<Event, Diagnostic>> + 'a>,
    next: usize,
}

impl<'a> Events<'a> {
    /// The events of `reader`; `name` stands in messages. An event log is read into memory here: where the source can
    /// seek, [`Events::seekable`] does without.
    pub fn new(reader: impl BufRead + 'a, name: &str, format: Format) -> Self {
        let (is_log, reader) = match peek(reader) {
            Ok(peeked) => peeked,
            Err(error) => return Self::from_iter(std::iter::once(Err(io_failed(name, &error)))),
        };
        match (format, is_log) {
            (Format::Auto, false) => Self::json(reader, name, Preparation::WindowsRecords),
            (Format::Json, _) => Self::json(reader, name, Preparation::None),
            (Format::Auto | Format::Evtx, _) => Self::log_in_memory(reader, name),
        }
    }

    /// The events of a source that can seek, such as a file.
    pub fn seekable(mut reader: impl BufRead + io::Seek + 'a, name: &str, format: Format) -> Self {
        let head = head(&mut reader).and_then(|head| reader.rewind().map(|()| head));
        match head {
            Err(error) => Self::from_iter(std::iter::once(Err(io_failed(name, &error)))),
            #[cfg(feature = "evtx")]
            Ok(head) if head == EVTX_MAGIC && format != Format::Json => Self::evtx(reader, name),
            Ok(_) => Self::new(reader, name, format),
        }
    }

    #[cfg(feature = "evtx")]
    fn evtx(reader: impl Read + io::Seek + 'a, name: &str) -> Self {
        match evtx::Records::new(reader, name) {
            Ok(records) => Self::from_iter(records),
            Err(diagnostic) => Self::from_iter(std::iter::once(Err(diagnostic))),
        }
    }

    #[cfg(feature = "evtx")]
    fn log_in_memory(mut reader: impl Read, name: &str) -> Self {
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Self::evtx(Cursor::new(bytes), name),
            Err(error) => Self::from_iter(std::iter::once(Err(io_failed(name, &error)))),
        }
    }

    #[cfg(not(feature = "evtx"))]
    fn log_in_memory(_reader: impl Read, name: &str) -> Self {
        let message = format!("`{name}` is a Windows event log, and this build cannot read those");
        let help = "build with the feature `evtx`, or convert the log to JSON with evtx_dump";
        Self::from_iter(std::iter::once(Err(Diagnostic::new(codes::EVENT_LOG_FAILED, message).help(help))))
    }

    fn json(reader: impl BufRead + 'a, name: &str, preparation: Preparation) -> Self {
        let name = name.to_owned();
        Self::from_iter(JsonValues::new(reader, &name).map(move |value| match value? {
            (_, Value::Object(object)) => Ok(match preparation {
                Preparation::WindowsRecords => Event(windows::prepare_if_record(object)),
                Preparation::None => Event(object),
            }),
            (line, other) => Err(no_object(&name, line, &other)),
        }))
    }

    fn from_iter(inner: impl Iterator<Item = Result<Event, Diagnostic>> + 'a) -> Self {
        Self { inner: Box::new(inner), next: 0 }
    }
}

impl Iterator for Events<'_> {
    type Item = Result<(usize, Event), Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = self.inner.next()?;
        let index = self.next;
        self.next += 1;
        Some(event.map(|event| (index, event)))
    }
}

/// What is done to a JSON object before it is an event.
#[derive(Debug, Clone, Copy)]
enum Preparation {
    None,
    WindowsRecords,
}

/// Whether the reader begins as an event log does, and the reader with nothing lost.
fn peek(mut reader: impl BufRead) -> io::Result<(bool, impl BufRead)> {
    let head = head(&mut reader)?;
    Ok((head == EVTX_MAGIC, Cursor::new(head).chain(reader)))
}

/// The first bytes of a reader, as many as tell an event log.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.by_ref().take(EVTX_MAGIC.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn no_object(name: &str, line: usize, value: &Value) -> Diagnostic {
    let what = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Diagnostic::new(codes::EVENT_NO_OBJECT, format!("{name}, line {line}: {what} is not an event"))
        .help("an event is a JSON object")
}

fn io_failed(name: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::new(codes::EVENTS_UNREADABLE, format!("{name}: reading failed: {error}"))
}
