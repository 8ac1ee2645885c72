//! Damaged sources for the readers of events, and damaged queries for the models of the languages: no panic, no hang, and no error
//! without a place.
//!
//! `SIGMAGLOT_FUZZ` sets how many inputs each gets; CI takes few, docs/reliability.md has the figures of a long run. The targets in
//! `fuzz/` look for the same with a fuzzer that sees the code.

use std::fs;
use std::path::Path;

use sigmaglot::events::{ERRORS_SAID, Events, Format};
use sigmaglot::lang;
use sigmaglot::sigma::{self, read};
use sigmaglot::source::Source;
use sigmaglot::target::{Options, Target, Templates};

use crate::common::random::Random;

fn count() -> usize {
    std::env::var("SIGMAGLOT_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

/// The bytes damaged in one to six places: flipped, replaced, inserted from `words`, deleted, doubled.
fn damaged(random: &mut Random, seed: &[u8], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1).min(bytes.len());
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap_or(0),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            4 => bytes.truncate(at),
            _ => {
                let word = words.get(random.below(words.len())).copied().unwrap_or(b"\0");
                bytes.splice(at..at, word.iter().copied());
            }
        }
    }
    bytes
}

fn holds(bytes: &[u8], format: Format) {
    let items: Vec<_> = Events::new(bytes, "events", format).collect();
    let errors = items.iter().filter(|item| item.is_err()).count();
    assert!(errors <= ERRORS_SAID + 2, "{errors} errors of {bytes:?}");
    let compressed = matches!(bytes, [0x1F, 0x8B, ..] | [_, 0xB5, 0x2F, 0xFD, ..] | [_, 0x2A, 0x4D, 0x18, ..]);
    assert!(compressed || format == Format::Evtx || items.len() <= bytes.len() + 3, "{bytes:?}");
}

const JSON: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\n",
    b"\r\n",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"\xff",
    b"\0",
    b"\xef\xbb\xbf",
    b"1e999",
    b"-",
    b"null",
    b"Record 1\n",
    b"{\"a\":",
    b"\x1e",
    b"\xff\xfe",
    b"NaN",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
];

#[test]
fn json_lines() {
    let seeds: [&[u8]; 4] = [
        b"{\"a\":1,\"b\":[true,null,{\"c\":\"x\\u00e9\\n\"}]}\n{\"a\":\"y\",\"a\":2.5e3}\n{\"Event\":{\"System\":{\"EventID\":1},\"EventData\":{\"Data\":[\"x\"]}}}\n",
        b"[\n  {\"a\": \"x\"},\n  {\"b\": {\"c\": [1, 2]}}\n]\n",
        b"Record 1\n{\n  \"a\": 1\n}\nRecord 2\n{\n  \"b\": 2\n}\n",
        b"{\0\"\0a\0\"\0:\x001\0}\0",
    ];
    let mut random = Random::new(11);
    for i in 0..count() {
        let bytes = damaged(&mut random, seeds[i % seeds.len()], JSON);
        holds(&bytes, if i % 2 == 0 { Format::Auto } else { Format::Json });
    }
}

#[test]
fn csv_rows() {
    let seeds: [&[u8]; 3] =
        [b"a,b,c\n1,\"x, \"\"y\"\"\",z\n2,\"line\nbreak\",\n", b"a;b\r\n1;2\r\n", b"sep=\t\na\tb\n1\t\"2\"\n"];
    let words: [&[u8]; 8] = [b"\"", b"\"\"", b",", b";", b"\n", b"\r\n", b"\xff", b"\0"];
    let mut random = Random::new(12);
    for i in 0..count() {
        holds(&damaged(&mut random, seeds[i % seeds.len()], &words), Format::Csv);
    }
}

/// A log with one chunk whose header is sound and which holds these bytes as its records.
fn log(records: &[u8]) -> Vec<u8> {
    let mut log = vec![0; 4096];
    log[..8].copy_from_slice(b"ElfFile\0");
    let mut chunk = vec![0; 512];
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    chunk[8..40].copy_from_slice(&[1_u64, 100, 1, 100].map(u64::to_le_bytes).concat());
    chunk[40..52].copy_from_slice(&[128_u32, 60_000, 65_536].map(u32::to_le_bytes).concat());
    log.extend(chunk);
    log.extend_from_slice(records);
    log
}

/// A record with the first words of a fragment.
fn record(body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(24 + body.len() + 4).unwrap_or(0).to_le_bytes();
    [&b"\x2a\x2a\0\0"[..], &size, &1_u64.to_le_bytes(), &0x01DB_0000_0000_0000_u64.to_le_bytes(), body, &size].concat()
}

#[cfg(feature = "evtx")]
#[test]
fn windows_logs() {
    let corpus = std::env::var_os("SIGMAGLOT_CORPUS")
        .map_or_else(|| "../shared/corpus/sigmahq".into(), std::path::PathBuf::from);
    let walk = ignore::WalkBuilder::new(corpus.join("regression_data"))
        .standard_filters(false)
        .sort_by_file_path(Path::cmp)
        .build();
    let logs = walk.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "evtx"));
    // The part of a recorded log that is used: zeros behind it cost time and find nothing.
    let used = |mut bytes: Vec<u8>| {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        bytes.truncate(end);
        (bytes.len() < 24_000).then_some(bytes)
    };
    let mut seeds: Vec<Vec<u8>> = logs.filter_map(|entry| fs::read(entry.path()).ok().and_then(used)).take(5).collect();
    if seeds.is_empty() {
        println!("skipped: corpus not found at {}", corpus.display());
    }
    seeds.push(log(
        &[record(b"\x0f\x01\x01\0\x0c\x01\0\0\0\0\0\0\0\0\0\0"), record(b"\x0f\x01\x01\0\x01\xff\xff")].concat()
    ));
    let words: [&[u8]; 8] = [
        b"\x2a\x2a\0\0",
        b"\x0f\x01\x01\0",
        b"\x0c\x01",
        b"ElfChnk\0",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"\x41\0\0\0",
        b"\x0d\x0e\x00\x01",
    ];
    let mut random = Random::new(13);
    for i in 0..count() {
        let seed = &seeds[i % seeds.len()];
        // Damage where the records are, not in the header's padding.
        let (head, records) = seed.split_at(4096.min(seed.len()));
        holds(&[head, &damaged(&mut random, records, &words)].concat(), Format::Evtx);
    }
}

/// The queries for a target of every rule of the project.
fn queries(target: &str) -> Vec<String> {
    let target = Target::load(target, &Templates::embedded()).unwrap_or_else(|e| panic!("{}", e.message));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let walk = ignore::WalkBuilder::new(root).standard_filters(false).sort_by_file_path(Path::cmp).build();
    let mut out = Vec::new();
    for entry in walk.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "yml")) {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        for mut rule in read(&Source::new("rule.yml", text), &sigma::Options::default()).rules {
            rule.condition = sigmaglot::ir::normalize(rule.condition);
            out.extend(target.convert(&rule, &Options::default()).query);
        }
    }
    assert!(out.len() > 20, "the rules have queries");
    out
}

fn model(target: &str, number: u64, words: &[&[u8]], parse: impl Fn(&str) -> Result<(), lang::Error>) {
    let seeds = queries(target);
    let mut random = Random::new(number);
    for i in 0..count() {
        let bytes = damaged(&mut random, seeds[i % seeds.len()].as_bytes(), words);
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = parse(&text) {
            let span = error.span.range();
            assert!(span.start <= span.end && span.end <= text.len(), "{text:?}: {error:?}");
        }
    }
}

#[test]
fn eql_queries() {
    let words: [&[u8]; 12] =
        [b" and ", b" or ", b"not ", b"(", b")", b"\"", b"\"\"\"", b"?", b" : ", b" like~ (", b" | head 1", b"\\u{41}"];
    model("eql", 14, &words, |text| lang::eql::parse(text).map(drop));
}

#[test]
fn kql_queries() {
    let words: [&[u8]; 12] = [
        b" and ",
        b" or ",
        b"not(",
        b"(",
        b")",
        b"\"",
        b"@'",
        b" | where ",
        b" in~ (",
        b"```",
        b" matches regex ",
        b"h\"\\x41",
    ];
    model("kql", 15, &words, |text| lang::kql::parse(text).map(drop));
}

#[test]
fn spl_queries() {
    let words: [&[u8]; 12] = [
        b" AND ",
        b" OR ",
        b"NOT ",
        b"(",
        b")",
        b"\"",
        b"\\\\",
        b" | where ",
        b" IN (",
        b"CASE(",
        b" | regex x=",
        b"*",
    ];
    model("spl", 16, &words, |text| lang::spl::parse(text).map(drop));
}
