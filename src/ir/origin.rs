//! Where a node of the tree comes from: its place, its search, its item.
//!
//! Nothing here changes what a node means.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{Expr, Node};
use crate::source::Span;

/// Where a node comes from: the place in the rule and the selection it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Origin {
    /// The place in the rule's source.
    pub span: Span,
    /// The search identifier, where the node lies inside one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Arc<str>>,
    /// The item of a search that the node belongs to.
    #[serde(skip)]
    pub item: Option<ItemId>,
    /// Who wrote it.
    #[serde(skip)]
    pub author: Author,
}

/// Who wrote a part of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Author {
    /// The rule.
    #[default]
    Rule,
    /// A filter.
    Filter,
    /// A mapping.
    Mapping,
}

/// An item of a search: a key with its values. The nodes of one item have the same id, and no other item of the rule has it,
/// whoever wrote it. A search that a condition names twice is the same items twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(u32);

/// Gives out the ids of the items of one rule.
#[derive(Debug, Clone, Default)]
pub struct ItemIds {
    next: u32,
}

impl ItemIds {
    /// The ids after those of a condition.
    pub fn after(condition: &Expr) -> Self {
        let mut next = 0;
        each_origin(condition, &mut |origin| {
            next = next.max(origin.item.map_or(0, |ItemId(id)| id.saturating_add(1)));
        });
        Self { next }
    }

    /// An id that nothing has yet.
    pub fn give(&mut self) -> ItemId {
        let id = ItemId(self.next);
        self.next = self.next.saturating_add(1);
        id
    }

    /// Makes the items of a condition that was written elsewhere items of the rule, with ids of their own.
    pub fn adopt(&mut self, condition: &mut Expr, author: Author) {
        let mut new = BTreeMap::new();
        each_origin_mut(condition, &mut |origin| {
            origin.author = author;
            origin.item = origin.item.map(|old| *new.entry(old).or_insert_with(|| self.give()));
        });
    }
}

/// Calls `visit` for the origin of every node.
pub fn each_origin(expr: &Expr, visit: &mut impl FnMut(&Origin)) {
    visit(&expr.origin);
    match &expr.node {
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| each_origin(part, visit)),
        Node::Not(part) => each_origin(part, visit),
        Node::True | Node::False | Node::Test(_) => {}
    }
}

/// Calls `visit` for the origin of every node, to change it.
pub fn each_origin_mut(expr: &mut Expr, visit: &mut impl FnMut(&mut Origin)) {
    visit(&mut expr.origin);
    match &mut expr.node {
        Node::All(parts) | Node::Any(parts) => parts.iter_mut().for_each(|part| each_origin_mut(part, visit)),
        Node::Not(part) => each_origin_mut(part, visit),
        Node::True | Node::False | Node::Test(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adopted_items_are_no_items_of_the_rule() {
        let mut ids = ItemIds::default();
        let test = |item| Expr::new(Node::True, Origin { item: Some(item), ..Origin::default() });
        let rule = Expr::new(Node::All(vec![test(ids.give()), test(ids.give())]), Origin::default());
        let mut other_ids = ItemIds::default();
        let (first, second) = (other_ids.give(), other_ids.give());
        let mut other = Expr::new(Node::Any(vec![test(first), test(second), test(first)]), Origin::default());
        ItemIds::after(&rule).adopt(&mut other, Author::Filter);
        let mut items = Vec::new();
        each_origin(&other, &mut |origin| items.extend(origin.item));
        assert_eq!(items, [ItemId(2), ItemId(3), ItemId(2)]);
    }
}
