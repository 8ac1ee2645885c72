//! Any text as a pipeline that a rule goes through to the end: a pipeline or an error, a rule or an error.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::ir::Rule;
use sigmaglot::mapping::{self, Options, Pipeline, Unmapped};
use sigmaglot::sigma;
use sigmaglot::source::Source;

static RULE: LazyLock<Rule> = LazyLock::new(|| {
    let keep = sigma::Options { unresolved: sigma::UnresolvedPlaceholders::Keep, ..sigma::Options::default() };
    let text = include_str!("../../tests/templates/rule.yml");
    sigma::read(&Source::new("rule.yml", text), &keep).rules.remove(0)
});

fuzz_target!(|text: &str| {
    let (pipeline, said) = Pipeline::parse(&Source::new("pipeline.yml", text));
    assert_eq!(pipeline.is_none(), said.iter().any(Diagnostic::is_error));
    let Some(pipeline) = pipeline else { return };
    let pipelines = [pipeline];
    let Ok(chain) = mapping::resolve(&pipelines, "eql") else { return };
    let mapped = chain.apply(RULE.clone(), &Options { unmapped: Unmapped::Keep, ..Options::default() });
    assert_eq!(mapped.rule.is_none(), mapped.diagnostics.iter().any(Diagnostic::is_error));
    let query = chain.postprocess("any where ?A : \"*b*\"".to_owned(), &mapped);
    let _ = chain.finalize(query.into_iter().collect());
});
