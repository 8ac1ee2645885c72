//! Values that pass a test.
//!
//! Samples are proposals: `solve` keeps those for which the interpreter agrees with every wish on the field.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::{Datelike, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};
use serde_json::{Number as JsonNumber, Value};

use super::random::Random;
use super::texts::Fill;
use crate::ir::regex::{Class, Tree};
use crate::ir::{CompareOp, Network, Number, Pattern, Test, TimePart};

/// How many texts are tried for a regex: positions (`\b`) make some of them miss.
const REGEX_SAMPLES: usize = 40;
/// The longest text that a regex's sample grows to, in characters.
const LENGTH_LIMIT: usize = 4_000;

/// A text that the pattern matches, with `filler` for its wildcards.
pub(super) fn pattern(pattern: &Pattern, filler: &str) -> String {
    Fill { start: filler, inner: filler, end: filler, ..Fill::PLAIN }.text(pattern)
}

/// A text in which the regex probably finds a match.
pub(super) fn regex(tree: &Tree, random: &mut Random) -> String {
    let mut out = String::new();
    write_regex(tree, random, &mut out);
    out
}

fn write_regex(tree: &Tree, random: &mut Random, out: &mut String) {
    if out.chars().count() > LENGTH_LIMIT {
        return;
    }
    match tree {
        Tree::Empty | Tree::Look(_) => {}
        Tree::Literal { c, .. } => out.push(*c),
        Tree::Dot { .. } => out.push(['x', ' ', '-', '0'][random.below(4)]),
        Tree::Class(class) => out.extend(member(class, random)),
        Tree::Repeat { min, max, tree, .. } => {
            let more = if max.is_none_or(|max| max > *min) { random.below(2) } else { 0 };
            for _ in 0..(*min as usize + more).min(LENGTH_LIMIT) {
                write_regex(tree, random, out);
            }
        }
        Tree::Group(tree) => write_regex(tree, random, out),
        Tree::Concat(parts) => parts.iter().for_each(|part| write_regex(part, random, out)),
        Tree::Alternate(parts) => {
            if let Some(part) = random.pick(parts) {
                write_regex(part, random, out);
            }
        }
    }
}

/// A character of the class, a plain one if there is one.
fn member(class: &Class, random: &mut Random) -> Option<char> {
    let ranges = class.ranges();
    let plain: Vec<char> = (' '..='~').filter(|c| ranges.iter().any(|(a, b)| a <= c && c <= b)).collect();
    // Letters and digits first: they survive quoting by hand when a person tries the event.
    let words: Vec<char> = plain.iter().copied().filter(char::is_ascii_alphanumeric).collect();
    let from = if words.is_empty() || random.below(4) == 0 { &plain } else { &words };
    random.pick(from).copied().or_else(|| ranges.first().map(|(a, _)| *a))
}

/// Proposals for a value that passes the test; for patterns alone (joined ones are made by `solve`).
pub(super) fn values(test: &Test, random: &mut Random) -> Vec<Value> {
    match test {
        Test::Pattern(p) => ["", "x", "C:\\Dir\\x"].iter().map(|filler| Value::from(pattern(p, filler))).collect(),
        Test::Regex(r) => (0..REGEX_SAMPLES).map(|_| Value::from(regex(&r.tree, random))).collect(),
        Test::Network(network) => addresses(*network).into_iter().map(|ip| Value::from(ip.to_string())).collect(),
        Test::Compare(_, number) | Test::Number(number) => numbers(*number),
        Test::Bool(wanted) => vec![Value::Bool(*wanted), Value::from(wanted.to_string())],
        Test::Exists(true) => vec![Value::from("x")],
        Test::Null => vec![Value::Null],
        Test::Exists(false) | Test::FieldPattern { .. } | Test::TimePart { .. } | Test::Placeholder(_) => Vec::new(),
    }
}

/// The number and its neighbours, as numbers and as text.
fn numbers(number: Number) -> Vec<Value> {
    let json = |n: Number| match n {
        Number::Int(i) => i64::try_from(i).map(Value::from).or_else(|_| u64::try_from(i).map(Value::from)).ok(),
        Number::Float(x) => JsonNumber::from_f64(x).map(Value::Number),
    };
    let near: Vec<Number> = match number {
        Number::Int(i) => [0, 1, -1, 2, -2].into_iter().map(|d| Number::Int(i.saturating_add(d))).collect(),
        Number::Float(x) => [0.0, 0.5, -0.5, 1.0, -1.0].into_iter().map(|d| Number::Float(x + d)).collect(),
    };
    near.iter().copied().filter_map(json).chain(near.iter().map(|n| Value::from(n.to_string()))).collect()
}

/// The first and last address of the network, and one between.
pub(super) fn addresses(network: Network) -> Vec<IpAddr> {
    let net = network.net();
    let (first, last) = (net.network(), net.broadcast());
    let middle = match (first, last) {
        (IpAddr::V4(a), IpAddr::V4(b)) => IpAddr::V4(Ipv4Addr::from(u32::from(a).midpoint(u32::from(b)))),
        (IpAddr::V6(a), IpAddr::V6(b)) => IpAddr::V6(Ipv6Addr::from(u128::from(a).midpoint(u128::from(b)))),
        _ => first,
    };
    vec![middle, first, last]
}

/// The addresses just outside the network.
pub(super) fn neighbours(network: Network) -> Vec<IpAddr> {
    match (network.net().network(), network.net().broadcast()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let (a, b) = (u32::from(a).checked_sub(1), u32::from(b).checked_add(1));
            [a, b].into_iter().flatten().map(|n| IpAddr::V4(Ipv4Addr::from(n))).collect()
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let (a, b) = (u128::from(a).checked_sub(1), u128::from(b).checked_add(1));
            [a, b].into_iter().flatten().map(|n| IpAddr::V6(Ipv6Addr::from(n))).collect()
        }
        _ => Vec::new(),
    }
}

/// Timestamps for all wishes about time parts of one field together: each part is set to the number, then one off.
pub(super) fn timestamps(tests: &[(TimePart, CompareOp, i64)]) -> Vec<Value> {
    let offsets = [0_i64, 1, -1];
    let base = NaiveDate::from_ymd_opt(2024, 3, 14).unwrap_or_default().and_time(NaiveTime::default());
    offsets
        .iter()
        .map(|offset| tests.iter().fold(base, |time, (part, _, n)| with_part(time, *part, n + offset)))
        .map(|time| Value::from(time.format("%Y-%m-%dT%H:%M:%SZ").to_string()))
        .collect()
}

/// The first moment at which a part is the number, and the first one after; nothing where no time has it.
pub(super) fn part_borders(part: TimePart, n: i64) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let base = NaiveDate::from_ymd_opt(2024, 3, 14)?.and_hms_opt(10, 20, 30)?;
    let time = with_part(base, part, n);
    let day = |date: NaiveDate| date.and_time(NaiveTime::default());
    let (first, next) = match part {
        TimePart::Minute => {
            let first = time.with_second(0)?;
            (first, first + Duration::minutes(1))
        }
        TimePart::Hour => {
            let first = time.with_minute(0)?.with_second(0)?;
            (first, first + Duration::hours(1))
        }
        TimePart::Day => (day(time.date()), day(time.date().succ_opt()?)),
        TimePart::Week => {
            let monday = NaiveDate::from_isoywd_opt(time.iso_week().year(), time.iso_week().week(), Weekday::Mon)?;
            (day(monday), day(monday + Duration::days(7)))
        }
        TimePart::Month => {
            let first = time.date().with_day(1)?;
            (day(first), day(first.checked_add_months(Months::new(1))?))
        }
        TimePart::Year => (day(time.date().with_ordinal(1)?), day(NaiveDate::from_ymd_opt(time.year() + 1, 1, 1)?)),
    };
    Some((first, next))
}

fn with_part(time: NaiveDateTime, part: TimePart, n: i64) -> NaiveDateTime {
    let Ok(number) = u32::try_from(n) else { return time };
    match part {
        TimePart::Minute => time.with_minute(number),
        TimePart::Hour => time.with_hour(number),
        TimePart::Day => time.with_day(number).or_else(|| time.with_month(1).and_then(|t| t.with_day(number))),
        TimePart::Month => time.with_day(1).and_then(|t| t.with_month(number)),
        TimePart::Year => i32::try_from(n).ok().and_then(|year| time.with_day(1).and_then(|t| t.with_year(year))),
        TimePart::Week => {
            NaiveDate::from_isoywd_opt(time.year(), number, Weekday::Wed).map(|d| d.and_time(time.time()))
        }
    }
    .unwrap_or(time)
}
