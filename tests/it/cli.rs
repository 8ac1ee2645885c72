//! The command line's contract: exit codes, what goes to which stream, and output that depends on the input alone.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

#[test]
fn commands_print_what_their_transcripts_say() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}

fn sigmaglot(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigmaglot"));
    command.args(args).env_remove("NO_COLOR").current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn output(args: &[&str]) -> Output {
    sigmaglot(args).stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("the program starts: {e}"))
}

fn with_stdin(args: &[&str], input: &[u8]) -> Output {
    let mut child = sigmaglot(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("the program starts: {e}"));
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input); // the program may be done before it has read all
    }
    child.wait_with_output().unwrap_or_else(|e| panic!("the program ends: {e}"))
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// A directory of many rules, some of which cannot be read, nested and out of order.
fn many_rules(files: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    for i in 0..files {
        let modifier = if i % 50 == 7 { "|frobnicate" } else { "|contains" };
        let text = format!(
            "title: Rule {i}\nid: 00000000-0000-4000-8000-{i:012}\nlogsource:\n  product: windows\ndetection:\n  \
             sel:\n    CommandLine{modifier}:\n      - 'é{i}'\n      - '*\\{i}'\n    Image: null\n  condition: not sel\n"
        );
        let sub = dir.path().join(format!("d{}", (i * 7) % 5));
        fs::create_dir_all(&sub).and_then(|()| fs::write(sub.join(format!("{}.yml", i * 31 % 1000)), text)).ok();
    }
    dir
}

const EVERY_TARGET: &str = "eql,kql,spl,sql,sql:duckdb,sql:postgres,sql:clickhouse,sql:spark";

#[test]
fn the_number_of_threads_changes_no_byte() {
    let dir = many_rules(700);
    let path = dir.path().to_string_lossy();
    for format in ["text", "jsonl"] {
        let run = |threads| {
            let out = output(&["convert", &path, "-t", EVERY_TARGET, "--format", format, "--threads", threads]);
            (out.status.code(), out.stdout, out.stderr)
        };
        let one = run("1");
        assert_eq!(one.0, Some(2), "some rules cannot be read: {}", String::from_utf8_lossy(&one.2));
        for threads in ["2", "3", "16"] {
            assert!(run(threads) == one, "--format {format} --threads {threads}");
        }
    }
}

#[test]
fn records_come_in_the_order_of_the_files_and_targets() {
    let dir = many_rules(100);
    let out = output(&["convert", &dir.path().to_string_lossy(), "-t", "sql,kql", "--format", "jsonl"]);
    let records = lines(&out.stdout);
    assert_eq!(records.len(), 200, "a record a rule and target, read or not");
    let key = |record: &Value| record["path"].as_str().unwrap_or("").to_owned();
    let paths: Vec<String> = records.iter().step_by(2).map(key).collect();
    let mut sorted = paths.clone();
    sorted.sort_by(|a, b| Path::new(a).cmp(Path::new(b)));
    assert_eq!(paths, sorted);
    for pair in records.chunks(2) {
        assert_eq!((&pair[0]["target"], &pair[1]["target"]), (&"sql".into(), &"kql".into()));
        assert_eq!(pair[0]["ir_hash"], pair[1]["ir_hash"]);
        let keys: Vec<&String> = pair[0].as_object().into_iter().flatten().map(|(key, _)| key).collect();
        assert_eq!(keys, ["path", "id", "title", "target", "status", "query", "diagnostics", "ir_hash"]);
        assert_eq!(pair[0]["status"] == "ok", pair[0]["query"].is_string());
        assert_eq!(pair[0]["status"] == "invalid", pair[0]["ir_hash"].is_null());
    }
    assert_eq!(records.iter().filter(|record| record["status"] == "invalid").count(), 4);
}

/// What a record says of its rule: id, title, status and the codes of its diagnostics.
fn gist(record: &Value) -> (Option<&str>, Option<&str>, &str, Vec<&str>) {
    let codes = record["diagnostics"].as_array().into_iter().flatten().filter_map(|d| d["code"].as_str());
    (record["id"].as_str(), record["title"].as_str(), record["status"].as_str().unwrap_or(""), codes.collect())
}

#[test]
fn each_broken_document_has_a_record_under_its_name_and_in_its_place() {
    let head = "logsource: {product: windows}\ndetection: {condition: sel, sel: ";
    let rules = format!(
        "title: One\nid: 1\n{head}{{a|frob: 1}}}}\n---\ntitle: Two\n{head}{{a: 1}}}}\n---\ntitle: Three\ndetection: \
         {{condition: sel, sel: {{a: 1}}}}\n---\ntext\n---\ntitle: Five\n{head}{{a|exists: 1}}}}\n"
    );
    let out = with_stdin(&["convert", "-", "-t", "kql", "-f", "jsonl"], rules.as_bytes());
    assert_eq!(out.status.code(), Some(2));
    let records = lines(&out.stdout);
    let wanted = [
        (Some("1"), Some("One"), "invalid", vec!["SG0201", "SG0108"]),
        (None, Some("Two"), "ok", vec![]),
        (None, Some("Three"), "invalid", vec!["SG0102"]),
        (None, None, "invalid", vec!["SG0101"]),
        (None, Some("Five"), "invalid", vec!["SG0203"]),
    ];
    assert_eq!(records.iter().map(gist).collect::<Vec<_>>(), wanted);
    assert!(String::from_utf8_lossy(&out.stderr).contains("kql: 1 of 5 converted, 0 unsupported, 4 invalid"));
}

#[test]
fn what_cannot_be_read_at_all_has_a_record() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let broken = dir.path().join("broken.yml");
    fs::write(&broken, "title: \"un").unwrap_or_else(|e| panic!("{e}"));
    let args = ["convert", "none.yml", &broken.to_string_lossy(), "tests/cmd/inputs/rules/whoami.yml"];
    let out = output(&[&args[..], &["-t", "kql", "-f", "jsonl"]].concat());
    assert_eq!(out.status.code(), Some(3), "a file that is not there is graver than a rule that is broken");
    let records = lines(&out.stdout);
    let said: Vec<_> = records.iter().map(gist).map(|(_, _, status, codes)| (status, codes)).collect();
    assert_eq!(said, [("invalid", vec!["SG0902"]), ("invalid", vec!["SG0003"]), ("ok", vec![])]);
    assert_eq!(records[0]["path"], "none.yml");
}

#[test]
fn a_file_is_read_once_however_it_is_named() {
    let rule = "tests/cmd/inputs/rules/whoami.yml";
    let absolute = Path::new(env!("CARGO_MANIFEST_DIR")).join(rule);
    let out = output(&["check", rule, "./tests/cmd/../cmd/inputs/rules/whoami.yml", &absolute.to_string_lossy()]);
    assert!(String::from_utf8_lossy(&out.stderr).starts_with("1 file, 1 rule: "), "{out:?}");
}

/// [SG0701]: no rule is to blame where a user's template fails.
#[test]
fn a_template_that_fails_is_a_matter_of_configuration() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let kql = dir.path().join("kql");
    let rule = "tests/cmd/inputs/rules/whoami.yml";
    for text in ["{{ bogus }}", "{{"] {
        fs::create_dir_all(&kql).and_then(|()| fs::write(kql.join("query.j2"), text)).unwrap_or_else(|e| panic!("{e}"));
        let out = output(&["convert", rule, "-t", "kql", "--templates", &dir.path().to_string_lossy()]);
        assert!(String::from_utf8_lossy(&out.stderr).contains("error[SG0701]: templates/kql/query.j2:1"), "{out:?}");
        assert_eq!(out.status.code(), Some(3), "{text}");
    }
}

/// A manifest and a dialect are data: a user's own need no program of theirs.
#[test]
fn a_users_manifest_and_dialect_are_used() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let (kql, dialects) = (dir.path().join("kql"), dir.path().join("sql/dialects"));
    let manifest = fs::read_to_string("templates/kql/manifest.toml").unwrap_or_default();
    let manifest = manifest.replace("default_table = \"Events\"", "default_table = \"Mine\"");
    fs::create_dir_all(&kql)
        .and_then(|()| fs::create_dir_all(&dialects))
        .and_then(|()| fs::write(kql.join("manifest.toml"), manifest))
        .and_then(|()| fs::copy("templates/sql/dialects/duckdb.toml", dialects.join("mine.toml")))
        .unwrap_or_else(|e| panic!("{e}"));
    let rule = "tests/cmd/inputs/rules/whoami.yml";
    let templates = dir.path().to_string_lossy();
    let args = ["convert", rule, "-t", "kql,sql:mine,sql:duckdb", "-f", "jsonl", "--templates", &templates];
    let records = lines(&output(&args).stdout);
    assert!(records[0]["query"].as_str().is_some_and(|query| query.starts_with("Mine ")), "{records:?}");
    assert_eq!((&records[1]["target"], &records[1]["status"]), (&"sql:mine".into(), &"ok".into()));
    assert_eq!(records[1]["query"], records[2]["query"]);
    assert_eq!(
        output(&["convert", rule, "-t", "sql:mine"]).status.code(),
        Some(3),
        "without the directory there is none"
    );
}

#[test]
fn explain_gives_programs_json() {
    let list = output(&["explain", "--format", "json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap_or_default();
    let one = output(&["explain", "SG0703", "--format", "json"]);
    let one: Value = serde_json::from_slice(&one.stdout).unwrap_or_default();
    assert_eq!((&one["severity"], &one["title"]), (&"error".into(), &"there is no such target".into()));
    assert_eq!(one["page"], include_str!("../../docs/diagnostics/SG0703.md"));
    assert!(list.as_array().is_some_and(|codes| codes.contains(&one)));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let dir = many_rules(200);
    let rules = dir.path().to_string_lossy().into_owned();
    let events = dir.path().join("events.ndjson");
    fs::write(&events, "{\"a\": 1}\n".repeat(5_000)).unwrap_or_else(|e| panic!("{e}"));
    let events = events.to_string_lossy();
    let cases: [&[&str]; 6] = [
        &["convert", &rules, "-t", EVERY_TARGET, "--quiet"],
        &["ir", "--quiet", &rules],
        &["check", "--format", "json", "--quiet", &rules],
        &["run", "--quiet", "-r", &rules, &events],
        &["completions", "zsh"],
        &["man"],
    ];
    for args in cases {
        let mut child = sigmaglot(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("the program starts: {e}"));
        drop(child.stdout.take());
        let out = child.wait_with_output().unwrap_or_else(|e| panic!("the program ends: {e}"));
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!said.contains("panicked") && !said.contains("SG0903"), "{args:?}: {said}");
        assert_eq!(out.status.code(), Some(0), "{args:?}: {said}");
    }
}

#[test]
fn rules_and_events_come_from_stdin() {
    let rule = fs::read("tests/cmd/inputs/rules/whoami.yml").unwrap_or_default();
    for args in [&["convert", "-t", "kql", "--format", "jsonl"][..], &["convert", "-", "-t", "kql", "-f", "jsonl"]] {
        let out = with_stdin(args, &rule);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        assert_eq!(lines(&out.stdout)[0]["path"], "<stdin>");
    }
    let empty = with_stdin(&["convert", "-", "-t", "kql"], b"");
    assert_eq!(empty.status.code(), Some(3), "an empty input is no success");
    let events = fs::read("tests/cmd/inputs/good.ndjson").unwrap_or_default();
    let out = with_stdin(&["run", "-r", "tests/cmd/inputs/rules", "-"], &events);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let files: Vec<Value> = lines(&out.stdout).iter().map(|line| line["event"]["file"].clone()).collect();
    assert_eq!(files, ["<stdin>", "<stdin>"]);
}

/// [SG0805]: a directory opens as a file here, and fails where it is read.
#[cfg(unix)]
#[test]
fn events_that_stop_to_come_are_an_error() {
    let directory = fs::File::open("tests").unwrap_or_else(|e| panic!("{e}"));
    let out = sigmaglot(&["run", "-r", "tests/cmd/inputs/rules", "-"]).stdin(directory).output();
    let out = out.unwrap_or_else(|e| panic!("the program starts: {e}"));
    assert!(String::from_utf8_lossy(&out.stderr).contains("error[SG0805]"), "{out:?}");
    assert_eq!(out.status.code(), Some(3));
}

/// [SG0002] [SG0009] [SG0407]: inputs too large to stand in a transcript.
#[test]
fn hostile_inputs_end_with_a_message() {
    let large = with_stdin(&["check", "-"], &[b' '].repeat(20_000_000));
    assert!(String::from_utf8_lossy(&large.stderr).contains("error[SG0002]"));
    let broken = with_stdin(&["check", "-"], &b"---\n[\n".repeat(1_001));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("[SG0009]"));
    let values: Vec<String> = (1..=600).map(|i| i.to_string()).collect();
    let placeholder = format!("servers={}", values.join(","));
    let rule = fs::read_to_string("tests/cmd/inputs/expand.yml").unwrap_or_default();
    let rule = rule.replace("%servers%", "%servers%-%servers%");
    let expanded = with_stdin(&["check", "-", "--placeholder", &placeholder], rule.as_bytes());
    assert!(String::from_utf8_lossy(&expanded.stderr).contains("[SG0407]"), "{expanded:?}");
    for out in [large, broken, expanded] {
        assert_eq!(out.status.code(), Some(2));
    }
}

#[test]
fn each_query_gets_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let queries = dir.path().join("new/queries");
    let to = queries.to_string_lossy();
    let out = output(&["convert", "tests/cmd/inputs/rules", "-t", "kql,sql,sql:spark", "--out-dir", &to]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.stdout.is_empty(), "the queries are in the files");
    let mut names = Vec::new();
    for entry in ignore_walk(&queries) {
        if entry.ends_with(".sigmaglot-files.json") {
            continue;
        }
        names.push(entry.strip_prefix(&queries).unwrap_or(&entry).to_string_lossy().replace('\\', "/"));
    }
    let stems = ["_.hidden", "sub/logon", "whoami"];
    let wanted: Vec<String> =
        stems.iter().flat_map(|stem| ["kql", "spark.sql", "sql"].map(|end| format!("{stem}.{end}"))).collect();
    assert_eq!(names, wanted);
    let text = fs::read_to_string(queries.join("whoami.kql")).unwrap_or_default();
    assert!(text.starts_with("// Whoami From A Shell\n// id: 0b6f8a3e"), "{text}");
}

#[test]
fn two_rules_never_share_a_file() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let to = dir.path().to_string_lossy();
    let rules = ["tests/cmd/inputs/collide/a/rule.yml", "tests/cmd/inputs/collide/b/rule.yml"];
    let out = output(&["convert", rules[0], rules[1], "-t", "kql", "--out-dir", &to]);
    assert!(String::from_utf8_lossy(&out.stderr).contains("note[SG0905]"), "{out:?}");
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap_or_default();
    let names = ["1e01", "1e07"].map(|end| (end, format!("rule~0b6f8a3e-6d0f-4a55-9d32-5f0a3a9c{end}.kql")));
    assert!(names.iter().all(|(end, name)| read(name).contains(end)), "{names:?}");
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_directory() {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
    fs::create_dir_all(&inside).and_then(|()| fs::create_dir_all(&outside)).unwrap_or_else(|e| panic!("{e}"));
    std::os::unix::fs::symlink(&outside, inside.join("sub")).unwrap_or_else(|e| panic!("{e}"));
    let out = output(&["convert", "tests/cmd/inputs/rules", "-t", "kql", "--out-dir", &inside.to_string_lossy()]);
    assert_eq!(out.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&out.stderr).contains("error[SG0903]"), "{out:?}");
    assert_eq!(ignore_walk(&outside), Vec::<std::path::PathBuf>::new());
}

#[test]
fn targets_list_every_target_with_what_it_can_say() {
    let out = output(&["targets", "--format", "json"]);
    let targets: Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
    let names: Vec<&str> = targets.as_array().into_iter().flatten().filter_map(|t| t["name"].as_str()).collect();
    assert_eq!(names.join(","), EVERY_TARGET);
    assert_eq!(targets[0]["unsupported"][0]["kind"], "fieldref", "in the order of the documentation");
    let text = output(&["targets"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for name in names {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn explain_prints_the_page_of_a_code_in_any_letter_case() {
    let out = output(&["explain", "sg0703"]);
    assert_eq!(String::from_utf8_lossy(&out.stdout), include_str!("../../docs/diagnostics/SG0703.md"));
    let list = output(&["explain"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("SG0703  error    there is no such target\n"));
}

#[test]
fn completions_and_the_manual_know_every_command() {
    let commands = ["convert", "run", "check", "ir", "targets", "explain", "completions", "man"];
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let out = output(&["completions", shell]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(commands.iter().all(|command| text.contains(command)), "{shell}");
    }
    for command in commands {
        assert_eq!(output(&["man", command]).status.code(), Some(0), "{command}");
        assert_eq!(output(&[command, "--help"]).status.code(), Some(0), "{command}");
    }
}

/// All files below a directory, sorted.
fn ignore_walk(root: &Path) -> Vec<std::path::PathBuf> {
    let mut walk = ignore::WalkBuilder::new(root);
    walk.standard_filters(false).sort_by_file_path(Path::cmp);
    let files = walk.build().flatten().filter(|entry| entry.path().is_file());
    files.map(ignore::DirEntry::into_path).collect()
}
