//! Sums over many comparisons.

use std::collections::BTreeMap;

use super::exclusion::Exclusion;
use super::witness::{FlipOutcome, Witnesses};
use super::{Comparison, Outcome};
use crate::diagnostic::Code;
use crate::ir::Kind;

/// The sums of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rules whose query selects what the interpreter matches.
    pub equal: usize,
    /// Rules whose query does not.
    pub different: usize,
    /// Rules of which no event could be compared.
    pub not_compared: usize,
    /// Rules for which an engine gave no answer.
    pub failed: usize,
    /// Rules that the target cannot say.
    pub refused: usize,
    /// The same by code.
    pub refusals: BTreeMap<Code, usize>,
    /// Events compared.
    pub events: usize,
    /// Events among them that matched.
    pub matched: usize,
    /// Rules of which at least one event matched.
    pub rules_matched: usize,
    /// Rules of which some event matched and some did not.
    pub discriminating: usize,
    /// Events that could not be compared.
    pub excluded: BTreeMap<Exclusion, usize>,
    /// Events that the rule judges otherwise than their projection, as the manifest says for all rules.
    pub stated: usize,
    /// The same for other reasons, with a warning of the conversion.
    pub warned: usize,
    /// Rules where that warning is missing.
    pub unwarned: usize,
    /// Members of long lists that the queries' texts show.
    pub members_read: usize,
    /// Members and constants that got an event because the text leaves them open.
    pub members_tested: usize,
    /// Members with neither.
    pub members_unread: usize,
}

impl Tally {
    /// Adds a comparison.
    pub fn add(&mut self, comparison: &Comparison) {
        match &comparison.outcome {
            Outcome::Equal => self.equal += 1,
            Outcome::Different(_) => self.different += 1,
            Outcome::NotCompared => self.not_compared += 1,
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Refused(errors) => {
                self.refused += 1;
                let codes: std::collections::BTreeSet<Code> = errors.iter().map(|error| error.code).collect();
                codes.into_iter().for_each(|code| *self.refusals.entry(code).or_default() += 1);
            }
        }
        self.events += comparison.events;
        self.matched += comparison.matched;
        self.rules_matched += usize::from(comparison.matched > 0);
        self.discriminating += usize::from(comparison.discriminates());
        for (exclusion, n) in &comparison.excluded {
            *self.excluded.entry(*exclusion).or_default() += n;
        }
        self.stated += comparison.data_model.stated;
        self.warned += comparison.data_model.warned;
        self.unwarned += usize::from(comparison.data_model.unwarned.is_some());
        self.members_read += comparison.members.read;
        self.members_tested += comparison.members.tested + comparison.members.strangers;
        self.members_unread += comparison.members.unread;
    }

    /// Adds other sums.
    pub fn add_all(&mut self, other: &Tally) {
        self.equal += other.equal;
        self.different += other.different;
        self.not_compared += other.not_compared;
        self.failed += other.failed;
        self.refused += other.refused;
        other.refusals.iter().for_each(|(code, n)| *self.refusals.entry(*code).or_default() += n);
        self.events += other.events;
        self.matched += other.matched;
        self.rules_matched += other.rules_matched;
        self.discriminating += other.discriminating;
        other.excluded.iter().for_each(|(exclusion, n)| *self.excluded.entry(*exclusion).or_default() += n);
        self.stated += other.stated;
        self.warned += other.warned;
        self.unwarned += other.unwarned;
        self.members_read += other.members_read;
        self.members_tested += other.members_tested;
        self.members_unread += other.members_unread;
    }

    /// Rules that were converted and compared, whatever came of it.
    pub fn compared(&self) -> usize {
        self.equal + self.different + self.failed
    }
}

/// What became of the search for pairs of events that differ in one predicate and flip the verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlipCounts {
    /// Rules.
    pub rules: usize,
    /// Rules with an event that they match.
    pub rules_matched: usize,
    /// Predicates with a pair.
    pub found: usize,
    /// Predicates for which no value was found.
    pub no_sample: usize,
    /// Predicates that contradict what the others need.
    pub contradictory: usize,
    /// Predicates on which the verdict never depended: others subsume them.
    pub no_effect: usize,
    /// Members of long lists that are not sampled.
    pub listed: usize,
    /// Near hits.
    pub hits: usize,
    /// Near misses.
    pub misses: usize,
    /// The predicates of which the cap left kinds of near hits or near misses untried, by what they test.
    pub capped: BTreeMap<Kind, Capped>,
    /// Predicates, lists as one, that have a pair but neither near hits nor near misses.
    pub bare: usize,
    /// Predicates that were not tried.
    pub left_out: usize,
    /// Ways of matching that got no event because of the cap.
    pub ways_left_out: usize,
}

/// Predicates of one kind, lists as one, that have more boundaries than there may be events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capped {
    /// How many predicates.
    pub predicates: usize,
    /// Kinds of near hits and near misses, summed over them, that were not tried.
    pub kinds: usize,
}

impl FlipCounts {
    /// Adds a rule's witnesses.
    pub fn add(&mut self, witnesses: &Witnesses) {
        self.rules += 1;
        self.rules_matched += usize::from(witnesses.events.iter().any(|witness| witness.matches));
        self.ways_left_out += witnesses.ways_left_out;
        for flip in &witnesses.flips {
            *match flip.outcome {
                FlipOutcome::Found(..) => &mut self.found,
                FlipOutcome::NoSample => &mut self.no_sample,
                FlipOutcome::Contradictory => &mut self.contradictory,
                FlipOutcome::NoEffect => &mut self.no_effect,
                FlipOutcome::Listed => &mut self.listed,
                FlipOutcome::LeftOut => &mut self.left_out,
            } += 1;
        }
        for nears in &witnesses.nears {
            self.hits += nears.hits.len();
            self.misses += nears.misses.len();
            if nears.capped > 0 {
                let capped = self.capped.entry(nears.kind).or_default();
                capped.predicates += 1;
                capped.kinds += nears.capped;
            }
            self.bare += usize::from(nears.hits.is_empty() && nears.misses.is_empty());
        }
    }

    /// Adds other counts.
    pub fn add_all(&mut self, other: &FlipCounts) {
        self.rules += other.rules;
        self.rules_matched += other.rules_matched;
        self.found += other.found;
        self.no_sample += other.no_sample;
        self.contradictory += other.contradictory;
        self.no_effect += other.no_effect;
        self.listed += other.listed;
        self.hits += other.hits;
        self.misses += other.misses;
        for (kind, other) in &other.capped {
            let capped = self.capped.entry(*kind).or_default();
            capped.predicates += other.predicates;
            capped.kinds += other.kinds;
        }
        self.bare += other.bare;
        self.left_out += other.left_out;
        self.ways_left_out += other.ways_left_out;
    }

    /// All predicates but the members of long lists that are not sampled.
    pub fn predicates(&self) -> usize {
        self.found + self.no_sample + self.contradictory + self.no_effect + self.left_out
    }
}
