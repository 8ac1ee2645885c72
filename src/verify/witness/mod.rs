//! Witness events: what tells a right translation of a rule from a wrong one.
//!
//! From the rule's tree come (1) an event for each way in which the rule can match, (2) for each predicate a pair of
//! events that differ in that predicate and flip the rule's verdict, (3) mutations of those events. The interpreter
//! judges every event; nothing here is believed without it. Deterministic: the same rule and options give the same events.
//!
//! * `ways`: which predicates must hold so that an expression does
//! * `sample`: values that pass a test, and values that just miss it
//! * `solve`: an event from wishes about predicates
//! * `mutate`: small changes of events
//! * `verdict`: the interpreter's verdict, sooner

mod mutate;
mod random;
mod sample;
mod solve;
mod verdict;
mod ways;

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::interp::{Event, Matcher};
use crate::ir::{Kind, Origin, Predicate, Rule, Subject, Test};
use random::Random;
use verdict::Verdict;
use ways::{Forest, Wish};

/// How many values of a predicate say which ways of the other parts go together with it.
const HINTS: usize = 4;
/// How many events get values in fields that may be empty.
const FILLED: usize = 3;

/// How much is made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Start of the random choices (samples of regexes, choice of mutations).
    pub seed: u64,
    /// The most ways of matching that get an event.
    pub ways: usize,
    /// The most predicates that get a flipping pair.
    pub flips: usize,
    /// The most mutations.
    pub mutations: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, ways: 32, flips: 10_000, mutations: 60 }
    }
}

/// The events made for a rule.
#[derive(Debug, Clone)]
pub struct Witnesses {
    /// The events, no two alike, in the order in which they were made.
    pub events: Vec<Witness>,
    /// For each distinct predicate of the rule, in order: whether a flipping pair was found.
    pub flips: Vec<Flip>,
    /// How many ways of matching were left out because of [`Options::ways`].
    pub ways_left_out: usize,
}

/// An event and what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The event.
    pub event: Event,
    /// The interpreter's verdict.
    pub matches: bool,
    /// Why it was made.
    pub purpose: Purpose,
}

/// Why an event was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// One way in which the rule can match.
    Way,
    /// One side of a pair that flips the verdict by the predicate with this number.
    Flip(usize),
    /// A small change of another witness.
    Mutation,
}

/// Whether the verdict could be flipped by one predicate.
#[derive(Debug, Clone)]
pub struct Flip {
    /// Which predicate.
    pub kind: Kind,
    /// Where it stands in the rule (its first occurrence).
    pub origin: Origin,
    /// The result.
    pub outcome: FlipOutcome,
}

/// The result of the search for a flipping pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlipOutcome {
    /// The numbers of the two events in [`Witnesses::events`]: with the predicate true, and false.
    Found(usize, usize),
    /// No value was found that the predicate accepts.
    NoSample,
    /// Events were found, but the verdict never depended on the predicate: it is implied by others, or shadowed by them.
    NoEffect,
    /// Not tried, because of [`Options::flips`].
    LeftOut,
}

impl Witnesses {
    /// Makes the witnesses of a rule.
    pub fn of(rule: &Rule, options: Options) -> Witnesses {
        let matcher = Matcher::new(rule);
        let forest = Forest::new(&rule.condition, &matcher);
        let mut maker = Maker {
            matcher: &matcher,
            verdict: Verdict::new(&matcher, &rule.condition),
            forest: &forest,
            random: Random::new(options.seed),
            seen: HashSet::new(),
            events: Vec::new(),
        };
        let ways_left_out = maker.ways(options.ways);
        let flips = maker.flips(options.flips);
        if !maker.events.iter().any(|witness| witness.matches) {
            maker.singles(options.ways);
        }
        maker.mutations(options.mutations);
        maker.filled();
        Witnesses { events: maker.events, flips, ways_left_out }
    }
}

struct Maker<'m, 'r> {
    matcher: &'m Matcher<'r>,
    verdict: Verdict<'m, 'r>,
    forest: &'m Forest<'r>,
    random: Random,
    seen: HashSet<String>,
    events: Vec<Witness>,
}

impl Maker<'_, '_> {
    /// Keeps an event unless it is there already; its number.
    fn keep(&mut self, event: Event, purpose: Purpose) -> usize {
        let key = serde_json::to_string(&event.0).unwrap_or_default();
        if !self.seen.insert(key) {
            return self.events.iter().position(|w| w.event == event).unwrap_or_default();
        }
        let matches = self.verdict.of(&event);
        self.events.push(Witness { event, matches, purpose });
        self.events.len() - 1
    }

    /// Events for the ways of matching; how many ways were left out.
    fn ways(&mut self, most: usize) -> usize {
        let ways = self.forest.ways_to_match();
        let left_out = ways.len().saturating_sub(most);
        // Evenly over all ways, so that a cap does not mean "only the first selection".
        let step = ways.len().div_ceil(most.max(1)).max(1);
        for way in ways.iter().step_by(step) {
            if let Some(event) = solve::event(way, self.forest, self.matcher, &mut self.random)
                && self.verdict.of(&event)
            {
                self.keep(event, Purpose::Way);
            }
        }
        self.keep(Event::default(), Purpose::Mutation);
        left_out
    }

    fn flips(&mut self, most: usize) -> Vec<Flip> {
        let count = self.forest.predicates().len();
        let mut out = Vec::with_capacity(count);
        for number in 0..count {
            let (predicate, origin) = self.forest.predicates()[number];
            let outcome = if number < most { self.flip(number, predicate) } else { FlipOutcome::LeftOut };
            out.push(Flip { kind: predicate.kind(), origin: origin.clone(), outcome });
        }
        out
    }

    /// A pair of events that differ by the predicate and get different verdicts.
    fn flip(&mut self, number: usize, predicate: &Predicate) -> FlipOutcome {
        let mut sampled = false;
        let hints = self.hints(predicate);
        let (forest, matcher) = (self.forest, self.matcher);
        let fits = |way: &[Wish]| {
            hints.iter().any(|hint| {
                way.iter().all(|(other, wanted)| {
                    let (other, _) = forest.predicates()[*other];
                    other.subject != predicate.subject || matcher.holds(other, hint) == *wanted
                })
            })
        };
        for context in forest.contexts(number, &fits) {
            let mut wishes = context;
            wishes.push((number, true));
            let Some(holding) = solve::event(&wishes, self.forest, self.matcher, &mut self.random) else { continue };
            sampled = true;
            let verdict = self.verdict.of(&holding);
            let near = mutate::misses(predicate, &holding);
            let others = self.forest.others_on_the_same_field(number);
            let alone = |event: &Event| {
                others.iter().all(|other| self.matcher.holds(other, event) == self.matcher.holds(other, &holding))
            };
            let flipped = near.into_iter().find(|event| {
                !self.matcher.holds(predicate, event) && self.verdict.of(event) != verdict && alone(event)
            });
            if let Some(missing) = flipped {
                let holding = self.keep(holding, Purpose::Flip(number));
                let missing = self.keep(missing, Purpose::Flip(number));
                return FlipOutcome::Found(holding, missing);
            }
        }
        if sampled { FlipOutcome::NoEffect } else { FlipOutcome::NoSample }
    }

    /// For a rule that nothing matches: events that hold one predicate each, so that there is something to compare on.
    fn singles(&mut self, most: usize) {
        for number in 0..self.forest.predicates().len().min(most) {
            let (predicate, _) = self.forest.predicates()[number];
            for event in self.hints(predicate) {
                self.keep(event, Purpose::Mutation);
            }
        }
    }

    /// Events that hold the predicate and nothing else.
    fn hints(&mut self, predicate: &Predicate) -> Vec<Event> {
        let Subject::Field(field) = &predicate.subject else { return Vec::new() };
        let values = sample::values(&predicate.test, &mut self.random).into_iter().take(HINTS);
        let event = |value| Event([(field.name.to_string(), value)].into_iter().collect());
        values.map(event).filter(|event| self.matcher.holds(predicate, event)).collect()
    }

    /// Events that match and have values in the fields which the rule asks to be empty or not: stores differ in what is no value, and
    /// a column of truth values holds no other text.
    fn filled(&mut self) {
        let about_nothing = |test: &Test| match test {
            Test::Null | Test::Exists(_) => true,
            Test::Pattern(pattern) => pattern.pieces().is_empty(),
            _ => false,
        };
        let names: BTreeSet<&str> = (self.forest.predicates().iter())
            .filter(|(predicate, _)| about_nothing(&predicate.test))
            .filter_map(|(predicate, _)| match &predicate.subject {
                Subject::Field(field) => Some(&*field.name),
                Subject::AnyValue => None,
            })
            .collect();
        let sources = self.events.iter().filter(|witness| witness.matches && !names.is_empty()).take(FILLED);
        let sources: Vec<Event> = sources.map(|witness| witness.event.clone()).collect();
        for (source, value) in sources.iter().flat_map(|source| [(source, "x".into()), (source, Value::Bool(false))]) {
            let mut event = source.clone();
            for name in &names {
                let mut other = event.clone();
                other.0.insert((*name).to_owned(), value.clone());
                if self.verdict.of(&other) {
                    event = other;
                }
            }
            self.keep(event, Purpose::Mutation);
        }
    }

    /// Mutations of the events so far, spread over all of them.
    fn mutations(&mut self, most: usize) {
        let fields = self.forest.fields();
        let sources: Vec<Event> = self
            .events
            .iter()
            .filter(|w| w.matches)
            .chain(self.events.iter().filter(|w| !w.matches))
            .map(|w| w.event.clone())
            .collect();
        let mut made = 0;
        let mut attempts = 0;
        while made < most && attempts < most * 8 && !sources.is_empty() {
            let source = &sources[(attempts * 7 + attempts / sources.len()) % sources.len()];
            attempts += 1;
            let Some(event) = mutate::mutation(source, &fields, &mut self.random) else { continue };
            let before = self.events.len();
            self.keep(event, Purpose::Mutation);
            made += self.events.len() - before;
        }
    }
}

#[cfg(test)]
mod tests;
