//! The objects that a template sees of a rule, with the names and types that they have in pySigma.
//!
//! An object has attributes, perhaps a text and methods, and is neither text nor map: `rule.level == 'high'` is false there and
//! here. What pySigma has and an IR has not (`rule.detection`, `rule.source`) is no attribute; asking for it is an error.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use indexmap::IndexMap;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, Serde, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::python;
use crate::ir::{Level, Logsource, Meta, RelationKind, Rule, Status};

/// The attributes of a rule.
pub(super) const RULE: &[&str] = &[
    "title",
    "id",
    "name",
    "taxonomy",
    "related",
    "status",
    "description",
    "license",
    "references",
    "tags",
    "author",
    "date",
    "modified",
    "fields",
    "falsepositives",
    "level",
    "scope",
    "errors",
    "custom_attributes",
    "logsource",
];

/// An object of a class of Python.
#[derive(Debug)]
pub(super) struct Instance {
    class: &'static str,
    text: Option<String>,
    attributes: IndexMap<&'static str, Value>,
    kind: Kind,
}

/// What else there is to an object.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    /// A member of an enumeration, in its order.
    Member(usize),
    Date(NaiveDate),
}

impl Instance {
    fn new(class: &'static str, text: Option<String>, attributes: IndexMap<&'static str, Value>) -> Self {
        Self { class, text, attributes, kind: Kind::Plain }
    }

    /// The name of its class.
    pub fn class(&self) -> &'static str {
        self.class
    }

    /// What `str` makes of it.
    pub fn text(&self) -> Option<String> {
        self.text.clone().or_else(|| self.repr())
    }

    /// What `repr` makes of it.
    pub fn repr(&self) -> Option<String> {
        let attribute = |name: &str| python::string(self.attributes.get(name)?).ok();
        match (self.class, self.kind) {
            (_, Kind::Date(date)) => Some(format!("datetime.date({}, {}, {})", date.year(), date.month(), date.day())),
            (class, Kind::Member(_)) => Some(format!("<{class}.{}: {}>", attribute("name")?, attribute("value")?)),
            ("UUID", _) => Some(format!("UUID('{}')", self.text.as_ref()?)),
            ("SigmaRule", _) => None, // with its detection, which is not here any more
            (class, Kind::Plain) => {
                let mut out = format!("{class}(");
                for (i, (name, value)) in self.attributes.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    out.push_str(name);
                    out.push('=');
                    python::repr(value, &mut out, 1).ok()?;
                }
                Some(out + ")")
            }
        }
    }
}

impl Object for Instance {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.attributes.get(key.as_str()?).cloned()
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        match (self.kind, other.kind) {
            (Kind::Member(a), Kind::Member(b)) if self.class == other.class => Some(a.cmp(&b)),
            (Kind::Date(a), Kind::Date(b)) => Some(a.cmp(&b)),
            _ => Some((self.class, &self.text).cmp(&(other.class, &other.text))),
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let unknown = || Error::new(ErrorKind::UnknownMethod, format!("a {} has no method `{method}`", self.class));
        match (self.kind, method) {
            (Kind::Date(date), "strftime") => {
                let (format,): (&str,) = from_args(args)?;
                strftime(date, format).map(Value::from)
            }
            (Kind::Date(date), "isoformat") => from_args::<()>(args).map(|()| date.to_string().into()),
            (Kind::Date(date), "weekday") => {
                from_args::<()>(args).map(|()| date.weekday().num_days_from_monday().into())
            }
            (Kind::Date(date), "isoweekday") => {
                from_args::<()>(args).map(|()| date.weekday().number_from_monday().into())
            }
            (Kind::Date(date), "toordinal") => from_args::<()>(args).map(|()| date.num_days_from_ce().into()),
            _ => Err(unknown()),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_deref().unwrap_or(self.class))
    }
}

/// The directives of Python's `strftime` that mean the same in every locale, and nothing else.
fn strftime(date: NaiveDate, format: &str) -> Result<String, Error> {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c == '%' && !chars.next().is_some_and(|c| "YmdyjbBaAHMSuwUWGVFDTRIpef%CnthsZz".contains(c)) {
            let message = format!("`{format}` has a directive of `strftime` that is not known here");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    }
    if ["%s", "%Z", "%z", "%e", "%f"].iter().any(|directive| format.contains(directive)) {
        let message = format!("a date has no part for a directive of `{format}`");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    let midnight = date.and_hms_opt(0, 0, 0).unwrap_or_default();
    Ok(midnight.format(format).to_string())
}

/// The tags of a rule: objects, of which a text is one by its own text.
#[derive(Debug)]
struct Tags(Vec<(Arc<str>, Value)>);

impl Object for Tags {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        // A map, so that it is ours to say whether a text is among its members; they are its keys.
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(text) = key.as_str() {
            return self.0.iter().find(|(tag, _)| tag.as_ref() == text).map(|(_, tag)| tag.clone());
        }
        if let Ok(index) = i64::try_from(key.clone()) {
            let length = i64::try_from(self.0.len()).ok()?;
            let index = if index < 0 { index + length } else { index };
            return self.0.get(usize::try_from(index).ok()?).map(|(_, tag)| tag.clone());
        }
        self.0.iter().map(|(_, tag)| tag).find(|tag| *tag == key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(_, tag)| tag.clone()).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The members of the list of tags, which is a map to the engine; `None` of another value.
pub(super) fn tags_of(value: &Value) -> Option<Vec<Value>> {
    Some(value.downcast_object_ref::<Tags>()?.0.iter().map(|(_, tag)| tag.clone()).collect())
}

/// The rule.
pub(super) fn rule(rule: &Rule) -> Value {
    let Meta { title, id, name, related, taxonomy, status, level, description, license, author, .. } = &rule.meta;
    let meta = &rule.meta;
    let attributes = IndexMap::from([
        ("title", Value::from(title.as_ref())),
        ("id", id.as_deref().map_or(none(), uuid)),
        ("name", text(name)),
        ("taxonomy", taxonomy.as_deref().unwrap_or("sigma").into()),
        ("related", relations(related)),
        ("status", status.map_or(none(), self::status)),
        ("description", text(description)),
        ("license", text(license)),
        ("references", texts(&meta.references)),
        ("tags", tags(&meta.tags)),
        ("author", text(author)),
        ("date", meta.date.as_deref().map_or(none(), date)),
        ("modified", meta.modified.as_deref().map_or(none(), date)),
        ("fields", texts(&meta.fields)),
        ("falsepositives", texts(&meta.falsepositives)),
        ("level", level.map_or(none(), self::level)),
        ("scope", if meta.scope.is_empty() { none() } else { texts(&meta.scope) }),
        ("errors", Value::from(Vec::<Value>::new())),
        ("custom_attributes", Serde(&meta.custom).into()),
        ("logsource", logsource(&rule.logsource)),
    ]);
    Value::from_object(Instance::new("SigmaRule", None, attributes))
}

fn none() -> Value {
    Value::from(())
}

fn text(text: &Option<Arc<str>>) -> Value {
    text.as_deref().map_or(none(), Value::from)
}

fn texts(texts: &[Arc<str>]) -> Value {
    texts.iter().map(|text| Value::from(text.as_ref())).collect::<Vec<_>>().into()
}

fn tags(tags: &[Arc<str>]) -> Value {
    let tag = |tag: &Arc<str>| {
        let (namespace, name) = tag.split_once('.').unwrap_or((tag, ""));
        let attributes = IndexMap::from([("namespace", namespace.into()), ("name", name.into()), ("source", none())]);
        (tag.clone(), Value::from_object(Instance::new("SigmaRuleTag", Some(tag.to_string()), attributes)))
    };
    Value::from_object(Tags(tags.iter().map(tag).collect()))
}

/// A UUID; an id that is none is text.
fn uuid(id: &str) -> Value {
    let Ok(uuid) = uuid::Uuid::try_parse(id) else { return id.into() };
    let attributes = IndexMap::from([
        ("hex", uuid.simple().to_string().into()),
        ("urn", uuid.urn().to_string().into()),
        ("int", Value::from(uuid.as_u128())),
        ("version", Value::from(uuid.get_version_num())),
    ]);
    Value::from_object(Instance::new("UUID", Some(uuid.hyphenated().to_string()), attributes))
}

/// A date; a text that is none stays text.
fn date(text: &str) -> Value {
    let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") else { return text.into() };
    let attributes = IndexMap::from([
        ("year", Value::from(date.year())),
        ("month", Value::from(date.month())),
        ("day", Value::from(date.day())),
    ]);
    Value::from_object(Instance { kind: Kind::Date(date), ..Instance::new("date", Some(date.to_string()), attributes) })
}

/// A member of an enumeration: its text is its name in small letters.
fn member(class: &'static str, name: &str, place: usize) -> Value {
    let attributes = IndexMap::from([("name", name.to_uppercase().into()), ("value", Value::from(place + 1))]);
    Value::from_object(Instance {
        kind: Kind::Member(place),
        ..Instance::new(class, Some(name.to_lowercase()), attributes)
    })
}

fn level(level: Level) -> Value {
    member("SigmaLevel", &format!("{level:?}"), level as usize)
}

fn status(status: Status) -> Value {
    member("SigmaStatus", &format!("{status:?}"), status as usize)
}

fn relations(related: &[crate::ir::Related]) -> Value {
    if related.is_empty() {
        return none();
    }
    let one = |related: &crate::ir::Related| {
        let place = match related.kind {
            RelationKind::Correlation => 0,
            RelationKind::Derived => 1,
            RelationKind::Merged => 2,
            RelationKind::Obsolete => 3,
            RelationKind::Renamed => 4,
            RelationKind::Similar => 5,
        };
        let kind = member("SigmaRelatedType", &format!("{:?}", related.kind), place);
        let attributes = IndexMap::from([("id", uuid(&related.id)), ("type", kind)]);
        Value::from_object(Instance::new("SigmaRelatedItem", None, attributes))
    };
    let list: Vec<Value> = related.iter().map(one).collect();
    Value::from_object(Instance::new("SigmaRelated", None, IndexMap::from([("related", list.into())])))
}

fn logsource(logsource: &Logsource) -> Value {
    let custom = if logsource.custom.is_empty() { none() } else { Serde(&logsource.custom).into() };
    let attributes = IndexMap::from([
        ("category", text(&logsource.category)),
        ("product", text(&logsource.product)),
        ("service", text(&logsource.service)),
        ("definition", text(&logsource.definition)),
        ("source", none()),
        ("custom_attributes", custom),
    ]);
    Value::from_object(Instance::new("SigmaLogSource", None, attributes))
}
