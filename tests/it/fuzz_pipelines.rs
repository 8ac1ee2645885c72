//! Damaged pipelines and templates: whatever a file holds, reading it, taking a rule through it and rendering end without a panic, and a pipeline
//! is there exactly where nothing was an error.
//!
//! `SIGMAGLOT_FUZZ=1000000 cargo test --test it fuzz_pipelines` makes as many; docs/reliability.md has the figures of such a run. A finding is
//! printed with its number, and `SIGMAGLOT_FUZZ_FROM` begins there.

use std::fs;
use std::path::Path;

use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::ir::Rule;
use sigmaglot::mapping::{self, Options, Pipeline, Unmapped};
use sigmaglot::sigma;
use sigmaglot::source::Source;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }
}

fn runs() -> (u64, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let from = number("SIGMAGLOT_FUZZ_FROM").unwrap_or(0);
    (from, from + number("SIGMAGLOT_FUZZ").unwrap_or(2_000))
}

fn texts(dir: &str) -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "yml"));
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn rule(text: &str) -> Rule {
    let keep = sigma::Options { unresolved: sigma::UnresolvedPlaceholders::Keep, ..sigma::Options::default() };
    sigma::read(&Source::new("rule.yml", text), &keep).rules.remove(0)
}

/// Pieces that are put in: what pipelines and templates are made of, and what breaks readers.
const PIECES: &[&str] = &[
    "{{ rule.",
    "}}",
    "{% for x in ",
    "%}",
    "{% endfor %}",
    "{% set s = s ~ s %}",
    "|",
    "tojson",
    "join(', ')",
    "rule.tags",
    "*",
    "&a ",
    "*a",
    "()",
    "(?i)",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    "\\1",
    "\n",
    "  ",
    "- ",
    ": ",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "\0",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "~",
    "%QUERY%",
    "$product",
    "type: nest\n    items:\n",
    "rule_conditions",
    "and not (",
    "sigmaglot_include",
];

/// A text that is damaged in a few places.
fn damaged(numbers: &mut Numbers, texts: &[String]) -> String {
    let mut text: Vec<char> = numbers.one(texts).chars().collect();
    for _ in 0..1 + numbers.below(4) {
        let at = numbers.below(text.len() + 1);
        let end = (at + numbers.below(12)).min(text.len());
        match numbers.below(6) {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..end, numbers.one(PIECES).chars())),
            2 => drop(text.splice(at..at, numbers.one(PIECES).chars())),
            3 => {
                // A stretch of another text.
                let other: Vec<char> = numbers.one(texts).chars().collect();
                let from = numbers.below(other.len());
                let to = (from + numbers.below(80)).min(other.len());
                drop(text.splice(at..at, other[from..to].iter().copied()));
            }
            4 => {
                // A line again.
                let lines: String = text.iter().collect();
                let lines: Vec<&str> = lines.lines().collect();
                let line: Vec<char> =
                    lines.get(numbers.below(lines.len())).unwrap_or(&"").chars().chain(['\n']).collect();
                let start = text[..at].iter().rposition(|c| *c == '\n').map_or(0, |place| place + 1);
                drop(text.splice(start..start, line));
            }
            _ if at < text.len() => text[at] = char::from_u32(numbers.below(0x180) as u32).unwrap_or('?'),
            _ => {}
        }
    }
    text.into_iter().collect()
}

/// Takes rules through a pipeline to the end; whether there was one.
fn goes_through(text: &str, rules: &[Rule]) -> bool {
    let (pipeline, said) = Pipeline::parse(&Source::new("pipeline.yml", text));
    assert_eq!(pipeline.is_none(), said.iter().any(Diagnostic::is_error), "{text}");
    let Some(pipeline) = pipeline else { return false };
    let pipelines = [pipeline];
    let Ok(chain) = mapping::resolve(&pipelines, "eql") else { return true };
    let mut queries = Vec::new();
    for rule in rules {
        let mut options = Options { unmapped: Unmapped::Keep, ..Options::default() };
        options.files.insert("hosts.txt".into(), "srv1\n\nsrv*\n".into());
        let mapped = chain.apply(rule.clone(), &options);
        assert_eq!(mapped.rule.is_none(), mapped.diagnostics.iter().any(Diagnostic::is_error), "{text}");
        queries.extend(chain.postprocess("any where ?A : \"*b*\"".to_owned(), &mapped));
    }
    let _ = chain.finalize(queries);
    true
}

fn run(name: &str, one: impl Fn(&mut Numbers) -> bool + std::panic::RefUnwindSafe) {
    let (from, to) = runs();
    let mut sound = 0;
    for number in from..to {
        let done = std::panic::catch_unwind(|| one(&mut Numbers(number)));
        match done {
            Ok(was_sound) => sound += u64::from(was_sound),
            Err(_) => panic!("{name}: run {number} panicked"),
        }
    }
    println!("{name}: {} runs, {sound} of them sound", to - from);
    assert!(sound > (to - from) / 100, "the damage leaves nothing to try");
}

#[test]
fn damaged_pipelines() {
    let texts: Vec<String> = texts("tests/pipelines")
        .into_iter()
        .map(|text| text.split("\n---\n").next().unwrap_or_default().to_owned() + "\n")
        .collect();
    let rules = ["rule.yml", "plain.yml"].map(|name| {
        rule(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates").join(name)).unwrap())
    });
    run("pipelines", |numbers| goes_through(&damaged(numbers, &texts), &rules));
}

#[test]
fn damaged_templates() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let templates: Vec<String> = read("expressions.txt").lines().map(str::to_owned).collect();
    let rules = [rule(&read("rule.yml")), rule(&read("plain.yml"))];
    let head = read("pipeline.yml");
    run("templates", |numbers| {
        let template = serde_json::to_string(&damaged(numbers, &templates)).unwrap();
        goes_through(&format!("{head}postprocessing:\n  - {{type: template, template: {template}}}\n"), &rules)
    });
}
