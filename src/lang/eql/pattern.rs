//! The pieces that regexes are made of.

use regex_automata::meta::Regex;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Dot, Hir, Look, Repetition};

use crate::lang::Folding;

/// What a character of a pattern equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Case {
    /// Itself only.
    Exact,
    /// The characters that fold to the same.
    Fold(Folding),
}

impl Case {
    /// The character as it is compared.
    pub(super) fn fold(self, c: char) -> char {
        match self {
            Case::Exact => c,
            Case::Fold(folding) => folding.fold_char(c),
        }
    }
}

/// A class of these characters, with their other cases where `case` folds.
pub(super) fn class(chars: impl IntoIterator<Item = char>, case: Case) -> ClassUnicode {
    let mut class = ClassUnicode::new(chars.into_iter().map(|c| ClassUnicodeRange::new(c, c)));
    match case {
        Case::Exact => {}
        // Without the tables of simple folding in regex-syntax (a feature of the crate) the class stays as it is.
        Case::Fold(Folding::Simple) => {
            let _ = class.try_case_fold_simple();
        }
        Case::Fold(Folding::Ascii) => {
            let other = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            let others: Vec<_> = class.iter().map(|range| other(range.start())).collect();
            class.union(&ClassUnicode::new(others.into_iter().map(|c| ClassUnicodeRange::new(c, c))));
        }
    }
    class
}

/// One character.
pub(super) fn character(c: char, case: Case) -> Hir {
    Hir::class(Class::Unicode(class([c], case)))
}

/// Any character, line breaks too.
pub(super) fn any_char() -> Hir {
    Hir::dot(Dot::AnyChar)
}

/// Any string, the empty one too.
pub(super) fn any_string() -> Hir {
    repeat(any_char(), 0, None)
}

/// `sub{min,max}`.
pub(super) fn repeat(sub: Hir, min: u32, max: Option<u32>) -> Hir {
    Hir::repetition(Repetition { min, max, greedy: true, sub: Box::new(sub) })
}

/// The largest program of a pattern, in bytes.
const SIZE: usize = 10 << 20;

/// Compiles a pattern that must match a whole value.
pub(super) fn whole(pattern: Hir) -> Result<Regex, String> {
    let anchored = Hir::concat(vec![Hir::look(Look::Start), pattern, Hir::look(Look::End)]);
    let config = Regex::config().nfa_size_limit(Some(SIZE)).onepass(false).backtrack(false).auto_prefilter(false);
    let built = Regex::builder().configure(config).build_from_hir(&anchored);
    built.map_err(|_| "the pattern is too large".to_owned())
}
