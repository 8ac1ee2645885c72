//! The gate before an item of a pipeline: its conditions of one kind and how they are linked.
//!
//! Conditions are a list, linked by `*_cond_op` and negated by `*_cond_not`, or a map of named ones with a Boolean
//! expression over the names in `*_cond_expr`. What a condition tests is its own business.

use std::sync::Arc;

use super::params::{Messages, Params, say, unknown};
use crate::diagnostic::codes;
use crate::sigma::yaml::{Node, Value};
use crate::source::Span;

/// The most nesting of an expression.
const DEPTH: usize = 32;

/// The keys of the three kinds of gates.
pub(super) struct Keys {
    conditions: &'static str,
    op: &'static str,
    not: &'static str,
    expr: &'static str,
    default: Link,
}

pub(super) const RULE: Keys = Keys {
    conditions: "rule_conditions",
    op: "rule_cond_op",
    not: "rule_cond_not",
    expr: "rule_cond_expr",
    default: Link::All,
};

pub(super) const ITEM: Keys = Keys {
    conditions: "detection_item_conditions",
    op: "detection_item_cond_op",
    not: "detection_item_cond_not",
    expr: "detection_item_cond_expr",
    default: Link::All,
};

pub(super) const FIELD: Keys = Keys {
    conditions: "field_name_conditions",
    op: "field_name_cond_op",
    not: "field_name_cond_not",
    expr: "field_name_cond_expr",
    default: Link::All,
};

/// How conditions are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    All,
    Any,
}

/// Conditions with their link. Without conditions it is open.
#[derive(Debug, Clone)]
pub(super) struct Gate<C> {
    conditions: Vec<C>,
    logic: Logic,
    negated: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Logic {
    Link(Link),
    Expression(Expression),
}

/// A Boolean expression over conditions by their index.
#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Name(usize),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl<C> Gate<C> {
    /// Reads the keys of a gate from an item; `read` reads one condition.
    pub fn parse(
        keys: &Keys,
        params: &mut Params<'_, '_, '_>,
        read: impl Fn(&Node<'_>, &mut Messages) -> Option<C>,
    ) -> Self {
        let mut conditions = Vec::new();
        let mut names: Vec<Option<Arc<str>>> = Vec::new();
        match params.node(keys.conditions).map(|node| (&node.value, node)) {
            None => {}
            Some((Value::List(nodes), _)) => {
                conditions.extend(nodes.iter().filter_map(|node| read(node, params.messages)));
            }
            Some((Value::Map(entries), _)) => {
                for entry in entries {
                    if let Some(condition) = read(&entry.value, params.messages) {
                        conditions.push(condition);
                        names.push(Some(entry.key.text.as_ref().into()));
                    }
                }
            }
            Some((_, node)) => params.wrong(keys.conditions, "a list, or a map of named conditions,", node),
        }
        let link = params.choice(keys.op, &[("and", Link::All), ("or", Link::Any)], keys.default);
        let negated = params.flag(keys.not);
        let text = params.text(keys.expr);
        let logic = match (text, params.node(keys.expr)) {
            (Some(text), Some(node)) => {
                let names: Vec<&str> = names.iter().flatten().map(AsRef::as_ref).collect();
                // A condition that could not be read was complained of; its name would be a second complaint.
                match Parser::run(&text, &names, node.span, params.messages) {
                    Some(expression) => Logic::Expression(expression),
                    None => Logic::Link(link),
                }
            }
            _ => Logic::Link(link),
        };
        Self { conditions, logic, negated }
    }

    /// Whether there is anything to test.
    pub fn is_open(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The conditions, however they are linked.
    pub fn conditions(&self) -> impl Iterator<Item = &C> {
        self.conditions.iter()
    }

    /// Whether the gate lets pass, by what each condition says.
    pub fn holds(&self, mut test: impl FnMut(&C) -> bool) -> bool {
        if self.conditions.is_empty() {
            return true;
        }
        let held = match &self.logic {
            Logic::Link(Link::All) => self.conditions.iter().all(test),
            Logic::Link(Link::Any) => self.conditions.iter().any(test),
            Logic::Expression(expression) => {
                let held: Vec<bool> = self.conditions.iter().map(&mut test).collect();
                expression.holds(&held)
            }
        };
        held != self.negated
    }
}

impl Expression {
    fn holds(&self, held: &[bool]) -> bool {
        match self {
            Expression::Name(i) => held.get(*i).copied().unwrap_or(false),
            Expression::Not(part) => !part.holds(held),
            Expression::All(parts) => parts.iter().all(|part| part.holds(held)),
            Expression::Any(parts) => parts.iter().any(|part| part.holds(held)),
        }
    }
}

/// Reads an expression: `or` binds weakest, then `and`, then `not`.
struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
    names: &'a [&'a str],
    span: Span,
    messages: &'a mut Messages,
}

impl<'a> Parser<'a> {
    fn run(text: &'a str, names: &'a [&'a str], span: Span, messages: &'a mut Messages) -> Option<Expression> {
        let mut parser = Parser { words: words(text), at: 0, names, span, messages };
        let expression = parser.list(Link::Any, 0)?;
        match parser.words.get(parser.at) {
            None => Some(expression),
            Some(word) => {
                let message = format!("the expression goes on with `{word}` after its end");
                parser.fail(message)
            }
        }
    }

    fn fail(&mut self, message: impl Into<String>) -> Option<Expression> {
        say(self.messages, codes::MAPPING_EXPRESSION, message, self.span);
        None
    }

    fn list(&mut self, link: Link, depth: usize) -> Option<Expression> {
        if depth > DEPTH {
            return self.fail(format!("the expression is nested more than {DEPTH} deep"));
        }
        let word = if link == Link::Any { "or" } else { "and" };
        let mut parts = vec![self.part(link, depth)?];
        while self.words.get(self.at).is_some_and(|next| next.eq_ignore_ascii_case(word)) {
            self.at += 1;
            parts.push(self.part(link, depth)?);
        }
        match (parts.len(), link) {
            (1, _) => parts.pop(),
            (_, Link::Any) => Some(Expression::Any(parts)),
            (_, Link::All) => Some(Expression::All(parts)),
        }
    }

    fn part(&mut self, link: Link, depth: usize) -> Option<Expression> {
        if link == Link::Any { self.list(Link::All, depth) } else { self.factor(depth) }
    }

    fn factor(&mut self, depth: usize) -> Option<Expression> {
        if depth > DEPTH {
            return self.fail(format!("the expression is nested more than {DEPTH} deep"));
        }
        let Some(word) = self.words.get(self.at).copied() else {
            return self.fail("the expression ends where the name of a condition should be");
        };
        self.at += 1;
        match word {
            "(" => {
                let inner = self.list(Link::Any, depth + 1)?;
                if self.words.get(self.at) != Some(&")") {
                    return self.fail("a parenthesis of the expression is not closed");
                }
                self.at += 1;
                Some(inner)
            }
            word if word.eq_ignore_ascii_case("not") => Some(Expression::Not(Box::new(self.factor(depth + 1)?))),
            ")" | "and" | "or" => self.fail(format!("`{word}` stands where the name of a condition should be")),
            name => match self.names.iter().position(|known| *known == name) {
                Some(i) => Some(Expression::Name(i)),
                None => {
                    unknown(self.messages, codes::MAPPING_EXPRESSION, "condition", name, self.span, self.names);
                    None
                }
            },
        }
    }
}

/// The words of an expression; parentheses are words.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for chunk in text.split_whitespace() {
        let mut from = 0;
        for (at, c) in chunk.char_indices().filter(|(_, c)| matches!(c, '(' | ')')) {
            out.extend(chunk.get(from..at).filter(|word| !word.is_empty()));
            out.extend(chunk.get(at..at + c.len_utf8()));
            from = at + c.len_utf8();
        }
        out.extend(chunk.get(from..).filter(|word| !word.is_empty()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, held: [bool; 3]) -> Result<bool, String> {
        let mut messages = Vec::new();
        let expression = Parser::run(text, &["a", "b", "c"], Span::default(), &mut messages);
        expression.map(|e| e.holds(&held)).ok_or_else(|| messages.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn not_binds_stronger_than_and_than_or() {
        assert_eq!(holds("a or b and c", [true, false, false]), Ok(true));
        assert_eq!(holds("(a or b) and c", [true, false, false]), Ok(false));
        assert_eq!(holds("not a or b", [true, true, false]), Ok(true));
        assert_eq!(holds("not (a or b)", [false, true, false]), Ok(false));
    }

    #[test]
    fn errors_name_what_is_wrong() {
        assert!(holds("a and", [true; 3]).is_err_and(|e| e.contains("ends")));
        assert!(holds("(a", [true; 3]).is_err_and(|e| e.contains("not closed")));
        assert!(holds("a d", [true; 3]).is_err_and(|e| e.contains("goes on")));
        assert!(holds("d", [true; 3]).is_err_and(|e| e.contains("no condition `d`")));
        assert!(holds(&"(".repeat(100_000), [true; 3]).is_err_and(|e| e.contains("deep")));
    }
}
