//! Documents from outside against the mappings of the program: raw events with what a product stored of them, from the products' own
//! tests. `SIGMAGLOT_DOCUMENTS` names the folder, by default `../shared/documents`; where there is none, the tests say that they were
//! skipped. No text of a document is in the project: only names of fields, ids of events and counts.
//!
//! * `pairs` reads the pairs of each mapping, `raw` the raw forms (XML, key and value, a vendor's own names);
//! * this file asks every rule of the corpus and every question made from the events, and holds what differs against the lists in
//!   `wrong/NAME.tsv`, a file a mapping;
//! * `facts` looks up what a mapping can write in documents and schemas (`docs/facts.md`, lists in `unseen/NAME.tsv`).
//!
//! One mapping alone, with an example of each difference:
//!
//! ```console
//! $ SIGMAGLOT_MAPPING=ecs-windows SIGMAGLOT_EXAMPLES=1 cargo test --test it documents:: -- --nocapture
//! ```
//!
//! The lists only get shorter. A difference that is not in them fails, and so does a line that is no longer true. When facts were
//! mended, `SIGMAGLOT_WRITE_DOCS=1` with the same command takes out what is no longer true and lowers counts; it adds nothing. A line
//! that must be added, because a document or a question is new, is printed by the failing test, to be put in by hand with its reason in
//! the commit. A mapping without a list gets its first one whole.

mod listed;
mod pairs;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;
use sigmaglot::ir::Rule;
use sigmaglot::mapping::{self, Chain, Pipeline, Unmapped, builtin};
use sigmaglot::source::Source;
use sigmaglot::target::{Session, Target, Templates};
use sigmaglot::verify::engine::Engine;
use sigmaglot::verify::questions::{Operator, questions};
use sigmaglot::verify::{Answer, Asked, Mapping, Pair, Scope, compare_documents};

use crate::common::corpus;
use crate::verify::support::{engines, target};
use pairs::{Set, Stored};

/// The most pairs of one kind of event that a question is asked of, beside its own.
const OTHERS: usize = 8;

/// The folder of the documents; says that the test is skipped where there is none.
fn root() -> Option<PathBuf> {
    let path = std::env::var_os("SIGMAGLOT_DOCUMENTS").map_or_else(|| "../shared/documents".into(), PathBuf::from);
    if !path.is_dir() {
        println!("skipped: documents not found at {}", path.display());
        return None;
    }
    Some(path)
}

/// Whether a mapping is asked for.
fn is_wanted(name: &str) -> bool {
    std::env::var("SIGMAGLOT_MAPPING").map_or(true, |wanted| wanted.split(',').any(|one| one == name))
}

fn writes() -> bool {
    std::env::var_os("SIGMAGLOT_WRITE_DOCS").is_some()
}

fn pipeline(name: &str) -> Pipeline {
    let text = builtin::get(name).unwrap_or_else(|| panic!("there is no mapping `{name}`"));
    let (pipeline, said) = Pipeline::parse(&Source::new(name, text));
    pipeline.unwrap_or_else(|| panic!("{name}: {said:?}"))
}

/// A rule with the pairs that it is asked of.
struct Job {
    rule: Rule,
    scope: Scope,
    asks: Asks,
    pairs: Vec<usize>,
}

/// What a rule was made for.
enum Asks {
    /// A field of an event.
    Field { field: String, operator: Operator },
    /// A rule of the corpus or the project, by its file.
    Rule(String),
}

/// What is wrong, in the words of the list: without the number of documents and the operators.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// The log source, or the file of a rule.
    of: String,
    event: String,
    field: String,
    side: &'static str,
}

/// How often, and how it was asked.
#[derive(Default)]
struct Wrong {
    operators: BTreeSet<Operator>,
    pairs: BTreeSet<usize>,
    example: Option<String>,
}

/// The figures of one mapping.
#[derive(Default)]
struct Sum {
    questions: usize,
    rules: usize,
    refused: usize,
    compared: usize,
    matched: usize,
    rule_pairs: usize,
    rule_matches: usize,
    left_out: usize,
    wrong: BTreeMap<Key, Wrong>,
}

/// Rules of the corpus and of the project by the name of their file.
fn rules() -> Vec<(String, Rule)> {
    let mut files = corpus::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules"), "yml");
    files.extend(corpus::root().iter().flat_map(|root| corpus::rule_files(root)));
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let rules = corpus::rules(path).into_iter().filter(|rule| !corpus::has_placeholders(rule));
        rules.map(|rule| (name.clone(), rule)).collect::<Vec<_>>()
    };
    files.par_iter().flat_map_iter(read).collect()
}

/// The rules that some pair can be of the log source of, and the questions of all pairs.
fn jobs(set: &Set, rules: &[(String, Rule)]) -> Vec<Job> {
    let mut out = Vec::new();
    for (name, rule) in rules {
        let pairs: Vec<usize> = numbers(set, |stored| stored.pair.is_of(&rule.logsource)).collect();
        if !pairs.is_empty() {
            out.push(Job { rule: rule.clone(), scope: Scope::Whole, asks: Asks::Rule(name.clone()), pairs });
        }
    }
    let mut asked = BTreeMap::new();
    for (number, stored) in set.stored.iter().enumerate() {
        for logsource in stored.pair.logsources() {
            let words = words(&logsource);
            for question in questions(&stored.pair.raw, &logsource) {
                let test = format!("{:?}", question.rule.condition.node);
                let key = (words.clone(), stored.kind.clone(), test);
                let (field, operator, scope) = (question.field.to_string(), question.operator, question.scope());
                let asks = Asks::Field { field, operator };
                let pairs = || others(set, number, &logsource);
                let job = || Job { rule: question.rule.clone(), scope, asks, pairs: pairs() };
                asked.entry(key).or_insert_with(job);
            }
        }
    }
    out.extend(asked.into_values());
    out
}

fn numbers<'s>(set: &'s Set, is: impl Fn(&Stored) -> bool + 's) -> impl Iterator<Item = usize> + 's {
    set.stored.iter().enumerate().filter(move |(_, stored)| is(stored)).map(|(number, _)| number)
}

/// A pair and some others of the same kind.
fn others(set: &Set, own: usize, logsource: &sigmaglot::ir::Logsource) -> Vec<usize> {
    let kind = &set.stored[own].kind;
    let alike = numbers(set, |stored| stored.kind == *kind && stored.pair.is_of(logsource));
    std::iter::once(own).chain(alike.filter(|number| *number != own).take(OTHERS)).collect()
}

fn words(logsource: &sigmaglot::ir::Logsource) -> String {
    let part = |part: &Option<std::sync::Arc<str>>| part.as_deref().unwrap_or("*").to_owned();
    format!("{}/{}/{}", part(&logsource.product), part(&logsource.category), part(&logsource.service))
}

/// One job's outcome, added to the figures.
fn take(sum: &mut Sum, set: &Set, job: &Job, asked: Asked) {
    let is_rule = matches!(job.asks, Asks::Rule(_));
    *if is_rule { &mut sum.rules } else { &mut sum.questions } += 1;
    let key = |number: usize, side| {
        let event = set.stored[number].kind.clone();
        match &job.asks {
            Asks::Rule(name) => Key { of: format!("rule {name}"), event, field: "-".to_owned(), side },
            Asks::Field { field, .. } if field.is_empty() => {
                Key { of: words(&job.rule.logsource), event, field: "(log source)".to_owned(), side }
            }
            Asks::Field { field, .. } => Key { of: words(&job.rule.logsource), event, field: field.clone(), side },
        }
    };
    let mut note = |number: usize, side, query: &str| {
        let wrong = sum.wrong.entry(key(number, side)).or_default();
        wrong.pairs.insert(number);
        if let Asks::Field { operator, .. } = &job.asks {
            wrong.operators.insert(*operator);
        }
        wrong.example.get_or_insert_with(|| example(&set.stored[number].pair, &job.asks, query));
    };
    match asked {
        Asked::Refused(_) => sum.refused += 1,
        Asked::Failed { query, error, .. } => {
            note(job.pairs[0], "failed", &format!("{error}: {query}"));
        }
        Asked::Answered { query, answers } => {
            for (number, answer) in job.pairs.iter().zip(answers) {
                sum.compared += 1;
                sum.rule_pairs += usize::from(is_rule);
                let matches = match answer {
                    Answer::Same { matches } => matches,
                    Answer::Different { matches, .. } => {
                        note(*number, if matches { "missed" } else { "extra" }, &query);
                        matches
                    }
                    Answer::LeftOut(exclusion) => {
                        sum.left_out += 1;
                        note(*number, pairs::type_of(exclusion), &query);
                        false
                    }
                };
                sum.matched += usize::from(matches);
                sum.rule_matches += usize::from(matches && is_rule);
            }
        }
    }
}

fn example(pair: &Pair, asks: &Asks, query: &str) -> String {
    let raw = match asks {
        Asks::Rule(_) => Value::Object(pair.raw.0.clone()),
        Asks::Field { field, .. } => {
            pair.raw.values(field).unwrap_or_default().into_iter().cloned().collect::<Vec<_>>().into()
        }
    };
    let cut = |text: String| text.chars().take(1_500).collect::<String>();
    let document = cut(Value::Object(pair.document.0.clone()).to_string());
    format!("    raw: {}\n    document: {document}\n    query: {}\n", cut(raw.to_string()), cut(query.to_owned()))
}

/// All jobs of a mapping.
fn check(set: &Set, rules: &[(String, Rule)]) -> Sum {
    let pipeline = pipeline(set.mapping);
    let chain = mapping::resolve([&pipeline], set.target).unwrap_or_else(|e| panic!("{}: {e}", set.mapping));
    // What a mapping does not know is no fact of it.
    let options = mapping::Options { unmapped: Unmapped::Error, ..mapping::Options::default() };
    let target: Target = target(set.target, &Templates::embedded());
    let jobs = jobs(set, rules);
    let bench = || -> (Session<'_>, Vec<Box<dyn Engine>>) { (target.session(), engines(set.target)) };
    let ask = |(session, engines): &mut (Session<'_>, Vec<Box<dyn Engine>>), job: &Job| {
        let pairs: Vec<&Pair> = job.pairs.iter().map(|number| &set.stored[*number].pair).collect();
        let mapping = Mapping { chain: &chain as &Chain<'_>, options: &options };
        compare_documents((&job.rule, job.scope), Some(mapping), set.target, session, engines, &pairs)
    };
    let asked: Vec<Asked> = jobs.par_iter().map_init(bench, ask).collect();
    let mut sum = Sum::default();
    jobs.iter().zip(asked).for_each(|(job, asked)| take(&mut sum, set, job, asked));
    sum
}

/// The lines of the list of a mapping.
fn lines(sum: &Sum) -> BTreeMap<String, usize> {
    let line = |(key, wrong): (&Key, &Wrong)| {
        let operators: Vec<&str> = wrong.operators.iter().map(|operator| operator.word()).collect();
        let operators = if operators.is_empty() { "-".to_owned() } else { operators.join(",") };
        let text = format!("{}\t{}\t{}\t{}\t{operators}", key.of, key.event, key.field, key.side);
        (text, wrong.pairs.len())
    };
    sum.wrong.iter().map(line).collect()
}

#[test]
fn what_a_product_stores_is_judged_as_the_raw_event() {
    let Some(root) = root() else { return };
    let rules = rules();
    let mut failed = Vec::new();
    let mut table = String::from(
        "| mapping | pairs | rules | questions | refused | compared | matches | rules x pairs | matches | differences | wrong facts |\n",
    );
    for set in pairs::sets(&root).into_iter().filter(|set| is_wanted(set.mapping)) {
        let sum = check(&set, &rules);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            set.mapping,
            set.stored.len(),
            sum.rules,
            sum.questions,
            sum.refused,
            sum.compared,
            sum.matched,
            sum.rule_pairs,
            sum.rule_matches,
            sum.wrong.values().map(|wrong| wrong.pairs.len()).sum::<usize>(),
            sum.wrong.len(),
        );
        if std::env::var_os("SIGMAGLOT_EXAMPLES").is_some() {
            for (key, wrong) in &sum.wrong {
                let operators: Vec<&str> = wrong.operators.iter().map(|operator| operator.word()).collect();
                println!(
                    "{}: {} {} {} {} ({} documents; {})\n{}",
                    set.mapping,
                    key.side,
                    key.of,
                    key.event,
                    key.field,
                    wrong.pairs.len(),
                    operators.join(", "),
                    wrong.example.as_deref().unwrap_or_default()
                );
            }
        }
        failed.extend(listed::hold("wrong", set.mapping, &lines(&sum)));
    }
    println!("{table}");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
