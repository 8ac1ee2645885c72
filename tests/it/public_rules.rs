//! Rules as other people have them: faults of metadata, files that are no rules, slips, and sizes, through the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use proptest::prelude::*;
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Options, Target, Templates};
use tempfile::TempDir;

const BODY: &str = "logsource:\n  product: windows\n  category: process_creation\ndetection:\n  sel:\n    Image|endswith: '\\x.exe'\n  condition: sel\n";

/// A directory of files.
pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(dir.path())).unwrap_or_else(|e| panic!("{e}"));
        fs::write(path, text).unwrap_or_else(|e| panic!("{e}"));
    }
    dir
}

fn sigmaglot(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sigmaglot")).args(args).current_dir(dir).output().unwrap_or_else(|e| panic!("{e}"))
}

/// Exit code, stdout and stderr.
pub(crate) fn outcome(dir: &TempDir, args: &[&str]) -> (i32, String, String) {
    let out = sigmaglot(dir.path(), args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().unwrap_or(-1), text(&out.stdout), text(&out.stderr))
}

#[test]
fn metadata_never_costs_a_detection() {
    let faults = [
        "title: t\ntags: [sysmon]\n",
        "title: t\ndate: 16/06/2022\n",
        "title: t\nstatus: production\n",
        "title: t\nfalsepositives: {a: b}\n",
        "title: t\nreferences: {x: null}\n",
        "title: t\nid: 17\n",
        "title: t\nlevel: [high]\nauthor: {a: b}\nrelated: x\n",
        "title: [t]\n",
        "status: test\n",
        "title: t\ntags: [a.b]\ntags: [c.d]\n",
        "title: t\nextra: {a: 1, a: 2}\n",
        "title: t\nextra: !mine x\n",
        "title: t\ntaxonomy: ecs\n",
    ];
    let plain = tree(&[("r.yml", &format!("title: t\n{BODY}"))]);
    let (_, expected, _) = outcome(&plain, &["convert", "r.yml", "-t", "eql"]);
    let query = expected.lines().find(|line| !line.starts_with("//")).unwrap_or("");
    assert!(query.contains("x.exe"));
    for fault in faults {
        let dir = tree(&[("r.yml", &format!("{fault}{BODY}"))]);
        let (code, queries, said) = outcome(&dir, &["convert", "r.yml", "-t", "eql"]);
        assert_eq!(code, 0, "{fault}: {said}");
        assert!(queries.lines().any(|line| line == query), "{fault}: {queries}");
        assert!(said.contains("warning[SG"), "{fault}: {said}");
        let (code, _, said) = outcome(&dir, &["check", "r.yml"]);
        assert_eq!(code, 1, "{fault}: {said}");
        assert!(said.contains("r.yml:"), "{fault}: a finding has a place: {said}");
    }
}

#[test]
fn findings_about_metadata_are_said_once_a_run_and_stay_in_the_records() {
    let rule = format!("title: t\nstatus: production\ntags: [sysmon]\n{BODY}");
    let dir = tree(&[("a.yml", &rule), ("b.yml", &rule), ("c.yml", &rule)]);
    let (code, _, said) = outcome(&dir, &["convert", ".", "-t", "eql"]);
    assert_eq!((code, said.matches("SG0106").count()), (0, 1), "{said}");
    assert!(said.contains("3 times, first at ./a.yml:3"), "{said}");
    let (_, records, _) = outcome(&dir, &["convert", ".", "-t", "eql", "--format", "jsonl"]);
    assert_eq!(records.matches("\"code\":\"SG0106\"").count(), 3, "{records}");
    let (_, ir, _) = outcome(&dir, &["ir", "a.yml"]);
    assert!(ir.contains("production") && ir.contains("sysmon"), "the record keeps the rule's own text: {ir}");
}

#[test]
fn nothing_vanishes() {
    let good = format!("title: t\n{BODY}");
    let workflow = "name: CI\non: push\njobs:\n  test:\n    runs-on: x\n";
    let dir = tree(&[
        ("a.yml", &good),
        ("empty.yml", ""),
        ("todo.yml", "# later\n"),
        ("ci.yml", workflow),
        ("list.yml", "- a\n"),
    ]);
    let (code, queries, said) = outcome(&dir, &["convert", ".", "-t", "eql"]);
    assert_eq!(code, 0, "{said}");
    assert!(queries.contains("x.exe"));
    assert_eq!(said.matches("note[SG0101]").count(), 2, "{said}");
    assert!(said.contains("ci.yml") && said.contains("list.yml") && said.contains("SG0010"), "{said}");
    assert!(said.contains("1 of 1 converted"), "{said}");
    assert_eq!(outcome(&dir, &["convert", ".", "-t", "eql", "--strict"]).0, 2);
    assert_eq!(outcome(&dir, &["convert", "ci.yml", "-t", "eql"]).0, 2, "what is named is meant to be a rule");
    assert_eq!(outcome(&dir, &["check", "a.yml", "todo.yml"]).0, 1);
}

#[test]
fn every_command_says_which_documents_are_no_rules() {
    let good = format!("title: t\n{BODY}");
    let chart = "kind: x\nname: {{ .Values.name }}\n{{- if .x }}\n  a: b\n{{- end }}\n";
    let dir = tree(&[
        ("rules/a.yml", &good),
        ("rules/chart.yaml", chart),
        ("rules/ci.yml", "name: CI\nname: again\non: push\n"),
        ("e.json", "{\"Image\":\"c:\\\\x.exe\"}"),
    ]);
    let commands: [&[&str]; 7] = [
        &["convert", "rules", "-t", "eql"],
        &["check", "rules"],
        &["verify", "rules", "-t", "eql"],
        &["ir", "rules"],
        &["fields", "rules"],
        &["mapping", "explain", "rules", "-t", "eql"],
        &["run", "-r", "rules", "e.json"],
    ];
    for args in commands {
        let (code, _, said) = outcome(&dir, args);
        assert_eq!(code, 0, "{args:?}: {said}");
        let notes = said.matches("note[SG0101]").count();
        assert_eq!(
            (notes, said.matches("warning[").count()),
            (2, 0),
            "one note each, and nothing else: {args:?}: {said}"
        );
    }
    for args in &commands[..1] {
        let strict = [args, &["--strict"][..]].concat();
        assert_eq!(outcome(&dir, &strict).0, 2, "{strict:?}");
    }
    let (code, _, said) = outcome(&dir, &["verify", "rules", "-t", "eql", "--strict"]);
    assert_eq!((code, said.matches("error[SG0101]").count()), (2, 2), "{said}");
    assert_eq!(outcome(&dir, &["verify", "rules", "-t", "eql", "--strict", "--exclude", "c*"]).0, 0);
}

#[test]
fn a_document_that_is_no_rule_has_a_record_with_its_note() {
    let good = format!("title: t\n{BODY}");
    let dir = tree(&[("a.yml", &format!("{good}---\non: push\n")), ("b.yml", "name: CI\n"), ("c.yml", "# later\n")]);
    let (code, records, said) = outcome(&dir, &["convert", ".", "-t", "eql,kql", "--format", "jsonl"]);
    assert_eq!(code, 0, "{said}");
    let records: Vec<serde_json::Value> = records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<String> = records
        .iter()
        .filter(|record| record["target"] == "eql")
        .map(|record| format!("{} {} {}", record["path"], record["status"], record["diagnostics"][0]["code"]))
        .collect();
    assert_eq!(
        told,
        [
            r#""./a.yml" "ok" null"#,
            r#""./a.yml" "other" "SG0101""#,
            r#""./b.yml" "other" "SG0101""#,
            r#""./c.yml" "other" "SG0010""#
        ]
    );
    assert_eq!(records.len(), 8);
    assert!(said.contains("eql: 1 of 1 converted, 0 unsupported, 0 invalid"), "{said}");
}

#[test]
fn each_document_that_is_no_yaml_counts_and_has_its_record() {
    let good = format!("title: Good\n{BODY}");
    let text = format!("title: One\nid: x\ndetection: {{a: *b}}\n---\n{good}---\ntitle: 'Two'\ndetection:\n\ta: b\n");
    let dir = tree(&[("a.yml", &text)]);
    let (code, records, said) = outcome(&dir, &["convert", ".", "-t", "eql", "--format", "jsonl"]);
    assert_eq!(code, 2);
    assert!(said.contains("1 of 3 converted, 0 unsupported, 2 invalid"), "{said}");
    let records: Vec<serde_json::Value> = records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<String> = records
        .iter()
        .map(|record| {
            format!("{} {} {}", record["title"], record["status"], record["diagnostics"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(told, [r#""One" "invalid" 1"#, r#""Good" "ok" 0"#, r#""Two" "invalid" 1"#]);
}

#[test]
fn a_collection_with_a_part_that_is_no_yaml_gives_no_rules() {
    let global = "action: global\ntitle: t\ndetection:\n  filter: {A: *b}\n  condition: sel and not filter\n";
    let rule = "title: r\nlogsource: {product: windows}\ndetection:\n  sel: {A: b}\n  condition: sel\n";
    let dir = tree(&[("a.yml", &format!("{global}---\n{rule}"))]);
    let (code, queries, said) = outcome(&dir, &["convert", ".", "-t", "eql"]);
    assert_eq!((code, queries.as_str()), (2, ""), "{said}");
}

#[test]
fn the_rules_of_a_correlation_do_not_stand_alone() {
    let base = format!("title: Base\nname: base\n{BODY}");
    let correlation = |more: &str| {
        format!(
            "title: Many\n{more}correlation:\n  type: event_count\n  rules: [base]\n  group-by: [User]\n  timespan: 5m\n  condition: {{gte: 10}}\n"
        )
    };
    let one = tree(&[("r.yml", &format!("{base}---\n{}", correlation("")))]);
    let two = tree(&[("a.yml", &base), ("b.yml", &correlation(""))]);
    for dir in [&one, &two] {
        let (code, queries, said) = outcome(dir, &["convert", ".", "-t", "eql"]);
        assert_eq!((code, queries.as_str()), (2, ""), "{said}");
        assert!(said.contains("SG0401") && said.contains("SG0409"), "{said}");
    }
    let alone = tree(&[("r.yml", &format!("{base}---\n{}", correlation("generate: yes\n")))]);
    assert!(outcome(&alone, &["convert", ".", "-t", "eql"]).1.contains("x.exe"));
}

/// The code of a mistake and the text that the caret is under.
fn mistake(text: &str) -> (String, String) {
    let source = Source::new("r.yml", text);
    let read = sigma::read(&source, &sigma::Options::default());
    let grave = |d: &&sigmaglot::diagnostic::Diagnostic| d.code.id() != "SG0309";
    let first = read.diagnostics.iter().filter(grave).max_by_key(|d| d.severity);
    let first = first.unwrap_or_else(|| panic!("nothing is said of\n{text}"));
    (first.code.id().to_owned(), source.slice(first.span.unwrap_or_default()).to_owned())
}

#[test]
fn slips_have_messages_of_their_own_at_their_place() {
    let search = |lines: &str| {
        format!("title: t\nlogsource:\n  product: windows\ndetection:\n  sel:\n{lines}  condition: sel\n")
    };
    let source = |lines: &str| format!("title: t\nlogsource:\n{lines}detection:\n  sel:\n    A: b\n  condition: sel\n");
    for (text, code, place) in [
        (search("    Image|endswith '\\x'\n"), "SG0220", "Image|endswith"),
        (search("    Image|endswith:'\\x'\n"), "SG0220", "Image|endswith"),
        (search("    - Image|endswith '\\x'\n"), "SG0220", "Image|endswith"),
        (search("    A: b\n    Image|endswith '\\x'\n"), "SG0220", "Image|endswith"),
        (search("    Image|endswith '\\x'\n    A: b\n"), "SG0220", "Image|endswith"),
        (search("    Image |endswith: x\n"), "SG0224", "Image "),
        (search("    ' Image': x\n"), "SG0224", " Image"),
        (search("    EventID:4625\n"), "SG0221", "EventID:4625"),
        (search("    A|contains|any: [b, c]\n"), "SG0201", "any"),
        (search("    A|in: [b, c]\n"), "SG0201", "in"),
        (search("    A: \"C:\\temp\"\n"), "SG0222", "\"C:\\temp\""),
        (source("  category: process_creaton\n"), "SG0114", "process_creaton"),
        (source("  product: windws\n"), "SG0114", "windws"),
        (source("  product: windows\n  service: securty\n"), "SG0114", "securty"),
        (
            "title: t\nlogsource:\n  product: windows\ndetection:\n  sel:\n    A: b\ncondition: sel\n".into(),
            "SG0301",
            "sel:\n    A: b",
        ),
        (
            "title: t\nlogsource:\n  product: windows\ndetection:\n  sel:\n    A: b\n    A: c\n  condition: nosuch\n"
                .into(),
            "SG0303",
            "nosuch",
        ),
    ] {
        assert_eq!(mistake(&text), (code.to_owned(), place.to_owned()), "{text}");
    }
}

#[test]
fn a_missing_logsource_is_not_said_to_be_meant_by_itself() {
    let text = "title: t\nlogsource:\n  product: windows\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 1}\n";
    let read = sigma::read(&Source::new("r.yml", text), &sigma::Options::default());
    let said: Vec<String> = read.diagnostics.iter().flat_map(|d| [d.message.clone(), d.help.join(" ")]).collect();
    assert!(said.iter().any(|text| text == "a correlation has no `logsource` of its own"), "{said:?}");
    assert!(!said.iter().any(|text| text.contains("did you mean `logsource`")), "{said:?}");
}

#[test]
fn a_duplicate_key_does_not_hide_the_rest() {
    let text = "title: t\nlogsource:\n  product: windows\ndetection:\n  sel:\n    A: b\n    A: c\n    B|containz: d\n  condition: sel\n";
    let read = sigma::read(&Source::new("r.yml", text), &sigma::Options::default());
    let codes: Vec<&str> = read.diagnostics.iter().map(|d| d.code.id()).collect();
    assert_eq!((codes, read.rules.len()), (vec!["SG0004", "SG0201"], 0));
}

#[test]
fn words_of_yaml_11_are_booleans_where_one_is_wanted() {
    for (word, truth) in [("yes", true), ("On", true), ("Y", true), ("no", false), ("OFF", false), ("n", false)] {
        let text = format!(
            "title: t\nlogsource:\n  product: windows\ndetection:\n  sel:\n    A|exists: {word}\n  condition: sel\n"
        );
        let read = sigma::read(&Source::new("r.yml", text), &sigma::Options::default());
        let codes: Vec<&str> = read.diagnostics.iter().map(|d| d.code.id()).collect();
        assert_eq!((read.rules.len(), codes), (1, vec!["SG0008"]), "{word}");
        assert!(format!("{:?}", read.rules[0].condition).contains(&format!("Exists({truth})")), "{word}");
    }
}

#[test]
fn surrogate_pairs_are_their_character() {
    let text = r#"title: "\ud83d\ude00 x"
logsource: {product: windows}
detection:
  sel: {A: "a\uD83D\uDE00b", B: '\ud83d\ude00'}
  condition: sel
"#;
    let read = sigma::read(&Source::new("r.yml", text), &sigma::Options::default());
    assert_eq!(read.diagnostics, []);
    let rule = format!("{:?}", read.rules[0]);
    assert!(rule.contains("a\u{1f600}b") && rule.contains(r"\\ud83d\\ude00"), "{rule}");
}

#[test]
fn trees_are_walked_by_a_stated_rule() {
    let rule = format!("title: t\n{BODY}");
    let dir = tree(&[
        ("a.yml", &rule),
        ("b.yaml", &rule),
        ("deprecated/c.yml", &rule),
        (".hidden/d.yml", &rule),
        ("drafts/e.yml", &rule),
        (".gitignore", "drafts/\n"),
    ]);
    let (_, _, said) = outcome(&dir, &["check", "."]);
    assert!(said.contains("4 files") && said.contains("1 file is left out by a .gitignore"), "{said}");
    let (_, _, said) = outcome(&dir, &["check", ".", "--exclude", "deprecated", "--exclude", "*.yaml"]);
    assert!(said.contains("2 files"), "{said}");
    assert!(outcome(&dir, &["check", "drafts/e.yml"]).2.contains("1 file"), "what is named is read");
    fs::write(dir.path().join("e.json"), "{\"Image\":\"c:\\\\x.exe\"}").unwrap_or_else(|e| panic!("{e}"));
    let matches = |args: &[&str]| outcome(&dir, &[&["run", "-r", ".", "e.json"], args].concat()).1.lines().count();
    assert_eq!((matches(&[]), matches(&["--exclude", "deprecated", "--exclude", "*.yaml"])), (4, 2));
    assert_eq!(outcome(&dir, &["check", ".", "--exclude", "["]).0, 3);
}

#[cfg(unix)]
#[test]
fn pipes_and_loops_of_links_are_passed_over() {
    let rule = format!("title: t\n{BODY}");
    let dir = tree(&[("rules/a.yml", &rule), ("outside/b.yml", &rule)]);
    let link = |to: &str, from: &str| {
        std::os::unix::fs::symlink(dir.path().join(to), dir.path().join(from)).unwrap_or_else(|e| panic!("{e}"))
    };
    link("rules", "rules/again");
    link("outside/b.yml", "rules/b.yml");
    link("user@host.1234", "rules/.#a");
    let made = Command::new("mkfifo").arg(dir.path().join("rules/p.yml")).status();
    assert!(made.is_ok_and(|status| status.success()));
    let (code, _, said) = outcome(&dir, &["check", "rules"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("2 files") && said.contains("leads back") && said.contains("neither a file"), "{said}");
    assert_eq!(outcome(&dir, &["check", "rules/p.yml"]).0, 3);
    link("nowhere.yml", "rules/gone.yml");
    let (code, _, said) = outcome(&dir, &["check", "rules"]);
    assert!(code == 3 && said.contains("rules/gone.yml"), "{said}");
}

#[test]
fn lists_of_thousands_of_hosts_are_placeholders() {
    let rule =
        "title: t\nlogsource: {product: windows}\ndetection:\n  sel:\n    Host|expand: '%hosts%'\n  condition: sel\n";
    let hosts: Vec<String> = (0..5_000).map(|n| format!("\"host{n}\"")).collect();
    let dir = tree(&[("r.yml", rule), ("p.json", &format!("{{\"hosts\": [{}]}}", hosts.join(",")))]);
    let (code, queries, said) = outcome(&dir, &["convert", "r.yml", "-t", "sql", "--placeholders", "p.json"]);
    assert_eq!(code, 0, "{said}");
    assert!(queries.contains("host4999"));
}

#[test]
fn totals_have_budgets_not_only_items() {
    let items: String = (0..1_000).map(|n| format!("    F{n}|re: '\\p{{L}}{{1,149}}'\n")).collect();
    let rule = format!("title: t\nlogsource: {{product: windows}}\ndetection:\n  sel:\n{items}  condition: sel\n");
    let source = Source::new("r.yml", rule);
    let read = sigma::read(&source, &sigma::Options::default());
    assert!(read.rules.is_empty());
    let first = read.diagnostics.iter().find(|d| d.code.id() == "SG0223");
    let first = first.unwrap_or_else(|| panic!("{:?}", read.diagnostics.first()));
    assert!(first.message.contains("500000") && source.slice(first.span.unwrap_or_default()).contains(r"\p{L}"));
    let long = format!(
        "title: t\nlogsource: {{product: windows}}\ndetection:\n  sel:\n    F|re: '{}'\n  condition: sel\n",
        r"\p{L}".repeat(13_000)
    );
    let read = sigma::read(&Source::new("r.yml", long), &sigma::Options::default());
    assert!(read.diagnostics.iter().any(|d| d.message.contains("250000")), "{:?}", read.diagnostics);
}

/// Values of every kind of YAML that a metadata attribute may be replaced with.
fn junk() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "null",
        "~",
        "true",
        "17",
        "-1.5e3",
        ".inf",
        "yes",
        "2024-13-99",
        "text",
        "''",
        "'a: b'",
        "\"\\t\"",
        "0x1F",
        "!tag x",
        "[]",
        "{}",
        "|\n    block\n",
        ">-\n    folded\n",
        "&anchor x",
        "\u{1f600}",
    ]);
    let scalar = scalar.prop_map(str::to_owned);
    prop_oneof![
        4 => scalar.clone(),
        1 => prop::sample::select(vec!["[a, 1, null]", "{a: b}", "[[a], {b: c}]", "{a: {b: [c]}}", "[a, a]", "{a: 1, a: 2}"]).prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn junk_in_metadata_converts_to_the_same_query(values in prop::collection::vec((any::<prop::sample::Index>(), junk()), 1..8)) {
        const KEYS: &[&str] = &[
            "title", "id", "name", "related", "taxonomy", "status", "level", "description", "license", "author", "references", "date", "modified",
            "fields", "falsepositives", "scope", "tags", "custom", "condition", "timeframe",
        ];
        let metadata: String = values.iter().map(|(key, value)| format!("{}: {}\n", key.get(KEYS), value.trim_end())).collect();
        let text = format!("{metadata}{BODY}");
        let read = sigma::read(&Source::new("r.yml", text.as_str()), &sigma::Options::default());
        let errors: Vec<_> = read.diagnostics.iter().filter(|d| d.is_error()).collect();
        prop_assert!(errors.is_empty() && read.rules.len() == 1, "{:?}\n{}", errors, text);
        let plain = sigma::read(&Source::new("r.yml", format!("title: t\n{BODY}")), &sigma::Options::default());
        for name in ["eql", "kql", "spl", "sql"] {
            let target = Target::load(name, &Templates::embedded()).expect("a target");
            let query = |rule| target.convert(rule, &Options::default()).query;
            prop_assert_eq!(query(&read.rules[0]), query(&plain.rules[0]));
        }
    }
}
