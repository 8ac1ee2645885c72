//! The translations of every rule, as they were reviewed: one snapshot a file, the IR first, then the targets one under another.
//!
//! `INSTA_UPDATE=always cargo test --test it examples` writes them anew; read the difference before it is committed.

use std::fmt::Write as _;

use sigmaglot::ir::Rule;
use sigmaglot::target::{Conversion, Layout, NAMES, Options, Target, Templates};

use super::files::{self, Example};
use super::tree;

#[test]
fn every_translation_is_as_reviewed() {
    let templates = Templates::embedded();
    let targets: Vec<(&str, Target)> =
        NAMES.iter().map(|name| (*name, Target::load(name, &templates).expect("a target loads"))).collect();
    for example in files::examples() {
        let (folder, name) = example.name.rsplit_once('/').expect("a rule lies in a folder");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(format!("../../../snapshots/{folder}"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, page(&example, &targets)));
    }
}

#[test]
fn every_snapshot_has_its_rule() {
    let snapshots = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let rules: Vec<String> = files::examples().into_iter().map(|example| example.name).collect();
    for name in names(&snapshots, "") {
        assert!(rules.contains(&name), "snapshots/{name}.snap is left over from a rule that is gone");
    }
}

fn names(directory: &std::path::Path, prefix: &str) -> Vec<String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory of snapshots").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.strip_suffix(".snap") {
            _ if entry.path().is_dir() => out.extend(names(&entry.path(), &format!("{prefix}{name}/"))),
            Some(name) => out.push(format!("{prefix}{name}")),
            None => {}
        }
    }
    out
}

/// All that is made of one rule file.
fn page(example: &Example, targets: &[(&str, Target)]) -> String {
    let mut out = String::new();
    for rule in &example.read.rules {
        let _ = write!(out, "# {}\n{}\n\n## ir\n{}", rule.meta.title, logsource(rule), tree::condition(rule));
        for (name, target) in targets {
            let _ = write!(out, "\n## {name}\n{}", translation(name, target, rule));
        }
        out.push('\n');
    }
    out
}

fn logsource(rule: &Rule) -> String {
    let source = &rule.logsource;
    let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
    let parts = parts.iter().filter_map(|(key, value)| value.as_ref().map(|value| format!("{key} {value}")));
    parts.collect::<Vec<_>>().join(", ")
}

/// The query on one line, what is to be said about it, and for the main targets the query for people.
fn translation(name: &str, target: &Target, rule: &Rule) -> String {
    // As the program does it: the IR is shown as read and converted as normalised.
    let rule = Rule { condition: sigmaglot::ir::normalize(rule.condition.clone()), ..rule.clone() };
    let convert = |layout| target.convert(&rule, &Options { layout, ..Options::default() });
    let compact = convert(Layout::Compact);
    let mut out = said(&compact);
    let Some(query) = &compact.query else { return out };
    out += &format!("{query}\n");
    if !name.contains(':') {
        let pretty = convert(Layout::Pretty);
        assert_eq!(said(&pretty), said(&compact), "{name}: the layout changes what is said");
        out += &format!("\n{}\n", pretty.query.expect("a query in one layout is one in the other"));
    }
    out
}

fn said(conversion: &Conversion) -> String {
    conversion.diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}
