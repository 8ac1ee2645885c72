//! Typed reading of a pipeline's YAML: keys are asked for by name, and what nobody asked for is an error.
//!
//! Every complaint has a place in the pipeline's file. Nothing here knows what a transformation does.

use std::sync::Arc;

use indexmap::IndexMap;

use super::regex;
use crate::diagnostic::{Code, Diagnostic, codes, did_you_mean};
use crate::ir::Number;
use crate::sigma::scalar::{Kind, Scalar};
use crate::sigma::yaml::{Entry, Node, Value};
use crate::source::Span;

/// The most diagnostics that are kept of one pipeline.
const MOST: usize = 500;

/// What is to be said about a pipeline.
pub(super) type Messages = Vec<Diagnostic>;

/// Adds a diagnostic at a place, while anybody will read it.
pub(super) fn say(messages: &mut Messages, code: Code, message: impl Into<String>, span: Span) {
    if messages.len() < MOST {
        messages.push(Diagnostic::new(code, message).at(span));
    }
}

/// Adds a diagnostic about an unknown word with the nearest known one.
pub(super) fn unknown(messages: &mut Messages, code: Code, what: &str, word: &str, span: Span, known: &[&str]) {
    if messages.len() >= MOST {
        return;
    }
    let diagnostic = Diagnostic::new(code, format!("there is no {what} `{word}`")).at(span);
    messages.push(match did_you_mean(word, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic,
        None => diagnostic.help(format!("known here: {}", known.join(", "))),
    });
}

/// A scalar of a pipeline with its type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(Arc<str>),
    Number(Number),
    Bool(bool),
    Null,
}

impl Literal {
    /// The scalar of a node.
    pub fn of(node: &Node<'_>) -> Option<Literal> {
        let Value::Scalar(scalar) = &node.value else { return None };
        Some(match scalar.kind {
            Kind::Text => Literal::Text(scalar.text.as_ref().into()),
            Kind::Null => Literal::Null,
            Kind::Bool(b) => Literal::Bool(b),
            Kind::Int(n) => Literal::Number(Number::Int(n)),
            Kind::Float(x) => Literal::Number(Number::Float(x)),
            Kind::Unbounded => return None,
        })
    }
}

/// A mapping of names to names; the key `null` is the name that a keyword lacks.
pub(super) type Names = IndexMap<Option<Arc<str>>, Vec<Arc<str>>>;

/// A map of a pipeline that is being read.
pub(super) struct Params<'n, 's, 'm> {
    /// What the map is, for messages: "the transformation `x`".
    what: String,
    entries: &'n [Entry<'s>],
    /// Where the map stands.
    pub span: Span,
    known: Vec<&'static str>,
    /// What was said so far.
    pub messages: &'m mut Messages,
}

impl<'n, 's, 'm> Params<'n, 's, 'm> {
    /// Opens a map; anything else is an error.
    pub fn open(node: &'n Node<'s>, what: impl Into<String>, messages: &'m mut Messages) -> Option<Self> {
        let what = what.into();
        match &node.value {
            Value::Map(entries) => Some(Self { what, entries, span: node.span, known: Vec::new(), messages }),
            _ => {
                let message = format!("{what} is a map, this is {}", node.describe());
                say(messages, codes::MAPPING_VALUE, message, node.span);
                None
            }
        }
    }

    /// Says from now on that the map is this.
    pub fn rename(&mut self, what: impl Into<String>) {
        self.what = what.into();
    }

    fn entry(&mut self, key: &'static str) -> Option<&'n Entry<'s>> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// The node of a key, null included.
    pub fn present(&mut self, key: &'static str) -> Option<&'n Node<'s>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The node of a key; null is absence.
    pub fn node(&mut self, key: &'static str) -> Option<&'n Node<'s>> {
        self.present(key).filter(|node| !node.is_null())
    }

    /// Of two names of one key the one that is there, else the first.
    pub fn either(&mut self, name: &'static str, other: &'static str) -> &'static str {
        if self.present(name).is_none() && self.present(other).is_some() { other } else { name }
    }

    /// Says that a key is missing.
    pub fn missing(&mut self, key: &str) {
        let message = format!("{} needs `{key}`", self.what);
        say(self.messages, codes::MAPPING_VALUE, message, self.span);
    }

    /// Says that a value has the wrong type.
    pub fn wrong(&mut self, key: &str, expected: &str, node: &Node<'_>) {
        let message = format!("`{key}` of {} is {expected}, this is {}", self.what, node.describe());
        let mut diagnostic = Diagnostic::new(codes::MAPPING_VALUE, message).at(node.span);
        let scalar = matches!(&node.value, Value::Scalar(scalar) if scalar.kind != Kind::Text);
        if expected.contains("text") && scalar {
            diagnostic = diagnostic.help("put it in quotes");
        }
        if self.messages.len() < MOST {
            self.messages.push(diagnostic);
        }
    }

    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<Arc<str>> {
        let node = self.node(key)?;
        let text = text_of(node);
        if text.is_none() {
            self.wrong(key, "text", node);
        }
        text
    }

    /// A text that must be there.
    pub fn required(&mut self, key: &'static str) -> Option<Arc<str>> {
        match self.node(key) {
            Some(_) => self.text(key),
            None => {
                self.missing(key);
                None
            }
        }
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str) -> bool {
        let Some(node) = self.node(key) else { return false };
        match Literal::of(node) {
            Some(Literal::Bool(b)) => b,
            _ => {
                self.wrong(key, "`true` or `false`", node);
                false
            }
        }
    }

    /// A whole number in a range.
    pub fn integer(&mut self, key: &'static str, low: i128, high: i128) -> Option<i128> {
        let node = self.node(key)?;
        match Literal::of(node) {
            Some(Literal::Number(Number::Int(n))) if (low..=high).contains(&n) => Some(n),
            _ => {
                self.wrong(key, &format!("a whole number from {low} to {high}"), node);
                None
            }
        }
    }

    /// A list of texts; a single text is a list of one. `None` where the key is absent.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Arc<str>>> {
        let node = self.node(key)?;
        let texts = names_of(node);
        if texts.is_none() {
            self.wrong(key, "a list of texts", node);
        }
        texts
    }

    /// A list of texts that must be there.
    pub fn required_texts(&mut self, key: &'static str) -> Option<Vec<Arc<str>>> {
        match self.node(key) {
            Some(_) => self.texts(key),
            None => {
                self.missing(key);
                None
            }
        }
    }

    /// One of some words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)], default: T) -> T {
        let Some(node) = self.node(key) else { return default };
        let Some(text) = text_of(node) else {
            self.wrong(key, "text", node);
            return default;
        };
        match words.iter().find(|(word, _)| *word == text.as_ref()) {
            Some((_, value)) => *value,
            None => {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let what = format!("`{key}`");
                unknown(self.messages, codes::MAPPING_VALUE, &what, &text, node.span, &known);
                default
            }
        }
    }

    /// A scalar that must be there; null counts.
    pub fn literal(&mut self, key: &'static str) -> Option<Literal> {
        let Some(node) = self.present(key) else {
            self.missing(key);
            return None;
        };
        let literal = Literal::of(node);
        if literal.is_none() {
            self.wrong(key, "text, a number, a boolean or null", node);
        }
        literal
    }

    /// A mapping of names to one or more names.
    pub fn names(&mut self, key: &'static str) -> Option<Names> {
        let Some(node) = self.node(key) else {
            self.missing(key);
            return None;
        };
        let Value::Map(entries) = &node.value else {
            self.wrong(key, "a map of names", node);
            return None;
        };
        let mut out = Names::with_capacity(entries.len());
        for entry in entries {
            match names_of(&entry.value) {
                Some(names) => {
                    out.insert(name_of(&entry.key), names);
                }
                None => self.wrong(&entry.key.text, "a text or a list of texts", &entry.value),
            }
        }
        Some(out)
    }

    /// A regular expression that must be there.
    pub fn regex(&mut self, key: &'static str) -> Option<::regex::Regex> {
        let text = self.required(key)?;
        let span = self.node(key).map_or(self.span, |node| node.span);
        match regex::compile(&text) {
            Ok(regex) => Some(regex),
            Err(message) => {
                say(self.messages, codes::MAPPING_REGEX, message, span);
                None
            }
        }
    }

    /// Complains of every key that nobody asked for.
    pub fn finish(self) {
        for entry in self.entries {
            let key = entry.key.text.as_ref();
            if !self.known.contains(&key) {
                let what = format!("key of this name in {}:", self.what);
                unknown(self.messages, codes::MAPPING_KEY, &what, key, entry.key_span, &self.known);
            }
        }
    }
}

fn name_of(key: &Scalar<'_>) -> Option<Arc<str>> {
    (key.kind != Kind::Null).then(|| key.text.as_ref().into())
}

fn text_of(node: &Node<'_>) -> Option<Arc<str>> {
    match Literal::of(node) {
        Some(Literal::Text(text)) => Some(text),
        _ => None,
    }
}

fn names_of(node: &Node<'_>) -> Option<Vec<Arc<str>>> {
    match &node.value {
        Value::List(nodes) => nodes.iter().map(text_of).collect(),
        _ => text_of(node).map(|text| vec![text]),
    }
}
