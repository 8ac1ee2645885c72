//! Keywords: patterns over every value of the event, by the column that holds the whole event.

use super::Leaves;
use super::pattern::Form;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Origin, TableShape, Test};
use crate::target::plan::{Context, Leaf, Plan};
use crate::target::quote::{Operand, Quoted};

/// The macro that looks into the event's values. Its operands: the column, then a list of patterns for each form.
const KEYWORD: &str = "keyword";
/// The same for a column that holds the event as JSON, nested and typed as it came.
const KEYWORD_IN_JSON: &str = "keyword_in_json";

impl Leaves<'_> {
    /// Some value of the event passes the test.
    pub(super) fn keyword(&self, test: &Test, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        let form = match test {
            Test::Pattern(pattern) => self.form(pattern, origin, cx)?,
            Test::Regex(regex) => Form::Regex(self.regex(regex)?),
            _ => return Ok(Plan::False), // no other test occurs on any value
        };
        let mut lists: [Vec<Quoted>; 7] = Default::default();
        let (place, pattern) = match form {
            Form::Like { pattern, clause: false } => (0, pattern),
            Form::Like { pattern, clause: true } => (1, pattern),
            Form::LikeExact { pattern, clause: false } => (2, pattern),
            Form::LikeExact { pattern, clause: true } => (3, pattern),
            Form::GlobFolded(pattern) => (4, pattern),
            Form::Function(pattern) => (5, pattern),
            Form::Regex(pattern) => (6, pattern),
        };
        if let Some(list) = lists.get_mut(place) {
            list.push(pattern);
        }
        let (macro_name, column) = match self.quoter.shape {
            TableShape::Json { .. } if !self.dialect.json_keywords => {
                let message =
                    format!("{} cannot look for a keyword at every depth of a JSON column", self.quoter.target);
                return Err(
                    Diagnostic::new(codes::PREDICATE_UNSUPPORTED, message).help("name the field that has the text")
                );
            }
            TableShape::Json { column } => (KEYWORD_IN_JSON, &**column),
            _ => (KEYWORD, self.dialect.event_column.as_str()),
        };
        let column = Operand::One(self.quoter.name(column)?);
        Ok(Plan::leaf(macro_name, std::iter::once(column).chain(lists.into_iter().map(Operand::Many))))
    }
}

/// The same plan with neighbouring keywords of a disjunction in one look at the event, `width` at most.
pub(super) fn merge(plan: Plan, width: usize) -> Plan {
    match plan {
        Plan::Any(parts) => {
            let mut out: Vec<Plan> = Vec::new();
            for part in parts {
                match (out.last_mut(), merge(part, width)) {
                    (Some(Plan::Leaf(last)), Plan::Leaf(next))
                        if is_keyword(last) && last.name == next.name && patterns(last) + patterns(&next) <= width =>
                    {
                        append(last, next);
                    }
                    (_, part) => out.push(part),
                }
            }
            Plan::any(out)
        }
        Plan::All(parts) => Plan::all(parts.into_iter().map(|part| merge(part, width)).collect::<Vec<_>>()),
        Plan::Not(part) => merge(*part, width).negate(),
        other => other,
    }
}

/// How many alternatives a leaf writes as a chain of OR; lists after IN are no chain.
pub(super) fn chained(leaf: &Leaf) -> usize {
    match leaf.name {
        KEYWORD | KEYWORD_IN_JSON | "network4" => patterns(leaf),
        _ => 0,
    }
}

fn is_keyword(leaf: &Leaf) -> bool {
    matches!(leaf.name, KEYWORD | KEYWORD_IN_JSON)
}

/// How many patterns the leaf has.
fn patterns(leaf: &Leaf) -> usize {
    let length = |operand: &Operand| if let Operand::Many(list) = operand { list.len() } else { 0 };
    leaf.operands.iter().map(length).sum()
}

fn append(leaf: &mut Leaf, other: Leaf) {
    for (into, from) in leaf.operands.iter_mut().zip(other.operands) {
        if let (Operand::Many(into), Operand::Many(from)) = (into, from) {
            into.extend(from);
        }
    }
}
