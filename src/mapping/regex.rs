//! The regular expressions and replacement texts of pipelines, which are written for Python's `re`.
//!
//! Expressions are read by the `regex` crate: linear time, no look-around and no back-references within the expression.
//! Replacement texts have Python's `\1`, `\g<name>` and escapes.

use std::sync::Arc;

use ::regex::{Captures, Regex, RegexBuilder};

/// The size of a compiled expression in bytes.
const SIZE: usize = 4 << 20;

/// What a match costs beside the text that takes its place, in bytes.
pub(super) const MATCH: usize = 64;

/// Compiles an expression.
///
/// # Errors
/// With a message of one line.
pub(super) fn compile(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(SIZE).build().map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or("").trim_start_matches("error: ");
        format!("this is no regular expression that can be used here: {last}")
    })
}

/// Whether the expression matches at the very start of the text, as `re.match` does.
pub(super) fn matches_at_start(regex: &Regex, text: &str) -> bool {
    // The leftmost match decides: where it is not at the start, none is.
    regex.find(text).is_some_and(|found| found.start() == 0)
}

/// A part of a replacement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// These characters.
    Text(String),
    /// What this group caught.
    Group(usize),
    /// What the group of this name caught.
    Named(Arc<str>),
}

/// A replacement text, read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Replacement(pub Vec<Part>);

impl Replacement {
    /// Reads a replacement for an expression.
    ///
    /// # Errors
    /// Where it names a group that the expression does not have.
    pub fn parse(text: &str, regex: &Regex) -> Result<Replacement, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '\\' {
                plain.push(c);
                continue;
            }
            let part = match chars.next() {
                Some('g') if chars.peek() == Some(&'<') => {
                    let name: String = chars.by_ref().skip(1).take_while(|c| *c != '>').collect();
                    name.parse().map_or_else(|_| Part::Named(name.as_str().into()), Part::Group)
                }
                Some(digit @ '1'..='9') => {
                    let mut number = String::from(digit);
                    number.extend(chars.next_if(char::is_ascii_digit));
                    number.parse().map_or(Part::Group(usize::MAX), Part::Group)
                }
                Some('n') => Part::Text("\n".into()),
                Some('t') => Part::Text("\t".into()),
                Some('r') => Part::Text("\r".into()),
                Some('\\') => Part::Text("\\".into()),
                Some(other) => Part::Text(format!("\\{other}")),
                None => Part::Text("\\".into()),
            };
            match part {
                Part::Text(text) => plain.push_str(&text),
                group => {
                    check(&group, regex)?;
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(group);
                }
            }
        }
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Replacement(parts))
    }

    /// Replaces every match in a text; `None` where the result is longer than `most` bytes.
    pub fn replace_all(&self, regex: &Regex, text: &str, most: usize) -> Option<String> {
        let mut out = String::new();
        let (mut from, mut spent) = (0, 0);
        for captures in regex.captures_iter(text) {
            let Some(found) = captures.get(0) else { continue };
            spent += found.start() - from + self.size(&captures) + MATCH;
            if spent > most {
                return None;
            }
            out.push_str(text.get(from..found.start()).unwrap_or_default());
            self.0.iter().for_each(|part| out.push_str(part.expand(&captures)));
            from = found.end();
        }
        out.push_str(text.get(from..).unwrap_or_default());
        (out.len() <= most).then_some(out)
    }

    /// The bytes that take the place of a match.
    pub fn size(&self, captures: &Captures<'_>) -> usize {
        self.0.iter().map(|part| part.expand(captures).len()).sum()
    }
}

impl Part {
    /// The range of the text that a group caught.
    pub fn range(&self, captures: &Captures<'_>) -> Option<std::ops::Range<usize>> {
        match self {
            Part::Text(_) => None,
            Part::Group(n) => captures.get(*n),
            Part::Named(name) => captures.name(name),
        }
        .map(|found| found.range())
    }

    fn expand<'t>(&'t self, captures: &Captures<'t>) -> &'t str {
        match self {
            Part::Text(text) => text,
            Part::Group(n) => captures.get(*n).map_or("", |found| found.as_str()),
            Part::Named(name) => captures.name(name).map_or("", |found| found.as_str()),
        }
    }
}

fn check(part: &Part, regex: &Regex) -> Result<(), String> {
    let (known, name) = match part {
        Part::Text(_) => return Ok(()),
        Part::Group(n) => (*n < regex.captures_len(), n.to_string()),
        Part::Named(name) => (regex.capture_names().flatten().any(|known| known == name.as_ref()), name.to_string()),
    };
    if known {
        Ok(())
    } else {
        Err(format!("the replacement names the group `{name}`, which the expression does not have"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_python_s() {
        let regex = Regex::new("(?P<a>x)(y)").unwrap();
        let text = Replacement::parse(r"\2\g<a>\g<1>\\\n\*", &regex).unwrap().replace_all(&regex, "-xy-", 1000);
        assert_eq!(text.unwrap(), "-yxx\\\n\\*-");
        assert!(Replacement::parse(r"\3", &regex).is_err());
        assert!(Replacement::parse(r"\g<b>", &regex).is_err());
    }

    #[test]
    fn a_match_at_the_start_is_one_at_the_start() {
        assert!(matches_at_start(&Regex::new("b?").unwrap(), "ab"));
        assert!(!matches_at_start(&Regex::new("b").unwrap(), "ab"));
    }
}
