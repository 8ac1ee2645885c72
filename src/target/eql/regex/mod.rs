//! Lucene regular expressions, printed from the IR's tree.
//!
//! The dialect (Lucene's `RegExp` with all its operators, as Elasticsearch uses it) matches whole values, knows no
//! anchors, no look-around, no flags, and reads `" # @ & < > ~` as operators; text that it does not know it mostly
//! misreads without an error. So nothing is passed through: [`anchors`] turns a search into whole-value alternatives,
//! [`chars`] computes sets of characters, [`fit`] cuts what is too large with [`effort`] as its measure, [`pack`] writes long
//! lists of patterns, and this file prints. Quoting for EQL is not done here.

mod anchors;
mod chars;
mod effort;
mod fit;
mod pack;

use crate::ir::regex::{Class, ClassItem, Tree};
use crate::ir::{Case, Pattern, Piece};
use anchors::{Edge, Line};
pub(super) use pack::pack;

/// What a search for a tree is in Lucene.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// It finds something in every text.
    Everything,
    /// It finds nothing in any text.
    Nothing,
    /// It finds something where one of these matches the whole text.
    Lines(Vec<String>, Case),
}

/// Why there is no expression.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A construct that Lucene's dialect cannot say.
    Unsayable(&'static str),
    /// So many characters, of so many that Elasticsearch accepts.
    TooLong(usize, usize),
    /// Lucene gives up on it.
    TooComplex,
}

/// A search as expressions over whole values, none longer than `limit`: one where that is possible.
///
/// # Errors
/// Where an anchor or a word boundary cannot be written out, or a part is too large however it is cut.
pub(super) fn search(tree: &Tree, limit: usize) -> Result<Search, Refusal> {
    let printer = Printer::for_tree(tree);
    let lines = anchors::lines(tree)?;
    if lines.is_empty() {
        return Ok(Search::Nothing);
    }
    if lines.iter().any(Line::is_everything) {
        return Ok(Search::Everything);
    }
    if let Ok(text) = fit::check(&lines.iter().collect::<Vec<_>>(), &printer, limit) {
        return Ok(Search::Lines(vec![text], printer.case));
    }
    let mut out: Vec<String> = Vec::new();
    for line in lines {
        for text in fit::pieces(line, &printer, limit)? {
            if !out.contains(&text) {
                out.push(text);
            }
        }
    }
    Ok(Search::Lines(out, printer.case))
}

/// A pattern as an expression over the whole value, no longer than `limit`. Its letters fold as the pattern says, those beyond
/// ASCII too.
///
/// # Errors
/// Where it is too large.
pub(super) fn whole(pattern: &Pattern, limit: usize) -> Result<(String, Case), Refusal> {
    let printer = Printer { case: pattern.case };
    let line = Line { prefix: Edge::Text, body: vec![tree(pattern)], suffix: Edge::Text };
    fit::check(&[&line], &printer, limit).map(|text| (text, pattern.case))
}

/// Whether Lucene makes an automaton of a pattern in which `*` and `?` are the wildcards.
pub(super) fn takes_wildcards(pattern: &Pattern) -> bool {
    let count = |wanted: &Piece| pattern.pieces().iter().filter(|piece| *piece == wanted).count();
    let (any, one) = (count(&Piece::AnyString), count(&Piece::AnyChar));
    let positions = pattern.chars().count() + any + one;
    // Between wildcards for strings a state stands for the place in one literal, with at most all others beside it.
    if one == 0 && (any + 1).saturating_mul(positions).saturating_mul(positions) < PLAIN_MEMBERS {
        return true;
    }
    effort::is_bearable(&[&tree(pattern)], pattern.case == Case::Fold)
}

/// So much work needs no second look: half of what Lucene bears.
const PLAIN_MEMBERS: usize = 50_000;

/// The tree of a pattern.
fn tree(pattern: &Pattern) -> Tree {
    let fold = pattern.case == Case::Fold;
    let mut parts = Vec::new();
    for piece in pattern.pieces() {
        match piece {
            Piece::Literal(text) => parts.extend(text.chars().map(|c| Tree::Literal { c, fold })),
            Piece::AnyChar => parts.push(Tree::Dot { newline: true }),
            Piece::AnyString => parts.push(anything()),
            Piece::OneOf(set) => parts.push(Tree::Class(Class {
                negated: false,
                fold,
                items: set.iter().map(|&c| ClassItem::Range(c, c)).collect(),
            })),
        }
    }
    Tree::Concat(parts)
}

/// Whether other characters fold to the same as this one.
pub(super) fn is_cased(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { chars::variants(c).len() > 1 }
}

fn anything() -> Tree {
    Tree::Repeat { min: 0, max: None, greedy: true, tree: Box::new(Tree::Dot { newline: true }) }
}

/// How tightly the context of a part binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Alternate,
    Concat,
    Repeat,
}

/// Prints trees for `regex` ([`Case::Exact`]) or `regex~` ([`Case::Fold`]).
struct Printer {
    case: Case,
}

impl Printer {
    /// `regex~` where every letter folds; else `regex`, in which letters that fold are written out as sets.
    fn for_tree(tree: &Tree) -> Printer {
        let mut folds = false;
        let mut exact = false;
        visit(tree, &mut |leaf| match leaf {
            Tree::Literal { c, fold } if is_cased(*c) => {
                folds |= *fold;
                exact |= !*fold;
            }
            Tree::Class(class) => {
                let set = chars::class(class);
                exact |= !chars::is_closed_under_case(&set);
            }
            _ => {}
        });
        Printer { case: if folds && !exact { Case::Fold } else { Case::Exact } }
    }

    /// Whether the operator folds letters of ASCII.
    fn folds(&self) -> bool {
        self.case == Case::Fold
    }

    fn line(&self, line: &Line) -> String {
        let mut out = String::from(match line.prefix {
            Edge::Free => ".*",
            Edge::Text => "",
            Edge::Line => "(.*\n)?",
            Edge::Word => ".*[0-9A-Z_a-z]",
            Edge::NoWord => "(.*[^0-9A-Z_a-z])?",
        });
        line.body.iter().for_each(|part| out.push_str(&self.tree(part, Level::Concat)));
        out.push_str(match line.suffix {
            Edge::Free if line.body.is_empty() && line.prefix == Edge::Free => "",
            Edge::Free => ".*",
            Edge::Text => "",
            Edge::Line => "(\n.*)?",
            Edge::Word => "[0-9A-Z_a-z].*",
            Edge::NoWord => "([^0-9A-Z_a-z].*)?",
        });
        if out.is_empty() { "()".into() } else { out }
    }

    /// The text of a tree that holds no position.
    fn tree(&self, tree: &Tree, level: Level) -> String {
        match tree {
            Tree::Empty | Tree::Look(_) => "()".into(),
            Tree::Literal { c, fold } => self.literal(*c, *fold),
            Tree::Dot { newline: true } => ".".into(),
            Tree::Dot { newline: false } => "[^\n]".into(),
            Tree::Class(class) => chars::print(&chars::class(class)),
            Tree::Group(inner) => self.tree(inner, level),
            Tree::Repeat { min, max, tree, .. } => self.repeat(*min, *max, tree, level),
            Tree::Concat(parts) => match parts.as_slice() {
                [] => "()".into(),
                [one] => self.tree(one, level),
                parts => {
                    let text: String = parts.iter().map(|part| self.tree(part, Level::Concat)).collect();
                    if level > Level::Concat { format!("({text})") } else { text }
                }
            },
            Tree::Alternate(parts) => self.alternate(parts, level),
        }
    }

    fn literal(&self, c: char, fold: bool) -> String {
        let ascii_by_operator = self.case == Case::Fold && c.is_ascii();
        if !fold || ascii_by_operator { chars::escape(c) } else { chars::print(&chars::folded(c)) }
    }

    fn repeat(&self, min: u32, max: Option<u32>, tree: &Tree, level: Level) -> String {
        let atom = self.tree(tree, Level::Repeat);
        let text = match (min, max) {
            (_, Some(0)) => return "()".into(),
            (1, Some(1)) => return self.tree(tree, level),
            (0, None) => format!("{atom}*"),
            (1, None) => format!("{atom}+"),
            (0, Some(1)) => format!("{atom}?"),
            (n, None) => format!("{atom}{{{n},}}"),
            (n, Some(m)) if n == m => format!("{atom}{{{n}}}"),
            (n, Some(m)) => format!("{atom}{{{n},{m}}}"),
        };
        // A quantifier on a quantifier is legal, but reads like a lazy or possessive one.
        if level == Level::Repeat { format!("({text})") } else { text }
    }

    /// Empty alternatives become `(..)?`: Lucene has no empty alternative.
    fn alternate(&self, parts: &[Tree], level: Level) -> String {
        let empty = |part: &&Tree| matches!(part, Tree::Empty) || matches!(part, Tree::Concat(p) if p.is_empty());
        let full: Vec<String> =
            parts.iter().filter(|part| !empty(part)).map(|part| self.tree(part, Level::Alternate)).collect();
        let optional = full.len() < parts.len();
        match (full.is_empty(), optional) {
            (true, _) => "()".into(),
            (false, true) if level == Level::Repeat => format!("(({})?)", full.join("|")),
            (false, true) => format!("({})?", full.join("|")),
            (false, false) if level > Level::Alternate => format!("({})", full.join("|")),
            (false, false) => full.join("|"),
        }
    }
}

/// Calls `look` for every leaf.
fn visit(tree: &Tree, look: &mut impl FnMut(&Tree)) {
    match tree {
        Tree::Repeat { tree, .. } | Tree::Group(tree) => visit(tree, look),
        Tree::Concat(parts) | Tree::Alternate(parts) => parts.iter().for_each(|part| visit(part, look)),
        leaf => look(leaf),
    }
}
