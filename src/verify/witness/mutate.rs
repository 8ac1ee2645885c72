//! Small changes of events: near misses of a predicate, and the changes that translations are known to get wrong.

use serde_json::Value;

use super::random::Random;
use super::sample;
use crate::interp::Event;
use crate::ir::{Predicate, Subject, Test};

/// The characters that mean something in some target's literals, patterns or regexes.
const TRICKY: &[char] =
    &['*', '?', '%', '_', '\\', '\'', '"', '[', ']', '^', '$', '|', '\n', '\t', '!', '`', '{', '(', ')', '.', '-', '/'];
/// How many places of a text are tried for a near miss.
const PLACES: usize = 24;

/// Events that differ from `holding` in what the predicate looks at, nearest first.
pub(super) fn misses(predicate: &Predicate, holding: &Event) -> Vec<Event> {
    let with = |name: &str, value: Option<Value>| {
        let mut event = holding.clone();
        match value {
            Some(value) => event.0.insert(name.to_owned(), value),
            None => event.0.remove(name),
        };
        event
    };
    let names: Vec<String> = match &predicate.subject {
        Subject::Field(field) => vec![field.name.to_string()],
        Subject::AnyValue => holding.0.keys().cloned().collect(),
    };
    let mut out = Vec::new();
    for name in &names {
        match &predicate.test {
            Test::Network(network) => {
                out.extend(sample::neighbours(*network).into_iter().map(|ip| with(name, Some(ip.to_string().into()))));
            }
            Test::Exists(false) | Test::Null => {
                out.extend(["x", ""].map(|text| with(name, Some(text.into()))));
            }
            _ => {}
        }
        match holding.0.get(name) {
            Some(Value::String(text)) => {
                out.extend(near_texts(text).into_iter().map(|text| with(name, Some(text.into()))));
            }
            Some(Value::Number(number)) => out.extend(near_numbers(number).into_iter().map(|n| with(name, Some(n)))),
            Some(Value::Bool(value)) => out.push(with(name, Some(Value::Bool(!value)))),
            _ => {}
        }
        out.extend(
            [Some(Value::from("zz-none")), Some(Value::from("")), Some(Value::Null), None].map(|v| with(name, v)),
        );
    }
    out
}

/// The text with one character less, more, or another, at the ends and at places within; and with its case flipped.
fn near_texts(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let step = chars.len().div_ceil(PLACES).max(1);
    let edges = [0, chars.len().saturating_sub(1)];
    for place in edges.into_iter().chain((0..chars.len()).step_by(step)).filter(|p| *p < chars.len()) {
        let mut less = chars.clone();
        less.remove(place);
        out.push(less.iter().collect());
        let mut other = chars.clone();
        other[place] = '\u{7}';
        out.push(other.iter().collect());
    }
    out.push(format!("{text}~"));
    out.push(format!("~{text}"));
    out.push(swap_case(text));
    out
}

fn near_numbers(number: &serde_json::Number) -> Vec<Value> {
    match (number.as_i64(), number.as_f64()) {
        (Some(i), _) => [1, -1, 2, -2].iter().filter_map(|d| i.checked_add(*d)).map(Value::from).collect(),
        (None, Some(x)) => [1.0, -1.0, 0.5].iter().map(|d| Value::from(x + d)).collect(),
        _ => Vec::new(),
    }
}

/// Every cased character in its other case.
fn swap_case(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut other =
                if c.is_uppercase() { c.to_lowercase().collect::<Vec<_>>() } else { c.to_uppercase().collect() };
            // One character for one: what folding is about.
            if other.len() == 1 { other.remove(0) } else { c }
        })
        .collect()
}

/// A change of one of the fields, chosen at random; nothing where the change would be none.
pub(super) fn mutation(source: &Event, fields: &[String], random: &mut Random) -> Option<Event> {
    let present: Vec<&String> = source.0.keys().collect();
    let name = if present.is_empty() || random.below(8) == 0 {
        random.pick(fields)?.clone()
    } else {
        (*random.pick(&present)?).clone()
    };
    let mut event = source.clone();
    let value = match source.0.get(&name) {
        None => Some([Value::Null, "".into(), "x".into(), Value::from(0), Value::Bool(true)][random.below(5)].clone()),
        Some(Value::String(text)) => changed_text(text, random),
        Some(Value::Number(number)) => changed_number(number, random),
        Some(Value::Bool(value)) => {
            Some([Value::from(value.to_string()), Value::Bool(!value)][random.below(2)].clone())
        }
        Some(_) => None,
    };
    match value {
        Some(value) => event.0.insert(name, value),
        None => event.0.remove(&name),
    };
    (event != *source).then_some(event)
}

/// A change of a number: near it, or something that looks like it; `None` removes the field.
fn changed_number(number: &serde_json::Number, random: &mut Random) -> Option<Value> {
    let near = near_numbers(number);
    Some(match random.below(20) {
        0 => return None,
        1 => Value::Null,
        2 => "".into(),
        3 => Value::Bool(true),
        4 => Value::Array(vec!["other".into(), Value::Number(number.clone())]),
        5 => Value::Array(Vec::new()),
        6 => serde_json::json!({ "Value": number }),
        7..=9 => random.pick(&near)?.clone(),
        10 => number.as_f64().map_or(Value::Null, |x| Value::from(x + 0.5)),
        11 => number.as_i64().map_or(Value::Null, |i| Value::from(i.saturating_neg())),
        12 => format!("{number}").into(),
        13 => format!("0{number}").into(),
        14 => format!("{number}.0").into(),
        15 => format!("{number} ").into(),
        16 => format!("+{number}").into(),
        17 => format!("{number}e0").into(),
        18 => format!("1{number}").into(),
        _ => format!("{number}x").into(),
    })
}

/// A change of a text; `None` removes the field.
fn changed_text(text: &str, random: &mut Random) -> Option<Value> {
    let chars: Vec<char> = text.chars().collect();
    let replaced = |at: usize, with: char| {
        let mut chars = chars.clone();
        if let Some(c) = chars.get_mut(at) {
            *c = with;
        }
        chars.into_iter().collect::<String>()
    };
    Some(match random.below(16) {
        0 => return None,
        1 => Value::Null,
        2 => "".into(),
        3 => chars.iter().skip(1).collect::<String>().into(),
        4 => chars.iter().take(chars.len().saturating_sub(1)).collect::<String>().into(),
        5 => format!("{text}a").into(),
        6 => format!("a{text}").into(),
        7 => swap_case(text).into(),
        8 => format!("{text}\n").into(),
        9 => Value::Array(vec!["other".into(), text.into()]),
        10 => address(text).map_or_else(|| format!("É{text}").into(), Value::from),
        11 => text.parse::<i64>().map_or_else(|_| format!("{text}ſ").replace('ſ', "ß").into(), Value::from),
        12 => format!("{text}{}", "long ".repeat(400)).into(),
        13 => replaced(random.below(chars.len()), 'Σ').into(),
        _ => replaced(random.below(chars.len()), TRICKY[random.below(TRICKY.len())]).into(),
    })
}

/// Another spelling of an address, or something that only looks like one.
fn address(text: &str) -> Option<String> {
    Some(match text.parse::<std::net::IpAddr>().ok()? {
        std::net::IpAddr::V4(ip) => format!("::ffff:{ip}"),
        std::net::IpAddr::V6(ip) => ip.segments().map(|part| format!("{part:04X}")).join(":"),
    })
}
