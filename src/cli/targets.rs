//! `sigmaglot targets`: what there is to convert to, and what each target can say.

use std::fmt::Write as _;
use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Exit, Stop};
use crate::diagnostic::Diagnostic;
use crate::ir::Kind;
use crate::target::{Capability, NAMES, Target, Templates};

/// List the targets and what each can say
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sigmaglot targets --format json | jq -r '.[].name'")]
pub struct Arguments {
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A list of the targets and a table of predicates
    Text,
    /// One JSON array
    Json,
}

/// A target for `--format json`.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    title: &'a str,
    summary: &'a str,
    extension: &'a str,
    default_table: &'a str,
    exact: Vec<Kind>,
    unsupported: Vec<Unsupported<'a>>,
    data_model: &'a [String],
}

/// A kind of predicate that a target cannot say.
#[derive(Serialize)]
struct Unsupported<'a> {
    kind: Kind,
    reason: &'a str,
    help: &'a str,
}

pub fn run(arguments: Arguments, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let templates = Templates::embedded();
    let targets: Vec<Target> =
        NAMES.iter().map(|name| Target::load(name, &templates)).collect::<Result<_, Diagnostic>>()?;
    let entries: Vec<Entry<'_>> = NAMES.iter().zip(&targets).map(|(name, target)| entry(name, target)).collect();
    match arguments.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *stdout, &entries).map_err(std::io::Error::from)?;
            stdout.write_all(b"\n")?;
        }
        Format::Text => stdout.write_all(text(&entries).as_bytes())?,
    }
    Ok(Exit::Success)
}

fn entry<'a>(name: &'a str, target: &'a Target) -> Entry<'a> {
    let manifest = target.manifest();
    let mut entry = Entry {
        name,
        title: &manifest.name,
        summary: &manifest.summary,
        extension: &manifest.extension,
        default_table: &manifest.default_table,
        exact: Vec::new(),
        unsupported: Vec::new(),
        data_model: &manifest.data_model,
    };
    // No target can say a placeholder without a value; that is no trait of one.
    for kind in Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Placeholder) {
        match manifest.capability(kind) {
            Capability::Exact => entry.exact.push(kind),
            Capability::Unsupported { reason, help } => entry.unsupported.push(Unsupported { kind, reason, help }),
        }
    }
    entry
}

fn text(entries: &[Entry<'_>]) -> String {
    let mut out = String::new();
    for entry in entries {
        let Entry { name, title, summary, .. } = entry;
        let _ = writeln!(out, "{name:15} {title}: {summary}"); // writing to a string does not fail
    }
    let _ = write!(out, "\n{:15}", "says exactly");
    for entry in entries {
        let _ = write!(out, " {:>width$}", entry.name, width = entry.name.len().max(3));
    }
    out.push('\n');
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Placeholder) {
        let _ = write!(out, "{:15}", kind.as_str());
        for entry in entries {
            let word = if entry.exact.contains(kind) { "yes" } else { "no" };
            let _ = write!(out, " {word:>width$}", width = entry.name.len().max(3));
        }
        out.push('\n');
    }
    for entry in entries {
        for Unsupported { kind, reason, help } in &entry.unsupported {
            let _ = write!(out, "\n{}: no {}: {reason}; {help}", entry.name, kind.as_str());
        }
        for line in entry.data_model {
            let _ = write!(out, "\n{}: data model: {line}", entry.name);
        }
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}
