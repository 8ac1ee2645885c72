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
}

/// The tree with a constant in the place of each test on a missing column, and those tests.
pub(super) fn settle(expr: Expr, types: &Columns) -> (Expr, Vec<Gone>) {
    let mut gone = Vec::new();
    let expr = item::map_tests(expr, &mut |predicate, place| match missing(&predicate, types) {
        Some((field, reason)) => {
            gone.push(Gone { field: field.clone(), reason: reason.clone(), origin: place.origin.clone() });
            let node = if is_of_absence(&predicate, field) { Node::True } else { Node::False };
            Expr::new(node, place.origin.clone())
        }
        None => Expr::new(Node::Test(predicate), place.origin.clone()),
    });
    (expr, gone)
}

/// The tree of an event without its values in missing columns, and the place of the first that is a value.
pub(super) fn stored(expr: Expr, types: &Columns) -> (Expr, Option<Origin>) {
    let mut unfit = None;
    let expr = item::map_tests(expr, &mut |predicate, place| {
        if missing(&predicate, types).is_none() {
            return Expr::new(Node::Test(predicate), place.origin.clone());
        }
        if predicate.test != Test::Null {
            unfit.get_or_insert_with(|| place.origin.clone());
        }
        Expr::new(Node::True, place.origin.clone())
    });
    (expr, unfit)
}

/// The column of a test that is not there, with the reason.
fn missing<'a>(predicate: &'a Predicate, types: &'a Columns) -> Option<(&'a Arc<str>, &'a Arc<str>)> {
    let own = match &predicate.subject {
        Subject::Field(field) => Some(&field.name),
        Subject::AnyValue => None,
    };
    let other = match &predicate.test {
        Test::FieldPattern { other, .. } => Some(&other.name),
        _ => None,
    };
    own.into_iter().chain(other).find_map(|name| match types.get(name) {
        Some(ColumnType::Missing(reason)) => Some((name, reason)),
        Some(ColumnType::Known(_) | ColumnType::Unqueryable(_)) | None => None,
    })
}

fn is_of_absence(predicate: &Predicate, field: &Arc<str>) -> bool {
    let own = matches!(&predicate.subject, Subject::Field(own) if own.name == *field);
    own && matches!(predicate.test, Test::Null | Test::Exists(false))
}
