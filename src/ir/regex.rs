//! Regular expressions as a small tree in which flags are resolved to the leaves.
//!
//! The dialect read is the Rust `regex` crate's with ASCII `\d \w \s \b` (SEMANTICS.md, "Regular expressions");
//! look-around, back-references, possessive and atomic groups do not parse. Each target prints the tree in its own dialect
//! (`target::regex`), so no pattern text ever passes through unread. Groups only group: a rule's answer is yes or no.

use std::fmt;
use std::sync::Arc;

use regex_syntax::ast::{self, Ast};

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

/// A set of characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Class {
    /// Whether the set is what is *not* listed.
    pub negated: bool,
    /// Whether letter case is ignored, before negation; it widens ranges, not shorthands (which are ASCII).
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
/// The most states that nested counted repetitions may multiply to.
const REPEAT_LIMIT: u64 = 100_000;

impl Regex {
    /// Reads `text` under `flags`.
    ///
    /// # Errors
    /// With the place and reason where the text is no regular expression of the dialect, or is absurdly large.
    pub fn parse(text: &str, flags: Flags) -> Result<Regex, RegexError> {
        let fail = |message: &str| RegexError { message: message.into(), range: 0..text.len() };
        if text.len() > TEXT_LIMIT {
            return Err(fail("the regular expression is longer than 64 KiB"));
        }
        let ast = ast::parse::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(text).map_err(|e| {
            RegexError { message: explain(e.kind()), range: e.span().start.offset..e.span().end.offset }
        })?;
        let tree = Lowering { flags }.lower(&ast)?;
        if tree.weight() > REPEAT_LIMIT {
            return Err(fail("the counted repetitions multiply to too large an expression"));
        }
        Ok(Regex { text: text.into(), flags, tree })
    }
}

/// regex-syntax's own words, with a word on what other engines would allow.
fn explain(kind: &ast::ErrorKind) -> String {
    match kind {
        ast::ErrorKind::UnsupportedLookAround => "look-around is not part of Sigma's regular expressions".into(),
        ast::ErrorKind::UnsupportedBackreference => {
            "back-references are not part of Sigma's regular expressions".into()
        }
        other => other.to_string(),
    }
}

/// Turns the parser's tree into ours, carrying the flags that are in force.
struct Lowering {
    flags: Flags,
}

impl Lowering {
    fn lower(&mut self, ast: &Ast) -> Result<Tree, RegexError> {
        Ok(match ast {
            Ast::Empty(_) => Tree::Empty,
            Ast::Flags(set) => {
                self.set(&set.flags)?;
                Tree::Empty
            }
            Ast::Literal(literal) => Tree::Literal { c: literal.c, fold: self.flags.ignore_case },
            Ast::Dot(_) => Tree::Dot { newline: self.flags.dot_all },
            Ast::Assertion(assertion) => Tree::Look(self.look(assertion)?),
            Ast::ClassUnicode(class) => return Err(unsupported("Unicode classes `\\p{..}`", &class.span)),
            Ast::ClassPerl(class) => Tree::Class(Class { negated: false, fold: false, items: vec![perl(class)] }),
            Ast::ClassBracketed(class) => Tree::Class(self.class(class)?),
            Ast::Repetition(repetition) => {
                let (min, max) = match &repetition.op.kind {
                    ast::RepetitionKind::ZeroOrOne => (0, Some(1)),
                    ast::RepetitionKind::ZeroOrMore => (0, None),
                    ast::RepetitionKind::OneOrMore => (1, None),
                    ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(n)) => (*n, Some(*n)),
                    ast::RepetitionKind::Range(ast::RepetitionRange::AtLeast(n)) => (*n, None),
                    ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(n, m)) => (*n, Some(*m)),
                };
                let tree = Box::new(self.lower(&repetition.ast)?);
                if matches!(*repetition.ast, Ast::Repetition(_)) && !matches!(*tree, Tree::Group(_)) {
                    return Err(unsupported("possessive and doubled quantifiers", &repetition.span));
                }
                Tree::Repeat { min, max, greedy: repetition.greedy, tree }
            }
            Ast::Group(group) => {
                let outer = self.flags;
                if let ast::GroupKind::NonCapturing(flags) = &group.kind {
                    self.set(flags)?;
                }
                let inner = self.lower(&group.ast);
                self.flags = outer;
                Tree::Group(Box::new(inner?))
            }
            Ast::Alternation(alternation) => {
                // A flag set inside a branch holds to the end of the enclosing group, later branches included.
                Tree::Alternate(alternation.asts.iter().map(|a| self.lower(a)).collect::<Result<_, _>>()?)
            }
            Ast::Concat(concat) => Tree::Concat(concat.asts.iter().map(|a| self.lower(a)).collect::<Result<_, _>>()?),
        })
    }

    fn set(&mut self, flags: &ast::Flags) -> Result<(), RegexError> {
        let mut on = true;
        for item in &flags.items {
            match &item.kind {
                ast::FlagsItemKind::Negation => on = false,
                ast::FlagsItemKind::Flag(ast::Flag::CaseInsensitive) => self.flags.ignore_case = on,
                ast::FlagsItemKind::Flag(ast::Flag::MultiLine) => self.flags.multi_line = on,
                ast::FlagsItemKind::Flag(ast::Flag::DotMatchesNewLine) => self.flags.dot_all = on,
                ast::FlagsItemKind::Flag(_) => {
                    return Err(unsupported("flags other than `i`, `m` and `s`", &item.span));
                }
            }
        }
        Ok(())
    }

    fn look(&self, assertion: &ast::Assertion) -> Result<Look, RegexError> {
        use ast::AssertionKind as Kind;
        Ok(match assertion.kind {
            Kind::StartLine if self.flags.multi_line => Look::LineStart,
            Kind::EndLine if self.flags.multi_line => Look::LineEnd,
            Kind::StartLine | Kind::StartText => Look::Start,
            Kind::EndLine | Kind::EndText => Look::End,
            Kind::WordBoundary => Look::WordBoundary,
            Kind::NotWordBoundary => Look::NotWordBoundary,
            _ => return Err(unsupported("half and directed word boundaries", &assertion.span)),
        })
    }

    fn class(&self, class: &ast::ClassBracketed) -> Result<Class, RegexError> {
        let ast::ClassSet::Item(item) = &class.kind else {
            return Err(unsupported("set operations in classes", &class.span));
        };
        let mut items = Vec::new();
        self.items(item, &mut items)?;
        Ok(Class { negated: class.negated, fold: self.flags.ignore_case, items })
    }

    fn items(&self, item: &ast::ClassSetItem, out: &mut Vec<ClassItem>) -> Result<(), RegexError> {
        match item {
            ast::ClassSetItem::Empty(_) => {}
            ast::ClassSetItem::Literal(literal) => out.push(ClassItem::Range(literal.c, literal.c)),
            ast::ClassSetItem::Range(range) => out.push(ClassItem::Range(range.start.c, range.end.c)),
            ast::ClassSetItem::Perl(class) => out.push(perl(class)),
            ast::ClassSetItem::Union(union) => {
                for item in &union.items {
                    self.items(item, out)?;
                }
            }
            ast::ClassSetItem::Ascii(class) => return Err(unsupported("POSIX classes `[:..:]`", &class.span)),
            ast::ClassSetItem::Unicode(class) => return Err(unsupported("Unicode classes `\\p{..}`", &class.span)),
            ast::ClassSetItem::Bracketed(class) => return Err(unsupported("nested classes", &class.span)),
        }
        Ok(())
    }
}

fn perl(class: &ast::ClassPerl) -> ClassItem {
    let kind = match class.kind {
        ast::ClassPerlKind::Digit => PerlKind::Digit,
        ast::ClassPerlKind::Space => PerlKind::Space,
        ast::ClassPerlKind::Word => PerlKind::Word,
    };
    ClassItem::Perl { kind, negated: class.negated }
}

fn unsupported(what: &str, span: &ast::Span) -> RegexError {
    RegexError { message: format!("{what} are not supported"), range: span.start.offset..span.end.offset }
}

impl Tree {
    /// The number of leaves once counted repetitions are written out, saturating.
    fn weight(&self) -> u64 {
        match self {
            Tree::Empty | Tree::Literal { .. } | Tree::Dot { .. } | Tree::Class(_) | Tree::Look(_) => 1,
            Tree::Repeat { min, max, tree, .. } => tree.weight().saturating_mul(u64::from(max.unwrap_or(*min).max(1))),
            Tree::Group(tree) => tree.weight(),
            Tree::Concat(parts) | Tree::Alternate(parts) => {
                parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.weight()))
            }
        }
    }
}
