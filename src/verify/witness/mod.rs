//! Witness events: what tells a right translation of a rule from a wrong one.
//!
//! From the rule's tree come (1) an event for each way in which the rule can match, (2) for each predicate a pair of
//! events that differ in that predicate and flip the rule's verdict, (3) on the path of that pair near hits and near misses:
//! values at the boundaries that the predicate's operator has, (4) alterations by chance. The interpreter judges every
//! event; nothing here is believed without it. Deterministic: the same rule and options give the same events.
//!
//! * `paths`: which predicates must hold so that an expression does
//! * `lists`: which predicates are tested together, and which members of long lists
//! * `sample`, `solve`: values that pass a test, and an event from wishes about predicates
//! * `near`: the kinds of near hits and near misses; `hits` and `misses` propose them, `pools` where both sides are of one
//!   kind, from `texts` and from a `walk` through a regex
//! * `mutations`: alterations by chance
//! * `maker`: all this for one rule

mod hits;
mod lists;
mod maker;
mod misses;
mod mutations;
mod near;
mod paths;
mod pools;
mod random;
mod sample;
mod solve;
mod texts;
mod walk;

use crate::interp::Event;
use crate::ir::{Kind, Origin, Predicate, Rule};

pub use near::NearKind;

/// How much is made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Start of the random choices (samples of regexes, choice of mutations).
    pub seed: u64,
    /// The most ways of matching that get an event.
    pub ways: usize,
    /// The most predicates that get a flipping pair.
    pub flips: usize,
    /// The most near hits, and the most near misses, of a predicate; half as many again of a regex. A list is one predicate.
    pub near: usize,
    /// The most alterations by chance.
    pub mutations: usize,
}

impl Options {
    /// So many near hits and near misses of a predicate, and alterations in proportion.
    pub fn with_near(self, near: usize) -> Self {
        Self { near, mutations: near.saturating_mul(MUTATIONS), ..self }
    }
}

/// How many alterations by chance there are for each near hit that a predicate may have.
const MUTATIONS: usize = 3;

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, ways: 32, flips: 10_000, near: 8, mutations: 8 * MUTATIONS }
    }
}

/// The events made for a rule.
#[derive(Debug, Clone)]
pub struct Witnesses {
    /// The events, no two alike, in the order in which they were made.
    pub events: Vec<Witness>,
    /// For each distinct predicate of the rule, in order: whether a flipping pair was found.
    pub flips: Vec<Flip>,
    /// What was made around the boundaries of each predicate, lists as one.
    pub nears: Vec<Nears>,
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
    /// A near hit of the predicate with this number: it holds there.
    Hit(usize, NearKind),
    /// A near miss: it does not.
    Miss(usize, NearKind),
    /// A small change of another witness by chance.
    Mutation,
}

/// The near hits and near misses of a predicate, or of a list of them.
#[derive(Debug, Clone)]
pub struct Nears {
    /// Which kind of predicate.
    pub kind: Kind,
    /// Where the first of them stands.
    pub origin: Origin,
    /// The kinds of the near hits: events of their own, or shared with other predicates or purposes.
    pub hits: Vec<NearKind>,
    /// The kinds of the near misses.
    pub misses: Vec<NearKind>,
    /// How many kinds of near hits and near misses were not tried because of [`Options::near`].
    pub capped: usize,
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
    /// Values were found, but none together with what the other predicates need: the rule contradicts itself there.
    Contradictory,
    /// Events were found, but the verdict never depended on the predicate: it is subsumed by others.
    NoEffect,
    /// A member of a long list that is not among the sampled ones. Reading the query shows that it is there.
    Listed,
    /// Not tried, because of [`Options::flips`].
    LeftOut,
}

impl Witnesses {
    /// Makes the witnesses of a rule.
    pub fn of(rule: &Rule, options: Options) -> Witnesses {
        maker::make(rule, options)
    }
}

/// The members of the rule's lists that are too long to be tested one by one.
pub(super) fn long_lists(rule: &Rule) -> Vec<Vec<&Predicate>> {
    maker::long_lists(rule)
}

/// Events for members of long lists, and for constants in their place.
pub(super) fn member_events(rule: &Rule, members: &[&Predicate], strangers: &[String]) -> Vec<Event> {
    maker::member_events(rule, members, strangers)
}

#[cfg(test)]
mod tests;
