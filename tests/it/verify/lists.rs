//! Long lists: what they cost, counted in events and in constants of queries, never in seconds.

use sigmaglot::ir::Rule;
use sigmaglot::target::{self, Templates};
use sigmaglot::verify::Outcome;
use sigmaglot::verify::witness::{Options, Witnesses};

use crate::verify::support::{compared, engines, rule, target as load};

/// A modifier, and a value of the list by its number.
type Kind = (&'static str, fn(usize) -> String);

/// Lists of each kind of predicate.
const KINDS: [Kind; 6] = [
    ("", |n| format!("'value {n:06}'")),
    ("|contains", |n| format!("'value {n:06}'")),
    ("|endswith", |n| format!("'\\name{n:06}.exe'")),
    ("|cidr", |n| format!("10.{}.{}.0/24", n / 256, n % 256)),
    ("", |n| (7 * n + 3).to_string()),
    ("|re", |n| format!("'value{n:06}[0-9]+'")),
];

fn list((modifier, value): Kind, count: usize, condition: &str) -> Rule {
    let values: String = (0..count).map(|n| format!("      - {}\n", value(n))).collect();
    rule(&format!(
        "title: A list\nlogsource: {{category: test}}\ndetection:\n  base: {{Other: base}}\n  list:\n    Field{modifier}:\n{values}  \
         condition: {condition}\n"
    ))
}

/// Each event costs each engine a look at the list, so events must not become more with it.
#[test]
fn a_longer_list_has_no_more_events() {
    for kind in KINDS {
        for condition in ["list", "base and not list"] {
            let events = |count| Witnesses::of(&list(kind, count, condition), Options::default()).events.len();
            let (short, long) = (events(500), events(10_000));
            assert!(long <= short + short / 8, "Field{} {condition}: {short} events, {long} events", kind.0);
        }
    }
}

/// SQLite compares each constant of an expression with all before it: many networks are rows.
#[test]
fn many_networks_are_rows_in_sqlite() {
    let sql = load("sql", &Templates::embedded());
    for (count, rows) in [(20, false), (45, true)] {
        for condition in ["list", "base and not list"] {
            let rule = list(KINDS[3], count, condition);
            let options = target::Options { table: Some("events".to_owned()), ..target::Options::default() };
            let query = sql.session().convert(&rule, &options).query.expect("a query");
            assert_eq!(query.contains("VALUES"), rows, "{query}");
            let comparison = compared(&rule, &sql, "sql", &mut engines("sql"));
            assert!(matches!(comparison.outcome, Outcome::Equal), "{:?}", comparison.outcome);
            assert!(comparison.discriminates());
        }
    }
}
