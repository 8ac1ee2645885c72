//! Microsoft's parser and binder of KQL as a process, and the columns that a mapping declares.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value as Json, json};

/// Columns by table, each with its type in Kusto.
pub type Schema = BTreeMap<String, BTreeMap<String, &'static str>>;

/// The columns of the schema of a mapping; those of `computed TABLE` are made by the query itself.
pub fn schema(name: &str) -> Schema {
    let path = format!("mappings/schemas/{name}.yml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let schema: Json = serde_yaml::from_str(&text).expect("a schema is YAML");
    let columns = |table: &Json| {
        let columns = table["columns"].as_object().expect("a map of columns");
        columns.iter().map(|(column, word)| (column.clone(), kusto(word))).collect()
    };
    schema["tables"]
        .as_object()
        .expect("a map of tables")
        .iter()
        .map(|(name, table)| (name.clone(), columns(table)))
        .collect()
}

fn kusto(word: &Json) -> &'static str {
    match word.as_str() {
        Some("text" | "ip") => "string",
        Some("integer") => "long",
        Some("real") => "real",
        Some("boolean") => "bool",
        Some("time") => "datetime",
        Some("dynamic") => "dynamic",
        other => panic!("{other:?} is no type"),
    }
}

/// The process.
pub struct Checker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// The tables that it knows, with the columns beside their own. No two mappings have one of the same name.
    loaded: BTreeMap<String, Vec<String>>,
}

impl Checker {
    /// Starts it; says that the check is skipped where the engines are not installed.
    pub fn start() -> Option<Checker> {
        let default = || std::path::PathBuf::from("target/engines");
        let folder = std::env::var_os("SIGMAGLOT_ENGINES_DIR").map_or_else(default, Into::into);
        if !folder.join("node/node_modules").is_dir() {
            println!("skipped: Microsoft's parser is not installed in {}", folder.display());
            return None;
        }
        let mut child = Command::new("node")
            .arg("tests/engines/kusto_check.mjs")
            .arg(folder.join("node"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().expect("a pipe");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        output.read_line(&mut String::new()).expect("the greeting");
        Some(Checker { child, input, output, loaded: BTreeMap::new() })
    }

    fn ask(&mut self, request: &Json) -> Json {
        writeln!(self.input, "{request}").expect("the process reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the process answers");
        serde_json::from_str(&line).expect("an answer is JSON")
    }

    /// What is wrong with a query over a table of exactly these columns, and some more of text.
    pub fn check(
        &mut self,
        table: &str,
        columns: &BTreeMap<String, &'static str>,
        more: &[String],
        query: &str,
    ) -> Vec<String> {
        if self.loaded.get(table).is_none_or(|loaded| loaded != more) {
            self.loaded.insert(table.to_owned(), more.to_vec());
            let mut columns: Vec<Json> = columns.iter().map(|(name, kind)| json!([name, kind])).collect();
            columns.extend(more.iter().map(|name| json!([name, "string"])));
            self.ask(&json!({ "table": table, "columns": columns }));
        }
        let answer = self.ask(&json!({ "query": query }));
        let diagnostics = answer["diagnostics"].as_array().unwrap_or_else(|| panic!("{answer}"));
        diagnostics.iter().map(|d| d["message"].to_string()).collect()
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
