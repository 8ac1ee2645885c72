//! `sigmaglot verify --documents`: what a product stored, asked with the rules and with questions made from the raw events.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Map, Value, json};

use super::batch::Batch;
use super::console::Console;
use super::input;
use super::mapping::Mappings;
use super::settings::{Layers, View};
use super::templates::templates;
use super::verify::{Arguments, Format};
use super::verify_bench::{Seat, Seats, benches};
use super::{Common, Exit, Stop, junit, plan};
use crate::config::Settings;
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;
use crate::ir::{Logsource, Rule};
use crate::mapping::{self, Chain};
use crate::sigma::UnresolvedPlaceholders;
use crate::verify::questions::questions;
use crate::verify::{Answer, Asked, Mapping, Pair, Scope, compare_documents};

/// So many differences of a case are told in full in text and JUnit.
const TOLD: usize = 3;
/// The longest text of an event or query that is told, in characters.
const SHOWN: usize = 2_000;

/// A pair with its place.
struct Placed {
    /// `FILE:LINE`.
    place: String,
    pair: Pair,
}

/// A rule with the pairs that it is asked of.
struct Job {
    rule: Rule,
    scope: Scope,
    /// What it asks, such as `equals`; the rule's title for a rule that was given.
    asks: Arc<str>,
    /// Which case of the report it belongs to.
    case: usize,
    pairs: Vec<usize>,
}

/// A line of the report for each target: a rule, or a field of a log source.
struct Case {
    name: String,
    /// The file of a rule that was given; `None` for questions.
    path: Option<String>,
}

/// What came of a case for one target.
#[derive(Default)]
struct Verdict {
    documents: usize,
    matched: usize,
    left_out: BTreeMap<String, usize>,
    /// Why the rule, or all questions, were refused.
    refused: Vec<String>,
    failures: Vec<String>,
    differences: Vec<Found>,
}

/// A difference.
struct Found {
    pair: usize,
    asks: Arc<str>,
    matches: bool,
    engine: String,
    query: String,
}

/// Runs the command.
pub fn run(
    arguments: &Arguments,
    common: &Common,
    console: &mut Console,
    stdout: &mut dyn Write,
) -> Result<Exit, Stop> {
    let paths = &arguments.rules.paths;
    let layers = Layers::load(common, paths, arguments.settings(), Settings::default(), console)?;
    let general = layers.general();
    let names = general.targets()?;
    let targets = plan::load_targets(&names, &templates(&general)?)?;
    let benches = benches(arguments, targets)?;
    let mut mappings = Mappings::default();
    for name in general.all_pipelines()? {
        mappings.add(name, console)?;
    }
    let mut chains: Vec<(Chain<'_>, mapping::Options)> = Vec::with_capacity(names.len());
    for name in &names {
        let chain = mappings.chain(&general.pipelines(name), name, &names)?;
        chains.push((chain, mappings.options(general.unmapped(name))));
    }
    let pairs = read(&arguments.documents)?;
    let batch = Batch::new(common.threads)?;
    let (rules, mut exit) = match paths.as_slice() {
        [] => (Vec::new(), Exit::Success),
        _ => given(arguments, &general, &batch, console)?,
    };
    let (cases, jobs) = jobs(rules, &pairs);
    let mut verdicts: Vec<Vec<Verdict>> =
        names.iter().map(|_| cases.iter().map(|_| Verdict::default()).collect()).collect();
    let seats: Vec<Seats<'_>> = benches.iter().map(Seats::new).collect();
    console.start(jobs.len());
    let mut next = jobs.iter();
    batch.run(
        &jobs,
        || (),
        |(), job| ask(&seats, job, &chains, &pairs),
        |asked: Vec<Asked>| {
            if let Some(job) = next.next() {
                for (verdicts, asked) in verdicts.iter_mut().zip(asked) {
                    if let Some(verdict) = verdicts.get_mut(job.case) {
                        verdict.take(job, asked);
                    }
                }
            }
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    for (name, verdicts) in names.iter().zip(&verdicts) {
        for (case, verdict) in cases.iter().zip(verdicts) {
            exit = exit.max(verdict.exit(case));
        }
        summarise(name, &pairs, verdicts, console);
    }
    report(arguments.format, &names, &cases, &verdicts, &pairs, stdout)?;
    // A difference is what was asked about: it is not hidden behind a rule that could not be read.
    let different = verdicts.iter().flatten().any(|verdict| !verdict.differences.is_empty());
    Ok(if different && exit < Exit::Usage { Exit::Findings } else { exit })
}

/// The rules that were given, with their files.
fn given(
    arguments: &Arguments,
    general: &View<'_>,
    batch: &Batch,
    console: &mut Console,
) -> Result<(Vec<(String, Rule)>, Exit), Stop> {
    let reading = arguments.rules.placeholders.resolve(general, UnresolvedPlaceholders::Keep)?;
    let found = input::find_rules(&arguments.rules, general, console)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut out = Vec::new();
    let voice = console.voice();
    for file in input::load(&arguments.rules.paths, &found, &reading, batch, console)? {
        console.print(&voice.render(file.grave(), &file.source));
        exit = exit.max(file.exit);
        let name = file.source.name().to_string();
        out.extend(file.read.rules.into_iter().map(|rule| (name.clone(), rule)));
    }
    Ok((out, exit))
}

/// The pairs of all files, directories searched for `*.jsonl` and `*.ndjson`.
fn read(paths: &[PathBuf]) -> Result<Vec<Placed>, Stop> {
    let mut out = Vec::new();
    for path in paths {
        let before = out.len();
        for file in files(path)? {
            let name = file.display().to_string();
            let bytes = std::fs::read(&file).map_err(|error| input::unreadable(&name, &error.to_string()))?;
            for (number, line) in (1..).zip(input::utf8(bytes, &name)?.lines()) {
                if !line.trim().is_empty() {
                    let place = format!("{name}:{number}");
                    out.push(Placed { pair: pair(line, &place)?, place });
                }
            }
        }
        if out.len() == before {
            let message = format!("no pairs in `{}`", path.display());
            return Err(Diagnostic::new(codes::NOTHING_FOUND, message).into());
        }
    }
    Ok(out)
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Stop> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut out = Vec::new();
    let mut walk = ignore::WalkBuilder::new(path);
    walk.standard_filters(false).follow_links(true).sort_by_file_path(Path::cmp);
    for entry in walk.build() {
        let entry = entry.map_err(|error| input::unreadable(&path.display().to_string(), &error.to_string()))?;
        if entry.path().is_file() && entry.path().extension().is_some_and(|e| e == "jsonl" || e == "ndjson") {
            out.push(entry.into_path());
        }
    }
    Ok(out)
}

/// Reads a line.
fn pair(line: &str, place: &str) -> Result<Pair, Diagnostic> {
    let wrong = |why: String| {
        Diagnostic::new(codes::PAIR_INVALID, format!("{place}: {why}"))
            .help("a line is `{\"raw\": {..}, \"document\": {..}}`; `sigmaglot explain SG0806` says more")
    };
    let value: Value = serde_json::from_str(line).map_err(|error| wrong(format!("the line is not JSON: {error}")))?;
    let object = |name: &str, other: &str| -> Result<Map<String, Value>, Diagnostic> {
        match value.get(name).or_else(|| value.get(other)) {
            Some(Value::Object(object)) => Ok(object.clone()),
            Some(_) => Err(wrong(format!("`{name}` is no object"))),
            None => Err(wrong(format!("the pair has no `{name}`"))),
        }
    };
    let logsource = match value.get("logsource") {
        None | Some(Value::Null) => None,
        Some(Value::Object(parts)) => {
            let part = |name: &str| parts.get(name).and_then(Value::as_str).map(Arc::from);
            let (category, product, service) = (part("category"), part("product"), part("service"));
            Some(Logsource { category, product, service, ..Logsource::default() })
        }
        Some(_) => return Err(wrong("`logsource` is no object".to_owned())),
    };
    Ok(Pair { raw: Event(object("raw", "raw")?), document: Event(object("document", "row")?), logsource })
}

/// What is asked, and in which lines it is reported.
fn jobs(rules: Vec<(String, Rule)>, pairs: &[Placed]) -> (Vec<Case>, Vec<Job>) {
    let (mut cases, mut jobs) = (Vec::new(), Vec::new());
    for (path, rule) in rules {
        let of = pairs.iter().enumerate().filter(|(_, placed)| placed.pair.is_of(&rule.logsource));
        let of: Vec<usize> = of.map(|(number, _)| number).collect();
        let asks = rule.meta.title.clone();
        jobs.push(Job { scope: Scope::Whole, asks: asks.clone(), case: cases.len(), pairs: of, rule });
        cases.push(Case { name: asks.to_string(), path: Some(path) });
    }
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (number, placed) in pairs.iter().enumerate() {
        for logsource in placed.pair.logsources() {
            let words = words(&logsource);
            for question in questions(&placed.pair.raw, &logsource) {
                let case = *places.entry((words.clone(), question.field.to_string())).or_insert_with(|| {
                    let field = match &*question.field {
                        "" => "log source".to_owned(),
                        field => format!("field `{field}`"),
                    };
                    cases.push(Case { name: format!("{field} of {words}"), path: None });
                    cases.len() - 1
                });
                let (scope, asks) = (question.scope(), question.operator.word().into());
                jobs.push(Job { rule: question.rule, scope, asks, case, pairs: vec![number] });
            }
        }
    }
    (cases, jobs)
}

/// A log source as `product/category/service`.
fn words(logsource: &Logsource) -> String {
    let part = |part: &Option<Arc<str>>| part.as_deref().unwrap_or("*").to_owned();
    format!("{}/{}/{}", part(&logsource.product), part(&logsource.category), part(&logsource.service))
}

/// Asks a job for each target.
fn ask(seats: &[Seats<'_>], job: &Job, chains: &[(Chain<'_>, mapping::Options)], pairs: &[Placed]) -> Vec<Asked> {
    let pairs: Vec<&Pair> = job.pairs.iter().filter_map(|number| Some(&pairs.get(*number)?.pair)).collect();
    let ask = |seat: &mut Seat<'_>, (chain, options): &(Chain<'_>, mapping::Options)| {
        let mapping = (!chain.is_empty()).then_some(Mapping { chain, options });
        match &mut seat.engines {
            Ok(engines) => {
                compare_documents((&job.rule, job.scope), mapping, seat.target, &mut seat.session, engines, &pairs)
            }
            Err(error) => {
                let (engine, query) = (seat.target.to_owned(), String::new());
                Asked::Failed { engine, query, error: error.clone() }
            }
        }
    };
    seats.iter().zip(chains).map(|(seats, way)| seats.with(|seat| ask(seat, way))).collect()
}

impl Verdict {
    fn take(&mut self, job: &Job, asked: Asked) {
        match asked {
            Asked::Refused(errors) => {
                self.refused.extend(errors.iter().map(ToString::to_string));
                self.refused.sort();
                self.refused.dedup();
            }
            Asked::Failed { engine, query, error } => {
                self.failures.push(format!("{engine} gave no answer: {error}; query: {}", cut(&query)));
            }
            Asked::Answered { query, answers } => {
                for (pair, answer) in job.pairs.iter().zip(answers) {
                    let matches = match answer {
                        Answer::LeftOut(exclusion) => {
                            *self.left_out.entry(exclusion.to_string()).or_default() += 1;
                            continue;
                        }
                        Answer::Same { matches } => matches,
                        Answer::Different { matches, engine } => {
                            let (asks, query) = (job.asks.clone(), query.clone());
                            self.differences.push(Found { pair: *pair, asks, matches, engine, query });
                            matches
                        }
                    };
                    self.documents += 1;
                    self.matched += usize::from(matches);
                }
            }
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Verdict { differences, .. } if !differences.is_empty() => "different",
            Verdict { failures, .. } if !failures.is_empty() => "failed",
            Verdict { documents: 0, refused, .. } if !refused.is_empty() => "refused",
            Verdict { documents: 0, .. } => "not asked",
            _ => "equal",
        }
    }

    fn counts(&self) -> String {
        let left_out: usize = self.left_out.values().sum();
        let left_out = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
        format!("{} documents asked, {} matched{left_out}", self.documents, self.matched)
    }

    /// What a field that the mapping does not know says is no fault of a rule.
    fn exit(&self, case: &Case) -> Exit {
        match self.word() {
            "different" => Exit::Findings,
            "failed" => Exit::Rules,
            "refused" if case.path.is_some() => Exit::Rules,
            _ => Exit::Success,
        }
    }

    fn details(&self, pairs: &[Placed]) -> Vec<String> {
        let mut lines = Vec::new();
        for found in self.differences.iter().take(TOLD) {
            let Some(Placed { place, pair }) = pairs.get(found.pair) else { continue };
            let (rule, query) =
                if found.matches { ("matches", "does not select") } else { ("does not match", "selects") };
            lines.push(format!("{place}: {}", found.asks));
            lines.push(format!("  the rule {rule} the raw event: {}", cut(&text_of(&pair.raw))));
            lines.push(format!("  {} {query} the document: {}", found.engine, cut(&text_of(&pair.document))));
            lines.push(format!("  query: {}", cut(&found.query)));
        }
        if self.differences.len() > TOLD {
            lines.push(format!("and {} more; --format json has all", self.differences.len() - TOLD));
        }
        lines.extend(self.failures.iter().take(TOLD).cloned());
        lines.extend(self.refused.iter().take(TOLD).cloned());
        lines.extend(self.left_out.iter().map(|(why, n)| format!("{n} left out: {why}")));
        lines
    }
}

/// Prints the cases of all targets.
fn report(
    format: Format,
    names: &[String],
    cases: &[Case],
    verdicts: &[Vec<Verdict>],
    pairs: &[Placed],
    stdout: &mut dyn Write,
) -> Result<(), Stop> {
    let mut suites = Vec::new();
    for (name, verdicts) in names.iter().zip(verdicts) {
        let mut suite = TestSuite::new(name.as_str());
        for (case, verdict) in cases.iter().zip(verdicts) {
            match format {
                Format::Text => text(case, verdict, name, pairs, stdout)?,
                Format::Json => writeln!(stdout, "{}", record(case, verdict, name, pairs))?,
                Format::Junit => {
                    suite.add_test_case(test_case(case, verdict, pairs));
                }
            }
        }
        suites.push(suite);
    }
    if format == Format::Junit {
        junit::print("sigmaglot verify --documents", suites, stdout)?;
    }
    Ok(())
}

fn text(case: &Case, verdict: &Verdict, target: &str, pairs: &[Placed], stdout: &mut dyn Write) -> Result<(), Stop> {
    let path = case.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
    writeln!(stdout, "{:<9}  {target}  {path}{} ({})", verdict.word(), case.name, verdict.counts())?;
    for line in verdict.details(pairs) {
        writeln!(stdout, "  {line}")?;
    }
    Ok(())
}

fn record(case: &Case, verdict: &Verdict, target: &str, pairs: &[Placed]) -> Value {
    let difference = |found: &Found| {
        let placed = pairs.get(found.pair)?;
        Some(json!({
            "pair": placed.place, "asks": found.asks, "engine": found.engine, "query": found.query,
            "interpreter": found.matches, "query_selects": !found.matches,
            "raw": placed.pair.raw.0, "document": placed.pair.document.0,
        }))
    };
    json!({
        "path": case.path, "name": case.name, "target": target, "outcome": verdict.word(),
        "documents": verdict.documents, "matched": verdict.matched, "excluded": verdict.left_out,
        "refused": verdict.refused, "failures": verdict.failures,
        "differences": verdict.differences.iter().filter_map(difference).collect::<Vec<_>>(),
    })
}

fn test_case(case: &Case, verdict: &Verdict, pairs: &[Placed]) -> TestCase {
    let details = verdict.details(pairs).join("\n");
    let failure = |kind, message: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message).set_description(details.as_str());
        status
    };
    let status = match verdict.word() {
        "different" => failure(NonSuccessKind::Failure, "the query does not select what the rule matches"),
        "failed" => failure(NonSuccessKind::Error, "the engine gave no answer"),
        "refused" | "not asked" => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(if details.is_empty() { "no document is of the log source" } else { details.as_str() });
            status
        }
        _ => TestCaseStatus::success(),
    };
    let mut test = TestCase::new(case.name.as_str(), status);
    test.set_classname(case.path.as_deref().unwrap_or("questions made from the raw events"));
    test.set_system_out(verdict.counts());
    test
}

fn summarise(target: &str, pairs: &[Placed], verdicts: &[Verdict], console: &mut Console) {
    let count = |word: &str| verdicts.iter().filter(|verdict| verdict.word() == word).count();
    console.summary(&format!(
        "{target}: {} pairs; rules and fields: {} equal, {} different, {} failed, {} refused, {} not asked; {} \
         comparisons, {} matches",
        pairs.len(),
        count("equal"),
        count("different"),
        count("failed"),
        count("refused"),
        count("not asked"),
        verdicts.iter().map(|verdict| verdict.documents).sum::<usize>(),
        verdicts.iter().map(|verdict| verdict.matched).sum::<usize>(),
    ));
}

fn text_of(event: &Event) -> String {
    Value::Object(event.0.clone()).to_string()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}… ({} bytes)", text.get(..at).unwrap_or(""), text.len()),
        None => text.to_owned(),
    }
}
