//! The view of a rule that pipelines have: detection items, each a field with values.
//!
//! The IR has no node for an item; the nodes of one share a number in their origins. An item here is the largest subtree with one
//! number: tests on one subject, linked by its modifiers. Nothing here knows a transformation.

use std::sync::Arc;

use crate::ir::{Case, Expr, Field, Node, Predicate, Subject, Test};

/// Rebuilds a tree with every item replaced by what `change` makes of it; `None` drops the item, and with it what is then empty.
pub(super) fn map_items(expr: Expr, change: &mut impl FnMut(Expr) -> Option<Expr>) -> Option<Expr> {
    let is_test = matches!(expr.node, Node::Test(_));
    if is_test || expr.origin.item.is_some() {
        return change(expr);
    }
    let origin = expr.origin;
    let mut list = |parts: Vec<Expr>| {
        let empty = parts.is_empty();
        let parts: Vec<Expr> = parts.into_iter().filter_map(|part| map_items(part, change)).collect();
        (empty || !parts.is_empty()).then_some(parts)
    };
    let node = match expr.node {
        Node::All(parts) => Node::All(list(parts)?),
        Node::Any(parts) => Node::Any(list(parts)?),
        Node::Not(part) => Node::Not(Box::new(map_items(*part, change)?)),
        node => node,
    };
    Some(Expr::new(node, origin))
}

/// Calls `visit` for every item.
pub(super) fn each_item<'a>(expr: &'a Expr, visit: &mut impl FnMut(&'a Expr)) {
    if matches!(expr.node, Node::Test(_)) || expr.origin.item.is_some() {
        return visit(expr);
    }
    match &expr.node {
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| each_item(part, visit)),
        Node::Not(part) => each_item(part, visit),
        Node::True | Node::False | Node::Test(_) => {}
    }
}

/// The field of an item; `None` for a keyword.
pub(super) fn field(item: &Expr) -> Option<Arc<str>> {
    match first(item).map(|predicate| &predicate.subject) {
        Some(Subject::Field(field)) => Some(field.name.clone()),
        Some(Subject::AnyValue) | None => None,
    }
}

fn first(item: &Expr) -> Option<&Predicate> {
    match &item.node {
        Node::Test(predicate) => Some(predicate),
        Node::Not(part) => first(part),
        Node::All(parts) | Node::Any(parts) => parts.iter().find_map(first),
        Node::True | Node::False => None,
    }
}

/// How many tests an item has.
pub(super) fn size(item: &Expr) -> usize {
    let mut out = 0;
    item.for_each_predicate(&mut |_, _| out += 1);
    out
}

/// The tests of an item, which are its values.
pub(super) fn tests(item: &Expr) -> Vec<(&Subject, &Test)> {
    let mut out = Vec::new();
    item.for_each_predicate(&mut |predicate, _| out.push((&predicate.subject, &predicate.test)));
    out
}

/// Rebuilds an item with every test replaced by what `change` makes of it.
pub(super) fn map_tests(item: Expr, change: &mut impl FnMut(Predicate, &Expr) -> Expr) -> Expr {
    let place = |origin| Expr::new(Node::True, origin);
    let mut list = |parts: Vec<Expr>| parts.into_iter().map(|part| map_tests(part, change)).collect::<Vec<_>>();
    let node = match item.node {
        Node::Test(predicate) => return change(predicate, &place(item.origin)),
        Node::All(parts) => Node::All(list(parts)),
        Node::Any(parts) => Node::Any(list(parts)),
        Node::Not(part) => Node::Not(Box::new(map_tests(*part, change))),
        node => node,
    };
    Expr::new(node, item.origin)
}

/// The tree with its texts compared in this way.
pub(super) fn in_letters(expr: Expr, case: Case) -> Expr {
    map_tests(expr, &mut |mut predicate, place| {
        if let Test::Pattern(pattern) = &mut predicate.test {
            pattern.case = case;
        }
        Expr::new(Node::Test(predicate), place.origin.clone())
    })
}

/// Makes every test of an item an item of its own, for changes that give them different fields.
pub(super) fn split(mut item: Expr) -> Expr {
    match &mut item.node {
        Node::Test(_) => return item,
        Node::All(parts) | Node::Any(parts) => *parts = std::mem::take(parts).into_iter().map(split).collect(),
        Node::Not(part) => **part = split(std::mem::replace(part, Expr::new(Node::True, Default::default()))),
        Node::True | Node::False => {}
    }
    item.origin.item = None;
    item
}

/// The item on another field.
pub(super) fn on_field(item: Expr, name: &Arc<str>) -> Expr {
    map_tests(item, &mut |predicate, place| {
        let subject = Subject::Field(Field::new(name.clone()));
        Expr::new(Node::Test(Predicate { subject, ..predicate }), place.origin.clone())
    })
}

/// The item on each of several fields: some copy holds. Of a negated item every copy must hold, as the negation stands outside.
///
/// The value is in one of the fields, so that it is missing where it is missing in all: then each test goes its own way.
pub(super) fn on_fields(item: Expr, names: &[Arc<str>]) -> Expr {
    if let [name] = names {
        return on_field(item, name);
    }
    let of_absence = |test: &Test| matches!(test, Test::Null | Test::Exists(false));
    if tests(&item).iter().any(|(_, test)| of_absence(test)) {
        return split(map_tests(item, &mut |predicate, place| {
            let test = Expr::new(Node::Test(predicate.clone()), place.origin.clone());
            let copies = names.iter().map(|name| on_field(test.clone(), name)).collect();
            let node = if of_absence(&predicate.test) { Node::All(copies) } else { Node::Any(copies) };
            Expr::new(node, place.origin.clone())
        }));
    }
    let mut origin = item.origin.clone();
    origin.item = None;
    let copies = names.iter().map(|name| on_field(item.clone(), name)).collect();
    let node = if matches!(item.node, Node::Not(_)) { Node::All(copies) } else { Node::Any(copies) };
    Expr::new(node, origin)
}
