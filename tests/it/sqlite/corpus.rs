//! The corpus on SQLite: for every rule and every event, near and far, the query selects what the interpreter matches.
//!
//! Events: the recorded ones of the corpus, and for each rule some made of the rule's own values (without those hardly any
//! rule would ever match), each also with one field removed, emptied, and with its letters' case swapped. Rules that look
//! at the same fields share a table, which holds each distinct row once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use rusqlite::Connection;
use serde_json::Value;
use sigmaglot::events::{Events, Format};
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{Field, Number, Piece, Rule, Subject, Test};
use sigmaglot::sigma::{self, UnresolvedPlaceholders};
use sigmaglot::source::Source;
use sigmaglot::target::Options;
use sigmaglot::verify::project::project_sql;
use sigmaglot::verify::sqlite::{EventTable, folding_gap, register};

use crate::sqlite::build::target;

/// The corpus, or the words that say why there is none.
pub fn corpus() -> Result<PathBuf, String> {
    let path = std::env::var("SIGMAGLOT_CORPUS").unwrap_or_else(|_| "../shared/corpus/sigmahq".into());
    let path = PathBuf::from(path);
    if path.is_dir() { Ok(path) } else { Err(format!("skipped: corpus not found at {}", path.display())) }
}

fn files(root: &Path, extension: &str) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(root).standard_filters(false).sort_by_file_name(Ord::cmp).build();
    let files = walk.filter_map(Result::ok).map(ignore::DirEntry::into_path);
    files.filter(|path| path.is_file() && path.extension().is_some_and(|e| e == extension)).collect()
}

/// All rules that can be read, placeholders filled.
pub fn rules(root: &Path) -> Vec<Rule> {
    let all: Vec<Vec<Rule>> = files(root, "yml")
        .par_iter()
        .filter(|path| !path.starts_with(root.join("regression_data")))
        .map(|path| {
            let source = Source::new(path.display().to_string(), fs::read_to_string(path).unwrap_or_default());
            let keep = sigma::Options { unresolved: UnresolvedPlaceholders::Keep, ..sigma::Options::default() };
            let mut options = sigma::Options::default();
            for rule in sigma::read(&source, &keep).rules {
                rule.condition.for_each_predicate(&mut |predicate, _| {
                    if let Test::Placeholder(name) = &predicate.test {
                        let values: Vec<Arc<str>> = vec!["filled in".into(), "WITH*wildcard".into()];
                        options.placeholders.insert(name.name.clone(), values);
                    }
                });
            }
            sigma::read(&source, &options).rules
        })
        .collect();
    all.into_iter().flatten().collect()
}

fn recorded_events(root: &Path) -> Vec<Event> {
    let mut out = Vec::new();
    for path in files(&root.join("regression_data"), "json") {
        let file = fs::File::open(&path).expect("a file of the corpus");
        let name = path.display().to_string();
        out.extend(Events::new(BufReader::new(file), &name, Format::Auto).map(|event| event.expect("an event").1));
    }
    out
}

/// What a rule looks at: its fields in order, and whether it looks at everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct View {
    fields: BTreeSet<Arc<str>>,
    everything: bool,
}

fn view(rule: &Rule) -> View {
    let mut view = View { fields: BTreeSet::new(), everything: false };
    rule.condition.for_each_predicate(&mut |predicate, _| {
        match &predicate.subject {
            Subject::Field(Field { name, .. }) => view.fields.extend([name.clone()]),
            Subject::AnyValue => view.everything = true,
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            view.fields.insert(other.name.clone());
        }
    });
    view
}

/// Distinct rows, in order.
#[derive(Default)]
struct Rows {
    known: HashSet<String>,
    events: Vec<Event>,
    gaps: usize,
}

impl Rows {
    /// The projected event, cut to what the view sees.
    fn add(&mut self, event: &Event, view: &View) {
        let mut row = project_sql(event);
        if !view.everything {
            row.0.retain(|name, _| view.fields.contains(name.as_str()));
        }
        let key = Value::Object(row.0.clone()).to_string();
        if folding_gap(&key) {
            self.gaps += 1;
        } else if self.known.insert(key) {
            self.events.push(row);
        }
    }

    /// The event, and with one of the given fields changed.
    fn add_variants(&mut self, event: &Event, view: &View, fields: &[String]) {
        self.add(event, view);
        let mut changed = event.clone();
        for field in fields {
            let Some(value) = event.0.get(field) else { continue };
            let swapped = value.as_str().map_or(Value::Null, |text| Value::String(swap_case(text)));
            for variant in [Some(Value::Null), Some(Value::String(String::new())), Some(swapped), None] {
                match variant {
                    Some(variant) => drop(changed.0.insert(field.clone(), variant)),
                    None => drop(changed.0.shift_remove(field)),
                }
                self.add(&changed, view);
            }
            changed.0.insert(field.clone(), value.clone());
        }
    }
}

/// Letters with a simple other case take it.
fn swap_case(text: &str) -> String {
    let swap = |c: char| {
        let upper: Vec<char> = c.to_uppercase().collect();
        let lower: Vec<char> = c.to_lowercase().collect();
        match (upper.as_slice(), lower.as_slice()) {
            ([upper], _) if *upper != c => *upper,
            (_, [lower]) => *lower,
            _ => c,
        }
    };
    text.chars().map(swap).collect()
}

/// Events made of the values that the rule's tests name.
fn made_events(rule: &Rule) -> Vec<Event> {
    let mut samples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    rule.condition.for_each_predicate(&mut |predicate, _| {
        let field = match &predicate.subject {
            Subject::Field(field) => field.name.to_string(),
            Subject::AnyValue => "message".into(),
        };
        samples.entry(field).or_default().extend(sample(&predicate.test));
    });
    let longest = samples.values().map(Vec::len).max().unwrap_or(0);
    let nth = |i: usize| {
        let pick = |(field, values): (&String, &Vec<Value>)| {
            Some((field.clone(), values.get(i % values.len().max(1))?.clone()))
        };
        Event(samples.iter().filter_map(pick).collect())
    };
    let joined = samples.iter().map(|(field, values)| {
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).take(20).collect();
        (field.clone(), Value::String(texts.concat()))
    });
    (0..longest.min(6)).map(nth).chain([Event(joined.collect())]).collect()
}

fn sample(test: &Test) -> Option<Value> {
    let text = match test {
        Test::Pattern(pattern) => pattern
            .pieces()
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.to_string(),
                Piece::AnyString => "\n".into(),
                Piece::AnyChar => "é".into(),
                Piece::OneOf(set) => set.iter().rev().take(1).collect(),
            })
            .collect(),
        Test::Number(Number::Int(n)) => return i64::try_from(*n).ok().map(Value::from),
        Test::Number(number) => number.to_string(),
        Test::Bool(flag) => return Some(Value::Bool(*flag)),
        Test::Network(network) => network.net().broadcast().to_string(),
        _ => return None,
    };
    Some(Value::String(text))
}

/// What was compared.
#[derive(Debug, Default)]
struct Count {
    rules: usize,
    rules_that_matched: usize,
    rows: usize,
    matches: usize,
    outside_the_data_model: usize,
    differences: Vec<String>,
}

impl Count {
    fn plus(mut self, other: Count) -> Count {
        self.rules += other.rules;
        self.rules_that_matched += other.rules_that_matched;
        self.rows += other.rows;
        self.matches += other.matches;
        self.outside_the_data_model += other.outside_the_data_model;
        self.differences.extend(other.differences);
        self
    }
}

/// One table a view for the recorded events, one a rule for those made for it.
fn compare(view: &View, rules: &[(&Rule, String)], recorded: &[Event]) -> Count {
    let mut rows = Rows::default();
    for (i, event) in recorded.iter().enumerate() {
        let fields: Vec<String> = match view.everything {
            false => view.fields.iter().map(|name| name.to_string()).collect(),
            true if i % 16 == 0 => event.0.keys().cloned().collect(),
            true => Vec::new(),
        };
        rows.add_variants(event, view, &fields);
    }
    let mut count = Count { rules: rules.len(), outside_the_data_model: rows.gaps, ..Count::default() };
    let (recorded_store, own_store) = (store(), store());
    let recorded = table(&recorded_store, view, &rows.events);
    for (rule, query) in rules {
        let before = count.matches;
        check(rule, query, &recorded, &rows.events, &mut count);
        let mut made = Rows::default();
        for event in made_events(rule) {
            let fields: Vec<String> = event.0.keys().cloned().collect();
            made.add_variants(&event, view, &fields);
        }
        own_store.execute("DROP TABLE IF EXISTS events", []).expect("no table");
        check(rule, query, &table(&own_store, view, &made.events), &made.events, &mut count);
        count.outside_the_data_model += made.gaps;
        count.rules_that_matched += usize::from(count.matches > before);
    }
    count
}

fn store() -> Connection {
    let connection = Connection::open_in_memory().expect("a connection");
    register(&connection).expect("registered functions");
    connection
}

fn table<'c>(store: &'c Connection, view: &View, events: &[Event]) -> EventTable<'c> {
    let fields = view.fields.iter().map(|name| &**name);
    let mut table = EventTable::create(store, "events", fields).unwrap_or_else(|e| panic!("{view:?}: {e}"));
    store.execute_batch("BEGIN").expect("a transaction");
    for event in events {
        table.insert(event).expect("a row");
    }
    store.execute_batch("COMMIT").expect("the end of it");
    table
}

fn check(rule: &Rule, query: &str, table: &EventTable<'_>, events: &[Event], count: &mut Count) {
    let selected = match table.select(query) {
        Ok(rows) => rows.into_iter().collect::<HashSet<i64>>(),
        Err(error) => return count.differences.push(format!("{}: {error}", rule.meta.title)),
    };
    let matcher = Matcher::new(rule);
    for (row, event) in (0..).zip(events) {
        let matches = matcher.matches(event);
        count.matches += usize::from(matches);
        if matches != selected.contains(&row) && count.differences.len() < 10 {
            let event = Value::Object(event.0.clone());
            count
                .differences
                .push(format!("{}: the interpreter says {matches} of {event}\n  {query}", rule.meta.title));
        }
    }
    count.rows += events.len();
}

#[test]
fn every_rule_of_the_corpus_selects_what_the_interpreter_matches() {
    let root = match corpus() {
        Ok(root) => root,
        Err(skipped) => return println!("{skipped}"),
    };
    let (rules, recorded) = (rules(&root), recorded_events(&root));
    let target = target("sql");
    let mut refused = BTreeMap::new();
    let mut views: BTreeMap<View, Vec<(&Rule, String)>> = BTreeMap::new();
    let mut session = target.session();
    for rule in &rules {
        let conversion = session.convert(rule, &Options::default());
        match conversion.query {
            Some(query) => views.entry(view(rule)).or_default().push((rule, query)),
            None => {
                let code = conversion.diagnostics.iter().find(|d| d.is_error()).map(|d| d.to_string());
                refused.insert(rule.meta.title.clone(), code);
            }
        }
    }
    assert!(refused.is_empty(), "refused: {refused:#?}");
    // Columns whose names differ in case only cannot be in one table: a documented limit.
    let one_column = |view: &View| {
        let names: BTreeSet<String> = view.fields.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.len() < view.fields.len()
    };
    let outside = views.iter().filter(|(view, _)| one_column(view)).map(|(_, rules)| rules.len()).sum::<usize>();
    views.retain(|view, _| !one_column(view));
    let parts: Vec<Count> = views.par_iter().map(|(view, rules)| compare(view, rules, &recorded)).collect();
    let count = parts.into_iter().fold(Count::default(), Count::plus);
    println!(
        "{} rules in {} tables, {} of them matched; {} comparisons, {} matches; left out as outside the data model: {} rules, {} rows",
        count.rules,
        views.len(),
        count.rules_that_matched,
        count.rows,
        count.matches,
        outside,
        count.outside_the_data_model,
    );
    let shown: Vec<&String> = count.differences.iter().take(20).collect();
    assert!(
        shown.is_empty(),
        "{} differences, some:\n{}",
        count.differences.len(),
        shown.iter().map(|d| d.as_str()).collect::<Vec<_>>().join("\n")
    );
    assert!(outside <= rules.len() / 100, "{outside} rules left out");
    assert!(count.rules_that_matched * 100 >= count.rules * 90, "too few rules ever matched");
}
