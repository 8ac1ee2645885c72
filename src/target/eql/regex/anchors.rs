//! A search as alternatives over the whole text.
//!
//! An expression that matches whole values finds a part of one when it is written `.*(part).*`. Positions (`^ $ \b`)
//! have no counterpart, but most of them stand at an end of an alternative, where they say what may be beside it, or
//! between characters that decide them. Everything else is refused. No text is printed here.

use super::Refusal;
use super::chars;
use crate::ir::regex::{Class, ClassItem, Look, PerlKind, Tree};

/// The most alternatives that are written out.
const LINES: usize = 64;
/// The most parts of one alternative: far more than Elasticsearch accepts characters.
const PARTS: usize = 4096;
/// The most rounds of a repetition with positions in it that are written out.
const UNROLLED: u32 = 8;

/// An alternative of a search: what stands before the body, the body, what stands behind it.
pub(super) struct Line {
    pub prefix: Edge,
    pub body: Vec<Tree>,
    pub suffix: Edge,
}

/// What is between the body and that end of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Anything.
    Free,
    /// Nothing.
    Text,
    /// Nothing, or anything with a line break next to the body.
    Line,
    /// Anything with a word character next to the body.
    Word,
    /// Nothing, or anything with a character next to the body that is none.
    NoWord,
}

impl Line {
    /// Whether every text matches.
    pub fn is_everything(&self) -> bool {
        let open = |edge| matches!(edge, Edge::Free | Edge::Text);
        self.body.is_empty()
            && open(self.prefix)
            && open(self.suffix)
            && (self.prefix, self.suffix) != (Edge::Text, Edge::Text)
    }
}

impl Line {
    /// The whole alternative as a tree.
    pub fn tree(&self) -> Tree {
        let parts = [self.prefix.tree(Side::Before), Tree::Concat(self.body.clone()), self.suffix.tree(Side::Behind)];
        Tree::Concat(parts.into())
    }
}

/// On which side of the body an edge is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

impl Edge {
    /// What may stand there, as a tree.
    fn tree(self, side: Side) -> Tree {
        let optional = |tree| Tree::Repeat { min: 0, max: Some(1), greedy: true, tree: Box::new(tree) };
        let beside = |near: Tree| match side {
            Side::Before => Tree::Concat(vec![super::anything(), near]),
            Side::Behind => Tree::Concat(vec![near, super::anything()]),
        };
        let word = |negated| {
            Tree::Class(Class {
                negated,
                fold: false,
                items: vec![ClassItem::Perl { kind: PerlKind::Word, negated: false }],
            })
        };
        match self {
            Edge::Free => super::anything(),
            Edge::Text => Tree::Empty,
            Edge::Line => optional(beside(Tree::Literal { c: '\n', fold: false })),
            Edge::Word => beside(word(false)),
            Edge::NoWord => optional(beside(word(true))),
        }
    }
}

/// The alternatives of a search for the tree; none where nothing is ever found.
pub(super) fn lines(tree: &Tree) -> Result<Vec<Line>, Refusal> {
    let mut out = Vec::new();
    for parts in expand(tree)? {
        out.extend(resolve(parts)?);
    }
    Ok(out)
}

fn has_look(tree: &Tree) -> bool {
    match tree {
        Tree::Look(_) => true,
        Tree::Repeat { tree, .. } | Tree::Group(tree) => has_look(tree),
        Tree::Concat(parts) | Tree::Alternate(parts) => parts.iter().any(has_look),
        _ => false,
    }
}

/// The tree as alternatives, each a sequence in which positions stand at the top only.
fn expand(tree: &Tree) -> Result<Vec<Vec<Tree>>, Refusal> {
    let out = match tree {
        Tree::Empty => vec![Vec::new()],
        Tree::Group(inner) => expand(inner)?,
        Tree::Concat(parts) => sequence(parts.iter())?,
        Tree::Alternate(parts) if has_look(tree) => {
            let mut out = Vec::new();
            for part in parts {
                out.extend(expand(part)?);
            }
            out
        }
        Tree::Repeat { min, max: Some(max), tree: inner, .. } if has_look(inner) && *max <= UNROLLED => {
            let mut out = Vec::new();
            for times in *min..=*max {
                out.extend(sequence((0..times).map(|_| &**inner))?);
            }
            out
        }
        Tree::Repeat { tree: inner, .. } if has_look(inner) => {
            return Err(Refusal::Unsayable("an anchor or a word boundary within a repetition without a small bound"));
        }
        leaf => vec![vec![leaf.clone()]],
    };
    if out.len() > LINES { Err(Refusal::Unsayable("anchors in this many alternatives")) } else { Ok(out) }
}

/// Every choice of one alternative of each part.
fn sequence<'t>(parts: impl Iterator<Item = &'t Tree>) -> Result<Vec<Vec<Tree>>, Refusal> {
    let mut out: Vec<Vec<Tree>> = vec![Vec::new()];
    for part in parts {
        let tails = expand(part)?;
        if let [tail] = tails.as_slice() {
            out.iter_mut().for_each(|head| head.extend_from_slice(tail));
        } else {
            let heads = out.iter().flat_map(|head| tails.iter().map(move |tail| [head.as_slice(), tail].concat()));
            out = heads.take(LINES + 1).collect();
        }
        if out.iter().any(|line| line.len() > PARTS) {
            return Err(Refusal::Unsayable("an expression of this size"));
        }
    }
    Ok(out)
}

/// Replaces the positions of one alternative by what they say about their neighbours.
fn resolve(mut parts: Vec<Tree>) -> Result<Option<Line>, Refusal> {
    let (mut prefix, mut suffix) = (Edge::Free, Edge::Free);
    if let Some(at) = parts.iter().rposition(|part| matches!(part, Tree::Look(Look::Start))) {
        // What stands before `^` can only be empty; other positions there hold at the same place.
        let before: Vec<Tree> = parts.drain(..=at).collect();
        if !before.iter().all(nullable) {
            return Ok(None);
        }
        parts.splice(0..0, before.into_iter().filter(|part| matches!(part, Tree::Look(look) if *look != Look::Start)));
        prefix = Edge::Text;
    }
    if let Some(at) = parts.iter().position(|part| matches!(part, Tree::Look(Look::End))) {
        let behind: Vec<Tree> = parts.drain(at..).collect();
        if !behind.iter().all(nullable) {
            return Ok(None);
        }
        parts.extend(behind.into_iter().filter(|part| matches!(part, Tree::Look(look) if *look != Look::End)));
        suffix = Edge::Text;
    }
    loop {
        trim(&mut parts, prefix, suffix);
        let Some(at) = parts.iter().position(|part| matches!(part, Tree::Look(_))) else { break };
        let Tree::Look(look) = parts.remove(at) else { break };
        let (left, right) = parts.split_at(at);
        let open = (left.is_empty() && prefix == Edge::Free, right.is_empty() && suffix == Edge::Free);
        let left = beside(left.iter().rev(), prefix, last);
        let right = beside(right.iter(), suffix, first);
        match decide(look, left, right, open) {
            Some(Decision::Holds) => {}
            Some(Decision::Fails) => return Ok(None),
            Some(Decision::Prefix(edge)) => prefix = edge,
            Some(Decision::Suffix(edge)) => suffix = edge,
            None => return Err(Refusal::Unsayable(name(look))),
        }
    }
    Ok(Some(Line { prefix, body: parts, suffix }))
}

fn name(look: Look) -> &'static str {
    match look {
        Look::Start | Look::End => "an anchor at this place",
        Look::LineStart | Look::LineEnd => "an anchor of a line at this place",
        Look::WordBoundary | Look::NotWordBoundary => "a word boundary at this place",
    }
}

/// A search may leave out what its open ends can match empty, and repeat there no more than it must.
fn trim(parts: &mut Vec<Tree>, prefix: Edge, suffix: Edge) {
    let spare = |part: &Tree| nullable(part) && !matches!(part, Tree::Look(_));
    let shorten = |part: &mut Tree| {
        if let Tree::Repeat { min, max, .. } = part {
            *max = Some(*min);
        }
    };
    if prefix == Edge::Free {
        let n = parts.iter().take_while(|part| spare(part)).count();
        parts.drain(..n);
        parts.first_mut().into_iter().for_each(shorten);
    }
    if suffix == Edge::Free {
        let n = parts.iter().rev().take_while(|part| spare(part)).count();
        parts.truncate(parts.len() - n);
        parts.last_mut().into_iter().for_each(shorten);
    }
}

/// What can be next to a position: a set of the kinds below.
type Kinds = u8;
const WORD: Kinds = 1;
const NEWLINE: Kinds = 2;
const OTHER: Kinds = 4;
/// An end of the text.
const END: Kinds = 8;
/// The part can be empty: what is next to it counts.
const EMPTY: Kinds = 16;
const ANY: Kinds = WORD | NEWLINE | OTHER | END;

enum Decision {
    Holds,
    Fails,
    Prefix(Edge),
    Suffix(Edge),
}

/// What a position says, given what can be at its sides; `open` tells which sides are the open end of the search.
fn decide(look: Look, left: Kinds, right: Kinds, open: (bool, bool)) -> Option<Decision> {
    let settled = |holds: bool| Some(if holds { Decision::Holds } else { Decision::Fails });
    // Whether a side is of these kinds, where that is certain.
    let is = |side: Kinds, kinds: Kinds| match side & kinds {
        0 => Some(false),
        both if both == side => Some(true),
        _ => None,
    };
    match look {
        Look::WordBoundary | Look::NotWordBoundary => {
            let differ = look == Look::WordBoundary;
            let edge = |word: bool| if word { Edge::Word } else { Edge::NoWord };
            match (is(left, WORD), is(right, WORD)) {
                (Some(left), Some(right)) => settled((left != right) == differ),
                (None, Some(right)) if open.0 => Some(Decision::Prefix(edge(right != differ))),
                (Some(left), None) if open.1 => Some(Decision::Suffix(edge(left != differ))),
                _ => None,
            }
        }
        Look::LineStart => match is(left, NEWLINE | END) {
            Some(holds) => settled(holds),
            None if open.0 => Some(Decision::Prefix(Edge::Line)),
            None => None,
        },
        Look::LineEnd => match is(right, NEWLINE | END) {
            Some(holds) => settled(holds),
            None if open.1 => Some(Decision::Suffix(Edge::Line)),
            None => None,
        },
        Look::Start | Look::End => None,
    }
}

/// What can be next to a position on the side of `parts`, nearest first, with `edge` behind them.
fn beside<'t>(parts: impl Iterator<Item = &'t Tree>, edge: Edge, kinds: fn(&Tree) -> Kinds) -> Kinds {
    let beyond = match edge {
        Edge::Free => ANY,
        Edge::Text => END,
        Edge::Line => NEWLINE | END,
        Edge::Word => WORD,
        Edge::NoWord => NEWLINE | OTHER | END,
    };
    let near = in_sequence(parts, kinds);
    if near & EMPTY != 0 { near & !EMPTY | beyond } else { near }
}

fn in_sequence<'t>(parts: impl Iterator<Item = &'t Tree>, kinds: fn(&Tree) -> Kinds) -> Kinds {
    let mut out = EMPTY;
    for part in parts {
        out = out & !EMPTY | kinds(part);
        if out & EMPTY == 0 {
            break;
        }
    }
    out
}

/// The kinds of the first character.
fn first(tree: &Tree) -> Kinds {
    end_of(tree, first, |parts| in_sequence(parts.iter(), first))
}

/// The kinds of the last character.
fn last(tree: &Tree) -> Kinds {
    end_of(tree, last, |parts| in_sequence(parts.iter().rev(), last))
}

fn end_of(tree: &Tree, kinds: fn(&Tree) -> Kinds, sequence: fn(&[Tree]) -> Kinds) -> Kinds {
    match tree {
        Tree::Empty | Tree::Look(_) | Tree::Repeat { max: Some(0), .. } => EMPTY,
        Tree::Literal { c, .. } => kind_of(*c),
        Tree::Dot { newline } => WORD | OTHER | if *newline { NEWLINE } else { 0 },
        Tree::Class(class) => {
            chars::class(class).iter().fold(0, |out, range| out | kinds_of(range.start(), range.end()))
        }
        Tree::Repeat { min, tree, .. } => kinds(tree) | if *min == 0 { EMPTY } else { 0 },
        Tree::Group(tree) => kinds(tree),
        Tree::Alternate(parts) => parts.iter().fold(0, |out, part| out | kinds(part)),
        Tree::Concat(parts) => sequence(parts),
    }
}

fn kind_of(c: char) -> Kinds {
    match c {
        '\n' => NEWLINE,
        '0'..='9' | 'A'..='Z' | '_' | 'a'..='z' => WORD,
        _ => OTHER,
    }
}

/// The kinds of the characters of a range.
fn kinds_of(from: char, to: char) -> Kinds {
    if to > '\u{80}' && from > '\u{7f}' {
        return OTHER;
    }
    let beyond = if to > '\u{7f}' { OTHER } else { 0 };
    (from..=to.min('\u{7f}')).fold(beyond, |out, c| out | kind_of(c))
}

/// Whether the tree can match nothing at all.
fn nullable(tree: &Tree) -> bool {
    first(tree) & EMPTY != 0
}
