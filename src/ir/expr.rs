//! The Boolean tree.

use super::{Origin, Predicate};

/// A node of the tree with its origin. Equality compares origins too; compare `node` for meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it says.
    pub node: Node,
    /// Where that was written.
    pub origin: Origin,
}

/// The forms of the tree. Two-valued: every form is true or false for every event.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Holds for every event.
    True,
    /// Holds for none.
    False,
    /// Holds where every part holds; true when empty.
    All(Vec<Expr>),
    /// Holds where some part holds; false when empty.
    Any(Vec<Expr>),
    /// Holds where the part does not.
    Not(Box<Expr>),
    /// A test on the event.
    Test(Predicate),
}

impl Expr {
    /// A node with its origin.
    pub fn new(node: Node, origin: Origin) -> Self {
        Self { node, origin }
    }

    /// The negation, with the origin of what it negates.
    pub fn negate(self) -> Self {
        let origin = self.origin.clone();
        Expr::new(Node::Not(Box::new(self)), origin)
    }

    /// Calls `visit` for every predicate with its origin, in order.
    pub fn for_each_predicate<'a>(&'a self, visit: &mut impl FnMut(&'a Predicate, &'a Origin)) {
        match &self.node {
            Node::True | Node::False => {}
            Node::All(parts) | Node::Any(parts) => {
                for part in parts {
                    part.for_each_predicate(visit);
                }
            }
            Node::Not(part) => part.for_each_predicate(visit),
            Node::Test(predicate) => visit(predicate, &self.origin),
        }
    }
}
