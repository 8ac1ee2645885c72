//! Keywords: patterns over every value of the event, by the column that holds the whole event.

use super::Leaves;
use super::pattern::Form;
use crate::diagnostic::Diagnostic;
use crate::ir::{Origin, Test};
use crate::target::plan::{Context, Leaf, Plan};
use crate::target::quote::{Operand, Quoted};

/// The macro that looks into the event's values. Its operands: the column, then a list of patterns for each form.
const KEYWORD: &str = "keyword";

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
        let column = Operand::One(self.quoter.name(&self.dialect.event_column)?);
        Ok(Plan::leaf(KEYWORD, std::iter::once(column).chain(lists.into_iter().map(Operand::Many))))
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
                        if last.name == KEYWORD
                            && next.name == KEYWORD
                            && patterns(last) + patterns(&next) <= width =>
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
        KEYWORD | "network4" => patterns(leaf),
        _ => 0,
    }
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
