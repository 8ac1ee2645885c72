//! The work on a list of words, such as `.*(one|two).*`, bounded without making its automaton.
//!
//! Long lists become hundreds of such expressions. What is read of a text so far is then the longest end of it that begins a word: a
//! node of the tree of words. Its state has a position of each word that goes through the node or, where text may stand before
//! the words, through the node of a shorter end.

use std::collections::{BTreeMap, VecDeque};

use crate::ir::regex::Tree;

/// What an automaton has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// States.
    pub states: usize,
    /// Members of the states' sets.
    pub members: usize,
    /// Positions.
    pub positions: usize,
    /// Pairs of positions that follow one another.
    pub pairs: usize,
}

/// The bound for an expression of words of ASCII, any text allowed before or behind them or not; `None` for any other one.
pub(super) fn bound(tree: &Tree, ascii_folds: bool) -> Option<Bound> {
    let mut parts = Vec::new();
    flatten(tree, &mut parts);
    let mut parts = parts.as_slice();
    let (mut before, mut behind) = (false, false);
    if let [first, rest @ ..] = parts
        && is_any_text(first)
    {
        (parts, before) = (rest, true);
    }
    if let [rest @ .., last] = parts
        && is_any_text(last)
    {
        (parts, behind) = (rest, true);
    }
    let mut words = Words { nodes: vec![Node::default()], ascii_folds, letters: 0, count: 0 };
    match parts {
        [Tree::Alternate(alternatives)] => alternatives.iter().try_for_each(|word| words.add(word))?,
        _ => words.add_parts(parts)?,
    }
    Some(words.bound(before, behind))
}

/// The tree's parts in a row, groups opened.
fn flatten<'t>(tree: &'t Tree, out: &mut Vec<&'t Tree>) {
    match tree {
        Tree::Empty => {}
        Tree::Group(inner) => flatten(inner, out),
        Tree::Concat(parts) => parts.iter().for_each(|part| flatten(part, out)),
        other => out.push(other),
    }
}

fn is_any_text(tree: &Tree) -> bool {
    matches!(tree, Tree::Repeat { min: 0, max: None, tree, .. } if matches!(**tree, Tree::Dot { .. }))
}

/// The tree of words.
struct Words {
    nodes: Vec<Node>,
    ascii_folds: bool,
    letters: usize,
    count: usize,
}

#[derive(Default)]
struct Node {
    next: BTreeMap<char, usize>,
    /// How many words go through it.
    words: usize,
}

impl Words {
    fn add(&mut self, word: &Tree) -> Option<()> {
        let mut parts = Vec::new();
        flatten(word, &mut parts);
        self.add_parts(&parts)
    }

    fn add_parts(&mut self, parts: &[&Tree]) -> Option<()> {
        let mut at = 0;
        for part in parts {
            let Tree::Literal { c, fold } = part else { return None };
            // Letters must fold all or none: then a node is one state or two.
            if !c.is_ascii() || (*fold && !self.ascii_folds) {
                return None;
            }
            let c = if self.ascii_folds { c.to_ascii_lowercase() } else { *c };
            let new = self.nodes.len();
            at = *self.nodes.get_mut(at)?.next.entry(c).or_insert(new);
            if at == new {
                self.nodes.push(Node::default());
            }
            self.nodes.get_mut(at)?.words += 1;
            self.letters += 1;
        }
        self.count += 1;
        (!parts.is_empty()).then_some(())
    }

    fn bound(&self, before: bool, behind: bool) -> Bound {
        // A letter that folds has a position for each case, and a text ends in one of them.
        let cases = if self.ascii_folds { 2 } else { 1 };
        let (before, behind) = (usize::from(before), usize::from(behind));
        // The words are over, or not.
        let phases = 1 + behind;
        let sizes = self.sizes(before > 0);
        let states = cases * phases * sizes.len();
        let members = cases * phases * sizes.iter().map(|size| size + before + behind).sum::<usize>();
        let ends = cases * self.count;
        let pairs = cases * cases * self.letters + (before + behind) * (2 * ends + 2);
        Bound { states, members, positions: cases * self.letters + before + behind, pairs }
    }

    /// How many positions of words each node's state has.
    fn sizes(&self, restarts: bool) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.nodes.iter().map(|node| node.words).collect();
        if !restarts {
            return sizes;
        }
        // The node of the longest shorter end of the text that leads to each node.
        let mut shorter = vec![0; self.nodes.len()];
        let mut waiting = VecDeque::from([0]);
        while let Some(at) = waiting.pop_front() {
            for (c, next) in self.nodes.get(at).into_iter().flat_map(|node| &node.next) {
                let end = if at == 0 { 0 } else { self.step(&shorter, at, *c) };
                let more = sizes.get(end).copied().unwrap_or_default();
                shorter.get_mut(*next).into_iter().for_each(|place| *place = end);
                sizes.get_mut(*next).into_iter().for_each(|size| *size += more);
                waiting.push_back(*next);
            }
        }
        sizes
    }

    /// Where the character leads from the shorter ends of a node.
    fn step(&self, shorter: &[usize], at: usize, c: char) -> usize {
        let mut end = at;
        while end != 0 {
            end = shorter.get(end).copied().unwrap_or_default();
            if let Some(next) = self.nodes.get(end).and_then(|node| node.next.get(&c)) {
                return *next;
            }
        }
        0
    }
}
