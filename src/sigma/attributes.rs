//! Typed reading of the attributes of a document, with their checks.
//!
//! Each function takes a key with its value and gives the value or a diagnostic. `null` is the same as absence.
//! Nothing here knows which attributes a kind of document has.

use std::sync::Arc;

use super::messages::Messages;
use super::scalar::Kind;
use super::yaml::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::ir::{Level, Related, RelationKind, Status};
use crate::source::Span;

/// The words of `status`.
const STATUSES: &[(&str, Status)] = &[
    ("stable", Status::Stable),
    ("test", Status::Test),
    ("experimental", Status::Experimental),
    ("deprecated", Status::Deprecated),
    ("unsupported", Status::Unsupported),
];

/// The words of `level`.
const LEVELS: &[(&str, Level)] = &[
    ("informational", Level::Informational),
    ("low", Level::Low),
    ("medium", Level::Medium),
    ("high", Level::High),
    ("critical", Level::Critical),
];

/// The words of `type` in `related`.
const RELATIONS: &[(&str, RelationKind)] = &[
    ("derived", RelationKind::Derived),
    ("obsolete", RelationKind::Obsolete),
    ("merged", RelationKind::Merged),
    ("renamed", RelationKind::Renamed),
    ("similar", RelationKind::Similar),
    ("correlation", RelationKind::Correlation),
];

/// Says that a value has the wrong type.
pub(super) fn wrong_type(key: &str, expected: &str, node: &Node<'_>, messages: &mut Messages) {
    let message = format!("`{key}` is {expected}, this is {}", node.describe());
    messages.push(Diagnostic::new(codes::ATTRIBUTE_TYPE, message).at(node.span));
}

/// A text of at most `limit` characters that is not empty where `limit` is short enough for a name.
pub(super) fn text(entry: &Entry<'_>, limit: usize, messages: &mut Messages) -> Option<Arc<str>> {
    let key = entry.key.text.as_ref();
    match &entry.value.value {
        Value::Scalar(scalar) if scalar.kind == Kind::Text => {
            if scalar.text.len() > limit && scalar.text.chars().count() > limit {
                let message = format!("`{key}` is longer than {limit} characters");
                messages.push(Diagnostic::new(codes::ATTRIBUTE_TYPE, message).at(entry.value.span));
                return None;
            }
            Some(scalar.text.as_ref().into())
        }
        Value::Scalar(scalar) if scalar.kind == Kind::Null => None,
        _ => {
            wrong_type(key, "text", &entry.value, messages);
            None
        }
    }
}

/// A text that is not empty.
pub(super) fn name(entry: &Entry<'_>, limit: usize, messages: &mut Messages) -> Option<Arc<str>> {
    let text = text(entry, limit, messages)?;
    if text.trim().is_empty() {
        let message = format!("`{}` is empty", entry.key.text);
        messages.push(Diagnostic::new(codes::ATTRIBUTE_TYPE, message).at(entry.value.span));
        return None;
    }
    Some(text)
}

/// A scalar as text, whatever it looks like: ids and names may be all digits.
fn scalar_text(node: &Node<'_>) -> Option<Arc<str>> {
    match &node.value {
        Value::Scalar(scalar) if scalar.kind != Kind::Null => Some(scalar.text.as_ref().into()),
        _ => None,
    }
}

/// A list of texts with their places.
pub(super) fn texts(entry: &Entry<'_>, messages: &mut Messages) -> Vec<(Arc<str>, Span)> {
    let key = entry.key.text.as_ref();
    match &entry.value.value {
        Value::List(nodes) => nodes
            .iter()
            .filter_map(|node| {
                let text = scalar_text(node);
                if text.is_none() {
                    wrong_type(key, "a list of texts", node, messages);
                }
                text.map(|text| (text, node.span))
            })
            .collect(),
        _ if entry.value.is_null() => Vec::new(),
        _ => {
            wrong_type(key, "a list", &entry.value, messages);
            scalar_text(&entry.value).map(|text| (text, entry.value.span)).into_iter().collect()
        }
    }
}

/// A list of texts, a single text counting as a list of one.
pub(super) fn texts_or_one(entry: &Entry<'_>, messages: &mut Messages) -> Vec<(Arc<str>, Span)> {
    match scalar_text(&entry.value) {
        Some(text) => vec![(text, entry.value.span)],
        None => texts(entry, messages),
    }
}

/// A list of texts without their places.
pub(super) fn plain_texts(entry: &Entry<'_>, messages: &mut Messages) -> Vec<Arc<str>> {
    texts(entry, messages).into_iter().map(|(text, _)| text).collect()
}

/// A list of texts that should differ from each other.
pub(super) fn unique_texts(entry: &Entry<'_>, messages: &mut Messages) -> Vec<(Arc<str>, Span)> {
    let list = texts(entry, messages);
    let mut order = (0..list.len()).collect::<Vec<_>>();
    order.sort_by(|&a, &b| list[a].0.cmp(&list[b].0).then(a.cmp(&b)));
    for pair in order.windows(2).filter(|pair| list[pair[0]].0 == list[pair[1]].0) {
        let message = format!("`{}` stands twice in `{}`", list[pair[1]].0, entry.key.text);
        let diagnostic = Diagnostic::new(codes::ENTRY_TWICE, message).at(list[pair[1]].1);
        messages.push(diagnostic.label(list[pair[0]].1, "first here"));
    }
    list
}

/// One of the words of a closed list.
fn word<T: Copy>(key: &str, node: &Node<'_>, words: &[(&'static str, T)], messages: &mut Messages) -> Option<T> {
    let Some(text) = scalar_text(node) else {
        if !node.is_null() {
            wrong_type(key, "text", node, messages);
        }
        return None;
    };
    let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)).map(|(_, value)| *value);
    if found.is_none() {
        let diagnostic = Diagnostic::new(codes::ATTRIBUTE_VALUE, format!("`{text}` is no {key}")).at(node.span);
        let all = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        messages.push(match did_you_mean(&text, words.iter().map(|(word, _)| *word)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("it is one of {all}")),
        });
    }
    found
}

/// `status`.
pub(super) fn status(entry: &Entry<'_>, messages: &mut Messages) -> Option<Status> {
    word("status", &entry.value, STATUSES, messages)
}

/// `level`.
pub(super) fn level(entry: &Entry<'_>, messages: &mut Messages) -> Option<Level> {
    word("level", &entry.value, LEVELS, messages)
}

/// `id`: any text, though a UUID is meant.
pub(super) fn id(entry: &Entry<'_>, messages: &mut Messages) -> Option<Arc<str>> {
    let id = scalar_text(&entry.value);
    match &id {
        Some(id) if uuid::Uuid::try_parse(id).is_err() => {
            let diagnostic = Diagnostic::new(codes::ID_NOT_UUID, format!("the id `{id}` is no UUID"));
            messages.push(diagnostic.at(entry.value.span).help("use a random UUID, which stays unique everywhere"));
        }
        None if !entry.value.is_null() => wrong_type("id", "text", &entry.value, messages),
        _ => {}
    }
    id
}

/// `related`: a list of maps of `id` and `type`.
pub(super) fn related(entry: &Entry<'_>, messages: &mut Messages) -> Vec<Related> {
    let Value::List(nodes) = &entry.value.value else {
        if !entry.value.is_null() {
            wrong_type("related", "a list of maps", &entry.value, messages);
        }
        return Vec::new();
    };
    nodes.iter().filter_map(|node| relation(node, messages)).collect()
}

fn relation(node: &Node<'_>, messages: &mut Messages) -> Option<Related> {
    let Value::Map(entries) = &node.value else {
        wrong_type("related", "a list of maps", node, messages);
        return None;
    };
    let find = |key: &str| entries.iter().find(|e| e.key.text == key).map(|e| &e.value).filter(|n| !n.is_null());
    let (Some(id), Some(kind)) = (find("id").and_then(scalar_text), find("type")) else {
        let message = "an entry of `related` needs `id` and `type`";
        messages.push(Diagnostic::new(codes::ATTRIBUTE_MISSING, message).at(node.span));
        return None;
    };
    word("type of relation", kind, RELATIONS, messages).map(|kind| Related { id, kind })
}

/// `date` and `modified`: `YYYY-MM-DD`, or `YYYY/MM/DD` as v1 rules have it; gives the former.
pub(super) fn date(entry: &Entry<'_>, messages: &mut Messages) -> Option<Arc<str>> {
    let text = text(entry, 64, messages)?;
    let parsed = parse_date(&text);
    if parsed.is_none() {
        let message = format!("`{text}` is no date");
        let diagnostic = Diagnostic::new(codes::DATE_INVALID, message).at(entry.value.span);
        messages.push(diagnostic.help("write it as `YYYY-MM-DD`"));
    }
    parsed.or(Some(text))
}

fn parse_date(text: &str) -> Option<Arc<str>> {
    let (separator, padded) = if text.contains('/') { ('/', false) } else { ('-', true) };
    let parts = text.split(separator).collect::<Vec<_>>();
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |part: &str, width: usize| {
        let fits = part.len() == width || (!padded && part.len() < width && !part.is_empty());
        part.bytes().all(|b| b.is_ascii_digit()).then_some(part).filter(|_| fits).and_then(|p| p.parse::<u32>().ok())
    };
    let year = number(year, 4).filter(|_| year.len() == 4)?;
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month, 2)?, number(day, 2)?)?;
    Some(date.format("%Y-%m-%d").to_string().into())
}

/// `tags`: each has a namespace and a name.
pub(super) fn tags(entry: &Entry<'_>, messages: &mut Messages) -> Vec<Arc<str>> {
    let list = unique_texts(entry, messages);
    for (tag, span) in &list {
        let well_formed = |part: &str, extra: &[u8]| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || extra.contains(&b);
            !part.is_empty() && part.bytes().all(fits)
        };
        match tag.split_once('.') {
            Some(("", _) | (_, "")) | None => {
                let message = format!("the tag `{tag}` has no namespace");
                let diagnostic = Diagnostic::new(codes::TAG_INVALID, message).at(*span);
                messages.push(diagnostic.help("a tag is a namespace, a dot and a name, such as `attack.t1059`"));
            }
            Some((space, name)) if !(well_formed(space, b"-_") && well_formed(name, b"-_.")) => {
                let message = format!("the tag `{tag}` has characters that tags should not have");
                let diagnostic = Diagnostic::new(codes::TAG_FORM, message).at(*span);
                messages.push(diagnostic.help("tags are lower case letters, digits, `-`, `_` and dots"));
            }
            Some(_) => {}
        }
    }
    list.into_iter().map(|(tag, _)| tag).collect()
}

/// A node as JSON, for attributes that nobody here knows.
pub(crate) fn json(node: &Node<'_>) -> serde_json::Value {
    use serde_json::Value as Json;
    match &node.value {
        Value::List(nodes) => nodes.iter().map(json).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|e| (e.key.text.clone().into_owned(), json(&e.value))).collect())
        }
        Value::Scalar(scalar) => match scalar.kind {
            Kind::Null => Json::Null,
            Kind::Bool(b) => Json::Bool(b),
            Kind::Int(n) => match (i64::try_from(n), u64::try_from(n)) {
                (Ok(n), _) => n.into(),
                (_, Ok(n)) => n.into(),
                _ => Json::String(scalar.text.clone().into_owned()),
            },
            Kind::Float(x) => serde_json::Number::from_f64(x).map_or(Json::Null, Json::Number),
            Kind::Text | Kind::Unbounded => Json::String(scalar.text.clone().into_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let read = |text| parse_date(text).map(|d| d.to_string());
        assert_eq!(read("2024-02-29").as_deref(), Some("2024-02-29"));
        assert_eq!(read("2024/2/9").as_deref(), Some("2024-02-09"));
        assert_eq!(read("2024/12/31").as_deref(), Some("2024-12-31"));
        for wrong in ["2023-02-29", "2024-2-9", "24-02-09", "2024/13/01", "2024-01-01 ", "+024-01-01", "today", "2024"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
