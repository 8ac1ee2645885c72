use crate::ir::regex::Flags;
use crate::ir::{Case, CompareOp, Expr, Field, Node, Number, Pattern, Piece, Regex, Test, TimePart};

use super::*;
use crate::interp::Matcher;
use crate::ir::Predicate;
use crate::ir::Subject;
use crate::verify::verdict::Verdict;
use serde_json::Value;

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

/// All near events of a rule with this condition.
fn nears(condition: Expr) -> (Rule, Witnesses) {
    let rule = rule(condition);
    let witnesses = Witnesses::of(&rule, Options::default().with_near(1_000));
    (rule, witnesses)
}

/// The kinds among the near hits, and among the near misses.
fn kinds(witnesses: &Witnesses) -> (Vec<NearKind>, Vec<NearKind>) {
    let all = |of: fn(&Nears) -> &Vec<NearKind>| witnesses.nears.iter().flat_map(of).copied().collect();
    (all(|nears| &nears.hits), all(|nears| &nears.misses))
}

/// A row of the table: these kinds are made of the condition, alone, beside others, and below NOT.
fn assert_row(condition: Expr, hits: &[NearKind], misses: &[NearKind]) {
    let beside = text("Beside", "*beside*");
    for condition in [
        condition.clone(),
        all(vec![condition.clone(), beside.clone()]),
        any(vec![condition.clone(), beside.clone()]),
        all(vec![condition.clone().negate(), beside.clone()]),
        all(vec![beside.clone(), all(vec![condition, text("Within", "in")]).negate()]),
    ] {
        let (_, witnesses) = nears(condition.clone());
        let made = kinds(&witnesses);
        let missing = |wanted: &[NearKind], made: &[NearKind]| -> Vec<NearKind> {
            wanted.iter().filter(|kind| !made.contains(kind)).copied().collect()
        };
        let missing = (missing(hits, &made.0), missing(misses, &made.1));
        assert_eq!(missing, (Vec::new(), Vec::new()), "{condition:?}");
    }
}

fn pattern(pieces: Vec<Piece>, case: Case) -> Expr {
    test("A", Test::Pattern(Pattern::new(pieces, case)))
}

fn literal(text: &str) -> Piece {
    Piece::Literal(text.into())
}

fn regex_of(text: &str, ignore_case: bool) -> Expr {
    let flags = Flags { ignore_case, ..Flags::default() };
    test("A", Test::Regex(Regex::parse(text, flags).expect("a regex")))
}

use NearKind as K;

#[test]
fn row_of_text_that_equals() {
    assert_row(
        pattern(vec![literal("Some Téxt")], Case::Fold),
        &[
            K::UpperCase,
            K::LowerCase,
            K::FirstLetter,
            K::LastLetter,
            K::OneLetter,
            K::LetterBeyondAscii,
            K::FirstInList,
        ],
        &[K::FrontMore, K::EndMore, K::FrontLess, K::EndLess, K::InnerReplaced, K::BlankInserted, K::Empty, K::Missing],
    );
    assert_row(
        pattern(vec![literal("Some Text")], Case::Exact),
        &[K::LastInList],
        &[K::UpperCase, K::LowerCase, K::OneLetter, K::LineAtEnd, K::BlankAtFront, K::Null],
    );
}

#[test]
fn row_of_text_that_contains() {
    assert_row(
        pattern(vec![Piece::AnyString, literal("word"), Piece::AnyString], Case::Fold),
        &[
            K::Wild,
            K::GluedAtBothEnds,
            K::DelimitedAtFront,
            K::DelimitedAtEnd,
            K::LineBefore,
            K::LineAfter,
            K::Twice,
            K::Long,
            K::UpperCase,
            K::GluedAtFront,
            K::GluedAtEnd,
        ],
        &[K::InnerRemoved, K::InnerReplaced, K::BlankInserted, K::LineInserted, K::OverTwoValues, K::Missing, K::Null],
    );
}

#[test]
fn row_of_text_that_starts_or_ends() {
    assert_row(
        pattern(vec![literal("Start"), Piece::AnyString], Case::Fold),
        &[K::GluedAtEnd, K::LineAfter, K::DelimitedAtEnd, K::UpperCase, K::Long],
        &[K::FrontMore, K::LineAtFront, K::BlankAtFront, K::LastReplaced],
    );
    assert_row(
        pattern(vec![Piece::AnyString, literal("\\End.exe")], Case::Fold),
        &[K::GluedAtFront, K::LineBefore, K::DelimitedAtFront, K::LowerCase],
        &[K::EndMore, K::LineAtEnd, K::BlankAtEnd, K::FirstReplaced, K::SpecialAsOther],
    );
}

#[test]
fn row_of_wildcards() {
    let pieces = vec![literal("aXb"), Piece::AnyChar, literal("c*%_[\\"), Piece::AnyString, literal("cd")];
    assert_row(
        pattern(pieces, Case::Fold),
        &[
            K::StarAsNothing,
            K::StarAsOne,
            K::StarAsMany,
            K::StarAsLine,
            K::OneAsLetter,
            K::OneAsDigit,
            K::OneAsSeparator,
            K::OneAsAstral,
            K::OneAsCombining,
            K::OneAsLine,
            K::Wild,
            K::Bare,
        ],
        &[
            K::OneAsNothing,
            K::OneAsTwo,
            K::SpecialAsOther,
            K::SpecialAsTwo,
            K::SpecialAsNothing,
            K::FrontMore,
            K::EndMore,
            K::Reordered,
        ],
    );
    assert_row(
        pattern(vec![literal("abc"), Piece::AnyString, literal("bcd")], Case::Exact),
        &[K::StarAsLine],
        &[K::Overlapping, K::Reordered, K::UpperCase],
    );
    let set = vec![
        Piece::AnyString,
        literal("x "),
        Piece::OneOf(vec!['-', '/', '\u{2013}']),
        literal("enc"),
        Piece::AnyString,
    ];
    assert_row(pattern(set, Case::Fold), &[K::SetMember], &[K::BesideSet]);
}

#[test]
fn row_of_lists() {
    let members = |n: usize| (0..n).map(|i| text("A", &format!("*member{i}x*"))).collect::<Vec<_>>();
    let apart = ["*first alpha*", "*second beta*", "*third gamma*"].map(|shape| text("A", shape));
    assert_row(any(apart.to_vec()), &[K::Wild, K::UpperCase], &[K::HalvesOfTwo, K::InnerReplaced]);
    assert_row(all(members(3)), &[K::Reordered, K::Overlapping], &[K::InnerReplaced]);
    // Of a long list the first, the last and a few more have pairs; the others are read in the query.
    let (_, witnesses) = nears(any(members(400)));
    let found = |place: usize| matches!(witnesses.flips[place].outcome, FlipOutcome::Found(..));
    assert!(found(0) && found(200) && found(399));
    let listed = witnesses.flips.iter().filter(|flip| flip.outcome == FlipOutcome::Listed).count();
    assert!((388..=396).contains(&listed), "{listed}");
}

#[test]
fn row_of_regexes() {
    assert_row(
        regex_of("^(ab|cd|ef)x{2,4}[f-m]y.z$", false),
        &[K::Branch, K::RepeatMost, K::RepeatMore, K::RepeatLeast, K::ClassFirst, K::ClassLast, K::DotAs],
        &[
            K::RepeatTooFew,
            K::RepeatTooMany,
            K::BesideClass,
            K::DotAsLine,
            K::FrontMore,
            K::EndMore,
            K::LineAtFront,
            K::LineAtEnd,
            K::LiteralInOtherCase,
            K::LiteralReplaced,
        ],
    );
    assert_row(
        regex_of("fo+bar", true),
        &[K::GluedAtBothEnds, K::LineBefore, K::LineAfter, K::UpperCase],
        &[K::RepeatTooFew, K::LiteralReplaced, K::Missing],
    );
}

#[test]
fn row_of_networks() {
    let network = |text: &str| test("A", Test::Network(text.parse().expect("a network")));
    assert_row(
        network("10.1.0.0/16"),
        &[K::FirstAddress, K::LastAddress, K::HalfAddress],
        &[K::AddressBelow, K::AddressAbove, K::MappedAddress, K::AddressAndMore, K::NoAddress, K::Missing],
    );
    assert_row(network("2001:db8::/33"), &[K::LastAddress, K::OtherSpelling], &[K::AddressBelow, K::AddressAbove]);
}

#[test]
fn row_of_numbers() {
    let number = Number::Int(1024);
    assert_row(
        test("A", Test::Number(number)),
        &[K::Bound, K::AsText],
        &[
            K::BoundByOne,
            K::BoundByHalf,
            K::OtherDigits,
            K::Exponent,
            K::NumberAndMore,
            K::Negative,
            K::BeyondDouble,
            K::Empty,
        ],
    );
    assert_row(
        test("A", Test::Compare(CompareOp::Ge, number)),
        &[K::Bound, K::BoundByOne, K::BoundByHalf, K::AsText, K::Exponent, K::BeyondDouble, K::OtherDigits],
        &[K::BoundByOne, K::BoundByHalf, K::AsText, K::Negative, K::NumberAndMore, K::Missing],
    );
}

#[test]
fn row_of_booleans_null_and_presence() {
    assert_row(
        test("A", Test::Bool(true)),
        &[K::AsBoolean, K::AsWord, K::WordInOtherCase],
        &[K::OtherTruth, K::Zero, K::WordForNothing, K::FrontMore, K::EndMore, K::LineAtEnd, K::Missing],
    );
    assert_row(
        test("A", Test::Null),
        &[K::Missing, K::Null, K::ListOfNulls, K::EmptyList],
        &[K::Empty, K::WordForNothing, K::Zero, K::FalseValue, K::SomeText],
    );
    assert_row(pattern(Vec::new(), Case::Fold), &[K::Empty], &[K::Missing, K::Null, K::Blank]);
    assert_row(
        test("A", Test::Exists(true)),
        &[K::Null, K::Empty, K::FalseValue, K::EmptyList, K::SomeText],
        &[K::Missing],
    );
}

#[test]
fn row_of_two_fields() {
    let reference = |op, case| test("A", Test::FieldPattern { op, other: Field::new("B"), case });
    use crate::ir::PatternOp::{Contains, Equals};
    assert_row(
        reference(Equals, Case::Fold),
        &[K::Wild, K::Bare, K::UpperCase, K::OtherType, K::LetterBeyondAscii, K::SpecialAsOther],
        &[
            K::FrontMore,
            K::EndMore,
            K::NameOfOther,
            K::OtherMissing,
            K::Missing,
            K::BothMissing,
            K::BothNull,
            K::InnerReplaced,
        ],
    );
    assert_row(reference(Contains, Case::Exact), &[K::Wild], &[K::UpperCase, K::FrontLess, K::EndLess, K::Reordered]);
}

#[test]
fn a_reference_to_an_empty_text_makes_events() {
    use crate::ir::PatternOp::{Contains, EndsWith, StartsWith};
    let empty = || test("B", Test::Pattern(Pattern::new(Vec::new(), Case::Fold)));
    for op in [Contains, StartsWith, EndsWith] {
        for case in [Case::Fold, Case::Exact] {
            let reference = test("A", Test::FieldPattern { op, other: Field::new("B"), case });
            let (_, witnesses) = nears(all(vec![empty(), reference]));
            assert!(!witnesses.events.is_empty(), "{op:?} {case:?}");
        }
    }
}

#[test]
fn row_of_keywords() {
    let test = Test::Pattern(Pattern::literal("keyword", Case::Fold).anywhere());
    let keyword = Expr::new(Node::Test(Predicate { subject: Subject::AnyValue, test }), Origin::default());
    let (_, witnesses) = nears(keyword);
    let (hits, misses) = kinds(&witnesses);
    for kind in [K::OtherField, K::Nested, K::LastInList, K::GluedAtBothEnds, K::UpperCase] {
        assert!(hits.contains(&kind), "{kind:?}");
    }
    for kind in [K::InName, K::OverTwoFields, K::InnerReplaced, K::Missing] {
        assert!(misses.contains(&kind), "{kind:?}");
    }
    let test = Test::Pattern(Pattern::literal("46", Case::Fold).anywhere());
    let number = Expr::new(Node::Test(Predicate { subject: Subject::AnyValue, test }), Origin::default());
    assert!(kinds(&nears(number).1).0.contains(&K::InNumber));
}

#[test]
fn row_of_time_parts() {
    let hour = Test::TimePart { part: TimePart::Hour, op: CompareOp::Eq, n: 3 };
    assert_row(
        test("A", hour),
        &[K::FirstMoment, K::LastMoment, K::OtherZone, K::OtherTimeSpelling],
        &[K::MomentBefore, K::MomentAfter, K::OtherZone, K::OtherTimeSpelling, K::Missing],
    );
}

#[test]
fn below_not_the_field_is_missing_and_null_whatever_the_cap() {
    let condition = all(vec![text("B", "*b*"), text("A", "*a*").negate(), text("C", "c").negate()]);
    let witnesses = Witnesses::of(&rule(condition), Options::default().with_near(2));
    for number in [1, 2] {
        for kind in [K::Missing, K::Null] {
            let made = |w: &Witness| w.purpose == Purpose::Miss(number, kind) && w.matches;
            // An event that differs by nothing else is kept once, under the name that it had first.
            let same = |w: &Witness| w.matches && w.event.0.get(["A", "C"][number - 1]).is_none_or(Value::is_null);
            assert!(witnesses.events.iter().any(|w| made(w) || same(w)), "{number} {kind:?}");
        }
    }
}

#[test]
fn near_hits_hold_near_misses_do_not_and_the_verdict_hangs_on_it() {
    let list = any((0..30).map(|i| text("A", &format!("*item{i} *"))).collect());
    for condition in [
        all(vec![list.clone(), text("B", "x*y"), regex_of("c[a-f]{2}$", true).negate()]),
        any(vec![all(vec![list.clone(), text("C", "*c")]), test("D", Test::Compare(CompareOp::Lt, Number::Int(5)))]),
        all(vec![
            any(vec![text("A", "*a*"), text("B", "b")]),
            all(vec![text("C", "c*"), test("D", Test::Null)]).negate(),
        ]),
    ] {
        let rule = rule(condition);
        let witnesses = Witnesses::of(&rule, Options::default());
        let matcher = Matcher::new(&rule);
        let mut predicates: Vec<&Predicate> = Vec::new();
        rule.condition.for_each_predicate(&mut |predicate, _| predicates.push(predicate));
        let mut seen = 0;
        for witness in &witnesses.events {
            let (number, holds) = match witness.purpose {
                Purpose::Hit(number, _) => (number, true),
                Purpose::Miss(number, _) => (number, false),
                _ => continue,
            };
            seen += 1;
            assert_eq!(matcher.holds(predicates[number], &witness.event), holds, "{witness:?}");
            let FlipOutcome::Found(holding, missing) = witnesses.flips[number].outcome else { panic!("no pair") };
            let side = if holds { holding } else { missing };
            assert_eq!(witness.matches, witnesses.events[side].matches, "{witness:?}");
            assert_ne!(witnesses.events[holding].matches, witnesses.events[missing].matches);
        }
        assert!(seen > 20, "{seen}");
        assert!(witnesses.nears.iter().all(|nears| nears.hits.len() <= 12 && nears.misses.len() <= 12));
        assert!(witnesses.nears.iter().any(|nears| nears.capped > 0));
    }
}

#[test]
fn the_witnesses_of_a_long_list_are_as_many_as_those_of_a_short_one() {
    let count = |n: usize| {
        let members = (0..n).map(|i| text("A", &format!("*member {i} of many*"))).collect();
        Witnesses::of(&rule(any(members)), Options::default()).events.len()
    };
    let (short, long) = (count(100), count(5_000));
    assert!(long <= short + 20, "{short} {long}");
}
