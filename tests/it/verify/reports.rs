//! The command: what it says of rules that are equal, of bad events, and of engines that reject, die or hang.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const RULE: &str = "title: A shell that is not for the system
id: 6c4f3f3a-5d5b-4c53-9d0c-7b5a7e0e1a01
logsource: {category: process_creation, product: windows}
detection:
  shell:
    Image|endswith: ['\\cmd.exe', '\\powershell.exe']
    CommandLine|contains|all: [' -enc ', \"it's 100%\"]
  system:
    User|contains: 'SYSTEM'
    IntegrityLevel: null
  condition: shell and not system
";

fn verify(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigmaglot"));
    command.arg("verify").args(arguments).stdin(Stdio::null());
    command.output().unwrap_or_else(|e| panic!("the program starts: {e}"))
}

/// A directory with the rule and, where there is one, a script that plays an engine.
fn place(engine: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    fs::write(dir.path().join("rule.yml"), RULE).unwrap_or_else(|e| panic!("{e}"));
    fs::write(dir.path().join("engine.sh"), engine).unwrap_or_else(|e| panic!("{e}"));
    dir
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).display().to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_target_in_the_program_is_equal() {
    let dir = place("");
    let out = verify(&[&path(dir.path(), "rule.yml"), "-t", "eql,kql,spl,sql", "--format", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let records: Vec<Value> = text(&out.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let outcomes: Vec<_> = records.iter().map(|r| (r["target"].as_str(), r["outcome"].as_str())).collect();
    assert_eq!(outcomes, ["eql", "kql", "spl", "sql"].map(|target| (Some(target), Some("equal"))));
    for record in &records {
        let (events, matched) = (record["events"].as_u64().unwrap_or(0), record["matched"].as_u64().unwrap_or(0));
        assert!(events >= 20 && 0 < matched && matched < events, "{record}");
    }
    let summary = text(&out.stderr);
    assert!(summary.contains("eql: 1 equal, 0 different, 0 not compared, 0 failed, 0 refused"), "{summary}");
    let again = verify(&[&path(dir.path(), "rule.yml"), "-t", "eql,kql,spl,sql", "--format", "json", "--threads", "1"]);
    assert_eq!(again.stdout, out.stdout, "the output does not depend on the threads");
}

#[test]
fn the_example_rules_are_equal_on_all_targets() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let placeholders = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/placeholders.json");
    let arguments = [root, "-t", "eql,kql,spl,sql", "--format", "json", "--placeholders", placeholders];
    let out = verify(&arguments);
    assert!(matches!(out.status.code(), Some(0 | 2)), "{}", text(&out.stderr));
    let records: Vec<Value> = text(&out.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(records.len() > 100, "{}: {}", records.len(), text(&out.stderr));
    let mut beyond = 0;
    for record in &records {
        // Splunk does not document what `(?m:^)` means at the end of a text.
        if record["failure"]["error"].as_str().is_some_and(|error| error.contains("not modelled")) {
            beyond += 1;
            continue;
        }
        assert!(matches!(record["outcome"].as_str(), Some("equal" | "refused")), "{record}");
        assert!(record["outcome"] == "refused" || record["matched"] != 0, "{record}");
    }
    assert!(beyond <= 2, "{beyond} rules are beyond the models");
}

#[test]
fn a_mistake_in_a_template_is_shown_with_event_query_verdicts_and_reasons() {
    let dir = place("");
    let templates = dir.path().join("templates/kql");
    fs::create_dir_all(&templates).unwrap_or_else(|e| panic!("{e}"));
    let right = sigmaglot::target::Templates::embedded();
    let right = right.get("kql/predicates.j2").unwrap_or_default();
    let wrong = right.replace("{{ f }} endswith {{ value }}", "{{ f }} contains {{ value }}");
    fs::write(templates.join("predicates.j2"), wrong).unwrap_or_else(|e| panic!("{e}"));
    let (rule, templates) = (path(dir.path(), "rule.yml"), path(dir.path(), "templates"));
    let run = |format| verify(&[&rule, "-t", "kql,sql", "--templates", &templates, "--format", format]);
    let out = run("text");
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    for words in [
        "different     kql",
        "event: {",
        "the rule does not match it",
        "the model of KQL selects it",
        "query: ",
        "why:",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("equal         sql"), "{said}");
    let xml = text(&run("junit").stdout);
    assert!(xml.contains("<testsuite name=\"kql\" tests=\"1\"") && xml.contains("<failure"), "{xml}");
    let json = text(&run("json").stdout);
    let record: Value = serde_json::from_str(json.lines().next().unwrap_or("")).unwrap_or_default();
    assert_eq!(record["difference"]["interpreter"], false, "{json}");
    assert_eq!(record["difference"]["trace"]["matched"], false);
}

#[test]
fn events_that_are_not_json_are_an_error_of_the_input() {
    let dir = place("");
    let events = path(dir.path(), "events.json");
    fs::write(&events, "{\"Image\": \"x\"}\nno json\n").unwrap_or_else(|e| panic!("{e}"));
    let out = verify(&[&path(dir.path(), "rule.yml"), "-t", "sql", "--events", &events]);
    assert_eq!(out.status.code(), Some(3));
    assert!(text(&out.stderr).contains("SG0801"), "{}", text(&out.stderr));
}

#[test]
fn a_target_without_an_engine_says_so() {
    let dir = place("");
    let rule = path(dir.path(), "rule.yml");
    let cases: [(&[&str], &str); 4] = [
        (&["-t", "sql:duckdb"], "`sql:duckdb` has no engine in the program"),
        (&["-t", "sql", "--engine", "model"], "the engine `model` does not run queries of `sql`"),
        (&["-t", "kql", "--engine", "sqlite"], "the engine `sqlite` does not run queries of `kql`"),
        (&["-t", "sql", "--engine", "no-such-program x"], "error[SG0910]"),
    ];
    for (arguments, words) in cases {
        let out = verify(&[&[rule.as_str()], arguments].concat());
        assert_eq!(out.status.code(), Some(3), "{arguments:?}");
        assert!(text(&out.stderr).contains(words), "{arguments:?}: {}", text(&out.stderr));
    }
}

/// Runs the rule with a shell script as the engine.
#[cfg(unix)]
fn with_engine(script: &str, more: &[&str]) -> Output {
    let dir = place(script);
    let engine = format!("sh {}", path(dir.path(), "engine.sh"));
    verify(&[&[path(dir.path(), "rule.yml").as_str(), "-t", "sql", "--engine", &engine], more].concat())
}

#[cfg(unix)]
#[test]
fn engines_that_fail_are_reported_with_the_rule_and_their_own_words() {
    let ready = "echo '{\"ok\": true}'\nread table\necho '{\"ok\": true}'\nread query\n";
    let cases = [
        ("echo '{\"error\": \"near NOT: syntax error\"}'\n", vec!["near NOT: syntax error"]),
        ("echo 'out of memory, sorry' >&2\nexit 7\n", vec!["it died (exit code 7)", "out of memory, sorry"]),
        ("echo 'not json'\n", vec!["its answer cannot be read", "not json"]),
        ("echo 'thinking' >&2\nexec 2>&-\nsleep 30\n", vec!["it said nothing for 1 seconds", "thinking"]),
    ];
    for (end, words) in cases {
        let out = with_engine(&format!("{ready}{end}"), &["--timeout", "1"]);
        assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
        let said = text(&out.stdout);
        for words in
            words.into_iter().chain(["rule.yml: A shell that is not for the system", "failed", "query: SELECT"])
        {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_engine_behind_pipes_is_believed() {
    // It selects nothing: the smallest event that the rule matches is a difference.
    let script = "echo '{\"ok\": true}'\nwhile read line; do case \"$line\" in *'\"query\"'*) echo '{\"rows\": []}';; *) echo \
                  '{\"ok\": true}';; esac; done\n";
    let out = with_engine(script, &[]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("engine.sh does not select it"), "{}", text(&out.stdout));
}
