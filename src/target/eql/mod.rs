//! The room of Elastic EQL (event queries of Elasticsearch and of Kibana's detection rules).
//!
//! `types` says what each field is, `leaf` chooses operators, `typed` does so for columns that hold no text, `regex`
//! prints Lucene expressions, `quote` writes literals and names, `guard` makes leaves total below negations. Every
//! field is optional (`?field`): a name that no index maps would fail the whole query.

mod guard;
mod leaf;
mod quote;
mod regex;
mod typed;
mod types;

pub use types::Types;

use super::Backend;
use super::plan::{self, Context, Part, Plan, Query};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir;

/// The back end.
pub(super) struct Eql;

impl Backend for Eql {
    fn plan(&self, rule: &ir::Rule, cx: &mut Context<'_>) -> Query {
        let leaves = leaf::Room { types: Types::of(&rule.condition) };
        let plan = guard::totalize(plan::build(&rule.condition, &leaves, cx));
        if !cx.refused() {
            note_constant(&plan, rule, cx);
        }
        let plan = match cx.manifest.limits.flat_terms {
            Some(width) => plan.balance(width),
            None => plan,
        };
        let table = cx.options.table.as_deref().or(rule.table.as_ref().map(|table| &*table.name));
        let category = quote::category(table.unwrap_or(&cx.manifest.default_table));
        Query {
            parts: vec![Part { name: "condition", macros: vec!["eql/predicates.j2".into()], plan }],
            operands: vec![("category", category.into())],
        }
    }
}

fn note_constant(plan: &Plan, rule: &ir::Rule, cx: &mut Context<'_>) {
    let what = match plan {
        Plan::True => "every event",
        Plan::False => "no event",
        _ => return,
    };
    let note = Diagnostic::new(codes::CONDITION_CONSTANT, format!("the condition selects {what}"));
    cx.say(note.at(rule.condition.origin.span));
}
