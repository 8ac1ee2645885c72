//! `sigmaglot convert`: rules in, queries out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::batch::Batch;
use super::console::{Console, Voice};
use super::input::{self, Loaded, unreadable, utf8};
use super::mapping::{MappingArguments, Mappings};
use super::outdir::{OutDir, Query};
use super::record::{Record, Status};
use super::{Exit, Stop};
use crate::diagnostic::{Code, Diagnostic, Report, codes};
use crate::ir::{self, Rule};
use crate::mapping::{Chain, Mapped};
use crate::sigma::UnresolvedPlaceholders;
use crate::target::{self, Conversion, Layout, Session, Target, Templates};

/// Convert rules to query languages
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// The targets; `sigmaglot targets` lists them
    #[arg(short, long = "target", value_name = "TARGET", value_delimiter = ',', required = true)]
    targets: Vec<String>,
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
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

A jsonl record has path, id, title, target, status (ok, unsupported, invalid), query, diagnostics and ir_hash, \
and with -p mapping. What is to be said of a rule is in its records with jsonl, and on stderr with text.

Directories are searched for *.yml and *.yaml, hidden and git-ignored files included.

Exit codes: 0 every rule was converted to every target; 2 a rule could not be read or converted; 3 usage, or a file that cannot \
be read or written.";

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
    /// The mapping of each target, in their order.
    chains: &'a [Chain<'a>],
    mappings: &'a Mappings,
    options: target::Options,
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
    /// Queries that a target's finalizers are to make one text of, with the target's place.
    unfinished: Vec<(usize, String)>,
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

pub fn run(
    arguments: Arguments,
    threads: Option<NonZeroUsize>,
    console: &mut Console,
    stdout: &mut dyn Write,
) -> Result<Exit, Stop> {
    let templates = match &arguments.templates {
        Some(directory) => overrides(directory)?,
        None => Templates::embedded(),
    };
    let targets = load_targets(&arguments.targets, &templates)?;
    let mappings = arguments.mapping.load(console)?;
    let chains = mappings.chains(targets.iter().map(|(name, _)| name.as_str()))?;
    let reading = arguments.rules.placeholders.resolve(UnresolvedPlaceholders::Keep)?;
    let found = input::find(&arguments.rules.paths, console)?;
    if let (true, Some(exit)) = (found.files.is_empty(), found.exit) {
        return Ok(exit);
    }
    let batch = Batch::new(threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let mut out_dir = arguments.out_dir.as_deref().map(OutDir::new).transpose()?;
    let job = Job {
        targets: &targets,
        chains: &chains,
        mappings: &mappings,
        options: target::Options {
            layout: if arguments.pretty { Layout::Pretty } else { Layout::Compact },
            table: arguments.table,
        },
        format: arguments.format,
        files: out_dir.is_some(),
        voice: console.voice(),
    };
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut tallies = vec![Tally::default(); targets.len()];
    let mut unfinished: Vec<Vec<String>> = vec![Vec::new(); targets.len()];
    let mut files = loaded.iter();
    console.start(loaded.len());
    batch.run(
        &loaded,
        || targets.iter().map(|(_, target)| target.session()).collect::<Vec<_>>(),
        |sessions, file| job.convert(sessions, file),
        |done| {
            stdout.write_all(done.stdout.as_bytes())?;
            console.print(&done.stderr);
            if let (Some(dir), Some(file)) = (&mut out_dir, files.next()) {
                write_files(dir, file, &done.queries, &targets, console)?;
            }
            tallies.iter_mut().zip(&done.tallies).for_each(|(sum, one)| sum.add(one));
            for (i, query) in done.unfinished {
                unfinished.get_mut(i).into_iter().for_each(|queries| queries.push(query.clone()));
            }
            exit = exit.max(done.exit);
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    for (chain, queries) in chains.iter().zip(unfinished) {
        if let Some(text) = chain.finalize(queries)? {
            writeln!(stdout, "{text}")?;
        }
    }
    summarise(&targets, &tallies, console);
    Ok(exit)
}

/// Loads each target once, in the order of the arguments.
fn load_targets(names: &[String], templates: &Templates) -> Result<Vec<(String, Target)>, Diagnostic> {
    let mut targets: Vec<(String, Target)> = Vec::new();
    for name in names {
        let name = if name == "sql:sqlite" { "sql" } else { name.trim() };
        if targets.iter().all(|(other, _)| other != name) {
            targets.push((name.to_owned(), Target::load(name, templates)?));
        }
    }
    Ok(targets)
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
    fn convert(&self, sessions: &mut [Session<'_>], loaded: &Loaded) -> Done {
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
        for (index, rule) in loaded.read.rules.iter().enumerate() {
            self.rule(sessions, loaded, index, rule, &mut done);
        }
        self.invalid(loaded, &mut done);
        done
    }

    fn rule(&self, sessions: &mut [Session<'_>], loaded: &Loaded, index: usize, rule: &Rule, done: &mut Done) {
        let hash = (self.format == Format::Jsonl).then(|| ir::json::hash(rule));
        let about: Vec<&Diagnostic> =
            loaded.read.diagnostics.iter().filter(|d| !d.is_error() && concerns(d, rule)).collect();
        let written = rule;
        let rule = normalized(rule);
        for (i, ((name, target), session)) in self.targets.iter().zip(sessions).enumerate() {
            let chain = self.chains.get(i).filter(|chain| !chain.is_empty());
            let mapped = chain.map(|chain| (chain, chain.apply(written.clone(), &self.mappings.options)));
            let conversion = match &mapped {
                Some((chain, mapped)) => self.mapped(session, chain, mapped),
                None => session.convert(&rule, &self.options),
            };
            let status = if conversion.query.is_some() { Status::Ok } else { Status::Unsupported };
            done.tallies[i].count(status, conversion.diagnostics.iter());
            if status != Status::Ok {
                done.exit = done.exit.max(Exit::Rules);
            }
            let several = self.targets.len() > 1;
            match self.format {
                Format::Text => {
                    done.stderr.push_str(&self.voice.render(&conversion.diagnostics, &loaded.source));
                    let finalized = chain.is_some_and(Chain::has_finalizers);
                    if let Some(query) = conversion.query.as_ref().filter(|_| finalized && !self.files) {
                        done.unfinished.push((i, query.clone()));
                    } else if let Some(query) = conversion.query.as_deref().filter(|_| !self.files) {
                        done.stdout.push_str(&heading(&rule, several.then_some(name), target));
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
                            mapping: mapped.as_ref().map(|(_, mapped)| &mapped.record),
                        },
                    );
                }
            }
            if let (true, Some(query)) = (self.files, conversion.query) {
                let text = format!("{}{query}\n", heading(&rule, None, target));
                done.queries.push(FileQuery { index, target: i, text });
            }
        }
    }

    /// Converts a rule after its mapping.
    fn mapped(&self, session: &mut Session<'_>, chain: &Chain<'_>, mapped: &Mapped) -> Conversion {
        let mut diagnostics = mapped.diagnostics.clone();
        let Some(rule) = &mapped.rule else { return Conversion { query: None, diagnostics } };
        let conversion = session.convert(&normalized(rule), &self.options);
        diagnostics.extend(conversion.diagnostics);
        let query = match conversion.query.map(|query| chain.postprocess(query, mapped)).transpose() {
            Ok(query) => query,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                None
            }
        };
        Conversion { query, diagnostics }
    }

    /// The records of what could not be read: one a target for all broken documents of the file, since a document that could
    /// not be read has no name to tell it by.
    fn invalid(&self, loaded: &Loaded, done: &mut Done) {
        let errors: Vec<&Diagnostic> = loaded.read.diagnostics.iter().filter(|d| d.is_error()).collect();
        if errors.is_empty() {
            return;
        }
        for (tally, (target, _)) in done.tallies.iter_mut().zip(self.targets) {
            tally.count(Status::Invalid, errors.iter().copied());
            if self.format == Format::Jsonl {
                push(
                    &mut done.stdout,
                    &Record {
                        path: loaded.source.name(),
                        id: None,
                        title: None,
                        target,
                        status: Status::Invalid,
                        query: None,
                        diagnostics: errors.iter().map(|d| Report::new(d, &loaded.source)).collect(),
                        ir_hash: None,
                        mapping: None,
                    },
                );
            }
        }
    }
}

/// The rule as back ends want it.
pub(super) fn normalized(rule: &Rule) -> Rule {
    Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() }
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

/// A comment line. Nothing in the text can end it: no line break of any kind, no mark that closes a comment.
fn comment(open: &str, text: &str) -> String {
    let close = match open {
        "/*" => " */",
        "```" => " ```",
        _ => "",
    };
    let line: String =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
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
    }
}
