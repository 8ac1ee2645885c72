//! `sigmaglot mappings`: the mappings in the program and their table of log sources.

use std::fmt::Write as _;
use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Exit, Stop};
use crate::mapping::sources::{self, Source as LogSource};
use crate::mapping::{Pipeline, Product, builtin};
use crate::source::Source;
use crate::target::NAMES;

/// List the mappings in the program, or print one; of several that go together, their names
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sigmaglot mappings\n  sigmaglot mappings ecs-windows > own.yml\n  sigmaglot mappings --sources\n  sigmaglot mappings --format json"
)]
pub struct Arguments {
    /// Print this mapping's file, or the names of the mappings that go together under this one
    name: Option<String>,
    /// Print where the events of Sigma's log sources are written, as all mappings have it
    #[arg(long, conflicts_with = "name")]
    sources: bool,
    /// How to print the list of mappings
    #[arg(short, long, value_enum, default_value_t = Format::Text, conflicts_with_all = ["name", "sources"])]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a mapping
    Text,
    /// A JSON array, an object a mapping
    Json,
}

/// A mapping, or several that go together.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    title: String,
    /// The product whose events it describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<Product>,
    /// The targets that it is for, of several mappings those that all are for.
    targets: Vec<&'static str>,
    /// The mappings that go together under this name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mappings: Vec<String>,
}

pub fn run(arguments: Arguments, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let bundles = builtin::bundles();
    if let Some(name) = arguments.name {
        if let Some(bundle) = bundles.get(&name) {
            writeln!(stdout, "{}", bundle.mappings.join("\n"))?;
            return Ok(Exit::Success);
        }
        let Some(text) = builtin::get(&name) else { return Err(super::mapping::unknown(&name).into()) };
        stdout.write_all(text.as_bytes())?;
        return Ok(Exit::Success);
    }
    if arguments.sources {
        sources::all().iter().try_for_each(|source| write_source(source, stdout))?;
        return Ok(Exit::Success);
    }
    let entries = entries();
    match arguments.format {
        Format::Text => stdout.write_all(text(&entries).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *stdout, &entries).map_err(std::io::Error::from)?;
            stdout.write_all(b"\n")?;
        }
    }
    Ok(Exit::Success)
}

/// The mappings by their names, then those that go together.
fn entries() -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    for name in builtin::names() {
        let source = Source::new(name, builtin::get(name).unwrap_or_default());
        let (Some(pipeline), _) = Pipeline::parse(&source) else { continue }; // a test reads every one
        let targets = NAMES.iter().copied().filter(|target| pipeline.is_for(target)).collect();
        let (title, product) = (pipeline.name.to_string(), pipeline.product);
        out.push(Entry { name: name.to_owned(), title, product, targets, mappings: Vec::new() });
    }
    for (name, bundle) in builtin::bundles() {
        let of = |mapping: &String| out.iter().find(|entry| entry.name == *mapping);
        let has = |target: &&str| bundle.mappings.iter().filter_map(of).all(|entry| entry.targets.contains(target));
        let targets = NAMES.iter().copied().filter(has).collect();
        out.push(Entry { name, title: bundle.title, product: None, targets, mappings: bundle.mappings });
    }
    out
}

/// A line a mapping: its name, targets and title, in columns.
fn text(entries: &[Entry]) -> String {
    let targets: Vec<String> = entries.iter().map(|entry| compact(&entry.targets)).collect();
    let name_width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let width = targets.iter().map(String::len).max().unwrap_or(0);
    let mut out = String::new();
    for (Entry { name, title, mappings, .. }, targets) in entries.iter().zip(targets) {
        let together = if mappings.is_empty() { String::new() } else { format!(" ({})", mappings.join(", ")) };
        let _ = writeln!(out, "{name:name_width$}  {targets:width$}  {title}{together}"); // writing to a string does not fail
    }
    out
}

/// The targets with commas, `sql:*` for all dialects of a language that has several.
fn compact(targets: &[&str]) -> String {
    fn language(target: &str) -> &str {
        target.split(':').next().unwrap_or(target)
    }
    let mut words: Vec<String> = Vec::new();
    for target in targets {
        let is_dialect = |other: &&&str| language(other) == language(target);
        let all = NAMES.iter().filter(is_dialect).count();
        let whole = all > 1 && targets.iter().filter(is_dialect).count() == all;
        let word = if whole { format!("{}:*", language(target)) } else { (*target).to_owned() };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(",")
}

/// A log source on a line: product, category or service, log, ids, channels.
fn write_source(source: &LogSource, stdout: &mut dyn Write) -> std::io::Result<()> {
    let what = source.category.as_ref().unwrap_or(&source.log);
    let ids: Vec<String> = source.event_ids.iter().map(ToString::to_string).collect();
    let line = format!(
        "{:8} {what:26} {:18} {:11} {}",
        source.product,
        source.log,
        ids.join(","),
        super::mapping::names(&source.channels)
    );
    writeln!(stdout, "{}", line.trim_end())
}
