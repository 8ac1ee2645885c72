//! Templates of pipelines against Jinja on Python: `templates/golden.json` holds what sigma-cli 3.1.0 (pySigma 1.5.1) makes of each line of
//! `templates/expressions.txt` with two rules; `engines/templates.py` writes it, and the engine checks compare it again.
//!
//! A text is the same text or an error here, never another one. Errors that Jinja has not stand in `templates/refused.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use sigmaglot::mapping::{self, Options, Pipeline};
use sigmaglot::sigma;
use sigmaglot::source::Source;

const QUERY: &str = "Image=\"*\\\\cmd.exe\" a=b";

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates").join(name)).unwrap()
}

/// What our engine makes of a template, or why not.
fn render(rule: &str, template: &str) -> Result<String, String> {
    let quoted = serde_json::to_string(template).unwrap();
    let text = format!("{}postprocessing:\n  - type: template\n    template: {quoted}\n", read("pipeline.yml"));
    let (pipeline, said) = Pipeline::parse(&Source::new("pipeline.yml", text));
    let Some(pipeline) = pipeline else { return Err(said[0].to_string()) };
    let pipelines = [pipeline];
    let chain = mapping::resolve(&pipelines, "spl").unwrap();
    let rules = sigma::read(&Source::new("rule.yml", rule), &sigma::Options::default()).rules;
    let mapped = chain.apply(rules.into_iter().next().unwrap(), &Options::default());
    chain.postprocess(QUERY.to_owned(), &mapped).map_err(|diagnostic| diagnostic.to_string())
}

#[test]
fn templates_give_what_jinja_gives() {
    let golden: BTreeMap<String, Vec<Option<String>>> = serde_json::from_str(&read("golden.json")).unwrap();
    let expressions: Vec<String> = read("expressions.txt").lines().map(str::to_owned).collect();
    let refused = read("refused.txt");
    let refused: BTreeSet<&str> = refused.lines().filter(|line| !line.starts_with("# ")).collect();
    let (mut equal, mut wrong, mut errors) = (0, Vec::new(), BTreeSet::new());
    for (name, texts) in &golden {
        let rule = read(&format!("{name}.yml"));
        assert_eq!(texts.len(), expressions.len());
        for (expression, expected) in expressions.iter().zip(texts) {
            match (render(&rule, expression), expected) {
                (Ok(text), Some(expected)) if text == *expected => equal += 1,
                (Err(_), None) => equal += 1,
                (Err(_), Some(_)) if refused.contains(expression.as_str()) => {
                    errors.insert(expression.as_str());
                }
                (actual, expected) => {
                    wrong.push(format!("{name}: {expression}\n  jinja: {expected:?}\n  here:  {actual:?}"))
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(errors, refused, "what is refused is listed, and nothing else");
    assert!(expressions.len() >= 100 && equal >= 2 * expressions.len() - 2 * refused.len());
}

/// The golden file is what sigma-cli gives, where it is installed (`tests/engines/setup.sh`).
#[test]
fn the_golden_file_is_sigma_clis() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let engines = std::env::var_os("SIGMAGLOT_ENGINES_DIR").map_or(root.join("target/engines"), Into::into);
    let python = engines.join("sigma/bin/python");
    if !python.exists() {
        let required = std::env::var("SIGMAGLOT_ENGINES").is_ok_and(|word| word == "required");
        assert!(!required, "sigma-cli is not installed in {}", engines.display());
        println!("skipped: sigma-cli is not installed in {}", engines.display());
        return;
    }
    let output = Command::new(python).arg(root.join("tests/engines/templates.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), read("golden.json"), "`templates.py --write` writes it");
}
