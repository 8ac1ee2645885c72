//! `sigmaglot verify`: the rules' queries against the interpreter, on events made from the rules and on given ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::batch::Batch;
use super::console::Console;
use super::input::{self, Found, Loaded};
use super::mapping::MappingArguments;
use super::plan::{Part, Plan, Views};
use super::run::{Input, sources};
use super::settings::{Layers, View};
use super::verdicts::{Reporter, Verdict};
use super::verify_bench::{Bench, Seat, Seats, benches};
use super::verify_mutants;
use super::{Common, Exit, Stop, verify_documents};
use crate::config::Settings;
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::interp::Event;
use crate::ir::Rule;
use crate::mapping::vocabulary;
use crate::sigma::UnresolvedPlaceholders;
use crate::verify::witness::{self, Witnesses};
use crate::verify::{
    Comparison, Evidence, Extent, FlipCounts, Mapping, Outcome, Recorded, Tally, compare, compare_mapped,
};

/// Run the rules' queries and compare what they select with what the rules mean
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) rules: input::RuleArguments,
    /// The targets; `sigmaglot targets` lists them [default: the configuration's]
    #[arg(short, long = "target", value_name = "TARGET", value_delimiter = ',', value_parser = super::names::Names::TARGETS, hide_possible_values = true)]
    targets: Vec<String>,
    #[command(flatten)]
    mapping: MappingArguments,
    /// Table, index or category that the queries name, as in convert [default: the mapping's]
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Further events to compare on: files, directories, or - for stdin; may be repeated
    #[arg(short, long = "events", value_name = "EVENTS")]
    events: Vec<PathBuf>,
    /// Compare what a product stored instead: files of pairs of raw event and document, or directories of such files
    #[arg(long, value_name = "PAIRS", conflicts_with_all = ["events", "seed", "witnesses"])]
    pub(super) documents: Vec<PathBuf>,
    /// Start of the random choices among the events made from a rule
    #[arg(long, value_name = "N", default_value_t = witness::Options::default().seed)]
    seed: u64,
    /// How many near hits and near misses to make of each predicate of a rule, a list being one
    #[arg(long, value_name = "N", default_value_t = witness::Options::default().near)]
    witnesses: usize,
    /// sqlite (for sql), model (for eql, kql and spl), or a program that speaks JSON lines, with its arguments [default: sqlite
    /// or model]
    #[arg(long, value_name = "ENGINE")]
    pub(super) engine: Option<String>,
    /// How long a program may take for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(super) timeout: u64,
    /// Make mistakes in the templates and their operands, one at a time, and print how many of them the comparison notices
    #[arg(long)]
    mutants: bool,
    /// With --mutants: exit with 1 where the score of a macro is below this
    #[arg(long, value_name = "PERCENT", requires = "mutants")]
    floor: Option<f64>,
    /// With --mutants: only a part of them, such as 2/5
    #[arg(long, value_name = "N/M", requires = "mutants")]
    part: Option<verify_mutants::Part>,
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Files that replace the embedded templates and manifests of the same path, such as kql/query.j2
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  sigmaglot verify rules -t eql,kql,spl,sql
  sigmaglot verify rule.yml -t sql --events Security.evtx --events more.json
  sigmaglot verify rules -t kql --templates my-templates --format junit > verify.xml
  sigmaglot verify rules -t eql -p ecs-windows
  sigmaglot verify rules -t sql:duckdb --engine 'python3 tests/engines/runner.py duckdb'
  sigmaglot verify rules -t kql --mutants --templates my-templates --floor 95
  sigmaglot verify --documents pairs.jsonl -t eql -p ecs-windows
  sigmaglot verify rules --documents pairs.jsonl -t eql -p ecs-windows --format json

For each rule and target: equal, with the number of distinct events compared and how many of them matched; different, with the \
smallest event found, both verdicts and the reasons of the rule's; refused, where the target cannot say the rule; failed, where \
an engine gave no answer. Events are compared as the target's store holds them. eql, kql and spl run on models written from the \
vendors' documentation. The dialects of SQL other than SQLite have no engine in the program: name one with --engine.

With -p, rule and events go through the mapping. A difference is then either in the mapping, where the mapped rule judges the mapped \
event otherwise than the rule judges the event, or in the query. Events that the product would not have in this way are left out, with the \
reason. Queries run as the pipelines' post-processing leaves them.

--mutants prints, for each macro of the templates, how many mistakes in it the events would show: caught, survived (with a rule, and \
the event that would have told), equivalent (with the proof), and unviable, which no engine can read.

With --documents, nothing is made: a line of PAIRS is {\"raw\": {..}, \"document\": {..}}, an event in the names that rules use and what \
the product stored of it. Each rule given, and each of the questions made from the raw events, must match the raw event exactly if the \
mapped query selects the document. A wrong fact of a mapping shows here and nowhere else. docs/documents.md says more.

Exit codes: 0 all queries are equal; 1 one is different, or a macro's score is below --floor; 2 none is different, but a rule could not be read or converted or an \
engine gave no answer; 3 usage, or a file that cannot be read.";

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line a rule and target, and the details of differences
    Text,
    /// A JSON record a rule and target, one a line
    Json,
    /// JUnit's XML: a suite a target, a case a rule
    Junit,
}

/// What came of a rule.
struct Done {
    /// With the places of their targets.
    verdicts: Vec<(usize, Verdict)>,
    flips: FlipCounts,
}

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    if !arguments.documents.is_empty() {
        return verify_documents::run(&arguments, common, console, stdout);
    }
    refuse_two_stdins(&arguments)?;
    let layers = Layers::load(common, &arguments.rules.paths, arguments.settings(), Settings::default(), console)?;
    let general = layers.general();
    let templates = super::templates::templates(&general)?;
    let found = input::find_rules(&arguments.rules, &general, console)?;
    let views = Views::new(&layers, &found);
    let benches = benches(&arguments, views.targets(&templates)?)?;
    let mappings = views.mappings(console)?;
    let names: Vec<&str> = benches.iter().map(Bench::name).collect();
    let (plans, of) = views.plans(&mappings, &names)?;
    // A program holds one table: comparisons take turns.
    let alone = benches.iter().any(Bench::is_program);
    let batch = Batch::new(if alone { NonZeroUsize::new(1) } else { common.threads })?;
    let (loaded, mut exit) = read_rules(&arguments, &general, &found, &batch, console)?;
    let events = read_events(&arguments.events, console, &mut exit)?;
    let options =
        witness::Options { seed: arguments.seed, ..witness::Options::default() }.with_near(arguments.witnesses);
    let rules: Vec<(&Loaded, &Plan<'_>, &Rule)> = loaded
        .iter()
        .zip(of)
        .filter_map(|(file, place)| Some((file, plans.get(*place)?)))
        .flat_map(|(file, plan)| file.read.rules.iter().map(move |rule| (file, plan, rule)))
        .collect();
    if arguments.mutants {
        let (part, floor, format) = (arguments.part.unwrap_or_default(), arguments.floor, arguments.format);
        let (benches, templates, mappings, rules, events) = (&benches, &templates, &mappings, &rules, &events);
        let run = verify_mutants::Run { benches, templates, mappings, rules, events, options, part, floor, format };
        return Ok(exit.max(run.run(&batch, console, stdout)?));
    }
    let recorded = Recorded::new(events);
    let mut reporter = Reporter::new(arguments.format);
    let mut tallies = vec![Tally::default(); benches.len()];
    let mut flips = FlipCounts::default();
    let mut different = false;
    let mut unknown = UnknownFields::default();
    let seats: Vec<Seats<'_>> = benches.iter().map(Seats::new).collect();
    console.start(rules.len());
    batch.run(
        &rules,
        || (),
        |(), (file, plan, rule)| verify(&seats, file, plan, rule, &recorded, options),
        |done| {
            for (target, verdict) in &done.verdicts {
                tallies.get_mut(*target).into_iter().for_each(|tally| tally.add(&verdict.comparison));
                different |= matches!(verdict.comparison.outcome, Outcome::Different(_));
                let shown = matches!(verdict.comparison.outcome, Outcome::Equal | Outcome::Different(_));
                if !shown {
                    exit = exit.max(Exit::Rules);
                }
                reporter.take(verdict, stdout)?;
            }
            unknown.add(&done);
            flips.add_all(&done.flips);
            console.step();
            Ok(())
        },
    )?;
    console.finish();
    reporter.finish(stdout)?;
    unknown.say(console);
    summarise(&benches, &tallies, &flips, console);
    // A difference is what was asked about: it is not hidden behind a rule that could not be read.
    Ok(if different && exit < Exit::Usage { Exit::Findings } else { exit })
}

impl Arguments {
    /// What the flags say.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            targets: (!self.targets.is_empty()).then(|| self.targets.clone()),
            templates: self.templates.clone(),
            placeholders: self.rules.placeholders.files(),
            table: self.table.clone(),
            ..self.mapping.settings()
        }
    }
}

fn refuse_two_stdins(arguments: &Arguments) -> Result<(), Stop> {
    let stdin = |paths: &[PathBuf]| paths.iter().any(|path| path == Path::new("-"));
    if stdin(&arguments.events) && (arguments.rules.paths.is_empty() || stdin(&arguments.rules.paths)) {
        let message = "rules and events cannot both come from stdin";
        return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help("put one of them into a file").into());
    }
    Ok(())
}

/// Reads the rules; what is to be said about them is said.
fn read_rules(
    arguments: &Arguments,
    view: &View<'_>,
    found: &Found,
    batch: &Batch,
    console: &mut Console,
) -> Result<(Vec<Loaded>, Exit), Stop> {
    let reading = arguments.rules.placeholders.resolve(view, UnresolvedPlaceholders::Keep)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let loaded = input::load(&arguments.rules.paths, found, &reading, batch, console)?;
    let voice = console.voice();
    for file in &loaded {
        console.print(&voice.render(file.grave(), &file.source));
        exit = exit.max(file.exit);
    }
    Ok((loaded, exit))
}

fn read_events(paths: &[PathBuf], console: &mut Console, exit: &mut Exit) -> Result<Vec<Event>, Stop> {
    let mut out = Vec::new();
    if paths.is_empty() {
        return Ok(out);
    }
    for source in sources(paths, Input::Auto, console, exit)? {
        let events = match source.open(Input::Auto) {
            Ok(events) => events,
            Err(diagnostic) => {
                console.say(&diagnostic);
                *exit = Exit::Usage;
                continue;
            }
        };
        let before = out.len();
        for event in events {
            match event {
                Ok((_, event)) => out.push(event),
                Err(diagnostic) => {
                    console.say(&diagnostic);
                    *exit = if diagnostic.is_error() { Exit::Usage } else { *exit };
                }
            }
        }
        if out.len() == before && *exit < Exit::Usage {
            console.say(&Diagnostic::new(codes::NOTHING_FOUND, format!("no events in `{}`", source.name)));
            *exit = Exit::Usage;
        }
    }
    Ok(out)
}

/// Compares a rule on all its targets, each on a thread of its own where one is free.
fn verify(
    seats: &[Seats<'_>],
    file: &Loaded,
    plan: &Plan<'_>,
    rule: &Rule,
    recorded: &Recorded,
    options: witness::Options,
) -> Done {
    let witnesses = Witnesses::of(rule, options);
    let mut flips = FlipCounts::default();
    flips.add(&witnesses);
    // A mapping, and a table's name, look at more of an event than the rule.
    let plain = plan.parts.iter().all(|part| part.chain.is_empty() && part.table().is_none());
    let extent = if plain { Extent::Named } else { Extent::Whole };
    let made = witnesses.events.into_iter().map(|witness| witness.event);
    let evidence = Evidence::new(rule).with_recorded(recorded, extent).with(made);
    let compared = |part: &Part<'_>, seat: &mut Seat<'_>| {
        let mapping = (!part.chain.is_empty()).then_some(Mapping { chain: &part.chain, options: &part.mapping });
        let (session, table) = (&mut seat.session, part.table());
        match (&mut seat.engines, mapping) {
            (Ok(engines), None) => compare(&evidence, seat.target, table, session, engines),
            (Ok(engines), Some(mapping)) => compare_mapped(&evidence, mapping, seat.target, table, session, engines),
            (Err(error), _) => Comparison::failed(seat.target, error.clone()),
        }
    };
    let verdicts = plan.parts.par_iter().filter_map(|part| {
        let seats = seats.get(part.target)?;
        let comparison = seats.with(|seat| compared(part, seat));
        Some((part.target, Verdict::new(file.source.name(), rule, seats.target(), comparison)))
    });
    Done { verdicts: verdicts.collect(), flips }
}

/// Fields that are not known, with the number of rules that name them.
#[derive(Default)]
struct UnknownFields(BTreeMap<Arc<str>, usize>);

impl UnknownFields {
    fn add(&mut self, done: &Done) {
        let fields = done.verdicts.iter().flat_map(|(_, verdict)| &verdict.comparison.unknown_fields);
        for field in fields.collect::<BTreeSet<_>>() {
            *self.0.entry(field.clone()).or_default() += 1;
        }
    }

    /// Says each of them once: a query on a field that no event has is equal, and finds nothing.
    fn say(&self, console: &mut Console) {
        for (field, rules) in &self.0 {
            let rules = if *rules == 1 { "1 rule".to_owned() } else { format!("{rules} rules") };
            let message =
                format!("no mapping knows the field `{field}` of {rules}; its events are made of the rule alone");
            let diagnostic = Diagnostic::new(codes::FIELD_UNKNOWN, message);
            console.say(&match did_you_mean(field, vocabulary::all().iter().map(AsRef::as_ref))
                .filter(|near| **near != **field)
            {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
        }
    }
}

/// Says for each target what came of it, and of the predicates how many were put to the proof.
fn summarise(benches: &[Bench], tallies: &[Tally], flips: &FlipCounts, console: &mut Console) {
    for (bench, tally) in benches.iter().zip(tallies) {
        console.summary(&format!(
            "{}: {} equal, {} different, {} not compared, {} failed, {} refused; {} events, {} matches; {} of {} rules matched, {} \
             told two events apart",
            bench.name(),
            tally.equal,
            tally.different,
            tally.not_compared,
            tally.failed,
            tally.refused,
            tally.events,
            tally.matched,
            tally.rules_matched,
            tally.compared(),
            tally.discriminating,
        ));
        for (code, n) in &tally.refusals {
            console.summary(&format!("  {n:>7}  rules refused: {code}  {}", code.title()));
        }
        for (exclusion, n) in &tally.excluded {
            console.summary(&format!("  {n:>7}  events left out: {exclusion}"));
        }
        for (n, what) in [
            (
                tally.stated,
                "events judged otherwise as stored: lists and IPv4-mapped addresses, see the data model in `targets`",
            ),
            (tally.warned, "events judged otherwise as stored, as the conversion's SG0504 says"),
            (tally.unwarned, "rules with events judged otherwise as stored, and no SG0504"),
            (tally.members_read, "members of long lists read in the queries"),
            (tally.members_tested, "members or constants of long lists tested by an event each"),
            (tally.members_unread, "members of long lists neither read nor tested"),
        ] {
            if n > 0 {
                console.summary(&format!("  {n:>7}  {what}"));
            }
        }
    }
    console.summary(&format!(
        "witnesses: {} of {} rules matched; {} of {} predicates flipped the verdict, {} were subsumed by others, {} \
         contradicted them, {} had no value, {} left out; {} more members of long lists; {} ways to match left out",
        flips.rules_matched,
        flips.rules,
        flips.found,
        flips.predicates(),
        flips.no_effect,
        flips.contradictory,
        flips.no_sample,
        flips.left_out,
        flips.listed,
        flips.ways_left_out,
    ));
    console.summary(&format!(
        "boundaries: {} near hits, {} near misses; {} kinds more than --witnesses allows; {} predicates without any",
        flips.hits,
        flips.misses,
        flips.capped.values().map(|capped| capped.kinds).sum::<usize>(),
        flips.bare,
    ));
    let capped: Vec<String> = (flips.capped.iter())
        .map(|(kind, capped)| format!("{} {} ({})", capped.predicates, kind.as_str(), capped.kinds))
        .collect();
    if !capped.is_empty() {
        console.summary(&format!("  predicates with more kinds than that, and how many: {}", capped.join(", ")));
    }
}
