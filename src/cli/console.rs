//! stderr: diagnostics, summaries, and a progress bar where a person is looking.
//!
//! What cannot be written to stderr is lost; there is nobody left to tell.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use clap::{ColorChoice, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Style, render};
use crate::source::Source;

/// Fewer files than this are done before a bar could be read.
const PROGRESS_FROM: usize = 200;

/// When messages are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl Color {
    /// What the arguments say, before they are parsed: complaints about them have colours too.
    pub fn of_arguments(arguments: impl IntoIterator<Item = OsString>) -> Color {
        let mut color = Color::Auto;
        let mut arguments = arguments.into_iter().peekable();
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            let word = match text.strip_prefix("--color") {
                Some("") => arguments.peek().map(|next| next.to_string_lossy().into_owned()),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None => None,
            };
            color = word.and_then(|word| Color::from_str(&word, false).ok()).unwrap_or(color);
        }
        color
    }

    /// Whether to colour; `get` gives a variable of the environment.
    fn is_on(self, terminal: bool, get: impl Fn(&str) -> Option<OsString>) -> bool {
        let said = |name: &str| get(name).filter(|value| !value.is_empty());
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if said("NO_COLOR").is_some() => false,
            Color::Auto if said("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Color::Auto => {
                terminal
                    && said("CLICOLOR").is_none_or(|value| value != "0")
                    && get("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> ColorChoice {
        match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// The standard error stream.
pub struct Console {
    quiet: bool,
    terminal: bool,
    style: Style,
    progress: Option<ProgressBar>,
}

impl Console {
    /// The process's stderr; a quiet one says errors only.
    pub fn new(quiet: bool, color: Color) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let coloured = color.is_on(terminal, |name| std::env::var_os(name));
        Self { quiet, terminal, style: if coloured { Style::Coloured } else { Style::Plain }, progress: None }
    }

    /// What threads need to render on their own.
    pub fn voice(&self) -> Voice {
        Voice { quiet: self.quiet, style: self.style }
    }

    /// Says something that is about no source.
    pub fn say(&mut self, diagnostic: &Diagnostic) {
        if !self.quiet || diagnostic.is_error() {
            let mut text = format!("{diagnostic}\n");
            for help in &diagnostic.help {
                text.push_str(&format!("  = help: {help}\n"));
            }
            self.print(&text);
        }
    }

    /// Prints what a [`Voice`] rendered.
    pub fn print(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let write = || {
            let _ = std::io::stderr().write_all(text.as_bytes());
        };
        match &self.progress {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Prints a line of the summary.
    pub fn summary(&mut self, line: &str) {
        if !self.quiet {
            self.print(&format!("{line}\n"));
        }
    }

    /// Starts the progress bar of a batch.
    pub fn start(&mut self, files: usize) {
        if self.terminal && !self.quiet && files >= PROGRESS_FROM {
            let bar = ProgressBar::new(files as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} files") {
                bar.set_style(style);
            }
            self.progress = Some(bar);
        }
    }

    /// One file more is done.
    pub fn step(&mut self) {
        if let Some(bar) = &self.progress {
            bar.inc(1);
        }
    }

    /// The batch is done.
    pub fn finish(&mut self) {
        if let Some(bar) = self.progress.take() {
            bar.finish_and_clear();
        }
    }
}

/// How diagnostics are rendered, for threads.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    quiet: bool,
    style: Style,
}

impl Voice {
    /// The diagnostics as text for stderr.
    pub fn render<'d>(self, diagnostics: impl IntoIterator<Item = &'d Diagnostic>, source: &Source) -> String {
        let mut out = String::new();
        for diagnostic in diagnostics {
            if !self.quiet || diagnostic.is_error() {
                out.push_str(&render(diagnostic, source, self.style));
                out.push_str("\n\n");
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_goes_over_the_environment_and_the_environment_over_the_terminal() {
        let on = |color: Color, terminal, variables: &[(&str, &str)]| {
            color.is_on(terminal, |name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into()))
        };
        assert!(on(Color::Auto, true, &[]) && !on(Color::Auto, false, &[]));
        assert!(on(Color::Always, false, &[("NO_COLOR", "1")]) && !on(Color::Never, true, &[("CLICOLOR_FORCE", "1")]));
        assert!(!on(Color::Auto, true, &[("NO_COLOR", "1")]) && on(Color::Auto, true, &[("NO_COLOR", "")]));
        assert!(!on(Color::Auto, true, &[("CLICOLOR", "0")]) && on(Color::Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!on(Color::Auto, true, &[("TERM", "dumb")]) && !on(Color::Auto, false, &[("CLICOLOR_FORCE", "0")]));
    }
}
