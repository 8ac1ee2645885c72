//! The comparison: one rule, one target, many events.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::Ipv6Addr;

use serde_json::Value;

use super::engine::{Engine, EngineError};
use super::shrink::shrink;
use super::store::{Exclusion, Store};
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::{Event, Matcher, Trace};
use crate::ir::{self, Rule};
use crate::target::{Options, Session};

/// The table of SQL and KQL queries.
const TABLE: &str = "events";

/// What came of comparing a rule's query with the interpreter.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The result.
    pub outcome: Outcome,
    /// How many distinct events were compared, as the store holds them.
    pub events: usize,
    /// How many of them the interpreter matches.
    pub matched: usize,
    /// How many events could not be compared, and why.
    pub excluded: BTreeMap<Exclusion, usize>,
    /// Events of which the store holds too little for the rule.
    pub data_model: DataModel,
}

/// The result of a comparison.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The query selects exactly what the interpreter matches.
    Equal,
    /// It does not.
    Different(Box<Difference>),
    /// The target cannot say the rule; the errors.
    Refused(Vec<Diagnostic>),
    /// An engine gave no answer.
    Failed {
        /// The engine's name.
        engine: String,
        /// The query.
        query: String,
        /// Its own words.
        error: EngineError,
    },
}

/// A counter-example.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The engine that disagrees.
    pub engine: String,
    /// The smallest event found on which it does.
    pub event: Event,
    /// The same as the store holds it.
    pub stored: Event,
    /// The query.
    pub query: String,
    /// What the interpreter says; the engine says the opposite.
    pub matches: bool,
    /// Why the interpreter says so.
    pub trace: Trace,
    /// On how many of the events they disagree.
    pub count: usize,
}

/// Events that the rule would judge otherwise if the store held all of them. No fault of the query.
#[derive(Debug, Clone, Default)]
pub struct DataModel {
    /// Because the event has a list or an IPv4-mapped address: the target's manifest says for all rules what becomes of them.
    pub stated: usize,
    /// For another reason: the conversion should carry a warning.
    pub warned: usize,
    /// For another reason, without a warning: the first such event.
    pub unwarned: Option<Event>,
}

/// Converts the rule and compares its query with the interpreter on the events, with every engine.
///
/// `target` is the name under which `session`'s target was loaded.
pub fn compare(
    rule: &Rule,
    target: &str,
    session: &mut Session<'_>,
    engines: &mut [Box<dyn Engine>],
    events: &[Event],
) -> Comparison {
    let normal = Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() };
    let table = (target == "kql" || target == "sql" || target.starts_with("sql:")).then(|| TABLE.to_owned());
    let conversion = session.convert(&normal, &Options { table, ..Options::default() });
    let Some(query) = conversion.query else {
        let errors = conversion.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        return Comparison::without_events(Outcome::Refused(errors));
    };
    let warned = conversion.diagnostics.iter().any(|diagnostic| diagnostic.code == codes::DATA_MODEL);
    let store = Store::new(target, rule);
    let original = Matcher::new(rule);
    let judge = Judge { store: &store, matcher: Matcher::new(store.rule()), query: &query };
    let mut comparison = Comparison::without_events(Outcome::Equal);
    let rows = judge.rows(events, &original, warned, &mut comparison);
    for engine in engines {
        match judge.ask(engine.as_mut(), &rows) {
            Ok(None) => {}
            Ok(Some(difference)) => {
                comparison.outcome = Outcome::Different(Box::new(difference));
                break;
            }
            Err(error) => {
                let engine = engine.name().to_owned();
                comparison.outcome = Outcome::Failed { engine, query: query.clone(), error };
                break;
            }
        }
    }
    comparison
}

impl Comparison {
    fn without_events(outcome: Outcome) -> Self {
        let (excluded, data_model) = Default::default();
        Self { outcome, events: 0, matched: 0, excluded, data_model }
    }

    /// The comparison with an engine that is not there.
    pub fn failed(engine: &str, error: EngineError) -> Self {
        let (engine, query) = (engine.to_owned(), String::new());
        Self::without_events(Outcome::Failed { engine, query, error })
    }

    /// Whether some event was selected and some other was not: only then does equality prove anything.
    pub fn discriminates(&self) -> bool {
        0 < self.matched && self.matched < self.events
    }
}

/// An event to compare.
struct Row<'e> {
    event: &'e Event,
    stored: Event,
    matches: bool,
}

struct Judge<'a> {
    store: &'a Store,
    /// Of the projected rule.
    matcher: Matcher<'a>,
    query: &'a str,
}

impl Judge<'_> {
    /// The distinct events as the store holds them, with the interpreter's verdicts; counts what is to be counted.
    fn rows<'e>(
        &self,
        events: &'e [Event],
        original: &Matcher<'_>,
        warned: bool,
        counts: &mut Comparison,
    ) -> Vec<Row<'e>> {
        let mut seen = HashSet::new();
        let mut rows = Vec::new();
        for event in events {
            let stored = match self.store.project(event) {
                Ok(stored) => stored,
                Err(exclusion) => {
                    *counts.excluded.entry(exclusion).or_default() += 1;
                    continue;
                }
            };
            let matches = self.matcher.matches(&stored);
            if original.matches(event) != matches {
                counts.data_model.note(event, warned);
            }
            if seen.insert(serde_json::to_string(&stored.0).unwrap_or_default()) {
                rows.push(Row { event, stored, matches });
            }
        }
        counts.events = rows.len();
        counts.matched = rows.iter().filter(|row| row.matches).count();
        rows
    }

    fn ask(&self, engine: &mut dyn Engine, rows: &[Row<'_>]) -> Result<Option<Difference>, EngineError> {
        let stored = rows.iter().map(|row| row.stored.clone()).collect();
        let selected = self.select(engine, stored)?;
        let differs = |(number, row): &(usize, &Row<'_>)| selected.contains(number) != row.matches;
        let different: Vec<&Row<'_>> = rows.iter().enumerate().filter(differs).map(|(_, row)| row).collect();
        let Some(first) = different.iter().min_by_key(|row| size(row.event)) else { return Ok(None) };
        let matches = first.matches;
        let event = shrink(first.event, |candidates| self.first_different(engine, candidates, matches));
        let stored = self.store.project(&event).unwrap_or_else(|_| first.stored.clone());
        let trace = self.matcher.trace(&stored);
        let (engine, query) = (engine.name().to_owned(), self.query.to_owned());
        Ok(Some(Difference { engine, event, stored, query, matches, trace, count: different.len() }))
    }

    /// The first of the events on which the engine still disagrees in the same way.
    fn first_different(&self, engine: &mut dyn Engine, events: &[Event], matches: bool) -> Option<usize> {
        let mut numbers = Vec::new();
        let mut stored = Vec::new();
        for (number, event) in events.iter().enumerate() {
            if let Ok(row) = self.store.project(event)
                && self.matcher.matches(&row) == matches
            {
                numbers.push(number);
                stored.push(row);
            }
        }
        let selected = self.select(engine, stored).ok()?;
        numbers.into_iter().enumerate().find(|(row, _)| selected.contains(row) != matches).map(|(_, number)| number)
    }

    fn select(&self, engine: &mut dyn Engine, rows: Vec<Event>) -> Result<BTreeSet<usize>, EngineError> {
        engine.load(&self.store.table(TABLE, rows))?;
        engine.query(self.query)
    }
}

impl DataModel {
    fn note(&mut self, event: &Event, warned: bool) {
        if event.0.values().any(is_stated) {
            self.stated += 1;
        } else if warned {
            self.warned += 1;
        } else if self.unwarned.is_none() {
            self.unwarned = Some(event.clone());
        }
    }
}

/// What the manifests speak of, for all rules.
fn is_stated(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::String(text) => text.parse().is_ok_and(|address: Ipv6Addr| address.to_ipv4_mapped().is_some()),
        _ => false,
    }
}

fn size(event: &Event) -> usize {
    serde_json::to_string(&event.0).map_or(usize::MAX, |text| text.len())
}
