//! `sigmaglot convert`: rules in, queries out.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use super::baseline::{self, Baseline, RuleName};
use super::batch::Batch;
use super::console::Console;
use super::filename::{self, Parts, Template};
use super::input::{self, Loaded};
use super::job::{self, Done, Job, Outcome, Output};
use super::mapping::MappingArguments;
use super::names::Names;
use super::outdir::OutDir;
use super::plan::{self, Plan, Views};
use super::record::{Record, Status};
use super::said::Said;
use super::settings::{Layers, View};
use super::templates::templates;
use super::{Common, Exit, Stop};
use crate::config::{self, Settings};
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::sigma::UnresolvedPlaceholders;
use crate::target::{Layout, Target};

/// Convert rules to query languages
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// The targets; `sigmaglot targets` lists them [default: the configuration's]
    #[arg(short, long = "target", value_name = "TARGET", value_delimiter = ',', value_parser = Names::TARGETS, hide_possible_values = true)]
    targets: Vec<String>,
    /// What to print [default: text]
    #[arg(short, long, value_enum)]
    format: Option<Format>,
    /// Write each query to a file of its own in this directory, beside records if --format jsonl
    #[arg(short, long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// Name files by this template: {dir}, {stem}, {id}, {title}, {level}, {product}, {category}, {service}, {target}, {extension}
    /// [default: {dir}/{stem}.{extension}]
    #[arg(long, value_name = "TEMPLATE")]
    filename: Option<String>,
    /// Rules that a target does not support are counted and are no failure
    #[arg(long)]
    skip_unsupported: bool,
    /// Refusals that are known and no failure, as --update-baseline wrote them [default: sigmaglot.baseline.json, if it is there]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the refusals of this run to the baseline
    #[arg(long)]
    update_baseline: bool,
    #[command(flatten)]
    mapping: MappingArguments,
    /// Break and indent queries
    #[arg(long)]
    pretty: bool,
    /// Files that replace the embedded templates and manifests of the same path, such as kql/query.j2
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Table, index or source that queries read [default: the target's]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    table: Option<String>,
}

const EXAMPLES: &str = "Examples:
  sigmaglot convert rules -t eql,kql,spl,sql
  sigmaglot convert 'rules/**/*.yml' -t sql:duckdb --pretty --table logs
  sigmaglot convert rules -t kql --out-dir queries --filename '{product}/{id}.{extension}'
  sigmaglot convert rules -t eql --update-baseline, then in CI: sigmaglot convert rules -t eql
  sigmaglot convert rules -t eql -p ecs-windows -p own.yml
  cat rule.yml | sigmaglot convert - -t eql --format jsonl

With --out-dir, files that an earlier run wrote for the same targets and this one did not are removed; other files stay.

A jsonl record has path, id, title, target, status (ok, unsupported, invalid), query, diagnostics and ir_hash, and with -p mapping; what is not \
known is null, and what cannot be read has a record too. What is to be said \
of a rule is in its records with jsonl, and on stderr with text.

Directories are searched for *.yml and *.yaml, hidden ones included; what a .gitignore or --exclude names is left out.

Exit codes: 0 every rule was converted to every target, but for refusals in the baseline and with --skip-unsupported; 2 a rule could not be read or converted; 3 usage, a template that \
fails, or a file that cannot be read or written.";

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Each query under a comment with title and id
    Text,
    /// A JSON record a rule and target
    Jsonl,
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
            filename: self.filename.clone(),
            skip_unsupported: self.skip_unsupported.then_some(true),
            baseline: self.baseline.clone(),
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
    let policy = Policy::new(&arguments, &general)?;
    let found = input::find_rules(&arguments.rules, &general, console)?;
    if let (true, Some(exit)) = (found.files.is_empty(), found.exit) {
        return Ok(exit);
    }
    let views = Views::new(&layers, &found);
    let targets = views.targets(&templates)?;
    let mappings = views.mappings(console)?;
    let (plans, of) = views.plans(&mappings, &plan::names(&targets))?;
    let batch = Batch::new(common.threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let out_dir = out_dir(&arguments, &general, &targets)?;
    let is_pretty = general.get(|settings| settings.pretty.as_ref()).copied().unwrap_or(false);
    let records = general.get(|settings| settings.format.as_ref()) == Some(&config::Format::Jsonl);
    let job = Job {
        targets: &targets,
        plans: &plans,
        layout: if is_pretty { Layout::Pretty } else { Layout::Compact },
        output: if out_dir.is_some() { Output::Files } else { Output::Stdout },
        records,
    };
    let items: Vec<(&Loaded, usize)> = loaded.iter().zip(of.iter().copied()).collect();
    let mut results = Results {
        policy,
        out_dir,
        records,
        targets: &targets,
        tallies: vec![Tally::default(); targets.len()],
        unfinished: BTreeMap::new(),
        said: Said::default(),
        exit: found.exit.unwrap_or(Exit::Success),
    };
    let mut files = loaded.iter().enumerate();
    console.start(loaded.len());
    batch.run(
        &items,
        || targets.iter().map(|(_, target)| target.session()).collect::<Vec<_>>(),
        |sessions, (file, plan)| job.convert(sessions, file, *plan),
        |done| {
            stdout.write_all(done.stdout.as_bytes())?;
            if let Some((place, file)) = files.next() {
                results.take(place, file, done)?;
            }
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    results.finish(&plans, console, stdout)
}

/// The directory of `--out-dir`, opened.
fn out_dir(arguments: &Arguments, general: &View<'_>, targets: &[(String, Target)]) -> Result<Option<OutDir>, Stop> {
    let template = general.get(|settings| settings.filename.as_deref()).unwrap_or(filename::DEFAULT);
    let template = Template::parse(template)?;
    let Some(root) = general.get(|settings| settings.out_dir.as_deref()) else {
        if arguments.filename.is_some() {
            let message = "`--filename` names files of a directory, and there is none";
            return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help("add `--out-dir DIR`").into());
        }
        return Ok(None);
    };
    let names: Vec<String> = targets.iter().map(|(name, _)| name.clone()).collect();
    Ok(Some(OutDir::new(root, template, &names)?))
}

/// Which refusals are a failure.
struct Policy {
    skip_unsupported: bool,
    /// Known refusals, where there is a file of them or one is to be written.
    baseline: Option<Baseline>,
    update: bool,
}

impl Policy {
    fn new(arguments: &Arguments, general: &View<'_>) -> Result<Policy, Diagnostic> {
        let named = general.get(|settings| settings.baseline.as_deref());
        let path = named.unwrap_or(Path::new(baseline::FILE_NAME));
        let update = arguments.update_baseline;
        let baseline = match (path.exists(), named.is_some()) {
            (false, _) if update => Some(Baseline::new(path)),
            (true, _) | (false, true) => Some(Baseline::read(path)?),
            (false, false) => None,
        };
        let skip_unsupported = general.get(|settings| settings.skip_unsupported.as_ref()).copied().unwrap_or(false);
        Ok(Policy { skip_unsupported, baseline, update })
    }

    /// Notes what became of a rule; whether a refusal is no failure.
    fn excuses(&mut self, outcome: &Outcome, path: &str, target: &str) -> bool {
        let rule = RuleName { id: outcome.id.as_deref(), path };
        let known = self.baseline.as_mut().is_some_and(|known| known.note(rule, target, &outcome.codes));
        known || self.update || (self.skip_unsupported && outcome.status == Status::Unsupported)
    }
}

/// What has come of the files so far.
struct Results<'r> {
    policy: Policy,
    out_dir: Option<OutDir>,
    records: bool,
    targets: &'r [(String, Target)],
    /// For each target in order.
    tallies: Vec<Tally>,
    unfinished: BTreeMap<(usize, usize), Vec<String>>,
    said: Said<'r>,
    exit: Exit,
}

impl<'r> Results<'r> {
    fn take(&mut self, place: usize, file: &'r Loaded, done: Done) -> Result<(), Stop> {
        let mut invalid = false;
        let mut said = Vec::new();
        for mut outcome in done.outcomes {
            let Some((target, _)) = self.targets.get(outcome.target) else { continue };
            self.tallies[outcome.target].count(&outcome);
            let excused = self.policy.excuses(&outcome, file.source.name(), target);
            if outcome.status != Status::Ok && !excused {
                self.exit = self.exit.max(Exit::Rules);
                invalid |= outcome.status == Status::Invalid;
            }
            if outcome.template_failed {
                self.exit = Exit::Usage;
            } else if excused {
                outcome.diagnostics.retain(|diagnostic| !diagnostic.is_error());
            }
            said.extend(outcome.diagnostics);
        }
        // A file that cannot be read at all is no matter of its rules.
        if file.exit > Exit::Rules {
            self.exit = self.exit.max(file.exit);
            invalid = true;
        }
        if !self.records {
            let read = file.read.diagnostics.iter().filter(|diagnostic| invalid || !diagnostic.is_error());
            self.said.add(place, &file.source, read.cloned().chain(said));
        }
        for (place, query) in done.unfinished {
            self.unfinished.entry(place).or_default().push(query);
        }
        self.write(file, &done.queries)
    }

    fn write(&mut self, file: &Loaded, queries: &[job::FileQuery]) -> Result<(), Stop> {
        let Some(dir) = &mut self.out_dir else { return Ok(()) };
        for query in queries {
            let (Some((name, target)), Some(rule)) = (self.targets.get(query.target), file.read.rules.get(query.index))
            else {
                continue;
            };
            let level = serde_json::to_value(rule.meta.level).unwrap_or_default();
            let parts = Parts {
                below: &file.below,
                id: rule.meta.id.as_deref(),
                title: &rule.meta.title,
                level: level.as_str(),
                product: rule.logsource.product.as_deref(),
                category: rule.logsource.category.as_deref(),
                service: rule.logsource.service.as_deref(),
                target: name,
                extension: &target.manifest().extension,
            };
            dir.add(&parts, (file.source.name(), query.index), &query.text)?;
        }
        Ok(())
    }

    /// Queries first, then what is to be said, then the counts.
    fn finish(mut self, plans: &[Plan<'_>], console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
        let finalized = self.finalize(plans, stdout)?;
        stdout.flush()?;
        // What could not be read may be what an earlier run wrote files of: then all stays as it is.
        let out_dir = self.out_dir.take();
        let stays = out_dir.is_some() && self.exit >= Exit::Usage;
        let written = out_dir.filter(|_| !stays).map(OutDir::finish).transpose()?;
        console.print(&std::mem::take(&mut self.said).render(console.voice()));
        if let Some(written) = &written {
            written.notes.iter().for_each(|note| console.say(note));
        }
        self.summarise(console);
        finalized.iter().for_each(|line| console.summary(line));
        if let Some(written) = written {
            let removed = if written.removed > 0 {
                format!(", {} of earlier runs removed", written.removed)
            } else {
                String::new()
            };
            let files = if written.files == 1 { "file" } else { "files" };
            console.summary(&format!("{} {files} written{removed}", written.files));
        }
        if stays {
            console.summary("no file was written or removed, for the error above");
        }
        self.compare(console)?;
        Ok(self.exit)
    }

    /// Makes one text of the queries of plans with finalizers: on stdout, in a record of its own, or in a file of its own.
    fn finalize(&mut self, plans: &[Plan<'_>], stdout: &mut dyn Write) -> Result<Vec<String>, Stop> {
        let mut lines = Vec::new();
        for (i, plan) in plans.iter().enumerate() {
            for (j, part) in plan.parts.iter().enumerate() {
                let queries = self.unfinished.remove(&(i, j)).unwrap_or_default();
                let count = queries.len();
                let (Some(text), Some((name, target))) = (part.chain.finalize(queries)?, self.targets.get(part.target))
                else {
                    continue;
                };
                let mut place = String::new();
                if self.records {
                    let mut line = String::new();
                    job::push(&mut line, &Record::finalized(name, &text));
                    stdout.write_all(line.as_bytes())?;
                    place = " in the last record".to_owned();
                }
                if let Some(dir) = &mut self.out_dir {
                    let parts = Parts { target: name, extension: &target.manifest().extension, ..Parts::default() };
                    let file = parts.named("finalized");
                    dir.add_named(&file, name, &format!("{text}\n"))?;
                    place = format!(" in the file `{file}`");
                } else if !self.records {
                    writeln!(stdout, "{text}")?;
                }
                let queries = if count == 1 { "query" } else { "queries" };
                lines.push(format!("{name}: finalizers made one text of {count} {queries}{place}"));
            }
        }
        Ok(lines)
    }

    /// Says for each target how many rules were converted, and why the others were not.
    fn summarise(&self, console: &mut Console) {
        for ((name, _), tally) in self.targets.iter().zip(&self.tallies) {
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

    /// Compares with the baseline, or writes it.
    fn compare(&self, console: &mut Console) -> Result<(), Stop> {
        let Some(baseline) = &self.policy.baseline else { return Ok(()) };
        let path = baseline.path().display().to_string();
        if self.policy.update {
            let count = baseline.update()?;
            console.summary(&format!("baseline: {count} refusals written to {path}"));
            return Ok(());
        }
        if let Some(gone) = baseline.diagnostic() {
            console.say(&gone);
        }
        console.summary(&format!("baseline: {} refusals are known in {path}", baseline.len()));
        Ok(())
    }
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome.status {
            Status::Ok => self.ok += 1,
            Status::Other | Status::Finalized => {}
            Status::Unsupported => self.unsupported += 1,
            Status::Invalid => self.invalid += 1,
        }
        for code in &outcome.codes {
            *self.reasons.entry(*code).or_default() += 1;
        }
    }

    fn total(&self) -> usize {
        self.ok + self.unsupported + self.invalid
    }
}
