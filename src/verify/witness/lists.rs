//! Units: the predicates that are tested together, because one operator of a query says them: a list is one predicate.
//!
//! A unit has the tests of one kind on one field that stand side by side. Of a long one members are sampled: the first,
//! the last, the middle one, the longest, the shortest, one that begins another, one with special characters, one with
//! letters beyond ASCII, and two by chance. That the query has the others too is shown by reading it (`verify::members`).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::hits::overlap;
use super::near::{Near, NearKind};
use super::paths::Forest;
use super::random::Random;
use super::texts::{Fill, halves};
use crate::ir::{Case, Expr, Kind, Node, Predicate, Subject, Test};

/// Up to so many members all are tested.
const ALL: usize = 12;
/// The same of keywords, whose members are not read back from queries.
const ALL_KEYWORDS: usize = 64;

/// Predicates that are tested together.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// The numbers of the members that are tested.
    pub(super) members: Vec<usize>,
    /// The numbers of the others.
    pub(super) listed: Vec<usize>,
    /// Whether it stands below an odd number of negations.
    pub(super) negated: bool,
    /// Whether one member is enough.
    pub(super) any: bool,
}

/// The units of an expression; each predicate is in one.
pub(super) fn units(root: &Expr, forest: &Forest<'_>, random: &mut Random) -> Vec<Unit> {
    let mut finder = Finder { forest, random, seen: HashSet::new(), out: Vec::new() };
    finder.find(root, false);
    finder.out
}

type Key<'r> = (&'r Subject, Kind, Option<Case>, Option<Family>);

/// The family of a network: languages ask for each by a function of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    V4,
    V6,
}

struct Finder<'f, 'r> {
    forest: &'f Forest<'r>,
    random: &'f mut Random,
    seen: HashSet<usize>,
    out: Vec<Unit>,
}

impl<'r> Finder<'_, 'r> {
    fn find(&mut self, expr: &'r Expr, negated: bool) {
        match &expr.node {
            Node::True | Node::False => {}
            Node::Test(predicate) => self.add(vec![predicate], negated, true),
            Node::Not(part) => self.find(part, !negated),
            Node::All(parts) | Node::Any(parts) => {
                let mut groups: HashMap<Key<'r>, usize> = HashMap::new();
                let mut order: Vec<Vec<&'r Predicate>> = Vec::new();
                for part in parts {
                    let Node::Test(predicate) = &part.node else {
                        self.find(part, negated);
                        continue;
                    };
                    let place = *groups.entry(key(predicate)).or_insert(order.len());
                    match order.get_mut(place) {
                        Some(group) => group.push(predicate),
                        None => order.push(vec![predicate]),
                    }
                }
                let any = matches!(expr.node, Node::Any(_));
                order.into_iter().for_each(|group| self.add(group, negated, any));
            }
        }
    }

    fn add(&mut self, group: Vec<&'r Predicate>, negated: bool, any: bool) {
        let mut group: Vec<(usize, &Predicate)> = group.into_iter().map(|p| (self.forest.number(p), p)).collect();
        group.retain(|(number, _)| self.seen.insert(*number));
        if group.is_empty() {
            return;
        }
        let is_keyword = group.iter().all(|(_, predicate)| predicate.subject == Subject::AnyValue);
        let (members, listed) = if group.len() <= if is_keyword { ALL_KEYWORDS } else { ALL } {
            (group.iter().map(|(number, _)| *number).collect(), Vec::new())
        } else {
            let chosen = sample(&group, self.random);
            let (members, listed): (Vec<_>, Vec<_>) =
                group.iter().enumerate().partition(|(place, _)| chosen.contains(place));
            let numbers =
                |of: Vec<(usize, &(usize, &Predicate))>| of.into_iter().map(|(_, (number, _))| *number).collect();
            (numbers(members), numbers(listed))
        };
        self.out.push(Unit { members, listed, negated, any });
    }
}

fn key(predicate: &Predicate) -> Key<'_> {
    let case = match &predicate.test {
        Test::Pattern(pattern) => Some(pattern.case),
        Test::FieldPattern { case, .. } => Some(*case),
        _ => None,
    };
    let family = match &predicate.test {
        Test::Network(network) if network.net().network().is_ipv4() => Some(Family::V4),
        Test::Network(_) => Some(Family::V6),
        _ => None,
    };
    (&predicate.subject, predicate.kind(), case, family)
}

/// The places of the members to test.
fn sample(group: &[(usize, &Predicate)], random: &mut Random) -> BTreeSet<usize> {
    let texts: Vec<String> = group.iter().map(|(_, predicate)| text(predicate)).collect();
    let places = 0..group.len();
    let mut chosen: BTreeSet<usize> = [0, group.len() / 2, group.len() - 1].into();
    chosen.extend(places.clone().max_by_key(|place| texts[*place].len()));
    chosen.extend(places.clone().min_by_key(|place| texts[*place].len()));
    let mut sorted: Vec<usize> = places.clone().collect();
    sorted.sort_by(|a, b| texts[*a].cmp(&texts[*b]));
    let begins = |pair: &&[usize]| texts[pair[0]] != texts[pair[1]] && texts[pair[1]].starts_with(&texts[pair[0]]);
    chosen.extend(sorted.windows(2).find(begins).into_iter().flatten());
    let special = |place: &usize| texts[*place].contains(['*', '?', '%', '_', '[', '\'', '"', '$', '^']);
    chosen.extend(places.clone().find(special));
    chosen.extend(places.clone().find(|place| !texts[*place].is_ascii()));
    chosen.extend([random.below(group.len()), random.below(group.len())]);
    chosen
}

fn text(predicate: &Predicate) -> String {
    match &predicate.test {
        Test::Pattern(pattern) => Fill::PLAIN.text(pattern),
        Test::Regex(regex) => regex.text.to_string(),
        Test::Network(network) => network.to_string(),
        Test::Number(number) | Test::Compare(_, number) => number.to_string(),
        _ => String::new(),
    }
}

/// Proposals for a member because of the ones beside it: for a list of which one is enough, values that are near to two of
/// them; for one of which all must be there, all of them in other orders.
pub(super) fn together(tests: &[&Predicate], place: usize, any: bool, wanted: bool) -> Vec<Near> {
    let Some(Subject::Field(field)) = tests.first().map(|predicate| &predicate.subject) else { return Vec::new() };
    let texts: Vec<String> = tests
        .iter()
        .filter_map(|predicate| match &predicate.test {
            Test::Pattern(pattern) => Some(Fill::PLAIN.text(pattern)),
            _ => None,
        })
        .collect();
    if texts.len() < 2 || texts.len() != tests.len() {
        return Vec::new();
    }
    let near = |kind, text: String| Near::new(kind, &field.name, Some(text.into()));
    match (any, wanted) {
        (true, false) => {
            let (front, _) = halves(&texts[place]);
            let (_, back) = halves(&texts[(place + 1) % texts.len()]);
            vec![near(NearKind::HalvesOfTwo, format!("{front}{back}"))]
        }
        (false, true) => {
            let turned: Vec<&str> = texts.iter().rev().map(String::as_str).collect();
            let mut out =
                vec![near(NearKind::Reordered, turned.join(" ")), near(NearKind::Overlapping, turned.concat())];
            out.extend(overlap(&texts[0], &texts[1]).map(|text| near(NearKind::Overlapping, text)));
            out
        }
        _ => Vec::new(),
    }
}

/// The members of the lists that are too long for all of them to be tested.
pub(super) fn long(root: &Expr) -> Vec<Vec<&Predicate>> {
    match &root.node {
        Node::True | Node::False | Node::Test(_) => Vec::new(),
        Node::Not(part) => long(part),
        Node::All(parts) | Node::Any(parts) if parts.len() > ALL => {
            let mut groups: HashMap<Key<'_>, Vec<&Predicate>> = HashMap::new();
            let mut out: Vec<Vec<&Predicate>> = Vec::new();
            for part in parts {
                match &part.node {
                    Node::Test(predicate) => groups.entry(key(predicate)).or_default().push(predicate),
                    _ => out.extend(long(part)),
                }
            }
            out.extend(groups.into_values().filter(|group| group.len() > ALL));
            out
        }
        Node::All(parts) | Node::Any(parts) => parts.iter().flat_map(long).collect(),
    }
}
