//! Bracketed classes: what stands between `[` and `]`.
//!
//! PCRE has no operations on sets in them: `&&`, `--`, `~~` and `[` are characters like any other.

use super::escape::{Escape, listed};
use super::read::{Layout, Reader};
use super::{Class, ClassItem, RegexError, names};

/// What stands before a `-`.
#[derive(Clone, Copy)]
enum Before {
    /// Nothing that a range could begin with.
    Nothing,
    /// A character.
    Char(char),
    /// A character and the `-` of a range, which stands here.
    Range(char, usize),
}

/// The members so far.
struct Members {
    /// Characters and shorthands, in order; the last one may be the start of a range.
    items: Vec<ClassItem>,
    /// Sets that folding leaves as they are.
    sets: Vec<(char, char)>,
    before: Before,
    quoted: bool,
}

impl Reader<'_> {
    /// A class; the `[` at `start` was taken.
    pub fn class(&mut self, start: usize) -> Result<Class, RegexError> {
        if let Some(end) = posix_end(self.text.get(start..).unwrap_or("")) {
            let error = self.error(start..start + end, "a POSIX class stands in brackets of its own");
            return Err(error.help("write `[[:alpha:]]`"));
        }
        let mut negated = false;
        loop {
            self.skip_nothing();
            if negated || !self.take("^") {
                break;
            }
            negated = true;
        }
        let mut members = Members { items: Vec::new(), sets: Vec::new(), before: Before::Nothing, quoted: false };
        let mut first = true;
        loop {
            let at = self.at;
            if self.skip_blank(members.quoted) {
                continue;
            }
            let Some(c) = self.next() else {
                let error = self.error(start..start + 1, "this class has no closing `]`");
                return Err(error.help(r"write `\[` for a bracket"));
            };
            if c == ']' && !first && !members.quoted {
                return Ok(self.finish(members, negated));
            }
            first &= c == '\\' && self.rest().starts_with(['E', 'Q']);
            self.member(c, at, &mut members)?;
        }
    }

    /// Takes a blank that `xx` makes layout.
    fn skip_blank(&mut self, quoted: bool) -> bool {
        !quoted && self.modes.layout == Layout::Everywhere && (self.take(" ") || self.take("\t"))
    }

    fn member(&mut self, c: char, at: usize, members: &mut Members) -> Result<(), RegexError> {
        if members.quoted {
            if c == '\\' && self.take("E") {
                members.quoted = false;
                return Ok(());
            }
            return self.member_char(c, at, members);
        }
        match c {
            '[' if posix_end(self.text.get(at..).unwrap_or("")).is_some() => self.posix(at, members),
            '\\' => self.member_escape(at, members),
            '-' => match members.before {
                Before::Char(from) => {
                    members.before = Before::Range(from, at);
                    Ok(())
                }
                _ => self.member_char(c, at, members),
            },
            c => self.member_char(c, at, members),
        }
    }

    fn member_char(&mut self, c: char, at: usize, members: &mut Members) -> Result<(), RegexError> {
        if let Before::Range(from, _) = members.before {
            if from > c {
                return Err(self.error(at..self.at, "the range ends before it begins"));
            }
            members.items.pop();
            members.items.push(ClassItem::Range(from, c));
            members.before = Before::Nothing;
        } else {
            members.items.push(ClassItem::Range(c, c));
            members.before = Before::Char(c);
        }
        Ok(())
    }

    fn member_escape(&mut self, at: usize, members: &mut Members) -> Result<(), RegexError> {
        if self.take("Q") {
            members.quoted = true;
            return Ok(());
        }
        if self.take("E") {
            return Ok(());
        }
        let c = match self.peek() {
            Some('b') => {
                self.at += 1;
                '\u{8}'
            }
            // No reference can be meant here: digits are octal, and what else could refer is itself.
            Some('1'..='7') => self.octal(at, 3)?,
            Some(c @ ('8' | '9' | 'g' | 'k')) => {
                self.at += 1;
                c
            }
            _ => match self.common_escape(at)? {
                Escape::Char(c) => c,
                Escape::Perl(item) => {
                    members.items.push(item);
                    return self.after_set(at, members);
                }
                Escape::Set(ranges) => {
                    members.sets.extend(ranges);
                    return self.after_set(at, members);
                }
                Escape::Other(c) => {
                    return Err(self.error(at..self.at, format!("`\\{c}` has no meaning in a class")));
                }
            },
        };
        self.member_char(c, at, members)
    }

    /// A set is no end of a range. PCRE refuses what looks as if it were one.
    fn after_set(&mut self, at: usize, members: &mut Members) -> Result<(), RegexError> {
        let hyphen = match members.before {
            Before::Range(_, hyphen) => Some(hyphen),
            _ => self.hyphen_before_more(),
        };
        members.before = Before::Nothing;
        match hyphen {
            None => Ok(()),
            Some(hyphen) => {
                let error = self.error(hyphen.min(at)..self.at.max(hyphen + 1), "a range has a character at both ends");
                Err(error.help(r"write `\-` for a hyphen, or put it last"))
            }
        }
    }

    /// The place of a `-` that comes next, unless it is the last of the class.
    fn hyphen_before_more(&mut self) -> Option<usize> {
        let at = self.at;
        self.skip_nothing();
        let hyphen = self.at;
        let found = self.take("-");
        self.skip_nothing();
        let last = self.rest().starts_with(']');
        self.at = at;
        (found && !last).then_some(hyphen)
    }

    /// Skips what stands for nothing.
    fn skip_nothing(&mut self) {
        while self.take(r"\E") || self.take(r"\Q\E") || self.skip_blank(false) {}
    }

    fn posix(&mut self, at: usize, members: &mut Members) -> Result<(), RegexError> {
        let written = self.text.get(at..).unwrap_or("");
        let written = written.get(..posix_end(written).unwrap_or(0)).unwrap_or("");
        self.at = at + written.len();
        let inside = written.get(2..written.len().saturating_sub(2)).unwrap_or("");
        if !written.starts_with("[:") {
            return Err(self.unsupported(at..self.at, "POSIX collating elements"));
        }
        let (name, negated) = inside.strip_prefix('^').map_or((inside, false), |name| (name, true));
        if matches!(name, "<" | ">") {
            return Err(self.unsupported(at..self.at, "directed word boundaries"));
        }
        let Some(ranges) = names::posix(name, self.modes.flags.ignore_case) else {
            return Err(self.error(at..self.at, format!("there is no POSIX class named `{name}`")));
        };
        members.sets.extend(if negated { names::complement(ranges) } else { ranges.to_vec() });
        self.after_set(at, members)
    }

    fn finish(&self, mut members: Members, negated: bool) -> Class {
        if let Before::Range(..) = members.before {
            members.items.push(ClassItem::Range('-', '-')); // `[a-]`
        }
        let fold = self.modes.flags.ignore_case;
        let class = Class { negated: false, fold, items: members.items };
        if members.sets.is_empty() {
            return Class { negated, ..class };
        }
        if !fold {
            let mut items = class.items;
            items.extend(members.sets.into_iter().map(|(from, to)| ClassItem::Range(from, to)));
            return Class { negated, fold, items };
        }
        let mut ranges = class.ranges();
        ranges.extend(members.sets);
        Class { negated, ..listed(&ranges) }
    }
}

/// The length of `[:...:]`, `[.....]` or `[=...=]` at the start of the text.
fn posix_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mark = *bytes.get(1).filter(|mark| matches!(mark, b':' | b'.' | b'='))?;
    let mut at = 2;
    loop {
        match (*bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', Some(b']' | b'\\')) => at += 1,
            (b'[', Some(next)) if *next == mark => return None,
            (b']', _) => return None,
            (byte, Some(b']')) if byte == mark => return Some(at + 2),
            _ => {}
        }
        at += 1;
    }
}
