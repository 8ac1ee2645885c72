//! Diagnostics as text for people, through annotate-snippets, rustc's renderer.
//!
//! No colour decision is made here: the caller says whether the reader is a terminal.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::source::{Source, Span};

/// Whether the text carries ANSI colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// ANSI colours.
    Coloured,
}

/// How many bytes of a line are shown around a place; a line may be a whole file.
const LINE_WINDOW: usize = 400;

/// Renders one diagnostic with the source lines it points at.
pub fn render(diagnostic: &Diagnostic, source: &Source, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.id());
    let excerpt = diagnostic.span.map(|span| Excerpt::new(source, span, diagnostic));
    let mut group = Group::with_title(title);
    group = match (&excerpt, diagnostic.span) {
        (Some(excerpt), Some(span)) => {
            let mut snippet = Snippet::source(excerpt.text)
                .path(source.name().as_ref())
                .line_start(excerpt.line)
                .annotation(AnnotationKind::Primary.span(excerpt.range(source, span)));
            for label in &diagnostic.labels {
                let range = excerpt.range(source, label.span);
                snippet = snippet.annotation(AnnotationKind::Context.span(range).label(label.text.as_str()));
            }
            group.element(snippet)
        }
        _ => group.element(annotate_snippets::Origin::path(source.name().as_ref())),
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

/// The lines that a diagnostic points at: the renderer is given these alone, for it walks all it is given.
struct Excerpt<'s> {
    text: &'s str,
    /// The offset of `text` in the source.
    start: usize,
    /// The number of its first line.
    line: usize,
}

impl<'s> Excerpt<'s> {
    fn new(source: &'s Source, span: Span, diagnostic: &Diagnostic) -> Self {
        let places = || std::iter::once(span).chain(diagnostic.labels.iter().map(|label| label.span));
        let start = places().map(|span| source.clamp(span).start).min().unwrap_or(0);
        let end = places().map(|span| source.clamp(span).end).max().unwrap_or(0);
        let text = source.text();
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let rest = text[end..].split('\n').next().unwrap_or("");
        let line_end = end + rest.strip_suffix('\r').unwrap_or(rest).len();
        let start = border(text, line_start.max(start.saturating_sub(LINE_WINDOW)));
        let end = border(text, line_end.min(end + LINE_WINDOW));
        Excerpt { text: &text[start..end], start, line: source.position(start).line }
    }

    /// The place within the excerpt.
    fn range(&self, source: &Source, span: Span) -> std::ops::Range<usize> {
        let range = source.clamp(span);
        let inside = |offset: usize| offset.saturating_sub(self.start).min(self.text.len());
        inside(range.start)..inside(range.end)
    }
}

/// The character border at or before the offset.
fn border(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

    fn plain(text: &str, span: (usize, usize), labels: &[(usize, usize)]) -> String {
        let mut diagnostic = Diagnostic::new(codes::NOT_YET, "wrong").at(Span::new(span.0, span.1)).help("do better");
        for (start, end) in labels {
            diagnostic = diagnostic.label(Span::new(*start, *end), "here");
        }
        render(&diagnostic, &Source::new("a.yml", text), Style::Plain)
    }

    #[test]
    fn points_at_the_characters() {
        insta::assert_snapshot!(plain("title: x\ndetection:\n\tsel: é1\n", (26, 29), &[(9, 18)]), @r"
        error[SG0401]: wrong
         --> a.yml:3:7
          |
        2 | detection:
          | --------- here
        3 |     sel: é1
          |          ^^
          |
          = help: do better
        ");
    }

    #[test]
    fn the_end_of_the_file_and_crlf_have_places() {
        insta::assert_snapshot!(plain("a: 1\r\nb: 2", (10, 10), &[]), @r"
        error[SG0401]: wrong
         --> a.yml:2:5
          |
        2 | b: 2
          |     ^
          |
          = help: do better
        ");
        let text = plain("a: 1\r\nb: 2\r\n", (3, 4), &[]);
        assert!(text.contains("1 | a: 1\n"), "a carriage return must not be shown: {text:?}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = plain(&"é".repeat(1_000_000), (1_000_000, 1_000_002), &[]);
        assert!(text.len() < 4_000, "{} bytes", text.len());
    }

    #[test]
    fn no_span_can_make_it_panic() {
        let texts = ["", "\n", "é", "a\r\n\r\nb", "\u{feff}a\u{0}\u{7}", "ab\u{301}\u{200d}\n\t\t語"];
        for text in texts {
            for start in 0..=text.len() + 2 {
                for end in [0, start, start + 1, text.len(), usize::MAX] {
                    let range = Span { start: start as u32, end: end.min(u32::MAX as usize) as u32 };
                    let diagnostic = Diagnostic::new(codes::NOT_YET, "x").at(range).label(Span::new(end, start), "y");
                    render(&diagnostic, &Source::new("a", text), Style::Coloured);
                }
            }
        }
    }
}
