//! Reading: the text of a regular expression, in PCRE's grammar, into the tree, with flags carried to the leaves.
//!
//! The grammar is that of PCRE2 10.45 for UTF texts, without its property mode: what PCRE takes for a literal is one,
//! and what a tree cannot hold is an error with its place. Escapes are in `escape`, brackets in `class`. No engine is
//! built here, and nothing is guessed.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Flags, Look, NEST_LIMIT, RegexError, Tree, WEIGHT_LIMIT};

/// The largest number in braces.
const REPEAT_LIMIT: u32 = 65_535;

/// The tree of `text`.
pub(super) fn read(text: &str, flags: Flags) -> Result<Tree, RegexError> {
    let modes = Modes { flags, ..Modes::default() };
    let mut reader = Reader { text, at: 0, modes, captures: 0, names: BTreeSet::new(), weight: 0 };
    let tree = reader.alternation(0)?;
    match reader.peek() {
        None => Ok(tree),
        Some(_) => Err(reader.error(reader.at..reader.at + 1, "this `)` closes no group").help(r"write `\)`")),
    }
}

/// What is in force at a place of the pattern.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Modes {
    /// What the leaves are made with.
    pub flags: Flags,
    /// `x` and `xx`: blanks are layout.
    pub layout: Layout,
    /// `n`: plain parentheses do not count as captures.
    no_captures: bool,
    /// `U`: greedy and lazy change places.
    ungreedy: bool,
    /// `J`: names may come twice.
    names_twice: bool,
}

/// Where blanks and comments are layout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nowhere.
    #[default]
    Off,
    /// Outside of brackets (`x`).
    Outside,
    /// Inside of brackets too (`xx`).
    Everywhere,
}

/// Reads from left to right. Recursion is one level a group.
pub(super) struct Reader<'t> {
    pub text: &'t str,
    pub at: usize,
    pub modes: Modes,
    /// The captures that were opened so far; `\10` is a reference only where there are ten.
    pub captures: u32,
    names: BTreeSet<&'t str>,
    /// The weight of the leaves so far, repetitions not written out.
    weight: u64,
}

/// The parts of one branch, and whether the last of them can be repeated.
#[derive(Default)]
struct Branch {
    parts: Vec<Tree>,
    repeatable: bool,
}

impl Branch {
    fn push(&mut self, tree: Tree) {
        self.parts.push(tree);
        self.repeatable = true;
    }

    fn finish(mut self) -> Tree {
        match self.parts.len() {
            0 => Tree::Empty,
            1 => self.parts.pop().unwrap_or(Tree::Empty),
            _ => Tree::Concat(self.parts),
        }
    }
}

impl<'t> Reader<'t> {
    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Takes the text where it comes next.
    pub fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub fn error(&self, range: Range<usize>, message: impl Into<String>) -> RegexError {
        let end = range.end.min(self.text.len());
        // A range never ends inside a character.
        let end = (end..=self.text.len()).find(|&at| self.text.is_char_boundary(at)).unwrap_or(end);
        RegexError { message: message.into(), range: range.start.min(end)..end, help: None }
    }

    /// The error for what PCRE has and a tree cannot hold.
    pub fn unsupported(&self, range: Range<usize>, what: &str) -> RegexError {
        self.error(range, format!("{what} are not part of Sigma's regular expressions"))
    }

    /// A literal character under the flags in force.
    pub fn literal(&self, c: char) -> Tree {
        Tree::Literal { c, fold: self.modes.flags.ignore_case }
    }

    fn alternation(&mut self, depth: u32) -> Result<Tree, RegexError> {
        let mut branches = vec![self.branch(depth)?];
        while self.take("|") {
            // A flag that one branch sets holds in the later ones too, to the end of the group.
            branches.push(self.branch(depth)?);
        }
        Ok(if branches.len() == 1 { branches.pop().unwrap_or(Tree::Empty) } else { Tree::Alternate(branches) })
    }

    fn branch(&mut self, depth: u32) -> Result<Tree, RegexError> {
        let mut branch = Branch::default();
        loop {
            self.skip_layout()?;
            let start = self.at;
            let Some(c) = self.peek().filter(|c| !matches!(c, '|' | ')')) else { return Ok(branch.finish()) };
            if let Some((min, max)) = self.quantifier()? {
                self.repeat(&mut branch, min, max, start)?;
                continue;
            }
            self.at += c.len_utf8();
            let before = branch.parts.len();
            match c {
                '(' => self.group(&mut branch, start, depth)?,
                '[' => {
                    let class = self.class(start)?;
                    branch.push(Tree::Class(class));
                }
                '\\' => self.escaped(&mut branch, start)?,
                '.' => branch.push(Tree::Dot { newline: self.modes.flags.dot_all }),
                '^' => self.look(&mut branch, Look::Start, Look::LineStart),
                '$' => self.look(&mut branch, Look::End, Look::LineEnd),
                c => branch.push(self.literal(c)),
            }
            let new = branch.parts.get(before..).unwrap_or(&[]);
            self.weigh(new.iter().map(Tree::own_weight).sum(), start)?;
        }
    }

    /// Adds to the weight of the leaves, and stops where there is too much of it.
    fn weigh(&mut self, weight: u64, start: usize) -> Result<(), RegexError> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight <= WEIGHT_LIMIT {
            return Ok(());
        }
        let message = format!("up to here the regular expression lists more than {WEIGHT_LIMIT} ranges of characters");
        Err(self.error(start..self.at, message))
    }

    /// `^` and `$`, which no quantifier can follow.
    fn look(&self, branch: &mut Branch, text: Look, line: Look) {
        branch.parts.push(Tree::Look(if self.modes.flags.multi_line { line } else { text }));
        branch.repeatable = false;
    }

    /// What a backslash begins.
    fn escaped(&mut self, branch: &mut Branch, start: usize) -> Result<(), RegexError> {
        if self.take("E") {
            return Ok(()); // closes a quotation that was never opened
        }
        if self.take("Q") {
            let quoted = self.rest().split_once(r"\E").map_or(self.rest(), |(quoted, _)| quoted);
            self.at += quoted.len();
            self.take(r"\E");
            quoted.chars().for_each(|c| branch.push(self.literal(c)));
            return Ok(());
        }
        let tree = self.escape(start)?;
        let place = matches!(tree, Tree::Look(_) | Tree::Empty);
        branch.push(tree);
        branch.repeatable = !place;
        Ok(())
    }

    /// Blanks and comments between items: `(?#...)` always, the others under `x`.
    fn skip_layout(&mut self) -> Result<(), RegexError> {
        loop {
            let start = self.at;
            if self.take("(?#") {
                match self.rest().find(')') {
                    Some(end) => self.at += end + 1,
                    None => return Err(self.error(start..start + 3, "the comment has no closing `)`")),
                }
                continue;
            }
            match self.peek().filter(|_| self.modes.layout != Layout::Off) {
                Some('#') => self.at += self.rest().find('\n').map_or(self.rest().len(), |end| end + 1),
                Some(c) if is_layout(c) => self.at += c.len_utf8(),
                _ => return Ok(()),
            }
        }
    }

    /// Takes a quantifier without its suffix. Braces that are none are left as literals.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let start = self.at;
        let simple = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.braces(start),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(simple))
    }

    /// `{n}`, `{n,}`, `{n,m}` and `{,m}`, with blanks where PCRE2 allows them.
    fn braces(&mut self, start: usize) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let rest = self.rest().get(1..).unwrap_or("");
        let inside = rest.split(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | ' ' | '\t'))).next().unwrap_or("");
        if !rest.get(inside.len()..).is_some_and(|rest| rest.starts_with('}')) {
            return Ok(None);
        }
        let (low, high) = match inside.split_once(',') {
            Some((low, high)) => (low, Some(high)),
            None => (inside, None),
        };
        let blank = |c: char| c == ' ' || c == '\t';
        let (low, high) = (low.trim_matches(blank), high.map(|high| high.trim_matches(blank)));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let none = low.is_empty() && high.is_none_or(str::is_empty);
        if none || !digits(low) || !high.is_none_or(digits) {
            return Ok(None);
        }
        self.at = start + 1 + inside.len() + 1;
        let number = |s: &str| {
            s.parse()
                .ok()
                .filter(|n| *n <= REPEAT_LIMIT)
                .ok_or_else(|| self.error(start..self.at, format!("a number in braces is at most {REPEAT_LIMIT}")))
        };
        let min = if low.is_empty() { 0 } else { number(low)? };
        let max = match high {
            None => Some(min),
            Some("") => None,
            Some(high) => Some(number(high)?),
        };
        if max.is_some_and(|max| max < min) {
            return Err(self.error(start..self.at, "the numbers in the braces are out of order"));
        }
        Ok(Some((min, max)))
    }

    /// Whether braces that are a quantifier come next.
    pub fn at_braces(&mut self) -> Result<bool, RegexError> {
        let at = self.at;
        let found = self.braces(at)?.is_some();
        self.at = at;
        Ok(found)
    }

    fn repeat(&mut self, branch: &mut Branch, min: u32, max: Option<u32>, start: usize) -> Result<(), RegexError> {
        if !branch.repeatable {
            let error = self.error(start..self.at, "there is nothing here that the quantifier could repeat");
            return Err(
                error.help(r"put `\` before the character if it is meant itself, or what is repeated into `(?:...)`")
            );
        }
        self.skip_layout()?;
        while self.take(r"\E") || self.take(r"\Q\E") {
            self.skip_layout()?;
        }
        let lazy = self.take("?");
        if !lazy && self.take("+") {
            return Err(self.unsupported(start..self.at, "possessive quantifiers"));
        }
        let Some(tree) = branch.parts.pop() else { return Ok(()) };
        let greedy = lazy == self.modes.ungreedy;
        branch.parts.push(Tree::Repeat { min, max, greedy, tree: Box::new(tree) });
        branch.repeatable = false;
        Ok(())
    }

    /// What follows a `(`.
    fn group(&mut self, branch: &mut Branch, start: usize, depth: u32) -> Result<(), RegexError> {
        let outer = self.modes;
        match self.opening(start)? {
            Opening::Flags => {
                branch.parts.push(Tree::Empty);
                branch.repeatable = false;
                return Ok(());
            }
            Opening::Group => {}
        }
        if depth >= NEST_LIMIT {
            return Err(self.error(start..self.at, format!("groups are nested more than {NEST_LIMIT} deep")));
        }
        let inside = self.alternation(depth + 1)?;
        if !self.take(")") {
            return Err(self
                .error(start..start + 1, "this group has no closing `)`")
                .help(r"write `\(` for a parenthesis"));
        }
        self.modes = outer;
        branch.push(Tree::Group(Box::new(inside)));
        Ok(())
    }

    /// Reads up to where the inside of the group begins; flags that stand alone are in force afterwards.
    fn opening(&mut self, start: usize) -> Result<Opening, RegexError> {
        if self.rest().starts_with('*') {
            return Err(self.unsupported(start..self.closing(), "verbs such as `(*UTF)`"));
        }
        if !self.take("?") {
            self.captures += u32::from(!self.modes.no_captures);
            return Ok(Opening::Group);
        }
        for (marks, what) in [
            (&["=", "!", "<=", "<!", "*", "<*"][..], "look-arounds"),
            (&[">"], "atomic groups"),
            (&["("], "conditional groups"),
            (&["P="], "back-references"),
            (&["R", "&", "P>", "+", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], "recursions"),
            (&["-0", "-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9"], "recursions"),
            (&["C"], "callouts"),
            (&["["], "set operations on classes"),
        ] {
            if marks.iter().any(|mark| self.rest().starts_with(mark)) {
                return Err(self.unsupported(start..self.closing(), what));
            }
        }
        if self.take("|") {
            return Ok(Opening::Group); // its branches share their numbers, which nothing here refers to
        }
        for (open, close) in [("P<", '>'), ("<", '>'), ("'", '\'')] {
            if self.take(open) {
                self.name(close, start)?;
                self.captures += 1;
                return Ok(Opening::Group);
            }
        }
        self.flags(start)
    }

    /// Where the construct at the cursor ends, for its underline: after the next `)`.
    fn closing(&self) -> usize {
        self.rest().find(')').map_or(self.text.len(), |end| self.at + end + 1)
    }

    fn name(&mut self, close: char, start: usize) -> Result<(), RegexError> {
        let word = |c: char| c == '_' || c.is_alphanumeric();
        let name = self.rest().split(|c| !word(c)).next().unwrap_or("");
        let range = self.at..self.at + name.len();
        self.at = range.end;
        if name.is_empty() || name.starts_with(|c: char| c.is_numeric()) || self.next() != Some(close) {
            let place = start..range.end + 1;
            return Err(self.error(place, format!("the name of a group is letters, digits and `_` up to `{close}`")));
        }
        if !self.names.insert(name) && !self.modes.names_twice {
            return Err(self.error(range, format!("two groups have the name `{name}`")));
        }
        Ok(())
    }

    /// `(?i-s)` and `(?i-s:`.
    fn flags(&mut self, start: usize) -> Result<Opening, RegexError> {
        let mut modes = self.modes;
        let reset = self.take("^");
        if reset {
            modes = Modes { ungreedy: modes.ungreedy, names_twice: modes.names_twice, ..Modes::default() };
        }
        let mut on = true;
        loop {
            let at = self.at;
            match self.next() {
                Some(')') => {
                    self.modes = modes;
                    return Ok(Opening::Flags);
                }
                Some(':') => {
                    self.modes = modes;
                    return Ok(Opening::Group);
                }
                Some('-') if on && !reset => on = false,
                Some('i') => modes.flags.ignore_case = on,
                Some('m') => modes.flags.multi_line = on,
                Some('s') => modes.flags.dot_all = on,
                Some('n') => modes.no_captures = on,
                Some('U') => modes.ungreedy = on,
                Some('J') => modes.names_twice = on,
                Some('x') => {
                    let twice = self.take("x");
                    modes.layout = match (on, twice) {
                        (true, true) => Layout::Everywhere,
                        (true, false) => Layout::Outside,
                        (false, _) => Layout::Off,
                    };
                }
                Some('a' | 'r' | 'u' | 'R' | 'L' | 'd' | 'l' | 'p') => {
                    let what = "flags other than `i`, `m`, `s`, `n`, `x`, `U` and `J`";
                    return Err(self.unsupported(at..self.at, what));
                }
                Some(c) => {
                    let end = self.at;
                    return Err(self.error(start..end, format!("`{c}` after `(?` begins no group and is no flag")));
                }
                None => return Err(self.error(start..self.at, "this group has no closing `)`")),
            }
        }
    }
}

/// What an opening parenthesis led to.
enum Opening {
    /// The inside of a group comes next.
    Group,
    /// Flags, which are in force from here on.
    Flags,
}

/// White space of `x`: the ASCII kinds and Unicode's pattern white space.
fn is_layout(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}
