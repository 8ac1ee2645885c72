//! The query for SQLite, run: it selects exactly the example events for which the interpreter says that the rule holds.
//!
//! Both see the event as a flat table holds it, without nulls and nesting.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{Rule, Subject, Test};
use sigmaglot::target::{Options, Target, Templates};
use sigmaglot::verify::project::project_sql;
use sigmaglot::verify::sqlite::{EventTable, register};

use super::files::{self, Example};

#[test]
fn sqlite_selects_what_the_interpreter_matches() {
    let target = Target::load("sql", &Templates::embedded()).expect("the target loads");
    let (mut wrong, mut selected) = (Vec::new(), 0);
    for example in files::examples() {
        for rule in &example.read.rules {
            selected += compare(&example, rule, &target, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(selected >= 100, "only {selected} events are selected at all");
}

/// How many events the query selects; differences go to `wrong`.
fn compare(example: &Example, rule: &Rule, target: &Target, wrong: &mut Vec<String>) -> usize {
    let query = target.convert(rule, &Options::default()).query;
    let query = query.unwrap_or_else(|| panic!("{}: SQLite says everything", example.name));
    let connection = Connection::open_in_memory().expect("a connection");
    register(&connection).expect("registered functions");
    let fields = fields(rule);
    let fields = fields.iter().map(String::as_str);
    let mut table = EventTable::create(&connection, "events", fields).expect("a table of events");
    let events = example.events();
    let events: Vec<Event> = events.matching.iter().chain(&events.near_misses).map(project_sql).collect();
    for event in &events {
        table.insert(event).expect("a row");
    }
    let rows: BTreeSet<i64> = table.select(&query).expect(&query).into_iter().collect();
    let matcher = Matcher::new(rule);
    for (row, event) in (0..).zip(&events) {
        if rows.contains(&row) != matcher.matches(event) {
            let verdict = if rows.contains(&row) { "selects" } else { "leaves out" };
            wrong.push(format!("{}: the query {verdict} {:?}\n  {query}", example.name, event.0));
        }
    }
    rows.len()
}

fn fields(rule: &Rule) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    rule.condition.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject {
            out.insert(field.name.to_string());
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            out.insert(other.name.to_string());
        }
    });
    out
}
