//! Every predicate, in each case and polarity, to the exact text.

use sigmaglot::ir::{Case, CompareOp, FieldType, Node, Number, Pattern, PatternOp, Piece, Table, Test, TimePart};
use sigmaglot::target::{Layout, Options};

use super::{all, any, codes, convert_with, eql, exact, fold, node, regex, rule, target, test, typed};

fn not(part: sigmaglot::ir::Expr) -> sigmaglot::ir::Expr {
    part.negate()
}

fn network(text: &str) -> Test {
    Test::Network(text.parse().expect("the test's network is valid"))
}

#[test]
fn patterns_by_shape_and_case() {
    for (with, query) in [
        (fold("cmd.exe"), r#"?f : "cmd.exe""#),
        (fold(r"*\cmd.exe"), r#"?f : "*\\cmd.exe""#),
        (fold(r"C:\*"), r#"?f : "C:\\*""#),
        (fold("*a b*"), r#"?f : "*a b*""#),
        (fold("a*b?c"), r#"?f : "a*b?c""#),
        (fold("*"), "?f != null"),
        (fold("?*"), r#"?f : "?*""#),
        (fold(""), r#"?f == """#),
        (exact(""), r#"?f == """#),
        (exact("Cmd"), r#"?f == "Cmd""#),
        (exact("Cmd*"), r#"?f like "Cmd*""#),
        (exact("*Cmd*"), r#"?f like "*Cmd*""#),
        (exact("C?d"), r#"?f like "C?d""#),
        (exact("*"), "?f != null"),
        // Literal wildcards.
        (fold("a<*>b"), r#"?f in~ ("a*b")"#),
        (fold("a<?>*"), r#"startsWith~(?f, "a?")"#),
        (fold("*a<*>b.*"), r#"?f regex~ ".*a\\*b\\..*""#),
        (exact("a<*>b"), r#"?f == "a*b""#),
        (exact("a<?>*"), r#"startsWith(?f, "a?")"#),
        (exact("?a<*>"), r#"?f regex ".a\\*""#),
        // Letters beyond ASCII, which not every version folds.
        (fold("*Äb*"), r#"?f regex~ ".*[Ää]b.*""#),
        (fold("日本*"), r#"?f : "日本*""#),
        (exact("Äb"), r#"?f == "Äb""#),
        (fold("\u{202e}\u{0}\t"), r#"?f : "\u{202e}\u{0000}\t""#),
    ] {
        assert_eq!(eql(test("f", with)), query);
    }
}

#[test]
fn character_sets_become_alternatives_or_an_expression() {
    let dash = || Piece::OneOf(vec!['-', '/', '\u{2013}']);
    let text = |text: &str| Piece::Literal(text.into());
    let one = Pattern::new([Piece::AnyString, text(" "), dash(), text("x"), Piece::AnyString], Case::Fold);
    assert_eq!(eql(test("f", Test::Pattern(one))), r#"?f : ("* -x*", "* /x*", "* –x*")"#);
    let four = Pattern::new([dash(), text("a"), dash(), text("b"), dash(), text("?"), dash()], Case::Fold);
    assert_eq!(eql(test("f", Test::Pattern(four))), r#"?f regex~ "[\\-/–]a[\\-/–]b[\\-/–]\\?[\\-/–]""#);
}

#[test]
fn alternatives_on_a_field_are_lists_by_operator() {
    let field = |with| test("f", with);
    assert_eq!(
        eql(any([fold("a"), fold("b*"), fold(""), fold("x<*>"), fold("c"), exact("D"), exact("E*")].map(field))),
        r#"(?f : ("a", "b*", "c") or ?f in ("", "D") or ?f in~ ("x*") or ?f like "E*")"#.trim_matches(['(', ')'])
    );
    assert_eq!(eql(any([field(fold("a")), test("g", fold("a"))])), r#"?f : "a" or ?g : "a""#);
    assert_eq!(eql(any([field(fold("a")), field(Test::Null)])), r#"?f : "a" or ?f == null"#);
    let long = any((0..501).map(|n| field(fold(&format!("v{n}")))));
    let query = eql(long);
    assert!(query.ends_with(r#""v499") or ?f : "v500""#), "{query}");
}

#[test]
fn numbers_and_booleans_are_text_without_a_schema() {
    assert_eq!(eql(test("EventID", Test::Number(Number::Int(4688)))), r#"?EventID : "4688""#);
    assert_eq!(eql(test("f", Test::Number(Number::Float(1.5)))), r#"?f : "1.5""#);
    assert_eq!(eql(test("f", Test::Bool(true))), r#"?f : "true""#);
}

#[test]
fn columns_of_other_types_get_their_own_operators() {
    use FieldType::{Boolean, Integer, Ip, Real, Time};
    let number = |n| Test::Number(Number::Int(n));
    for (kind, with, query) in [
        (Integer, number(5), "?f == 5"),
        (Integer, fold("5"), "?f == 5"),
        (Integer, fold("05"), "false"),
        (Integer, fold("4*"), r#"string(?f) : "4*""#),
        (Integer, Test::Number(Number::Float(1.5)), "false"),
        (Integer, Test::Compare(CompareOp::Ge, Number::Int(-3)), "?f >= -3"),
        (Real, Test::Compare(CompareOp::Lt, Number::Float(1.5)), "?f < 1.5"),
        (Real, fold("1.5"), "?f == 1.5"),
        (Boolean, Test::Bool(false), "?f == false"),
        (Boolean, fold("TRUE"), "?f == true"),
        (Boolean, exact("TRUE"), "false"),
        (Ip, fold("10.0.0.1"), r#"?f == "10.0.0.1""#),
        (Ip, fold("2001:DB8::1"), r#"?f == "2001:db8::1""#),
        (Ip, exact("2001:DB8::1"), "false"),
        (Ip, fold("0:0:0:0:0:0:0:1"), "false"),
        (Ip, fold("localhost"), "false"),
        (Ip, fold("::ffff:10.0.0.1"), "false"),
        (Ip, fold("10.*"), r#"string(?f) : "10.*""#),
        (Ip, number(5), "false"),
        (Time, fold("*"), "?f != null"),
    ] {
        assert_eq!(eql(typed("f", kind, with)), query);
    }
    assert_eq!(eql(any([number(1), number(2)].map(|n| typed("f", Integer, n)))), "?f in (1, 2)");
    assert_eq!(codes(typed("f", Real, fold("1*"))), (false, vec!["SG0501".into()]));
    assert_eq!(codes(typed("f", Integer, regex("1"))), (false, vec!["SG0501".into()]));
    assert_eq!(codes(typed("f", FieldType::Text, network("10.0.0.0/8"))), (false, vec!["SG0501".into()]));
}

#[test]
fn what_a_rule_does_with_a_field_tells_its_type() {
    assert_eq!(
        eql(any([network("10.0.0.0/8"), network("fe80::/10"), fold("127.0.0.1")].map(|with| test("f", with)))),
        r#"cidrMatch(?f, "10.0.0.0/8", "fe80::/10") or ?f == "127.0.0.1""#
    );
    let greater = test("f", Test::Compare(CompareOp::Gt, Number::Int(5)));
    assert_eq!(eql(all([greater, not(test("f", fold("7")))])), "?f > 5 and not ?f == 7");
}

#[test]
fn null_and_exists() {
    assert_eq!(eql(test("f", Test::Null)), "?f == null");
    assert_eq!(eql(not(test("f", Test::Null))), "?f != null");
    assert_eq!(eql(test("f", Test::Exists(true))), "?f != null");
    assert_eq!(eql(test("f", Test::Exists(false))), "?f == null");
    assert_eq!(codes(test("f", Test::Exists(true))), (true, vec!["SG0504".into()]));
    assert_eq!(codes(test("f", Test::Null)), (true, vec![]));
}

#[test]
fn leaves_are_total_below_a_negation_only() {
    let f = |text| test("f", fold(text));
    let g = |text| test("g", fold(text));
    assert_eq!(eql(not(f("a"))), r#"not (?f != null and ?f : "a")"#);
    assert_eq!(eql(not(f("*"))), "?f == null");
    assert_eq!(
        eql(all([f("a"), not(any([f("b"), test("f", regex("c")), g("d")]))])),
        r#"?f : "a" and not (?f : "b" or ?f regex ".*c.*" or (?g != null and ?g : "d"))"#
    );
    assert_eq!(
        eql(not(any([f("b"), test("f", regex("c")), g("d")]))),
        r#"not ((?f != null and (?f : "b" or ?f regex ".*c.*")) or (?g != null and ?g : "d"))"#
    );
    assert_eq!(
        eql(all([any([f("a"), test("f", regex("b"))]), not(f("c")), any([g("d"), not(g("e"))])])),
        r#"(?f : "a" or ?f regex ".*b.*") and not ?f : "c" and (?g : "d" or not (?g != null and ?g : "e"))"#
    );
    assert_eq!(
        eql(not(all([f("a"), g("b"), not(f("c"))]))),
        r#"not (?f != null and ?f : "a" and ?g != null and ?g : "b" and not ?f : "c")"#
    );
    assert_eq!(
        eql(not(any([f("a"), not(g("b"))]))),
        r#"not ((?f != null and ?f : "a") or not (?g != null and ?g : "b"))"#
    );
}

#[test]
fn names_and_categories() {
    assert_eq!(eql(test("cs-uri", fold("a"))), r#"?`cs-uri` : "a""#);
    let options = |table: &str| Options { table: Some(table.into()), ..Options::default() };
    let query = |table: &str| convert_with(test("f", fold("a")), &options(table)).query;
    assert_eq!(query("process").as_deref(), Some(r#"process where ?f : "a""#));
    assert_eq!(query("my-\"x").as_deref(), Some(r#""my-\"x" where ?f : "a""#));
    let mut mapped = rule(test("f", fold("a")));
    mapped.table = Some(Table::flat("file"));
    assert_eq!(target().convert(&mapped, &Options::default()).query.as_deref(), Some(r#"file where ?f : "a""#));
}

#[test]
fn regexes_are_written_for_lucene() {
    for (text, query) in [
        ("foo", r#"?f regex ".*foo.*""#),
        ("^foo$", r#"?f regex "foo""#),
        ("^$", r#"?f regex "()""#),
        ("^a|b$", r#"?f regex "a.*|.*b""#),
        ("(^|\\s)net(\\s|$)", "?f regex \"net[\\t-\\r ].*|net|.*[\\t-\\r ]net[\\t-\\r ].*|.*[\\t-\\r ]net\""),
        ("(?i)Foo[a-c]", r#"?f regex~ ".*Foo[A-Ca-c].*""#),
        ("(?i:a)b", r#"?f regex ".*[Aa]b.*""#),
        ("(?i)é1", r#"?f regex~ ".*[Éé]1.*""#),
        (r"\d{2,}?x*", r#"?f regex ".*[0-9]{2}.*""#),
        (r"(?i)a\W[\wé]", r#"?f regex~ ".*a[^0-9A-Z_a-z][0-9A-Z_a-zÉé].*""#),
        (r"\W\.[^\w-]", r#"?f regex ".*[^0-9A-Z_a-z]\\.[^\\-0-9A-Z_a-z].*""#),
        ("a.b", r#"?f regex ".*a[^\n]b.*""#),
        ("(?s)a.b", r#"?f regex ".*a.b.*""#),
        (r"\bfoo\b", r#"?f regex "(.*[^0-9A-Z_a-z])?foo([^0-9A-Z_a-z].*)?""#),
        (r##"["#@&<>~]x"##, r##"?f regex ".*[\"#&<>@~]x.*""##),
        (r###"a"#@&<>~\^\$\t"###, r##"?f regex ".*a\\\"\\#\\@\\&\\<\\>\\~\\^\\$\t.*""##),
        ("(a|)b(?:cd)+e", r#"?f regex ".*b(cd)+e.*""#),
        ("a(b|)c", r#"?f regex ".*a(b)?c.*""#),
        ("a|b", r#"?f regex ".*(a|b).*""#),
        (".*", "?f != null"),
        ("^", "?f != null"),
        ("a^b", "false"),
        (r"(\d(\.|\b)){2}", r#"?f regex ".*[0-9]\\.[0-9]\\..*|.*[0-9]\\.[0-9]([^0-9A-Z_a-z].*)?""#),
        ("(?m)^a$", "?f regex \"(.*\\n)?a(\\n.*)?\""),
        ("", "?f != null"),
    ] {
        assert_eq!(eql(test("f", regex(text))), query, "{text}");
    }
}

#[test]
fn regexes_that_lucene_cannot_say_are_refused() {
    for text in ["(a|^)+b", r".\b.", "(?ms)a.^b", &format!("{}x", "[abd]".repeat(200))] {
        assert_eq!(codes(test("f", regex(text))), (false, vec!["SG0502".into()]), "{text}");
    }
    for hostile in ["a".repeat(60_000), format!("{}(?m:^){}", "(".repeat(5), "{8})".repeat(5)) + "a^"] {
        assert_eq!(codes(test("f", regex(&hostile))), (false, vec!["SG0502".into()]));
    }
    // Alternatives too long for one expression become several.
    let long = |c: &str| c.repeat(600);
    let query = eql(test("f", regex(&format!("^{}|{}$", long("a"), long("b")))));
    assert_eq!(query, format!(r#"?f regex "{}.*" or ?f regex ".*{}""#, long("a"), long("b")));
}

#[test]
fn what_eql_cannot_say_is_refused() {
    let keyword =
        node(Node::Test(sigmaglot::ir::Predicate { subject: sigmaglot::ir::Subject::AnyValue, test: fold("*a*") }));
    let fieldref =
        Test::FieldPattern { op: PatternOp::Equals, other: sigmaglot::ir::Field::new("g"), case: Case::Fold };
    let hour = Test::TimePart { part: TimePart::Hour, op: CompareOp::Eq, n: 3 };
    for refused in [keyword, test("f", fieldref), test("f", hour)] {
        assert_eq!(codes(refused), (false, vec!["SG0501".into()]));
    }
    assert_eq!(codes(test("f", Test::Placeholder("x".into()))), (false, vec!["SG0507".into()]));
    assert_eq!(codes(test("", fold("a"))), (false, vec!["SG0505".into()]));
}

#[test]
fn constants_are_noted() {
    assert_eq!(eql(node(Node::True)), "true");
    assert_eq!(codes(node(Node::False)), (true, vec!["SG0508".into()]));
}

#[test]
fn the_pretty_layout_breaks_what_is_long() {
    let long = |field: &str| test(field, fold(&"x".repeat(60)));
    let condition = all([long("a"), any([long("b"), all([long("c"), long("d")])]), not(long("e"))]);
    let options = Options { layout: Layout::Pretty, table: None };
    let x = "x".repeat(60);
    let expected = format!(
        "any where\n  ?a : \"{x}\"\n  and (\n    ?b : \"{x}\"\n    or (\n      ?c : \"{x}\"\n      and ?d : \"{x}\"\n    )\n  )\n  and not (?e != null and ?e : \"{x}\")"
    );
    assert_eq!(convert_with(condition, &options).query, Some(expected));
    let list = not(any(["a", "b"].map(|c| test("f", fold(&c.repeat(50))))));
    let (a, b) = ("a".repeat(50), "b".repeat(50));
    let expected =
        format!("any where\n  not (\n    ?f != null\n    and ?f : (\n      \"{a}\",\n      \"{b}\"\n    )\n  )");
    assert_eq!(convert_with(list, &options).query, Some(expected));
    let short = convert_with(test("a", fold("b")), &options).query;
    assert_eq!(short.as_deref(), Some(r#"any where ?a : "b""#));
}

/// A value of a list is a clause, and Elasticsearch takes 1,024 of them: longer lists become expressions.
#[test]
fn lists_of_more_than_a_thousand_values_stay_below_the_limit_of_clauses() {
    let list = |count: usize, word: fn(usize) -> String, modifier: &str| {
        let values: Vec<String> = (0..count).map(|n| format!("'{}'", word(n))).collect();
        let text = format!(
            "title: t\nlogsource: {{product: windows}}\ndetection:\n  s:\n    f{modifier}: [{}]\n  condition: s\n",
            values.join(", ")
        );
        let read = sigmaglot::sigma::read(&sigmaglot::source::Source::new("t.yml", text), &Default::default());
        let rule = read.rules.first().cloned().unwrap_or_else(|| panic!("{:?}", read.diagnostics));
        super::target().convert(&rule, &Options::default())
    };
    let few = list(900, |n| format!("{n:08x}"), "").query.unwrap_or_default();
    assert!(few.contains(" : (") && !few.contains("regex~"));
    for modifier in ["", "|contains", "|endswith", "|startswith"] {
        let many = list(3000, |n| format!("{n:08x}"), modifier).query.unwrap_or_else(|| panic!("{modifier}"));
        assert!(many.matches("regex~").count() < 60 && !many.contains(" : "), "{modifier}");
    }
    let exact = list(3000, |n| format!("{n:08x}"), "|cased").query.unwrap_or_default();
    assert!(exact.contains(" in (") && !exact.contains("regex"));
    let hopeless = list(1100, |n| format!("{n:0900x}"), "");
    assert!(hopeless.query.is_none());
    assert_eq!(hopeless.diagnostics.iter().map(|d| d.code.to_string()).collect::<Vec<_>>(), ["SG0506"]);
}

#[test]
fn what_lucene_gives_up_on_is_refused() {
    for (search, code) in [
        ("f|re: 'a.{20}b'", "SG0509"),
        ("f: '*a??????????????????????b*'", "SG0509"),
        ("f|cased: '*a??????????????????????b*'", "SG0509"),
    ] {
        let text =
            format!("title: t\nlogsource: {{product: windows}}\ndetection:\n  s:\n    {search}\n  condition: s\n");
        let read = sigmaglot::sigma::read(&sigmaglot::source::Source::new("t.yml", text), &Default::default());
        let rule = read.rules.first().unwrap_or_else(|| panic!("{:?}", read.diagnostics));
        let codes: Vec<String> =
            super::target().convert(rule, &Options::default()).diagnostics.iter().map(|d| d.code.to_string()).collect();
        assert_eq!(codes, [code], "{search}");
    }
}
