//! Items to the IR: what a value means under the modifiers of its key.
//!
//! Each value gives one expression; the item links them. Nothing here knows conditions.

use std::sync::Arc;

use super::Options;
use super::budget::Budget;
use super::detection::{Item, Value};
use super::encoding::{self, Base64};
use super::messages::Messages;
use super::modifier::{Chain, Operator};
use super::pattern;
use super::placeholder::{self, Expansion};
use super::scalar::Kind;
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::ir::regex::{Flags, RegexError};
use crate::ir::{
    Case, CompareOp, Expr, Field, ItemId, ItemIds, Network, Node, Number, Origin, Pattern, PatternOp, Piece,
    Placeholder, PlaceholderPart, Predicate, Regex, Subject, Test, TimePart,
};
use crate::source::Span;

/// The most texts that `windash` may make of one value that is then encoded.
const MAX_VARIANTS: usize = 200;

/// Regexes up to this weight are not counted.
const SMALL_REGEX: u64 = 1_000;

/// Lowers the items and keywords of one search.
pub(super) struct Items<'a> {
    pub options: &'a Options,
    pub budget: &'a mut Budget,
    pub messages: &'a mut Messages,
    /// The name of the search.
    pub selection: Arc<str>,
    /// Gives the items of the rule their ids.
    ids: &'a mut ItemIds,
    /// The item at hand.
    item: Option<ItemId>,
}

impl<'a> Items<'a> {
    /// For the search of this name.
    pub fn new(
        options: &'a Options,
        budget: &'a mut Budget,
        ids: &'a mut ItemIds,
        messages: &'a mut Messages,
        selection: Arc<str>,
    ) -> Self {
        Self { options, budget, messages, selection, ids, item: None }
    }

    /// The origin of a node at this place in the search.
    pub fn origin(&self, span: Span) -> Origin {
        Origin { span, selection: Some(self.selection.clone()), item: self.item, ..Origin::default() }
    }

    /// A keyword: some value of the event contains it.
    pub fn keyword(&mut self, value: &Value) -> Option<Expr> {
        self.item = Some(self.ids.give());
        let expr = self.value(&Subject::AnyValue, &Chain::default(), value);
        self.item = None;
        expr
    }

    /// An item; `None` where a value does not fit its modifiers.
    pub fn item(&mut self, item: &Item) -> Option<Expr> {
        self.item = Some(self.ids.give());
        let expr = self.linked(item);
        self.item = None;
        expr
    }

    fn linked(&mut self, item: &Item) -> Option<Expr> {
        self.lint(item);
        if item.chain.operator == Operator::Exists && item.values.len() != 1 {
            return self.fail(codes::VALUE_TYPE, "`exists` takes exactly one boolean", item.span);
        }
        let subject = match &item.field {
            Some(field) => Subject::Field(Field::new(field.text.clone())),
            None => Subject::AnyValue,
        };
        let mut parts = item.values.iter().map(|value| self.value(&subject, &item.chain, value)).collect::<Vec<_>>();
        let origin = self.origin(item.span);
        let linked = if parts.len() == 1 {
            parts.pop().flatten()?
        } else {
            let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
            Expr::new(if item.chain.all { Node::All(parts) } else { Node::Any(parts) }, origin.clone())
        };
        Some(if item.chain.neq { Expr::new(Node::Not(Box::new(linked)), origin) } else { linked })
    }

    fn fail<T>(&mut self, code: Code, message: impl Into<String>, span: Span) -> Option<T> {
        self.messages.push(Diagnostic::new(code, message).at(span));
        None
    }

    fn lint(&mut self, item: &Item) {
        let chain = &item.chain;
        if chain.all && item.values.len() == 1 {
            let message = "`all` has no effect on a single value";
            self.messages.push(Diagnostic::new(codes::ALL_SINGLE, message).at(item.key_span));
        }
        if chain.base64 == Some(Base64::Offset) && chain.operator == Operator::Equals {
            let message = "`base64offset` without `contains` compares with the whole value of the field";
            self.messages.push(Diagnostic::new(codes::OFFSET_EXACT, message).at(item.key_span).help("add `contains`"));
        }
    }

    /// What one value says.
    fn value(&mut self, subject: &Subject, chain: &Chain, value: &Value) -> Option<Expr> {
        let test = match chain.operator {
            Operator::Equals | Operator::Text(_) => return self.text_or_scalar(subject, chain, value),
            Operator::Regex(flags) => self.regex(flags, value)?,
            Operator::Network => self.network(value)?,
            Operator::Compare(op) => match number(value.kind) {
                Some(n) => Test::Compare(op, n),
                None => return self.wrong_type(value, "a comparison needs a number"),
            },
            Operator::Exists => match value.kind {
                Kind::Bool(present) => Test::Exists(present),
                _ => return self.wrong_type(value, "`exists` takes `true` or `false`"),
            },
            Operator::Fieldref(op) => self.fieldref(op, chain, value)?,
            Operator::Time(part, op) => self.time(part, op, value)?,
        };
        Some(self.test(subject, test, value.span))
    }

    fn test(&self, subject: &Subject, test: Test, span: Span) -> Expr {
        Expr::new(Node::Test(Predicate { subject: subject.clone(), test }), self.origin(span))
    }

    fn wrong_type<T>(&mut self, value: &Value, message: &str) -> Option<T> {
        let message = format!("{message}, this is {}", value.kind.describe());
        let diagnostic = Diagnostic::new(codes::VALUE_TYPE, message).at(value.span);
        let quoted = value.kind == Kind::Text && value.text.parse::<f64>().is_ok();
        self.messages.push(if quoted { diagnostic.help("write the number without quotes") } else { diagnostic });
        None
    }

    /// The text of a text or a number.
    fn text_of(&mut self, value: &Value, message: &str) -> Option<Arc<str>> {
        match value.kind {
            Kind::Text => Some(value.text.clone()),
            kind => match number(kind) {
                Some(n) => Some(n.to_string().into()),
                None => self.wrong_type(value, message),
            },
        }
    }

    fn regex(&mut self, flags: Flags, value: &Value) -> Option<Test> {
        let text = self.text_of(value, "a regular expression is text")?;
        let regex = match Regex::read(&text, flags) {
            Ok(regex) => regex,
            Err(error) => return self.no_regex(error, value),
        };
        // Small ones are as many as the text that holds them.
        let weight = regex.weight();
        let spent = if weight > SMALL_REGEX { self.budget.regex(weight) } else { Ok(()) };
        if let Err(over) = spent {
            let message = format!(
                "with this one the regular expressions of {} list more than {} ranges of characters, repetitions \
                 written out",
                over.whose, over.limit
            );
            self.messages.push(
                Diagnostic::new(codes::BUDGET_EXCEEDED, message)
                    .at(value.span)
                    .help("repeat less, or list fewer characters: `\\w` is cheaper than `\\p{L}`"),
            );
            return None;
        }
        // What the budget refuses is not worth the time of the proof.
        match regex.proved() {
            Ok(regex) => Some(Test::Regex(regex)),
            Err(error) => self.no_regex(error, value),
        }
    }

    fn no_regex(&mut self, error: RegexError, value: &Value) -> Option<Test> {
        let span = value.place(error.range.clone());
        let message = format!("this is no regular expression: {error}");
        let diagnostic = Diagnostic::new(codes::REGEX_INVALID, message).at(span);
        self.messages.push(error.help.into_iter().fold(diagnostic, Diagnostic::help));
        None
    }

    fn network(&mut self, value: &Value) -> Option<Test> {
        if value.kind != Kind::Text {
            return self.wrong_type(value, "a network is text such as `10.0.0.0/8`");
        }
        match value.text.parse::<Network>() {
            Ok(network) => Some(Test::Network(network)),
            Err(message) => self.fail(codes::NETWORK_INVALID, message, value.span),
        }
    }

    fn fieldref(&mut self, op: PatternOp, chain: &Chain, value: &Value) -> Option<Test> {
        if value.kind != Kind::Text || value.text.is_empty() {
            return self.wrong_type(value, "`fieldref` needs the name of a field");
        }
        let Some(name) = pattern::literal(&pattern::parse(&value.text)) else {
            return self.fail(codes::WILDCARD_FORBIDDEN, "the name of a field has no wildcards", value.span);
        };
        Some(Test::FieldPattern { op, other: Field::new(name), case: case(chain) })
    }

    fn time(&mut self, part: TimePart, op: CompareOp, value: &Value) -> Option<Test> {
        let Kind::Int(n) = value.kind else { return self.wrong_type(value, "a part of a time is a whole number") };
        let (low, high) = match part {
            TimePart::Minute => (0, 59),
            TimePart::Hour => (0, 23),
            TimePart::Day => (1, 31),
            TimePart::Week => (1, 53),
            TimePart::Month => (1, 12),
            TimePart::Year => (0, 9999),
        };
        match i64::try_from(n).ok().filter(|n| (low..=high).contains(n)) {
            Some(n) => Some(Test::TimePart { part, op, n }),
            None => self.fail(codes::TIME_RANGE, format!("this part of a time is from {low} to {high}"), value.span),
        }
    }

    /// A value under an operator on text, or under none.
    fn text_or_scalar(&mut self, subject: &Subject, chain: &Chain, value: &Value) -> Option<Expr> {
        let keyword = *subject == Subject::AnyValue;
        let pieces = match value.kind {
            Kind::Text => return self.text(subject, chain, value),
            Kind::Null if keyword => return self.fail(codes::NULL_VALUE, "null cannot be a keyword", value.span),
            _ if chain.base64.is_some() || chain.windash || chain.expand => {
                return self.wrong_type(value, "this modifier needs text");
            }
            kind => match (chain.operator, kind, number(kind)) {
                (Operator::Equals, ..) if chain.cased && !keyword => {
                    return self.wrong_type(value, "`cased` needs text");
                }
                (Operator::Equals, _, Some(n)) if !keyword => {
                    return Some(self.test(subject, Test::Number(n), value.span));
                }
                (_, _, Some(n)) => vec![Piece::Literal(n.to_string().into())],
                (Operator::Equals, Kind::Bool(b), _) if keyword => vec![Piece::Literal(b.to_string().into())],
                (Operator::Equals, Kind::Bool(b), _) => return Some(self.test(subject, Test::Bool(b), value.span)),
                (Operator::Equals, ..) => return Some(self.test(subject, Test::Null, value.span)),
                _ => return self.wrong_type(value, "this modifier needs text or a number"),
            },
        };
        let pattern = self.wrap(subject, chain, pieces);
        Some(self.test(subject, Test::Pattern(pattern), value.span))
    }

    /// A text under an operator on text: expanded, varied, encoded, wrapped.
    fn text(&mut self, subject: &Subject, chain: &Chain, value: &Value) -> Option<Expr> {
        self.lint_text(chain, value);
        let mut alternatives = match chain.expand {
            false => vec![pattern::parse(&value.text)],
            true => match placeholder::expand(value, self.options, self.budget, self.messages)? {
                Expansion::Values(values) => values,
                Expansion::Unresolved(name, parts) => {
                    let parts = self.wrap_parts(subject, chain, parts);
                    let test = Test::Placeholder(Placeholder { name, parts, case: case(chain) });
                    return Some(self.test(subject, test, value.span));
                }
            },
        };
        if chain.windash {
            alternatives = alternatives.into_iter().map(pattern::windash).collect();
        }
        if let Some(base64) = chain.base64 {
            alternatives = self.encode(chain, base64, &alternatives, value)?;
        }
        let test =
            |items: &Self, pieces| items.test(subject, Test::Pattern(items.wrap(subject, chain, pieces)), value.span);
        if alternatives.len() == 1 {
            return alternatives.pop().map(|pieces| test(self, pieces));
        }
        let parts = alternatives.into_iter().map(|pieces| test(self, pieces)).collect();
        Some(Expr::new(Node::Any(parts), self.origin(value.span)))
    }

    fn lint_text(&mut self, chain: &Chain, value: &Value) {
        let text = value.text.as_ref();
        let at_start = matches!(chain.operator, Operator::Equals | Operator::Text(PatternOp::StartsWith));
        if at_start
            && text.starts_with(r"\\")
            && !text.starts_with(r"\\\")
            && text.len() > 2
            && !text[2..].starts_with(['*', '?'])
        {
            let diagnostic = Diagnostic::new(codes::BACKSLASHES_LEADING, r"`\\` at the start is one backslash")
                .at(value.place(0..2));
            self.messages.push(diagnostic.help(r"write `\\\\` for two"));
        }
        // `dir\*` at the end of a path is nearly always meant as a wildcard.
        let end = text.len().saturating_sub(2);
        if text.ends_with(r"\*") && !text.ends_with(r"\\*") && text[..end].contains('\\') {
            let diagnostic = Diagnostic::new(codes::STAR_ESCAPED, r"`\*` is a literal star, not a wildcard");
            let help = r"write `\\*` for a backslash and a wildcard";
            self.messages.push(diagnostic.at(value.place(end..text.len())).help(help));
        }
    }

    fn encode(
        &mut self,
        chain: &Chain,
        base64: Base64,
        alternatives: &[Vec<Piece>],
        value: &Value,
    ) -> Option<Vec<Vec<Piece>>> {
        let mut out = Vec::new();
        for pieces in alternatives {
            let Some(variants) = pattern::variants(pieces, MAX_VARIANTS) else {
                let message =
                    format!("`windash` makes more than {MAX_VARIANTS} texts of this value, too many to encode");
                return self.fail(codes::TOO_MANY_VARIANTS, message, value.span);
            };
            for variant in variants {
                let merged = Pattern::new(variant, Case::Fold);
                let Some(text) = pattern::literal(merged.pieces()) else {
                    let diagnostic =
                        Diagnostic::new(codes::WILDCARD_FORBIDDEN, "a wildcard cannot be encoded").at(value.span);
                    self.messages.push(diagnostic.help(r"write `\*` or `\?` if the character itself is meant"));
                    return None;
                };
                let bytes = encoding::bytes(&text, chain.utf16);
                match base64 {
                    Base64::Whole => out.push(encoding::base64(&bytes)),
                    Base64::Offset if bytes.len() < 2 => {
                        let message = "the value is too short: at some offset none of its Base64 is certain";
                        return self.fail(codes::VALUE_TYPE, message, value.span);
                    }
                    Base64::Offset => out.extend(encoding::base64_offsets(&bytes)),
                }
            }
        }
        Some(
            out.into_iter()
                .map(|text| if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text.into())] })
                .collect(),
        )
    }

    /// The parts of a value with placeholders between the wildcards of its operator; none where they are to be encoded.
    fn wrap_parts(&self, subject: &Subject, chain: &Chain, mut parts: Vec<PlaceholderPart>) -> Vec<PlaceholderPart> {
        if chain.windash || chain.base64.is_some() {
            return Vec::new();
        }
        let around = self.wrap(subject, chain, vec![Piece::AnyChar]);
        if around.pieces().first() == Some(&Piece::AnyString) {
            parts.insert(0, PlaceholderPart::Piece(Piece::AnyString));
        }
        if around.pieces().last() == Some(&Piece::AnyString) {
            parts.push(PlaceholderPart::Piece(Piece::AnyString));
        }
        parts
    }

    fn wrap(&self, subject: &Subject, chain: &Chain, pieces: Vec<Piece>) -> Pattern {
        let any = || std::iter::once(Piece::AnyString);
        let op = if *subject == Subject::AnyValue { Operator::Text(PatternOp::Contains) } else { chain.operator };
        match op {
            Operator::Text(PatternOp::Contains) => Pattern::new(any().chain(pieces).chain(any()), case(chain)),
            Operator::Text(PatternOp::StartsWith) => Pattern::new(pieces.into_iter().chain(any()), case(chain)),
            Operator::Text(PatternOp::EndsWith) => Pattern::new(any().chain(pieces), case(chain)),
            _ => Pattern::new(pieces, case(chain)),
        }
    }
}

fn case(chain: &Chain) -> Case {
    if chain.cased { Case::Exact } else { Case::Fold }
}

fn number(kind: Kind) -> Option<Number> {
    match kind {
        Kind::Int(n) => Some(Number::Int(n)),
        Kind::Float(x) => Some(Number::Float(x)),
        Kind::Text | Kind::Null | Kind::Bool(_) | Kind::Unbounded => None,
    }
}
