//! Any bytes as CSV: events or a bounded number of errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::events::{ERRORS_SAID, Events, Format};

fuzz_target!(|bytes: &[u8]| {
    let items: Vec<_> = Events::new(bytes, "events", Format::Csv).collect();
    assert!(items.len() <= bytes.len() + 3 && items.iter().filter(|item| item.is_err()).count() <= ERRORS_SAID + 2);
});
