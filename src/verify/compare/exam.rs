//! A rule's events, judged once, for any number of queries of that rule.

use super::members::{self, Members, Strangers};
use super::{Comparison, Evidence, Judge, Mapping, Outcome, TABLE, Through, Verdict, model, size, table_for};
use crate::diagnostic::Diagnostic;
use crate::interp::Event;
use crate::ir::{self, Expr, Rule};
use crate::mapping::{Mapped, Pipeline};
use crate::target::plan::Query;
use crate::target::{Options, Session};
use crate::verify::engine::{Engine, EngineError, Table};
use crate::verify::store::Store;

/// The events of a rule as the store holds them, with the interpreter's verdicts.
pub struct Exam<'m> {
    query: String,
    table: Table,
    rows: Vec<Answer>,
    target: String,
    store: Store,
    /// What reading the query shows of long lists.
    members: Members,
    /// The rule before its mapping.
    rule: Rule,
    /// The rule as the back end gets it.
    normal: Rule,
    options: Options,
    mapped: Option<(Mapping<'m>, Mapped)>,
}

/// An event and what a query must say of it.
struct Answer {
    event: Event,
    matches: bool,
}

impl<'m> Exam<'m> {
    /// Converts the rule and judges the events.
    ///
    /// # Errors
    /// Why there is nothing to examine: the target refuses the rule, or its mapping changes a verdict.
    pub fn new(
        rule: &Rule,
        mapping: Option<Mapping<'m>>,
        target: &str,
        session: &mut Session<'_>,
        events: &[Event],
    ) -> Result<Self, Vec<Diagnostic>> {
        let Some(mapping) = mapping else {
            let options = Options { table: table_for(target).map(str::to_owned), ..Options::default() };
            let normal = normalized(rule);
            let query = converted(session, &normal, &options)?;
            let store = Store::new(model(session, target)?, rule);
            let evidence = Evidence::new(rule).with_all(events);
            let (members, more) = members::check(rule, evidence.listed(), target, &query, Strangers::Tested);
            let evidence = evidence.with(more);
            let (table, rows) = judged(&Judge::new(&store, rule, evidence.verdict(), &query, TABLE), &evidence)?;
            let (target, rule) = (target.to_owned(), rule.clone());
            return Ok(Self { query, table, rows, target, store, members, rule, normal, options, mapped: None });
        };
        let mapped = mapping.chain.apply(rule.clone(), mapping.options);
        let way = mapping.chain.events(rule, &mapped, mapping.options);
        let (Some(result), Some(way)) = (&mapped.rule, way) else {
            return Err(mapped.diagnostics.into_iter().filter(Diagnostic::is_error).collect());
        };
        let named = result.table.as_ref().map(|table| &*table.name).filter(|name| !name.is_empty());
        let table = table_for(target).filter(|_| named.is_none());
        let options = Options { table: table.map(str::to_owned), ..Options::default() };
        let normal = normalized(result);
        let query = converted(session, &normal, &options)?;
        let query = mapping.chain.postprocess(query, &mapped).map_err(|error| vec![error])?;
        let store = Store::mapped(model(session, target)?, result, &query);
        let (evidence, meant) = (Evidence::new(rule).with_all(events), Verdict::new(result));
        let (members, more) = members::check(rule, evidence.listed(), target, &query, Strangers::Expected);
        let evidence = evidence.with(more);
        let judge = Judge::new(&store, result, &meant, &query, named.unwrap_or(TABLE));
        let judge = Judge { through: Some(Through { way: &way, rule: evidence.verdict() }), ..judge };
        let (table, rows) = judged(&judge, &evidence)?;
        drop(judge);
        let (target, rule, mapped) = (target.to_owned(), rule.clone(), Some((mapping, mapped)));
        Ok(Self { query, table, rows, target, store, members, rule, normal, options, mapped })
    }

    /// The rule's query.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The condition as the back end gets it.
    pub(crate) fn condition(&self) -> &Expr {
        &self.normal.condition
    }

    /// How many events there are, and how many of them match.
    pub fn counts(&self) -> (usize, usize) {
        (self.rows.len(), self.rows.iter().filter(|row| row.matches).count())
    }

    /// The query that a session writes, with its plan altered; `None` where it writes none.
    pub(crate) fn rendered(&self, session: &mut Session<'_>, alter: &mut dyn FnMut(&mut Query)) -> Option<String> {
        let query = session.convert_altered(&self.normal, &self.options, alter).query?;
        match &self.mapped {
            Some((mapping, mapped)) => mapping.chain.postprocess(query, mapped).ok(),
            None => Some(query),
        }
    }

    /// The query where this pipeline stands in the place of the mapping's own of its name; `None` where there is none.
    pub(crate) fn through(&self, session: &mut Session<'_>, wrong: &Pipeline) -> Option<String> {
        let (mapping, _) = self.mapped.as_ref()?;
        let Some(chain) = mapping.chain.with(wrong) else { return Some(self.query.clone()) };
        let mapped = chain.apply(self.rule.clone(), mapping.options);
        let normal = normalized(mapped.rule.as_ref()?);
        let query = session.convert(&normal, &self.options).query?;
        chain.postprocess(query, &mapped).ok()
    }

    /// Puts the events into an engine.
    ///
    /// # Errors
    /// What the engine says.
    pub fn load(&self, engine: &mut dyn Engine) -> Result<(), EngineError> {
        engine.load(&self.table)
    }

    /// The smallest event that an engine which holds the events judges otherwise by this query.
    ///
    /// # Errors
    /// What the engine says of the query.
    pub fn told_by(&self, engine: &mut dyn Engine, query: &str) -> Result<Option<&Event>, EngineError> {
        let selected = engine.query(query)?;
        let different = self.rows.iter().enumerate().filter(|(n, row)| selected.contains(n) != row.matches);
        Ok(different.map(|(_, row)| &row.event).min_by_key(|event| size(event)))
    }

    /// Whether an engine which holds the events judges a member of a long list otherwise by this query. The events are those for
    /// members that reading the query does not show; the engine holds the exam's own events afterwards.
    ///
    /// # Errors
    /// What the engine says of the query.
    pub fn told_by_members(&self, engine: &mut dyn Engine, query: &str) -> Result<bool, EngineError> {
        let strangers = if self.mapped.is_some() { Strangers::Expected } else { Strangers::Tested };
        let evidence = Evidence::new(&self.rule);
        let (members, events) = members::check(&self.rule, evidence.listed(), &self.target, query, strangers);
        if members == self.members || events.is_empty() {
            return Ok(false);
        }
        let Some((table, rows)) = self.judge(&events) else { return Ok(false) };
        engine.load(&Table { columns: self.table.columns.clone(), ..table })?;
        let selected = engine.query(query);
        self.load(engine)?;
        let selected = selected?;
        Ok(rows.iter().enumerate().any(|(n, row)| selected.contains(&n) != row.matches))
    }

    /// More events of the rule.
    fn judge(&self, events: &[Event]) -> Option<(Table, Vec<Answer>)> {
        let result = self.mapped.as_ref().and_then(|(_, mapped)| mapped.rule.as_ref());
        let way = match &self.mapped {
            Some((mapping, mapped)) => Some(mapping.chain.events(&self.rule, mapped, mapping.options)?),
            None => None,
        };
        let (evidence, meant) =
            (Evidence::new(&self.rule).with_all(events), Verdict::new(result.unwrap_or(&self.rule)));
        let judge = Judge::new(&self.store, result.unwrap_or(&self.rule), &meant, &self.query, &self.table.name);
        let through = way.as_ref().map(|way| Through { way, rule: evidence.verdict() });
        let judge = Judge { through, ..judge };
        judged(&judge, &evidence).ok()
    }
}

fn normalized(rule: &Rule) -> Rule {
    Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() }
}

fn converted(session: &mut Session<'_>, normal: &Rule, options: &Options) -> Result<String, Vec<Diagnostic>> {
    let conversion = session.convert(normal, options);
    conversion.query.ok_or_else(|| conversion.diagnostics.into_iter().filter(Diagnostic::is_error).collect())
}

/// The table of the events and the answers that are right.
fn judged(judge: &Judge<'_>, evidence: &Evidence<'_>) -> Result<(Table, Vec<Answer>), Vec<Diagnostic>> {
    let mut changed = Vec::new();
    let samples = evidence.samples().iter();
    let rows = judge.rows(samples, false, &mut Comparison::without_events(Outcome::Equal), &mut changed);
    if !changed.is_empty() {
        return Err(Vec::new());
    }
    let table = judge.store.table(judge.table, rows.iter().map(|row| row.stored.clone()).collect());
    Ok((table, rows.iter().map(|row| Answer { event: row.event.clone(), matches: row.matches }).collect()))
}
