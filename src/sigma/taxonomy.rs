//! Sigma's words for log sources, as facts: what public rules and the built-in mappings use.
//!
//! The list is open: other words are right too. It serves to notice one that is nearly one of these.

use crate::diagnostic::did_you_mean;
use crate::ir::Logsource;

const CATEGORIES: &[&str] = &[
    "AuditLogs", "Category", "CategoryValue", "UserRiskEvents", "antivirus", "appliance", "application",
    "authentication", "azure.activitylogs.category", "azure.auditlogs.properties.category", "category",
    "clipboard_capture", "create_remote_thread", "create_stream_hash", "database", "dns", "dns_query",
    "driver_load", "edr", "email", "file_access", "file_block_executable", "file_block_shredding", "file_change",
    "file_delete", "file_delete_detected", "file_event", "file_executable_detected", "file_rename", "firewall",
    "ftp", "iam", "ids", "image_load", "network", "network_connection", "pipe_created", "process_access",
    "process_creation", "process_tampering", "process_termination", "properties.category", "proxy",
    "ps_classic_provider_start", "ps_classic_script", "ps_classic_start", "ps_module", "ps_script",
    "raw_access_read", "raw_access_thread", "registry_add", "registry_delete", "registry_event", "registry_rename",
    "registry_set", "sysmon_error", "sysmon_status", "test", "vpn", "webserver", "wmi_event",
];

const PRODUCTS: &[&str] = &[
    "aix", "alibaba", "android", "apache", "auth0", "aws", "azure", "bitbucket", "box", "checkpoint", "cisco",
    "citrix", "cloudflare", "crowdstrike", "cyberark", "databricks", "digitalocean", "django", "dns", "docker",
    "dropbox", "duo", "esxi", "f5", "fortigate", "fortinet", "fortios", "freebsd", "gcp", "github", "gitlab",
    "google_workspace", "gworkspace", "hashicorp", "huawei", "ibm", "ios", "jenkins", "juniper", "jvm",
    "kubernetes", "linux", "m365", "macos", "modsecurity", "mssql", "mysql", "nginx", "nodejs", "oci", "office365",
    "okta", "onedrive", "onelogin", "opencanary", "oracle", "paloalto", "postgresql", "python", "qualys",
    "rpc_firewall", "ruby_on_rails", "salesforce", "sap", "slack", "snort", "snowflake", "solaris", "sophos",
    "spring", "sql", "suricata", "test", "unifi", "velocity", "vmware", "windows", "zeek", "zoom", "zscaler",
];

const SERVICES: &[&str] = &[
    "aaa", "access", "accesslogs", "activitylogs", "apache", "application", "application-experience", "applocker",
    "appmodel-runtime", "appxdeployment-server", "appxpackaging-om", "audit", "auditd", "auditlogs", "auth", "bgp",
    "bitlocker", "bits-client", "capi2", "certificateservicesclient-lifecycle-system", "clamav", "cloudtrail",
    "codeintegrity-operational", "conn", "cron", "dce_rpc", "dhcp", "diagnosis-scripted", "dns", "dns-client",
    "dns-server", "dns-server-analytic", "dns-server-audit", "driver-framework", "duo", "error", "event",
    "exchange", "files", "firewall-as", "gcp.audit", "globalprotect", "google_workspace.admin",
    "google_workspace.login", "guacamole", "guardduty", "http", "hyper-v-worker", "iis-configuration", "journald",
    "kerberos", "kernel-event-tracing", "kernel-shimengine", "ldap", "ldp", "lsa-server", "messages",
    "microsoft-servicebus-client", "msexchange-management", "netflow", "nginx", "notice", "ntfs", "ntlm", "okta",
    "onelogin.events", "openssh", "pim", "powershell", "powershell-classic", "printservice-admin",
    "printservice-operational", "rdp", "riskdetection", "route53", "s3", "security", "security-mitigations",
    "sense", "service_s", "servicebus-client", "shell-core", "signinlogs", "smb_files", "smbclient-connectivity",
    "smbclient-security", "smbserver-connectivity", "sqs", "ssh", "sshd", "ssl", "sslvpnd", "sudo", "syslog",
    "sysmon", "system", "taskscheduler", "terminalservices-localsessionmanager", "test", "threat_detection",
    "threat_management", "vhdmp", "vpcflow", "vsftpd", "waf", "webserver", "weird", "windefend", "wmi", "x509",
];

/// The words for a part of a log source: `category`, `product` or `service`.
pub fn words(part: &str) -> &'static [&'static str] {
    match part {
        "category" => CATEGORIES,
        "product" => PRODUCTS,
        "service" => SERVICES,
        _ => &[],
    }
}

/// The word that was meant, where this one is none but nearly one. Short words are too near to each other to tell.
pub(super) fn near(words: &'static [&'static str], word: &str) -> Option<&'static str> {
    const SHORTEST: usize = 5;
    if word.len() < SHORTEST || words.contains(&word) {
        return None;
    }
    let near = did_you_mean(word, words.iter().copied())?;
    let distance = strsim::osa_distance(&word.to_lowercase(), near);
    (distance <= if word.len() < 8 { 1 } else { 2 }).then_some(near)
}

/// The parts of a log source that are no words of the taxonomy: part and word.
pub fn unknown(logsource: &Logsource) -> Vec<(&'static str, &str)> {
    let parts = [
        ("category", logsource.category.as_deref()),
        ("product", logsource.product.as_deref()),
        ("service", logsource.service.as_deref()),
    ];
    parts.into_iter().filter_map(|(part, word)| Some((part, word?))).filter(|(part, word)| !words(part).contains(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_words_are_not() {
        assert_eq!(near(words("category"), "process_creaton"), Some("process_creation"));
        assert_eq!(near(words("product"), "Windows"), Some("windows"));
        assert_eq!(near(words("product"), "windws"), Some("windows"));
        assert_eq!(near(words("service"), "securty"), Some("security"));
        for part in ["category", "product", "service"] {
            for word in words(part) {
                assert_eq!(near(words(part), word), None, "{word}");
            }
        }
        assert_eq!(near(words("product"), "acme"), None);
    }
}
