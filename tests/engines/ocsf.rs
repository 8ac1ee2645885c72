//! The queries of `sql-ocsf` over columns of the types that the mapping gives them: DuckDB binds names and types.

use std::collections::BTreeMap;

use serde_json::json;
use sigmaglot::ir::{self, FieldType, Rule, Subject, Test};
use sigmaglot::mapping::{self, Pipeline, builtin};
use sigmaglot::source::Source;
use sigmaglot::target::{Options, Target, Templates};

use crate::pipe::{self, Pipe};
use crate::rules;

const NAME: &str = "sql-ocsf";
const TARGET: &str = "sql:duckdb";

#[test]
fn duckdb_takes_every_query_over_the_schema() {
    let python = pipe::directory().join("venv/bin/python");
    let Some(input) = rules::input().filter(|_| python.exists()) else { return };
    let command = [python.display().to_string(), pipe::program("runner.py"), "duckdb-nested".to_owned()];
    let Some(mut pipe) = Pipe::start(&command).expect("DuckDB starts") else { return };
    let text = builtin::get(NAME).expect("the mapping is in the program");
    let (pipeline, _) = Pipeline::parse(&Source::new(NAME, text));
    let pipelines = [pipeline.expect("the mapping can be read")];
    let chain = mapping::resolve(&pipelines, TARGET).expect("the mapping is for the target");
    let target = Target::load(TARGET, &Templates::embedded()).expect("the target");
    let (mut asked, mut wrong) = (0, Vec::new());
    for (rule, _) in &input.rules {
        let Some(rule) = chain.apply(rule.clone(), &mapping::Options::default()).rule else { continue };
        let rule = Rule { condition: ir::normalize(rule.condition.clone()), ..rule };
        let Some(query) = target.convert(&rule, &Options::default()).query else { continue };
        let name = rule.table.as_ref().map(|table| table.name.to_string()).unwrap_or_default();
        let loaded = pipe.ask(&json!({"table": name, "columns": columns(&rule), "rows": []}));
        let answer = loaded.and_then(|_| pipe.ask(&json!({"query": query})));
        asked += 1;
        match answer {
            Ok(answer) if answer.get("rows").is_some() => {}
            other => wrong.push(format!("{}: {other:?}\n{query}", rule.meta.title)),
        }
    }
    println!("{NAME}: {asked} queries asked");
    assert!(wrong.is_empty(), "{} queries are not accepted\n{}", wrong.len(), wrong.join("\n"));
}

/// The columns that a rule names, with the types of the mapping.
fn columns(rule: &Rule) -> Vec<(String, &'static str)> {
    let mut out = BTreeMap::new();
    let mut see = |field: &ir::Field| {
        let kind = match field.kind {
            FieldType::Integer => "integer",
            FieldType::Boolean => "boolean",
            _ => "text",
        };
        out.insert(field.name.to_string(), kind);
    };
    rule.condition.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject {
            see(field);
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            see(other);
        }
    });
    out.into_iter().collect()
}
