//! The mappings to Microsoft's products: tables, columns and their types, on the project's own rules, on rows, on events and
//! on the corpus.
//!
//! Microsoft's own parser checks queries against exactly the columns of their tables, where the engines are installed:
//! `SIGMAGLOT_ENGINES_DIR` names their folder (by default `target/engines`), and `tests/engines/setup.sh` fills it. It sees a
//! sample of the corpus, and all of it with `SIGMAGLOT_DEEP`.

mod columns;
mod computed;
mod events;
mod kusto;
mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sigmaglot::mapping::{self, Chain, Pipeline};
use sigmaglot::source::Source;
use sigmaglot::target::{Options, Target, Templates};
use sigmaglot::{ir, sigma};

use crate::common::corpus;

const NAMES: [&str; 7] = [
    "defender-xdr",
    "sentinel-asim",
    "sentinel-cloud",
    "sentinel-securityevent",
    "sentinel-syslog",
    "sentinel-sysmon",
    "sentinel-zeek",
];

/// The least number of rules of the corpus that each converts, in the order of [`NAMES`].
const LEAST: [usize; 7] = [2320, 2330, 240, 1630, 24, 2680, 18];

/// Without `SIGMAGLOT_DEEP`, Microsoft's parser sees one query of so many.
const SAMPLE: usize = 12;

fn pipelines(name: &str) -> Vec<Pipeline> {
    let text = mapping::builtin::get(name).unwrap_or_else(|| panic!("there is no mapping {name}"));
    let (pipeline, said) = Pipeline::parse(&Source::new(format!("{name}.yml"), text));
    assert_eq!(said, [], "{name}");
    pipeline.into_iter().collect()
}

/// A rule in a product's terms.
struct Outcome {
    /// The query, or the codes of the errors.
    query: Result<String, Vec<String>>,
    table: Option<String>,
    unmapped: Vec<String>,
}

fn convert(chain: &Chain<'_>, target: &Target, rule: ir::Rule) -> Outcome {
    let mapped = chain.apply(rule, &mapping::Options::default());
    let errors = |said: &[sigmaglot::diagnostic::Diagnostic]| -> Vec<String> {
        said.iter().filter(|d| d.is_error()).map(|d| d.code.to_string()).collect()
    };
    let table = mapped.record.table.as_deref().map(str::to_owned);
    let unmapped = mapped.record.unmapped.iter().map(ToString::to_string).collect();
    let query = match mapped.rule.clone() {
        None => Err(errors(&mapped.diagnostics)),
        Some(rule) => {
            let rule = ir::Rule { condition: ir::normalize(rule.condition), ..rule };
            let conversion = target.convert(&rule, &Options::default());
            match conversion.query {
                None => Err(errors(&conversion.diagnostics)),
                Some(query) => Ok(chain.postprocess(query, &mapped).expect("the post-processing works")),
            }
        }
    };
    Outcome { query, table, unmapped }
}

fn kql() -> Target {
    Target::load("kql", &Templates::embedded()).expect("the target loads")
}

fn read(name: String, text: String) -> Vec<ir::Rule> {
    let options = sigma::Options { unresolved: sigma::UnresolvedPlaceholders::Keep, ..Default::default() };
    sigma::read(&Source::new(name, text), &options).rules
}

fn read_file(file: &Path) -> Vec<ir::Rule> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    read(file.display().to_string(), text)
}

#[test]
fn the_projects_own_rules_become_these_queries() {
    let target = kql();
    let files = corpus::files(Path::new("rules"), "yml");
    assert!(files.len() > 40, "the rules are there");
    for name in NAMES {
        let pipelines = pipelines(name);
        let chain = mapping::resolve(&pipelines, "kql").expect("the mapping is for kql");
        let mut text = String::new();
        for rule in files.iter().flat_map(|file| read_file(file)) {
            let title = rule.meta.title.clone();
            let outcome = convert(&chain, &target, rule);
            if outcome.query.as_ref().is_err_and(|codes| codes == &["SG0613"]) {
                continue; // another mapping has this log source
            }
            let query = outcome.query.unwrap_or_else(|codes| codes.join(" "));
            let _ = writeln!(text, "{title}\n  unmapped: {}\n  {query}\n", outcome.unmapped.join(", "));
        }
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn the_corpus_in_microsofts_tables() {
    let Some(root) = corpus::root() else { return };
    let files = corpus::rule_files(&root);
    let target = kql();
    let mut checker = kusto::Checker::start();
    let deep = std::env::var_os("SIGMAGLOT_DEEP").is_some();
    for (name, least) in NAMES.into_iter().zip(LEAST) {
        let pipelines = pipelines(name);
        let chain = mapping::resolve(&pipelines, "kql").expect("the mapping is for kql");
        let schema = kusto::schema(name);
        let (mut converted, mut known, mut checked) = (0, 0, 0);
        let (mut reasons, mut tables) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
        let mut wrong = Vec::new();
        for rule in files.iter().flat_map(|file| read_file(file)) {
            let title = rule.meta.title.clone();
            let outcome = convert(&chain, &target, rule);
            let query = match outcome.query {
                Ok(query) => query,
                Err(codes) => {
                    codes.into_iter().take(1).for_each(|code| *reasons.entry(code).or_default() += 1);
                    continue;
                }
            };
            converted += 1;
            known += usize::from(outcome.unmapped.is_empty());
            let table = outcome.table.expect("every log source has a table");
            if let Some(checker) = checker.as_mut().filter(|_| deep || converted % SAMPLE == 0) {
                // It takes the query with the columns that the conversion warned of, and not without.
                let unmapped = &outcome.unmapped;
                let mut said = checker.check(&table, &schema[&table], unmapped, &query);
                if !unmapped.is_empty() && checker.check(&table, &schema[&table], &[], &query).is_empty() {
                    said.push("the table has every column".to_owned());
                }
                if !said.is_empty() {
                    wrong.push(format!("{title}: {said:?}, warned of {unmapped:?}, in {query}"));
                }
                checked += 1;
            }
            *tables.entry(table).or_default() += 1;
        }
        println!(
            "{name}: {converted} converted, {known} with every field known, {checked} seen by the parser; tables {tables:?}; refused {reasons:?}"
        );
        assert!(converted >= least, "{name}: {converted} converted, {least} are expected");
        assert!(wrong.is_empty(), "{name}: {} queries are wrong, such as {:?}", wrong.len(), wrong.first());
    }
}
