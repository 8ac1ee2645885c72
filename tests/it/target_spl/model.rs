//! Data models: a missing value is the text `unknown` or nothing, and no query takes that text for a value.

use serde_json::{Value, json};
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{Rule, Table, TableShape};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Options, Target, Templates};
use sigmaglot::verify::engine::{Engine, Spl};
use sigmaglot::verify::store::Store;

/// A rule over the fields `a` and `b`, whose missing values are filled and not filled in turn.
fn rule(search: &str) -> Rule {
    let text = format!(
        "title: T\nlogsource: {{category: c}}\ndetection: {{s: {search}, z: {{b: last}}, condition: s or z}}\n"
    );
    let rule = sigma::read(&Source::new("rule.yml", text), &sigma::Options::default()).rules.remove(0);
    let table = Table { name: "M.D".into(), shape: TableShape::DataModel { show: Vec::new() } };
    Rule { table: Some(table), ..rule }
}

fn event(value: Value) -> Event {
    match value {
        Value::Object(fields) => Event(fields),
        _ => Event::default(),
    }
}

#[test]
fn the_filled_text_is_no_value() {
    let target = Target::load("spl", &Templates::embedded()).expect("the target");
    let values =
        [json!({}), json!({"a": "unknown"}), json!({"a": "knot"}), json!({"a": "x", "b": "x"}), json!({"b": "y"})];
    for search in [
        "{a|contains: know}",
        "{a: '*'}",
        "{a: null}",
        "{b: null}",
        "{b: '*'}",
        "{a: unknown}",
        "{a: ''}",
        "{a|exists: false}",
        "{a|re: 'n.*n'}",
        "{a|cased: unknown}",
        "{a|fieldref: b}",
        "{a|fieldref|contains: b}",
        "{a: '*n?w*'}",
    ] {
        let rule = rule(search);
        let query = target.convert(&rule, &Options::default()).query.unwrap_or_else(|| panic!("{search}"));
        let store = Store::new(target.manifest().store.as_ref().expect("a store"), &rule);
        let rows: Vec<Event> =
            values.iter().map(|value| store.project(&event(value.clone())).expect("a row")).collect();
        let mut engine = Spl::default();
        engine.load(&store.table("events", rows.clone())).expect("a table");
        let selected = engine.query(&query).unwrap_or_else(|e| panic!("{query}: {e}"));
        let matcher = Matcher::new(store.rule());
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(selected.contains(&number), matcher.matches(row), "{search} on {row:?}\n{query}");
        }
    }
}
