//! What the work on one rule remembers: the pipeline's variables, and what was applied to what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::transformation::Columns;
use crate::ir::ItemId;

/// The values of `set_state`, in the order in which they were first set.
pub type State = IndexMap<Arc<str>, serde_json::Value>;

/// The ids of the items of pipelines that were applied, by what they were applied to.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracking {
    rule: BTreeSet<Arc<str>>,
    items: BTreeMap<ItemId, BTreeSet<Arc<str>>>,
    fields: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Names that a mapping gave or confirmed, with the places of the pipelines that did; what else is in the rule at the end is unmapped.
    known: BTreeMap<Arc<str>, BTreeSet<usize>>,
    /// Columns whose names a mapping confirmed.
    columns: Vec<Arc<Columns>>,
    /// The place of the pipeline at hand.
    place: usize,
}

impl Tracking {
    /// Whether the item of the pipeline was applied to the rule.
    pub fn rule_has(&self, id: &str) -> bool {
        self.rule.contains(id)
    }

    /// The ids of the items that were applied to the rule.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rule.iter().map(AsRef::as_ref)
    }

    /// Whether it was applied to the detection item.
    pub fn item_has(&self, item: Option<ItemId>, id: &str) -> bool {
        item.and_then(|item| self.items.get(&item)).is_some_and(|ids| ids.contains(id))
    }

    /// Whether it was applied to the field.
    pub fn field_has(&self, field: Option<&str>, id: &str) -> bool {
        field.and_then(|field| self.fields.get(field)).is_some_and(|ids| ids.contains(id))
    }

    /// How many items were applied to the field.
    pub fn noted(&self, field: Option<&str>) -> usize {
        field.and_then(|field| self.fields.get(field)).map_or(0, BTreeSet::len)
    }

    /// Whether a mapping gave or confirmed the name.
    pub fn is_known(&self, field: &str) -> bool {
        self.known.contains_key(field) || self.is_column(field)
    }

    /// Whether a mapping declares the column, or another pipeline than that of this place gave or confirmed the name.
    pub fn is_known_beside(&self, field: &str, place: usize) -> bool {
        self.is_column(field) || self.known.get(field).is_some_and(|places| places.iter().any(|other| *other != place))
    }

    fn is_column(&self, field: &str) -> bool {
        self.columns.iter().any(|columns| columns.contains_key(field))
    }

    /// Notes that the pipeline of this place works on the rule.
    pub fn begin(&mut self, place: usize) {
        self.place = place;
    }

    /// Notes an application to the rule.
    pub fn rule(&mut self, id: Option<&Arc<str>>) {
        self.rule.extend(id.cloned());
    }

    /// Notes an application to a detection item.
    pub fn item(&mut self, item: Option<ItemId>, id: Option<&Arc<str>>) {
        if let (Some(item), Some(id)) = (item, id) {
            self.items.entry(item).or_default().insert(id.clone());
        }
    }

    /// Notes that a field has new names; they inherit what was applied to the old one.
    pub fn renamed(&mut self, old: Option<&Arc<str>>, new: &[Arc<str>], id: Option<&Arc<str>>) {
        let mut ids = old.and_then(|old| self.fields.get(old)).cloned().unwrap_or_default();
        ids.extend(id.cloned());
        for name in new {
            self.known(name.clone());
            self.fields.entry(name.clone()).or_default().extend(ids.iter().cloned());
        }
    }

    /// Notes that the names of columns are the target's own.
    pub fn known_columns(&mut self, columns: &Arc<Columns>) {
        self.columns.push(columns.clone());
    }

    /// Notes that a name is the target's own.
    pub fn known(&mut self, name: Arc<str>) {
        self.known.entry(name).or_default().insert(self.place);
    }
}
