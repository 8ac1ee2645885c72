//! Why a rule held for an event or did not: the evaluation of `eval` again, without short circuit and with its reasons.
//!
//! A trace is a value. It serialises to JSON, and its `Display` is the short form for people: where one part decides,
//! only the parts that decided are printed.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{Event, Matcher};
use crate::ir::regex::Flags;
use crate::ir::{
    Case, CompareOp, Expr, Kind, Node, Pattern, PatternOp, Piece, Predicate, Shape, Subject, Test, TimePart,
};
use crate::source::Span;

/// The longest text of a value that a trace keeps, in characters.
const TEXT_LIMIT: usize = 256;
/// The most values of a field that a trace keeps, and the most parts of a node that its short form prints.
const COUNT_LIMIT: usize = 16;

/// The reasons of one verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// The verdict: what [`Matcher::matches`] says.
    pub matched: bool,
    /// The condition.
    pub condition: TraceNode,
}

/// A node of the condition with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceNode {
    /// Whether the node holds.
    pub holds: bool,
    /// What the node says.
    pub verb: Verb,
    /// The selection that the node lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Arc<str>>,
    /// The place in the rule.
    pub span: Span,
    /// The test, where the verb is [`Verb::Test`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TraceTest>,
    /// The parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<TraceNode>,
}

/// The forms of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Holds always.
    True,
    /// Holds never.
    False,
    /// Every part must hold.
    All,
    /// Some part must hold.
    Any,
    /// The part must not hold.
    Not,
    /// A test on the event.
    Test,
}

/// A predicate and what it saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceTest {
    /// The kind of predicate.
    pub kind: Kind,
    /// The test in words, such as ``Image ends with `\cmd.exe` in any letter case``.
    pub words: String,
    /// What was looked at: the field, for a field reference both. For a keyword, the values that passed.
    pub saw: Vec<Seen>,
}

/// The values of a field at most the first few, long texts cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// The field; none for a keyword.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Arc<str>>,
    /// The values; null where the field is missing.
    pub values: Option<Vec<Value>>,
}

impl Matcher<'_> {
    /// The verdict on the event with its reasons.
    pub fn trace(&self, event: &Event) -> Trace {
        let condition = self.trace_expr(&self.rule.condition, event);
        Trace { matched: condition.holds, condition }
    }

    fn trace_expr(&self, expr: &Expr, event: &Event) -> TraceNode {
        let trace_all = |parts: &[Expr]| parts.iter().map(|part| self.trace_expr(part, event)).collect::<Vec<_>>();
        let (verb, test, parts) = match &expr.node {
            Node::True => (Verb::True, None, Vec::new()),
            Node::False => (Verb::False, None, Vec::new()),
            Node::All(parts) => (Verb::All, None, trace_all(parts)),
            Node::Any(parts) => (Verb::Any, None, trace_all(parts)),
            Node::Not(part) => (Verb::Not, None, vec![self.trace_expr(part, event)]),
            Node::Test(predicate) => (Verb::Test, Some(predicate), Vec::new()),
        };
        let holds = match verb {
            Verb::True => true,
            Verb::False => false,
            Verb::All => parts.iter().all(|part| part.holds),
            Verb::Any => parts.iter().any(|part| part.holds),
            Verb::Not => parts.iter().all(|part| !part.holds),
            Verb::Test => test.is_some_and(|predicate| self.predicate(predicate, event)),
        };
        let test = test.map(|predicate| self.trace_test(predicate, event));
        TraceNode { holds, verb, selection: expr.origin.selection.clone(), span: expr.origin.span, test, parts }
    }

    fn trace_test(&self, predicate: &Predicate, event: &Event) -> TraceTest {
        let of_field = |name: &Arc<str>| Seen { field: Some(name.clone()), values: event.values(name).map(cut_all) };
        let saw = match (&predicate.subject, &predicate.test) {
            (Subject::AnyValue, test) => {
                let passed = event.scalars().into_iter().filter(|value| self.value(test, value)).collect();
                vec![Seen { field: None, values: Some(cut_all(passed)) }]
            }
            (Subject::Field(field), Test::FieldPattern { other, .. }) => {
                vec![of_field(&field.name), of_field(&other.name)]
            }
            (Subject::Field(field), _) => vec![of_field(&field.name)],
        };
        TraceTest { kind: predicate.kind(), words: words(predicate), saw }
    }
}

fn cut_all(values: Vec<&Value>) -> Vec<Value> {
    values.into_iter().take(COUNT_LIMIT).map(cut).collect()
}

fn cut(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(TEXT_LIMIT) {
            Some((at, _)) => Value::String(format!("{}…", text.get(..at).unwrap_or(""))),
            None => value.clone(),
        },
        Value::Object(_) => Value::Object(serde_json::Map::new()), // passes no test: what is in it does not matter
        other => other.clone(),
    }
}

/// A predicate in words.
fn words(predicate: &Predicate) -> String {
    let subject = match &predicate.subject {
        Subject::AnyValue => "some value",
        Subject::Field(field) => &*field.name,
    };
    format!("{subject} {}", test_words(&predicate.test))
}

fn test_words(test: &Test) -> String {
    match test {
        Test::Pattern(pattern) => pattern_words(pattern),
        Test::Regex(regex) => format!("has a match of the regex `{}`{}", regex.text, flag_words(regex.flags)),
        Test::Network(network) => format!("is an address of {network}"),
        Test::Compare(op, number) => format!("is {} {number}", op_words(*op)),
        Test::Number(number) => format!("equals the number {number}"),
        Test::Bool(wanted) => format!("equals {wanted}"),
        Test::Exists(true) => "is present".into(),
        Test::Exists(false) => "is missing".into(),
        Test::Null => "is missing or null".into(),
        Test::FieldPattern { op, other, case } => {
            let relation = match op {
                PatternOp::Equals => "equals",
                PatternOp::Contains => "contains",
                PatternOp::StartsWith => "starts with",
                PatternOp::EndsWith => "ends with",
            };
            format!("{relation} the value of {}{}", other.name, case_words(*case))
        }
        Test::TimePart { part, op, n } => format!("has {} {} {n}", part_words(*part), op_words(*op)),
        Test::Placeholder(name) => format!("is a value of the placeholder `{name}`, which has none"),
    }
}

fn pattern_words(pattern: &Pattern) -> String {
    let (relation, text) = match pattern.shape() {
        Shape::Anything => return "has a value".into(),
        Shape::Equals("") => return "is the empty text".into(),
        Shape::Equals(text) => ("equals", text.to_owned()),
        Shape::StartsWith(text) => ("starts with", text.to_owned()),
        Shape::EndsWith(text) => ("ends with", text.to_owned()),
        Shape::Contains(text) => ("contains", text.to_owned()),
        Shape::General => ("matches", pattern.pieces().iter().map(piece_words).collect()),
    };
    format!("{relation} `{text}`{}", case_words(pattern.case))
}

/// A piece as Sigma writes it; a set, which Sigma cannot write, in brackets.
fn piece_words(piece: &Piece) -> String {
    match piece {
        Piece::AnyString => "*".into(),
        Piece::AnyChar => "?".into(),
        Piece::OneOf(set) => format!("[{}]", set.iter().collect::<String>()),
        Piece::Literal(text) => text.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?"),
    }
}

fn flag_words(flags: Flags) -> String {
    let Flags { ignore_case, multi_line, dot_all } = flags;
    let set = [(ignore_case, "i"), (multi_line, "m"), (dot_all, "s")];
    let set: Vec<&str> = set.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect();
    if set.is_empty() { String::new() } else { format!(" under {}", set.join(", ")) }
}

fn case_words(case: Case) -> &'static str {
    match case {
        Case::Fold => " in any letter case",
        Case::Exact => "",
    }
}

fn op_words(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "equal to",
        CompareOp::Lt => "less than",
        CompareOp::Le => "at most",
        CompareOp::Gt => "greater than",
        CompareOp::Ge => "at least",
    }
}

fn part_words(part: TimePart) -> &'static str {
    match part {
        TimePart::Minute => "a minute",
        TimePart::Hour => "an hour",
        TimePart::Day => "a day of the month",
        TimePart::Week => "a week",
        TimePart::Month => "a month",
        TimePart::Year => "a year",
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.print(f, 0, None)
    }
}

impl TraceNode {
    fn print(&self, f: &mut fmt::Formatter<'_>, depth: usize, within: Option<&Arc<str>>) -> fmt::Result {
        write!(f, "{:indent$}{} ", "", if self.holds { "+" } else { "-" }, indent = 2 * depth)?;
        if let Some(name) = &self.selection
            && within != Some(name)
        {
            write!(f, "{name}: ")?;
        }
        match (&self.test, self.verb) {
            (Some(test), _) => writeln!(f, "{test}")?,
            (None, Verb::True) => writeln!(f, "always")?,
            (None, Verb::False) => writeln!(f, "never")?,
            (None, Verb::Not) => writeln!(f, "not")?,
            (None, Verb::Any) => writeln!(f, "any of {}", self.parts.len())?,
            (None, Verb::All | Verb::Test) => writeln!(f, "all of {}", self.parts.len())?,
        }
        let decided: Vec<&TraceNode> = match self.verb {
            // A part that does not agree with the verdict had no say in it.
            Verb::All | Verb::Any => self.parts.iter().filter(|part| part.holds == self.holds).collect(),
            _ => self.parts.iter().collect(),
        };
        for part in decided.iter().take(COUNT_LIMIT) {
            part.print(f, depth + 1, self.selection.as_ref())?;
        }
        match decided.len().checked_sub(COUNT_LIMIT) {
            None | Some(0) => Ok(()),
            Some(more) => writeln!(f, "{:indent$}and {more} more", "", indent = 2 * (depth + 1)),
        }
    }
}

impl fmt::Display for TraceTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        for seen in &self.saw {
            write!(f, "; {seen}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.field.as_deref();
        match (&self.values, name) {
            (None, name) => write!(f, "{} is missing", name.unwrap_or("it")),
            (Some(values), None) if values.is_empty() => f.write_str("no value passes"),
            (Some(values), Some(name)) if values.is_empty() => write!(f, "{name} is an empty list"),
            (Some(values), name) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(f, "{} is {}", name.unwrap_or("it"), values.join(", "))
            }
        }
    }
}
