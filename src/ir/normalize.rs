//! Normalising: the same condition in fewer nodes.
//!
//! [`normalize`] flattens nested conjunctions and disjunctions, folds constants and double negations, drops repeated parts,
//! sees that a part beside its own negation is a constant, and puts alternatives on one field next to each other, where a target may have an operator for them. The interpreter's verdict
//! is the same before and after on every event (`tests/ir.rs`). Otherwise the order of the author is kept.
//!
//! No rewriting for the sake of a target belongs here: that is legalizing, and lives with the target.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::{Expr, Field, Node, Origin, Predicate, Subject, Test};

/// The normal form of a condition. Takes time and space linear in its size (up to sorting); recurses as deep as the
/// condition is nested, which the front end bounds.
pub fn normalize(expr: Expr) -> Expr {
    // The normalizer is dropped before the way back, so that each predicate has one owner again.
    let normal = Normalizer::default().expr(expr);
    normal.into_expr()
}

/// A number that equal subtrees share: equal but for origins.
type Identity = usize;

/// A node in normal form with its identity.
struct Normal {
    form: Form,
    identity: Identity,
    origin: Origin,
}

enum Form {
    True,
    False,
    List(List, Vec<Normal>),
    Not(Box<Normal>),
    Test(Arc<Predicate>),
}

/// The two kinds of lists.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum List {
    All,
    Any,
}

/// What makes two nodes the same. Parts stand by their identities, so a key is as small as its node.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    True,
    False,
    /// Parts sorted: the order of a conjunction or disjunction has no meaning.
    List(List, Vec<Identity>),
    Not(Identity),
    /// With the canonical text of a number test: two spellings of one huge number may differ in it, and then
    /// they match different texts.
    Test(Arc<Predicate>, Option<String>),
}

impl Normal {
    fn into_expr(self) -> Expr {
        let exprs = |parts: Vec<Normal>| parts.into_iter().map(Normal::into_expr).collect();
        let node = match self.form {
            Form::True => Node::True,
            Form::False => Node::False,
            Form::List(List::All, parts) => Node::All(exprs(parts)),
            Form::List(List::Any, parts) => Node::Any(exprs(parts)),
            Form::Not(part) => Node::Not(Box::new(part.into_expr())),
            Form::Test(predicate) => Node::Test(Arc::unwrap_or_clone(predicate)),
        };
        Expr::new(node, self.origin)
    }
}

#[derive(Default)]
struct Normalizer {
    identities: HashMap<Key, Identity>,
}

impl Normalizer {
    fn make(&mut self, form: Form, origin: Origin) -> Normal {
        let key = match &form {
            Form::True => Key::True,
            Form::False => Key::False,
            Form::Not(part) => Key::Not(part.identity),
            Form::List(list, parts) => {
                let mut identities: Vec<Identity> = parts.iter().map(|part| part.identity).collect();
                identities.sort_unstable();
                Key::List(*list, identities)
            }
            Form::Test(predicate) => match &predicate.test {
                Test::Number(number) => Key::Test(predicate.clone(), Some(number.to_string())),
                _ => Key::Test(predicate.clone(), None),
            },
        };
        let next = self.identities.len();
        let identity = *self.identities.entry(key).or_insert(next);
        Normal { form, identity, origin }
    }

    fn expr(&mut self, expr: Expr) -> Normal {
        let origin = expr.origin;
        match expr.node {
            Node::True => self.make(Form::True, origin),
            Node::False => self.make(Form::False, origin),
            Node::Test(predicate) => self.make(Form::Test(Arc::new(predicate)), origin),
            Node::Not(part) => self.not(*part, origin),
            Node::All(parts) => self.list(List::All, parts, origin),
            Node::Any(parts) => self.list(List::Any, parts, origin),
        }
    }

    fn not(&mut self, part: Expr, origin: Origin) -> Normal {
        let part = self.expr(part);
        match part.form {
            Form::True => self.make(Form::False, origin),
            Form::False => self.make(Form::True, origin),
            Form::Not(inner) => *inner,
            _ => self.make(Form::Not(Box::new(part)), origin),
        }
    }

    fn list(&mut self, list: List, parts: Vec<Expr>, origin: Origin) -> Normal {
        let mut kept = Vec::with_capacity(parts.len());
        for part in flatten(list, parts) {
            let part = self.expr(part);
            match (list, part.form) {
                (List::All, Form::True) | (List::Any, Form::False) => {}
                (List::All, Form::False) => return self.make(Form::False, origin),
                (List::Any, Form::True) => return self.make(Form::True, origin),
                // A part that became such a list only now, as `not not (a and b)` does.
                (_, Form::List(inner, parts)) if inner == list => kept.extend(parts),
                (_, form) => kept.push(Normal { form, ..part }),
            }
        }
        let mut seen = HashSet::with_capacity(kept.len());
        kept.retain(|part| seen.insert(part.identity));
        let contradicts = |part: &Normal| matches!(&part.form, Form::Not(inner) if seen.contains(&inner.identity));
        if kept.iter().any(contradicts) {
            let form = if list == List::All { Form::False } else { Form::True };
            return self.make(form, origin);
        }
        if list == List::Any {
            kept = gather(kept);
        }
        match (kept.len(), list) {
            (0, List::All) => self.make(Form::True, origin),
            (0, List::Any) => self.make(Form::False, origin),
            (1, _) => kept.remove(0),
            _ => self.make(Form::List(list, kept), origin),
        }
    }
}

/// The parts with directly nested lists of the same kind opened, in order.
fn flatten(list: List, parts: Vec<Expr>) -> Vec<Expr> {
    let mut out = Vec::with_capacity(parts.len());
    let mut rest: Vec<Expr> = parts.into_iter().rev().collect();
    while let Some(part) = rest.pop() {
        match (list, part.node) {
            (List::All, Node::All(inner)) | (List::Any, Node::Any(inner)) => rest.extend(inner.into_iter().rev()),
            (_, node) => out.push(Expr::new(node, part.origin)),
        }
    }
    out
}

/// Brings alternatives on one field together at the place of the first of them.
fn gather(parts: Vec<Normal>) -> Vec<Normal> {
    let mut groups: Vec<Vec<Normal>> = Vec::with_capacity(parts.len());
    let mut places: HashMap<Field, usize> = HashMap::new();
    for part in parts {
        let field = match &part.form {
            Form::Test(predicate) => match &predicate.subject {
                Subject::Field(field) => Some(field),
                Subject::AnyValue => None,
            },
            _ => None,
        };
        let place = match field {
            Some(field) => *places.entry(field.clone()).or_insert(groups.len()),
            None => groups.len(),
        };
        match groups.get_mut(place) {
            Some(group) => group.push(part),
            None => groups.push(vec![part]),
        }
    }
    groups.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Case, Number, Pattern};

    fn test(field: &str, value: &str) -> Expr {
        let test = Test::Pattern(Pattern::literal(value, Case::Fold));
        leaf(Predicate { subject: Subject::Field(Field::new(field)), test })
    }

    fn leaf(predicate: Predicate) -> Expr {
        Expr::new(Node::Test(predicate), Origin::default())
    }

    fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::new(Node::All(parts.into_iter().collect()), Origin::default())
    }

    fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::new(Node::Any(parts.into_iter().collect()), Origin::default())
    }

    fn constant(node: Node) -> Expr {
        Expr::new(node, Origin::default())
    }

    #[test]
    fn nested_lists_constants_and_negations_fold() {
        let a = || test("a", "1");
        let b = || test("b", "1");
        assert_eq!(normalize(all([all([a(), all([b()])])])), all([a(), b()]));
        assert_eq!(normalize(all([a(), constant(Node::True)])), a());
        assert_eq!(normalize(any([a(), all([])])), constant(Node::True));
        assert_eq!(normalize(all([a(), any([])])), constant(Node::False));
        assert_eq!(normalize(a().negate().negate()), a());
        assert_eq!(normalize(all([all([a(), b()]).negate().negate(), a()])), all([a(), b()]));
        assert_eq!(normalize(constant(Node::True).negate()), constant(Node::False));
    }

    #[test]
    fn repeated_parts_go_whatever_their_order_and_origin() {
        let [a, b] = [test("a", "1"), test("b", "1")];
        let mut elsewhere = a.clone();
        elsewhere.origin.selection = Some("other".into());
        assert_eq!(normalize(any([a.clone(), elsewhere])), a);
        let twice = any([all([a.clone(), b.clone()]), all([b.clone(), a.clone()])]);
        assert_eq!(normalize(twice), all([a, b]));
    }

    #[test]
    fn a_part_beside_its_negation_is_a_constant() {
        let [a, b] = [test("a", "1"), test("b", "1")];
        assert_eq!(normalize(any([a.clone(), b.clone(), a.clone().negate()])), constant(Node::True));
        assert_eq!(normalize(all([a.clone().negate(), b, a])), constant(Node::False));
    }

    #[test]
    fn equal_numbers_are_one() {
        let number = |number| leaf(Predicate { subject: Subject::Field(Field::new("a")), test: Test::Number(number) });
        let large = number(Number::Float(1e23));
        let both = any([large.clone(), number(Number::Int(99_999_999_999_999_991_611_392))]);
        assert_eq!(normalize(both), large, "the text of a double is its exact integer");
        assert_eq!(normalize(any([number(Number::Int(17)), number(Number::Float(17.0))])), number(Number::Int(17)));
    }

    #[test]
    fn alternatives_on_one_field_come_together_at_the_first() {
        let parts = [test("a", "1"), test("b", "1"), test("a", "2"), test("c", "1"), test("b", "2")];
        let [a1, b1, a2, c1, b2] = parts.clone();
        assert_eq!(normalize(any(parts.clone())), any([a1, a2, b1, b2, c1]));
        assert_eq!(normalize(all(parts.clone())), all(parts), "conjunctions keep their order");
    }

    #[test]
    fn long_lists_and_deep_nesting_take_linear_time() {
        let values = (0..50_000).map(|i| test("a", &(i % 25_000).to_string()));
        let Node::Any(parts) = normalize(any(values)).node else { panic!("a list stays a list") };
        assert_eq!(parts.len(), 25_000);
        let mut deep = test("a", "0");
        for i in 0..60 {
            deep = if i % 2 == 0 { all([deep, test("b", &i.to_string())]) } else { any([deep, test("c", "x")]) };
            deep = all([deep.negate()]).negate().negate();
        }
        assert_eq!(normalize(normalize(deep.clone())), normalize(deep));
    }
}
