//! What runs the queries of the targets: models, SQLite, or a program, each with the session that writes the queries.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Stop;
use super::engine::Process;
use super::verify::Arguments;
use crate::diagnostic::{Diagnostic, codes};
use crate::target::{Session, Target};
use crate::verify::engine::{Engine, EngineError, Eql, Kql, Spl, Sqlite, Table};

/// What runs the queries of a target.
enum Runner {
    Sqlite,
    Kql,
    Eql,
    Spl,
    Program(Shared),
}

/// A program that all comparisons use, one after the other.
#[derive(Clone)]
struct Shared {
    name: String,
    process: Arc<Mutex<Process>>,
}

/// A target with what runs its queries.
pub(super) struct Bench {
    name: String,
    target: Target,
    runner: Runner,
}

/// A target's session and engines, for one piece of work at a time.
pub(super) struct Seat<'b> {
    pub(super) target: &'b str,
    pub(super) session: Session<'b>,
    pub(super) engines: Result<Vec<Box<dyn Engine>>, EngineError>,
}

/// The seats of a target: as many as there are threads at work for it.
pub(super) struct Seats<'b> {
    bench: &'b Bench,
    idle: Mutex<Vec<Seat<'b>>>,
}

/// Finds what runs the queries of the targets.
pub(super) fn benches(arguments: &Arguments, targets: Vec<(String, Target)>) -> Result<Vec<Bench>, Stop> {
    let engine = arguments.engine.as_deref().map(str::trim);
    let program = match engine {
        None | Some("sqlite" | "model") => None,
        Some(command) => Some(start(command, Duration::from_secs(arguments.timeout.max(1)))?),
    };
    let mut benches = Vec::with_capacity(targets.len());
    for (name, target) in targets {
        let runner = match (&program, engine, name.as_str()) {
            (Some(program), ..) => Runner::Program(program.clone()),
            (None, None | Some("sqlite"), "sql") => Runner::Sqlite,
            (None, None | Some("model"), "kql") => Runner::Kql,
            (None, None | Some("model"), "eql") => Runner::Eql,
            (None, None | Some("model"), "spl") => Runner::Spl,
            _ => return Err(no_engine(&name, engine).into()),
        };
        benches.push(Bench { name, target, runner });
    }
    Ok(benches)
}

fn start(command: &str, patience: Duration) -> Result<Shared, Diagnostic> {
    let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    let failed = |error: EngineError| {
        Diagnostic::new(codes::ENGINE_FAILED, format!("the engine does not start: {error}"))
            .help("--engine is sqlite, model, or a program with its arguments, separated by blanks")
    };
    let process = Process::start(&words, patience).map_err(failed)?;
    Ok(Shared { name: process.name().to_owned(), process: Arc::new(Mutex::new(process)) })
}

fn no_engine(target: &str, engine: Option<&str>) -> Diagnostic {
    let message = match engine {
        Some(engine) => format!("the engine `{engine}` does not run queries of `{target}`"),
        None => format!("`{target}` has no engine in the program"),
    };
    let help = match target.split_once(':') {
        Some((_, dialect)) => {
            format!("name a program that runs it, such as --engine 'python3 tests/engines/runner.py {dialect}'")
        }
        None => "leave --engine out, or name a program that runs it".to_owned(),
    };
    Diagnostic::new(codes::ARGUMENT_INVALID, message).help(help)
}

impl Bench {
    /// The target's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a program of its own runs the queries.
    pub(super) fn is_program(&self) -> bool {
        matches!(self.runner, Runner::Program(_))
    }

    /// The target.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Engines of their own.
    pub(super) fn engines(&self) -> Result<Vec<Box<dyn Engine>>, EngineError> {
        self.runner.engines()
    }
}

impl Runner {
    fn engines(&self) -> Result<Vec<Box<dyn Engine>>, EngineError> {
        Ok(match self {
            Runner::Sqlite => vec![Box::new(Sqlite::new()?)],
            Runner::Kql => vec![Box::new(Kql::default())],
            Runner::Spl => vec![Box::new(Spl::default())],
            Runner::Eql => Eql::both().into_iter().map(|engine| Box::new(engine) as Box<dyn Engine>).collect(),
            Runner::Program(program) => vec![Box::new(program.clone())],
        })
    }
}

impl Shared {
    fn with<T>(&self, ask: impl FnOnce(&mut Process) -> Result<T, EngineError>) -> Result<T, EngineError> {
        match self.process.lock() {
            Ok(mut process) => ask(&mut process),
            Err(_) => Err(EngineError::Gone(format!("`{}` was lost", self.name))),
        }
    }
}

impl Engine for Shared {
    fn name(&self) -> &str {
        &self.name
    }

    fn load(&mut self, table: &Table) -> Result<(), EngineError> {
        self.with(|process| process.load(table))
    }

    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        self.with(|process| process.query(text))
    }
}

impl<'b> Seats<'b> {
    /// No seat yet.
    pub(super) fn new(bench: &'b Bench) -> Self {
        Self { bench, idle: Mutex::default() }
    }

    /// The target's name.
    pub(super) fn target(&self) -> &'b str {
        &self.bench.name
    }

    /// Does a piece of work on a seat that nobody else has meanwhile.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Seat<'b>) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let free = idle().pop();
        let mut seat = free.unwrap_or_else(|| Seat {
            target: &self.bench.name,
            session: self.bench.target.session(),
            engines: self.bench.engines(),
        });
        let out = work(&mut seat);
        idle().push(seat);
        out
    }
}
