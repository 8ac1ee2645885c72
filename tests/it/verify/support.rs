//! Rules, engines and comparisons in one call.

use std::collections::BTreeSet;

use sigmaglot::interp::Event;
use sigmaglot::ir::Rule;
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Target, Templates};
use sigmaglot::verify::engine::{Engine, EngineError, Eql, Fields, Kql, Spl, Sqlite, Table};
use sigmaglot::verify::witness::{Options, Witnesses};
use sigmaglot::verify::{Comparison, Evidence, compare};

/// The targets that have an engine in the program.
pub const TARGETS: &[&str] = &["eql", "kql", "spl", "sql"];

/// The engines of a target in the program.
pub fn engines(target: &str) -> Vec<Box<dyn Engine>> {
    match target {
        "sql" => vec![Box::new(Sqlite::new().unwrap_or_else(|e| panic!("{e}")))],
        "kql" => vec![Box::new(Kql::default())],
        "spl" => vec![Box::new(Spl::default())],
        "eql" => vec![Box::new(Eql::new(Fields::All)), Box::new(Eql::new(Fields::Present))],
        other => panic!("no engine for {other}"),
    }
}

pub fn target(name: &str, templates: &Templates) -> Target {
    Target::load(name, templates).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The rule of a text that has one.
pub fn rule(text: &str) -> Rule {
    let read = sigma::read(&Source::new("rule.yml", text), &sigma::Options::default());
    read.rules.into_iter().next().unwrap_or_else(|| panic!("{:?}\n{text}", read.diagnostics))
}

/// A rule around the body of one selection.
pub fn rule_of(selection: &str) -> Rule {
    rule(&format!("title: A rule\nlogsource: {{category: test}}\ndetection:\n  sel:\n{selection}\n  condition: sel\n"))
}

pub fn witnesses(rule: &Rule) -> Vec<Event> {
    Witnesses::of(rule, Options::default()).events.into_iter().map(|witness| witness.event).collect()
}

/// The comparison on the rule's witnesses, with these engines.
pub fn compared(rule: &Rule, target: &Target, name: &str, engines: &mut [Box<dyn Engine>]) -> Comparison {
    compare(&Evidence::new(rule).with(witnesses(rule)), name, None, &mut target.session(), engines)
}

/// An engine that gets another query than the one that was rendered.
pub struct Tampered {
    pub inner: Box<dyn Engine>,
    pub tamper: fn(&str) -> String,
}

impl Engine for Tampered {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn load(&mut self, table: &Table) -> Result<(), EngineError> {
        self.inner.load(table)
    }

    fn query(&mut self, text: &str) -> Result<BTreeSet<usize>, EngineError> {
        let tampered = (self.tamper)(text);
        assert_ne!(tampered, text, "the mistake has nothing to change");
        self.inner.query(&tampered)
    }
}
