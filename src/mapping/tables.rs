//! `sigmaglot_tables`: which table of the product holds the events of a log source. An extension of the format.
//!
//! What tells the events of a log source within the table stands in the row, or is taken from the table of log sources under the
//! names that the product has for its facts.

use std::sync::{Arc, OnceLock};

use super::params::{Params, say};
use super::sources::{self, Source};
use super::transformation::detection;
use crate::diagnostic::{codes, did_you_mean};
use crate::ir::{
    Case, Expr, Field, FieldType, ItemId, ItemIds, Logsource, Node, Number, Origin, Pattern, Predicate, Subject, Test,
};
use crate::sigma::detection::Detection;
use crate::sigma::logsource;
use crate::sigma::yaml::Value;

/// The tables of a product, in the order in which they are tried.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    rows: Vec<Row>,
    /// How the texts of conditions are compared: the product may write its constants in one letter case.
    pub letters: Case,
    /// The log sources that have a row, with their words; many rules may be told of them.
    known: OnceLock<Vec<(Logsource, String)>>,
}

/// A log source and where its events are.
#[derive(Debug, Clone)]
pub(super) struct Row {
    logsource: Logsource,
    /// Whether it is for rules that say no more of their log source than the row.
    exact: bool,
    /// The log in which the table of log sources has it.
    log: Option<Arc<str>>,
    /// The table; `None` where the conditions alone tell the events.
    pub table: Option<Arc<str>>,
    /// What else must hold of an event of the table to be of the log source.
    pub conditions: Option<Box<Detection>>,
    /// Which facts of the log source must hold, too; none where the row alone decides.
    columns: Arc<[Column]>,
}

/// A row that was found, with the facts of the log source if it asks for them.
pub(super) struct Found<'a> {
    pub row: &'a Row,
    pub source: Option<&'static Source>,
}

impl Tables {
    /// Reads the list.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<Tables> {
        let shared = columns(params).unwrap_or_default();
        let letters = params.choice("letters", &[("any", Case::Fold), ("exact", Case::Exact)], Case::Fold);
        let Some(node) = params.node("tables") else {
            params.missing("tables");
            return None;
        };
        let Value::List(nodes) = &node.value else {
            params.wrong("tables", "a list of log sources with tables", node);
            return None;
        };
        let mut rows = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Some(mut row) = Params::open(node, "a log source with its table", params.messages) else { continue };
            let logsource = super::conditions::read_logsource(&mut row);
            let (log, table, exact) = (row.text("log"), row.text("table"), row.flag("exact"));
            let conditions = match row.node("conditions") {
                Some(node) => detection(node, row.messages).map(Box::new),
                None => None,
            };
            let columns = columns(&mut row).unwrap_or_else(|| shared.clone());
            if logsource == Logsource::default() && log.is_none() {
                let message = "a table is for a `category`, `product` or `service`";
                say(row.messages, codes::MAPPING_VALUE, message, row.span);
            }
            if table.is_none() && conditions.is_none() && columns.is_empty() {
                row.missing("table");
            }
            row.finish();
            rows.push(Row { logsource, exact, log, table, conditions, columns });
        }
        Some(Tables { rows, letters, known: OnceLock::new() })
    }

    /// The first row for a log source. A row that asks for facts is for the log sources that the table has.
    pub fn find(&self, inner: &Logsource) -> Option<Found<'_>> {
        let source = sources::find(inner);
        let row = self.rows.iter().find(|row| row.contains(inner) && row.takes(source))?;
        Some(Found { row, source: source.filter(|_| !row.columns.is_empty()) })
    }

    /// The log source that this one may be a slip of: it differs in one word, and that one is near.
    pub fn near(&self, logsource: &Logsource) -> Option<String> {
        fn parts(logsource: &Logsource) -> [&Option<Arc<str>>; 3] {
            [&logsource.product, &logsource.category, &logsource.service]
        }
        let is_near = |known: &Logsource| {
            let pairs = parts(logsource).into_iter().zip(parts(known));
            let mut differ = pairs.filter(|(a, b)| a != b);
            match (differ.next(), differ.next()) {
                (Some((Some(word), Some(known))), None) => did_you_mean(word, [known.as_ref()]).is_some(),
                _ => false,
            }
        };
        self.listed().iter().find(|(known, _)| is_near(known)).map(|(_, words)| words.clone())
    }

    /// The log sources that have a row, more than once where several rows are for one.
    fn logsources(&self) -> impl Iterator<Item = Logsource> {
        self.rows.iter().flat_map(|row| {
            let named = row.log.is_none() && row.columns.is_empty();
            let has = |source: &&Source| row.contains(&source.logsource()) && row.takes(Some(source));
            let listed = sources::all().iter().filter(move |source| !named && has(source)).map(Source::logsource);
            named.then(|| row.logsource.clone()).into_iter().chain(listed)
        })
    }

    /// The log sources that have a row, with their words.
    fn listed(&self) -> &[(Logsource, String)] {
        self.known.get_or_init(|| self.logsources().map(|known| (known.clone(), words(&known))).collect())
    }

    /// All log sources in words, some more than once.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.listed().iter().map(|(_, words)| words.as_str())
    }
}

impl Row {
    fn contains(&self, inner: &Logsource) -> bool {
        logsource::contains(&self.logsource, inner) && (!self.exact || logsource::contains(inner, &self.logsource))
    }

    fn takes(&self, source: Option<&Source>) -> bool {
        match source {
            Some(source) => self.log.as_ref().is_none_or(|log| *log == source.log),
            None => self.log.is_none() && self.columns.is_empty(),
        }
    }
}

impl Found<'_> {
    /// What the facts of the log source ask of an event; `None` where they ask nothing.
    pub fn source_conditions(&self) -> Option<Expr> {
        let source = self.source?;
        let columns = &self.row.columns;
        // A provider that tells the log makes its channel superfluous.
        let by_provider = source.provider.is_some() && columns.iter().any(|column| column.fact == Fact::Provider);
        let wanted = columns.iter().filter(|column| column.fact != Fact::Channel || !by_provider);
        let mut ids = ItemIds::default();
        let items: Vec<Expr> = wanted.filter_map(|column| column.item(source, ids.give())).collect();
        (!items.is_empty()).then(|| Expr::new(Node::All(items), Origin::default()))
    }
}

/// A fact of a log source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Channel,
    Provider,
    EventId,
    EventType,
}

const FACTS: &[(&str, Fact)] = &[
    ("provider", Fact::Provider),
    ("channel", Fact::Channel),
    ("event_id", Fact::EventId),
    ("event_type", Fact::EventType),
];

/// The field of the product that has a fact, and how it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    fact: Fact,
    field: Arc<str>,
    /// What the product writes before the value.
    prefix: Arc<str>,
    /// The type of event ids.
    kind: FieldType,
}

/// The columns under `source_conditions`, in the order of the facts; `None` where the key is absent.
fn columns(params: &mut Params<'_, '_, '_>) -> Option<Arc<[Column]>> {
    let node = params.node("source_conditions")?;
    let mut map = Params::open(node, "`source_conditions`", params.messages)?;
    let columns = FACTS.iter().filter_map(|(key, fact)| column(&mut map, key, *fact)).collect();
    map.finish();
    Some(columns)
}

fn column(params: &mut Params<'_, '_, '_>, key: &'static str, fact: Fact) -> Option<Column> {
    let node = params.node(key)?;
    let kind = if fact == Fact::EventId { FieldType::Integer } else { FieldType::Text };
    if !matches!(node.value, Value::Map(_)) {
        return Some(Column { fact, field: params.text(key)?, prefix: Arc::default(), kind });
    }
    let mut map = Params::open(node, format!("`{key}` of `source_conditions`"), params.messages)?;
    let (field, prefix) = (map.required("field"), map.text("prefix").unwrap_or_default());
    let kind = match fact {
        Fact::EventId => map.choice("type", &[("integer", kind), ("text", FieldType::Text)], kind),
        _ => kind,
    };
    map.finish();
    Some(Column { fact, field: field?, prefix, kind })
}

impl Column {
    /// The test that the field has one of the values of the fact; `None` where the source says nothing of it.
    fn item(&self, source: &Source, id: ItemId) -> Option<Expr> {
        let text = |value: &str| Test::Pattern(Pattern::literal(&format!("{}{value}", self.prefix), Case::Fold));
        let texts = |values: &[Arc<str>]| values.iter().map(|value| text(value)).collect();
        let tests: Vec<Test> = match self.fact {
            Fact::Channel => texts(&source.channels),
            Fact::Provider => texts(source.provider.as_slice()),
            Fact::EventType => texts(&source.event_types),
            Fact::EventId => source.event_ids.iter().map(|id| self.event_id(*id)).collect(),
        };
        let origin = Origin { item: Some(id), ..Origin::default() };
        let subject = Subject::Field(Field::new(self.field.clone()));
        let mut tests: Vec<Expr> = tests
            .into_iter()
            .map(|test| Expr::new(Node::Test(Predicate { subject: subject.clone(), test }), origin.clone()))
            .collect();
        match tests.len() {
            0 | 1 => tests.pop(),
            _ => Some(Expr::new(Node::Any(tests), origin)),
        }
    }

    fn digits(&self) -> Case {
        if self.prefix.is_empty() { Case::Exact } else { Case::Fold }
    }

    fn event_id(&self, id: u32) -> Test {
        match self.kind {
            // Digits have no letter case.
            FieldType::Text => Test::Pattern(Pattern::literal(&format!("{}{id}", self.prefix), self.digits())),
            _ => Test::Number(Number::Int(id.into())),
        }
    }
}

/// A log source as `product/category/service`, `*` for what it does not say.
pub(super) fn words(logsource: &Logsource) -> String {
    let word = |part: &Option<Arc<str>>| part.as_deref().unwrap_or("*").to_owned();
    format!("{}/{}/{}", word(&logsource.product), word(&logsource.category), word(&logsource.service))
}
