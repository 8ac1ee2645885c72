//! A field of a JSON column on SQLite: its text, when it is missing, and names that no literal lets out.

use rusqlite::Connection;
use serde_json::{Value, json};
use sigmaglot::diagnostic::codes;
use sigmaglot::ir::{Case, Number, Pattern, Piece, Rule, Table, TableShape, Test};
use sigmaglot::target::Options;
use sigmaglot::verify::sqlite::register;

use crate::sqlite::build::{on, rule, target};

fn in_json(field: &str, test: Test) -> Rule {
    let table = Table { name: "events".into(), shape: TableShape::Json { column: "event".into() } };
    Rule { table: Some(table), ..rule(on(field, test)) }
}

/// Whether the query selects the document.
fn selects(rule: &Rule, document: &Value) -> bool {
    let query = target("sql").convert(rule, &Options::default()).query.expect("a query");
    let connection = Connection::open_in_memory().expect("a connection");
    register(&connection).expect("functions");
    connection.execute("CREATE TABLE events (event)", []).expect("a table");
    connection.execute("INSERT INTO events VALUES (?)", [document.to_string()]).expect("a row");
    let mut statement = connection.prepare(&query).unwrap_or_else(|e| panic!("{query}: {e}"));
    statement.exists([]).unwrap_or_else(|e| panic!("{query}: {e}"))
}

fn text(text: &str) -> Test {
    Test::Pattern(Pattern::literal(text, Case::Fold))
}

#[test]
fn a_path_gives_the_text_that_the_interpreter_sees() {
    for (value, expected) in [
        (json!("x'\"\\y"), "x'\"\\y"),
        (json!(""), ""),
        (json!(5), "5"),
        (json!(18446744073709551615u64), "18446744073709551615"),
        (json!(0.5), "0.5"),
        (json!(true), "true"),
        (json!(false), "false"),
        (json!("null"), "null"),
        (json!([1, "a"]), "[1,\"a\"]"),
    ] {
        assert!(selects(&in_json("a.b", text(expected)), &json!({"a": {"b": value}})), "{value}");
        assert!(!selects(&in_json("a.b", Test::Null), &json!({"a": {"b": value}})), "{value}");
    }
    assert!(!selects(&in_json("a", text("1")), &json!({"a": true})));
    assert!(selects(&in_json("a", Test::Number(Number::Int(5))), &json!({"a": "5"})));
}

#[test]
fn null_an_object_and_nothing_are_no_value() {
    for document in [json!({"a": null}), json!({"a": {"b": 1}}), json!({}), json!({"A": 1}), json!({"a.b": 1})] {
        assert!(selects(&in_json("a", Test::Null), &document), "{document}");
        assert!(!selects(&in_json("a", Test::Exists(true)), &document), "{document}");
        let any = Test::Pattern(Pattern::new(vec![Piece::AnyString], Case::Fold));
        assert!(!selects(&in_json("a", any), &document), "{document}");
    }
    assert!(!selects(&in_json("a.b", text("1")), &json!({"a": 5})));
}

#[test]
fn a_name_stays_in_its_path() {
    for name in ["it's", "a b", "a]b", "$", "[0]", "#", "a-b", "0", "{column}", "{path}", "ä", "--", "' OR 1=1 --"] {
        let document = json!({name: "x"});
        assert!(selects(&in_json(name, text("x")), &document), "{name}");
        assert!(!selects(&in_json(name, text("x")), &json!({"other": "x"})), "{name}");
    }
    for dialect in ["sql", "sql:duckdb", "sql:spark"] {
        for name in ["a\\b", "*", "a..b", ".a", "a\nb"] {
            let said = target(dialect).convert(&in_json(name, text("x")), &Options::default());
            assert_eq!(said.query, None, "{name}");
            assert!(said.diagnostics.iter().any(|d| d.code == codes::LITERAL_UNSUPPORTED), "{name}");
        }
    }
}
