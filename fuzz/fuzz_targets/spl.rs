//! Any text as a query in SPL: the model reads it, or says where it is wrong, within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::lang::spl;

fuzz_target!(|text: &str| {
    if let Err(error) = spl::parse(text) {
        assert!(error.span.start <= error.span.end && error.span.end as usize <= text.len(), "{error:?}");
    }
});
