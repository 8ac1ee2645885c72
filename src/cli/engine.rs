//! Engines that are programs of their own: started here, spoken to by JSON lines over pipes.
//!
//! The program says `{"ok": true}` when it is ready, then answers one line for each line:
//!
//! * `{"table": NAME, "columns": [[NAME, TYPE], ..], "rows": [[VALUE, ..], ..]}` gets `{"ok": true}`. A type is `text` or
//!   `real`. The table replaces any earlier one and has one column more, `sigmaglot_row`, the row's number from 0;
//! * `{"query": TEXT}`, with `"exact": true` where an engine has to be told that letter case counts, gets
//!   `{"rows": [NUMBER, ..]}`;
//! * what fails gets `{"error": TEXT}`.
//!
//! `tests/engines/runner.py` is such a program. One that dies or says nothing for too long is reported with what it last
//! wrote on stderr, and started again for the next table if it had answered before.

use std::collections::{BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ir::FieldType;
use crate::verify::engine::{Column, ColumnKind, Engine, EngineError, Table};

/// How long a program may take until it is ready: engines on the JVM are slow starters.
const START: Duration = Duration::from_secs(180);
/// How much of what a program writes on stderr is kept, in lines.
const LAST_LINES: usize = 20;
/// How much of a line is kept, in characters.
const LINE_LIMIT: usize = 500;
/// How long a program that closed its output may take to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An engine behind pipes.
pub struct Process {
    name: String,
    command: Vec<String>,
    patience: Duration,
    running: Option<Running>,
    /// Why it is not started again.
    given_up: Option<EngineError>,
}

/// A program that runs.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
    /// Gets a message when stderr has ended.
    ended: Receiver<()>,
    last_lines: Arc<Mutex<VecDeque<String>>>,
    answered: bool,
}

/// A line from the program.
#[derive(Debug, Deserialize)]
struct Answer {
    ok: Option<bool>,
    rows: Option<BTreeSet<usize>>,
    error: Option<String>,
}

impl Process {
    /// Starts a program. `patience` is how long it may take for an answer.
    ///
    /// # Errors
    /// Where it cannot be started or does not get ready.
    pub fn start(command: &[String], patience: Duration) -> Result<Process, EngineError> {
        let name = command.join(" ");
        let mut process = Process { name, command: command.to_vec(), patience, running: None, given_up: None };
        process.run()?;
        Ok(process)
    }

    /// As [`Engine::query`], telling the engine that letter case counts: for engines that compare all of a query in one way.
    ///
    /// # Errors
    /// As [`Engine::query`].
    pub fn query_exact(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        self.rows(&json!({"query": text, "exact": true}))
    }

    fn run(&mut self) -> Result<(), EngineError> {
        let gone = |words: String| EngineError::Gone(words);
        let [program, arguments @ ..] = self.command.as_slice() else {
            return Err(gone("no program is named".to_owned()));
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| gone(format!("cannot start `{program}`: {error}")))?;
        let (answers_in, answers) = channel();
        if let Some(stdout) = child.stdout.take() {
            let lines = BufReader::new(stdout).lines();
            std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| answers_in.send(line)));
        }
        let (ended_in, ended) = channel();
        let last_lines = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(stderr) = child.stderr.take() {
            let last_lines = last_lines.clone();
            std::thread::spawn(move || {
                keep_last_lines(stderr, &last_lines);
                ended_in.send(())
            });
        }
        let stdin = child.stdin.take();
        self.running = Some(Running { child, stdin, answers, ended, last_lines, answered: false });
        self.answer(START).map(drop)
    }

    /// Sends a request and waits for its answer.
    fn request(&mut self, request: &Value) -> Result<Answer, EngineError> {
        let Some(running) = &mut self.running else {
            return Err(EngineError::Gone(format!("`{}` does not run", self.name)));
        };
        let sent = running.stdin.as_mut().map(|stdin| writeln!(stdin, "{request}").and_then(|()| stdin.flush()));
        match sent {
            Some(Ok(())) => self.answer(self.patience),
            _ => Err(self.gone("it died")),
        }
    }

    fn answer(&mut self, patience: Duration) -> Result<Answer, EngineError> {
        let Some(running) = &mut self.running else { return Err(self.gone("it does not run")) };
        let line = match running.answers.recv_timeout(patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return Err(self.gone("it died")),
            Err(RecvTimeoutError::Timeout) => {
                return Err(self.gone(&format!("it said nothing for {} seconds", patience.as_secs())));
            }
        };
        let answer: Answer = match serde_json::from_str(&line) {
            Ok(answer) => answer,
            Err(error) => return Err(self.gone(&format!("its answer cannot be read ({error}): {}", cut(&line)))),
        };
        match answer.error {
            Some(words) => Err(EngineError::Rejected(words)),
            None => {
                running.answered = true;
                Ok(answer)
            }
        }
    }

    fn rows(&mut self, request: &Value) -> Result<BTreeSet<usize>, EngineError> {
        match self.request(request)?.rows {
            Some(rows) => Ok(rows),
            None => Err(self.gone("it answered a query without rows")),
        }
    }

    /// Ends the program; the error says why, and what the program said last.
    fn gone(&mut self, why: &str) -> EngineError {
        let mut words = format!("`{}`: {why}", self.name);
        let Some(mut running) = self.running.take() else { return EngineError::Gone(words) };
        drop(running.stdin.take());
        // Its stderr ends when it does; one that will not end is ended.
        let _ = running.ended.recv_timeout(LAST_WORDS);
        let _ = running.child.kill(); // it may have ended by itself
        if let Ok(status) = running.child.wait()
            && let Some(code) = status.code()
        {
            words = format!("{words} (exit code {code})");
        }
        if let Ok(lines) = running.last_lines.lock()
            && !lines.is_empty()
        {
            words = format!("{words}; it said last:\n{}", lines.iter().cloned().collect::<Vec<_>>().join("\n"));
        }
        let error = EngineError::Gone(words);
        if !running.answered {
            self.given_up = Some(error.clone());
        }
        error
    }
}

impl Engine for Process {
    fn name(&self) -> &str {
        &self.name
    }

    fn load(&mut self, table: &Table) -> Result<(), EngineError> {
        if let Some(error) = &self.given_up {
            return Err(error.clone());
        }
        if self.running.is_none() {
            self.run()?;
        }
        let columns: Vec<Value> = table.columns.iter().map(|column| json!([column.name, type_name(column)])).collect();
        let row = |event| table.columns.iter().map(|column| column.value(event)).collect::<Vec<_>>();
        let rows: Vec<Vec<Value>> = table.rows.iter().map(row).collect();
        let answer = self.request(&json!({"table": table.name, "columns": columns, "rows": rows}))?;
        if answer.ok == Some(true) { Ok(()) } else { Err(self.gone("it did not say that it has the table")) }
    }

    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        self.rows(&json!({"query": text}))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.stdin.take()); // the end of its input ends it
            let _ = running.ended.recv_timeout(LAST_WORDS);
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

fn type_name(column: &Column) -> &'static str {
    match column.kind {
        ColumnKind::Text | ColumnKind::Ip | ColumnKind::WholeEvent | ColumnKind::Time | ColumnKind::Dynamic => "text",
        ColumnKind::Integer => "integer",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Real => "real",
        ColumnKind::Document => "json",
        ColumnKind::Native(FieldType::Inet) => "inet",
        ColumnKind::Native(FieldType::Inet4) => "inet4",
        ColumnKind::Native(FieldType::Inet6) => "inet6",
        ColumnKind::Native(FieldType::Timestamp) => "timestamp",
        ColumnKind::Native(_) => "timestamptz",
    }
}

fn keep_last_lines(stderr: impl Read, last: &Mutex<VecDeque<String>>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let Ok(mut last) = last.lock() else { return };
        last.push_back(cut(&String::from_utf8_lossy(&line)));
        if last.len() > LAST_LINES {
            last.pop_front();
        }
    }
}

fn cut(line: &str) -> String {
    line.trim_end().chars().take(LINE_LIMIT).collect()
}
