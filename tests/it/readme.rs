//! What the README shows is what the program does.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir;
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{NAMES, Options, Target, Templates};

const README: &str = include_str!("../../README.md");

/// The texts of the blocks with this info string.
fn blocks(info: &str) -> Vec<&'static str> {
    let open = format!("\n```{info}\n");
    README.split(&open).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

fn example() -> ir::Rule {
    let text = blocks("yaml").first().copied().unwrap_or_default();
    let read = sigma::read(&Source::new("node.yml", text), &sigma::Options::default());
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    let mut rule = read.rules.into_iter().next().unwrap_or_else(|| panic!("the README has a rule"));
    rule.condition = ir::normalize(rule.condition);
    rule
}

#[test]
fn the_example_becomes_the_queries_shown() {
    let rule = example();
    for name in ["eql", "kql", "spl", "sql"] {
        let target = Target::load(name, &Templates::embedded()).unwrap_or_else(|e| panic!("{}", e.message));
        let query = target.convert(&rule, &Options::default()).query.unwrap_or_default();
        assert_eq!(blocks(name), [query], "{name}");
    }
}

/// The session with `run`: the event before the pipe, the match below the command.
#[test]
fn the_example_matches_as_shown() {
    let session = blocks("console").into_iter().find(|block| block.contains("sigmaglot run")).unwrap_or_default();
    let (command, matched) = session.split_once('\n').unwrap_or_default();
    let event = command.split('\'').nth(1).unwrap_or_default();
    let event: Value = serde_json::from_str(event).unwrap_or_else(|e| panic!("{e}: {event}"));
    let rule = example();
    assert!(Matcher::new(&rule).matches(&Event(event.as_object().cloned().unwrap_or_default())));
    let matched: Value = serde_json::from_str(matched).unwrap_or_else(|e| panic!("{e}: {matched}"));
    assert_eq!(matched["rule"]["id"].as_str(), rule.meta.id.as_deref());
    assert_eq!(matched["rule"]["title"].as_str(), Some(rule.meta.title.as_ref()));
}

#[test]
fn the_table_says_what_the_targets_say() {
    let out = Command::new(env!("CARGO_BIN_EXE_sigmaglot"))
        .args(["targets", "--format", "json"])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("the program starts: {e}"));
    let targets: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap_or_default();
    assert_eq!(targets.len(), NAMES.len());
    let has = |target: &Value, kind: &str| target["exact"].as_array().is_some_and(|a| a.iter().any(|k| k == kind));
    let mut table =
        format!("| | {} |\n|---|{}\n", join(NAMES.iter().map(|name| format!("`{name}`"))), "---|".repeat(NAMES.len()));
    for kind in ir::Kind::ALL.iter().filter(|kind| **kind != ir::Kind::Placeholder) {
        let kind = kind.as_str();
        let cells = join(targets.iter().map(|target| if has(target, kind) { "yes" } else { "**no**" }.to_owned()));
        let _ = writeln!(table, "| `{kind}` | {cells} |");
    }
    assert!(README.contains(&table), "the README's table is to be:\n{table}");
}

fn join(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(" | ")
}

/// The numbers of converted rules are those of the corpus test's snapshot.
#[test]
fn the_numbers_are_those_of_the_snapshot() {
    let snapshot = include_str!("snapshots/it__corpus__what_the_corpus_becomes_in_every_target.snap");
    let numbers: Vec<&str> = NAMES
        .iter()
        .map(|name| {
            let line = snapshot.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.and_then(|line| line.strip_suffix(" converted")).unwrap_or_else(|| panic!("no number of {name}"))
        })
        .collect();
    assert!(README.contains(&format!("| {} |", numbers.join(" | "))), "the README's numbers are to be: {numbers:?}");
}

/// Every file that the documents link to is there.
#[test]
fn no_link_is_broken() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "COMPATIBILITY.md",
        "CHANGELOG.md",
        "ARCHITECTURE.md",
        "docs/cli.md",
        "docs/benchmarks.md",
    ] {
        let path = root.join(document);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{document}: {e}"));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or(link);
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let target = path.parent().unwrap_or(root).join(file);
            assert!(target.exists(), "{document} links to {link}");
        }
    }
}
