//! Every diagnostic code has a page, and the example of the page gives the code.

use std::fs;
use std::path::Path;

use sigmaglot::config::Config;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::diagnostic::codes::{CodeInfo, TABLE};
use sigmaglot::events::{Events, Format};
use sigmaglot::mapping::{self, Pipeline};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{NAMES, Options, Target, Templates};

/// A rule for examples that are about templates and manifests.
const RULE: &str = "title: Example
logsource:
  category: process_creation
detection:
  sel:
    Image|endswith: '\\cmd.exe'
  condition: sel
";

#[test]
fn every_example_gives_its_code() {
    let mut wrong = Vec::new();
    for row in TABLE {
        match said(row) {
            Ok(Some(said)) if !said.iter().any(|d| d.code == row.code) => {
                let codes: Vec<String> = said.iter().map(ToString::to_string).collect();
                wrong.push(format!("{}: the example gives {codes:?}", row.code));
            }
            Ok(_) => {}
            Err(why) => wrong.push(format!("{}: {why}", row.code)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_has_a_text_and_one_example() {
    for row in TABLE {
        let (text, example) = row.page.split_once("\n## Example\n").unwrap_or((row.page, ""));
        assert!(text.lines().count() >= 3, "{}: a page says what it means and what to do", row.code);
        assert_eq!(example.matches("\n```").count(), 2, "{}: a page has one example, in a fence", row.code);
        let title = row.code.title();
        assert!(title.starts_with(|c: char| !c.is_uppercase() || title.starts_with("UTF")), "{}: {title}", row.code);
        assert!(!title.ends_with('.'), "{}: {title}", row.code);
    }
}

#[test]
fn every_page_belongs_to_a_code() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics");
    for entry in fs::read_dir(pages).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = TABLE.iter().any(|row| name == format!("{}.md", row.code));
        assert!(known, "docs/diagnostics/{name} is the page of no code");
    }
}

/// What the program says to the example of a page; `None` where the command line's tests have to show it, and do.
fn said(row: &CodeInfo) -> Result<Option<Vec<Diagnostic>>, String> {
    let (info, text) = fence(row.page).ok_or("there is no example")?;
    let mut words = info.split(' ');
    let kind = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let option = |name: &str| info.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    match kind {
        ("yaml", "rule") => Ok(Some(convert(text, option("target"), &Templates::embedded()))),
        ("yaml", "pipeline") => Ok(Some(map(text, option("target").unwrap_or("eql")))),
        ("toml", "manifest") => {
            let target = option("target").ok_or("a manifest is for a target")?;
            let room = target.split(':').next().unwrap_or(target);
            let templates = Templates::embedded().with_override(format!("{room}/manifest.toml"), text);
            Ok(Some(convert(RULE, Some(target), &templates)))
        }
        ("toml", "config") => Ok(Some(Config::parse(&Source::new("sigmaglot.toml", text), Path::new("")).1)),
        ("jinja", _) => {
            let path = option("template").ok_or("a template has a path")?;
            let room = path.split('/').next().unwrap_or(path);
            let templates = Templates::embedded().with_override(path, text);
            Ok(Some(convert(RULE, option("target").or(Some(room)), &templates)))
        }
        ("json", "events") => {
            Ok(Some(Events::new(text.as_bytes(), "events.json", Format::Auto).filter_map(Result::err).collect()))
        }
        ("console", "") if command_line_tests().contains(&format!("[{}]", row.code)) => Ok(None),
        ("console", "") => Err("no test of the command line shows it".into()),
        _ => Err(format!("`{info}` is no kind of example")),
    }
}

/// The info string and the text of the first fence.
fn fence(page: &str) -> Option<(&str, &str)> {
    let (_, rest) = page.split_once("\n```")?;
    let (info, rest) = rest.split_once('\n')?;
    let end = rest.find("\n```")?;
    Some((info, &rest[..=end]))
}

/// Reads a rule and converts it as the command line does.
fn convert(text: &str, target: Option<&str>, templates: &Templates) -> Vec<Diagnostic> {
    let mut options = sigma::Options::default();
    if target.is_some() {
        options.unresolved = sigma::UnresolvedPlaceholders::Keep;
    }
    let read = sigma::read(&Source::new("example.yml", text), &options);
    let mut said = read.diagnostics;
    let Some(target) = target else { return said };
    match Target::load(target, templates) {
        Ok(target) => {
            for mut rule in read.rules {
                rule.condition = sigmaglot::ir::normalize(rule.condition);
                said.extend(target.convert(&rule, &Options::default()).diagnostics);
            }
        }
        Err(diagnostic) => said.push(diagnostic),
    }
    said
}

/// Reads a pipeline and takes the rule for examples through it.
fn map(text: &str, target: &str) -> Vec<Diagnostic> {
    let (pipeline, mut said) = Pipeline::parse(&Source::new("example.yml", text));
    let Some(pipeline) = pipeline else { return said };
    match mapping::resolve(&[pipeline], target) {
        Ok(chain) => {
            for rule in sigma::read(&Source::new("rule.yml", RULE), &sigma::Options::default()).rules {
                let mapped = chain.apply(rule, &mapping::Options::default());
                said.extend(mapped.diagnostics);
                let target = Target::load(target, &Templates::embedded()).expect("the page names a target");
                said.extend(
                    mapped.rule.into_iter().flat_map(|rule| target.convert(&rule, &Options::default()).diagnostics),
                );
            }
        }
        Err(diagnostic) => said.push(diagnostic),
    }
    said
}

/// The texts of all tests of the command line.
fn command_line_tests() -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut text = String::new();
    for file in ["it/cli.rs", "it/events.rs", "it/output.rs"] {
        text.push_str(&fs::read_to_string(tests.join(file)).unwrap_or_default());
    }
    let more = ["cmd", "it/verify"].into_iter().filter_map(|folder| fs::read_dir(tests.join(folder)).ok()).flatten();
    for entry in more.flatten() {
        text.push_str(&fs::read_to_string(entry.path()).unwrap_or_default());
    }
    text
}

#[test]
fn every_target_loads() {
    for name in NAMES {
        assert!(Target::load(name, &Templates::embedded()).is_ok(), "{name}");
    }
}
