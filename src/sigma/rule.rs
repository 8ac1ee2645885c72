//! Documents: which kind one is, and the attributes that every kind has.

use super::attributes;
use super::correlation::Correlation;
use super::detection::{self, Detection};
use super::filter::{self, FilterDocument};
use super::messages::Messages;
use super::scalar::Kind;
use super::yaml::{Entry, Node, Value};
use super::{correlation, logsource};
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

/// Reads one document.
pub(super) fn parse(node: &Node<'_>, messages: &mut Messages) -> Option<Document> {
    let Value::Map(entries) = &node.value else {
        let message = format!("a Sigma document is a map of attributes, this is {}", node.describe());
        messages.push(Diagnostic::new(codes::NOT_A_RULE, message).at(node.span));
        return None;
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
    let detection = detection.map(|entry| detection::parse(&entry.value, &[], messages));
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
        // The whole document would be underlined; its first key says enough.
        let at = entries.first().map_or(span, |entry| entry.key_span);
        let diagnostic = Diagnostic::new(codes::ATTRIBUTE_MISSING, format!("the document has no `{key}`")).at(at);
        let near = entries.iter().find(|e| did_you_mean(&e.key.text, [key]).is_some());
        messages.push(match near {
            Some(entry) if entry.key.text != key => diagnostic.label(entry.key_span, format!("did you mean `{key}`?")),
            _ => diagnostic,
        });
    }
    found
}

/// Reads the attributes that describe; `own` are the sections that the kind of document reads itself.
fn meta(entries: &[Entry<'_>], span: Span, own: &[&str], messages: &mut Messages) -> Meta {
    let mut meta = Meta { span, ..Meta::default() };
    required(entries, "title", span, messages);
    for entry in entries {
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
            "sigma-version" => version(entry, messages),
            key if own.contains(&key) => {}
            key => {
                // Slips are found among a few keys, not among thousands.
                if meta.custom.len() < 100 {
                    unknown(entry, messages);
                }
                meta.custom.insert(key.into(), attributes::json(&entry.value));
            }
        }
    }
    meta
}

/// Warns of an attribute that looks like a slip of the finger; others are kept without a word.
fn unknown(entry: &Entry<'_>, messages: &mut Messages) {
    let Some(near) = did_you_mean(&entry.key.text, KEYS) else { return };
    let message = format!("`{}` is no attribute that is known", entry.key.text);
    let diagnostic = Diagnostic::new(codes::ATTRIBUTE_UNKNOWN, message).at(entry.key_span);
    messages.push(diagnostic.help(format!("did you mean `{near}`?")));
}

fn taxonomy(entry: &Entry<'_>, messages: &mut Messages) -> Option<std::sync::Arc<str>> {
    let name = attributes::name(entry, NAME_LIMIT, messages)?;
    if name.as_ref() != "sigma" {
        let message = format!("the taxonomy `{name}` is not known, so the names of fields have no meaning");
        let diagnostic = Diagnostic::new(codes::TAXONOMY_UNKNOWN, message).at(entry.value.span);
        messages.push(diagnostic.help("use the field names of the taxonomy `sigma`"));
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
        None => attributes::wrong_type("sigma-version", "a version number", &entry.value, messages),
    }
}
