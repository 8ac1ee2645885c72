//! Any text as a source of rules: it is read, or there is a diagnostic; spans lie within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::sigma::{Options, read};
use sigmaglot::source::Source;

fuzz_target!(|text: &str| {
    let read = read(&Source::new("rule.yml", text), &Options::default());
    for diagnostic in &read.diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(span.start <= span.end && span.end as usize <= text.len(), "{diagnostic:?}");
        }
    }
});
