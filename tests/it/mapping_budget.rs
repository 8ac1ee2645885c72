//! Pipelines that multiply a rule or a query: each is refused with the figure of what there was too much of, and nothing aborts.

use std::fmt::Write as _;

use sigmaglot::diagnostic::Diagnostic;
use sigmaglot::mapping::{self, Options, Pipeline, Unmapped};
use sigmaglot::sigma;
use sigmaglot::source::Source;

const RULE: &str = "title: Case\nlogsource: {category: process_creation, product: windows}\nfields: [A]\ndetection:\n  sel:\n    \
    A|contains: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\n    B: [b, c]\n  condition: sel\n";

/// What is said when the rule goes through a pipeline; empty where there is a query.
fn said(pipeline: &str) -> String {
    let (pipeline, said) = Pipeline::parse(&Source::new("pipeline.yml", format!("name: x\n{pipeline}")));
    let Some(pipeline) = pipeline else { return text(&said) };
    let pipelines = [pipeline];
    let chain = mapping::resolve(&pipelines, "eql").unwrap();
    let rule = sigma::read(&Source::new("rule.yml", RULE), &sigma::Options::default()).rules.remove(0);
    let mapped = chain.apply(rule, &Options { unmapped: Unmapped::Keep, ..Options::default() });
    match chain.postprocess("query".to_owned(), &mapped) {
        Ok(_) => text(&mapped.diagnostics),
        Err(diagnostic) => text(&[diagnostic]),
    }
}

fn text(said: &[Diagnostic]) -> String {
    said.iter().map(|diagnostic| format!("{} {}", diagnostic.code, diagnostic.message)).collect()
}

fn items(key: &str, item: &str, times: usize) -> String {
    format!("{key}:\n{}", format!("  - {item}\n").repeat(times))
}

fn is_too_large(pipeline: &str, figure: &str) {
    let said = said(pipeline);
    assert!(said.contains("SG0614") && said.contains(figure), "{said}");
}

const NINE: &str = "{type: field_name_mapping, mapping: {A: [A, A, A, A, A, A, A, A, A]}}";

#[test]
fn nine_names_for_one_twelve_times() {
    is_too_large(&items("transformations", NINE, 12), "250000 tests");
    let crossed = "{type: field_name_mapping, mapping: {A: [A, B, C], B: [A, B, C], C: [A, B, C]}}";
    is_too_large(&items("transformations", crossed, 20), "250000 tests");
    assert_eq!(said(&items("transformations", NINE, 2)), "");
}

#[test]
fn names_of_the_list_of_fields() {
    let list = format!(
        "{}  - {{type: drop_detection_item, field_name_conditions: [{{type: include_fields, fields: [A]}}]}}\n{}",
        items("transformations", "{type: set_field, fields: [A]}", 1),
        format!("  - {NINE}\n").repeat(12)
    );
    is_too_large(&list, "250000 tests");
}

#[test]
fn an_empty_match_is_replaced_again_and_again() {
    let replace = "{type: replace_string, regex: '()', replacement: xyzxyzxyz}";
    is_too_large(&items("transformations", replace, 8), "64 MiB");
    assert_eq!(said(&items("transformations", replace, 2)), "");
}

#[test]
fn thousands_of_prefixes() {
    let long = format!("{{type: field_name_prefix, prefix: {}}}", "p".repeat(5000));
    is_too_large(&items("transformations", &long, 2000), "64 MiB");
    let mut noted = String::from("transformations:\n");
    for i in 0..3000 {
        let _ = writeln!(noted, "  - {{id: i{i}, type: field_name_prefix, prefix: p.}}");
    }
    is_too_large(&noted, "64 MiB");
}

#[test]
fn values_that_map_to_each_other() {
    is_too_large(&items("transformations", "{type: map_string, mapping: {b: [b, c], c: [b, c]}}", 30), "250000 tests");
}

#[test]
fn values_that_are_cut_again_and_again() {
    let split = "{type: sigmaglot_split, separator: '\\', first: A, last: A, whole: last}";
    is_too_large(&items("transformations", split, 30), "250000 tests");
}

#[test]
fn depth_takes_no_stack() {
    let said = said(&items("transformations", "{type: add_condition, conditions: {x: y}}", 3000));
    assert_eq!(said, "", "conditions are one flat list");
    is_too_large(&items("transformations", "{type: field_name_mapping, mapping: {A: [A, B]}}", 1000), "deep");
    for (open, close) in [("{type: nest, items: [", "]}"), ("{type: field_name_prefix, prefix: {a: ", "}}")] {
        let deep = format!("transformations:\n  - {}x{}\n", open.repeat(50_000), close.repeat(50_000));
        assert!(self::said(&deep).contains("SG0"), "deep YAML is refused");
    }
    let expression = format!(
        "transformations:\n  - type: drop_detection_item\n    field_name_conditions: {{a: {{type: include_fields, fields: [A]}}}}\n    \
         field_name_cond_expr: '{}a'\n",
        "not ".repeat(50_000)
    );
    assert!(self::said(&expression).contains("SG0605"));
}

#[test]
fn queries_that_grow() {
    let template = "{type: template, template: '{{ query }}{{ query }}'}";
    is_too_large(&items("postprocessing", template, 40), "128 MiB");
    is_too_large(&items("postprocessing", "{type: simple_template, template: '{query}{query}'}", 40), "128 MiB");
    is_too_large(&items("postprocessing", "{type: replace, pattern: '()', replacement: xyzxyz}", 12), "128 MiB");
    let json = "{type: json, json_template: '{\"a\": \"%QUERY%\", \"b\": \"%QUERY%\"}'}";
    is_too_large(&items("postprocessing", json, 40), "128 MiB");
    let long = format!("{{type: embed, prefix: {}}}", "p".repeat(5_000));
    assert_eq!(said(&items("postprocessing", &long, 50)), "");
}

#[test]
fn templates_that_never_end() {
    let template = |text: &str| said(&items("postprocessing", &format!("{{type: template, template: \"{text}\"}}"), 1));
    let doubled = "{% set s = query %}".to_owned() + &"{% set s = s ~ s %}".repeat(40) + "{{ s|length }}";
    assert!(template(&doubled).contains("grows"), "{}", template(&doubled));
    let looped = "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}";
    assert!(template(looped).contains("grows"));
    assert!(
        template("{% for i in range(9999) %}{% for j in range(9999) %}{{ i }}{% endfor %}{% endfor %}")
            .contains("fuel")
    );
    assert!(template("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").contains("recursion"));
}

#[test]
fn slices_backwards_of_nothing_are_an_error() {
    for slice in ["''[::-1]", "[][::-1]", "''[0::-1]"] {
        let said = said(&items("postprocessing", &format!("{{type: template, template: \"{{{{ {slice} }}}}\"}}"), 1));
        assert!(said.contains("SG0607"), "{slice}: {said}");
    }
}

#[test]
fn thousands_of_loops_over_tags() {
    let names = (0..20_000).map(|i| format!("{{% for t{i} in rule.tags %}}{{{{ t{i} == 1 }}}}{{% endfor %}}"));
    let template = format!("{{type: template, template: \"{}\"}}", names.collect::<String>());
    assert!(said(&items("postprocessing", &template, 1)).contains("`t0` is a tag"));
}

#[test]
fn mappings_that_are_included_again_and_again() {
    is_too_large(&items("transformations", "{type: sigmaglot_include, mapping: ecs-windows}", 2000), "64 mappings");
}
