//! `sigmaglot verify --mutants`: how many mistakes in templates and operands the comparison would notice.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::batch::Batch;
use super::console::Console;
use super::input::Loaded;
use super::mapping::Mappings;
use super::plan::Plan;
use super::{Exit, Stop, verify, verify_bench};
use crate::diagnostic::{Diagnostic, codes};
use crate::interp::Event;
use crate::ir::Rule;
use crate::target::Templates;
use crate::verify::mutants::{Bench, Examined, Score, Scores, Seat, Verdict};
use crate::verify::witness::{self, Witnesses};
use crate::verify::{Exam, Mapping};

/// How many times as many near hits, near misses and altered events a deeper search makes.
const DEEPER: usize = 20;

/// What is run.
pub(super) struct Run<'a> {
    pub benches: &'a [verify_bench::Bench],
    pub templates: &'a Templates,
    pub mappings: &'a Mappings,
    pub rules: &'a [(&'a Loaded, &'a Plan<'a>, &'a Rule)],
    pub events: &'a [Event],
    pub options: witness::Options,
    /// Which mutants: every so many-th, from this one.
    pub part: Part,
    /// The share in percent that every macro must reach.
    pub floor: Option<f64>,
    pub format: verify::Format,
}

/// A part of all mutants, as `2/5`: the second of every five.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: usize,
    of: usize,
}

/// What came of a rule: for each target the verdicts, or why there are none.
type Done = Vec<(usize, Option<Examined>)>;

impl std::str::FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(n, of)| Some((n.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Part { number, of }),
            _ => Err("a part is written as 2/5, the second of five".to_owned()),
        }
    }
}

impl Default for Part {
    fn default() -> Self {
        Part { number: 1, of: 1 }
    }
}

impl Run<'_> {
    /// Runs the mutants and prints the scores.
    pub fn run(&self, batch: &Batch, console: &mut Console, stdout: &mut dyn Write) -> Result<Exit, Stop> {
        if self.format == verify::Format::Junit {
            let message = "scores of mutants are printed as text or JSON";
            return Err(Diagnostic::new(codes::ARGUMENT_INVALID, message).help("leave `--format junit` out").into());
        }
        let part = (self.part.number - 1, self.part.of);
        let mut benches = Vec::with_capacity(self.benches.len());
        for bench in self.benches {
            benches.push(Bench::new(
                bench.name(),
                bench.target(),
                self.templates,
                self.mappings.slips(bench.name()),
                part,
            )?);
        }
        let mut scores = vec![Scores::default(); benches.len()];
        let mut examples: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        let places: Vec<usize> = (0..self.rules.len()).collect();
        let mut place = 0;
        console.start(places.len());
        batch.run(
            &places,
            || self.seats(&benches),
            |seats, rule| self.examine(seats, *rule),
            |done: Done| {
                for (target, examined) in done {
                    let Some(scores) = scores.get_mut(target) else { continue };
                    self.take(scores, place, examined, |mutant| {
                        examples.entry(place).or_default().push((target, mutant));
                    });
                }
                place += 1;
                console.step();
                Ok(())
            },
        )?;
        self.search(batch, &benches, &examples, &mut scores)?;
        console.finish();
        let mut low = false;
        for (bench, scores) in benches.iter().zip(&scores) {
            let name = bench.name();
            match self.format {
                verify::Format::Json => self.json(name, bench, scores, stdout)?,
                _ => self.text(name, bench, scores, stdout)?,
            }
            low |= self.floor.is_some_and(|floor| {
                let macros = scores.by(bench.mutants(), |mutant| (&mutant.file, &mutant.name));
                macros.values().any(|score| !score.reaches(floor))
            });
        }
        Ok(if low { Exit::Findings } else { Exit::Success })
    }

    fn seats<'b>(&self, benches: &'b [Bench<'b>]) -> Vec<Option<Seat<'b>>> {
        let seat = |(bench, own): (&'b Bench<'b>, &verify_bench::Bench)| Some(Seat::new(bench, own.engines().ok()?));
        benches.iter().zip(self.benches).map(seat).collect()
    }

    /// The witnesses of a rule, made once for all targets and mutants.
    fn witnesses(&self, rule: &Rule, options: witness::Options) -> Vec<Event> {
        let made = Witnesses::of(rule, options).events.into_iter().map(|witness| witness.event);
        self.events.iter().cloned().chain(made).collect()
    }

    fn examine(&self, seats: &mut [Option<Seat<'_>>], rule: usize) -> Done {
        let Some((_, plan, rule)) = self.rules.get(rule) else { return Vec::new() };
        let events = self.witnesses(rule, self.options);
        let examined = |part: &super::plan::Part<'_>, seats: &mut [Option<Seat<'_>>]| {
            let seat = seats.get_mut(part.target)?.as_mut()?;
            let mapping = (!part.chain.is_empty()).then_some(Mapping { chain: &part.chain, options: &part.mapping });
            let name = self.benches.get(part.target)?.name();
            match Exam::new(rule, mapping, name, seat.session(), &events) {
                Ok(exam) => Some(seat.examine(&exam)),
                Err(errors) if errors.is_empty() => {
                    Some(Examined::LeftOut("its mapping changes a verdict without a mutant".to_owned()))
                }
                Err(_) => None,
            }
        };
        plan.parts.iter().map(|part| (part.target, examined(part, seats))).collect()
    }

    fn take(&self, scores: &mut Scores, rule: usize, examined: Option<Examined>, mut survived: impl FnMut(usize)) {
        let name = self.name(rule);
        match examined {
            None => {}
            Some(Examined::LeftOut(why)) => scores.left_out.push((name, why)),
            Some(Examined::Verdicts(verdicts)) => {
                scores.rules += 1;
                for (mutant, verdict) in verdicts {
                    if verdict == Verdict::Survived && scores.of(mutant).survived == 0 {
                        survived(mutant);
                    }
                    scores.take(mutant, &name, &verdict);
                }
            }
        }
    }

    fn name(&self, rule: usize) -> String {
        self.rules.get(rule).map_or_else(String::new, |(file, _, rule)| {
            if file.read.rules.len() > 1 {
                format!("{} ({})", file.source.name(), rule.meta.title)
            } else {
                file.source.name().to_string()
            }
        })
    }

    /// Looks for events that would have told the survivors, on the rule that each survived first, among many more.
    fn search(
        &self,
        batch: &Batch,
        benches: &[Bench<'_>],
        examples: &BTreeMap<usize, Vec<(usize, usize)>>,
        scores: &mut [Scores],
    ) -> Result<(), Stop> {
        let seed = self.options.seed.wrapping_add(1);
        let near = self.options.near.saturating_mul(DEEPER);
        let options = witness::Options { seed, ..self.options }.with_near(near);
        let items: Vec<(usize, &Vec<(usize, usize)>)> = examples.iter().map(|(rule, found)| (*rule, found)).collect();
        let tell = |seats: &mut Vec<Option<Seat<'_>>>, (rule, found): &(usize, &Vec<(usize, usize)>)| {
            let mut out = Vec::new();
            let Some((_, plan, rule)) = self.rules.get(*rule) else { return out };
            let events = self.witnesses(rule, options);
            for part in &plan.parts {
                let (Some(Some(seat)), Some(bench)) = (seats.get_mut(part.target), self.benches.get(part.target))
                else {
                    continue;
                };
                let mine: Vec<usize> =
                    found.iter().filter(|(target, _)| *target == part.target).map(|(_, mutant)| *mutant).collect();
                if mine.is_empty() {
                    continue;
                }
                let mapping =
                    (!part.chain.is_empty()).then_some(Mapping { chain: &part.chain, options: &part.mapping });
                let Ok(exam) = Exam::new(rule, mapping, bench.name(), seat.session(), &events) else { continue };
                for (mutant, event) in seat.tell(&exam, &mine) {
                    out.push((part.target, mutant, event.clone()));
                }
            }
            out
        };
        batch.run(
            &items,
            || self.seats(benches),
            tell,
            |told| {
                for (target, mutant, event) in told {
                    scores.get_mut(target).into_iter().for_each(|scores| scores.told(mutant, event.clone()));
                }
                Ok(())
            },
        )
    }

    fn text(&self, name: &str, bench: &Bench<'_>, scores: &Scores, stdout: &mut dyn Write) -> Result<(), Stop> {
        let mutants = bench.mutants();
        writeln!(stdout, "{name}: {} rules", scores.rules)?;
        for (rule, why) in &scores.left_out {
            writeln!(stdout, "  left out: {rule}: {why}")?;
        }
        let head = ["mutants", "caught", "survived", "equivalent", "unviable", "score"];
        writeln!(
            stdout,
            "  {:<44}{:>9}{:>9}{:>10}{:>12}{:>10}{:>8}",
            "macro", head[0], head[1], head[2], head[3], head[4], head[5]
        )?;
        for ((file, name), score) in scores.by(mutants, |mutant| (&mutant.file, &mutant.name)) {
            line(&format!("{file} {name}"), &score, stdout)?;
        }
        for (kind, score) in scores.by(mutants, |mutant| mutant.kind) {
            line(&format!("kind: {}", kind.as_str()), &score, stdout)?;
        }
        line("all", &scores.all(), stdout)?;
        for survivor in scores.survivors() {
            let Some(mutant) = mutants.get(survivor.mutant) else { continue };
            let all = survivor.rules + survivor.caught;
            let head = format!("{} {}: {}: {}", mutant.file, mutant.name, mutant.kind.as_str(), mutant.what);
            writeln!(stdout, "  survived on {} of {all} rules: {head}", survivor.rules)?;
            writeln!(stdout, "    such as {}", survivor.example)?;
            if let Some(event) = &survivor.event {
                writeln!(stdout, "    would be told by {}", serde_json::to_string(&event.0).unwrap_or_default())?;
            }
        }
        for (mutant, reason, rules) in scores.equivalents() {
            let Some(mutant) = mutants.get(mutant) else { continue };
            let head = format!("{} {}: {}: {}", mutant.file, mutant.name, mutant.kind.as_str(), mutant.what);
            writeln!(stdout, "  equivalent on {rules} rules: {head}: {reason}")?;
        }
        Ok(())
    }

    fn json(&self, name: &str, bench: &Bench<'_>, scores: &Scores, stdout: &mut dyn Write) -> Result<(), Stop> {
        let mutants = bench.mutants();
        for ((file, own), score) in scores.by(mutants, |mutant| (&mutant.file, &mutant.name)) {
            record(json!({"target": name, "file": file, "macro": own, "score": numbers(&score)}), stdout)?;
        }
        for survivor in scores.survivors() {
            let Some(mutant) = mutants.get(survivor.mutant) else { continue };
            let told = survivor.event.as_ref().map(|event| Value::Object(event.0.clone()));
            record(
                json!({
                    "target": name, "file": mutant.file, "macro": mutant.name, "kind": mutant.kind.as_str(),
                    "mutant": mutant.what, "survived": survivor.rules, "caught": survivor.caught,
                    "example": survivor.example, "told_by": told,
                }),
                stdout,
            )?;
        }
        for (mutant, reason, rules) in scores.equivalents() {
            let Some(mutant) = mutants.get(mutant) else { continue };
            record(
                json!({
                    "target": name, "file": mutant.file, "macro": mutant.name, "kind": mutant.kind.as_str(),
                    "mutant": mutant.what, "equivalent": rules, "reason": reason,
                }),
                stdout,
            )?;
        }
        let left_out: Vec<Value> =
            scores.left_out.iter().map(|(rule, why)| json!({"rule": rule, "reason": why})).collect();
        let rules = scores.rules;
        record(json!({"target": name, "rules": rules, "left_out": left_out, "score": numbers(&scores.all())}), stdout)
    }
}

fn numbers(score: &Score) -> Value {
    json!({
        "mutants": score.mutants, "caught": score.caught, "survived": score.survived,
        "equivalent": score.equivalent, "unviable": score.unviable, "share": score.share(),
    })
}

fn record(value: Value, stdout: &mut dyn Write) -> Result<(), Stop> {
    writeln!(stdout, "{value}")?;
    Ok(())
}

fn line(name: &str, score: &Score, stdout: &mut dyn Write) -> Result<(), Stop> {
    let Score { mutants, caught, survived, equivalent, unviable } = score;
    let share =
        score.share().map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", (share * 1000.0).floor() / 10.0));
    writeln!(stdout, "  {name:<44}{mutants:>9}{caught:>9}{survived:>10}{equivalent:>12}{unviable:>10}{share:>8}")?;
    Ok(())
}
