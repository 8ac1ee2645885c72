//! Any field, modifiers and value to every target: a query that its language can read, or a refusal.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::lang::{eql, kql};
use sigmaglot::sigma::{self, read};
use sigmaglot::source::Source;
use sigmaglot::target::{NAMES, Options, Target, Templates};

static TARGETS: LazyLock<Vec<Target>> =
    LazyLock::new(|| NAMES.iter().filter_map(|name| Target::load(name, &Templates::embedded()).ok()).collect());

fuzz_target!(|input: (&str, &str)| {
    let (key, value) = input;
    let quote = |text: &str| text.replace('\'', "''");
    let text = format!(
        "title: x\nlogsource: {{category: x}}\ndetection:\n  a:\n    '{}': '{}'\n  condition: not a\n",
        quote(key),
        quote(value)
    );
    let read = read(&Source::new("rule.yml", text), &sigma::Options::default());
    for rule in &read.rules {
        for (name, target) in NAMES.iter().zip(TARGETS.iter()) {
            let conversion = target.convert(rule, &Options::default());
            assert_eq!(conversion.query.is_none(), conversion.diagnostics.iter().any(Diagnostic::is_error));
            match (*name, conversion.query) {
                ("eql", Some(query)) => assert!(eql::parse(&query).is_ok(), "{query}"),
                ("kql", Some(query)) => assert!(kql::parse(&query).is_ok(), "{query}"),
                _ => {}
            }
        }
    }
});
