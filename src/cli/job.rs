//! The conversion of one file's rules to their targets, on any thread: output, and what became of each rule. What that means for
//! the exit code, and what is said of it, is for [`super::convert`].

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::heading::heading;
use super::input::Loaded;
use super::plan::{Part, Plan, Translation, normalized, template_failed};
use super::record::{Record, Status};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ir::{self, Rule};
use crate::sigma;
use crate::source::Span;
use crate::target::{Layout, Session, Target};

/// What all threads share.
pub struct Job<'a> {
    /// The targets of all plans.
    pub targets: &'a [(String, Target)],
    /// How rules are converted.
    pub plans: &'a [Plan<'a>],
    /// How queries are laid out.
    pub layout: Layout,
    /// Where queries go.
    pub output: Output,
    /// Whether records are printed.
    pub records: bool,
}

/// Where queries go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// To stdout, each below its heading, or in records.
    Stdout,
    /// To a file each.
    Files,
}

/// What came of one file.
#[derive(Default)]
pub struct Done {
    /// What goes to stdout.
    pub stdout: String,
    /// Queries for files.
    pub queries: Vec<FileQuery>,
    /// Queries that finalizers are to make one text of, with the places of plan and part.
    pub unfinished: Vec<((usize, usize), String)>,
    /// What became of each rule for each target.
    pub outcomes: Vec<Outcome>,
}

/// A query for `--out-dir`.
pub struct FileQuery {
    /// Which rule of the file.
    pub index: usize,
    /// The target, by its place.
    pub target: usize,
    /// The query below its heading.
    pub text: String,
}

/// What became of one rule for one target.
pub struct Outcome {
    /// The target, by its place.
    pub target: usize,
    /// The rule's id.
    pub id: Option<String>,
    /// How it went.
    pub status: Status,
    /// The codes of its errors.
    pub codes: BTreeSet<Code>,
    /// Whether a template of the user's failed: a matter of configuration, no rule is to blame.
    pub template_failed: bool,
    /// What is to be said of the conversion.
    pub diagnostics: Vec<Diagnostic>,
}

impl Job<'_> {
    /// Converts the rules of a file.
    pub fn convert(&self, sessions: &mut [Session<'_>], loaded: &Loaded, plan: usize) -> Done {
        let mut done = Done::default();
        let mut broken = broken_documents(&loaded.read).into_iter().peekable();
        for (index, rule) in loaded.read.rules.iter().enumerate() {
            while let Some(document) = broken.next_if(|document| document.span.start < rule.meta.span.start) {
                self.invalid(loaded, plan, &document, &mut done);
            }
            self.rule(sessions, loaded, plan, (index, rule), &mut done);
        }
        broken.for_each(|document| self.invalid(loaded, plan, &document, &mut done));
        self.others(loaded, plan, &mut done);
        done
    }

    /// The records of what is said of the file and of none of its rules, such as that a document is no rule, one a target.
    fn others(&self, loaded: &Loaded, plan: usize, done: &mut Done) {
        let sigma::Read { rules, unread, .. } = &loaded.read;
        let is_named = |d: &Diagnostic| {
            rules.iter().any(|rule| concerns(d, rule)) || unread.iter().any(|document| inside(d, document.span))
        };
        let is_of_none = |d: &&Diagnostic| !d.is_error() && !is_named(d);
        if !self.records || !loaded.about().any(|d| is_of_none(&d)) {
            return;
        }
        for (_, _, target, _) in self.parts(plan) {
            let reports = loaded.about().filter(is_of_none).map(|d| Report::brief(d, &loaded.source)).collect();
            push(&mut done.stdout, &Record::other(loaded.source.name(), target, reports));
        }
    }

    /// The parts of a plan with their places and targets.
    fn parts(&self, plan: usize) -> impl Iterator<Item = (usize, &Part<'_>, &String, &Target)> {
        let parts = self.plans.get(plan).map_or(&[][..], |plan| &plan.parts).iter().enumerate();
        parts.filter_map(|(i, part)| {
            let (name, target) = self.targets.get(part.target)?;
            Some((i, part, name, target))
        })
    }

    fn rule(
        &self,
        sessions: &mut [Session<'_>],
        loaded: &Loaded,
        plan: usize,
        (index, rule): (usize, &Rule),
        done: &mut Done,
    ) {
        let hash = self.records.then(|| ir::json::hash(rule));
        let about: Vec<&Diagnostic> = loaded.about().filter(|d| !d.is_error() && concerns(d, rule)).collect();
        let normal = LazyCell::new(|| normalized(rule));
        for (place, part, name, target) in self.parts(plan) {
            let Some(session) = sessions.get_mut(part.target) else { continue };
            let Translation { mapped, conversion } = part.translate(session, rule, || &*normal, self.layout);
            let status = if conversion.query.is_some() { Status::Ok } else { Status::Unsupported };
            if self.records {
                let said = about.iter().copied().chain(&conversion.diagnostics);
                push(
                    &mut done.stdout,
                    &Record {
                        path: Some(loaded.source.name()),
                        id: rule.meta.id.as_deref(),
                        title: Some(&rule.meta.title),
                        target: name,
                        status,
                        query: conversion.query.as_deref(),
                        diagnostics: said.map(|d| Report::brief(d, &loaded.source)).collect(),
                        ir_hash: hash.as_deref(),
                        mapping: mapped.as_ref().map(|mapped| &mapped.record),
                    },
                );
            }
            let mut outcome = Outcome::new(part.target, rule.meta.id.as_deref(), status, &conversion.diagnostics);
            outcome.template_failed = template_failed(&conversion);
            outcome.diagnostics = conversion.diagnostics;
            done.outcomes.push(outcome);
            let Some(query) = conversion.query else { continue };
            if part.chain.has_finalizers() {
                done.unfinished.push(((plan, place), query));
            } else if self.output == Output::Files {
                let text = format!("{}{query}\n", heading(rule, None, target));
                done.queries.push(FileQuery { index, target: part.target, text });
            } else if !self.records {
                done.stdout.push_str(&heading(rule, (self.targets.len() > 1).then_some(name), target));
                let _ = writeln!(done.stdout, "{query}\n"); // writing to a string does not fail
            }
        }
    }

    /// The records of a document that could not be read, one a target.
    fn invalid(&self, loaded: &Loaded, plan: usize, document: &Broken<'_>, done: &mut Done) {
        let rest = || loaded.about().filter(|d| !d.is_error() && inside(d, document.span));
        let said = || document.errors.iter().copied().chain(rest());
        for (_, part, target, _) in self.parts(plan) {
            done.outcomes.push(Outcome::new(
                part.target,
                document.id,
                Status::Invalid,
                document.errors.iter().copied(),
            ));
            if self.records {
                push(
                    &mut done.stdout,
                    &Record {
                        path: Some(loaded.source.name()),
                        id: document.id,
                        title: document.title,
                        target,
                        status: Status::Invalid,
                        query: None,
                        diagnostics: said().map(|d| Report::brief(d, &loaded.source)).collect(),
                        ir_hash: None,
                        mapping: None,
                    },
                );
            }
        }
    }
}

impl Outcome {
    fn new<'d>(
        target: usize,
        id: Option<&str>,
        status: Status,
        diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
    ) -> Outcome {
        let codes = diagnostics.into_iter().filter(|d| d.is_error()).map(|d| d.code).collect();
        let id = id.map(str::to_owned);
        Outcome { target, id, status, codes, template_failed: false, diagnostics: Vec::new() }
    }
}

/// A document that could not be read, or a file with errors outside its documents.
struct Broken<'a> {
    span: Span,
    title: Option<&'a str>,
    id: Option<&'a str>,
    errors: Vec<&'a Diagnostic>,
}

/// The broken documents of a file, in order, each with its errors. Errors outside all of them, as of a file that is too large,
/// go to documents without an error of their own (a collection's rules share its globals), or make an entry without a name.
fn broken_documents(read: &sigma::Read) -> Vec<Broken<'_>> {
    let mut outside: Vec<&Diagnostic> = Vec::new();
    let mut of: Vec<Vec<&Diagnostic>> = vec![Vec::new(); read.unread.len()];
    for error in read.diagnostics.iter().filter(|d| d.is_error()) {
        // A document ends where the next one begins: the place between them is of the first.
        match read.unread.iter().position(|document| inside(error, document.span)) {
            Some(place) => of[place].push(error),
            None => outside.push(error),
        }
    }
    let mut shared = outside.is_empty();
    let mut broken: Vec<Broken<'_>> = Vec::new();
    for (document, mut own) in read.unread.iter().zip(of) {
        if own.is_empty() {
            own.clone_from(&outside);
            shared = true;
        }
        let (title, id) = (document.title.as_deref(), document.id.as_deref());
        broken.push(Broken { span: document.span, title, id, errors: own });
    }
    if !shared {
        let span = outside.first().and_then(|d| d.span).unwrap_or_default();
        broken.push(Broken { span, title: None, id: None, errors: outside });
    }
    broken.sort_by_key(|document| document.span.start);
    broken
}

/// Whether a diagnostic is about a place within the span.
fn inside(diagnostic: &Diagnostic, span: Span) -> bool {
    diagnostic.span.is_some_and(|at| span.start <= at.start && at.start <= span.end)
}

/// Whether a diagnostic of the file is about this rule: one without a place is about all.
fn concerns(diagnostic: &Diagnostic, rule: &Rule) -> bool {
    let document = rule.meta.span;
    diagnostic.span.is_none_or(|span| document.start <= span.start && span.start <= document.end)
}

pub fn push(out: &mut String, record: &Record<'_>) {
    if let Ok(line) = serde_json::to_string(record) {
        out.push_str(&line);
        out.push('\n');
    }
}
