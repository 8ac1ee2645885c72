//! Any bytes as JSON, compressed or in UTF-16 too: events or a bounded number of errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::events::{ERRORS_SAID, Events, Format};

fuzz_target!(|bytes: &[u8]| {
    let items: Vec<_> = Events::new(bytes, "events", Format::Json).collect();
    // Compressed bytes may hold more events than they are.
    let compressed = matches!(bytes, [0x1F, 0x8B, ..] | [_, 0xB5, 0x2F, 0xFD, ..] | [_, 0x2A, 0x4D, 0x18, ..]);
    assert!(compressed || items.len() <= bytes.len() + 3);
    assert!(items.iter().filter(|item| item.is_err()).count() <= ERRORS_SAID + 2);
});
