//! `sigmaglot run`: rules on events, through the interpreter.

use std::fs::File;
use std::io::{BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::batch::Batch;
use super::console::Console;
use super::input::{self, unreadable};
use super::placeholders::PlaceholderArguments;
use super::settings::Layers;
use super::{Common, Exit, Stop};
use crate::config::Settings;
use crate::diagnostic::{Diagnostic, codes};
use crate::events::{Events, Format};
use crate::interp::{Event, Matcher, Trace};
use crate::ir::Rule;
use crate::sigma::UnresolvedPlaceholders;

/// Run rules on events and print the matches
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Rule files, directories (searched for *.yml and *.yaml), quoted patterns, or - for stdin; may be repeated
    #[arg(short, long = "rules", value_name = "RULES", required = true)]
    rules: Vec<PathBuf>,
    /// Leave out rule files and directories of this name or path, such as deprecated or '**/wip-*.yml'; may be given again
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Files of events, directories (searched for *.json, *.jsonl, *.ndjson, *.evtx, *.csv and *.tsv; with --input json also
    /// for *.log), or - for stdin. Each may be compressed (.gz, .zst)
    #[arg(value_name = "EVENTS|-")]
    events: Vec<PathBuf>,
    /// Add to each match why the rule held
    #[arg(long, conflicts_with = "count")]
    why: bool,
    /// Print how many events each rule matches, not the matches
    #[arg(long)]
    count: bool,
    /// What the events are
    #[arg(short, long, value_enum, default_value_t = Input::Auto)]
    input: Input,
    #[command(flatten)]
    placeholders: PlaceholderArguments,
}

const EXAMPLES: &str = "Examples:
  sigmaglot run -r rules events.json
  sigmaglot run -r rules --count Security.evtx Sysmon.evtx
  sigmaglot run -r rules --exclude deprecated events.json
  sigmaglot run -r rules export.csv archive/2026-01.ndjson.gz
  sigmaglot run -r rules --input json /var/log/app
  tail -f events.ndjson | sigmaglot run -r rules - --why

A match is a JSON line: {\"rule\":{\"id\",\"title\",\"path\"},\"event\":{\"file\",\"index\"}}, the index from 0 within the \
file; --why adds \"why\". Matches come in the order of the events, those of one event in the order of the rules. --count prints {\"rule\",\"count\"} for each rule in order.

Exit codes: 0 all went well, matches or none; 2 a rule could not be read; 3 usage, or events that cannot be read.";

/// How events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Input {
    /// By their content, CSV by its name; Windows event records are prepared as those of a log are
    Auto,
    /// JSON objects as they stand: one, an array, or one after the other
    Json,
    /// A table with a header row: commas, semicolons or tabs
    Csv,
    /// Windows event logs
    Evtx,
}

/// Events looked at before their matches are written, from files; enough to keep all threads busy.
const FILE_CHUNK: usize = 2048;

/// The text of events looked at before their matches are written: a few large events are enough, too.
const CHUNK_BYTES: usize = 8 << 20;

/// A rule with the file it comes from.
struct Loaded {
    path: String,
    rule: Rule,
}

/// How a rule is named in the output.
#[derive(Clone, Copy, Serialize)]
struct RuleName<'a> {
    id: Option<&'a str>,
    title: &'a str,
    path: &'a str,
}

/// How an event is named in the output.
#[derive(Clone, Copy, Serialize)]
struct EventName<'a> {
    file: &'a str,
    index: usize,
}

/// A line of output.
#[derive(Serialize)]
struct Match<'a> {
    rule: RuleName<'a>,
    event: EventName<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Trace>,
}

/// A line of output with `--count`.
#[derive(Serialize)]
struct Count<'a> {
    rule: RuleName<'a>,
    count: usize,
}

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let stdin = |paths: &[PathBuf]| paths.iter().any(|path| path == Path::new("-"));
    if stdin(&arguments.rules) && (arguments.events.is_empty() || stdin(&arguments.events)) {
        let message = "rules and events cannot both come from stdin";
        return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help("put one of them into a file").into());
    }
    let batch = Batch::new(common.threads)?;
    let (rules, mut exit) = read_rules(&arguments, common, &batch, console)?;
    let names: Vec<RuleName<'_>> = rules.iter().map(name).collect();
    let matchers: Vec<Matcher<'_>> = rules.iter().map(|loaded| Matcher::new(&loaded.rule)).collect();
    let mut counts = vec![0_usize; rules.len()];
    for source in sources(&arguments.events, arguments.input, console, &mut exit)? {
        let events = match source.open(arguments.input) {
            Ok(events) => events,
            Err(diagnostic) => {
                console.say(&diagnostic);
                exit = exit.max(Exit::Usage);
                continue;
            }
        };
        let work = |(index, event): &(usize, Event)| {
            let held = matchers.iter().enumerate().filter(|(_, matcher)| matcher.matches(event));
            let matches = held.map(|(rule, matcher)| (rule, arguments.why.then(|| matcher.trace(event))));
            (*index, matches.collect::<Vec<_>>())
        };
        let take = |(index, matches): (usize, Vec<(usize, Option<Trace>)>)| {
            for (rule, why) in matches {
                counts[rule] += 1;
                if !arguments.count {
                    let event = EventName { file: &source.name, index };
                    line(stdout, &Match { rule: names[rule], event, why })?;
                }
            }
            if source.path.is_none() {
                stdout.flush()?; // whoever feeds us a stream wants to see what comes of it now
            }
            Ok(())
        };
        exit = exit.max(source.each(events, &batch, console, work, take)?);
    }
    if arguments.count {
        for (rule, count) in names.iter().zip(counts) {
            line(stdout, &Count { rule: *rule, count })?;
        }
    }
    Ok(exit)
}

/// Reads all rules, in the order of the arguments. At least one must be there.
fn read_rules(
    arguments: &Arguments,
    common: &Common,
    batch: &Batch,
    console: &mut Console,
) -> Result<(Vec<Loaded>, Exit), Stop> {
    let flags = Settings { placeholders: arguments.placeholders.files(), ..Settings::default() };
    let layers = Layers::load(common, &arguments.rules, flags, Settings::default(), console)?;
    let reading = arguments.placeholders.resolve(&layers.general(), UnresolvedPlaceholders::Reject)?;
    let found = input::find(&arguments.rules, &arguments.exclude, &layers.general(), console)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let loaded = input::load(&arguments.rules, &found, &reading, batch, console)?;
    let voice = console.voice();
    let mut rules = Vec::new();
    for file in loaded {
        console.print(&voice.render(&file.read.diagnostics, &file.source));
        exit = exit.max(file.exit);
        let path = file.source.name();
        rules.extend(file.read.rules.into_iter().map(|rule| Loaded { path: path.to_string(), rule }));
    }
    Ok((rules, exit))
}

fn name(loaded: &Loaded) -> RuleName<'_> {
    RuleName { id: loaded.rule.meta.id.as_deref(), title: &loaded.rule.meta.title, path: &loaded.path }
}

fn line(stdout: &mut dyn Write, record: &impl Serialize) -> Result<(), Stop> {
    serde_json::to_writer(&mut *stdout, record).map_err(std::io::Error::from)?;
    stdout.write_all(b"\n")?;
    Ok(())
}

/// A source of events.
pub(super) struct Source {
    /// The path as the user wrote it, or `<stdin>`.
    pub(super) name: String,
    /// What to open; `None` is stdin.
    path: Option<PathBuf>,
}

/// The sources of all arguments, in order; directories are searched. What cannot be searched is said and passed over.
pub(super) fn sources(
    paths: &[PathBuf],
    input: Input,
    console: &mut Console,
    exit: &mut Exit,
) -> Result<Vec<Source>, Stop> {
    let stdin = || Source { name: "<stdin>".into(), path: None };
    if paths.is_empty() {
        if std::io::stdin().is_terminal() {
            let diagnostic = Diagnostic::new(codes::NOTHING_FOUND, "no events were given");
            return Err(diagnostic.help("name files of events, or `-` for stdin").into());
        }
        return Ok(vec![stdin()]);
    }
    let mut sources = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            sources.push(stdin());
        } else if path.is_dir() {
            let before = sources.len();
            let mut walk = ignore::WalkBuilder::new(path);
            walk.standard_filters(false).follow_links(true).sort_by_file_path(Path::cmp);
            for entry in walk.build() {
                match entry {
                    Ok(entry) if has_events(entry.path(), input) => sources.push(Source::file(entry.path())),
                    Ok(_) => {}
                    Err(error) => {
                        console.say(&unreadable(&path.display().to_string(), &error.to_string()));
                        *exit = Exit::Usage;
                    }
                }
            }
            if sources.len() == before {
                let message = format!("no event files in `{}`", path.display());
                console.say(&Diagnostic::new(codes::NOTHING_FOUND, message));
                *exit = Exit::Usage;
            }
        } else {
            sources.push(Source::file(path));
        }
    }
    Ok(sources)
}

fn has_events(path: &Path, input: Input) -> bool {
    path.is_file() && path.file_name().is_some_and(|name| input.format().takes(&name.to_string_lossy()))
}

impl Input {
    fn format(self) -> Format {
        match self {
            Input::Auto => Format::Auto,
            Input::Json => Format::Json,
            Input::Csv => Format::Csv,
            Input::Evtx => Format::Evtx,
        }
    }
}

impl Source {
    fn file(path: &Path) -> Self {
        Source { name: path.display().to_string(), path: Some(path.to_owned()) }
    }

    /// Opens it.
    pub(super) fn open(&self, input: Input) -> Result<Events<'static>, Diagnostic> {
        let format = match input {
            Input::Auto => Format::of_name(&self.name),
            input => input.format(),
        };
        match &self.path {
            None => Ok(Events::new(BufReader::new(std::io::stdin()), &self.name, format)),
            Some(path) => {
                let file = File::open(path).map_err(|e| unreadable(&self.name, &e.to_string()))?;
                Ok(Events::new(BufReader::new(file), &self.name, format))
            }
        }
    }

    /// Gives each event to `work` and the results to `take` in order. Events of a file are worked on in parallel; those
    /// of stdin one by one, for a sender may be waiting to see what comes of one.
    fn each<R: Send>(
        &self,
        mut events: Events<'_>,
        batch: &Batch,
        console: &mut Console,
        work: impl Fn(&(usize, Event)) -> R + Sync + Send,
        mut take: impl FnMut(R) -> Result<(), Stop>,
    ) -> Result<Exit, Stop> {
        let mut exit = Exit::Success;
        let size = if self.path.is_some() { FILE_CHUNK } else { 1 };
        let mut chunk = Vec::with_capacity(size);
        let mut bytes = 0;
        while let Some(event) = events.next() {
            match event {
                Ok(event) => {
                    chunk.push(event);
                    bytes += events.size_of_last();
                }
                Err(diagnostic) => {
                    console.say(&diagnostic);
                    exit = if diagnostic.is_error() { Exit::Usage } else { exit };
                }
            }
            if chunk.len() >= size || bytes >= CHUNK_BYTES {
                batch.run(&chunk, || (), |(), event| work(event), &mut take)?;
                chunk.clear();
                bytes = 0;
            }
        }
        batch.run(&chunk, || (), |(), event| work(event), take)?;
        Ok(exit)
    }
}
