//! Expressions cut into pieces that Elasticsearch takes: by length, and by what Lucene spends on them.
//!
//! A piece too large is split at its largest alternation or bounded repetition; a value matches where one of the pieces
//! does. No text is printed here.

use super::anchors::Line;
use super::{Printer, Refusal, effort};
use crate::ir::regex::Tree;

/// The most pieces of one alternative.
const PIECES: usize = 64;

/// The texts of the pieces of one alternative.
pub(super) fn pieces(line: Line, printer: &Printer, limit: usize) -> Result<Vec<String>, Refusal> {
    let mut out = Vec::new();
    let mut rest = vec![line];
    while let Some(line) = rest.pop() {
        let why = match check(&[&line], printer, limit) {
            Ok(text) => {
                out.push(text);
                continue;
            }
            Err(why) => why,
        };
        let Some((left, right)) = split(&Tree::Concat(line.body.clone())) else { return Err(why) };
        if out.len() + rest.len() + 2 > PIECES {
            return Err(why);
        }
        let part = |tree| Line { body: vec![tree], ..line };
        rest.extend([part(right), part(left)]);
    }
    Ok(out)
}

/// The text of alternatives as one expression, where Elasticsearch takes it.
pub(super) fn check(lines: &[&Line], printer: &Printer, limit: usize) -> Result<String, Refusal> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        let text = printer.line(line);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let text = texts.join("|");
    let length = text.encode_utf16().count();
    if length > limit {
        return Err(Refusal::TooLong(length, limit));
    }
    let trees: Vec<Tree> = lines.iter().map(|line| line.tree()).collect();
    match effort::is_bearable(&trees.iter().collect::<Vec<_>>(), printer.folds()) {
        true => Ok(text),
        false => Err(Refusal::TooComplex),
    }
}

/// Two trees that together match what this one does.
fn split(tree: &Tree) -> Option<(Tree, Tree)> {
    match tree {
        Tree::Group(inner) => split(inner),
        Tree::Alternate(parts) => {
            let half = |parts: &[Tree]| match parts {
                [one] => one.clone(),
                parts => Tree::Alternate(parts.to_vec()),
            };
            let (left, right) = parts.split_at(parts.len() / 2);
            (!left.is_empty()).then(|| (half(left), half(right)))
        }
        Tree::Repeat { min, max: Some(max), greedy, tree } if min < max => {
            let middle = min + (max - min) / 2;
            let part = |min, max| Tree::Repeat { min, max: Some(max), greedy: *greedy, tree: tree.clone() };
            Some((part(*min, middle), part(middle + 1, *max)))
        }
        Tree::Concat(parts) => {
            let splits = |place: &usize| parts.get(*place).is_some_and(|part| split(part).is_some());
            let largest = (0..parts.len()).filter(splits).max_by_key(|place| parts.get(*place).map(size))?;
            let (left, right) = split(parts.get(largest)?)?;
            let with = |part: Tree| {
                let mut parts = parts.clone();
                parts.splice(largest..=largest, [part]);
                Tree::Concat(parts)
            };
            Some((with(left), with(right)))
        }
        _ => None,
    }
}

/// How many positions a tree has.
fn size(tree: &Tree) -> u64 {
    match tree {
        Tree::Empty | Tree::Look(_) => 0,
        Tree::Literal { .. } | Tree::Dot { .. } | Tree::Class(_) => 1,
        Tree::Group(inner) => size(inner),
        Tree::Repeat { min, max, tree, .. } => size(tree).saturating_mul(u64::from(max.unwrap_or(*min).max(1))),
        Tree::Concat(parts) | Tree::Alternate(parts) => parts.iter().map(size).fold(0, u64::saturating_add),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Search, search};
    use super::*;
    use crate::ir::regex::{Flags, Regex};

    fn lines(text: &str) -> Result<Vec<String>, Refusal> {
        let regex = Regex::parse(text, Flags { dot_all: true, ..Flags::default() }).expect("an expression");
        search(&regex.tree, 1000).map(|search| match search {
            Search::Lines(lines, _) => lines,
            _ => Vec::new(),
        })
    }

    #[test]
    fn what_is_too_long_is_split_at_its_alternation() {
        let words: Vec<String> = (0..150).map(|n| format!("word{n:04}")).collect();
        let found = lines(&format!("^a({})z", words.join("|"))).expect("pieces");
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|text| text.starts_with("a(word") && text.ends_with(")z.*") && text.len() <= 1000));
        assert!(words.iter().all(|word| found.iter().any(|text| text.contains(word))));
    }

    #[test]
    fn what_is_too_complex_is_split_or_refused() {
        let parts: Vec<String> = "abcdefghij".chars().map(|c| format!(".*{}.*", c.to_string().repeat(9))).collect();
        let found = lines(&format!("^({})x", parts.join("|"))).expect("pieces");
        assert!(found.len() > 1, "{found:?}");
        assert_eq!(lines("a.{20}b"), Err(Refusal::TooComplex));
        assert_eq!(lines("^a{0,900}$").map(|found| found.len() > 1), Ok(true));
        assert_eq!(lines(&"ab".repeat(600)), Err(Refusal::TooLong(1204, 1000)));
    }
}
