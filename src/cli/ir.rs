//! `sigmaglot ir`: prints what rules mean.

use std::io::Write;

use clap::Args;

use super::batch::Batch;
use super::console::Console;
use super::settings::Layers;
use super::{Common, Exit, Stop, input};
use crate::config::Settings;
use crate::ir::{Rule, json, normalize};
use crate::sigma::UnresolvedPlaceholders;

/// Print the meaning of rules as JSON
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    rules: input::RuleArguments,
    /// Indent the JSON; without it, one line a rule
    #[arg(short, long)]
    pretty: bool,
    /// Normalise conditions, as conversion does
    #[arg(short, long)]
    normalize: bool,
}

const EXAMPLES: &str = "Examples:
  sigmaglot ir rule.yml --pretty
  sigmaglot ir rules | jq -r .meta.title

docs/ir.schema.json describes the form.";

pub fn run(arguments: Arguments, common: &Common, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let flags = Settings { placeholders: arguments.rules.placeholders.files(), ..Settings::default() };
    let layers = Layers::load(common, &arguments.rules.paths, flags, Settings::default(), console)?;
    let reading = arguments.rules.placeholders.resolve(&layers.general(), UnresolvedPlaceholders::Keep)?;
    let found = input::find_rules(&arguments.rules, &layers.general(), console)?;
    let batch = Batch::new(common.threads)?;
    let loaded = input::load(&arguments.rules.paths, &found, &reading, &batch, console)?;
    let voice = console.voice();
    let mut exit = found.exit.unwrap_or(Exit::Success);
    batch.run(
        &loaded,
        || (),
        |(), loaded| {
            let mut out = String::new();
            for rule in &loaded.read.rules {
                let normal =
                    arguments.normalize.then(|| Rule { condition: normalize(rule.condition.clone()), ..rule.clone() });
                let rule = normal.as_ref().unwrap_or(rule);
                let json = if arguments.pretty { json::to_pretty(rule) } else { json::to_line(rule) };
                out.push_str(&json.unwrap_or_default());
                out.push('\n');
            }
            (out, voice.render(&loaded.read.diagnostics, &loaded.source), loaded.exit)
        },
        |(out, said, file_exit)| {
            stdout.write_all(out.as_bytes())?;
            console.print(&said);
            exit = exit.max(file_exit);
            Ok(())
        },
    )?;
    Ok(exit)
}
