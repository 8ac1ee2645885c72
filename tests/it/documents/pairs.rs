//! The pairs of each mapping: which files have them, which log source an event is of, and what of the raw event is known.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use sigmaglot::interp::Event;
use sigmaglot::ir::Logsource;
use sigmaglot::verify::{Exclusion, Pair};

use super::raw;

/// The pairs that judge a mapping.
pub struct Set {
    pub mapping: &'static str,
    pub target: &'static str,
    pub stored: Vec<Stored>,
    /// The mapping that this one includes whole, if it does: rules and fields are asked there, of the same pairs.
    pub fields_of: Option<&'static str>,
}

/// A pair with what kind of event it is: an id, a data set, a table with its action.
pub struct Stored {
    pub kind: String,
    pub pair: Pair,
}

/// A line of a file of documents.
struct Line {
    source: String,
    raw: Value,
    document: Map<String, Value>,
}

/// The side of a finding where a column of the mapping's type cannot hold the value of the document.
pub fn type_of(exclusion: Exclusion) -> &'static str {
    match exclusion {
        Exclusion::NotAnAddress | Exclusion::NotANumber | Exclusion::NotABoolean | Exclusion::NotADouble => "type",
        _ => "left out",
    }
}

/// All sets, the quick ones last.
pub fn sets(root: &Path) -> Vec<Set> {
    let (elastic, microsoft, splunk) = (root.join("elastic"), root.join("microsoft"), root.join("splunk"));
    let windows = || lines(&elastic.join("pairs-windows.jsonl"));
    let set = |mapping, target, stored| {
        let fields_of = (mapping == "winlogbeat").then_some("ecs-windows");
        Set { mapping, target, stored, fields_of }
    };
    let mut m365 = lines(&elastic.join("m365_defender.jsonl"));
    m365.retain(|line| line.raw["category"].as_str().is_some_and(|c| c.starts_with("AdvancedHunting-")));
    let device = |row: fn(&Line) -> Event| m365.iter().filter_map(|line| device(line, row(line))).collect();
    vec![
        set("ecs-windows", "eql", windows().into_iter().map(windows_event).collect()),
        set(
            "winlogbeat",
            "eql",
            windows().into_iter().filter(|l| l.source.starts_with("winlogbeat ")).map(windows_event).collect(),
        ),
        set("ecs-cloud", "eql", CLOUD.iter().flat_map(|cloud| services(&elastic, cloud)).collect()),
        set("ecs-network", "eql", NETWORK.iter().flat_map(|network| services(&elastic, network)).collect()),
        set("ecs-linux", "eql", linux(&elastic)),
        set("crowdstrike-fdr", "eql", lines(&elastic.join("crowdstrike.jsonl")).iter().filter_map(falcon).collect()),
        set(
            "sentinelone",
            "eql",
            lines(&elastic.join("sentinel_one_cloud_funnel.jsonl")).iter().filter_map(funnel).collect(),
        ),
        set("m365-defender", "eql", device(|line| with_dataset(&line.source, line.document.clone()))),
        set("defender-xdr", "kql", device(|line| Event(object(&line.raw["properties"])))),
        set("sentinel-securityevent", "kql", security(&microsoft)),
        set("splunk-windows", "spl", xml(&splunk)),
    ]
}

fn lines(path: &Path) -> Vec<Line> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let source = value["source"].as_str().unwrap_or_default().to_owned();
        Line { source, raw: value["raw"].clone(), document: object(&value["document"]) }
    };
    text.lines().map(line).collect()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// The data set that a line of a package is of: `PACKAGE.DATASTREAM`.
fn dataset(source: &str) -> Option<String> {
    let package = source.split(' ').next()?;
    let stream = source.split_once("data_stream/")?.1.split('/').next()?;
    Some(format!("{package}.{stream}"))
}

/// The document with the constants of its index, which tests of integrations often leave away.
fn with_dataset(source: &str, mut document: Map<String, Value>) -> Event {
    if let Some(dataset) = dataset(source) {
        let own = Value::from(dataset);
        for (name, field) in [("event", "dataset"), ("data_stream", "dataset")] {
            let object = document.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(object) = object {
                object.entry(field).or_insert_with(|| own.clone());
            }
        }
    }
    Event(document)
}

fn windows_event(line: Line) -> Stored {
    let raw = Event(object(&line.raw));
    let word = |name: &str| match raw.0.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "?".to_owned(),
    };
    let kind = format!("{} {}", word("Channel"), word("EventID"));
    let document = with_dataset(&line.source, line.document);
    Stored { kind, pair: Pair { raw, document, logsource: None } }
}

/// A data set of a package with its log source.
type Service = (&'static str, &'static str, &'static str);

const CLOUD: &[Service] = &[
    ("aws.cloudtrail", "aws", "cloudtrail"),
    ("azure.activitylogs", "azure", "activitylogs"),
    ("azure.auditlogs", "azure", "auditlogs"),
    ("azure.signinlogs", "azure", "signinlogs"),
    ("azure.identity_protection", "azure", "riskdetection"),
    ("gcp.audit", "gcp", "gcp.audit"),
    ("okta.system", "okta", "okta"),
    ("github.audit", "github", "audit"),
    ("o365.audit", "m365", "audit"),
    ("atlassian_bitbucket.audit", "bitbucket", "audit"),
    ("google_workspace.admin", "gcp", "google_workspace.admin"),
    ("google_workspace.login", "gcp", "google_workspace.login"),
    ("cisco_duo.auth", "cisco", "duo"),
];

const NETWORK: &[Service] = &[
    ("zeek.connection", "zeek", "conn"),
    ("zeek.dce_rpc", "zeek", "dce_rpc"),
    ("zeek.dns", "zeek", "dns"),
    ("zeek.http", "zeek", "http"),
    ("zeek.kerberos", "zeek", "kerberos"),
    ("zeek.ntlm", "zeek", "ntlm"),
    ("zeek.rdp", "zeek", "rdp"),
    ("zeek.smb_files", "zeek", "smb_files"),
    ("zeek.ssh", "zeek", "ssh"),
    ("zeek.ssl", "zeek", "ssl"),
    ("zeek.x509", "zeek", "x509"),
    ("fortinet_fortigate.log", "fortigate", "event"),
];

/// The pairs of a data set.
fn services(folder: &Path, (set, product, service): &Service) -> Vec<Stored> {
    let package = set.split('.').next().unwrap_or_default();
    let own = |line: &Line| dataset(&line.source).as_deref() == Some(set);
    let stored = |line: Line| {
        let raw = service_event(set, &line.raw)?;
        if *set == "fortinet_fortigate.log" && raw.0.get("type").and_then(Value::as_str) != Some("event") {
            return None;
        }
        let document = with_dataset(&line.source, line.document);
        Some(Stored {
            kind: (*set).to_owned(),
            pair: Pair { raw, document, logsource: logsource(product, "", service) },
        })
    };
    lines(&folder.join(format!("{package}.jsonl"))).into_iter().filter(own).filter_map(stored).collect()
}

/// The event of a service in the names that rules use; `None` where the test of the package does not have it.
fn service_event(set: &str, raw: &Value) -> Option<Event> {
    let mut event = match raw {
        Value::String(line) => raw::key_values(line).0,
        Value::Object(object) => object.clone(),
        _ => return None,
    };
    if let Some(original) = raw["event"]["original"].as_str() {
        event = serde_json::from_str(original).ok()?;
    }
    if set.starts_with("google_workspace.") {
        // Rules name the events as Google's log does.
        let name = raw["events"]["name"].clone();
        let service = format!("{}.googleapis.com", set.trim_start_matches("google_workspace."));
        event.extend([("eventName".to_owned(), name), ("eventService".to_owned(), service.into())]);
    }
    Some(Event(event))
}

fn logsource(product: &str, category: &str, service: &str) -> Option<Logsource> {
    let part = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
    let (product, category, service) = (part(product), part(category), part(service));
    Some(Logsource { product, category, service, ..Logsource::default() })
}

/// Records of auditd as lines, and events of Sysmon for Linux.
fn linux(folder: &Path) -> Vec<Stored> {
    let audit = lines(&folder.join("auditd.jsonl")).into_iter().filter_map(|line| {
        let raw = raw::key_values(line.raw.as_str()?);
        let kind = format!("auditd.log {}", raw.0.get("type")?.as_str()?);
        let document = with_dataset(&line.source, line.document);
        Some(Stored { kind, pair: Pair { raw, document, logsource: logsource("linux", "", "auditd") } })
    });
    let sysmon = lines(&folder.join("sysmon_linux.jsonl")).into_iter().filter_map(|line| {
        let log = &line.raw["winlog"];
        let mut raw = object(&log["event_data"]);
        raw.insert("Channel".to_owned(), log["channel"].clone());
        raw.insert("EventID".to_owned(), log["event_id"].as_str()?.parse::<u32>().ok()?.into());
        let kind = format!("sysmon_linux.log {}", log["event_id"].as_str()?);
        let document = with_dataset(&line.source, line.document);
        Some(Stored { kind, pair: Pair { raw: Event(raw), document, logsource: None } })
    });
    let system = lines(&folder.join("system.jsonl")).into_iter().filter_map(|line| {
        let text = line.raw.as_str()?.to_owned();
        let set = dataset(&line.source)?;
        let service = match set.as_str() {
            "system.auth" => "auth",
            "system.syslog" => "syslog",
            _ => return None,
        };
        let raw = Event([("message".to_owned(), Value::from(text))].into_iter().collect());
        let document = with_dataset(&line.source, line.document);
        Some(Stored { kind: set, pair: Pair { raw, document, logsource: logsource("linux", "", service) } })
    });
    audit.chain(sysmon).chain(system).collect()
}

/// A process of CrowdStrike's.
fn falcon(line: &Line) -> Option<Stored> {
    let raw = line.raw.as_object()?;
    let name = raw.get("event_simpleName")?.as_str()?;
    let product = match raw.get("event_platform")?.as_str()? {
        "Win" => "windows",
        "Lin" => "linux",
        "Mac" => "macos",
        _ => return None,
    };
    if !matches!(name, "ProcessRollup2" | "SyntheticProcessRollup2") {
        return None;
    }
    let document = with_dataset(&line.source, line.document.clone());
    let pair =
        Pair { raw: raw::renamed(raw, raw::FALCON), document, logsource: logsource(product, "process_creation", "") };
    Some(Stored { kind: format!("crowdstrike.fdr {name}"), pair })
}

/// A process or file of SentinelOne's.
fn funnel(line: &Line) -> Option<Stored> {
    let raw = line.raw.as_object()?;
    let kind = raw.get("event.type")?.as_str()?;
    let (names, category) = match kind {
        "ProcessCreation" => (raw::FUNNEL_PROCESS, "process_creation"),
        "FileCreation" => (raw::FUNNEL_FILE, "file_event"),
        "FileDeletion" => (raw::FUNNEL_FILE, "file_delete"),
        _ => return None,
    };
    let document = with_dataset(&line.source, line.document.clone());
    let product = raw.get("endpoint.os").and_then(Value::as_str).unwrap_or("windows");
    let pair = Pair { raw: raw::renamed(raw, names), document, logsource: logsource(product, category, "") };
    Some(Stored { kind: format!("sentinel_one_cloud_funnel.event {kind}"), pair })
}

/// A row of `Device*Events`, with this document.
fn device(line: &Line, document: Event) -> Option<Stored> {
    let row = line.raw["properties"].as_object()?;
    let table = line.raw["category"].as_str()?.strip_prefix("AdvancedHunting-")?;
    let action = row.get("ActionType").and_then(Value::as_str).unwrap_or("?");
    let (names, category): (Vec<_>, _) = match (table, action) {
        ("DeviceProcessEvents", "ProcessCreated") => (raw::DEVICE_PROCESS.to_vec(), "process_creation"),
        ("DeviceFileEvents", "FileCreated") => ([raw::DEVICE_ACTOR, raw::DEVICE_FILE].concat(), "file_event"),
        ("DeviceFileEvents", "FileDeleted") => ([raw::DEVICE_ACTOR, raw::DEVICE_FILE].concat(), "file_delete"),
        ("DeviceImageLoadEvents", _) => ([raw::DEVICE_ACTOR, raw::DEVICE_IMAGE].concat(), "image_load"),
        ("DeviceRegistryEvents", "RegistryValueSet") => {
            ([raw::DEVICE_ACTOR, raw::DEVICE_REGISTRY].concat(), "registry_set")
        }
        ("DeviceNetworkEvents", "ConnectionSuccess" | "ConnectionFailed" | "ConnectionRequest") => {
            ([raw::DEVICE_ACTOR, raw::DEVICE_NETWORK].concat(), "network_connection")
        }
        _ => return None,
    };
    let mut raw = raw::renamed(row, &names);
    let text = |name: &str| row.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let (Some(domain), Some(name)) = match table {
        "DeviceProcessEvents" => (text("AccountDomain"), text("AccountName")),
        _ => (text("InitiatingProcessAccountDomain"), text("InitiatingProcessAccountName")),
    } {
        // Names of Linux have no domain; the column for it has the name of the host.
        let folder = text("FolderPath").or_else(|| text("InitiatingProcessFolderPath")).unwrap_or_default();
        let user = if folder.starts_with('/') { name.to_owned() } else { format!("{domain}\\{name}") };
        raw.0.insert("User".to_owned(), user.into());
    }
    if let (Some(key), Some(value)) = (text("RegistryKey"), text("RegistryValueName")) {
        raw.0.insert("TargetObject".to_owned(), format!("{key}\\{value}").into());
    }
    let is_unix = |name: &str| raw.0.get(name).and_then(Value::as_str).is_some_and(|path| path.starts_with('/'));
    let product = if ["Image", "ParentImage", "TargetFilename"].into_iter().any(is_unix) { "linux" } else { "windows" };
    Some(Stored {
        kind: format!("{table} {action}"),
        pair: Pair { raw, document, logsource: logsource(product, category, "") },
    })
}

/// Rows of `SecurityEvent` that still have the event's XML.
fn security(folder: &Path) -> Vec<Stored> {
    let text = fs::read_to_string(folder.join("rows-SecurityEvent.jsonl")).unwrap_or_default();
    let stored = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        let row = value["row"].as_object()?.clone();
        let mut raw = raw::renamed(
            &row,
            &[
                ("Channel", "Channel"),
                ("EventID", "EventID"),
                ("Computer", "Computer"),
                ("EventSourceName", "Provider_Name"),
            ],
        );
        raw::data(row.get("EventData")?.as_str()?, &mut raw.0);
        let word = |name: &str| raw.0.get(name).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        let kind = format!("{} {}", word("Channel")?, word("EventID")?);
        Some(Stored { kind, pair: Pair { raw, document: Event(row), logsource: None } })
    };
    text.lines().filter_map(stored).collect()
}

/// Events of the Windows event log as XML, with the fields that Splunk's add-on computes from them.
fn xml(folder: &Path) -> Vec<Stored> {
    let text = fs::read_to_string(folder.join("xml-pairs.jsonl")).unwrap_or_default();
    let stored = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        let xml = value["raw"].as_str()?;
        let raw = raw::windows_xml(xml);
        let mut document = object(&value["fields"]);
        for (name, value) in
            [("source", &value["source"]), ("sourcetype", &value["sourcetype"]), ("_raw", &value["raw"])]
        {
            document.entry(name).or_insert_with(|| value.clone());
        }
        let kind = format!("{} {}", raw.0.get("Channel")?.as_str()?, raw.0.get("EventID")?);
        Some(Stored { kind, pair: Pair { raw, document: Event(document), logsource: None } })
    };
    text.lines().filter_map(stored).collect()
}
