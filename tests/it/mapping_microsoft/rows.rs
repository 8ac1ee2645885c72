//! One search of a log source each: what becomes of its table, names, values and types.

use sigmaglot::mapping;

use super::{convert, kql, pipelines, read};

/// The query without its table, or the codes of the errors and the fields that are unmapped.
fn row(name: &str, logsource: &str, search: &str) -> String {
    let text = format!("title: t\nlogsource: {{{logsource}}}\ndetection:\n  s:\n    {search}\n  condition: s\n");
    let rule = read("row.yml".into(), text).pop().expect("the row is a rule");
    let pipelines = pipelines(name);
    let chain = mapping::resolve(&pipelines, "kql").expect("the mapping is for kql");
    let outcome = convert(&chain, &kql(), rule);
    let unmapped =
        if outcome.unmapped.is_empty() { String::new() } else { format!(" ?{}", outcome.unmapped.join(",")) };
    outcome.query.unwrap_or_else(|codes| codes.join(" ")) + &unmapped
}

const PROCESS: &str = "product: windows, category: process_creation";
const REGISTRY: &str = "product: windows, category: registry_set";

#[test]
fn security_events() {
    let row = |logsource, search| row("sentinel-securityevent", logsource, search);
    let process = |condition: &str| format!("SecurityEvent | where EventID == 4688 and {condition}");
    assert_eq!(row(PROCESS, "Image: C:\\a.exe"), process(r#"NewProcessName =~ @"C:\a.exe""#));
    assert_eq!(row(PROCESS, "ParentImage|endswith: \\b.exe"), process(r#"ParentProcessName endswith @"\b.exe""#));
    assert_eq!(row(PROCESS, "IntegrityLevel: High"), process(r#"MandatoryLabel =~ "S-1-16-12288""#));
    assert_eq!(row(PROCESS, "User: CORP\\ann"), process(r#"SubjectDomainName =~ "CORP" and SubjectUserName =~ "ann""#));
    assert_eq!(row(PROCESS, "User|contains: AUTHORI"), "SG0608", "SYSTEM has another name there");
    assert_eq!(row(PROCESS, "ProcessId: 4"), "SG0608", "hexadecimal ids");
    assert_eq!(row(PROCESS, "OriginalFileName: x"), "SG0623", "the table has no such column");
    let security = "product: windows, service: security";
    assert_eq!(
        row(security, "{EventID: 4624, LogonType: 3}"),
        r#"SecurityEvent | where Channel =~ "Security" and EventID == 4624 and LogonType == 3"#
    );
    assert_eq!(row("product: windows, category: image_load", "Image: x"), "SG0613");
    assert!(row(REGISTRY, "Details: DWORD (0x00000001)").ends_with(r#"and NewValue =~ "1""#));
    assert_eq!(row(REGISTRY, "Details|startswith: DWORD (0x"), "SG0609");
    assert!(
        row(REGISTRY, "TargetObject: HKLM\\SOFTWARE\\a\\b")
            .ends_with(r#"ObjectName =~ @"\REGISTRY\MACHINE\SOFTWARE\a" and ObjectValueName =~ "b""#)
    );
}

#[test]
fn windows_events() {
    let row = |logsource, search| row("sentinel-sysmon", logsource, search);
    let sysmon = r#"| where Channel =~ "Microsoft-Windows-Sysmon/Operational""#;
    assert_eq!(
        row(PROCESS, "Image: a"),
        format!(
            r#"WindowsEvent | extend Image = tostring(EventData.Image) {sysmon} and EventID == 1 and Image =~ "a""#
        )
    );
    assert_eq!(
        row("product: windows, category: image_load", "Signed: 'false'"),
        format!(
            r#"WindowsEvent | extend Signed = tostring(EventData.Signed) {sysmon} and EventID == 7 and Signed =~ "false""#
        )
    );
    assert_eq!(
        row("product: windows, service: system", "{EventID: 7045, Provider_Name: a}"),
        r#"WindowsEvent | where Channel =~ "System" and EventID == 7045 and Provider =~ "a""#
    );
    assert_eq!(row("product: windows, category: ps_classic_start", "Data: a"), "SG0623");
    assert_eq!(row("product: linux, category: process_creation", "Image: a"), "SG0613");
}

#[test]
fn unifying_parsers() {
    let row = |logsource, search| row("sentinel-asim", logsource, search);
    assert_eq!(
        row(PROCESS, "ParentImage: a"),
        r#"_Im_ProcessCreate | where ActingProcessName =~ "a""#,
        "not its Parent"
    );
    assert_eq!(
        row("product: linux, category: file_event", "Image: a"),
        r#"_Im_FileEvent | where EventType =~ "FileCreated" and ActingProcessName =~ "a""#
    );
    let network = "product: windows, category: network_connection";
    assert!(row(network, "Initiated: 'true'").ends_with(r#"| where Initiated =~ "true""#));
    assert!(row(network, "Initiated: false").ends_with(r#"| where Initiated =~ "false""#));
    assert!(row(network, "DestinationHostname: a.example").contains("extract("), "the whole name is in another column");
    assert_eq!(
        row("product: windows, category: file_event", "TargetFilename|endswith: '\\x.dll'"),
        r#"_Im_FileEvent | where EventType =~ "FileCreated" and TargetFileName =~ "x.dll""#
    );
    assert!(
        row("product: windows, category: file_event", "TargetFilename|endswith: '\\a\\x.dll'").contains("extract(")
    );
    let original = "coalesce(column_ifexists(\"TargetProcessFileOriginalName\", \"\"), column_ifexists(\"TargetProcessFilename\", \"\"))";
    assert!(row(PROCESS, "OriginalFileName: a").contains(original), "the column that the parsers fill");
    assert_eq!(row("product: windows, category: file_access", "Image: a"), "SG0613", "no parser has such events");
    assert_eq!(row(network, "DestinationPort: 443"), "_Im_NetworkSession | where DstPortNumber == 443");
    assert_eq!(row("category: dns", "query|endswith: .a"), r#"_Im_Dns | where DnsQuery endswith ".a""#);
    assert_eq!(row("category: proxy", "sc-status: 200"), r#"_Im_WebSession | where EventResultDetails == "200""#);
    let query = r#"UrlQuery = extract(@"^[^?#]*\?([^#]*)", 1, Url)"#;
    for (search, test) in [
        ("cs-uri-query|contains: a", "contains"),
        ("cs-uri-query|startswith: a", "startswith"),
        ("cs-uri-query: a", "=~"),
    ] {
        let expected = format!(r#"_Im_WebSession | extend {query} | where UrlQuery {test} "a""#);
        assert_eq!(row("category: webserver", search), expected);
    }
    assert_eq!(
        row("category: proxy", "{c-uri-extension: exe, c-uri|contains: UrlQuery}").matches(" = extract").count(),
        1,
        "a column is computed where it is tested, not where a value has its name"
    );
    assert!(
        row(REGISTRY, "TargetObject: HKU\\a\\b").contains(r#"RegistryKey =~ @"HKEY_USERS\a" and RegistryValue =~ "b""#)
    );
    assert!(row(REGISTRY, "TargetObject: HKU\\a\\b").contains(r#"RegistryKey =~ @"HKEY_CURRENT_USER\a""#));
    assert!(row(REGISTRY, "TargetObject: HKCR\\a\\b").contains(r#"RegistryKey =~ @"HKEY_LOCAL_MACHINE\Classes\a""#));
    assert_eq!(row("product: windows, service: system", "EventID: 1"), "SG0613");
}

#[test]
fn cloud_services() {
    let row = |logsource, search| row("sentinel-cloud", logsource, search);
    let aws = "product: aws, service: cloudtrail";
    assert_eq!(row(aws, "eventName: StopLogging"), r#"AWSCloudTrail | where EventName =~ "StopLogging""#);
    assert_eq!(
        row(aws, "additionalEventData.MFAUsed: 'No'"),
        "AWSCloudTrail | extend AdditionalEventData_MFAUsed = tostring(parse_json(AdditionalEventData).MFAUsed) \
         | where AdditionalEventData_MFAUsed =~ \"No\""
    );
    assert_eq!(
        row("product: azure, service: signinlogs", "resultType: 50126"),
        r#"SigninLogs | where ResultType == "50126""#,
        "a column of text"
    );
    assert_eq!(
        row("product: azure, service: pim", "Category: a"),
        r#"AuditLogs | where LoggedByService =~ "PIM" and Category =~ "a""#
    );
    assert_eq!(
        row("product: okta, service: okta", "securityContext.isProxy: 'true'"),
        "OktaSSO | where securityContext_isProxy_b == true"
    );
    assert_eq!(row("product: github, service: audit", "action: a"), r#"GitHubAuditData | where Action =~ "a""#);
    assert_eq!(
        row("product: gcp, service: gcp.audit", "gcp.audit.method_name: a"),
        r#"GCPAuditLogs | where MethodName =~ "a""#
    );
    assert_eq!(row("product: bitbucket, service: audit", "a: b"), "SG0613");
    assert_eq!(
        row("product: azure, service: signinlogs", "Status: Success"),
        r#"SigninLogs | extend SignInStatus = iff(ResultType == "0", "Success", "Failure") | where SignInStatus =~ "Success""#
    );
    assert!(row("product: azure, service: signinlogs", "Status: Other").contains("tostring(Status.failureReason)"));
    assert_eq!(
        row("product: okta, service: okta", "newColumn: a"),
        r#"OktaSSO | extend newColumn = column_ifexists("newColumn", "") | where newColumn =~ "a""#,
        "the table gets columns with new fields"
    );
    assert_eq!(row("product: okta, service: okta", "'a\") x': a"), "SG0623", "no column has such a name");
    let json = r#"properties.message: '"displayName":"UserType"'"#;
    assert!(row("product: azure, service: auditlogs", json).contains("tostring(TargetResources)"));
}

#[test]
fn messages_of_linux() {
    let row = |logsource, search| row("sentinel-syslog", logsource, search);
    assert_eq!(
        row("product: linux, service: sudo", "[a, 'b*c']"),
        r#"Syslog | where ProcessName =~ "sudo" and (SyslogMessage contains "a" or SyslogMessage matches regex "(?s)(?i)b.*c")"#
    );
    assert_eq!(row("product: linux", "[a]"), r#"Syslog | where SyslogMessage contains "a""#);
    assert_eq!(
        row("product: linux, service: auditd", "type: a"),
        "SG0613",
        "the row of Linux alone is for nothing else"
    );
}

#[test]
fn logs_of_zeek() {
    let row = |logsource, search| row("sentinel-zeek", logsource, search);
    assert_eq!(
        row("product: zeek, service: smb_files", "{path|endswith: 'IPC$', name: a, id.resp_p: 445}"),
        r#"Corelight_v2_smb_files_CL | where path_s endswith "IPC$" and name_s =~ "a" and id_resp_p_d == 445.0"#
    );
    assert_eq!(
        row("product: zeek, service: dns", "rejected: 'false'"),
        "Corelight_v2_dns_CL | where rejected_b == false"
    );
    assert_eq!(row("product: zeek, service: dns", "answers: a"), "SG0608");
    assert_eq!(row("product: zeek, service: rdp", "cookie: a"), "SG0613");
}

#[test]
fn more_cloud_services() {
    let row = |logsource, search| row("sentinel-cloud", logsource, search);
    assert_eq!(
        row("product: onelogin, service: onelogin.events", "event_type_id: 3"),
        "OneLoginEventsV2_CL | where EventTypeId == 3.0"
    );
    assert_eq!(row("product: cisco, service: duo", "reason: a"), r#"CiscoDuo_CL | where reason_s =~ "a""#);
    let admin = "product: gcp, service: google_workspace.admin";
    assert_eq!(
        row(admin, "{eventService: admin.googleapis.com, eventName: a}"),
        r#"GWorkspace_ReportsAPI_admin_CL | where id_applicationName_s =~ "admin" and event_name_s =~ "a""#
    );
    assert_eq!(row(admin, "eventService: other"), "SG0609");
    assert_eq!(row("product: m365, service: threat_management", "eventName: a"), "SG0613");
}

#[test]
fn advanced_hunting() {
    let row = |logsource, search| row("defender-xdr", logsource, search);
    assert_eq!(
        row(PROCESS, "Image|endswith: \\a.exe"),
        r#"DeviceProcessEvents | where ActionType =~ "ProcessCreated" and FolderPath endswith @"\a.exe""#
    );
    assert_eq!(
        row("product: windows, category: pipe_created", "PipeName: \\a"),
        r#"DeviceEvents | extend PipeName = replace_regex(tostring(parse_json(AdditionalFields).PipeName), @"^\\Device\\NamedPipe", "") | where ActionType =~ "NamedPipeEvent" and PipeName =~ @"\a""#
    );
    assert_eq!(
        row("product: windows, category: dns_query", "QueryName|endswith: .a"),
        "DeviceEvents | extend QueryName = tostring(parse_json(AdditionalFields).DnsQueryString) \
         | where ActionType =~ \"DnsQueryResponse\" and QueryName endswith \".a\""
    );
    let network = "product: windows, category: network_connection";
    assert!(row(network, "DestinationPort: 443").starts_with(
        "DeviceNetworkEvents | extend DestinationPort = iff(ActionType in (\"InboundConnectionAccepted\", \"InboundConnectionAttempt\"), LocalPort, RemotePort) | where"
    ));
    assert!(
        row(network, "Initiated: 'false'")
            .ends_with(r#"and ActionType in~ ("InboundConnectionAccepted", "InboundConnectionAttempt")"#)
    );
    assert!(row(network, "Initiated: 'true'").ends_with(
        r#"and ActionType in~ ("ConnectionSuccess", "ConnectionAttempt", "ConnectionFailed", "ConnectionRequest")"#
    ));
    assert!(row(network, "Protocol: tcp").ends_with(r#"and Protocol in~ ("Tcp", "TcpV4", "TcpV6")"#));
    let deleted = row("product: windows, category: registry_delete", "TargetObject: HKLM\\a\\b");
    assert!(deleted.contains(r#"PreviousRegistryKey =~ @"HKEY_LOCAL_MACHINE\a" and PreviousRegistryValueName =~ "b""#));
    assert!(
        row("product: windows, category: process_access", "TargetImage|endswith: \\a.exe")
            .contains("strcat(FolderPath")
    );
    assert!(row("product: linux, category: process_creation", "User: root").ends_with(r#"and AccountName =~ "root""#));
    assert!(
        row("product: linux, category: process_creation", "CurrentDirectory: /tmp")
            .contains("ProcessCurrentWorkingDirectory")
    );
    let set = row(REGISTRY, "TargetObject|contains: \\CurrentControlSet\\Services\\a");
    assert!(set.contains(r"\ControlSet001\Services") && set.contains(r"\CurrentControlSet\Services"), "{set}");
    let security = "product: windows, service: security";
    assert_eq!(
        row(security, "{EventID: 4624, LogonType: 10, TargetUserName: a}"),
        r#"DeviceLogonEvents | where ActionType =~ "LogonSuccess" and LogonType =~ "RemoteInteractive" and AccountName =~ "a""#
    );
    assert!(row(security, "{EventID: 4698, TaskName: a}").contains("parse_json(AdditionalFields).TaskName"));
    assert_eq!(row(security, "{EventID: 4732, TargetSid: S-1-5-32-544}").matches("GroupSid").count(), 3);
    assert_eq!(row(security, "EventID: 4768"), "SG0609", "it has another grain there");
    assert_eq!(row(security, "{EventID: 4624, LogonType: 9}"), "SG0609", "that is one of the unknown ones");
    assert_eq!(row(security, "{EventID: 4624, LogonProcessName: a}"), "SG0623");
    assert_eq!(row(security, "TargetUserName: a"), "SG0608", "events of some ids alone");
    assert!(row(REGISTRY, "Details: DWORD (0x000003c0)").ends_with(r#"and RegistryValueData =~ "960""#));
    assert_eq!(
        row(REGISTRY, "TargetObject|contains: \\a\\"),
        r#"DeviceRegistryEvents | where ActionType =~ "RegistryValueSet" and ((RegistryKey endswith @"\a" and isnotempty(RegistryValueName)) or RegistryKey contains @"\a\")"#
    );
    assert!(
        row(PROCESS, "Hashes|contains: [IMPHASH=1, MD5=2]").ends_with(r#"and MD5 startswith "2""#),
        "a missing field"
    );
    assert_eq!(
        row(PROCESS, "LogonId: '0x3e7'"),
        r#"DeviceProcessEvents | where ActionType =~ "ProcessCreated" and LogonId == 999"#
    );
    assert_eq!(row(PROCESS, "LogonId: '0x1234'"), "SG0608");
    assert_eq!(
        row("product: windows, category: image_load", "Signed: 'false'"),
        "SG0623",
        "the loaded file has no such column"
    );
    for other in ["product: windows, category: file_access", "product: paloalto, category: file_event"] {
        assert_eq!(row(other, "Image: a"), "SG0613");
    }
}

/// Whoever wants a query without a test that the product cannot answer says so in a pipeline of their own.
#[test]
fn a_test_is_given_up_on_purpose_only() {
    let page = include_str!("../../../docs/mappings-microsoft.md");
    let own =
        page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the page has a pipeline");
    let (own, said) = mapping::Pipeline::parse(&sigmaglot::source::Source::new("own.yml", own));
    assert_eq!(said, []);
    let text = format!(
        "title: t\nlogsource: {{{PROCESS}}}\ndetection:\n  a:\n    - LogonId: '0x1234'\n    - Image: b\n  condition: a\n"
    );
    let rule = || read("row.yml".into(), text.clone()).pop().expect("a rule");
    let mut all = pipelines("defender-xdr");
    let alone = convert(&mapping::resolve(&all, "kql").expect("for kql"), &kql(), rule());
    assert_eq!(alone.query.expect_err("refused"), ["SG0608"]);
    all.extend(own);
    let both = convert(&mapping::resolve(&all, "kql").expect("for kql"), &kql(), rule());
    let query = both.query.expect("converted");
    assert_eq!(query, r#"DeviceProcessEvents | where ActionType =~ "ProcessCreated" and FolderPath =~ "b""#);
}
