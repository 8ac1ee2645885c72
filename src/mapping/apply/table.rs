//! The part of the work that gives a rule its table, or refuses it where no list of tables has its log source.
//!
//! How a list finds a row stands in `tables`.

use super::{Failed, Work};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::Origin;
use crate::mapping::Unmapped;
use crate::mapping::claim::{self, Admission};
use crate::mapping::item;
use crate::mapping::pipeline::{Item, Pipeline};
use crate::mapping::record::SourceRecord;
use crate::mapping::tables::{self, Tables};

impl Work<'_> {
    /// Chooses the table of the rule's log source, unless a pipeline of tables alone did.
    pub(super) fn table(&mut self, item: &Item, tables: &Tables) {
        if self.admission == Admission::WithoutTables {
            self.touched = false;
            return;
        }
        let Some(found) = tables.find(&self.rule.logsource) else {
            return self.fail_table(&[(item, tables)]);
        };
        if let Some(table) = &found.row.table {
            self.state.insert("table".into(), serde_json::Value::String(table.to_string()));
        }
        if let Some(conditions) = found.source_conditions() {
            self.add_expr(item, conditions, false);
        }
        if let Some(conditions) = found.row.conditions.as_ref().and_then(|search| self.lowered(item, search)) {
            self.add_expr(item, item::in_letters(conditions, tables.letters), false);
        }
        self.record.source = found.source.map(SourceRecord::from);
    }

    /// Refuses the rule where pipelines have tables, and none for its log source.
    pub(super) fn has_table(&mut self, strangers: &[&Pipeline]) -> Result<(), Failed> {
        let lists: Vec<(&Item, &Tables)> =
            strangers.iter().flat_map(|pipeline| claim::tables(&pipeline.items)).collect();
        if lists.is_empty() {
            return Ok(());
        }
        self.fail_table(&lists);
        if self.record.unmapped_source.is_some() { Ok(()) } else { Err(Failed) }
    }

    /// Notes that none of the lists of tables has the rule's log source: an error, unless such rules are to pass.
    fn fail_table(&mut self, lists: &[(&Item, &Tables)]) {
        let words = tables::words(&self.rule.logsource);
        if self.options.unmapped == Unmapped::Pass {
            self.touched = false;
            self.record.unmapped_source = Some(words.into());
            return;
        }
        let mut known: Vec<&str> = lists.iter().flat_map(|(_, tables)| tables.known()).collect();
        known.sort_unstable();
        known.dedup();
        let origin = Origin { span: self.rule.logsource.span, ..Origin::default() };
        let code = codes::LOGSOURCE_UNMAPPED;
        match lists {
            [(item, _)] => {
                self.fail(code, item, format!("the mapping has no table for the log source {words}"), &origin);
            }
            _ => {
                let message = format!("none of the mappings has a table for the log source {words}");
                self.diagnostics.push(Diagnostic::new(code, message).at(origin.span));
            }
        }
        if let Some(diagnostic) = self.diagnostics.last_mut() {
            let near = lists.iter().find_map(|(_, tables)| tables.near(&self.rule.logsource));
            diagnostic.help.extend(near.map(|near| format!("did you mean {near}?")));
            let has = if lists.len() == 1 { "it has" } else { "they have" };
            diagnostic.help.push(format!("{has} tables for {}", known.join(", ")));
        }
    }
}
