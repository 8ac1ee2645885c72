//! Which of several pipelines with tables a rule belongs to.
//!
//! Pipelines of one product each know some log sources, and the user gives them together. The first one that has a table for a
//! rule's log source works on the rule; the others are passed over, so that their renamings do not touch what is not theirs.
//! A pipeline without tables is for every rule. One that has nothing but tables does not take the rule: it chooses the table, and
//! whichever pipeline maps the fields keeps that choice. What the items do to a rule is in `apply`.

use super::pipeline::{Item, Pipeline};
use super::tables::Tables;
use super::transformation::Transformation;
use crate::ir::Logsource;

/// What became of a rule's log source on the way through a chain.
#[derive(Default)]
pub(super) struct Claims<'p> {
    /// The place of the pipeline that maps and has taken the rule.
    taken: Option<usize>,
    /// Whether a pipeline of tables alone has chosen the table.
    placed: bool,
    /// The pipelines with tables, none of them for the log source.
    strangers: Vec<&'p Pipeline>,
}

/// How a pipeline works on a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is passed over.
    PassedOver,
    /// It works on the rule, and the table is chosen already.
    WithoutTables,
    /// It works on the rule.
    Whole,
}

impl<'p> Claims<'p> {
    /// How a pipeline works on a rule of a log source. Pipelines are to be asked about in the order of their work.
    pub fn admit(&mut self, place: usize, pipeline: &'p Pipeline, logsource: &Logsource) -> Admission {
        let tables = tables(&pipeline.items);
        if tables.is_empty() {
            return Admission::Whole;
        }
        let alone = pipeline.items.iter().all(|item| matches!(item.transformation, Transformation::Tables(_)));
        if self.taken.is_some() || (alone && self.placed) {
            return Admission::PassedOver;
        }
        // Which log source its tables will see is not known before its items have worked.
        let moves = pipeline.items.iter().any(|item| matches!(item.transformation, Transformation::ChangeLogsource(_)));
        if !moves && tables.iter().all(|(_, tables)| tables.find(logsource).is_none()) {
            self.strangers.push(pipeline);
            return Admission::PassedOver;
        }
        if alone {
            self.placed = true;
            return Admission::Whole;
        }
        self.taken = Some(place);
        if self.placed { Admission::WithoutTables } else { Admission::Whole }
    }

    /// The place of the pipeline that has taken the rule.
    pub fn taken(&self) -> Option<usize> {
        self.taken
    }

    /// The pipelines with tables where none of them is for the rule; empty where one is, or where none has tables.
    pub fn strangers(self) -> Vec<&'p Pipeline> {
        if self.taken.is_some() || self.placed { Vec::new() } else { self.strangers }
    }
}

/// The tables of items with the items that have them.
pub(super) fn tables(items: &[Item]) -> Vec<(&Item, &Tables)> {
    let mut out = Vec::new();
    for item in items {
        match &item.transformation {
            Transformation::Tables(tables) => out.push((item, tables)),
            Transformation::Nest(inner) => out.extend(self::tables(inner)),
            _ => {}
        }
    }
    out
}
