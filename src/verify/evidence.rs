//! The events that a rule is judged on, each with the interpreter's verdict: made once for all targets and engines.
//!
//! Recorded events that differ only in fields of which the rule says nothing look alike to it: they are cut to the fields that it names and
//! count as one. What a store refuses of a whole event, and what a mapping or a table's name reads beside the rule, is not
//! decided here: such events stay whole.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::members::Listed;
use super::store::has_value_and_fields;
use super::verdict::Verdict;
use crate::interp::Event;
use crate::ir::{Rule, Subject, Test};

/// Events from outside, for any number of rules.
#[derive(Debug, Default)]
pub struct Recorded {
    events: Vec<RecordedEvent>,
}

#[derive(Debug)]
struct RecordedEvent {
    event: Event,
    /// Whether some stores refuse it for fields of which the rule may say nothing.
    refusable: bool,
}

/// How much of recorded events a rule's evidence has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The fields that the rule names: enough where its query reads no other one.
    Named,
    /// All of it.
    Whole,
}

/// A rule, and events with its verdicts.
pub struct Evidence<'r> {
    rule: &'r Rule,
    verdict: Verdict<'r>,
    samples: Vec<Sample<'r>>,
    listed: OnceLock<Option<Listed<'r>>>,
}

/// An event with the rule's verdict.
pub(super) struct Sample<'r> {
    pub event: Cow<'r, Event>,
    pub matches: bool,
    /// How many events look like this to the rule.
    pub count: usize,
}

impl Recorded {
    /// The events, looked at once.
    pub fn new(events: Vec<Event>) -> Self {
        let events = events.into_iter().map(|event| RecordedEvent { refusable: has_value_and_fields(&event), event });
        Self { events: events.collect() }
    }

    /// The events as they were recorded.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(|recorded| &recorded.event)
    }
}

impl<'r> Evidence<'r> {
    /// A rule without events.
    pub fn new(rule: &'r Rule) -> Self {
        Self { rule, verdict: Verdict::new(rule), samples: Vec::new(), listed: OnceLock::new() }
    }

    /// With these events.
    #[must_use]
    pub fn with(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        for event in events {
            let sample = self.sample(Cow::Owned(event));
            self.samples.push(sample);
        }
        self
    }

    /// With events that live elsewhere.
    #[must_use]
    pub fn with_all(mut self, events: &'r [Event]) -> Self {
        for event in events {
            let sample = self.sample(Cow::Borrowed(event));
            self.samples.push(sample);
        }
        self
    }

    /// With recorded events, those that look alike to the rule once.
    #[must_use]
    pub fn with_recorded(mut self, recorded: &'r Recorded, scope: Extent) -> Self {
        let names = named(self.rule).filter(|_| scope == Extent::Named);
        let mut alike: HashMap<String, usize> = HashMap::new();
        for RecordedEvent { event, refusable } in &recorded.events {
            let event = match &names {
                Some(names) if !refusable => Cow::Owned(cut(event, names)),
                _ => Cow::Borrowed(event),
            };
            if let Cow::Owned(cut) = &event {
                let key = serde_json::to_string(&cut.0).unwrap_or_default();
                if let Some(sample) = alike.get(&key).and_then(|place| self.samples.get_mut(*place)) {
                    sample.count += 1;
                    continue;
                }
                alike.insert(key, self.samples.len());
            }
            let sample = self.sample(event);
            self.samples.push(sample);
        }
        self
    }

    /// The event with the rule's verdict.
    pub(super) fn sample<'e>(&self, event: Cow<'e, Event>) -> Sample<'e> {
        Sample { matches: self.verdict.matches(&event), event, count: 1 }
    }

    /// The rule.
    pub fn rule(&self) -> &'r Rule {
        self.rule
    }

    pub(super) fn verdict(&self) -> &Verdict<'r> {
        &self.verdict
    }

    /// The rule's long lists, as queries must show them.
    pub(super) fn listed(&self) -> Option<&Listed<'r>> {
        self.listed.get_or_init(|| Listed::of(self.rule)).as_ref()
    }

    pub(super) fn samples(&self) -> &[Sample<'r>] {
        &self.samples
    }
}

/// The fields that the rule names; `None` where it looks at all of them.
fn named(rule: &Rule) -> Option<Vec<&str>> {
    let mut names = Some(Vec::new());
    rule.condition.for_each_predicate(&mut |predicate, _| match &predicate.subject {
        Subject::AnyValue => names = None,
        Subject::Field(field) => {
            let other = match &predicate.test {
                Test::FieldPattern { other, .. } => Some(&*other.name),
                _ => None,
            };
            names.iter_mut().for_each(|names| names.extend([&*field.name].into_iter().chain(other)));
        }
    });
    let mut names = names?;
    names.sort_unstable();
    names.dedup();
    Some(names)
}

/// The event without the fields through which no named one is found.
fn cut(event: &Event, names: &[&str]) -> Event {
    let leads_to =
        |key: &str, name: &str| name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let named = |(key, _): &(&String, &Value)| names.iter().any(|name| leads_to(key, name));
    let fields: Map<String, Value> =
        event.0.iter().filter(named).map(|(key, value)| (key.clone(), value.clone())).collect();
    Event(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sigma;
    use crate::source::Source;

    fn rule(selection: &str) -> Rule {
        let text =
            format!("title: T\nlogsource: {{category: test}}\ndetection:\n  sel: {selection}\n  condition: sel\n");
        let mut read = sigma::read(&Source::new("t.yml", text), &sigma::Options::default());
        read.rules.pop().unwrap_or_else(|| panic!("{:?}", read.diagnostics))
    }

    fn recorded() -> Recorded {
        let events = [
            json!({"a": "x", "other": 1}),
            json!({"a": "x", "other": 2}),
            json!({"b": 1}),
            json!({"c": 2}),
            json!({"a": {"d": "x"}, "other": 3}),
            json!({"a": "x", "other": {"e": 1}, "other.e": 2, "other.e.f": 3}),
        ];
        Recorded::new(events.iter().map(|event| Event(event.as_object().cloned().unwrap_or_default())).collect())
    }

    fn samples(rule: &Rule, extent: Extent) -> Vec<(Value, bool, usize)> {
        let recorded = recorded();
        let evidence = Evidence::new(rule).with_recorded(&recorded, extent);
        evidence.samples().iter().map(|s| (Value::Object(s.event.0.clone()), s.matches, s.count)).collect()
    }

    #[test]
    fn recorded_events_that_look_alike_to_a_rule_are_one() {
        let whole = json!({"a": "x", "other": {"e": 1}, "other.e": 2, "other.e.f": 3});
        let expected = [
            (json!({"a": "x"}), true, 2),
            (json!({}), false, 2),
            (json!({"a": {"d": "x"}}), false, 1),
            // Some stores refuse it for what the rule does not name.
            (whole, true, 1),
        ];
        assert_eq!(samples(&rule("{a: x}"), Extent::Named), expected);
        let nested = samples(&rule("{a.d: x}"), Extent::Named);
        assert_eq!(nested.iter().map(|(_, matches, count)| (*matches, *count)).collect::<Vec<_>>()[2], (true, 1));
    }

    #[test]
    fn a_keyword_and_a_mapping_see_whole_events() {
        assert_eq!(samples(&rule("[x]"), Extent::Named).len(), 6);
        assert_eq!(samples(&rule("{a: x}"), Extent::Whole).len(), 6);
    }
}
