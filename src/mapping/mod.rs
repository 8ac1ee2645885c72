//! From Sigma's fields and log sources to those of a product: pipelines, IR in and IR out.
//!
//! A [`Pipeline`] is read from pySigma's YAML as it is, with the extensions that `docs/mapping.md` describes. Several make a
//! [`Chain`] for a target; [`Chain::apply`] takes a rule through it. Nothing here reads a file (texts come in), renders a query
//! (finished ones come in for post-processing). An event goes the same way as a rule; only the interpreter says what holds of it.
//!
//! ```text
//! yaml --params--> pipeline { transformation, conditions behind gates }  --apply--> rule, record
//! ```

mod apply;
mod budget;
pub mod builtin;
mod claim;
mod closed;
mod completion;
mod conditions;
mod encoding;
mod event;
mod fill;
mod format_string;
mod forward;
mod gate;
mod growing;
mod growth;
mod instance;
mod item;
mod jinja;
mod lacking;
mod last_part;
mod lists;
mod missing;
mod params;
mod paths;
mod pipeline;
mod placeholders;
mod post;
mod prefix;
mod python;
mod record;
mod regex;
mod registry;
mod rewrite;
mod schema;
mod shape;
mod slip;
pub mod sources;
mod spelling;
mod split;
mod state;
mod tables;
mod template;
mod text;
mod transformation;
mod unfit;
mod values;
pub mod vocabulary;
mod wishes;
mod written;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use event::Events;
pub use pipeline::{Pipeline, Product};
pub use record::{FieldRecord, Mapped, Record, SourceRecord, StepRecord};
pub use slip::{Slip, slips};
pub use state::State;
pub use unfit::{Reason, Unfit};
pub use written::Written;

use indexmap::IndexMap;
use minijinja::value::Serde;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir;

/// What is to be said of a field that no mapping knows. A log source without a table is an error with all but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmapped {
    /// The rule is refused.
    Error,
    /// Where the columns of the table are known, it is a missing field; else the query has the name of the rule. A warning says so.
    #[default]
    Warn,
    /// It is a missing field, and a warning says so.
    Missing,
    /// The query has the name of the rule.
    Keep,
    /// The same, and a rule whose log source has no table becomes a query over its own names, wherever its events may be.
    Pass,
}

/// What the caller supplies to a mapping.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is to be said of a field that no mapping knows.
    pub unmapped: Unmapped,
    /// The texts of the files that [`Pipeline::files`] names.
    pub files: BTreeMap<Arc<str>, Arc<str>>,
}

/// Pipelines for one target in the order of their work.
#[derive(Debug, Clone, Default)]
pub struct Chain<'p> {
    pipelines: Vec<&'p Pipeline>,
    table_keys: &'static [&'static str],
    /// Whether what queries read is a category of events.
    categories: bool,
    /// The variables of all of them, as templates see them.
    vars: OnceLock<minijinja::Value>,
}

/// Puts pipelines in order for a target: by priority, those of one priority as they came.
///
/// # Errors
/// Where a pipeline says that it is for other back ends.
pub fn resolve<'p>(pipelines: impl IntoIterator<Item = &'p Pipeline>, target: &str) -> Result<Chain<'p>, Diagnostic> {
    let mut pipelines: Vec<&Pipeline> = pipelines.into_iter().collect();
    if let Some(other) = pipelines.iter().find(|pipeline| !pipeline.is_for(target)) {
        let backends: Vec<&str> = other.allowed_backends().iter().map(AsRef::as_ref).collect();
        let message = format!("the mapping `{}` is not for {target}", other.name);
        let help = format!("it says that it is for {}", backends.join(", "));
        return Err(Diagnostic::new(codes::MAPPING_TARGET, message).help(help));
    }
    pipelines.sort_by_key(|pipeline| pipeline.priority);
    Ok(Chain { pipelines, table_keys: table_keys(target), categories: target == "eql", vars: OnceLock::new() })
}

/// The variables of the state that name what a query of the target reads, the most specific first. A query in EQL names a
/// category of events and not an index, which belongs to the request around it.
fn table_keys(target: &str) -> &'static [&'static str] {
    if target == "eql" { &["query_table", "table"] } else { &["query_table", "table", "index"] }
}

impl<'p> Chain<'p> {
    /// The chain with this pipeline in the place of the one of its name; `None` where it has none of the name.
    pub(crate) fn with(&self, pipeline: &'p Pipeline) -> Option<Chain<'p>> {
        let place = self.pipelines.iter().position(|own| own.name == pipeline.name)?;
        let mut chain = self.clone();
        *chain.pipelines.get_mut(place)? = pipeline;
        chain.vars = OnceLock::new();
        Some(chain)
    }
}

impl Chain<'_> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.pipelines.is_empty()
    }

    /// Whether the table of a rule is a category of events.
    fn names_categories(&self) -> bool {
        self.categories
    }

    /// Whether the queries of all rules become one text in the end.
    pub fn has_finalizers(&self) -> bool {
        self.pipelines.iter().any(|pipeline| !pipeline.finalizers.is_empty())
    }

    /// The variables of all pipelines, as templates see them; those of later ones count.
    fn vars(&self) -> minijinja::Value {
        let vars = || {
            let all = self.pipelines.iter().flat_map(|pipeline| &pipeline.vars);
            Serde(all.collect::<IndexMap<_, _>>()).into()
        };
        self.vars.get_or_init(vars).clone()
    }

    /// Takes a rule through the pipelines. The rule is as the front end made it: normalizing comes after.
    pub fn apply(&self, rule: ir::Rule, options: &Options) -> Mapped {
        apply::apply(&self.pipelines, self.table_keys, rule, options)
    }

    /// A mapped rule without what tells the events of its log source from others: its fields alone.
    pub fn fields_alone(&self, rule: &ir::Rule) -> ir::Rule {
        let table = rule.table.clone().filter(|_| !self.names_categories());
        ir::Rule { table, condition: apply::without_added(&rule.condition), ..rule.clone() }
    }

    /// Applies the post-processing to the query of a mapped rule.
    ///
    /// # Errors
    /// Where a template fails.
    pub fn postprocess(&self, query: String, mapped: &Mapped) -> Result<String, Diagnostic> {
        match &mapped.rule {
            Some(rule) => post::postprocess(self, query, rule, mapped),
            None => Ok(query),
        }
    }

    /// Applies the finalizers to the queries of all rules, in order; `None` where there are no finalizers.
    ///
    /// # Errors
    /// Where a template fails.
    pub fn finalize(&self, queries: Vec<String>) -> Result<Option<String>, Diagnostic> {
        post::finalize(self, queries)
    }
}
