//! The room of Elastic EQL (event queries of Elasticsearch and of Kibana's detection rules).
//!
//! `types` says what each field is, `leaf` chooses operators, `typed` does so for columns that hold no text, `regex`
//! prints Lucene expressions, `quote` writes literals and names, `guard` makes leaves total below negations, `clauses` counts
//! what Lucene limits. Every field is optional (`?field`): a name that no index maps would fail the whole query.

mod clauses;
mod guard;
mod leaf;
mod quote;
mod regex;
mod typed;
mod types;

pub use types::Types;

use self::leaf::Lists;
use super::Backend;
use super::plan::{self, Context, Part, Plan, Query};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir;

/// The back end.
pub(super) struct Eql;

impl Backend for Eql {
    fn plan(&self, rule: &ir::Rule, cx: &mut Context<'_>) -> Query {
        let types = Types::of(&rule.condition);
        let plan = condition(rule, &types, Lists::Plain, cx);
        let plan = match cx.manifest.limits.clauses {
            Some(limit) if clauses::count(&plan) > limit => {
                let packed = condition(rule, &types, Lists::Packed, cx);
                refuse_too_many(&packed, limit, rule, cx);
                packed
            }
            _ => plan,
        };
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

fn condition(rule: &ir::Rule, types: &Types, lists: Lists, cx: &mut Context<'_>) -> Plan {
    let leaves = leaf::Room { types, lists };
    guard::totalize(plan::build(&rule.condition, &leaves, cx))
}

/// Lists are packed, and there are still too many clauses.
fn refuse_too_many(plan: &Plan, limit: usize, rule: &ir::Rule, cx: &mut Context<'_>) {
    let count = clauses::count(plan);
    if count > limit {
        let message = format!("the query has {count} clauses, {} accepts {limit}", cx.manifest.name);
        let refusal = Diagnostic::new(codes::QUERY_TOO_LARGE, message)
            .help("split the rule, or raise `clauses` in a manifest of your own where the cluster takes more");
        cx.say(refusal.at(rule.condition.origin.span));
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
