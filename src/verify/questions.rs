//! Questions: rules made from an event, one predicate each, so that every field of a mapping is asked in every way.
//!
//! The rules of a corpus match few recorded events, and of those they test few fields. A question tests one field of the event
//! with the event's own value: what it asks is known to hold, or, of a null, known not to.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::Scope;
use crate::interp::Event;
use crate::ir::regex::Flags;
use crate::ir::{
    Case, CompareOp, Expr, Field, ItemIds, Logsource, Meta, Node, Number, Origin, Pattern, Piece, Predicate, Regex,
    Rule, Subject, Test,
};

/// The most values of a list that are asked for.
const MOST_VALUES: usize = 4;
/// The longest text that is asked for as a whole, in characters; of a longer one only parts are.
const LONGEST: usize = 1_000;
/// The longest part of a text that is asked for, in characters.
const LONGEST_PART: usize = 80;

/// How a question asks for the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    /// No field: all events of the log source.
    Any,
    /// The whole value.
    Equals,
    /// The whole value in its letter case.
    Cased,
    /// A part from the middle.
    Contains,
    /// The first half.
    StartsWith,
    /// The last half.
    EndsWith,
    /// A part from the middle, as a regular expression.
    Regex,
    /// A number not below the value.
    Number,
    /// That the field is missing or null.
    Null,
    /// That the field is there.
    Exists,
}

impl Operator {
    /// The word for it, as in Sigma's modifiers where there is one.
    pub fn word(self) -> &'static str {
        match self {
            Operator::Any => "any",
            Operator::Equals => "equals",
            Operator::Cased => "cased",
            Operator::Contains => "contains",
            Operator::StartsWith => "startswith",
            Operator::EndsWith => "endswith",
            Operator::Regex => "re",
            Operator::Number => "gte",
            Operator::Null => "null",
            Operator::Exists => "exists",
        }
    }
}

/// A rule made from an event.
#[derive(Debug, Clone)]
pub struct Question {
    /// The field that it tests; empty for none.
    pub field: Arc<str>,
    /// How.
    pub operator: Operator,
    /// The rule: this one test, of events of the log source.
    pub rule: Rule,
}

impl Question {
    /// What of the mapped rule is to be asked.
    pub fn scope(&self) -> Scope {
        if self.operator == Operator::Any { Scope::Whole } else { Scope::Fields }
    }
}

/// The questions about an event of a log source: whether it is found there, and what each field has.
pub fn questions(event: &Event, logsource: &Logsource) -> Vec<Question> {
    let mut fields = Vec::new();
    for (name, value) in &event.0 {
        leaves(name.clone(), value, &mut fields);
    }
    let mut out = vec![any(logsource)];
    for (name, values) in fields {
        let field: Arc<str> = name.into();
        let mut ask = |operator, test| out.push(question(&field, operator, test, logsource));
        ask(Operator::Null, Test::Null);
        ask(Operator::Exists, Test::Exists(true));
        for value in values.into_iter().take(MOST_VALUES) {
            tests(value).into_iter().for_each(|(operator, test)| ask(operator, test));
        }
    }
    out
}

/// The question for all events of a log source.
fn any(logsource: &Logsource) -> Question {
    let condition = Expr::new(Node::True, Origin::default());
    let meta = Meta { title: "events of the log source".into(), ..Meta::default() };
    let rule = Rule { meta, logsource: logsource.clone(), table: None, condition };
    Question { field: "".into(), operator: Operator::Any, rule }
}

fn question(field: &Arc<str>, operator: Operator, test: Test, logsource: &Logsource) -> Question {
    let title = format!("{field} {}", operator.word());
    let origin = Origin { item: Some(ItemIds::default().give()), ..Origin::default() };
    let predicate = Predicate { subject: Subject::Field(Field::new(field.clone())), test };
    let rule = Rule {
        meta: Meta { title: title.into(), ..Meta::default() },
        logsource: logsource.clone(),
        table: None,
        condition: Expr::new(Node::Test(predicate), origin),
    };
    Question { field: field.clone(), operator, rule }
}

/// The scalars of a field by dotted path; elements of lists are values of the list's path.
fn leaves<'e>(name: String, value: &'e Value, out: &mut Vec<(String, Vec<&'e Value>)>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| leaves(format!("{name}.{key}"), value, out));
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(name.clone(), item, out)),
        Value::Null => {}
        scalar => match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(scalar),
            None => out.push((name, vec![scalar])),
        },
    }
}

/// The tests that hold of a value.
fn tests(value: &Value) -> Vec<(Operator, Test)> {
    match value {
        Value::Bool(b) => vec![(Operator::Equals, Test::Bool(*b))],
        Value::Number(number) => match number.as_i64() {
            Some(n) => {
                let number = Number::Int(n.into());
                let at_least = Test::Compare(CompareOp::Ge, number);
                vec![(Operator::Equals, Test::Number(number)), (Operator::Number, at_least)]
            }
            None => Vec::new(),
        },
        Value::String(text) => of_text(text),
        Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

fn of_text(text: &str) -> Vec<(Operator, Test)> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let literal = |case| Test::Pattern(Pattern::literal(text, case));
    if chars.len() <= LONGEST {
        out.push((Operator::Equals, literal(Case::Fold)));
        out.push((Operator::Cased, literal(Case::Exact)));
    }
    if let Ok(n) = text.parse::<i64>()
        && n.to_string() == text
    {
        out.push((Operator::Number, Test::Compare(CompareOp::Ge, Number::Int(n.into()))));
    }
    if chars.len() < 3 {
        return out;
    }
    let half = (chars.len() / 2).min(LONGEST_PART);
    let part = |from: usize| -> String { chars.iter().skip(from).take(half).collect() };
    let (first, middle, last) = (part(0), part((chars.len() - half) / 2), part(chars.len() - half));
    let pattern = |pieces: Vec<Piece>| Test::Pattern(Pattern::new(pieces, Case::Fold));
    let word = |text: &str| Piece::Literal(text.into());
    out.push((Operator::Contains, pattern(vec![Piece::AnyString, word(&middle), Piece::AnyString])));
    out.push((Operator::StartsWith, pattern(vec![word(&first), Piece::AnyString])));
    out.push((Operator::EndsWith, pattern(vec![Piece::AnyString, word(&last)])));
    if let Ok(regex) = Regex::parse(&regex::escape(&middle), Flags::default()) {
        out.push((Operator::Regex, Test::Regex(regex)));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::interp::Matcher;

    #[test]
    fn every_question_but_that_for_a_null_holds_of_its_event() {
        let Value::Object(fields) = json!({
            "Image": "C:\\a (1)*\\b?.exe", "n": 7, "big": "12345", "ok": true, "list": ["ab", "é\u{fffe}x", 3],
            "deep": {"er": {"x": "y\nz."}, "list": [{"v": "one"}, {"v": "two"}]}, "gone": null, "empty": "",
        }) else {
            panic!("an object")
        };
        let event = Event(fields);
        let asked = questions(&event, &Logsource::default());
        for question in &asked {
            let holds = Matcher::new(&question.rule).matches(&event);
            assert_eq!(holds, question.operator != Operator::Null, "{question:?}");
        }
        let of = |field: &str| asked.iter().filter(|q| *q.field == *field).map(|q| q.operator).collect::<Vec<_>>();
        use Operator::*;
        assert_eq!(of("big"), [Null, Exists, Equals, Cased, Number, Contains, StartsWith, EndsWith, Regex]);
        assert_eq!(of("n"), [Null, Exists, Equals, Number]);
        assert_eq!(of("deep.list.v").len(), 14, "two values of a list");
        assert!(of("gone").is_empty());
    }
}
