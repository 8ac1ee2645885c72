//! `sigmaglot mapping explain`: what each item of a mapping does to a rule.

use std::cell::LazyCell;
use std::io::Write;

use clap::{Args, Subcommand};

use super::batch::Batch;
use super::console::Console;
use super::mapping::{MappingArguments, names};
use super::plan::{Translation, Views, normalized};
use super::settings::Layers;
use super::{Common, Exit, Stop, input, mapping_event, plan};
use crate::config::Settings;
use crate::mapping::Mapped;
use crate::sigma::UnresolvedPlaceholders;
use crate::target::Layout;

/// Look into mappings
#[derive(Debug, Subcommand)]
pub enum Command {
    Explain(Arguments),
    Event(mapping_event::Arguments),
    Diff(super::mapping_diff::Arguments),
    Coverage(super::coverage::Arguments),
}

/// Show what each item of a mapping does to rules
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sigmaglot mapping explain rule.yml -t eql -p ecs-windows")]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// The target [default: the configuration's]
    #[arg(short, long, value_name = "TARGET")]
    target: Option<String>,
    #[command(flatten)]
    mapping: MappingArguments,
}

pub fn run(command: Command, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    match command {
        Command::Explain(arguments) => explain(arguments, common, console, stdout),
        Command::Event(arguments) => mapping_event::run(arguments, common, console, stdout),
        Command::Diff(arguments) => super::mapping_diff::run(arguments, common, console, stdout),
        Command::Coverage(arguments) => super::coverage::run(arguments, common, console, stdout),
    }
}

fn explain(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let flags = Settings {
        targets: arguments.target.map(|target| vec![target]),
        placeholders: arguments.rules.placeholders.files(),
        ..arguments.mapping.settings()
    };
    let layers = Layers::load(common, &arguments.rules.paths, flags, Settings::default(), console)?;
    let templates = super::templates::templates(&layers.general())?;
    let reading = arguments.rules.placeholders.resolve(&layers.general(), UnresolvedPlaceholders::Keep)?;
    let found = input::find_rules(&arguments.rules, &layers.general(), console)?;
    let views = Views::new(&layers, &found);
    let targets = views.targets(&templates)?;
    let mappings = views.mappings(console)?;
    let (plans, of) = views.plans(&mappings, &plan::names(&targets))?;
    let batch = Batch::new(common.threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut sessions: Vec<_> = targets.iter().map(|(_, target)| target.session()).collect();
    for (file, place) in loaded.iter().zip(of) {
        console.print(&console.voice().render(&file.read.diagnostics, &file.source));
        exit = exit.max(file.exit);
        let parts = plans.get(*place).map_or(&[][..], |plan| &plan.parts);
        for rule in &file.read.rules {
            for part in parts {
                let Some((session, (name, _))) = sessions.get_mut(part.target).zip(targets.get(part.target)) else {
                    continue;
                };
                let normal = LazyCell::new(|| normalized(rule));
                let Translation { mapped, conversion } = part.translate(session, rule, || &*normal, Layout::Compact);
                writeln!(stdout, "{}", rule.meta.title)?;
                if parts.len() > 1 {
                    writeln!(stdout, "  target: {name}")?;
                }
                if let Some(mapped) = &mapped {
                    write_steps(mapped, stdout)?;
                }
                console.print(&console.voice().render(&conversion.diagnostics, &file.source));
                match conversion.query {
                    Some(query) => writeln!(stdout, "query:\n  {}\n", query.replace('\n', "\n  "))?,
                    None => {
                        writeln!(stdout, "no query\n")?;
                        exit = exit.max(Exit::Rules);
                    }
                }
            }
        }
    }
    Ok(exit)
}

fn write_steps(mapped: &Mapped, stdout: &mut dyn Write) -> std::io::Result<()> {
    let record = &mapped.record;
    for step in &record.steps {
        let what = match (step.applied, step.touched) {
            (false, _) => "not for this rule",
            (true, false) => "nothing to do",
            (true, true) => "applied",
        };
        writeln!(stdout, "  {what:17}  {} ({})", step.item, step.kind)?;
    }
    if let Some(source) = &record.source {
        let ids: Vec<String> = source.event_ids.iter().map(ToString::to_string).collect();
        let ids = if ids.is_empty() { "all events".to_owned() } else { format!("event {}", ids.join(", ")) };
        let channels: String = source.channels.iter().map(|channel| format!(", {channel}")).collect();
        writeln!(stdout, "  source {}: {ids}{channels}", source.log)?;
    }
    for (old, field) in &record.fields {
        writeln!(stdout, "  field {old} -> {} (by {})", names(&field.to), names(&field.by))?;
    }
    if let Some(first) = &record.instead {
        writeln!(stdout, "  taken instead of {first}, which lacks {}", names(&record.lacked))?;
    }
    let lists = [("not mapped", &record.unmapped), ("missing", &record.missing), ("asked if there", &record.optional)];
    for (what, fields) in lists.into_iter().filter(|(_, fields)| !fields.is_empty()) {
        writeln!(stdout, "  {what}: {}", names(fields))?;
    }
    for (key, value) in &record.state {
        writeln!(stdout, "  state {key} = {value}")?;
    }
    Ok(())
}
