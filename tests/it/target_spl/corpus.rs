//! The rules of the corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sigmaglot::diagnostic::codes;
use sigmaglot::sigma::{self, UnresolvedPlaceholders};
use sigmaglot::source::Source;
use sigmaglot::target::Options;

use super::target;

#[test]
fn nearly_all_of_the_corpus_converts() {
    let root = std::env::var("SIGMAGLOT_CORPUS").unwrap_or_else(|_| "../shared/corpus/sigmahq".into());
    if !Path::new(&root).is_dir() {
        println!("skipped: corpus not found at {root}");
        return;
    }
    let mut session = target().session();
    let placeholders = UnresolvedPlaceholders::Keep;
    let options = sigma::Options { unresolved: placeholders, ..Default::default() };
    let (mut converted, mut refused) = (0usize, BTreeMap::new());
    for entry in ignore::Walk::new(&root).flatten().filter(|e| e.path().extension().is_some_and(|x| x == "yml")) {
        let name = entry.path().display().to_string();
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        for rule in sigma::read(&Source::new(name, text), &options).rules {
            let conversion = session.convert(&rule, &Options::default());
            match conversion.query {
                Some(query) => {
                    converted += 1;
                    assert!(!query.starts_with('|') && query.matches(" | where ").count() <= 1, "{query}");
                }
                None => {
                    let errors = conversion.diagnostics.iter().filter(|d| d.is_error());
                    for code in errors.map(|d| d.code).collect::<BTreeSet<_>>() {
                        *refused.entry(code).or_insert(0usize) += 1;
                    }
                }
            }
        }
    }
    println!("{converted} rules converted; refused by code: {refused:?}");
    assert!(converted > 0);
    // Placeholders without a value are the only refusals.
    assert!(refused.keys().all(|code| *code == codes::PLACEHOLDER_UNRESOLVED), "{refused:?}");
}
