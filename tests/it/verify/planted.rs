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

/// Replaces a part of the query that must be there.
macro_rules! swap {
    ($from:literal, $to:literal) => {
        |query| query.replace($from, $to)
    };
}

#[test]
fn a_network_is_one_bit_too_long_or_too_short() {
    let network = "    F|cidr: 10.2.0.0/16\n    G: y";
    for name in ["eql", "kql", "spl"] {
        assert_query_caught(name, network, swap!("10.2.0.0/16", "10.2.0.0/17"));
        assert_query_caught(name, network, swap!("10.2.0.0/16", "10.2.0.0/15"));
    }
    // 10.2.255.255, the last address, and 10.2.0.0, the first.
    assert_query_caught("sql", network, swap!("167968767", "167936000"));
    assert_query_caught("sql", network, swap!("167968767", "167968766"));
    assert_query_caught("sql", network, swap!("167903232", "167903233"));
}

#[test]
fn a_wildcard_does_not_cross_lines() {
    for name in ["kql", "spl"] {
        assert_query_caught(name, "    F: 'a?c*d'", swap!("(?s)", ""));
        assert_query_caught(name, "    G: y\n    F|neq: 'a?c*d'", swap!("(?s)", ""));
    }
}

#[test]
fn a_question_mark_is_one_or_two_characters() {
    for name in ["kql", "spl"] {
        assert_query_caught(name, "    F: 'a?c*d'", swap!("^a.c", "^a.{1,2}c"));
        assert_query_caught(name, "    F: 'a?c*d'", swap!("^a.c", "^a.{0,1}c"));
        assert_query_caught(name, "    F: 'a?c*d'", swap!("^a.c", "^a[!-~]c"));
    }
}

#[test]
fn a_time_zone_is_ignored() {
    assert_query_caught("spl", "    F|hour: 3", swap!("== \"-\", 1, -1)", "== \"-\", 0, 0)"));
    assert_query_caught("spl", "    F|hour: 3", swap!("== \"-\", 1, -1)", "== \"-\", -1, 1)"));
}

#[test]
fn the_case_of_equals_and_of_lists_counts() {
    let equals = "    F: Some Text\n    G|contains: y";
    assert_query_caught("kql", equals, swap!("=~", "=="));
    assert_query_caught("sql", equals, swap!(" COLLATE NOCASE", ""));
    let list = "    F: [one, two, three]\n    G|contains: y";
    assert_query_caught("kql", list, swap!("in~", "in"));
    assert_query_caught("sql", list, swap!(" COLLATE NOCASE", ""));
    assert_query_caught("eql", equals, swap!("?F : ", "?F == "));
}

#[test]
fn an_end_is_open_that_was_shut() {
    let ends = "    F|endswith: end.exe\n    G: y";
    assert_query_caught("kql", ends, swap!("endswith", "contains"));
    assert_query_caught("eql", ends, swap!("end.exe\"", "end.exe*\""));
    assert_query_caught("sql", ends, swap!("end.exe'", "end.exe%'"));
    assert_query_caught("spl", ends, swap!("end.exe\"", "end.exe*\""));
    let starts = "    F|startswith: start\n    G: y";
    assert_query_caught("kql", starts, swap!("startswith", "contains"));
    assert_query_caught("sql", starts, swap!("'start", "'%start"));
}

#[test]
fn a_boolean_counts_its_case_or_is_open() {
    assert_query_caught("kql", "    F: true\n    G: y", swap!("=~ \"true\"", "== \"true\""));
    assert_query_caught("kql", "    F: true\n    G: y", swap!("=~ \"true\"", "contains \"true\""));
    assert_query_caught("sql", "    F: true\n    G: y", swap!("[F] COLLATE NOCASE = 'true'", "[F] LIKE 'true%'"));
}

#[test]
fn a_regex_counts_no_case_has_other_bounds_or_no_ends() {
    let regex = "    F|re: '^ab{2,3}[f-m]d$'\n    G: y";
    assert_query_caught("sql", regex, swap!("'^ab", "'(?i)^ab"));
    assert_query_caught("sql", regex, swap!("{2,3}", "{1,3}"));
    assert_query_caught("sql", regex, swap!("{2,3}", "{2,4}"));
    assert_query_caught("sql", regex, swap!("[f-m]", "[f-n]"));
    assert_query_caught("sql", regex, swap!("[f-m]", "[e-m]"));
    assert_query_caught("sql", regex, swap!("d$'", "d'"));
    assert_query_caught("sql", regex, swap!("'^ab", "'ab"));
    assert_query_caught("kql", regex, swap!("{2,3}", "{2,4}"));
}

#[test]
fn a_field_is_compared_with_another_by_case_or_with_its_name() {
    assert_query_caught("kql", "    F|fieldref: H\n    G: y", swap!("F =~ H", "F == H"));
    assert_query_caught("kql", "    F|fieldref: H\n    G: y", swap!("F =~ H", "F =~ \"H\""));
    assert_query_caught("sql", "    F|fieldref: H\n    G: y", swap!("sigma_fold([H])", "sigma_fold('H')"));
}

#[test]
fn a_bound_is_strict() {
    assert_query_caught("kql", "    F|lte: 1024\n    G: y", swap!("<= 1024", "< 1024"));
    assert_query_caught("sql", "    F|lte: 1024\n    G: y", swap!("'<='", "'<'"));
    assert_query_caught("sql", "    F|gt: 1024\n    G: y", swap!("'1024'", "'1025'"));
}

/// Thirty members, one of which the query loses in the middle, where no event may look.
fn long_list() -> String {
    format!("    F: [{}]\n    G: y", (0..30).map(|n| format!("item {n}")).collect::<Vec<_>>().join(", "))
}

#[test]
fn a_member_of_a_long_list_is_lost_or_added() {
    let right = "({{ values | join(\", \") }})";
    let lost =
        "({% for value in values %}{% if loop.index0 != 17 %}{{ value }}, {% endif %}{% endfor %}{{ values[0] }})";
    let added = "({{ values | join(\", \") }}, \"stranger\")";
    for wrong in [lost, added] {
        let kql = |list: &str| format!("{{{{ f }}}} in~ {list}");
        assert_template_caught("kql", &long_list(), ["kql/predicates.j2", &kql(right), &kql(wrong)]);
        let spl = |list: &str| format!("{{{{ field }}}} IN {list}");
        assert_template_caught("spl", &long_list(), ["spl/search.j2", &spl(right), &spl(wrong)]);
    }
}

#[test]
fn two_empty_fields_that_a_store_takes_for_missing_are_told_of() {
    for name in ["kql", "spl", "sql"] {
        let compared =
            compared(&rule_of("    F|fieldref: H"), &target(name, &Templates::embedded()), name, &mut engines(name));
        assert!(matches!(compared.outcome, Outcome::Equal), "{name}: {:?}", compared.outcome);
        assert_eq!(compared.data_model.unwarned, None, "{name}");
    }
}
