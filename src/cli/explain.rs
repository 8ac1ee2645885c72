//! `sigmaglot explain`: the page of a diagnostic code.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Exit, Stop};
use crate::diagnostic::codes::{CODE_UNKNOWN, Code, TABLE};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};

/// Explain a diagnostic code, or list all codes
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sigmaglot explain SG0501\n  sigmaglot explain\n  sigmaglot explain --format json | jq -r '.[].code'"
)]
pub struct Arguments {
    /// The code, such as SG0501; without it, all codes
    code: Option<String>,
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The page of the code, in Markdown, or a line a code
    Text,
    /// A JSON object of code, severity, title and page, or an array of them
    Json,
}

/// A code for `--format json`.
#[derive(Serialize)]
struct Entry {
    code: Code,
    severity: Severity,
    title: &'static str,
    page: &'static str,
}

impl Entry {
    fn new(code: Code) -> Self {
        let info = code.info();
        Entry { code, severity: info.severity, title: code.title(), page: info.page }
    }
}

pub fn run(arguments: Arguments, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let Some(id) = arguments.code else {
        if arguments.format == Format::Json {
            let entries: Vec<Entry> = TABLE.iter().map(|row| Entry::new(row.code)).collect();
            json(stdout, &entries)?;
            return Ok(Exit::Success);
        }
        for row in TABLE {
            writeln!(stdout, "{}  {:7}  {}", row.code, row.severity.to_string(), row.code.title())?;
        }
        return Ok(Exit::Success);
    };
    match Code::find(&id) {
        Some(code) if arguments.format == Format::Json => {
            json(stdout, &Entry::new(code))?;
            Ok(Exit::Success)
        }
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

fn json(stdout: &mut dyn Write, value: &impl Serialize) -> Result<(), Stop> {
    serde_json::to_writer_pretty(&mut *stdout, value).map_err(std::io::Error::from)?;
    stdout.write_all(b"\n")?;
    Ok(())
}
