//! Small changes of events by chance: what translations are known to get wrong, wherever it fits.

use serde_json::Value;

use super::random::Random;
use super::texts::swapped;
use crate::interp::Event;

/// The characters that mean something in some target's literals, patterns or regexes.
const TRICKY: &[char] =
    &['*', '?', '%', '_', '\\', '\'', '"', '[', ']', '^', '$', '|', '\n', '\t', '!', '`', '{', '(', ')', '.', '-', '/'];
fn near_numbers(number: &serde_json::Number) -> Vec<Value> {
    match (number.as_i64(), number.as_f64()) {
        (Some(i), _) => [1, -1, 2, -2].iter().filter_map(|d| i.checked_add(*d)).map(Value::from).collect(),
        (None, Some(x)) => [1.0, -1.0, 0.5].iter().map(|d| Value::from(x + d)).collect(),
        _ => Vec::new(),
    }
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
        7 => swapped(text).into(),
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
