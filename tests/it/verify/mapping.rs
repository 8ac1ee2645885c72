//! `verify` through mappings: how events go through a mapping, and defects of mappings that it found, by name.

use serde_json::{Value, json};
use sigmaglot::interp::Event;
use sigmaglot::ir::Rule;
use sigmaglot::mapping::{self, Pipeline, Reason, builtin};
use sigmaglot::source::Source;
use sigmaglot::target::Templates;
use sigmaglot::verify::Exclusion;
use sigmaglot::verify::{Comparison, Evidence, Mapping, Outcome, Stage, compare, compare_mapped};

use crate::verify::support::{compared, engines, rule, target, witnesses};

fn pipeline(name: &str, text: &str) -> Pipeline {
    let (pipeline, said) = Pipeline::parse(&Source::new(name, text));
    pipeline.unwrap_or_else(|| panic!("{name}: {said:?}"))
}

/// The comparison of a rule through a pipeline, on its witnesses and on given events.
fn through(pipeline: &Pipeline, name: &str, rule: &Rule, given: &[Value]) -> Comparison {
    let chain = mapping::resolve([pipeline], name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let options = mapping::Options::default();
    let target = target(name, &Templates::embedded());
    let evidence = Evidence::new(rule).with(given.iter().map(event)).with(witnesses(rule));
    let mapping = Mapping { chain: &chain, options: &options };
    compare_mapped(&evidence, mapping, name, None, &mut target.session(), &mut engines(name))
}

fn event(value: &Value) -> Event {
    Event(value.as_object().cloned().unwrap_or_default())
}

/// What a mapping makes of an event for a rule.
fn stored(text: &str, rule: &Rule, name: &str, value: Value) -> Vec<Result<Value, String>> {
    let pipeline = pipeline("a mapping", text);
    let chain = mapping::resolve([&pipeline], name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let options = mapping::Options::default();
    let mapped = chain.apply(rule.clone(), &options);
    let way = chain.events(rule, &mapped, &options).unwrap_or_else(|| panic!("{:?}", mapped.diagnostics));
    let forms = way.stored(&event(&value)).into_iter();
    forms.map(|form| form.map(|event| Value::Object(event.0)).map_err(|unfit| unfit.to_string())).collect()
}

fn windows(category: &str, selection: &str) -> Rule {
    rule(&format!(
        "title: A rule\nlogsource: {{product: windows, category: {category}}}\ndetection:\n  sel:\n{selection}\n  \
         condition: sel\n"
    ))
}

fn is_equal(comparison: &Comparison) -> bool {
    matches!(comparison.outcome, Outcome::Equal) && comparison.discriminates()
}

fn is_refused(comparison: &Comparison, code: &str) -> bool {
    matches!(&comparison.outcome, Outcome::Refused(errors) if errors.iter().any(|e| e.code.to_string() == code))
}

const BOOLEANS: &str = "
name: words for truth values
transformations:
  - type: map_string
    mapping: {'true': egress, 'false': ingress}
    field_name_conditions: [{type: include_fields, fields: [Initiated]}]
  - type: field_name_mapping
    mapping: {Initiated: network.direction}
";

#[test]
fn map_string_sees_a_boolean_without_quotes() {
    let pipeline = pipeline("booleans", BOOLEANS);
    for value in ["true", "'true'", "'True'"] {
        let rule = windows("network_connection", &format!("    Initiated: {value}"));
        let comparison = through(&pipeline, "eql", &rule, &[json!({"Initiated": true}), json!({"Initiated": "false"})]);
        assert!(is_equal(&comparison), "{value}: {comparison:?}");
    }
}

const NUMBERS: &str = "
name: words for numbers
transformations:
  - type: map_string
    mapping: {'DWORD (0x00000000)': '0', 'DWORD (0x00000001)': '1', 'QWORD (0x1)': '1'}
    field_name_conditions: [{type: include_fields, fields: [Details]}]
";

#[test]
fn a_wildcard_finds_the_new_words_of_the_keys_it_finds() {
    let pipeline = pipeline("numbers", NUMBERS);
    let given = [json!({"Details": "DWORD (0x00000000)"}), json!({"Details": "DWORD (0x00000001)"})];
    for selection in
        ["Details|contains: '0x0000000'", "Details|endswith: '0)'", "Details|startswith: DWORD (0x00000000"]
    {
        let rule = windows("registry_set", &format!("    {selection}"));
        for target in ["eql", "spl", "sql"] {
            let comparison = through(&pipeline, target, &rule, &given);
            let (refused, equal) = (is_refused(&comparison, "SG0608"), is_equal(&comparison));
            // `0x0000000` is in the first two keys but not in the third, which has the word of the second.
            assert!(
                if selection.contains("contains") { refused } else { equal },
                "{selection} {target}: {comparison:?}"
            );
        }
    }
}

#[test]
fn values_that_the_product_cannot_tell_apart_are_refused() {
    let pipeline = pipeline("numbers", NUMBERS);
    let one = windows("registry_set", "    Details: DWORD (0x00000001)");
    assert!(is_refused(&through(&pipeline, "eql", &one, &[]), "SG0608"));
    let both = windows("registry_set", "    Details: [DWORD (0x00000001), QWORD (0x1)]");
    assert!(is_equal(&through(&pipeline, "eql", &both, &[])));
    let word = windows("registry_set", "    Details: '0'");
    assert!(is_refused(&through(&pipeline, "eql", &word, &[]), "SG0608"));
}

const TWO_NAMES: &str = "
name: one field in two columns
transformations:
  - type: field_name_mapping
    mapping: {ObjectId: [object.id, url.original]}
";

#[test]
fn a_value_in_one_of_two_columns_is_missing_where_both_are() {
    let pipeline = pipeline("two names", TWO_NAMES);
    for selection in ["ObjectId: null", "ObjectId|exists: false", "ObjectId|exists: true"] {
        let rule = windows("test", &format!("    {selection}"));
        let comparison = through(&pipeline, "eql", &rule, &[json!({"ObjectId": "y"}), json!({})]);
        assert!(is_equal(&comparison), "{selection}: {comparison:?}");
    }
}

#[test]
fn an_event_gets_what_the_product_stores() {
    let text = builtin::get("ecs-windows").unwrap_or("");
    let rule = windows("process_creation", "    Image|endswith: cmd.exe\n    User: a\n    ProcessId: 4");
    let md5 = "0".repeat(32);
    let hashes = format!("MD5={md5},IMPHASH={md5}");
    let given = json!({"Image": r"C:\cmd.exe", "User": r"NT AUTHORITY\SYSTEM", "ProcessId": "4", "Hashes": hashes});
    let expected = json!({
        "process.executable": r"C:\cmd.exe", "user.domain": "NT AUTHORITY", "user.name": "SYSTEM", "process.pid": 4,
        "process.hash.md5": md5, "process.pe.imphash": md5, "event.category": "process", "event.type": "start",
        "process.name": "cmd.exe",
    });
    // Sysmon or the security log may tell of the process.
    let of = |code: &str| {
        let mut event = expected.clone();
        event["event.code"] = code.into();
        Ok(event)
    };
    assert_eq!(stored(text, &rule, "eql", given), [of("1"), of("4688")]);
}

#[test]
fn an_event_that_the_product_does_not_have_is_named() {
    let text = builtin::get("ecs-windows").unwrap_or("");
    let rule = windows("network_connection", "    Image|endswith: cmd.exe");
    for (given, expected) in [
        (json!({"Hashes": "x"}), "`Hashes`: not of the log source: no list of hashes"),
        (json!({"User": r"a\b\c"}), "`User`: not of the log source: not divided as its values are"),
        (json!({"ProcessId": "04"}), "`process.pid`: cannot be stored: the column holds whole numbers"),
        (
            json!({"SourceIp": "::ffff:1.2.3.4"}),
            "`source.ip`: cannot be stored: the column holds addresses in their canonical form",
        ),
        (json!({"EventID": 1}), "`event.code`: not of the log source: the mapping asks for another value"),
        (
            json!({"Initiated": "egress"}),
            "`Initiated`: not of the log source: its field has no such value, or the product no word for it",
        ),
        (json!({"Image": {"a": 1}}), "`Image`: not of the log source: an object where the rule tests a value"),
        (
            json!({"Image": "a", "SourceImage": "b"}),
            "`process.executable`: cannot be stored: another field has another value for the same column",
        ),
    ] {
        assert_eq!(stored(text, &rule, "eql", given.clone()), [Err(expected.to_owned())], "{given}");
    }
}

#[test]
fn a_word_of_the_product_is_no_value_of_the_source() {
    let rule = windows("registry_set", "    Details: x");
    let expected = "`Details`: not of the log source: the product has this value for another one".to_owned();
    assert_eq!(stored(NUMBERS, &rule, "eql", json!({"Details": "0"})), [Err(expected)]);
}

/// In Splunk and KQL an empty text is no value, and the rules for which a field must not be empty had no event that matched.
#[test]
fn a_field_that_must_not_be_empty_has_a_value_in_some_event() {
    let pipeline = pipeline("splunk-windows", builtin::get("splunk-windows").unwrap_or(""));
    let rule = rule(
        "
title: A rule
logsource: {product: windows, category: image_load}
detection:
  sel: {Image|endswith: x}
  empty: {Signed: ''}
  dash: {Signed: '-'}
  condition: sel and not empty and not dash
",
    );
    assert!(is_equal(&through(&pipeline, "spl", &rule, &[])));
    let pipeline = self::pipeline("elastic-defend", builtin::get("elastic-defend").unwrap_or(""));
    let rule = self::rule(
        "
title: A rule
logsource: {product: windows, category: image_load}
detection:
  sel: {Image|endswith: x}
  signed: {Signed: 'true'}
  none: {Signed: null}
  condition: sel and not signed and not none
",
    );
    assert!(is_equal(&through(&pipeline, "eql", &rule, &[])));
}

#[test]
fn a_condition_of_the_mapping_may_ask_one_field_for_several_values() {
    let text = "
transformations:
  - {type: add_condition, conditions: {'tag|all': [process, report]}}
  - {type: add_condition, conditions: {'EventCode': 1}}
";
    let rule = windows("test", "    Image: x");
    let expected = json!({"Image": "x", "EventCode": 1, "tag": ["process", "report"]});
    assert_eq!(stored(text, &rule, "spl", json!({"Image": "x"})), [Ok(expected)]);
}

#[test]
fn every_column_of_a_choice_is_tried() {
    let rule = windows("test", "    ObjectId: x");
    let forms = stored(TWO_NAMES, &rule, "spl", json!({"ObjectId": "x"}));
    assert_eq!(forms, [Ok(json!({"object.id": "x"})), Ok(json!({"url.original": "x"}))]);
}

#[test]
fn a_wildcard_of_a_replacement_becomes_a_sample() {
    let text = "
transformations:
  - {type: replace_string, regex: '^HKCU\\\\', replacement: 'HKEY_USERS\\\\S-*\\\\'}
";
    let rule = windows("test", r"    TargetObject|startswith: HKCU\Run");
    let forms = stored(text, &rule, "spl", json!({"TargetObject": r"HKCU\Run"}));
    assert_eq!(forms, [Ok(json!({"TargetObject": r"HKEY_USERS\S-1\Run"}))]);
}

#[test]
fn an_event_without_the_number_that_its_source_always_has_is_left_out() {
    let pipeline = pipeline("ecs-windows", builtin::get("ecs-windows").unwrap_or(""));
    let rule = windows("registry_event", "    EventID: [12, 13]\n    TargetObject|endswith: x");
    let comparison = through(&pipeline, "eql", &rule, &[json!({"TargetObject": "x"})]);
    assert!(is_equal(&comparison), "{comparison:?}");
    assert!(comparison.excluded.contains_key(&Exclusion::Unfit(Reason::HalfColumn)));
}

/// A mapping that loses something is found out, and the counter-example says where.
#[test]
fn a_mapping_that_changes_the_verdict_is_a_difference_of_the_mapping() {
    let pipeline =
        pipeline("a wrong mapping", "transformations:\n  - {type: replace_string, regex: '^abc', replacement: x}\n");
    let rule = windows("test", "    Image|contains: bc");
    let comparison = through(&pipeline, "eql", &rule, &[json!({"Image": "abcd", "Other": "y"})]);
    let Outcome::Different(difference) = &comparison.outcome else { panic!("{comparison:?}") };
    assert_eq!((difference.stage, difference.matches), (Stage::Mapping, true));
    assert_eq!(Value::Object(difference.event.0.clone()), json!({"Image": "abc"}));
    assert_eq!(difference.mapped.clone().map(|event| Value::Object(event.0)), Some(json!({"Image": "x"})));
    assert!(difference.mapped_trace.is_some());
}

#[test]
fn exclusions_are_counted_by_reason() {
    let pipeline = pipeline("ecs-windows", builtin::get("ecs-windows").unwrap_or(""));
    let rule = windows("process_creation", "    Image|endswith: cmd.exe");
    let comparison = through(&pipeline, "eql", &rule, &[json!({"ProcessId": "x"}), json!({"ProcessId": "04"})]);
    assert!(is_equal(&comparison), "{comparison:?}");
    assert_eq!(comparison.excluded.get(&Exclusion::Unfit(Reason::NotAnInteger)), Some(&4), "two ways to store each");
}

#[test]
fn elastic_defend_knows_the_hive_in_any_letter_case() {
    let pipeline = pipeline("elastic-defend", builtin::get("elastic-defend").unwrap_or(""));
    let rule = windows("registry_set", r"    TargetObject|startswith: HKU\S-1");
    let comparison = through(&pipeline, "eql", &rule, &[json!({"TargetObject": r"hku\s-1-5"})]);
    assert!(is_equal(&comparison), "{comparison:?}");
}

/// The whole corpus was refused by SQLite: the mapping leaves the name of the table open, and the engine had none.
#[test]
fn a_mapping_of_the_shape_alone_asks_the_table_that_there_is() {
    let pipeline = pipeline("sql-json", builtin::get("sql-json").unwrap_or(""));
    let rule = windows("process_creation", "    ProcessId|gt: 4");
    let comparison = through(&pipeline, "sql", &rule, &[json!({"ProcessId": 5}), json!({"ProcessId": "4"})]);
    assert!(is_equal(&comparison), "{comparison:?}");
}

#[test]
fn elastic_defend_finds_a_hive_in_the_middle_of_a_pattern() {
    let pipeline = pipeline("elastic-defend", builtin::get("elastic-defend").unwrap_or(""));
    let rule = windows("registry_set", r"    TargetObject|contains: HKU\S-1");
    let given = [json!({"TargetObject": r"HKU\S-1-5"}), json!({"TargetObject": r"HKLM\HKU\S-1"})];
    let comparison = through(&pipeline, "eql", &rule, &given);
    assert!(is_equal(&comparison), "{comparison:?}");
    let long = windows("registry_set", r"    TargetObject|contains: HKEY_USERS\");
    assert!(is_refused(&through(&pipeline, "eql", &long, &[]), "SG0609"));
}

#[test]
fn values_that_are_one_in_the_product_are_not_told_apart() {
    let pipeline = pipeline("splunk-cim", builtin::get("splunk-cim").unwrap_or(""));
    for (values, refused) in [("DeleteKey", true), ("[DeleteKey, DeleteValue]", false), ("CreateKey", false)] {
        let rule = windows("registry_event", &format!("    EventType: {values}"));
        let given = [json!({"EventType": "DeleteValue"}), json!({"EventType": "CreateKey"})];
        let comparison = through(&pipeline, "spl", &rule, &given);
        assert_eq!((is_refused(&comparison, "SG0608"), is_equal(&comparison)), (refused, !refused), "{comparison:?}");
    }
}

/// What the mapping asks of the log source is no value of the event.
#[test]
fn the_facts_of_a_source_are_no_values_of_an_event() {
    let text = builtin::get("ecs-windows").unwrap_or("");
    let rule = windows("registry_event", "    TargetObject: x");
    let given = json!({"TargetObject": "x", "EventID": 13});
    let forms = stored(text, &rule, "eql", given);
    let code = |form: &Result<Value, String>| form.as_ref().ok().and_then(|event| event.get("event.code").cloned());
    assert!(!forms.is_empty() && forms.iter().all(|form| code(form) == Some(json!(13))), "{forms:?}");
}

/// That a field is missing excuses a difference only where the product would be right about the event that has it.
#[test]
fn a_missing_field_does_not_hide_a_defect_of_the_mapping() {
    let text = "
transformations:
  - {type: replace_string, regex: '^abc', replacement: x, field_name_conditions: [{type: include_fields, fields: [Image]}]}
  - {type: field_name_mapping, mapping: {Image: path, Process: path}}
";
    let rule = rule(
        "
title: A rule
logsource: {product: windows, category: test}
detection:
  a: {Image|contains: bc}
  b: {Process|contains: q}
  condition: a or b
",
    );
    let comparison = through(&pipeline("a wrong mapping", text), "eql", &rule, &[json!({"Image": "abcd"})]);
    assert!(matches!(&comparison.outcome, Outcome::Different(d) if d.stage == Stage::Mapping), "{comparison:?}");
    let given = [json!({"Image": "-", "Process": "q"}), json!({"Process": "bc"})];
    let right = pipeline(
        "a right mapping",
        "transformations:\n  - {type: field_name_mapping, mapping: {Image: path, Process: path}}\n",
    );
    let comparison = through(&right, "eql", &rule, &given);
    assert!(is_equal(&comparison), "{comparison:?}");
    assert!(comparison.excluded.contains_key(&Exclusion::Unfit(Reason::HalfColumn)), "{comparison:?}");
}

/// `index=` is a test of a field in Splunk, and the category one in EQL: the events of a table have it.
#[test]
fn a_table_that_a_mapping_sets_is_no_difference() {
    let tables = pipeline(
        "tables",
        "name: tables\ntransformations:\n  - {type: sigmaglot_tables, tables: [{product: windows, table: process}]}\n",
    );
    let rule = windows("process_creation", "    Image|endswith: '\\a.exe'");
    for name in ["spl", "eql", "kql", "sql"] {
        let comparison = through(&tables, name, &rule, &[]);
        assert!(is_equal(&comparison), "{name}: {:?}", comparison.outcome);
    }
}

#[test]
fn a_table_that_the_caller_names_is_no_difference() {
    let rule = windows("process_creation", "    Image|endswith: '\\a.exe'");
    for name in ["spl", "eql", "kql", "sql"] {
        let target = target(name, &Templates::embedded());
        let (session, engines) = (&mut target.session(), &mut engines(name));
        let evidence = Evidence::new(&rule).with(witnesses(&rule));
        let comparison = compare(&evidence, name, Some("wineventlog"), session, engines);
        assert!(is_equal(&comparison), "{name}: {:?}", comparison.outcome);
    }
}

/// Fields that differ in letter case only are one column in SQLite, also through a mapping; nothing is shown then.
#[test]
fn two_names_of_one_column_are_not_compared() {
    let rule = windows("process_creation", "    Message: one\n    message: two");
    let names = pipeline("names", "name: names\ntransformations:\n  - {type: field_name_suffix, suffix: '_x'}\n");
    for pipeline in [pipeline("nothing", "name: nothing\ntransformations: []\n"), names] {
        let comparison = through(&pipeline, "sql", &rule, &[]);
        assert!(matches!(comparison.outcome, Outcome::NotCompared), "{:?}", comparison.outcome);
        assert!(is_equal(&through(&pipeline, "kql", &rule, &[])));
    }
}

#[test]
fn a_field_that_no_mapping_knows_is_named() {
    let rule = windows("process_creation", "    Imagee|endswith: '\\a.exe'\n    Image|endswith: '\\b.exe'");
    let target = target("sql", &Templates::embedded());
    let comparison = compared(&rule, &target, "sql", &mut engines("sql"));
    let names: Vec<&str> = comparison.unknown_fields.iter().map(AsRef::as_ref).collect();
    assert_eq!(names, ["Imagee"]);
}

/// A dialect is compared with the store of its own file, never with SQLite's.
#[test]
fn a_dialect_is_compared_by_its_own_store() {
    let dialect = "name = 'ours'\nsummary = 'ours'\n";
    let store = "[store]\nnames_fold = false\n";
    let rule = windows("process_creation", "    Message: one\n    message: two");
    let outcome = |text: String| {
        let templates = Templates::embedded().with_override("sql/dialects/ours.toml", text.as_str());
        let target = target("sql:ours", &templates);
        compared(&rule, &target, "sql:ours", &mut engines("sql"))
    };
    assert!(is_refused(&outcome(dialect.to_owned()), "SG0916"));
    // The store says that the two are two columns; SQLite, asked all the same, says that they are not.
    assert!(matches!(outcome(format!("{dialect}{store}")).outcome, Outcome::Failed { .. }));
}
