//! Any text as a template of a pipeline, over a rule: a query or an error.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::ir::Rule;
use sigmaglot::mapping::{self, Options, Pipeline, Unmapped};
use sigmaglot::sigma;
use sigmaglot::source::Source;

static RULE: LazyLock<Rule> = LazyLock::new(|| {
    let text = include_str!("../../tests/templates/rule.yml");
    sigma::read(&Source::new("rule.yml", text), &sigma::Options::default()).rules.remove(0)
});

fuzz_target!(|template: &str| {
    let quoted = serde_json::Value::from(template);
    let head = include_str!("../../tests/templates/pipeline.yml");
    let text = format!("{head}postprocessing:\n  - {{type: template, template: {quoted}}}\n");
    let (pipeline, said) = Pipeline::parse(&Source::new("pipeline.yml", text.as_str()));
    assert_eq!(pipeline.is_none(), said.iter().any(Diagnostic::is_error));
    let Some(pipeline) = pipeline else { return };
    let pipelines = [pipeline];
    let Ok(chain) = mapping::resolve(&pipelines, "eql") else { return };
    let mapped = chain.apply(RULE.clone(), &Options { unmapped: Unmapped::Keep, ..Options::default() });
    let _ = chain.postprocess("any where ?A : \"*b*\"".to_owned(), &mapped);
});
