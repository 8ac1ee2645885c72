//! The making of a rule's witnesses, from paths to alterations.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::lists::{self, Unit};
use super::near::{Near, NearKind};
use super::paths::{Forest, Wish, is_empty_text};
use super::random::Random;
use super::{Flip, FlipOutcome, Nears, Options, Purpose, Witness, Witnesses, hits, misses, mutations, sample, solve};
use crate::interp::{Event, Matcher};
use crate::ir::{Predicate, Rule, Subject, Test};
use crate::verify::verdict::Verdict;

/// How many values of a predicate say which ways of the other parts go together with it.
const HINTS: usize = 4;
/// How many events get values in fields that may be empty.
const FILLED: usize = 3;
/// How many members of a unit are proposed for.
const MEMBERS: usize = 4;
/// How many of the first kinds are always tried before the rotation starts: of near hits, whose first two have most of the
/// others in them, and of near misses.
const FIRST: (usize, usize) = (5, 7);
/// How many near hits of a unit have events of their own, so that a store that cannot hold another one's value loses none.
const ALONE: usize = 2;

/// Makes the witnesses of a rule.
pub(super) fn make(rule: &Rule, options: Options) -> Witnesses {
    let verdict = Verdict::new(rule);
    let mut forest = Forest::new(&rule.condition, verdict.matcher());
    let mut random = Random::new(options.seed);
    let units = lists::units(&rule.condition, &forest, &mut random);
    forest.sample(&units);
    let mut maker = Maker {
        matcher: verdict.matcher(),
        verdict: &verdict,
        forest: &forest,
        random,
        seen: HashMap::new(),
        events: Vec::new(),
    };
    let ways_left_out = maker.ways(options.ways);
    let flips = maker.flips(options.flips);
    if !maker.events.iter().any(|witness| witness.matches) {
        maker.singles(options.ways);
    }
    let nears = maker.nears(&units, &flips, options.near, salt(rule));
    maker.filled();
    maker.mutations(options.mutations);
    Witnesses { events: maker.events, flips, nears, ways_left_out }
}

/// A number of the rule's own, so that the rotations of kinds of different rules start at different places.
fn salt(rule: &Rule) -> usize {
    let hash = |sum: usize, byte: u8| (sum ^ usize::from(byte)).wrapping_mul(0x0100_0193);
    rule.meta.id.as_deref().unwrap_or(&rule.meta.title).bytes().fold(0x811c_9dc5, hash)
}

struct Maker<'m, 'r> {
    matcher: &'m Matcher<'r>,
    verdict: &'m Verdict<'r>,
    forest: &'m Forest<'r>,
    random: Random,
    /// The numbers of the events, by their text.
    seen: HashMap<String, usize>,
    events: Vec<Witness>,
}

/// A near hit that holds on its path.
struct Hit {
    number: usize,
    near: Near,
    /// The event of the path.
    base: usize,
    covered: bool,
}

impl Maker<'_, '_> {
    /// Keeps an event unless it is there already; its number.
    fn keep(&mut self, event: Event, purpose: Purpose) -> usize {
        let key = serde_json::to_string(&event.0).unwrap_or_default();
        if let Some(number) = self.seen.get(&key) {
            return *number;
        }
        self.seen.insert(key, self.events.len());
        let matches = self.verdict.matches(&event);
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
                && self.verdict.matches(&event)
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
            let outcome = if self.forest.is_listed(number) {
                FlipOutcome::Listed
            } else if number < most {
                self.flip(number, predicate)
            } else {
                FlipOutcome::LeftOut
            };
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
        let others = self.forest.others_on_the_same_field(number);
        for context in forest.contexts(number, &fits) {
            let mut wishes = context;
            wishes.push((number, true));
            let Some(holding) = solve::event(&wishes, self.forest, self.matcher, &mut self.random) else { continue };
            sampled = true;
            let verdict = self.verdict.matches(&holding);
            let flipped = misses::proposals(predicate, &holding, matcher)
                .into_iter()
                .map(|near| near.applied(&holding))
                .find(|event| {
                    !self.matcher.holds(predicate, event)
                        && self.verdict.matches(event) != verdict
                        && self.keeps_others(&others, event, &holding)
                });
            if let Some(missing) = flipped {
                let holding = self.keep(holding, Purpose::Flip(number));
                let missing = self.keep(missing, Purpose::Flip(number));
                return FlipOutcome::Found(holding, missing);
            }
        }
        if sampled {
            FlipOutcome::NoEffect
        } else if hints.is_empty() {
            FlipOutcome::NoSample
        } else {
            FlipOutcome::Contradictory
        }
    }

    /// Whether the other predicates say of the event what they say of the base.
    fn keeps_others(&self, others: &[&Predicate], event: &Event, base: &Event) -> bool {
        others.iter().all(|other| self.matcher.holds(other, event) == self.matcher.holds(other, base))
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

    /// Near hits and near misses of all units, at most so many of each.
    fn nears(&mut self, units: &[Unit], flips: &[Flip], most: usize, salt: usize) -> Vec<Nears> {
        let mut out = Vec::with_capacity(units.len());
        let mut hits: Vec<Vec<Hit>> = Vec::with_capacity(units.len());
        for (place, unit) in units.iter().enumerate() {
            let turn = salt.wrapping_add(place);
            let bases = self.bases(unit, flips, turn);
            let mut found = Found::default();
            for wanted in [true, false] {
                self.near(unit, &bases, wanted, most, turn, &mut found);
            }
            let number = unit.members.first().copied().unwrap_or_default();
            let (predicate, origin) = self.forest.predicates()[number];
            let (kind, origin) = (predicate.kind(), origin.clone());
            let kinds = found.hits.iter().map(|hit| hit.near.kind).collect();
            out.push(Nears { kind, origin, hits: kinds, misses: found.misses, capped: found.capped });
            hits.push(found.hits);
        }
        self.share(&mut hits);
        out
    }

    /// Members of a unit with the two events of their pairs.
    fn bases(&self, unit: &Unit, flips: &[Flip], turn: usize) -> Vec<(usize, usize, usize)> {
        let found = |number: &usize| match flips.get(*number)?.outcome {
            FlipOutcome::Found(holding, missing) => Some((*number, holding, missing)),
            _ => None,
        };
        let mut bases: Vec<_> = unit.members.iter().filter_map(found).collect();
        if !bases.is_empty() {
            let turn = turn % bases.len();
            bases.rotate_left(turn);
        }
        bases.truncate(MEMBERS);
        bases
    }

    /// Near hits (`wanted`) or near misses of a unit: each kind in its turn, of the first member that has it.
    fn near(
        &mut self,
        unit: &Unit,
        bases: &[(usize, usize, usize)],
        wanted: bool,
        most: usize,
        turn: usize,
        found: &mut Found,
    ) {
        let mut keys: Vec<(NearKind, usize)> = Vec::new();
        let mut proposed: HashMap<(NearKind, usize), Vec<(usize, Near)>> = HashMap::new();
        for (place, (number, base, _)) in bases.iter().enumerate() {
            let (predicate, _) = self.forest.predicates()[*number];
            let Some(base) = self.events.get(*base).map(|witness| &witness.event) else { continue };
            let mut proposals = if wanted {
                hits::proposals(predicate, base, self.matcher)
            } else {
                misses::proposals(predicate, base, self.matcher)
            };
            proposals.extend(self.together(unit, *number, wanted));
            for near in proposals {
                // A list of numbers may hold each of them as text as well.
                let variant = if near.kind == NearKind::AsText { place } else { near.variant };
                let key = (near.kind, variant);
                proposed.entry(key).or_insert_with(|| {
                    keys.push(key);
                    Vec::new()
                });
                proposed.entry(key).or_default().push((place, near));
            }
        }
        // Each node of a regex is a boundary: it has half as many again.
        let is_regex = |number: &usize| matches!(self.forest.predicates()[*number].0.test, Test::Regex(_));
        let more = unit.members.first().is_some_and(is_regex);
        let enough = |number: usize| if more { number + number / 2 } else { number };
        let (first, most) = (enough(if wanted { FIRST.0 } else { FIRST.1 }), enough(most));
        order(&mut keys, first, unit.negated && !wanted, turn);
        let mut kept = 0;
        let mut capped = BTreeSet::new();
        for (slot, key) in keys.iter().enumerate() {
            if kept >= most {
                capped.insert(key.0);
                continue;
            }
            let mut candidates = proposed.remove(key).unwrap_or_default();
            // Each kind starts at another member.
            candidates.sort_by_key(|(place, _)| (place + slot) % bases.len().max(1));
            let holds = candidates.into_iter().find_map(|(place, near)| self.accepted(bases[place], near, wanted));
            let Some((number, base, near, event)) = holds else { continue };
            kept += 1;
            if wanted {
                found.hits.push(Hit { number, near, base, covered: false });
            } else {
                found.misses.push(key.0);
                self.keep(event, Purpose::Miss(number, key.0));
            }
        }
        found.capped += capped.len();
    }

    /// The proposal as an event, where the predicate says of it what is wanted and the rule's verdict depends on that.
    fn accepted(
        &self,
        (number, holding, missing): (usize, usize, usize),
        near: Near,
        wanted: bool,
    ) -> Option<(usize, usize, Near, Event)> {
        let (predicate, _) = self.forest.predicates()[number];
        let base = self.events.get(holding)?;
        let event = near.applied(&base.event);
        let verdict = if wanted { base.matches } else { self.events.get(missing)?.matches };
        if self.matcher.holds(predicate, &event) != wanted || self.verdict.matches(&event) != verdict {
            return None;
        }
        Some((number, holding, near, event))
    }

    /// What is proposed for a member because of the others beside it.
    fn together(&self, unit: &Unit, number: usize, wanted: bool) -> Vec<Near> {
        let tests: Vec<&Predicate> = unit.members.iter().map(|member| self.forest.predicates()[*member].0).collect();
        let place = unit.members.iter().position(|member| *member == number).unwrap_or_default();
        lists::together(&tests, place, unit.any, wanted)
    }

    /// Keeps the near hits: the first ones of each unit alone, the others together with those of other units on the same path.
    fn share(&mut self, hits: &mut [Vec<Hit>]) {
        for unit in 0..hits.len() {
            for place in 0..hits[unit].len() {
                let hit = &hits[unit][place];
                let Some(base) = self.events.get(hit.base) else { continue };
                if hit.covered && place >= ALONE {
                    continue;
                }
                let verdict = base.matches;
                let (number, kind) = (hit.number, hit.near.kind);
                let mut event = hit.near.applied(&base.event);
                if place >= ALONE {
                    let changed: Vec<String> = hit.near.edits.iter().map(|(name, _)| name.clone()).collect();
                    self.fill(&mut event, number, verdict, changed, unit, hits);
                }
                self.keep(event, Purpose::Hit(number, kind));
            }
        }
    }

    /// Puts near hits of other units into other fields of an event, as far as all predicates keep their truth.
    fn fill(
        &self,
        event: &mut Event,
        number: usize,
        verdict: bool,
        mut changed: Vec<String>,
        own: usize,
        hits: &mut [Vec<Hit>],
    ) {
        let (predicate, _) = self.forest.predicates()[number];
        for (_, others) in hits.iter_mut().enumerate().filter(|(unit, _)| *unit > own) {
            let open = others.iter_mut().skip(ALONE).find(|hit| {
                !hit.covered
                    && hit.near.edits.iter().all(|(name, _)| !changed.contains(name) && event.0.contains_key(name))
            });
            let Some(hit) = open else { continue };
            let (other, _) = self.forest.predicates()[hit.number];
            if !self.matcher.holds(other, event) {
                continue;
            }
            let trial = hit.near.applied(event);
            if !self.matcher.holds(other, &trial)
                || !self.matcher.holds(predicate, &trial)
                || self.verdict.matches(&trial) != verdict
            {
                continue;
            }
            // The verdict must hang on the other predicate here, too.
            let without = hit.near.edits.iter().fold(trial.clone(), |mut event, (name, _)| {
                event.0.shift_remove(name);
                event
            });
            if self.verdict.matches(&without) == verdict {
                continue;
            }
            hit.covered = true;
            changed.extend(hit.near.edits.iter().map(|(name, _)| name.clone()));
            *event = trial;
        }
    }

    /// Events that match and have values in the fields which the rule asks to be empty or not: stores differ in what is no value, and
    /// a column of truth values holds no other text.
    fn filled(&mut self) {
        let about_nothing = |test: &Test| matches!(test, Test::Null | Test::Exists(_)) || is_empty_text(test);
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
                if self.verdict.matches(&other) {
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
            let Some(event) = mutations::mutation(source, &fields, &mut self.random) else { continue };
            let before = self.events.len();
            self.keep(event, Purpose::Mutation);
            made += self.events.len() - before;
        }
    }
}

/// What was found for a unit.
#[derive(Default)]
struct Found {
    hits: Vec<Hit>,
    misses: Vec<NearKind>,
    capped: usize,
}

/// The order in which kinds are tried: each kind once before any comes again. The first ones always come first (below NOT,
/// absence does), the others by turns.
fn order(keys: &mut Vec<(NearKind, usize)>, first: usize, absence_first: bool, turn: usize) {
    let (mut once, mut again) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for key in keys.drain(..) {
        if seen.insert(key.0) { once.push(key) } else { again.push(key) }
    }
    if absence_first {
        once.sort_by_key(|(kind, _)| !matches!(kind, NearKind::Missing | NearKind::Null));
    }
    let first = once.len().min(first);
    for rest in [&mut once[first..], &mut again[..]] {
        if !rest.is_empty() {
            rest.rotate_left(turn % rest.len());
        }
    }
    keys.extend(once.into_iter().chain(again));
}

/// Events for members of long lists and for constants: put where a sampled member of the list decides the rule's verdict.
pub(super) fn member_events(rule: &Rule, members: &[&Predicate], strangers: &[String]) -> Vec<Event> {
    if members.is_empty() && strangers.is_empty() {
        return Vec::new();
    }
    let verdict = Verdict::new(rule);
    let mut forest = Forest::new(&rule.condition, verdict.matcher());
    let mut random = Random::new(Options::default().seed);
    let units = lists::units(&rule.condition, &forest, &mut random);
    forest.sample(&units);
    let (seen, events) = (HashMap::new(), Vec::new());
    let mut maker = Maker { matcher: verdict.matcher(), verdict: &verdict, forest: &forest, random, seen, events };
    let mut out = Vec::new();
    for unit in units.iter().filter(|unit| !unit.listed.is_empty()) {
        let Some((Subject::Field(field), base)) = unit.members.iter().find_map(|number| {
            let (predicate, _) = maker.forest.predicates()[*number];
            let FlipOutcome::Found(holding, _) = maker.flip(*number, predicate) else { return None };
            Some((&predicate.subject, maker.events[holding].clone()))
        }) else {
            continue;
        };
        let mut put = |value: Value| {
            let mut event = base.event.clone();
            event.0.insert(field.name.to_string(), value);
            out.push(event);
        };
        let numbers: BTreeSet<usize> = unit.members.iter().chain(&unit.listed).copied().collect();
        for member in members.iter().filter(|member| numbers.contains(&maker.forest.number(member))) {
            sample::values(&member.test, &mut maker.random).into_iter().take(1).for_each(&mut put);
        }
        strangers.iter().for_each(|text| put(text.as_str().into()));
    }
    out
}

/// The members of the lists that are too long to be tested one by one.
pub(super) fn long_lists(rule: &Rule) -> Vec<Vec<&Predicate>> {
    lists::long(&rule.condition)
}
