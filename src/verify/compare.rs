//! The comparison: one rule, one target, many events.

mod exam;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::Ipv6Addr;
use std::sync::Arc;

use serde_json::Value;

pub use exam::Exam;

use super::engine::{Engine, EngineError, Table};
use super::evidence::{Evidence, Sample};
use super::exclusion::Exclusion;
use super::members::{self, Members, Strangers};
use super::shrink::shrink;
use super::store::Store;
use super::verdict::Verdict;
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::{Event, Trace};
use crate::ir::{self, Rule};
use crate::mapping::{self, Chain, Events, Reason, Unfit};
use crate::target::store::StoreModel;
use crate::target::{Options, Session};

/// The table of SQL and KQL queries.
pub(super) const TABLE: &str = "events";

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
    /// The members of long lists, as read in the query.
    pub members: Members,
    /// Fields of the rule that the mapping, or without one every built-in mapping, does not know.
    pub unknown_fields: Vec<Arc<str>>,
}

/// The result of a comparison.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The query selects exactly what the interpreter matches.
    Equal,
    /// It does not.
    Different(Box<Difference>),
    /// Nothing was compared: there is no event that the target's store holds as the rule means it. Nothing is shown.
    NotCompared,
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

/// The steps from a rule to what a query selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// From the rule and the event to the mapped rule and the mapped event.
    Mapping,
    /// From the (mapped) rule to what the query selects.
    Query,
}

/// A counter-example.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Which step changes the verdict.
    pub stage: Stage,
    /// What disagrees.
    pub engine: String,
    /// The smallest event found on which it does.
    pub event: Event,
    /// The same in the product's fields, where the comparison is through a mapping.
    pub mapped: Option<Event>,
    /// The same as the store holds it.
    pub stored: Event,
    /// The query.
    pub query: String,
    /// What the interpreter says; the engine says the opposite.
    pub matches: bool,
    /// Why the interpreter says so.
    pub trace: Trace,
    /// Why it says otherwise of the mapped rule and event, where the mapping changes the verdict.
    pub mapped_trace: Option<Trace>,
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

/// A mapping to compare through.
#[derive(Debug, Clone, Copy)]
pub struct Mapping<'m> {
    /// The pipelines for the target.
    pub chain: &'m Chain<'m>,
    /// What the caller supplies to them.
    pub options: &'m mapping::Options,
}

/// Converts the rule and compares its query with the interpreter on the evidence, with every engine.
///
/// `target` is the name under which `session`'s target was loaded, `table` what the query names as its table.
pub fn compare(
    evidence: &Evidence<'_>,
    target: &str,
    table: Option<&str>,
    session: &mut Session<'_>,
    engines: &mut [Box<dyn Engine>],
) -> Comparison {
    let rule = evidence.rule();
    let name = table.or_else(|| table_for(target));
    let (query, warned) = match convert(rule, session, name) {
        Ok(converted) => converted,
        Err(errors) => return Comparison::without_events(Outcome::Refused(errors)),
    };
    let store = match model(session, target) {
        Ok(model) => Store::new(model, rule).of_table(table.unwrap_or_default()),
        Err(errors) => return Comparison::without_events(Outcome::Refused(errors)),
    };
    let judge = Judge::new(&store, rule, evidence.verdict(), &query, name.unwrap_or(TABLE));
    let (members, more) = members::check(rule, evidence.listed(), target, &query, Strangers::Tested);
    let comparison = judge.compare(engines, evidence, &more, warned);
    Comparison { members, unknown_fields: mapping::vocabulary::unknown(rule), ..comparison }
}

/// Takes the rule and the events through a mapping, and compares twice: the interpreter on the rule and the event with the
/// interpreter on the mapped rule and the event as the product stores it; and that with the mapped rule's query, with every
/// engine.
///
/// The query is the one after the post-processing of the pipelines. Where that computes columns, the store has what they
/// are computed from.
pub fn compare_mapped(
    evidence: &Evidence<'_>,
    mapping: Mapping<'_>,
    target: &str,
    table: Option<&str>,
    session: &mut Session<'_>,
    engines: &mut [Box<dyn Engine>],
) -> Comparison {
    let rule = evidence.rule();
    let mapped = mapping.chain.apply(rule.clone(), mapping.options);
    let way = mapping.chain.events(rule, &mapped, mapping.options);
    let (Some(result), Some(way)) = (&mapped.rule, &way) else {
        let errors = mapped.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        return Comparison::without_events(Outcome::Refused(errors));
    };
    // A mapping that says only the shape of the table leaves its name open.
    let own = result.table.as_ref().map(|table| &*table.name).filter(|name| !name.is_empty());
    let name = table.or_else(|| table_for(target).filter(|_| own.is_none()));
    let (query, warned) = match convert(result, session, name) {
        Ok(converted) => converted,
        Err(errors) => return Comparison::without_events(Outcome::Refused(errors)),
    };
    let query = match mapping.chain.postprocess(query, &mapped) {
        Ok(query) => query,
        Err(error) => return Comparison::without_events(Outcome::Refused(vec![error])),
    };
    let store = match model(session, target) {
        Ok(model) => Store::mapped(model, result, &query),
        Err(errors) => return Comparison::without_events(Outcome::Refused(errors)),
    };
    let store = table.into_iter().fold(store, Store::of_table);
    let meant = Verdict::new(result);
    let judge = Judge::new(&store, result, &meant, &query, name.or(own).unwrap_or(TABLE));
    let judge = Judge { through: Some(Through { way, rule: evidence.verdict() }), ..judge };
    let (members, more) = members::check(rule, evidence.listed(), target, &query, Strangers::Expected);
    let comparison = judge.compare(engines, evidence, &more, warned);
    Comparison { members, unknown_fields: mapped.record.unmapped.clone(), ..comparison }
}

/// What the target's store does to an event; an error where its manifest does not say.
pub(super) fn model<'s>(session: &'s Session<'_>, target: &str) -> Result<&'s StoreModel, Vec<Diagnostic>> {
    session.manifest().store.as_ref().ok_or_else(|| {
        let message = format!("the manifest of `{target}` does not say what its store does to an event");
        let help = "add `[store]` to the manifest or the dialect's file; docs/targets.md has the keys";
        vec![Diagnostic::new(codes::STORE_UNKNOWN, message).help(help)]
    })
}

/// The table of a query whose rule names none, where the target's queries name one.
pub(super) fn table_for(target: &str) -> Option<&'static str> {
    (target == "kql" || target == "sql" || target.starts_with("sql:")).then_some(TABLE)
}

/// The query of a rule, and whether a warning says that the store holds less than the rule asks.
pub(super) fn convert(
    rule: &Rule,
    session: &mut Session<'_>,
    table: Option<&str>,
) -> Result<(String, bool), Vec<Diagnostic>> {
    let normal = Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() };
    let conversion = session.convert(&normal, &Options { table: table.map(str::to_owned), ..Options::default() });
    let warned = conversion.diagnostics.iter().any(|diagnostic| diagnostic.code == codes::DATA_MODEL);
    match conversion.query {
        Some(query) => Ok((query, warned)),
        None => Err(conversion.diagnostics.into_iter().filter(Diagnostic::is_error).collect()),
    }
}

impl Comparison {
    fn without_events(outcome: Outcome) -> Self {
        let (excluded, data_model, members, unknown_fields) = Default::default();
        Self { outcome, events: 0, matched: 0, excluded, data_model, members, unknown_fields }
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
    /// The same in the product's fields.
    mapped: Cow<'e, Event>,
    stored: Event,
    matches: bool,
}

/// An event that the mapped rule judges otherwise than the rule.
struct Changed<'e> {
    event: &'e Event,
    mapped: Event,
    matches: bool,
}

/// The way of events through a mapping.
struct Through<'a> {
    way: &'a Events<'a>,
    /// Of the rule before its mapping.
    rule: &'a Verdict<'a>,
}

struct Judge<'a> {
    store: &'a Store,
    /// Of the projected rule, where it is another one.
    projected: Option<Verdict<'a>>,
    /// Of the rule that was converted.
    meant: &'a Verdict<'a>,
    query: &'a str,
    table: &'a str,
    through: Option<Through<'a>>,
}

impl<'a> Judge<'a> {
    /// Of a rule and its query, without a mapping; `meant` is the rule's verdict.
    fn new(store: &'a Store, rule: &Rule, meant: &'a Verdict<'a>, query: &'a str, table: &'a str) -> Self {
        let projected = (store.rule().condition != rule.condition).then(|| Verdict::new(store.rule()));
        Self { store, projected, meant, query, table, through: None }
    }

    /// The verdict of the rule as it is meant in the store.
    fn stored_verdict(&self) -> &Verdict<'a> {
        self.projected.as_ref().unwrap_or(self.meant)
    }

    fn compare(
        &self,
        engines: &mut [Box<dyn Engine>],
        evidence: &Evidence<'_>,
        more: &[Event],
        warned: bool,
    ) -> Comparison {
        let mut comparison = Comparison::without_events(Outcome::Equal);
        let mut changed = Vec::new();
        let more: Vec<Sample<'_>> = more.iter().map(|event| evidence.sample(Cow::Borrowed(event))).collect();
        let samples = evidence.samples().iter().chain(&more);
        let rows = self.rows(samples, warned, &mut comparison, &mut changed);
        if let (Some(through), Some(first)) = (&self.through, changed.iter().min_by_key(|c| size(c.event))) {
            let difference = self.changed(through, first, changed.len());
            comparison.outcome = Outcome::Different(Box::new(difference));
            return comparison;
        }
        if rows.is_empty() {
            comparison.outcome = Outcome::NotCompared;
            return comparison;
        }
        let table = self.store.table(self.table, rows.iter().map(|row| row.stored.clone()).collect());
        for engine in engines {
            match self.ask(engine.as_mut(), &table, &rows) {
                Ok(None) => {}
                Ok(Some(difference)) => {
                    comparison.outcome = Outcome::Different(Box::new(difference));
                    break;
                }
                Err(error) => {
                    let engine = engine.name().to_owned();
                    comparison.outcome = Outcome::Failed { engine, query: self.query.to_owned(), error };
                    break;
                }
            }
        }
        comparison
    }

    /// The distinct events as the store holds them, with the interpreter's verdicts; counts what is to be counted.
    fn rows<'e>(
        &self,
        samples: impl Iterator<Item = &'e Sample<'e>>,
        warned: bool,
        counts: &mut Comparison,
        changed: &mut Vec<Changed<'e>>,
    ) -> Vec<Row<'e>> {
        let mut seen = HashSet::new();
        let mut rows = Vec::new();
        for Sample { event, matches: verdict, count } in samples {
            let event: &Event = event;
            let mut exclude = |exclusion| *counts.excluded.entry(exclusion).or_default() += count;
            for form in self.forms(event, *verdict) {
                let mapped = match form {
                    Ok(Form::Same(mapped)) => mapped,
                    Ok(Form::Changed(mapped)) => {
                        changed.push(Changed { event, mapped, matches: *verdict });
                        continue;
                    }
                    Err(exclusion) => {
                        exclude(exclusion);
                        continue;
                    }
                };
                let stored = match self.store.project(&mapped) {
                    Ok(stored) => stored,
                    Err(exclusion) => {
                        exclude(exclusion);
                        continue;
                    }
                };
                // One rule says the same of the same event.
                let same = self.projected.is_none() && stored == *mapped;
                let matches = if same { *verdict } else { self.stored_verdict().matches(&stored) };
                if *verdict != matches {
                    counts.data_model.note(event, *count, warned);
                }
                if seen.insert(serde_json::to_string(&stored.0).unwrap_or_default()) {
                    rows.push(Row { event, mapped, stored, matches });
                }
            }
        }
        counts.events = rows.len();
        counts.matched = rows.iter().filter(|row| row.matches).count();
        rows
    }

    /// The event as the product has it, in each way that the mapping leaves open; itself without a mapping.
    ///
    /// `verdict` is that of the rule before its mapping.
    fn forms<'e>(&self, event: &'e Event, verdict: bool) -> Vec<Result<Form<'e>, Exclusion>> {
        let Some(through) = &self.through else { return vec![Ok(Form::Same(Cow::Borrowed(event)))] };
        let judge = |stored: Result<Event, Unfit>| {
            let mapped = stored.map_err(|unfit| Exclusion::Unfit(unfit.reason))?;
            if self.meant.matches(&mapped) == verdict {
                return Ok(Form::Same(Cow::Owned(mapped)));
            }
            match through.way.whole(event, &mapped) {
                // The product cannot tell the two events apart, and of the other one it is right.
                Some(whole) if through.rule.matches(&whole) != verdict => Err(Exclusion::Unfit(Reason::HalfColumn)),
                _ => Ok(Form::Changed(mapped)),
            }
        };
        through.way.stored(event).into_iter().map(judge).collect()
    }

    /// The counter-example where the mapping itself changes the verdict.
    fn changed(&self, through: &Through<'_>, first: &Changed<'_>, count: usize) -> Difference {
        let form = |event: &Event| {
            self.forms(event, through.rule.matches(event)).into_iter().find_map(|form| match form {
                Ok(Form::Changed(mapped)) if self.meant.matches(&mapped) != first.matches => Some(mapped),
                _ => None,
            })
        };
        let event = shrink(first.event, |candidates| candidates.iter().position(|event| form(event).is_some()));
        let mapped = form(&event).unwrap_or_else(|| first.mapped.clone());
        Difference {
            stage: Stage::Mapping,
            engine: "the mapped rule".to_owned(),
            stored: mapped.clone(),
            mapped_trace: Some(self.meant.matcher().trace(&mapped)),
            mapped: Some(mapped),
            query: self.query.to_owned(),
            matches: first.matches,
            trace: through.rule.matcher().trace(&event),
            event,
            count,
        }
    }

    /// The counter-example that an engine shows on the rows, which are those of the table.
    fn ask(&self, engine: &mut dyn Engine, table: &Table, rows: &[Row<'_>]) -> Result<Option<Difference>, EngineError> {
        engine.load(table)?;
        let selected = engine.query(self.query)?;
        let differs = |(number, row): &(usize, &Row<'_>)| selected.contains(number) != row.matches;
        let different: Vec<&Row<'_>> = rows.iter().enumerate().filter(differs).map(|(_, row)| row).collect();
        let Some(first) = different.iter().min_by_key(|row| size(row.event)) else { return Ok(None) };
        let matches = first.matches;
        let event = shrink(first.event, |candidates| self.first_different(engine, candidates, matches));
        let (mapped, stored) = match self.different_form(engine, &event, matches) {
            Some((mapped, stored)) => (mapped.into_owned(), stored),
            None => (first.mapped.as_ref().clone(), first.stored.clone()),
        };
        let trace = self.stored_verdict().matcher().trace(&stored);
        let (engine, query) = (engine.name().to_owned(), self.query.to_owned());
        let mapped = self.through.is_some().then_some(mapped);
        let (stage, count) = (Stage::Query, different.len());
        Ok(Some(Difference { stage, engine, event, mapped, stored, query, matches, trace, mapped_trace: None, count }))
    }

    /// What can be stored of an event and has this verdict, by its forms.
    fn candidates<'e>(&self, event: &'e Event, matches: bool) -> Vec<(Cow<'e, Event>, Event)> {
        let stored = |form| {
            let Ok(Form::Same(mapped)) = form else { return None };
            let stored = self.store.project(&mapped).ok();
            let stored = stored.filter(|stored| self.stored_verdict().matches(stored) == matches)?;
            Some((mapped, stored))
        };
        let verdict = self.through.as_ref().is_some_and(|through| through.rule.matches(event));
        self.forms(event, verdict).into_iter().filter_map(stored).collect()
    }

    /// The first of the events on which the engine still disagrees in the same way.
    fn first_different(&self, engine: &mut dyn Engine, events: &[Event], matches: bool) -> Option<usize> {
        let mut numbers = Vec::new();
        let mut rows = Vec::new();
        for (number, event) in events.iter().enumerate() {
            for (_, stored) in self.candidates(event, matches) {
                numbers.push(number);
                rows.push(stored);
            }
        }
        let selected = self.select(engine, rows).ok()?;
        numbers.into_iter().enumerate().find(|(row, _)| selected.contains(row) != matches).map(|(_, number)| number)
    }

    /// The form of the event on which the engine disagrees.
    fn different_form<'e>(
        &self,
        engine: &mut dyn Engine,
        event: &'e Event,
        matches: bool,
    ) -> Option<(Cow<'e, Event>, Event)> {
        let mut forms = self.candidates(event, matches);
        let rows = forms.iter().map(|(_, stored)| stored.clone()).collect();
        let selected = self.select(engine, rows).ok()?;
        let number = (0..forms.len()).find(|number| selected.contains(number) != matches)?;
        Some(forms.swap_remove(number))
    }

    fn select(&self, engine: &mut dyn Engine, rows: Vec<Event>) -> Result<BTreeSet<usize>, EngineError> {
        engine.load(&self.store.table(self.table, rows))?;
        engine.query(self.query)
    }
}

/// An event after its mapping.
enum Form<'e> {
    /// The mapped rule says of it what the rule says of the event.
    Same(Cow<'e, Event>),
    /// It says the opposite.
    Changed(Event),
}

impl DataModel {
    /// So many events that look like this one.
    fn note(&mut self, event: &Event, count: usize, warned: bool) {
        if event.0.values().any(is_stated) {
            self.stated += count;
        } else if warned {
            self.warned += count;
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
