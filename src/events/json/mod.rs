//! JSON objects from a stream of text: one object, an array of objects, one object a line, or objects one after the
//! other over several lines, as `evtx_dump` prints them (its `Record N` lines are skipped).
//!
//! Here is where a value begins and ends; [`value`] reads it. A value ends where its brackets close. Where it never closes or
//! cannot be read, one diagnostic is given, and reading goes on with the line after the one where the value began, so a
//! cut line costs that line only.

mod value;

use std::io::BufRead;

use serde_json::Value;

use self::value::Wrong;
use super::changes::{Change, Changes};
use super::window::{Place, Window};
use super::{EVENT_LIMIT, Records, io_failed, windows};
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::interp::Event;

/// What is done to a JSON object before it is an event.
#[derive(Debug, Clone, Copy)]
pub(super) enum Preparation {
    None,
    WindowsRecords,
}

/// The objects of a stream.
pub(super) struct Objects<R> {
    window: Window<R>,
    name: String,
    preparation: Preparation,
    /// Whether the elements of a top-level array are being read.
    in_array: bool,
    /// Where lines stop being read one by one: what lies before was read too often.
    by_lines_to: Option<Place>,
    changes: Changes,
    /// Whether NUL bytes were skipped before the next value.
    after_nul: bool,
    size: usize,
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
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The length at which the text so far was last looked at.
    looked_at: usize,
}

/// What a byte does to a value.
enum Step {
    Inside,
    /// A line ends within the value.
    LineEnds,
    /// The byte is the value's last.
    EndsHere,
    /// The byte is not part of the value.
    EndsBefore,
}

impl<R: BufRead> Objects<R> {
    pub(super) fn new(reader: R, name: &str, preparation: Preparation) -> Self {
        Self {
            window: Window::new(reader),
            name: name.to_owned(),
            preparation,
            in_array: false,
            by_lines_to: None,
            changes: Changes::default(),
            after_nul: false,
            size: 0,
            done: false,
        }
    }

    fn next_object(&mut self) -> Option<Result<Event, Diagnostic>> {
        loop {
            let place = self.window.mark();
            let Some(first) = self.window.peek() else { return self.end(place.line) };
            match first {
                // A record separator stands before each text of a JSON text sequence (RFC 7464).
                b' ' | b'\t' | b'\r' | b'\n' | 0x1E => self.skip(),
                0 => {
                    self.after_nul = true;
                    self.skip();
                }
                b',' if self.in_array => self.skip(),
                b']' if self.in_array => {
                    self.in_array = false;
                    self.skip();
                }
                b'[' if !self.in_array => {
                    self.in_array = true;
                    self.skip();
                }
                0xEF if self.skip_mark() => {}
                b'R' if !self.in_array => match self.record_line(place.line) {
                    None => {}
                    Some(broken) => return Some(Err(broken)),
                },
                _ => return Some(self.object(place)),
            }
        }
    }

    fn skip(&mut self) {
        self.window.next();
    }

    /// The text ends: an array must have ended before.
    fn end(&mut self, line: usize) -> Option<Result<Event, Diagnostic>> {
        let cut = std::mem::take(&mut self.in_array);
        let broken = Broken { code: codes::EVENT_SYNTAX, message: "the array of events does not end".into() };
        cut.then(|| Err(self.diagnostic(line, broken)))
    }

    /// Skips a byte-order mark. Of other bytes the first one is skipped: it begins no value.
    fn skip_mark(&mut self) -> bool {
        self.window.next();
        let is_mark = self.window.peek() == Some(0xBB);
        if is_mark {
            self.window.next();
            if self.window.peek() == Some(0xBF) {
                self.window.next();
            }
        }
        is_mark
    }

    /// Skips a line `Record N`; another line that begins with `R` is broken.
    fn record_line(&mut self, line: usize) -> Option<Diagnostic> {
        while self.window.length() < 80 && self.window.peek().is_some_and(|byte| byte != b'\n') {
            self.window.next();
        }
        let number = self.window.text().strip_prefix(b"Record ").map(<[u8]>::trim_ascii);
        let is_record = number.is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit));
        self.window.skip_line();
        let broken = Broken { code: codes::EVENT_SYNTAX, message: "not JSON".into() };
        (!is_record).then(|| self.diagnostic(line, broken))
    }

    /// Reads the value that begins here as an event.
    fn object(&mut self, place: Place) -> Result<Event, Diagnostic> {
        let mut changes = Changes::default();
        let value = self.value(&mut changes);
        self.size = self.window.length();
        let object = match value {
            Ok(Value::Object(object)) => object,
            Ok(other) => return Err(self.no_object(place.line, &other)),
            Err(broken) => return Err(self.diagnostic(place.line, broken)),
        };
        if std::mem::take(&mut self.after_nul) {
            changes.note(Change::Nul);
        }
        self.changes.add(&changes, place.line);
        Ok(Event(match self.preparation {
            Preparation::WindowsRecords => windows::prepare_if_record(object),
            Preparation::None => object,
        }))
    }

    fn value(&mut self, changes: &mut Changes) -> Result<Value, Broken> {
        let mut scan = Scan::default();
        let value = self.scan(&mut scan).and_then(|()| match value::read(self.window.text(), changes) {
            Ok(value) if scan.depth == 0 => Ok(value),
            Ok(_) | Err(Wrong::Ends) => Err(syntax("the value does not end")),
            Err(Wrong::Syntax(message)) => Err(syntax(message)),
        });
        if value.is_err() {
            self.go_on(&scan);
        }
        value
    }

    /// Behind a value that could not be read: with the line after the one where it began; a value within one line is left
    /// behind as a whole.
    fn go_on(&mut self, scan: &Scan) {
        let end = self.window.place();
        if self.window.text().contains(&b'\n') {
            if !self.window.back_to_second_line() {
                self.by_lines_to = self.by_lines_to.max(Some(end));
            }
        } else if scan.depth > 0 || scan.in_string {
            self.window.skip_line();
        }
    }

    /// Moves to the end of the value that begins at the mark, or to the end of the source.
    fn scan(&mut self, scan: &mut Scan) -> Result<(), Broken> {
        while let Some(byte) = self.window.peek() {
            if self.window.length() >= EVENT_LIMIT {
                return Err(Broken { code: codes::EVENT_TOO_LARGE, message: "an event larger than 64 MiB".into() });
            }
            match scan.take(byte, self.window.length() == 0, self.in_array) {
                Step::EndsBefore => return Ok(()),
                Step::EndsHere => {
                    self.window.next();
                    return Ok(());
                }
                Step::Inside => {
                    self.window.next();
                }
                Step::LineEnds => {
                    self.window.next();
                    self.look(scan)?;
                }
            }
        }
        Ok(())
    }

    /// At the end of a line: notices text that can no longer become JSON, so that a cut line does not swallow the rest.
    /// Looks only when the text has doubled, which keeps the work in proportion to the text.
    fn look(&mut self, scan: &mut Scan) -> Result<(), Broken> {
        let by_lines = self.by_lines_to.is_some_and(|to| self.window.is_before(to));
        if by_lines || scan.in_string && self.window.peek().is_none_or(|byte| byte == b'{') {
            let message =
                if scan.in_string { "a string that does not end" } else { "the value does not end on its line" };
            return Err(syntax(message));
        }
        let text = self.window.text();
        if scan.in_string || text.len() < 2 * scan.looked_at {
            return Ok(());
        }
        scan.looked_at = text.len();
        match value::read(text, &mut Changes::default()) {
            Err(Wrong::Syntax(message)) => Err(syntax(message)),
            _ => Ok(()),
        }
    }

    fn no_object(&self, line: usize, value: &Value) -> Diagnostic {
        let what = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        let message = format!("{}, line {line}: {what} is not an event", self.name);
        Diagnostic::new(codes::EVENT_NO_OBJECT, message).help("an event is a JSON object")
    }

    fn diagnostic(&self, line: usize, broken: Broken) -> Diagnostic {
        Diagnostic::new(broken.code, format!("{}, line {line}: {}", self.name, broken.message))
    }
}

impl<R: BufRead> Records for Objects<R> {
    fn read(&mut self) -> Option<Result<Event, Diagnostic>> {
        if self.done {
            return None;
        }
        let item = self.next_object();
        if let Some(error) = self.window.failed() {
            self.done = true; // what was being read is cut short by this: say the cause
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

impl Scan {
    fn take(&mut self, byte: u8, is_first: bool, in_array: bool) -> Step {
        let scalar = self.depth == 0 && !self.in_string && !is_first;
        if scalar && (byte == b'\n' || (in_array && matches!(byte, b',' | b']'))) {
            return Step::EndsBefore;
        }
        if byte == b'\n' {
            self.escaped = false;
            return Step::LineEnds;
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return Step::Inside;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Step::EndsHere;
                }
            }
            _ => {}
        }
        Step::Inside
    }
}

fn syntax(why: &str) -> Broken {
    // What does not end is not wrong in itself.
    let message = if why.contains("does not end") { why.to_owned() } else { format!("not JSON: {why}") };
    Broken { code: codes::EVENT_SYNTAX, message }
}
