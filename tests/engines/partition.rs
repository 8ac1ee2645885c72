//! Three parts make a whole: of any rows, those where a query's condition holds, where its negation does and where it is null are each
//! row once. No reference is needed, so a mistake of three-valued logic shows even where the interpreter shared it.

use std::collections::BTreeSet;

use serde_json::Map;
use sigmaglot::interp::Event;
use sigmaglot::target::{Options, Target, Templates};
use sigmaglot::verify::engine::{ColumnKind, Engine, EngineError, Sqlite, Table};
use sigmaglot::verify::store::Store;

use crate::common::sample;
use crate::{engines, pipe, rules};

/// The table that queries ask.
const TABLE: &str = "events";
/// Of the run's rules one of so many is taken.
const STEP: usize = 6;
/// The most events of a rule.
const EVENTS: usize = 60;

/// The engines of SQL, and of how many of the rules each is asked: Spark plans each query anew.
const ENGINES: [(&str, &str, usize); 5] = [
    ("sqlite", "sql", 1),
    ("duckdb", "sql:duckdb", 1),
    ("postgres", "sql:postgres", 1),
    ("clickhouse", "sql:clickhouse", 1),
    ("spark", "sql:spark", 8),
];

/// A running engine; `None` where it is not installed.
fn start(name: &str) -> Option<Box<dyn Engine>> {
    if name == "sqlite" {
        return Some(Box::new(Sqlite::new().unwrap_or_else(|e| panic!("{e}"))));
    }
    let python = pipe::directory().join("venv/bin/python");
    if !python.exists() {
        return None;
    }
    let command = [python.display().to_string(), pipe::program("runner.py"), name.to_owned()];
    engines::start(&command).unwrap_or_else(|e| panic!("{name}: {e}")).map(|process| Box::new(process) as _)
}

/// A row without any value, and each row with one of its values missing in turn: what is null decides here.
fn with_nulls(events: Vec<Event>) -> Vec<Event> {
    let mut out = vec![Event(Map::new())];
    for (number, event) in events.into_iter().enumerate() {
        let name = event.0.keys().nth(number % event.0.len().max(1)).cloned();
        if let Some(name) = name {
            let mut fewer = event.clone();
            fewer.0.shift_remove(&name);
            out.push(fewer);
        }
        out.push(event);
    }
    out
}

/// The rows of the query, of its negation, and of neither.
fn parts(engine: &mut dyn Engine, table: &Table, query: &str) -> Result<[BTreeSet<usize>; 3], EngineError> {
    let at = query.find(" WHERE ").ok_or_else(|| EngineError::Rejected("a query without WHERE".to_owned()))?;
    let (head, condition) = (&query[..at], &query[at + " WHERE ".len()..]);
    engine.load(table)?;
    Ok([
        engine.query(query)?,
        engine.query(&format!("{head} WHERE NOT ({condition}\n)"))?,
        engine.query(&format!("{head} WHERE ({condition}\n) IS NULL"))?,
    ])
}

#[test]
fn a_condition_its_negation_and_null_are_all_rows_once() {
    let Some(input) = rules::input() else { return };
    let taken = sample::every(sample::step(STEP), "rules, for partitions", &input.rules);
    let mut wrong = Vec::new();
    for (name, target, step) in ENGINES {
        let Some(mut engine) = start(name) else {
            engines::say_skipped(name);
            continue;
        };
        let loaded = Target::load(target, &Templates::embedded()).unwrap_or_else(|e| panic!("{target}: {e}"));
        let store = loaded.manifest().store.as_ref().unwrap_or_else(|| panic!("{target} has no store"));
        let mut session = loaded.session();
        let (mut asked, mut refused, mut empty, mut sizes) = (0, 0, 0, [0; 3]);
        for (rule, made) in taken.iter().step_by(step) {
            let options = Options { table: Some(TABLE.to_owned()), ..Options::default() };
            let Some(query) = session.convert(rule, &options).query else {
                refused += 1;
                continue;
            };
            let store = Store::new(store, rule);
            let events = made.events(rule).into_iter().take(EVENTS).collect();
            let rows: Vec<Event> = with_nulls(events).iter().filter_map(|event| store.project(event).ok()).collect();
            if rows.is_empty() {
                empty += 1;
                continue;
            }
            let table = store.table(TABLE, rows);
            debug_assert!(table.columns.iter().all(|column| column.kind != ColumnKind::Document));
            match parts(engine.as_mut(), &table, &query) {
                Ok(parts) => {
                    asked += 1;
                    let all: BTreeSet<usize> = parts.iter().flatten().copied().collect();
                    let sum: usize = parts.iter().map(BTreeSet::len).sum();
                    if sum != table.rows.len() || all.len() != sum {
                        let lost: Vec<&Event> = (0..table.rows.len())
                            .filter(|n| !all.contains(n))
                            .filter_map(|n| table.rows.get(n))
                            .collect();
                        wrong.push(format!("{name}: {sum} of {} rows, {lost:?} in none: {query}", table.rows.len()));
                    }
                    sizes.iter_mut().zip(&parts).for_each(|(size, part)| *size += part.len());
                }
                Err(words) => wrong.push(format!("{name}: {words}: {query}")),
            }
        }
        sample::say(&format!(
            "{name}: {asked} conditions partition their rows: {} hold, {} do not, {} are null; left out: {refused} rules refused, \
             {empty} without a row, {} by the step of {step}",
            sizes[0],
            sizes[1],
            sizes[2],
            taken.len() - taken.len().div_ceil(step),
        ));
    }
    assert!(
        wrong.is_empty(),
        "{} findings, some:\n{}",
        wrong.len(),
        wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
    );
}
