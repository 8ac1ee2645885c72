//! `sigmaglot man`: manual pages, from the same definitions as the help.

use std::io::Write;

use clap::{Args, CommandFactory};

use super::{Cli, Exit, Stop};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};

/// Print the manual page of the program or of a command, in roff
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sigmaglot man > sigmaglot.1\n  sigmaglot man convert > sigmaglot-convert.1")]
pub struct Arguments {
    /// The command [default: the program]
    command: Option<String>,
}

pub fn run(arguments: Arguments, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let mut program = Cli::command();
    program.build();
    let command = match &arguments.command {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let mut diagnostic = Diagnostic::new(codes::ARGUMENT_INVALID, format!("there is no command `{name}`"));
                if let Some(near) = did_you_mean(name, program.get_subcommands().map(clap::Command::get_name)) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                return Err(diagnostic.into());
            }
        },
    };
    clap_mangen::Man::new(command).render(stdout)?;
    Ok(Exit::Success)
}
