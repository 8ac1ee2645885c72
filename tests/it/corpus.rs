//! The corpus, converted to every target: how many rules, and every refusal by its code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rayon::prelude::*;
use sigmaglot::target::{NAMES, Options, Target, Templates};

use crate::common::corpus;

/// The least share of the corpus that converts, in percent.
const LEAST: &[(&str, usize)] = &[("eql", 96), ("kql", 98), ("spl", 98), ("sql", 100)];

#[test]
fn what_the_corpus_becomes_in_every_target() {
    let Some(root) = corpus::root() else { return };
    let files = corpus::rule_files(&root);
    // Placeholders need their user's values; a rule that has some is no test of a target.
    let rules: Vec<_> =
        files.par_iter().flat_map(|file| corpus::rules(file)).filter(|rule| !corpus::has_placeholders(rule)).collect();
    let mut report = format!("{} rules without placeholders\n", rules.len());
    for name in NAMES {
        let target = Target::load(name, &Templates::embedded()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let outcomes: Vec<(bool, BTreeSet<String>)> = rules
            .par_iter()
            .map_init(
                || target.session(),
                |session, rule| {
                    let conversion = session.convert(rule, &Options::default());
                    let said = conversion.diagnostics.iter().map(|d| format!("{} {}", d.code, d.severity)).collect();
                    (conversion.query.is_some(), said)
                },
            )
            .collect();
        let converted = outcomes.iter().filter(|(converted, _)| *converted).count();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        outcomes.iter().flat_map(|(_, said)| said).for_each(|said| *counts.entry(said).or_default() += 1);
        let _ = writeln!(report, "\n{name}: {converted} converted");
        for (said, count) in counts {
            let _ = writeln!(report, "  {said}: {count} rules");
        }
        if let Some((_, least)) = LEAST.iter().find(|(target, _)| target == name) {
            assert!(converted * 100 >= rules.len() * least, "{name}: less than {least} % converted\n{report}");
        }
    }
    insta::assert_snapshot!(report);
}
