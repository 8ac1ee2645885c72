//! Hostile input, through the program and the public API: it ends in bounded time with a message and a documented exit
//! code, nothing panics, the rest of a batch goes on, and no value of a rule leaves its literal.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::lang::{eql, kql};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Conversion, NAMES, Options, Target, Templates};
use sqlparser::dialect::{
    ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;
use tempfile::TempDir;

use crate::common::sample;

/// What any single input may take: far more than it does, so that a slow machine is no failure and a blow-up is one.
const PATIENCE: Duration = Duration::from_secs(180);

const EVERY_TARGET: &str = "eql,kql,spl,sql,sql:duckdb,sql:postgres,sql:clickhouse,sql:spark";

const GOOD: &str = "title: Good\nlogsource:\n  category: test\ndetection:\n  sel:\n    A: b\n  condition: sel\n";

/// A directory of files.
fn files(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    for (name, content) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(dir.path())).unwrap_or_else(|e| panic!("{e}"));
        fs::write(path, content).unwrap_or_else(|e| panic!("{e}"));
    }
    dir
}

/// Runs the program, which must end in time without a panic.
fn sigmaglot(dir: &Path, args: &[&str]) -> Output {
    let start = Instant::now();
    let out = Command::new(env!("CARGO_BIN_EXE_sigmaglot"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("the program starts: {e}"));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!said.contains("panicked"), "{args:?}: {said}");
    assert!(start.elapsed() < PATIENCE, "{args:?} took {:?}", start.elapsed());
    assert!(matches!(out.status.code(), Some(0..=3)), "{args:?}: {:?}: {said}", out.status);
    out
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn records(out: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&out.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// A rule with this detection section, indented by two.
fn rule(detection: &str) -> String {
    format!("title: Hostile\nlogsource:\n  category: test\ndetection:\n{detection}")
}

/// Converts a hostile file to every target beside a good one. The good one must be converted, and the hostile one end as
/// said: 0 converted everywhere, 2 refused by some target or not read.
fn beside_a_good_rule(name: &str, hostile: &[u8], exit: i32) -> Output {
    let dir = files(&[("a/good.yml", GOOD.as_bytes()), ("hostile.yml", hostile), ("z/good.yml", GOOD.as_bytes())]);
    let out = sigmaglot(dir.path(), &["convert", ".", "-t", EVERY_TARGET, "--format", "jsonl"]);
    assert_eq!(out.status.code(), Some(exit), "{name}: {}", said(&out));
    let good = records(&out).iter().filter(|r| r["title"] == "Good" && r["status"] == "ok").count();
    assert_eq!(good, 16, "{name}: the good rules are converted whatever is beside them");
    out
}

#[test]
fn garbage_is_refused_and_the_batch_goes_on() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let cases: [(&str, Vec<u8>); 12] = [
        ("every byte", every_byte.repeat(16)),
        ("an executable's head", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".repeat(64)),
        ("NUL bytes", vec![0; 4096]),
        ("NUL in a value", rule("  sel:\n    A: 'a\0b'\n  condition: sel\n").into_bytes()),
        ("UTF-16", "title: x\n".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a lone surrogate", b"title: \xed\xa0\x80\n".to_vec()),
        ("an endless flow list", b"[".repeat(100_000)),
        ("an endless flow map", b"{a: ".repeat(100_000)),
        ("block lists on a line", b"- ".repeat(100_000)),
        ("nested indentation", (0..2000).fold(String::new(), |s, i| s + &" ".repeat(i) + "a:\n").into_bytes()),
        ("anchors of anchors", billion_laughs().into_bytes()),
        ("a quote that never ends", format!("title: \"{}", "a".repeat(100_000)).into_bytes()),
    ];
    for (name, bytes) in cases {
        let out = beside_a_good_rule(name, &bytes, 2);
        assert!(said(&out).contains("invalid"), "{name}: {}", said(&out));
    }
}

fn billion_laughs() -> String {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let alias = format!("*a{}", i - 1);
        let _ = writeln!(text, "a{i}: &a{i} [{}]", [alias.as_str(); 10].join(", "));
    }
    text
}

#[test]
fn a_file_of_a_hundred_megabytes_ends_at_once() {
    let dir = files(&[("good.yml", GOOD.as_bytes())]);
    let path = dir.path().join("huge.yml");
    let mut file = File::create(&path).unwrap_or_else(|e| panic!("{e}"));
    file.write_all(GOOD.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    // A hole: nothing but zero bytes up to the last line.
    file.seek(SeekFrom::Start(100_000_000)).and_then(|_| file.write_all(b"\n")).unwrap_or_else(|e| panic!("{e}"));
    let start = Instant::now();
    let out = sigmaglot(dir.path(), &["convert", ".", "-t", "kql", "--format", "jsonl"]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(out.status.code(), Some(2));
    let records = records(&out);
    assert_eq!((&records[0]["status"], &records[1]["status"]), (&"ok".into(), &"invalid".into()));
    assert_eq!(records[1]["diagnostics"][0]["code"], "SG0002", "{}", records[1]);
}

#[test]
fn nesting_is_bounded() {
    let conditions = [
        ("parentheses", format!("{}sel{}", "(".repeat(100_000), ")".repeat(100_000)), 2),
        ("open parentheses", "(".repeat(1_000_000), 2),
        ("not", format!("{}sel", "not ".repeat(100_000)), 2),
        ("not (", format!("{}sel{}", "not (".repeat(50_000), ")".repeat(50_000)), 2),
        ("a long chain", vec!["sel"; 100_000].join(" and "), 2),
        ("a mixed chain", vec!["sel or not sel and"; 20_000].join(" ") + " sel", 2),
        ("words", vec!["sel"; 100_000].join(" "), 2),
        ("a chain that is not too long", vec!["sel"; 1_000].join(" and "), 0),
        ("a shallow nest", format!("{}sel{}", "(".repeat(20), ")".repeat(20)), 0),
    ];
    for (name, condition, exit) in conditions {
        let text = rule(&format!("  sel:\n    A: b\n  condition: {condition}\n"));
        beside_a_good_rule(name, text.as_bytes(), exit);
    }
    let mut lists = String::from("  sel:\n");
    (0..500).for_each(|i| lists.push_str(&format!("{}-\n", " ".repeat(i + 4))));
    beside_a_good_rule("lists in lists", rule(&(lists + "  condition: sel\n")).as_bytes(), 2);
}

#[test]
fn long_lists_end_in_a_query_or_a_refusal() {
    let length = if sample::is_deep() { 100_000 } else { 20_000 };
    for (modifier, value) in [("", "v"), ("|contains", "v"), ("|contains|all", "v"), ("|startswith", "é"), ("", "1*")]
    {
        let mut text = format!("  sel:\n    A{modifier}:\n");
        (0..length).for_each(|i| text.push_str(&format!("      - '{value}{i}'\n")));
        let text = rule(&(text + "  condition: not sel\n"));
        let dir = files(&[("hostile.yml", text.as_bytes())]);
        let out = sigmaglot(dir.path(), &["convert", ".", "-t", EVERY_TARGET, "--format", "jsonl"]);
        assert_eq!(records(&out).len(), NAMES.len(), "A{modifier}: {value}");
        let events = files(&[("e.json", b"{\"A\": \"w\"}")]);
        let event = events.path().join("e.json");
        let out = sigmaglot(dir.path(), &["run", "-r", "hostile.yml", &event.to_string_lossy()]);
        assert_eq!((out.status.code(), records(&out).len()), (Some(0), 1), "{}", said(&out));
    }
}

#[test]
fn regular_expressions_cannot_blow_up() {
    let refused = [
        "(a{1000}){1000}".to_owned(),
        "((a{100}){100}){100}".to_owned(),
        "(".repeat(100_000),
        format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000)),
        "a{99999999999}".to_owned(),
        r"(?=a)b".to_owned(),
        r"(a)\1".to_owned(),
        r"[z-a]".to_owned(),
        r"\".to_owned(),
    ];
    for regex in refused {
        let text = rule(&format!("  sel:\n    A|re: '{regex}'\n  condition: sel\n"));
        beside_a_good_rule(&regex.chars().take(40).collect::<String>(), text.as_bytes(), 2);
    }
    // Catastrophic for a backtracking engine, linear in ours.
    for regex in ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){12}$", "^(([a-z])+.)+[A-Z]([a-z])+$"] {
        let text = rule(&format!("  sel:\n    A|re: '{regex}'\n  condition: sel\n"));
        let event = format!("{{\"A\": \"{}!\"}}\n", "a".repeat(100_000));
        let dir = files(&[("rule.yml", text.as_bytes()), ("events.ndjson", event.repeat(5).as_bytes())]);
        let out = sigmaglot(dir.path(), &["run", "-r", "rule.yml", "events.ndjson"]);
        assert_eq!(out.status.code(), Some(0), "{regex}: {}", said(&out));
    }
}

#[test]
fn wildcards_cannot_blow_up() {
    for pattern in ["*a".repeat(1_000) + "*b", "?".repeat(10_000), "*?".repeat(500) + "b", "*".repeat(10_000)] {
        let text = rule(&format!("  sel:\n    A: '{pattern}'\n  condition: sel\n"));
        let event = format!("{{\"A\": \"{}\"}}\n", "a".repeat(50_000));
        let dir = files(&[("rule.yml", text.as_bytes()), ("events.ndjson", event.repeat(5).as_bytes())]);
        let out = sigmaglot(dir.path(), &["run", "-r", "rule.yml", "events.ndjson"]);
        assert_eq!(out.status.code(), Some(0), "{}", said(&out));
        let out = sigmaglot(dir.path(), &["convert", "rule.yml", "-t", EVERY_TARGET, "--format", "jsonl"]);
        assert_eq!(records(&out).len(), NAMES.len(), "{}", said(&out));
    }
}

/// With one of the program's files replaced, a conversion ends with a message: by the template engine, or by the manifest.
#[test]
fn templates_and_manifests_of_users_cannot_hang_or_crash() {
    let cases: [(&str, &str, i32); 12] = [
        ("kql/query.j2", "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}", 3),
        ("kql/query.j2", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 3),
        ("kql/query.j2", "{% include 'kql/query.j2' %}", 3),
        ("kql/query.j2", "{{ nothing }}", 3),
        ("kql/query.j2", "{{ 'x' * 1000000000000 }}", 3),
        ("kql/query.j2", "{% if %}", 3),
        ("kql/predicates.j2", "", 3),
        ("kql/predicates.j2", "{% macro equals(f) %}{% endmacro %}", 3),
        ("kql/manifest.toml", "\u{0}", 3),
        ("kql/manifest.toml", "name = 1", 3),
        ("kql/manifest.toml", "[capabilities]\nnonsense = { support = \"exact\" }", 3),
        ("kql/manifest.toml", &"[".repeat(10_000), 3),
    ];
    for (path, text, exit) in cases {
        let dir = files(&[("rule.yml", GOOD.as_bytes()), (&format!("templates/{path}"), text.as_bytes())]);
        let out = sigmaglot(dir.path(), &["convert", "rule.yml", "-t", "kql,sql", "--templates", "templates"]);
        assert_eq!(out.status.code(), Some(exit), "{path}: {text:.60}: {}", said(&out));
        assert!(said(&out).contains("error[SG"), "{path}: {text:.60}: {}", said(&out));
    }
}

/// What a title holds cannot end the comment above a query, nor turn the text of a terminal around.
#[test]
fn titles_stay_in_their_comment() {
    let title = r#""x\n; DROP TABLE logs -- */ ``` \u202E\u2066evil\u2028next\u0085next\x1b[31m\x07\0""#;
    let text = GOOD.replace("Good", title);
    let dir = files(&[("rule.yml", text.as_bytes())]);
    for target in NAMES {
        let out = sigmaglot(dir.path(), &["convert", "rule.yml", "-t", target]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let comments: Vec<&str> = text.lines().filter(|line| line.contains("DROP")).collect();
        assert!(comments.len() <= 1, "{target}: {text}");
        let hidden = |c: char| (c.is_control() && c != '\n') || "\u{202E}\u{2066}\u{2028}\u{85}".contains(c);
        assert!(!text.contains(hidden), "{target}: {text:?}");
        assert!(!said(&out).contains(|c: char| hidden(c)), "{target}: {:?}", said(&out));
        for comment in comments {
            let inner = comment.trim_start_matches(['/', '*', '-', '`', ' ']);
            let inner = inner.strip_suffix("*/").or(inner.strip_suffix("```")).unwrap_or(inner);
            assert!(!inner.contains("*/") && !inner.contains("```"), "{target}: {comment}");
        }
    }
}

#[test]
fn events_of_any_shape_are_read_or_refused_one_by_one() {
    let deep = |open: &str, close: &str| format!("{{\"A\": {}1{}}}", open.repeat(100_000), close.repeat(100_000));
    let cases: [(&str, Vec<u8>); 10] = [
        ("a cut line", b"{\"A\": \"b\", \"B\": {\"C".to_vec()),
        ("deep arrays", deep("[", "]").into_bytes()),
        ("deep objects", deep("{\"x\":", "}").into_bytes()),
        ("a number without end", format!("{{\"A\": {}}}", "9".repeat(1_000_000)).into_bytes()),
        ("a huge exponent", b"{\"A\": 1e999999999999999999999}".to_vec()),
        ("no object", b"[1, null, \"x\", true, [[]]]".to_vec()),
        ("bytes", (0..=255).collect()),
        ("lone surrogate", br#"{"A": "\ud800"}"#.to_vec()),
        ("invalid UTF-8", b"{\"A\": \"\xff\xfe\"}".to_vec()),
        ("a broken event log", b"ElfFile\0\xff\xff\xff\xff\xff\xff\xff\xff".repeat(600)),
    ];
    for (name, hostile) in cases {
        let good = b"{\"A\": \"B\", \"A\": \"b\"}\n";
        let mut lines = hostile.clone();
        lines.push(b'\n');
        lines.extend(good);
        let dir = files(&[("rule.yml", GOOD.as_bytes()), ("hostile.json", &lines), ("good.json", good)]);
        let out = sigmaglot(dir.path(), &["run", "-r", "rule.yml", "hostile.json", "good.json"]);
        let matches = records(&out);
        assert!(matches.iter().any(|m| m["event"]["file"] == "good.json"), "{name}: {}", said(&out));
        let refused = name != "a number without end" && name != "a huge exponent";
        if refused {
            assert!(said(&out).contains("SG"), "{name}: it is said what could not be read");
        }
    }
}

fn convert(text: &str, target: &Target) -> Vec<Conversion> {
    let read = sigma::read(&Source::new("rule.yml", text), &sigma::Options::default());
    read.rules.iter().map(|rule| target.convert(rule, &Options::default())).collect()
}

/// The statement kinds of a text after the dialect's own lexer and parser: one `SELECT`, or it is not our query.
fn one_select(query: &str, dialect: &dyn Dialect) -> Result<(), String> {
    let statements = Parser::parse_sql(dialect, query).map_err(|e| e.to_string())?;
    match statements.as_slice() {
        [sqlparser::ast::Statement::Query(_)] => Ok(()),
        other => Err(format!("{} statements", other.len())),
    }
}

fn check_syntax(target: &str, query: &str) -> Result<(), String> {
    match target {
        "eql" => eql::parse(query).map(drop).map_err(|e| e.to_string()),
        "kql" => kql::parse(query).map(drop).map_err(|e| e.to_string()),
        "sql" => one_select(query, &SQLiteDialect {}),
        "sql:duckdb" => one_select(query, &DuckDbDialect {}),
        "sql:postgres" => one_select(query, &PostgreSqlDialect {}),
        "sql:clickhouse" => one_select(query, &ClickHouseDialect {}),
        "sql:spark" => one_select(query, &DatabricksDialect {}),
        _ => balanced(query),
    }
}

/// Splunk's quoting: texts end where they should, so that nothing but known words stands outside.
fn balanced(query: &str) -> Result<(), String> {
    let mut chars = query.chars();
    let mut outside = String::new();
    while let Some(c) = chars.next() {
        if c != '"' && c != '\'' {
            outside.push(c);
            continue;
        }
        loop {
            match chars.next() {
                None => return Err("a text does not end".into()),
                Some('\\') => drop(chars.next()),
                Some(end) if end == c => break,
                Some(_) => {}
            }
        }
    }
    match outside.contains("evil") {
        true => Err(format!("a value stands outside of texts: {outside}")),
        false => Ok(()),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Texts of the marks that end or escape literals somewhere, and of anything.
fn hostile_text() -> impl Strategy<Value = String> {
    let marks = prop::sample::select(vec![
        "'", "\"", "\\", "`", "``", "```", "%", "_", "!", "*", "?", "/*", "*/", "--", "//", ";", "|", "$", "$$", "#",
        "[", "]", "{", "}", "(", ")", "@", "~", "\n", "\r", "\t", "\0", "\u{1b}", "\u{85}", "\u{2028}", "\u{202e}",
        "\u{feff}", "é", "İ", "ſ", "\u{212a}", "𝒳", "{{", "{%", "$(", "evil", " or 1=1 ", "E'", "N'", "\\x27",
        "\\u0027", "&", "<",
    ]);
    prop_oneof![
        4 => vec(marks, 0..8).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

const MODIFIERS: &[&str] = &[
    "",
    "|cased",
    "|contains",
    "|startswith",
    "|endswith|cased",
    "|contains|all",
    "|re",
    "|re|i",
    "|windash",
    "|wide|base64offset|contains",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text as a value or a name: each target refuses it with an error, or gives a query that its language reads as
    /// one query.
    #[test]
    fn no_text_leaves_its_literal(
        value in hostile_text(),
        field in hostile_text(),
        modifier in prop::sample::select(MODIFIERS),
        hostile_name in any::<bool>(),
    ) {
        // The mark of a value that got out must not be a name.
        let field = if hostile_name { field.replace('|', "").replace("evil", "name") } else { "Field".into() };
        let key = quoted(&format!("{field}{modifier}"));
        let list = quoted(&format!("{value}x"));
        let text = rule(&format!("  sel:\n    {key}:\n      - {}\n      - {list}\n  key:\n    - {list}\n  condition: sel or not sel and key\n", quoted(&value)));
        let plain = rule(&format!("  sel:\n    {key}: {}\n  condition: not sel\n", quoted(&value)));
        for name in NAMES {
            let target = Target::load(name, &Templates::embedded()).map_err(|e| TestCaseError::fail(e.message))?;
            for text in [&text, &plain] {
                for conversion in convert(text, &target) {
                    match &conversion.query {
                        // This parser does not know the backslash in ClickHouse's quoted names.
                        Some(query) if *name == "sql:clickhouse" && query.contains("\\`") => {}
                        Some(query) => {
                            let syntax = check_syntax(name, query);
                            prop_assert!(syntax.is_ok(), "{name}: {syntax:?}\n{query:?}\n{text}");
                        }
                        None => prop_assert!(conversion.diagnostics.iter().any(|d| d.is_error()), "{name}\n{text}"),
                    }
                }
            }
        }
    }

    /// Any bytes as a rule and as events: an answer, never a panic.
    #[test]
    fn any_text_is_read(text in prop_oneof![any::<String>(), "[a-z:|\\-\\[\\]{}&*!'\" \n]{0,200}"]) {
        for text in [text.clone(), rule(&format!("  sel: {text}\n  condition: {text}\n"))] {
            let read = sigma::read(&Source::new("rule.yml", text), &sigma::Options::default());
            prop_assert!(!read.rules.is_empty() || !read.diagnostics.is_empty() || read.filters.is_empty());
        }
    }
}

#[test]
fn a_panic_of_the_template_engine_is_an_error_of_the_target_and_the_next_rule_goes_on() {
    let templates = Templates::embedded()
        .with_override("sql/query.j2", "{% if rule.title == 'bad' %}{{ ''[::-1] }}{% else %}sound{% endif %}");
    let target = Target::load("sql", &templates).expect("the target");
    let mut session = target.session();
    let mut converted = |title: &str| {
        let text =
            format!("title: {title}\nlogsource: {{category: test}}\ndetection:\n  a: {{f: x}}\n  condition: a\n");
        let read = sigma::read(&Source::new("t.yml", text), &sigma::Options::default());
        session.convert(&read.rules[0], &Options::default())
    };
    let bad = converted("bad");
    assert_eq!(bad.query, None);
    assert!(bad.diagnostics.iter().any(Diagnostic::is_error), "{:?}", bad.diagnostics);
    assert_eq!(converted("good").query.as_deref(), Some("sound"));
}
