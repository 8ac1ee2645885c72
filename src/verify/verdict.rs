//! The interpreter's verdict, sooner: of a long list only those members are asked that an index does not rule out.
//!
//! Only what must be false is skipped; everything else is asked of the interpreter. Without the index each event would be
//! compared with each member of a list by the slow path, and again for each target.

use std::borrow::Cow;
use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde_json::Value;

use crate::interp::{Event, Matcher};
use crate::ir::{Expr, Node, Piece, Predicate, Rule, Shape, Subject, Test};

/// From so many members on a list gets an index.
const INDEXED: usize = 8;

/// A rule's condition with indexes of its long lists.
pub(super) struct Verdict<'r> {
    matcher: Matcher<'r>,
    root: &'r Expr,
    /// By the address of the list's node.
    lists: HashMap<usize, List<'r>>,
}

/// A list of alternatives.
struct List<'r> {
    indexes: Vec<Index<'r>>,
    /// What no index has.
    rest: Vec<&'r Expr>,
}

/// The members on one field that need a word of ASCII.
struct Index<'r> {
    field: &'r str,
    /// Whole texts in lower case.
    whole: HashMap<String, Vec<&'r Predicate>>,
    /// Words that a text must hold, in lower case; the member of each by its place.
    words: Option<AhoCorasick>,
    members: Vec<&'r Predicate>,
}

impl<'r> Verdict<'r> {
    /// Makes the indexes of the rule's condition.
    pub(super) fn new(rule: &'r Rule) -> Self {
        let mut lists = HashMap::new();
        index(&rule.condition, &mut lists);
        Self { matcher: Matcher::new(rule), root: &rule.condition, lists }
    }

    /// The interpreter itself.
    pub(super) fn matcher(&self) -> &Matcher<'r> {
        &self.matcher
    }

    /// Whether the rule matches the event.
    pub(super) fn matches(&self, event: &Event) -> bool {
        self.expr(self.root, event)
    }

    fn expr(&self, expr: &Expr, event: &Event) -> bool {
        match &expr.node {
            Node::True => true,
            Node::False => false,
            Node::All(parts) => parts.iter().all(|part| self.expr(part, event)),
            Node::Any(parts) => match self.lists.get(&place(expr)) {
                Some(list) => self.any(list, event),
                None => parts.iter().any(|part| self.expr(part, event)),
            },
            Node::Not(part) => !self.expr(part, event),
            Node::Test(predicate) => self.matcher.holds(predicate, event),
        }
    }

    fn any(&self, list: &List<'r>, event: &Event) -> bool {
        let holds = |predicate: &Predicate| self.matcher.holds(predicate, event);
        list.indexes.iter().any(|index| index.holds(event, &holds))
            || list.rest.iter().any(|part| self.expr(part, event))
    }
}

impl Index<'_> {
    /// Whether some member holds; only those are asked that the field's values allow.
    fn holds(&self, event: &Event, holds: &dyn Fn(&Predicate) -> bool) -> bool {
        let values = event.values(self.field).unwrap_or_default();
        values.into_iter().any(|value| {
            let text: Cow<'_, str> = match value {
                Value::String(text) => Cow::Borrowed(text),
                // Texts of numbers are the interpreter's business.
                Value::Number(_) => return self.all().any(holds),
                Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
                Value::Null | Value::Array(_) | Value::Object(_) => return false,
            };
            let text = lowered(&text);
            let whole = self.whole.get(&text).into_iter().flatten();
            let words = self.words.iter().flat_map(|words| words.find_overlapping_iter(&text));
            let words = words.filter_map(|found| self.members.get(found.pattern().as_usize()));
            whole.copied().chain(words.copied()).any(holds)
        })
    }

    fn all(&self) -> impl Iterator<Item = &Predicate> {
        self.whole.values().flatten().copied().chain(self.members.iter().copied())
    }
}

/// Lower-case ASCII; the two letters that fold to ASCII ones are those. Other characters stay: no word has them.
fn lowered(text: &str) -> String {
    let lower = |c: char| match c {
        '\u{212A}' => 'k',
        '\u{17F}' => 's',
        c => c.to_ascii_lowercase(),
    };
    text.chars().map(lower).collect()
}

/// Where the node is; no two nodes that live are in one place.
fn place(expr: &Expr) -> usize {
    std::ptr::from_ref(expr).addr()
}

fn index<'r>(expr: &'r Expr, lists: &mut HashMap<usize, List<'r>>) {
    match &expr.node {
        Node::True | Node::False | Node::Test(_) => {}
        Node::Not(part) => index(part, lists),
        Node::All(parts) => parts.iter().for_each(|part| index(part, lists)),
        Node::Any(parts) => {
            parts.iter().for_each(|part| index(part, lists));
            if parts.len() >= INDEXED {
                lists.insert(place(expr), list(parts));
            }
        }
    }
}

/// What a text must be or hold so that the test holds for it.
enum Need {
    Whole(String),
    Word(String),
}

fn list(parts: &[Expr]) -> List<'_> {
    let mut rest = Vec::new();
    let mut fields: Vec<(&str, Index<'_>, Vec<String>)> = Vec::new();
    for part in parts {
        let Node::Test(predicate) = &part.node else {
            rest.push(part);
            continue;
        };
        let (Subject::Field(field), Some(need)) = (&predicate.subject, need(&predicate.test)) else {
            rest.push(part);
            continue;
        };
        let place = fields.iter().position(|(name, ..)| *name == &*field.name).unwrap_or_else(|| {
            let index = Index { field: &field.name, whole: HashMap::new(), words: None, members: Vec::new() };
            fields.push((&field.name, index, Vec::new()));
            fields.len() - 1
        });
        let (_, index, words) = &mut fields[place];
        match need {
            Need::Whole(text) => index.whole.entry(text).or_default().push(predicate),
            Need::Word(word) => {
                index.members.push(predicate);
                words.push(word);
            }
        }
    }
    let mut indexes = Vec::new();
    for (_, mut index, words) in fields {
        let kind = AhoCorasickKind::ContiguousNFA;
        match AhoCorasick::builder().kind(Some(kind)).build(&words) {
            Ok(built) => index.words = (!words.is_empty()).then_some(built),
            Err(_) => {
                // Too many words for an automaton: they are asked one by one.
                let members: Vec<*const Predicate> = index.members.drain(..).map(std::ptr::from_ref).collect();
                let is = |part: &&Expr| matches!(&part.node, Node::Test(p) if members.contains(&std::ptr::from_ref(p)));
                rest.extend(parts.iter().filter(is));
            }
        }
        indexes.push(index);
    }
    List { indexes, rest }
}

/// The need of a pattern with a literal in which ASCII stands.
fn need(test: &Test) -> Option<Need> {
    let Test::Pattern(pattern) = test else { return None };
    if let Shape::Equals(text) = pattern.shape()
        && text.is_ascii()
        && !text.is_empty()
    {
        return Some(Need::Whole(text.to_ascii_lowercase()));
    }
    let literals = pattern.pieces().iter().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(text),
        _ => None,
    });
    let words = literals.flat_map(|text| text.split(|c: char| !c.is_ascii()));
    words
        .max_by_key(|word| word.len())
        .filter(|word| !word.is_empty())
        .map(|word| Need::Word(word.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::ir::{Case, Field, Origin, Pattern};

    fn list_of(count: usize, shape: impl Fn(Pattern) -> Pattern) -> Expr {
        let member = |n: usize| {
            let test = Test::Pattern(shape(Pattern::literal(&format!("value {n:06}"), Case::Fold)));
            Expr::new(Node::Test(Predicate { subject: Subject::Field(Field::new("f")), test }), Origin::default())
        };
        Expr::new(Node::Any((0..count).map(member).collect()), Origin::default())
    }

    /// How many members of a list are asked about an event.
    fn asked(parts: &[Expr], text: &str) -> usize {
        let event = Event(serde_json::Map::from_iter([("f".to_owned(), Value::from(text))]));
        let list = list(parts);
        let asked = Cell::new(list.rest.len());
        let holds = |_: &Predicate| {
            asked.set(asked.get() + 1);
            false
        };
        list.indexes.iter().for_each(|index| {
            index.holds(&event, &holds);
        });
        asked.get()
    }

    /// An event is compared with the members that its text may be, however long the list is.
    #[test]
    fn of_a_long_list_only_candidates_are_asked() {
        let shapes: [fn(Pattern) -> Pattern; 2] = [|pattern| pattern, Pattern::anywhere];
        for shape in shapes {
            for count in [1_000, 20_000] {
                let list = list_of(count, shape);
                let Node::Any(parts) = &list.node else { panic!("a list") };
                for (text, most) in [("VALUE 000500", 1), ("a value 000501 or value 000502", 2), ("value", 0), ("", 0)]
                {
                    assert!(asked(parts, text) <= most, "{count} members, `{text}`: {}", asked(parts, text));
                }
            }
        }
    }
}
