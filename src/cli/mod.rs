//! The command line: the only room that touches files, the terminal, threads and exit codes.

use std::process::ExitCode;

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
