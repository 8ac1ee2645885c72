//! The Rust `regex` of a tree: what the interpreter runs, and the proof at reading time that it can be run.
//!
//! The text printed here uses only constructs that leave nothing to flags; it is never shown to users or targets.

use std::fmt::Write;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{Class, ClassItem, Look, Tree};

impl Tree {
    /// Builds the engine's expression. It searches: anchors are only where the tree has them.
    ///
    /// # Errors
    /// Where the engine refuses the size. A tree that [`super::Regex::parse`] gave is never refused.
    pub fn compile(&self) -> Result<regex::Regex, regex::Error> {
        let mut text = String::new();
        self.print(&mut text);
        // Each level of ours prints as at most three; the parser's own default would refuse what we have read.
        regex::RegexBuilder::new(&text).nest_limit(1000).build()
    }

    fn print(&self, out: &mut String) {
        match self {
            Tree::Empty => out.push_str("(?:)"),
            Tree::Literal { c, fold: true } => {
                out.push_str("(?i:");
                literal(*c, out);
                out.push(')');
            }
            Tree::Literal { c, fold: false } => literal(*c, out),
            Tree::Dot { newline: true } => out.push_str("(?s:.)"),
            Tree::Dot { newline: false } => out.push('.'),
            Tree::Class(class) => class.print(out),
            Tree::Look(look) => out.push_str(match look {
                Look::Start => r"\A",
                Look::End => r"\z",
                Look::LineStart => "(?m:^)",
                Look::LineEnd => "(?m:$)",
                Look::WordBoundary => r"(?-u:\b)",
                Look::NotWordBoundary => r"(?-u:\B)",
            }),
            Tree::Repeat { min, max, greedy, tree } => {
                grouped(tree, out);
                let _ = match max {
                    Some(max) => write!(out, "{{{min},{max}}}"),
                    None => write!(out, "{{{min},}}"),
                };
                if !greedy {
                    out.push('?');
                }
            }
            Tree::Group(tree) => grouped(tree, out),
            Tree::Concat(parts) => parts.iter().for_each(|part| match part {
                Tree::Alternate(_) => grouped(part, out),
                _ => part.print(out),
            }),
            Tree::Alternate(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        out.push('|');
                    }
                    part.print(out);
                }
            }
        }
    }
}

fn grouped(tree: &Tree, out: &mut String) {
    out.push_str("(?:");
    tree.print(out);
    out.push(')');
}

fn literal(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        let _ = write!(out, "\\x{{{:X}}}", u32::from(c)); // writing to a string cannot fail
    }
}

impl Class {
    /// The characters of the class as ascending ranges that do not touch: folding, shorthands and negation done.
    pub fn ranges(&self) -> Vec<(char, char)> {
        let mut set = self.set();
        if self.negated {
            set.negate();
        }
        set.iter().map(|range| (range.start(), range.end())).collect()
    }

    /// The characters listed, before negation.
    pub(super) fn set(&self) -> ClassUnicode {
        let mut ranges = ClassUnicode::empty();
        let mut shorthands = ClassUnicode::empty();
        for item in &self.items {
            match item {
                ClassItem::Range(from, to) => ranges.push(ClassUnicodeRange::new(*from, *to)),
                ClassItem::Perl { kind, negated } => {
                    let listed = kind.ranges().iter().map(|(from, to)| ClassUnicodeRange::new(*from, *to));
                    let mut set = ClassUnicode::new(listed);
                    if *negated {
                        set.negate();
                    }
                    shorthands.union(&set);
                }
            }
        }
        if self.fold {
            // Fails only without the Unicode tables, which are compiled in.
            let _ = ranges.try_case_fold_simple();
        }
        ranges.union(&shorthands);
        ranges
    }

    fn print(&self, out: &mut String) {
        let ranges = self.ranges();
        if ranges.is_empty() {
            out.push_str(r"[^\x{0}-\x{10FFFF}]"); // an empty class: no character
            return;
        }
        out.push('[');
        for (from, to) in ranges {
            literal(from, out);
            if from != to {
                out.push('-');
                literal(to, out);
            }
        }
        out.push(']');
    }
}
