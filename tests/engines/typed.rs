//! Columns of the engines' own types: rules over addresses and points in time, on tables that really have such columns.
//!
//! Each test of a rule is alone, in a list and under NOT, on every pair of an address and a time below, with missing ones among them.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sigmaglot::interp::Event;
use sigmaglot::ir::{self, Rule};
use sigmaglot::mapping::{self, Pipeline};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Target, Templates};
use sigmaglot::verify::engine::Engine;
use sigmaglot::verify::{Evidence, Outcome, Tally, compare};

use crate::engines;
use crate::pipe;

/// The engines, and the types of their own.
const ENGINES: [(&str, &[&str]); 4] = [
    ("postgres", &["inet", "timestamp", "timestamptz"]),
    ("duckdb", &["timestamp", "timestamptz"]),
    ("clickhouse", &["ipv4", "ipv6", "timestamp"]),
    ("spark", &["timestamp"]),
];

/// What the column of addresses holds; the empty text stands for none.
const ADDRESSES: [&str; 14] = [
    "",
    "10.7.5.2",
    "10.7.5.3",
    "10.7.255.255",
    "10.8.0.0",
    "110.7.5.2",
    "10.7.5.20",
    "255.255.255.255",
    "0.0.0.0",
    "2001:DB8:0::1",
    "2001:db8::2",
    "fe80::1",
    "::ffff:10.7.5.2",
    "no address",
];

/// What the column of points in time holds.
const TIMES: [&str; 13] = [
    "",
    "2024-01-02T03:04:05Z",
    "2024-01-02T03:04:05.5Z",
    "2024-01-02T03:04:06Z",
    "2024-01-02T04:04:05+01:00",
    "2024-01-01T23:59:59.999999Z",
    "2024-01-03T00:00:00Z",
    "2024-02-29T12:00:00.120Z",
    "2023-12-31T23:59:59Z",
    "2025-01-01T00:00:00Z",
    "1999-01-02T03:04:05Z",
    "1000-01-01T00:00:00Z",
    "yesterday",
];

/// Tests of the column of addresses.
const OF_ADDRESSES: [&str; 22] = [
    "A: 10.7.5.2",
    "A: '2001:DB8::1'",
    "A: '2001:db8:0::1'",
    "A|cased: '2001:DB8::1'",
    "A: '::ffff:10.7.5.2'",
    "A: foo",
    "A: ''",
    "A: 10",
    "A: null",
    "A|exists: true",
    "A: '*'",
    "A: '10.7.5.?'",
    "A|startswith: '10.7.'",
    "A|contains: 'DB8'",
    "A|endswith: '.2'",
    "A|re: '^10\\.7\\.5\\.\\d+$'",
    "A|re: ':ffff:'",
    "A|cidr: 10.7.0.0/16",
    "A|cidr: '2001:db8::/32'",
    "A|cidr: '::/0'",
    "A|cidr: [0.0.0.0/0, 'fe80::/10']",
    "A|gt: 3",
];

/// Tests of the column of points in time.
const OF_TIMES: [&str; 20] = [
    "A: '2024-01-02T03:04:05Z'",
    "A: '2024-01-02t03:04:05.5z'",
    "A|cased: '2024-01-02t03:04:05Z'",
    "A: '2024-01-02 03:04:05'",
    "A: '2024-01-02T03:04:05.50Z'",
    "A: x",
    "A: 2024",
    "A: null",
    "A|exists: true",
    "A|startswith: '2024'",
    "A|startswith: '2024-01-02T'",
    "A|startswith: '2024-01-02T03:04:05'",
    "A|startswith: '2024-01-0'",
    "A|startswith: '2024-02-30'",
    "A: '2024-*-02T*'",
    "A|contains: '03:04'",
    "A|endswith: ':05Z'",
    "A|re: 'T0[34]:'",
    "A|lt: 2025",
    "A|cidr: 10.0.0.0/8",
];

fn rules(kind: &str) -> Vec<Rule> {
    let tests: &[&str] = if kind.starts_with("time") { &OF_TIMES } else { &OF_ADDRESSES };
    let mut text = String::new();
    let mut add = |title: &str, first: &str, second: &str, condition: &str| {
        let _ = write!(
            text,
            "---\ntitle: {title}\nlogsource: {{category: process_creation}}\ndetection:\n  a: {{{first}}}\n  b: {{{second}}}\n  condition: {condition}\n",
        );
    };
    for (i, test) in tests.iter().enumerate() {
        let next = tests[(i + 1) % tests.len()];
        add(&format!("alone {i}"), test, next, "a");
        add(&format!("not {i}"), test, next, "not a");
        add(&format!("or {i}"), test, next, "a or b");
        add(&format!("neither {i}"), test, next, "not (a or b)");
    }
    let read = sigma::read(&Source::new("typed.yml", text), &sigma::Options::default());
    assert_eq!(read.rules.len(), 4 * tests.len(), "{:?}", read.diagnostics);
    read.rules
}

fn events(kind: &str) -> Vec<Event> {
    let values: &[&str] = if kind.starts_with("time") { &TIMES } else { &ADDRESSES };
    let event = |value: &&str| match value.is_empty() {
        true => Event(Map::new()),
        false => Event(Map::from_iter([("A".to_owned(), Value::from(*value))])),
    };
    values.iter().map(event).collect()
}

#[test]
fn columns_of_the_engines_own_types_are_asked_as_the_rule_means() {
    let python = pipe::directory().join("venv/bin/python");
    if !python.exists() {
        return engines::say_skipped("the engines");
    }
    let mut wrong = Vec::new();
    for (engine, kinds) in ENGINES {
        let command = [python.display().to_string(), pipe::program("runner.py"), engine.to_owned()];
        let Some(process) = engines::start(&command).unwrap_or_else(|e| panic!("{engine}: {e}")) else {
            engines::say_skipped(engine);
            continue;
        };
        let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(process)];
        let name = format!("sql:{engine}");
        let target = Target::load(&name, &Templates::embedded()).expect("the target");
        let mut session = target.session();
        for kind in kinds {
            let pipeline =
                format!("name: typed\ntransformations:\n  - {{type: sigmaglot_types, types: {{A: {kind}}}}}\n");
            let (pipeline, said) = Pipeline::parse(&Source::new("typed.yml", pipeline));
            let pipelines = [pipeline.unwrap_or_else(|| panic!("{said:?}"))];
            let chain = mapping::resolve(&pipelines, &name).expect("the mapping is for the target");
            let (events, mut tally) = (events(kind), Tally::default());
            for rule in rules(kind) {
                let title = rule.meta.title.clone();
                let typed = chain.apply(rule, &mapping::Options::default()).rule.expect("the rule is mapped");
                let typed = Rule { condition: ir::normalize(typed.condition), ..typed };
                let comparison =
                    compare(&Evidence::new(&typed).with_all(&events), &name, None, &mut session, &mut engines);
                tally.add(&comparison);
                match &comparison.outcome {
                    Outcome::Equal => {}
                    other => wrong.push(format!("{name} {kind} {title}: {other:?}")),
                }
            }
            println!("{name} {kind}: {} queries, {} events, {} matched", tally.compared(), tally.events, tally.matched);
            assert!(tally.matched > 0, "{name} {kind}: nothing matched");
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}
