//! Values in the product's notation: an event of Sysmon beside the row that the product makes of it, and searches that must hold on
//! both or on neither. The rows are written by hand after the products' documents, and share nothing with the mappings.

use serde_json::{Value as Json, json};
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir;
use sigmaglot::mapping;

use super::{pipelines, read};

/// Whether the search holds on the event, and whether the mapped one holds on the row; `None` where it is refused.
fn verdicts(name: &str, logsource: &str, search: &str, event: &Json, row: &Json) -> Option<(bool, bool)> {
    let text = format!("title: t\nlogsource: {{{logsource}}}\ndetection:\n  s:\n    {search}\n  condition: s\n");
    let rule = read("row.yml".into(), text).pop().expect("the search is a rule");
    let holds = |rule: &ir::Rule, event: &Json| {
        Matcher::new(rule).matches(&Event(event.as_object().cloned().expect("an object")))
    };
    let before = holds(&rule, event);
    let pipelines = pipelines(name);
    let chain = mapping::resolve(&pipelines, "kql").expect("the mapping is for kql");
    let mapped = chain.apply(rule, &mapping::Options::default()).rule?;
    Some((before, holds(&mapped, row)))
}

/// Each search on each pair agrees or is refused; gives how many agreed in a match, and how many were refused.
fn agree(name: &str, logsource: &str, searches: &[&str], pairs: &[(Json, Json)]) -> (usize, usize) {
    let (mut matched, mut refused) = (0, 0);
    for search in searches {
        for (event, row) in pairs {
            match verdicts(name, logsource, search, event, row) {
                None => refused += 1,
                Some((before, after)) => {
                    assert_eq!(before, after, "{name}: {search} on {event} and {row}");
                    matched += usize::from(before);
                }
            }
        }
    }
    (matched, refused)
}

const DETAILS: [&str; 19] = [
    "Details: DWORD (0x00000001)",
    "Details: DWORD (0x0000002A)",
    "Details: DWORD (0xffffffff)",
    "Details: QWORD (0x00000001-0x00000002)",
    "Details|contains: DWORD (0x00000001)",
    "Details|endswith: (0x0000002a)",
    "Details|startswith: DWORD",
    "Details|contains: '0x0000'",
    "Details: '1'",
    "Details|contains: '4'",
    "Details|re: ^DWORD",
    "Details|re: \\\\[a-z]\\.exe",
    "Details: (Empty)",
    "Details: Binary Data",
    "Details|contains: .exe",
    "Details|endswith: .EXE",
    "Details: null",
    "Details: '*'",
    "Details: [DWORD (0x00000001), 'C:\\a.exe']",
];

const OBJECTS: [&str; 14] = [
    "TargetObject: HKLM\\SOFTWARE\\a\\b",
    "TargetObject|startswith: HKLM\\SOFTWARE",
    "TargetObject|contains: \\SOFTWARE\\",
    "TargetObject|endswith: \\b",
    "TargetObject|endswith: a\\b",
    "TargetObject|startswith: HKU\\S-1",
    "TargetObject|contains: HKLM\\",
    "TargetObject|contains: KLM",
    "TargetObject: HK*\\b",
    "TargetObject: '*'",
    "TargetObject|contains: MACHINE",
    "TargetObject|re: HKLM",
    "TargetObject: '*\\a\\*'",
    "TargetObject|startswith: [HKCR\\x, HKLM\\SOFTWARE\\a]",
];

fn data(notation: impl Fn(&str, &str) -> String) -> Vec<(Json, Json)> {
    [
        ("DWORD (0x00000001)", "1"),
        ("DWORD (0x0000002a)", "42"),
        ("DWORD (0xffffffff)", "4294967295"),
        ("QWORD (0x00000001-0x00000002)", "4294967298"),
        ("C:\\a.exe", "C:\\a.exe"),
        ("the text DWORD (0x00000001)", "the text DWORD (0x00000001)"),
    ]
    .into_iter()
    .map(|(sysmon, product)| (json!({"Details": sysmon}), json!({"Details": notation(sysmon, product)})))
    .collect()
}

fn renamed(pairs: Vec<(Json, Json)>, column: &str, extra: &Json) -> Vec<(Json, Json)> {
    let row = |mut row: Json| {
        let object = row.as_object_mut().expect("an object");
        if let Some(value) = object.remove("Details") {
            object.insert(column.into(), value);
        }
        object.extend(extra.as_object().expect("an object").clone());
        row
    };
    pairs.into_iter().map(|(event, other)| (event, row(other))).collect()
}

const SET: &str = "product: windows, category: registry_set";

#[test]
fn data_of_registry_values() {
    let decimal = || data(|_, product| product.to_owned());
    let xdr = renamed(decimal(), "RegistryValueData", &json!({"ActionType": "RegistryValueSet"}));
    let (matched, refused) = agree("defender-xdr", SET, &DETAILS, &xdr);
    assert!(matched >= 15 && refused > 0, "{matched} {refused}");
    let event = json!({"EventID": 4657, "OperationType": "%%1904"});
    let (matched, _) = agree("sentinel-securityevent", SET, &DETAILS, &renamed(decimal(), "NewValue", &event));
    assert!(matched >= 15, "{matched}");
    let event = json!({"EventType": "RegistryValueSet"});
    let own = data(|sysmon, _| sysmon.to_owned());
    for pairs in [decimal(), own] {
        let (matched, _) = agree("sentinel-asim", SET, &DETAILS, &renamed(pairs, "RegistryValueData", &event));
        assert!(matched >= 15, "{matched}");
    }
    let empty = [(json!({"Details": "(Empty)"}), json!({"RegistryValueData": "", "ActionType": "RegistryValueSet"}))];
    assert_eq!(agree("defender-xdr", SET, &["Details: (Empty)", "Details|contains: .exe"], &empty), (1, 0));
}

#[test]
fn keys_of_the_registry() {
    let paths = [
        (r"HKLM\SOFTWARE\a\b", r"HKEY_LOCAL_MACHINE\SOFTWARE\a", r"\REGISTRY\MACHINE\SOFTWARE\a", "b"),
        (r"HKU\S-1-5-18\SOFTWARE\a\c", r"HKEY_USERS\S-1-5-18\SOFTWARE\a", r"\REGISTRY\USER\S-1-5-18\SOFTWARE\a", "c"),
    ];
    let pairs = |key: fn(&(&'static str, &'static str, &'static str, &'static str)) -> Json| -> Vec<(Json, Json)> {
        paths.iter().map(|path| (json!({"TargetObject": path.0}), key(path))).collect()
    };
    let xdr = pairs(|p| json!({"RegistryKey": p.1, "RegistryValueName": p.3, "ActionType": "RegistryValueSet"}));
    let asim = pairs(|p| json!({"RegistryKey": p.1, "RegistryValue": p.3, "EventType": "RegistryValueSet"}));
    let audit =
        pairs(|p| json!({"ObjectName": p.2, "ObjectValueName": p.3, "EventID": 4657, "OperationType": "%%1904"}));
    for (name, pairs) in [("defender-xdr", xdr), ("sentinel-asim", asim), ("sentinel-securityevent", audit)] {
        let (matched, refused) = agree(name, SET, &OBJECTS, &pairs);
        assert!(matched >= 9 && refused >= 4, "{name}: {matched} {refused}");
    }
}

#[test]
fn fields_of_a_few_values() {
    let searches =
        ["Initiated: 'true'", "Initiated|contains: TRU", "Initiated: false", "Initiated: '*'", "Initiated|re: t.ue"];
    let network = "product: windows, category: network_connection";
    let pair = |initiated: &str, column: &str, value: &str| (json!({"Initiated": initiated}), json!({column: value}));
    let xdr = [
        pair("true", "ActionType", "ConnectionSuccess"),
        pair("true", "ActionType", "ConnectionFailed"),
        pair("false", "ActionType", "InboundConnectionAccepted"),
    ];
    assert_eq!(agree("defender-xdr", network, &searches, &xdr), (8, 3));
    let asim = [pair("true", "Initiated", "true"), pair("false", "Initiated", "false")];
    assert_eq!(agree("sentinel-asim", network, &searches, &asim), (6, 0), "a computed column");
    let levels =
        ["IntegrityLevel: High", "IntegrityLevel|contains: i", "IntegrityLevel: [System, low]", "IntegrityLevel: H*"];
    let process = "product: windows, category: process_creation";
    let label =
        |level: &str, sid: &str| (json!({"IntegrityLevel": level}), json!({"MandatoryLabel": sid, "EventID": 4688}));
    let audit = [
        label("Low", "S-1-16-4096"),
        label("Medium", "S-1-16-8192"),
        label("High", "S-1-16-12288"),
        label("System", "S-1-16-16384"),
    ];
    assert_eq!(agree("sentinel-securityevent", process, &levels, &audit), (6, 0));
    let kinds = ["EventType: SetValue", "EventType|endswith: Key", "EventType|startswith: Delete", "EventType: Other"];
    let event = |kind: &str, column: &str, value: &str| (json!({"EventType": kind}), json!({column: value}));
    let rows = |column: &'static str| {
        [
            event("SetValue", column, "RegistryValueSet"),
            event("CreateKey", column, "RegistryKeyCreated"),
            event("DeleteKey", column, "RegistryKeyDeleted"),
            event("DeleteValue", column, "RegistryValueDeleted"),
        ]
    };
    let registry = "product: windows, category: registry_event";
    assert_eq!(agree("defender-xdr", registry, &kinds, &rows("ActionType")), (5, 4));
    assert_eq!(agree("sentinel-asim", registry, &kinds, &rows("EventType")), (5, 4));
}

#[test]
fn accounts_and_names_of_parents() {
    let process = "product: windows, category: process_creation";
    let users =
        ["User: CORP\\ann", "User|contains: ann", "User|contains: AUTHORI", "User|endswith: \\ann", "User: ann"];
    let row = |domain: &str, name: &str| json!({"AccountDomain": domain, "AccountName": name, "ActionType": "ProcessCreated"});
    let pairs = [
        (json!({"User": "CORP\\ann"}), row("corp", "ann")),
        (json!({"User": "NT AUTHORITY\\SYSTEM"}), row("nt authority", "system")),
    ];
    assert_eq!(agree("defender-xdr", process, &users, &pairs), (4, 0));
    let file = "product: windows, category: file_event";
    let parents = ["ParentImage|endswith: \\a.exe", "ParentImage|contains: \\Temp\\", "ParentImage: C:\\Temp\\a.exe"];
    let row = json!({"InitiatingProcessParentFileName": "a.exe", "ActionType": "FileCreated"});
    assert_eq!(agree("defender-xdr", file, &parents, &[(json!({"ParentImage": "C:\\Temp\\a.exe"}), row)]), (1, 2));
}
