//! The back end of Splunk: exact text for every kind of predicate, the defects known from other converters, and values that
//! try to leave their literals.

mod corpus;
mod literals;
mod model;
mod structure;

use std::sync::OnceLock;

use sigmaglot::diagnostic::codes;
use sigmaglot::ir::regex::Flags;
use sigmaglot::ir::{
    Case, CompareOp, Expr, Field, Logsource, Meta, Network, Node, Number, Origin, Pattern, PatternOp, Piece, Predicate,
    Regex, Rule, Subject, Table, Test, TimePart,
};
use sigmaglot::target::{Conversion, Layout, Options, Target, Templates};

fn expr(node: Node) -> Expr {
    Expr::new(node, Origin::default())
}

fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
    expr(Node::All(parts.into_iter().collect()))
}

fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
    expr(Node::Any(parts.into_iter().collect()))
}

fn not(part: Expr) -> Expr {
    part.negate()
}

fn test(field: &str, test: Test) -> Expr {
    expr(Node::Test(Predicate { subject: Subject::Field(Field::new(field)), test }))
}

fn keyword(test: Test) -> Expr {
    expr(Node::Test(Predicate { subject: Subject::AnyValue, test }))
}

/// A pattern in a small notation: `*` any string, `?` any character, `[ab]` a set, `\` before one of them the character.
fn pattern(text: &str, case: Case) -> Test {
    let (mut pieces, mut chars) = (Vec::new(), text.chars());
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '*' => Piece::AnyString,
            '?' => Piece::AnyChar,
            '[' => Piece::OneOf(chars.by_ref().take_while(|c| *c != ']').collect()),
            '\\' => Piece::Literal(chars.next().unwrap_or('\\').to_string().into()),
            c => Piece::Literal(c.to_string().into()),
        });
    }
    Test::Pattern(Pattern::new(pieces, case))
}

fn fold(field: &str, text: &str) -> Expr {
    test(field, pattern(text, Case::Fold))
}

fn cased(field: &str, text: &str) -> Expr {
    test(field, pattern(text, Case::Exact))
}

fn literal(field: &str, text: &str) -> Expr {
    test(field, Test::Pattern(Pattern::literal(text, Case::Fold)))
}

fn regex(text: &str) -> Test {
    Test::Regex(Regex::parse(text, Flags::default()).expect("a regex of this test"))
}

fn rule(condition: Expr) -> Rule {
    Rule { meta: Meta::default(), logsource: Logsource::default(), table: None, condition }
}

fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| Target::load("spl", &Templates::embedded()).expect("the target loads"))
}

fn convert_with(condition: Expr, options: &Options) -> Conversion {
    target().convert(&rule(condition), options)
}

fn convert(condition: Expr) -> Conversion {
    convert_with(condition, &Options::default())
}

#[track_caller]
fn query(condition: Expr) -> String {
    let conversion = convert(condition);
    conversion.query.unwrap_or_else(|| panic!("refused: {:?}", conversion.diagnostics))
}

#[track_caller]
fn shows(condition: Expr, expected: &str) {
    assert_eq!(query(condition), expected);
}

#[track_caller]
fn says(condition: Expr, code: codes::Code) -> Conversion {
    let conversion = convert(condition);
    let found: Vec<_> = conversion.diagnostics.iter().map(|d| d.code).collect();
    assert!(found.contains(&code), "{found:?}");
    conversion
}

// ---- the search part ----

#[test]
fn patterns_in_search() {
    shows(fold("f", "v"), r#"f="v""#);
    shows(fold("f", "*v*"), r#"f="*v*""#);
    shows(fold("f", "v*"), r#"f="v*""#);
    shows(fold("f", "*v"), r#"f="*v""#);
    shows(fold("f", "*"), "f=*");
    shows(literal("f", r#"C:\a "b"\"#), r#"f="C:\\a \"b\"\\""#);
    shows(fold("f", r"*\\\\*"), r#"f="*\\\\*""#);
}

#[test]
fn lists_become_in() {
    shows(any([fold("f", "a"), fold("f", "b*")]), r#"f IN ("a", "b*")"#);
    shows(not(any([fold("f", "a"), fold("f", "b*")])), r#"NOT f IN ("a", "b*")"#);
    shows(any([fold("f", "a"), test("f", Test::Null)]), r#"f="a" OR NOT f=*"#);
}

#[test]
fn sets_are_written_out_in_search() {
    shows(fold("f", "* [-/]e*"), r#"f IN ("* -e*", "* /e*")"#);
    let wide = "*[-/\u{2013}\u{2014}\u{2015}]a [-/\u{2013}\u{2014}\u{2015}]b [-/]c*";
    assert!(query(fold("f", wide)).starts_with("* | where isnotnull(mvfilter(match(f, \"(?i)[\\-/"));
}

#[test]
fn scalars_are_text() {
    shows(test("f", Test::Number(Number::Int(4688))), r#"f="4688""#);
    shows(test("f", Test::Number(Number::Float(1.5))), r#"f="1.5""#);
    shows(test("f", Test::Bool(true)), r#"f="true""#);
}

#[test]
fn absence_is_one_thing() {
    shows(test("f", Test::Null), "NOT f=*");
    shows(test("f", Test::Exists(true)), "f=*");
    shows(test("f", Test::Exists(false)), "NOT f=*");
    shows(literal("f", ""), "NOT f=*");
    shows(not(test("f", Test::Null)), "f=*");
    for test in [test("f", Test::Null), test("f", Test::Exists(true)), literal("f", ""), fold("f", "*")] {
        says(test, codes::DATA_MODEL);
    }
    assert!(convert(fold("f", "?*")).diagnostics.is_empty());
}

#[test]
fn field_names_are_quoted_by_each_language() {
    shows(fold("user agent", "a"), r#""user agent"="a""#);
    shows(fold("process.name", "a"), r#"process.name="a""#);
    shows(cased("process.name", "A"), r#"* | where isnotnull(mvfilter(match('process.name', "^A\z")))"#);
    for name in ["a\"b", "a'b", "a`b", "a*", ""] {
        let conversion = says(fold(name, "v"), codes::LITERAL_UNSUPPORTED);
        assert_eq!(conversion.query, None);
    }
}

#[test]
fn names_that_steer_the_search_go_to_where() {
    shows(fold("eventType", "a"), r#"eventType="a""#);
    shows(fold("earliest", "-1d"), r#"* | where isnotnull(mvfilter(match(earliest, "(?i)^-1d\z")))"#);
}

#[test]
fn keywords_search_the_raw_text() {
    let word = |text| keyword(pattern(text, Case::Fold));
    shows(word("*evil*"), r#"_raw="*evil*""#);
    shows(all([word("*a*"), word("*b*")]), r#"_raw="*a*" AND _raw="*b*""#);
    shows(keyword(regex("ev[il]+")), r#"* | where isnotnull(mvfilter(match(_raw, "ev[il]+")))"#);
    assert_eq!(says(keyword(regex("^evil")), codes::PREDICATE_UNSUPPORTED).query, None);
    shows(any([word("*a*"), word("*b*")]), r#"_raw IN ("*a*", "*b*")"#);
    let conversion = says(any([word("*a*"), word("*b*")]), codes::DATA_MODEL);
    assert_eq!(conversion.diagnostics.len(), 1, "one warning a rule");
}

// ---- the where part ----

#[test]
fn what_search_cannot_say_goes_to_where() {
    shows(fold("f", "a?c"), r#"* | where isnotnull(mvfilter(match(f, "(?s)(?i)^a.c\z")))"#);
    shows(fold("f", "*a*b"), r#"* | where isnotnull(mvfilter(match(f, "(?s)(?i)a.*b\z")))"#);
    shows(fold("f", "*8??"), r#"* | where isnotnull(mvfilter(match(f, "(?s)8..\z")))"#);
    shows(fold("f", r"*a\*b*"), r#"* | where isnotnull(mvfilter(match(f, "(?i)a\*b")))"#);
    shows(literal("f", "a\tb"), r#"* | where isnotnull(mvfilter(match(f, "(?i)^a\tb\z")))"#);
    shows(literal("f", "`x\\\""), r#"* | where isnotnull(mvfilter(match(f, "(?i)^\x60x\x5c\x22\z")))"#);
    shows(literal("f", " 1"), r#"* | where isnotnull(mvfilter(match(f, "^ 1\z")))"#);
    shows(literal("f", "10.0.0.0/8"), r#"* | where isnotnull(mvfilter(match(f, "^10\.0\.0\.0/8\z")))"#);
}

#[test]
fn exact_case_in_every_shape() {
    shows(cased("f", "Ab"), r#"* | where isnotnull(mvfilter(match(f, "^Ab\z")))"#);
    shows(cased("f", "*Ab*"), r#"* | where isnotnull(mvfilter(match(f, "Ab")))"#);
    shows(cased("f", "Ab*"), r#"* | where isnotnull(mvfilter(match(f, "^Ab")))"#);
    shows(cased("f", "*Ab"), r#"* | where isnotnull(mvfilter(match(f, "Ab\z")))"#);
    shows(cased("f", "A*b"), r#"* | where isnotnull(mvfilter(match(f, "(?s)^A.*b\z")))"#);
    shows(
        any([cased("f", "A"), cased("f", "B")]),
        r#"* | where isnotnull(mvfilter(match(f, "^A\z") OR match(f, "^B\z")))"#,
    );
}

#[test]
fn regexes_are_printed_for_pcre2() {
    shows(test("f", regex(r"\\cmd\.exe$")), r#"* | where isnotnull(mvfilter(match(f, "\x5ccmd\.exe\z")))"#);
    shows(test("f", regex("(?i)a\"b")), r#"* | where isnotnull(mvfilter(match(f, "(?i)a\x22b")))"#);
    says(test("f", regex(".*")), codes::DATA_MODEL);
}

#[test]
fn networks() {
    let net = |text: &str| test("f", Test::Network(text.parse::<Network>().expect("a network")));
    shows(net("10.0.0.0/8"), r#"* | where isnotnull(mvfilter(cidrmatch("10.0.0.0/8", f)))"#);
    shows(
        any([net("10.0.0.0/8"), net("fe80::/10")]),
        r#"* | where isnotnull(mvfilter(cidrmatch("10.0.0.0/8", f) OR cidrmatch("fe80::/10", f)))"#,
    );
}

#[test]
fn comparisons_are_of_text_that_spells_a_number() {
    let guard = r#"match(f, "^[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\z")"#;
    // The sign, the digits, a positive power, a negative power, the digits behind the point.
    let power = r#"pow(10, min(200, tonumber("0".replace(f, "^[^eE]*[eE]?[+-]?", ""))))"#;
    let up = format!(r#"if(match(f, "[eE]-"), 1, {power})"#);
    let down = format!(r#"(if(match(f, "[eE]-"), {power}, 1)*pow(10, len(replace(f, "^[^.]*\.?|[eE].*", ""))))"#);
    let number = format!(r#"if(match(f, "^-"), -1, 1)*tonumber("0".replace(f, "^[+-]|\.|[eE].*", ""))*{up}/{down}"#);
    for (op, text) in [(CompareOp::Lt, "<"), (CompareOp::Le, "<="), (CompareOp::Gt, ">"), (CompareOp::Ge, ">=")] {
        let expected = format!("* | where isnotnull(mvfilter({guard} AND {number} {text} -5))");
        shows(test("f", Test::Compare(op, Number::Int(-5))), &expected);
    }
    let huge = test("f", Test::Compare(CompareOp::Gt, Number::Int(i128::from(u64::MAX))));
    assert_eq!(says(huge, codes::PREDICATE_UNSUPPORTED).query, None);
}

#[test]
fn field_references() {
    let other = |op, case| test("f", Test::FieldPattern { op, other: Field::new("g.h"), case });
    let pair = |test: &str| format!("* | where isnotnull(mvmap(f, mvmap('g.h', if({test}, 1, null()))))");
    shows(other(PatternOp::Equals, Case::Exact), &pair(r#""x".f == "x".'g.h'"#));
    shows(other(PatternOp::Equals, Case::Fold), &pair(r#""x".lower(f) == "x".lower('g.h')"#));
    shows(other(PatternOp::StartsWith, Case::Exact), &pair(r#"substr("x".f, 1, len("x".'g.h')) == "x".'g.h'"#));
    shows(other(PatternOp::EndsWith, Case::Exact), &pair(r#"substr(f."x", -len('g.h'."x")) == 'g.h'."x""#));
    shows(
        other(PatternOp::Contains, Case::Exact),
        &pair(
            r#"substr("x".f, 1, len("x".'g.h')) == "x".'g.h' OR substr(f."x", -len('g.h'."x")) == 'g.h'."x" OR mvcount(split(f, 'g.h')) > 1"#,
        ),
    );
}

#[test]
fn times() {
    let part = |part, n| test("f", Test::TimePart { part, op: CompareOp::Eq, n });
    let minute = query(part(TimePart::Minute, 30));
    assert!(minute.starts_with(r#"* | where isnotnull(mvfilter(match(f, "^(?:[0-9]{4}-"#), "{minute}");
    assert!(minute.ends_with(", 0)+1440)%60 == 30))"), "{minute}");
    let hour = query(part(TimePart::Hour, 3));
    assert!(hour.contains("AND floor(((tonumber(substr(f, 12, 2))*60+"), "{hour}");
    assert!(hour.ends_with(", 0)+1440)%1440)/60) == 3))"), "{hour}");
    let parts = [(TimePart::Day, "%d"), (TimePart::Week, "%V"), (TimePart::Month, "%m"), (TimePart::Year, "%Y")];
    for (name, format) in parts {
        let text = query(part(name, 7));
        let noon = r#"AND tonumber(strftime(strptime(substr(f, 1, 10)." 12:00", "%Y-%m-%d %H:%M")+86400*(floor(("#;
        assert!(text.contains(noon), "{text}");
        assert!(text.ends_with(&format!(r#", 0)+1440)/1440)-1), "{format}")) == 7))"#)), "{text}");
    }
}

#[test]
fn placeholders_are_refused() {
    let conversion = says(test("f", Test::Placeholder("admins".into())), codes::PLACEHOLDER_UNRESOLVED);
    assert_eq!(conversion.query, None);
}

#[test]
fn letters_outside_ascii_are_warned_of() {
    says(literal("f", "Ärger"), codes::FOLDING_LIMITED);
    assert!(convert(test("f", Test::Pattern(Pattern::literal("Ärger", Case::Exact)))).diagnostics.is_empty());
}

// ---- structure ----

#[test]
fn the_split_is_at_the_topmost_and() {
    let re = || test("c", regex("x+"));
    let re_text = r#"isnotnull(mvfilter(match(c, "x+")))"#;
    shows(all([fold("a", "1"), re()]), &format!(r#"a="1" | where {re_text}"#));
    shows(all([re(), not(fold("a", "1"))]), &format!(r#"NOT a="1" | where {re_text}"#));
    // NOT (a OR regex) is NOT a AND NOT regex, each side of the pipe with one NOT for all that it says.
    shows(not(any([fold("a", "1"), re()])), &format!(r#"NOT a="1" | where NOT {re_text}"#));
    let other = test("d", regex("y"));
    shows(
        not(any([fold("a", "1"), re(), any([other, fold("b", "2")]), not(fold("e", "3"))])),
        &format!(r#"NOT (a="1" OR b="2" OR NOT e="3") | where NOT ({re_text} OR isnotnull(mvfilter(match(d, "y"))))"#),
    );
    shows(
        all([any([fold("a", "1"), fold("b", "2")]), not(all([fold("d", "3"), fold("e", "4")]))]),
        r#"(a="1" OR b="2") AND NOT (d="3" AND e="4")"#,
    );
}

#[test]
fn constants() {
    shows(expr(Node::True), "*");
    shows(expr(Node::False), "NOT *");
    says(not(all([expr(Node::True), any([])])), codes::CONDITION_CONSTANT);
    let refused = convert(test("f", Test::Placeholder("admins".into())));
    assert_eq!(refused.diagnostics.len(), 1, "a refusal does not make the condition constant");
    shows(all([fold("a", "1"), expr(Node::False)]), "NOT *");
}

#[test]
fn the_index_is_the_callers_then_the_mappings() {
    let table = Some("win*".to_owned());
    let options = Options { table: table.clone(), ..Options::default() };
    let query = |condition, options| convert_with(condition, options).query.unwrap_or_default();
    assert_eq!(query(fold("a", "1"), &options), r#"index="win*" AND a="1""#);
    assert_eq!(query(any([fold("a", "1"), fold("b", "2")]), &options), r#"index="win*" AND (a="1" OR b="2")"#);
    assert_eq!(query(cased("a", "1"), &options), r#"index="win*" | where isnotnull(mvfilter(match(a, "^1\z")))"#);
    let mut mapped = rule(fold("a", "1"));
    mapped.table = Some(Table::flat("main"));
    let conversion = target().convert(&mapped, &Options::default());
    assert_eq!(conversion.query.as_deref(), Some(r#"index="main" AND a="1""#));
    let options = Options { table: Some("a\" | delete".into()), ..Options::default() };
    assert_eq!(convert_with(fold("a", "1"), &options).query, None);
}

#[test]
fn pretty() {
    let options = Options { layout: Layout::Pretty, table: Some("main".into()) };
    let condition = all([
        any([fold("a", "1"), all([fold("b", "2"), fold("c", "3")])]),
        any([cased("d", "X"), fold("e", "5")]),
        not(test("f", regex("y"))),
    ]);
    let expected = r#"index="main"
AND (
    a="1"
    OR (
        b="2"
        AND c="3"
    )
)
| where (
    isnotnull(mvfilter(match(d, "^X\z")))
    OR isnotnull(mvfilter(match(e, "^5\z")))
)
AND NOT isnotnull(mvfilter(match(f, "y")))"#;
    assert_eq!(convert_with(condition, &options).query.as_deref(), Some(expected));
}

// ---- defects of other converters ----

#[test]
fn a_regex_in_an_alternative_is_not_hoisted_before_the_pipe() {
    let tools = any([fold("Image", r"*\\curl.exe"), fold("Original", "curl.exe")]);
    let flags = any([test("Command", regex(r"\s-H\s")), fold("Command", "*--header*")]);
    shows(
        all([tools, flags]),
        r#"Image="*\\curl.exe" OR Original="curl.exe" | where isnotnull(mvfilter(match(Command, "\s-H\s") OR match(Command, "(?i)--header")))"#,
    );
}

#[test]
fn a_query_begins_with_a_search_term() {
    shows(test("f", regex("a")), r#"* | where isnotnull(mvfilter(match(f, "a")))"#);
    shows(not(test("f", regex("a"))), r#"* | where NOT isnotnull(mvfilter(match(f, "a")))"#);
}

#[test]
fn not_over_a_group_with_a_regex_keeps_the_group() {
    let group = all([fold("b", "1"), test("c", regex("foo"))]);
    shows(
        all([fold("a", "x"), not(group)]),
        r#"a="x" | where NOT (isnotnull(mvfilter(match(b, "^1\z"))) AND isnotnull(mvfilter(match(c, "foo"))))"#,
    );
}

#[test]
fn one_character_is_one_character() {
    shows(fold("AccessMask", "*1?"), r#"* | where isnotnull(mvfilter(match(AccessMask, "(?s)1.\z")))"#);
}

#[test]
fn a_literal_asterisk_is_no_wildcard() {
    shows(fold("q", r"*select \**"), r#"* | where isnotnull(mvfilter(match(q, "(?i)select \*")))"#);
}

#[test]
fn the_query_does_not_depend_on_rules_before() {
    let mut session = target().session();
    let good = rule(any([test("a", regex("x")), test("b", regex("y"))]));
    let first = session.convert(&good, &Options::default());
    let bad = rule(any([test("a", regex("x")), test("a`", regex("y"))]));
    assert_eq!(session.convert(&bad, &Options::default()).query, None);
    assert_eq!(session.convert(&good, &Options::default()), first);
}

#[test]
fn a_negated_field_reference_keeps_events_without_the_fields() {
    let reference = test("a", Test::FieldPattern { op: PatternOp::Equals, other: Field::new("b"), case: Case::Fold });
    let text = query(not(reference));
    assert!(text.starts_with("* | where NOT isnotnull(mvmap(a, mvmap(b, if("), "{text}");
}
