//! The command line: the only room that touches files, the terminal, threads and exit codes.
//!
//! One file a command. What they share: `input` finds and reads rules, `console` speaks on stderr, `batch` works on many
//! files in parallel and keeps their order. stdout carries data only; everything else goes to stderr.

mod baseline;
mod batch;
mod check;
mod completions;
mod console;
mod convert;
mod coverage;
pub mod engine;
mod explain;
mod fields;
mod filename;
mod heading;
mod input;
mod ir;
mod job;
mod junit;
mod man;
mod mapping;
mod mapping_diff;
mod mapping_event;
mod mapping_explain;
mod mappings;
mod names;
mod outdir;
mod placeholders;
mod plan;
mod record;
mod run;
mod said;
mod settings;
mod targets;
mod templates;
mod verdicts;
mod verify;
mod verify_bench;
mod verify_documents;
mod verify_mutants;

use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::diagnostic::{Diagnostic, codes};
use console::Console;

/// Translate Sigma detection rules into SIEM query languages, or run them on events.
#[derive(Debug, Parser)]
#[command(name = "sigmaglot", version, about, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all is well; 1 findings; 2 a rule could not be read or converted; \
3 usage, configuration, or a file that cannot be read or written.";

/// Options of every command.
#[derive(Debug, Clone, Args)]
struct Common {
    /// Work on this many threads; the output does not depend on it [default: one a core]
    #[arg(long, global = true, value_name = "N", display_order = 900)]
    threads: Option<NonZeroUsize>,
    /// Say errors only: no warnings, notes, summary or progress
    #[arg(short, long, global = true, display_order = 901)]
    quiet: bool,
    /// The configuration file [default: the nearest sigmaglot.toml above the first rule path]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "isolated", display_order = 902)]
    config: Option<PathBuf>,
    /// Colour messages; auto: on a terminal, unless NO_COLOR, CLICOLOR=0 or CLICOLOR_FORCE say otherwise
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, display_order = 904)]
    color: console::Color,
    /// Read no configuration file
    #[arg(long, global = true, display_order = 903)]
    isolated: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Convert(convert::Arguments),
    Run(run::Arguments),
    Check(check::Arguments),
    Ir(ir::Arguments),
    Targets(targets::Arguments),
    Mappings(mappings::Arguments),
    #[command(subcommand)]
    Mapping(mapping_explain::Command),
    Fields(fields::Arguments),
    Verify(verify::Arguments),
    Explain(explain::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// How a command ended. The order is that of gravity: a batch ends with the gravest of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// All is well.
    Success,
    /// Something was found that was asked about.
    Findings,
    /// A rule could not be read or converted.
    Rules,
    /// Usage, configuration, or a file that cannot be read or written.
    Usage,
}

impl Exit {
    fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Exit::Success => 0,
            Exit::Findings => 1,
            Exit::Rules => 2,
            Exit::Usage => 3,
        })
    }
}

/// Why a command stopped before its end.
#[derive(Debug)]
enum Stop {
    /// Nobody reads our output any more; no error.
    ClosedPipe,
    /// Usage, configuration, input or output.
    Failed(Box<Diagnostic>),
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Stop::Failed(Box::new(diagnostic))
    }
}

/// An error of writing to stdout.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::ClosedPipe,
            _ => Diagnostic::new(codes::UNWRITABLE, format!("cannot write the output: {error}")).into(),
        }
    }
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let command = Cli::command().color(console::Color::of_arguments(std::env::args_os()).into());
    let cli = match command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            let _ = error.print(); // where not even this can be written, the exit code has to do
            return exit.code();
        }
    };
    let mut console = Console::new(cli.common.quiet, cli.common.color);
    let mut stdout = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let result = dispatch(cli, &mut console, &mut stdout).and_then(|exit| {
        stdout.flush()?;
        Ok(exit)
    });
    match result {
        Ok(exit) => exit.code(),
        Err(Stop::ClosedPipe) => Exit::Success.code(),
        Err(Stop::Failed(diagnostic)) => {
            let _ = stdout.flush(); // what was done before the failure stands
            console.say(&diagnostic);
            Exit::Usage.code()
        }
    }
}

fn dispatch(cli: Cli, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let common = &cli.common;
    match cli.command {
        Command::Convert(arguments) => convert::run(arguments, common, console, stdout),
        Command::Run(arguments) => run::run(arguments, common, console, stdout),
        Command::Check(arguments) => check::run(arguments, common, console, stdout),
        Command::Ir(arguments) => ir::run(arguments, common, console, stdout),
        Command::Targets(arguments) => targets::run(arguments, stdout),
        Command::Mappings(arguments) => mappings::run(arguments, stdout),
        Command::Mapping(command) => mapping_explain::run(command, common, console, stdout),
        Command::Fields(arguments) => fields::run(arguments, common, console, stdout),
        Command::Verify(arguments) => verify::run(arguments, common, console, stdout),
        Command::Explain(arguments) => explain::run(arguments, stdout),
        Command::Completions(arguments) => completions::run(arguments, stdout),
        Command::Man(arguments) => man::run(arguments, stdout),
    }
}
