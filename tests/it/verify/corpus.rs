//! The public corpus: every rule, every target that has an engine in the program, witnesses and recorded events.
//!
//! Every 20th rule and every 10th recorded event; all of them with `SIGMAGLOT_DEEP=1`, every Nth with `SIGMAGLOT_STEP=N`.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sigmaglot::events::{Events, Format};
use sigmaglot::interp::Event;
use sigmaglot::ir::Rule;
use sigmaglot::target::{Session, Target, Templates};
use sigmaglot::verify::engine::Engine;
use sigmaglot::verify::witness::{FlipOutcome, Options, Witnesses};
use sigmaglot::verify::{Evidence, Exclusion, Extent, FlipCounts, Outcome, Recorded, Tally, compare};

use crate::common::{corpus, sample};
use crate::verify::support::{TARGETS, engines, target};

/// The fewest witnesses of a rule.
const WITNESSES: usize = 20;

fn recorded(root: &Path) -> Vec<Event> {
    let events = |path: PathBuf| {
        let file = fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let events = Events::new(BufReader::new(file), &path.display().to_string(), Format::Auto);
        events.filter_map(|event| event.ok().map(|(_, event)| event)).collect::<Vec<_>>()
    };
    corpus::files(&root.join("regression_data"), "json").into_iter().flat_map(events).collect()
}

/// What came of one rule: a tally a target, what is wrong, and its witnesses.
struct Checked {
    tallies: Vec<Tally>,
    wrong: Vec<String>,
    flips: FlipCounts,
    unflipped: Vec<String>,
}

fn check(
    (path, rule): &(PathBuf, Rule),
    benches: &mut [(Session<'_>, Vec<Box<dyn Engine>>)],
    recorded: &Recorded,
) -> Checked {
    let witnesses = Witnesses::of(rule, Options::default());
    let mut checked =
        Checked { tallies: Vec::new(), wrong: Vec::new(), flips: FlipCounts::default(), unflipped: Vec::new() };
    checked.flips.add(&witnesses);
    let unflipped = witnesses.flips.iter().filter(|flip| !matches!(flip.outcome, FlipOutcome::Found(..)));
    checked.unflipped = unflipped.map(|flip| format!("{:?} {}", flip.outcome, flip.kind.as_str())).collect();
    if witnesses.events.len() < WITNESSES {
        checked.wrong.push(format!("{}: {} witnesses", path.display(), witnesses.events.len()));
    }
    let made = witnesses.events.into_iter().map(|witness| witness.event);
    let evidence = Evidence::new(rule).with_recorded(recorded, Extent::Named).with(made);
    for (name, (session, engines)) in TARGETS.iter().zip(benches) {
        let comparison = compare(&evidence, name, None, session, engines);
        let mut tally = Tally::default();
        tally.add(&comparison);
        // A rule about a field that the store keeps for itself is not compared, and says so.
        let is_reserved = tally.excluded.keys().all(|exclusion| *exclusion == Exclusion::ReservedField);
        checked.tallies.push(tally);
        match comparison.outcome {
            Outcome::Equal | Outcome::Refused(_) => {}
            Outcome::NotCompared if is_reserved => {}
            other => checked.wrong.push(format!("{name} {}: {other:?}", path.display())),
        }
        if let Some(event) = comparison.data_model.unwarned {
            checked.wrong.push(format!("{name} {}: judged otherwise as stored, no warning: {event:?}", path.display()));
        }
    }
    checked
}

#[test]
fn no_query_of_the_corpus_differs_from_its_rule() {
    let Some(root) = corpus::root() else { return };
    let files: Vec<PathBuf> = sample::every(sample::step(20), "rule files", corpus::rule_files(&root));
    let with_path =
        |path: &PathBuf| corpus::rules(path).into_iter().map(|rule| (path.clone(), rule)).collect::<Vec<_>>();
    // A placeholder without a value is converted to nothing and matches nothing.
    let complete = |(_, rule): &(PathBuf, Rule)| !corpus::has_placeholders(rule);
    let rules: Vec<(PathBuf, Rule)> = files.par_iter().flat_map_iter(with_path).filter(complete).collect();
    let recorded = Recorded::new(sample::every(sample::step(10), "recorded events", recorded(&root)));
    let targets: Vec<Target> = TARGETS.iter().map(|name| target(name, &Templates::embedded())).collect();
    let benches =
        || -> Vec<_> { targets.iter().zip(TARGETS).map(|(target, name)| (target.session(), engines(name))).collect() };
    let all: Vec<Checked> =
        rules.par_iter().map_init(benches, |benches, rule| check(rule, benches, &recorded)).collect();

    let (mut flips, mut unflipped) = (FlipCounts::default(), BTreeMap::<&str, usize>::new());
    for checked in &all {
        flips.add_all(&checked.flips);
        checked.unflipped.iter().for_each(|what| *unflipped.entry(what).or_default() += 1);
    }
    println!(
        "{} rules, {} recorded events; {flips:?}; without a pair: {unflipped:?}",
        rules.len(),
        recorded.events().count()
    );
    let matched: Vec<(usize, usize)> = TARGETS.iter().enumerate().map(|(i, name)| report(name, i, &all)).collect();
    let wrong: Vec<&String> = all.iter().flat_map(|checked| &checked.wrong).collect();
    let shown: Vec<String> = wrong.iter().take(5).map(|text| text.chars().take(3_000).collect()).collect();
    assert!(wrong.is_empty(), "{} findings, some:\n{}", wrong.len(), shown.join("\n"));
    assert!(flips.rules_matched * 100 >= flips.rules * 98, "{flips:?}");
    assert!(flips.found * 100 >= flips.predicates() * 97, "{flips:?}");
    for (name, (matched, compared)) in TARGETS.iter().zip(matched) {
        assert!(matched * 100 >= compared * 98, "{name}: {matched} of {compared} rules matched");
    }
}

/// Prints a target's figures; how many rules matched, of how many that were compared.
fn report(name: &str, place: usize, all: &[Checked]) -> (usize, usize) {
    let tallies: Vec<&Tally> = all.iter().filter_map(|checked| checked.tallies.get(place)).collect();
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(|tally| of(tally)).sum::<usize>();
    let (matched, compared) = (sum(|t| t.rules_matched), sum(Tally::compared));
    let excluded = sum(|t| t.excluded.values().sum());
    println!(
        "{name}: {} equal, {} different, {} failed, {} refused; {} events, {} matches, {excluded} left out; {matched} of \
         {compared} rules matched",
        sum(|t| t.equal),
        sum(|t| t.different),
        sum(|t| t.failed),
        sum(|t| t.refused),
        sum(|t| t.events),
        sum(|t| t.matched),
    );
    (matched, compared)
}
