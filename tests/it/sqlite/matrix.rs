//! Every test of the IR on every tricky value: SQLite selects what the interpreter matches.

use serde_json::{Value, json};
use sigmaglot::ir::regex::Flags;
use sigmaglot::ir::{Case, CompareOp, Expr, Field, Network, Number, PatternOp, Regex, Test, TimePart};
use sigmaglot::target::{Target, Templates};

use crate::sqlite::build::{Store, all, any, event, keyword, on, one, pattern, query, rule, target};

/// Values that queries get wrong: `None` is a missing field.
fn values() -> Vec<Option<Value>> {
    let texts = [
        "",
        "abc",
        "ABC",
        "aBc",
        "xabcx",
        "abc\n",
        "line1\nabc\nline3",
        "C:\\",
        "C:\\Windows\\cmd.exe",
        "\\\\server\\share",
        "a\\",
        "\\*",
        "a%b",
        "a_b",
        "axb",
        "a*b",
        "a?b",
        "a!b",
        "a!%b",
        "a[b",
        "a]b",
        "a^b",
        "a-b",
        "[abc]",
        "it's",
        "''",
        "\"q\"",
        "`",
        "é",
        "É",
        "ΣΑΣ",
        "σας",
        "Σασ",
        "ß",
        "ẞ",
        "ss",
        "ärger",
        "ÄRGER",
        "xÄrGeRx",
        "😀",
        "x😀y",
        "xxy",
        "\u{FFFD}",
        "\u{FFFE}",
        "\u{FFFF}",
        " lead",
        "trail ",
        "null",
        "NULL",
        "\t",
        "--",
        "/* x */",
        ";",
        "4688",
        "04688",
        "4688.0",
        "4688.5",
        "1e3",
        "1000",
        "1E3",
        "+5",
        "-5",
        "5",
        ".5",
        "0.5",
        "0",
        "-0",
        "5.",
        "0x10",
        "Infinity",
        "NaN",
        "9007199254740993",
        "9007199254740992",
        "9223372036854775808",
        "1e400",
        "true",
        "TRUE",
        "True",
        "false",
        "1",
        "10.1.2.3",
        "10.256.1.1",
        "010.1.2.3",
        "10.1.2.3 ",
        " 10.1.2.3",
        "10.1.2",
        "10.1.2.3.4",
        "10..2.3",
        "10.1.2.",
        "172.31.255.255",
        "172.32.0.0",
        "192.168.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "1.2.3.999999999",
        "10.1.2.3/32",
        "10.evil.com",
        "99999999999.1",
        "::1",
        "0:0:0:0:0:0:0:1",
        "fe80::1",
        "FE80::1",
        "fe80::1%eth0",
        "::ffff:10.1.2.3",
        "feast.example",
        "2024-12-30T23:59:58Z",
        "2024-12-31 01:59:58+02:00",
        "2024-12-30T23:59:58.123",
        "2024-13-01T00:00:00Z",
        "2024-12-30",
        "2024-02-30T00:00:00Z",
        "2024-12-30T23:59:60Z",
        " -enc x",
        " /enc x",
        " –ENC x",
        "a-enc",
        "[1,2]",
        "a\u{0}b",
        "cmd\u{0}",
        "ab\r\ncd",
        "KS",
        "ks",
        "\u{130}",
        "i",
        "ı",
        "I",
    ];
    let mut out: Vec<Option<Value>> = texts.iter().map(|text| Some(json!(text))).collect();
    out.extend([
        None,
        Some(json!(null)),
        Some(json!(4688)),
        Some(json!(1000)),
        Some(json!(5)),
        Some(json!(-5)),
        Some(json!(0)),
    ]);
    out.extend([
        Some(json!(1)),
        Some(json!(4688.5)),
        Some(json!(4688.0)),
        Some(json!(0.5)),
        Some(json!(1e21)),
        Some(json!(1e-7)),
    ]);
    out.extend([Some(json!(i64::MAX)), Some(json!(i64::MIN)), Some(json!(u64::MAX)), Some(json!(9007199254740993i64))]);
    out.extend([
        Some(json!(true)),
        Some(json!(false)),
        Some(json!([1, 2])),
        Some(json!(["abc", null])),
        Some(json!([])),
    ]);
    out.extend([
        Some(json!({"abc": 1})),
        Some(json!("y".repeat(60_000))),
        Some(json!(format!("{}abc", "y".repeat(60_000)))),
    ]);
    out
}

fn patterns() -> Vec<String> {
    let mut out: Vec<String> = [
        "",
        "⁎",
        "abc",
        "⁎abc⁎",
        "abc⁎",
        "⁎abc",
        "a⁇c",
        "a⁎c",
        "⁇",
        "⁇⁇",
        "⁎⁇",
        "⁇⁎",
        "⁎a⁎b⁎c⁎",
        "a⁇⁎b",
        "C:\\",
        "⁎\\",
        "⁎\\⁎",
        "\\\\server⁎",
        "⁎\\cmd.exe",
        "a\\",
        "a%b",
        "a_b",
        "a*b",
        "a?b",
        "a!b",
        "⁎!%⁎",
        "⁎%⁎",
        "⁎_⁎",
        "⁎*⁎",
        "⁎?⁎",
        "⁎[⁎",
        "⁎]⁎",
        "⁎^⁎",
        "[abc]",
        "a[b",
        "⁎-⁎",
        "it's",
        "⁎'⁎",
        "''",
        "\"q\"",
        "`",
        "é",
        "É",
        "⁎É⁎",
        "σας",
        "⁎Σ⁎",
        "ß",
        "ẞ",
        "⁎ärger⁎",
        "ÄRGER⁎",
        "⁎ärger",
        "Ä⁇GER",
        "😀",
        "x⁇y",
        "⁎😀⁎",
        "\u{FFFD}",
        "⁎\u{FFFE}⁎",
        "\u{FFFF}⁎",
        " lead",
        "trail ",
        "⁎ ",
        "null",
        "⁎\t⁎",
        "⁎\n⁎",
        "⁎1⁇abc⁎",
        "--⁎",
        "4688",
        "04688",
        "4688.0",
        "4688.5",
        "46⁎",
        "⁎88",
        "⁎68⁎",
        "⁇688",
        "1e3",
        "1E3",
        "0",
        "-5",
        "9223372036854775808",
        "true",
        "10.⁎",
        " ⟨-/–—―⟩enc⁎",
        "⁎⟨-/–—―⟩Enc⁎",
        "⁎⟨ab⟩⁇⁎",
        "⟨]^-a⟩⁎",
        "⁎⟨^-⟩⁎",
        "⁎⟨Éx⟩⁎",
        "⟨[*⟩⁎",
        "\u{212A}S",
        "⁎\u{17F}⁎",
        "\u{130}",
        "i",
        "ı⁎",
        "y⁎",
    ]
    .map(String::from)
    .to_vec();
    out.push("y".repeat(60_000));
    out.push(format!("⁎{}abc", "y".repeat(55_000)));
    out.push(format!("{}⁎", "Y".repeat(20_000)));
    out
}

fn tests() -> Vec<Test> {
    let mut out = Vec::new();
    for text in patterns() {
        for case in [Case::Fold, Case::Exact] {
            out.push(Test::Pattern(pattern(&text, case)));
        }
    }
    let numbers = [
        Number::Int(4688),
        Number::Int(0),
        Number::Int(-5),
        Number::Int(5),
        Number::Int(1000),
        Number::Float(4688.5),
        Number::Float(0.5),
        Number::Float(4688.0),
        Number::Float(1e21),
        Number::Float(1e-7),
        Number::Int(i64::MAX.into()),
        Number::Int(u64::MAX.into()),
        Number::Int((1 << 53) + 1),
        Number::Int(1 << 53),
        Number::Int(i128::MAX),
    ];
    for number in numbers {
        out.push(Test::Number(number));
        for op in [CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge] {
            out.push(Test::Compare(op, number));
        }
    }
    out.extend([Test::Bool(true), Test::Bool(false), Test::Exists(true), Test::Exists(false), Test::Null]);
    for text in [
        "abc",
        "^abc$",
        "(?i)ABC",
        "a.c",
        "(?s)1.abc",
        "(?m)^abc$",
        r"^\d+$",
        r"\bserver\b",
        "(?i)[a-c]É",
        "^$",
        "",
        "'",
        r"\\$",
    ] {
        out.push(Test::Regex(Regex::parse(text, Flags::default()).expect(text)));
    }
    for net in
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "10.1.2.3/32", "0.0.0.0/0", "10.1.2.2/31", "128.0.0.0/1"]
    {
        out.push(Test::Network(net.parse().expect(net)));
    }
    for net in ["::1/128", "fe80::/10", "::/0", "::ffff:0:0/96"] {
        out.push(Test::Network(net.parse().expect(net)));
    }
    for part in [TimePart::Minute, TimePart::Hour, TimePart::Day, TimePart::Week, TimePart::Month, TimePart::Year] {
        for op in [CompareOp::Eq, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge] {
            for n in [1, 12, 23, 30, 59, 2024] {
                out.push(Test::TimePart { part, op, n });
            }
        }
    }
    out
}

/// Every test, plain and negated.
#[test]
fn each_test_on_each_value_is_as_the_interpreter_says() {
    let target = target("sql");
    let store = Store::new(values().into_iter().map(|value| one("f", value)));
    let mut rules = Vec::new();
    for test in tests() {
        let plain = on("f", test);
        for condition in [plain.clone(), plain.negate()] {
            rules.push((rule(condition.clone()), query(&target, condition)));
        }
    }
    let (differences, selected) = store.differences(&rules, &["f"]);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(selected > 10_000, "only {selected} selected");
}

/// Values against values, all relations, both cases.
#[test]
fn fields_against_fields() {
    let target = target("sql");
    let texts = [
        "",
        "a",
        "A",
        "abc",
        "ABC",
        "bc",
        "É",
        "é",
        "xÉ",
        "σ",
        "ς",
        "%",
        "_",
        "a%",
        "4688",
        "46",
        "K",
        "k\u{212A}",
        "😀",
        "x😀",
    ];
    let mut values: Vec<Option<Value>> = texts.iter().map(|text| Some(json!(text))).collect();
    values.extend([
        None,
        Some(json!(null)),
        Some(json!(4688)),
        Some(json!(46)),
        Some(json!(true)),
        Some(json!("true")),
    ]);
    let store = Store::new(values.iter().flat_map(|f| values.iter().map(|g| (f.clone(), g.clone()))).map(|(f, g)| {
        let mut event = one("f", f);
        event.0.extend(one("g", g).0);
        event
    }));
    let mut rules = Vec::new();
    for op in [PatternOp::Equals, PatternOp::Contains, PatternOp::StartsWith, PatternOp::EndsWith] {
        for case in [Case::Fold, Case::Exact] {
            let plain = on("f", Test::FieldPattern { op, other: Field::new("g"), case });
            for condition in [plain.clone(), plain.negate()] {
                rules.push((rule(condition.clone()), query(&target, condition)));
            }
        }
    }
    let (differences, selected) = store.differences(&rules, &["f", "g"]);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(selected > 1_000, "only {selected} selected");
}

/// Neighbouring alternatives on one field become lists: they still mean each of them.
#[test]
fn lists_of_all_kinds_of_values() {
    let target = target("sql");
    let store = Store::new(values().into_iter().map(|value| one("f", value)));
    let everything = tests();
    let mut rules = Vec::new();
    // Neighbours of every kind: each window of the tests, and steps through them.
    for step in [1, 7, 31] {
        for start in (0..everything.len()).step_by(5) {
            let chosen: Vec<Expr> =
                everything.iter().skip(start).step_by(step).take(6).map(|test| on("f", test.clone())).collect();
            for condition in [any(chosen.clone()), any(chosen.clone()).negate(), all(chosen)] {
                rules.push((rule(condition.clone()), query(&target, condition)));
            }
        }
    }
    let (differences, _) = store.differences(&rules, &["f"]);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// NOT over columns that are NULL, at every depth.
#[test]
fn negation_is_two_valued() {
    let target = target("sql");
    let is = |field: &str| on(field, Test::Pattern(pattern("x", Case::Fold)));
    let choices = [None, Some(json!("x")), Some(json!("y"))];
    let store =
        Store::new(choices.iter().flat_map(|f| choices.iter().map(|g| (f.clone(), g.clone()))).map(|(f, g)| {
            let mut event = one("f", f);
            event.0.extend(one("g", g).0);
            event
        }));
    let conditions = [
        is("f").negate(),
        all(vec![is("f"), is("g").negate()]),
        all(vec![is("f").negate(), is("g").negate()]),
        any(vec![is("f").negate(), is("g")]).negate(),
        all(vec![is("f"), is("g")]).negate(),
        any(vec![all(vec![is("f"), is("g").negate()]).negate(), is("g")]),
        all(vec![is("f").negate(), on("g", Test::Null).negate()]),
        any(vec![on("f", Test::Null), on("g", Test::Exists(true)).negate()]).negate(),
    ];
    let rules: Vec<_> = conditions.into_iter().map(|c| (rule(c.clone()), query(&target, c))).collect();
    let (differences, selected) = store.differences(&rules, &["f", "g"]);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(selected > 20, "only {selected} selected");
}

/// Names that SQLite's JSON functions have for their own columns, and those of the queries' own subqueries.
#[test]
fn columns_with_names_of_the_machinery() {
    let target = target("sql");
    for name in [
        "value",
        "key",
        "type",
        "atom",
        "id",
        "parent",
        "path",
        "json",
        "leaf",
        "parts",
        "address",
        "select",
        "Äö.b-c d",
    ] {
        let texts = ["10.1.2.3", "11.1.2.3", "abc", "", "2024-12-30T23:59:58Z"];
        let store = Store::new(texts.iter().map(|text| one(name, Some(json!(text)))).chain([one(name, None)]));
        let tests = [
            Test::Network("10.0.0.0/8".parse().expect("a network")),
            Test::Pattern(pattern("⁎b⁎", Case::Fold)),
            Test::TimePart { part: TimePart::Hour, op: CompareOp::Eq, n: 23 },
        ];
        let conditions =
            tests.into_iter().map(|test| on(name, test)).chain([keyword(Test::Pattern(pattern("⁎b⁎", Case::Fold)))]);
        let rules: Vec<_> = conditions.map(|c| (rule(c.clone()), query(&target, c))).collect();
        let (differences, selected) = store.differences(&rules, &[name]);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        assert_eq!(selected, 4, "{name}");
    }
}

/// Keywords look at every value and at nothing else (not at names, not across values).
#[test]
fn keywords() {
    let target = target("sql");
    let short = |value: &Option<Value>| value.as_ref().is_none_or(|v| v.as_str().is_none_or(|text| text.len() < 1_000));
    let mut events: Vec<_> = values().into_iter().filter(short).map(|value| one("abc", value)).collect();
    events.push(event(json!({"a": "xab", "b": "cx", "n": 4688, "flag": true})));
    events.push(event(json!({"a": {"b": {"c": "deep abc"}}, "l": ["x", "abc"]})));
    events.push(event(json!({})));
    let store = Store::new(events);
    let mut conditions: Vec<Expr> = Vec::new();
    for text in patterns() {
        for case in [Case::Fold, Case::Exact] {
            conditions.push(keyword(Test::Pattern(pattern(&text, case).anywhere())));
        }
    }
    for text in ["abc$", "(?i)É", r"^\d{4}$"] {
        conditions.push(keyword(Test::Regex(Regex::parse(text, Flags::default()).expect(text))));
    }
    let lists: Vec<Expr> = conditions.chunks(5).flat_map(|chunk| [any(chunk.to_vec()), all(chunk.to_vec())]).collect();
    conditions.extend(lists);
    let negated: Vec<Expr> = conditions.iter().cloned().map(Expr::negate).collect();
    conditions.extend(negated);
    let rules: Vec<_> = conditions.into_iter().map(|c| (rule(c.clone()), query(&target, c))).collect();
    let (differences, selected) = store.differences(&rules, &["abc"]);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(selected > 5_000, "only {selected} selected");
}

/// Long lists stay within the parser's limits, whatever operator they need.
#[test]
fn five_thousand_values() {
    let target = target("sql");
    let store = Store::new(["v7", "V4999", "v5000", "x v123 y", "10.9.9.9", "", "8"].map(|v| one("f", Some(json!(v)))));
    let many = |make: &dyn Fn(usize) -> Test| any((0..5_000).map(|i| on("f", make(i))).collect());
    let network = |i: usize| -> Network { format!("10.{}.{}.0/24", i / 250, i % 250).parse().expect("a network") };
    let conditions = [
        many(&|i| Test::Pattern(pattern(&format!("v{i}"), Case::Fold))),
        many(&|i| Test::Pattern(pattern(&format!("⁎v{i} ⁎"), Case::Fold))),
        many(&|i| Test::Pattern(pattern(&format!("⁎ä{i}⁎"), Case::Exact))),
        many(&|i| Test::Number(Number::Int(i as i128))),
        many(&|i| Test::Network(network(i))),
        any((0..5_000).map(|i| keyword(Test::Pattern(pattern(&format!("⁎v{i} ⁎"), Case::Fold)))).collect()),
    ];
    for condition in conditions {
        let rules: Vec<_> =
            [condition.clone(), condition.negate()].into_iter().map(|c| (rule(c.clone()), query(&target, c))).collect();
        let (differences, selected) = store.differences(&rules, &["f"]);
        let heads = |d: &String| d.chars().take(200).collect::<String>();
        assert!(differences.is_empty(), "{}", differences.iter().map(heads).collect::<Vec<_>>().join("\n"));
        assert!(selected > 0);
    }
}

/// A comparison that cannot fail proves nothing: mistakes planted in the templates are seen.
#[test]
fn planted_mistakes_are_noticed() {
    let embedded = Templates::embedded();
    let macros = embedded.get("sql/predicates.j2").expect("the macros");
    for (right, wrong, condition) in [
        (
            "NOT COALESCE({{ part }}, FALSE)",
            "NOT {{ part }}",
            on("f", Test::Pattern(pattern("abc", Case::Fold))).negate(),
        ),
        (" ESCAPE '!'", "", on("f", Test::Pattern(pattern("a%b⁎", Case::Fold)))),
        ("LIKE {{ pattern }}", "GLOB {{ pattern }}", on("f", Test::Pattern(pattern("⁎BC⁎", Case::Fold)))),
        (" COLLATE NOCASE", "", on("f", Test::Pattern(pattern("abc", Case::Fold)))),
        ("max(value) < 256", "TRUE", on("f", Test::Network("0.0.0.0/0".parse().expect("a network")))),
    ] {
        assert!(macros.contains(right), "{right}");
        let planted = Templates::embedded().with_override("sql/predicates.j2", macros.replace(right, wrong));
        let target = Target::load("sql", &planted).expect("the target");
        let store = Store::new(values().into_iter().map(|value| one("f", value)));
        let rules = [(rule(condition.clone()), query(&target, condition))];
        assert!(!store.differences(&rules, &["f"]).0.is_empty(), "{wrong} for {right} went unnoticed");
    }
}
