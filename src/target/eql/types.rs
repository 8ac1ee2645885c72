//! The types of fields as far as they decide an operator.
//!
//! A mapping says them. Without one, what a rule does with a field says enough: an ordered comparison needs a numeric
//! field, a network test an `ip` field, and everything else is taken as `keyword`. The manifest's data model says so
//! to users. Nothing is rendered here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ir::{Expr, Field, FieldType, Subject, Test};

/// The types of a rule's fields.
pub(super) struct Types(BTreeMap<Arc<str>, FieldType>);

impl Types {
    /// Reads the types off a rule's condition.
    pub(super) fn of(condition: &Expr) -> Types {
        let mut types = BTreeMap::new();
        condition.for_each_predicate(&mut |predicate, _| {
            let Subject::Field(field) = &predicate.subject else { return };
            let kind = match &predicate.test {
                Test::Network(_) => FieldType::Ip,
                Test::Compare(..) => FieldType::Real,
                _ => return,
            };
            types.entry(field.name.clone()).or_insert(kind);
        });
        Types(types)
    }

    /// The field's type; never unknown.
    pub(super) fn get(&self, field: &Field) -> FieldType {
        match field.kind {
            FieldType::Unknown => self.0.get(&field.name).copied().unwrap_or(FieldType::Text),
            FieldType::Dynamic => FieldType::Text,
            kind => kind,
        }
    }
}
