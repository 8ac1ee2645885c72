//! stderr: diagnostics, summaries, and a progress bar where a person is looking.
//!
//! What cannot be written to stderr is lost; there is nobody left to tell.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Style, render};
use crate::source::Source;

/// Fewer files than this are done before a bar could be read.
const PROGRESS_FROM: usize = 200;

/// The standard error stream.
pub struct Console {
    quiet: bool,
    terminal: bool,
    style: Style,
    progress: Option<ProgressBar>,
}

impl Console {
    /// The process's stderr; a quiet one says errors only.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let plain = !terminal || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { quiet, terminal, style: if plain { Style::Plain } else { Style::Coloured }, progress: None }
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
