//! The mistakes of earlier converters, each by the construct that provoked it.

use sigmaglot::ir::{Node, Number, Predicate, Subject, Test};

use super::{any, codes, eql, exact, fold, node, regex, test};

#[test]
fn hyphenated_names_stand_in_backticks() {
    assert_eq!(eql(test("cs-uri-query", fold("*?search=*"))), r#"?`cs-uri-query` : "*?search=*""#);
}

#[test]
fn keywords_are_refused_and_not_a_bare_string() {
    let keyword = |text| node(Node::Test(Predicate { subject: Subject::AnyValue, test: fold(text) }));
    assert_eq!(codes(any([keyword("*drop*"), keyword("*dump*")])), (false, vec!["SG0501".into()]));
}

#[test]
fn no_escape_that_strings_do_not_know() {
    assert_eq!(eql(test("c-uri", fold("*/asp.asp<?>ui=*"))), r#"?`c-uri` regex~ ".*/asp\\.asp\\?ui=.*""#);
    assert_eq!(eql(test("f", regex(r"https:\/\/docs"))), r#"?f regex ".*https://docs.*""#);
}

#[test]
fn quotes_within_expressions_are_escaped() {
    assert_eq!(eql(test("f", regex(r#""[a-z]"$"#))), r#"?f regex ".*\\\"[a-z]\\\"""#);
}

#[test]
fn numbers_do_not_stand_under_string_operators() {
    let status = |n| test("sc-status", Test::Number(Number::Int(n)));
    assert_eq!(eql(any([status(200), status(301)])), r#"?`sc-status` : ("200", "301")"#);
}

#[test]
fn expressions_are_case_sensitive_and_search() {
    assert_eq!(eql(test("f", regex(r"net[ \t]+use(?:r)?"))), r#"?f regex ".*net[\t ]+use.*""#);
    assert_eq!(eql(test("f", regex("(?i)ab*?c"))), r#"?f regex~ ".*ab*c.*""#);
}

#[test]
fn cased_parts_use_like() {
    assert_eq!(eql(test("A", exact("*FooBar*"))), r#"?A like "*FooBar*""#);
    assert_eq!(eql(test("A", Test::Exists(true))), "?A != null");
}

#[test]
fn every_field_is_optional() {
    assert_eq!(eql(test("ImagePath", fold("a"))), r#"?ImagePath : "a""#);
}

#[test]
fn tabs_and_line_breaks_are_escaped() {
    assert_eq!(eql(test("f", fold("*a\tb\nc*"))), r#"?f : "*a\tb\nc*""#);
}

#[test]
fn a_trailing_backslash_keeps_its_wildcard() {
    assert_eq!(eql(test("f", fold(r"*\Desktop\*"))), r#"?f : "*\\Desktop\\*""#);
}
