//! Near misses: values for which a predicate should not hold, and for which a wider operator would.
//!
//! Proposals only, the most telling first, as in `hits`.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::hits::overlap;
use super::near::{Near, NearKind as K, Proposals};
use super::pools;
use super::sample;
use super::texts::{self, Fill, closes, opens};
use super::walk::{self, Style, Times, Twist};
use crate::interp::{Event, Matcher};
use crate::ir::{Case, Field, Network, Pattern, PatternOp, Piece, Predicate, Regex, Subject, Test};

/// What means something in some language's literals, patterns or regexes.
const SPECIAL: &[char] = &[
    '*', '?', '%', '_', '[', '\\', '.', '^', '$', '|', '+', '(', '{', '\'', '"', '`', '!', '#', '-', ']', ')', '}', '/',
];
/// How many special characters of a literal are put to the proof.
const SPECIALS: usize = 4;
/// How many nodes of a kind are twisted in a regex.
const NODES: usize = 6;
/// Among how many literals of a regex the last one is looked for.
const LITERALS: usize = 64;
/// Text for a field that no literal of a rule holds.
const NONE: &str = "zz-none";

/// Near misses of a predicate, as changes of an event for which it holds.
pub(super) fn proposals(predicate: &Predicate, base: &Event, matcher: &Matcher<'_>) -> Vec<Near> {
    let Subject::Field(field) = &predicate.subject else { return keyword(predicate, base, matcher) };
    let mut out = Proposals::new(&field.name);
    let current = base.0.get(&*field.name).cloned();
    match &predicate.test {
        Test::Pattern(pattern) if pattern.pieces().is_empty() => pools::presence(&mut out),
        Test::Pattern(pattern) => {
            of_pattern(pattern, &mut out);
            if let Some(Value::String(text)) = &current {
                of_text(text, Some(pattern), &mut out);
            }
        }
        Test::Regex(regex) => {
            of_regex(regex, &mut out);
            if let Some(Value::String(text)) = &current {
                of_text(text, None, &mut out);
            }
        }
        Test::Network(network) => of_network(*network, &mut out),
        Test::Compare(_, number) | Test::Number(number) => pools::numbers(*number, current.as_ref(), &mut out),
        Test::Bool(wanted) => pools::booleans(*wanted, &mut out),
        Test::Exists(_) | Test::Null => pools::presence(&mut out),
        Test::FieldPattern { op, other, case } => return references(field, *op, other, *case, base),
        Test::TimePart { part, n, .. } => {
            pools::times(*part, *n, &mut out);
            let no_time = |near: &Near| matches!(near.kind, K::NoTime | K::EndMore | K::ImpossibleTime);
            out.list.sort_by_key(|near| !no_time(near));
        }
        Test::Placeholder(_) => {}
    }
    absences(&mut out);
    out.list
}

/// What every test but those of presence must refuse.
fn absences(out: &mut Proposals<'_>) {
    out.missing();
    out.add(K::Null, Value::Null);
    out.add(K::Empty, "");
    out.add(K::SomeText, NONE);
    out.add(K::EmptyList, json!([]));
    out.add(K::ListOfNulls, json!([null]));
    out.add(K::Blank, " ");
}

/// From the pattern itself.
fn of_pattern(pattern: &Pattern, out: &mut Proposals<'_>) {
    let plain = Fill::PLAIN;
    let (front, end) = (opens(pattern), closes(pattern));
    let text = plain.text(pattern);
    if pattern.case == Case::Exact {
        out.add(K::UpperCase, texts::upper(&text));
        out.add(
            K::OneLetter,
            texts::letters(&text).last().map_or(text.clone(), |place| texts::swapped_at(&text, *place)),
        );
    }
    if !front {
        out.add(K::FrontMore, format!("x {text}"));
    }
    if !end {
        out.add(K::EndMore, format!("{text} x"));
    }
    if pattern.pieces().contains(&Piece::AnyChar) {
        out.add(K::OneAsTwo, Fill { one: "qq", ..plain }.text(pattern));
        out.add(K::OneAsNothing, Fill { one: "", ..plain }.text(pattern));
    }
    let literals = texts::literals(pattern);
    let longest = literals.iter().enumerate().max_by_key(|(_, text)| text.len()).map(|(number, _)| number);
    let changed = |place: Option<usize>, change: &dyn Fn(&str) -> String| {
        plain.text_with(pattern, |n, text| if Some(n) == place { change(text) } else { text.to_owned() })
    };
    let inside =
        |with: fn(char) -> String| changed(longest, &|text| texts::replaced(text, text.chars().count() / 2, with));
    let other = |text: &str, place: usize| texts::replaced(text, place, |c| texts::another(c).to_string());
    if front {
        out.add(K::FirstReplaced, changed(Some(0), &|text| other(text, 0)));
    }
    if end {
        let last = |text: &str| other(text, text.chars().count().saturating_sub(1));
        out.add(K::LastReplaced, changed(literals.len().checked_sub(1), &last));
    }
    specials(pattern, out);
    out.add(K::InnerReplaced, inside(|c| texts::another(c).to_string()));
    out.add(K::InnerRemoved, inside(|_| String::new()));
    out.add(K::InnerDoubled, inside(|c| format!("{c}{c}")));
    out.add(K::BlankInserted, inside(|c| format!(" {c}")));
    out.add(K::LineInserted, inside(|c| format!("\n{c}")));
    if let Some(set) = pattern.pieces().iter().find_map(|p| if let Piece::OneOf(set) = p { Some(set) } else { None }) {
        let beside: String = ('!'..='~').filter(|c| !set.contains(c)).take(1).collect();
        let text: String = pattern
            .pieces()
            .iter()
            .map(|piece| match piece {
                Piece::OneOf(_) => beside.clone(),
                Piece::Literal(text) => text.to_string(),
                Piece::AnyChar => "q".to_owned(),
                Piece::AnyString => String::new(),
            })
            .collect();
        out.add(K::BesideSet, text);
    }
    if literals.len() > 1 {
        let mut turned: Vec<&str> = literals.clone();
        turned.reverse();
        out.add(K::Reordered, plain.text_with(pattern, |n, _| turned.get(n).copied().unwrap_or_default().to_owned()));
        for pair in literals.windows(2) {
            if let Some(both) = overlap(pair[0], pair[1]) {
                out.add(K::Overlapping, both);
            }
        }
    }
    let halves = texts::halves(&plain.text(pattern));
    out.add(K::OverTwoValues, json!([halves.0, halves.1]));
}

/// Special characters of the literals as those would read them who take them for special.
fn specials(pattern: &Pattern, out: &mut Proposals<'_>) {
    let literals = texts::literals(pattern);
    let mut seen = Vec::new();
    for special in SPECIAL {
        let place =
            literals.iter().enumerate().find_map(|(n, text)| Some((n, text.chars().position(|c| c == *special)?)));
        let Some(place) = place.filter(|_| seen.len() < SPECIALS) else { continue };
        seen.push(place);
        let with = |with: &str| {
            Fill::PLAIN.text_with(pattern, |n, text| {
                if n == place.0 { texts::replaced(text, place.1, |_| with.to_owned()) } else { text.to_owned() }
            })
        };
        let variant = seen.len();
        out.variant(K::SpecialAsOther, variant, with("q"));
        out.variant(K::SpecialAsTwo, variant, with("qw"));
        out.variant(K::SpecialAsNothing, variant, with(""));
        out.variant(K::SpecialDoubled, variant, with(&format!("{special}{special}")));
    }
}

/// From the text that the event has.
fn of_text(text: &str, pattern: Option<&Pattern>, out: &mut Proposals<'_>) {
    let (front, end) = pattern.map_or((true, true), |pattern| (opens(pattern), closes(pattern)));
    if pattern.is_none_or(|pattern| pattern.case == Case::Exact) {
        out.add(K::UpperCase, texts::upper(text));
        out.add(K::LowerCase, texts::lower(text));
        if let Some(place) = texts::letters(text).first() {
            out.add(K::OneLetter, texts::swapped_at(text, *place));
        }
    }
    let anchored = pattern.is_none();
    if !front || anchored {
        out.add(K::FrontMore, format!("x {text}"));
    }
    if !end || anchored {
        out.add(K::EndMore, format!("{text} x"));
    }
    if !front || anchored {
        out.add(K::LineAtFront, format!("x\n{text}"));
        out.add(K::BlankAtFront, format!(" {text}"));
        out.variant(K::LineAtFront, 1, format!("\n{text}"));
    }
    if !end || anchored {
        out.add(K::LineAtEnd, format!("{text}\n"));
        out.add(K::BlankAtEnd, format!("{text} "));
        out.variant(K::LineAtEnd, 1, format!("{text}\nx"));
    }
    out.add(K::FrontLess, texts::replaced(text, 0, |_| String::new()));
    out.add(K::EndLess, texts::replaced(text, text.chars().count().saturating_sub(1), |_| String::new()));
    let middle = text.chars().count() / 2;
    out.add(K::InnerReplaced, texts::replaced(text, middle, |c| texts::another(c).to_string()));
    if let Some(blank) = text.chars().position(|c| c == ' ') {
        out.variant(K::BlankInserted, 1, texts::replaced(text, blank, |_| "  ".to_owned()));
    }
    let halves = texts::halves(text);
    out.add(K::OverTwoFields, halves.0.clone());
    out.variant(K::OverTwoValues, 1, json!([halves.1, halves.0]));
    // The rest of places, for what the ones above do not flip.
    for (place, _) in text.chars().enumerate().step_by(text.chars().count().div_ceil(NODES * 2).max(1)) {
        out.variant(K::InnerRemoved, place + 1, texts::replaced(text, place, |_| String::new()));
        out.variant(K::InnerReplaced, place + 1, texts::replaced(text, place, |_| "\u{7}".to_owned()));
    }
}

/// By twisting one node of the tree.
fn of_regex(regex: &Regex, out: &mut Proposals<'_>) {
    let tree = &regex.tree;
    let plain = Style::PLAIN;
    let most = Style { times: Times::Most, ..plain };
    let text = walk::text(tree, plain);
    if walk::has_position(tree) {
        out.add(K::FrontMore, format!("x {text}"));
        out.add(K::EndMore, format!("{text} x"));
    }
    // A search for less at an end finds more there.
    let mut literals = (0..LITERALS).map_while(|number| walk::twisted(tree, plain, Twist::Replaced, number));
    literals.next().into_iter().for_each(|text| out.add(K::FirstReplaced, text));
    literals.last().into_iter().for_each(|text| out.add(K::LastReplaced, text));
    let more = Style { times: Times::More, ..plain };
    let mut twist = |kind, style, twist| {
        for number in 0..NODES {
            // A node that the plainest text goes round is there in a longer one.
            let text = walk::twisted(tree, style, twist, number).or_else(|| walk::twisted(tree, more, twist, number));
            let Some(text) = text else { break };
            out.variant(kind, number, text);
        }
    };
    twist(K::LiteralInOtherCase, plain, Twist::OtherCase);
    twist(K::RepeatTooFew, plain, Twist::TooFew);
    twist(K::RepeatTooMany, most, Twist::TooMany);
    twist(K::BesideClass, plain, Twist::Beside(false));
    twist(K::BesideClassAbove, plain, Twist::Beside(true));
    twist(K::DotAsLine, plain, Twist::Line);
    twist(K::LiteralReplaced, plain, Twist::Replaced);
    for number in 0..NODES {
        let Some(text) = walk::twisted(tree, more, Twist::Line, number) else { break };
        out.variant(K::DotAsLine, NODES + number, text);
    }
    if walk::has_position(tree) {
        out.add(K::LineAtFront, format!("x\n{text}"));
        out.add(K::LineAtEnd, format!("{text}\n"));
        out.variant(K::LineAtEnd, 1, format!("{text}\nx"));
    }
}

fn of_network(network: Network, out: &mut Proposals<'_>) {
    let (first, last) = pools::ends(network);
    for neighbour in sample::neighbours(network) {
        out.add(if neighbour < first { K::AddressBelow } else { K::AddressAbove }, neighbour.to_string());
    }
    out.add(K::MappedAddress, pools::mapped(last));
    out.add(K::BlankAtEnd, format!("{last} "));
    // As many parts as an address, and one of them too large.
    let large = match first {
        IpAddr::V4(first) => {
            let [a, b, c, _] = first.octets();
            format!("{a}.{b}.{c}.256")
        }
        IpAddr::V6(_) => format!("{last}1"),
    };
    out.add(K::NoAddress, large);
    let more = [
        format!("0{first}"),
        format!("{first}/{}", network.net().prefix_len()),
        format!("{first}:80"),
        format!(" {first}"),
    ];
    for (variant, text) in more.into_iter().enumerate() {
        out.variant(K::AddressAndMore, variant, text);
    }
    // What begins as the address does, but is longer.
    out.variant(K::NoAddress, 1, format!("{last}1"));
    out.variant(K::NoAddress, 2, format!("1{first}"));
    out.variant(K::NoAddress, 3, "text");
}

/// Two fields that do not agree.
fn references(field: &Field, op: PatternOp, other: &Field, case: Case, base: &Event) -> Vec<Near> {
    let text = match base.0.get(&*other.name) {
        Some(Value::String(text)) => text.clone(),
        _ => "Same Text".to_owned(),
    };
    let near = |kind, own: Option<Value>, others: Option<Value>| Near {
        kind,
        variant: 0,
        edits: vec![(field.name.to_string(), own), (other.name.to_string(), others)],
    };
    let both = |kind, own: String, others: &str| near(kind, Some(own.into()), Some(others.into()));
    let same = Value::from(text.as_str());
    let mut out = Vec::new();
    if case == Case::Exact {
        out.push(both(K::UpperCase, texts::swapped(&text), &text));
    }
    out.push(both(K::FrontMore, format!("x{text}"), &text));
    out.push(both(K::EndMore, format!("{text}x"), &text));
    out.push(both(K::NameOfOther, other.name.to_string(), &text));
    out.push(near(K::OtherMissing, Some(same.clone()), None));
    out.push(near(K::Missing, None, Some(same.clone())));
    out.push(near(K::BothMissing, None, None));
    out.push(near(K::BothNull, Some(Value::Null), Some(Value::Null)));
    let special =
        [("axbxc", "a*b?c"), ("axbc", "a?bc"), ("50xyx", "50%_x"), ("C:\\x\\y", "C:\\x\\[y]"), ("axb", "a.b")];
    for (variant, (own, others)) in special.into_iter().enumerate() {
        out.push(Near { variant, ..both(K::SpecialAsOther, own.to_owned(), others) });
    }
    let middle = text.chars().count() / 2;
    out.push(both(K::InnerReplaced, texts::replaced(&text, middle, |c| texts::another(c).to_string()), &text));
    out.push(near(K::Empty, Some("".into()), Some(same.clone())));
    if op != PatternOp::Equals {
        out.push(both(K::FrontLess, texts::replaced(&text, 0, |_| String::new()), &text));
        out.push(both(
            K::EndLess,
            texts::replaced(&text, text.chars().count().saturating_sub(1), |_| String::new()),
            &text,
        ));
    }
    out.push(near(K::Null, Some(Value::Null), Some(same)));
    // The two swapped: the shorter does not hold the longer.
    out.push(both(K::Reordered, text.clone(), &format!("x{text}x")));
    out
}

/// A keyword where it does not count.
fn keyword(predicate: &Predicate, base: &Event, matcher: &Matcher<'_>) -> Vec<Near> {
    let Some((name, text)) = pools::holder(predicate, base, matcher) else { return Vec::new() };
    let mut out = Proposals::new(&name);
    match &predicate.test {
        Test::Pattern(pattern) => {
            of_pattern(pattern, &mut out);
            of_text(&text, Some(pattern), &mut out);
        }
        Test::Regex(regex) => {
            of_regex(regex, &mut out);
            of_text(&text, None, &mut out);
        }
        _ => {}
    }
    let mut list = out.list;
    let edits = |with: Vec<(String, Value)>| {
        let with = with.into_iter().map(|(name, value)| (name, Some(value)));
        std::iter::once((name.clone(), None)).chain(with).collect()
    };
    list.insert(0, Near { kind: K::InName, variant: 0, edits: edits(vec![(text.clone(), "x".into())]) });
    let (front, back) = texts::halves(&text);
    let split = edits(vec![("FirstHalf".to_owned(), front.into()), ("OtherHalf".to_owned(), back.into())]);
    list.insert(1, Near { kind: K::OverTwoFields, variant: 0, edits: split });
    list.push(Near::new(K::Missing, &name, None));
    list.push(Near::new(K::Null, &name, Some(Value::Null)));
    list.push(Near::new(K::SomeText, &name, Some(NONE.into())));
    list
}
