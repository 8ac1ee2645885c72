//! The string operators.
//!
//! Case-insensitive operators fold both sides with Unicode simple folding. The vendor's pages do not say how letters
//! outside ASCII fold (older ones: "supported only for ASCII text"), so queries should not depend on it.

use super::ast::TextTest;

/// Whether `text` passes the test against `needle`; both are already folded where the operator folds.
pub(super) fn passes(test: TextTest, text: &str, needle: &str) -> bool {
    match test {
        TextTest::Equal => text == needle,
        TextTest::Contains => text.contains(needle),
        TextTest::StartsWith => text.starts_with(needle),
        TextTest::EndsWith => text.ends_with(needle),
        TextTest::Has => has(text, needle, true, true),
        TextTest::HasPrefix => has(text, needle, true, false),
        TextTest::HasSuffix => has(text, needle, false, true),
        // Regular expressions are compiled when the query is checked and never come here.
        TextTest::MatchesRegex => false,
    }
}

/// Whether `needle` stands in `text` as whole terms: "maximal sequences of alphanumeric characters" (page "String
/// operators"). A border that is asked for must not cut a term; where the needle itself begins or ends with another
/// character, that border cuts nothing.
fn has(text: &str, needle: &str, border_before: bool, border_after: bool) -> bool {
    let joined = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(char::is_alphanumeric) && outer.is_some_and(char::is_alphanumeric)
    };
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(needle)) {
        let (start, end) = (from + found, from + found + needle.len());
        let before = text.get(..start).and_then(|t| t.chars().next_back());
        let after = text.get(end..).and_then(|t| t.chars().next());
        let cut_before = border_before && joined(needle.chars().next(), before);
        let cut_after = border_after && joined(needle.chars().next_back(), after);
        if !cut_before && !cut_after {
            return true;
        }
        let Some(step) = text.get(start..).and_then(|t| t.chars().next()) else { return false };
        from = start + step.len_utf8();
    }
    false
}

/// `tolower()` or `toupper()`: one character to one character, the others stay.
pub(super) fn map_case<I: Iterator<Item = char>>(text: &str, mapping: impl Fn(char) -> I) -> String {
    let single = |c: char| {
        let mut mapped = mapping(c);
        match (mapped.next(), mapped.next()) {
            (Some(one), None) => one,
            _ => c,
        }
    };
    text.chars().map(single).collect()
}
