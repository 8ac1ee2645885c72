//! Records of a Windows event log (`.evtx`), chunk by chunk, through the `evtx` crate.

use std::collections::VecDeque;
use std::io::{Read, Seek};
use std::sync::Arc;

use ::evtx::{EvtxChunkData, EvtxParser, IntoIterChunks, ParserSettings};
use serde_json::Value;

use super::windows;
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;

/// The records of a log, prepared.
pub(super) struct Records<T: Read + Seek> {
    chunks: IntoIterChunks<T>,
    settings: Arc<ParserSettings>,
    /// Records of the chunk that was last read.
    waiting: VecDeque<Result<Event, Diagnostic>>,
    name: String,
}

impl<T: Read + Seek> Records<T> {
    /// Reads the log's header.
    pub(super) fn new(reader: T, name: &str) -> Result<Self, Diagnostic> {
        let parser = EvtxParser::from_read_seek(reader).map_err(|error| failed(name, &error))?;
        let settings = Arc::new(ParserSettings::default());
        Ok(Self { chunks: parser.into_chunks(), settings, waiting: VecDeque::new(), name: name.to_owned() })
    }

    fn read_chunk(&mut self, mut data: EvtxChunkData) {
        let name = &self.name;
        let mut chunk = match data.parse(self.settings.clone()) {
            Ok(chunk) => chunk,
            Err(error) => return self.waiting.push_back(Err(failed(name, &error))),
        };
        let records = chunk.iter().map(|record| {
            let value = record.and_then(|record| record.into_json_value()).map_err(|error| failed(name, &error))?.data;
            match value {
                Value::Object(object) => Ok(Event(windows::prepare_if_record(object))),
                _ => Err(Diagnostic::new(codes::EVENT_LOG_FAILED, format!("{name}: a record without an event"))),
            }
        });
        self.waiting.extend(records);
    }
}

impl<T: Read + Seek> Iterator for Records<T> {
    type Item = Result<Event, Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.waiting.pop_front() {
                return Some(record);
            }
            match self.chunks.next()? {
                Ok(data) => self.read_chunk(data),
                Err(error) => return Some(Err(failed(&self.name, &error))),
            }
        }
    }
}

fn failed(name: &str, error: &dyn std::error::Error) -> Diagnostic {
    // The cause says what is wrong, the error around it only where it was noticed.
    let mut message = format!("{name}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    Diagnostic::new(codes::EVENT_LOG_FAILED, message.replace('\n', " "))
}
