//! Planted mistakes: each is made in a copy of the templates or, where the quoter would have made it, in the rendered
//! query. The comparison must see each, and must be content with the query as it is.

use sigmaglot::target::Templates;
use sigmaglot::verify::Outcome;
use sigmaglot::verify::engine::Engine;

use crate::verify::support::{Tampered, compared, engines, rule_of, target};

/// The target's templates with a replacement in one file.
fn planted(file: &str, right: &str, wrong: &str) -> Templates {
    let templates = Templates::embedded();
    let text = templates.get(file).unwrap_or_else(|| panic!("{file}")).to_owned();
    assert!(text.contains(right), "{file} does not say {right}");
    templates.with_override(file, text.replace(right, wrong))
}

/// The mistake is in the templates.
fn assert_template_caught(name: &str, selection: &str, [file, right, wrong]: [&str; 3]) {
    assert_equal(name, selection);
    let target = target(name, &planted(file, right, wrong));
    assert_counter_example(name, selection, &target, &mut engines(name));
}

/// The mistake is in the query.
fn assert_query_caught(name: &str, selection: &str, tamper: fn(&str) -> String) {
    assert_equal(name, selection);
    let tampered = engines(name).into_iter().map(|inner| -> Box<dyn Engine> { Box::new(Tampered { inner, tamper }) });
    assert_counter_example(name, selection, &target(name, &Templates::embedded()), &mut tampered.collect::<Vec<_>>());
}

fn assert_equal(name: &str, selection: &str) {
    let right = compared(&rule_of(selection), &target(name, &Templates::embedded()), name, &mut engines(name));
    assert!(matches!(right.outcome, Outcome::Equal), "{name}: {:?}", right.outcome);
    assert!(right.discriminates(), "{name}: {selection}");
}

fn assert_counter_example(
    name: &str,
    selection: &str,
    target: &sigmaglot::target::Target,
    engines: &mut [Box<dyn Engine>],
) {
    match compared(&rule_of(selection), target, name, engines).outcome {
        Outcome::Different(difference) => {
            assert_eq!(difference.trace.matched, difference.matches);
            assert!(difference.count > 0);
        }
        other => panic!("{name} {selection}: no counter-example but {other:?}"),
    }
}

#[test]
fn the_guard_against_null_is_missing() {
    let negated = "    F|neq: x\n    G: y";
    let guard = "NOT COALESCE({{ part }}, FALSE)";
    assert_template_caught("sql", negated, ["sql/predicates.j2", guard, "NOT ({{ part }})"]);
    assert_query_caught("eql", negated, |query| {
        assert!(query.contains("?F != null and "), "{query}");
        query.replace("?F != null and ", "")
    });
    let compared = "    F|gt|neq: 5\n    G: y";
    assert_query_caught("kql", compared, |query| {
        query.replace("coalesce(", "iff(true, ").replace("matches regex", "!= ")
    });
}

#[test]
fn has_stands_for_contains() {
    let right = "{% macro contains(f, value) %}{{ f }} contains";
    assert_template_caught(
        "kql",
        "    F|contains: ell",
        ["kql/predicates.j2", right, &right.replace("contains {{", "has {{").replace("}} contains", "}} has")],
    );
}

#[test]
fn a_question_mark_is_a_star() {
    assert_query_caught("sql", "    F: 'a?c*d'", |query| query.replace("a_c", "a%c"));
    assert_query_caught("eql", "    F: 'a?c*d'", |query| query.replace("a?c", "a*c"));
    assert_query_caught("spl", "    F: 'a?c*d'", |query| query.replace("a.c", "a.*c"));
    assert_query_caught("kql", "    F: 'a?c*d'", |query| query.replace("a.c", "a.*c"));
}

#[test]
fn a_regular_expression_of_eql_is_not_opened_at_its_ends() {
    assert_query_caught("eql", "    F|re: 'fo+bar'", |query| query.replace(".*fo+bar.*", "fo+bar"));
    assert_query_caught("eql", "    F|re: 'fo+bar$'", |query| query.replace(".*fo+", "fo+"));
}

#[test]
fn the_escape_of_like_is_missing() {
    assert_query_caught("sql", "    F|contains: '100%_of'", |query| {
        query.replace("!%!_", "%_").replace(" ESCAPE '!'", "")
    });
    let clause = "{% if clause %} ESCAPE '!'{% endif %}";
    assert_template_caught("sql", "    F|contains: '100%_of'", ["sql/predicates.j2", clause, ""]);
}

#[test]
fn an_ipv6_network_is_in_the_function_for_ipv4() {
    let network = "    F|cidr: 'fe80::/10'";
    // The first 32 bits as if they were an IPv4 network.
    assert_query_caught("sql", network, |query| query.replace("'fe80::/10'", "'254.128.0.0/10'"));
    assert_query_caught("spl", network, |query| query.replace("fe80::/10", "254.128.0.0/10"));
    // Kusto's function does not take the text of such a network at all.
    let wrong = target("kql", &planted("kql/predicates.j2", "ipv6_is_in_any_range", "ipv4_is_in_any_range"));
    let outcome = compared(&rule_of(network), &wrong, "kql", &mut engines("kql")).outcome;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
}

#[test]
fn an_alternative_is_hoisted_before_the_pipe() {
    // One alternative is for `search`, the other for `where`; torn apart they are an AND.
    let alternatives = "    - F|contains: ell\n    - G|re: 'fo+bar'";
    assert_query_caught("spl", alternatives, |query| {
        let (_, rest) = query.split_once(" OR ").unwrap_or_default();
        format!("F=\"*ell*\" | where {rest}")
    });
}

#[test]
fn a_quote_is_not_doubled() {
    // What follows the quote is SQL now: true wherever the rule's own condition is not.
    assert_query_caught("sql", "    F: \"x' OR 1 = 1 OR 'x' = 'x\"", |query| query.replace("''", "'"));
    assert_query_caught("kql", "    F: 'x\" or F != \"y'", |query| query.replace("\\\"", "\""));
    assert_query_caught("eql", "    F: 'x\" or ?F != \"y'", |query| query.replace("\\\"", "\""));
}
