//! Records of a Windows event log (`.evtx`), chunk by chunk, through the `evtx` crate.
//!
//! A log is a header of 4 KiB and chunks of 64 KiB, each of which can be read alone. They are taken from the stream as they come,
//! whatever the header says of their number, so that a damaged chunk costs that chunk, a damaged record that record, and
//! a log is never held as a whole.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use ::evtx::{EvtxChunkData, ParserSettings};
use serde_json::Value;

use super::{Records, io_failed, kind, windows};
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;

const HEADER: usize = 4096;
const CHUNK: usize = 1 << 16;
const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";
/// A chunk's table of the names in it: offsets that a reader can do without.
const NAMES: std::ops::Range<usize> = 128..384;

/// A log that is read.
pub(super) struct Log<R> {
    reader: R,
    name: String,
    settings: Arc<ParserSettings>,
    /// Records of the chunk that was last read.
    waiting: VecDeque<Result<Event, Diagnostic>>,
    /// Bytes of the next chunk that were read already.
    rest: Vec<u8>,
    /// How many chunks were read.
    number: u64,
    size: usize,
    done: bool,
}

impl<R: BufRead> Log<R> {
    /// Reads the log's header.
    ///
    /// # Errors
    /// Where the source is no log.
    pub(super) fn open(mut reader: R, name: &str) -> Result<Self, Diagnostic> {
        let header = take(&mut reader, Vec::new(), HEADER).map_err(|error| io_failed(name, &error))?;
        // A log whose header is damaged has its first chunk in its place, which comes with the next bytes.
        if !header.starts_with(kind::EVENT_LOG) && !begins_chunk(&mut reader).map_err(|e| io_failed(name, &e))? {
            let message = format!("{name}: this is no Windows event log: it does not begin as one does");
            return Err(Diagnostic::new(codes::EVENT_LOG_FAILED, message));
        }
        if header.len() < HEADER {
            let message = format!("{name}: the log ends within its header");
            return Err(Diagnostic::new(codes::EVENT_LOG_FAILED, message));
        }
        let settings = Arc::new(ParserSettings::default());
        let name = name.to_owned();
        Ok(Self { reader, name, settings, waiting: VecDeque::new(), rest: Vec::new(), number: 0, size: 0, done: false })
    }

    /// Reads the next chunk; false at the end.
    fn next_chunk(&mut self) -> bool {
        let mut data = match take(&mut self.reader, std::mem::take(&mut self.rest), CHUNK) {
            Ok(data) => data,
            Err(error) => {
                self.waiting.push_back(Err(io_failed(&self.name, &error)));
                return false;
            }
        };
        if data.is_empty() {
            return false;
        }
        let number = self.number;
        self.number += 1;
        if data.iter().all(|byte| *byte == 0) {
            return true; // not used yet
        }
        if !data.starts_with(CHUNK_MAGIC) {
            // Where bytes were lost or added, the next chunk begins within these.
            let next = data.windows(CHUNK_MAGIC.len()).position(|bytes| bytes == CHUNK_MAGIC);
            self.rest = next.map(|at| data.split_off(at)).unwrap_or_default();
            self.fail(format!("chunk {number} is damaged: it does not begin as a chunk does"));
            return true;
        }
        let cut = data.len() < CHUNK;
        data.resize(CHUNK, 0);
        self.chunk(data, number);
        if cut {
            self.fail(format!("chunk {number} is cut off"));
        }
        true
    }

    fn chunk(&mut self, data: Vec<u8>, number: u64) {
        let mut data = match EvtxChunkData::new(data, false) {
            Ok(data) => data,
            Err(error) => return self.fail(format!("chunk {number} is damaged: {}", causes(&error))),
        };
        data.number = Some(number);
        if data.parse(self.settings.clone()).is_err() {
            // The table of names is damaged: each name stands in full where it is used first, too.
            data.data[NAMES].fill(0);
            data = match EvtxChunkData::new(data.data, false) {
                Ok(data) => data,
                Err(error) => return self.fail(format!("chunk {number} is damaged: {}", causes(&error))),
            };
        }
        let mut chunk = match data.parse(self.settings.clone()) {
            Ok(chunk) => chunk,
            Err(error) => return self.fail(format!("chunk {number} is damaged: {}", causes(&error))),
        };
        let before = self.waiting.len();
        for record in chunk.iter() {
            let value = record.and_then(|record| record.into_json_value()).map(|record| record.data);
            self.waiting.push_back(match value {
                Ok(Value::Object(object)) => Ok(Event(windows::prepare_if_record(object))),
                Ok(_) => Err(failed(&self.name, "a record without an event")),
                Err(error) => Err(failed(&self.name, &causes(&error))),
            });
        }
        self.size = CHUNK / (self.waiting.len() - before).max(1);
    }

    fn fail(&mut self, message: String) {
        self.waiting.push_back(Err(failed(&self.name, &message)));
    }
}

impl<R: BufRead> Records for Log<R> {
    fn read(&mut self) -> Option<Result<Event, Diagnostic>> {
        while self.waiting.is_empty() && !self.done {
            self.done = !self.next_chunk();
        }
        self.waiting.pop_front()
    }

    fn size(&self) -> usize {
        self.size
    }
}

/// As many bytes as are wanted, or those up to the end of the source, behind those that are there already.
fn take(reader: &mut impl Read, mut bytes: Vec<u8>, wanted: usize) -> io::Result<Vec<u8>> {
    let missing = wanted.saturating_sub(bytes.len());
    reader.take(missing as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn begins_chunk(reader: &mut impl BufRead) -> io::Result<bool> {
    Ok(reader.fill_buf()?.starts_with(CHUNK_MAGIC))
}

/// The error with its causes: the cause says what is wrong, the error around it only where it was noticed.
fn causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    message.replace('\n', " ")
}

fn failed(name: &str, message: &str) -> Diagnostic {
    Diagnostic::new(codes::EVENT_LOG_FAILED, format!("{name}: {message}"))
}
