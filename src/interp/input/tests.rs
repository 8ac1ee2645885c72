//! Shapes of event sources, whole and broken.

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
    gives("{\"a\": 1e999}\n{\"b\": 2}", json!([["SG0801", 1], {"b": 2}]));
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
fn nesting_has_a_limit_and_no_stack_pays_for_it() {
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(read(&nested(127), Format::Auto)[0].is_object());
    gives(&format!("{}\n{{\"b\":2}}", nested(128)), json!([["SG0803", 1], {"b": 2}]));
    gives(&format!("{}\n{{\"b\":2}}]", "[".repeat(1000)), json!([["SG0803", 1], {"b": 2}]));
}

#[test]
fn bytes_that_are_no_text() {
    let events: Vec<_> = Events::new(&b"{\"a\":\"\xff\"}\n{\"b\":2}"[..], "e", Format::Auto).collect();
    assert!(events[0].is_err() && events[1].is_ok());
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

proptest! {
    #[test]
    fn no_bytes_make_reading_panic_or_hang(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Events::new(&bytes[..], "e", Format::Auto).count() <= bytes.len() + 1);
    }

    #[test]
    fn no_text_makes_reading_panic_or_hang(text in r#"[\[\]{}",:1a\\\n R]{0,60}"#) {
        prop_assert!(read(&text, Format::Auto).len() <= text.len() + 1);
    }
}
