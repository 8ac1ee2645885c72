//! `sigmaglot completions`: scripts for shells, from the same definitions as the help.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, Stop};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sigmaglot completions bash > /etc/bash_completion.d/sigmaglot")]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(arguments: Arguments, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    // Into memory first: the generator panics where its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "sigmaglot", &mut script);
    stdout.write_all(&script)?;
    Ok(Exit::Success)
}
