//! Near hits: values for which a predicate should still hold, and for which a narrower operator would not.
//!
//! Proposals only, the most telling first: the interpreter says which of them hold, and the rule's verdict which of them
//! prove something.

use serde_json::{Value, json};

use super::near::{Near, NearKind as K, Proposals};
use super::pools;
use super::texts::{self, Fill, closes, opens};
use super::walk::{self, Pick, Style, Times};
use crate::interp::{Event, Matcher};
use crate::ir::regex::Tree;
use crate::ir::{Case, Field, Network, Pattern, PatternOp, Piece, Predicate, Regex, Subject, Test};

/// A field for keywords that no rule names.
const OTHER_FIELD: &str = "OtherField";
/// The length of a long value, in characters.
const LONG: usize = 2_000;
/// How many members of a set, and branches of a regex, are proposed.
const VARIANTS: usize = 6;

/// Near hits of a predicate, as changes of an event for which it holds.
pub(super) fn proposals(predicate: &Predicate, base: &Event, matcher: &Matcher<'_>) -> Vec<Near> {
    let Subject::Field(field) = &predicate.subject else { return keyword(predicate, base, matcher) };
    let mut out = Proposals::new(&field.name);
    let current = base.0.get(&*field.name).cloned();
    match &predicate.test {
        Test::Pattern(pattern) if pattern.pieces().is_empty() => out.add(K::Empty, ""),
        Test::Pattern(pattern) => {
            of_pattern(pattern, &mut out);
            if let Some(Value::String(text)) = &current {
                of_text(text, pattern, &mut out);
            }
        }
        Test::Regex(regex) => {
            of_regex(regex, &mut out);
            if let Some(Value::String(text)) = &current {
                around(text, &mut out);
            }
        }
        Test::Network(network) => of_network(*network, &mut out),
        Test::Compare(_, number) | Test::Number(number) => pools::numbers(*number, current.as_ref(), &mut out),
        Test::Bool(wanted) => pools::booleans(*wanted, &mut out),
        Test::Exists(_) | Test::Null => pools::presence(&mut out),
        Test::FieldPattern { op, other, case } => return references(field, *op, other, *case, base),
        Test::TimePart { part, n, .. } => pools::times(*part, *n, &mut out),
        Test::Placeholder(_) => {}
    }
    if !matches!(predicate.test, Test::Null | Test::Exists(_))
        && let Some(value) = current.filter(|value| !value.is_array())
    {
        in_lists(&value, &mut out);
    }
    out.list
}

fn in_lists(value: &Value, out: &mut Proposals<'_>) {
    out.add(K::LastInList, json!(["other", value]));
    out.add(K::FirstInList, json!([value, "other"]));
    out.add(K::BesideNull, json!([null, value]));
}

/// From the pattern itself.
fn of_pattern(pattern: &Pattern, out: &mut Proposals<'_>) {
    let folds = pattern.case == Case::Fold;
    let with = |fill: Fill<'_>, letters: fn(&str) -> String| fill.text_with(pattern, |_, text| letters(text));
    let cased = |change: fn(&str) -> String| if folds { change } else { str::to_owned as fn(&str) -> String };
    let wild = Fill { start: "x\n7", inner: " é\nq", end: "8\nx", one: "\u{1F600}", member: 1 };
    out.add(K::Wild, with(wild, cased(texts::swapped)));
    let bare = Fill { start: "", inner: "", end: "", one: "\n", member: 2 };
    out.add(K::Bare, with(bare, cased(texts::upper)));
    if folds {
        letters_of(|change| Fill::PLAIN.text_with(pattern, |_, text| change(text)), out);
        let literals = texts::literals(pattern);
        one_letters(
            &literals,
            |number, place| {
                Fill::PLAIN.text_with(pattern, |n, text| {
                    if n == number { texts::swapped_at(text, place) } else { text.to_owned() }
                })
            },
            out,
        );
    }
    let plain = Fill::PLAIN;
    let mut fill = |kind, fill: Fill<'_>| out.add(kind, fill.text(pattern));
    let within = &pattern.pieces()[1..pattern.pieces().len().max(2) - 1];
    if within.contains(&Piece::AnyString) {
        fill(K::StarAsNothing, plain);
        fill(K::StarAsLine, Fill { inner: "\n", ..plain });
        fill(K::StarAsOne, Fill { inner: "~", ..plain });
        fill(K::StarAsMany, Fill { inner: " many of them ", ..plain });
    }
    if pattern.pieces().contains(&Piece::AnyChar) {
        let ones = [
            (K::OneAsAstral, "\u{1F600}"),
            (K::OneAsLine, "\n"),
            (K::OneAsDigit, "7"),
            (K::OneAsSeparator, "\\"),
            (K::OneAsCombining, "\u{301}"),
            (K::OneAsLetter, "w"),
        ];
        ones.into_iter().for_each(|(kind, one)| fill(kind, Fill { one, ..plain }));
    }
    let sets =
        pattern.pieces().iter().filter_map(|piece| if let Piece::OneOf(set) = piece { Some(set.len()) } else { None });
    for member in 1..sets.max().unwrap_or(1).min(VARIANTS) {
        out.variant(K::SetMember, member, Fill { member, ..plain }.text(pattern));
    }
    let (front, end) = (opens(pattern), closes(pattern));
    let mut fill = |kind, fill: Fill<'_>| out.add(kind, fill.text(pattern));
    if front && end {
        fill(K::GluedAtBothEnds, Fill { start: "x7", end: "8x", ..plain });
    }
    if front {
        fill(K::GluedAtFront, Fill { start: "x", ..plain });
        fill(K::LineBefore, Fill { start: "a line\n", ..plain });
        fill(K::DelimitedAtFront, Fill { start: "C:\\Dir\\", ..plain });
    }
    if end {
        fill(K::GluedAtEnd, Fill { end: "x", ..plain });
        fill(K::LineAfter, Fill { end: "\na line", ..plain });
        fill(K::DelimitedAtEnd, Fill { end: " -x", ..plain });
    }
    if front || end {
        fill(K::NothingAround, plain);
        let text = plain.text(pattern);
        let (double, long) = (format!("{text} {text}"), "long ".repeat(LONG / 5));
        fill(K::Twice, if front { Fill { start: &double, ..plain } } else { Fill { end: &double, ..plain } });
        fill(K::Long, if front { Fill { start: &long, ..plain } } else { Fill { end: &long, ..plain } });
    }
    if let [Piece::Literal(first), Piece::AnyString, Piece::Literal(second), ..] =
        &pattern.pieces()[usize::from(front)..]
        && let Some(both) = overlap(first, second)
    {
        out.add(K::Overlapping, both);
    }
    let text = plain.text(pattern);
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        out.add(K::AsNumber, number);
    }
    if let Ok(truth) = text.to_lowercase().parse::<bool>() {
        out.add(K::AsBoolean, truth);
    }
}

/// One text that both are in, sharing an end and a start; nothing where they share none.
pub(super) fn overlap(first: &str, second: &str) -> Option<String> {
    let mut starts = second.char_indices().map(|(at, c)| at + c.len_utf8());
    let shared = starts.rfind(|at| second.get(..*at).is_some_and(|start| first.ends_with(start)))?;
    Some(format!("{first}{}", second.get(shared..).unwrap_or("")))
}

/// A text in other letter cases; `make` makes the text with a change of its letters.
fn letters_of(make: impl Fn(fn(&str) -> String) -> String, out: &mut Proposals<'_>) {
    out.add(K::UpperCase, make(texts::upper));
    out.add(K::LowerCase, make(texts::lower));
}

/// A text with one letter in its other case; `make` makes it from the number of the literal and the place within.
fn one_letters(literals: &[&str], make: impl Fn(usize, usize) -> String, out: &mut Proposals<'_>) {
    let places: Vec<(usize, usize)> = literals
        .iter()
        .enumerate()
        .flat_map(|(number, text)| texts::letters(text).into_iter().map(move |place| (number, place)))
        .collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
    out.add(K::FirstLetter, make(first.0, first.1));
    out.add(K::LastLetter, make(last.0, last.1));
    let middle = places[places.len() / 2];
    out.add(K::OneLetter, make(middle.0, middle.1));
    let beyond = |(number, place): &&(usize, usize)| {
        literals.get(*number).and_then(|text| text.chars().nth(*place)).is_some_and(|c| !c.is_ascii())
    };
    if let Some(beyond) = places.iter().find(beyond) {
        out.add(K::LetterBeyondAscii, make(beyond.0, beyond.1));
    }
}

/// From the text that the event has, which may be there for the sake of other predicates, too.
fn of_text(text: &str, pattern: &Pattern, out: &mut Proposals<'_>) {
    let (front, end) = (opens(pattern), closes(pattern));
    let around = |before: &str, after: &str, letters: fn(&str) -> String| {
        format!("{}{}{}", if front { before } else { "" }, letters(text), if end { after } else { "" })
    };
    if pattern.case == Case::Fold {
        out.add(K::Wild, around("x\n7", "8\nx", texts::swapped));
        out.add(K::Bare, around("", "", texts::upper));
        letters_of(|change| change(text), out);
        one_letters(&[text], |_, place| texts::swapped_at(text, place), out);
    } else {
        out.add(K::Wild, around("x\n7", "8\nx", str::to_owned));
    }
    if front && end {
        out.add(K::GluedAtBothEnds, format!("x7{text}8x"));
    }
    if front {
        out.add(K::LineBefore, format!("a line\n{text}"));
        out.add(K::GluedAtFront, format!("x{text}"));
    }
    if end {
        out.add(K::LineAfter, format!("{text}\na line"));
        out.add(K::GluedAtEnd, format!("{text}x"));
    }
}

/// By walking the tree.
fn of_regex(regex: &Regex, out: &mut Proposals<'_>) {
    let tree = &regex.tree;
    let plain = Style::PLAIN;
    let most = walk::text(tree, Style { branch: 1, times: Times::Most, pick: Pick::Last, dot: '\u{1F600}' });
    let dotted = walk::text(tree, Style { times: Times::More, pick: Pick::First, dot: '\u{301}', ..plain });
    out.add(K::Wild, format!("x\n{}\nx", texts::swapped(&most)));
    out.variant(K::Wild, 1, format!("x7{}8x", texts::swapped(&most)));
    out.variant(K::Wild, 2, most);
    out.add(K::Bare, texts::upper(&dotted));
    out.variant(K::Bare, 1, dotted);
    for branch in 1..walk::branches(tree).min(VARIANTS) {
        out.variant(K::Branch, branch, walk::text(tree, Style { branch, ..plain }));
    }
    let text = walk::text(tree, plain);
    out.add(K::UpperCase, texts::upper(&text));
    out.add(K::LowerCase, texts::lower(&text));
    if walk::has(tree, &|tree| matches!(tree, Tree::Repeat { .. })) {
        out.add(K::RepeatMost, walk::text(tree, Style { times: Times::Most, ..plain }));
        out.add(K::RepeatMore, walk::text(tree, Style { times: Times::More, ..plain }));
        out.add(K::RepeatLeast, text.clone());
    }
    if walk::has(tree, &|tree| matches!(tree, Tree::Class(_))) {
        out.add(K::ClassLast, walk::text(tree, Style { pick: Pick::Last, ..plain }));
        out.add(K::ClassFirst, walk::text(tree, Style { pick: Pick::First, ..plain }));
    }
    if walk::has(tree, &|tree| matches!(tree, Tree::Dot { .. })) {
        let dots = ['\n', '\u{1F600}', '\\', '\r', '\u{301}'];
        for (place, dot) in dots.into_iter().enumerate() {
            // A line break first, and what comes after it where the dot is none.
            let times = Times::More;
            out.variant(K::DotAs, place.saturating_sub(1), walk::text(tree, Style { dot, times, ..plain }));
        }
    }
    around(&text, out);
}

/// Text around a match: a regex looks anywhere, unless it is anchored.
fn around(text: &str, out: &mut Proposals<'_>) {
    out.add(K::GluedAtBothEnds, format!("x7{text}8x"));
    out.add(K::LineBefore, format!("a line\n{text}"));
    out.add(K::LineAfter, format!("{text}\na line"));
    out.add(K::DelimitedAtFront, format!("a {text}"));
    out.add(K::DelimitedAtEnd, format!("{text} a"));
    out.add(K::GluedAtFront, format!("x{text}"));
    out.add(K::GluedAtEnd, format!("{text}x"));
    out.add(K::Long, format!("{}{text}", "long ".repeat(LONG / 5)));
}

fn of_network(network: Network, out: &mut Proposals<'_>) {
    let (first, last) = pools::ends(network);
    out.add(K::FirstAddress, first.to_string());
    out.add(K::LastAddress, last.to_string());
    for (variant, inner) in pools::inner(network).into_iter().enumerate() {
        out.variant(K::HalfAddress, variant, inner.to_string());
    }
    out.add(K::OtherSpelling, pools::other_spelling(last));
    out.add(K::MappedAddress, pools::mapped(last));
}

/// Two fields: what the one is, seen from the other.
fn references(field: &Field, op: PatternOp, other: &Field, case: Case, base: &Event) -> Vec<Near> {
    let text = match base.0.get(&*other.name) {
        Some(Value::String(text)) => text.clone(),
        _ => "Same Text".to_owned(),
    };
    let (front, end) = match op {
        PatternOp::Equals => ("", ""),
        PatternOp::Contains => ("x\n7", "8\nx"),
        PatternOp::StartsWith => ("", "8\nx"),
        PatternOp::EndsWith => ("x\n7", ""),
    };
    let both = |kind, own: Value, others: Value| Near {
        kind,
        variant: 0,
        edits: vec![(field.name.to_string(), Some(own)), (other.name.to_string(), Some(others))],
    };
    let mut out = Vec::new();
    let mixed = if case == Case::Fold { texts::swapped(&text) } else { text.clone() };
    out.push(both(K::Wild, format!("{front}{mixed}{end}").into(), text.clone().into()));
    out.push(both(K::Bare, text.clone().into(), text.clone().into()));
    out.push(both(K::UpperCase, texts::upper(&text).into(), texts::lower(&text).into()));
    out.push(both(K::LetterBeyondAscii, format!("{text}É").into(), format!("{text}é").into()));
    out.push(both(K::OtherType, "17".into(), 17.into()));
    let special = ["a*b?c", "50%_x", "C:\\x\\[y]", "a.b+(c"];
    for (variant, special) in special.into_iter().enumerate() {
        out.push(Near { variant, ..both(K::SpecialAsOther, format!("{front}{special}{end}").into(), special.into()) });
    }
    out.push(both(K::Empty, "".into(), "".into()));
    out.push(both(K::LastInList, json!(["other", text]), text.clone().into()));
    out.push(both(K::Long, text.repeat(200).into(), text.repeat(200).into()));
    out
}

/// A keyword: in every place that a value can have.
fn keyword(predicate: &Predicate, base: &Event, matcher: &Matcher<'_>) -> Vec<Near> {
    let Some((name, text)) = pools::holder(predicate, base, matcher) else { return Vec::new() };
    let mut out = Proposals::new(&name);
    match &predicate.test {
        Test::Pattern(pattern) => {
            of_pattern(pattern, &mut out);
            of_text(&text, pattern, &mut out);
            let plain = Fill::PLAIN.text(pattern);
            if let Ok(number) = format!("1{plain}7").parse::<i64>() {
                out.add(K::InNumber, number);
            }
        }
        Test::Regex(regex) => of_regex(regex, &mut out),
        _ => {}
    }
    in_lists(&Value::from(text.as_str()), &mut out);
    out.add(K::Nested, json!({"outer": {"inner": text}}));
    let mut list = out.list;
    let moved = vec![(name, None), (OTHER_FIELD.to_owned(), Some(Value::from(text)))];
    list.push(Near { kind: K::OtherField, variant: 0, edits: moved });
    list
}
