//! What a run found, for the terminal and for docs/equality.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use serde_json::Value;
use sigmaglot::diagnostic::Code;
use sigmaglot::interp::Event;
use sigmaglot::ir::Rule;

use crate::common::figures;
use crate::engines::Spec;
use crate::rules::Input;

/// So many differences are told in full.
const TOLD: usize = 12;

/// So many characters of a query are told.
const QUERY: usize = 3000;

/// Said of a rule without events.
const NO_EVENT: &str = "the rule has no event";

/// Said of a rule none of whose events matches as stored.
const NO_MATCH: &str = "no event that matches can be stored";

/// The figures of an engine.
pub struct Report {
    /// Which engine.
    pub spec: &'static Spec,
    /// Said where the engine is not installed.
    pub absent: Option<String>,
    /// Rules converted and put to the engine.
    pub rules: usize,
    /// Rules of which exclusions left no event, by the construct that took the most.
    pub rules_left_out: BTreeMap<String, usize>,
    /// Rules of which exclusions left no event that matches, but others, by the construct that took the most of those.
    pub rules_unmatched: BTreeMap<String, usize>,
    /// Rules of which some event matched.
    pub rules_matched: usize,
    /// Events compared.
    pub events: usize,
    /// Matches among them.
    pub matches: usize,
    /// Events on which engine and interpreter differ.
    pub differences: usize,
    /// The first of them, and what the engine rejected.
    pub failures: Vec<String>,
    /// Rules with a difference.
    different: BTreeSet<String>,
    /// Rules whose query the engine rejected.
    pub rejected: usize,
    /// Events left out, by construct.
    pub excluded: BTreeMap<String, usize>,
    /// Rules refused, by code.
    pub refused: BTreeMap<Code, usize>,
    /// One rule of so many was taken.
    pub step: usize,
    /// How long it took.
    pub seconds: u64,
}

impl Report {
    /// Nothing compared yet.
    pub fn new(spec: &'static Spec) -> Report {
        Report {
            spec,
            absent: None,
            rules: 0,
            rules_left_out: BTreeMap::new(),
            rules_unmatched: BTreeMap::new(),
            rules_matched: 0,
            events: 0,
            matches: 0,
            differences: 0,
            failures: Vec::new(),
            different: BTreeSet::new(),
            rejected: 0,
            excluded: BTreeMap::new(),
            refused: BTreeMap::new(),
            step: 1,
            seconds: 0,
        }
    }

    /// The engine is not there.
    pub fn absent(mut self) -> Report {
        self.absent = Some(format!("skipped: {} not installed", self.spec.name));
        self
    }

    /// Whether nothing was found against the target.
    pub fn is_equal(&self) -> bool {
        self.failures.is_empty() && self.differences == 0 && self.rejected == 0
    }

    /// An event was left out.
    pub fn exclude(&mut self, why: String) {
        *self.excluded.entry(why).or_default() += 1;
    }

    /// No event of a rule was left, because of this.
    pub fn leave_out_rule(&mut self, why: Option<String>) {
        *self.rules_left_out.entry(why.unwrap_or_else(|| NO_EVENT.to_owned())).or_default() += 1;
    }

    /// No event of a rule that matches was left, because of this.
    pub fn leave_unmatched(&mut self, why: Option<String>) {
        *self.rules_unmatched.entry(why.unwrap_or_else(|| NO_MATCH.to_owned())).or_default() += 1;
    }

    /// A rule was refused.
    pub fn refuse(&mut self, codes: BTreeSet<Code>) {
        for code in codes {
            *self.refused.entry(code).or_default() += 1;
        }
    }

    /// The engine rejected a query.
    pub fn fail(&mut self, rule: &Rule, query: &str, words: &str) {
        self.rejected += 1;
        if self.failures.len() < TOLD {
            self.failures.push(format!("{}: the engine says: {words}\n  {}", rule.meta.title, cut(query)));
        }
    }

    /// Engine and interpreter differ. One event of a rule is told.
    pub fn differ(&mut self, rule: &Rule, query: &str, row: &Event, expected: bool) {
        self.differences += 1;
        if self.different.insert(rule.meta.title.to_string()) && self.failures.len() < TOLD {
            let event = Value::Object(row.0.clone());
            let verdict = if expected { "matches" } else { "does not match" };
            self.failures.push(format!("{}: the interpreter {verdict} {event}\n  {}", rule.meta.title, cut(query)));
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(QUERY).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(words) = &self.absent {
            return writeln!(f, "{words}");
        }
        write!(f, "{} ({}): {} rules converted", self.spec.name, self.spec.target, self.rules)?;
        if self.step > 1 {
            write!(f, " (one of {} of the run's)", self.step)?;
        }
        writeln!(
            f,
            ", {} events compared, {} matches, {} rules with a match; {} differences in {} rules, {} queries rejected; {} s",
            self.events,
            self.matches,
            self.rules_matched,
            self.differences,
            self.different.len(),
            self.rejected,
            self.seconds,
        )?;
        self.excluded.iter().try_for_each(|(why, n)| writeln!(f, "  {n:>8}  events left out: {why}"))?;
        self.rules_left_out.iter().try_for_each(|(why, n)| writeln!(f, "  {n:>8}  rules left out whole: {why}"))?;
        self.rules_unmatched
            .iter()
            .try_for_each(|(why, n)| writeln!(f, "  {n:>8}  rules left without a match: {why}"))?;
        self.refused
            .iter()
            .try_for_each(|(code, n)| writeln!(f, "  {n:>8}  rules refused: {code} {}", code.title()))?;
        self.failures.iter().try_for_each(|words| writeln!(f, "  ! {words}"))
    }
}

/// The page of the figures.
pub fn page(reports: &[Report], input: &Input) -> String {
    let mut out = String::from(
        "# Equality\n\n\
         What was compared, and what came of it. Every query ran on the engine over recorded events and events made from\n\
         its rule (`verify::witness`), and each event's verdict was compared with the interpreter's on the event as the\n\
         target's store holds it (`verify::store`). An engine's own deviations from the product are left out by construct;\n\
         the tables say how many events each exclusion removed.\n\n\
         This page is written by\n\n",
    );
    let step = match input.step {
        1 => "SIGMAGLOT_DEEP=1 ".to_owned(),
        step => format!("SIGMAGLOT_STEP={step} "),
    };
    let _ = writeln!(
        out,
        "```console\n$ tests/engines/setup.sh\n$ {step}SIGMAGLOT_WRITE_DOCS=1 cargo test --test engines\n```\n"
    );
    let share = match input.step {
        1 => "all rules".to_owned(),
        step => format!("the rules of every {step}th file"),
    };
    let _ = writeln!(
        out,
        "over {share} of {}: {} rules, {} recorded events.\n\n\
         | engine | target | rules converted | with a match | events compared | matches | differences | rejected queries |\n\
         |---|---|---:|---:|---:|---:|---:|---:|",
        input.from,
        input.rules.len(),
        input.events.len()
    );
    for report in reports {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            report.spec.title,
            report.spec.target,
            report.rules,
            report.rules_matched,
            report.events,
            report.matches,
            report.differences,
            report.rejected
        );
    }
    let flips = input.flips();
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    let _ = writeln!(
        out,
        "\nThe events made from the rules: {} of {} rules ({:.1} %) have one that they match; {} of {} predicates ({:.1} %) \
         have\ntwo events that differ in this predicate alone and of which the rule matches one. For {} predicates no value was \
         found, {} never\nturned the verdict, {} were not tried.",
        flips.rules_matched,
        flips.rules,
        share(flips.rules_matched, flips.rules),
        flips.found,
        flips.predicates(),
        share(flips.found, flips.predicates()),
        flips.no_sample,
        flips.no_effect,
        flips.left_out
    );
    out.push_str(
        "\nMicrosoft's parser and binder has no rows: it is asked whether each query is KQL over columns of these names and \
         types.\n",
    );
    for report in reports {
        section(&mut out, report);
    }
    out.push_str(&figures::section());
    out
}

fn section(out: &mut String, report: &Report) {
    let _ = writeln!(out, "\n## {}\n", report.spec.title);
    if report.step > 1 {
        let _ = writeln!(out, "One rule of {} was taken, since the engine is slow.\n", report.step);
    }
    let rows = |out: &mut String, head: &str, rows: Vec<(String, usize)>| {
        if !rows.is_empty() {
            let _ = writeln!(out, "| {head} | number |\n|---|---:|");
            for (what, n) in rows {
                let _ = writeln!(out, "| {what} | {n} |");
            }
            out.push('\n');
        }
    };
    if report.excluded.is_empty() && report.refused.is_empty() {
        out.push_str("Nothing is left out, no rule is refused.\n");
    }
    let refused = report.refused.iter().map(|(code, n)| (format!("{code} {}", code.title()), *n));
    rows(out, "rules refused", refused.collect());
    rows(out, "events left out", report.excluded.iter().map(|(why, n)| (why.clone(), *n)).collect());
    let by_number = |numbers: &BTreeMap<String, usize>| numbers.iter().map(|(why, n)| (why.clone(), *n)).collect();
    rows(out, "rules of which no event is left", by_number(&report.rules_left_out));
    rows(out, "rules of which events are left, but none that matches", by_number(&report.rules_unmatched));
    while out.ends_with("\n\n") {
        out.pop();
    }
}
