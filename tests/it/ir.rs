//! The IR: normalising keeps every verdict, and the JSON form is what its schema says.

use std::collections::BTreeSet;

use crate::common::generate;
use proptest::prelude::*;
use serde_json::Value;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{self, Kind, json};

/// More cases where `SIGMAGLOT_DEEP` is set.
fn cases(usual: u32) -> ProptestConfig {
    let deep = std::env::var_os("SIGMAGLOT_DEEP").is_some();
    ProptestConfig { cases: if deep { usual * 20 } else { usual }, failure_persistence: None, ..Default::default() }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn normalizing_keeps_every_verdict(
        expr in generate::expr(),
        events in proptest::collection::vec(generate::event(), 1..6),
    ) {
        let normal = ir::normalize(expr.clone());
        prop_assert_eq!(&ir::normalize(normal.clone()), &normal, "normalising twice is normalising once");
        let (before, after) = (generate::rule_of(expr), generate::rule_of(normal));
        let (before, after) = (Matcher::new(&before), Matcher::new(&after));
        for event in events {
            let event = Event(event);
            prop_assert_eq!(before.matches(&event), after.matches(&event), "{:?}", event);
        }
    }

    #[test]
    fn the_json_of_every_rule_is_what_the_schema_says(rule in generate::rule()) {
        let schema = schema();
        let value: Value = serde_json::from_str(&json::to_line(&rule).unwrap_or_default()).unwrap_or_default();
        let errors = Schema { root: &schema }.check(&schema, &value, "$");
        prop_assert!(errors.is_empty(), "{:?} in {}", errors, value);
    }
}

#[test]
fn generated_rules_match_some_events_and_not_others() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut verdicts = [0_u32; 2];
    for _ in 0..1_000 {
        let strategy = (generate::rule(), generate::event());
        let Ok(tree) = strategy.new_tree(&mut runner) else { panic!("the strategies give values") };
        let (rule, event) = tree.current();
        verdicts[usize::from(Matcher::new(&rule).matches(&Event(event)))] += 1;
    }
    assert!(verdicts.iter().all(|n| *n > 200), "verdicts false, true: {verdicts:?}");
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/ir.schema.json")).unwrap_or_default()
}

#[test]
fn the_schema_has_the_version_the_words_and_only_what_the_checker_knows() {
    let schema = schema();
    assert_eq!(schema.pointer("/properties/version/const"), Some(&json::VERSION.into()));
    let words: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let listed = schema.pointer("/$defs/kind/enum").and_then(Value::as_array);
    let listed: BTreeSet<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(listed, words);
    known(&schema);
}

#[test]
fn the_schema_refuses_what_is_not_the_form() {
    let schema = schema();
    let check = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        Schema { root: &schema }.check(&schema, &value, "$").is_empty()
    };
    let rule = |condition: &str| {
        format!(
            r#"{{"version":1,"meta":{{"title":"x","span":{{"start":0,"end":1}}}},"logsource":{{"span":{{"start":0,"end":1}}}},"condition":{condition}}}"#
        )
    };
    let origin = r#""origin":{"span":{"start":0,"end":1}}"#;
    assert!(check(&rule(&format!(r#"{{"op":"true",{origin}}}"#))));
    for wrong in [
        r#"{"op":"true"}"#.to_owned(),
        format!(r#"{{"op":"xor","parts":[],{origin}}}"#),
        format!(r#"{{"op":"and",{origin}}}"#),
        format!(
            r#"{{"op":"test","kind":"eq","negated":false,"field":"a","pattern":[{{"text":"a"}}],"case_sensitive":false,{origin}}}"#
        ),
        format!(r#"{{"op":"test","kind":"equals","negated":false,"field":"a","bool":true,{origin}}}"#),
    ] {
        assert!(!check(&rule(&wrong)), "{wrong}");
    }
}

#[test]
fn the_hash_follows_the_meaning_and_not_the_place() {
    use sigmaglot::ir::{Case, Expr, Field, Node, Origin, Pattern, Predicate, Subject, Test};
    use sigmaglot::source::Span;
    let at = |value: &str, case, start| {
        let test = Test::Pattern(Pattern::literal(value, case));
        let predicate = Predicate { subject: Subject::Field(Field::new("a")), test };
        let origin = Origin {
            span: Span::new(start, start + 3),
            selection: Some("sel".into()),
            item: None,
            ..Origin::default()
        };
        json::hash(&generate::rule_of(Expr::new(Node::Test(predicate), origin)))
    };
    assert_eq!(at("x", Case::Fold, 10), at("x", Case::Fold, 90));
    assert_ne!(at("x", Case::Fold, 10), at("X", Case::Fold, 10));
    assert_ne!(at("x", Case::Fold, 10), at("x", Case::Exact, 10));
    assert_eq!(at("x", Case::Fold, 10).len(), 64);
}

/// A checker for the part of JSON Schema that the schema uses.
struct Schema<'a> {
    root: &'a Value,
}

const KEYWORDS: &[&str] = &[
    "$schema",
    "$id",
    "title",
    "description",
    "$defs",
    "$ref",
    "type",
    "const",
    "enum",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "oneOf",
    "pattern",
];

/// Fails on a keyword that [`Schema`] would pass over.
fn known(schema: &Value) {
    let Some(map) = schema.as_object() else { return };
    for (key, value) in map {
        assert!(KEYWORDS.contains(&key.as_str()), "the checker does not know `{key}`");
        match key.as_str() {
            "properties" | "$defs" => value.as_object().into_iter().flatten().for_each(|(_, schema)| known(schema)),
            "oneOf" => value.as_array().into_iter().flatten().for_each(known),
            "items" | "additionalProperties" => known(value),
            _ => {}
        }
    }
}

impl Schema<'_> {
    /// What is wrong with the value.
    fn check(&self, schema: &Value, value: &Value, path: &str) -> Vec<String> {
        let mut errors = Vec::new();
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            match self.root.pointer(reference.trim_start_matches('#')) {
                Some(target) => errors.extend(self.check(target, value, path)),
                None => errors.push(format!("{reference} leads nowhere")),
            }
        }
        if schema.get("const").is_some_and(|wanted| wanted != value) {
            errors.push(format!("{path} is not the constant"));
        }
        if schema.get("enum").and_then(Value::as_array).is_some_and(|list| !list.contains(value)) {
            errors.push(format!("{path} is none of the words"));
        }
        if schema.get("type").is_some_and(|types| !has_type(types, value)) {
            errors.push(format!("{path} has another type"));
        }
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            let results: Vec<_> = choices.iter().map(|choice| self.check(choice, value, path)).collect();
            if results.iter().filter(|errors| errors.is_empty()).count() != 1 {
                errors.push(format!("{path} is not exactly one of the forms: {results:?}"));
            }
        }
        if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
            errors
                .extend(list.iter().enumerate().flat_map(|(i, item)| self.check(items, item, &format!("{path}[{i}]"))));
        }
        if let (Some(pattern), Some(text)) = (schema.get("pattern").and_then(Value::as_str), value.as_str()) {
            let digits = text.trim_start_matches('-');
            let integer = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
            assert_eq!(pattern, "^-?[0-9]+$", "the checker knows this pattern only");
            errors.extend((!integer).then(|| format!("{path} is no whole number")));
        }
        self.properties(schema, value, path, &mut errors);
        errors
    }

    fn properties(&self, schema: &Value, value: &Value, path: &str, errors: &mut Vec<String>) {
        let Some(map) = value.as_object() else { return };
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(key) {
                errors.push(format!("{path} has no `{key}`"));
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, value) in map {
            match (properties.and_then(|properties| properties.get(key)), schema.get("additionalProperties")) {
                (Some(schema), _) => errors.extend(self.check(schema, value, &format!("{path}.{key}"))),
                (None, Some(Value::Bool(false))) => errors.push(format!("{path} may not have `{key}`")),
                (None, _) => {}
            }
        }
    }
}

fn has_type(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    };
    match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}
