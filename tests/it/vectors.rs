//! The vectors: a rule, an event, and whether the rule must match it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::sigma;
use sigmaglot::source::Source;

/// A line of the file.
#[derive(Deserialize)]
struct Vector {
    name: String,
    rule: String,
    event: serde_json::Map<String, serde_json::Value>,
    #[serde(rename = "match")]
    matches: bool,
    why: String,
    #[serde(default)]
    placeholders: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

fn vectors() -> Option<PathBuf> {
    let path = std::env::var_os("SIGMAGLOT_VECTORS").map_or_else(|| "../shared/vectors".into(), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: vectors not found at {}", path.display());
    None
}

/// Why the vector fails, if it does.
fn failure(vector: &Vector) -> Option<String> {
    let source = Source::new(vector.name.as_str(), vector.rule.as_str());
    let read = sigma::read(
        &source,
        &sigma::Options { placeholders: vector.placeholders.clone(), ..sigma::Options::default() },
    );
    if let Some(error) = read.diagnostics.iter().find(|d| d.is_error()) {
        return Some(format!("not read: {error}"));
    }
    if read.rules.is_empty() {
        return Some("no rule was read".into());
    }
    let event = Event(vector.event.clone());
    let matchers: Vec<Matcher> = read.rules.iter().map(Matcher::new).collect();
    let matched = matchers.iter().any(|matcher| matcher.matches(&event));
    if matched == vector.matches {
        return None;
    }
    let traces: String = matchers.iter().map(|matcher| matcher.trace(&event).to_string()).collect();
    Some(format!("{} although {}\n{traces}", if matched { "matches" } else { "does not match" }, vector.why))
}

#[test]
fn every_vector_gives_its_verdict() {
    let Some(path) = vectors() else { return };
    let text = std::fs::read_to_string(path.join("vectors_dev.jsonl")).expect("the vectors can be read");
    let all: Vec<Vector> =
        text.lines().map(|line| serde_json::from_str(line).expect("a vector is a JSON object")).collect();
    assert!(all.len() >= 400, "{} vectors only", all.len());
    let failures: Vec<String> = all.iter().filter_map(|v| failure(v).map(|why| format!("{}: {why}", v.name))).collect();
    assert!(failures.is_empty(), "{} of {} vectors fail\n{}", failures.len(), all.len(), failures.join("\n"));
}
