//! Accelerated data models: `tstats .. where` in place of the leading `search`, and the fields that the rows after it have.
//!
//! `where` of `tstats` has the forms of `search`, over fields with the name of the data set before theirs; after the pipe the
//! prefix is gone. A data model fills a field that an event lacks with the text `unknown`, or does not fill it, and
//! `fillnull_value` does the same to the fields of `by`, without which `tstats` drops the row. So both are "no value" here: a
//! leaf that `unknown` may pass asks also that the value is not that text.

use std::collections::BTreeSet;

use super::quote;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{self, Case, Expr, Field, Origin, Pattern, Piece, Predicate, Shape, Subject, TableShape, Test};
use crate::target::plan::{Context, Leaves, Plan};
use crate::target::quote::{Operand, Quoted};

/// What stands for a missing value.
const UNKNOWN: &str = "unknown";

/// The operands of `tstats`: the data model with its data set, the fields of `by`.
pub struct Model {
    name: Quoted,
    prefix: Quoted,
    by: Vec<Quoted>,
}

impl Model {
    /// The data model of a rule's table; `None` where the rule is searched among events.
    ///
    /// # Errors
    /// Where a name cannot stand in the query.
    pub fn of(rule: &ir::Rule, table: Option<&str>) -> Result<Option<Model>, Diagnostic> {
        let Some(ir::Table { name, shape: TableShape::DataModel { show } }) = &rule.table else { return Ok(None) };
        let (name, prefix) = quote::data_model(table.unwrap_or(name))?;
        let mut fields: BTreeSet<&str> = show.iter().map(|field| &**field).collect();
        rule.condition.for_each_predicate(&mut |predicate, _| {
            if let Subject::Field(field) = &predicate.subject {
                fields.insert(&field.name);
            }
            if let Test::FieldPattern { other, .. } = &predicate.test {
                fields.insert(&other.name);
            }
        });
        let by = fields.into_iter().map(|field| quote::model_field(&prefix, field)).collect::<Result<_, _>>()?;
        Ok(Some(Model { name, prefix, by }))
    }

    /// What fields are called before the pipe.
    pub fn prefix(&self) -> &Quoted {
        &self.prefix
    }

    /// The operands for `query.j2`.
    pub fn operands(self) -> Vec<(&'static str, Operand)> {
        vec![
            ("data_model", Operand::One(self.name)),
            ("data_set", Operand::One(self.prefix)),
            ("by", Operand::Many(self.by)),
        ]
    }
}

/// The leaves of a part of the query over a data set's fields.
pub struct Filled<'m, L> {
    /// The leaves over events.
    pub leaves: L,
    /// The data set before the names of fields.
    pub prefix: Option<&'m Quoted>,
}

impl<L: Leaves> Leaves for Filled<'_, L> {
    fn leaf(&self, predicate: &Predicate, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        let Subject::Field(field) = &predicate.subject else {
            let message = "a data model has no raw text to look for a keyword in";
            return Err(Diagnostic::new(codes::PREDICATE_UNSUPPORTED, message)
                .help("name the field that has the text, or search events: -p splunk-cim"));
        };
        let field = self.field(field)?;
        let test = match &predicate.test {
            Test::FieldPattern { op, other, case } => {
                Test::FieldPattern { op: *op, other: self.field(other)?, case: *case }
            }
            test => test.clone(),
        };
        let unknown = |field: &Field, cx: &mut Context<'_>| {
            let test = Test::Pattern(Pattern::literal(UNKNOWN, Case::Fold));
            self.leaves.leaf(&Predicate { subject: Subject::Field(field.clone()), test }, origin, cx)
        };
        let missing = match &test {
            Test::Null | Test::Exists(false) => true,
            Test::Pattern(pattern) => pattern.shape() == Shape::Equals(""),
            _ => false,
        };
        let other = if let Test::FieldPattern { other, .. } = &test { Some(other.clone()) } else { None };
        let guarded = may_be_unknown(&test);
        let plan = self.leaves.leaf(&Predicate { subject: Subject::Field(field.clone()), test }, origin, cx)?;
        if missing {
            return Ok(Plan::any([plan, unknown(&field, cx)?]));
        }
        if !guarded {
            return Ok(plan);
        }
        let mut parts = vec![plan, unknown(&field, cx)?.negate()];
        if let Some(other) = other {
            parts.push(unknown(&other, cx)?.negate());
        }
        Ok(Plan::all(parts))
    }
}

impl<L> Filled<'_, L> {
    fn field(&self, field: &Field) -> Result<Field, Diagnostic> {
        let Some(prefix) = self.prefix else { return Ok(field.clone()) };
        let name = quote::model_field(prefix, &field.name)?;
        Ok(Field { name: name.as_str().into(), ..field.clone() })
    }
}

/// Whether the text `unknown` might pass; sure only that it does not where the answer is no.
fn may_be_unknown(test: &Test) -> bool {
    match test {
        Test::Pattern(pattern) => pattern.pieces().iter().all(|piece| match piece {
            Piece::Literal(text) => UNKNOWN.contains(&text.to_lowercase()),
            Piece::AnyString | Piece::AnyChar | Piece::OneOf(_) => true,
        }),
        Test::Regex(_) | Test::FieldPattern { .. } | Test::Exists(_) => true,
        Test::Number(_) | Test::Bool(_) | Test::Network(_) | Test::Compare(..) | Test::TimePart { .. } => false,
        Test::Null | Test::Placeholder(_) => false,
    }
}

/// Refuses a condition that selects every event or none: `tstats` has no term for it.
pub fn refuse_never(searched: &Plan, condition: &Expr, cx: &mut Context<'_>) {
    if *searched == Plan::False {
        let message = "the condition holds for no event, which `tstats` has no term for";
        cx.say(Diagnostic::new(codes::PREDICATE_UNSUPPORTED, message).at(condition.origin.span));
    }
}
