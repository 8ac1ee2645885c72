//! What Lucene spends on an expression before it runs it.
//!
//! Lucene makes a deterministic automaton of every regular expression and wildcard pattern, and gives up on one that takes
//! too much work: since Lucene 9 when the sets of the powerset construction have 100,000 members in all (the work limit of
//! 10,000 of Elasticsearch's queries times ten), before that at 10,000 states. Lucene 10 no longer makes the parts minimal, so
//! its work is that on the automaton of positions (Glushkov), which is made here. No text is printed here.

mod words;

use std::collections::{BTreeSet, HashMap, VecDeque};

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::chars;
use crate::ir::regex::Tree;
use words::Bound;

/// The most members of all sets together: half of what Lucene bears, since its automata have states besides the positions.
const MEMBERS: usize = 50_000;
/// The most states.
const STATES: usize = 10_000;
/// The most positions: with more, their sets have too many members anyway.
const POSITIONS: usize = 20_000;

/// Whether Lucene takes the union of these trees, each over a whole value. `ascii_folds`: letters of ASCII fold by the
/// operator.
pub(super) fn is_bearable(trees: &[&Tree], ascii_folds: bool) -> bool {
    if let [tree] = trees
        && words::bound(tree, ascii_folds).is_some_and(Bound::is_bearable)
    {
        return true;
    }
    work(trees, ascii_folds).is_some()
}

/// What Lucene's automaton of these trees has; `None` where that is too much.
fn work(trees: &[&Tree], ascii_folds: bool) -> Option<Work> {
    let mut machine = Machine { ascii_folds, sets: Vec::new(), next: Vec::new(), pairs: 0 };
    let mut first = Vec::new();
    for tree in trees {
        first.extend(machine.add(tree)?.first);
    }
    machine.determinize(first)
}

/// The size of an automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    states: usize,
    members: usize,
}

impl Bound {
    fn is_bearable(self) -> bool {
        self.states < STATES && self.members < MEMBERS && self.positions < POSITIONS && self.pairs <= MEMBERS
    }
}

/// The positions of an expression: each takes one character of its set.
struct Machine {
    ascii_folds: bool,
    sets: Vec<ClassUnicode>,
    /// The positions that can follow each.
    next: Vec<Vec<usize>>,
    /// How many pairs `next` has.
    pairs: usize,
}

/// A part of an expression.
#[derive(Default)]
struct Part {
    first: Vec<usize>,
    last: Vec<usize>,
    can_be_empty: bool,
}

impl Machine {
    fn add(&mut self, tree: &Tree) -> Option<Part> {
        match tree {
            Tree::Empty | Tree::Look(_) => Some(Part { can_be_empty: true, ..Part::default() }),
            Tree::Literal { c, fold } => {
                let alone = |c| ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
                if self.ascii_folds && c.is_ascii_alphabetic() {
                    // Lucene 10 keeps both cases apart.
                    let mut out = self.position(alone(c.to_ascii_lowercase()))?;
                    let other = self.position(alone(c.to_ascii_uppercase()))?;
                    out.first.extend(other.first);
                    out.last.extend(other.last);
                    return Some(out);
                }
                self.position(if *fold { chars::folded(*c) } else { alone(*c) })
            }
            Tree::Dot { .. } => self.position(ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)])),
            Tree::Class(class) => self.position(chars::class(class)),
            Tree::Group(inner) => self.add(inner),
            Tree::Concat(parts) => {
                let mut out = Part { can_be_empty: true, ..Part::default() };
                for part in parts {
                    let part = self.add(part)?;
                    out = self.then(out, part)?;
                }
                Some(out)
            }
            Tree::Alternate(parts) => {
                let mut out = Part::default();
                for part in parts {
                    let part = self.add(part)?;
                    out.first.extend(part.first);
                    out.last.extend(part.last);
                    out.can_be_empty |= part.can_be_empty;
                }
                Some(out)
            }
            Tree::Repeat { min, max, tree, .. } => self.repeat(*min, *max, tree),
        }
    }

    fn position(&mut self, set: ClassUnicode) -> Option<Part> {
        let here = self.sets.len();
        if here >= POSITIONS {
            return None;
        }
        self.sets.push(set);
        self.next.push(Vec::new());
        Some(Part { first: vec![here], last: vec![here], can_be_empty: false })
    }

    /// One part after the other.
    fn then(&mut self, left: Part, right: Part) -> Option<Part> {
        self.link(&left.last, &right.first)?;
        let mut out = Part { can_be_empty: left.can_be_empty && right.can_be_empty, ..left };
        if left.can_be_empty {
            out.first.extend(&right.first);
        }
        if right.can_be_empty {
            out.last.extend(right.last);
        } else {
            out.last = right.last;
        }
        Some(out)
    }

    fn link(&mut self, from: &[usize], to: &[usize]) -> Option<()> {
        self.pairs += from.len() * to.len();
        if self.pairs > MEMBERS {
            return None;
        }
        for &position in from {
            self.next.get_mut(position)?.extend(to);
        }
        Some(())
    }

    fn repeat(&mut self, min: u32, max: Option<u32>, tree: &Tree) -> Option<Part> {
        let mut out = Part { can_be_empty: true, ..Part::default() };
        // Lucene makes `x+` of an `x` and an `x*`.
        let copies = max.unwrap_or_else(|| min.saturating_add(1));
        for copy in 1..=copies {
            let mut part = self.add(tree)?;
            if max.is_none() && copy == copies {
                let (last, first) = (part.last.clone(), part.first.clone());
                self.link(&last, &first)?;
            }
            part.can_be_empty |= copy > min;
            out = self.then(out, part)?;
        }
        Some(out)
    }

    /// The size of the automaton; `None` where that is too much work.
    fn determinize(&self, first: Vec<usize>) -> Option<Work> {
        let sorted = |mut set: Vec<usize>| {
            set.sort_unstable();
            set.dedup();
            set
        };
        let mut seen: HashMap<Vec<usize>, ()> = HashMap::new();
        let mut work = VecDeque::new();
        let mut members = 1;
        let mut following = sorted(first);
        loop {
            for set in self.steps(&following) {
                if !seen.contains_key(&set) {
                    members += set.len();
                    seen.insert(set.clone(), ());
                    work.push_back(set);
                }
            }
            if members >= MEMBERS || seen.len() >= STATES {
                return None;
            }
            let Some(set) = work.pop_front() else {
                return Some(Work { states: seen.len() + 1, members });
            };
            following = sorted(set.iter().filter_map(|&position| self.next.get(position)).flatten().copied().collect());
        }
    }

    /// The sets of these positions that some character leads to.
    fn steps(&self, following: &[usize]) -> BTreeSet<Vec<usize>> {
        let mut edges: Vec<(u32, bool, usize)> = Vec::new();
        for &position in following {
            let Some(set) = self.sets.get(position) else { continue };
            for range in set.iter() {
                edges.push((range.start() as u32, true, position));
                edges.push((range.end() as u32 + 1, false, position));
            }
        }
        edges.sort_unstable();
        let mut out = BTreeSet::new();
        let mut open: BTreeSet<usize> = BTreeSet::new();
        let mut edges = edges.into_iter().peekable();
        while let Some((point, opens, position)) = edges.next() {
            if opens {
                open.insert(position);
            } else {
                open.remove(&position);
            }
            if edges.peek().is_none_or(|(next, ..)| *next != point) && !open.is_empty() {
                out.insert(open.iter().copied().collect());
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::regex::{Flags, Regex};

    fn bearable(text: &str) -> bool {
        let regex = Regex::parse(text, Flags { dot_all: true, ..Flags::default() }).expect("an expression");
        is_bearable(&[&regex.tree], true)
    }

    /// The bound is never below what the automaton has, and close to it.
    #[test]
    fn a_list_of_words_is_bounded_without_its_automaton() {
        let mut random = 7_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for round in 0..60 {
            let alphabet = &["ab", "aB-", "abcxyz01"][round % 3];
            let letter = |n: u64| alphabet.chars().nth(n as usize % alphabet.len()).unwrap_or('a');
            let words: Vec<String> =
                (0..1 + next(9)).map(|_| (0..1 + next(7)).map(|_| letter(next(8))).collect()).collect();
            let folds = round % 2 == 0;
            for (before, behind) in [("", ""), (".*", ""), ("", ".*"), (".*", ".*")] {
                let text = format!("{before}({}){behind}", words.join("|"));
                let regex = Regex::parse(&text, Flags { dot_all: true, ..Flags::default() }).expect("an expression");
                let bound = words::bound(&regex.tree, folds).expect("words");
                let work = work(&[&regex.tree], folds).expect("small");
                assert!(
                    work.states <= bound.states + 1 && work.members <= bound.members + 1,
                    "{text} {work:?} {bound:?}"
                );
                assert!(bound.members <= 8 * work.members + 8, "{text} {work:?} {bound:?}");
            }
        }
        for text in ["a.c", "(a|b.)", "[ab]", "a|b*", "(ä|b)"] {
            let regex = Regex::parse(text, Flags::default()).expect("an expression");
            assert_eq!(words::bound(&regex.tree, true), None, "{text}");
        }
    }

    /// Figures of Lucene 9.9 and 10.5, asked by hand.
    #[test]
    fn what_lucene_takes_and_what_not() {
        for text in [".*a.{5}b.*", "a.{999}b", "[a-z]{999}", ".*a{100}.*", "(ab|c)+d", ".*(abc|bcd|cde).*"] {
            assert!(bearable(text), "{text}");
        }
        for text in [".*a.{12}b.*", ".*a.{13}b.*", ".*a{1000}.*", "(.*a){40}.{12}b", "(a{100}){1000}"] {
            assert!(!bearable(text), "{text}");
        }
        let lines: Vec<String> = "abcdefgh".chars().map(|c| format!(".*{}.*", c.to_string().repeat(9))).collect();
        assert!(!bearable(&lines.join("|")));
    }
}
