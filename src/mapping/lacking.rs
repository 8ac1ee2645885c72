//! Fields that the table of a rule does not have, and what becomes of the tests on them.
//!
//! Where a mapping states the columns of the table, another field is a missing field, and the interpreter says what a test on such a one is. Where a
//! site may have more columns, the query asks for it only if it is there. Where nothing is known of the table, the query has the name of the rule.

use std::sync::Arc;

use super::Unmapped;
use super::apply::Work;
use super::missing::{self, Gone};
use super::schema::SchemaTable;
use super::shape;
use crate::diagnostic::{Diagnostic, Severity, codes};
use crate::ir::{Author, Origin, Pattern, Piece, Subject, Test};

/// The key of the state with the columns that a query asks for only if they are there.
const OPTIONAL: &str = "optional_columns";

/// The table whose columns are known, with the place in the chain of the pipeline that knows them.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub table: SchemaTable,
    pub place: usize,
}

/// What becomes of the tests on a field.
enum Fate {
    /// They stay, and the mapping does not know the field.
    Kept,
    /// They stay, and the query asks whether there is such a column.
    Optional,
    /// The field is missing in every event.
    Missing,
}

impl Work<'_> {
    /// Decides what becomes of the fields that the table lacks and of those that no mapping knows, and says so.
    pub fn settle_lacking(&mut self) {
        let known = self.known.take().filter(|known| self.reads(&known.table.name));
        for (name, origin) in self.strange(known.as_ref()) {
            let table = known.as_ref().map(|known| &known.table);
            let fate = self.fate(&name, table);
            match fate {
                Fate::Kept => self.keep(name, table, &origin),
                Fate::Optional => self.ask_if_there(name, table, &origin),
                Fate::Missing => self.give_up(&name, table),
            }
        }
        if let Some(known) = &known {
            self.warn_of_words(&known.table);
        }
        self.known = known;
    }

    /// Whether the rule's table is this one.
    fn reads(&self, table: &str) -> bool {
        self.state.get("table").and_then(|own| own.as_str()) == Some(table)
    }

    /// The fields that the table lacks or that no mapping knows, with their first place.
    fn strange(&self, known: Option<&Known>) -> Vec<(Arc<str>, Origin)> {
        let is_there = |name: &str| match known {
            Some(known) => known.table.has(name) || self.tracking.is_known_beside(name, known.place),
            None => self.tracking.is_known(name),
        };
        self.names(&|name| !is_there(name))
    }

    fn fate(&self, name: &str, table: Option<&SchemaTable>) -> Fate {
        match (self.options.unmapped, table) {
            (Unmapped::Keep | Unmapped::Pass | Unmapped::Error, _) | (Unmapped::Warn, None) => Fate::Kept,
            (_, Some(table)) if table.grows && is_identifier(name) => Fate::Optional,
            (Unmapped::Warn | Unmapped::Missing, _) => Fate::Missing,
        }
    }

    fn keep(&mut self, name: Arc<str>, table: Option<&SchemaTable>, origin: &Origin) {
        let severity = match self.options.unmapped {
            Unmapped::Keep | Unmapped::Pass => None,
            Unmapped::Error => Some(Severity::Error),
            Unmapped::Warn | Unmapped::Missing => Some(Severity::Warning),
        };
        if let Some(severity) = severity {
            let message = match table {
                Some(table) => format!("`{}` has no column `{name}`", table.name),
                None => format!("no mapping knows the field `{name}`, so the query has it as it stands in the rule"),
            };
            let mut diagnostic = Diagnostic::new(codes::FIELD_UNMAPPED, message).at(origin.span);
            diagnostic.severity = severity;
            let help = match table.and_then(|table| table.otherwise_written(&name)) {
                Some(own) => format!("the table has `{own}`"),
                None => "map it in a pipeline of your own, or say `--unmapped keep`".into(),
            };
            self.diagnostics.push(diagnostic.help(help));
        }
        self.record.unmapped.push(name);
    }

    /// The query is to take the column for missing where a site has none.
    fn ask_if_there(&mut self, name: Arc<str>, table: Option<&SchemaTable>, origin: &Origin) {
        let table = table.map_or("", |table| &table.name);
        let message = format!("`{table}` may lack the column `{name}`: where it does, the field is missing");
        self.diagnostics.push(Diagnostic::new(codes::FIELD_OPTIONAL, message).at(origin.span));
        let list = self.state.entry(OPTIONAL.into()).or_insert_with(|| serde_json::Value::Array(Vec::new()));
        if let serde_json::Value::Array(names) = list {
            names.push(name.as_ref().into());
        }
        self.record.optional.push(name);
    }

    /// Puts the constant that it is in the place of each test on a field that no event has.
    fn give_up(&mut self, name: &Arc<str>, table: Option<&SchemaTable>) {
        let condition = self.take();
        let (condition, gone) = missing::settle_field(condition, name);
        self.rule.condition = condition;
        for Gone { field, reason: _, origin, holds } in gone {
            let what = match table {
                Some(table) => format!("`{}` has no column `{field}`", table.name),
                None => format!("no mapping knows the field `{field}`"),
            };
            let message = format!("{what}: the field is missing, and this {}", missing::verdict(holds));
            self.lose(&field, codes::FIELD_MISSING, message, &origin);
        }
    }

    /// Of an event: takes out the values of fields that the table lacks and the rule tests.
    pub fn drop_lacking(&mut self, lost: &[Arc<str>]) {
        for name in lost {
            let condition = self.take();
            let (condition, unfit) = missing::stored_field(condition, name);
            self.rule.condition = condition;
            unfit.iter().for_each(|origin| self.unfit(origin, super::Reason::NotKept));
        }
    }

    /// Warns where a test asks a column for a word that it does not have.
    fn warn_of_words(&mut self, table: &SchemaTable) {
        let mut said: Vec<Diagnostic> = Vec::new();
        self.rule.condition.for_each_predicate(&mut |predicate, origin| {
            let Subject::Field(field) = &predicate.subject else { return };
            let Some(words) = table.words.get(&field.name).filter(|_| origin.author == Author::Rule) else { return };
            let Test::Pattern(pattern) = &predicate.test else { return };
            if words.iter().any(|word| shape::can_match(pattern, &shape::exactly(word))) || is_empty(pattern) {
                return;
            }
            let text = crate::sigma::pattern::escape(pattern.pieces());
            let message = format!("no word of `{}` in `{}` is like `{text}`", field.name, table.name);
            let diagnostic = Diagnostic::new(codes::WORD_UNKNOWN, message).at(origin.span);
            let known: Vec<&str> = words.iter().map(AsRef::as_ref).take(MOST_WORDS).collect();
            let more = if words.len() > known.len() { ", and others" } else { "" };
            said.push(diagnostic.help(format!("it has {}{more}", known.join(", "))));
        });
        for diagnostic in said {
            if !self.diagnostics.contains(&diagnostic) {
                self.diagnostics.push(diagnostic);
            }
        }
    }
}

/// The most words of a column that a message lists.
const MOST_WORDS: usize = 12;

fn is_empty(pattern: &Pattern) -> bool {
    pattern.pieces().iter().all(|piece| matches!(piece, Piece::Literal(text) if text.is_empty()))
}

/// Whether a column can have this name.
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
