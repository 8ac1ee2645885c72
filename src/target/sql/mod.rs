//! The room of SQL and its dialects.
//!
//! The store is a flat table: a column a field, named as the rule names it, and a row an event; the manifest's
//! `data_model` says what such a table holds of an event. A query is exact on that. Every leaf may be NULL where a column
//! is; AND and OR keep NULL out of the way, and NOT is written over `COALESCE` (the `not` macro), so the whole is
//! two-valued. What differs between dialects is in [`dialect`], as words of the manifest, and in their macro files.

mod dialect;
mod keyword;
mod native;
mod network;
mod pattern;
mod quote;

use std::collections::BTreeMap;

use super::plan::{self, Context, Part, Plan, Query};
use super::quote::{Operand, Quoted};
use super::{Backend, Manifest, regex};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    self, Case, CompareOp, Field, FieldType, Network, Number, Origin, PatternOp, Regex, Subject, TableShape, Test,
};
use dialect::{Dialect, Values};
use native::Form;
pub(crate) use native::written as written_point;
use pattern::Equality;
use quote::Quoter;

/// The largest integer below which a double holds every integer.
const EXACT_IN_DOUBLE: i128 = 1 << 53;

/// How deep the deepest leaf without a list is, generously.
const LEAF_DEPTH: usize = 16;

/// The back end of one dialect.
pub(super) struct Sql {
    dialect: Dialect,
}

impl Sql {
    /// The dialect that the manifest describes.
    pub(super) fn new(manifest: &Manifest) -> Result<Self, Diagnostic> {
        Ok(Self { dialect: Dialect::new(manifest)? })
    }
}

impl Backend for Sql {
    fn plan(&self, rule: &ir::Rule, cx: &mut Context<'_>) -> Query {
        let shape = rule.table.as_ref().map_or(&TableShape::Flat, |table| &table.shape);
        let quoter = Quoter { dialect: &self.dialect, target: &cx.manifest.name, shape };
        let leaves = Leaves { dialect: &self.dialect, quoter };
        if !matches!(shape, TableShape::Json { .. }) {
            note_one_column(&self.dialect, rule, cx);
        }
        let width = cx.manifest.limits.flat_terms.unwrap_or(usize::MAX);
        let plan = plan::build(&rule.condition, &leaves, cx);
        let plan = bare_null_tests(keyword::merge(plan, width)).balance(width);
        if let (Some(limit), depth) = (self.dialect.depth, depth(&plan))
            && depth > limit
        {
            let message = format!("the condition nests {depth} deep, {} accepts {limit}", cx.manifest.name);
            cx.say(Diagnostic::new(codes::QUERY_TOO_LARGE, message).help("split the rule"));
        }
        if !cx.refused() {
            note_constant(&plan, rule, cx);
        }
        let mapped = rule.table.as_ref().map(|table| &*table.name).filter(|name| !name.is_empty());
        let table = cx.options.table.as_deref().or(mapped);
        let mut operands = Vec::new();
        match quoter.table(table.unwrap_or(&cx.manifest.default_table)) {
            Ok(table) => operands.push(("table", Operand::One(table))),
            Err(refusal) => cx.say(refusal),
        }
        let macros = self.dialect.macros.iter().cloned().chain(["sql/predicates.j2".to_owned()]).collect();
        Query { parts: vec![Part { name: "condition", macros, plan }], operands }
    }
}

/// How this room turns predicates into leaves.
struct Leaves<'d> {
    dialect: &'d Dialect,
    quoter: Quoter<'d>,
}

impl plan::Leaves for Leaves<'_> {
    fn leaf(&self, predicate: &ir::Predicate, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        let field = match &predicate.subject {
            Subject::AnyValue => return self.keyword(&predicate.test, origin, cx),
            Subject::Field(field) => field,
        };
        match self.native(field, &predicate.test, origin, cx)? {
            Some(Form::Equality(equality)) => return Ok(equality.plan()),
            Some(Form::Plan(plan)) => return Ok(plan),
            None => {}
        }
        if let Some(equality) = self.equality(field, &predicate.test, origin, cx)? {
            return Ok(equality.plan());
        }
        match &predicate.test {
            Test::Pattern(pattern) => self.pattern(field, pattern, origin, cx),
            Test::Regex(regex) => {
                Ok(Plan::leaf("matches", [self.quoter.text_of(field)?.into(), self.regex(regex)?.into()]))
            }
            Test::Network(network) => self.networks(field, &[*network], cx),
            Test::Compare(op, number) => self.compare(field, *op, *number),
            Test::Exists(exists) => {
                note_null_is_missing(field, origin, cx);
                let name = if *exists { "present" } else { "absent" };
                Ok(Plan::leaf(name, [self.quoter.column(field)?.into()]))
            }
            Test::Null => Ok(Plan::leaf("absent", [self.quoter.column(field)?.into()])),
            Test::FieldPattern { op, other, case } => self.field_pattern(field, *op, other, *case),
            Test::TimePart { part, op, n } => Ok(Plan::leaf(
                "time_part",
                [
                    self.quoter.text_of(field)?.into(),
                    Operand::Word(time_part(*part)),
                    Operand::Word(relation(*op)),
                    self.quoter.number(Number::Int((*n).into())).into(),
                ],
            )),
            // Equalities are done, and the shared planner refuses placeholders.
            Test::Number(_) | Test::Bool(_) | Test::Placeholder(_) => Ok(Plan::False),
        }
    }

    /// Equalities on one column become lists, networks one look at the address; the rest stays as it is, in order.
    fn alternatives(
        &self,
        field: &Field,
        tests: &[(&Test, &Origin)],
        cx: &mut Context<'_>,
    ) -> Result<Plan, Diagnostic> {
        enum Item {
            Equality(Equality),
            Other(Plan),
            Networks,
        }
        let mut items: Vec<Item> = Vec::new();
        let mut places: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
        let mut networks: Vec<Network> = Vec::new();
        for (test, origin) in tests {
            let native = self.native(field, test, origin, cx)?;
            let equality = match native {
                Some(Form::Plan(plan)) => {
                    items.push(Item::Other(plan));
                    continue;
                }
                Some(Form::Equality(equality)) => Some(equality),
                None => self.equality(field, test, origin, cx)?,
            };
            if let Test::Network(network) = test {
                if networks.is_empty() {
                    items.push(Item::Networks);
                }
                networks.push(*network);
            } else if let Some(equality) = equality {
                let place = *places.entry((equality.name, equality.operand.as_str().to_owned())).or_insert(items.len());
                match items.get_mut(place) {
                    Some(Item::Equality(known)) => known.values.extend(equality.values),
                    _ => items.push(Item::Equality(equality)),
                }
            } else {
                items.extend(self.each(field, &[(test, origin)], cx)?.into_iter().map(Item::Other));
            }
        }
        let plans = items.into_iter().map(|item| match item {
            Item::Equality(equality) => Ok(equality.plan()),
            Item::Other(plan) => Ok(plan),
            Item::Networks => self.networks(field, &networks, cx),
        });
        Ok(Plan::any(plans.collect::<Result<Vec<_>, _>>()?))
    }
}

impl Leaves<'_> {
    /// A regular expression in the dialect's syntax, as a literal.
    fn regex(&self, regex: &Regex) -> Result<Quoted, Diagnostic> {
        let text = regex::print(regex, self.dialect.regex()).map_err(|why| {
            let message = format!("{} cannot say this regular expression: {why}", self.quoter.target);
            Diagnostic::new(codes::REGEX_UNSUPPORTED, message).help("write it with plainer means, or with wildcards")
        })?;
        self.quoter.string(&text)
    }

    fn compare(&self, field: &Field, op: CompareOp, number: Number) -> Result<Plan, Diagnostic> {
        let relation = Operand::Word(relation(op));
        if matches!(self.quoter.kind(field), FieldType::Integer | FieldType::Real) {
            let column = self.quoter.column(field)?;
            return Ok(Plan::leaf("compare_number", [column.into(), relation, self.quoter.number(number).into()]));
        }
        let beyond = match number {
            Number::Int(n) => n.abs() >= EXACT_IN_DOUBLE,
            Number::Float(x) => x.abs() >= EXACT_IN_DOUBLE as f64,
        };
        if beyond && !self.dialect.exact_numbers {
            let message = format!("{} cannot compare text with {number} exactly", self.quoter.target);
            return Err(Diagnostic::new(codes::PREDICATE_UNSUPPORTED, message)
                .help("map the field to a column with a type for such numbers"));
        }
        Ok(Plan::leaf("compare", [self.quoter.text_of(field)?.into(), relation, self.quoter.number(number).into()]))
    }

    fn field_pattern(&self, field: &Field, op: PatternOp, other: &Field, case: Case) -> Result<Plan, Diagnostic> {
        let name = match op {
            PatternOp::Equals => "field_equals",
            PatternOp::Contains => "field_contains",
            PatternOp::StartsWith => "field_starts_with",
            PatternOp::EndsWith => "field_ends_with",
        };
        // Functions take text and numbers alike; only the bare `=` needs both sides to be text.
        let cast = self.quoter.values() == Values::Mixed && case == Case::Exact;
        let text = |field| if cast { self.quoter.cast(field) } else { self.quoter.text_of(field) };
        let fold = Operand::Flag(case == Case::Fold);
        Ok(Plan::leaf(name, [text(field)?.into(), text(other)?.into(), fold]))
    }
}

/// The word for a relation; the templates turn it into an operator.
fn relation(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "eq",
        CompareOp::Lt => "lt",
        CompareOp::Le => "le",
        CompareOp::Gt => "gt",
        CompareOp::Ge => "ge",
    }
}

/// The word for a part of a timestamp.
fn time_part(part: ir::TimePart) -> &'static str {
    match part {
        ir::TimePart::Minute => "minute",
        ir::TimePart::Hour => "hour",
        ir::TimePart::Day => "day",
        ir::TimePart::Week => "week",
        ir::TimePart::Month => "month",
        ir::TimePart::Year => "year",
    }
}

/// `NOT (f IS NULL)` as `f IS NOT NULL` and the other way round: both are two-valued already.
fn bare_null_tests(plan: Plan) -> Plan {
    match plan {
        Plan::Not(part) => match bare_null_tests(*part) {
            Plan::Leaf(mut leaf) if leaf.name == "absent" || leaf.name == "present" => {
                leaf.name = if leaf.name == "absent" { "present" } else { "absent" };
                Plan::Leaf(leaf)
            }
            other => other.negate(),
        },
        Plan::All(parts) => Plan::All(parts.into_iter().map(bare_null_tests).collect()),
        Plan::Any(parts) => Plan::Any(parts.into_iter().map(bare_null_tests).collect()),
        other => other,
    }
}

/// How deep the parser's tree gets: chains of AND and OR lean to one side.
fn depth(plan: &Plan) -> usize {
    match plan {
        Plan::True | Plan::False => 2,
        Plan::Leaf(leaf) => LEAF_DEPTH + keyword::chained(leaf),
        Plan::Not(part) => depth(part).saturating_add(2),
        Plan::All(parts) | Plan::Any(parts) => parts.iter().map(depth).max().unwrap_or(0).saturating_add(parts.len()),
    }
}

/// Says so where the whole condition is constant.
fn note_constant(plan: &Plan, rule: &ir::Rule, cx: &mut Context<'_>) {
    let events = match plan {
        Plan::True => "every event",
        Plan::False => "no event",
        _ => return,
    };
    let message = format!("the condition is constant: it selects {events}");
    cx.say(Diagnostic::new(codes::CONDITION_CONSTANT, message).at(rule.condition.origin.span));
}

/// A column cannot tell a null from a missing key.
fn note_null_is_missing(field: &Field, origin: &Origin, cx: &mut Context<'_>) {
    let message =
        format!("{} cannot tell a null `{}` from a missing one: both count as missing", cx.manifest.name, field.name);
    cx.say(
        Diagnostic::new(codes::DATA_MODEL, message)
            .at(origin.span)
            .help("where that is meant, `null` as the value says it without a warning"),
    );
}

/// Warns where two fields of the rule are one column.
fn note_one_column(dialect: &Dialect, rule: &ir::Rule, cx: &mut Context<'_>) {
    if !dialect.names_ignore_case {
        return;
    }
    let mut known: BTreeMap<String, Field> = BTreeMap::new();
    for (field, origin) in fields(rule) {
        let first = known.entry(field.name.to_lowercase()).or_insert_with(|| field.clone());
        if first.name != field.name {
            let message = format!("`{}` and `{}` are one column in {}", first.name, field.name, cx.manifest.name);
            cx.say(Diagnostic::new(codes::DATA_MODEL, message).at(origin.span).help("map one of them to another name"));
        }
    }
}

fn fields(rule: &ir::Rule) -> Vec<(&Field, &Origin)> {
    let mut out = Vec::new();
    rule.condition.for_each_predicate(&mut |predicate, origin| {
        if let Subject::Field(field) = &predicate.subject {
            out.push((field, origin));
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            out.push((other, origin));
        }
    });
    out
}
