//! What came of mutants: counts by macro, and those that nothing told apart.

use std::collections::BTreeMap;

use super::Mutant;
use crate::interp::Event;

/// What came of one mutant on one rule whose query it changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// An event told it from the original.
    Caught,
    /// It cannot be told from the original, for this reason.
    Equivalent(&'static str),
    /// No event told it from the original.
    Survived,
    /// The engine cannot read it.
    Unviable,
}

/// Pairs of a mutant and a rule whose query it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    /// How many mutants change the query of some rule.
    pub mutants: usize,
    /// Told from the original.
    pub caught: usize,
    /// Not told from it.
    pub survived: usize,
    /// Proved to be the same.
    pub equivalent: usize,
    /// Not read by the engine.
    pub unviable: usize,
}

/// A mutant on a rule that it changes without being noticed.
#[derive(Debug, Clone)]
pub struct Survivor {
    /// The mutant, by its place.
    pub mutant: usize,
    /// Of how many rules.
    pub rules: usize,
    /// How many rules tell it from the original.
    pub caught: usize,
    /// The first of the rules.
    pub example: String,
    /// The smallest event that would have told, where a deeper search finds one.
    pub event: Option<Event>,
}

/// The scores of a target.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    pairs: BTreeMap<usize, BTreeMap<&'static str, usize>>,
    survived: BTreeMap<usize, (String, Option<Event>)>,
    reasons: BTreeMap<(usize, &'static str), usize>,
    /// The rules that were looked at.
    pub rules: usize,
    /// Rules that tell nothing, with the reason.
    pub left_out: Vec<(String, String)>,
}

impl Score {
    /// The share of what was caught among what can be caught; `None` where there is nothing.
    pub fn share(&self) -> Option<f64> {
        let all = self.caught + self.survived;
        (all > 0).then(|| self.caught as f64 / all as f64)
    }

    /// Whether the share is at least so many percent.
    pub fn reaches(&self, percent: f64) -> bool {
        self.share().is_none_or(|share| share * 100.0 >= percent)
    }

    /// Adds what came of other mutants.
    pub fn add(&mut self, other: &Score) {
        self.mutants += other.mutants;
        self.caught += other.caught;
        self.survived += other.survived;
        self.equivalent += other.equivalent;
        self.unviable += other.unviable;
    }
}

impl Scores {
    /// Takes what came of a mutant on a rule.
    pub fn take(&mut self, mutant: usize, rule: &str, verdict: &Verdict) {
        let word = match verdict {
            Verdict::Caught => "caught",
            Verdict::Equivalent(reason) => {
                *self.reasons.entry((mutant, reason)).or_default() += 1;
                "equivalent"
            }
            Verdict::Survived => {
                self.survived.entry(mutant).or_insert_with(|| (rule.to_owned(), None));
                "survived"
            }
            Verdict::Unviable => "unviable",
        };
        *self.pairs.entry(mutant).or_default().entry(word).or_default() += 1;
    }

    /// Takes an event that tells a survivor from the original.
    pub fn told(&mut self, mutant: usize, event: Event) {
        if let Some((_, told)) = self.survived.get_mut(&mutant) {
            *told = Some(event);
        }
    }

    /// The score of one mutant.
    pub fn of(&self, mutant: usize) -> Score {
        let Some(words) = self.pairs.get(&mutant) else { return Score::default() };
        let count = |word| words.get(word).copied().unwrap_or(0);
        Score {
            mutants: 1,
            caught: count("caught"),
            survived: count("survived"),
            equivalent: count("equivalent"),
            unviable: count("unviable"),
        }
    }

    /// The scores by what `key` says of a mutant.
    pub fn by<'m, K: Ord>(&self, mutants: &'m [Mutant], key: impl Fn(&'m Mutant) -> K) -> BTreeMap<K, Score> {
        let mut out: BTreeMap<K, Score> = BTreeMap::new();
        for place in self.pairs.keys() {
            if let Some(mutant) = mutants.get(*place) {
                out.entry(key(mutant)).or_default().add(&self.of(*place));
            }
        }
        out
    }

    /// The score over all mutants.
    pub fn all(&self) -> Score {
        let mut out = Score::default();
        self.pairs.keys().for_each(|place| out.add(&self.of(*place)));
        out
    }

    /// The mutants that some rule did not notice, those of most rules first.
    pub fn survivors(&self) -> Vec<Survivor> {
        let mut out: Vec<Survivor> = self
            .survived
            .iter()
            .map(|(mutant, (example, event))| {
                let score = self.of(*mutant);
                let (rules, caught) = (score.survived, score.caught);
                Survivor { mutant: *mutant, rules, caught, example: example.clone(), event: event.clone() }
            })
            .collect();
        out.sort_by_key(|survivor| std::cmp::Reverse(survivor.rules));
        out
    }

    /// The mutants that were proved to be the same as the original on some rule, with the reason and the number of rules.
    pub fn equivalents(&self) -> impl Iterator<Item = (usize, &'static str, usize)> + '_ {
        self.reasons.iter().map(|((mutant, reason), rules)| (*mutant, *reason, *rules))
    }
}
