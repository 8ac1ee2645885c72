//! The corpus of real rules, where there is one: `SIGMAGLOT_CORPUS`, by default `../shared/corpus/sigmahq`.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};

use sigmaglot::ir;
use sigmaglot::sigma::{self, UnresolvedPlaceholders};
use sigmaglot::source::Source;

/// The corpus's folder; says that the test is skipped where there is none.
pub fn root() -> Option<PathBuf> {
    let path = std::env::var_os("SIGMAGLOT_CORPUS").map_or_else(|| "../shared/corpus/sigmahq".into(), PathBuf::from);
    if !path.is_dir() {
        super::sample::say(&format!("skipped: corpus not found at {}", path.display()));
        return None;
    }
    Some(path)
}

/// The files with this extension below a folder, in order.
pub fn files(root: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .build()
        .flatten()
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

/// The files of rules that must be readable: those in the folders whose names start with `rules`.
pub fn rule_files(root: &Path) -> Vec<PathBuf> {
    let below = |path: &PathBuf| {
        let first = path.strip_prefix(root).ok().and_then(|p| p.components().next().map(|c| c.as_os_str().to_owned()));
        first.is_some_and(|first| first.to_string_lossy().starts_with("rules"))
    };
    files(root, "yml").into_iter().filter(below).collect()
}

/// The rules of a file, placeholders kept, normalised.
pub fn rules(file: &Path) -> Vec<ir::Rule> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let options = sigma::Options { unresolved: UnresolvedPlaceholders::Keep, ..Default::default() };
    let read = sigma::read(&Source::new(file.display().to_string(), text), &options);
    read.rules.into_iter().map(|rule| ir::Rule { condition: ir::normalize(rule.condition), ..rule }).collect()
}

/// Whether the rule needs values from its user.
pub fn has_placeholders(rule: &ir::Rule) -> bool {
    let mut found = false;
    rule.condition.for_each_predicate(&mut |predicate, _| found |= predicate.kind() == ir::Kind::Placeholder);
    found
}
