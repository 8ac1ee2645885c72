//! Mistakes that look like something else: what was written is right as YAML, and means what nobody means.
//!
//! Each function recognises one mistake and gives its message, with the place of the mistake and not of its consequence.

use super::modifier::Modifier;
use super::scalar::{Scalar, Style};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;

/// Words for a key that was nearly another; says so where the difference cannot be seen.
pub(super) fn did_you_mean_key(written: &str, meant: &str) -> String {
    match written.chars().find(|c| !c.is_ascii_graphic()) {
        Some(c) => format!("did you mean `{meant}`? this has the character U+{:04X}", u32::from(c)),
        None => format!("did you mean `{meant}`?"),
    }
}

/// A word of YAML 1.1 where a Boolean is wanted.
pub(super) fn yaml11_bool(word: &str, truth: bool, span: Span) -> Diagnostic {
    let message = format!("`{word}` is read as `{truth}` here, as readers of YAML 1.1 do");
    Diagnostic::new(codes::YAML_11, message).at(span).help(format!("write `{truth}`"))
}

/// The length of a key such as `Image|endswith` at the start of a text, with what follows it; none where a modifier is
/// unknown or nothing follows.
fn key_with_modifiers(text: &str) -> Option<(usize, &str)> {
    let field = text.find('|')?;
    let name = text.get(..field)?;
    if name.contains(char::is_whitespace) || name.contains(['\'', '"']) {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '\'' | '"')).unwrap_or(text.len());
    let modifiers = text.get(field + 1..end)?;
    let known = !modifiers.is_empty() && modifiers.split('|').all(|name| Modifier::find(name).is_some());
    let rest = text.get(end..)?.trim_start();
    (known && !rest.is_empty()).then_some((end, rest))
}

/// `Image|endswith '\x'`, or `Image|endswith:'\x'`: a keyword to YAML.
pub(super) fn missing_colon(scalar: &Scalar<'_>, span: Span) -> Option<Diagnostic> {
    let (end, rest) = key_with_modifiers(&scalar.text).filter(|_| scalar.style == Style::Plain)?;
    Some(colon(scalar.text.get(..end)?, rest.starts_with(':'), scalar.place(span, 0..end)))
}

/// The message about a key without its colon, which stands at `place`.
fn colon(key: &str, has_colon: bool, place: Span) -> Diagnostic {
    let message = match has_colon {
        true => format!("the colon after `{key}` has no blank after it, so this is one text and no field"),
        false => format!("there is no colon after `{key}`, so this is one text and no field"),
    };
    Diagnostic::new(codes::COLON_MISSING, message).at(place).help(format!("write `{key}: ...`"))
}

/// The same mistake where a line after it makes the text no YAML: the nearest line before `at` that lacks its colon.
pub(super) fn missing_colon_before(text: &str, at: usize, base: usize) -> Option<Diagnostic> {
    let end = text.get(at..)?.find('\n').map_or(text.len(), |end| at + end);
    let mut to = end;
    for line in text.get(..end)?.rsplit('\n').take(3) {
        let from = to - line.len();
        to = from.saturating_sub(1);
        let body = line.trim_start();
        let body = body.strip_prefix("- ").unwrap_or(body).trim_start();
        let start = from + line.len() - body.len();
        if let Some((length, rest)) = key_with_modifiers(body.trim_end())
            && !rest.starts_with(": ")
            && rest != ":"
        {
            let place = Span::new(base + start, base + start + length);
            return Some(colon(body.get(..length)?, rest.starts_with(':'), place));
        }
    }
    None
}

/// What is said of the name of a field that begins or ends with a blank.
pub(super) fn blank_at_an_end(name: &str, span: Span) -> Diagnostic {
    let message = format!("the field `{name}` has a blank at an end of its name, which no event has");
    Diagnostic::new(codes::FIELD_BLANK, message).at(span).help(format!("write `{}`", name.trim()))
}

/// A search that is one text of the form `EventID:4625` or `Image '\x'`.
pub(super) fn keyword_like_item(scalar: &Scalar<'_>, span: Span) -> Option<Diagnostic> {
    if scalar.style != Style::Plain || key_with_modifiers(&scalar.text).is_some() {
        return None;
    }
    let end = scalar.text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))?;
    let (name, rest) = scalar.text.split_at_checked(end)?;
    let value = rest.strip_prefix(':').map(|value| (value, name.len() > 1 && !value.starts_with("//")));
    let (value, plain) = value.unwrap_or((rest.trim_start(), false));
    let quoted = value.starts_with(['\'', '"']) && value.ends_with(['\'', '"']) && value.len() > 1;
    let is_value = quoted || (plain && !value.is_empty() && !value.contains(char::is_whitespace));
    if name.is_empty() || !is_value {
        return None;
    }
    let message = format!("this search is the one keyword `{}`, no field `{name}`", scalar.text);
    let diagnostic = Diagnostic::new(codes::KEYWORD_LIKE_ITEM, message).at(span);
    Some(diagnostic.help(format!("write `{name}: ...` for the field, or put the keyword in quotes")))
}

/// `"C:\temp"`: in double quotes `\t` is a tab.
pub(super) fn escaped_control(scalar: &Scalar<'_>, span: Span) -> Option<Diagnostic> {
    // Only double quotes have escapes, and a text with one in it is nowhere in the source as it is.
    if scalar.style != Style::Quoted || scalar.verbatim.is_some() {
        return None;
    }
    let c = scalar.text.chars().find(|c| c.is_ascii_control() && *c != '\n')?;
    let message =
        format!("the double quotes make the control character U+{:04X} of an escape in this value", u32::from(c));
    let diagnostic = Diagnostic::new(codes::ESCAPED_CONTROL, message).at(span);
    Some(diagnostic.help("use single quotes, in which a backslash is a backslash"))
}
