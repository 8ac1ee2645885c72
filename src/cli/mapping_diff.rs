//! `sigmaglot mapping diff`: what two mappings make of the same rules.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use indexmap::IndexMap;
use serde::Serialize;

use super::batch::Batch;
use super::console::Console;
use super::input::{self, Loaded};
use super::mapping::{Mappings, UnmappedArgument};
use super::plan::{Part, Translation, load_targets, normalized};
use super::settings::{Layers, Pipelines};
use super::{Common, Exit, Stop};
use crate::config::Settings;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Rule;
use crate::mapping::Unmapped;
use crate::sigma::UnresolvedPlaceholders;
use crate::target::{Layout, Session};

/// Compare what two mappings make of rules
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sigmaglot mapping diff sentinel-securityevent sentinel-sysmon rules -t kql
  sigmaglot mapping diff splunk splunk,own.yml rules -t spl --format json

For each rule with a difference: whether it is converted or with which codes refused, the table, the fields (before -> after), \
the fields that no mapping knows, and the query. Rules without a difference are only counted.

Exit codes: 0 no differences; 1 there are some; 2 a rule could not be read; 3 usage, or a file that cannot be read.")]
pub struct Arguments {
    /// The one mapping: names, files or directories as of --pipeline, separated by commas
    #[arg(value_name = "BEFORE")]
    before: String,
    /// The other one
    #[arg(value_name = "AFTER")]
    after: String,
    #[command(flatten)]
    rules: input::RuleArguments,
    /// The target [default: the first of the configuration]
    #[arg(short, long, value_name = "TARGET")]
    target: Option<String>,
    /// What becomes of a rule with a field that no mapping knows [default: warn]
    #[arg(long, value_enum)]
    unmapped: Option<UnmappedArgument>,
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The differences of each rule
    Text,
    /// One JSON object: a list of rules with differences, and the counts
    Json,
}

/// What a mapping makes of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Side {
    /// The codes that refuse the rule; none where there is a query.
    refused: Vec<Code>,
    table: Option<Arc<str>>,
    fields: IndexMap<Arc<str>, Vec<Arc<str>>>,
    unmapped: Vec<Arc<str>>,
    query: Option<String>,
}

/// A rule with its two sides.
#[derive(Debug, Serialize)]
struct Difference<'a> {
    path: &'a str,
    id: Option<&'a str>,
    title: &'a str,
    before: Side,
    after: Side,
}

/// How many rules there are, and in what they differ.
#[derive(Debug, Default, Serialize)]
struct Counts {
    rules: usize,
    different: usize,
    converted_before: usize,
    converted_after: usize,
    /// How many rules differ in each respect.
    differ_in: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct Report<'a> {
    rules: Vec<Difference<'a>>,
    counts: Counts,
}

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let flags = Settings {
        targets: arguments.target.map(|target| vec![target]),
        unmapped: arguments.unmapped.map(Unmapped::from),
        placeholders: arguments.rules.placeholders.files(),
        ..Settings::default()
    };
    let layers = Layers::load(common, &arguments.rules.paths, flags, Settings::default(), console)?;
    let general = layers.general();
    let names = general.targets()?;
    let targets = load_targets(&names, &super::templates::templates(&general)?)?;
    let Some((name, target)) = targets.first() else { return Ok(Exit::Success) }; // there is one, or an error
    let mut mappings = Mappings::default();
    let lists = [&arguments.before, &arguments.after].map(|list| super::mapping::list(list));
    for argument in lists.iter().flatten() {
        mappings.add(argument, console)?;
    }
    let [before, after] = &lists;
    let part = |names: &[String]| {
        let chain = mappings.chain(&Pipelines { names, shared: false }, name, std::slice::from_ref(name))?;
        Ok::<_, Diagnostic>(Part::new(0, chain, mappings.options(general.unmapped(name))))
    };
    let parts = [part(before)?, part(after)?];
    let reading = arguments.rules.placeholders.resolve(&general, UnresolvedPlaceholders::Keep)?;
    let found = input::find_rules(&arguments.rules, &general, console)?;
    let batch = Batch::new(common.threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut report = Report { rules: Vec::new(), counts: Counts::default() };
    let mut files = loaded.iter();
    batch.run(
        &loaded,
        || target.session(),
        |session, file| compare(file, &parts, session),
        |sides| {
            let Some(file) = files.next() else { return Ok(()) };
            console.print(&console.voice().render(file.grave(), &file.source));
            exit = exit.max(file.exit);
            for (rule, (before, after)) in file.read.rules.iter().zip(sides) {
                report.counts.add(&before, &after);
                if before != after {
                    let (path, id, title) = (file.source.name(), rule.meta.id.as_deref(), &*rule.meta.title);
                    let difference = Difference { path, id, title, before, after };
                    match arguments.format {
                        Format::Text => write_difference(&difference, stdout)?,
                        Format::Json => report.rules.push(difference),
                    }
                }
            }
            Ok(())
        },
    )?;
    if arguments.format == Format::Json {
        serde_json::to_writer_pretty(&mut *stdout, &report).map_err(std::io::Error::from)?;
        stdout.write_all(b"\n")?;
    }
    let counts = &report.counts;
    console.summary(&format!(
        "rules: {}; {} alike, {} different; converted: {} -> {}",
        counts.rules,
        counts.rules - counts.different,
        counts.different,
        counts.converted_before,
        counts.converted_after
    ));
    for (what, n) in &counts.differ_in {
        console.summary(&format!("  {n:>5}  differ in: {what}"));
    }
    // A difference is what was asked about: it is not hidden behind a rule that could not be read.
    Ok(if counts.different > 0 && exit < Exit::Usage { Exit::Findings } else { exit })
}

fn compare(file: &Loaded, [before, after]: &[Part<'_>; 2], session: &mut Session<'_>) -> Vec<(Side, Side)> {
    let mut sides = |rule: &Rule| {
        let normal = LazyCell::new(|| normalized(rule));
        let mut side = |part: &Part<'_>| Side::new(part.translate(session, rule, || &*normal, Layout::Compact));
        (side(before), side(after))
    };
    file.read.rules.iter().map(&mut sides).collect()
}

impl Side {
    fn new(translation: Translation) -> Self {
        let mut refused: Vec<Code> =
            translation.conversion.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect();
        refused.sort();
        refused.dedup();
        let record = translation.mapped.map(|mapped| mapped.record).unwrap_or_default();
        // What a mapping that ended early did so far says nothing.
        let whole = refused.is_empty();
        let mut fields: IndexMap<_, _> = record.fields.into_iter().map(|(old, field)| (old, field.to)).collect();
        fields.retain(|_, _| whole);
        fields.sort_keys();
        Side { refused, table: record.table, fields, unmapped: record.unmapped, query: translation.conversion.query }
    }

    fn verdict(&self) -> String {
        match self.refused.as_slice() {
            [] => "converted".to_owned(),
            codes => format!("refused ({})", codes.iter().map(|code| code.id()).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl Counts {
    fn add(&mut self, before: &Side, after: &Side) {
        self.rules += 1;
        self.different += usize::from(before != after);
        self.converted_before += usize::from(before.query.is_some());
        self.converted_after += usize::from(after.query.is_some());
        let both = before.refused.is_empty() && after.refused.is_empty();
        for (what, differs) in [
            ("verdict", before.refused != after.refused),
            ("table", before.table != after.table),
            ("fields", both && before.fields != after.fields),
            ("unmapped fields", both && before.unmapped != after.unmapped),
            ("query", before.query != after.query),
        ] {
            if differs {
                *self.differ_in.entry(what).or_default() += 1;
            }
        }
    }
}

fn write_difference(difference: &Difference<'_>, stdout: &mut dyn Write) -> std::io::Result<()> {
    let Difference { path, title, before, after, .. } = difference;
    writeln!(stdout, "{title} ({path})")?;
    if before.refused != after.refused {
        writeln!(stdout, "  {} -> {}", before.verdict(), after.verdict())?;
    }
    let word = |table: &Option<Arc<str>>| table.as_deref().unwrap_or("(none)").to_owned();
    if before.table != after.table {
        writeln!(stdout, "  table {} -> {}", word(&before.table), word(&after.table))?;
    }
    // A rule that is refused has no fields to compare.
    let both = before.refused.is_empty() && after.refused.is_empty();
    let mut names: Vec<&Arc<str>> = before.fields.keys().chain(after.fields.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (old, new) = (before.fields.get(name), after.fields.get(name));
        if both && old != new {
            let word =
                |names: Option<&Vec<Arc<str>>>| names.map_or("(not mapped)".to_owned(), |n| super::mapping::names(n));
            writeln!(stdout, "  field {name}: {} -> {}", word(old), word(new))?;
        }
    }
    if both && before.unmapped != after.unmapped {
        let word = |names: &[Arc<str>]| {
            if names.is_empty() { "(none)".to_owned() } else { super::mapping::names(names) }
        };
        writeln!(stdout, "  not mapped: {} -> {}", word(&before.unmapped), word(&after.unmapped))?;
    }
    if before.query != after.query {
        for (mark, side) in [('-', before), ('+', after)] {
            for line in side.query.iter().flat_map(|query| query.lines()) {
                writeln!(stdout, "  {mark} {line}")?;
            }
        }
    }
    writeln!(stdout)
}
