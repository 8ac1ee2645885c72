//! Where products write the events of Sigma's log sources: one table for all mappings, the files of `mappings/sources/`.
//!
//! A [`Source`] has facts of the product that records, such as a channel and the ids of events. What a store makes of them, its
//! fields, tables and indices, belongs to the mappings, which name the facts that they want (`source_conditions`).

use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use super::builtin;
use super::params::{Literal, Messages, Params, say};
use super::pipeline::list;
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;
use crate::ir::{Logsource, Number};
use crate::sigma::yaml::{self, Value};
use crate::source;

/// The fields of a raw event that have the facts of a log source.
const CHANNEL: &str = "Channel";
const PROVIDER: &str = "Provider_Name";
const EVENT_ID: &str = "EventID";
const EVENT_TYPE: &str = "EventType";

/// A log source and where its events are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The product.
    pub product: Arc<str>,
    /// The category; `None` for a log as a whole.
    pub category: Option<Arc<str>>,
    /// The log that has the events, by the name that Sigma gives its service.
    pub log: Arc<str>,
    /// The channels of the log; empty where it has none.
    pub channels: Vec<Arc<str>>,
    /// The provider, where it alone tells the log.
    pub provider: Option<Arc<str>>,
    /// The ids of the events; empty for all of the log.
    pub event_ids: Vec<u32>,
    /// The values of the event's field `EventType` where an id alone does not tell the category; else empty.
    pub event_types: Vec<Arc<str>>,
}

impl Source {
    /// The log source as rules name it: a category, or a log as their service.
    pub fn logsource(&self) -> Logsource {
        let service = self.category.is_none().then(|| self.log.clone());
        Logsource {
            product: Some(self.product.clone()),
            category: self.category.clone(),
            service,
            ..Logsource::default()
        }
    }
}

/// All log sources of the table.
pub fn all() -> &'static [Source] {
    static ALL: OnceLock<Vec<Source>> = OnceLock::new();
    ALL.get_or_init(|| read_all().0)
}

/// Where the events of a log source are written: of the rows for its category that of the log which it names as its service, else
/// the first; without such a row, the log which it names.
pub fn find(logsource: &Logsource) -> Option<&'static Source> {
    let (product, service) = (logsource.product.as_ref()?, logsource.service.as_ref());
    let own = || all().iter().filter(|source| source.product == *product);
    let category = || own().filter(|source| source.category.is_some() && source.category == logsource.category);
    category()
        .find(|source| Some(&source.log) == service)
        .or_else(|| category().next())
        .or_else(|| own().find(|source| source.category.is_none() && Some(&source.log) == service))
}

/// The log sources whose channel, provider, ids and types an event has, in the names that rules use. None where the event names no
/// channel and no provider of the table.
pub fn of(event: &Event) -> Vec<&'static Source> {
    all().iter().filter(|source| source.has(event)).collect()
}

/// Whether an event can be one of a log source: by its channel, provider, ids and types. One that says nothing of where it was
/// written can be of any.
pub fn can_be(event: &Event, wanted: &Logsource) -> bool {
    if !event.0.contains_key(CHANNEL) && !event.0.contains_key(PROVIDER) {
        return true;
    }
    match find(wanted) {
        Some(source) => source.has(event),
        // A rule of a product, not of a log.
        None => of(event).iter().any(|source| contains(wanted, &source.logsource())),
    }
}

pub use crate::sigma::logsource::contains;

impl Source {
    /// Whether the event is of the log source.
    fn has(&self, event: &Event) -> bool {
        let is = |field: &str, wanted: &dyn Fn(&str) -> bool| {
            let values = event.values(field).unwrap_or_default();
            values.into_iter().any(|value| match value {
                Json::String(text) => wanted(text),
                Json::Number(number) => wanted(&number.to_string()),
                _ => false,
            })
        };
        let one = |known: &[Arc<str>], text: &str| known.iter().any(|known| known.eq_ignore_ascii_case(text));
        let by_channel = is(CHANNEL, &|text| one(&self.channels, text));
        let by_provider = is(PROVIDER, &|text| one(self.provider.as_slice(), text));
        let by_id = |text: &str| text.parse().is_ok_and(|id| self.event_ids.contains(&id));
        (by_channel || by_provider)
            && (self.event_ids.is_empty() || is(EVENT_ID, &by_id))
            && (self.event_types.is_empty() || is(EVENT_TYPE, &|text| one(&self.event_types, text)))
    }

    /// Whether this is the row that its own name finds: a category may be in several logs, and rules that do not say which mean the
    /// first.
    pub fn is_found_by_its_name(&self) -> bool {
        find(&self.logsource()) == Some(self)
    }
}

/// The table, and what is wrong with its files; a test sees that nothing is.
fn read_all() -> (Vec<Source>, Messages) {
    let (mut out, mut messages) = (Vec::new(), Messages::new());
    for (name, text) in builtin::sources() {
        read(&source::Source::new(name, text), &mut out, &mut messages);
    }
    (out, messages)
}

/// Reads a file of the table.
fn read(source: &source::Source, out: &mut Vec<Source>, messages: &mut Messages) {
    let (nodes, said) = yaml::read(source);
    messages.extend(said.into_iter().filter(Diagnostic::is_error));
    let Some(mut params) = nodes.first().and_then(|node| Params::open(node, "a table of log sources", messages)) else {
        return;
    };
    let product = params.required("product").unwrap_or_default();
    let logs = list(&mut params, "logs", |node, _, messages| {
        let mut row = Params::open(node, "a log", messages)?;
        let (log, channels) = (row.required("service"), row.texts("channel").unwrap_or_default());
        let provider = row.text("provider");
        row.finish();
        let (event_ids, event_types) = (Vec::new(), Vec::new());
        Some(Source { product: product.clone(), category: None, log: log?, channels, provider, event_ids, event_types })
    });
    let categories = list(&mut params, "categories", |node, _, messages| {
        let mut row = Params::open(node, "a category", messages)?;
        let (category, name) = (row.required("category"), row.required("log"));
        let event_types = row.texts("event_type").unwrap_or_default();
        let event_ids = numbers(&mut row, "event_id");
        let log = logs.iter().find(|log| Some(&log.log) == name.as_ref());
        if log.is_none() {
            let message = "`log` is a `service` of `logs`";
            say(row.messages, codes::MAPPING_VALUE, message, row.span);
        }
        row.finish();
        Some(Source { category: Some(category?), event_ids, event_types, ..log?.clone() })
    });
    params.finish();
    out.extend(categories);
    out.extend(logs);
}

/// Whole numbers; one is a list of one.
fn numbers(params: &mut Params<'_, '_, '_>, key: &'static str) -> Vec<u32> {
    let Some(node) = params.node(key) else { return Vec::new() };
    let nodes = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let number = |node| match Literal::of(node) {
        Some(Literal::Number(Number::Int(n))) => u32::try_from(n).ok(),
        _ => None,
    };
    let numbers: Option<Vec<u32>> = nodes.iter().map(number).collect();
    if numbers.is_none() {
        params.wrong(key, "a whole number or a list of such", node);
    }
    numbers.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(product: &str, category: &str, service: &str) -> Option<(&'static str, &'static [u32])> {
        let part = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        let logsource = Logsource {
            product: part(product),
            category: part(category),
            service: part(service),
            ..Logsource::default()
        };
        find(&logsource).map(|source| (source.log.as_ref(), source.event_ids.as_slice()))
    }

    #[test]
    fn the_files_are_sound_and_say_nothing_twice() {
        let (table, messages) = read_all();
        assert!(messages.is_empty(), "{messages:?}");
        assert_eq!(table, all());
        for (i, source) in table.iter().enumerate() {
            let key = |s: &Source| (s.product.clone(), s.category.clone(), s.log.clone());
            assert!(table.iter().skip(i + 1).all(|other| key(other) != key(source)), "{source:?}");
        }
    }

    #[test]
    fn a_category_is_found_before_a_log_and_in_the_log_that_is_named() {
        assert_eq!(found("windows", "process_creation", ""), Some(("sysmon", [1].as_slice())));
        assert_eq!(found("windows", "process_creation", "security"), Some(("security", [4688].as_slice())));
        assert_eq!(found("windows", "process_creation", "nonsense"), Some(("sysmon", [1].as_slice())));
        assert_eq!(found("windows", "", "security"), Some(("security", [].as_slice())));
        assert_eq!(found("linux", "file_delete", ""), Some(("sysmon", [23].as_slice())));
        assert_eq!(found("windows", "nonsense", "sysmon"), Some(("sysmon", [].as_slice())));
        assert_eq!(found("windows", "nonsense", ""), None);
        assert_eq!(found("", "process_creation", ""), None);
    }
}
