//! Columns that the product does not have: `missing` of `sigmaglot_types`.
//!
//! A field that no event of the product has is a missing field, and the interpreter says of those what a test is: false, but for a test that the
//! field is absent. So the test becomes a constant. Nothing here decides whether what is left of the rule is worth a query.

use std::sync::Arc;

use super::item;
use super::transformation::{ColumnType, Columns};
use crate::ir::{Expr, Node, Origin, Predicate, Subject, Test};

/// A test on a column that is not there.
pub(super) struct Gone {
    pub field: Arc<str>,
    pub reason: Arc<str>,
    pub origin: Origin,
    /// What the test is of every event.
    pub holds: bool,
}

/// What is said of such a test.
pub(super) fn verdict(holds: bool) -> &'static str {
    if holds { "always holds" } else { "never holds" }
}

/// The tree with a constant in the place of each test on a missing column, and those tests.
pub(super) fn settle(expr: Expr, types: &Columns) -> (Expr, Vec<Gone>) {
    replace(expr, &|predicate| missing(predicate, types).map(|(field, reason)| (field.clone(), reason.clone())))
}

/// The tree with a constant in the place of each test on a field that no event has, and those tests.
pub(super) fn settle_field(expr: Expr, name: &Arc<str>) -> (Expr, Vec<Gone>) {
    replace(expr, &|predicate| fields(predicate).any(|field| field == name).then(|| (name.clone(), "".into())))
}

/// The field of a test that no event has, with the reason.
type Lost<'a> = &'a dyn Fn(&Predicate) -> Option<(Arc<str>, Arc<str>)>;

fn replace(expr: Expr, lost: Lost<'_>) -> (Expr, Vec<Gone>) {
    let mut gone = Vec::new();
    let expr = item::map_tests(expr, &mut |predicate, place| match lost(&predicate) {
        Some((field, reason)) => {
            let holds = is_of_absence(&predicate, &field);
            gone.push(Gone { field, reason, origin: place.origin.clone(), holds });
            Expr::new(if holds { Node::True } else { Node::False }, place.origin.clone())
        }
        None => Expr::new(Node::Test(predicate), place.origin.clone()),
    });
    (expr, gone)
}

/// The tree of an event without its values in missing columns, and the place of the first that is a value.
pub(super) fn stored(expr: Expr, types: &Columns) -> (Expr, Option<Origin>) {
    without(expr, &|predicate| missing(predicate, types).is_some())
}

/// The tree of an event without its values of a field that no event has, and the place of the first that is a value.
pub(super) fn stored_field(expr: Expr, name: &Arc<str>) -> (Expr, Option<Origin>) {
    without(expr, &|predicate| fields(predicate).any(|field| field == name))
}

fn without(expr: Expr, lost: &dyn Fn(&Predicate) -> bool) -> (Expr, Option<Origin>) {
    let mut unfit = None;
    let expr = item::map_tests(expr, &mut |predicate, place| {
        if !lost(&predicate) {
            return Expr::new(Node::Test(predicate), place.origin.clone());
        }
        if predicate.test != Test::Null {
            unfit.get_or_insert_with(|| place.origin.clone());
        }
        Expr::new(Node::True, place.origin.clone())
    });
    (expr, unfit)
}

/// The fields that a predicate looks at.
pub(super) fn fields(predicate: &Predicate) -> impl Iterator<Item = &Arc<str>> {
    let own = match &predicate.subject {
        Subject::Field(field) => Some(&field.name),
        Subject::AnyValue => None,
    };
    let other = match &predicate.test {
        Test::FieldPattern { other, .. } => Some(&other.name),
        _ => None,
    };
    own.into_iter().chain(other)
}

/// The column of a test that is not there, with the reason.
fn missing<'a>(predicate: &'a Predicate, types: &'a Columns) -> Option<(&'a Arc<str>, &'a Arc<str>)> {
    fields(predicate).find_map(|name| match types.get(name) {
        Some(ColumnType::Missing(reason)) => Some((name, reason)),
        Some(ColumnType::Known(_) | ColumnType::Unqueryable(_)) | None => None,
    })
}

fn is_of_absence(predicate: &Predicate, field: &Arc<str>) -> bool {
    let own = matches!(&predicate.subject, Subject::Field(own) if own.name == *field);
    own && matches!(predicate.test, Test::Null | Test::Exists(false))
}
