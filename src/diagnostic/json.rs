//! Diagnostics as JSON values: the same facts as the text, with lines and columns beside the byte offsets.

use serde::Serialize;

use super::{Code, Diagnostic, Severity};
use crate::source::{Source, Span};

/// The longest help text that stands with each of many reports, in bytes.
pub const LONG_HELP: usize = 200;

/// A diagnostic with its places looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The source's name.
    pub path: String,
    /// The place; `null` where there is none.
    pub span: Option<Range>,
    /// Further places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelReport>,
    /// Ways out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
}

/// A secondary place with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelReport {
    /// The place.
    pub span: Range,
    /// What is there.
    pub text: String,
}

/// A half-open range of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The first character.
    pub start: Point,
    /// After the last character.
    pub end: Point,
}

/// A place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: usize,
    /// Bytes from the start of the source.
    pub offset: usize,
}

impl Report {
    /// The report where many are printed: help that is a long list is cut short.
    pub fn brief(diagnostic: &Diagnostic, source: &Source) -> Self {
        let mut report = Report::new(diagnostic, source);
        report.help.iter_mut().for_each(|help| *help = shortened(help));
        report
    }

    /// The report of a diagnostic about this source. Places outside the source are brought into it.
    pub fn new(diagnostic: &Diagnostic, source: &Source) -> Self {
        Report {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            path: source.name().to_string(),
            span: diagnostic.span.map(|span| range(span, source)),
            labels: diagnostic
                .labels
                .iter()
                .map(|label| LabelReport { span: range(label.span, source), text: label.text.clone() })
                .collect(),
            help: diagnostic.help.clone(),
        }
    }
}

/// The text, or of a long list of words its first ones with the number of the others.
fn shortened(text: &str) -> String {
    if text.len() <= LONG_HELP {
        return text.to_owned();
    }
    let cut = (0..=LONG_HELP).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    match text[..cut].rsplit_once(", ") {
        Some((kept, _)) => format!("{kept}, and {} more", text[kept.len()..].matches(", ").count()),
        None => format!("{}…", &text[..cut]),
    }
}

fn range(span: Span, source: &Source) -> Range {
    let range = source.clamp(span);
    let point = |offset: usize| {
        let position = source.position(offset);
        Point { line: position.line, column: position.column, offset }
    };
    Range { start: point(range.start), end: point(range.end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

    #[test]
    fn long_lists_of_help_are_cut_short_in_brief_reports() {
        let words = |n: usize| format!("it has tables for {}", vec!["windows/process_creation/*"; n].join(", "));
        let (short, long) = (words(5), words(100));
        let diagnostic = Diagnostic::new(codes::NOT_YET, "x").help(short.as_str()).help(long.as_str());
        let help = Report::brief(&diagnostic, &Source::new("a.yml", "")).help;
        assert_eq!(help, [short, format!("{}, and 94 more", words(6))]);
        let text =
            Report::brief(&Diagnostic::new(codes::NOT_YET, "x").help("é".repeat(300)), &Source::new("a.yml", ""));
        assert_eq!(text.help, [format!("{}…", "é".repeat(100))]);
    }

    #[test]
    fn places_have_line_column_and_offset_and_stay_inside() {
        let source = Source::new("a.yml", "é: 1\nb");
        let diagnostic = Diagnostic::new(codes::NOT_YET, "x").at(Span::new(1, 900));
        let report = Report::new(&diagnostic, &source);
        let json = serde_json::to_value(&report).unwrap_or_default();
        assert_eq!(
            json,
            serde_json::json!({
                "code": "SG0401", "severity": "error", "message": "x", "path": "a.yml",
                "span": {"start": {"line": 1, "column": 1, "offset": 0}, "end": {"line": 2, "column": 2, "offset": 7}},
            })
        );
    }
}
