//! Every rule of the corpus that comes with recorded events fires on them, read from the event log and from its JSON.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Cursor};
use std::mem::{Discriminant, discriminant};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sigmaglot::events::{Events, Format};
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::Rule;
use sigmaglot::sigma;
use sigmaglot::source::Source;

/// What is needed of a case's description.
#[derive(Deserialize)]
struct Info {
    rule_metadata: Vec<RuleInfo>,
    #[serde(default)]
    regression_tests_info: Vec<CaseInfo>,
}

#[derive(Deserialize)]
struct RuleInfo {
    id: String,
}

#[derive(Deserialize)]
struct CaseInfo {
    path: String,
    match_count: Option<usize>,
}

/// A recorded log with the rules that must fire on it.
struct Case {
    log: PathBuf,
    rules: Vec<String>,
    match_count: Option<usize>,
}

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("SIGMAGLOT_CORPUS").map_or_else(|| "../shared/corpus/sigmahq".into(), PathBuf::from);
    if path.join("regression_data").is_dir() {
        return Some(path);
    }
    println!("skipped: corpus not found at {}", path.display());
    None
}

/// All files below `dir` with this extension, sorted.
fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ignore::WalkBuilder::new(dir)
        .standard_filters(false)
        .build()
        .flatten()
        .map(|entry| entry.into_path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

fn cases(corpus: &Path) -> Vec<Case> {
    let infos = files(&corpus.join("regression_data"), "yml");
    let of_file = |path: PathBuf| {
        let info: Info = serde_yaml::from_str(&std::fs::read_to_string(&path).expect("a case's description is text"))
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let rules: Vec<String> = info.rule_metadata.into_iter().map(|rule| rule.id).collect();
        info.regression_tests_info.into_iter().map(move |case| Case {
            log: path.with_file_name(Path::new(&case.path).file_name().unwrap_or_default()),
            rules: rules.clone(),
            match_count: case.match_count,
        })
    };
    infos.into_iter().flat_map(of_file).collect()
}

fn read(path: &Path) -> Vec<Event> {
    let name = path.display().to_string();
    let file = BufReader::new(File::open(path).unwrap_or_else(|e| panic!("{name}: {e}")));
    Events::new(file, &name, Format::Auto).map(|event| event.unwrap_or_else(|d| panic!("{d}")).1).collect()
}

fn rules(corpus: &Path, wanted: &[Case]) -> BTreeMap<String, Rule> {
    let wanted: Vec<&str> = wanted.iter().flat_map(|case| &case.rules).map(String::as_str).collect();
    let dirs = ["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance", "rules-dfir"];
    let mut found = BTreeMap::new();
    for path in dirs.iter().flat_map(|dir| files(&corpus.join(dir), "yml")) {
        let text = std::fs::read_to_string(&path).expect("a rule is text");
        if !wanted.iter().any(|id| text.contains(id)) {
            continue;
        }
        let source = Source::new(path.display().to_string(), text);
        for rule in sigma::read(&source, &sigma::Options::default()).rules {
            if let Some(id) = rule.meta.id.clone() {
                found.insert(id.to_string(), rule);
            }
        }
    }
    found
}

#[test]
fn every_rule_fires_on_its_events() {
    let Some(corpus) = corpus() else { return };
    let cases = cases(&corpus);
    assert!(cases.len() >= 100, "the corpus has {} cases only", cases.len());
    let rules = rules(&corpus, &cases);
    let mut failures = Vec::new();
    let mut fired = 0;
    for case in &cases {
        for path in [case.log.clone(), case.log.with_extension("json")] {
            let events = read(&path);
            for id in &case.rules {
                let Some(rule) = rules.get(id) else {
                    failures.push(format!("{id}: the rule was not read"));
                    continue;
                };
                let matcher = Matcher::new(rule);
                let count = events.iter().filter(|event| matcher.matches(event)).count();
                // The corpus counts the records that it describes; a log may hold more of the kind.
                let expected = case.match_count.unwrap_or(1).max(1);
                if count < expected {
                    let trace = events.first().map(|event| matcher.trace(event).to_string()).unwrap_or_default();
                    failures.push(format!("{id}: {count} matches of {expected} in {}\n{trace}", path.display()));
                } else {
                    fired += 1;
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} failures, {fired} fired\n{}", failures.len(), failures.join("\n"));
    println!("{fired} of {fired} rules and files fired");
}

/// The fields of an event and the type of each value.
fn shape(event: &Event) -> Vec<(&str, Discriminant<Value>)> {
    event.0.iter().map(|(name, value)| (name.as_str(), discriminant(value))).collect()
}

/// The preparation of records does not depend on which of the two readers they come through.
#[test]
fn a_log_and_its_json_give_the_same_events() {
    let Some(corpus) = corpus() else { return };
    let mut failures = Vec::new();
    for case in cases(&corpus) {
        let (log, json) = (read(&case.log), read(&case.log.with_extension("json")));
        let in_memory: Vec<Event> =
            Events::new(Cursor::new(std::fs::read(&case.log).expect("the log is there")), "log", Format::Evtx)
                .map(|event| event.unwrap_or_else(|d| panic!("{d}")).1)
                .collect();
        assert_eq!(log, in_memory, "{}", case.log.display());
        if json.is_empty() || log.len() < json.len() {
            failures.push(format!("{}: {} events of {}", case.log.display(), json.len(), log.len()));
        }
        for event in &json {
            // Records are told apart by their number.
            let twin = log.iter().find(|other| other.0.get("EventRecordID") == event.0.get("EventRecordID"));
            let Some(twin) = twin else {
                failures.push(format!("{}: not in the log: {event:?}", case.log.display()));
                continue;
            };
            // Texts may differ: other versions of the tool write GUIDs and fractions of seconds in other ways.
            if shape(event) != shape(twin) {
                failures.push(format!("{}: {:?} and {:?}", case.log.display(), shape(event), shape(twin)));
            }
        }
    }
    assert!(failures.is_empty(), "{} logs differ from their JSON\n{}", failures.len(), failures.join("\n"));
}

/// Bytes that a disk or an attacker changed cost events, never the process.
#[test]
fn damaged_logs_are_read_without_a_panic() {
    let Some(corpus) = corpus() else { return };
    let case = cases(&corpus).into_iter().next().expect("the corpus has cases");
    let whole = std::fs::read(&case.log).expect("the log is there");
    let count = |bytes: Vec<u8>| Events::new(Cursor::new(bytes), "log", Format::Evtx).filter(Result::is_ok).count();
    let all = count(whole.clone());
    assert!(all > 0);
    let mut spoilt = 0;
    for step in 0..400 {
        let mut bytes = whole.clone();
        // Places spread over the header, the chunk's header and the records, by a fixed stride.
        for hit in 0..3 {
            let at = (step * 67 + hit * 4099) % 8192;
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (step % 8);
            }
        }
        bytes.truncate(if step % 5 == 0 { whole.len() * step / 400 } else { whole.len() });
        spoilt += usize::from(count(bytes) < all);
    }
    assert!(spoilt > 0, "some damage must cost an event");
}
