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
            ours("", ""),
            (row("InboundConnectionAccepted", "a.example"), theirs),
        ],
    );
    let session = |direction: &str| {
        json!({
            "NetworkDirection": direction, "SrcProcessName": "s.exe", "DstProcessName": "d.exe", "SrcProcessId": "1",
            "DstProcessId": "2", "SrcUsername": "a", "DstUsername": "b",
        })
    };
    let process = |image: &str, id: &str, user: &str| json!({"Image": image, "ProcessId": id, "ProcessUser": user});
    check(
        "sentinel-asim",
        "_Im_NetworkSession",
        &[
            (session("Inbound"), process("d.exe", "2", "b")),
            (session("Outbound"), process("s.exe", "1", "a")),
            (session(""), process("s.exe", "1", "a")),
        ],
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
