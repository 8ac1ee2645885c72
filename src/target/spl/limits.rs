//! Where Splunk is narrower than the rule: warnings about its data model (SG0504) and its letter folding (SG0503).
//! Nothing here changes a query.

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::regex::{Class, ClassItem, Look, Tree};
use crate::ir::{Case, Expr, Origin, Pattern, Piece, Predicate, Subject, Test};
use crate::target::plan::Context;
use crate::target::regex::is_cased;

/// Notes what the predicate tells apart and Splunk does not.
pub fn note(predicate: &Predicate, origin: &Origin, cx: &mut Context<'_>) {
    let (takes_empty, letter) = match &predicate.test {
        Test::Pattern(pattern) if pattern.pieces().is_empty() => {
            return empty("the empty text", origin, cx);
        }
        Test::Pattern(pattern) => (pattern.pieces() == [Piece::AnyString], folded_letter_of(pattern)),
        Test::Regex(regex) => (takes_empty(&regex.tree), folded_letter(&regex.tree)),
        Test::Null => return empty("null", origin, cx),
        Test::Exists(_) => return empty("the presence of a field", origin, cx),
        Test::FieldPattern { .. } => {
            let message = "Splunk drops empty values: an empty field is compared with another as a missing one is";
            return say(message, "nothing is to be done if the fields are never empty", origin, cx);
        }
        _ => return,
    };
    if predicate.subject != Subject::AnyValue && takes_empty {
        empty("any text, the empty one among them", origin, cx);
    }
    if let Some(c) = letter {
        let message = format!("Splunk does not document how it folds letters outside ASCII, such as `{c}`");
        let help = "give the other letter case as a further value if it matters";
        cx.say(Diagnostic::new(codes::FOLDING_LIMITED, message).at(origin.span).help(help));
    }
}

/// Notes once for the rule that keywords are searched in the raw text.
pub fn note_keywords(condition: &Expr, cx: &mut Context<'_>) {
    let mut first = None;
    condition.for_each_predicate(&mut |predicate, origin| {
        if predicate.subject == Subject::AnyValue {
            first.get_or_insert(origin);
        }
    });
    if let Some(origin) = first {
        let message = "a keyword is searched in `_raw`: names of fields and a match across two values count too, and \
                       escapes of the format are not undone";
        say(message, "name the field that has the text if the log has one", origin, cx);
    }
}

fn empty(what: &str, origin: &Origin, cx: &mut Context<'_>) {
    let message = format!("Splunk drops null and empty values: a test for {what} asks whether the field has a value");
    say(&message, "nothing is to be done if the field is never empty", origin, cx);
}

fn say(message: &str, help: &str, origin: &Origin, cx: &mut Context<'_>) {
    cx.say(Diagnostic::new(codes::DATA_MODEL, message).at(origin.span).help(help));
}

/// Whether the expression finds a match in the empty text.
fn takes_empty(tree: &Tree) -> bool {
    match tree {
        Tree::Empty | Tree::Look(Look::Start | Look::End | Look::LineStart | Look::LineEnd | Look::NotWordBoundary) => {
            true
        }
        Tree::Literal { .. } | Tree::Dot { .. } | Tree::Class(_) | Tree::Look(Look::WordBoundary) => false,
        Tree::Repeat { min, tree, .. } => *min == 0 || takes_empty(tree),
        Tree::Group(tree) => takes_empty(tree),
        Tree::Concat(parts) => parts.iter().all(takes_empty),
        Tree::Alternate(parts) => parts.iter().any(takes_empty),
    }
}

fn doubtful(c: char) -> bool {
    !c.is_ascii() && is_cased(c)
}

/// A letter outside ASCII whose case the pattern ignores.
fn folded_letter_of(pattern: &Pattern) -> Option<char> {
    let pieces = if pattern.case == Case::Fold { pattern.pieces() } else { &[] };
    pieces.iter().find_map(|piece| match piece {
        Piece::Literal(text) => text.chars().find(|c| doubtful(*c)),
        Piece::OneOf(set) => set.iter().copied().find(|c| doubtful(*c)),
        Piece::AnyString | Piece::AnyChar => None,
    })
}

/// A letter outside ASCII whose case the expression ignores.
fn folded_letter(tree: &Tree) -> Option<char> {
    match tree {
        Tree::Literal { c, fold: true } => doubtful(*c).then_some(*c),
        Tree::Class(Class { fold: true, items, .. }) => items.iter().find_map(|item| match item {
            ClassItem::Range(first, last) => [*first, *last].into_iter().find(|c| doubtful(*c)),
            ClassItem::Perl { .. } => None,
        }),
        Tree::Repeat { tree, .. } | Tree::Group(tree) => folded_letter(tree),
        Tree::Concat(parts) | Tree::Alternate(parts) => parts.iter().find_map(folded_letter),
        _ => None,
    }
}
