//! Placeholders: `%name%` in a value with the modifier `expand`.
//!
//! The values come from the caller's [`Options`](super::Options); they are Sigma strings themselves.

use std::ops::Range;
use std::sync::Arc;

use super::budget::Budget;
use super::detection::Value;
use super::messages::Messages;
use super::pattern;
use super::{Options, UnresolvedPlaceholders};
use crate::diagnostic::{Diagnostic, Severity, codes, did_you_mean};
use crate::ir::{Case, Pattern, Piece, PlaceholderPart};

/// What became of a value.
pub(super) enum Expansion {
    /// The alternatives.
    Values(Vec<Vec<Piece>>),
    /// A value with a placeholder nobody gave values, which the caller wants to keep: the name and the whole value.
    Unresolved(Arc<str>, Vec<PlaceholderPart>),
}

/// Replaces the placeholders of a value; `None` where the rule must be refused.
pub(super) fn expand(
    value: &Value,
    options: &Options,
    budget: &mut Budget,
    messages: &mut Messages,
) -> Option<Expansion> {
    let text = value.text.as_ref();
    let mut out: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut end = 0;
    let mut unresolved = None;
    let mut parts = Vec::new();
    for range in find(text) {
        let name = text.get(range.start + 1..range.end - 1).unwrap_or("");
        if text.get(..range.start).is_some_and(|before| before.ends_with('\\')) {
            let diagnostic = Diagnostic::new(codes::PERCENT_ESCAPE, r"`\%` does not escape the percent sign");
            let place = value.place(range.start - 1..range.start + 1);
            messages.push(diagnostic.at(place).help("the backslash stays and the placeholder is replaced"));
        }
        let before = pattern::parse(text.get(end..range.start).unwrap_or(""));
        append(&mut out, &before);
        parts.extend(before.into_iter().map(PlaceholderPart::Piece));
        end = range.end;
        match options.placeholders.get(name).map(Vec::as_slice) {
            Some([value]) => parts.extend(pattern::parse(value).into_iter().map(PlaceholderPart::Piece)),
            _ => parts.push(PlaceholderPart::Name(name.into())),
        }
        match options.placeholders.get(name) {
            Some(values) => {
                let count = out.len().saturating_mul(values.len());
                let bytes = values.iter().map(|v| v.len()).sum::<usize>().saturating_mul(out.len());
                if let Err(over) = budget.texts(count, bytes) {
                    let message = format!(
                        "with these {count} values the placeholders of {} make more than {} bytes of texts, each \
                         counted as 32 more",
                        over.whose, over.limit
                    );
                    let diagnostic = Diagnostic::new(codes::PLACEHOLDER_LIMIT, message).at(value.span);
                    messages.push(diagnostic.help("use fewer placeholders in one value, or split the rule"));
                    return None;
                }
                let values = values.iter().map(|v| pattern::parse(v)).collect::<Vec<_>>();
                out =
                    out.iter().flat_map(|left| values.iter().map(|right| [left.as_slice(), right].concat())).collect();
            }
            None => {
                messages.push(unknown(name, value.place(range), options));
                unresolved.get_or_insert_with(|| Arc::from(name));
            }
        }
    }
    let rest = pattern::parse(text.get(end..).unwrap_or(""));
    append(&mut out, &rest);
    parts.extend(rest.into_iter().map(PlaceholderPart::Piece));
    let merged = |pieces: Vec<Piece>| Pattern::new(pieces, Case::Fold).pieces().to_vec();
    match (unresolved, options.unresolved) {
        (None, _) => Some(Expansion::Values(out.into_iter().map(merged).collect())),
        (Some(name), UnresolvedPlaceholders::Keep) => Some(Expansion::Unresolved(name, parts)),
        (Some(_), UnresolvedPlaceholders::Reject) => None,
    }
}

fn append(alternatives: &mut [Vec<Piece>], pieces: &[Piece]) {
    alternatives.iter_mut().for_each(|alternative| alternative.extend_from_slice(pieces));
}

fn unknown(name: &str, span: crate::source::Span, options: &Options) -> Diagnostic {
    let message = format!("no values are known for the placeholder `{name}`");
    let mut diagnostic = Diagnostic::new(codes::PLACEHOLDER_UNKNOWN, message).at(span);
    if options.unresolved == UnresolvedPlaceholders::Keep {
        diagnostic.severity = Severity::Warning;
    }
    match did_you_mean(name, options.placeholders.keys().map(AsRef::as_ref)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("supply them, such as `--placeholder {name}=VALUE`")),
    }
}

/// The ranges of `%name%`, left to right; a name is not empty and has no `%`, backslash or wildcard.
fn find(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open = None;
    for (at, c) in text.char_indices() {
        match (c, open) {
            ('%', Some(start)) if start + 1 < at => {
                out.push(start..at + 1);
                open = None;
            }
            ('%', _) => open = Some(at),
            ('\\' | '*' | '?', _) => open = None,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_left_to_right() {
        let names = |text: &'static str| find(text).into_iter().map(|r| &text[r]).collect::<Vec<_>>();
        assert_eq!(names(r"CORP\%Admins% x"), ["%Admins%"]);
        assert_eq!(names("%a%%b%"), ["%a%", "%b%"]);
        assert_eq!(names("%a%b%c%"), ["%a%", "%c%"]);
        assert_eq!(names("100%"), [""; 0]);
        assert_eq!(names("%%a%"), ["%a%"]);
        assert_eq!(names("%a*b% %a\\b%"), ["% %"]);
    }
}
