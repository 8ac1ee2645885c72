//! Files of events as people have them: each point of "Events" of other people's files through the binary, and damaged
//! Windows logs made from recorded ones.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sigmaglot::events::{Events, Format};

const RULE: &str = "title: Evil\nid: 2b9f6a3e-6d0f-4a55-9d32-5f0a3a9c1e77\nlogsource: {category: test}\ndetection:\n  \
                    sel: {Image|endswith: evil.exe}\n  condition: sel\n";

/// A directory with the rule `rule.yml` and these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("there is room for a directory");
    fs::write(dir.path().join("rule.yml"), RULE).expect("the rule is written");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("a directory is made");
        fs::write(path, bytes).expect("the file is written");
    }
    dir
}

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sigmaglot"))
        .args(["run", "-r", "rule.yml", "--count"])
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Exit code, matches, and stderr.
#[track_caller]
fn said(out: &Output) -> (Option<i32>, u64, String) {
    let count = serde_json::from_slice::<serde_json::Value>(&out.stdout).ok().and_then(|line| line["count"].as_u64());
    (out.status.code(), count.unwrap_or(0), String::from_utf8_lossy(&out.stderr).into_owned())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).and_then(|()| out.finish()).expect("memory takes it")
}

#[test]
fn lossy_reading_drops_no_event_and_is_said_once_a_file() {
    let bad = [
        &b"{\"Image\":\"\xff\\\\evil.exe\"}\n"[..],
        b"{\"Image\":\"\\ud800evil.exe\"}\n",
        b"{\"n\":1e999,\"Image\":\"evil.exe\"}\n",
        b"{\"Image\":\"\0evil.exe\"}\n",
        b"{\"Image\":\"evil.exe\",\"Image\":\"good.exe\"}\n",
        b"{\"Image\":\"good.exe\",\"Image\":\"evil.exe\"}\n",
    ]
    .concat();
    let dir = folder(&[("e.ndjson", &bad.repeat(50))]);
    let (code, matches, stderr) = said(&run(dir.path(), &["e.ndjson"]));
    assert_eq!((code, matches), (Some(0), 300), "{stderr}");
    assert_eq!(stderr.matches("SG0808").count(), 1, "{stderr}");
    assert!(stderr.contains("e.ndjson: 300 events"), "{stderr}");
    assert!(stderr.contains("50 have an escape for half a character"), "{stderr}");
}

#[test]
fn encodings_compression_csv_and_folders_of_logs_are_read() {
    let line = "{\"Image\":\"C:\\\\evil.exe\"}\n";
    let wide: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> = [0xFE, 0xFF].into_iter().chain(line.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let zstd = ruzstd::encoding::compress_to_vec(line.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let files: &[(&str, &[u8])] = &[
        ("all/wide.json", &wide),
        ("all/marked.json", &marked),
        ("all/a.ndjson.gz", &gzip(line.as_bytes())),
        ("all/b.json.zst", &zstd),
        ("all/c.csv", b"Time,Image\n1,C:\\evil.exe\n2,good\n"),
        ("all/d.csv.gz", &gzip(b"Image\nevil.exe\n")),
        ("all/readme.txt", b"no events"),
        ("logs/app.log", line.as_bytes()),
        ("logs/old/app.log.gz", &gzip(line.as_bytes())),
    ];
    let dir = folder(files);
    let (code, matches, stderr) = said(&run(dir.path(), &["all"]));
    assert_eq!((code, matches), (Some(0), 6), "{stderr}");
    let (code, matches, stderr) = said(&run(dir.path(), &["logs", "--input", "json"]));
    assert_eq!((code, matches), (Some(0), 2), "{stderr}");
    let (code, matches, stderr) = said(&run(dir.path(), &["all/c.csv", "--input", "csv"]));
    assert_eq!((code, matches), (Some(0), 1), "{stderr}");
    assert_eq!(said(&run(dir.path(), &["logs"])).0, Some(3), "a .log may be anything where nothing says what it is");
}

#[test]
fn what_is_unreadable_says_what_it_seems_to_be() {
    let dir = folder(&[("a.json", b"%PDF-1.4 ..."), ("b.json", b"PK\x03\x04...."), ("c.json", b"MZ\x90\0\x03\0\0\0")]);
    let (code, _, stderr) = said(&run(dir.path(), &["a.json", "b.json", "c.json"]));
    assert_eq!(code, Some(3));
    for what in ["a.json: there are no events in it; it seems to be a PDF document", "ZIP archive", "Windows program"] {
        assert!(stderr.contains(what), "{stderr}");
    }
    assert_eq!(stderr.matches("error[").count(), 3, "{stderr}");
}

#[test]
fn errors_of_a_file_are_capped_with_a_total() {
    let dir = folder(&[("e.ndjson", &[b"nonsense\n".repeat(5000), b"{\"Image\":\"evil.exe\"}\n".to_vec()].concat())]);
    let (code, matches, stderr) = said(&run(dir.path(), &["e.ndjson"]));
    assert_eq!((code, matches), (Some(3), 1));
    assert_eq!(stderr.lines().count(), 21, "{stderr}");
    assert!(stderr.contains("error[SG0809]: e.ndjson: 4980 more events could not be read, 5000 in all"), "{stderr}");
}

/// Peak memory of the program in KiB, where GNU time tells it; and how it ended.
fn peak(dir: &Path, args: &[&str]) -> Option<(u64, String)> {
    let time = Path::new("/usr/bin/time");
    if !time.is_file() {
        println!("skipped: /usr/bin/time is not there");
        return None;
    }
    let out = Command::new(time)
        .args(["-f", "peak %M", env!("CARGO_BIN_EXE_sigmaglot"), "run", "-r", "rule.yml", "--count"])
        .args(args)
        .current_dir(dir)
        .output()
        .ok()?;
    let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
    let peak = stderr.lines().last()?.strip_prefix("peak ")?.parse().ok()?;
    Some((peak, format!("{}{stderr}", String::from_utf8_lossy(&out.stdout))))
}

/// Of what an event of 64 MB may be made so that its values take as much memory as can be.
#[test]
fn one_event_of_64_mb_stays_under_ten_times_its_size() {
    const SIZE: usize = (64 << 20) - 100;
    let filled = |start: &str, item: &str, end: &str| {
        let n = (SIZE - start.len() - end.len() - 40) / item.len();
        format!("{start}{}{end},\"Image\":\"evil.exe\"}}", item.repeat(n))
    };
    let keys: String = (0..5_500_000).map(|i| format!("\"{i:x}\":0,")).collect();
    for (what, text) in [
        ("small numbers", filled("{\"a\":[", "0,", "0]")),
        ("small objects", filled("{\"a\":[", "{\"\":0},", "0]")),
        ("deep arrays", filled("{\"a\":[", "[[[[]]]],", "0]")),
        ("many keys", format!("{{\"a\":{{{keys}\"x\":0}},\"Image\":\"evil.exe\"}}")),
    ] {
        assert!(text.len() <= 64 << 20, "{what}");
        let dir = folder(&[("e.json", text.as_bytes())]);
        let Some((peak, said)) = peak(dir.path(), &["e.json"]) else { return };
        assert!(said.contains("\"count\":1"), "{what}: {said}");
        let times = peak * 1024 / text.len() as u64;
        println!("{what}: {} MiB, {times} times", peak / 1024);
        assert!(times < 10, "{what}: {} MiB, {times} times the event", peak / 1024);
    }
    let dir = folder(&[(
        "e.json",
        &[b"{\"a\":\"".to_vec(), b"x".repeat(70 << 20), b"\"}\n{\"Image\":\"evil.exe\"}".to_vec()].concat(),
    )]);
    let (code, matches, stderr) = said(&run(dir.path(), &["e.json"]));
    assert_eq!((code, matches), (Some(3), 1), "{stderr}");
    assert!(stderr.contains("error[SG0803]: e.json, line 1: an event larger than 64 MiB"), "{stderr}");
}

// ---- Windows event logs: damage at run time ----

/// A recorded log of the corpus with its bytes, whole 64 KiB chunks behind its header.
fn recorded() -> Option<Vec<u8>> {
    let corpus = std::env::var_os("SIGMAGLOT_CORPUS").map_or_else(|| "../shared/corpus/sigmahq".into(), PathBuf::from);
    let walk = ignore::WalkBuilder::new(corpus.join("regression_data"))
        .standard_filters(false)
        .sort_by_file_path(Path::cmp)
        .build();
    let logs =
        walk.flatten().map(|entry| entry.into_path()).filter(|path| path.extension().is_some_and(|e| e == "evtx"));
    let read = logs.filter_map(|path| fs::read(path).ok()).find(|bytes| count(bytes).0 > 0);
    if read.is_none() {
        println!("skipped: corpus not found at {}", corpus.display());
    }
    read
}

/// How many events and errors the bytes give.
fn count(bytes: &[u8]) -> (usize, usize) {
    let (events, errors): (Vec<_>, Vec<_>) = Events::new(bytes, "e.evtx", Format::Auto).partition(Result::is_ok);
    (events.len(), errors.len())
}

const HEADER: usize = 4096;
const CHUNK: usize = 1 << 16;

/// A log of that many copies of the first chunk of a recorded one.
fn log(recorded: &[u8], chunks: usize) -> Vec<u8> {
    let chunk = &recorded[HEADER..(HEADER + CHUNK).min(recorded.len())];
    [&recorded[..HEADER], &chunk.repeat(chunks)].concat()
}

#[test]
fn a_damaged_chunk_costs_that_chunk_only() {
    let Some(recorded) = recorded() else { return };
    let (one, _) = count(&log(&recorded, 1));
    let whole = log(&recorded, 5);
    assert_eq!(count(&whole), (5 * one, 0));
    let third = HEADER + 2 * CHUNK;

    let mut magic = whole.clone();
    magic[third..third + 8].fill(0xFF);
    assert_eq!(count(&magic), (4 * one, 1), "the chunk's first bytes");

    let mut filled = whole.clone();
    filled[third..third + CHUNK].fill(0x41);
    assert_eq!(count(&filled), (4 * one, 1), "all of the chunk");

    let mut zeros = whole.clone();
    zeros[third..third + CHUNK].fill(0);
    assert_eq!(count(&zeros), (4 * one, 0), "a chunk that is not used is no damage");

    let mut names = whole.clone();
    names[third + 128..third + 384].fill(0xEE);
    assert_eq!(count(&names).0, 5 * one, "the table of names is not needed");

    let mut records = whole.clone();
    records[third + 512..third + 1024].fill(0xEE);
    let (events, errors) = count(&records);
    assert!(events >= 4 * one && errors >= 1, "a record of the chunk: {events} events, {errors} errors");

    let lost = [&whole[..third + 1000], &whole[third + 5001..]].concat();
    let (events, errors) = count(&lost);
    assert!(events >= 3 * one && errors >= 1, "lost bytes: {events} events, {errors} errors");

    let cut = &whole[..whole.len() - CHUNK + 600];
    let (events, errors) = count(cut);
    assert!(events >= 4 * one && errors >= 1, "a cut log: {events} events, {errors} errors");

    let mut header = whole.clone();
    header[8..HEADER].fill(0xEE);
    assert_eq!(count(&header).0, 5 * one, "the chunks are there, whatever the header says of them");
    header[..8].fill(0);
    let events = Events::new(&header[..], "e.evtx", Format::Evtx);
    assert_eq!(events.flatten().count(), 5 * one, "a log without its first bytes, named as one");

    assert_eq!(count(&gzip(&whole)), (5 * one, 0), "a compressed log");
}

/// A text of Windows is any 16-bit units, half a surrogate pair among them: it must not hide its record.
#[test]
fn half_a_character_in_a_log_costs_no_record() {
    let Some(recorded) = recorded() else { return };
    let whole = log(&recorded, 1);
    let path: Vec<u8> = r"C:\".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let places: Vec<usize> = (HEADER + 512..whole.len()).filter(|at| whole[*at..].starts_with(&path)).collect();
    assert!(!places.is_empty(), "the log has a path");
    for at in places {
        let mut half = whole.clone();
        half[at + 1] = 0xD8;
        let events: Vec<_> = Events::new(&half[..], "e.evtx", Format::Auto).collect();
        assert_eq!(events.iter().flatten().count(), count(&whole).0, "byte {at}: {events:?}");
    }
}

#[test]
fn memory_for_a_log_does_not_grow_with_it() {
    let Some(recorded) = recorded() else { return };
    let dir = folder(&[("small.evtx", &log(&recorded, 20)), ("large.evtx", &log(&recorded, 2000))]);
    let Some((small, _)) = peak(dir.path(), &["small.evtx"]) else { return };
    let Some((large, _)) = peak(dir.path(), &["large.evtx"]) else { return };
    println!("1 MiB: {} MiB; 125 MiB: {} MiB", small / 1024, large / 1024);
    assert!(large < small + (24 << 10), "{} MiB for 1 MiB, {} MiB for 125 MiB", small / 1024, large / 1024);
}
