//! Regular expressions as a small tree in which flags are resolved to the leaves.
//!
//! The grammar read is PCRE's (SEMANTICS.md, "Regular expressions"); look-around, back-references, possessive and atomic
//! groups are refused with their place. Each target prints the tree in its own dialect (`target::regex`), so no pattern
//! text ever passes through unread. Groups only group: a rule's answer is yes or no.
//!
//! Reading is in `read`, with `escape`, `class` and `names`; `engine` builds the Rust `regex` of a tree, which the
//! interpreter runs.

use std::fmt;
use std::sync::Arc;

mod class;
mod engine;
mod escape;
mod names;
mod read;
#[cfg(test)]
mod tests;

/// A regular expression: its text as the rule has it, the flags, and the tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Regex {
    /// The text in the rule.
    pub text: Arc<str>,
    /// The flags given by modifiers.
    pub flags: Flags,
    /// What it means.
    pub tree: Tree,
}

/// The flags that Sigma's modifiers can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    /// `i`: letters compare with simple case folding.
    pub ignore_case: bool,
    /// `m`: `^` and `$` match at line borders.
    pub multi_line: bool,
    /// `s`: the dot matches `\n` too.
    pub dot_all: bool,
}

/// The tree. Flags have no place in it: each leaf says what it means.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tree {
    /// The empty text.
    Empty,
    /// One character; with `fold`, any character of the same simple case folding.
    Literal {
        /// The character.
        c: char,
        /// Whether letter case is ignored.
        fold: bool,
    },
    /// Any character; without `newline`, any but `\n`.
    Dot {
        /// Whether `\n` counts.
        newline: bool,
    },
    /// One character of a set.
    Class(Class),
    /// A position.
    Look(Look),
    /// Repetition.
    Repeat {
        /// At least this many times.
        min: u32,
        /// At most this many times; `None` without bound.
        max: Option<u32>,
        /// Whether more is preferred (no difference to whether there is a match).
        greedy: bool,
        /// What is repeated.
        tree: Box<Tree>,
    },
    /// A group, kept for its parentheses.
    Group(Box<Tree>),
    /// One after the other.
    Concat(Vec<Tree>),
    /// One or the other.
    Alternate(Vec<Tree>),
}

/// A position between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// The very start of the text.
    Start,
    /// The very end of the text.
    End,
    /// The start of the text or after a `\n`.
    LineStart,
    /// The end of the text or before a `\n`.
    LineEnd,
    /// Between an ASCII word character and none.
    WordBoundary,
    /// Not such a place.
    NotWordBoundary,
}

/// A set of characters. Unicode and POSIX classes are read into ranges.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Class {
    /// Whether the set is what is *not* listed.
    pub negated: bool,
    /// Whether letter case is ignored in the ranges (before negation). Shorthands stand as they are:
    /// `(?i)[\W]` is `\W`.
    pub fold: bool,
    /// What is listed; may be empty.
    pub items: Vec<ClassItem>,
}

/// A member of a class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClassItem {
    /// The characters from the first to the last, both included.
    Range(char, char),
    /// A shorthand, ASCII: `\d` is `[0-9]`, `\w` is `[0-9A-Za-z_]`, `\s` is `[\t\n\x0B\f\r ]`.
    Perl {
        /// Which.
        kind: PerlKind,
        /// Whether the complement is meant (`\D \W \S`).
        negated: bool,
    },
}

/// The shorthand classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PerlKind {
    /// `[0-9]`
    Digit,
    /// `[\t\n\x0B\f\r ]`
    Space,
    /// `[0-9A-Za-z_]`
    Word,
}

impl PerlKind {
    /// The ASCII ranges that the shorthand stands for.
    pub fn ranges(self) -> &'static [(char, char)] {
        match self {
            PerlKind::Digit => &[('0', '9')],
            PerlKind::Space => &[('\t', '\r'), (' ', ' ')],
            PerlKind::Word => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        }
    }
}

/// Why a regular expression was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegexError {
    /// What is wrong.
    pub message: String,
    /// Where in the text, in bytes.
    pub range: std::ops::Range<usize>,
    /// The way out, if there is one.
    pub help: Option<String>,
}

impl RegexError {
    /// Adds the way out.
    fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The most nesting that is read.
const NEST_LIMIT: u32 = 100;
/// The largest text that is read, in bytes.
const TEXT_LIMIT: usize = 64 * 1024;
/// The most leaves once counted repetitions are written out, a class counting as its ranges.
pub const WEIGHT_LIMIT: u64 = 250_000;
/// Up to this weight the engine's own size limit cannot be reached, whatever the leaves are.
const SURELY_SMALL: u64 = 1_000;

impl Regex {
    /// Reads `text` under `flags`.
    ///
    /// # Errors
    /// With the place and reason where the text is no regular expression of the dialect, or is absurdly large.
    pub fn parse(text: &str, flags: Flags) -> Result<Regex, RegexError> {
        Regex::read(text, flags)?.proved()
    }

    /// As [`Regex::parse`], but without the proof that it can be run, which takes time where it is large.
    ///
    /// # Errors
    /// As of [`Regex::parse`], but for expressions that cannot be run.
    pub fn read(text: &str, flags: Flags) -> Result<Regex, RegexError> {
        if text.len() > TEXT_LIMIT {
            let message = "the regular expression is longer than 64 KiB".into();
            return Err(RegexError { message, range: 0..text.len(), help: None });
        }
        let regex = Regex { text: text.into(), flags, tree: read::read(text, flags)? };
        if regex.weight() > WEIGHT_LIMIT { Err(regex.too_large()) } else { Ok(regex) }
    }

    /// The expression, if it can be run: one of doubtful size is compiled once to see.
    ///
    /// # Errors
    /// Where it is too large.
    pub fn proved(self) -> Result<Regex, RegexError> {
        if self.weight() > SURELY_SMALL && self.tree.compile().is_err() { Err(self.too_large()) } else { Ok(self) }
    }

    fn too_large(&self) -> RegexError {
        let message = format!(
            "the regular expression is too large: {} ranges of characters once its counted repetitions are written \
             out, where at most {WEIGHT_LIMIT} can be run",
            self.weight()
        );
        RegexError { message, range: 0..self.text.len(), help: None }
    }

    /// What the expression costs: its leaves once counted repetitions are written out, a class counting as its ranges.
    pub fn weight(&self) -> u64 {
        self.tree.weight()
    }

    /// Whether there is a match in the empty text.
    pub fn matches_empty(&self) -> bool {
        self.tree.matches_empty()
    }
}

impl Tree {
    /// Whether it matches in the empty text, whose only place is start and end of the text and of a line at once.
    fn matches_empty(&self) -> bool {
        match self {
            Tree::Empty => true,
            Tree::Literal { .. } | Tree::Dot { .. } | Tree::Class(_) => false,
            Tree::Look(look) => *look != Look::WordBoundary,
            Tree::Repeat { min, tree, .. } => *min == 0 || tree.matches_empty(),
            Tree::Group(tree) => tree.matches_empty(),
            Tree::Concat(parts) => parts.iter().all(Tree::matches_empty),
            Tree::Alternate(parts) => parts.iter().any(Tree::matches_empty),
        }
    }

    /// The number of leaves once counted repetitions are written out, saturating; a class counts as its ranges.
    fn weight(&self) -> u64 {
        match self {
            Tree::Repeat { min, max, tree, .. } => tree.weight().saturating_mul(u64::from(max.unwrap_or(*min).max(1))),
            Tree::Group(tree) => tree.weight(),
            Tree::Concat(parts) | Tree::Alternate(parts) => {
                parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.weight()))
            }
            leaf => leaf.own_weight(),
        }
    }

    /// What the node itself weighs, without its parts.
    fn own_weight(&self) -> u64 {
        match self {
            Tree::Empty | Tree::Literal { .. } | Tree::Dot { .. } | Tree::Look(_) => 1,
            Tree::Class(class) => class.ranges().len().max(1) as u64,
            Tree::Repeat { .. } | Tree::Group(_) | Tree::Concat(_) | Tree::Alternate(_) => 0,
        }
    }
}
