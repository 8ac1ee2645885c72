//! The computed columns: rows as the products write them, and what each expression of the mappings makes of them.
//!
//! `verify` finds rows by turning expressions around; where a value lies in a table, and how it is written there, is stated
//! here by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use sigmaglot::lang::kql::{self, OtherColumns, Row, Schema, Type, Value};
use sigmaglot::mapping::builtin;

/// The expressions of a mapping, by table.
fn expressions(name: &str) -> BTreeMap<String, Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Vars {
        vars: Option<BTreeMap<String, Vec<String>>>,
    }
    let text = builtin::get(name).unwrap_or_else(|| panic!("there is no mapping {name}"));
    let read: Vars = serde_yaml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    read.vars.unwrap_or_default()
}

fn cell(value: &Json) -> (Type, Value) {
    match value {
        Json::String(text) => (Type::String, Value::String(text.clone())),
        Json::Number(number) => (Type::Long, Value::Long(number.as_i64().expect("a whole number"))),
        other => (Type::Dynamic, Value::Dynamic(other.clone())),
    }
}

/// What a table's expressions of these columns give for a row.
fn computed(name: &str, table: &str, row: &Json, columns: &BTreeSet<&str>) -> Json {
    let wanted = |line: &&String| columns.contains(line.split(" = ").next().unwrap_or(""));
    let lines: Vec<String> = expressions(name)[table].iter().filter(wanted).cloned().collect();
    let query = kql::parse(&format!("{table} | extend {}", lines.join(", "))).unwrap_or_else(|e| panic!("{e}"));
    let cells = row.as_object().expect("a row").iter().map(|(name, value)| (name.clone(), cell(value)));
    let (types, row): (Vec<(String, Type)>, Row) =
        cells.map(|(name, (kind, value))| ((name.clone(), kind), (name, value))).unzip();
    let prepared = query.prepare(&Schema::new(types, OtherColumns::Unknown)).unwrap_or_else(|e| panic!("{e}"));
    let out = prepared.extend(&row).unwrap_or_else(|e| panic!("{e}"));
    let value = |column: &&str| match out.get(*column) {
        Some(Value::String(text)) => json!(text),
        Some(Value::Long(number)) => json!(number),
        Some(Value::Null) => Json::Null,
        other => panic!("{column}: {other:?}"),
    };
    columns.iter().map(|column| ((*column).to_owned(), value(column))).collect::<serde_json::Map<_, _>>().into()
}

fn check(name: &str, table: &str, cases: &[(Json, Json)]) {
    for (row, expected) in cases {
        let columns: BTreeSet<&str> = expected.as_object().expect("columns").keys().map(String::as_str).collect();
        assert_eq!(computed(name, table, row, &columns), *expected, "{name} {table} {row}");
    }
}

#[test]
fn who_began_a_connection_is_its_source() {
    let row = |action: &str, url: &str| {
        json!({
            "ActionType": action, "LocalIP": "10.0.0.5", "LocalPort": 50000, "RemoteIP": "192.0.2.7", "RemotePort": 443,
            "RemoteUrl": url, "DeviceName": "pc1.corp.example",
        })
    };
    let ours = |url: &str, host: &str| {
        let expected = json!({
            "SourceIp": "10.0.0.5", "SourcePort": 50000, "SourceHostname": "pc1.corp.example",
            "DestinationIp": "192.0.2.7", "DestinationPort": 443, "DestinationHostname": host,
        });
        (row("ConnectionSuccess", url), expected)
    };
    let theirs = json!({
        "SourceIp": "192.0.2.7", "SourcePort": 443, "SourceHostname": "a.example",
        "DestinationIp": "10.0.0.5", "DestinationPort": 50000, "DestinationHostname": "pc1.corp.example",
    });
    check(
        "defender-xdr",
        "DeviceNetworkEvents",
        &[
            ours("a.example", "a.example"),
            ours("https://a.example:8443/x?y=http://b.example", "a.example"),
            ours("a.example/x", "a.example"),
            ours("http://[fe80::1]:5357/x", "[fe80::1]"),
            ours("", ""),
            (row("InboundConnectionAccepted", "a.example"), theirs),
        ],
    );
    // The parser of Defender has the name of the process on the side of this device; that of Sysmon its path on the other one.
    let session = |product: &str, direction: &str, source: &str, destination: &str| {
        let id = |name: &str, id: &str| if name.is_empty() { String::new() } else { id.to_owned() };
        json!({
            "EventProduct": product, "NetworkDirection": direction, "SrcProcessName": source, "DstProcessName": destination,
            "SrcProcessId": id(source, "1"), "DstProcessId": id(destination, "2"), "SrcUsername": id(source, "a"),
            "DstUsername": id(destination, "b"),
        })
    };
    let process = |image: &str, id: &str, user: &str, initiated: &str| json!({"Image": image, "ProcessId": id, "ProcessUser": user, "Initiated": initiated});
    check(
        "sentinel-asim",
        "_Im_NetworkSession",
        &[
            (session("M365 Defender for EndPoint", "Inbound", "", "d.exe"), process(r"\d.exe", "2", "b", "false")),
            (session("M365 Defender for EndPoint", "Outbound", "s.exe", ""), process(r"\s.exe", "1", "a", "true")),
            (session("M365 Defender for EndPoint", "Unknown", "s.exe", ""), process(r"\s.exe", "1", "a", "")),
            (session("Sysmon", "", "", r"C:\s.exe"), process(r"C:\s.exe", "2", "b", "true")),
            (session("Sysmon", "", r"C:\d.exe", ""), process(r"C:\d.exe", "1", "a", "false")),
        ],
    );
}

#[test]
fn paths_that_a_sensor_or_a_parser_writes_in_its_own_way() {
    let row = |folder: &str, name: &str| json!({"FolderPath": folder, "FileName": name, "InitiatingProcessFolderPath": folder, "InitiatingProcessFileName": name});
    let path = |path: &str| json!({"TargetImage": path, "ImageLoaded": path, "SourceImage": path});
    check(
        "defender-xdr",
        "DeviceEvents",
        &[
            (row(r"C:\Windows\System32", "lsass.exe"), path(r"C:\Windows\System32\lsass.exe")),
            (row(r"c:\windows\system32\lsass.exe", "lsass.exe"), path(r"c:\windows\system32\lsass.exe")),
            (row(r"C:\x", ""), path(r"C:\x")),
        ],
    );
    let file = |path: &str, name: &str| json!({"TargetFilePath": path, "TargetFileName": name});
    let target = |path: &str| json!({"TargetFilename": path});
    check(
        "sentinel-asim",
        "_Im_FileEvent",
        &[
            (file(r"C:\x\a.dll\a.dll", "a.dll"), target(r"C:\x\a.dll")),
            (file(r"C:\x\a.dll", "a.dll"), target(r"C:\x\a.dll")),
            (file("/opt/a/a", "a"), target("/opt/a")),
            (file("", ""), target("")),
        ],
    );
    let key = |action: &str| {
        json!({
            "ActionType": action, "RegistryKey": "K", "RegistryValueName": "V", "PreviousRegistryKey": "PK",
            "PreviousRegistryValueName": "PV",
        })
    };
    let changed = |key: &str, name: &str| json!({"ChangedKey": key, "ChangedValueName": name});
    check(
        "defender-xdr",
        "DeviceRegistryEvents",
        &[(key("RegistryValueSet"), changed("K", "V")), (key("RegistryKeyDeleted"), changed("PK", "PV"))],
    );
    let data =
        r#"<EventData xmlns="x"><Data Name="Other">1</Data><Data Name="TicketEncryptionType">0x17</Data></EventData>"#;
    check(
        "sentinel-securityevent",
        "SecurityEvent",
        &[(json!({ "EventData": data }), json!({"TicketEncryptionType": "0x17", "AccessList": ""}))],
    );
}

#[test]
fn what_additional_fields_hold() {
    let row =
        |fields: Json| json!({"AdditionalFields": if fields.is_null() { String::new() } else { fields.to_string() }});
    let columns =
        |pipe: &str, name: &str, access: &str| json!({"PipeName": pipe, "QueryName": name, "GrantedAccess": access});
    check(
        "defender-xdr",
        "DeviceEvents",
        &[
            (row(json!({"PipeName": r"\Device\NamedPipe\mojo.1"})), columns(r"\mojo.1", "", "")),
            (row(json!({"DnsQueryString": "a.example"})), columns("", "a.example", "")),
            (row(json!({"DesiredAccess": 5136})), columns("", "", "0x1410")),
            (row(json!({"DesiredAccess": 2097151})), columns("", "", "0x1fffff")),
            (row(json!({"DesiredAccess": 0})), columns("", "", "0x0")),
            (row(json!({})), columns("", "", "")),
            (row(Json::Null), columns("", "", "")),
        ],
    );
}

#[test]
fn parts_of_an_address() {
    let case = |url: &str, path: &str, query: &str, extension: &str| {
        (json!({"Url": url}), json!({"UrlPath": path, "UrlQuery": query, "UrlExtension": extension}))
    };
    check(
        "sentinel-asim",
        "_Im_WebSession",
        &[
            case("https://a.example/x/y.php?k=v.w#f.g", "/x/y.php", "k=v.w", "php"),
            case("https://a.example:8443/x.tar.gz", "/x.tar.gz", "", "gz"),
            case("/x/y.exe?k", "/x/y.exe", "k", "exe"),
            case("https://a.example/v1.2/x", "/v1.2/x", "", ""),
            // The last part of a host is no extension of a file.
            case("https://a.example", "", "", ""),
            case("https://a.example?k=v.exe", "", "k=v.exe", ""),
            case("https://a.example/", "/", "", ""),
            case("https://a.example/x?k=v?w", "/x", "k=v?w", ""),
            case("", "", "", ""),
        ],
    );
}

#[test]
fn members_of_bags_are_text() {
    check(
        "sentinel-sysmon",
        "WindowsEvent",
        &[
            (
                json!({"EventData": {"Image": r"C:\a.exe", "ProcessId": "4", "Device": "d", "Provider": "p"}}),
                json!({"Image": r"C:\a.exe", "ProcessId": "4", "Device": "d", "EventData_Provider": "p", "User": ""}),
            ),
            (json!({"EventData": {}}), json!({"Image": ""})),
        ],
    );
    check(
        "sentinel-cloud",
        "AWSCloudTrail",
        &[(
            json!({"RequestParameters": r#"{"attribute":"userData","containerDefinitions":{"command":["a","b"]},"enable":false}"#}),
            json!({
                "RequestParameters_attribute": "userData", "RequestParameters_enable": "false",
                "RequestParameters_containerDefinitions_command": r#"["a","b"]"#, "RequestParameters_layers": "",
            }),
        )],
    );
    check(
        "sentinel-cloud",
        "AuditLogs",
        &[
            (json!({"TargetResources": [{"type": "User"}, {"type": "Other"}]}), json!({"TargetResource_type": "User"})),
            (json!({"TargetResources": []}), json!({"TargetResource_type": ""})),
        ],
    );
    check(
        "sentinel-cloud",
        "AKSAudit",
        &[(
            json!({"ObjectRef": {"resource": "pods"}, "ResponseStatus": {"code": 201}, "User": {"username": "u"}}),
            json!({"ObjectRef_resource": "pods", "ResponseStatus_code": "201", "User_username": "u", }),
        )],
    );
}
