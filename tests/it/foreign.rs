//! Other people's rules, pipelines and commands, through the program as their owners would use them: an example of each kind that once fell. The
//! rest of such examples runs through the program in `public_rules` (trees of files), `events` (damaged and packed events), and
//! `output` (directories, baselines, floods of messages).

use crate::public_rules::{outcome, tree};

/// A rule for Windows with these lines as its search.
fn search(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!(
        "title: t\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n  sel:\n{lines}  condition: sel\n"
    )
}

/// The values among these that a regular expression holds for, by `run`; none and the message where it is refused.
fn held(regex: &str, values: &[&str]) -> Result<Vec<String>, String> {
    let rule = search(&[&format!("A|re: '{}'", regex.replace('\'', "''"))]);
    let events: String = values.iter().map(|value| serde_json::json!({"A": value}).to_string() + "\n").collect();
    let dir = tree(&[("r.yml", &rule), ("e.json", &events)]);
    let (code, matches, said) = outcome(&dir, &["run", "-r", "r.yml", "e.json"]);
    if code == 2 {
        return Err(said);
    }
    assert_eq!(code, 0, "{regex}: {said}");
    let index = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["event"]["index"].as_u64();
    let indices = matches.lines().filter_map(index).filter_map(|index| usize::try_from(index).ok());
    Ok(indices.map(|index| values[index].to_owned()).collect())
}

#[test]
fn regexes_are_read_as_pcre_reads_them() {
    let all = |regex: &str, values: &[&str]| {
        assert_eq!(held(regex, values), Ok(values.iter().map(|value| (*value).to_owned()).collect()), "{regex}");
    };
    let none = |regex: &str, values: &[&str]| assert_eq!(held(regex, values), Ok(Vec::new()), "{regex}");
    all("^[|&&;]$", &["|", "&", ";"]);
    none("^[^&&]+$", &["&", "&&"]);
    all("^[+--b]$", &["+", ",", "-", "b"]);
    all("^[a~~b]$", &["a", "~", "b"]);
    all("^[a[b]]$", &["a]", "[]", "b]"]);
    none("^[a[b]]$", &["a", "b", "["]);
    all(r"^\v$", &["\u{b}", "\r", "\u{2028}"]);
    none(r"^\v$", &["v"]);
    all("^[[]$", &["["]);
    all("^a{b}{,2x$", &["a{b}{,2x"]);
    all(r#"^\>\/\"\<\#\~$"#, &[r#">/"<#~"#]);
    all(r"^\Qa.b\E\x{41}\101\cA$", &["a.bAA\u{1}"]);
    for regex in ["(?=a)a", "(?<!a)b", r"(a)\1", "a++", "(?>a)", "(?R)", "[b-a]", "(", r"\p{Nonsense}"] {
        let said = held(regex, &["a"]).expect_err(regex);
        assert!(said.contains("SG0") && said.contains("r.yml:5:"), "{regex}: {said}");
    }
}

#[test]
fn rules_as_other_people_have_them() {
    let meta = "tags: [sysmon]\ndate: 16/06/2022\nstatus: production\nfalsepositives: {a: b}\nreferences: null\nid: no-uuid\ntaxonomy: own\n";
    let sound = search(&["A|exists: yes", r"Image|endswith: '\x'"]);
    let top = search(&["A: b"]).replace("  condition: sel", "condition: sel");
    let double = search(&["A: b", "A: c", "B|containz: d"]);
    let text = |line: &str| search(&[line]);
    for (rule, code, words) in [
        (format!("{meta}{sound}"), 0, &["any where", "?A != null", "SG0104", "SG0008"][..]),
        (text(r"Image|endswith '\x'"), 2, &["SG0220", "^"]),
        (text("A|contains|any: [b, c]"), 2, &["SG0201", "`any`"]),
        (text("A|in: [b, c]"), 2, &["SG0201", "`in`"]),
        (top, 2, &["SG0301"]),
        (double, 2, &["SG0004", "SG0201", "did you mean `contains`"]),
        (search(&["A: b"]).replace("process_creation", "process_creaton"), 0, &["SG0114", "process_creation"]),
        (search(&["A: b"]).replace("windows", "windws"), 0, &["SG0114", "windows"]),
        (String::from("# nothing\n"), 3, &["SG0010", "no rules"]),
        (String::from("name: CI\non: push\n"), 2, &["SG0101"]),
    ] {
        let dir = tree(&[("r.yml", &rule)]);
        let (exit, queries, said) = outcome(&dir, &["convert", "r.yml", "-t", "eql"]);
        let all = queries + &said;
        assert_eq!(exit, code, "{rule}\n{all}");
        words.iter().for_each(|word| assert!(all.contains(word), "{word}: {rule}\n{all}"));
    }
}

#[test]
fn pipelines_as_other_people_have_them() {
    let rule = search(&["A: b"]).replace("title: t\n", "title: t\ntags: [attack.execution, attack.t1059]\n");
    let post = |template: &str| format!("name: x\npostprocessing:\n  - {{type: template, template: \"{template}\"}}\n");
    let item = |item: &str| format!("name: x\ntransformations:\n  - {item}\n");
    let nine = "  - {type: field_name_mapping, mapping: {A: [A, A, A, A, A, A, A, A, A]}}\n";
    let empty = "  - {type: replace_string, regex: '()', replacement: xyzxyzxyz}\n";
    for (pipeline, code, words) in [
        (post("{{ rule.tags|map(attribute='name')|join(' ') }}"), 0, &["\nexecution t1059\n"][..]),
        (post("{{ rule.tags|selectattr('name', 'equalto', 'execution')|list|length }}"), 0, &["\n1\n"]),
        (post("{{ rule.title.upper().startswith('T') }}"), 0, &["\nTrue\n"]),
        (post("{{ rule.nonsense }}"), 3, &["SG0", "nonsense"]),
        (item("{type: add_condition, template: true, conditions: {C: '$service'}}"), 2, &["SG0609", "no service"]),
        (item("{type: add_condition, prepend: true, conditions: {C: d}}"), 0, &["?C : \"d\" and ?A : \"b\""]),
        (format!("{}sources: []\n", item("{type: set_state, key: k, value: v}")), 3, &["sources"]),
        (format!("name: x\nvars: {{m: {{a: 1}}}}\n{}", &post("{{ pipeline.vars.m.a }}")[8..]), 0, &["\n1\n"]),
        (format!("name: x\ntransformations:\n{}", nine.repeat(12)), 2, &["SG0614", "250000"]),
        (format!("name: x\ntransformations:\n{}", empty.repeat(12)), 2, &["SG0614", "64 MiB"]),
    ] {
        let dir = tree(&[("r.yml", &rule), ("p.yml", &pipeline)]);
        let (exit, queries, said) = outcome(&dir, &["convert", "r.yml", "-t", "eql", "-p", "p.yml"]);
        let all = queries + &said;
        assert_eq!(exit, code, "{pipeline}\n{all}");
        words.iter().for_each(|word| assert!(all.contains(word), "{word}: {pipeline}\n{all}"));
    }
}

#[test]
fn names_as_other_programs_have_them() {
    let dir = tree(&[("r.yml", &search(&[r"Image|endswith: '\x.exe'"]))]);
    for (target, pipeline) in [
        ("eql", "ecs_windows"),
        ("splunk", "splunk_windows"),
        ("kusto", "microsoft_xdr"),
        ("kusto", "sentinel_asim"),
        ("kusto", "azure_monitor"),
        ("sqlite", ""),
    ] {
        let mapping: &[&str] = if pipeline.is_empty() { &[] } else { &["-p", pipeline] };
        let (code, queries, said) = outcome(&dir, &[&["convert", "r.yml", "-t", target], mapping].concat());
        assert!(code == 0 && queries.contains("x.exe"), "{target} {pipeline}: {queries}{said}");
    }
}
