//! Random rules and events: proptest strategies over the whole IR, over Sigma's YAML, and over events that such rules look at.
//!
//! Fields come from a small alphabet and texts from a small set of tricky characters, so that rules and events meet often: a
//! comparison in which nothing ever matches proves little.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use sigmaglot::ir::regex::Flags;
use sigmaglot::ir::{
    Case, CompareOp, Expr, Field, Logsource, Meta, Network, Node, Number, Origin, Pattern, PatternOp, Piece, Predicate,
    Regex, Rule, Subject, Test, TimePart,
};

/// The fields of generated rules and events; two share a prefix that an event may nest by.
pub const FIELDS: &[&str] = &["a", "b", "Image", "a.b", "user name"];

/// Characters that some target or layer treats as special, cased letters that ASCII folding misses, and two plain ones.
const CHARS: &[char] = &[
    'a', 'A', '1', '*', '?', '%', '_', '\\', '\'', '"', '[', ']', '^', '$', '|', '\n', '\t', 'é', 'É', 'σ', 'ς',
    '\u{212A}', 'k', '-', '/', '.', ' ', '`', '~', '{', '#', '(', '+', '\u{2013}',
];

const NETWORKS: &[&str] = &["10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "fe80::/10", "::/0", "2001:db8::/32", "::1/128"];

const ADDRESSES: &[&str] =
    &["10.1.2.3", "11.0.0.1", "::1", "2001:DB8:0:0::1", "fe80::1%eth0", "::ffff:10.1.2.3", "10.1.2.3:80", "010.1.2.3"];

/// Texts that are numbers to some readers and none to others.
const SPELLED: &[&str] =
    &[".5", "-.5", "+7", "1e1", "1.1e1", "-25E-1", "007", "7.", " 7", "7 ", "1e", "0x7", "1_0", "7.0"];

const TIMES: &[&str] =
    &["2024-12-30T23:59:59Z", "2024-12-30 23:59:59", "2021-01-03T00:30:00+01:00", "2024-02-30T00:00:00Z", "1700000000"];

const REGEXES: &[&str] =
    &["a", "^a.*1$", "[^a]", r"\\", r"\d+", "(?:a|é)k?", "^$", r"a{1,2}", r"\ba", "[*?%_]", r"\.", "(A|1)+?", r"\s"];

/// A field's name.
pub fn field() -> impl Strategy<Value = &'static str> {
    select(FIELDS)
}

/// A short text of tricky characters; often the same few texts, so that rules and events agree.
pub fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        3 => vec(select(CHARS), 0..5).prop_map(|chars| chars.into_iter().collect::<String>()),
        2 => select(&["a", "A", "aA", "1", "", "é", "true", "17", "a1", "\\", "*"][..]).prop_map(String::from),
        1 => select(ADDRESSES).prop_map(String::from),
        1 => select(TIMES).prop_map(String::from),
        1 => select(SPELLED).prop_map(String::from),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    prop_oneof![3 => Just(Case::Fold), 1 => Just(Case::Exact)]
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        4 => text().prop_map(|text| Piece::Literal(text.into())),
        2 => Just(Piece::AnyString),
        1 => Just(Piece::AnyChar),
        1 => Just(Piece::OneOf(vec!['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'])),
    ]
}

/// A pattern of every shape.
pub fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        2 => (text(), case()).prop_map(|(text, case)| Pattern::literal(&text, case)),
        3 => (vec(piece(), 0..4), case()).prop_map(|(pieces, case)| Pattern::new(pieces, case)),
        1 => (text(), case()).prop_map(|(text, case)| Pattern::literal(&text, case).anywhere()),
    ]
}

/// A regular expression with some of the flags.
pub fn regex() -> impl Strategy<Value = Regex> {
    (select(REGEXES), any::<(bool, bool, bool)>()).prop_filter_map("a regex that parses", |(text, (i, m, s))| {
        Regex::parse(text, Flags { ignore_case: i, multi_line: m, dot_all: s }).ok()
    })
}

/// A number near those in events.
pub fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        4 => (-2_i128..20).prop_map(Number::Int),
        1 => select(&[1.5, 17.0, -0.5, 1e21][..]).prop_map(Number::Float),
        1 => select(vec![i128::from(i64::MIN), i128::from(u64::MAX), (1 << 53) + 1]).prop_map(Number::Int),
    ]
}

fn compare_op() -> impl Strategy<Value = CompareOp> {
    select(&[CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge][..])
}

fn time_part() -> impl Strategy<Value = Test> {
    let parts = [
        (TimePart::Minute, 0, 59),
        (TimePart::Hour, 0, 23),
        (TimePart::Day, 1, 31),
        (TimePart::Week, 1, 53),
        (TimePart::Month, 1, 12),
        (TimePart::Year, 2020, 2025),
    ];
    let op = prop_oneof![Just(CompareOp::Eq), compare_op()];
    (select(parts.to_vec()), any::<prop::sample::Index>(), op).prop_map(|((part, low, high), index, op)| {
        let n = low + index.index((high - low + 1) as usize) as i64;
        Test::TimePart { part, op, n }
    })
}

/// A test of any kind on a field, but an unresolved placeholder.
pub fn test() -> impl Strategy<Value = Test> {
    let op = select(&[PatternOp::Equals, PatternOp::Contains, PatternOp::StartsWith, PatternOp::EndsWith][..]);
    prop_oneof![
        8 => pattern().prop_map(Test::Pattern),
        2 => regex().prop_map(Test::Regex),
        2 => select(NETWORKS).prop_filter_map("a network", |net| net.parse::<Network>().ok()).prop_map(Test::Network),
        2 => (compare_op(), number()).prop_map(|(op, number)| Test::Compare(op, number)),
        2 => number().prop_map(Test::Number),
        1 => any::<bool>().prop_map(Test::Bool),
        1 => any::<bool>().prop_map(Test::Exists),
        2 => Just(Test::Null),
        1 => (op, field(), case()).prop_map(|(op, other, case)| Test::FieldPattern { op, other: Field::new(other), case }),
        1 => time_part(),
    ]
}

/// A predicate on a field or, one time in ten, on any value.
pub fn predicate() -> impl Strategy<Value = Predicate> {
    prop_oneof![
        9 => field_predicate(),
        1 => keyword(),
    ]
}

/// A predicate on a field.
pub fn field_predicate() -> impl Strategy<Value = Predicate> {
    (field(), test()).prop_map(|(field, test)| Predicate { subject: Subject::Field(Field::new(field)), test })
}

fn keyword() -> impl Strategy<Value = Predicate> {
    let test = prop_oneof![
        3 => pattern().prop_map(|pattern| Test::Pattern(pattern.anywhere())),
        1 => regex().prop_map(Test::Regex),
    ];
    test.prop_map(|test| Predicate { subject: Subject::AnyValue, test })
}

/// A condition over these predicates: nested, with negations, constants, repeated parts and several tests on one field.
pub fn expr_of(predicate: impl Strategy<Value = Predicate> + 'static) -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        12 => predicate.prop_map(Node::Test),
        1 => Just(Node::True),
        1 => Just(Node::False),
    ]
    .prop_map(bare);
    leaf.prop_recursive(5, 40, 5, |inner| {
        // Now and then a part stands beside itself, or beside its negation.
        let parts = (vec(inner.clone(), 0..5), 0..4).prop_map(|(mut parts, again)| {
            match (again, parts.first().cloned()) {
                (0, Some(first)) => parts.push(first),
                (1, Some(first)) => parts.push(first.negate()),
                _ => {}
            }
            parts
        });
        prop_oneof![
            parts.clone().prop_map(|parts| bare(Node::All(parts))),
            parts.prop_map(|parts| bare(Node::Any(parts))),
            inner.prop_map(Expr::negate),
        ]
    })
}

fn bare(node: Node) -> Expr {
    Expr::new(node, Origin::default())
}

/// A condition of any predicates.
pub fn expr() -> impl Strategy<Value = Expr> {
    expr_of(predicate())
}

/// A rule around a condition.
pub fn rule_of(condition: Expr) -> Rule {
    Rule {
        meta: Meta { title: "generated".into(), ..Meta::default() },
        logsource: Logsource { category: Some(Arc::from("test")), ..Logsource::default() },
        table: None,
        condition,
    }
}

/// A rule of any predicates.
pub fn rule() -> impl Strategy<Value = Rule> {
    expr().prop_map(rule_of)
}

/// A scalar of an event.
pub fn scalar() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        6 => text().prop_map(Value::from),
        2 => (-2_i64..20).prop_map(Value::from),
        1 => select(vec![json!(1.5), json!(17.0), json!(u64::MAX), json!(9_007_199_254_740_993_i64), json!(1e21)]),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

/// A value of an event: mostly a scalar, sometimes an array or an object.
pub fn value() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        8 => scalar(),
        1 => vec(scalar(), 0..3).prop_map(Value::from),
        1 => (select(&["b", "c"][..]), scalar()).prop_map(|(key, value)| json!({ key: value })),
    ]
}

/// An event; each field is missing now and then.
pub fn event() -> impl Strategy<Value = Map<String, Value>> {
    event_of(value())
}

/// An event whose values are of a kind.
pub fn event_of(value: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Map<String, Value>> {
    let fields: Vec<_> = FIELDS.iter().map(|_| proptest::option::weighted(0.75, value.clone())).collect();
    fields.prop_map(|values| {
        let pairs = FIELDS.iter().zip(values);
        pairs.filter_map(|(name, value)| Some(((*name).to_owned(), value?))).collect()
    })
}

/// An event without arrays and objects, as a table row holds it.
pub fn flat_event() -> impl Strategy<Value = Map<String, Value>> {
    event_of(scalar())
}

/// The text of a rule in Sigma's YAML: any modifier with values it takes, keywords, lists of maps, selectors, nesting.
pub fn yaml() -> impl Strategy<Value = String> {
    vec(selection(), 1..4).prop_flat_map(|selections| {
        let names: Vec<String> = (0..selections.len()).map(|i| format!("sel{i}")).collect();
        (Just(selections), condition(names)).prop_map(|(selections, condition)| {
            let mut detection = Map::new();
            for (i, selection) in selections.into_iter().enumerate() {
                detection.insert(format!("sel{i}"), selection);
            }
            detection.insert("condition".into(), condition.into());
            // JSON is YAML, and quotes everything that has to be quoted.
            json!({"title": "generated", "logsource": {"category": "test"}, "detection": detection}).to_string()
        })
    })
}

/// A condition over the names of selections.
fn condition(names: Vec<String>) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        5 => select(names),
        1 => select(&["1 of sel*", "all of them", "any of sel*", "all of sel*"][..]).prop_map(String::from),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

fn selection() -> impl Strategy<Value = Value> {
    let items = || vec(item(), 1..4).prop_map(|items| Value::Object(items.into_iter().collect()));
    prop_oneof![
        6 => items(),
        1 => vec(items(), 1..3).prop_map(Value::from),
        1 => vec(text().prop_filter("a keyword that is not empty", |text| !text.is_empty()), 1..3).prop_map(Value::from),
    ]
}

/// A key with modifiers and values that they take.
fn item() -> impl Strategy<Value = (String, Value)> {
    let strings = || vec(text(), 1..4);
    let plain = || {
        let operator = select(&["", "|contains", "|startswith", "|endswith"][..]);
        let rest = select(&["", "|cased", "|windash", "|neq", "|cased|neq", "|windash|cased"][..]);
        (operator, rest).prop_map(|(operator, rest)| format!("{operator}{rest}"))
    };
    let encoded = select(&["|base64", "|base64offset|contains", "|wide|base64offset|contains", "|utf16be|base64"][..]);
    let regexes = vec(select(REGEXES), 1..3);
    let flags = select(&["|re", "|re|i", "|re|m|s", "|re|i|neq"][..]);
    let compare = select(&["|gt", "|gte", "|lt", "|lte", "|gt|neq"][..]);
    let reference = select(&["|fieldref", "|fieldref|contains", "|fieldref|cased", "|fieldref|endswith|neq"][..]);
    let letters = "[a-zA-Z1 é]{1,6}";
    let chain = prop_oneof![
        6 => (plain(), strings()).prop_map(|(chain, values)| (chain, json!(values))),
        2 => (plain(), vec(text(), 2..4)).prop_map(|(chain, values)| (format!("{chain}|all"), json!(values))),
        1 => (encoded, letters).prop_map(|(chain, value)| (chain.into(), json!(value))),
        2 => (flags, regexes).prop_map(|(chain, values)| (chain.into(), json!(values))),
        1 => vec(select(NETWORKS), 1..3).prop_map(|values| ("|cidr".into(), json!(values))),
        2 => (compare, -2_i64..20).prop_map(|(chain, n)| (chain.into(), json!(n))),
        1 => (reference, field()).prop_map(|(chain, other)| (chain.into(), json!(other))),
        1 => any::<bool>().prop_map(|exists| ("|exists".into(), json!(exists))),
        1 => (select(&["|hour", "|hour|gte", "|month|lt", "|day|neq"][..]), 1_i64..12)
            .prop_map(|(chain, n)| (chain.into(), json!(n))),
        1 => Just((String::new(), Value::Null)),
        1 => select(vec![json!(17), json!(1.5), json!(true), json!([1, "a", false]), json!("")])
            .prop_map(|value| (String::new(), value)),
    ];
    (field(), chain).prop_map(|(field, (chain, value))| (format!("{field}{chain}"), value))
}
