//! Any bytes as events, and a rule run on what could be read.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sigmaglot::interp::Matcher;
use sigmaglot::events::{Events, Format};
use sigmaglot::ir::Rule;
use sigmaglot::sigma::{Options, read};
use sigmaglot::source::Source;

const RULE: &str = "title: x\nlogsource: {category: x}\ndetection:\n  a: {A.B|contains: x, C|gt: 1, D|cidr: '::/0', \
                    E|re: 'a+$'}\n  b: [key]\n  condition: a or b\n";

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| read(&Source::new("r.yml", RULE), &Options::default()).rules);

fuzz_target!(|bytes: &[u8]| {
    for (_, event) in Events::new(bytes, "events", Format::Auto).flatten() {
        for rule in RULES.iter() {
            let _ = Matcher::new(rule).matches(&event);
        }
    }
});
