//! What a mapping can write into queries: tables, fields, constants, to be looked up in what a product says of itself.
//!
//! Found by doing and not by reading the items, so that gates and includes count as they do for rules: for each log source that has
//! a table, a rule on each field that the mapping names, and on each value of its lists, goes through the mapping. A mapping that
//! takes every other name over as it is has no list of those.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::conditions::{FieldCondition, Fields};
use super::pipeline::Item;
use super::transformation::{Renaming, Transformation};
use super::values::Change;
use super::{Chain, Options, Unmapped, event};
use crate::ir::{
    Author, Case, Expr, Field, ItemIds, Logsource, Meta, Node, Origin, Pattern, Piece, Predicate, Rule, Subject, Test,
};

/// A hash for each algorithm, by its length.
const HASHES: &[(&str, usize)] = &[("MD5", 32), ("SHA1", 40), ("SHA256", 64), ("IMPHASH", 32)];

/// The types of items that give whatever name a rule has another one.
const OPEN: &[&str] = &["field_name_prefix", "field_name_suffix", "field_name_transform", "field_name_prefix_mapping"];
/// The types of items that have a list of values.
const LISTS: &[&str] = &["sigmaglot_values", "map_string"];

/// What a mapping can write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The tables, categories of events or data sets.
    pub tables: BTreeSet<Arc<str>>,
    /// Fields with the table in which they are asked for; empty where a query names none.
    pub fields: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Values with table and field: those that tell the events of a log source, and those of closed lists.
    pub constants: BTreeSet<(Arc<str>, Arc<str>, Arc<str>)>,
    /// The columns that post-processing computes, with their table and the expression.
    pub computed: BTreeMap<(Arc<str>, Arc<str>), Arc<str>>,
}

/// The names that the items of a mapping have.
#[derive(Default)]
struct Names {
    logsources: Vec<Logsource>,
    fields: BTreeSet<Arc<str>>,
    /// Values of lists, with the fields that they are for.
    values: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Chain<'_> {
    /// What the mapping can write.
    pub fn written(&self, options: &Options) -> Written {
        let mut names = Names::default();
        let mut out = Written::default();
        for pipeline in &self.pipelines {
            names.walk(&pipeline.items);
            for (table, columns) in &pipeline.vars {
                let columns = columns.as_array().into_iter().flatten().filter_map(Value::as_str);
                for (name, expr) in columns.filter_map(|column| column.split_once(" = ")) {
                    out.computed.insert((table.clone(), name.trim().into()), expr.into());
                }
            }
        }
        let options = Options { unmapped: Unmapped::Error, ..options.clone() };
        for logsource in &names.logsources {
            let mut ask = |tests: Vec<(Arc<str>, Test)>| out.add(self, logsource, tests, &options);
            ask(Vec::new());
            for field in &names.fields {
                ask(vec![(field.clone(), Test::Exists(true))]);
                ask(vec![(field.clone(), Test::Null)]);
            }
            for (name, length) in HASHES {
                let text = format!("{name}={}", "0".repeat(*length));
                let pieces = [Piece::AnyString, Piece::Literal(text.into()), Piece::AnyString];
                ask(vec![("Hashes".into(), Test::Pattern(Pattern::new(pieces, Case::Fold)))]);
            }
            for (field, value) in &names.values {
                ask(vec![(field.clone(), Test::Pattern(Pattern::literal(value, Case::Fold)))]);
            }
        }
        out
    }
}

impl Names {
    fn walk(&mut self, items: &[Item]) {
        for item in items {
            let own = plain(item);
            self.fields.extend(own.iter().cloned());
            match &item.transformation {
                Transformation::Nest(items) => self.walk(items),
                Transformation::Tables(tables) => self.logsources.extend(tables.logsources()),
                Transformation::Names(Renaming::Map(names)) => self.fields.extend(names.keys().flatten().cloned()),
                Transformation::Values(Change::Closed(closed)) => {
                    let pairs = |value: &Arc<str>| own.iter().map(|field| (field.clone(), value.clone())).collect();
                    self.values.extend(closed.pairs().keys().flat_map(|value| -> Vec<_> { pairs(value) }));
                }
                Transformation::Values(Change::Map(map)) => {
                    let pairs = |value: &Arc<str>| own.iter().map(|field| (field.clone(), value.clone())).collect();
                    self.values.extend(map.keys().flat_map(|value| -> Vec<_> { pairs(value) }));
                }
                _ => {}
            }
        }
    }
}

/// The fields that an item is for by name.
fn plain(item: &Item) -> Vec<Arc<str>> {
    let mut out = Vec::new();
    for condition in item.field.conditions() {
        if let FieldCondition::Fields { fields: Fields::Plain(names), excluded: false } = condition {
            out.extend(names.iter().cloned());
        }
    }
    out
}

impl Written {
    /// Takes a rule through the mapping and notes what it asks.
    fn add(&mut self, chain: &Chain<'_>, logsource: &Logsource, tests: Vec<(Arc<str>, Test)>, options: &Options) {
        let mut ids = ItemIds::default();
        let parts = tests.into_iter().map(|(field, test)| {
            let origin = Origin { item: Some(ids.give()), ..Origin::default() };
            Expr::new(Node::Test(Predicate { subject: Subject::Field(Field::new(field)), test }), origin)
        });
        let condition = Expr::new(Node::All(parts.collect()), Origin::default());
        let rule = Rule { meta: Meta::default(), logsource: logsource.clone(), table: None, condition };
        let asked = rule.clone();
        let mapped = chain.apply(rule, options);
        let Some(result) = &mapped.rule else { return };
        let table: Arc<str> = result.table.as_ref().map(|table| table.name.clone()).unwrap_or_default();
        if !table.is_empty() {
            self.tables.insert(table.clone());
        }
        let record = &mapped.record;
        let worked = |kinds: &[&str]| record.steps.iter().any(|step| step.touched && kinds.contains(&&*step.kind));
        let has_list = worked(LISTS);
        // Where the mapping takes every name over, the names of another log source are none of its facts.
        let mut taken_over = false;
        asked.condition.for_each_predicate(&mut |predicate, _| {
            let Subject::Field(field) = &predicate.subject else { return };
            let by = record.fields.get(&field.name).map(|field| field.by.as_slice()).unwrap_or_default();
            let is_open =
                |label: &Arc<str>| record.steps.iter().any(|step| step.item == *label && OPEN.contains(&&*step.kind));
            taken_over |= by.iter().any(is_open);
        });
        result.condition.for_each_predicate(&mut |predicate, origin| {
            let Subject::Field(field) = &predicate.subject else { return };
            let is_added = origin.author == Author::Mapping;
            if !is_added && taken_over {
                return;
            }
            self.fields.insert((table.clone(), field.name.clone()));
            // A hash is the question's own.
            let is_constant = is_added || has_list && is_listed(&predicate.test);
            if let Some(text) = event::text(&predicate.test).filter(|_| is_constant) {
                self.constants.insert((table.clone(), field.name.clone(), text.into()));
            }
        });
    }
}

/// Whether a test of a question is a value of a list: neither a hash nor without a value.
fn is_listed(test: &Test) -> bool {
    match test {
        Test::Pattern(pattern) => !pattern.pieces().iter().any(|piece| match piece {
            Piece::Literal(text) => text.len() >= 32 && text.bytes().all(|b| b == b'0'),
            _ => true,
        }),
        _ => false,
    }
}
