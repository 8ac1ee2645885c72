//! Which predicates must hold so that an expression does: ways of matching, and contexts in which one predicate decides.
//!
//! A *wish* is a predicate's number and the truth that is wanted. Wishes that the empty event grants by itself are left
//! out: most tests are false there. The enumeration is "each choice": every alternative occurs in some way, not every combination.

use std::collections::{HashMap, HashSet};

use super::lists::Unit;
use crate::interp::{Event, Matcher};
use crate::ir::{Expr, Node, Origin, Predicate, Subject, Test};

/// A predicate's number and the truth wanted.
pub(super) type Wish = (usize, bool);

/// The most ways that one node contributes to its parent.
const WAYS_LIMIT: usize = 20_000;
/// The most wishes of one way; more ways of a node are dropped first.
const WISH_LIMIT: usize = 4_000;
/// How many other predicates on a field must keep their truth in a flipping pair.
const OTHERS_LIMIT: usize = 300;
/// How many contexts are tried for a predicate.
const CONTEXT_LIMIT: usize = 12;

/// What is to be done with parts that are already as wanted in the empty event.
#[derive(Clone, Copy, PartialEq)]
enum Idle {
    /// Nothing: the verdict of the whole will tell whether they stayed so.
    LeftOut,
    /// They are wished for, which tells apart values that would disturb them.
    Wished,
}

/// A predicate whose context is looked for.
#[derive(Clone, Copy)]
struct Target<'t> {
    number: usize,
    fits: &'t dyn Fn(&[Wish]) -> bool,
    idle: Idle,
    /// How many contexts there may be.
    most: usize,
}

/// Whether the test is for the empty text.
pub(super) fn is_empty_text(test: &Test) -> bool {
    matches!(test, Test::Pattern(pattern) if pattern.pieces().is_empty())
}

/// The distinct predicates of an expression, numbered in order.
pub(super) struct Forest<'r> {
    root: &'r Expr,
    predicates: Vec<(&'r Predicate, &'r Origin)>,
    /// The number of each predicate of the tree, by its address there.
    numbers: HashMap<*const Predicate, usize>,
    /// The truth of each predicate for the empty event; none where a store may take what is missing for what is empty.
    by_default: Vec<Option<bool>>,
    /// Whether the predicate is one of a long list's members that are not sampled.
    listed: Vec<bool>,
}

impl<'r> Forest<'r> {
    /// Numbers the predicates.
    pub(super) fn new(root: &'r Expr, matcher: &Matcher<'_>) -> Self {
        let mut forest =
            Self { root, predicates: Vec::new(), numbers: HashMap::new(), by_default: Vec::new(), listed: Vec::new() };
        let empty = Event::default();
        let mut known: HashMap<&Predicate, usize> = HashMap::new();
        root.for_each_predicate(&mut |predicate, origin| {
            // Two predicates are one where they say the same, wherever they stand.
            let number = *known.entry(predicate).or_insert_with(|| {
                forest.predicates.push((predicate, origin));
                forest.by_default.push((!is_empty_text(&predicate.test)).then(|| matcher.holds(predicate, &empty)));
                forest.predicates.len() - 1
            });
            forest.numbers.insert(std::ptr::from_ref(predicate), number);
        });
        forest.listed = vec![false; forest.predicates.len()];
        forest
    }

    /// Leaves the members of long lists that are not sampled out of all paths.
    pub(super) fn sample(&mut self, units: &[Unit]) {
        for number in units.iter().flat_map(|unit| &unit.listed) {
            if let Some(listed) = self.listed.get_mut(*number) {
                *listed = true;
            }
        }
    }

    /// Whether the predicate is a list's member that is not sampled.
    pub(super) fn is_listed(&self, number: usize) -> bool {
        self.listed.get(number) == Some(&true)
    }

    fn is_listed_test(&self, expr: &Expr) -> bool {
        matches!(&expr.node, Node::Test(predicate) if self.is_listed(self.number(predicate)))
    }

    /// The predicates by number, with their first places.
    pub(super) fn predicates(&self) -> &[(&'r Predicate, &'r Origin)] {
        &self.predicates
    }

    /// Whether the empty event grants the wish.
    pub(super) fn granted(&self, (number, wanted): Wish) -> bool {
        self.by_default.get(number) == Some(&Some(wanted))
    }

    /// The names of all fields, in order.
    pub(super) fn fields(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut names = Vec::new();
        let mut note = |name: &str| {
            if seen.insert(name.to_owned()) {
                names.push(name.to_owned());
            }
        };
        for (predicate, _) in &self.predicates {
            if let Subject::Field(field) = &predicate.subject {
                note(&field.name);
            }
            if let Test::FieldPattern { other, .. } = &predicate.test {
                note(&other.name);
            }
        }
        names
    }

    /// The other predicates on the predicate's field, at most a few hundred.
    pub(super) fn others_on_the_same_field(&self, number: usize) -> Vec<&'r Predicate> {
        let Some((this, _)) = self.predicates.get(number) else { return Vec::new() };
        let other = |(i, (other, _)): &(usize, &(&Predicate, &Origin))| {
            *i != number && !self.listed[*i] && other.subject == this.subject
        };
        self.predicates.iter().enumerate().filter(other).map(|(_, (other, _))| *other).take(OTHERS_LIMIT).collect()
    }

    /// The ways in which the whole expression can hold.
    pub(super) fn ways_to_match(&self) -> Vec<Vec<Wish>> {
        self.ways(self.root, true)
    }

    fn ways(&self, expr: &Expr, wanted: bool) -> Vec<Vec<Wish>> {
        match &expr.node {
            Node::True => {
                if wanted {
                    vec![Vec::new()]
                } else {
                    Vec::new()
                }
            }
            Node::False => {
                if wanted {
                    Vec::new()
                } else {
                    vec![Vec::new()]
                }
            }
            Node::Test(predicate) => vec![vec![(self.number(predicate), wanted)]],
            Node::Not(part) => self.ways(part, !wanted),
            Node::All(parts) if wanted => self.together(parts, true),
            Node::Any(parts) if !wanted => self.together(parts, false),
            Node::All(parts) | Node::Any(parts) => {
                let mut out = Vec::new();
                for part in parts.iter().filter(|part| !self.is_listed_test(part)) {
                    out.extend(self.ways(part, wanted));
                    out.truncate(WAYS_LIMIT);
                }
                out
            }
        }
    }

    /// All parts at once, each in turn by each of its ways.
    fn together(&self, parts: &[Expr], wanted: bool) -> Vec<Vec<Wish>> {
        // What the rest of a long list is by itself need not be wished for.
        let idle = |part: &&Expr| self.is_listed_test(part) && self.is_by_default(part, wanted);
        let parts = parts.iter().filter(|part| !idle(part));
        let each: Vec<Vec<Vec<Wish>>> = parts.map(|part| self.ways(part, wanted)).collect();
        if each.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let count = each.iter().map(Vec::len).max().unwrap_or(1);
        let size: usize = each.iter().map(|ways| ways[0].len()).sum::<usize>().max(1);
        let count = count.min((WAYS_LIMIT * 50 / size).max(1));
        (0..count)
            .map(|i| {
                let mut wishes: Vec<Wish> = each
                    .iter()
                    .flat_map(|ways| ways[i % ways.len()].iter().copied())
                    .filter(|wish| !self.granted(*wish) || size < WISH_LIMIT)
                    .collect();
                wishes.truncate(WISH_LIMIT);
                wishes
            })
            .collect()
    }

    /// Wishes under which the root's verdict depends on the predicate, several attempts; those ways of the other parts come
    /// first that `fits` says go together with the predicate.
    pub(super) fn contexts(&self, number: usize, fits: &dyn Fn(&[Wish]) -> bool) -> Vec<Vec<Wish>> {
        let mut out = Vec::new();
        for idle in [Idle::LeftOut, Idle::Wished] {
            let before = out.len();
            self.descend(self.root, Target { number, fits, idle, most: before + CONTEXT_LIMIT }, &[], &mut out);
        }
        out
    }

    fn descend(&self, expr: &Expr, target: Target<'_>, so_far: &[Wish], out: &mut Vec<Vec<Wish>>) {
        let Target { number, fits, idle, most } = target;
        if out.len() >= most || !self.holds_number(expr, number) {
            return;
        }
        match &expr.node {
            Node::True | Node::False => {}
            Node::Test(_) => out.push(so_far.to_vec()),
            Node::Not(part) => self.descend(part, target, so_far, out),
            Node::All(parts) | Node::Any(parts) => {
                // A conjunction is decided by one part where the others hold, a disjunction where they do not.
                let others_hold = matches!(expr.node, Node::All(_));
                for (i, part) in parts.iter().enumerate() {
                    if !self.holds_number(part, number) {
                        continue;
                    }
                    let others: Vec<Vec<Vec<Wish>>> = parts
                        .iter()
                        .enumerate()
                        .filter(|(j, other)| {
                            let by_default = || self.is_by_default(other, others_hold);
                            *j != i && !((idle == Idle::LeftOut || self.is_listed_test(other)) && by_default())
                        })
                        .map(|(_, other)| {
                            let mut ways = self.ways(other, others_hold);
                            if ways.len() > 1 {
                                ways.sort_by_key(|way| !fits(way));
                            }
                            ways
                        })
                        .collect();
                    if others.iter().any(Vec::is_empty) {
                        continue;
                    }
                    let attempts = others.iter().map(Vec::len).max().unwrap_or(1).min(4);
                    for attempt in 0..attempts {
                        let mut wishes = so_far.to_vec();
                        let more = others.iter().flat_map(|ways| ways[attempt % ways.len()].iter().copied());
                        wishes.extend(more.filter(|(n, _)| *n != number));
                        wishes.truncate(WISH_LIMIT);
                        self.descend(part, target, &wishes, out);
                    }
                }
            }
        }
    }

    /// Whether the expression is already as wanted in the empty event.
    fn is_by_default(&self, expr: &Expr, wanted: bool) -> bool {
        match &expr.node {
            Node::True => wanted,
            Node::False => !wanted,
            Node::Test(predicate) => self.granted((self.number(predicate), wanted)),
            Node::Not(part) => self.is_by_default(part, !wanted),
            Node::All(parts) | Node::Any(parts) if matches!(expr.node, Node::All(_)) == wanted => {
                parts.iter().all(|part| self.is_by_default(part, wanted))
            }
            Node::All(parts) | Node::Any(parts) => parts.iter().any(|part| self.is_by_default(part, wanted)),
        }
    }

    fn holds_number(&self, expr: &Expr, number: usize) -> bool {
        match &expr.node {
            Node::True | Node::False => false,
            Node::Test(predicate) => self.number(predicate) == number,
            Node::Not(part) => self.holds_number(part, number),
            Node::All(parts) | Node::Any(parts) => parts.iter().any(|part| self.holds_number(part, number)),
        }
    }

    /// The predicate's number.
    pub(super) fn number(&self, predicate: &Predicate) -> usize {
        self.numbers.get(&std::ptr::from_ref(predicate)).copied().unwrap_or(usize::MAX)
    }
}
