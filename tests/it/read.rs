//! The front end against the shared vectors and the corpus of rules, through the public API.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use sigmaglot::diagnostic::{Diagnostic, Severity, codes};
use sigmaglot::ir::Piece;
use sigmaglot::sigma::{self, Options, Read, UnresolvedPlaceholders};
use sigmaglot::source::Source;

/// A directory named by the environment or beside the repository; `None` with a word on stdout where it is absent.
fn shared(variable: &str, default: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable)
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(default), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: corpus not found at {}", path.display());
    None
}

fn vectors(file: &str) -> Vec<Value> {
    let Some(directory) = shared("SIGMAGLOT_VECTORS", "vectors") else { return Vec::new() };
    let text = std::fs::read_to_string(directory.join(file)).expect("the vectors are readable");
    text.lines().map(|line| serde_json::from_str(line).expect("a vector is JSON")).collect()
}

fn text<'v>(vector: &'v Value, key: &str) -> &'v str {
    vector[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {vector}"))
}

/// Reads the rule of a vector with the vector's placeholders.
fn read(vector: &Value) -> Read {
    let mut options = Options::default();
    for (name, values) in vector["placeholders"].as_object().into_iter().flatten() {
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str).map(Arc::from).collect();
        options.placeholders.insert(name.as_str().into(), values);
    }
    sigma::read(&Source::new(text(vector, "name"), text(vector, "rule")), &options)
}

fn errors(read: &Read) -> Vec<String> {
    read.diagnostics.iter().filter(|d| d.is_error()).map(ToString::to_string).collect()
}

#[test]
fn strings_are_split_as_the_vectors_say() {
    let mut failed = Vec::new();
    for vector in vectors("escape_parse.jsonl") {
        let input = text(&vector, "input");
        let parts: Value = sigma::pattern::parse(input)
            .into_iter()
            .map(|piece| match piece {
                Piece::Literal(text) => json!({"lit": &*text}),
                Piece::AnyString => json!({"any": "*"}),
                Piece::AnyChar => json!({"any": "?"}),
                Piece::OneOf(_) => json!({"set": true}),
            })
            .collect();
        if parts != vector["parts"] {
            failed.push(format!("{input:?}: {parts}, not {}", vector["parts"]));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn rules_that_must_be_rejected_are() {
    let accepted = vectors("reject_dev.jsonl")
        .iter()
        .filter(|vector| {
            let read = read(vector);
            if vector.get("metadata").is_some() {
                // No detection is lost to it, and it is said.
                return read.rules.is_empty() || !read.diagnostics.iter().any(Diagnostic::is_finding);
            }
            !read.rules.is_empty() || errors(&read).is_empty()
        })
        .map(|vector| text(vector, "name").to_owned())
        .collect::<Vec<_>>();
    assert!(accepted.is_empty(), "accepted: {accepted:#?}");
}

#[test]
fn rules_of_the_match_vectors_are_read() {
    let mut failed = Vec::new();
    for vector in vectors("vectors_dev.jsonl") {
        let read = read(&vector);
        if read.rules.is_empty() || !errors(&read).is_empty() {
            failed.push(format!("{}: {:?}", text(&vector, "name"), errors(&read)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The rule files under a directory, sorted.
fn rule_files(directory: &Path, out: &mut Vec<PathBuf>) {
    let mut entries = std::fs::read_dir(directory)
        .expect("a directory of the corpus")
        .map(|entry| entry.expect("an entry of the corpus").path())
        .collect::<Vec<_>>();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rule_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yml") {
            out.push(path);
        }
    }
}

fn corpus(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let Some(root) = shared("SIGMAGLOT_CORPUS", "corpus/sigmahq") else { return out };
    let mut directories = std::fs::read_dir(root).expect("the corpus").flatten().map(|e| e.path()).collect::<Vec<_>>();
    directories.sort();
    for directory in directories {
        let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if directory.is_dir() && wanted(&name) {
            rule_files(&directory, &mut out);
        }
    }
    out
}

fn read_file(path: &Path) -> (Source, Read) {
    let options = Options { unresolved: UnresolvedPlaceholders::Keep, ..Options::default() };
    let bytes = std::fs::read(path).expect("a file of the corpus");
    let source = Source::new(path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned());
    let read = sigma::read(&source, &options);
    (source, read)
}

#[test]
fn every_rule_of_the_corpus_is_read_without_an_error() {
    let files = corpus(|name| name.starts_with("rules"));
    let mut failed = Vec::new();
    let mut counts = BTreeMap::new();
    for path in &files {
        let (_, read) = read_file(path);
        if read.rules.len() != 1 || !errors(&read).is_empty() {
            failed.push(format!("{}: {:?}", path.display(), errors(&read)));
        }
        for diagnostic in &read.diagnostics {
            *counts.entry(diagnostic.code).or_insert(0_usize) += 1;
        }
    }
    println!("{} files, diagnostics: {counts:?}", files.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    // Lints that fire on ordinary rules teach people to ignore them.
    let warnings = counts.values().sum::<usize>();
    assert!(warnings * 20 <= files.len().max(1), "{warnings} diagnostics in {} files: {counts:?}", files.len());
}

#[test]
fn unsupported_rules_of_the_corpus_get_diagnostics() {
    let mut refused = 0;
    let files = corpus(|name| name == "unsupported");
    for path in &files {
        let (source, read) = read_file(path);
        for diagnostic in &read.diagnostics {
            let span = diagnostic.span.unwrap_or_default();
            assert!(source.text().get(span.range()).is_some(), "{}: {diagnostic}", path.display());
        }
        refused += usize::from(read.diagnostics.iter().any(|d| d.code == codes::AGGREGATION));
    }
    assert!(files.is_empty() || refused >= 40, "{refused} of {} have an aggregation", files.len());
}

#[test]
fn the_examples_of_the_pages_give_their_codes() {
    let mut options = Options::default();
    options.placeholders.insert("Hosts".into(), vec!["dc1".into()]);
    for row in codes::TABLE {
        let Some((_, rest)) = row.page.split_once("```yaml rule\n") else { continue };
        let rule = rest.split_once("```").map_or(rest, |(rule, _)| rule);
        let read = sigma::read(&Source::new("example.yml", rule), &options);
        let found = read.diagnostics.iter().find(|d| d.code == row.code);
        let found = found.unwrap_or_else(|| panic!("the example of {} gives {:?}", row.code, read.diagnostics));
        assert_eq!(found.severity, row.severity, "{}", row.code);
        let others = read.diagnostics.iter().filter(|d| d.code != row.code && d.severity > Severity::Note);
        assert_eq!(
            others.collect::<Vec<_>>(),
            Vec::<&Diagnostic>::new(),
            "the example of {} says more than its page",
            row.code
        );
    }
}
