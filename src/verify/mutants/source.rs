//! A template file as text with tags, and the macros in it.
//!
//! The reader knows the engine's delimiters and no more: what stands within a tag is text for it.

use std::ops::Range;

/// A macro of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Macro {
    /// Its name.
    pub name: String,
    /// Its parameters in order.
    pub parameters: Vec<String>,
    /// The tag that opens it.
    pub head: Range<usize>,
    /// What it writes.
    pub body: Range<usize>,
}

/// A tag of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub kind: TagKind,
    /// With its delimiters.
    pub range: Range<usize>,
    /// Without them.
    pub inner: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagKind {
    /// `{{ .. }}`
    Expression,
    /// `{% .. %}`
    Statement,
    /// `{# .. #}`
    Comment,
}

/// The tags of a text in order.
pub(super) fn tags(text: &str) -> Vec<Tag> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('{')) {
        let start = at + found;
        let (kind, end) = match text.get(start..start + 2) {
            Some("{{") => (TagKind::Expression, "}}"),
            Some("{%") => (TagKind::Statement, "%}"),
            Some("{#") => (TagKind::Comment, "#}"),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(length) = closing(text.get(start + 2..).unwrap_or(""), end, kind) else { break };
        let stop = start + 2 + length + 2;
        let trimmed = |mut range: Range<usize>| {
            range.start += usize::from(text[range.clone()].starts_with('-'));
            range.end -= usize::from(range.end > range.start && text[range.clone()].ends_with('-'));
            range
        };
        out.push(Tag { kind, range: start..stop, inner: trimmed(start + 2..stop - 2) });
        at = stop;
    }
    out
}

/// The length up to the end of a tag; quoted texts may hold it.
fn closing(rest: &str, end: &str, kind: TagKind) -> Option<usize> {
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (place, c) in rest.char_indices() {
        match quote {
            _ if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if kind != TagKind::Comment && (c == '"' || c == '\'') => quote = Some(c),
            None if rest.get(place..).is_some_and(|rest| rest.starts_with(end)) => return Some(place),
            None => {}
        }
    }
    None
}

/// The macros of a file in order.
pub(super) fn macros(text: &str) -> Vec<Macro> {
    let mut out = Vec::new();
    let mut open: Option<Macro> = None;
    for tag in tags(text).into_iter().filter(|tag| tag.kind == TagKind::Statement) {
        let words = text.get(tag.inner.clone()).unwrap_or("").trim();
        if let Some(head) = words.strip_prefix("macro ") {
            let Some((name, rest)) = head.split_once('(') else { continue };
            let list = rest.trim_end().trim_end_matches(')');
            let parameters: Vec<String> =
                list.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
            let body = tag.range.end..tag.range.end;
            open = Some(Macro { name: name.trim().to_owned(), parameters, head: tag.range, body });
        } else if words == "endmacro"
            && let Some(mut found) = open.take()
        {
            found.body.end = tag.range.start;
            out.push(found);
        }
    }
    out
}

/// The macros that a body calls or names, among these.
pub(super) fn mentions<'n>(body: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let inner: Vec<&str> = tags(body)
        .into_iter()
        .filter(|tag| tag.kind != TagKind::Comment)
        .filter_map(|tag| body.get(tag.inner))
        .collect();
    names.filter(|name| inner.iter().any(|text| words(text).any(|(_, word)| word == *name))).collect()
}

/// The words of a text with their places: letters, digits and `_`.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(is_word)?;
        let tail = text.get(start..)?;
        let length = tail.find(|c| !is_word(c)).unwrap_or(tail.len());
        at = start + length;
        Some((start, text.get(start..at)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_are_read_with_parameters_and_bodies() {
        let text = "{#- a {{ note }} -#}{%- macro a(x, y) -%}{{ '}}' ~ x }} = {{ y }}{%- endmacro %}\n{% macro b() %}1{% endmacro %}";
        let found = macros(text);
        let parts = |m: &Macro| (m.name.clone(), m.parameters.join("+"), text[m.body.clone()].to_owned());
        let wanted = [("a", "x+y", "{{ '}}' ~ x }} = {{ y }}"), ("b", "", "1")];
        let wanted: Vec<_> = wanted.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).into();
        assert_eq!(found.iter().map(parts).collect::<Vec<_>>(), wanted);
        assert_eq!(mentions("{{ ab(x) }} b {# b #}{% if a %}", ["a", "b", "ab"].into_iter()), ["a", "ab"]);
    }
}
