//! The part of the work that gives fields new names: in tests, in values that name fields, and in the list of fields to show.
//!
//! What a name becomes is the transformation's business; here it is charged, noted and put in place.

use std::sync::Arc;

use super::{NOTE, Work};
use crate::ir::{Expr, Field, Node, Origin, Predicate, Test};
use crate::mapping::item;
use crate::mapping::pipeline::Item;
use crate::mapping::record;
use crate::mapping::transformation::Renaming;

impl Work<'_> {
    /// New names for the fields of the rule and for those that it wants shown.
    pub(super) fn rename(&mut self, item: &Item, renaming: &Renaming) {
        let condition = self.take();
        let changed = item::map_items(condition, &mut |part| {
            let span = part.origin.span;
            let out = if self.looks_at(&part) { self.rename_item(item, renaming, part) } else { part };
            self.looked_at(span);
            Some(out)
        });
        self.rule.condition = changed.unwrap_or_else(|| Expr::new(Node::False, Origin::default()));
        let names = std::mem::take(&mut self.rule.meta.fields);
        let mut mapped = Vec::with_capacity(names.len());
        for name in names {
            let view = self.view();
            let wanted = item.field.holds(|condition| condition.holds(Some(&name), &view));
            let new = wanted.then(|| renaming.of(Some(&name))).flatten().unwrap_or_else(|| vec![name]);
            if self.pays_names(&new, new.len().saturating_sub(1)) {
                mapped.extend(new);
            }
        }
        self.rule.meta.fields = mapped;
    }

    fn rename_item(&mut self, item: &Item, renaming: &Renaming, part: Expr) -> Expr {
        let part = if self.wants_value(item) { self.rename_values(item, renaming, part) } else { part };
        if !self.wants(item, &part) {
            return part;
        }
        let old = item::field(&part);
        let Some(new) = renaming.of(old.as_ref()).filter(|names| !names.is_empty()) else { return part };
        self.touched = true;
        let more = if new.len() > 1 { item::size(&part).saturating_mul(new.len()) } else { 0 };
        // New names inherit what was noted of the old one.
        let noted = self.tracking.noted(old.as_deref()).saturating_mul(NOTE).saturating_mul(new.len());
        if !self.pays_names(&new, more) || !self.budget.text(noted) {
            return part;
        }
        let number = part.origin.item;
        let out = item::on_fields(part, &new);
        self.tracking.renamed(old.as_ref(), &new, item.id.as_ref());
        self.tracking.item(number, item.id.as_ref());
        self.record.field(old.as_deref().unwrap_or(record::KEYWORD), &new, &item.label);
        out
    }

    /// Charges new names and the tests that they make.
    fn pays_names(&mut self, names: &[Arc<str>], tests: usize) -> bool {
        let known = self.record.fields.values().map(|record| record.to.len()).max().unwrap_or(0);
        self.budget.text(names.iter().map(|name| name.len()).sum())
            && self.budget.steps(names.len().saturating_mul(known))
            && self.budget.tests(tests)
    }

    /// Whether values that name fields are mapped: conditions on items do not speak of them.
    fn wants_value(&self, item: &Item) -> bool {
        item.item.is_open()
    }

    /// The other fields of field references.
    fn rename_values(&mut self, item: &Item, renaming: &Renaming, part: Expr) -> Expr {
        item::map_tests(part, &mut |predicate, place| {
            let Test::FieldPattern { op, other, case } = &predicate.test else {
                return Expr::new(Node::Test(predicate), place.origin.clone());
            };
            let view = self.view();
            let wanted = item.field.holds(|condition| condition.holds(Some(&other.name), &view));
            let new = wanted.then(|| renaming.of(Some(&other.name))).flatten().filter(|names| !names.is_empty());
            let Some(new) = new.filter(|new| self.pays_names(new, new.len() - 1)) else {
                return Expr::new(Node::Test(predicate), place.origin.clone());
            };
            self.tracking.renamed(Some(&other.name), &new, item.id.as_ref());
            self.record.field(&other.name, &new, &item.label);
            let test = |name: &Arc<str>| {
                let test = Test::FieldPattern { op: *op, other: Field::new(name.clone()), case: *case };
                Expr::new(Node::Test(Predicate { subject: predicate.subject.clone(), test }), place.origin.clone())
            };
            match new.as_slice() {
                [name] => test(name),
                names => Expr::new(Node::Any(names.iter().map(test).collect()), place.origin.clone()),
            }
        })
    }
}
