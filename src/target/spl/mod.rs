//! The room of Splunk's Search Processing Language.
//!
//! SPL has two predicate languages, and a query of ours has up to two parts. The leading `search` ignores letter case, knows
//! `*`, and is two-valued. `where` is case-sensitive, typed and three-valued, and has functions. [`plan`](Backend::plan)
//! splits the condition at its topmost AND: a conjunct that `search` can say exactly stays in `search`, any other
//! goes to one `| where` as a whole, so an alternative is never torn apart by the pipe.
//!
//! | file | what it knows |
//! |---|---|
//! | `search.rs` | what the `search` command can say, and its leaves |
//! | `model.rs`  | what is otherwise over accelerated data models, which `tstats` asks |
//! | `filter.rs` | the leaves of `where` |
//! | `lists.rs`  | neighbouring alternatives on one field become one list |
//! | `quote.rs`  | literals and names of both |
//! | `limits.rs` | where Splunk's data model or letter folding is narrower than the rule: warnings |
//!
//! # The data model
//! The promise of equality is for an event as Splunk holds it: null, `""`, `[]` and missing are one thing (no value),
//! scalars are their text, an array of scalars is a multivalue field of which any value may pass, and `_raw` is the text of
//! all values. A test for `""` asks for a field without a value, as a test for null does. The manifest's `data_model`
//! has these lines for users.
//!
//! Negation is always `NOT f=v`, which keeps events without `f`; `f!=v` drops them and is never written. In `where`
//! each leaf is `isnotnull(..)` of something that is null where it does not hold, so no leaf is ever null itself.

mod filter;
mod limits;
mod lists;
mod model;
mod quote;
mod search;

use std::borrow::Cow;

use super::Backend;
use super::plan::{self, Context, Part, Plan, Query};
use super::quote::Operand;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{self, Expr, Node, Subject};

/// The back end.
pub(super) struct Spl;

impl Backend for Spl {
    fn plan(&self, rule: &ir::Rule, cx: &mut Context<'_>) -> Query {
        limits::note_keywords(&rule.condition, cx);
        note_constant(&rule.condition, cx);
        let model = match model::Model::of(rule, cx.options.table.as_deref()) {
            Ok(model) => model,
            Err(refusal) => {
                cx.say(refusal);
                None
            }
        };
        let mut conjuncts = Vec::new();
        split(&rule.condition, Sign::Plain, &mut conjuncts);
        let (mut searched, mut filtered) = (Vec::new(), Vec::new());
        for Conjunct { expr, sign, language } in conjuncts {
            let (into, plan) = match (language, &model) {
                (Language::Search, None) => (&mut searched, plan::build(&expr, &search::Search, cx)),
                (Language::Where, None) => (&mut filtered, plan::build(&expr, &filter::Filter, cx)),
                (Language::Search, Some(model)) => {
                    let leaves = model::Filled { leaves: search::Search, prefix: Some(model.prefix()) };
                    (&mut searched, plan::build(&expr, &leaves, cx))
                }
                (Language::Where, Some(_)) => {
                    let leaves = model::Filled { leaves: filter::Filter, prefix: None };
                    (&mut filtered, plan::build(&expr, &leaves, cx))
                }
            };
            into.push(sign.apply(plan));
        }
        let searched = lists::merge(Plan::all(searched));
        let filtered = lists::merge(Plan::all(filtered));
        let filters = filtered != Plan::True;
        let mut operands = vec![("filters", Operand::Flag(filters))];
        let index = match model {
            Some(model) => {
                if !cx.refused() {
                    model::refuse_never(&searched, &rule.condition, cx);
                }
                operands.push(("terms", Operand::Flag(searched != Plan::True)));
                operands.extend(model.operands());
                Plan::True
            }
            None => index(rule, cx),
        };
        Query {
            parts: vec![
                Part { name: "search", macros: vec!["spl/search.j2".into()], plan: Plan::all([index, searched]) },
                Part { name: "filter", macros: vec!["spl/where.j2".into()], plan: filtered },
            ],
            operands,
        }
    }
}

/// A part of the topmost AND, and the language that says it.
struct Conjunct<'e> {
    expr: Cow<'e, Expr>,
    sign: Sign,
    language: Language,
}

/// The predicate languages of SPL.
#[derive(Clone, Copy)]
enum Language {
    Search,
    Where,
}

/// Whether a conjunct is meant as it stands or negated.
#[derive(Clone, Copy)]
enum Sign {
    Plain,
    Negated,
}

impl Sign {
    fn flip(self) -> Self {
        match self {
            Sign::Plain => Sign::Negated,
            Sign::Negated => Sign::Plain,
        }
    }

    fn apply(self, plan: Plan) -> Plan {
        match self {
            Sign::Plain => plan,
            Sign::Negated => plan.negate(),
        }
    }
}

/// The conjuncts of a condition, in order. What `search` can say whole is not taken apart.
fn split<'e>(expr: &'e Expr, sign: Sign, out: &mut Vec<Conjunct<'e>>) {
    if search::can_say(expr) {
        out.push(Conjunct { expr: Cow::Borrowed(expr), sign, language: Language::Search });
        return;
    }
    match (&expr.node, sign) {
        (Node::All(parts), Sign::Plain) => parts.iter().for_each(|part| split(part, sign, out)),
        (Node::Any(_), Sign::Negated) => split_none_of(expr, out),
        (Node::Not(part), _) => split(part, sign.flip(), out),
        _ => out.push(Conjunct { expr: Cow::Borrowed(expr), sign, language: Language::Where }),
    }
}

/// Splits "none of these": what `search` can say is one NOT there, the rest is one NOT in `where`.
fn split_none_of<'e>(any: &'e Expr, out: &mut Vec<Conjunct<'e>>) {
    let (mut said, mut unsaid) = (Vec::new(), Vec::new());
    sort_alternatives(any, &mut said, &mut unsaid, out);
    for (parts, language) in [(said, Language::Search), (unsaid, Language::Where)] {
        if !parts.is_empty() {
            let expr = Cow::Owned(Expr::new(Node::Any(parts), any.origin.clone()));
            out.push(Conjunct { expr, sign: Sign::Negated, language });
        }
    }
}

fn sort_alternatives<'e>(expr: &'e Expr, said: &mut Vec<Expr>, unsaid: &mut Vec<Expr>, out: &mut Vec<Conjunct<'e>>) {
    match &expr.node {
        _ if search::can_say(expr) => said.push(expr.clone()),
        Node::Any(parts) => parts.iter().for_each(|part| sort_alternatives(part, said, unsaid, out)),
        Node::Not(part) => split(part, Sign::Plain, out),
        _ => unsaid.push(expr.clone()),
    }
}

/// The term that names the index: the caller's, else the mapping's; none leaves the choice to the user's default indexes.
fn index(rule: &ir::Rule, cx: &mut Context<'_>) -> Plan {
    let mapped = rule.table.as_ref().map(|table| table.name.as_ref());
    let name = cx.options.table.as_deref().or(mapped).unwrap_or(&cx.manifest.default_table);
    if name.is_empty() {
        return Plan::True;
    }
    match quote::index(name) {
        Ok(name) => Plan::leaf("index", [name.into()]),
        Err(refusal) => {
            cx.say(refusal);
            Plan::True
        }
    }
}

/// Says so where the whole condition is constant.
fn note_constant(condition: &Expr, cx: &mut Context<'_>) {
    let events = match constant(condition) {
        Some(true) => "every event",
        Some(false) => "no event",
        None => return,
    };
    let message = format!("the condition is constant: it selects {events}");
    cx.say(Diagnostic::new(codes::CONDITION_CONSTANT, message).at(condition.origin.span));
}

/// The verdict that no predicate has a part in.
fn constant(expr: &Expr) -> Option<bool> {
    let settled = |parts: &[Expr], by: bool| {
        let verdicts: Vec<_> = parts.iter().map(constant).collect();
        if verdicts.contains(&Some(by)) {
            return Some(by);
        }
        verdicts.iter().all(|verdict| *verdict == Some(!by)).then_some(!by)
    };
    match &expr.node {
        Node::True => Some(true),
        Node::False => Some(false),
        Node::All(parts) => settled(parts, false),
        Node::Any(parts) => settled(parts, true),
        Node::Not(part) => constant(part).map(|verdict| !verdict),
        Node::Test(_) => None,
    }
}

/// The field that holds what a predicate looks at: keywords look at the raw text.
fn subject_name(subject: &Subject) -> &str {
    match subject {
        Subject::Field(field) => &field.name,
        Subject::AnyValue => "_raw",
    }
}
