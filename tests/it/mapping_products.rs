//! The mappings in the program, product by product: which query a rule becomes, which index it asks, and what is refused.
//!
//! A case is `products/NAME.yml`: rules for the built-in mapping NAME; what is to come out stands beside it in `NAME.txt`. With
//! `UPDATE_PRODUCTS=1` the test writes these files, for a person to read the difference. The rules of the project and of the
//! corpus must give queries that the target's language accepts with the types that the mapping gives the fields.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sigmaglot::diagnostic::{Diagnostic, codes};
use sigmaglot::ir::{self, Field, Subject, Test};
use sigmaglot::lang::{Folding, eql, spl};
use sigmaglot::mapping::{self, Mapped, Options, Pipeline, builtin};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Options as TargetOptions, Target, Templates};
use sigmaglot::verify::sqlite::register;

/// The mappings of this test, with their targets and the fewest rules of the corpus that each converts.
const PRODUCTS: &[(&str, &str, usize)] = &[
    ("ecs-windows", "eql", 2460),
    ("winlogbeat", "eql", 2460),
    ("endgame", "eql", 2050),
    ("ecs-linux", "eql", 190),
    ("ecs-cloud", "eql", 240),
    ("ecs-network", "eql", 165),
    ("elastic-defend", "eql", 2200),
    ("m365-defender", "eql", 1850),
    ("sentinelone", "eql", 1840),
    ("crowdstrike-fdr", "eql", 1620),
    ("splunk-linux", "spl", 240),
    ("splunk-cloud", "spl", 245),
    ("splunk-network", "spl", 210),
    ("splunk-macos", "spl", 60),
    ("splunk-cim", "spl", 2130),
    ("splunk-cim-tstats", "spl", 2115),
    ("splunk-windows-classic", "spl", 2190),
    ("sql-evtx", "sql", 2700),
    ("sql-json", "sql", 3610),
    ("sql-ocsf", "sql:duckdb", 1160),
];

fn pipeline(name: &str) -> Pipeline {
    let text = builtin::get(name).unwrap_or_else(|| panic!("there is no mapping {name}"));
    let (pipeline, said) = Pipeline::parse(&Source::new(name, text));
    pipeline.unwrap_or_else(|| panic!("{name}: {said:?}"))
}

/// The query of a mapped rule, or what was said.
fn query(target: &Target, mapped: &Mapped) -> Result<(String, ir::Rule), Vec<Diagnostic>> {
    let Some(rule) = &mapped.rule else { return Err(mapped.diagnostics.clone()) };
    let rule = ir::Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() };
    let conversion = target.convert(&rule, &TargetOptions::default());
    conversion.query.map(|query| (query, rule)).ok_or(conversion.diagnostics)
}

#[test]
fn every_case_gives_what_stands_beside_it() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/products");
    let mut wrong = Vec::new();
    for (name, target, _) in PRODUCTS {
        let path = dir.join(format!("{name}.yml"));
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let actual = case(name, target, &text);
        let beside = path.with_extension("txt");
        if std::env::var_os("UPDATE_PRODUCTS").is_some() {
            fs::write(&beside, &actual).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if actual != expected {
            wrong.push(format!("{name}\nexpected:\n{expected}\nactual:\n{actual}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn case(name: &str, target: &str, rules: &str) -> String {
    let pipelines = [pipeline(name)];
    let chain = mapping::resolve(&pipelines, target).unwrap();
    let target = Target::load(target, &Templates::embedded()).unwrap();
    let source = Source::new("rule.yml", rules);
    let read = sigma::read(&source, &sigma::Options::default());
    assert!(!read.diagnostics.iter().any(Diagnostic::is_error), "{name}: {:?}", read.diagnostics);
    let mut out = String::new();
    for rule in read.rules {
        let _ = writeln!(out, "# {}", rule.meta.title);
        let mapped = chain.apply(rule, &Options::default());
        if let Some(index) = mapped.record.state.get("index").filter(|_| mapped.rule.is_some()) {
            let _ = writeln!(out, "index: {index}");
        }
        match query(&target, &mapped) {
            Ok((query, _)) => out.push_str(&query),
            Err(said) => said.iter().filter(|d| d.is_error()).for_each(|d| {
                let _ = write!(out, "{d}");
                d.help.iter().for_each(|help| {
                    let _ = write!(out, "\n  {help}");
                });
            }),
        }
        out.push('\n');
        if !mapped.record.unmapped.is_empty() {
            let _ = writeln!(out, "unmapped: {}", mapped.record.unmapped.join(", "));
        }
        out.push('\n');
    }
    out
}

/// The rules of the project and, where it is, of the corpus.
fn rules() -> (Vec<ir::Rule>, usize) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: Vec<PathBuf> = crate::common::corpus::files(&own, "yml");
    let count =
        |files: &[PathBuf]| files.iter().flat_map(|file| crate::common::corpus::rules(file)).collect::<Vec<_>>();
    let mut out = count(&files);
    let own = out.len();
    files = crate::common::corpus::root().map(|root| crate::common::corpus::rule_files(&root)).unwrap_or_default();
    out.extend(count(&files));
    (out, own)
}

#[test]
fn the_languages_accept_every_query() {
    let (rules, own) = rules();
    for (name, language, least) in PRODUCTS {
        let pipelines = [pipeline(name)];
        let chain = mapping::resolve(&pipelines, language).unwrap();
        let target = Target::load(language, &Templates::embedded()).unwrap();
        let (mut converted, mut indices, mut wrong) = (0, BTreeMap::<String, usize>::new(), Vec::new());
        for (i, rule) in rules.iter().enumerate() {
            let mapped = chain.apply(rule.clone(), &Options::default());
            let Ok((query, rule)) = query(&target, &mapped) else { continue };
            converted += usize::from(i >= own);
            let index = mapped.record.state.get("index").map_or_else(String::new, ToString::to_string);
            *indices.entry(index).or_default() += 1;
            if let Err(error) = accept(language, &query, &rule) {
                wrong.push(format!("{}: {error}\n{query}", rule.meta.title));
            }
        }
        println!("{name}: {converted} of the corpus, by index {indices:?}");
        assert!(wrong.is_empty(), "{name}: {} queries are not accepted\n{}", wrong.len(), wrong.join("\n"));
        if *language == "eql" {
            assert!(!indices.contains_key(""), "{name} has a table without an index");
        }
        assert!(rules.len() == own || converted >= *least, "{name}: {converted} of at least {least}");
    }
}

/// Asks the language whether this is a query over such columns.
fn accept(language: &str, query: &str, rule: &ir::Rule) -> Result<(), String> {
    match language {
        "eql" => {
            let types = fields(rule).into_iter().map(|field| (field.name.to_string(), eql_type(field.kind)));
            let mapping = eql::Mapping::new(types, eql::OtherFields::Keyword);
            let parsed = eql::parse(query).map_err(|e| e.to_string())?;
            parsed.prepare(&mapping, Folding::Simple).map(drop).map_err(|e| e.to_string())
        }
        "spl" => spl::parse(query).and_then(|parsed| parsed.prepare()).map(drop).map_err(|e| e.to_string()),
        // Engines with nested columns are asked in tests/engines.
        "sql:duckdb" => Ok(()),
        _ => {
            let json = matches!(rule.table, Some(ir::Table { shape: ir::TableShape::Json { .. }, .. }));
            let connection = Connection::open_in_memory().map_err(|e| e.to_string())?;
            register(&connection).map_err(|e| e.to_string())?;
            let names: BTreeSet<String> = fields(rule).iter().map(|field| field.name.to_lowercase()).collect();
            let columns: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            let table = match json {
                true => "CREATE TABLE events (event)".to_owned(),
                false => format!("CREATE TABLE logs ({})", columns.join(", ")),
            };
            connection.execute(&table, []).map_err(|e| e.to_string())?;
            let mut statement = connection.prepare(query).map_err(|e| e.to_string())?;
            let rows = statement.query([]).and_then(|mut rows| rows.next().map(|row| row.is_some()));
            rows.map(drop).map_err(|e| e.to_string())
        }
    }
}

/// Every field of a rule with its type.
fn fields(rule: &ir::Rule) -> Vec<Field> {
    let mut out = Vec::new();
    rule.condition.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject {
            out.push(field.clone());
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            out.push(other.clone());
        }
    });
    out
}

fn eql_type(kind: ir::FieldType) -> eql::FieldType {
    match kind {
        ir::FieldType::Integer => eql::FieldType::Long,
        ir::FieldType::Real => eql::FieldType::Double,
        ir::FieldType::Boolean => eql::FieldType::Boolean,
        ir::FieldType::Ip => eql::FieldType::Ip,
        _ => eql::FieldType::Keyword,
    }
}

/// A log source that a mapping does not have is an error, and the error says what it has.
#[test]
fn a_log_source_without_an_index_is_an_error_with_the_known_ones() {
    let text =
        "title: T\nlogsource: {product: windows, category: process_creatoin}\ndetection: {a: {B: c}, condition: a}\n";
    // One JSON column holds events of any source.
    for (name, target, _) in PRODUCTS.iter().filter(|(name, ..)| *name != "sql-json") {
        let pipelines = [pipeline(name)];
        let chain = mapping::resolve(&pipelines, target).unwrap();
        let rule = sigma::read(&Source::new("rule.yml", text), &sigma::Options::default()).rules.remove(0);
        let mapped = chain.apply(rule, &Options::default());
        assert!(mapped.rule.is_none(), "{name}");
        let said = mapped.diagnostics.iter().find(|d| d.code == codes::LOGSOURCE_UNMAPPED);
        let known = said.and_then(|d| d.help.iter().find_map(|help| help.strip_prefix("it has tables for ")));
        let known: Vec<&str> = known.unwrap_or_default().split(", ").collect();
        // Each of them is one: `product/category/service`.
        assert!(known.iter().all(|known| known.matches('/').count() == 2), "{name}: {said:?}");
    }
}
