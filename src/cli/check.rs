//! `sigmaglot check`: reads rules and says what is wrong with them.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::batch::Batch;
use super::console::Console;
use super::settings::Layers;
use super::{Common, Exit, Stop, input};
use crate::config::Settings;
use crate::diagnostic::{Diagnostic, Report, Severity, codes};
use crate::sigma::{UnresolvedPlaceholders, taxonomy};

/// Read rules and report what is wrong with them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// How to report: text goes to stderr, JSON to stdout
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 1 where something of this severity or a graver one was found
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
}

const EXAMPLES: &str = "Examples:
  sigmaglot check rules
  sigmaglot check rules --fail-on warning
  sigmaglot check rules --format json | jq '.[].code'

Exit codes: 0 all rules can be read; 1 findings: faults of what describes a rule, and see --fail-on; 2 a rule could not be read; 3 usage, or a file that \
cannot be read.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Messages with source lines, on stderr
    Text,
    /// One JSON array of diagnostics
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Notes and warnings
    Note,
    /// Warnings
    Warning,
}

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let flags = Settings { placeholders: arguments.rules.placeholders.files(), ..Settings::default() };
    let layers = Layers::load(common, &arguments.rules.paths, flags, Settings::default(), console)?;
    let reading = arguments.rules.placeholders.resolve(&layers.general(), UnresolvedPlaceholders::Keep)?;
    let mut found = input::find_rules(&arguments.rules, &layers.general(), console)?;
    found.metadata = input::Metadata::Said;
    if let (true, Some(exit)) = (found.files.is_empty(), found.exit) {
        return Ok(exit);
    }
    let batch = Batch::new(common.threads)?;
    let mut loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    loaded.iter_mut().for_each(note_unknown_sources);
    let (voice, format) = (console.voice(), arguments.format);
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut counts = Counts::default();
    let mut separator = "[\n";
    batch.run(
        &loaded,
        || (),
        |(), loaded| {
            let text = match format {
                Format::Text => voice.render(&loaded.read.diagnostics, &loaded.source),
                Format::Json => String::new(),
            };
            let reports: Vec<Report> = match format {
                Format::Text => Vec::new(),
                Format::Json => loaded.read.diagnostics.iter().map(|d| Report::new(d, &loaded.source)).collect(),
            };
            (Counts::new(loaded.read.rules.len(), &loaded.read.diagnostics), loaded.exit, text, reports)
        },
        |(count, file_exit, text, reports)| {
            console.print(&text);
            for report in &reports {
                stdout.write_all(separator.as_bytes())?;
                serde_json::to_writer(&mut *stdout, report).map_err(std::io::Error::from)?;
                separator = ",\n";
            }
            counts.add(&count);
            exit = exit.max(file_exit);
            Ok(())
        },
    )?;
    if format == Format::Json {
        stdout.write_all(if separator == "[\n" { b"[]\n" } else { b"\n]\n" })?;
    }
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    console.summary(&format!(
        "{}, {}: {}, {}, {}",
        count(found.files.len(), "file"),
        count(counts.rules, "rule"),
        count(counts.errors, "error"),
        count(counts.warnings, "warning"),
        count(counts.notes, "note"),
    ));
    let findings = match arguments.fail_on {
        Some(FailOn::Note) => counts.notes + counts.warnings,
        Some(FailOn::Warning) => counts.warnings,
        None => counts.findings,
    };
    Ok(if findings > 0 { exit.max(Exit::Findings) } else { exit })
}

#[derive(Debug, Default)]
struct Counts {
    rules: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    /// Those of the warnings that are about what describes a rule.
    findings: usize,
}

/// Adds notes about words of log sources that Sigma's taxonomy does not have.
fn note_unknown_sources(loaded: &mut input::Loaded) {
    let read = &mut loaded.read;
    for rule in &read.rules {
        for (part, word) in taxonomy::unknown(&rule.logsource) {
            let said = |d: &Diagnostic| {
                d.code == codes::LOGSOURCE_SLIP && d.span.is_some_and(|at| loaded.source.slice(at).contains(word))
            };
            if read.diagnostics.iter().any(said) {
                continue;
            }
            let message = format!("Sigma's taxonomy has no {part} `{word}`");
            let diagnostic = Diagnostic::new(codes::LOGSOURCE_UNKNOWN, message).at(rule.logsource.span);
            read.diagnostics.push(diagnostic.help("it needs a mapping of your own"));
        }
    }
    read.diagnostics.sort_by_key(|d| d.span.map_or(0, |span| span.start));
}

impl Counts {
    fn new(rules: usize, diagnostics: &[Diagnostic]) -> Self {
        let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
        Counts {
            rules,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            findings: diagnostics.iter().filter(|d| d.is_finding()).count(),
        }
    }

    fn add(&mut self, other: &Counts) {
        self.rules += other.rules;
        self.errors += other.errors;
        self.warnings += other.warnings;
        self.notes += other.notes;
        self.findings += other.findings;
    }
}
