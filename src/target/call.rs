//! Calls of leaves' macros with operands as open text: for those who make a query wrong on purpose, to see whether it is noticed.
//!
//! No query for a user is made this way: what a caller writes into an operand is not quoted.

use super::plan::{Plan, Query};
use super::quote::{Operand, Quoted};

/// A call of a leaf's macro.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The macro's name.
    pub name: &'static str,
    /// Its arguments in order.
    pub arguments: Vec<Argument>,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    /// A finished piece.
    One(String),
    /// Finished pieces.
    Many(Vec<String>),
    /// A switch.
    Flag(bool),
    /// A word from the program itself.
    Word(&'static str),
}

/// All calls of a query, part by part in the order of the plan.
pub(crate) fn calls(query: &Query) -> Vec<Call> {
    let mut query = query.clone();
    let mut out = Vec::new();
    alter(&mut query, &mut |call| out.push(call.clone()));
    out
}

/// Lets `edit` change every call of a query.
pub(crate) fn alter(query: &mut Query, edit: &mut dyn FnMut(&mut Call)) {
    query.parts.iter_mut().for_each(|part| alter_plan(&mut part.plan, edit));
}

fn alter_plan(plan: &mut Plan, edit: &mut dyn FnMut(&mut Call)) {
    match plan {
        Plan::True | Plan::False => {}
        Plan::All(parts) | Plan::Any(parts) => parts.iter_mut().for_each(|part| alter_plan(part, edit)),
        Plan::Not(part) => alter_plan(part, edit),
        Plan::Leaf(leaf) => {
            let arguments = leaf.operands.iter().map(Argument::from).collect();
            let mut call = Call { name: leaf.name, arguments };
            edit(&mut call);
            leaf.operands = call.arguments.into_iter().map(Operand::from).collect();
        }
    }
}

impl From<&Operand> for Argument {
    fn from(operand: &Operand) -> Self {
        match operand {
            Operand::One(quoted) => Argument::One(quoted.as_str().to_owned()),
            Operand::Many(list) => Argument::Many(list.iter().map(|quoted| quoted.as_str().to_owned()).collect()),
            Operand::Flag(flag) => Argument::Flag(*flag),
            Operand::Word(word) => Argument::Word(word),
        }
    }
}

impl From<Argument> for Operand {
    fn from(argument: Argument) -> Self {
        match argument {
            Argument::One(text) => Operand::One(Quoted::by_quoter(text)),
            Argument::Many(list) => Operand::Many(list.into_iter().map(Quoted::by_quoter).collect()),
            Argument::Flag(flag) => Operand::Flag(flag),
            Argument::Word(word) => Operand::Word(word),
        }
    }
}
