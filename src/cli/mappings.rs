//! `sigmaglot mappings`: the mappings in the program and their table of log sources.

use std::io::Write;

use clap::Args;

use super::{Exit, Stop};
use crate::mapping::sources::{self, Source as LogSource};
use crate::mapping::{Pipeline, builtin};
use crate::source::Source;
use crate::target::NAMES;

/// List the mappings in the program, or print one; of several that go together, their names
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sigmaglot mappings\n  sigmaglot mappings ecs-windows > own.yml\n  sigmaglot mappings --sources"
)]
pub struct Arguments {
    /// Print this mapping's file, or the names of the mappings that go together under this one
    name: Option<String>,
    /// Print where the events of Sigma's log sources are written, as all mappings have it
    #[arg(long, conflicts_with = "name")]
    sources: bool,
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
    for name in builtin::names() {
        let source = Source::new(name, builtin::get(name).unwrap_or_default());
        let (Some(pipeline), _) = Pipeline::parse(&source) else { continue }; // a test reads every one
        let targets: Vec<&str> = NAMES.iter().copied().filter(|target| pipeline.is_for(target)).collect();
        writeln!(stdout, "{name:16} {:8} {}", targets.join(","), pipeline.name)?;
    }
    for (name, bundle) in bundles {
        writeln!(stdout, "{name:16} together {} ({})", bundle.title, bundle.mappings.join(", "))?;
    }
    Ok(Exit::Success)
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
