//! Documents from outside: raw events with what a product stored of them, which no mapping of ours made.
//!
//! An event that goes through a mapping cannot show a wrong fact of that mapping, since the query comes from the same table. A
//! document from the product's own tests, or from a user's index, can: the rule's verdict on the raw event must be the
//! mapped query's verdict on the document. The interpreter judges the raw event, the engine the document, and nothing here
//! takes an event through a mapping.

use std::collections::BTreeSet;

use super::compare::{Mapping, TABLE, convert, model, table_for};
use super::engine::{Engine, EngineError};
use super::exclusion::Exclusion;
use super::store::Store;
use crate::diagnostic::Diagnostic;
use crate::interp::{Event, Matcher};
use crate::ir::{Logsource, Rule};
use crate::mapping::sources;
use crate::target::Session;

/// A raw event with what a product stored of it.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    /// The event in the names that rules use.
    pub raw: Event,
    /// As stored: the document of an index, the row of a table.
    pub document: Event,
    /// The log source, where whoever gives the pair says it.
    pub logsource: Option<Logsource>,
}

impl Pair {
    /// Whether the event can be one of a rule's log source: by what the pair says, else by the event's channel, provider and
    /// id. An event that tells nothing of that can be of any.
    pub fn is_of(&self, wanted: &Logsource) -> bool {
        match &self.logsource {
            Some(own) => sources::contains(wanted, own),
            None => sources::can_be(&self.raw, wanted),
        }
    }

    /// The log sources that the event is of; none where nothing tells.
    pub fn logsources(&self) -> Vec<Logsource> {
        match &self.logsource {
            Some(own) => vec![own.clone()],
            None => {
                let own = sources::of(&self.raw).into_iter().filter(|source| source.is_found_by_its_name());
                own.map(sources::Source::logsource).collect()
            }
        }
    }
}

/// What of a mapped rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of it, as a user's query.
    Whole,
    /// Its tests on fields, without what the mapping asks of all events of the log source: a wrong constant there would hide what
    /// each field says.
    Fields,
}

/// What came of a rule and documents.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The query was run.
    Answered {
        /// The query.
        query: String,
        /// An answer a pair.
        answers: Vec<Answer>,
    },
    /// The mapping or the target refuses the rule; the errors.
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

/// What came of one document.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The query selects the document exactly if the rule matches the raw event.
    Same {
        /// Whether both do.
        matches: bool,
    },
    /// It does not.
    Different {
        /// What the rule says of the raw event; the query says the opposite of the document.
        matches: bool,
        /// What ran the query.
        engine: String,
    },
    /// The document was not asked about: a column of the mapping's type could not hold its value.
    LeftOut(Exclusion),
}

/// Asks the rule of the raw events and its query of the documents.
///
/// `target` is the name under which `session`'s target was loaded.
pub fn compare_documents(
    (rule, scope): (&Rule, Scope),
    mapping: Option<Mapping<'_>>,
    target: &str,
    session: &mut Session<'_>,
    engines: &mut [Box<dyn Engine>],
    pairs: &[&Pair],
) -> Asked {
    let Prepared { query, store, table } = match prepare(rule, scope, mapping, target, session) {
        Ok(prepared) => prepared,
        Err(errors) => return Asked::Refused(errors),
    };
    let taken: Vec<Result<Event, Exclusion>> = pairs.iter().map(|pair| store.take(&pair.document)).collect();
    let rows: Vec<Event> = taken.iter().flatten().cloned().collect();
    let table = store.table_of_taken(&table, rows);
    let mut selected: Vec<(&str, BTreeSet<usize>)> = Vec::with_capacity(engines.len());
    for engine in engines.iter_mut() {
        match engine.load(&table).and_then(|()| engine.query(&query)) {
            Ok(rows) => selected.push((engine.name(), rows)),
            Err(error) => return Asked::Failed { engine: engine.name().to_owned(), query, error },
        }
    }
    let matcher = Matcher::new(rule);
    let mut numbers = 0..;
    let answers = pairs.iter().zip(taken).map(|(pair, taken)| {
        if let Err(exclusion) = taken {
            return Answer::LeftOut(exclusion);
        }
        let number = numbers.next().unwrap_or(usize::MAX);
        let matches = matcher.matches(&pair.raw);
        match selected.iter().find(|(_, rows)| rows.contains(&number) != matches) {
            Some((engine, _)) => Answer::Different { matches, engine: (*engine).to_owned() },
            None => Answer::Same { matches },
        }
    });
    let answers = answers.collect();
    Asked::Answered { query, answers }
}

/// A rule's query with the store that it asks.
struct Prepared {
    query: String,
    store: Store,
    table: String,
}

fn prepare(
    rule: &Rule,
    scope: Scope,
    mapping: Option<Mapping<'_>>,
    target: &str,
    session: &mut Session<'_>,
) -> Result<Prepared, Vec<Diagnostic>> {
    let Some(Mapping { chain, options }) = mapping else {
        let (query, _) = convert(rule, session, table_for(target))?;
        return Ok(Prepared { query, store: Store::new(model(session, target)?, rule), table: TABLE.to_owned() });
    };
    let mapped = chain.apply(rule.clone(), options);
    let Some(result) = &mapped.rule else {
        return Err(mapped.diagnostics.into_iter().filter(Diagnostic::is_error).collect());
    };
    let result = &match scope {
        Scope::Whole => result.clone(),
        Scope::Fields => chain.fields_alone(result),
    };
    let table = result.table.as_ref().map(|table| &*table.name).filter(|name| !name.is_empty());
    let (query, _) = convert(result, session, table_for(target).filter(|_| table.is_none()))?;
    let query = chain.postprocess(query, &mapped).map_err(|error| vec![error])?;
    let store = Store::mapped(model(session, target)?, result, &query);
    Ok(Prepared { query, store, table: table.unwrap_or(TABLE).to_owned() })
}
