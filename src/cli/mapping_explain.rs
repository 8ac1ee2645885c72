//! `sigmaglot mapping explain`: what each item of a mapping does to a rule.

use std::io::Write;
use std::num::NonZeroUsize;

use clap::{Args, Subcommand};

use super::batch::Batch;
use super::console::Console;
use super::convert::normalized;
use super::mapping::{MappingArguments, names};
use super::{Exit, Stop, input};
use crate::diagnostic::Diagnostic;
use crate::ir::Rule;
use crate::mapping::{Chain, Mapped};
use crate::sigma::UnresolvedPlaceholders;
use crate::target::{self, Target, Templates};

/// Look into mappings
#[derive(Debug, Subcommand)]
pub enum Command {
    Explain(Arguments),
}

/// Show what each item of a mapping does to rules
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sigmaglot mapping explain rule.yml -t eql -p ecs-windows")]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// The target
    #[arg(short, long, value_name = "TARGET")]
    target: String,
    #[command(flatten)]
    mapping: MappingArguments,
}

pub fn run(
    command: Command,
    threads: Option<NonZeroUsize>,
    console: &mut Console,
    stdout: &mut dyn Write,
) -> Result<Exit, Stop> {
    let Command::Explain(arguments) = command;
    let target = Target::load(&arguments.target, &Templates::embedded())?;
    let mappings = arguments.mapping.load(console)?;
    let chains = mappings.chains(std::iter::once(arguments.target.as_str()))?;
    let reading = arguments.rules.placeholders.resolve(UnresolvedPlaceholders::Keep)?;
    let found = input::find(&arguments.rules.paths, console)?;
    let batch = Batch::new(threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let mut exit = found.exit.unwrap_or(Exit::Success);
    let mut session = target.session();
    for file in &loaded {
        console.print(&console.voice().render(&file.read.diagnostics, &file.source));
        exit = exit.max(file.exit);
        for rule in &file.read.rules {
            for chain in &chains {
                let mapped = chain.apply(rule.clone(), &mappings.options);
                write_steps(rule, &mapped, stdout)?;
                let (query, said) = convert(chain, &mapped, &mut session);
                console.print(&console.voice().render(mapped.diagnostics.iter().chain(&said), &file.source));
                match query {
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

fn convert(chain: &Chain<'_>, mapped: &Mapped, session: &mut target::Session<'_>) -> (Option<String>, Vec<Diagnostic>) {
    let Some(rule) = &mapped.rule else { return (None, Vec::new()) };
    let conversion = session.convert(&normalized(rule), &target::Options::default());
    let mut said = conversion.diagnostics;
    let query = conversion.query.and_then(|query| match chain.postprocess(query, mapped) {
        Ok(query) => Some(query),
        Err(diagnostic) => {
            said.push(diagnostic);
            None
        }
    });
    (query, said)
}

fn write_steps(rule: &Rule, mapped: &Mapped, stdout: &mut dyn Write) -> std::io::Result<()> {
    let record = &mapped.record;
    writeln!(stdout, "{}", rule.meta.title)?;
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
    if !record.unmapped.is_empty() {
        writeln!(stdout, "  not mapped: {}", names(&record.unmapped))?;
    }
    for (key, value) in &record.state {
        writeln!(stdout, "  state {key} = {value}")?;
    }
    Ok(())
}
