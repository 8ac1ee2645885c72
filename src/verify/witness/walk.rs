//! Texts of regexes by walking the tree: with one style for all nodes, or with one node twisted.

use crate::ir::regex::{Class, Look, Tree};

/// The longest text that a walk makes, in characters.
const LENGTH_LIMIT: usize = 4_000;
/// How often an unbounded repeat goes at its most.
const MANY: u32 = 3;

/// How often a repeat goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Least,
    More,
    Most,
}

/// Which character of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    Plain,
    First,
    Last,
}

/// How the nodes of a tree are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Which branch of an alternation, round and round.
    pub(super) branch: usize,
    pub(super) times: Times,
    pub(super) pick: Pick,
    pub(super) dot: char,
}

impl Style {
    /// The plainest text.
    pub(super) const PLAIN: Style = Style { branch: 0, times: Times::Least, pick: Pick::Plain, dot: 'x' };
}

/// What is done to one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twist {
    /// A repeat goes once less than its least.
    TooFew,
    /// A repeat goes once more than its most.
    TooMany,
    /// A class is a character just outside one of its ranges; `false` below, `true` above.
    Beside(bool),
    /// A dot is a line break.
    Line,
    /// A literal is another character.
    Replaced,
    /// A literal is in its other case.
    OtherCase,
}

impl Twist {
    fn fits(self, tree: &Tree) -> bool {
        match (self, tree) {
            (Twist::TooFew, Tree::Repeat { min, .. }) => *min > 0,
            (Twist::TooMany, Tree::Repeat { max, .. }) => max.is_some(),
            (Twist::Beside(_), Tree::Class(_)) | (Twist::Line, Tree::Dot { .. }) => true,
            (Twist::Replaced, Tree::Literal { .. }) => true,
            (Twist::OtherCase, Tree::Literal { c, .. }) => super::texts::swap(*c) != *c,
            _ => false,
        }
    }
}

/// The text that the tree takes in this style.
pub(super) fn text(tree: &Tree, style: Style) -> String {
    Walk { style, twist: None, seen: 0, out: String::new(), length: 0 }.run(tree)
}

/// The same with the twist at the node of this number among those that it fits on the walk; nothing where there is none.
pub(super) fn twisted(tree: &Tree, style: Style, twist: Twist, number: usize) -> Option<String> {
    let mut walk = Walk { style, twist: Some((twist, number)), seen: 0, out: String::new(), length: 0 };
    walk.write(tree);
    (walk.seen > number).then_some(walk.out)
}

/// How many branches the widest alternation has.
pub(super) fn branches(tree: &Tree) -> usize {
    match tree {
        Tree::Alternate(parts) => parts.iter().map(branches).max().unwrap_or(1).max(parts.len()),
        Tree::Concat(parts) => parts.iter().map(branches).max().unwrap_or(1),
        Tree::Group(tree) | Tree::Repeat { tree, .. } => branches(tree),
        _ => 1,
    }
}

/// Whether some node of the tree is one.
pub(super) fn has(tree: &Tree, is: &impl Fn(&Tree) -> bool) -> bool {
    is(tree)
        || match tree {
            Tree::Concat(parts) | Tree::Alternate(parts) => parts.iter().any(|part| has(part, is)),
            Tree::Group(tree) | Tree::Repeat { tree, .. } => has(tree, is),
            _ => false,
        }
}

/// Whether it asks for a position.
pub(super) fn has_position(tree: &Tree) -> bool {
    has(tree, &|tree| matches!(tree, Tree::Look(Look::Start | Look::End | Look::LineStart | Look::LineEnd)))
}

struct Walk {
    style: Style,
    twist: Option<(Twist, usize)>,
    /// How many nodes came by that the twist fits.
    seen: usize,
    out: String,
    length: usize,
}

impl Walk {
    fn run(mut self, tree: &Tree) -> String {
        self.write(tree);
        self.out
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.length += 1;
    }

    /// The twist, where this is the node for it.
    fn twist_at(&mut self, tree: &Tree) -> Option<Twist> {
        let (twist, number) = self.twist.filter(|(twist, _)| twist.fits(tree))?;
        self.seen += 1;
        (self.seen == number + 1).then_some(twist)
    }

    fn write(&mut self, tree: &Tree) {
        if self.length > LENGTH_LIMIT {
            return;
        }
        let twist = self.twist_at(tree);
        match tree {
            Tree::Empty | Tree::Look(_) => {}
            Tree::Literal { c, .. } => match twist {
                Some(Twist::Replaced) => self.push(super::texts::another(*c)),
                Some(Twist::OtherCase) => self.push(super::texts::swap(*c)),
                _ => self.push(*c),
            },
            Tree::Dot { .. } => self.push(if twist.is_some() { '\n' } else { self.style.dot }),
            Tree::Class(class) => {
                let c = match twist {
                    Some(Twist::Beside(above)) => beside(class, above),
                    _ => member(class, self.style.pick),
                };
                if let Some(c) = c {
                    self.push(c);
                }
            }
            Tree::Repeat { min, max, tree, .. } => {
                let most = max.unwrap_or(min + MANY);
                let times = match twist {
                    Some(Twist::TooFew) => min.saturating_sub(1),
                    Some(Twist::TooMany) => most + 1,
                    _ => match self.style.times {
                        Times::Least => *min,
                        Times::More => (min + 1).min(most),
                        Times::Most => most,
                    },
                };
                for _ in 0..(times as usize).min(LENGTH_LIMIT) {
                    self.write(tree);
                }
            }
            Tree::Group(tree) => self.write(tree),
            Tree::Concat(parts) => parts.iter().for_each(|part| self.write(part)),
            Tree::Alternate(parts) => {
                if let Some(part) = parts.get(self.style.branch % parts.len().max(1)) {
                    self.write(part);
                }
            }
        }
    }
}

/// A character of the class.
fn member(class: &Class, pick: Pick) -> Option<char> {
    let ranges = class.ranges();
    let holds = |c: &char| ranges.iter().any(|(a, b)| a <= c && c <= b);
    match pick {
        Pick::First => ranges.first().map(|(a, _)| *a),
        Pick::Last => ranges.last().map(|(_, b)| *b),
        Pick::Plain => ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(' '..='~').find(holds),
    }
    .or_else(|| ranges.first().map(|(a, _)| *a))
}

/// A character just outside the class, below its first range or above the last one, skipping what is no character.
fn beside(class: &Class, above: bool) -> Option<char> {
    let ranges = class.ranges();
    let holds = |c: char| ranges.iter().any(|(a, b)| *a <= c && c <= *b);
    let near = if above {
        ranges.iter().rev().find_map(|(_, b)| char::from_u32(u32::from(*b) + 1).filter(|c| !holds(*c)))
    } else {
        ranges.iter().find_map(|(a, _)| u32::from(*a).checked_sub(1).and_then(char::from_u32).filter(|c| !holds(*c)))
    };
    near.or_else(|| ('!'..='~').find(|c| !holds(*c)))
}
