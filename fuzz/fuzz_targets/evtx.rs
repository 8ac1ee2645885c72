//! Any bytes as a Windows event log, and as the first records of a chunk with a sound header: events or a bounded number of errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigmaglot::events::{ERRORS_SAID, Events, Format};

/// A log with one chunk that holds these bytes as its records.
fn log(records: &[u8]) -> Vec<u8> {
    let mut log = vec![0; 4096];
    log[..8].copy_from_slice(b"ElfFile\0");
    let mut chunk = vec![0; 512];
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    chunk[8..40].copy_from_slice(&[1_u64, 100, 1, 100].map(u64::to_le_bytes).concat());
    chunk[40..52].copy_from_slice(&[128_u32, 60_000, 65_536].map(u32::to_le_bytes).concat());
    chunk.extend_from_slice(&records[..records.len().min(65_536 - 512)]);
    log.extend(chunk);
    log
}

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes, &log(bytes)] {
        let errors = Events::new(bytes, "events", Format::Evtx).filter(Result::is_err).count();
        assert!(errors <= ERRORS_SAID + 2);
    }
});
