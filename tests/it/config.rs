//! The configuration: its schema is that of the reader, its example works, flags go over environment over file.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sigmaglot::config::keys::{KEYS, Place};
use sigmaglot::config::{self, Config};
use sigmaglot::diagnostic::codes;
use sigmaglot::mapping::Unmapped;
use sigmaglot::source::Source;

const SCHEMA: &str = "docs/sigmaglot.schema.json";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn parse(text: &str) -> Config {
    let (config, said) = Config::parse(&Source::new("sigmaglot.toml", text), Path::new("base"));
    assert!(said.is_empty(), "{said:?}");
    config
}

#[test]
fn the_schema_is_that_of_the_reader() {
    let mut made = serde_json::to_string_pretty(&config::schema()).unwrap_or_default();
    made.push('\n');
    let path = root().join(SCHEMA);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &made).unwrap_or_else(|e| panic!("{e}"));
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "{SCHEMA} is not what the keys say: `UPDATE_SCHEMA=1 cargo test --test it config` writes it anew"
    );
}

/// The page shows every key, and its example is a whole file.
#[test]
fn the_page_has_every_key_and_an_example_that_can_be_read() {
    let page = fs::read_to_string(root().join("docs/config.md")).unwrap_or_default();
    for key in KEYS {
        let (name, variable) = (key.name, key.variable());
        assert!(page.contains(&format!("| `{name}` |")), "docs/config.md has no row of `{name}`");
        assert!(
            !key.is_at(Place::Top) || page.contains(&format!("`{variable}`")),
            "docs/config.md has no `{variable}`"
        );
    }
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    let config = parse(example);
    assert!(!config.overrides_of("rules/cloud/a.yml").is_empty());
    for key in KEYS {
        assert!(example.contains(&format!("{} =", key.name)), "the example has no `{}`", key.name);
    }
}

#[test]
fn the_most_specific_setting_counts_and_of_overrides_the_later_one() {
    let config = parse(
        "targets = ['kql']\npipelines = ['ecs', 'own.yml']\nunmapped = 'keep'\n[target.kql]\npipelines = ['splunk-cim']\n\
         [[override]]\nrules = ['a']\npipelines = ['x.yml']\n[override.target.kql]\nunmapped = 'error'\n\
         [[override]]\nrules = ['a/b/*.yml']\npipelines = ['y.yml']\n",
    );
    let base = |name: &str| Path::new("base").join(name).display().to_string();
    let pipelines = |path: &str, target: &str| {
        let levels = config.levels(&config.overrides_of(path));
        levels
            .iter()
            .find_map(|level| level.find(target, |settings| settings.pipelines.as_deref()))
            .unwrap_or_default()
            .to_vec()
    };
    let unmapped = |path: &str, target: &str| {
        let levels = config.levels(&config.overrides_of(path));
        levels.iter().find_map(|level| level.find(target, |settings| settings.unmapped.as_ref())).copied()
    };
    assert_eq!(pipelines("c.yml", "eql"), ["ecs".to_owned(), base("own.yml")], "names stay, paths are joined");
    assert_eq!(pipelines("c.yml", "kql"), ["splunk-cim"]);
    assert_eq!(pipelines("a/c.yml", "kql"), [base("x.yml")], "a directory is for all below it");
    assert_eq!(pipelines("a/b/c.yml", "kql"), [base("y.yml")], "the later override");
    assert_eq!(pipelines("ab/c.yml", "kql"), ["splunk-cim"], "a part of a name is no directory");
    assert_eq!(unmapped("a/b/c.yml", "kql"), Some(Unmapped::Error), "key by key");
    assert_eq!(unmapped("a/b/c.yml", "eql"), Some(Unmapped::Keep));
}

#[test]
fn every_complaint_has_its_place() {
    let text = "targets = ['kql']\n[target.kql]\npipelines = ['a', 3]\nstrict = true\n";
    let source = Source::new("sigmaglot.toml", text);
    let (_, said) = Config::parse(&source, Path::new(""));
    let places: Vec<_> = said
        .iter()
        .map(|d| (d.code, d.span.map(|span| source.position(span.start as usize)).map(|at| (at.line, at.column))))
        .collect();
    assert_eq!(places, [(codes::CONFIG_VALUE, Some((3, 19))), (codes::CONFIG_KEY, Some((4, 1)))]);
}

#[test]
fn variables_are_read_as_their_keys() {
    let get = |name: &str| match name {
        "SIGMAGLOT_TARGET" => Some(" kql, spl ".to_owned()),
        "SIGMAGLOT_STRICT" => Some("1".to_owned()),
        "SIGMAGLOT_UNMAPPED" => Some(String::new()),
        _ => None,
    };
    let settings = config::environment(get).unwrap_or_default();
    assert_eq!(settings.targets, Some(vec!["kql".to_owned(), "spl".to_owned()]));
    assert_eq!((settings.strict, settings.unmapped), (Some(true), None));
    let wrong = config::environment(|name| (name == "SIGMAGLOT_UNMAPPED").then(|| "eror".to_owned()));
    let wrong = wrong.expect_err("a word that is not known");
    assert_eq!((wrong.code, wrong.help), (codes::CONFIG_VALUE, vec!["did you mean `error`?".to_owned()]));
}

/// A directory with a rule below a configuration.
fn place(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let rule = fs::read(root().join("tests/cmd/inputs/mapped.yml")).unwrap_or_default();
    fs::create_dir_all(dir.path().join("rules/deep"))
        .and_then(|()| fs::write(dir.path().join("rules/deep/rule.yml"), rule))
        .and_then(|()| fs::write(dir.path().join("sigmaglot.toml"), config))
        .unwrap_or_else(|e| panic!("{e}"));
    dir
}

fn run(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigmaglot"));
    command.args(args).current_dir(dir).stdin(Stdio::null()).envs(variables.iter().copied());
    command.output().unwrap_or_else(|e| panic!("the program starts: {e}"))
}

fn targets(out: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&out.stdout);
    let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    text.lines().map(|text| line(text)["target"].as_str().unwrap_or(text).to_owned()).collect()
}

#[test]
fn flags_go_over_environment_over_file() {
    let dir = place("targets = ['sql']\nformat = 'jsonl'\n");
    let rule = "rules/deep/rule.yml";
    let none: &[(&str, &str)] = &[];
    let environment = &[("SIGMAGLOT_TARGET", "kql,eql")];
    assert_eq!(targets(&run(dir.path(), &["convert", rule], none)), ["sql"]);
    assert_eq!(targets(&run(dir.path(), &["convert", rule], environment)), ["kql", "eql"]);
    assert_eq!(targets(&run(dir.path(), &["convert", rule, "-t", "spl"], environment)), ["spl"]);
    let isolated = run(dir.path(), &["convert", rule, "--isolated"], none);
    assert_eq!(isolated.status.code(), Some(3), "nothing names a target");
    // From elsewhere the file is found beside the rules, not here.
    let other = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let absolute = dir.path().join("rules").display().to_string();
    assert_eq!(targets(&run(other.path(), &["convert", &absolute], none)), ["sql"]);
    assert_eq!(targets(&run(other.path(), &["convert", &format!("{absolute}/*/*.yml")], none)), ["sql"]);
    let named = dir.path().join("sigmaglot.toml").display().to_string();
    let variable = &[("SIGMAGLOT_CONFIG", named.as_str())];
    assert_eq!(targets(&run(other.path(), &["convert", &absolute], variable)), ["sql"]);
    assert_eq!(run(other.path(), &["convert", &absolute, "--isolated"], variable).status.code(), Some(3));
}

/// Of stdin the file is that of the current directory, and no override is for it.
#[test]
fn stdin_belongs_to_the_current_directory() {
    let dir = place("targets = ['sql']\nformat = 'jsonl'\n[[override]]\nrules = ['**']\ntargets = ['kql']\n");
    let rule = fs::File::open(dir.path().join("rules/deep/rule.yml")).unwrap_or_else(|e| panic!("{e}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigmaglot"));
    let out = command.args(["convert", "-"]).current_dir(dir.path()).stdin(rule).output();
    assert_eq!(targets(&out.unwrap_or_else(|e| panic!("{e}"))), ["sql"]);
    assert_eq!(targets(&run(dir.path(), &["convert", "rules"], &[])), ["kql"]);
}

/// Paths of the file are relative to it, wherever the program runs.
#[test]
fn paths_are_relative_to_the_file() {
    let dir = place("targets = ['kql']\nout-dir = 'queries'\npipelines = ['own.yml']\n");
    let own = "name: own\ntransformations:\n  - {type: field_name_prefix, prefix: own_}\n";
    fs::write(dir.path().join("own.yml"), own).unwrap_or_else(|e| panic!("{e}"));
    let out = run(&dir.path().join("rules/deep"), &["convert", "rule.yml"], &[]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let query = fs::read_to_string(dir.path().join("queries/rule.kql")).unwrap_or_default();
    assert!(query.contains("own_Image"), "{query}");
}
