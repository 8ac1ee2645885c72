//! `sigmaglot run`: rules on events, through the interpreter.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::console::Console;
use super::{Exit, Stop};

/// Run rules on events and print the matches
#[derive(Debug, Args)]
pub struct Arguments {
    /// Rule files, directories or patterns
    #[arg(short, long = "rules", value_name = "RULES", required = true)]
    rules: Vec<PathBuf>,
}

pub fn run(
    _arguments: Arguments,
    _threads: Option<NonZeroUsize>,
    _console: &mut Console,
    _stdout: &mut dyn Write,
) -> Result<Exit, Stop> {
    Ok(Exit::Success)
}
