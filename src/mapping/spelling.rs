//! `sigmaglot_spellings`: a part of a text that the product may write in other ways, as the name of a link that it resolves. An extension of the format.
//!
//! A pattern that finds the part in one spelling finds it in the others, too. A value has the part once at most. Where a wildcard stands for the rest of
//! the part, the other spelling stands there in full, unless the wildcard finds it already.

use std::sync::Arc;

use indexmap::IndexMap;

use super::params::Params;
use super::unfit::Reason;
use crate::ir::{Case, Pattern, Piece, Test};

/// Parts of texts in the rule's spelling, each with those of the product, which may have the rule's among them.
#[derive(Debug, Clone)]
pub(super) struct Spellings(IndexMap<Arc<str>, Vec<Arc<str>>>);

impl Spellings {
    /// Reads the map.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<Spellings> {
        let names = params.names("spellings")?;
        Some(Spellings(names.into_iter().filter_map(|(old, new)| Some((old?, new))).collect()))
    }

    /// What a test becomes: alternatives; `Ok(None)` where it stays as it is.
    ///
    /// # Errors
    /// Where it is no text, with the reason.
    pub fn apply(&self, test: &Test) -> Result<Option<Vec<Test>>, String> {
        let pattern = match test {
            Test::Null | Test::Exists(_) | Test::Placeholder(_) => return Ok(None),
            Test::Pattern(pattern) => pattern,
            _ => return Err("the product spells a part of it otherwise, and only text can be rewritten".into()),
        };
        let mut out: Vec<Pattern> = Vec::new();
        for (old, new) in &self.0 {
            let keeps = new.iter().any(|new| new == old);
            let others: Vec<Pattern> = new.iter().flat_map(|new| respelt(pattern, old, new)).collect();
            if others.is_empty() {
                continue;
            }
            // A pattern that needs the part finds nothing where the product never writes it so.
            if keeps || !has_whole(pattern, old) {
                out.push(pattern.clone());
            }
            out.extend(others);
        }
        let mut tests: Vec<Test> = Vec::new();
        for pattern in out {
            let test = Test::Pattern(pattern);
            if !tests.contains(&test) {
                tests.push(test);
            }
        }
        Ok((!tests.is_empty()).then_some(tests))
    }

    /// The product's texts for one of the rule's; `None` where it stays.
    ///
    /// # Errors
    /// Where the text has the product's spelling already.
    pub fn of(&self, text: &str) -> Result<Option<Vec<String>>, Reason> {
        for (old, new) in &self.0 {
            if let Some(at) = find(text, old, Case::Fold) {
                let made = |new: &Arc<str>| format!("{}{new}{}", &text[..at], &text[at + old.len()..]);
                return Ok(Some(new.iter().map(made).collect()));
            }
            if new.iter().any(|new| new != old && find(text, new, Case::Fold).is_some()) {
                return Err(Reason::Taken);
            }
        }
        Ok(None)
    }
}

/// Where a part stands in a text.
fn find(text: &str, part: &str, case: Case) -> Option<usize> {
    let same = |own: &str| if case == Case::Fold { own.eq_ignore_ascii_case(part) } else { own == part };
    text.char_indices().map(|(at, _)| at).find(|at| text.get(*at..*at + part.len()).is_some_and(same))
}

fn is_end(text: &str, end: &str, case: Case) -> bool {
    text.len().checked_sub(end.len()).and_then(|at| text.get(at..)).is_some_and(|own| equal(own, end, case))
}

fn is_start(text: &str, start: &str, case: Case) -> bool {
    text.get(..start.len()).is_some_and(|own| equal(own, start, case))
}

fn equal(a: &str, b: &str, case: Case) -> bool {
    if case == Case::Fold { a.eq_ignore_ascii_case(b) } else { a == b }
}

fn has_whole(pattern: &Pattern, part: &str) -> bool {
    let has = |piece: &Piece| matches!(piece, Piece::Literal(text) if find(text, part, pattern.case).is_some());
    pattern.pieces().iter().any(has)
}

/// The pattern with the new spelling at each place where it finds the old one and would not find the new.
fn respelt(pattern: &Pattern, old: &str, new: &str) -> Vec<Pattern> {
    let (pieces, case) = (pattern.pieces(), pattern.case);
    let mut out = Vec::new();
    if old == new {
        return out;
    }
    for (i, piece) in pieces.iter().enumerate() {
        let Piece::Literal(text) = piece else { continue };
        let open = |at: Option<usize>| at.and_then(|at| pieces.get(at)).is_some_and(|p| matches!(p, Piece::AnyString));
        let (open_before, open_after) = (open(i.checked_sub(1)), open(Some(i + 1)));
        if let Some(text) = other(text, old, new, (open_before, open_after), case) {
            let mut made = pieces.to_vec();
            made.iter_mut().skip(i).take(1).for_each(|here| *here = Piece::Literal(text.as_str().into()));
            out.push(Pattern::new(made, case));
        }
    }
    out
}

/// The literal of a pattern in the other spelling; `None` where it does not speak of the part, or finds both.
fn other(text: &str, old: &str, new: &str, (before, after): (bool, bool), case: Case) -> Option<String> {
    if let Some(at) = find(text, old, case) {
        return Some(format!("{}{new}{}", &text[..at], &text[at + old.len()..]));
    }
    if before && after && find(old, text, case).is_some() {
        return find(new, text, case).is_none().then(|| new.to_owned());
    }
    let cuts = || old.char_indices().map(|(at, _)| at).filter(|at| *at > 0);
    if before {
        // The longest end of the part with which the literal begins.
        let end = cuts().filter_map(|at| old.get(at..)).find(|end| is_start(text, end, case) && text.len() > end.len());
        if let Some(end) = end.filter(|end| !is_end(new, end, case)) {
            return Some(format!("{new}{}", &text[end.len()..]));
        }
    }
    if after {
        let start = cuts().collect::<Vec<_>>().into_iter().rev().filter_map(|at| old.get(..at));
        let start = start.into_iter().find(|start| is_end(text, start, case));
        if let Some(start) = start.filter(|start| !is_start(new, start, case)) {
            return Some(format!("{}{new}", &text[..text.len() - start.len()]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::pattern;

    fn spellings() -> Spellings {
        let set = r"\CurrentControlSet\";
        let root = r"HKEY_LOCAL_MACHINE\SOFTWARE\Classes\";
        let short = r"HKEY_LOCAL_MACHINE\Classes\";
        let pairs = [(set, vec![set, r"\ControlSet001\"]), (root, vec![root, short])];
        let texts = |texts: Vec<&str>| texts.into_iter().map(Arc::from).collect();
        Spellings(pairs.into_iter().map(|(old, new)| (Arc::from(old), texts(new))).collect())
    }

    fn made(text: &str) -> Vec<String> {
        let test = Test::Pattern(Pattern::new(pattern::parse(text), Case::Fold));
        let out = spellings().apply(&test).unwrap().unwrap_or_else(|| vec![test]);
        let text = |test| match test {
            Test::Pattern(pattern) => pattern::escape(pattern.pieces()).replace(r"\\", r"\"),
            other => format!("{other:?}"),
        };
        out.into_iter().map(text).collect()
    }

    #[test]
    fn a_part_is_found_in_each_spelling() {
        assert_eq!(
            made(r"HKLM\SYSTEM\currentcontrolset\a"),
            [r"HKLM\SYSTEM\currentcontrolset\a", r"HKLM\SYSTEM\ControlSet001\a"]
        );
        assert_eq!(made(r"*\CurrentControlSet\\*"), [r"*\CurrentControlSet\*", r"*\ControlSet001\*"]);
    }

    #[test]
    fn a_wildcard_may_stand_for_a_part_of_it() {
        assert_eq!(made(r"*ControlSet\Services\a"), [r"*ControlSet\Services\a", r"*\ControlSet001\Services\a"]);
        assert_eq!(made(r"*\SYSTEM\Current*"), [r"*\SYSTEM\Current*", r"*\SYSTEM\ControlSet001\*"]);
        assert_eq!(made(r"*\Classes\CLSID\\*"), [r"*\Classes\CLSID\*"], "each spelling ends so");
        assert_eq!(made("*ControlSet*"), ["*ControlSet*"], "each has it");
        assert_eq!(made("*rrentCon*"), ["*rrentCon*", r"*\ControlSet001\*"]);
        assert_eq!(made(r"*\SOFTWARE\Classes\a"), [r"*\SOFTWARE\Classes\a", r"*HKEY_LOCAL_MACHINE\Classes\a"]);
    }

    #[test]
    fn other_patterns_stay() {
        for text in [r"*\Services\\*", "*", r"C:\a", r"HKEY_USERS\a"] {
            assert_eq!(made(text), [text.replace(r"\\", r"\")], "{text}");
        }
    }

    #[test]
    fn the_product_has_each_of_its_spellings() {
        let of = |text: &str| spellings().of(text);
        let texts = vec![r"a\CurrentControlSet\b".to_owned(), r"a\ControlSet001\b".to_owned()];
        assert_eq!(of(r"a\currentcontrolset\b"), Ok(Some(texts)));
        assert_eq!(of(r"a\ControlSet001\b"), Err(Reason::Taken));
        assert_eq!(of("a"), Ok(None));
    }
}
