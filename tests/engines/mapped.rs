//! The mappings' queries in EQL, before the parser of PyPI `eql`: syntax, and what its functions take.
//!
//! Whether they select what the rule matches is for `verify`, as the columns of these mappings have types that this engine lacks.
//! One construct is left out and counted: the engine reads several `\u{..}` in one text as a single one.

use serde_json::json;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::ir::{self, Rule};
use sigmaglot::mapping::{self, Options, Pipeline, builtin};
use sigmaglot::source::Source;
use sigmaglot::target::{Options as TargetOptions, Session, Target, Templates};

use crate::engines;
use crate::exclude;
use crate::pipe::{self, Pipe};
use crate::rules;

/// The language of these mappings.
const TARGET: &str = "eql";

/// What the parser made of the queries of one mapping.
#[derive(Default)]
struct Count {
    parsed: usize,
    left_out: usize,
    rejected: Vec<String>,
}

/// The built-in mappings for EQL.
fn pipelines() -> Vec<(&'static str, Pipeline)> {
    let read = |name| {
        let (pipeline, said) = Pipeline::parse(&Source::new(name, builtin::get(name).unwrap_or_default()));
        (name, pipeline.unwrap_or_else(|| panic!("{name}: {said:?}")))
    };
    builtin::names().into_iter().map(read).filter(|(_, pipeline)| pipeline.is_for(TARGET)).collect()
}

/// The query of a rule under a mapping, where there is one.
fn query(chain: &mapping::Chain<'_>, rule: &Rule, session: &mut Session<'_>) -> Option<String> {
    let mapped = chain.apply(rule.clone(), &Options::default());
    let rule = mapped.rule?;
    let rule = Rule { condition: ir::normalize(rule.condition.clone()), ..rule };
    session.convert(&rule, &TargetOptions::default()).query
}

/// Asks the parser for each rule's query.
fn check(pipeline: &Pipeline, rules: &[Rule], parser: &mut Pipe) -> Result<Count, Diagnostic> {
    let chain = mapping::resolve([pipeline], TARGET)?;
    let target = Target::load(TARGET, &Templates::embedded())?;
    let mut session = target.session();
    let mut count = Count::default();
    for rule in rules {
        let Some(query) = query(&chain, rule, &mut session) else { continue };
        if exclude::reads_one_escape(&query) {
            count.left_out += 1;
            continue;
        }
        match parser.ask(&json!({"query": query})) {
            Ok(_) => count.parsed += 1,
            Err(words) => count.rejected.push(format!("{}: {words}\n{query}", rule.meta.title)),
        }
    }
    Ok(count)
}

#[test]
fn the_parser_of_eql_takes_every_query_of_the_mappings() {
    let python = pipe::directory().join("venv/bin/python").display().to_string();
    let started = Pipe::start(&[python, pipe::program("runner.py"), "eql".to_owned()]).expect("it starts");
    let Some(mut parser) = started else {
        return engines::say_skipped("eql");
    };
    let Some((from, rules)) = rules::as_written() else { return };
    let broken = parser.ask(&json!({"query": "process where process.name :"}));
    assert!(broken.is_err(), "the parser takes anything: {broken:?}");
    let mut rejected = Vec::new();
    for (name, pipeline) in pipelines() {
        let count = check(&pipeline, &rules, &mut parser).unwrap_or_else(|e| panic!("{name}: {e}"));
        println!("{name}: {} queries of {from} parsed, {} left out", count.parsed, count.left_out);
        rejected.extend(count.rejected.into_iter().map(|words| format!("{name}: {words}")));
    }
    assert!(rejected.is_empty(), "{} are rejected\n{}", rejected.len(), rejected.join("\n"));
}
