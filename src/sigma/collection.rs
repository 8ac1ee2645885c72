//! Legacy rule collections: documents with `action: global`, `reset` or `repeat`.
//!
//! They are merged as nodes before anything is read as Sigma, so every span still points into the file.
//!
//! A global document goes into every rule that follows it and wins where both say something; several accumulate.
//! `repeat` is the previous rule with changes. Correlations and filters take no part.

use std::collections::BTreeMap;

use super::messages::Messages;
use super::yaml::{Entry, MAX_DEPTH, Node, Value};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};
use crate::source::Span;

/// The most nodes that merging may make of one file.
const MAX_NODES: usize = 1_000_000;

/// Whether any of the documents has an action.
pub(super) fn is_collection(documents: &[Node<'_>]) -> bool {
    documents.iter().any(|document| action(document).is_some())
}

/// Carries out the actions of a file; gives the documents that are left.
pub(super) fn expand<'s>(documents: Vec<Node<'s>>, messages: &mut Messages) -> Vec<Node<'s>> {
    if !is_collection(&documents) {
        return documents;
    }
    let mut state = State { global: None, previous: None, made: 0 };
    let mut out = Vec::new();
    for document in documents {
        state.step(document, &mut out, messages);
        if state.made > MAX_NODES {
            let message = "the actions of this file repeat too much";
            messages.push(Diagnostic::new(codes::SOURCE_TOO_LARGE, message));
            break;
        }
    }
    out
}

struct State<'s> {
    global: Option<Node<'s>>,
    previous: Option<Node<'s>>,
    /// How many nodes were copied so far.
    made: usize,
}

impl<'s> State<'s> {
    fn step(&mut self, mut document: Node<'s>, out: &mut Vec<Node<'s>>, messages: &mut Messages) {
        let Some((word, span)) = action(&document) else {
            let is_map = matches!(document.value, Value::Map(_));
            if is_map && !["correlation", "filter"].iter().any(|key| has_key(&document, key)) {
                if let Some(global) = &self.global {
                    merge(&mut document, global, MAX_DEPTH);
                }
                self.made += size(&document);
                self.previous = Some(document.clone());
            }
            out.push(document);
            return;
        };
        remove_action(&mut document);
        match word.as_str() {
            "global" => match &mut self.global {
                Some(global) => {
                    merge(global, &document, MAX_DEPTH);
                    self.made += size(global);
                }
                None => self.global = Some(document),
            },
            "reset" => self.global = None,
            "repeat" => match &mut self.previous {
                Some(previous) => {
                    merge(previous, &document, MAX_DEPTH);
                    previous.span = document.span;
                    self.made += size(previous);
                    out.push(previous.clone());
                }
                None => {
                    let message = "there is no rule before this one to repeat";
                    messages.push(Diagnostic::new(codes::ACTION_UNKNOWN, message).at(span));
                }
            },
            word => {
                let diagnostic = Diagnostic::new(codes::ACTION_UNKNOWN, format!("unknown action `{word}`")).at(span);
                messages.push(match did_you_mean(word, ["global", "reset", "repeat"]) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic.help("it is one of `global`, `reset`, `repeat`"),
                });
            }
        }
    }
}

/// The action of a document with its place; an action that is no text is an empty word.
fn action(document: &Node<'_>) -> Option<(String, Span)> {
    let Value::Map(entries) = &document.value else { return None };
    let entry = entries.iter().find(|entry| entry.key.text == "action")?;
    match &entry.value.value {
        Value::Scalar(scalar) => Some((scalar.text.clone().into_owned(), entry.value.span)),
        _ => Some((String::new(), entry.value.span)),
    }
}

fn has_key(document: &Node<'_>, key: &str) -> bool {
    matches!(&document.value, Value::Map(entries) if entries.iter().any(|entry| entry.key.text == key))
}

fn remove_action(document: &mut Node<'_>) {
    if let Value::Map(entries) = &mut document.value {
        entries.retain(|entry| entry.key.text != "action");
    }
}

fn size(node: &Node<'_>) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::List(nodes) => 1 + nodes.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|entry| 1 + size(&entry.value)).sum::<usize>(),
    }
}

/// Puts `from` into `into`: maps key by key, everything else replaced.
fn merge<'s>(into: &mut Node<'s>, from: &Node<'s>, depth: usize) {
    match (&mut into.value, &from.value) {
        (Value::Map(entries), Value::Map(new)) if depth > 0 => merge_entries(entries, new, depth),
        _ => *into = from.clone(),
    }
}

/// Keys are unique in both maps, so the places of the old ones can be looked up once.
fn merge_entries<'s>(entries: &mut Vec<Entry<'s>>, new: &[Entry<'s>], depth: usize) {
    let places: BTreeMap<&str, usize> = entries.iter().enumerate().map(|(i, e)| (e.key.text.as_ref(), i)).collect();
    let places: Vec<_> = new.iter().map(|entry| places.get(entry.key.text.as_ref()).copied()).collect();
    for (entry, place) in new.iter().zip(places) {
        match place.and_then(|i| entries.get_mut(i)) {
            Some(old) => replace(old, entry, depth),
            None => entries.push(entry.clone()),
        }
    }
}

fn replace<'s>(old: &mut Entry<'s>, entry: &Entry<'s>, depth: usize) {
    let is_map = matches!((&old.value.value, &entry.value.value), (Value::Map(_), Value::Map(_)));
    merge(&mut old.value, &entry.value, depth - 1);
    if !is_map {
        old.key_span = entry.key_span;
    }
}
