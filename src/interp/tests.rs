//! The predicates' table and the laws of the interpreter.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::ir::regex::Flags;
use crate::ir::{
    Case, CompareOp, Expr, Field, Logsource, Meta, Node, Number, Origin, Pattern, PatternOp, Piece, Predicate, Regex,
    Rule, Subject, Test, TimePart,
};

fn rule(node: Node) -> Rule {
    Rule {
        meta: Meta::default(),
        logsource: Logsource::default(),
        table: None,
        condition: Expr::new(node, Origin::default()),
    }
}

fn on(field: &str, test: Test) -> Node {
    Node::Test(Predicate { subject: Subject::Field(Field::new(field)), test })
}

fn event(value: Value) -> Event {
    match value {
        Value::Object(object) => Event(object),
        other => panic!("{other} is no event"),
    }
}

fn holds(node: Node, on: Value) -> bool {
    Matcher::new(&rule(node)).matches(&event(on))
}

fn text(text: &str) -> Test {
    Test::Pattern(Pattern::literal(text, Case::Fold))
}

/// A pattern from Sigma's wildcards, without escapes.
fn glob(text: &str, case: Case) -> Pattern {
    let piece = |c| match c {
        '*' => Piece::AnyString,
        '?' => Piece::AnyChar,
        c => Piece::Literal(c.to_string().into()),
    };
    Pattern::new(text.chars().map(piece), case)
}

fn regex(pattern: &str) -> Test {
    Test::Regex(Regex::parse(pattern, Flags::default()).expect("a test's regex is right"))
}

/// The table in SEMANTICS.md, "Predicates".
#[test]
fn the_truth_table() {
    let tests = || {
        [
            on("f", text("x")),
            on("f", Test::Pattern(glob("*", Case::Fold))),
            on("f", text("")),
            on("f", Test::Null),
            on("f", Test::Exists(true)),
            Node::Not(Box::new(Expr::new(on("f", text("x")), Origin::default()))),
        ]
    };
    for (of, expected) in [
        (json!({}), "FFFTFT"),
        (json!({"f": null}), "FFFTTT"),
        (json!({"f": ""}), "FTTFTT"),
        (json!({"f": "x"}), "TTFFTF"),
        (json!({"f": []}), "FFFTTT"),
        (json!({"f": ["x", "y"]}), "TTFFTF"),
        (json!({"f": [null, "x"]}), "TTFFTF"),
        (json!({"f": {"g": "x"}}), "FFFFTT"),
        (json!({"f": [[], [["X"]]]}), "TTFFTF"),
        (json!({"f": [null, [null]]}), "FFFTTT"),
    ] {
        let found: String = tests().map(|t| if holds(t, of.clone()) { 'T' } else { 'F' }).iter().collect();
        assert_eq!(found, expected, "{of}");
    }
}

#[test]
fn field_names_find_flat_names_first_and_then_every_split() {
    let of = json!({
        "a.b": 1, "a": {"b": 2, "c": {"d": 3}, "c.e": 4}, "x": [{"y": 5}, {"y": [6, 7]}, {}, 8], "A": 9, "n": {"": 10},
    });
    let event = event(of);
    let found = |field: &str| event.values(field).map(|values| values.into_iter().cloned().collect::<Vec<_>>());
    assert_eq!(found("a.b"), Some(vec![json!(1)]));
    assert_eq!(found("a.c.d"), Some(vec![json!(3)]));
    assert_eq!(found("a.c.e"), Some(vec![json!(4)]));
    assert_eq!(found("x.y"), Some(vec![json!(5), json!(6), json!(7)]));
    assert_eq!(found("n."), Some(vec![json!(10)]));
    for missing in ["x.z", "a.b.c", "b", "", ".", "a.", "A.b", "a.C.d"] {
        assert_eq!(found(missing), None, "{missing}");
    }
}

#[test]
fn numbers_meet_numbers_as_numbers_and_text_as_text() {
    let seventeen = || on("f", Test::Number(Number::Int(17)));
    assert!(holds(seventeen(), json!({"f": 17})));
    assert!(holds(seventeen(), json!({"f": 17.0})));
    assert!(holds(seventeen(), json!({"f": "17"})));
    for no in [json!("017"), json!("17.0"), json!(" 17"), json!(true), json!(null), json!(18)] {
        assert!(!holds(seventeen(), json!({ "f": no })), "{no}");
    }
    assert!(!holds(on("f", Test::Number(Number::Int((1 << 53) + 1))), json!({"f": 1u64 << 53})));
    assert!(holds(on("f", Test::Number(Number::Int(u64::MAX.into()))), json!({"f": u64::MAX})));
    assert!(holds(on("f", text("1.5")), json!({"f": 1.5})));
    assert!(holds(on("f", text("TRUE")), json!({"f": true})));
    assert!(holds(on("f", Test::Bool(true)), json!({"f": "True"})));
    assert!(!holds(on("f", Test::Bool(true)), json!({"f": 1})));
    assert!(!holds(on("f", Test::Bool(true)), json!({"f": "yes"})));
}

#[test]
fn comparisons_read_text_that_spells_a_number() {
    let over = |n| on("f", Test::Compare(CompareOp::Gt, n));
    assert!(holds(over(Number::Int(9)), json!({"f": "10"})));
    assert!(holds(over(Number::Int(9)), json!({"f": "+1e1"})));
    assert!(!holds(over(Number::Int(9)), json!({"f": "10 "})));
    assert!(!holds(over(Number::Int(0)), json!({"f": true})));
    assert!(holds(over(Number::Int(1 << 53)), json!({"f": (1u64 << 53) + 1})));
    assert!(!holds(over(Number::Int(u64::MAX.into())), json!({"f": u64::MAX})));
}

#[test]
fn networks_take_only_text_that_is_an_address() {
    let ten = || on("f", Test::Network("10.0.0.0/8".parse().expect("a network")));
    assert!(holds(ten(), json!({"f": ["x", "10.1.2.3"]})));
    for no in [json!("11.1.2.3"), json!("10.1.2.3:80"), json!("::ffff:10.1.2.3"), json!(" 10.1.2.3"), json!(167772161)]
    {
        assert!(!holds(ten(), json!({ "f": no })), "{no}");
    }
    let six = on("f", Test::Network("2001:db8::/32".parse().expect("a network")));
    assert!(holds(six, json!({"f": "2001:0DB8:0:0::1"})));
}

#[test]
fn keywords_look_into_every_value_and_at_no_name() {
    let keyword = |p: &str| {
        Node::Test(Predicate { subject: Subject::AnyValue, test: Test::Pattern(glob(p, Case::Fold).anywhere()) })
    };
    let of = json!({"name": [1234, {"deep": "Some Needle here"}], "b": true, "n": null});
    for yes in ["needle", "23", "TRUE", "some*here"] {
        assert!(holds(keyword(yes), of.clone()), "{yes}");
    }
    for no in ["name", "null", "1234*needle"] {
        assert!(!holds(keyword(no), of.clone()), "{no}");
    }
}

#[test]
fn field_references_compare_two_texts() {
    let refer = |op, case| on("a", Test::FieldPattern { op, other: Field::new("b"), case });
    let equals = || refer(PatternOp::Equals, Case::Fold);
    assert!(holds(equals(), json!({"a": "X", "b": ["y", "x"]})));
    assert!(holds(equals(), json!({"a": 17, "b": "17"})));
    assert!(!holds(refer(PatternOp::Equals, Case::Exact), json!({"a": "X", "b": "x"})));
    assert!(!holds(equals(), json!({"a": null, "b": null})));
    assert!(!holds(equals(), json!({"a": "x"})));
    assert!(!holds(equals(), json!({"a": "xy", "b": "*"})));
    assert!(holds(refer(PatternOp::EndsWith, Case::Fold), json!({"a": "xyz", "b": "YZ"})));
    assert!(holds(refer(PatternOp::Contains, Case::Fold), json!({"a": "xyz", "b": ""})));
}

#[test]
fn a_placeholder_without_a_value_holds_nowhere() {
    assert!(!holds(on("f", Test::Placeholder("p".into())), json!({"f": "%p%"})));
}

#[test]
fn a_trace_says_what_decided() {
    let selected = |node| Expr::new(node, Origin { selection: Some("selection".into()), ..Origin::default() });
    let node = Node::All(vec![
        selected(Node::Any(vec![selected(on("Image", text("a.exe"))), selected(on("Image", regex("b+")))])),
        Expr::new(Node::Not(Box::new(selected(on("User", Test::Exists(true))))), Origin::default()),
    ]);
    let rule = rule(node);
    let matcher = Matcher::new(&rule);
    let trace = matcher.trace(&event(json!({"Image": ["bb", 1]})));
    assert!(trace.matched);
    let expected = "\
+ all of 2
  + selection: any of 2
    + Image has a match of the regex `b+`; Image is \"bb\", 1
  + not
    - selection: User is present; User is missing
";
    assert_eq!(trace.to_string(), expected);
    let json = serde_json::to_value(&trace).expect("a trace serialises");
    assert_eq!(json["condition"]["parts"][0]["parts"][0]["test"]["saw"][0]["values"], json!(["bb", 1]));
    assert_eq!(json["condition"]["parts"][1]["parts"][0]["test"]["saw"][0]["values"], Value::Null);
}

/// JSON of few names and values, so that names and values meet.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-20i64..20).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[aAbé.1-]{0,4}".prop_map(Value::from),
        Just(json!("2024-03-01T10:00:00Z")),
        Just(json!("10.0.0.1")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ab.]{0,3}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn json_object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(("[ab.]{0,3}", json_value()), 0..6).prop_map(|pairs| pairs.into_iter().collect())
}

fn any_test() -> impl Strategy<Value = Test> {
    let case = || prop_oneof![Just(Case::Fold), Just(Case::Exact)];
    let op = || prop::sample::select(vec![CompareOp::Eq, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge]);
    prop_oneof![
        ("[aAbé.1*?-]{0,4}", case()).prop_map(|(p, case)| Test::Pattern(glob(&p, case))),
        prop::sample::select(vec!["a+", "^b", "1$", "(?i)É", "."]).prop_map(regex),
        (op(), -20i128..20).prop_map(|(op, n)| Test::Compare(op, Number::Int(n))),
        (-20i128..20).prop_map(|n| Test::Number(Number::Int(n))),
        any::<bool>().prop_map(Test::Bool),
        any::<bool>().prop_map(Test::Exists),
        Just(Test::Null),
        Just(Test::Network("10.0.0.0/8".parse().expect("a network"))),
        (op(), 0i64..24).prop_map(|(op, n)| Test::TimePart { part: TimePart::Hour, op, n }),
        ("[ab.]{0,3}", case()).prop_map(|(name, case)| Test::FieldPattern {
            op: PatternOp::Contains,
            other: Field::new(name.as_str()),
            case,
        }),
    ]
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let plain = |node| Expr::new(node, Origin::default());
    let leaf = ("[ab.]{0,3}", any_test()).prop_map(move |(name, test)| plain(on(&name, test)));
    leaf.prop_recursive(3, 16, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(move |parts| plain(Node::All(parts))),
            prop::collection::vec(inner.clone(), 0..4).prop_map(move |parts| plain(Node::Any(parts))),
            inner.prop_map(move |part| plain(Node::Not(Box::new(part)))),
        ]
    })
}

/// The pattern as a regex over the whole text: an independent reading of the wildcards.
fn as_regex(pattern: &Pattern) -> regex::Regex {
    let mut out = String::from(if pattern.case == Case::Fold { r"(?is)\A" } else { r"(?s)\A" });
    for piece in pattern.pieces() {
        match piece {
            Piece::Literal(text) => out.push_str(&regex::escape(text)),
            Piece::AnyString => out.push_str(".*"),
            Piece::AnyChar => out.push('.'),
            Piece::OneOf(set) => {
                let set: Vec<String> = set.iter().map(|c| regex::escape(&c.to_string())).collect();
                out.push_str(&format!("(?:{})", set.join("|")));
            }
        }
    }
    regex::Regex::new(&(out + r"\z")).expect("an escaped pattern is a regex")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn patterns_are_their_regexes(
        wild in "[aAbéÉσς\n*?-]{0,8}",
        fold in any::<bool>(),
        dash in any::<bool>(),
        text in "[aAbBéÉΣσς\n/-]{0,8}",
    ) {
        let case = if fold { Case::Fold } else { Case::Exact };
        let mut pieces = glob(&wild, case).pieces().to_vec();
        if dash {
            pieces.insert(pieces.len() / 2, Piece::OneOf(vec!['-', '/', 'a']));
        }
        let pattern = Pattern::new(pieces, case);
        prop_assert_eq!(pattern::matches(&pattern, &text), as_regex(&pattern).is_match(&text), "{:?}", pattern);
    }

    #[test]
    fn letter_case_does_not_matter_under_folding(wild in "[a-zß-öά-ώ*?]{0,6}", text in "[a-zA-Zß-öÀ-Öά-ώ]{0,6}") {
        let pattern = glob(&wild, Case::Fold);
        let folded: String = text.chars().map(value::fold).collect();
        prop_assert_eq!(pattern::matches(&pattern, &text), pattern::matches(&pattern, &folded));
        prop_assert!(pattern::matches(&Pattern::literal(&folded, Case::Fold), &text));
        if pattern::matches(&glob(&wild, Case::Exact), &text) {
            prop_assert!(pattern::matches(&pattern, &text), "exact implies folded");
        }
    }

    #[test]
    fn comparisons_are_a_total_order(
        a in any::<i64>(),
        b in -3i64..3,
        x in any::<f64>().prop_filter("JSON has finite numbers only", |x| x.is_finite()),
    ) {
        let near = Number::Int(a.wrapping_add(b).into());
        for (found, number) in [(json!(a), near), (json!(x), Number::Int(a.into())), (json!(a), Number::Float(x))] {
            let is = |op| holds(on("f", Test::Compare(op, number)), json!({ "f": found }));
            prop_assert_eq!([CompareOp::Lt, CompareOp::Eq, CompareOp::Gt].map(is).iter().filter(|h| **h).count(), 1);
            prop_assert_eq!(is(CompareOp::Le), !is(CompareOp::Gt));
            prop_assert_eq!(is(CompareOp::Ge), !is(CompareOp::Lt));
            prop_assert_eq!(is(CompareOp::Eq), holds(on("f", Test::Number(number)), json!({ "f": found })));
        }
    }

    #[test]
    fn not_is_plain_negation_and_the_trace_agrees(expr in any_expr(), object in json_object()) {
        let event = Event(object);
        let plain = rule(expr.node.clone());
        let negated = rule(Node::Not(Box::new(expr)));
        let verdict = Matcher::new(&plain).matches(&event);
        prop_assert_eq!(Matcher::new(&negated).matches(&event), !verdict);
        let trace = Matcher::new(&plain).trace(&event);
        prop_assert_eq!(trace.matched, verdict);
        prop_assert!(!trace.to_string().is_empty());
    }

    #[test]
    fn every_name_can_be_asked_for(object in json_object(), name in "[ab.]{0,6}") {
        let event = Event(object);
        let found = event.values(&name);
        prop_assert!(found.iter().flatten().all(|value| !value.is_array()), "arrays are taken apart");
        prop_assert!(!event.0.contains_key(&name) || found.is_some(), "a key that is there is found");
        prop_assert_eq!(Matcher::new(&rule(on(&name, Test::Exists(true)))).matches(&event), found.is_some());
    }
}
