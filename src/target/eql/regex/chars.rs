//! Characters and sets of them in Lucene's dialect. No structure of expressions is known here.
//!
//! Folding: letters of ASCII fold among themselves, as Elasticsearch 8 does; others by Unicode simple case folding,
//! written out, because only Elasticsearch 9 knows it.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use crate::ir::regex::{Class, ClassItem};

/// The characters that stand for operators outside brackets.
const OPERATORS: &str = ".?+*|{}[]()\"\\#@&<>~^$";
/// Those within brackets.
const IN_BRACKETS: &str = "\\[]^-";

/// A literal character.
pub(super) fn escape(c: char) -> String {
    if OPERATORS.contains(c) { format!("\\{c}") } else { c.to_string() }
}

/// The character with all that fold to the same.
pub(super) fn folded(c: char) -> ClassUnicode {
    let alone = |c| ClassUnicodeRange::new(c, c);
    match c {
        _ if !c.is_ascii() => fold(&ClassUnicode::new([alone(c)])),
        _ => ClassUnicode::new([alone(c.to_ascii_uppercase()), alone(c.to_ascii_lowercase())]),
    }
}

/// The members of [`folded`].
pub(super) fn variants(c: char) -> Vec<char> {
    folded(c).iter().flat_map(|range| range.start()..=range.end()).collect()
}

/// Whether `regex~` and `regex` read the set alike: each letter of ASCII comes in both cases, and so do the others.
pub(super) fn is_closed_under_case(set: &ClassUnicode) -> bool {
    let mut ascii = set.clone();
    ascii.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\u{7f}')]));
    let beyond = beyond_ascii(set);
    fold(&ascii) == ascii && beyond_ascii(&fold(&beyond)) == beyond
}

/// The set with what folds to the same as a member: for letters beyond ASCII these may be letters of ASCII, not the
/// reverse.
fn fold(set: &ClassUnicode) -> ClassUnicode {
    let mut out = set.clone();
    for (from, to, other) in [('a', 'z', 'A'), ('A', 'Z', 'a')] {
        let mut letters = set.clone();
        letters.intersect(&ClassUnicode::new([ClassUnicodeRange::new(from, to)]));
        let shifted = letters.iter().map(|range| {
            let shift = |c: char| char::from((c as u8).wrapping_sub(from as u8).wrapping_add(other as u8));
            ClassUnicodeRange::new(shift(range.start()), shift(range.end()))
        });
        out.union(&ClassUnicode::new(shifted));
    }
    let mut beyond = beyond_ascii(set);
    // All that lies beyond ASCII folds into itself, but for `k` and `s`: looking up each character of it takes long.
    if let [all] = beyond.ranges()
        && (all.start(), all.end()) == ('\u{80}', char::MAX)
    {
        out.union(&ClassUnicode::new("KSks".chars().map(|c| ClassUnicodeRange::new(c, c))));
        return out;
    }
    // Without Unicode tables nothing is added; the crate is built with them.
    if beyond.try_case_fold_simple().is_ok() {
        out.union(&beyond);
    }
    out
}

fn beyond_ascii(set: &ClassUnicode) -> ClassUnicode {
    let mut out = set.clone();
    out.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\u{80}', char::MAX)]));
    out
}

/// The set that a class stands for. Shorthands do not fold.
pub(super) fn class(class: &Class) -> ClassUnicode {
    let set = |items: &[ClassItem]| {
        let ranges = crate::target::regex::ranges(items);
        ClassUnicode::new(ranges.into_iter().map(|(from, to)| ClassUnicodeRange::new(from, to)))
    };
    let mut out = set(&class.items);
    if class.fold {
        let listed: Vec<ClassItem> =
            class.items.iter().filter(|item| matches!(item, ClassItem::Range(..))).cloned().collect();
        out.union(&fold(&set(&listed)));
    }
    if class.negated {
        out.negate();
    }
    out
}

/// A set as one atom.
pub(super) fn print(set: &ClassUnicode) -> String {
    let Some(last) = set.iter().last() else { return "#".into() }; // the empty language
    if let [only] = set.ranges()
        && only.start() == only.end()
    {
        return escape(only.start());
    }
    if last.end() < char::MAX {
        return format!("[{}]", members(set));
    }
    let mut complement = set.clone();
    complement.negate();
    if complement.ranges().is_empty() { ".".into() } else { format!("[^{}]", members(&complement)) }
}

fn members(set: &ClassUnicode) -> String {
    let member = |c: char| if IN_BRACKETS.contains(c) { format!("\\{c}") } else { c.to_string() };
    let mut out = String::new();
    for range in set.iter() {
        let (from, to) = (range.start(), range.end());
        out.push_str(&member(from));
        if to as u32 > from as u32 + 1 {
            out.push('-');
        }
        if to != from {
            out.push_str(&member(to));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(char, char)]) -> ClassUnicode {
        ClassUnicode::new(ranges.iter().map(|(a, b)| ClassUnicodeRange::new(*a, *b)))
    }

    #[test]
    fn sets_print_as_the_shorter_side() {
        assert_eq!(print(&set(&[('a', 'a')])), "a");
        assert_eq!(print(&set(&[('a', 'b'), ('x', 'z')])), "[abx-z]");
        assert_eq!(print(&set(&[('\0', '/'), (':', char::MAX)])), "[^0-9]");
        assert_eq!(print(&set(&[('\0', char::MAX)])), ".");
        assert_eq!(print(&set(&[])), "#");
        assert_eq!(print(&set(&[('+', ']')])), "[+-\\]]");
        assert_eq!(print(&set(&[('-', '-'), ('^', '^')])), "[\\-\\^]");
    }

    #[test]
    fn ascii_folds_among_itself_and_the_rest_by_unicode() {
        assert_eq!(variants('k'), ['K', 'k']);
        assert_eq!(variants('é'), ['É', 'é']);
        assert_eq!(variants('σ'), ['Σ', 'ς', 'σ']);
        assert_eq!(variants('1'), ['1']);
        assert_eq!(variants('\u{17f}'), ['S', 's', '\u{17f}']);
        assert!(is_closed_under_case(&set(&[('A', 'Z'), ('a', 'z')])));
        assert!(!is_closed_under_case(&set(&[('a', 'z')])));
    }
}
