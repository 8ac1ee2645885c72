//! Lucene regular expressions, printed from the IR's tree.
//!
//! The dialect (Lucene's `RegExp` with all its operators, as Elasticsearch uses it) matches whole values, knows no
//! anchors, no look-around, no flags, and reads `" # @ & < > ~` as operators; text that it does not know it mostly
//! misreads without an error. So nothing is passed through: [`anchors`] turns a search into whole-value alternatives,
//! [`chars`] computes sets of characters, and this file prints. Quoting for EQL is not done here.

mod anchors;
mod chars;

use crate::ir::regex::{Class, Tree};
use crate::ir::{Case, Pattern, Piece};
use anchors::{Edge, Line};

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

/// A construct that Lucene's dialect cannot say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub &'static str);

/// A search as expressions over whole values.
///
/// # Errors
/// Where an anchor or a word boundary cannot be written out.
pub(super) fn search(tree: &Tree) -> Result<Search, Refusal> {
    let printer = Printer::for_tree(tree);
    let mut out: Vec<String> = Vec::new();
    for line in anchors::lines(tree)? {
        if line.is_everything() {
            return Ok(Search::Everything);
        }
        let text = printer.line(&line);
        if !out.contains(&text) {
            out.push(text);
        }
    }
    Ok(if out.is_empty() { Search::Nothing } else { Search::Lines(out, printer.case) })
}

/// A pattern as an expression over the whole value. Its letters fold as the pattern says, those beyond ASCII too.
pub(super) fn whole(pattern: &Pattern) -> (String, Case) {
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
                items: set.iter().map(|&c| crate::ir::regex::ClassItem::Range(c, c)).collect(),
            })),
        }
    }
    let printer = Printer { case: pattern.case };
    (printer.tree(&Tree::Concat(parts), Level::Alternate), pattern.case)
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
