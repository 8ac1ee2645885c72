//! Mappings: each transformation, condition, post-processing and finalizer with its query, and what is wrong with pipelines.
//!
//! A case is `pipelines/NAME.yml`: a pipeline and, after `---`, a rule; its first line names the target. What is to come out
//! stands beside it in `NAME.txt`. With `UPDATE_PIPELINES=1` the test writes these files, for a person to read the difference.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::ir;
use sigmaglot::mapping::{self, Options, Pipeline, Unmapped, builtin};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Options as TargetOptions, Target, Templates};

/// What rules of cases have without saying so.
const HEAD: &str = "title: Case\nlogsource: {category: process_creation, product: windows}\n";

fn cases() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipelines");
    let mut out: Vec<PathBuf> = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    out.retain(|path| path.extension().is_some_and(|ext| ext == "yml"));
    out.sort();
    out
}

#[test]
fn every_case_gives_what_stands_beside_it() {
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    for path in cases {
        let text = fs::read_to_string(&path).unwrap();
        let actual = case(&text);
        let beside = path.with_extension("txt");
        if std::env::var_os("UPDATE_PIPELINES").is_some() {
            fs::write(&beside, &actual).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if actual != expected {
            wrong.push(format!("{}\nexpected:\n{expected}\nactual:\n{actual}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A case as text: queries, what finalizers made of them, what was said.
fn case(text: &str) -> String {
    let (pipeline, rules) = text.split_once("\n---\n").unwrap_or((text, ""));
    let target = pipeline.lines().next().and_then(|line| line.strip_prefix("# target: ")).unwrap_or("eql");
    let source = Source::new("pipeline.yml", pipeline);
    let (parsed, said) = Pipeline::parse(&source);
    let mut out = describe(&said, &source);
    let Some(parsed) = parsed else { return out };
    let pipelines = [parsed];
    let chain = match mapping::resolve(&pipelines, target) {
        Ok(chain) => chain,
        Err(diagnostic) => return format!("{diagnostic}\n"),
    };
    let target = Target::load(target, &Templates::embedded()).unwrap();
    let mut options = Options { unmapped: Unmapped::Keep, ..Options::default() };
    options.files.insert("hosts.txt".into(), "srv1\n\nsrv*\n".into());
    options.files.insert("hosts.csv".into(), "id,host\n1,\"srv,1\"\n2,srv2\n".into());
    let json = r#"{"items": [{"name": "srv1", "a b": 7}, {"name": "srv2"}, {"name": "none"}]}"#;
    options.files.insert("hosts.json".into(), json.into());
    let mut queries = Vec::new();
    for rule in rules.split("\n---\n") {
        let rule = if rule.contains("logsource:") { rule.to_owned() } else { format!("{HEAD}{rule}") };
        let source = Source::new("rule.yml", rule);
        let keep = sigma::Options { unresolved: sigma::UnresolvedPlaceholders::Keep, ..sigma::Options::default() };
        let read = sigma::read(&source, &keep);
        out.push_str(&describe(&errors(&read.diagnostics), &source));
        for rule in read.rules {
            let mapped = chain.apply(rule, &options);
            out.push_str(&describe(&mapped.diagnostics, &source));
            let Some(rule) = &mapped.rule else { continue };
            let rule = ir::Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() };
            let conversion = target.convert(&rule, &TargetOptions::default());
            out.push_str(&describe(&errors(&conversion.diagnostics), &source));
            if let Some(query) = conversion.query {
                let query = chain.postprocess(query, &mapped).unwrap_or_else(|diagnostic| diagnostic.to_string());
                let _ = writeln!(out, "{query}");
                queries.push(query);
            }
            if !mapped.record.unmapped.is_empty() {
                let _ = writeln!(out, "unmapped: {}", mapped.record.unmapped.join(", "));
            }
            if !rule.meta.fields.is_empty() {
                let _ = writeln!(out, "fields: {}", rule.meta.fields.join(", "));
            }
        }
    }
    match chain.finalize(queries) {
        Ok(Some(text)) => {
            let _ = writeln!(out, "finalized:\n{text}");
        }
        Ok(None) => {}
        Err(diagnostic) => {
            let _ = writeln!(out, "{diagnostic}");
        }
    }
    out
}

fn errors(said: &[Diagnostic]) -> Vec<Diagnostic> {
    said.iter().filter(|d| d.is_error()).cloned().collect()
}

fn describe(said: &[Diagnostic], source: &Source) -> String {
    said.iter()
        .map(|d| {
            let place = d.span.map_or_else(String::new, |span| {
                let at = source.position(span.start as usize);
                format!("{}:{}:{}: ", source.name(), at.line, at.column)
            });
            let help = d.help.iter().map(|help| format!("  {help}\n")).collect::<String>();
            format!("{place}{d}\n{help}")
        })
        .collect()
}

/// Everything that the tables of the format name has a case.
#[test]
fn every_type_of_the_format_has_a_case() {
    let all: String = cases().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let types = "field_name_mapping field_name_prefix_mapping field_name_transform drop_detection_item hashes_fields \
        extract_fields field_name_suffix field_name_prefix wildcard_placeholders value_placeholders \
        query_expression_placeholders file_placeholders http_placeholders command_placeholders add_condition \
        change_logsource add_field remove_field set_field replace_string map_string set_state regex set_value \
        convert_type rule_failure detection_item_failure strict_field_mapping_failure set_custom_attribute nest case \
        sigmaglot_types sigmaglot_tables sigmaglot_split \
        logsource contains_detection_item contains_field processing_item_applied processing_state is_sigma_rule \
        is_sigma_correlation_rule rule_attribute tag match_string match_value contains_wildcard is_null \
        include_fields exclude_fields embed simple_template template json replace concat yaml nested";
    let missing: Vec<&str> =
        types.split_whitespace().filter(|kind| !all.contains(&format!("type: {kind}\n"))).collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}

fn corpus() -> Vec<ir::Rule> {
    let files = crate::common::corpus::root().map(|root| crate::common::corpus::rule_files(&root)).unwrap_or_default();
    files.iter().flat_map(|file| crate::common::corpus::rules(file)).collect()
}

fn pipeline(text: &str) -> Pipeline {
    let (pipeline, said) = Pipeline::parse(&Source::new("pipeline.yml", text));
    pipeline.unwrap_or_else(|| panic!("{said:?}"))
}

/// The mistake of others: a replacement that replaces nothing made a literal star of a wildcard after a backslash.
#[test]
fn replacing_nothing_leaves_every_rule_of_the_corpus_as_it_is() {
    let texts = [
        "transformations:\n  - {type: replace_string, regex: 'no rule has this', replacement: '\\*'}",
        "transformations:\n  - {type: replace_string, regex: '([a-z\\\\*?])', replacement: '\\1'}",
        "transformations:\n  - {type: replace_string, regex: '(.)', replacement: '\\1', skip_special: true}",
    ];
    for text in texts {
        let pipelines = [pipeline(text)];
        let chain = mapping::resolve(&pipelines, "eql").unwrap();
        for rule in corpus() {
            let mapped = chain.apply(rule.clone(), &Options { unmapped: Unmapped::Keep, ..Options::default() });
            // A number that the expression matches is text afterwards only if it changed.
            assert_eq!(mapped.rule.as_ref(), Some(&rule), "{}", rule.meta.title);
        }
    }
}

#[test]
fn pipelines_work_in_the_order_of_their_priority() {
    let suffix = |priority: i32, suffix: &str| {
        pipeline(&format!("priority: {priority}\ntransformations: [{{type: field_name_suffix, suffix: {suffix}}}]"))
    };
    let pipelines = [suffix(20, "c"), suffix(10, "a"), suffix(10, "b")];
    let chain = mapping::resolve(&pipelines, "spl").unwrap();
    let source = Source::new("rule.yml", format!("{HEAD}detection: {{sel: {{X: 1}}, condition: sel}}"));
    let rule = sigma::read(&source, &sigma::Options::default()).rules.remove(0);
    let mapped = chain.apply(rule, &Options::default());
    assert_eq!(mapped.record.fields.keys().map(AsRef::as_ref).collect::<Vec<&str>>(), ["X", "Xa", "Xab"]);
}

#[test]
fn allowed_backends_are_checked() {
    for (backend, target, fits) in [
        ("splunk", "spl", true),
        ("kusto", "kql", true),
        ("elasticsearch", "eql", true),
        ("sqlite", "sql", true),
        ("postgres", "sql:postgres", true),
        ("splunk", "eql", false),
        ("sqlite", "sql:postgres", false),
    ] {
        let pipelines = [pipeline(&format!("allowed_backends: [{backend}]"))];
        assert_eq!(mapping::resolve(&pipelines, target).is_ok(), fits, "{backend} {target}");
    }
}

#[test]
fn the_mappings_in_the_program_can_be_read() {
    assert!(!builtin::names().is_empty());
    for name in builtin::names() {
        let source = Source::new(name, builtin::get(name).unwrap());
        let (pipeline, said) = Pipeline::parse(&source);
        assert!(pipeline.is_some(), "{name}: {}", describe(&said, &source));
    }
}

#[test]
fn a_template_without_an_end_is_stopped() {
    let text = "postprocessing:\n  - type: template\n    template: '{% for a in range(9999) %}{% for b in range(9999) %}{{ query }}{% endfor %}{% endfor %}'";
    let pipelines = [pipeline(text)];
    let chain = mapping::resolve(&pipelines, "eql").unwrap();
    let source = Source::new("rule.yml", format!("{HEAD}detection: {{sel: {{X: 1}}, condition: sel}}"));
    let rule = sigma::read(&source, &sigma::Options::default()).rules.remove(0);
    let mapped = chain.apply(rule, &Options::default());
    assert!(chain.postprocess("q".into(), &mapped).is_err_and(|d| d.message.contains("fuel")));
}

/// Texts near to pipelines: words of the format in YAML of any shape.
fn hostile() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("transformations"),
        Just("type"),
        Just("nest"),
        Just("items"),
        Just("field_name_mapping"),
        Just("mapping"),
        Just("rule_cond_expr"),
        Just("rule_conditions"),
        Just("a and (b"),
        Just("replace_string"),
        Just("regex"),
        Just("replacement"),
        Just("\\g<"),
        Just("null"),
        Just("5"),
        Just("add_condition"),
        Just("conditions"),
        Just("'%x%'"),
        Just("finalizers"),
        Just("template"),
        Just("'{{'"),
        Just("case"),
        Just("vars"),
        Just("é"),
        Just("sigmaglot_tables"),
        Just("tables"),
        Just("[]"),
        Just("{}"),
        Just("a|re"),
        Just("postprocessing"),
    ];
    let line = (0usize..5, any::<bool>(), word.clone(), word, any::<bool>()).prop_map(|(depth, dash, a, b, map)| {
        let dash = if dash { "- " } else { "" };
        let value = if map { format!("{a}: {b}") } else { format!("{a}:") };
        format!("{}{dash}{value}\n", "  ".repeat(depth))
    });
    prop_oneof![
        proptest::collection::vec(line, 0..25).prop_map(|lines| lines.concat()),
        any::<String>(),
        "[ -~\n]{0,200}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in hostile()) {
        let source = Source::new("pipeline.yml", text);
        let (pipeline, said) = Pipeline::parse(&source);
        prop_assert_eq!(pipeline.is_none(), said.iter().any(Diagnostic::is_error));
    }

    /// What a random change of a case leaves readable can be applied.
    #[test]
    fn no_pipeline_makes_the_work_panic(i in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), with in "[a-z:*\\\\ \n'0-9]{0,6}") {
        let cases = cases();
        let text = fs::read_to_string(&cases[i.index(cases.len())]).unwrap();
        let (pipeline, _) = text.split_once("\n---\n").unwrap_or((&text, ""));
        let mut at = cut.index(pipeline.len().max(1));
        while !pipeline.is_char_boundary(at) { at -= 1; }
        let changed = format!("{}{with}{}", &pipeline[..at], &pipeline[at..]);
        if let (Some(pipeline), _) = Pipeline::parse(&Source::new("pipeline.yml", changed)) {
            let pipelines = [pipeline];
            let source = Source::new("rule.yml", format!("{HEAD}detection:\n  sel:\n    Hashes|contains: 'MD5=a'\n    User|expand: '%a%'\n    X|windash: ' -a'\n    Y|re: b\n  condition: not sel"));
            let keep = sigma::Options { unresolved: sigma::UnresolvedPlaceholders::Keep, ..sigma::Options::default() };
            if let Ok(chain) = mapping::resolve(&pipelines, "eql") {
                for rule in sigma::read(&source, &keep).rules {
                    let mapped = chain.apply(rule, &Options::default());
                    let _ = chain.postprocess("q".into(), &mapped);
                    prop_assert_eq!(mapped.rule.is_none(), mapped.diagnostics.iter().any(Diagnostic::is_error));
                }
                let _ = chain.finalize(vec!["q".into()]);
            }
        }
    }
}

/// Issue 11.3.5: an item of a filter that stood at the same byte as an item of the rule was taken for it.
#[test]
fn an_item_of_a_filter_is_not_one_of_the_rule() {
    let detection = "logsource: {category: process_creation, product: windows}\n";
    let rule = format!("title: AAAA\n{detection}detection:\n  a:\n    One: x\n  condition: a\n");
    let filter = format!(
        "title: AAAA\n{detection}detection:\n  a:\n    Two: x\n  condition: not a\nfilter:\n  rules: any\n  a: {{Two: x}}\n  condition: not a\n"
    );
    let mut rules = sigma::read(&Source::new("rule.yml", rule), &sigma::Options::default()).rules;
    let filters = sigma::read(&Source::new("filter.yml", filter), &sigma::Options::default()).filters;
    assert_eq!((rules.len(), sigma::apply_filters(&mut rules, &filters)), (1, vec![1]));
    let mut items = BTreeSet::new();
    rules[0].condition.for_each_predicate(&mut |_, origin| {
        items.extend(origin.item);
    });
    assert_eq!(items.len(), 2, "each test is an item of its own");
    let tagged = pipeline(
        "name: x\ntransformations:\n  - id: tag\n    type: set_value\n    value: y\n    field_name_conditions:\n      \
         - {type: include_fields, fields: [One]}\n  - type: case\n    method: upper\n    detection_item_conditions:\n      \
         - {type: processing_item_applied, processing_item_id: tag}\n",
    );
    let pipelines = [tagged];
    let chain = mapping::resolve(&pipelines, "eql").unwrap();
    let mapped = chain.apply(rules.remove(0), &Options { unmapped: Unmapped::Keep, ..Options::default() });
    let target = Target::load("eql", &Templates::embedded()).unwrap();
    let query = target.convert(&mapped.rule.unwrap(), &TargetOptions::default()).query.unwrap();
    assert_eq!(query, r#"any where ?One : "Y" and not (?Two != null and ?Two : "x")"#);
}
