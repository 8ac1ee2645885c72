//! Benches of the stages, on the rule and the event of the README: `cargo bench --bench stages`. The whole process over a
//! corpus is measured by `benches/corpus.sh`.

use divan::{Bencher, black_box};
use serde_json::json;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir;
use sigmaglot::sigma::{self, Options};
use sigmaglot::source::Source;
use sigmaglot::target::{self, NAMES, Target, Templates};

fn main() {
    divan::main();
}

/// The README's example rule.
fn text() -> &'static str {
    let readme = include_str!("../README.md");
    readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default()
}

fn rule() -> Option<ir::Rule> {
    let mut rule = sigma::read(&Source::new("rule.yml", text()), &Options::default()).rules.pop()?;
    rule.condition = ir::normalize(rule.condition);
    Some(rule)
}

#[divan::bench]
fn parse(bencher: Bencher) {
    let source = Source::new("rule.yml", text());
    bencher.bench(|| sigma::parse(black_box(&source)));
}

/// Parse and lower.
#[divan::bench]
fn read(bencher: Bencher) {
    let source = Source::new("rule.yml", text());
    bencher.bench(|| sigma::read(black_box(&source), &Options::default()));
}

#[divan::bench]
fn normalize(bencher: Bencher) {
    let Some(rule) = rule() else { return };
    bencher.with_inputs(|| rule.condition.clone()).bench_values(ir::normalize);
}

/// Read and parse manifests and templates: what each process pays once a target.
#[divan::bench(args = NAMES)]
fn load(bencher: Bencher, name: &str) {
    bencher.bench(|| Target::load(black_box(name), &Templates::embedded()));
}

#[divan::bench(args = NAMES)]
fn convert(bencher: Bencher, name: &str) {
    let (Some(rule), Ok(target)) = (rule(), Target::load(name, &Templates::embedded())) else { return };
    let mut session = target.session();
    bencher.bench_local(|| session.convert(black_box(&rule), &target::Options::default()));
}

#[divan::bench]
fn interp(bencher: Bencher) {
    let Some(rule) = rule() else { return };
    let matcher = Matcher::new(&rule);
    let event = json!({ "Image": r"C:\Users\ann\AppData\Local\node.exe", "CommandLine": "node --eval 1" });
    let Some(event) = event.as_object().cloned().map(Event) else { return };
    bencher.bench(|| matcher.matches(black_box(&event)));
}
