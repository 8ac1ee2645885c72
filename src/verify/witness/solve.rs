//! An event from wishes about predicates, or nothing where no proposal satisfies them.
//!
//! Fields are settled one by one: proposals for the field's value are made from the tests that must hold, and the first that
//! grants every wish on the field is taken. Field references and keywords come last, on top of what is settled.

use std::collections::BTreeMap;

use serde_json::Value;

use super::paths::{Forest, Wish, is_empty_text};
use super::random::Random;
use super::sample;
use super::texts::{closes, opens};
use crate::interp::{Event, Matcher};
use crate::ir::{Predicate, Subject, Test};

/// How many wishes on one field are checked for a proposal; the rest is left to the final verdict.
const CHECKED_WISHES: usize = 200;
/// The field that holds keywords, where the event has none to hold them.
const KEYWORD_FIELD: &str = "Message";

/// An event that grants the wishes on each field; the caller asks the interpreter about the whole.
pub(super) fn event(wishes: &[Wish], forest: &Forest<'_>, matcher: &Matcher<'_>, random: &mut Random) -> Option<Event> {
    let mut fields: BTreeMap<&str, Vec<(&Predicate, bool)>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    let mut references = Vec::new();
    let mut keywords = Vec::new();
    for wish in wishes {
        let (predicate, _) = forest.predicates().get(wish.0)?;
        let Subject::Field(field) = &predicate.subject else {
            keywords.push((*predicate, wish.1));
            continue;
        };
        if matches!(predicate.test, Test::FieldPattern { .. }) && wish.1 {
            references.push(*predicate);
        }
        if !fields.contains_key(field.name.as_ref()) {
            order.push(&field.name);
        }
        fields.entry(&field.name).or_default().push((*predicate, wish.1));
    }
    let mut event = Event::default();
    for name in &order {
        let wishes: Vec<_> =
            fields[name].iter().filter(|(p, _)| !matches!(p.test, Test::FieldPattern { .. })).copied().collect();
        settle(name, &wishes, matcher, random, &mut event)?;
    }
    for predicate in references {
        refer(predicate, matcher, &mut event)?;
    }
    hold_keywords(&keywords, matcher, random, &mut event)?;
    Some(event)
}

/// Gives the field a value that grants the wishes, or leaves it missing where that does.
fn settle(
    name: &str,
    wishes: &[(&Predicate, bool)],
    matcher: &Matcher<'_>,
    random: &mut Random,
    event: &mut Event,
) -> Option<()> {
    let granted = |event: &Event| {
        wishes.iter().take(CHECKED_WISHES).all(|(predicate, wanted)| matcher.holds(predicate, event) == *wanted)
    };
    let mut trial = Event::default();
    let missing = granted(&trial);
    // A store may take what is missing for what is empty.
    if missing && wishes.iter().all(|(predicate, wanted)| *wanted || !is_empty_text(&predicate.test)) {
        return Some(());
    }
    let positive: Vec<&Test> = wishes.iter().filter(|(_, wanted)| *wanted).map(|(p, _)| &p.test).collect();
    let mut proposals = proposals(&positive, random);
    // What must be there although nothing says what it is.
    proposals.extend(["x", "", "zz-none"].map(Value::from));
    proposals.push(Value::Null);
    for value in proposals {
        trial.0.insert(name.to_owned(), value.clone());
        if granted(&trial) {
            event.0.insert(name.to_owned(), value);
            return Some(());
        }
    }
    missing.then_some(())
}

/// Values that may pass all the tests.
fn proposals(tests: &[&Test], random: &mut Random) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    match tests {
        [] => {}
        [only] => out.extend(sample::values(only, random)),
        _ => {
            out.extend(joined(tests, random).into_iter().map(Value::from));
            for test in tests {
                out.extend(sample::values(test, random));
            }
        }
    }
    // Some stores take the empty text for none: events that are built on it would be lost there.
    out.sort_by_key(|value| value.as_str() == Some(""));
    let parts: Vec<_> = tests
        .iter()
        .filter_map(|test| match test {
            Test::TimePart { part, op, n } => Some((*part, *op, *n)),
            _ => None,
        })
        .collect();
    if !parts.is_empty() {
        out.extend(sample::timestamps(&parts));
    }
    out
}

/// Texts that hold the beginnings, middles and ends of several patterns and regexes.
fn joined(tests: &[&Test], random: &mut Random) -> Vec<String> {
    let mut out = Vec::new();
    for filler in ["", " ", "x"] {
        let (mut start, mut middles, mut end) = (String::new(), Vec::new(), String::new());
        for test in tests {
            match test {
                Test::Pattern(pattern) => {
                    let text = sample::pattern(pattern, filler);
                    match (opens(pattern), closes(pattern)) {
                        (true, true) => middles.push(sample::pattern(pattern, "")),
                        (false, _) if text.len() > start.len() => start = text,
                        (true, false) if text.len() > end.len() => end = text,
                        _ => {}
                    }
                }
                Test::Regex(regex) => middles.push(sample::regex(&regex.tree, random)),
                _ => {}
            }
        }
        let mut turned = middles.clone();
        turned.reverse();
        for order in [middles, turned] {
            // A middle that the rest already holds need not be said again.
            let mut text = start.clone();
            for middle in order.iter().filter(|m| !start.contains(*m) && !end.contains(*m)) {
                text = format!("{text}{filler}{middle}");
            }
            out.push(format!("{text}{filler}{end}"));
            out.push(format!("{text}{end}"));
            out.push(text);
        }
    }
    out
}

/// Makes a field reference hold by giving both fields the same text.
fn refer(predicate: &Predicate, matcher: &Matcher<'_>, event: &mut Event) -> Option<()> {
    let (Subject::Field(own), Test::FieldPattern { other, .. }) = (&predicate.subject, &predicate.test) else {
        return None;
    };
    if matcher.holds(predicate, event) {
        return Some(());
    }
    let text = |name: &str| event.0.get(name).filter(|v| v.is_string()).cloned();
    for value in [text(&own.name), text(&other.name), Some(Value::from("Same text"))].into_iter().flatten() {
        let mut trial = event.clone();
        trial.0.insert(own.name.to_string(), value.clone());
        trial.0.insert(other.name.to_string(), value);
        if matcher.holds(predicate, &trial) {
            *event = trial;
            return Some(());
        }
    }
    None
}

/// Puts the keywords that are wanted into one value, or each into its own.
fn hold_keywords(
    wishes: &[(&Predicate, bool)],
    matcher: &Matcher<'_>,
    random: &mut Random,
    event: &mut Event,
) -> Option<()> {
    let granted = |event: &Event| {
        wishes.iter().take(CHECKED_WISHES).all(|(predicate, wanted)| matcher.holds(predicate, event) == *wanted)
    };
    if granted(event) {
        return Some(());
    }
    let positive: Vec<&Test> = wishes.iter().filter(|(_, wanted)| *wanted).map(|(p, _)| &p.test).collect();
    for proposal in proposals(&positive, random) {
        let mut trial = event.clone();
        trial.0.insert(KEYWORD_FIELD.to_owned(), proposal);
        if granted(&trial) {
            *event = trial;
            return Some(());
        }
    }
    let mut trial = event.clone();
    for (i, test) in positive.iter().enumerate() {
        if let Some(value) = sample::values(test, random).into_iter().next() {
            trial.0.insert(format!("{KEYWORD_FIELD}{i}"), value);
        }
    }
    granted(&trial).then(|| *event = trial)
}
