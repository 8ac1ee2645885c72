//! What the program has to say about a rule, a pipeline or an event.
//!
//! A [`Diagnostic`] is a value: code, severity, message, place, labels, help. Every room returns them; only `cli`
//! prints them (through [`render`]). Messages are lower case without a full stop and say what is wrong; `help`
//! says the way out. The codes stand in one table, [`codes`].

pub mod codes;
mod json;
pub mod render;

use std::fmt;

use serde::Serialize;

use crate::source::Span;
pub use codes::Code;
pub use json::{LONG_HELP, LabelReport, Point, Range, Report};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something to know; changes no result.
    Note,
    /// The result stands, but the author should look.
    Warning,
    /// The rule (or file, or line) could not be read or converted.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// A secondary place with a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One message about one place of the source that it is kept with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// The code's severity unless the caller changed it.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// The place, if there is one.
    pub span: Option<Span>,
    /// Further places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// Ways out, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic with the code's own severity.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            span: None,
            labels: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Sets the primary place.
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds a secondary place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a way out.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Whether `check` counts this as a finding: a fault of what describes a rule, which changes no query.
    pub fn is_finding(&self) -> bool {
        self.severity == Severity::Warning && self.code.is_about_metadata()
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)
    }
}

/// The candidate nearest to `word`, near enough to be a slip of the finger.
///
/// Long words and candidates past the first thousand are not looked at: nobody mistypes those, and the time stays
/// bounded for hostile rules.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    candidates
        .into_iter()
        .take(1_000)
        .filter_map(|c| {
            let count = if c.len() > LONGEST { return None } else { c.chars().count() };
            let limit = count.max(3) / 3;
            // The distance is never less than the difference in length.
            let distance =
                (count.abs_diff(length) <= limit).then(|| strsim::osa_distance(&lower, &c.to_lowercase()))?;
            (distance <= limit).then_some((distance, c))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_near_names_only() {
        let names = ["contains", "startswith", "endswith", "re"];
        assert_eq!(did_you_mean("containz", names), Some("contains"));
        assert_eq!(did_you_mean("Contains", names), Some("contains"));
        assert_eq!(did_you_mean("frobnicate", names), None);
    }
}
