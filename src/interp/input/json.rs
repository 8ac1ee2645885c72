//! JSON values from a stream of text: one object, an array of objects, one object a line, or objects one after the
//! other over several lines, as `evtx_dump` prints them (its `Record N` lines are skipped).
//!
//! A value ends where its brackets close. Where it never closes or cannot be read, one diagnostic is given, and reading
//! goes on with the line after the one where the value began, so a cut line costs that line only.

use std::io::BufRead;

use serde_json::Value;

use super::io_failed;
use crate::diagnostic::{Code, Diagnostic, codes};

/// The longest JSON value that is read, in bytes.
const VALUE_LIMIT: usize = 64 << 20;
/// The deepest nesting that is read: serde_json's own limit.
const DEPTH_LIMIT: usize = 128;

/// The values of a stream, each with the line where it begins, from 1.
pub(super) struct JsonValues<R> {
    bytes: Bytes<R>,
    name: String,
    /// Whether the elements of a top-level array are being read.
    in_array: bool,
    done: bool,
}

/// Why a value was not read.
struct Broken {
    code: Code,
    message: String,
}

/// Where the reading of one value stands.
#[derive(Default)]
struct Scan {
    text: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The length at which the text so far was last looked at.
    looked_at: usize,
}

impl<R: BufRead> JsonValues<R> {
    pub(super) fn new(reader: R, name: &str) -> Self {
        Self { bytes: Bytes::new(reader), name: name.to_owned(), in_array: false, done: false }
    }

    fn next_value(&mut self) -> Option<Result<(usize, Value), Diagnostic>> {
        loop {
            let line = self.bytes.line;
            let Some(first) = self.bytes.next() else { return self.end(line) };
            let item = match first {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                0xEF if self.skip_mark() => continue,
                b',' if self.in_array => continue,
                b']' if self.in_array => {
                    self.in_array = false;
                    continue;
                }
                b'[' if !self.in_array => {
                    self.in_array = true;
                    continue;
                }
                b'R' if !self.in_array => match self.record_line(line) {
                    None => continue,
                    Some(broken) => Err(broken),
                },
                first => self.value(first, line),
            };
            return Some(item.map(|value| (line, value)));
        }
    }

    /// The text ends: an array must have ended before.
    fn end(&mut self, line: usize) -> Option<Result<(usize, Value), Diagnostic>> {
        let cut = std::mem::take(&mut self.in_array);
        let broken = Broken { code: codes::EVENT_SYNTAX, message: "the array of events does not end".into() };
        cut.then(|| Err(self.diagnostic(line, broken)))
    }

    /// Skips the rest of a byte-order mark.
    fn skip_mark(&mut self) -> bool {
        let rest = [self.bytes.next(), self.bytes.next()];
        let is_mark = rest == [Some(0xBB), Some(0xBF)];
        if !is_mark {
            self.bytes.give_back(&rest.into_iter().flatten().collect::<Vec<_>>());
        }
        is_mark
    }

    /// Skips a line `Record N`; another line that begins with `R` is broken.
    fn record_line(&mut self, line: usize) -> Option<Diagnostic> {
        let mut text = vec![b'R'];
        while let Some(byte) = self.bytes.next() {
            if byte == b'\n' {
                break;
            }
            if text.len() < 80 {
                text.push(byte);
            }
        }
        let number = text.strip_prefix(b"Record ").map(<[u8]>::trim_ascii);
        if number.is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit)) {
            return None;
        }
        let broken = Broken { code: codes::EVENT_SYNTAX, message: "not JSON".into() };
        Some(self.diagnostic(line, broken))
    }

    /// Reads the value that begins with `first`.
    fn value(&mut self, first: u8, line: usize) -> Result<Value, Diagnostic> {
        let mut scan = Scan::default();
        let mut next = Some(first);
        let broken = loop {
            let Some(byte) = next else {
                break match parse(&scan.text) {
                    Ok(value) if scan.depth == 0 => return Ok(value),
                    Ok(_) => Broken { code: codes::EVENT_SYNTAX, message: "the value does not end".into() },
                    Err(error) => syntax(&error),
                };
            };
            match scan.take(byte, self.in_array) {
                Ok(Step::Inside) => next = self.bytes.next(),
                Ok(Step::EndsBefore) => {
                    self.bytes.give_back(&[byte]);
                    next = None;
                }
                Ok(Step::EndsHere) => next = None,
                Err(broken) => break broken,
            }
        };
        // Go on behind the line where the value began; a value within one line is left behind as a whole.
        if let Some(end) = scan.text.iter().position(|b| *b == b'\n') {
            self.bytes.give_back(scan.text.get(end..).unwrap_or_default());
        } else if scan.depth > 0 || scan.in_string {
            self.skip_line();
        }
        Err(self.diagnostic(line, broken))
    }

    fn skip_line(&mut self) {
        while self.bytes.next().is_some_and(|byte| byte != b'\n') {}
    }

    fn diagnostic(&self, line: usize, broken: Broken) -> Diagnostic {
        Diagnostic::new(broken.code, format!("{}, line {line}: {}", self.name, broken.message))
    }
}

impl<R: BufRead> Iterator for JsonValues<R> {
    type Item = Result<(usize, Value), Diagnostic>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.next_value();
        if let Some(error) = self.bytes.failed.take() {
            self.done = true; // what was being read is cut short by this: say the cause
            return Some(Err(io_failed(&self.name, &error)));
        }
        item
    }
}

/// What a byte does to a value.
enum Step {
    Inside,
    /// The byte is the value's last.
    EndsHere,
    /// The byte is not part of the value.
    EndsBefore,
}

impl Scan {
    fn take(&mut self, byte: u8, in_array: bool) -> Result<Step, Broken> {
        if self.text.len() >= VALUE_LIMIT {
            return Err(Broken { code: codes::EVENT_TOO_LARGE, message: "an event larger than 64 MiB".into() });
        }
        let scalar = self.depth == 0 && !self.in_string && !self.text.is_empty();
        if scalar && (byte == b'\n' || (in_array && matches!(byte, b',' | b']'))) {
            return Ok(Step::EndsBefore);
        }
        self.text.push(byte);
        if self.in_string {
            return self.take_in_string(byte);
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth >= DEPTH_LIMIT {
                    let message = format!("an event nested deeper than {} levels", DEPTH_LIMIT - 1);
                    return Err(Broken { code: codes::EVENT_TOO_LARGE, message });
                }
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Ok(Step::EndsHere);
                }
            }
            b'\n' => self.look()?,
            _ => {}
        }
        Ok(Step::Inside)
    }

    fn take_in_string(&mut self, byte: u8) -> Result<Step, Broken> {
        match byte {
            b'\n' => {
                return Err(Broken { code: codes::EVENT_SYNTAX, message: "a string that does not end".into() });
            }
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
        Ok(Step::Inside)
    }

    /// At the end of a line: notices text that can no longer become JSON, so that a cut line does not swallow the rest.
    /// Looks only when the text has doubled, which keeps the work in proportion to the text.
    fn look(&mut self) -> Result<(), Broken> {
        if self.text.len() < 2 * self.looked_at {
            return Ok(());
        }
        self.looked_at = self.text.len();
        match serde_json::from_slice::<serde::de::IgnoredAny>(&self.text) {
            Err(error) if !error.is_eof() => Err(syntax(&error)),
            _ => Ok(()),
        }
    }
}

fn parse(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text)
}

fn syntax(error: &serde_json::Error) -> Broken {
    // The library's place counts from the value's start; the message names the line in the file.
    let text = error.to_string();
    let message = format!("not JSON: {}", text.split(" at line ").next().unwrap_or(&text));
    Broken { code: codes::EVENT_SYNTAX, message }
}

/// A reader byte by byte, with a place to give bytes back to.
struct Bytes<R> {
    reader: R,
    /// What was last read.
    block: Vec<u8>,
    /// Where the next byte of the block is.
    at: usize,
    /// Bytes to be read again before those of the block, the next one last.
    again: Vec<u8>,
    /// The line of the next byte, from 1.
    line: usize,
    failed: Option<std::io::Error>,
}

impl<R: BufRead> Bytes<R> {
    fn new(reader: R) -> Self {
        Self { reader, block: Vec::new(), at: 0, again: Vec::new(), line: 1, failed: None }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = match self.again.pop() {
            Some(byte) => byte,
            None => self.read()?,
        };
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }

    fn read(&mut self) -> Option<u8> {
        if self.at >= self.block.len() {
            self.fill();
        }
        let byte = self.block.get(self.at).copied();
        self.at += 1;
        byte
    }

    /// Takes the reader's next bytes as the block; none at the end and after a failure.
    fn fill(&mut self) {
        self.block.clear();
        self.at = 0;
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => {
                    self.block.extend_from_slice(bytes);
                    let length = bytes.len();
                    return self.reader.consume(length);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    return;
                }
            }
        }
    }

    fn give_back(&mut self, bytes: &[u8]) {
        self.line -= bytes.iter().filter(|b| **b == b'\n').count();
        self.again.extend(bytes.iter().rev());
    }
}
