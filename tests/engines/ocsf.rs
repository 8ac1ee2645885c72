//! `sql-ocsf` on DuckDB: rules and events through the mapping, and the queries over columns within columns of the types that the mapping
//! gives them.

use sigmaglot::mapping::{self, Pipeline, builtin};
use sigmaglot::source::Source;
use sigmaglot::target::{Target, Templates};
use sigmaglot::verify::engine::Engine;
use sigmaglot::verify::{Evidence, Mapping, Outcome, Tally, compare_mapped};

use crate::engines;
use crate::exclude;
use crate::pipe;
use crate::rules;

const NAME: &str = "sql-ocsf";
const TARGET: &str = "sql:duckdb";

#[test]
fn duckdb_selects_through_the_mapping_what_the_rules_match() {
    let python = pipe::directory().join("venv/bin/python");
    if !python.exists() {
        return engines::say_skipped("duckdb");
    }
    let Some(input) = rules::input() else { return };
    let command = [python.display().to_string(), pipe::program("runner.py"), "duckdb-nested".to_owned()];
    let Some(process) = engines::start(&command).expect("DuckDB starts") else {
        return engines::say_skipped("duckdb");
    };
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(process)];
    let text = builtin::get(NAME).expect("the mapping is in the program");
    let (pipeline, _) = Pipeline::parse(&Source::new(NAME, text));
    let pipelines = [pipeline.expect("the mapping can be read")];
    let chain = mapping::resolve(&pipelines, TARGET).expect("the mapping is for the target");
    let target = Target::load(TARGET, &Templates::embedded()).expect("the target");
    let options = mapping::Options::default();
    let (mut session, mut tally, mut wrong, mut left_out) = (target.session(), Tally::default(), Vec::new(), 0);
    for (rule, made) in &input.rules {
        if chain.apply(rule.clone(), &options).rule.is_none() {
            continue;
        }
        let mapping = Mapping { chain: &chain, options: &options };
        let (events, more): (Vec<_>, Vec<_>) =
            made.events(rule).into_iter().partition(|event| exclude::duckdb(rule, "", event).is_ok());
        left_out += more.len();
        let evidence = Evidence::new(rule).with(events);
        let comparison = compare_mapped(&evidence, mapping, TARGET, None, &mut session, &mut engines);
        tally.add(&comparison);
        match comparison.outcome {
            Outcome::Equal | Outcome::Refused(_) => {}
            other => wrong.push(format!("{}: {other:?}", rule.meta.title)),
        }
    }
    println!(
        "{NAME}: {} queries asked, {} equal; {} events, {} matched, of {} rules some; {left_out} left out: DuckDB folds otherwise",
        tally.compared(),
        tally.equal,
        tally.events,
        tally.matched,
        tally.rules_matched
    );
    tally.excluded.iter().for_each(|(exclusion, n)| println!("  {n} {exclusion}"));
    assert!(wrong.is_empty(), "{} queries\n{}", wrong.len(), wrong.join("\n"));
    assert!(tally.rules_matched * 100 >= tally.compared() * 98, "{tally:?}");
}
