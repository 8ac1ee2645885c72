//! `sigmaglot convert`: rules in, queries out.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::batch::Batch;
use super::console::{Console, Voice};
use super::input::{self, Loaded, unreadable, utf8};
use super::mapping::MappingArguments;
use super::outdir::{OutDir, Query};
use super::plan::{Part, Plan, Translation, Views, normalized, template_failed};
use super::record::{Record, Status};
use super::settings::{Layers, View};
use super::{Common, Exit, Stop, plan};
use crate::config::{self, Settings};
use crate::diagnostic::{Code, Diagnostic, Report, codes};
use crate::ir::{self, Rule};
use crate::sigma::{self, UnresolvedPlaceholders};
use crate::source::Span;
use crate::target::{Layout, Session, Target, Templates};

/// Convert rules to query languages
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// The targets; `sigmaglot targets` lists them [default: the configuration's]
    #[arg(short, long = "target", value_name = "TARGET", value_delimiter = ',')]
    targets: Vec<String>,
    /// What to print [default: text]
    #[arg(short, long, value_enum)]
    format: Option<Format>,
    /// Write each query to a file of its own in this directory, beside records if --format jsonl
    #[arg(short, long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    #[command(flatten)]
    mapping: MappingArguments,
    /// Break and indent queries
    #[arg(long)]
    pretty: bool,
    /// Files that replace the embedded templates and manifests of the same path, such as kql/query.j2
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Table, index or source that queries read [default: the target's]
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

const EXAMPLES: &str = "Examples:
  sigmaglot convert rules -t eql,kql,spl,sql
  sigmaglot convert 'rules/**/*.yml' -t sql:duckdb --pretty --table logs
  sigmaglot convert rules -t kql --out-dir queries
  sigmaglot convert rules -t eql -p ecs-windows -p own.yml
  cat rule.yml | sigmaglot convert - -t eql --format jsonl

A jsonl record has path, id, title, target, status (ok, unsupported, invalid), query, diagnostics and ir_hash, and with -p mapping; what is not \
known is null, and what cannot be read has a record too. What is to be said \
of a rule is in its records with jsonl, and on stderr with text.

Directories are searched for *.yml and *.yaml, hidden ones included; what a .gitignore or --exclude names is left out.

Exit codes: 0 every rule was converted to every target; 2 a rule could not be read or converted; 3 usage, a template that \
fails, or a file that cannot be read or written.";

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Each query under a comment with title and id
    Text,
    /// A JSON record a rule and target
    Jsonl,
}

/// What all threads share.
struct Job<'a> {
    targets: &'a [(String, Target)],
    plans: &'a [Plan<'a>],
    layout: Layout,
    format: Format,
    /// Whether queries go to files, so that text prints none.
    files: bool,
    voice: Voice,
}

/// What came of one file.
struct Done {
    stdout: String,
    stderr: String,
    queries: Vec<FileQuery>,
    /// Queries that finalizers are to make one text of, with the places of plan and part.
    unfinished: Vec<((usize, usize), String)>,
    /// For each target in order.
    tallies: Vec<Tally>,
    exit: Exit,
}

/// A query for `--out-dir`.
struct FileQuery {
    index: usize,
    target: usize,
    text: String,
}

/// Counts of one target.
#[derive(Debug, Clone, Default)]
struct Tally {
    ok: usize,
    unsupported: usize,
    invalid: usize,
    /// How many rules each code kept from being converted.
    reasons: BTreeMap<Code, usize>,
}

impl Arguments {
    /// What the flags say.
    fn settings(&self) -> Settings {
        Settings {
            targets: (!self.targets.is_empty()).then(|| self.targets.clone()),
            table: self.table.clone(),
            out_dir: self.out_dir.clone(),
            format: self.format.map(|format| match format {
                Format::Text => config::Format::Text,
                Format::Jsonl => config::Format::Jsonl,
            }),
            pretty: self.pretty.then_some(true),
            templates: self.templates.clone(),
            placeholders: self.rules.placeholders.files(),
            ..self.mapping.settings()
        }
    }
}

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let layers = Layers::load(common, &arguments.rules.paths, arguments.settings(), Settings::default(), console)?;
    let general = layers.general();
    let templates = templates(&general)?;
    let reading = arguments.rules.placeholders.resolve(&general, UnresolvedPlaceholders::Keep)?;
    let mut found = input::find_rules(&arguments.rules, console)?;
    found.foreign = if general.is_strict() { input::Foreign::Error } else { input::Foreign::Note };
    if let (true, Some(exit)) = (found.files.is_empty(), found.exit) {
        return Ok(exit);
    }
    let views = Views::new(&layers, &found);
    let targets = views.targets(&templates)?;
    let mappings = views.mappings(console)?;
    let (plans, of) = views.plans(&mappings, &plan::names(&targets))?;
    let batch = Batch::new(common.threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let mut out_dir = general.get(|settings| settings.out_dir.as_deref()).map(OutDir::new).transpose()?;
    let is_pretty = general.get(|settings| settings.pretty.as_ref()).copied().unwrap_or(false);
    let job = Job {
        targets: &targets,
        plans: &plans,
        layout: if is_pretty { Layout::Pretty } else { Layout::Compact },
        format: match general.get(|settings| settings.format.as_ref()) {
            Some(config::Format::Jsonl) => Format::Jsonl,
            Some(config::Format::Text) | None => Format::Text,
        },
        files: out_dir.is_some(),
        voice: console.voice(),
    };
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut tallies = vec![Tally::default(); targets.len()];
    let mut unfinished: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    let items: Vec<(&Loaded, usize)> = loaded.iter().zip(of.iter().copied()).collect();
    let mut files = loaded.iter();
    console.start(loaded.len());
    batch.run(
        &items,
        || targets.iter().map(|(_, target)| target.session()).collect::<Vec<_>>(),
        |sessions, (file, plan)| job.convert(sessions, file, *plan),
        |done| {
            stdout.write_all(done.stdout.as_bytes())?;
            console.print(&done.stderr);
            if let (Some(dir), Some(file)) = (&mut out_dir, files.next()) {
                write_files(dir, file, &done.queries, &targets, console)?;
            }
            tallies.iter_mut().zip(&done.tallies).for_each(|(sum, one)| sum.add(one));
            for (place, query) in done.unfinished {
                unfinished.entry(place).or_default().push(query);
            }
            exit = exit.max(done.exit);
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    for (i, plan) in plans.iter().enumerate() {
        for (j, part) in plan.parts.iter().enumerate() {
            if let Some(text) = part.chain.finalize(unfinished.remove(&(i, j)).unwrap_or_default())? {
                writeln!(stdout, "{text}")?;
            }
        }
    }
    summarise(&targets, &tallies, console);
    Ok(exit)
}

/// The templates in force.
pub(super) fn templates(view: &View<'_>) -> Result<Templates, Diagnostic> {
    match view.get(|settings| settings.templates.as_deref()) {
        Some(directory) => overrides(directory),
        None => Ok(Templates::embedded()),
    }
}

/// Reads the files of `--templates DIR`.
fn overrides(directory: &Path) -> Result<Templates, Diagnostic> {
    let mut templates = Templates::embedded();
    let rooms: Vec<&str> =
        Templates::embedded_paths().iter().filter_map(|path| path.split_once('/').map(|(room, _)| room)).collect();
    if !directory.is_dir() {
        return Err(unreadable(&directory.display().to_string(), "there is no such directory"));
    }
    let mut walk = ignore::WalkBuilder::new(directory);
    walk.standard_filters(false).follow_links(true).sort_by_file_path(Path::cmp);
    for entry in walk.build() {
        let entry = entry.map_err(|e| unreadable(&directory.display().to_string(), &e.to_string()))?;
        let path = entry.path();
        let template = path.extension().is_some_and(|ext| ext == "j2" || ext == "toml");
        if !template || !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let below = path.strip_prefix(directory).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let below = parts.join("/");
        if !parts.first().is_some_and(|room| rooms.contains(&room.as_ref())) {
            let message = format!("the template `{below}` belongs to no target");
            let help = "a template lies below its target's directory, as in kql/query.j2";
            return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help(help));
        }
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|e| unreadable(&name, &e.to_string()))?;
        templates = templates.with_override(below, utf8(bytes, &name)?);
    }
    Ok(templates)
}

impl Job<'_> {
    fn convert(&self, sessions: &mut [Session<'_>], loaded: &Loaded, plan: usize) -> Done {
        let mut done = Done {
            stdout: String::new(),
            stderr: String::new(),
            queries: Vec::new(),
            unfinished: Vec::new(),
            tallies: vec![Tally::default(); self.targets.len()],
            exit: loaded.exit,
        };
        if self.format == Format::Text {
            done.stderr = self.voice.render(&loaded.read.diagnostics, &loaded.source);
        }
        let mut broken = broken_documents(&loaded.read).into_iter().peekable();
        for (index, rule) in loaded.read.rules.iter().enumerate() {
            while let Some(document) = broken.next_if(|document| document.start < rule.meta.span.start) {
                self.invalid(loaded, plan, &document, &mut done);
            }
            self.rule(sessions, loaded, plan, (index, rule), &mut done);
        }
        broken.for_each(|document| self.invalid(loaded, plan, &document, &mut done));
        done
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
        let hash = (self.format == Format::Jsonl).then(|| ir::json::hash(rule));
        let about: Vec<&Diagnostic> = loaded.about().filter(|d| !d.is_error() && concerns(d, rule)).collect();
        let normal = LazyCell::new(|| normalized(rule));
        let several = self.targets.len() > 1;
        for (place, part, name, target) in self.parts(plan) {
            let i = part.target;
            let Some(session) = sessions.get_mut(i) else { continue };
            let Translation { mapped, conversion } = part.translate(session, rule, || &*normal, self.layout);
            let status = if conversion.query.is_some() { Status::Ok } else { Status::Unsupported };
            done.tallies[i].count(status, conversion.diagnostics.iter());
            if status != Status::Ok {
                // A template that fails is a matter of configuration: no rule is to blame.
                let failed = template_failed(&conversion);
                done.exit = done.exit.max(if failed { Exit::Usage } else { Exit::Rules });
            }
            match self.format {
                Format::Text => {
                    done.stderr.push_str(&self.voice.render(&conversion.diagnostics, &loaded.source));
                    let finalized = part.chain.has_finalizers();
                    if let Some(query) = conversion.query.as_ref().filter(|_| finalized && !self.files) {
                        done.unfinished.push(((plan, place), query.clone()));
                    } else if let Some(query) = conversion.query.as_deref().filter(|_| !self.files) {
                        done.stdout.push_str(&heading(rule, several.then_some(name), target));
                        let _ = writeln!(done.stdout, "{query}\n"); // writing to a string does not fail
                    }
                }
                Format::Jsonl => {
                    let said = about.iter().copied().chain(&conversion.diagnostics);
                    push(
                        &mut done.stdout,
                        &Record {
                            path: loaded.source.name(),
                            id: rule.meta.id.as_deref(),
                            title: Some(&rule.meta.title),
                            target: name,
                            status,
                            query: conversion.query.as_deref(),
                            diagnostics: said.map(|d| Report::new(d, &loaded.source)).collect(),
                            ir_hash: hash.as_deref(),
                            mapping: mapped.as_ref().map(|mapped| &mapped.record),
                        },
                    );
                }
            }
            if let (true, Some(query)) = (self.files, conversion.query) {
                let text = format!("{}{query}\n", heading(rule, None, target));
                done.queries.push(FileQuery { index, target: i, text });
            }
        }
    }

    /// The records of a document that could not be read, one a target.
    fn invalid(&self, loaded: &Loaded, plan: usize, document: &Broken<'_>, done: &mut Done) {
        for (_, part, target, _) in self.parts(plan) {
            let Some(tally) = done.tallies.get_mut(part.target) else { continue };
            tally.count(Status::Invalid, document.errors.iter().copied());
            if self.format == Format::Jsonl {
                push(
                    &mut done.stdout,
                    &Record {
                        path: loaded.source.name(),
                        id: document.id,
                        title: document.title,
                        target,
                        status: Status::Invalid,
                        query: None,
                        diagnostics: document.errors.iter().map(|d| Report::new(d, &loaded.source)).collect(),
                        ir_hash: None,
                        mapping: None,
                    },
                );
            }
        }
    }
}

/// A document that could not be read, or a file with errors outside its documents.
struct Broken<'a> {
    start: u32,
    title: Option<&'a str>,
    id: Option<&'a str>,
    errors: Vec<&'a Diagnostic>,
}

/// The broken documents of a file, in order, each with its errors. Errors outside all of them, as of text that is no YAML,
/// go to documents without an error of their own (a collection's rules share its globals), or make an entry without a name.
fn broken_documents(read: &sigma::Read) -> Vec<Broken<'_>> {
    let errors = || read.diagnostics.iter().filter(|d| d.is_error());
    let inside = |d: &Diagnostic, span: Span| d.span.is_some_and(|at| span.start <= at.start && at.start <= span.end);
    let outside: Vec<&Diagnostic> =
        errors().filter(|d| !read.unread.iter().any(|document| inside(d, document.span))).collect();
    let mut shared = outside.is_empty();
    let mut broken: Vec<Broken<'_>> = Vec::new();
    for document in &read.unread {
        let mut own: Vec<&Diagnostic> = errors().filter(|d| inside(d, document.span)).collect();
        if own.is_empty() {
            own.clone_from(&outside);
            shared = true;
        }
        let (title, id) = (document.title.as_deref(), document.id.as_deref());
        broken.push(Broken { start: document.span.start, title, id, errors: own });
    }
    if !shared {
        let start = outside.first().and_then(|d| d.span).map_or(0, |span| span.start);
        broken.push(Broken { start, title: None, id: None, errors: outside });
    }
    broken.sort_by_key(|document| document.start);
    broken
}

/// Whether a diagnostic of the file is about this rule: one without a place is about all.
fn concerns(diagnostic: &Diagnostic, rule: &Rule) -> bool {
    let document = rule.meta.span;
    diagnostic.span.is_none_or(|span| document.start <= span.start && span.start <= document.end)
}

fn push(out: &mut String, record: &Record<'_>) {
    if let Ok(line) = serde_json::to_string(record) {
        out.push_str(&line);
        out.push('\n');
    }
}

/// The comment above a query.
fn heading(rule: &Rule, name: Option<&String>, target: &Target) -> String {
    let open = &target.manifest().comment;
    let mut lines = vec![rule.meta.title.to_string()];
    lines.extend(rule.meta.id.as_ref().map(|id| format!("id: {id}")));
    lines.extend(name.map(|name| format!("target: {name}")));
    lines.iter().map(|line| comment(open, line)).collect()
}

/// Line breaks of Unicode, and marks that turn the direction of the text after them around.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A comment line. Nothing in the text can end it or hide what follows: no line break of any kind, no mark that closes a
/// comment or turns the direction of text.
fn comment(open: &str, text: &str) -> String {
    let close = match open {
        "/*" => " */",
        "```" => " ```",
        _ => "",
    };
    let line: String = text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect();
    let line = line.replace("*/", "* /").replace("```", "` ` `");
    format!("{open} {}{close}\n", line.trim())
}

fn write_files(
    dir: &mut OutDir,
    file: &Loaded,
    queries: &[FileQuery],
    targets: &[(String, Target)],
    console: &mut Console,
) -> Result<(), Stop> {
    for query in queries {
        let Some((name, target)) = targets.get(query.target) else { continue };
        let note = dir.write(&Query {
            source: file.source.name(),
            below: &file.below,
            index: query.index,
            target: name,
            extension: &target.manifest().extension,
            text: &query.text,
        })?;
        if let Some(note) = note {
            console.say(&note);
        }
    }
    Ok(())
}

impl Tally {
    fn count<'d>(&mut self, status: Status, diagnostics: impl Iterator<Item = &'d Diagnostic>) {
        match status {
            Status::Ok => self.ok += 1,
            Status::Unsupported => self.unsupported += 1,
            Status::Invalid => self.invalid += 1,
        }
        let codes: std::collections::BTreeSet<Code> = diagnostics.filter(|d| d.is_error()).map(|d| d.code).collect();
        for code in codes {
            *self.reasons.entry(code).or_default() += 1;
        }
    }

    fn add(&mut self, other: &Tally) {
        self.ok += other.ok;
        self.unsupported += other.unsupported;
        self.invalid += other.invalid;
        for (code, n) in &other.reasons {
            *self.reasons.entry(*code).or_default() += n;
        }
    }

    fn total(&self) -> usize {
        self.ok + self.unsupported + self.invalid
    }
}

/// Says for each target how many rules were converted, and why the others were not.
fn summarise(targets: &[(String, Target)], tallies: &[Tally], console: &mut Console) {
    for ((name, _), tally) in targets.iter().zip(tallies) {
        console.summary(&format!(
            "{name}: {} of {} converted, {} unsupported, {} invalid",
            tally.ok,
            tally.total(),
            tally.unsupported,
            tally.invalid
        ));
        for (code, n) in &tally.reasons {
            console.summary(&format!("  {n:>5}  {code}  {}", code.title()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_comment_early() {
        assert_eq!(comment("//", "a\r\nb\u{2028}c\u{85}d"), "// a  b c d\n");
        assert_eq!(comment("/*", "a */ drop"), "/* a * / drop */\n");
        assert_eq!(comment("```", "a ``` | delete"), "``` a ` ` ` | delete ```\n");
        assert_eq!(comment("--", ""), "-- \n");
        assert_eq!(comment("--", "a\u{202e}b\u{2066}c"), "-- a b c\n");
    }
}
