//! `sigmaglot explain`: the page of a diagnostic code.

use std::io::Write;

use clap::Args;

use super::{Exit, Stop};
use crate::diagnostic::codes::{CODE_UNKNOWN, Code, TABLE};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Explain a diagnostic code, or list all codes
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sigmaglot explain SG0501\n  sigmaglot explain")]
pub struct Arguments {
    /// The code, such as SG0501
    code: Option<String>,
}

pub fn run(arguments: Arguments, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let Some(id) = arguments.code else {
        for row in TABLE {
            writeln!(stdout, "{}  {:7}  {}", row.code, row.severity.to_string(), row.code.title())?;
        }
        return Ok(Exit::Success);
    };
    match Code::find(&id) {
        Some(code) => {
            stdout.write_all(code.info().page.as_bytes())?;
            Ok(Exit::Success)
        }
        None => {
            let mut diagnostic = Diagnostic::new(CODE_UNKNOWN, format!("there is no diagnostic code `{id}`"));
            if let Some(near) = did_you_mean(&id, TABLE.iter().map(|row| row.code.id())) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            Err(diagnostic.help("`sigmaglot explain` lists all codes").into())
        }
    }
}
