//! The types of fields as far as they decide an operator.
//!
//! A mapping says them. Without one, what a rule does with a field says enough: an ordered comparison needs a numeric
//! field, a network test an `ip` field, and everything else is taken as `keyword`. The manifest's data model says so
//! to users. A field has one type for the whole rule, and nobody else decides it: who stores events for a query asks
//! here, with the condition that was converted. Nothing is rendered here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ir::{Expr, Field, FieldType, Subject, Test};

/// The types of a rule's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Types {
    declared: BTreeMap<Arc<str>, FieldType>,
    needed: BTreeMap<Arc<str>, FieldType>,
}

impl Types {
    /// Reads the types off the condition that is converted: a mapping's word counts most, then the first test that needs
    /// a type.
    pub fn of(condition: &Expr) -> Types {
        let (mut declared, mut needed) = (BTreeMap::new(), BTreeMap::new());
        condition.for_each_predicate(&mut |predicate, _| {
            let Subject::Field(field) = &predicate.subject else { return };
            let kind = match field.kind.general() {
                FieldType::Unknown => None,
                FieldType::Dynamic => Some(FieldType::Text),
                kind => Some(kind),
            };
            if let Some(kind) = kind {
                declared.entry(field.name.clone()).or_insert(kind);
            }
            let kind = match &predicate.test {
                Test::Network(_) => FieldType::Ip,
                Test::Compare(..) => FieldType::Real,
                _ => return,
            };
            needed.entry(field.name.clone()).or_insert(kind);
        });
        Types { declared, needed }
    }

    /// The field's type; never unknown.
    pub fn get(&self, field: &Field) -> FieldType {
        self.named(&field.name)
    }

    /// The type of the field of this name; never unknown.
    pub fn named(&self, name: &str) -> FieldType {
        self.declared.get(name).or_else(|| self.needed.get(name)).copied().unwrap_or(FieldType::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Case, Node, Origin, Pattern, Predicate};

    #[test]
    fn a_field_has_one_type_for_the_rule() {
        let test = |kind: FieldType, test: Test| {
            let subject = Subject::Field(Field { name: "f".into(), kind });
            Expr::new(Node::Test(Predicate { subject, test }), Origin::default())
        };
        let network = || Test::Network("10.0.0.0/8".parse().expect("a network"));
        let text = || Test::Pattern(Pattern::literal("", Case::Fold));
        let of = |parts| Types::of(&Expr::new(Node::Any(parts), Origin::default())).named("f");
        let unknown = FieldType::Unknown;
        assert_eq!(of(vec![test(unknown, text()), test(unknown, network())]), FieldType::Ip);
        assert_eq!(of(vec![test(unknown, network()), test(FieldType::Text, text())]), FieldType::Text);
        assert_eq!(of(vec![test(unknown, text())]), FieldType::Text);
    }
}
