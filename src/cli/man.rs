//! `sigmaglot man`: manual pages, from the same definitions as the help.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::{Cli, Exit, Stop};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};

/// Print the manual page of the program or of a command, in roff
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sigmaglot man > sigmaglot.1\n  sigmaglot man mapping explain > sigmaglot-mapping-explain.1\n  \
                        sigmaglot man --out-dir /usr/local/share/man/man1"
)]
pub struct Arguments {
    /// The command, of a command in a group both words [default: the program]
    command: Vec<String>,
    /// Write the pages of the program and of all commands to this directory
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    out_dir: Option<PathBuf>,
}

pub fn run(arguments: Arguments, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let mut program = Cli::command();
    program.build();
    if let Some(directory) = &arguments.out_dir {
        let unwritable = |error: std::io::Error| {
            Diagnostic::new(codes::UNWRITABLE, format!("cannot write to `{}`: {error}", directory.display()))
        };
        std::fs::create_dir_all(directory).map_err(unwritable)?;
        clap_mangen::generate_to(program, directory).map_err(unwritable)?;
        return Ok(Exit::Success);
    }
    let mut command = &program;
    for name in &arguments.command {
        command = match command.find_subcommand(name) {
            Some(command) => command,
            None => {
                let mut diagnostic = Diagnostic::new(codes::ARGUMENT_INVALID, format!("there is no command `{name}`"));
                if let Some(near) = did_you_mean(name, command.get_subcommands().map(clap::Command::get_name)) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                return Err(diagnostic.into());
            }
        };
    }
    clap_mangen::Man::new(command.clone()).render(stdout)?;
    Ok(Exit::Success)
}
