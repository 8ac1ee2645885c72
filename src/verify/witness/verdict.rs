//! The interpreter's verdict, sooner: most patterns of a long list are ruled out by a plain search for a word they need.
//!
//! Only what must be false is skipped; everything else is asked of the interpreter. Lists of thousands of values make
//! thousands of witnesses, each judged by the whole rule, so this decides how long their making takes.

use std::collections::HashMap;

use serde_json::Value;

use crate::interp::{Event, Matcher};
use crate::ir::{Expr, Node, Piece, Predicate, Subject, Test};

/// A rule's condition with the words that its patterns need.
pub(super) struct Verdict<'m, 'r> {
    matcher: &'m Matcher<'r>,
    root: &'r Expr,
    /// By the predicate's address in the tree: the field, and a lower-case ASCII word that its text must hold.
    needs: HashMap<*const Predicate, (&'r str, String)>,
}

impl<'m, 'r> Verdict<'m, 'r> {
    /// Takes the words from the condition.
    pub(super) fn new(matcher: &'m Matcher<'r>, root: &'r Expr) -> Self {
        let mut needs = HashMap::new();
        root.for_each_predicate(&mut |predicate, _| {
            if let (Subject::Field(field), Some(word)) = (&predicate.subject, needed_word(&predicate.test)) {
                needs.insert(std::ptr::from_ref(predicate), (field.name.as_ref(), word));
            }
        });
        Self { matcher, root, needs }
    }

    /// Whether the rule matches the event.
    pub(super) fn of(&self, event: &Event) -> bool {
        self.expr(self.root, event, &mut HashMap::new())
    }

    fn expr(&self, expr: &Expr, event: &Event, texts: &mut HashMap<&'r str, Option<String>>) -> bool {
        match &expr.node {
            Node::True => true,
            Node::False => false,
            Node::All(parts) => parts.iter().all(|part| self.expr(part, event, texts)),
            Node::Any(parts) => parts.iter().any(|part| self.expr(part, event, texts)),
            Node::Not(part) => !self.expr(part, event, texts),
            Node::Test(predicate) => {
                !self.is_ruled_out(predicate, event, texts) && self.matcher.holds(predicate, event)
            }
        }
    }

    /// Whether the field is an ASCII text without the word. Other texts have letters that fold to ASCII ones.
    fn is_ruled_out(&self, predicate: &Predicate, event: &Event, texts: &mut HashMap<&'r str, Option<String>>) -> bool {
        let Some((field, word)) = self.needs.get(&std::ptr::from_ref(predicate)) else { return false };
        let text = texts.entry(field).or_insert_with(|| match event.0.get(*field) {
            Some(Value::String(text)) if text.is_ascii() => Some(text.to_ascii_lowercase()),
            _ => None,
        });
        text.as_ref().is_some_and(|text| !text.contains(word))
    }
}

/// The longest literal of a pattern, where it is ASCII.
fn needed_word(test: &Test) -> Option<String> {
    let Test::Pattern(pattern) = test else { return None };
    let literals = pattern.pieces().iter().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(text),
        _ => None,
    });
    literals.max_by_key(|text| text.len()).filter(|text| text.is_ascii()).map(|text| text.to_ascii_lowercase())
}
