//! The `sigmaglot` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigmaglot::cli::main()
}
