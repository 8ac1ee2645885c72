//! The project's own rules: each holds for its example events, is translated as reviewed, and together they use all of Sigma.
//!
//! A rule file `rules/**/NAME.yml` has its events beside it in `NAME.events.json`: an object with the lists `match` and
//! `no_match`. A file with several documents matches where any of its rules does. The values of placeholders are in
//! `rules/placeholders.json`.

mod coverage;
mod files;
mod models;
mod sqlite;
mod translations;
mod tree;

use std::collections::BTreeMap;

use files::Example;
use sigmaglot::interp::Matcher;

#[test]
fn every_rule_is_read_without_a_word() {
    for example in files::examples() {
        let said: Vec<String> = example.read.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(said, [""; 0], "{}", example.name);
        assert!(!example.read.rules.is_empty(), "{}: no rule", example.name);
    }
}

#[test]
fn every_rule_says_what_a_reader_needs() {
    let mut seen = BTreeMap::new();
    for example in files::examples() {
        for rule in &example.read.rules {
            let (meta, name) = (&rule.meta, &example.name);
            let id = meta.id.as_deref().unwrap_or_default();
            assert!(uuid::Uuid::try_parse(id).is_ok(), "{name}: the id is no UUID");
            assert_eq!(seen.insert(id.to_owned(), name.clone()), None, "{name}: the id is used twice");
            assert_eq!(meta.author.as_deref(), Some("sigmaglot contributors"), "{name}");
            assert!(meta.status.is_some() && meta.level.is_some() && meta.date.is_some(), "{name}");
            assert!(meta.description.as_deref().is_some_and(|text| text.ends_with('.')), "{name}: a sentence");
            assert!(meta.tags.iter().any(|tag| tag.starts_with("attack.t")), "{name}: an ATT&CK technique");
            assert!(!meta.falsepositives.is_empty(), "{name}: false positives");
        }
    }
    assert!(seen.len() >= 44, "{} rules", seen.len());
}

#[test]
fn every_rule_holds_for_its_examples_and_for_no_near_miss() {
    let mut wrong = Vec::new();
    for example in files::examples() {
        check(&example, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(example: &Example, wrong: &mut Vec<String>) {
    let matchers: Vec<Matcher<'_>> = example.read.rules.iter().map(Matcher::new).collect();
    let events = example.events();
    for (list, events, wanted) in [("match", &events.matching, true), ("no_match", &events.near_misses, false)] {
        if events.len() < 2 {
            wrong.push(format!("{}: `{list}` has {} events, two are needed", example.name, events.len()));
        }
        for (index, event) in events.iter().enumerate() {
            if matchers.iter().any(|matcher| matcher.matches(event)) != wanted {
                let verdict = if wanted { "does not hold" } else { "holds" };
                wrong.push(format!("{}: the rule {verdict} for `{list}[{index}]`", example.name));
            }
        }
    }
    for (matcher, rule) in matchers.iter().zip(&example.read.rules) {
        if !events.matching.iter().any(|event| matcher.matches(event)) {
            let id = rule.meta.id.as_deref().unwrap_or_default();
            wrong.push(format!("{}: no event of `match` is for the rule {id}", example.name));
        }
    }
}
