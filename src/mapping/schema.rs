//! The columns of a product's tables, as `mappings/schemas/` has them: names, types, and whether there can be others.
//!
//! A mapping refers to a schema by name, so that a table is stated once. What a table without a column means for a rule is in `lacking`.

use std::sync::Arc;

use indexmap::IndexMap;

use super::builtin;
use super::params::{Messages, Params, unknown};
use super::transformation::{self, ColumnType, Columns};
use crate::diagnostic::{Diagnostic, codes};
use crate::sigma::yaml::{self, Node, Value};
use crate::source::Source;

/// The tables of a schema by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema(IndexMap<Arc<str>, SchemaTable>);

/// A table.
#[derive(Debug, Clone)]
pub(super) struct SchemaTable {
    /// Its name.
    pub name: Arc<str>,
    /// Its columns with their types.
    pub columns: Arc<Columns>,
    /// The words of columns that hold one of a few.
    pub words: Arc<IndexMap<Arc<str>, Vec<Arc<str>>>>,
    /// Whether a site may have more columns.
    pub grows: bool,
}

impl Schema {
    /// Reads the schema that an item names.
    pub fn named(params: &mut Params<'_, '_, '_>) -> Option<Schema> {
        let name = params.required("schema")?;
        let span = params.node("schema").map_or(params.span, |node| node.span);
        let Some(text) = builtin::schema(&name) else {
            let known = builtin::schemas();
            unknown(params.messages, codes::MAPPING_VALUE, "schema in the program", &name, span, &known);
            return None;
        };
        let (schema, said) = Schema::parse(&Source::new(format!("schemas/{name}.yml"), text));
        if let Some(first) = said.first() {
            let message = format!("the schema `{name}` cannot be used: {}", first.message);
            params.messages.push(Diagnostic::new(codes::MAPPING_VALUE, message).at(span));
            return None;
        }
        schema
    }

    /// Reads the text of a schema.
    pub fn parse(source: &Source) -> (Option<Schema>, Messages) {
        let (nodes, said) = yaml::read(source);
        let mut messages: Messages = said.into_iter().filter(Diagnostic::is_error).collect();
        let [node] = nodes.as_slice() else { return (None, messages) };
        let schema = Params::open(node, "a schema", &mut messages).and_then(|mut params| {
            params.text("source"); // for readers
            let schema = Schema::tables(&mut params);
            params.finish();
            schema
        });
        (schema.filter(|_| messages.is_empty()), messages)
    }

    fn tables(params: &mut Params<'_, '_, '_>) -> Option<Schema> {
        let Some(node) = params.node("tables") else {
            params.missing("tables");
            return None;
        };
        let Value::Map(entries) = &node.value else {
            params.wrong("tables", "a map of tables", node);
            return None;
        };
        let tables = entries.iter().filter_map(|entry| {
            let name: Arc<str> = entry.key.text.as_ref().into();
            Some((name.clone(), SchemaTable::parse(name, &entry.value, params.messages)?))
        });
        Some(Schema(tables.collect()))
    }

    /// The table of a name.
    pub fn table(&self, name: &str) -> Option<&SchemaTable> {
        self.0.get(name)
    }
}

impl SchemaTable {
    fn parse(name: Arc<str>, node: &Node<'_>, messages: &mut Messages) -> Option<SchemaTable> {
        let mut params = Params::open(node, format!("the table `{name}`"), messages)?;
        let grows = params.flag("grows");
        let columns = transformation::columns(&mut params, "columns");
        let words = if params.node("words").is_some() { params.names("words")? } else { Default::default() };
        let words = words.into_iter().filter_map(|(column, words)| Some((column?, words))).collect();
        params.finish();
        Some(SchemaTable { name, columns: Arc::new(columns?), words: Arc::new(words), grows })
    }

    /// Whether the table has this column.
    pub fn has(&self, column: &str) -> bool {
        matches!(self.columns.get(column), Some(ColumnType::Known(_) | ColumnType::Unqueryable(_)))
    }

    /// The column of this name in other letter case.
    pub fn otherwise_written(&self, column: &str) -> Option<&str> {
        self.columns.keys().map(AsRef::as_ref).find(|own: &&str| own.eq_ignore_ascii_case(column) && *own != column)
    }
}
