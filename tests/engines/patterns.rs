//! Regexes and wildcards made by chance, before Lucene itself: the interpreter's verdict, that of EQL's model, and what Lucene selects.
//!
//! Patterns are over small alphabets, so that texts of the same letters often match: plain letters and line breaks, and those
//! whose folding is special. What the stores of `verify` leave out (the two letters beyond ASCII that fold to ASCII ones) is
//! compared here with the model, and counted.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{self, Rule};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Options, Target, Templates};
use sigmaglot::verify::engine::{Column, ColumnKind, Engine, Eql, Fields, Table};

use crate::common::random::Random;
use crate::common::sample;
use crate::{engines, lucene};

/// How many patterns are asked.
const PATTERNS: usize = 2_400;
/// How many texts of each alphabet.
const TEXTS: usize = 60;

/// Letters of patterns and texts: ASCII, letters that fold to `k` and `s`, the four `i` and both sharp `s`, letters of three
/// cases, and what is special in Lucene's syntax.
const ALPHABETS: [&[&str]; 5] = [
    &["a", "b", "A", "B", "1", "_", " ", "\n"],
    &["k", "K", "\u{212A}", "s", "S", "\u{17F}", "a"],
    &["i", "I", "ı", "İ", "ß", "ẞ", "s"],
    &["é", "É", "σ", "ς", "Σ", "ǆ", "ǅ", "Ǆ", "θ", "ϑ", "𐐀", "𐐨"],
    &["a", "\"", "#", "@", "&", "~", "<", ">", "\\", "."],
];

/// The column.
const FIELD: &str = "F";

fn text(random: &mut Random, alphabet: &[&str]) -> String {
    (0..random.below(6)).map(|_| random.pick(alphabet)).collect()
}

/// A letter as an expression means it.
fn literal(letter: &str) -> String {
    let mark = letter.chars().all(|c| c.is_ascii_punctuation() && c != '_');
    if mark { format!("\\{letter}") } else { letter.to_owned() }
}

/// An expression in the syntax of rules.
fn regex(random: &mut Random, alphabet: &[&str], depth: usize) -> String {
    let letter = |random: &mut Random| literal(random.pick(alphabet));
    match random.below(if depth == 0 { 5 } else { 11 }) {
        0..=2 => letter(random),
        3 => random.pick(&[".", "\\d", "\\w", "\\s", "\\W", "[^a]", "."]).to_owned(),
        4 => {
            let members: String = (0..1 + random.below(3)).map(|_| letter(random)).collect();
            format!("[{}{members}]", if random.one_in(3) { "^" } else { "" })
        }
        5..=7 => (0..2 + random.below(2)).map(|_| regex(random, alphabet, depth - 1)).collect(),
        8 => format!("({}|{})", regex(random, alphabet, depth - 1), regex(random, alphabet, depth - 1)),
        9 => format!(
            "(?:{}){}",
            regex(random, alphabet, depth - 1),
            random.pick(&["*", "+", "?", "{2}", "{1,2}", "{0,2}"])
        ),
        _ => format!("(?i:{})", regex(random, alphabet, depth - 1)),
    }
}

/// A value with wildcards.
fn wildcards(random: &mut Random, alphabet: &[&str]) -> String {
    (0..1 + random.below(5))
        .map(|_| match random.below(5) {
            0 => "*".to_owned(),
            1 => "?".to_owned(),
            2 if random.one_in(3) => random.pick(&["\\*", "\\?", "\\\\"]).to_owned(),
            _ => random.pick(alphabet).replace('\\', "\\\\"),
        })
        .collect()
}

/// The rules, as many documents of one text.
fn rules(random: &mut Random) -> Vec<Rule> {
    let mut out = String::new();
    for number in 0..PATTERNS {
        let alphabet = ALPHABETS[random.below(ALPHABETS.len())];
        let (key, value) = match random.below(8) {
            0 => ("F", wildcards(random, alphabet)),
            1 => ("F|cased", wildcards(random, alphabet)),
            2 => ("F|contains", text(random, alphabet)),
            3 => ("F|endswith", text(random, alphabet)),
            kind => {
                let expression = regex(random, alphabet, 2);
                let open = if random.one_in(3) { "^" } else { "" };
                let shut = if random.one_in(3) { "$" } else { "" };
                let key = ["F|re", "F|re|i", "F|re|s", "F|re|i|s"][kind - 4];
                (key, format!("{open}{expression}{shut}"))
            }
        };
        let (key, value) = (Value::from(key), Value::from(value));
        out.push_str(&format!(
            "---\ntitle: '{number}'\nlogsource: {{category: test}}\ndetection:\n  sel: {{{key}: {value}}}\n  condition: sel\n"
        ));
    }
    let read = sigma::read(&Source::new("patterns.yml", out), &sigma::Options::default());
    read.rules.into_iter().map(|rule| Rule { condition: ir::normalize(rule.condition), ..rule }).collect()
}

fn table(random: &mut Random) -> Table {
    let mut texts: BTreeSet<String> = BTreeSet::new();
    for alphabet in ALPHABETS {
        texts.extend((0..TEXTS).map(|_| text(random, alphabet)));
    }
    let row = |text: String| Event(Map::from_iter([(FIELD.to_owned(), Value::from(text))]));
    let columns = vec![Column { name: FIELD.to_owned(), kind: ColumnKind::Text }];
    Table { name: "events".to_owned(), columns, rows: texts.into_iter().map(row).collect() }
}

/// Whether a text holds one of the two letters that fold to ASCII ones: SEMANTICS.md folds them, regexes of Elasticsearch do not.
fn is_gap(event: &Event) -> bool {
    event.0.get(FIELD).and_then(Value::as_str).is_some_and(|text| text.contains(['\u{212A}', '\u{17F}']))
}

#[test]
fn patterns_made_by_chance_select_in_lucene_what_they_mean() {
    let Some(mut lucene) = lucene::start().unwrap_or_else(|e| panic!("{e}")) else {
        return engines::say_skipped("lucene");
    };
    let mut random = Random::new(sample::seed().unwrap_or(9));
    let (rules, table) = (rules(&mut random), table(&mut random));
    let mut model = Eql::new(Fields::All);
    model.load(&table).expect("the model takes texts");
    lucene::load(&mut lucene, &table).expect("Lucene takes texts");
    let target = Target::load("eql", &Templates::embedded()).expect("the target");
    let mut session = target.session();
    let (mut asked, mut refused, mut scripts, mut matches, mut gaps) = (0, 0, 0, 0, 0);
    let mut wrong = Vec::new();
    for rule in &rules {
        let Some(query) = session.convert(rule, &Options::default()).query else {
            refused += 1;
            continue;
        };
        if lucene::can_run(&query).is_err() {
            scripts += 1;
            continue;
        }
        asked += 1;
        let selected = lucene::ask(&mut lucene, &query).unwrap_or_else(|e| panic!("{e}: {query}"));
        let modelled = model.query(&query).unwrap_or_else(|e| panic!("{e}: {query}"));
        let matcher = Matcher::new(rule);
        for (number, row) in table.rows.iter().enumerate() {
            let (found, meant) = (selected.contains(&number), matcher.matches(row));
            matches += usize::from(meant);
            if found != modelled.contains(&number) {
                wrong.push(format!("the model says {} of {row:?}: {query}", !found));
            } else if found != meant && is_gap(row) {
                gaps += 1;
            } else if found != meant {
                wrong.push(format!("the interpreter says {meant} of {row:?}: {query}"));
            }
        }
    }
    sample::say(&format!(
        "lucene: {asked} patterns on {} texts, {matches} matches; left out: {refused} refused, {scripts} that run as scripts, {} that \
         are no expression; {gaps} verdicts on letters that only SEMANTICS.md folds to ASCII",
        table.rows.len(),
        PATTERNS - rules.len(),
    ));
    assert!(
        wrong.is_empty(),
        "{} findings, some:\n{}",
        wrong.len(),
        wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(asked > PATTERNS * 3 / 4 && matches > 10_000, "{asked} asked, {matches} matches");
}
