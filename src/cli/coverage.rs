//! `sigmaglot mapping coverage`: how many of the rules each mapping converts, and why not the others.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::batch::Batch;
use super::console::Console;
use super::input::{self, Loaded};
use super::mapping::Mappings;
use super::plan::{Part, load_targets, normalized};
use super::settings::{Layers, Pipelines};
use super::{Common, Exit, Stop};
use crate::config::Settings;
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::ir::Rule;
use crate::mapping::{Mapped, Unmapped, builtin};
use crate::sigma::UnresolvedPlaceholders;
use crate::target::{Layout, Session, Target};

/// The most unmapped fields that are listed.
const FIELDS: usize = 10;

/// Count how many rules mappings convert, and why not the others
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sigmaglot mapping coverage rules
  sigmaglot mapping coverage rules -p splunk -p splunk-windows,own.yml --format markdown

Without -p, every mapping in the program and every bundle. For each mapping and target: rules read; converted, and of these with \
a field that no mapping knows; refused, by code; passed: how many queries come out with `--unmapped pass`, where a rule whose log \
source has no table becomes a query in its own names, as other converters do.")]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// A mapping, or several that are used together, separated by commas; may be repeated for another line
    #[arg(short, long = "pipeline", value_name = "LIST")]
    pipelines: Vec<String>,
    /// The targets [default: those that the mapping is for]
    #[arg(short, long = "target", value_name = "TARGET", value_delimiter = ',')]
    targets: Vec<String>,
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table, and the reasons, fields and tables of each mapping
    Text,
    /// The same in Markdown
    Markdown,
    /// A JSON array, an object a mapping and target
    Json,
}

/// A mapping and a target: what is counted.
#[derive(Debug, Clone, Default, Serialize)]
struct Row {
    mapping: String,
    target: String,
    rules: usize,
    converted: usize,
    /// Converted rules with a field that no mapping knows.
    with_unmapped: usize,
    /// Queries that come out with `--unmapped pass`.
    passed: usize,
    /// How many rules each code refuses.
    refused: BTreeMap<Code, usize>,
    /// How many converted rules have each unmapped field.
    unmapped: BTreeMap<Arc<str>, usize>,
    /// How many converted rules read each index or table; where the mapping has none, those of each product.
    tables: BTreeMap<Arc<str>, usize>,
}

/// A row with what fills it.
struct Job<'m> {
    mapping: String,
    target: String,
    part: Part<'m>,
    /// The same, where rules of log sources without a table pass.
    pass: Part<'m>,
}

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    // The figures are of the mappings: of a configuration only what rules need to be read counts.
    let flags = Settings { placeholders: arguments.rules.placeholders.files(), ..Settings::default() };
    let layers = Layers::load(common, &arguments.rules.paths, flags, Settings::default(), console)?;
    let mut mappings = Mappings::default();
    let lines = lines(&arguments, &mut mappings, console)?;
    let names: Vec<String> = lines.iter().map(|(_, target)| target.clone()).collect();
    let targets = load_targets(&names, &super::templates::templates(&layers.general())?)?;
    let jobs = jobs(&lines, &mappings, &targets)?;
    let reading = arguments.rules.placeholders.resolve(&layers.general(), UnresolvedPlaceholders::Keep)?;
    let found = input::find_rules(&arguments.rules, &layers.general(), console)?;
    let batch = Batch::new(common.threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    loaded.iter().for_each(|file| console.print(&console.voice().render(file.grave(), &file.source)));
    let mut rows: Vec<Row> = jobs
        .iter()
        .map(|job| Row { mapping: job.mapping.clone(), target: job.target.clone(), ..Row::default() })
        .collect();
    console.start(loaded.len());
    batch.run(
        &loaded,
        || targets.iter().map(|(_, target)| target.session()).collect::<Vec<_>>(),
        |sessions, file| count(file, &jobs, sessions),
        |counts| {
            rows.iter_mut().zip(counts).for_each(|(row, count)| row.add(count));
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    match arguments.format {
        Format::Text => stdout.write_all(text(&rows).as_bytes())?,
        Format::Markdown => stdout.write_all(markdown(&rows).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *stdout, &rows).map_err(std::io::Error::from)?;
            stdout.write_all(b"\n")?;
        }
    }
    // Rules that cannot be read or converted are what is counted.
    Ok(found.exit.unwrap_or(Exit::Success))
}

/// The mappings with the targets that each is counted for.
fn lines(arguments: &Arguments, mappings: &mut Mappings, console: &mut Console) -> Result<Vec<(String, String)>, Stop> {
    let lists = match arguments.pipelines.as_slice() {
        [] => builtin::bundles().into_keys().chain(builtin::names().into_iter().map(str::to_owned)).collect(),
        lists => lists.to_vec(),
    };
    let mut out = Vec::new();
    for list in lists {
        let names = super::mapping::list(&list);
        for name in &names {
            mappings.add(name, console)?;
        }
        let own = mappings.targets_of(&names).into_iter().map(str::to_owned).collect();
        let targets: Vec<String> = if arguments.targets.is_empty() { own } else { arguments.targets.clone() };
        out.extend(targets.into_iter().map(|target| (list.clone(), target)));
    }
    Ok(out)
}

fn jobs<'m>(
    lines: &[(String, String)],
    mappings: &'m Mappings,
    targets: &[(String, Target)],
) -> Result<Vec<Job<'m>>, Diagnostic> {
    let job = |(list, target): &(String, String)| {
        let names = super::mapping::list(list);
        let chain =
            mappings.chain(&Pipelines { names: &names, shared: false }, target, std::slice::from_ref(target))?;
        let place = targets.iter().position(|(name, _)| name == target).unwrap_or_default();
        let part = Part::new(place, chain.clone(), mappings.options(Unmapped::Warn));
        let pass = Part::new(place, chain, mappings.options(Unmapped::Pass));
        Ok(Job { mapping: list.clone(), target: target.clone(), part, pass })
    };
    lines.iter().map(job).collect()
}

/// What came of a rule in one row.
struct Count {
    converted: bool,
    passed: bool,
    refused: Vec<Code>,
    mapped: Option<Mapped>,
}

fn count(file: &Loaded, jobs: &[Job<'_>], sessions: &mut [Session<'_>]) -> Vec<Vec<Count>> {
    let mut rows: Vec<Vec<Count>> = jobs.iter().map(|_| Vec::new()).collect();
    for rule in &file.read.rules {
        let normal = LazyCell::new(|| normalized(rule));
        for (job, row) in jobs.iter().zip(&mut rows) {
            if let Some(session) = sessions.get_mut(job.part.target) {
                row.push(Count::new(job, session, rule, || &*normal));
            }
        }
    }
    rows
}

impl Count {
    fn new<'r>(job: &Job<'_>, session: &mut Session<'_>, rule: &Rule, normal: impl Fn() -> &'r Rule) -> Self {
        let translation = job.part.translate(session, rule, &normal, Layout::Compact);
        let converted = translation.conversion.query.is_some();
        let errors = translation.conversion.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        let mut refused: Vec<Code> = errors.map(|diagnostic| diagnostic.code).collect();
        refused.sort();
        refused.dedup();
        let stray = refused == [codes::LOGSOURCE_UNMAPPED];
        let mut passes = || job.pass.translate(session, rule, &normal, Layout::Compact).conversion.query.is_some();
        let passed = converted || (stray && passes());
        Self { converted, passed, refused, mapped: translation.mapped }
    }
}

impl Row {
    fn add(&mut self, counts: Vec<Count>) {
        for count in counts {
            self.rules += 1;
            self.converted += usize::from(count.converted);
            self.passed += usize::from(count.passed);
            for code in count.refused {
                *self.refused.entry(code).or_default() += 1;
            }
            let Some(mapped) = count.mapped.filter(|_| count.converted) else { continue };
            let record = mapped.record;
            self.with_unmapped += usize::from(!record.unmapped.is_empty());
            for field in record.unmapped {
                *self.unmapped.entry(field).or_default() += 1;
            }
            let index = record.state.get("index").map(index_name);
            // Where conditions alone tell the events, the product says most about them.
            let product = || mapped.rule.and_then(|rule| rule.logsource.product);
            let table = index.or(record.table).or_else(product).unwrap_or_else(|| "(any product)".into());
            *self.tables.entry(table).or_default() += 1;
        }
    }

    fn refusals(&self) -> usize {
        self.rules - self.converted
    }

    /// The entries of a count, the greatest first.
    fn top<K: Ord + Clone>(counts: &BTreeMap<K, usize>) -> Vec<(K, usize)> {
        let mut out: Vec<(K, usize)> = counts.iter().map(|(key, n)| (key.clone(), *n)).collect();
        out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        out
    }

    fn fields(&self) -> String {
        let top = Self::top(&self.unmapped);
        let more = top.len().saturating_sub(FIELDS);
        let shown: Vec<String> = top.iter().take(FIELDS).map(|(name, n)| format!("{name} {n}")).collect();
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    }

    fn tables(&self) -> String {
        Self::top(&self.tables).iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
    }
}

/// The index patterns of a state as one name.
fn index_name(value: &serde_json::Value) -> Arc<str> {
    let names = value.as_array().map(|names| names.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>());
    names.map_or_else(|| value.as_str().unwrap_or_default().into(), |names| names.join(",").into())
}

fn text(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.mapping.len()).max().unwrap_or(0).max("mapping".len());
    let mut out = format!(
        "{:width$} {:10} {:>6} {:>9} {:>8} {:>7} {:>6}\n",
        "mapping", "target", "rules", "converted", "unmapped", "refused", "passed"
    );
    for row in rows {
        let Row { mapping, target, rules, converted, with_unmapped, passed, .. } = row;
        let refused = row.refusals();
        let _ = writeln!(
            out,
            "{mapping:width$} {target:10} {rules:>6} {converted:>9} {with_unmapped:>8} {refused:>7} {passed:>6}"
        ); // writing to a string does not fail
    }
    for row in rows {
        let _ = writeln!(out, "\n{} ({})", row.mapping, row.target);
        for (code, n) in Row::top(&row.refused) {
            let _ = writeln!(out, "  {n:>5}  {code}  {}", code.title());
        }
        if !row.unmapped.is_empty() {
            let _ = writeln!(out, "  unmapped: {}", row.fields());
        }
        let _ = writeln!(out, "  tables: {}", row.tables());
    }
    out
}

fn markdown(rows: &[Row]) -> String {
    let mut out = String::from(
        "| mapping | target | rules | converted | of these with unmapped fields | refused | passed |\n|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let Row { mapping, target, rules, converted, with_unmapped, passed, .. } = row;
        let refused = row.refusals();
        let _ = writeln!(
            out,
            "| `{mapping}` | {target} | {rules} | {converted} | {with_unmapped} | {refused} | {passed} |"
        );
    }
    out.push_str("\n| mapping | target | refused by | unmapped fields, by rules | tables or indices, by rules |\n|---|---|---|---|---|\n");
    for row in rows {
        let reasons: Vec<String> = Row::top(&row.refused).iter().map(|(code, n)| format!("{code} {n}")).collect();
        let cell = |text: String| text.replace('|', "\\|");
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |",
            row.mapping,
            row.target,
            reasons.join(", "),
            cell(row.fields()),
            cell(row.tables())
        );
    }
    out
}
