//! IR by hand, tables of events, and the comparison.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::{Map, Value};
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{Case, Expr, Field, Logsource, Meta, Node, Origin, Pattern, Piece, Predicate, Rule, Subject, Test};
use sigmaglot::target::{Conversion, Layout, Options, Target, Templates};
use sigmaglot::verify::project::project_sql;
use sigmaglot::verify::sqlite::{EventTable, register};

/// The SQL targets.
pub const TARGETS: [&str; 5] = ["sql", "sql:duckdb", "sql:postgres", "sql:clickhouse", "sql:spark"];

pub fn target(name: &str) -> Target {
    Target::load(name, &Templates::embedded()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A pattern: `⁎` is any string, `⁇` any character, `⟨-/⟩` a set; everything else is literal, `*` and `?` too.
pub fn pattern(text: &str, case: Case) -> Pattern {
    let mut pieces = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '⁎' => Piece::AnyString,
            '⁇' => Piece::AnyChar,
            '⟨' => Piece::OneOf(chars.by_ref().take_while(|c| *c != '⟩').collect()),
            c => Piece::Literal(c.to_string().into()),
        });
    }
    Pattern::new(pieces, case)
}

pub fn on(field: &str, test: Test) -> Expr {
    let predicate = Predicate { subject: Subject::Field(Field::new(field)), test };
    Expr::new(Node::Test(predicate), Origin::default())
}

pub fn keyword(test: Test) -> Expr {
    Expr::new(Node::Test(Predicate { subject: Subject::AnyValue, test }), Origin::default())
}

pub fn any(parts: Vec<Expr>) -> Expr {
    Expr::new(Node::Any(parts), Origin::default())
}

pub fn all(parts: Vec<Expr>) -> Expr {
    Expr::new(Node::All(parts), Origin::default())
}

pub fn rule(condition: Expr) -> Rule {
    Rule {
        meta: Meta { title: "a rule".into(), ..Meta::default() },
        logsource: Logsource::default(),
        table: None,
        condition,
    }
}

pub fn convert(target: &Target, condition: Expr) -> Conversion {
    target.convert(&rule(condition), &Options { layout: Layout::Compact, table: None })
}

/// The query, or a panic with what was said.
pub fn query(target: &Target, condition: Expr) -> String {
    let shown = format!("{condition:?}");
    let conversion = convert(target, condition);
    conversion.query.unwrap_or_else(|| panic!("{shown}: {:?}", conversion.diagnostics))
}

pub fn event(value: Value) -> Event {
    match value {
        Value::Object(map) => Event(map),
        other => panic!("{other} is no object"),
    }
}

/// An event with one field; without any where there is no value.
pub fn one(field: &str, value: Option<Value>) -> Event {
    Event(value.map(|value| (field.to_owned(), value)).into_iter().collect::<Map<_, _>>())
}

/// SQLite with a table `events` of these events, projected.
pub struct Store {
    connection: Connection,
    pub events: Vec<Event>,
}

impl Store {
    pub fn new(events: impl IntoIterator<Item = Event>) -> Self {
        let connection = Connection::open_in_memory().expect("a connection");
        register(&connection).expect("registered functions");
        Self { connection, events: events.into_iter().map(|event| project_sql(&event)).collect() }
    }

    /// The events on which a query and the interpreter differ, with the query's verdict, and how many the query selects.
    pub fn differences(&self, rules: &[(Rule, String)], fields: &[&str]) -> (Vec<String>, usize) {
        self.connection.execute("DROP TABLE IF EXISTS events", []).expect("no table");
        let mut table =
            EventTable::create(&self.connection, "events", fields.iter().copied()).expect("a table of events");
        for event in &self.events {
            table.insert(event).expect("a row");
        }
        let (mut differences, mut selected) = (Vec::new(), 0);
        for (rule, query) in rules {
            let rows: BTreeSet<i64> =
                table.select(query).unwrap_or_else(|e| panic!("{query}: {e}")).into_iter().collect();
            selected += rows.len();
            let matcher = Matcher::new(rule);
            for (row, event) in (0..).zip(&self.events) {
                if matcher.matches(event) != rows.contains(&row) {
                    let verdict = if rows.contains(&row) { "selects" } else { "leaves out" };
                    let event = Value::Object(event.0.clone()).to_string();
                    let event: String = event.chars().take(300).collect();
                    differences.push(format!("{query}\n  {verdict} {event}"));
                }
            }
        }
        (differences, selected)
    }
}
