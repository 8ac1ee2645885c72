//! Documents: which kind one is, and the attributes that every kind has.

use super::attributes;
use super::correlation::Correlation;
use super::detection::{self, Detection};
use super::filter::{self, FilterDocument};
use super::messages::Messages;
use super::scalar::Kind;
use super::yaml::{Entry, Node, Value};
use super::{correlation, logsource, slips};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::ir::{Logsource, Meta};
use crate::source::Span;

/// A document as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// A detection rule.
    Rule(Rule),
    /// A filter.
    Filter(FilterDocument),
    /// A correlation rule.
    Correlation(Correlation),
}

/// A detection rule as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it says of itself.
    pub meta: Meta,
    /// Where its events come from.
    pub logsource: Logsource,
    /// What it looks for.
    pub detection: Detection,
}

/// The most characters of a title or name.
const NAME_LIMIT: usize = 256;
/// The most characters of a description.
const TEXT_LIMIT: usize = 65_535;
/// The specification's major version that is supported.
const VERSION: i128 = 2;

/// The attributes of any document, for suggestions.
const KEYS: [&str; 20] = [
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "level",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "logsource",
    "detection",
    "fields",
    "falsepositives",
    "scope",
    "tags",
    "sigma-version",
];

/// The sections and keys that make a document what it is; everything else only describes.
const ESSENTIAL: [&str; 6] = ["logsource", "detection", "correlation", "filter", "action", "generate"];

/// Whether the meaning of a document depends on this key at its top.
pub(super) fn is_essential(key: &str) -> bool {
    ESSENTIAL.contains(&key)
}

/// Whether somebody meant the map to be a Sigma document.
fn is_sigma(entries: &[Entry<'_>]) -> bool {
    let about = |entry: &Entry<'_>| {
        let key = entry.key.text.as_ref();
        key == "title" || is_essential(key) || did_you_mean(key, ["logsource", "detection"]).is_some()
    };
    entries.iter().any(about)
}

/// Whether nobody meant a text that is no YAML to be a Sigma document: it has keys, or the marks of a template, and none of its
/// lines begins with a key of a rule.
pub(super) fn is_something_else(text: &str) -> bool {
    let keys = || text.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key);
    let is_top = |key: &str| key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"' || c == '\'');
    let is_ours = |key: &str| {
        let word = key.trim().trim_matches(['"', '\'']);
        (is_top(key) && (word == "title" || is_essential(word)))
            || did_you_mean(word, ["logsource", "detection"]).is_some()
    };
    (text.contains("{{") || text.contains("{%") || keys().any(is_top)) && !keys().any(is_ours)
}

/// Reads one document.
pub(super) fn parse(node: &Node<'_>, messages: &mut Messages) -> Option<Document> {
    let entries = match &node.value {
        Value::Map(entries) if is_sigma(entries) => entries,
        Value::Map(entries) => {
            let message = "this document is no Sigma rule: it has neither `title` nor `logsource` nor `detection`";
            let at = entries.first().map_or(node.span, |entry| entry.key_span);
            messages.push(Diagnostic::new(codes::NOT_A_RULE, message).at(at));
            return None;
        }
        _ => {
            let message = format!("a Sigma document is a map of attributes, this is {}", node.describe());
            messages.push(Diagnostic::new(codes::NOT_A_RULE, message).at(node.span));
            return None;
        }
    };
    let find = |key: &str| entries.iter().find(|entry| entry.key.text == key);
    let (section, own): (_, &[&str]) = match (find("correlation"), find("filter")) {
        (Some(entry), _) => (entry, &["correlation", "generate"]),
        (None, Some(entry)) => (entry, &["filter", "logsource"]),
        (None, None) => return rule(entries, node.span, messages).map(Document::Rule),
    };
    let meta = meta(entries, node.span, own, messages);
    if own.contains(&"generate") {
        return Some(Document::Correlation(correlation::parse(section, find("generate"), meta, messages)));
    }
    let logsource = required_logsource(entries, node.span, messages);
    Some(Document::Filter(filter::parse(&section.value, meta, logsource?, messages)))
}

fn rule(entries: &[Entry<'_>], span: Span, messages: &mut Messages) -> Option<Rule> {
    let meta = meta(entries, span, &["logsource", "detection"], messages);
    let logsource = required_logsource(entries, span, messages);
    let detection = required(entries, "detection", span, messages);
    let outside = entries.iter().find(|entry| entry.key.text == "condition").map(|entry| entry.key_span);
    let detection = detection.map(|entry| detection::parse(&entry.value, &[], outside, messages));
    Some(Rule { meta, logsource: logsource?, detection: detection? })
}

fn required_logsource(entries: &[Entry<'_>], span: Span, messages: &mut Messages) -> Option<Logsource> {
    let entry = required(entries, "logsource", span, messages)?;
    Some(logsource::parse(&entry.value, messages))
}

/// The entry of a key that must be there.
fn required<'e, 's>(entries: &'e [Entry<'s>], key: &str, span: Span, messages: &mut Messages) -> Option<&'e Entry<'s>> {
    let found = entries.iter().find(|entry| entry.key.text == key && !entry.value.is_null());
    if found.is_none() {
        messages.push(missing(entries, key, span));
    }
    found
}

/// What is said about a key that must be there and is not, or is empty.
fn missing(entries: &[Entry<'_>], key: &str, span: Span) -> Diagnostic {
    let diagnostic = |message: String| Diagnostic::new(codes::ATTRIBUTE_MISSING, message);
    if let Some(empty) = entries.iter().find(|entry| entry.key.text == key) {
        return diagnostic(format!("`{key}` is empty")).at(empty.key_span);
    }
    // The whole document would be underlined; its first key says enough.
    let at = entries.first().map_or(span, |entry| entry.key_span);
    let diagnostic = diagnostic(format!("the document has no `{key}`")).at(at);
    if let Some(near) = meant(entries, key) {
        return diagnostic.label(near.key_span, slips::did_you_mean_key(&near.key.text, key));
    }
    let part = |part: &str| entries.iter().find(|entry| entry.key.text == part);
    match ["category", "product", "service"].into_iter().find_map(part) {
        Some(part) if key == "logsource" => diagnostic.label(part.key_span, "this belongs below `logsource:`"),
        _ => diagnostic,
    }
}

/// The key that was meant to be this one.
fn meant<'e, 's>(entries: &'e [Entry<'s>], key: &str) -> Option<&'e Entry<'s>> {
    entries.iter().find(|entry| {
        let text = entry.key.text.as_ref();
        !KEYS.contains(&text) && did_you_mean(text, [key]).is_some()
    })
}

/// Reads the attributes that describe; `own` are the sections that the kind of document reads itself.
fn meta(entries: &[Entry<'_>], span: Span, own: &[&str], messages: &mut Messages) -> Meta {
    let mut meta = Meta { span, ..Meta::default() };
    let mark = messages.mark();
    required(entries, "title", span, messages);
    messages.demote(mark);
    for (i, entry) in entries.iter().enumerate() {
        let key = entry.key.text.as_ref();
        // Of a key that stands twice, which was said, the first one counts.
        if own.contains(&key) || entries[..i].iter().take(100).any(|earlier| earlier.key.text == entry.key.text) {
            continue;
        }
        if key == "sigma-version" {
            version(entry, messages);
            continue;
        }
        // Metadata never costs a detection: what is wrong with it is a finding, and the rule's own text is kept.
        let mark = messages.mark();
        attribute(&mut meta, entries, entry, own, messages);
        if messages.demote(mark) || is_lost(&meta, entry) {
            meta.custom.insert(key.into(), attributes::json(&entry.value));
        }
    }
    meta
}

/// Whether the value is none of those that its attribute can hold.
fn is_lost(meta: &Meta, entry: &Entry<'_>) -> bool {
    let is_absent = match entry.key.text.as_ref() {
        "status" => meta.status.is_none(),
        "level" => meta.level.is_none(),
        "date" => meta.date.is_none(),
        "modified" => meta.modified.is_none(),
        _ => false,
    };
    is_absent && !entry.value.is_null()
}

/// Reads one attribute that describes.
fn attribute(meta: &mut Meta, entries: &[Entry<'_>], entry: &Entry<'_>, own: &[&str], messages: &mut Messages) {
    let key = entry.key.text.as_ref();
    match key {
        "title" => meta.title = attributes::name(entry, NAME_LIMIT, messages).unwrap_or_default(),
        "id" => meta.id = attributes::id(entry, messages),
        "name" => meta.name = attributes::name(entry, NAME_LIMIT, messages),
        "related" => meta.related = attributes::related(entry, messages),
        "taxonomy" => meta.taxonomy = taxonomy(entry, messages),
        "status" => meta.status = attributes::status(entry, messages),
        "level" => meta.level = attributes::level(entry, messages),
        "description" => meta.description = attributes::text(entry, TEXT_LIMIT, messages),
        "license" => meta.license = attributes::text(entry, TEXT_LIMIT, messages),
        "author" => meta.author = attributes::text(entry, TEXT_LIMIT, messages),
        "references" => {
            meta.references = attributes::unique_texts(entry, messages).into_iter().map(|(text, _)| text).collect();
        }
        "date" => meta.date = attributes::date(entry, messages),
        "modified" => meta.modified = attributes::date(entry, messages),
        "tags" => meta.tags = attributes::tags(entry, messages),
        "fields" => meta.fields = attributes::plain_texts(entry, messages),
        "falsepositives" => meta.falsepositives = attributes::plain_texts(entry, messages),
        "scope" => meta.scope = attributes::plain_texts(entry, messages),
        key => {
            // Slips are found among a few keys, not among thousands.
            if meta.custom.len() < 100 {
                unknown(entries, entry, own, messages);
            }
            meta.custom.insert(key.into(), attributes::json(&entry.value));
        }
    }
}

/// Warns of an attribute that looks like a slip of the finger, or that stands where it means nothing; others are kept
/// without a word.
fn unknown(entries: &[Entry<'_>], entry: &Entry<'_>, own: &[&str], messages: &mut Messages) {
    let key = entry.key.text.as_ref();
    let at = |code, message: String| Diagnostic::new(code, message).at(entry.key_span);
    if key == "condition" || key == "timeframe" {
        let diagnostic = at(codes::KEY_MISPLACED, format!("`{key}` means nothing at the top of a document"));
        return messages.push(diagnostic.help("indent it below `detection:`, beside the searches"));
    }
    if is_essential(key) {
        let kind = if own.contains(&"generate") { "correlation" } else { "filter" };
        return messages.push(at(codes::KEY_MISPLACED, format!("a {kind} has no `{key}` of its own")));
    }
    let Some(near) = did_you_mean(key, KEYS) else { return };
    // Said already where the key that was meant is missing.
    let said = own.contains(&near) && !entries.iter().any(|entry| entry.key.text == near);
    if !said {
        let diagnostic = at(codes::ATTRIBUTE_UNKNOWN, format!("`{key}` is no attribute that is known"));
        messages.push(diagnostic.help(slips::did_you_mean_key(key, near)));
    }
}

fn taxonomy(entry: &Entry<'_>, messages: &mut Messages) -> Option<std::sync::Arc<str>> {
    let name = attributes::name(entry, NAME_LIMIT, messages)?;
    if name.as_ref() != "sigma" {
        let message = format!("the taxonomy `{name}` is not known: the names of fields are taken as they are");
        let diagnostic = Diagnostic::new(codes::TAXONOMY_UNKNOWN, message).at(entry.value.span);
        messages.push(diagnostic.help("map its names with a pipeline of your own, or use the taxonomy `sigma`"));
    }
    Some(name)
}

fn version(entry: &Entry<'_>, messages: &mut Messages) {
    let major = match &entry.value.value {
        Value::Scalar(scalar) => match scalar.kind {
            Kind::Null => return,
            Kind::Int(n) => Some(n),
            Kind::Float(x) => Some(x as i128),
            _ => scalar.text.split('.').next().and_then(|major| major.parse().ok()),
        },
        _ => None,
    };
    match major {
        Some(1..=VERSION) => {}
        Some(n) => {
            let message = format!("unsupported specification version {n}");
            let diagnostic = Diagnostic::new(codes::VERSION_UNSUPPORTED, message).at(entry.value.span);
            messages.push(diagnostic.help(format!("versions up to {VERSION} are supported")));
        }
        None => {
            let mark = messages.mark();
            attributes::wrong_type("sigma-version", "a version number", &entry.value, messages);
            messages.demote(mark);
        }
    }
}
