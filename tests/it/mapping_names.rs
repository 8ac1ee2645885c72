//! The relation that `sigmaglot_names` declares, on stored documents from elsewhere: the name of a file is the last part of its path.
//!
//! Runs where the documents are; `SIGMAGLOT_DOCUMENTS` says where.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The columns of paths and names, and the categories of events for which a mapping declares them.
const RELATIONS: &[(&str, &str)] = &[
    ("process.executable", "process.name"),
    ("process.parent.executable", "process.parent.name"),
    ("file.path", "file.name"),
    ("dll.path", "dll.name"),
];
/// Files with documents, and the categories of their events that mappings ask.
const FILES: &[&str] = &["pairs-windows", "crowdstrike", "m365_defender", "sentinel_one_cloud_funnel", "endpoint"];
const CATEGORIES: &[&str] = &["process", "file", "registry", "library", "driver", "network"];
/// Documents whose path or name the publishers of the tests replaced by another word.
const REPLACED: &[&str] = &["msoia.exe", "VIERO.exe"];

fn documents() -> Option<PathBuf> {
    let set = std::env::var_os("SIGMAGLOT_DOCUMENTS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/documents");
    let root = set.unwrap_or(beside).join("elastic");
    root.is_dir().then_some(root)
}

fn at<'v>(document: &'v Value, path: &str) -> Option<&'v str> {
    path.split('.').try_fold(document, |value, part| value.get(part))?.as_str()
}

fn is_asked(document: &Value) -> bool {
    let categories = document.pointer("/event/category").and_then(Value::as_array);
    categories.is_some_and(|all| all.iter().all(|c| c.as_str().is_some_and(|c| CATEGORIES.contains(&c))))
}

#[test]
fn the_name_of_a_file_is_the_last_part_of_its_path() {
    let Some(root) = documents() else {
        println!("skipped: no documents");
        return;
    };
    let (mut checked, mut wrong) = (0, Vec::new());
    for file in FILES {
        let text = fs::read_to_string(root.join(format!("{file}.jsonl"))).unwrap();
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let document = &row["document"];
            if !is_asked(document) {
                continue;
            }
            for (path, name) in RELATIONS {
                let (Some(path), Some(name)) = (at(document, path), at(document, name)) else { continue };
                if REPLACED.contains(&name) || path.contains('/') {
                    continue; // mappings declare it for Windows
                }
                checked += 1;
                let last = path.rsplit('\\').next().unwrap_or(path);
                if last.to_lowercase() != name.to_lowercase() || !path.contains('\\') && path.contains('.') {
                    wrong.push(format!("{file}: {path} and {name}"));
                }
            }
        }
    }
    println!("{checked} pairs of a path and a name");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 200, "only {checked} pairs were found");
}
