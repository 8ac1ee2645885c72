//! Keywords: a test on any column, `* contains ..`.
//!
//! `* op ..` in a `where` holds where the operator holds for some column. The outer `*` of a keyword's pattern is the
//! operator's own. Which columns a table has is not known here.

use crate::diagnostic::Diagnostic;
use crate::ir::{Case, Piece, Shape, Test};
use crate::target::plan::{Context, Plan};

use super::{folds_beyond_ascii, quote, regex_refused};

/// The plan of a keyword.
///
/// # Errors
/// Where the regular expression cannot be said, or matches the empty text: it would hold in every empty column.
pub(super) fn plan(test: &Test, cx: &Context<'_>) -> Result<Plan, Diagnostic> {
    let refused = |reason: String| regex_refused(&reason, cx);
    match test {
        Test::Pattern(pattern) => Ok(match pattern.shape() {
            Shape::Contains(text) if pattern.case == Case::Exact => {
                Plan::leaf("keyword_cased", [quote::string(text).into()])
            }
            Shape::Contains(text) if !folds_beyond_ascii(text) => Plan::leaf("keyword", [quote::string(text).into()]),
            Shape::Anything => {
                Plan::leaf("keyword_regex", [quote::pattern(&any_char(pattern.case)).map_err(refused)?.into()])
            }
            _ => Plan::leaf("keyword_regex", [quote::pattern(pattern).map_err(refused)?.into()]),
        }),
        Test::Regex(regex) if regex.matches_empty() => {
            Err(refused("it matches the empty text, and so every empty column".into()))
        }
        Test::Regex(regex) => Ok(Plan::leaf("keyword_regex", [quote::regex(regex).map_err(refused)?.into()])),
        _ => Ok(Plan::False), // the front end makes no other keywords
    }
}

/// What any text that is not empty has.
fn any_char(case: Case) -> crate::ir::Pattern {
    crate::ir::Pattern::new([Piece::AnyString, Piece::AnyChar, Piece::AnyString], case)
}
