//! The bytes of a source as a window that moves over them: what is being read can be looked at again until it is let go.

use std::io::{self, BufRead};

/// How much may be read a second time beyond twice what was read once.
const AGAIN: u64 = 4 << 20;

/// A place in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Bytes from the start of the source.
    offset: u64,
    /// The line, from 1.
    pub(super) line: usize,
}

/// A reader with what was read of it and may be read again.
pub(super) struct Window<R> {
    reader: R,
    /// The bytes from `start` on.
    bytes: Vec<u8>,
    /// Where `bytes` begins in the source.
    start: u64,
    /// Where the next byte is within `bytes`.
    at: usize,
    line: usize,
    /// Where the bytes begin, within `bytes`, that must be kept.
    kept: usize,
    /// How many bytes were read a second time.
    again: u64,
    failed: Option<io::Error>,
}

impl<R: BufRead> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), start: 0, at: 0, line: 1, kept: 0, again: 0, failed: None }
    }

    /// The next byte, which stays the next.
    pub(super) fn peek(&mut self) -> Option<u8> {
        if self.at >= self.bytes.len() {
            self.fill();
        }
        self.bytes.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }

    /// The place of the next byte; what lies before it is let go.
    pub(super) fn mark(&mut self) -> Place {
        self.kept = self.at;
        self.place()
    }

    pub(super) fn place(&self) -> Place {
        Place { offset: self.start + self.at as u64, line: self.line }
    }

    /// The bytes from the last mark to the next byte.
    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(self.kept..self.at).unwrap_or_default()
    }

    /// How many bytes lie between the last mark and the next byte.
    pub(super) fn length(&self) -> usize {
        self.at - self.kept
    }

    /// Whether the place lies before the other.
    pub(super) fn is_before(&self, other: Place) -> bool {
        self.place() < other
    }

    /// Goes back behind the first line break after the last mark, if there is one. False where so much was read a second time
    /// that what is read now has to be done with: the work stays in proportion to the source.
    pub(super) fn back_to_second_line(&mut self) -> bool {
        let Some(end) = self.text().iter().position(|byte| *byte == b'\n') else { return true };
        let to = self.kept + end + 1;
        let text = self.bytes.get(to..self.at).unwrap_or_default();
        self.again += text.len() as u64;
        self.line -= text.iter().filter(|byte| **byte == b'\n').count();
        self.at = to;
        self.again <= AGAIN + 2 * (self.start + self.bytes.len() as u64)
    }

    /// Goes on behind the end of the line.
    pub(super) fn skip_line(&mut self) {
        while self.next().is_some_and(|byte| byte != b'\n') {
            self.kept = self.at; // a line may be longer than what is kept
        }
    }

    /// The error that ended the reading, once.
    pub(super) fn failed(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// Adds the reader's next bytes; none at the end and after a failure.
    fn fill(&mut self) {
        // What is let go goes in one piece, when it is the larger part: a byte is moved less than twice.
        if self.kept > self.bytes.len() / 2 {
            self.bytes.drain(..self.kept);
            self.start += self.kept as u64;
            self.at -= self.kept;
            self.kept = 0;
        }
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => {
                    self.bytes.extend_from_slice(bytes);
                    let length = bytes.len();
                    return self.reader.consume(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    return;
                }
            }
        }
    }
}
