//! Keywords: a test on any column, `* contains ..`.
//!
//! `* op ..` in a `where` holds where the operator holds for some column; Kusto documents `search` by it, `matches regex`
//! included. The outer `*` of a keyword's pattern is the operator's own. Which columns a table has is not known here.

use crate::diagnostic::Diagnostic;
use crate::ir::{Case, Pattern, Piece, Shape, Test};
use crate::target::plan::{Context, Plan};
use crate::target::quote::Quoted;
use crate::target::regex::Refusal;

use super::{folds_beyond_ascii, quote, regex_refused};

/// The plan of a keyword.
///
/// # Errors
/// Where the regular expression cannot be said, or matches the empty text: it would hold in every empty column.
pub(super) fn plan(test: &Test, cx: &Context<'_>) -> Result<Plan, Diagnostic> {
    let regex = |text: Result<Quoted, Refusal>| match text {
        Ok(text) => Ok(Plan::leaf("keyword_regex", [text.into()])),
        Err(reason) => Err(regex_refused(&reason, cx)),
    };
    match test {
        Test::Pattern(pattern) => match pattern.shape() {
            Shape::Contains(text) if pattern.case == Case::Exact => {
                Ok(Plan::leaf("keyword_cased", [quote::string(text).into()]))
            }
            Shape::Contains(text) if !folds_beyond_ascii(text) => {
                Ok(Plan::leaf("keyword", [quote::string(text).into()]))
            }
            Shape::Anything => regex(quote::pattern(&any_character())),
            _ => regex(quote::pattern(pattern)),
        },
        Test::Regex(expression) if expression.matches_empty() => {
            Err(regex_refused("it matches the empty text, and so every empty column", cx))
        }
        Test::Regex(expression) => regex(quote::regex(expression)),
        _ => Ok(Plan::False), // the front end makes no other keywords
    }
}

/// What any text has that is not empty.
fn any_character() -> Pattern {
    Pattern::new([Piece::AnyString, Piece::AnyChar, Piece::AnyString], Case::Exact)
}
