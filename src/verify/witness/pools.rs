//! Values around a boundary that has two sides: the same values are proposed as near hits and as near misses, and the
//! interpreter says which side each is on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::{Duration, NaiveDateTime};
use serde_json::{Number as JsonNumber, Value, json};

use super::near::{NearKind as K, Proposals};
use super::sample;
use crate::interp::{Event, Matcher};
use crate::ir::{Network, Number, Predicate, TimePart};

/// The number, its neighbours, and its other spellings. Of a kind's values on both sides of the bound the interpreter takes the
/// first that is on the side in question. `held` is a value that passes the test.
pub(super) fn numbers(number: Number, held: Option<&Value>, out: &mut Proposals<'_>) {
    let json = |n: Number| match n {
        Number::Int(i) => i64::try_from(i).map(Value::from).or_else(|_| u64::try_from(i).map(Value::from)).ok(),
        Number::Float(x) => JsonNumber::from_f64(x).map(Value::Number),
    };
    let moved = |by: f64| match number {
        Number::Int(i) if by.fract() == 0.0 => Number::Int(i.saturating_add(by as i128)),
        Number::Int(i) => Number::Float(i as f64 + by),
        Number::Float(x) => Number::Float(x + by),
    };
    let negative = match number {
        Number::Int(i) => Number::Int(i.saturating_neg()),
        Number::Float(x) => Number::Float(-x),
    };
    let beyond = 1 << 53;
    let mut add = |kind, n: Number| json(n).into_iter().for_each(|value| out.add(kind, value));
    add(K::Bound, number);
    add(K::BoundByHalf, moved(0.5));
    add(K::BoundByHalf, moved(-0.5));
    let float = |n: Number| match n {
        Number::Int(i) => i as f64,
        Number::Float(x) => x,
    };
    for n in [number, moved(0.5), moved(-0.5)] {
        out.add(K::Exponent, format!("{}E+1", Number::Float(float(n) / 10.0)));
        out.add(K::NegativeExponent, format!("{}e-1", Number::Float(float(n) * 10.0)));
    }
    for n in [number, moved(1.0), moved(-1.0)] {
        out.add(K::AsText, n.to_string());
    }
    let held = match held {
        Some(Value::String(text)) => text.clone(),
        Some(value @ Value::Number(_)) => value.to_string(),
        _ => number.to_string(),
    };
    // On the side of the bound where the value is, also for those who read what is no number as one.
    let value = held.parse::<f64>().unwrap_or_else(|_| float(number));
    let (whole, points) = if value > float(number) { (value.ceil(), "9999.5.0") } else { (value.floor(), ".5.0") };
    out.add(K::PointAtEnd, format!("{whole}."));
    let more = [
        format!("{whole}{points}"),
        format!("{held}x"),
        format!("{held} "),
        format!(" {held}"),
        format!("x{held}"),
        format!("1{held}"),
        format!("{held}0"),
    ];
    for (variant, text) in more.into_iter().enumerate() {
        out.variant(K::NumberAndMore, variant, text);
    }
    let mut add = |kind, n: Number| json(n).into_iter().for_each(|value| out.add(kind, value));
    add(K::BoundByOne, moved(1.0));
    add(K::BoundByOne, moved(-1.0));
    add(K::Negative, negative);
    add(K::BeyondDouble, Number::Int(beyond + 1));
    add(K::BeyondDouble, Number::Int(-beyond - 1));
    for n in [number, moved(1.0), moved(-1.0)] {
        for (variant, text) in [format!("0{n}"), format!("+{n}"), format!("{n}.0")].into_iter().enumerate() {
            out.variant(K::OtherDigits, variant, text);
        }
    }
    out.add(K::WordForNothing, "text");
}

/// Truth values and the words for them.
pub(super) fn booleans(wanted: bool, out: &mut Proposals<'_>) {
    let (word, other) = if wanted { ("true", "false") } else { ("false", "true") };
    out.add(K::AsBoolean, wanted);
    out.add(K::AsWord, word);
    out.add(K::WordInOtherCase, word.to_uppercase());
    out.variant(K::WordInOtherCase, 1, super::texts::swapped_at(word, 0));
    out.add(K::OtherTruth, !wanted);
    out.variant(K::OtherTruth, 1, other);
    out.add(K::FrontMore, format!("x{word}"));
    out.add(K::EndMore, format!("{word}x"));
    out.add(K::BlankAtEnd, format!("{word} "));
    out.add(K::LineAtEnd, format!("{word}\n"));
    out.add(K::WordForNothing, if wanted { "yes" } else { "no" });
    out.add(K::Zero, i32::from(wanted));
    out.variant(K::Zero, 1, if wanted { "1" } else { "0" });
    out.add(K::EndLess, &word[..word.len() - 1]);
}

/// What may and may not count as nothing.
pub(super) fn presence(out: &mut Proposals<'_>) {
    out.missing();
    out.add(K::Null, Value::Null);
    out.add(K::Empty, "");
    out.add(K::SomeText, "x");
    out.add(K::ListOfNulls, json!([null, null]));
    out.add(K::EmptyList, json!([]));
    out.add(K::BesideNull, json!([null, "x"]));
    out.add(K::Blank, " ");
    out.add(K::WordForNothing, "null");
    out.variant(K::WordForNothing, 1, "-");
    out.add(K::Zero, 0);
    out.add(K::FalseValue, false);
}

/// The field that holds a keyword, with its text: other fields may have texts for other predicates.
pub(super) fn holder(keyword: &Predicate, base: &Event, matcher: &Matcher<'_>) -> Option<(String, String)> {
    let holds = |name: &String, value: &Value| {
        let alone = Event([(name.clone(), value.clone())].into_iter().collect());
        matcher.holds(keyword, &alone)
    };
    let texts = base.0.iter().filter(|(_, value)| value.is_string());
    let (name, value) = texts.clone().find(|(name, value)| holds(name, value)).or(texts.clone().next())?;
    Some((name.clone(), value.as_str()?.to_owned()))
}

/// The first and last address of a network.
pub(super) fn ends(network: Network) -> (IpAddr, IpAddr) {
    (network.net().network(), network.net().broadcast())
}

/// Addresses within: on both sides of each boundary that a network half or a quarter the size would have.
pub(super) fn inner(network: Network) -> Vec<IpAddr> {
    let (first, last) = match ends(network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(u32::from(a)), u128::from(u32::from(b))),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b)),
        _ => return Vec::new(),
    };
    let size = last - first;
    let address = |n: u128| match ends(network).0 {
        IpAddr::V4(_) => u32::try_from(n).ok().map(|n| IpAddr::V4(Ipv4Addr::from(n))),
        IpAddr::V6(_) => Some(IpAddr::V6(Ipv6Addr::from(n))),
    };
    let middle = first + size / 2;
    let at = [
        middle,
        middle.saturating_add(1).min(last),
        first.saturating_add(1).min(last),
        last.saturating_sub(1).max(first),
    ];
    at.into_iter().filter_map(address).collect()
}

/// Another spelling: IPv6 written out in capitals.
pub(super) fn other_spelling(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.segments().map(|part| format!("{part:04X}")).join(":"),
    }
}

/// An IPv4 address as IPv6 has it.
pub(super) fn mapped(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("::ffff:{address}"),
        IpAddr::V6(address) => address.to_string(),
    }
}

/// Times at the edges of the part, in several zones and spellings. Of a kind's values the first on the side in question is taken.
pub(super) fn times(part: TimePart, n: i64, out: &mut Proposals<'_>) {
    let second = Duration::seconds(1);
    let zoned = |time: NaiveDateTime, (name, minutes): (&str, i64)| {
        format!("{}{name}", (time + Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M:%S"))
    };
    let (east, west) = (("+13:45", 825), ("-11:30", -690));
    for value in [n, n + 1, n - 1] {
        let Some((first, next)) = sample::part_borders(part, value) else { continue };
        let last = next - second;
        // The last moment in the east and the first in the west are on another day there.
        out.add(K::OtherZone, zoned(last, east));
        out.add(K::WesternZone, zoned(first, west));
        out.add(K::OtherTimeSpelling, first.format("%Y-%m-%dt%H:%M:%S.123456789z").to_string());
        out.add(K::FirstMoment, spelled(first));
        out.add(K::LastMoment, spelled(last));
        out.variant(K::OtherTimeSpelling, 1, first.format("%Y-%m-%d %H:%M:%S").to_string());
        out.variant(K::OtherTimeSpelling, 2, last.format("%Y-%m-%dT%H:%M:%S.999999").to_string());
        out.variant(K::OtherTimeSpelling, 3, first.format("%Y-%m-%d").to_string());
        out.variant(K::OtherTimeSpelling, 4, first.format("%d.%m.%Y %H:%M:%S").to_string());
        if value == n {
            out.add(K::MomentBefore, spelled(first - second));
            out.add(K::MomentAfter, spelled(next));
            out.add(K::NoTime, first.format("%Y-%m-%d %H:%M:0").to_string());
            out.add(K::EndMore, first.format("%Y-%m-%dT%H:%M:%Sx").to_string());
            out.add(K::ImpossibleTime, first.format("%Y-02-30T%H:%M:%SZ").to_string());
        }
    }
    out.add(K::WordForNothing, "text");
    out.add(K::Zero, n);
}

fn spelled(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
