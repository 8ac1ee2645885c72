//! The reports of `verify`: text, JSON lines and JUnit from the same verdicts.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::Stop;
use super::verify::Format;
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;
use crate::ir::Rule;
use crate::verify::{Comparison, Difference, Outcome, Stage};

/// The longest text of an event or query in a text report, in characters.
const SHOWN: usize = 2_000;

/// The verdict on one rule for one target.
pub struct Verdict {
    path: String,
    id: Option<Arc<str>>,
    title: Arc<str>,
    target: String,
    /// What came of it.
    pub comparison: Comparison,
}

/// Prints verdicts as they come, or all at the end.
pub enum Reporter {
    /// One a line, with details below.
    Text,
    /// One a line.
    Json,
    /// All at the end.
    Junit(BTreeMap<String, TestSuite>),
}

impl Verdict {
    /// The verdict on a rule of this file.
    pub fn new(path: &str, rule: &Rule, target: &str, comparison: Comparison) -> Self {
        let (id, title) = (rule.meta.id.clone(), rule.meta.title.clone());
        Self { path: path.to_owned(), id, title, target: target.to_owned(), comparison }
    }

    fn word(&self) -> &'static str {
        match self.comparison.outcome {
            Outcome::Equal => "equal",
            Outcome::Different(_) => "different",
            Outcome::NotCompared => "not compared",
            Outcome::Refused(_) => "refused",
            Outcome::Failed { .. } => "failed",
        }
    }

    /// What was compared, in words.
    fn counts(&self) -> String {
        let left_out: usize = self.comparison.excluded.values().sum();
        let left_out = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
        format!("{} events, {} matched{left_out}", self.comparison.events, self.comparison.matched)
    }

    /// The details, a line each; none for what is equal.
    fn details(&self) -> Vec<String> {
        match &self.comparison.outcome {
            Outcome::Equal => Vec::new(),
            Outcome::NotCompared => self.reasons(),
            Outcome::Refused(errors) => errors.iter().map(Diagnostic::to_string).collect(),
            Outcome::Failed { engine, query, error } => {
                let mut lines = vec![format!("{engine} gave no answer:")];
                lines.extend(error.to_string().lines().map(|line| format!("  {line}")));
                if !query.is_empty() {
                    lines.push(format!("query: {}", cut(query)));
                }
                lines
            }
            Outcome::Different(difference) => difference_lines(difference),
        }
    }

    /// Why no event could be compared.
    fn reasons(&self) -> Vec<String> {
        let excluded = &self.comparison.excluded;
        match excluded.is_empty() {
            true => vec!["there is no event: name some with --events".to_owned()],
            false => excluded.iter().map(|(why, n)| format!("{n} events left out: {why}")).collect(),
        }
    }

    fn json(&self) -> Value {
        let comparison = &self.comparison;
        let excluded: serde_json::Map<String, Value> =
            comparison.excluded.iter().map(|(exclusion, n)| (exclusion.to_string(), (*n).into())).collect();
        let model = &comparison.data_model;
        let mut record = json!({
            "path": self.path, "id": self.id, "title": self.title, "target": self.target, "outcome": self.word(),
            "events": comparison.events, "matched": comparison.matched, "excluded": excluded,
            "data_model": {
                "stated": model.stated, "warned": model.warned,
                "unwarned": model.unwarned.as_ref().map(|event| &event.0),
            },
            "unknown_fields": comparison.unknown_fields,
            "diagnostics": null, "failure": null, "difference": null,
        });
        match &comparison.outcome {
            Outcome::Equal | Outcome::NotCompared => {}
            Outcome::Refused(errors) => {
                let errors = errors.iter().map(|e| json!({"code": e.code, "message": e.message, "help": e.help}));
                record["diagnostics"] = errors.collect();
            }
            Outcome::Failed { engine, query, error } => {
                record["failure"] = json!({"engine": engine, "query": query, "error": error.to_string()});
            }
            Outcome::Different(difference) => {
                record["difference"] = json!({
                    "stage": stage(difference.stage), "engine": difference.engine, "event": difference.event.0,
                    "mapped": difference.mapped.as_ref().map(|event| &event.0), "stored": difference.stored.0,
                    "query": difference.query, "interpreter": difference.matches, "query_selects": !difference.matches,
                    "events": difference.count, "trace": difference.trace, "mapped_trace": difference.mapped_trace,
                });
            }
        }
        record
    }

    fn junit(&self) -> TestCase {
        let details = self.details().join("\n");
        let failure = |kind, message: &str| {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(message).set_description(details.as_str());
            status
        };
        let status = match &self.comparison.outcome {
            Outcome::Equal => TestCaseStatus::success(),
            Outcome::NotCompared => failure(NonSuccessKind::Error, "no event could be compared"),
            Outcome::Different(_) => {
                failure(NonSuccessKind::Failure, "the query does not select what the rule matches")
            }
            Outcome::Failed { .. } => failure(NonSuccessKind::Error, "the engine gave no answer"),
            Outcome::Refused(_) => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(details.as_str());
                status
            }
        };
        let mut case = TestCase::new(self.title.to_string(), status);
        case.set_classname(self.path.as_str());
        case.set_system_out(self.counts());
        case
    }
}

/// The word for a stage.
fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Mapping => "mapping",
        Stage::Query => "query",
    }
}

fn difference_lines(difference: &Difference) -> Vec<String> {
    let verdict = |holds| if holds { "selects" } else { "does not select" };
    let mut lines = vec![
        format!("event: {}", cut(&Value::Object(difference.event.0.clone()).to_string())),
        format!("the rule {} it", if difference.matches { "matches" } else { "does not match" }),
        match difference.stage {
            Stage::Mapping if difference.matches => format!("{} does not match it", difference.engine),
            Stage::Mapping => format!("{} matches it", difference.engine),
            Stage::Query => format!("{} {} it", difference.engine, verdict(!difference.matches)),
        },
    ];
    let shown = |event: &Event| cut(&Value::Object(event.0.clone()).to_string());
    if difference.stored != difference.event {
        lines.insert(1, format!("as stored: {}", shown(&difference.stored)));
    }
    if let Some(mapped) = &difference.mapped {
        if *mapped != difference.stored {
            lines.insert(1, format!("as mapped: {}", shown(mapped)));
        }
        lines.insert(0, format!("stage: {}", stage(difference.stage)));
    }
    if difference.count > 1 {
        lines.push(format!("{} events differ; this is the smallest one found", difference.count));
    }
    lines.push(format!("query: {}", cut(&difference.query)));
    lines.push("why:".to_owned());
    lines.extend(difference.trace.to_string().lines().map(|line| format!("  {line}")));
    if let Some(trace) = &difference.mapped_trace {
        lines.push("why, after the mapping:".to_owned());
        lines.extend(trace.to_string().lines().map(|line| format!("  {line}")));
    }
    lines
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}… ({} bytes)", text.get(..at).unwrap_or(""), text.len()),
        None => text.to_owned(),
    }
}

impl Reporter {
    /// A reporter of this format.
    pub fn new(format: Format) -> Self {
        match format {
            Format::Text => Reporter::Text,
            Format::Json => Reporter::Json,
            Format::Junit => Reporter::Junit(BTreeMap::new()),
        }
    }

    /// Takes a verdict.
    pub fn take(&mut self, verdict: &Verdict, stdout: &mut dyn Write) -> Result<(), Stop> {
        match self {
            Reporter::Text => {
                let Verdict { path, title, target, .. } = verdict;
                writeln!(stdout, "{:<12}  {target}  {path}: {title} ({})", verdict.word(), verdict.counts())?;
                for line in verdict.details() {
                    writeln!(stdout, "  {line}")?;
                }
            }
            Reporter::Json => writeln!(stdout, "{}", verdict.json())?,
            Reporter::Junit(suites) => {
                let suite = suites.entry(verdict.target.clone());
                suite.or_insert_with(|| TestSuite::new(verdict.target.clone())).add_test_case(verdict.junit());
            }
        }
        Ok(())
    }

    /// Prints what waits for the end.
    pub fn finish(self, stdout: &mut dyn Write) -> Result<(), Stop> {
        if let Reporter::Junit(suites) = self {
            let mut report = Report::new("sigmaglot verify");
            report.add_test_suites(suites.into_values());
            let text = report
                .to_string()
                .map_err(|error| Diagnostic::new(codes::UNWRITABLE, format!("cannot write the report: {error}")))?;
            stdout.write_all(text.as_bytes())?;
        }
        Ok(())
    }
}
