//! Rows of a CSV table as flat events of texts: RFC 4180, and semicolons or tabs in place of commas.
//!
//! The first row has the names. A cell is a text, also an empty one; a row that is shorter lacks its last fields. A quote that
//! never ends would take all rows behind it into one cell: its row is read as it stands instead.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::changes::{Change, Changes};
use super::window::{Place, Window};
use super::{EVENT_LIMIT, Records, add, io_failed};
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;

const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The rows of a table.
pub(super) struct Rows<R> {
    window: Window<R>,
    name: String,
    /// What stands between cells; known from the header on.
    delimiter: Option<u8>,
    header: Option<Vec<String>>,
    /// Where lines stop being read one by one: what lies before was read too often.
    by_lines_to: Option<Place>,
    changes: Changes,
    size: usize,
    done: bool,
}

/// Where the reading of a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    CellStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// The text of a row.
struct Row {
    text: Vec<u8>,
    /// Whether quotes in it are characters as any other.
    quotes_stand: bool,
}

impl<R: BufRead> Rows<R> {
    pub(super) fn new(reader: R, name: &str) -> Self {
        Self {
            window: Window::new(reader),
            name: name.to_owned(),
            delimiter: None,
            header: None,
            by_lines_to: None,
            changes: Changes::default(),
            size: 0,
            done: false,
        }
    }

    fn next_row(&mut self) -> Option<Result<Event, Diagnostic>> {
        loop {
            let place = self.window.mark();
            self.window.peek()?;
            let row = match self.row() {
                Ok(row) => row,
                Err(diagnostic) => return Some(Err(diagnostic)),
            };
            if row.text.is_empty() {
                continue;
            }
            let Some(names) = &self.header else {
                self.header(&row);
                continue;
            };
            let mut changes = Changes::default();
            let delimiter = self.delimiter.unwrap_or(b',');
            let event = event(names, &row, delimiter, &mut changes);
            self.changes.add(&changes, place.line);
            return Some(Ok(event));
        }
    }

    /// Takes the names, and what stands between cells: of the three whichever comes most often. Excel says it in a line of
    /// its own (`sep=;`).
    fn header(&mut self, row: &Row) {
        let text = row.text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&row.text);
        if let [b's', b'e', b'p', b'=', delimiter] = text {
            self.delimiter = Some(*delimiter);
            return;
        }
        let count = |delimiter: u8| cells(text, delimiter, row.quotes_stand).len();
        let delimiter = self
            .delimiter
            .unwrap_or_else(|| DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b','));
        let names = cells(text, delimiter, row.quotes_stand);
        self.header = Some(names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect());
        self.delimiter = Some(delimiter);
    }

    /// Moves behind the next row.
    fn row(&mut self) -> Result<Row, Diagnostic> {
        let line = self.window.place().line;
        let mut at = At::CellStart;
        while let Some(byte) = self.window.peek() {
            let by_lines = self.by_lines_to.is_some_and(|to| self.window.is_before(to));
            if byte == b'\n' && (at != At::Quoted || by_lines) || self.window.length() >= EVENT_LIMIT {
                break;
            }
            at = self.step(at, byte);
            self.window.next();
        }
        self.size = self.window.length();
        if at == At::Quoted {
            return self.line(line);
        }
        if self.size >= EVENT_LIMIT {
            return Err(self.too_large(line));
        }
        let text = self.window.text();
        let text = text.strip_suffix(b"\r").unwrap_or(text).to_vec();
        self.window.next();
        Ok(Row { text, quotes_stand: false })
    }

    fn step(&self, at: At, byte: u8) -> At {
        let ends = match self.delimiter {
            Some(delimiter) => byte == delimiter,
            None => DELIMITERS.contains(&byte),
        };
        match (at, byte) {
            (At::Quoted, b'"') => At::QuoteInQuoted,
            (At::Quoted, _) => At::Quoted,
            (At::CellStart | At::QuoteInQuoted, b'"') => At::Quoted,
            _ if ends => At::CellStart,
            _ => At::Plain,
        }
    }

    /// The first line of what was read: a quote in it does not end.
    fn line(&mut self, line: usize) -> Result<Row, Diagnostic> {
        let end = self.window.place();
        let text = self.window.text();
        let mut text = text.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
        if text.len() >= EVENT_LIMIT {
            return Err(self.too_large(line));
        }
        if text.len() == self.window.length() {
            self.window.next();
        } else if !self.window.back_to_second_line() {
            self.by_lines_to = self.by_lines_to.max(Some(end));
        }
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        Ok(Row { text, quotes_stand: true })
    }

    fn too_large(&mut self, line: usize) -> Diagnostic {
        self.window.skip_line();
        let message = format!("{}, line {line}: an event larger than 64 MiB", self.name);
        Diagnostic::new(codes::EVENT_TOO_LARGE, message)
    }
}

impl<R: BufRead> Records for Rows<R> {
    fn read(&mut self) -> Option<Result<Event, Diagnostic>> {
        if self.done {
            return None;
        }
        let item = self.next_row();
        if let Some(error) = self.window.failed() {
            self.done = true;
            return Some(Err(io_failed(&self.name, &error)));
        }
        item
    }

    fn size(&self) -> usize {
        self.size
    }

    fn closing(&mut self) -> Option<Diagnostic> {
        self.changes.diagnostic(&self.name)
    }
}

/// The event of a row. Cells without a name are values of the field without a name, so that keywords find them.
fn event(names: &[String], row: &Row, delimiter: u8, changes: &mut Changes) -> Event {
    let mut fields = Map::new();
    if row.quotes_stand {
        changes.note(Change::Quote);
    }
    let cells = cells(&row.text, delimiter, row.quotes_stand);
    if cells.len() != names.len() {
        changes.note(Change::Cells);
    }
    for (i, cell) in cells.into_iter().enumerate() {
        let name = names.get(i).cloned().unwrap_or_default();
        let text = String::from_utf8(cell).unwrap_or_else(|error| {
            changes.note(Change::Bytes);
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        if add(&mut fields, name, Value::String(text)) && i < names.len() {
            changes.note(Change::Repeated);
        }
    }
    Event(fields)
}

/// The cells of a row. A quoted cell begins with its quote; within it two quotes are one.
fn cells(text: &[u8], delimiter: u8, quotes_stand: bool) -> Vec<Vec<u8>> {
    let mut out = vec![Vec::new()];
    let mut at = At::CellStart;
    for byte in text {
        let Some(cell) = out.last_mut() else { break };
        let quote = *byte == b'"' && !quotes_stand;
        at = match at {
            At::Quoted if quote => At::QuoteInQuoted,
            At::Quoted => {
                cell.push(*byte);
                At::Quoted
            }
            At::CellStart if quote => At::Quoted,
            At::QuoteInQuoted if quote => {
                cell.push(b'"');
                At::Quoted
            }
            _ if *byte == delimiter => {
                out.push(Vec::new());
                At::CellStart
            }
            _ => {
                cell.push(*byte);
                At::Plain
            }
        };
    }
    out
}
