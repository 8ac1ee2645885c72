//! The floor of the mutation score: how many mistakes in templates and operands the comparison notices by default.
//!
//! On the handmade rules of `tests/mutants` and, where it is there, on every 20th rule of the corpus. A part of the mutants is run,
//! another one with each commit; `SIGMAGLOT_DEEP=1` runs all. What survives with a reason stands in `tests/mutants/explained.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;
use serde::Deserialize;
use sigmaglot::ir::Rule;
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Target, Templates};
use sigmaglot::verify::Exam;
use sigmaglot::verify::mutants::{Bench, Examined, Mutant, Score, Scores, Seat};
use sigmaglot::verify::witness::{Options, Witnesses};

use crate::common::{corpus, figures};
use crate::verify::support::{TARGETS, engines, target};

/// One in so many mutants is run.
const PARTS: usize = 10;
/// The least share of each macro with so many pairs, in percent, over all mutants; and over a part of them, where one mutant is much.
const EACH: (usize, f64) = (60, 95.0);
const EACH_OF_PART: (usize, f64) = (200, 95.0);
/// The least share over all of a target, whichever part is run.
const ALL: f64 = 98.0;

/// Survivors that are explained.
#[derive(Debug, Deserialize)]
struct Explained {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

#[derive(Debug, Deserialize)]
struct Survivor {
    target: String,
    file: String,
    #[serde(rename = "macro")]
    name: String,
    mutant: String,
    /// Whether it must be caught on other rules.
    #[serde(default)]
    told: bool,
    reason: String,
}

impl Survivor {
    fn is(&self, target: &str, mutant: &Mutant) -> bool {
        self.target == target && self.file == mutant.file && self.name == mutant.name && self.mutant == mutant.what
    }
}

fn rules_of(path: &Path) -> Vec<(String, Rule)> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let read = sigma::read(&Source::new(path.display().to_string(), text), &sigma::Options::default());
    read.rules.into_iter().map(|rule| (format!("{} ({})", path.display(), rule.meta.title), rule)).collect()
}

fn handmade() -> Vec<(String, Rule)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutants");
    let rules = ["alone", "beside", "not", "or"].map(|name| rules_of(&folder.join(format!("{name}.yml"))));
    rules.into_iter().flatten().collect()
}

/// The scores of a target over rules.
fn scores(bench: &Bench<'_>, rules: &[(String, Rule)]) -> Scores {
    let name = bench.name();
    let examine = |seat: &mut Seat<'_>, (path, rule): &(String, Rule)| {
        let events = Witnesses::of(rule, Options::default()).events.into_iter().map(|w| w.event).collect::<Vec<_>>();
        let exam = Exam::new(rule, None, name, seat.session(), &events).ok()?;
        Some((path.clone(), seat.examine(&exam)))
    };
    let examined: Vec<_> = rules.par_iter().map_init(|| Seat::new(bench, engines(name)), examine).collect();
    let mut scores = Scores::default();
    for (path, examined) in examined.into_iter().flatten() {
        match examined {
            Examined::LeftOut(why) => scores.left_out.push((path, why)),
            Examined::Verdicts(verdicts) => {
                scores.rules += 1;
                verdicts.iter().for_each(|(mutant, verdict)| scores.take(*mutant, &path, verdict));
            }
        }
    }
    scores
}

/// Which part of the mutants is run: the number of the commit where there is one.
fn part() -> (usize, usize) {
    if std::env::var("SIGMAGLOT_DEEP").is_ok_and(|value| value == "1") {
        return (0, 1);
    }
    let seed = std::env::var("SIGMAGLOT_SEED").ok().and_then(|seed| seed.parse::<usize>().ok()).unwrap_or(0);
    println!("mutants: part {} of {PARTS} (SIGMAGLOT_SEED={seed})", seed % PARTS + 1);
    (seed % PARTS, PARTS)
}

#[test]
fn the_score_of_every_macro_is_above_the_floor() {
    let mut rules = handmade();
    if let Some(root) = corpus::root() {
        let files = corpus::rule_files(&root).into_iter().step_by(20);
        rules.extend(files.flat_map(|path| rules_of(&path)));
    }
    let text = include_str!("../mutants/explained.toml");
    let explained: Explained = toml::from_str(text).unwrap_or_else(|e| panic!("explained.toml: {e}"));
    let (part, mut wrong, mut figures) = (part(), Vec::new(), Vec::new());
    let templates = Templates::embedded();
    for name in TARGETS {
        let target = target(name, &templates);
        let bench = Bench::new(name, &target, &templates, Vec::new(), part).unwrap_or_else(|e| panic!("{name}: {e}"));
        let scores = scores(&bench, &rules);
        let before = wrong.len();
        wrong.extend(scores.left_out.iter().map(|(rule, why)| format!("{name} {rule}: {why}")));
        let checked = Checked { name, mutants: bench.mutants(), scores: &scores, explained: &explained };
        println!("{name}: {} rules, {:?}; without what is explained {:?}", scores.rules, scores.all(), checked.all());
        // A run over all of them is also one over each part.
        let whole = part.1 == 1;
        let parts = if whole { PARTS } else { 0 };
        checked.floors("all", if whole { EACH } else { EACH_OF_PART }, |_| true, &mut wrong);
        (0..parts).for_each(|n| {
            let label = format!("part {} of {PARTS}", n + 1);
            checked.floors(&label, EACH_OF_PART, |place| place % PARTS == n, &mut wrong);
        });
        checked.explanations(whole && corpus::root().is_some(), &mut wrong);
        if wrong.len() > before {
            for survivor in scores.survivors() {
                let mutant = &bench.mutants()[survivor.mutant];
                println!(
                    "{name} {} {} {}: {} rules, {}",
                    mutant.file, mutant.name, mutant.what, survivor.rules, survivor.example
                );
            }
        }
        let share = scores.all().share().unwrap_or_default();
        figures.push(vec![(*name).to_owned(), format!("{:.1} %", (share * 1000.0).floor() / 10.0)]);
    }
    if std::env::var("SIGMAGLOT_WRITE_DOCS").is_ok_and(|value| value == "1") {
        assert!(part.1 == 1 && corpus::root().is_some(), "the page has the scores of all mutants on the corpus");
        figures::write("mutants", &["target", "score"], &figures);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The scores of a target beside what is explained.
struct Checked<'s> {
    name: &'s str,
    mutants: &'s [Mutant],
    scores: &'s Scores,
    explained: &'s Explained,
}

impl Checked<'_> {
    /// The explanation of a mutant that survives somewhere.
    fn explanation(&self, place: usize) -> Option<usize> {
        let mutant = &self.mutants[place];
        let why = self.explained.survivor.iter().position(|survivor| survivor.is(self.name, mutant));
        why.filter(|_| self.scores.of(place).survived > 0)
    }

    /// The score of a mutant, survivors that are explained left out.
    fn of(&self, place: usize) -> Score {
        let score = self.scores.of(place);
        if self.explanation(place).is_some() { Score { survived: 0, ..score } } else { score }
    }

    fn all(&self) -> Score {
        let mut all = Score::default();
        (0..self.mutants.len()).for_each(|place| all.add(&self.of(place)));
        all
    }

    /// Whether these mutants reach the floors.
    fn floors(
        &self,
        label: &str,
        (pairs, percent): (usize, f64),
        is_meant: impl Fn(usize) -> bool,
        wrong: &mut Vec<String>,
    ) {
        let name = self.name;
        let mut counted: BTreeMap<(&str, &str), Score> = BTreeMap::new();
        let mut all = Score::default();
        for (place, mutant) in self.mutants.iter().enumerate().filter(|(place, _)| is_meant(*place)) {
            let score = self.of(place);
            counted.entry((&mutant.file, &mutant.name)).or_default().add(&score);
            all.add(&score);
        }
        for ((file, own), score) in &counted {
            if score.caught + score.survived >= pairs && !score.reaches(percent) {
                wrong.push(format!("{label}: {name} {file} {own}: {score:?}"));
            }
        }
        if !all.reaches(ALL) {
            wrong.push(format!("{label}: {name}: {all:?}"));
        }
    }

    /// Whether each explanation is one. Only a run over all mutants and the corpus shows what is stale.
    fn explanations(&self, whole: bool, wrong: &mut Vec<String>) {
        let used: BTreeSet<usize> = (0..self.mutants.len()).filter_map(|place| self.explanation(place)).collect();
        for (place, survivor) in self.explained.survivor.iter().enumerate().filter(|(_, s)| s.target == self.name) {
            assert!(!survivor.reason.is_empty(), "a survivor needs a reason");
            let found = self.mutants.iter().position(|mutant| survivor.is(self.name, mutant));
            let caught = found.map_or(0, |found| self.scores.of(found).caught);
            if found.is_none() || (whole && !used.contains(&place)) {
                wrong.push(format!("{}: explained, but does not survive: {survivor:?}", self.name));
            } else if whole && survivor.told != (caught > 0) {
                wrong.push(format!(
                    "{}: caught on {caught} rules, its explanation says otherwise: {survivor:?}",
                    self.name
                ));
            }
        }
    }
}

/// The user's own macros have mutants, too, without a word about their language.
#[test]
fn templates_of_a_user_have_mutants() {
    let text = Templates::embedded().get("kql/predicates.j2").unwrap_or_default().to_owned();
    let own =
        format!("{text}\n{{% macro mine(f, value) %}}strcmp({{{{ f }}}}, {{{{ value }}}}) == 0{{% endmacro %}}\n");
    let templates = Templates::embedded().with_override("kql/predicates.j2", own);
    let target = Target::load("kql", &templates).unwrap_or_else(|e| panic!("{e}"));
    let bench = Bench::new("kql", &target, &templates, Vec::new(), (0, 1)).unwrap_or_else(|e| panic!("{e}"));
    let mine: Vec<String> = bench
        .mutants()
        .iter()
        .filter(|mutant| mutant.name == "mine")
        .map(|mutant| format!("{}: {}", mutant.kind.as_str(), mutant.what))
        .collect();
    for wanted in ["argument: `f` and `value` exchanged", "bound: `!=` for `==`", "guard: `strcmp` dropped"] {
        assert!(mine.iter().any(|made| made == wanted), "{wanted}: {mine:#?}");
    }
}
