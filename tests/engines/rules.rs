//! The rules and recorded events of a run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};
use sigmaglot::events::{Events, Format};
use sigmaglot::interp::Event;
use sigmaglot::ir::{self, Rule, Test};
use sigmaglot::sigma::{self, UnresolvedPlaceholders};
use sigmaglot::source::Source;
use sigmaglot::verify::FlipCounts;
use sigmaglot::verify::witness::{self, Witnesses};

use crate::common::{corpus, sample};

/// One rule of so many is taken where `SIGMAGLOT_DEEP` and `SIGMAGLOT_STEP` do not say otherwise.
const STEP: usize = 20;

/// What a run works on.
pub struct Input {
    /// Where the rules are from, in words.
    pub from: &'static str,
    /// The rules, normalised, placeholders filled.
    pub rules: Vec<(Rule, Made)>,
    /// Recorded events.
    pub events: Vec<Event>,
    /// One file of so many is taken.
    pub step: usize,
}

impl Input {
    /// What became of the search for events that turn the verdict, over all rules.
    pub fn flips(&self) -> FlipCounts {
        let mut sum = FlipCounts::default();
        self.rules.iter().for_each(|(rule, made)| sum.add_all(&made.get(rule).1));
        sum
    }
}

/// The events made from a rule: once for all engines, and kept as JSON, which takes a fraction of the room.
#[derive(Default)]
pub struct Made(OnceLock<(String, FlipCounts)>);

impl Made {
    /// The events of this rule.
    pub fn events(&self, rule: &Rule) -> Vec<Event> {
        let events: Vec<Map<String, Value>> =
            serde_json::from_str(&self.get(rule).0).expect("the text of JSON values can be read");
        events.into_iter().map(Event).collect()
    }

    fn get(&self, rule: &Rule) -> &(String, FlipCounts) {
        self.0.get_or_init(|| {
            let witnesses = Witnesses::of(rule, witness::Options::default());
            let mut flips = FlipCounts::default();
            flips.add(&witnesses);
            let events: Vec<Map<String, Value>> = witnesses.events.into_iter().map(|witness| witness.event.0).collect();
            (serde_json::to_string(&events).expect("JSON values have a text"), flips)
        })
    }
}

/// The corpus, or the example rules; none where there is neither.
pub fn input() -> Option<Input> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let (from, files, events) = match corpus::root() {
        Some(root) => ("the corpus", corpus::rule_files(&root), recorded(&root.join("regression_data"))),
        None if examples.is_dir() => ("the example rules", corpus::files(&examples, "yml"), recorded(&examples)),
        None => return None,
    };
    let step = sample::step(STEP);
    let rules = sample::every(step, "rule files, for the engines", files)
        .iter()
        .flat_map(|file| read(file))
        .map(|rule| (Rule { condition: ir::normalize(rule.condition), ..rule }, Made::default()))
        .collect();
    Some(Input { from, rules, events, step })
}

/// Where the rules are from, and the rules as mappings want them: not normalised, placeholders filled.
pub fn as_written() -> Option<(&'static str, Vec<Rule>)> {
    let step = sample::step(STEP);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let (from, files) = match corpus::root() {
        Some(root) => ("the corpus", corpus::rule_files(&root)),
        None if examples.is_dir() => ("the example rules", corpus::files(&examples, "yml")),
        None => return None,
    };
    let files = sample::every(step, "rule files, for mapped queries", files);
    Some((from, files.iter().flat_map(|file| read(file)).collect()))
}

/// The rules of a file, placeholders filled.
fn read(file: &Path) -> Vec<Rule> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let source = Source::new(file.display().to_string(), text);
    let keep = sigma::Options { unresolved: UnresolvedPlaceholders::Keep, ..Default::default() };
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
}

/// The events in the JSON files below a folder, no two alike.
fn recorded(root: &Path) -> Vec<Event> {
    let mut out = BTreeMap::new();
    for extension in ["json", "jsonl", "ndjson"] {
        for path in corpus::files(root, extension) {
            let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let name = path.display().to_string();
            for event in Events::new(std::io::BufReader::new(file), &name, Format::Auto).flatten() {
                out.insert(serde_json::to_string(&event.1.0).unwrap_or_default(), event.1);
            }
        }
    }
    out.into_values().collect()
}
