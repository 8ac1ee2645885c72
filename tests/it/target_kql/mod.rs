//! KQL: the text of every kind of predicate, the mistakes of other converters, and the lexer's rules against injection.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sigmaglot::ir::regex::Flags;
use sigmaglot::ir::{
    Case, CompareOp, Expr, Field, FieldType, Logsource, Meta, Network, Node, Number, Origin, Pattern, PatternOp, Piece,
    Predicate, Regex, Rule, Subject, Table, Test, TimePart,
};
use sigmaglot::source::Source;
use sigmaglot::target::{Conversion, Layout, Options, Target, Templates};

use Case::{Exact, Fold};
use Piece::{AnyChar, AnyString};

mod guards;
mod injection;

fn rule(condition: Expr) -> Rule {
    let meta = Meta { title: "t".into(), ..Meta::default() };
    Rule { meta, logsource: Logsource::default(), table: None, condition }
}

fn convert(condition: Expr, options: &Options) -> Conversion {
    Target::load("kql", &Templates::embedded()).expect("the target loads").convert(&rule(condition), options)
}

/// The condition's text, or the codes of its refusals.
fn kql(condition: Expr) -> String {
    let conversion = convert(condition, &Options::default());
    let broken = conversion.diagnostics.iter().find(|d| d.code.id().starts_with("SG07"));
    assert_eq!(broken, None, "the templates work");
    match conversion.query {
        Some(query) => query.strip_prefix("Events | where ").expect("the query's head").to_owned(),
        None => conversion.diagnostics.iter().map(|d| d.code.id()).collect::<Vec<_>>().join(" "),
    }
}

fn warnings(condition: Expr) -> Vec<String> {
    convert(condition, &Options::default())
        .diagnostics
        .into_iter()
        .map(|d| format!("{} {}", d.code, d.message))
        .collect()
}

fn node(node: Node) -> Expr {
    Expr::new(node, Origin::default())
}

fn typed(name: &str, kind: FieldType, test: Test) -> Expr {
    let field = Field { name: name.into(), kind };
    node(Node::Test(Predicate { subject: Subject::Field(field), test }))
}

fn f(test: Test) -> Expr {
    typed("f", FieldType::Unknown, test)
}

fn keyword(test: Test) -> Expr {
    node(Node::Test(Predicate { subject: Subject::AnyValue, test }))
}

fn lit(text: &str) -> Piece {
    Piece::Literal(text.into())
}

fn pattern(pieces: impl IntoIterator<Item = Piece>, case: Case) -> Test {
    Test::Pattern(Pattern::new(pieces, case))
}

fn eq(text: &str) -> Test {
    Test::Pattern(Pattern::literal(text, Fold))
}

fn contains(text: &str) -> Test {
    pattern([AnyString, lit(text), AnyString], Fold)
}

fn re(text: &str) -> Test {
    Test::Regex(Regex::parse(text, Flags::default()).expect(text))
}

fn cidr(text: &str) -> Test {
    Test::Network(text.parse::<Network>().expect(text))
}

fn either(tests: impl IntoIterator<Item = Test>) -> Expr {
    node(Node::Any(tests.into_iter().map(f).collect()))
}

#[test]
fn equality_prefix_suffix_and_substring_in_both_cases() {
    assert_eq!(kql(f(eq("cmd.exe"))), r#"f =~ "cmd.exe""#);
    assert_eq!(kql(f(pattern([lit("a")], Exact))), r#"f == "a""#);
    assert_eq!(kql(f(pattern([lit("a"), AnyString], Fold))), r#"f startswith "a""#);
    assert_eq!(kql(f(pattern([lit("a"), AnyString], Exact))), r#"f startswith_cs "a""#);
    assert_eq!(kql(f(pattern([AnyString, lit(r"\cmd.exe")], Fold))), r#"f endswith @"\cmd.exe""#);
    assert_eq!(kql(f(pattern([AnyString, lit("a")], Exact))), r#"f endswith_cs "a""#);
    assert_eq!(kql(f(contains("a"))), r#"f contains "a""#);
    assert_eq!(kql(f(pattern([AnyString, lit("a"), AnyString], Exact))), r#"f contains_cs "a""#);
}

#[test]
fn wildcards_of_the_rule_are_literal_text_where_they_were_escaped() {
    assert_eq!(kql(f(contains("a*b?c%_[d]"))), r#"f contains "a*b?c%_[d]""#);
    assert_eq!(kql(f(eq(r"C:\Users\*"))), r#"f =~ @"C:\Users\*""#);
}

#[test]
fn general_patterns_are_anchored_regexes_that_cross_lines() {
    let general = |pieces: &[Piece], case| kql(f(pattern(pieces.to_vec(), case)));
    assert_eq!(general(&[lit("a.b"), AnyString, lit("c")], Fold), r#"f matches regex @"(?s)(?i)^a\.b.*c$""#);
    assert_eq!(general(&[lit("a"), AnyChar, lit("c")], Exact), r#"f matches regex "(?s)^a.c$""#);
    assert_eq!(general(&[AnyString, lit("a"), AnyString, lit("b")], Fold), r#"f matches regex "(?s)(?i)a.*b$""#);
    assert_eq!(general(&[lit("a"), AnyChar, AnyString], Fold), r#"f matches regex "(?s)(?i)^a.""#);
    assert_eq!(general(&[AnyChar], Fold), r#"f matches regex "(?s)^.$""#);
    assert_eq!(general(&[AnyString, AnyChar], Fold), r#"f matches regex "(?s).$""#);
    let dashes = Piece::OneOf(vec!['-', '/', '–', '—', '―']);
    assert_eq!(
        general(&[AnyString, lit(" "), dashes, lit("a"), AnyString], Fold),
        r#"f matches regex @"(?s)(?i) [\-/–—―]a""#
    );
}

#[test]
fn letters_that_kusto_may_not_fold_go_through_a_regex() {
    assert_eq!(kql(f(eq("ÄB"))), r#"f matches regex "(?s)(?i)^ÄB$""#);
    assert_eq!(kql(f(contains("ä"))), r#"f matches regex "(?s)(?i)ä""#);
    assert_eq!(kql(f(pattern([lit("ä"), AnyString], Fold))), r#"f matches regex "(?s)(?i)^ä""#);
    assert_eq!(kql(f(pattern([AnyString, lit("ä")], Exact))), r#"f endswith_cs "ä""#);
    assert_eq!(kql(f(eq("日本"))), r#"f =~ "日本""#, "no letter case, no regex");
    assert_eq!(kql(either([eq("a"), eq("Ä"), eq("b")])), r#"f in~ ("a", "b") or f matches regex "(?s)(?i)^Ä$""#);
}

#[test]
fn alternatives_on_one_field_share_a_list() {
    assert_eq!(kql(either([eq("a"), eq("b"), eq("a")])), r#"f in~ ("a", "b")"#);
    assert_eq!(kql(either([pattern([lit("a")], Exact), pattern([lit("b")], Exact)])), r#"f in ("a", "b")"#);
    assert_eq!(kql(either([contains("a"), eq("x"), contains("b")])), r#"f contains "a" or f =~ "x" or f contains "b""#);
    assert_eq!(kql(either([Test::Number(Number::Int(1)), eq("x")])), r#"f == "1" or f =~ "x""#);
    let all = node(Node::All(vec![f(contains("a")), f(contains("b"))]));
    assert_eq!(kql(all), r#"f contains "a" and f contains "b""#);
}

#[test]
fn wide_disjunctions_stay_below_the_depth_of_the_parser() {
    let query = kql(either((0..1500).map(|i| contains(&format!("v{i}")))));
    assert_eq!(query.matches(" contains ").count(), 1500);
    let widest = query.split('(').map(|group| group.matches(" or ").count()).max();
    assert!(widest <= Some(200), "{widest:?}");
}

#[test]
fn null_and_empty_are_one_test_with_a_warning() {
    for test in [Test::Null, eq(""), Test::Exists(false)] {
        assert_eq!(kql(f(test.clone())), "isempty(f)");
        assert!(warnings(f(test))[0].starts_with("SG0504 a Kusto column holds missing, null and empty `f` alike"));
    }
    for test in [Test::Exists(true), pattern([AnyString], Fold)] {
        assert_eq!(kql(f(test.clone())), "isnotempty(f)");
        assert!(warnings(f(test))[0].starts_with("SG0504"));
    }
    assert_eq!(kql(either([eq(""), Test::Null, eq("-")])), r#"isempty(f) or f =~ "-""#);
    assert_eq!(warnings(f(eq("a"))), [""; 0]);
}

#[test]
fn numbers_and_booleans_follow_the_type_of_the_column() {
    let n = |kind, n| kql(typed("f", kind, Test::Number(n)));
    assert_eq!(n(FieldType::Unknown, Number::Int(4688)), r#"f == "4688""#);
    assert_eq!(n(FieldType::Text, Number::Float(17.0)), r#"f == "17""#);
    assert_eq!(n(FieldType::Dynamic, Number::Float(1.5)), r#"tostring(f) == "1.5""#);
    assert_eq!(n(FieldType::Integer, Number::Int(4688)), "f == 4688");
    assert_eq!(n(FieldType::Integer, Number::Float(17.0)), "f == 17");
    assert_eq!(n(FieldType::Integer, Number::Float(17.5)), "false");
    assert_eq!(n(FieldType::Integer, Number::Int(1 << 64)), "false");
    assert_eq!(n(FieldType::Real, Number::Int(17)), "f == 17.0");
    assert_eq!(n(FieldType::Real, Number::Int((1 << 53) + 1)), "false", "no double has this value");
    assert_eq!(n(FieldType::Boolean, Number::Int(1)), "false");
    let b = |kind| kql(typed("f", kind, Test::Bool(true)));
    assert_eq!(b(FieldType::Unknown), r#"f =~ "true""#);
    assert_eq!(b(FieldType::Boolean), "f == true");
    assert_eq!(b(FieldType::Integer), "false");
}

#[test]
fn text_tests_on_typed_columns_mean_the_texts_value() {
    let t = |kind, test| kql(typed("f", kind, test));
    assert_eq!(t(FieldType::Integer, eq("4688")), "f == 4688");
    assert_eq!(t(FieldType::Integer, eq("04688")), "false", "no number has this canonical text");
    assert_eq!(t(FieldType::Integer, eq("")), "false");
    assert_eq!(t(FieldType::Integer, pattern([lit("46"), AnyString], Fold)), r#"tostring(f) startswith "46""#);
    assert_eq!(t(FieldType::Real, eq("1.5")), "f == 1.5");
    assert_eq!(t(FieldType::Real, eq("1.50")), "false");
    assert_eq!(t(FieldType::Real, contains("1")), "SG0501", "tostring() of a real is not the rule's text");
    assert_eq!(t(FieldType::Boolean, eq("TRUE")), "f == true");
    assert_eq!(t(FieldType::Boolean, pattern([lit("TRUE")], Exact)), "false");
    assert_eq!(t(FieldType::Time, eq("2024-01-01")), "SG0501");
    assert_eq!(t(FieldType::Dynamic, contains("a")), r#"tostring(f) contains "a""#);
    assert_eq!(t(FieldType::Dynamic, Test::Null), "isempty(tostring(f))");
    assert_eq!(t(FieldType::Integer, Test::Null), "isnull(f)");
    assert_eq!(t(FieldType::Time, pattern([AnyString], Fold)), "isnotnull(f)");
    let list = [Test::Number(Number::Int(80)), eq("443")].map(|test| typed("f", FieldType::Integer, test));
    assert_eq!(kql(node(Node::Any(list.into()))), "f in (80, 443)");
}

const NUMBER: &str = r#"f matches regex @"^[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$""#;

#[test]
fn order_is_guarded_by_the_grammar_of_numbers_and_by_the_doubles_reach() {
    let c = |kind, op, n| kql(typed("f", kind, Test::Compare(op, n)));
    let text = FieldType::Unknown;
    assert_eq!(c(text, CompareOp::Gt, Number::Int(5)), format!("({NUMBER} and coalesce(todouble(f) > 5, false))"));
    assert_eq!(
        c(text, CompareOp::Le, Number::Float(-0.5)),
        format!("({NUMBER} and coalesce(todouble(f) <= -0.5, false))")
    );
    assert!(c(text, CompareOp::Lt, Number::Int((1 << 53) - 1)).contains("< 9007199254740991,"));
    assert_eq!(c(text, CompareOp::Lt, Number::Int(1 << 53)), "SG0505");
    assert_eq!(c(text, CompareOp::Ge, Number::Float(1e300)), "SG0505");
    assert_eq!(c(FieldType::Integer, CompareOp::Ge, Number::Int(1 << 60)), "coalesce(f >= 1152921504606846976, false)");
    assert_eq!(c(FieldType::Integer, CompareOp::Lt, Number::Float(4.5)), "coalesce(f < 4.5, false)");
    assert_eq!(c(FieldType::Integer, CompareOp::Lt, Number::Int(1 << 70)), "isnotnull(f)");
    assert_eq!(c(FieldType::Integer, CompareOp::Lt, Number::Float(1e300)), "isnotnull(f)");
    assert_eq!(c(FieldType::Integer, CompareOp::Gt, Number::Int(1 << 70)), "false");
    assert_eq!(c(FieldType::Real, CompareOp::Gt, Number::Float(1e300)), "coalesce(f > 1e300, false)");
    assert_eq!(c(FieldType::Real, CompareOp::Gt, Number::Int((1 << 53) + 1)), "SG0505");
    assert_eq!(c(FieldType::Boolean, CompareOp::Gt, Number::Int(0)), "false");
}

#[test]
fn regexes_are_printed_for_kustos_engine() {
    assert_eq!(kql(f(re(r"\d+\s(a|b)\.exe$"))), r#"f matches regex @"[0-9]+[\t-\r ](?:a|b)\.exe$""#);
    assert_eq!(kql(f(re("(?i)net user"))), r#"f matches regex "(?i)net user""#);
    assert_eq!(kql(f(re(r"\bnet\b"))), r#"f matches regex @"(?-u:\b)net(?-u:\b)""#);
    assert_eq!(kql(f(re("a{2000}"))), "SG0502");
    let groups = kql(f(re(&"(a)".repeat(17))));
    assert!(groups.contains("(?:a)") && !groups.contains("(a)"), "at most 16 groups may capture");
}

#[test]
fn a_regex_that_matches_the_empty_text_does_not_match_a_missing_field() {
    for text in ["^$", ".*", "a?", "x|", "(a*)+", r"^\B"] {
        let query = kql(f(re(text)));
        assert!(query.starts_with("(isnotempty(f) and f matches regex "), "{text}: {query}");
        assert!(warnings(f(re(text)))[0].starts_with("SG0504"), "{text}");
    }
    for text in ["^.$", "a+", r"^\b", "[^a]"] {
        assert!(kql(f(re(text))).starts_with("f matches regex "), "{text}");
    }
}

const V4: &str = r#"f matches regex @"^(?:(?:0|[1-9][0-9]*)\.){3}(?:0|[1-9][0-9]*)$""#;
const V6: &str = r#"f matches regex "^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*$""#;

#[test]
fn networks_of_each_family_share_a_call_and_families_do_not_mix() {
    assert_eq!(
        kql(either([cidr("10.0.0.0/8"), cidr("fe80::/10"), cidr("192.168.0.0/16")])),
        format!(
            r#"({V4} and coalesce(ipv4_is_in_any_range(f, "10.0.0.0/8", "192.168.0.0/16"), false)) or ({} and coalesce(ipv6_is_in_any_range(f, "fe80::/10"), false))"#,
            V6.replace("regex \"", "regex @\"")
        )
    );
    assert_eq!(kql(typed("f", FieldType::Integer, cidr("10.0.0.0/8"))), "false");
    assert_eq!(
        kql(f(cidr("127.0.0.1/32")).negate()),
        format!(r#"not({V4} and coalesce(ipv4_is_in_any_range(f, "127.0.0.1/32"), false))"#)
    );
}

#[test]
fn field_references_demand_a_value_on_both_sides() {
    let fieldref = |op, case| kql(f(Test::FieldPattern { op, other: Field::new("c-host"), case }));
    for (op, case, sign) in [
        (PatternOp::Equals, Fold, "=~"),
        (PatternOp::Equals, Exact, "=="),
        (PatternOp::Contains, Fold, "contains"),
        (PatternOp::Contains, Exact, "contains_cs"),
        (PatternOp::StartsWith, Fold, "startswith"),
        (PatternOp::StartsWith, Exact, "startswith_cs"),
        (PatternOp::EndsWith, Fold, "endswith"),
        (PatternOp::EndsWith, Exact, "endswith_cs"),
    ] {
        assert_eq!(fieldref(op, case), format!("(isnotempty(['c-host']) and f {sign} ['c-host'])"));
    }
}

#[test]
fn parts_of_a_time() {
    let part = |kind, part, op, n| kql(typed("t", kind, Test::TimePart { part, op, n }));
    for (which, word) in [
        (TimePart::Minute, "Minute"),
        (TimePart::Hour, "Hour"),
        (TimePart::Day, "Day"),
        (TimePart::Week, "week_of_year"),
        (TimePart::Month, "Month"),
        (TimePart::Year, "Year"),
    ] {
        let expected = format!(r#"coalesce(datetime_part("{word}", t) >= 3, false)"#);
        assert_eq!(part(FieldType::Time, which, CompareOp::Ge, 3), expected);
    }
    let text = part(FieldType::Unknown, TimePart::Hour, CompareOp::Eq, 3);
    assert!(text.starts_with(r#"(t matches regex @"^[0-9]{4}-"#), "{text}");
    let tail =
        r#"coalesce(datetime_part("Hour", todatetime(toupper(replace_regex(t, @"\.[0-9]+", "")))) == 3, false))"#;
    assert!(text.ends_with(tail), "{text}");
    assert_eq!(part(FieldType::Integer, TimePart::Hour, CompareOp::Eq, 3), "false", "an epoch number is no time");
}

#[test]
fn keywords_search_every_column() {
    assert_eq!(kql(keyword(contains("kw"))), r#"* contains "kw""#);
    assert_eq!(kql(keyword(pattern([AnyString, lit("kw"), AnyString], Exact))), r#"* contains_cs "kw""#);
    assert_eq!(kql(keyword(contains("ä"))), r#"* matches regex "(?s)(?i)ä""#);
    let general = pattern([AnyString, lit("a"), AnyString, lit("b"), AnyString], Fold);
    assert_eq!(kql(keyword(general)), r#"* matches regex "(?s)(?i)a.*b""#);
    assert_eq!(kql(keyword(re(r"a\d"))), r#"* matches regex "a[0-9]""#);
    assert_eq!(kql(keyword(re("a*"))), "SG0502", "it would hold in every empty column");
    assert_eq!(kql(keyword(pattern([AnyString], Fold))), r#"* matches regex "(?s).""#);
    let all = node(Node::All(vec![keyword(contains("a")), keyword(contains("b")).negate()]));
    assert_eq!(kql(all), r#"* contains "a" and not(* contains "b")"#);
}

#[test]
fn not_and_or_nest_with_parentheses_only_where_needed() {
    let leaf = |name: &str| typed(name, FieldType::Unknown, eq("x"));
    let or = node(Node::Any(vec![leaf("a"), leaf("b")]));
    let and = node(Node::All(vec![or.clone(), leaf("c"), or.clone().negate(), leaf("d").negate()]));
    assert_eq!(
        kql(and.clone()),
        r#"(a =~ "x" or b =~ "x") and c =~ "x" and not(a =~ "x" or b =~ "x") and not(d =~ "x")"#
    );
    assert_eq!(kql(node(Node::True)), "true");
    assert_eq!(kql(node(Node::True).negate()), "false");
    let pretty = Options { layout: Layout::Pretty, table: None };
    assert_eq!(
        convert(and, &pretty).query.expect("converts"),
        r#"Events
| where (
        a =~ "x"
        or b =~ "x"
    )
    and c =~ "x"
    and not(
        a =~ "x"
        or b =~ "x"
    )
    and not(d =~ "x")"#
    );
}

#[test]
fn the_table_is_the_callers_else_the_mappings_else_the_default() {
    let target = Target::load("kql", &Templates::embedded()).expect("the target loads");
    let query = |table: Option<&str>, mapped: Option<&str>| {
        let table_of = |name: &str| Table::flat(name);
        let rule = Rule { table: mapped.map(table_of), ..rule(f(eq("x"))) };
        let options = Options { layout: Layout::Compact, table: table.map(String::from) };
        target.convert(&rule, &options).query.expect("converts")
    };
    assert_eq!(query(None, None), r#"Events | where f =~ "x""#);
    assert_eq!(query(None, Some("SecurityEvent")), r#"SecurityEvent | where f =~ "x""#);
    assert_eq!(query(Some("x | take 1"), Some("A")), r#"['x | take 1'] | where f =~ "x""#);
}

#[test]
fn each_refusal_of_a_list_is_told() {
    let conversion = convert(either([re("a{2000}"), eq("x"), re("b{2000}")]), &Options::default());
    assert_eq!(conversion.query, None);
    assert_eq!(conversion.diagnostics.len(), 1, "the same words about the same place are said once");
    let placeholder = Test::Placeholder("p".into());
    assert_eq!(kql(f(placeholder)), "SG0507");
}

/// Converted wrongly by pySigma's Kusto back end; each test is named after the trap.
mod incumbent {
    use super::*;

    #[test]
    fn isnull_of_a_string_is_never_true() {
        assert_eq!(kql(f(Test::Null).negate()), "not(isempty(f))");
    }

    #[test]
    fn ipv6_networks_in_the_ipv4_function() {
        let query = kql(either([cidr("::1/128"), cidr("fc00::/7")]));
        assert!(query.contains("ipv6_is_in_any_range(f, \"::1/128\", \"fc00::/7\")") && !query.contains("ipv4_"));
    }

    #[test]
    fn inner_wildcards_in_lists_lose_order_and_anchors() {
        let list = [pattern([lit("net"), AnyString, lit("user")], Fold), eq("whoami")];
        assert_eq!(kql(either(list)), r#"f matches regex "(?s)(?i)^net.*user$" or f =~ "whoami""#);
    }

    #[test]
    fn a_single_wildcard_value_becomes_case_sensitive_and_unanchored() {
        let test = pattern([AnyString, lit("whoami"), AnyString, lit(">"), AnyString], Fold);
        assert_eq!(kql(f(test)), r#"f matches regex "(?s)(?i)whoami.*>""#);
    }

    #[test]
    fn numbers_in_lists_are_quoted_on_number_columns() {
        let list = [80, 443].map(|n| typed("RemotePort", FieldType::Integer, Test::Number(Number::Int(n))));
        assert_eq!(kql(node(Node::Any(list.into()))), "RemotePort in (80, 443)");
    }

    #[test]
    fn field_names_in_quotes_are_strings() {
        let list = ["a", "b"].map(|v| typed("cs-uri-query", FieldType::Unknown, eq(v)));
        assert_eq!(kql(node(Node::Any(list.into()))), r#"['cs-uri-query'] in~ ("a", "b")"#);
    }

    #[test]
    fn keywords_are_no_booleans() {
        let list = [keyword(contains(r"\perfc.dat")), f(eq("x"))];
        assert_eq!(kql(node(Node::Any(list.into()))), r#"* contains @"\perfc.dat" or f =~ "x""#);
    }

    #[test]
    fn all_becomes_a_term_match() {
        let all = node(Node::All(vec![f(contains("a")), f(contains("b"))]));
        assert!(!kql(all).contains("has"));
    }

    #[test]
    fn cased_is_ignored() {
        assert_eq!(kql(f(pattern([AnyString, lit("A"), AnyString], Exact))), r#"f contains_cs "A""#);
    }

    #[test]
    fn one_character_becomes_any_number() {
        assert_eq!(kql(f(pattern([lit("a"), AnyChar], Fold))), r#"f matches regex "(?s)(?i)^a.$""#);
    }

    #[test]
    fn a_backslash_before_a_wildcard_is_lost() {
        let test = pattern([AnyString, lit(r"\SYSTEM\Setup\"), AnyString], Fold);
        assert_eq!(kql(f(test)), r#"f contains @"\SYSTEM\Setup\""#);
        let test = pattern([lit(r"C:\Users\"), AnyString, lit(r"\Recent\"), AnyString], Fold);
        assert_eq!(kql(f(test)), r#"f matches regex @"(?s)(?i)^C:\\Users\\.*\\Recent\\""#);
    }
}

/// The rule files under `dir`, in order of their paths.
fn rule_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rule_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yml") {
            out.push(path);
        }
    }
}

#[test]
fn the_corpus_converts_but_for_values_that_nobody_gave() {
    let corpus = PathBuf::from(env::var("SIGMAGLOT_CORPUS").unwrap_or_else(|_| "../shared/corpus/sigmahq".into()));
    let mut files = Vec::new();
    for entry in fs::read_dir(&corpus).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("rules") {
            rule_files(&entry.path(), &mut files);
        }
    }
    if files.is_empty() {
        println!("skipped: corpus not found at {}", corpus.display());
        return;
    }
    let target = Target::load("kql", &Templates::embedded()).expect("the target loads");
    let mut session = target.session();
    let (mut rules, mut refused) = (0, BTreeMap::new());
    for file in &files {
        let text = fs::read_to_string(file).expect("a rule file");
        let source = Source::new(file.display().to_string(), text);
        for rule in sigmaglot::sigma::read(&source, &Default::default()).rules {
            rules += 1;
            let conversion = session.convert(&rule, &Options::default());
            match conversion.diagnostics.iter().find(|d| d.is_error()) {
                Some(refusal) => *refused.entry(refusal.code.id()).or_insert(0) += 1,
                None => {
                    let query = conversion.query.expect("no error, so a query");
                    injection::lex(&query).unwrap_or_else(|e| panic!("{e}: {query}"));
                }
            }
        }
    }
    let refusals: usize = refused.values().sum();
    assert!(rules > 3000 && refusals * 50 <= rules, "{rules} rules, refused: {refused:?}");
    assert!(refused.keys().all(|code| *code == "SG0507"), "{refused:?}");
}
