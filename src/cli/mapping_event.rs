//! `sigmaglot mapping event`: events as a product stores them.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value};

use super::batch::Batch;
use super::console::Console;
use super::mapping::{MappingArguments, Mappings};
use super::placeholders::PlaceholderArguments;
use super::run::{Input, Source, sources};
use super::settings::{Layers, View};
use super::{Common, Exit, Stop, input, plan};
use crate::config::Settings;
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;
use crate::ir::{Expr, Logsource, Meta, Node, Origin, Rule};
use crate::mapping::{Events, Unmapped};
use crate::sigma::UnresolvedPlaceholders;
use crate::target::Templates;

/// Print events of a log source as the product stores them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files of events, directories (searched for *.json, *.jsonl, *.ndjson and *.evtx), or - for stdin
    #[arg(value_name = "EVENTS|-")]
    events: Vec<PathBuf>,
    /// The target [default: the configuration's]
    #[arg(short, long, value_name = "TARGET")]
    target: Option<String>,
    #[command(flatten)]
    mapping: MappingArguments,
    /// A file with the rule whose log source the events are of; the gates of the mapping are those for this rule
    #[arg(long, value_name = "RULE", required_unless_present_any = ["product", "category", "service"])]
    rule: Option<PathBuf>,
    /// The product of the log source, in place of a rule
    #[arg(long, conflicts_with = "rule")]
    product: Option<Arc<str>>,
    /// The category of the log source
    #[arg(long, conflicts_with = "rule")]
    category: Option<Arc<str>>,
    /// The service of the log source
    #[arg(long, conflicts_with = "rule")]
    service: Option<Arc<str>>,
    #[command(flatten)]
    placeholders: PlaceholderArguments,
}

const EXAMPLES: &str = "Examples:
  sigmaglot mapping event events.json -t eql -p ecs-windows --rule rule.yml
  sigmaglot mapping event Sysmon.evtx -t kql -p defender-xdr --product windows --category process_creation

A line of output is an event in the product's fields, as a JSON object. An event that is not of the log source, or that the product cannot \
store, is left out, and stderr says why. Where the mapping leaves a choice, such as the one of several columns, the first is taken.

Exit codes: 0 every event was mapped; 1 one was left out; 2 the rule cannot be read or mapped; 3 usage, or events that cannot be read.";

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let flags = Settings {
        targets: arguments.target.clone().map(|target| vec![target]),
        placeholders: arguments.placeholders.files(),
        ..arguments.mapping.settings()
    };
    let paths: Vec<PathBuf> = arguments.rule.iter().cloned().collect();
    let layers = Layers::load(common, &paths, flags, Settings::default(), console)?;
    let general = layers.general();
    let targets = general.targets()?;
    let loaded = plan::load_targets(&targets, &Templates::embedded())?;
    let mut mappings = Mappings::default();
    for name in general.all_pipelines()? {
        mappings.add(name, console)?;
    }
    let Some(rule) = rule(&arguments, &general, common, console)? else { return Ok(Exit::Rules) };
    let options = mappings.options(Unmapped::Keep);
    let mut exit = Exit::Success;
    for target in &targets {
        let chain = mappings.chain(&general.pipelines(target), target, &targets)?;
        let mapped = chain.apply(rule.clone(), &options);
        let Some(way) = chain.events(&rule, &mapped, &options) else {
            mapped
                .diagnostics
                .iter()
                .filter(|d| d.is_error())
                .for_each(|diagnostic| console.say(&without_place(diagnostic)));
            return Ok(Exit::Rules);
        };
        let table = mapped.rule.as_ref().and_then(|rule| rule.table.as_ref());
        let table = table.map(|table| &*table.name);
        let store =
            loaded.iter().find(|(name, _)| name == target).and_then(|(_, target)| target.manifest().store.as_ref());
        let hold = |event: Event| match store {
            Some(store) => store.held(event.0, table),
            None => event.0,
        };
        for source in sources(&arguments.events, Input::Auto, console, &mut exit)? {
            exit = exit.max(write(&source, &way, &hold, console, stdout)?);
        }
    }
    Ok(exit)
}

/// The rule, or one that has the log source and nothing else. What is to be said of it is said.
fn rule(
    arguments: &Arguments,
    general: &View<'_>,
    common: &Common,
    console: &mut Console,
) -> Result<Option<Rule>, Stop> {
    let Some(path) = &arguments.rule else {
        let (product, category, service) =
            (arguments.product.clone(), arguments.category.clone(), arguments.service.clone());
        return Ok(Some(Rule {
            meta: Meta::default(),
            logsource: Logsource { product, category, service, ..Logsource::default() },
            table: None,
            condition: Expr::new(Node::True, Origin::default()),
        }));
    };
    let reading = arguments.placeholders.resolve(general, UnresolvedPlaceholders::Keep)?;
    let paths = std::slice::from_ref(path);
    let found = input::find(paths, &[], general, console)?;
    let loaded = input::load(paths, &found, &reading, &Batch::new(common.threads)?, console)?;
    for file in &loaded {
        console.print(&console.voice().render(&file.read.diagnostics, &file.source));
    }
    let mut rules = loaded.into_iter().flat_map(|file| file.read.rules);
    match (rules.next(), rules.next()) {
        (Some(_), Some(_)) => {
            let message = format!("`{}` holds more than one rule", path.display());
            Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help("name a file with one rule").into())
        }
        (rule, _) => Ok(rule),
    }
}

/// The places are in the rule's file, which is not what is printed about here.
fn without_place(diagnostic: &Diagnostic) -> Diagnostic {
    Diagnostic { span: None, ..diagnostic.clone() }
}

fn write(
    source: &Source,
    way: &Events<'_>,
    hold: &dyn Fn(Event) -> Map<String, Value>,
    console: &mut Console,
    stdout: &mut dyn Write,
) -> Result<Exit, Stop> {
    let mut exit = Exit::Success;
    for event in source.open(Input::Auto)? {
        let (index, event) = match event {
            Ok(event) => event,
            Err(diagnostic) => {
                console.say(&diagnostic);
                exit = if diagnostic.is_error() { Exit::Usage } else { exit };
                continue;
            }
        };
        match way.stored(&event).into_iter().next() {
            Some(Ok(stored)) => writeln!(stdout, "{}", Value::Object(hold(stored)))?,
            Some(Err(unfit)) => {
                console.summary(&format!("{}, event {index} is left out: {unfit}", source.name));
                exit = exit.max(Exit::Findings);
            }
            None => {}
        }
    }
    Ok(exit)
}
