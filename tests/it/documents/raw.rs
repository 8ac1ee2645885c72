//! Raw events from the forms in which products ship them. Vendors' own names become those of rules by small tables, written after
//! the vendors' field lists and not after the mappings.

use regex::Regex;
use serde_json::{Map, Value};
use sigmaglot::interp::Event;

/// An event of the Windows event log from its XML, as readers of event logs give it; XML that is cut off gives what is there.
pub fn windows_xml(xml: &str) -> Event {
    let first = |pattern: &str| -> Option<String> {
        Some(unescaped(Regex::new(pattern).expect("a regex").captures(xml)?.get(1)?.as_str()))
    };
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| fields.extend(value.map(|value| (name.to_owned(), value)));
    put("Channel", first("<Channel>(.*?)</Channel>").map(Value::from));
    put("Provider_Name", first("<Provider\\s+Name=['\"]([^'\"]*)['\"]").map(Value::from));
    put("EventID", first("<EventID[^>]*>(\\d+)<").and_then(|id| id.parse::<u32>().ok()).map(Value::from));
    put("Computer", first("<Computer>(.*?)</Computer>").map(Value::from));
    data(xml, &mut fields);
    Event(fields)
}

/// What stands in EventData or UserData.
pub fn data(xml: &str, fields: &mut Map<String, Value>) {
    let named = Regex::new("(?s)<Data Name=['\"]([^'\"]*)['\"]>(.*?)</Data>").expect("a regex");
    for found in named.captures_iter(xml) {
        fields.entry(&found[1]).or_insert_with(|| unescaped(&found[2]).into());
    }
    let plain = Regex::new("(?s)<([A-Za-z]\\w*)>([^<]*)</([A-Za-z]\\w*)>").expect("a regex");
    let user = xml.find("<UserData").map_or("", |at| &xml[at..]);
    for found in plain.captures_iter(user).filter(|found| found[1] == found[3]) {
        fields.entry(&found[1]).or_insert_with(|| unescaped(&found[2]).into());
    }
}

fn unescaped(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#xD;", "\r"),
        ("&#xA;", "\n"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// A line of `key=value` and `key="value"`.
pub fn key_values(line: &str) -> Event {
    let pair = Regex::new(r#"(?:^|[\s\x1d])([A-Za-z][\w-]*)=("[^"]*"|'[^']*'|[^\s\x1d]*)"#).expect("a regex");
    let mut fields = Map::new();
    for found in pair.captures_iter(line) {
        let value = found[2].trim_matches(|c| c == '"' || c == '\'').trim_end_matches(':');
        fields.entry(&found[1]).or_insert_with(|| value.into());
    }
    Event(fields)
}

/// The fields of a raw event under the names of rules; those that are missing, null or empty are left away.
pub fn renamed(raw: &Map<String, Value>, names: &[(&str, &str)]) -> Event {
    let has = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    let field = |(from, to): &(&str, &str)| Some(((*to).to_owned(), raw.get(*from).filter(has)?.clone()));
    Event(names.iter().filter_map(field).collect())
}

/// Processes of CrowdStrike's Falcon Data Replicator.
pub const FALCON: &[(&str, &str)] = &[
    ("CommandLine", "CommandLine"),
    ("ImageFileName", "Image"),
    ("MD5HashData", "md5"),
    ("SHA256HashData", "sha256"),
    ("RawProcessId", "ProcessId"),
    ("GrandParentBaseFileName", "GrandParentImage"),
];

/// Processes of SentinelOne's Cloud Funnel: the target is the new process, the source its parent.
pub const FUNNEL_PROCESS: &[(&str, &str)] = &[
    ("tgt.process.cmdline", "CommandLine"),
    ("tgt.process.image.path", "Image"),
    ("tgt.process.pid", "ProcessId"),
    ("tgt.process.image.md5", "md5"),
    ("tgt.process.image.sha1", "sha1"),
    ("tgt.process.image.sha256", "sha256"),
    ("tgt.process.integrityLevel", "IntegrityLevel"),
    ("src.process.cmdline", "ParentCommandLine"),
    ("src.process.image.path", "ParentImage"),
    ("src.process.pid", "ParentProcessId"),
    ("tgt.process.user", "User"),
];

/// Files of SentinelOne's Cloud Funnel.
pub const FUNNEL_FILE: &[(&str, &str)] = &[
    ("tgt.file.path", "TargetFilename"),
    ("src.process.image.path", "Image"),
    ("src.process.cmdline", "CommandLine"),
    ("src.process.pid", "ProcessId"),
    ("src.process.user", "User"),
];

/// The rows of `DeviceProcessEvents`.
pub const DEVICE_PROCESS: &[(&str, &str)] = &[
    ("ProcessCommandLine", "CommandLine"),
    ("FolderPath", "Image"),
    ("ProcessId", "ProcessId"),
    ("MD5", "md5"),
    ("SHA1", "sha1"),
    ("SHA256", "sha256"),
    ("ProcessIntegrityLevel", "IntegrityLevel"),
    ("ProcessVersionInfoCompanyName", "Company"),
    ("ProcessVersionInfoProductName", "Product"),
    ("ProcessVersionInfoFileDescription", "Description"),
    ("ProcessVersionInfoOriginalFileName", "OriginalFileName"),
    ("InitiatingProcessCommandLine", "ParentCommandLine"),
    ("InitiatingProcessFolderPath", "ParentImage"),
    ("InitiatingProcessId", "ParentProcessId"),
    ("DeviceName", "Computer"),
];

/// What all other rows of `Device*Events` have of the acting process.
pub const DEVICE_ACTOR: &[(&str, &str)] = &[
    ("InitiatingProcessCommandLine", "CommandLine"),
    ("InitiatingProcessFolderPath", "Image"),
    ("InitiatingProcessId", "ProcessId"),
    ("DeviceName", "Computer"),
];

/// Files and images.
pub const DEVICE_FILE: &[(&str, &str)] = &[("FolderPath", "TargetFilename"), ("PreviousFileName", "SourceFilename")];
/// Loaded images.
pub const DEVICE_IMAGE: &[(&str, &str)] =
    &[("FolderPath", "ImageLoaded"), ("MD5", "md5"), ("SHA1", "sha1"), ("SHA256", "sha256")];
/// Values of the registry.
pub const DEVICE_REGISTRY: &[(&str, &str)] = &[("RegistryValueData", "Details")];
/// Connections that this device began.
pub const DEVICE_NETWORK: &[(&str, &str)] = &[
    ("LocalIP", "SourceIp"),
    ("LocalPort", "SourcePort"),
    ("RemoteIP", "DestinationIp"),
    ("RemotePort", "DestinationPort"),
];

#[test]
fn raw_forms_are_read() {
    let xml = "<Event><System><Provider Name='P'/><EventID Qualifiers='1'>7</EventID><Channel>C</Channel></System>\
               <EventData><Data Name='A'>x &amp;lt; y</Data><Data Name='B'>cut";
    let expected = serde_json::json!({"Channel": "C", "Provider_Name": "P", "EventID": 7, "A": "x &lt; y"});
    assert_eq!(Value::Object(windows_xml(xml).0), expected);
    let line = r#"type=EXECVE msg=audit(1.2:3): a0="ls -l" a1=x"#;
    assert_eq!(
        Value::Object(key_values(line).0),
        serde_json::json!({"type": "EXECVE", "msg": "audit(1.2:3)", "a0": "ls -l", "a1": "x"})
    );
}
