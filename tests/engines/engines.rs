//! The engines, and the comparison of one with the interpreter.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use serde_json::json;
use sigmaglot::cli::engine::Process;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{self, Rule, TableShape};
use sigmaglot::target::{Options, StoreModel, Target, Templates};
use sigmaglot::verify::engine::{ColumnKind, Engine, EngineError, Eql, Fields, Kql, Spl, Sqlite, Table};
use sigmaglot::verify::store::Store;

use crate::exclude::{self, Mode};
use crate::lucene;
use crate::pipe::{self, Pipe};
use crate::report::Report;
use crate::rules::{Input, Made};

/// How long an engine may take for an answer.
const PATIENCE: Duration = Duration::from_secs(600);

/// What `runner.py` says of an engine that is not there; whatever else it says in place of being ready is a failure.
const NOT_INSTALLED: &str = "not installed:";

/// The table that queries ask.
const TABLE: &str = "events";

/// An engine.
pub struct Spec {
    /// What it is called here.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The target whose queries it runs.
    pub target: &'static str,
    /// Where it runs.
    kind: Kind,
    /// Of the rules of a deep run every so many is taken.
    pub step: usize,
    /// Its own deviations.
    pub exclude: exclude::Exclude,
    /// How its table keeps the fields.
    shape: fn() -> TableShape,
}

/// Where an engine runs.
#[derive(Clone, Copy)]
enum Kind {
    /// In this process.
    Own(fn() -> Result<Box<dyn Engine>, EngineError>),
    /// `runner.py` with this argument.
    Runner,
    /// Microsoft's parser, which knows names and types but has no rows.
    Checker,
    /// `LuceneRunner.java`, asked with the query as Elasticsearch translates it.
    Lucene,
}

const fn own(
    name: &'static str,
    title: &'static str,
    target: &'static str,
    start: fn() -> Result<Box<dyn Engine>, EngineError>,
) -> Spec {
    Spec { name, title, target, kind: Kind::Own(start), step: 1, exclude: exclude::nothing, shape: TableShape::default }
}

const fn runner(name: &'static str, title: &'static str, target: &'static str, exclude: exclude::Exclude) -> Spec {
    Spec { name, title, target, kind: Kind::Runner, step: 1, exclude, shape: TableShape::default }
}

/// The same with all of an event in one column.
const fn in_json(spec: Spec) -> Spec {
    Spec { shape: || TableShape::Json { column: "event".into() }, ..spec }
}

/// All engines, in the order of the page.
pub const ENGINES: &[Spec] = &[
    own("sqlite", "SQLite, in process", "sql", || Ok(Box::new(Sqlite::new()?))),
    runner("duckdb", "DuckDB", "sql:duckdb", exclude::duckdb),
    runner("postgres", "PostgreSQL", "sql:postgres", exclude::postgres),
    runner("clickhouse", "ClickHouse", "sql:clickhouse", exclude::clickhouse),
    Spec { step: SPARK_STEP, ..runner("spark", "Spark", "sql:spark", exclude::spark) },
    Spec {
        shape: || TableShape::Nested,
        ..runner("duckdb-nested", "DuckDB, nested columns", "sql:duckdb", exclude::duckdb)
    },
    Spec {
        shape: || TableShape::Nested,
        step: SPARK_STEP,
        ..runner("spark-nested", "Spark, nested columns", "sql:spark", exclude::spark)
    },
    in_json(own("sqlite-json", "SQLite, one JSON column", "sql", || Ok(Box::new(Sqlite::new()?)))),
    in_json(runner("duckdb-json", "DuckDB, one JSON column", "sql:duckdb", exclude::duckdb)),
    in_json(runner("postgres-json", "PostgreSQL, one `jsonb` column", "sql:postgres", exclude::postgres)),
    in_json(runner("clickhouse-json", "ClickHouse, one JSON column", "sql:clickhouse", exclude::clickhouse)),
    Spec { step: SPARK_STEP, ..in_json(runner("spark-json", "Spark, one JSON column", "sql:spark", exclude::spark)) },
    own("kql-model", "the model of KQL", "kql", || Ok(Box::<Kql>::default())),
    runner("kusto", "ClickHouse's Kusto dialect", "kql", exclude::kusto),
    Spec {
        kind: Kind::Checker,
        ..runner("kusto-check", "Microsoft's parser and binder of KQL", "kql", exclude::nothing)
    },
    own("eql-model", "the model of EQL", "eql", || Ok(Box::new(Eql::new(Fields::All)))),
    own("eql-model-unmapped", "the model of EQL, missing fields unmapped", "eql", || {
        Ok(Box::new(Eql::new(Fields::Present)))
    }),
    Spec { kind: Kind::Lucene, ..runner("lucene", "Lucene, as Elasticsearch asks it", "eql", exclude::lucene) },
    runner("eql", "PyPI eql", "eql", exclude::eql),
    own("spl-model", "the model of SPL", "spl", || Ok(Box::<Spl>::default())),
    Spec {
        shape: || TableShape::DataModel { show: Vec::new() },
        ..own("tstats-model", "the model of `tstats`", "spl", || Ok(Box::<Spl>::default()))
    },
];

/// Spark plans each query anew: the whole corpus would take most of an hour.
const SPARK_STEP: usize = 20;

/// A running engine.
enum Running {
    Own(Box<dyn Engine>),
    Process(Box<Process>),
    Checker(Pipe),
    Lucene(Pipe),
}

impl Spec {
    /// Starts the engine; `None` where it is not installed.
    fn start(&self) -> Result<Option<Running>, String> {
        let directory = pipe::directory();
        let python = directory.join("venv/bin/python");
        match self.kind {
            Kind::Own(start) => start().map(|engine| Some(Running::Own(engine))).map_err(|e| e.to_string()),
            Kind::Runner if !python.exists() => Ok(None),
            Kind::Runner => {
                let command =
                    [python.display().to_string(), pipe::program("runner.py"), self.name.replace("-json", "")];
                Ok(start(&command)?.map(|process| Running::Process(Box::new(process))))
            }
            Kind::Lucene => Ok(lucene::start()?.map(Running::Lucene)),
            Kind::Checker if !directory.join("node/node_modules/@kusto").exists() => Ok(None),
            Kind::Checker => {
                let node = directory.join("node").display().to_string();
                let command = ["node".to_owned(), pipe::program("kusto_check.mjs"), node];
                Pipe::start(&command).map(|pipe| pipe.map(Running::Checker))
            }
        }
    }
}

/// Says that an engine is not installed, which fails where engines are required.
pub fn say_skipped(name: &str) {
    let required = std::env::var("SIGMAGLOT_ENGINES").is_ok_and(|word| word == "required");
    assert!(!required, "required, but not installed: {name}");
    println!("skipped: {name} not installed");
}

/// Starts `runner.py`; `None` where it says that its engine is not installed.
pub fn start(command: &[String]) -> Result<Option<Process>, String> {
    match Process::start(command, PATIENCE) {
        Ok(process) => Ok(Some(process)),
        Err(EngineError::Rejected(words)) if words.starts_with(NOT_INSTALLED) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Compares the engine with the interpreter on all rules of the run.
pub fn check(spec: &'static Spec, input: &Input) -> Report {
    let mut report = Report::new(spec);
    let started = Instant::now();
    let mut engine = match spec.start() {
        Ok(Some(engine)) => engine,
        Ok(None) => return report.absent(),
        Err(words) => {
            report.failures.push(format!("failed to start: {words}"));
            return report;
        }
    };
    let target = Target::load(spec.target, &Templates::embedded()).unwrap_or_else(|e| panic!("{}: {e}", spec.target));
    let store = target.manifest().store.as_ref().unwrap_or_else(|| panic!("{} has no store", spec.target));
    let mut session = target.session();
    let step = if input.step == 1 { spec.step } else { spec.step.min(4) };
    for (rule, made) in input.rules.iter().step_by(step) {
        // The name is for data models; others are asked as `TABLE`.
        let shape = (spec.shape)();
        let table = (shape != TableShape::Flat).then(|| ir::Table { name: "Model.Set".into(), shape });
        let rule = &Rule { table, ..rule.clone() };
        // In EQL and SPL a table is a test of the event, which these events do not pass.
        let table = (spec.target == "kql" || spec.target.starts_with("sql")).then(|| TABLE.to_owned());
        let conversion = session.convert(rule, &Options { table, ..Options::default() });
        match conversion.query {
            Some(query) => compare(&Case { spec, store, rule, query: &query, made }, input, &mut engine, &mut report),
            None => {
                let codes: BTreeSet<_> =
                    conversion.diagnostics.iter().filter(|d| d.is_error()).map(|d: &Diagnostic| d.code).collect();
                report.refuse(codes);
            }
        }
    }
    report.step = step;
    report.seconds = started.elapsed().as_secs();
    report
}

/// A rule and its query.
struct Case<'a> {
    spec: &'static Spec,
    store: &'a StoreModel,
    rule: &'a Rule,
    query: &'a str,
    made: &'a Made,
}

/// One rule: its events, the engine's answer, the interpreter's.
fn compare(case: &Case<'_>, input: &Input, engine: &mut Running, report: &mut Report) {
    report.rules += 1;
    let store = Store::new(case.store, case.rule);
    // A checker reads the query alone; of the events it sees the columns.
    let made = if matches!(engine, Running::Checker(_)) { Vec::new() } else { case.made.events(case.rule) };
    let matcher = Matcher::new(store.rule());
    let mut rows: Vec<Event> = Vec::new();
    let mut left_out = LeftOut::default();
    let mut seen = HashSet::new();
    let mut mode = Mode::Fold;
    for event in input.events.iter().chain(&made) {
        let stored = match store.project(event) {
            Ok(stored) => stored,
            Err(why) => {
                left_out.note(why.to_string(), false, report);
                continue;
            }
        };
        if !seen.insert(serde_json::to_string(&stored.0).unwrap_or_default()) {
            continue;
        }
        match (case.spec.exclude)(store.rule(), case.query, &stored) {
            Ok(asked) => {
                mode = asked;
                rows.push(stored);
            }
            Err(why) => left_out.note(why.to_owned(), matcher.matches(&stored), report),
        }
    }
    if rows.is_empty() && !matches!(engine, Running::Checker(_)) {
        report.leave_out_rule(main_reason(&left_out.all));
        return;
    }
    let table = store.table(TABLE, rows.clone());
    match ask(engine, &table, case.query, mode) {
        Ok(Some(selected)) => {
            if judge(case, &matcher, &rows, &selected, report) == 0 {
                report.leave_unmatched(main_reason(&left_out.matching));
            }
        }
        Ok(None) => {}
        Err(words) => report.fail(case.rule, case.query, &words),
    }
}

/// Why events of a rule were left out, with their numbers.
#[derive(Default)]
struct LeftOut {
    all: BTreeMap<String, usize>,
    /// Those that match.
    matching: BTreeMap<String, usize>,
}

impl LeftOut {
    fn note(&mut self, why: String, matches: bool, report: &mut Report) {
        report.exclude(why.clone());
        if matches {
            *self.matching.entry(why.clone()).or_default() += 1;
        }
        *self.all.entry(why).or_default() += 1;
    }
}

/// The construct that took the most.
fn main_reason(whys: &BTreeMap<String, usize>) -> Option<String> {
    whys.iter().max_by_key(|(_, n)| **n).map(|(why, _)| why.clone())
}

/// Compares the rows that were selected with the interpreter's verdicts; how many matched.
fn judge(
    case: &Case<'_>,
    matcher: &Matcher<'_>,
    rows: &[Event],
    selected: &BTreeSet<usize>,
    report: &mut Report,
) -> usize {
    let mut matches = 0;
    for (number, row) in rows.iter().enumerate() {
        let expected = matcher.matches(row);
        matches += usize::from(expected);
        if expected != selected.contains(&number) {
            report.differ(case.rule, case.query, row, expected);
        }
    }
    report.events += rows.len();
    report.matches += matches;
    report.rules_matched += usize::from(matches > 0);
    matches
}

/// The rows that the query selects; `None` from an engine that only reads queries.
fn ask(engine: &mut Running, table: &Table, query: &str, mode: Mode) -> Result<Option<BTreeSet<usize>>, String> {
    match engine {
        Running::Own(engine) => {
            engine.load(table).and_then(|()| engine.query(query)).map(Some).map_err(|e| e.to_string())
        }
        Running::Process(process) => {
            process.load(table).map_err(|e| format!("loading: {e}"))?;
            let selected = match mode {
                Mode::Fold => process.query(query),
                Mode::Exact => process.query_exact(query),
            };
            selected.map(Some).map_err(|e| e.to_string())
        }
        Running::Lucene(pipe) => {
            lucene::load(pipe, table).map_err(|e| format!("loading: {e}"))?;
            lucene::ask(pipe, query).map(Some)
        }
        Running::Checker(pipe) => check_syntax(pipe, table, query).map(|()| None),
    }
}

/// Asks Microsoft's binder whether the query is KQL over a table of these columns.
fn check_syntax(pipe: &mut Pipe, table: &Table, query: &str) -> Result<(), String> {
    let kind = |kind| if kind == ColumnKind::Real { "real" } else { "string" };
    let columns: Vec<_> = table.columns.iter().map(|c| json!([c.name, kind(c.kind)])).collect();
    pipe.ask(&json!({"table": table.name, "columns": columns}))?;
    let answer = pipe.ask(&json!({"query": query}))?;
    match answer.get("diagnostics").and_then(|d| d.as_array()) {
        Some(found) if found.is_empty() => Ok(()),
        _ => Err(answer.to_string()),
    }
}

/// A library that is not there is one thing, a broken one another: that says so in its own words.
#[test]
fn a_broken_engine_is_not_an_absent_one() {
    if !std::process::Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return println!("skipped: python3 not installed");
    }
    let libraries = std::env::temp_dir().join(format!("sigmaglot-broken-{}", std::process::id()));
    std::fs::create_dir_all(&libraries).expect("a directory for libraries");
    let library =
        |name: &str, text: &str| std::fs::write(libraries.join(name), text).expect("a library can be written");
    let path = format!("PYTHONPATH={}", libraries.display());
    let command = ["env", &path, "python3", "-S", &pipe::program("runner.py"), "duckdb"].map(str::to_owned);
    let absent = start(&command);
    library("pyarrow.py", "");
    library("duckdb.py", "raise ImportError('libduckdb.so is of another machine')");
    let broken = start(&command);
    assert!(matches!(absent, Ok(None)), "{:?}", absent.err());
    assert!(broken.as_ref().is_err_and(|words| words.contains("of another machine")), "{:?}", broken.err());
}
