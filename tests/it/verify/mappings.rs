//! `verify` through the mappings of the program: every mapping and bundle on each of its targets that has an engine here, over the
//! rules of the project and of the corpus. Nothing may differ.
//!
//! Every 10th rule of the corpus and no bundles; all rules and bundles with `SIGMAGLOT_DEEP=1`, every Nth with `SIGMAGLOT_STEP=N`.
//! `SIGMAGLOT_MAPPING=NAME[,NAME]` takes these mappings and bundles alone. `SIGMAGLOT_WRITE_DOCS=1` writes the figures into docs/equality-mappings.md.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sigmaglot::events::{Events, Format};
use sigmaglot::interp::Event;
use sigmaglot::ir::Rule;
use sigmaglot::mapping::{self, Chain, Pipeline, builtin};
use sigmaglot::source::Source;
use sigmaglot::target::{Session, Target, Templates};
use sigmaglot::verify::Exclusion;
use sigmaglot::verify::engine::Engine;
use sigmaglot::verify::{Evidence, Mapping, Outcome, Tally, compare_mapped};

use crate::common::{corpus, figures, sample};
use crate::verify::support::{TARGETS, engines, target, witnesses};

/// One rule of so many is taken where nothing else is said.
const STEP: usize = 10;
/// So many of the rules without a match are named.
const NAMED: usize = 5;

/// A mapping or bundle on one of its targets.
struct Line<'p> {
    name: &'p str,
    target: &'static str,
    chain: Chain<'p>,
}

/// What came of one rule on one line.
struct Checked {
    tally: Tally,
    wrong: Option<String>,
    /// Why it has no match although it was converted: the construct that took the most of its events.
    unmatched: Option<Option<Exclusion>>,
}

/// The sums of one line.
#[derive(Default)]
struct Sum {
    tally: Tally,
    /// Rules without a match, with the reason.
    unmatched: Vec<(String, Option<Exclusion>)>,
}

/// A rule of a run, with the events that were recorded for it.
struct Subject {
    path: PathBuf,
    rule: Rule,
    recorded: Vec<Event>,
}

/// Mappings and bundles by name, with the names of their pipelines.
fn names() -> Vec<(String, Vec<String>)> {
    let single = builtin::names().into_iter().map(|name| (name.to_owned(), vec![name.to_owned()]));
    let bundles = builtin::bundles().into_iter().map(|(name, bundle)| (name, bundle.mappings));
    match std::env::var("SIGMAGLOT_MAPPING") {
        Ok(wanted) => single.chain(bundles).filter(|(name, _)| wanted.split(',').any(|one| one == name)).collect(),
        Err(_) if sample::is_deep() => single.chain(bundles).collect(),
        Err(_) => single.collect(),
    }
}

fn pipeline(name: &str) -> Pipeline {
    let text = builtin::get(name).unwrap_or_else(|| panic!("there is no mapping `{name}`"));
    let (pipeline, said) = Pipeline::parse(&Source::new(name, text));
    pipeline.unwrap_or_else(|| panic!("{name}: {said:?}"))
}

/// The rules, none of which needs values from its user.
fn subjects() -> Vec<Subject> {
    let mut files = corpus::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"), "yml");
    let mut recorded = HashMap::new();
    if let Some(root) = corpus::root() {
        files.extend(sample::every(sample::step(STEP), "rule files", corpus::rule_files(&root)));
        for path in corpus::files(&root.join("regression_data"), "json") {
            let folder = path.parent().and_then(Path::file_name).map(ToOwned::to_owned);
            recorded.entry(folder.unwrap_or_default()).or_insert_with(Vec::new).push(path);
        }
    }
    let read = |path: &PathBuf| {
        let paths = path.file_stem().and_then(|stem| recorded.get(stem)).into_iter().flatten();
        let recorded: Vec<Event> = paths.flat_map(|path| events(path)).collect();
        let subject = |rule| Subject { path: path.clone(), rule, recorded: recorded.clone() };
        corpus::rules(path).into_iter().filter(|rule| !corpus::has_placeholders(rule)).map(subject).collect::<Vec<_>>()
    };
    files.par_iter().flat_map_iter(read).collect()
}

fn events(path: &Path) -> Vec<Event> {
    let file = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let events = Events::new(BufReader::new(file), &path.display().to_string(), Format::Auto);
    events.filter_map(|event| event.ok().map(|(_, event)| event)).collect()
}

/// One rule on all lines.
fn check(subject: &Subject, lines: &[Line<'_>], benches: &mut [(Session<'_>, Vec<Box<dyn Engine>>)]) -> Vec<Checked> {
    let options = mapping::Options::default();
    let evidence = Evidence::new(&subject.rule).with_all(&subject.recorded).with(witnesses(&subject.rule));
    let one = |line: &Line<'_>| {
        let place = TARGETS.iter().position(|target| *target == line.target).unwrap_or(0);
        let (session, engines) = &mut benches[place];
        let mapping = Mapping { chain: &line.chain, options: &options };
        let comparison = compare_mapped(&evidence, mapping, line.target, None, session, engines);
        let mut tally = Tally::default();
        tally.add(&comparison);
        let main = || comparison.excluded.iter().max_by_key(|(_, n)| **n).map(|(exclusion, _)| *exclusion);
        let unmatched = (tally.compared() > 0 && tally.rules_matched == 0).then(main);
        let wrong = match &comparison.outcome {
            Outcome::Equal | Outcome::Refused(_) => None,
            other => Some(format!("{} {} {}: {other:?}", line.name, line.target, subject.path.display())),
        };
        Checked { tally, wrong, unmatched }
    };
    lines.iter().map(one).collect()
}

#[test]
fn no_mapping_of_the_program_changes_a_verdict() {
    let names = names();
    let pipelines: Vec<Vec<Pipeline>> =
        names.iter().map(|(_, parts)| parts.iter().map(|name| pipeline(name)).collect()).collect();
    let (mut lines, mut without) = (Vec::new(), Vec::new());
    for ((name, _), pipelines) in names.iter().zip(&pipelines) {
        let before = lines.len();
        for target in TARGETS.iter().filter(|target| pipelines.iter().all(|pipeline| pipeline.is_for(target))) {
            let chain = mapping::resolve(pipelines, target).unwrap_or_else(|e| panic!("{name}: {e}"));
            lines.push(Line { name, target, chain });
        }
        if lines.len() == before {
            without.push(name.as_str());
        }
    }
    let subjects = subjects();
    let targets: Vec<Target> = TARGETS.iter().map(|name| target(name, &Templates::embedded())).collect();
    let benches =
        || -> Vec<_> { targets.iter().zip(TARGETS).map(|(target, name)| (target.session(), engines(name))).collect() };
    let all: Vec<Vec<Checked>> =
        subjects.par_iter().map_init(benches, |benches, subject| check(subject, &lines, benches)).collect();

    let mut sums: Vec<Sum> = lines.iter().map(|_| Sum::default()).collect();
    let mut wrong = Vec::new();
    for (subject, checked) in subjects.iter().zip(all) {
        for (sum, checked) in sums.iter_mut().zip(checked) {
            sum.tally.add_all(&checked.tally);
            let name = || subject.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            sum.unmatched.extend(checked.unmatched.map(|why| (name(), why)));
            wrong.extend(checked.wrong);
        }
    }
    let page = page(&subjects, &lines, &sums, &without);
    println!("{page}");
    if std::env::var_os("SIGMAGLOT_WRITE_DOCS").is_some() {
        assert!(std::env::var_os("SIGMAGLOT_MAPPING").is_none(), "the page is of all mappings");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/equality-mappings.md");
        fs::write(&file, &page).expect("docs/equality-mappings.md can be written");
        figures::write(
            "mappings",
            &["mapping", "target", "rules", "events", "matches", "differences"],
            &figures(&lines, &sums),
        );
    }
    if std::env::var("SIGMAGLOT_FINDINGS").is_ok() {
        wrong.iter().for_each(|text| println!("FINDING {text}"));
    }
    let shown: Vec<String> = wrong.iter().take(5).map(|text| text.chars().take(3_000).collect()).collect();
    assert!(wrong.is_empty(), "{} findings, some:\n{}", wrong.len(), shown.join("\n"));
    for (line, sum) in lines.iter().zip(&sums) {
        let (matched, compared) = (sum.tally.rules_matched, sum.tally.compared());
        assert!(matched * 100 >= compared * 98, "{}: {matched} of {compared} rules matched", line.name);
    }
}

/// The figures that docs/equality.md shows.
fn figures(lines: &[Line<'_>], sums: &[Sum]) -> Vec<Vec<String>> {
    let row = |(line, Sum { tally, .. }): (&Line<'_>, &Sum)| {
        let numbers = [tally.compared(), tally.events, tally.matched, tally.different].map(|n| n.to_string());
        [line.name.to_owned(), line.target.to_owned()].into_iter().chain(numbers).collect()
    };
    lines.iter().zip(sums).map(row).collect()
}

/// The page of the figures.
fn page(subjects: &[Subject], lines: &[Line<'_>], sums: &[Sum], without: &[&str]) -> String {
    let words = if sample::is_deep() { "SIGMAGLOT_DEEP=1 " } else { "" };
    let (words, share) = match sample::step(STEP) {
        _ if corpus::root().is_none() => (words.to_owned(), "no rule".to_owned()),
        1 => (words.to_owned(), "all rules".to_owned()),
        step => (format!("{words}SIGMAGLOT_STEP={step} "), format!("the rules of one file in {step}")),
    };
    let bundles = if sample::is_deep() { " Bundles stand at the end." } else { "" };
    let mut out = format!(
        "# Equality through mappings\n\n\
         Every mapping of the program on each of its targets that has an engine in the program, over {share} of the corpus and those of\n\
         the project: {} rules, on events made from each rule and those that were recorded for it. Each event went through the mapping\n\
         as `sigmaglot verify -p` does it ([mapping.md](mapping.md)): the mapped rule's verdict on the stored event is the rule's on the\n\
         event, and the query selects the stored event accordingly.{bundles}\n\n\
         This page is written by\n\n\
         ```console\n$ {words}SIGMAGLOT_WRITE_DOCS=1 cargo test --test it no_mapping_of_the_program\n```\n\n\
         Of an equal rule, some event must match and some must not, else equality says little: two columns count the rules without.\n\n\
         | mapping | target | rules converted | equal | differences | failed | without a match | without a near miss | events compared | \
         matches | left out |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        subjects.len()
    );
    for (line, Sum { tally, .. }) in lines.iter().zip(sums) {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            line.name,
            line.target,
            tally.compared(),
            tally.equal,
            tally.different,
            tally.failed,
            tally.compared() - tally.rules_matched,
            tally.rules_matched - tally.discriminating,
            tally.events,
            tally.matched,
            tally.excluded.values().sum::<usize>(),
        );
    }
    for name in without {
        let _ = writeln!(out, "\n`{name}` has no engine in the program: `cargo test --test engines` asks DuckDB.");
    }
    out.push_str("\n## Events left out\n\n| mapping | target | reason | events |\n|---|---|---|---:|\n");
    for (line, sum) in lines.iter().zip(sums) {
        for (why, n) in &sum.tally.excluded {
            let _ = writeln!(out, "| `{}` | {} | {why} | {n} |", line.name, line.target);
        }
    }
    unmatched(&mut out, lines, sums);
    out
}

/// The rules without a match, by reason.
fn unmatched(out: &mut String, lines: &[Line<'_>], sums: &[Sum]) {
    if sums.iter().all(|sum| sum.unmatched.is_empty()) {
        return;
    }
    out.push_str("\n## Rules without a match\n\n| mapping | most of its events are left out because | rules | such as |\n|---|---|---:|---|\n");
    for (line, sum) in lines.iter().zip(sums) {
        let mut by_reason: BTreeMap<Option<Exclusion>, Vec<&str>> = BTreeMap::new();
        sum.unmatched.iter().for_each(|(name, why)| by_reason.entry(*why).or_default().push(name));
        for (why, rules) in by_reason {
            let why = why.map_or_else(|| "none is".to_owned(), |why| why.to_string());
            let some: Vec<String> = rules.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
            let _ = writeln!(out, "| `{}` | {why} | {} | {} |", line.name, rules.len(), some.join(", "));
        }
    }
}
