//! Shapes of event sources, whole and broken.

use std::io::Read as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// What a text gives: events, and for what cannot be read the code and the line.
fn read(text: &str, format: Format) -> Vec<Value> {
    Events::new(text.as_bytes(), "e.json", format)
        .enumerate()
        .map(|(at, event)| match event {
            Ok((index, event)) => {
                assert_eq!(index, at, "indices count what could not be read too");
                Value::Object(event.0)
            }
            Err(diagnostic) => {
                let place = diagnostic.message.strip_prefix("e.json, line ").and_then(|m| m.split(':').next());
                json!([diagnostic.code.id(), place.and_then(|line| line.parse::<usize>().ok())])
            }
        })
        .collect()
}

#[track_caller]
fn gives(text: &str, expected: Value) {
    assert_eq!(Value::Array(read(text, Format::Auto)), expected, "{text}");
}

#[test]
fn shapes_of_json() {
    let both = json!([{"a": 1}, {"b": [1, {"c": "}]\"{"}]}]);
    gives(r#"[{"a": 1}, {"b": [1, {"c": "}]\"{"}]}]"#, both.clone());
    gives("{\"a\": 1}\n{\"b\": [1, {\"c\": \"}]\\\"{\"}]}\n", both.clone());
    gives("\u{feff}{\n  \"a\": 1\n}\r\n{\n\"b\":\n[1,\n{\"c\": \"}]\\\"{\"}\n]}", both.clone());
    gives("Record 1\n{\n \"a\": 1}\nRecord 2\r\n{\"b\": [1, {\"c\": \"}]\\\"{\"}]}", both.clone());
    gives("[\n{\"a\": 1},\n{\"b\": [1, {\"c\": \"}]\\\"{\"}]}\n]\n", both);
    gives(r#"{"a":1}{"b":2} {"c":3}"#, json!([{"a": 1}, {"b": 2}, {"c": 3}]));
    gives("", json!([]));
    gives(" \n\n[ ]\n", json!([]));
}

#[test]
fn a_broken_line_costs_that_line() {
    gives("{\"a\": 1\n{\"b\": 2}\n{\"c\": 3}", json!([["SG0801", 1], {"b": 2}, {"c": 3}]));
    gives("{\"a\":\n{\"b\": 2}\n{\"c\": 3}", json!([["SG0801", 1], {"b": 2}, {"c": 3}]));
    gives("{\"a\": \"x\n{\"b\": 2}\n", json!([["SG0801", 1], {"b": 2}]));
    gives("{\"a\": 1}\nnonsense {\"x\n{\"b\": 2}", json!([{"a": 1}, ["SG0801", 2], {"b": 2}]));
    gives("Recorder\n{\"b\": 2}", json!([["SG0801", 1], {"b": 2}]));
    gives("{\"a\": 1]\n{\"b\": 2}\n", json!([["SG0801", 1], {"b": 2}]));
    gives("{\"b\": 2}\n}\n{\"c\": 3}\n", json!([{"b": 2}, ["SG0801", 2], {"c": 3}]));
    gives(r#"[{"a": tru}, {"b": 2}]"#, json!([["SG0801", 1], {"b": 2}]));
    gives(r#"[{"a": 1}, {"b": 2}"#, json!([{"a": 1}, {"b": 2}, ["SG0801", 1]]));
    gives("{\"a\": 1", json!([["SG0801", 1]]));
}

/// A cut line is noticed soon after it, not at the end of a stream that may be endless.
#[test]
fn a_cut_line_is_said_before_much_more_is_read() {
    for cut in ["{\"a\": 1\n", "{\"a\":\n", "{\"a\": [\n", "{\"a\": \"x\n"] {
        let text = format!("{cut}{}", "{\"b\": 2}\n".repeat(10_000));
        let mut rest = io::BufReader::with_capacity(16, text.as_bytes());
        let mut events = Events::new(&mut rest, "e", Format::Auto);
        assert!(events.next().is_some_and(|event| event.is_err()), "{cut}");
        drop(events);
        assert!(rest.get_ref().len() + 200 > text.len(), "{} bytes left after {cut}", rest.get_ref().len());
    }
}

#[test]
fn values_that_are_no_events() {
    gives(
        r#"[1, "a,]b", [2, 3], null, {"a": 1}]"#,
        json!([["SG0802", 1], ["SG0802", 1], ["SG0802", 1], ["SG0802", 1], {"a": 1}]),
    );
    gives("17\n{\"a\": 1}", json!([["SG0802", 1], {"a": 1}]));
}

#[test]
fn what_is_nested_too_deep_is_kept_as_text_and_no_stack_pays_for_it() {
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert_eq!(read(&nested(127), Format::Auto), [serde_json::from_str::<Value>(&nested(127)).unwrap()]);
    for (depth, text) in [(128, "{\"a\":1}"), (100_000, "{\"a\":{\"a\":")] {
        let events = read(&format!("{}\n{{\"b\":2}}", nested(depth)), Format::Auto);
        let deepest = Event(events[0].as_object().unwrap().clone()).scalars()[0].to_string();
        assert!(deepest.replace('\\', "").starts_with(&format!("\"{text}")), "{deepest:.50}");
        assert_eq!(events[1..], [json!({"b": 2}), json!(["SG0808", null])]);
    }
    gives(&format!("{}\n{{\"b\":2}}]", "[".repeat(1000)), json!([["SG0801", 1], {"b": 2}]));
}

/// What is said of a source at its end.
fn closing(bytes: &[u8], format: Format) -> Option<Diagnostic> {
    Events::new(bytes, "e.json", format).last().and_then(Result::err)
}

/// The events of a source that has to be read without an error.
#[track_caller]
fn lossy(bytes: &[u8], format: Format) -> Vec<Value> {
    let items: Vec<_> = Events::new(bytes, "e.json", format).collect();
    assert!(items.iter().all(|item| item.as_ref().err().is_none_or(|d| !d.is_error())), "{items:?}");
    items.into_iter().flatten().map(|(_, event)| Value::Object(event.0)).collect()
}

#[test]
fn one_bad_thing_never_drops_an_event() {
    for (text, event) in [
        (&b"{\"a\":\"x\xff\",\"b\":1}"[..], json!({"a": "x\u{fffd}", "b": 1})),
        (b"{\"a\xff\":1}", json!({"a\u{fffd}": 1})),
        (b"{\"a\":\"\xed\xa0\x80\"}", json!({"a": "\u{fffd}\u{fffd}\u{fffd}"})),
        (br#"{"a":"x\ud800y"}"#, json!({"a": "x\u{fffd}y"})),
        (br#"{"a":"\udc00\ud83d\ude00\ud800"}"#, json!({"a": "\u{fffd}😀\u{fffd}"})),
        (br#"{"a":"\ud800\ud83d\ude00"}"#, json!({"a": "\u{fffd}😀"})),
        (br#"{"a":1e999,"b":-1E+400}"#, json!({"a": "1e999", "b": "-1E+400"})),
        (
            br#"{"a":NaN,"b":-Infinity,"c":007,"d":+1,"e":.5,"f":0x1F}"#,
            json!({"a": "NaN", "b": "-Infinity", "c": "007", "d": "+1", "e": ".5", "f": "0x1F"}),
        ),
        (b"{\"a\":\"x\0y\x01\tz\"}", json!({"a": "x\0y\u{1}\tz"})),
        (b"\0\0\0{\"a\":1}\0", json!({"a": 1})),
        (br#"{"a":"C:\Users\x","b":"\u12"}"#, json!({"a": "C:\\Users\\x", "b": "\\u12"})),
        (br#"{"a":[1,2,],}"#, json!({"a": [1, 2]})),
        (b"{\"a\":\"x\ny\"}", json!({"a": "x\ny"})),
        (br#"{"a":1,"a":2}"#, json!({"a": [1, 2]})),
        (br#"{"a":{"b":1,"b":[2,3],"b":null},"a":"x"}"#, json!({"a": [{"b": [1, [2, 3], null]}, "x"]})),
    ] {
        let text = [text, b"\n{\"next\":1}\n"].concat();
        assert_eq!(lossy(&text, Format::Json), [event, json!({"next": 1})], "{}", String::from_utf8_lossy(&text));
        let said = closing(&text, Format::Json).expect("what was changed is said");
        assert_eq!(said.code, codes::EVENTS_CHANGED);
    }
}

#[test]
fn what_is_changed_is_said_once_a_source_with_counts() {
    let text = b"{\"a\":1}\n{\"a\":\"\xff\xff\"}\n{\"a\":\"\xff\",\"a\":1e999}\n".repeat(100);
    let said: Vec<_> = Events::new(&text[..], "e.json", Format::Auto).filter_map(Result::err).collect();
    let [one] = &said[..] else { panic!("{said:?}") };
    assert!(one.message.contains("e.json: 200 events"), "{one}");
    assert_eq!(
        one.help,
        [
            "200 have bytes that are no text, read as U+FFFD; the first on line 2",
            "100 have a number that JSON or a double does not have, read as text; the first on line 3",
            "100 have a key more than once, read as a list of all its values; the first on line 3",
        ]
    );
}

#[test]
fn a_repeated_key_keeps_every_value_of_a_windows_record() {
    let text = br#"{"Event":{"System":{"EventID":1,"EventID":4688},"System":{"Channel":"Security"},
        "EventData":{"Image":"a","Image":"b"},"EventData":{"Image":"c","Other":1}}}"#;
    let event = json!({"Image": ["a", "b", "c"], "Other": 1, "EventID": [1, 4688], "Channel": "Security"});
    assert_eq!(lossy(text, Format::Auto), [event]);
}

#[test]
fn numbers_are_those_of_semantics() {
    let text =
        b"{\"a\":[9223372036854775808,-9223372036854775808,18446744073709551615,18446744073709551616,1e23,0.1,-0]}";
    let events = lossy(text, Format::Json);
    let texts: Vec<String> = events[0]["a"].as_array().unwrap().iter().map(ToString::to_string).collect();
    let exact = [
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        "1.8446744073709552e+19",
        "1e+23",
        "0.1",
        "-0.0",
    ];
    assert_eq!(texts, exact);
    assert!(closing(text, Format::Json).is_none_or(|d| !d.is_error()));
}

#[test]
fn errors_are_capped_with_a_total() {
    let text = "nonsense\n".repeat(1000) + "{\"a\":1}\n";
    let items: Vec<_> = Events::new(text.as_bytes(), "e", Format::Auto).collect();
    assert_eq!(items.len(), ERRORS_SAID + 2);
    assert!(matches!(&items[ERRORS_SAID], Ok((1000, _))), "the index counts all: {:?}", items[ERRORS_SAID]);
    let last = items.last().and_then(|item| item.as_ref().err()).expect("the total is an error");
    assert_eq!(last.to_string(), "error[SG0809]: e: 980 more events could not be read, 1000 in all");
}

/// Each of these lines begins a value that goes on over all lines behind it.
#[test]
fn unclosed_lines_are_not_read_again_and_again() {
    struct Counting<'a>(&'a [u8], std::rc::Rc<std::cell::Cell<usize>>);
    impl io::Read for Counting<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.0.read(out)?;
            self.1.set(self.1.get() + n);
            Ok(n)
        }
    }
    for line in ["{\"a\":[{\"b\":1},\n", "{\"a\":\n", "[[\n", "{\"a\":{\"b\":1},\n\"c\":\n", "{\"a\": \"x\ny\n"] {
        let text = line.repeat(200_000) + "{\"last\": 1}\n";
        let read = std::rc::Rc::default();
        let reader = io::BufReader::new(Counting(text.as_bytes(), std::rc::Rc::clone(&read)));
        let events: Vec<_> = Events::new(reader, "e", Format::Auto).collect();
        let last = events.iter().flatten().last().map(|(_, event)| Value::Object(event.0.clone()));
        assert_eq!(last, Some(json!({"last": 1})), "{line:?}");
        assert_eq!(read.get(), text.len());
    }
}

#[test]
fn a_field_of_millions_of_values_does_not_cost_those_beside_it() {
    let text =
        format!("{{\"flood\":[{}0],\"Image\":\"evil.exe\",\"b\":{{\"c\":1}}}}\n{{\"next\":1}}", "0,".repeat(3_000_000));
    let events = lossy(text.as_bytes(), Format::Auto);
    assert_eq!(events[0]["Image"], "evil.exe");
    let flood = events[0]["flood"].as_array().unwrap();
    let kept = flood.last().and_then(Value::as_str).map(|rest| rest.split(',').count() + flood.len() - 1);
    assert_eq!(kept, Some(3_000_001), "no value is lost");
    assert_eq!(events[1], json!({"next": 1}));
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn utf_16_is_read_with_and_without_a_mark() {
    let text = "{\"a\":\"é😀\"}\r\n{\"b\":2}\n";
    let events = [json!({"a": "é😀"}), json!({"b": 2})];
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        for mark in ["", "\u{feff}"] {
            assert_eq!(lossy(&utf16(&format!("{mark}{text}"), unit), Format::Auto), events);
        }
    }
    let mut half = utf16("{\"a\":\"x", u16::to_le_bytes);
    half.extend_from_slice(&[0x00, 0xD8]);
    half.extend(utf16("y\"}", u16::to_le_bytes));
    assert_eq!(lossy(&half, Format::Auto), [json!({"a": "x\u{fffd}y"})]);
    half.push(7);
    assert!(Events::new(&half[..], "e", Format::Auto).flatten().count() == 1);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut out, bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn compressed_sources_are_unpacked() {
    let text = "{\"a\":1}\n".repeat(20_000);
    let skipped = [&b"\x50\x2A\x4D\x18\x03\0\0\0abc"[..], &zstd(text.as_bytes())].concat();
    for (name, packed) in [("gzip", gzip(text.as_bytes())), ("zstd", zstd(text.as_bytes())), ("skipped", skipped)] {
        assert_eq!(lossy(&packed, Format::Auto).len(), 20_000, "{name}");
        assert_eq!(lossy(&packed.repeat(2), Format::Auto).len(), 40_000, "{name}, two members");
        let cut = &packed[..packed.len() - 9];
        let last = Events::new(cut, "e", Format::Auto).last();
        assert!(matches!(&last, Some(Err(d)) if d.code == codes::EVENTS_UNREADABLE), "{name}: {last:?}");
    }
    let wide = utf16("{\"a\":1}\n", u16::to_le_bytes);
    assert_eq!(lossy(&gzip(&zstd(&wide)), Format::Auto), [json!({"a": 1})]);
    assert_eq!(lossy(&gzip(b"a,b\n1,2\n"), Format::Csv), [json!({"a": "1", "b": "2"})]);
    let often = gzip(&gzip(&gzip(&gzip(b"{}"))));
    assert!(matches!(closing(&often, Format::Auto), Some(d) if d.code == codes::EVENTS_FORMAT));
}

#[test]
fn rows_of_csv_are_flat_events_of_texts() {
    for (text, events) in [
        ("a,b\n1,x\n", json!([{"a": "1", "b": "x"}])),
        ("\u{feff}a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n,\r\n", json!([{"a": "1", "b": "x, \"y\"\nz"}, {"a": "", "b": ""}])),
        ("a;b\n1,5;x\n", json!([{"a": "1,5", "b": "x"}])),
        ("a\tb\n1\tx;y\n\n", json!([{"a": "1", "b": "x;y"}])),
        ("sep=;\na;b\n1;2\n", json!([{"a": "1", "b": "2"}])),
        ("a,a\n1,2\n", json!([{"a": ["1", "2"]}])),
        ("a,b\n1\n1,2,3,4\n", json!([{"a": "1"}, {"a": "1", "b": "2", "": ["3", "4"]}])),
        ("a,b\n1,x\"y\n2,z\n", json!([{"a": "1", "b": "x\"y"}, {"a": "2", "b": "z"}])),
        ("a,b\n1,\"x\n2,y\n", json!([{"a": "1", "b": "\"x"}, {"a": "2", "b": "y"}])),
        ("a,b\n1,\"x", json!([{"a": "1", "b": "\"x"}])),
        ("", json!([])),
        ("a,b", json!([])),
    ] {
        assert_eq!(Value::Array(lossy(text.as_bytes(), Format::Csv)), events, "{text:?}");
    }
    assert_eq!(lossy(b"a,b\n\xff,2\n", Format::Csv), [json!({"a": "\u{fffd}", "b": "2"})]);
    assert_eq!(lossy(&utf16("a,b\n1,é\n", u16::to_le_bytes), Format::Csv), [json!({"a": "1", "b": "é"})]);
    let quotes = "a,b\n".to_owned() + &"1,\"x\n".repeat(50_001);
    assert_eq!(lossy(quotes.as_bytes(), Format::Csv).len(), 50_001 - 25_000, "each quote ends at the next one");
}

#[test]
fn what_is_no_source_of_events_says_what_it_seems_to_be() {
    for (bytes, what) in [
        (&b"%PDF-1.7\n"[..], "a PDF document"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (b"MZ\x90\0\x03\0", "a Windows program"),
        (b"\x7FELF\x02\x01", "an ELF program"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xFF\xD8\xFF\xE0", "a JPEG image"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"<?xml version=\"1.0\"?>", "XML"),
        (b"\xEF\xBB\xBF<Events>", "XML"),
        (b"\xFF\xFE\0\0{\0\0\0", "UTF-32 text"),
        (b"PAR1\x15", "a Parquet file"),
    ] {
        for format in [Format::Auto, Format::Json, Format::Csv] {
            let items: Vec<_> = Events::new(bytes, "e", format).collect();
            let [Err(said)] = &items[..] else { panic!("{items:?}") };
            assert!(said.code == codes::EVENTS_FORMAT && said.message.contains(what), "{said}");
        }
    }
    let log = closing(b"ElfFile\0", Format::Json).expect("a log is no JSON");
    assert!(log.message.contains("a Windows event log") && log.help[0].contains("--input evtx"), "{log:?}");
}

#[test]
fn a_failing_reader_is_said_and_ends_the_events() {
    struct Fails;
    impl io::Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let reader = io::BufReader::new((&b"{\"a\": 1}\n{\"b\""[..]).chain(Fails));
    let events: Vec<_> = Events::new(reader, "e", Format::Auto).collect();
    assert_eq!(events.len(), 2);
    assert!(events[1].as_ref().is_err_and(|d| d.code == codes::EVENTS_UNREADABLE), "{events:?}");
}

#[test]
fn a_log_that_is_none() {
    let codes_of = |bytes: &'static [u8], format| {
        Events::new(bytes, "e", format).map(|e| e.err().map(|d| d.code)).collect::<Vec<_>>()
    };
    assert_eq!(codes_of(b"ElfFile\0 and nothing more", Format::Auto), [Some(codes::EVENT_LOG_FAILED)]);
    assert_eq!(codes_of(b"{}", Format::Evtx), [Some(codes::EVENT_LOG_FAILED)]);
}

#[test]
fn windows_records_are_flattened() {
    let record = json!({"Event": {
        "#attributes": {"xmlns": "http://example.com"},
        "System": {
            "Provider": {"#attributes": {"Name": "P", "Guid": "G"}},
            "EventID": {"#attributes": {"Qualifiers": 16384}, "#text": 7045},
            "Channel": "System", "Correlation": null, "Level": 4,
        },
        "EventData": {
            "#attributes": {"Name": "Kind"},
            "New Value": "n", "Level": "data",
            "Data": [
                {"#attributes": {"Name": "Named"}, "#text": "x"}, {"@Name": "Other", "#text": 1}, "first", "second",
            ],
            "Binary": null,
        },
    }});
    let flat = json!({
        "EventData_Name": "Kind", "NewValue": "n", "Level": "data", "Named": "x", "Other": 1,
        "Data": ["first", "second"], "Binary": null,
        "Provider_Name": "P", "Provider_Guid": "G", "EventID_Qualifiers": 16384, "EventID": 7045,
        "Channel": "System", "Correlation": null,
    });
    assert_eq!(read(&record.to_string(), Format::Auto), [flat]);
    assert_eq!(read(&record.to_string(), Format::Json), [record]);
}

#[test]
fn user_data_and_separate_attributes() {
    let record = json!({"Event": {
        "Event_attributes": {"xmlns": "http://example.com"},
        "System": {
            "Provider_attributes": {"Name": "P"}, "EventID": 104, "EventID_attributes": {"Qualifiers": 0},
            "Channel": "System",
        },
        "UserData": {"LogFileCleared": {"#attributes": {"xmlns": "ns"}, "Channel": "Security", "Sub": {"x": 1}}},
        "RenderingInfo": {"Message": "m"},
    }, "collector": "c"});
    let flat = json!({
        "Channel": "Security", "Sub": {"x": 1}, "Provider_Name": "P", "EventID": 104, "EventID_Qualifiers": 0,
        "RenderingInfo": {"Message": "m"}, "collector": "c",
    });
    assert_eq!(read(&record.to_string(), Format::Auto), [flat]);
}

#[test]
fn an_object_with_an_event_that_is_no_record_stays() {
    for object in [json!({"Event": "x"}), json!({"Event": {"System": 1}, "a": 1}), json!({"Event": {"a": {}}})] {
        assert_eq!(read(&object.to_string(), Format::Auto), [object]);
    }
}

#[test]
fn unnamed_data_is_a_list() {
    for (data, expected) in [
        (json!("x"), json!("x")),
        (json!({"#text": ["x", "y"]}), json!(["x", "y"])),
        (json!(["x", "y", "z"]), json!(["x", "y", "z"])),
    ] {
        let record = json!({"Event": {"System": {}, "EventData": {"Data": data}}});
        assert_eq!(read(&record.to_string(), Format::Auto), [json!({ "Data": expected })]);
    }
}

/// What `serde_json` reads without a key twice is read alike.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |x| serde_json::Number::from_f64(x).map(Value::Number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_read_as_it_was_written(value in json_value(), pretty in any::<bool>()) {
        let event = json!({ "a": value });
        let text = if pretty { serde_json::to_string_pretty(&event) } else { serde_json::to_string(&event) }.unwrap();
        let items: Vec<_> = Events::new(text.as_bytes(), "e", Format::Json).collect();
        prop_assert!(items.len() == 1, "{items:?}");
        prop_assert_eq!(&Value::Object(items[0].as_ref().unwrap().1.0.clone()), &event);
    }

    #[test]
    fn no_bytes_make_reading_csv_panic_or_hang(text in "[,;\"a\n\r\t]{0,40}") {
        prop_assert!(Events::new(text.as_bytes(), "e", Format::Csv).count() <= text.len() + 2);
    }

    #[test]
    fn no_bytes_make_reading_panic_or_hang(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Events::new(&bytes[..], "e", Format::Auto).count() <= bytes.len() + 3);
    }

    #[test]
    fn no_text_makes_reading_panic_or_hang(text in r#"[\[\]{}",:1a\\\n R]{0,60}"#) {
        prop_assert!(read(&text, Format::Auto).len() <= text.len() + 3);
    }
}
