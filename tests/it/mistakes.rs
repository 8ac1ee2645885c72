//! Mistakes that a user may make in templates of their own: plain `verify` with its defaults notices them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use sigmaglot::target::Templates;

const RULE: &str = "title: A shell with a script\nlogsource: {product: windows, category: process_creation}\ndetection:\n  sel:\n    \
                    Image|endswith: '\\shell.exe'\n    User: operator\n    Flags: [alpha, bravo, charlie]\n    CommandLine|contains: ' -File '\n  \
                    filter:\n    ParentImage|startswith: 'C:\\Tools'\n  condition: sel and not filter\n";

/// Runs `verify` with one file of the templates changed, and returns its exit code and what it prints.
fn verify(target: &str, file: &str, text: &str) -> (Option<i32>, String) {
    let place = tempfile::tempdir().unwrap_or_else(|e| panic!("a directory: {e}"));
    let path = place.path().join("templates").join(file);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    fs::write(&path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rule = place.path().join("rule.yml");
    fs::write(&rule, RULE).unwrap_or_else(|e| panic!("{}: {e}", rule.display()));
    let output = Command::new(env!("CARGO_BIN_EXE_sigmaglot"))
        .args(["verify", "rule.yml", "-t", target, "--templates", "templates"])
        .current_dir(place.path())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("the program starts: {e}"));
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_wrong_template_of_a_user_is_a_difference() {
    for (target, file, right, wrong) in [
        ("eql", "eql/predicates.j2", "{{ field }} : {{ list(values) }}", "{{ field }} like {{ list(values) }}"),
        ("kql", "kql/predicates.j2", "{{ f }} =~ {{ value }}", "{{ f }} == {{ value }}"),
        ("kql", "kql/predicates.j2", "{{ f }} in~ (", "{{ f }} in ("),
        ("kql", "kql/predicates.j2", "{{ f }} endswith {{ value }}", "{{ f }} endswith_cs {{ value }}"),
        ("kql", "kql/predicates.j2", "{{ f }} endswith {{ value }}", "{{ f }} hassuffix {{ value }}"),
        ("kql", "kql/predicates.j2", "{{ f }} contains {{ value }}", "{{ f }} contains_cs {{ value }}"),
        ("kql", "kql/predicates.j2", "{{ f }} startswith {{ value }}", "{{ f }} hasprefix {{ value }}"),
        ("spl", "spl/search.j2", "IN ({{ values | join(\", \") }})", "IN ({{ values[:2] | join(\", \") }})"),
        ("spl", "spl/search.j2", "NOT {{ part }}", "{{ part }}"),
        ("sql", "sql/predicates.j2", " COLLATE NOCASE", ""),
        ("sql", "sql/predicates.j2", "{{ text }} LIKE {{ pattern }}", "{{ text }} GLOB {{ pattern }}"),
        ("sql", "sql/predicates.j2", "NOT COALESCE({{ part }}, FALSE)", "NOT ({{ part }})"),
    ] {
        let text = Templates::embedded().get(file).unwrap_or_default().to_owned();
        assert!(text.contains(right), "{file} has no `{right}`");
        let (code, _) = verify(target, file, &text);
        assert_eq!(code, Some(0), "{target}: as it is");
        let (code, output) = verify(target, file, &text.replace(right, wrong));
        assert_eq!(code, Some(1), "{target}: `{wrong}` for `{right}`\n{output}");
        assert!(output.starts_with("different"), "{target}: `{wrong}` for `{right}`\n{output}");
    }
}
