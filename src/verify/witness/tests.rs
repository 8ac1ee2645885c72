use crate::ir::regex::Flags;
use crate::ir::{Case, CompareOp, Expr, Field, Node, Number, Pattern, Piece, Regex, Test, TimePart};

use super::*;
use crate::interp::Matcher;
use crate::ir::Predicate;
use crate::verify::verdict::Verdict;
use crate::ir::Subject;

fn test(field: &str, test: Test) -> Expr {
    let subject = Subject::Field(Field::new(field));
    Expr::new(Node::Test(Predicate { subject, test }), Origin::default())
}

fn text(field: &str, shape: &str) -> Expr {
    let pieces = shape.split_inclusive('*').flat_map(|part| match part.strip_suffix('*') {
        Some(literal) => vec![Piece::Literal(literal.into()), Piece::AnyString],
        None => vec![Piece::Literal(part.into())],
    });
    test(field, Test::Pattern(Pattern::new(pieces, Case::Fold)))
}

fn all(parts: Vec<Expr>) -> Expr {
    Expr::new(Node::All(parts), Origin::default())
}

fn any(parts: Vec<Expr>) -> Expr {
    Expr::new(Node::Any(parts), Origin::default())
}

fn rule(condition: Expr) -> Rule {
    Rule { meta: Default::default(), logsource: Default::default(), table: None, condition }
}

/// Every predicate gets a pair, and the pair's verdicts are opposite.
fn assert_all_flip(condition: Expr) {
    let rule = rule(condition);
    let witnesses = Witnesses::of(&rule, Options::default());
    for flip in &witnesses.flips {
        let FlipOutcome::Found(a, b) = flip.outcome else { panic!("{:?}: {:?}", flip.kind, flip.outcome) };
        assert_ne!(witnesses.events[a].matches, witnesses.events[b].matches);
    }
    assert!(witnesses.events.iter().any(|w| w.matches) && witnesses.events.iter().any(|w| !w.matches));
}

#[test]
fn selection_and_not_filter() {
    assert_all_flip(all(vec![
        any(vec![text("Image", "*\\node.exe"), text("OriginalFileName", "node.exe")]),
        text("CommandLine", "* -r *"),
        text("CommandLine", "*child_process*"),
        any(vec![text("ParentImage", "*\\vscode.exe"), test("ParentImage", Test::Null)]).negate(),
        all(vec![text("User", "*SYSTEM*"), text("Image", "C:\\Program Files\\*")]).negate(),
    ]));
}

#[test]
fn every_kind_of_test_flips() {
    let regex = Regex::parse(r"^\s-[eE](?:val)?\b.{2,5}[^a-z]$", Flags::default()).expect("a regex");
    for each in [
        Test::Regex(regex),
        Test::Network("10.0.0.0/9".parse().expect("a network")),
        Test::Network("2001:db8::/32".parse().expect("a network")),
        Test::Compare(CompareOp::Ge, Number::Int(9)),
        Test::Compare(CompareOp::Lt, Number::Float(1.5)),
        Test::Number(Number::Int(4688)),
        Test::Bool(false),
        Test::Exists(true),
        Test::Exists(false),
        Test::Null,
        Test::FieldPattern { op: crate::ir::PatternOp::EndsWith, other: Field::new("Other"), case: Case::Exact },
        Test::TimePart { part: TimePart::Week, op: CompareOp::Eq, n: 33 },
        Test::TimePart { part: TimePart::Hour, op: CompareOp::Gt, n: 20 },
    ] {
        assert_all_flip(test("F", each.clone()));
        assert_all_flip(test("F", each).negate());
    }
}

#[test]
fn a_predicate_that_is_implied_is_reported_without_effect() {
    let rule = rule(all(vec![text("A", "abc"), text("A", "*b*")]));
    let witnesses = Witnesses::of(&rule, Options::default());
    assert!(matches!(witnesses.flips[0].outcome, FlipOutcome::Found(..)));
    assert_eq!(witnesses.flips[1].outcome, FlipOutcome::NoEffect);
}

#[test]
fn the_same_seed_makes_the_same_events() {
    let rule = rule(any((0..50).map(|i| text("A", &format!("*value{i}*"))).collect()));
    let events = |seed| Witnesses::of(&rule, Options { seed, ..Options::default() }).events;
    assert_eq!(events(7), events(7));
    assert_ne!(events(7), events(8));
}

#[test]
fn the_verdict_is_the_interpreters() {
    let rule = rule(all(vec![
        any(vec![text("Image", "*\\NODE.exe"), text("Image", "k*"), text("Image", "É*x")]),
        any(vec![text("CommandLine", "* -r *"), test("CommandLine", Test::Null)]).negate(),
    ]));
    let matcher = Matcher::new(&rule);
    let verdict = Verdict::new(&rule);
    let mut events: Vec<Event> = Witnesses::of(&rule, Options::default()).events.into_iter().map(|w| w.event).collect();
    let more = ["\u{212A}", "éx", "C:\\node.EXE", ""]
        .map(|image| Event([("Image".into(), image.into())].into_iter().collect()));
    events.extend(more);
    for event in &events {
        assert_eq!(verdict.matches(event), matcher.matches(event), "{event:?}");
    }
}

#[test]
fn a_rule_that_nothing_matches_gets_events_all_the_same() {
    let rule = rule(all(vec![text("A", "one"), text("A", "two")]));
    let witnesses = Witnesses::of(&rule, Options::default());
    assert!(witnesses.events.iter().all(|witness| !witness.matches));
    assert!(witnesses.events.len() >= 20, "{}", witnesses.events.len());
}
