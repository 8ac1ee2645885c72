//! What `convert` leaves behind and how it ends: output directories, baselines, floods of messages, colours, closed pipes.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn rule(title: &str, id: &str, detection: &str) -> String {
    format!(
        "title: {title}\nid: {id}\nstatus: test\nlevel: low\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n  \
         sel:\n    {detection}\n  condition: sel\n"
    )
}

const ID_A: &str = "0b6f8a3e-6d0f-4a55-9d32-5f0a3a9c1e0a";
const ID_B: &str = "0b6f8a3e-6d0f-4a55-9d32-5f0a3a9c1e0b";
const ID_C: &str = "0b6f8a3e-6d0f-4a55-9d32-5f0a3a9c1e0c";
/// EQL has no keywords and no dates.
const REFUSED: &str = "Time|hour: 3";

struct Place(tempfile::TempDir);

impl Place {
    /// A directory with the rules `a`, `sub/b` and, refused by EQL, `c`.
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("there is room for a directory"));
        place.write("rules/a.yml", &rule("A", ID_A, "Image: a.exe"));
        place.write("rules/sub/b.yml", &rule("B", ID_B, "Image: b.exe"));
        place.write("rules/c.yml", &rule("C", ID_C, REFUSED));
        place
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("a directory is made");
        fs::write(path, text).expect("the file is written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sigmaglot"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program starts")
    }

    /// The files below a directory, but for the list of them.
    fn files(&self, directory: &str) -> Vec<String> {
        let root = self.0.path().join(directory);
        let walk = ignore::WalkBuilder::new(&root).standard_filters(false).sort_by_file_path(Path::cmp).build();
        let files = walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
        let names = files
            .map(|entry| entry.path().strip_prefix(&root).unwrap_or(entry.path()).to_string_lossy().replace('\\', "/"));
        names.filter(|name| name != ".sigmaglot-files.json").collect()
    }
}

fn code(out: &Output) -> Option<i32> {
    out.status.code()
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn files_of_rules_that_are_gone_go_and_no_others() {
    let place = Place::new();
    place.write("out/README.md", "mine");
    let out = place.run(&["convert", "rules", "-t", "kql,sql", "-o", "out", "--skip-unsupported"]);
    assert_eq!(code(&out), Some(0), "{}", stderr(&out));
    assert_eq!(place.files("out"), ["README.md", "a.kql", "a.sql", "c.kql", "c.sql", "sub/b.kql", "sub/b.sql"]);
    // One rule is deleted, one broken, and one refused.
    place.write("rules/a.yml", &rule("A", ID_A, "Image|frobnicate: x"));
    fs::remove_file(place.0.path().join("rules/sub/b.yml")).expect("it was there");
    let out = place.run(&["convert", "rules", "-t", "kql,sql", "-o", "out"]);
    assert_eq!(code(&out), Some(2));
    assert_eq!(place.files("out"), ["README.md", "c.kql", "c.sql"], "{}", stderr(&out));
    assert!(!place.0.path().join("out/sub").exists(), "an empty directory goes too");
    assert!(stderr(&out).contains("2 files written, 4 of earlier runs removed"), "{}", stderr(&out));
    // A run for another target leaves what the first one wrote.
    assert_eq!(code(&place.run(&["convert", "rules/c.yml", "-t", "spl", "-o", "out"])), Some(0));
    assert_eq!(place.files("out"), ["README.md", "c.kql", "c.spl", "c.sql"]);
}

#[test]
fn a_run_that_fails_changes_nothing() {
    let place = Place::new();
    assert_eq!(code(&place.run(&["convert", "rules/a.yml", "-t", "kql", "-o", "out"])), Some(0));
    let before = place.read("out/a.kql");
    place.write("rules/a.yml", &rule("A", ID_A, "Image: other.exe"));
    // The name of the last query is a directory.
    fs::create_dir_all(place.0.path().join("out/sub/b.kql")).expect("a directory is made");
    let out = place.run(&["convert", "rules", "-t", "kql", "-o", "out"]);
    assert_eq!(code(&out), Some(3), "{}", stderr(&out));
    assert_eq!(place.read("out/a.kql"), before);
    assert_eq!(place.files("out"), ["a.kql"], "nothing is left behind");
    assert_eq!(code(&place.run(&["convert", "missing", "-t", "kql", "-o", "out"])), Some(3));
    assert_eq!(place.files("out"), ["a.kql"]);
}

#[cfg(unix)]
#[test]
fn the_list_of_files_and_links_lead_to_nothing_outside() {
    let place = Place::new();
    place.write("mine.kql", "mine");
    place.write("elsewhere/mine.kql", "mine");
    place.write(
        "out/.sigmaglot-files.json",
        "{\"version\":1,\"files\":{\"../mine.kql\":\"kql\",\"link/mine.kql\":\"kql\"}}",
    );
    std::os::unix::fs::symlink("../elsewhere", place.0.path().join("out/link")).expect("a link is made");
    assert_eq!(code(&place.run(&["convert", "rules/a.yml", "-t", "kql", "-o", "out"])), Some(0));
    assert_eq!((place.read("mine.kql"), place.read("elsewhere/mine.kql")), ("mine".into(), "mine".into()));
    std::os::unix::fs::symlink("../mine.kql", place.0.path().join("out/c.kql")).expect("a link is made");
    let out = place.run(&["convert", "rules", "-t", "kql", "-o", "out"]);
    assert_eq!(code(&out), Some(3));
    assert!(stderr(&out).contains("error[SG0903]: refusing to write through a link"), "{}", stderr(&out));
    assert_eq!(place.read("mine.kql"), "mine");
}

#[test]
fn names_follow_the_template_and_collisions_go_by_id() {
    let place = Place::new();
    let out = place.run(&[
        "convert",
        "rules",
        "-t",
        "kql,sql:duckdb",
        "-o",
        "out",
        "--filename",
        "{level}/{product}/{id}.{extension}",
    ]);
    let names = place.files("out");
    assert!(
        names.contains(&format!("low/windows/{ID_A}.kql")) && names.contains(&format!("low/windows/{ID_B}.duckdb.sql")),
        "{names:?} {}",
        stderr(&out)
    );
    place.run(&["convert", "rules", "-t", "kql", "-o", "same", "--filename", "all.kql"]);
    assert_eq!(place.files("same"), [ID_A, ID_B, ID_C].map(|id| format!("all~{id}.kql")));
    let two = rule("B", ID_B, "Image: b.exe") + "---\n" + &rule("A", ID_A, "Image: a.exe");
    place.write("two/x.yml", &two);
    place.run(&["convert", "two", "-t", "kql", "-o", "two-out"]);
    let before: Vec<String> =
        place.files("two-out").iter().map(|name| place.read(&format!("two-out/{name}"))).collect();
    place.write("two/x.yml", &(rule("C", ID_C, "Image: c.exe") + "---\n" + &two));
    place.run(&["convert", "two", "-t", "kql", "-o", "two-out"]);
    assert_eq!(place.files("two-out"), [ID_A, ID_B, ID_C].map(|id| format!("x~{id}.kql")));
    let after: Vec<String> = place.files("two-out").iter().map(|name| place.read(&format!("two-out/{name}"))).collect();
    assert_eq!(after[..2], before, "a rule before them renames none");
    for template in ["{nme}", "{stem", ""] {
        let out = place.run(&["convert", "rules", "-t", "kql", "-o", "bad", "--filename", template]);
        assert_eq!(code(&out), Some(3), "{template}");
    }
}

#[test]
fn refusals_of_the_baseline_are_no_failure() {
    let place = Place::new();
    let convert = ["convert", "rules", "-t", "eql"];
    assert_eq!(code(&place.run(&convert)), Some(2));
    let skipped = place.run(&["convert", "rules", "-t", "eql", "--skip-unsupported"]);
    assert_eq!(code(&skipped), Some(0), "{}", stderr(&skipped));
    assert!(stderr(&skipped).contains("1 unsupported") && !stderr(&skipped).contains("error["), "{}", stderr(&skipped));

    let out = place.run(&["convert", "rules", "-t", "eql", "--update-baseline"]);
    assert_eq!(code(&out), Some(0), "{}", stderr(&out));
    let baseline: Value = serde_json::from_str(&place.read("sigmaglot.baseline.json")).expect("it is JSON");
    let refusal = serde_json::json!({"rule": ID_C, "target": "eql", "code": "SG0501", "path": "rules/c.yml"});
    assert_eq!(baseline, serde_json::json!({"version": 1, "refusals": [refusal]}));
    let out = place.run(&convert);
    assert_eq!((code(&out), stderr(&out).contains("error[")), (Some(0), false), "{}", stderr(&out));

    // A new one fails, and only that one is said.
    place.write("rules/d.yml", &rule("D", "0b6f8a3e-6d0f-4a55-9d32-5f0a3a9c1e0d", REFUSED));
    place.write("rules/e.yml", &rule("E", "0b6f8a3e-6d0f-4a55-9d32-5f0a3a9c1e0e", "Image|frobnicate: x"));
    let out = place.run(&convert);
    assert_eq!((code(&out), stderr(&out).matches("error[").count()), (Some(2), 2), "{}", stderr(&out));
    place.run(&["convert", "rules", "-t", "eql", "--update-baseline"]);
    assert_eq!(code(&place.run(&convert)), Some(0));

    // One that is gone is said, and so is one whose file is gone.
    place.write("rules/c.yml", &rule("C", ID_C, "Image: c.exe"));
    fs::remove_file(place.0.path().join("rules/e.yml")).expect("it was there");
    let out = place.run(&convert);
    assert_eq!(code(&out), Some(0));
    assert!(stderr(&out).contains("note[SG0918]: 2 refusals are in the baseline and no more"), "{}", stderr(&out));
    assert!(stderr(&out).contains("rules/c.yml eql SG0501"), "{}", stderr(&out));
    // A run over other rules says nothing of those that it did not see.
    assert!(!stderr(&place.run(&["convert", "rules/a.yml", "-t", "kql"])).contains("rules/c.yml"));

    place.write("sigmaglot.baseline.json", "{}");
    let out = place.run(&convert);
    assert_eq!(code(&out), Some(3));
    assert!(stderr(&out).contains("error[SG0917]"), "{}", stderr(&out));
}

#[test]
fn the_same_is_said_once_with_a_count_and_records_keep_it() {
    let place = Place::new();
    for i in 0..200 {
        place.write(
            &format!("many/{i:03}.yml"),
            &rule(&format!("R{i}"), &format!("0b6f8a3e-6d0f-4a55-9d32-{i:012}"), &format!("F{i}: null")),
        );
    }
    let out = place.run(&["convert", "many", "-t", "spl,kql"]);
    let text = stderr(&out);
    assert_eq!(code(&out), Some(0), "{text}");
    assert_eq!(text.matches("warning[SG0504]").count(), 2, "{text}");
    assert!(
        text.contains("said 199 times more: many/001.yml:8, many/002.yml:8, many/003.yml:8 and 196 more"),
        "{text}"
    );
    let out = place.run(&["convert", "many", "-t", "spl", "--format", "jsonl"]);
    let records = String::from_utf8_lossy(&out.stdout).lines().filter(|line| line.contains("SG0504")).count();
    assert_eq!(records, 200);
    let out = place.run(&["convert", "many", "-t", "eql", "-p", "ecs-windows", "--unmapped", "error"]);
    assert!(stderr(&out).lines().count() < 2000, "{}", stderr(&out).lines().count());
}

#[test]
fn messages_are_sorted_by_file_and_place_and_the_tally_counts_documents() {
    let place = Place::new();
    let broken = |id: &str| rule("X", id, "Image|frobnicate: x");
    place.write("docs/two.yml", &[broken(ID_A), rule("B", ID_B, "Image: b"), broken(ID_C)].join("---\n"));
    place.write("docs/a.yml", &rule("A", "0b6f8a3e-6d0f-4a55-9d32-5f0a3a9c1e0d", "Image|nonsense: x"));
    let out = place.run(&["convert", "docs", "-t", "kql", "--threads", "3"]);
    let text = stderr(&out);
    assert!(text.contains("kql: 1 of 4 converted, 0 unsupported, 3 invalid"), "{text}");
    let place_of = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is not in {text}"));
    assert!(place_of("docs/a.yml:8") < place_of("docs/two.yml:8"), "{text}");
}

#[test]
fn finalizers_work_with_records_and_directories() {
    let place = Place::new();
    let pipeline = "name: own\npriority: 1\ntransformations: []\nfinalizers:\n  - {type: concat, separator: ' ; ', prefix: '<', suffix: '>'}\n";
    place.write("own.yml", pipeline);
    let text = "<Events | where Image =~ \"a.exe\" ; Events | where Image =~ \"b.exe\">";
    let (a, b) = ("rules/a.yml", "rules/sub/b.yml");
    let out = place.run(&["convert", a, b, "-t", "kql", "-p", "own.yml"]);
    assert_eq!((code(&out), String::from_utf8_lossy(&out.stdout).trim()), (Some(0), text), "{}", stderr(&out));
    let out = place.run(&["convert", a, b, "-t", "kql", "-p", "own.yml", "--format", "jsonl"]);
    let records: Vec<Value> =
        String::from_utf8_lossy(&out.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!((records.len(), &records[2]["status"], &records[2]["query"]), (3, &"finalized".into(), &text.into()));
    assert!(stderr(&out).contains("kql: finalizers made one text of 2 queries in the last record"), "{}", stderr(&out));
    let out = place.run(&["convert", a, b, "-t", "kql", "-p", "own.yml", "-o", "out"]);
    assert_eq!((place.files("out"), place.read("out/finalized.kql").trim()), (vec!["finalized.kql".to_owned()], text));
    assert!(stderr(&out).contains("in the file `finalized.kql`"), "{}", stderr(&out));
}

#[test]
fn closed_pipes_empty_names_and_nul_have_clear_answers() {
    let place = Place::new();
    for i in 0..300 {
        place.write(
            &format!("many/{i}.yml"),
            &rule("R", &format!("0b6f8a3e-6d0f-4a55-9d32-{i:012}"), &format!("Image: '{}'", "x".repeat(1000))),
        );
    }
    let mut child = place
        .command(&["convert", "many", "-t", "kql"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut first = [0; 1];
    let mut pipe = child.stdout.take().expect("it has a pipe");
    pipe.read_exact(&mut first).expect("it writes");
    drop(pipe);
    let out = child.wait_with_output().expect("it ends");
    assert_eq!((code(&out), stderr(&out)), (Some(0), String::new()), "a reader that has enough is no error");
    for arguments in [&["--table", ""][..], &["--out-dir", ""], &["-t", ""]] {
        let out = place.run(&[&["convert", "rules/a.yml", "-t", "kql"], arguments].concat());
        assert_eq!(code(&out), Some(3), "{arguments:?}: {}", stderr(&out));
    }
    place.write("sigmaglot.toml", "targets = ['kql']\nout-dir = \"a\\u0000b\"\n");
    let out = place.run(&["convert", "rules/a.yml"]);
    assert_eq!(code(&out), Some(3));
    assert!(stderr(&out).contains("a\\0b") && !stderr(&out).contains('\0'), "{}", stderr(&out));
}

#[test]
fn colours_are_as_they_are_asked_for() {
    let place = Place::new();
    let coloured = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = place.command(&[&["convert", "rules/c.yml", "-t", "eql"], args].concat());
        command.envs(variables.iter().copied());
        stderr(&command.output().expect("the program starts")).contains('\x1b')
    };
    assert!(!coloured(&[], &[]) && coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]) && !coloured(&["--color=never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(coloured(&["--color=always", "--nonsense"], &[]) && !coloured(&["--nonsense"], &[]));
}

#[test]
fn completions_know_the_names_and_every_command_has_a_page() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8_lossy(&place.run(&["completions", shell]).stdout).into_owned();
        for name in ["sql:duckdb", "kql", "ecs-windows", "defender-xdr"] {
            assert!(script.replace('\\', "").contains(name), "{shell}: {name}");
        }
    }
    let out = place.run(&["man", "mapping", "explain"]);
    assert!(String::from_utf8_lossy(&out.stdout).contains("explain"), "{}", stderr(&out));
    assert_eq!(code(&place.run(&["man", "--out-dir", "man"])), Some(0));
    let pages = place.files("man");
    for page in ["sigmaglot.1", "sigmaglot-convert.1", "sigmaglot-mapping-explain.1", "sigmaglot-verify.1"] {
        assert!(pages.iter().any(|name| name == page), "{page}: {pages:?}");
    }
}

/// The README's first command over the rules of the project.
#[test]
fn the_first_command_of_the_readme_ends_well_and_without_a_wall_of_warnings() {
    let readme = include_str!("../../README.md");
    let line = readme.lines().find_map(|line| line.strip_prefix("$ cargo run --release -- ")).expect("there is one");
    let out = Command::new(env!("CARGO_BIN_EXE_sigmaglot"))
        .args(line.split(' '))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), stderr(&out));
    assert_eq!(code(&out), Some(0), "{stderr}");
    assert!(stdout.contains("any where") && stdout.contains("SELECT * FROM"));
    assert!(!stderr.contains("error[") && stderr.lines().count() < 150, "{} lines: {stderr}", stderr.lines().count());
}
