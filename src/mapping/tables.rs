//! `sigmaglot_tables`: which table of the product holds the events of a log source. An extension of the format.

use std::sync::Arc;

use super::params::{Params, say};
use super::transformation::detection;
use crate::diagnostic::{codes, did_you_mean};
use crate::ir::Logsource;
use crate::sigma::detection::Detection;
use crate::sigma::logsource;
use crate::sigma::yaml::Value;

/// The tables of a product, in the order in which they are tried.
#[derive(Debug, Clone)]
pub(super) struct Tables(Vec<Row>);

/// A log source and where its events are.
#[derive(Debug, Clone)]
pub(super) struct Row {
    logsource: Logsource,
    /// The table; `None` where the conditions alone tell the events.
    pub table: Option<Arc<str>>,
    /// What else must hold of an event of the table to be of the log source.
    pub conditions: Option<Box<Detection>>,
}

impl Tables {
    /// Reads the list.
    pub fn parse(params: &mut Params<'_, '_, '_>) -> Option<Tables> {
        let Some(node) = params.node("tables") else {
            params.missing("tables");
            return None;
        };
        let Value::List(nodes) = &node.value else {
            params.wrong("tables", "a list of log sources with tables", node);
            return None;
        };
        let mut rows = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Some(mut row) = Params::open(node, "a log source with its table", params.messages) else { continue };
            let logsource = super::conditions::read_logsource(&mut row);
            let table = row.text("table");
            let conditions = match row.node("conditions") {
                Some(node) => detection(node, row.messages).map(Box::new),
                None => None,
            };
            if logsource == Logsource::default() {
                let message = "a table is for a `category`, `product` or `service`";
                say(row.messages, codes::MAPPING_VALUE, message, row.span);
            }
            if table.is_none() && conditions.is_none() {
                row.missing("table");
            }
            row.finish();
            rows.push(Row { logsource, table, conditions });
        }
        Some(Tables(rows))
    }

    /// The first row for a log source.
    pub fn find(&self, inner: &Logsource) -> Option<&Row> {
        self.0.iter().find(|row| logsource::contains(&row.logsource, inner))
    }

    /// The log source that this one may be a slip of: it differs in one word, and that one is near.
    pub fn near(&self, logsource: &Logsource) -> Option<String> {
        fn parts(logsource: &Logsource) -> [&Option<Arc<str>>; 3] {
            [&logsource.product, &logsource.category, &logsource.service]
        }
        let is_near = |row: &&Row| {
            let pairs = parts(logsource).into_iter().zip(parts(&row.logsource));
            let mut differ = pairs.filter(|(a, b)| a != b);
            match (differ.next(), differ.next()) {
                (Some((Some(word), Some(known))), None) => did_you_mean(word, [known.as_ref()]).is_some(),
                _ => false,
            }
        };
        self.0.iter().find(is_near).map(|row| words(&row.logsource))
    }

    /// All log sources in words.
    pub fn known(&self) -> Vec<String> {
        let mut out: Vec<String> = self.0.iter().map(|row| words(&row.logsource)).collect();
        out.sort();
        out.dedup();
        out
    }
}

/// A log source as `product/category/service`, `*` for what it does not say.
pub(super) fn words(logsource: &Logsource) -> String {
    let word = |part: &Option<Arc<str>>| part.as_deref().unwrap_or("*").to_owned();
    format!("{}/{}/{}", word(&logsource.product), word(&logsource.category), word(&logsource.service))
}
