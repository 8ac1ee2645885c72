//! Stored documents from elsewhere, as the table under a query has them.
//!
//! An event that `verify` made is projected, since nobody has stored it yet. A document was stored: its columns are what they
//! are. Nothing here computes, fills in or drops a value; what a column of the mapping's type could not hold is an exclusion.

use serde_json::Value;

use super::{Column, ColumnKind, Store, Table, raw_text, typed};
use crate::interp::Event;
use crate::target::store::Keywords;
use crate::verify::exclusion::Exclusion;
use crate::verify::project::flatten;

impl Store {
    /// The document as a row of the table, cut to what the query looks at.
    ///
    /// # Errors
    /// Where a column of the mapping's type cannot hold the document's value.
    pub(in crate::verify) fn take(&self, document: &Event) -> Result<Event, Exclusion> {
        if self.json_column().is_some() {
            return self.project_document(document);
        }
        let (arrays, hold) = self.holding();
        let columns = self.own_columns();
        let all = self.sees_everything();
        let wanted = |name: &str| all || columns.iter().any(|column| column.name == name);
        let mut fields = flatten(document, arrays, wanted, hold);
        if let Some(Keywords::Raw(raw)) = &self.model.keywords
            && self.keywords
            && !fields.contains_key(&**raw)
        {
            fields.extend(hold(&raw_text(document).into()).map(|text| (raw.to_string(), text)));
        }
        for column in columns {
            if column.kind == ColumnKind::Dynamic {
                fields.extend(document.0.get(&column.name).map(|value| (column.name.clone(), bag(value))));
            } else if let Some(value) = fields.get_mut(&column.name) {
                *value = typed(column.kind, std::mem::take(value))?;
            }
        }
        Ok(Event(fields))
    }

    /// A table of such rows.
    pub(in crate::verify) fn table_of_taken(&self, name: &str, rows: Vec<Event>) -> Table {
        if self.json_column().is_some() {
            return self.table(name, rows);
        }
        self.table_of(name, self.own_columns().to_vec(), rows)
    }

    /// The columns of the table itself: not those that the query computes.
    fn own_columns(&self) -> &[Column] {
        self.base.as_ref().map_or(&self.columns, |base| base.columns())
    }
}

/// A bag of properties: exports write it as its text.
fn bag(value: &Value) -> Value {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or_else(|| value.clone())
}
