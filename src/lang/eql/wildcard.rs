//! Wildcard patterns of `:`, `like` and Lucene's `WildcardQuery`, which must cover a whole value.
//!
//! Walked, not compiled: a query has thousands of them, and is asked of a few hundred documents.

use super::pattern::Case;

/// A pattern: segments of fixed length, between which any string may stand.
#[derive(Debug)]
pub(super) struct Wildcard {
    case: Case,
    segments: Vec<Vec<One>>,
}

/// What stands for one character.
#[derive(Debug, Clone, Copy)]
enum One {
    /// The characters that fold to this one.
    Folded(char),
    Exact(char),
    Any,
}

/// A value, ready for any number of patterns of one case.
pub(super) struct Subject {
    raw: Vec<char>,
    folded: Vec<char>,
}

impl Subject {
    pub(super) fn new(text: &str, case: Case) -> Self {
        let raw: Vec<char> = text.chars().collect();
        let folded = raw.iter().map(|c| case.fold(*c)).collect();
        Self { raw, folded }
    }
}

impl Wildcard {
    /// The pattern of `:` and `like`: `*` is any string, `?` any character, and nothing can be escaped.
    pub(super) fn like(pattern: &str, case: Case) -> Self {
        let mut wildcard = Self { case, segments: vec![Vec::new()] };
        pattern.chars().for_each(|c| wildcard.push(c));
        wildcard
    }

    /// A Lucene wildcard pattern: as for [`Wildcard::like`], but `\` makes the character after it literal, and exact in its case.
    pub(super) fn lucene(pattern: &str, case: Case) -> Self {
        let mut wildcard = Self { case, segments: vec![Vec::new()] };
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            match (c, chars.clone().next()) {
                ('\\', Some(escaped)) => {
                    chars.next();
                    wildcard.push_one(One::Exact(escaped));
                }
                _ => wildcard.push(c),
            }
        }
        wildcard
    }

    /// How letters compare.
    pub(super) fn case(&self) -> Case {
        self.case
    }

    fn push(&mut self, c: char) {
        match c {
            '*' => self.segments.push(Vec::new()),
            '?' => self.push_one(One::Any),
            c => self.push_one(One::Folded(self.case.fold(c))),
        }
    }

    fn push_one(&mut self, one: One) {
        self.segments.last_mut().into_iter().for_each(|segment| segment.push(one));
    }

    /// Whether the pattern covers the value. The first segment stands at its start and the last one at its end; each between takes
    /// the first place where it fits, since a later one could only leave less room.
    pub(super) fn matches(&self, subject: &Subject) -> bool {
        let length = subject.raw.len();
        let [first, rest @ ..] = self.segments.as_slice() else { return length == 0 };
        if !subject.fits(first, 0) {
            return false;
        }
        let Some((last, between)) = rest.split_last() else { return first.len() == length };
        let mut at = first.len();
        for segment in between {
            match (at..=length.saturating_sub(segment.len())).find(|at| subject.fits(segment, *at)) {
                Some(found) => at = found + segment.len(),
                None => return false,
            }
        }
        length.checked_sub(last.len()).is_some_and(|end| end >= at && subject.fits(last, end))
    }
}

impl Subject {
    fn fits(&self, segment: &[One], at: usize) -> bool {
        let is = |(ones, chars): (&One, (&char, &char))| match ones {
            One::Any => true,
            One::Folded(c) => c == chars.1,
            One::Exact(c) => c == chars.0,
        };
        match (self.raw.get(at..at + segment.len()), self.folded.get(at..at + segment.len())) {
            (Some(raw), Some(folded)) => segment.iter().zip(raw.iter().zip(folded)).all(is),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::RegexBuilder;

    use super::*;
    use crate::lang::Folding;

    fn covers(wildcard: &Wildcard, text: &str) -> bool {
        wildcard.matches(&Subject::new(text, wildcard.case()))
    }

    #[test]
    fn an_escape_makes_a_character_literal_and_exact() {
        let fold = Case::Fold(Folding::Simple);
        for (pattern, yes, no) in [
            (r"a\*b", "A*B", "axb"),
            (r"a\bc", "AbC", "ABC"),
            (r"\\*", r"\x", "x"),
            (r"a\", r"A\", "a"),
            ("*ä?", "xÄ\n", "ä"),
        ] {
            assert!(covers(&Wildcard::lucene(pattern, fold), yes), "{pattern} {yes}");
            assert!(!covers(&Wildcard::lucene(pattern, fold), no), "{pattern} {no}");
        }
        assert!(covers(&Wildcard::like(r"a\*", fold), r"a\b") && !covers(&Wildcard::like(r"a\*", fold), "a*"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The regex crate as another reader of the same pattern.
        #[test]
        fn a_pattern_is_its_regex(pattern in "[abAKſİı\u{212A}*?]{0,7}", text in "[abBAksKıi\u{212A}ſ\n]{0,7}", fold: bool) {
            let regex: String = pattern.chars().map(|c| match c {
                '*' => "(?s:.*)".to_owned(),
                '?' => "(?s:.)".to_owned(),
                c => regex_syntax::escape(&c.to_string()),
            }).collect();
            let regex = RegexBuilder::new(&format!("^(?:{regex})$")).case_insensitive(fold).build();
            let case = if fold { Case::Fold(Folding::Simple) } else { Case::Exact };
            let expected = regex.is_ok_and(|regex| regex.is_match(&text));
            prop_assert_eq!(covers(&Wildcard::like(&pattern, case), &text), expected);
        }
    }
}
