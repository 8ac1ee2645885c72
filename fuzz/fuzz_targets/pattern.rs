//! Any text as a value with wildcards: what is read is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::sigma::pattern;

fuzz_target!(|text: &str| {
    let pieces = pattern::parse(text);
    assert_eq!(pattern::parse(&pattern::escape(&pieces)), pieces, "{text:?}");
});
