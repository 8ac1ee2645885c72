//! Diagnostics as text for people, through annotate-snippets, rustc's renderer.
//!
//! No colour decision is made here: the caller says whether the reader is a terminal.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::source::Source;

/// Whether the text carries ANSI colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// ANSI colours.
    Coloured,
}

/// Renders one diagnostic with the source lines it points at.
pub fn render(diagnostic: &Diagnostic, source: &Source, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.id());
    let mut group = match diagnostic.span {
        Some(span) => {
            let clamp = |range: std::ops::Range<usize>| {
                let len = source.text().len();
                range.start.min(len)..range.end.min(len)
            };
            let mut snippet = Snippet::source(source.text())
                .path(source.name().as_ref())
                .annotation(AnnotationKind::Primary.span(clamp(span.range())));
            for label in &diagnostic.labels {
                snippet = snippet
                    .annotation(AnnotationKind::Context.span(clamp(label.span.range())).label(label.text.as_str()));
            }
            Group::with_title(title).element(snippet)
        }
        None => Group::with_title(title).element(annotate_snippets::Origin::path(source.name().as_ref())),
    };
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    renderer.render(&[group])
}
