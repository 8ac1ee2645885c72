//! Facts: each table, field and constant that a mapping can write, looked up in documents and schemas. `SIGMAGLOT_WRITE_DOCS=1` writes
//! docs/facts.md; what is unseen is listed in `unseen/NAME.tsv`, and the lists only get shorter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use sigmaglot::mapping::{self, Options, Written, builtin};

use crate::common::figures;

use super::{is_wanted, listed, pipeline, root, writes};

/// What is known of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Seen,
    Schema,
    Unseen,
}

/// What judges a mapping.
#[derive(Default)]
struct Judge {
    /// Which product, in which version.
    versions: String,
    /// Tables and fields in documents; names without a table where the product has one for all.
    seen: BTreeSet<(String, String)>,
    tables: BTreeMap<String, State>,
    declared: BTreeSet<(String, String)>,
    /// Objects with any names in them.
    open: Vec<String>,
    values: BTreeMap<(String, String), BTreeSet<String>>,
    /// Values that published queries ask for.
    asked: BTreeMap<(String, String), BTreeSet<String>>,
}

/// The mappings to Elastic with the packages whose documents and fields judge them.
const ELASTIC: &[(&str, &[&str])] = &[
    ("crowdstrike-fdr", &["crowdstrike", "crowdstrike-newer"]),
    ("m365-defender", &["m365_defender"]),
    ("sentinelone", &["sentinel_one_cloud_funnel"]),
    ("endgame", &["endgame"]),
    ("elastic-defend", &["endpoint"]),
    ("ecs-windows", &["windows", "pairs-windows", "system", "winlogbeat"]),
    ("winlogbeat", &["windows", "pairs-windows", "winlogbeat"]),
    ("ecs-linux", &["auditd", "sysmon_linux", "system"]),
    (
        "ecs-cloud",
        &[
            "aws",
            "azure",
            "gcp",
            "okta",
            "github",
            "o365",
            "google_workspace",
            "kubernetes",
            "cisco_duo",
            "atlassian_bitbucket",
        ],
    ),
    (
        "ecs-network",
        &[
            "zeek",
            "apache",
            "nginx",
            "iis",
            "squid",
            "network_traffic",
            "fortinet_fortigate",
            "netflow",
            "zscaler_zia",
            "panw",
            "cisco_asa",
            "cisco_ftd",
        ],
    ),
];

const MICROSOFT: &[&str] = &[
    "defender-xdr",
    "sentinel-asim",
    "sentinel-cloud",
    "sentinel-securityevent",
    "sentinel-syslog",
    "sentinel-sysmon",
    "sentinel-zeek",
];
const SPLUNK: &[&str] = &[
    "splunk-cim",
    "splunk-cim-tstats",
    "splunk-cloud",
    "splunk-linux",
    "splunk-macos",
    "splunk-network",
    "splunk-windows",
    "splunk-windows-classic",
];

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The rows of a table without its head.
fn rows(path: &Path) -> Vec<Vec<String>> {
    text(path).lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn cell(row: &[String], number: usize) -> &str {
    row.get(number).map_or("", String::as_str)
}

fn key(table: &str, field: &str) -> (String, String) {
    (table.to_owned(), field.to_owned())
}

impl Judge {
    /// All paths of a document, with their values.
    fn learn(&mut self, table: &str, value: &Value, path: &str) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.seen.insert(key(table, &path));
                    self.learn(table, value, &path);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(table, item, path)),
            Value::Null => {}
            scalar => {
                let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
                self.values.entry(key(table, path)).or_default().insert(text.to_lowercase());
            }
        }
    }

    fn field(&self, table: &str, field: &str) -> State {
        let key = key(table, field);
        let is_open = || self.open.iter().any(|open| field.starts_with(&format!("{open}.")));
        match () {
            () if self.seen.contains(&key) => State::Seen,
            () if self.declared.contains(&key) || is_open() => State::Schema,
            () => State::Unseen,
        }
    }

    fn constant(&self, table: &str, field: &str, value: &str) -> State {
        let has = |values: &BTreeMap<(String, String), BTreeSet<String>>| {
            values.get(&key(table, field)).is_some_and(|values| values.contains(&value.to_lowercase()))
        };
        match () {
            () if has(&self.values) => State::Seen,
            () if has(&self.asked) => State::Schema,
            () => State::Unseen,
        }
    }
}

/// Documents and fields of Elastic's packages.
fn elastic(root: &Path, packages: &[&str]) -> Judge {
    let folder = root.join("elastic");
    let mut judge = Judge::default();
    for package in packages {
        for line in text(&folder.join(format!("{package}.jsonl"))).lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_default();
            judge.learn("", &value["document"], "");
            let source = value["source"].as_str().unwrap_or_default();
            if let (Some(name), Some((_, stream))) = (source.split(' ').next(), source.split_once("data_stream/")) {
                let set = format!("{name}.{}", stream.split('/').next().unwrap_or_default());
                judge.learn("", &serde_json::json!({"event": {"dataset": set}, "data_stream": {"dataset": set}}), "");
            }
        }
        for row in rows(&folder.join(format!("fields-{package}.tsv"))) {
            judge.declare(&row);
        }
    }
    for row in rows(&folder.join("fields-ecs.tsv")) {
        judge.declare(&row);
    }
    for row in rows(&folder.join("rule-constants.tsv")) {
        judge.asked.entry(key("", cell(&row, 0))).or_default().insert(cell(&row, 1).to_lowercase());
    }
    for category in judge.values.get(&key("", "event.category")).cloned().unwrap_or_default() {
        judge.tables.insert(category, State::Seen);
    }
    judge.tables.insert("any".to_owned(), State::Seen);
    let manifest: BTreeSet<String> =
        rows(&folder.join("manifest.tsv")).iter().map(|row| format!("{} {}", cell(row, 0), cell(row, 1))).collect();
    let is_own = |known: &&String| {
        packages.iter().any(|package| known.split(' ').next() == Some(package.trim_start_matches("pairs-")))
    };
    let versions: Vec<&str> = manifest.iter().filter(is_own).map(String::as_str).collect();
    judge.versions =
        format!("Elastic: {}; ECS 9.5.0", if versions.is_empty() { packages.join(", ") } else { versions.join(", ") });
    judge
}

impl Judge {
    /// A row of a list of fields: name and type.
    fn declare(&mut self, row: &[String]) {
        let (name, kind) = (cell(row, 0), cell(row, 1));
        self.declared.insert(key("", name));
        if kind.starts_with("flattened") || kind.starts_with("object") {
            self.open.push(name.to_owned());
        }
    }
}

/// Tables, rows and public queries of Microsoft's products.
fn microsoft(root: &Path, mapping: &str) -> Judge {
    let folder = root.join("microsoft");
    let mut judge = Judge::default();
    let sets: &[&str] = if mapping == "defender-xdr" { &["xdr"] } else { &["sentinel", "asim", "custom"] };
    for row in rows(&folder.join("schemas.tsv")).iter().filter(|row| sets.contains(&cell(row, 3))) {
        judge.declared.insert(key(cell(row, 0), cell(row, 1)));
        judge.tables.insert(cell(row, 0).to_owned(), State::Schema);
    }
    // The parser has another name by now, and columns more.
    for row in rows(&folder.join("schemas.tsv")).iter().filter(|row| cell(row, 0) == "GitHubAudit") {
        judge.declared.insert(key("GitHubAuditData", cell(row, 1)));
        judge.tables.insert("GitHubAuditData".to_owned(), State::Schema);
    }
    if sets.contains(&"asim") {
        for row in rows(&folder.join("asim-parsers.tsv")) {
            let schema = match cell(&row, 0) {
                "ProcessEvent" => "ProcessCreate",
                other => other,
            };
            judge.declared.insert(key(&format!("_Im_{schema}"), cell(&row, 2)));
        }
    }
    let mut files: Vec<_> = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Some(table) = name.strip_prefix("rows-") else { continue };
        judge.tables.insert(table.to_owned(), State::Seen);
        for line in text(&path).lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_default();
            judge.learn(table, &value["row"], "");
        }
    }
    for (file, column) in [("actions.tsv", 1), ("actions-providers.tsv", 1)] {
        for row in rows(&folder.join(file)) {
            judge.asked.entry(key(cell(&row, 0), "ActionType")).or_default().insert(cell(&row, column).to_lowercase());
        }
    }
    for row in rows(&folder.join("usage.tsv")) {
        let values = judge.asked.entry(key(cell(&row, 0), cell(&row, 1))).or_default();
        values.extend(cell(&row, 5).split(" ¦ ").map(|value| value.trim_matches('"').to_lowercase()));
    }
    judge.versions =
        "Microsoft: tables as documented in 2024-09, rows of 2019 to 2026, public queries to 2026-08".to_owned();
    judge
}

/// Splunk's data models, data sources and add-ons.
fn splunk(root: &Path, mapping: &str) -> Judge {
    let folder = root.join("splunk");
    let mut judge = Judge::default();
    if mapping.starts_with("splunk-cim") {
        for row in rows(&folder.join("cim-fields.tsv")).iter().filter(|row| cell(row, 5) == "y") {
            judge.tables.insert(cell(row, 0).to_owned(), State::Schema);
            judge.declared.insert(key(cell(row, 0), cell(row, 1)));
            judge.declared.insert(key("", cell(row, 1)));
        }
        judge.declared.insert(key("", "tag"));
        for row in rows(&folder.join("cim-nodes.tsv")) {
            for tag in cell(&row, 2).split("tag=").skip(1) {
                let tag = tag.split([' ', ')', '(']).next().unwrap_or_default().trim_matches('"');
                judge.asked.entry(key("", "tag")).or_default().insert(tag.to_lowercase());
            }
        }
        judge.versions = "Splunk Common Information Model 4.20".to_owned();
        return judge;
    }
    for line in text(&folder.join("xml-pairs.jsonl")).lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        judge.learn("", &value["fields"], "");
    }
    for line in text(&folder.join("data-sources.jsonl")).lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        for field in value["fields"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            judge.seen.insert(key("", field));
        }
        judge.learn("", &serde_json::json!({"source": value["source"], "sourcetype": value["sourcetype"]}), "");
    }
    for row in rows(&folder.join("ta-sourcetypes.tsv")) {
        let stanza = cell(&row, 3);
        let (field, name) = match stanza.strip_prefix("source::") {
            Some(name) => ("source", name),
            None => ("sourcetype", stanza),
        };
        judge.asked.entry(key("", field)).or_default().insert(name.to_lowercase());
    }
    let definition = Regex::new(r#"\b(source|sourcetype|index)\s*=\s*"?([^\s")]+)"#).expect("a regex");
    for file in ["macros.tsv", "macros-escu-6.0.tsv"] {
        for row in rows(&folder.join(file)) {
            for found in definition.captures_iter(cell(&row, 1)) {
                judge.asked.entry(key("", &found[1])).or_default().insert(found[2].to_lowercase());
            }
        }
    }
    judge.declared.extend(["source", "sourcetype", "index", "host", "_raw"].map(|name| key("", name)));
    judge.versions =
        "Splunk: fields of data sources in security content of 2024-10, add-ons and ESCU 6.0 of 2026".to_owned();
    judge
}

/// Classes of OCSF, and columns of Zircolite.
fn sql(root: &Path, mapping: &str) -> Judge {
    let folder = root.join("splunk");
    let mut judge = Judge::default();
    if mapping == "sql-ocsf" {
        for row in rows(&folder.join("ocsf-paths.tsv")).iter().filter(|row| cell(row, 4) == "y") {
            judge.declared.insert(key("", cell(row, 2)));
        }
        judge.versions = "OCSF 1.1.0".to_owned();
    } else {
        for row in rows(&folder.join("zircolite-fields.tsv")) {
            judge.declared.insert(key("", cell(&row, 1)));
        }
        judge.versions = "Zircolite's list of fields".to_owned();
    }
    judge
}

/// What judges a mapping; `None` where nothing does.
fn judge(root: &Path, mapping: &str) -> Option<Judge> {
    if let Some((_, packages)) = ELASTIC.iter().find(|(name, _)| *name == mapping) {
        return Some(elastic(root, packages));
    }
    match mapping {
        _ if MICROSOFT.contains(&mapping) => Some(microsoft(root, mapping)),
        _ if SPLUNK.contains(&mapping) => Some(splunk(root, mapping)),
        "sql-ocsf" | "sql-evtx" => Some(sql(root, mapping)),
        _ => None,
    }
}

/// A fact with its state.
type Fact = (&'static str, String, String, State);

/// All that a mapping can write, judged: kind, table, name.
fn facts(written: &Written, judge: &Judge) -> Vec<Fact> {
    let mut out: Vec<Fact> = Vec::new();
    // Some products have one set of fields for all tables.
    let per_table = |table: &str| judge.seen.iter().chain(&judge.declared).any(|(known, _)| known == table);
    let place = |table: &str| if per_table(table) { table.to_owned() } else { String::new() };
    for table in &written.tables {
        let known = judge.tables.get(&**table).copied();
        out.push(("table", table.to_string(), String::new(), known.unwrap_or(State::Unseen)));
    }
    for (table, field) in &written.fields {
        if written.computed.contains_key(&(table.clone(), field.clone())) {
            continue;
        }
        out.push(("field", table.to_string(), field.to_string(), judge.field(&place(table), field)));
    }
    for ((table, _), expr) in &written.computed {
        for column in columns(expr) {
            let fact: Fact = ("field", table.to_string(), column.clone(), judge.field(&place(table), &column));
            if !out.contains(&fact) {
                out.push(fact);
            }
        }
    }
    for (table, field, value) in &written.constants {
        if written.computed.contains_key(&(table.clone(), field.clone())) {
            continue;
        }
        let state = judge.constant(&place(table), field, value);
        out.push(("constant", table.to_string(), format!("{field} = {value}"), state));
    }
    out.sort();
    out
}

/// The columns that an expression of KQL reads.
fn columns(expr: &str) -> BTreeSet<String> {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"@?"[^"]*"|'[^']*'|\.\s*\w+|\w+\s*\(|([A-Za-z_]\w*)"#).expect("a regex"));
    let words = WORD.captures_iter(expr).filter_map(|found| found.get(1));
    words
        .map(|word| word.as_str().to_owned())
        .filter(|word| !matches!(word.as_str(), "and" | "or" | "true" | "false" | "endswith" | "contains" | "in"))
        .collect()
}

fn targets(mapping: &str) -> &'static str {
    match mapping {
        _ if ELASTIC.iter().any(|(name, _)| *name == mapping) => "eql",
        _ if MICROSOFT.contains(&mapping) => "kql",
        _ if SPLUNK.contains(&mapping) => "spl",
        "sql-ocsf" => "sql:duckdb",
        _ => "sql",
    }
}

#[test]
fn what_a_mapping_writes_is_looked_up_in_documents_and_schemas() {
    let Some(root) = root() else { return };
    let (mut head, mut body, mut failed) = (String::new(), String::new(), Vec::new());
    let mut figures = Vec::new();
    for name in builtin::names().into_iter().filter(|name| is_wanted(name)) {
        let Some(judge) = judge(&root, name) else {
            let _ = writeln!(head, "| `{name}` | nothing | | | | |");
            continue;
        };
        let pipeline = pipeline(name);
        let chain = mapping::resolve([&pipeline], targets(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let facts = facts(&chain.written(&Options::default()), &judge);
        let count = |state| facts.iter().filter(|fact| fact.3 == state).count();
        let (seen, schema, unseen) = (count(State::Seen), count(State::Schema), count(State::Unseen));
        let _ = writeln!(head, "| `{name}` | {} | {} | {seen} | {schema} | {unseen} |", judge.versions, facts.len());
        figures.push([name.to_owned(), facts.len().to_string(), unseen.to_string()].to_vec());
        section(&mut body, name, &judge, &facts);
        let unseen = facts.iter().filter(|fact| fact.3 == State::Unseen);
        let entry = || listed::Entry { number: 1, ..listed::Entry::default() };
        let lines = unseen.map(|(kind, table, name, _)| (format!("{kind}\t{table}\t{name}"), entry())).collect();
        failed.extend(listed::hold("unseen", name, &lines));
    }
    println!("{head}");
    if writes() && std::env::var_os("SIGMAGLOT_MAPPING").is_none() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/facts.md");
        fs::write(&page, format!("{HEAD}{head}{body}")).expect("docs/facts.md can be written");
        figures::write("facts", &["mapping", "facts", "unseen"], &figures);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

const HEAD: &str = "# Facts of the mappings\n\n\
    What each mapping of the program can write into a query, looked up in what the product says of itself: documents and rows that it stored, \
    declared\nfields, schemas, published queries. *Seen* stands in a document. *Schema only* is declared, or asked for by a published query, and \
    in no document. *Unseen* is\nclaimed by the mapping and shown by nothing: it may be right, of another version, or wrong. \
    What documents show to be wrong is another\nquestion; [documents.md](documents.md) says how it is asked.\n\n\
    This page is written by\n\n\
    ```console\n$ SIGMAGLOT_WRITE_DOCS=1 cargo test --test it documents::facts\n```\n\n\
    | mapping | judged by | facts | seen | schema only | unseen |\n|---|---|---:|---:|---:|---:|\n";

/// The table of a mapping.
fn section(out: &mut String, name: &str, judge: &Judge, facts: &[Fact]) {
    let _ = writeln!(out, "\n## {name}\n\nJudged by {}.\n", judge.versions);
    out.push_str("| what | table | seen | schema only | unseen |\n|---|---|---|---|---|\n");
    let mut groups: BTreeMap<(&str, &str), BTreeMap<State, Vec<String>>> = BTreeMap::new();
    for (kind, table, name, state) in facts {
        let (table, name) = if name.is_empty() { ("", table) } else { (table.as_str(), name) };
        let name = format!("`{}`", name.replace('|', "\\|"));
        groups.entry((*kind, table)).or_default().entry(*state).or_default().push(name);
    }
    for ((kind, table), states) in groups {
        let cell = |state| states.get(&state).map(|names| names.join(", ")).unwrap_or_default();
        let (seen, schema, unseen) = (cell(State::Seen), cell(State::Schema), cell(State::Unseen));
        let table = if table.is_empty() { String::new() } else { format!("`{table}`") };
        let _ = writeln!(out, "| {kind} | {table} | {seen} | {schema} | {unseen} |");
    }
}

#[test]
fn the_columns_of_an_expression_are_found() {
    let expr =
        r#"iff(ActionType == "InboundConnectionAccepted", extract(@"^(?:a)", 1, RemoteUrl), parse_json(Fields).Key)"#;
    let found: Vec<String> = columns(expr).into_iter().collect();
    assert_eq!(found, ["ActionType", "Fields", "RemoteUrl"]);
}
