//! Any text as a condition: normalising what was read keeps its verdict.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{self, Rule};
use sigmaglot::sigma::{Options, read};
use sigmaglot::source::Source;

const HEAD: &str = "title: x\nlogsource: {category: x}\ndetection:\n  a: {A: 1}\n  b: {B: 1}\n  ab: {A: 1, B: 1}\n  condition: ";

fuzz_target!(|condition: &str| {
    let quoted = condition.replace('\'', "''");
    let read = read(&Source::new("rule.yml", format!("{HEAD}'{quoted}'\n")), &Options::default());
    for rule in &read.rules {
        let normal = Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() };
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let mut event = Event::default();
            event.0.insert("A".into(), a.into());
            event.0.insert("B".into(), b.into());
            assert_eq!(Matcher::new(rule).matches(&event), Matcher::new(&normal).matches(&event));
        }
    }
});
