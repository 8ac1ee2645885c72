//! Every rule's query on every engine that is installed, against the interpreter, event by event.
//!
//! `tests/engines/setup.sh` installs the engines. One that is absent is skipped and says so; with
//! `SIGMAGLOT_ENGINES=required` that is a failure. The run takes every 20th rule of the corpus (the example rules where there
//! is no corpus); `SIGMAGLOT_DEEP` takes all. `SIGMAGLOT_ENGINE=NAME[,NAME]` runs some engines only.
//! `SIGMAGLOT_WRITE_DOCS=1` writes the figures into docs/equality.md.
//!
//! What an engine does otherwise than the product that speaks the language is left out of its comparisons by construct
//! ([`exclude`]), never by rule, and each such comparison is counted.

#[path = "../common/mod.rs"]
mod common;
mod dsl;
mod engines;
mod exclude;
mod lucene;
mod mapped;
mod ocsf;
mod partition;
mod patterns;
mod pipe;
mod report;
mod rules;
mod typed;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use engines::{ENGINES, Spec};
use report::Report;

/// The engines of this run.
fn chosen() -> Vec<&'static Spec> {
    let Ok(names) = std::env::var("SIGMAGLOT_ENGINE") else { return ENGINES.iter().collect() };
    let names: Vec<&str> = names.split(',').collect();
    for name in &names {
        assert!(ENGINES.iter().any(|spec| spec.name == *name), "there is no engine `{name}`");
    }
    ENGINES.iter().filter(|spec| names.contains(&spec.name)).collect()
}

/// The reports of these engines, in their order; two at a time, since that is what a small machine has cores for.
fn run(specs: &[&'static Spec], input: &rules::Input) -> Vec<Report> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some((place, spec)) = Some(next.fetch_add(1, Ordering::SeqCst)).and_then(|n| Some((n, specs.get(n)?)))
        {
            let report = engines::check(spec, input);
            print!("{report}");
            done.lock().expect("no worker panics while it holds the lock").push((place, report));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let mut reports = done.into_inner().expect("the workers have ended");
    reports.sort_by_key(|(place, _)| *place);
    reports.into_iter().map(|(_, report)| report).collect()
}

#[test]
fn every_query_selects_what_the_interpreter_matches() {
    let Some(input) = rules::input() else { return };
    let specs = chosen();
    let reports = run(&specs, &input);
    let required = std::env::var("SIGMAGLOT_ENGINES").is_ok_and(|word| word == "required");
    let absent: Vec<&str> = reports.iter().filter(|r| r.absent.is_some()).map(|r| r.spec.name).collect();
    let wrong: Vec<&Report> = reports.iter().filter(|report| !report.is_equal()).collect();
    if std::env::var_os("SIGMAGLOT_WRITE_DOCS").is_some() {
        assert!(specs.len() == ENGINES.len() && absent.is_empty(), "the page needs every engine; absent: {absent:?}");
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/equality.md");
        std::fs::write(&page, report::page(&reports, &input)).expect("docs/equality.md can be written");
    }
    assert!(wrong.is_empty(), "not equal on: {}", wrong.iter().map(|r| r.spec.name).collect::<Vec<_>>().join(", "));
    assert!(!required || absent.is_empty(), "required, but not installed: {}", absent.join(", "));
}
