//! Values around a boundary that has two sides: the same values are proposed as near hits and as near misses, and the
//! interpreter says which side each is on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::{Duration, NaiveDateTime};
use serde_json::{Number as JsonNumber, Value, json};

use super::near::{NearKind as K, Proposals};
use super::sample;
use crate::ir::{Network, Number, TimePart};

/// The number, its neighbours, and its other spellings.
pub(super) fn numbers(number: Number, out: &mut Proposals<'_>) {
    let json = |n: Number| match n {
        Number::Int(i) => i64::try_from(i).map(Value::from).or_else(|_| u64::try_from(i).map(Value::from)).ok(),
        Number::Float(x) => JsonNumber::from_f64(x).map(Value::Number),
    };
    let moved = |by: f64| match number {
        Number::Int(i) if by.fract() == 0.0 => Number::Int(i.saturating_add(by as i128)),
        Number::Int(i) => Number::Float(i as f64 + by),
        Number::Float(x) => Number::Float(x + by),
    };
    let mut add = |kind, variant, n: Number| {
        if let Some(value) = json(n) {
            out.variant(kind, variant, value);
        }
    };
    add(K::Bound, 0, number);
    add(K::BoundByOne, 0, moved(1.0));
    add(K::BoundByOne, 1, moved(-1.0));
    add(K::BoundByHalf, 0, moved(0.5));
    add(K::BoundByHalf, 1, moved(-0.5));
    add(
        K::Negative,
        0,
        match number {
            Number::Int(i) => Number::Int(i.saturating_neg()),
            Number::Float(x) => Number::Float(-x),
        },
    );
    add(K::BeyondDouble, 0, Number::Int((1 << 53) + 1));
    add(K::BeyondDouble, 1, Number::Int(-(1 << 53) - 1));
    let digits = number.to_string();
    out.add(K::AsText, digits.clone());
    for (variant, n) in [moved(1.0), moved(-1.0), moved(0.5), moved(-0.5)].into_iter().enumerate() {
        out.variant(K::AsText, variant + 1, n.to_string());
    }
    for (variant, text) in
        [format!("{digits}e0"), format!("{digits}E+1"), format!("{digits}e-1")].into_iter().enumerate()
    {
        out.variant(K::Exponent, variant, text);
    }
    for (variant, text) in [format!("0{digits}"), format!("+{digits}"), format!("{digits}.0")].into_iter().enumerate() {
        out.variant(K::OtherDigits, variant, text);
    }
    let more = [
        format!("{digits}x"),
        format!("{digits} "),
        format!(" {digits}"),
        format!("x{digits}"),
        format!("1{digits}"),
        format!("{digits}0"),
    ];
    for (variant, text) in more.into_iter().enumerate() {
        out.variant(K::NumberAndMore, variant, text);
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

/// Times at the edges of the part, in several zones and spellings.
pub(super) fn times(part: TimePart, n: i64, out: &mut Proposals<'_>) {
    let second = Duration::seconds(1);
    for (variant, value) in [n, n + 1, n - 1].into_iter().enumerate() {
        let Some((first, next)) = sample::part_borders(part, value) else { continue };
        out.variant(K::FirstMoment, variant, spelled(first));
        out.variant(K::LastMoment, variant, spelled(next - second));
        if variant > 0 {
            continue;
        }
        out.add(K::MomentBefore, spelled(first - second));
        out.add(K::MomentAfter, spelled(next));
        for (zone, (name, minutes)) in [("+05:30", 330), ("-08:00", -480), ("+14:00", 840)].into_iter().enumerate() {
            let local = |time: NaiveDateTime| {
                format!("{}{name}", (time + Duration::minutes(minutes)).format("%Y-%m-%dT%H:%M:%S"))
            };
            out.variant(K::OtherZone, 3 * zone, local(first));
            out.variant(K::OtherZone, 3 * zone + 1, local(next - second));
            out.variant(K::OtherZone, 3 * zone + 2, local(next));
        }
        out.add(K::OtherTimeSpelling, first.format("%Y-%m-%d %H:%M:%S").to_string());
        out.variant(K::OtherTimeSpelling, 1, (next - second).format("%Y-%m-%dT%H:%M:%S.999999").to_string());
        out.variant(K::OtherTimeSpelling, 2, first.format("%Y-%m-%d").to_string());
        out.variant(K::OtherTimeSpelling, 3, first.format("%d.%m.%Y %H:%M:%S").to_string());
    }
    out.add(K::WordForNothing, "text");
    out.add(K::Zero, n);
}

fn spelled(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
