//! Lucene itself: `LuceneRunner.java` on Debian's packages, asked with Query DSL.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use sigmaglot::lang::eql;
use sigmaglot::verify::engine::{Column, ColumnKind, Table};

use crate::dsl;
use crate::pipe::{self, Pipe};

/// Where Debian puts Lucene.
const LIBRARIES: &str = "/usr/share/java";
/// The parts of Lucene that the runner needs, without their versions.
const PARTS: [&str; 2] = ["lucene-core-8.", "lucene-misc-8."];

/// Starts Lucene; `None` where Java or Lucene is not installed.
pub fn start() -> Result<Option<Pipe>, String> {
    let Some(path) = class_path(Path::new(LIBRARIES)) else { return Ok(None) };
    // Run from its source, which needs the compiler of a JDK.
    let command = ["java", "-Xshare:auto", "-XX:+UseSerialGC", "-cp", &path, &pipe::program("LuceneRunner.java")];
    Pipe::start(&command.map(str::to_owned))
}

fn class_path(libraries: &Path) -> Option<String> {
    let names: Vec<String> = std::fs::read_dir(libraries)
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".jar"))
        .collect();
    let find = |part: &&str| names.iter().find(|name| name.starts_with(part));
    let found: Vec<String> =
        PARTS.iter().filter_map(find).map(|name| libraries.join(name).display().to_string()).collect();
    (found.len() == PARTS.len()).then(|| found.join(":"))
}

/// Gives Lucene the rows of a table.
pub fn load(lucene: &mut Pipe, table: &Table) -> Result<(), String> {
    let fields: BTreeMap<&str, &str> =
        table.columns.iter().map(|column| (column.name.as_str(), kind(column))).collect();
    let document = |row: &sigmaglot::interp::Event| {
        let values = |column: &Column| match row.0.get(&column.name)? {
            Value::Array(values) => Some((column.name.clone(), json!(values))),
            value => Some((column.name.clone(), json!([value]))),
        };
        Value::Object(table.columns.iter().filter_map(values).collect())
    };
    let documents: Vec<Value> = table.rows.iter().map(document).collect();
    lucene.ask(&json!({"fields": fields, "documents": documents})).map(|_| ())
}

fn kind(column: &Column) -> &'static str {
    match column.kind {
        ColumnKind::Integer => "long",
        ColumnKind::Real => "double",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Ip => "ip",
        _ => "keyword",
    }
}

/// Whether a query is one that Lucene runs without scripts.
pub fn can_run(query: &str) -> Result<(), &'static str> {
    match eql::parse(query) {
        Ok(query) => dsl::translate(&query).map(|_| ()),
        Err(_) => Ok(()), // it is asked, and fails
    }
}

/// The rows that the query selects.
pub fn ask(lucene: &mut Pipe, query: &str) -> Result<BTreeSet<usize>, String> {
    let query = eql::parse(query).map_err(|error| error.to_string())?;
    let answer = lucene.ask(&json!({"search": dsl::translate(&query)?}))?;
    let rows = answer.get("rows").and_then(Value::as_array).ok_or_else(|| answer.to_string())?;
    rows.iter().map(|row| row.as_u64().map(|n| n as usize).ok_or_else(|| row.to_string())).collect()
}
