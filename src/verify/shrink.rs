//! Counter-examples made small: fields dropped, texts shortened, as long as the difference stays.

use serde_json::Value;

use crate::interp::Event;

/// The most steps; each makes the event smaller.
const STEPS: usize = 400;

/// The smallest event found. `first_different` gives the number of the first of some events that still shows the
/// difference.
pub(super) fn shrink(event: &Event, mut first_different: impl FnMut(&[Event]) -> Option<usize>) -> Event {
    let mut smallest = event.clone();
    for _ in 0..STEPS {
        let mut candidates = candidates(&smallest);
        match first_different(&candidates) {
            Some(number) if number < candidates.len() => smallest = candidates.swap_remove(number),
            _ => break,
        }
    }
    smallest
}

/// Smaller events, the smallest first.
fn candidates(event: &Event) -> Vec<Event> {
    let with = |name: &str, value: Option<Value>| {
        let mut smaller = event.clone();
        match value {
            Some(value) => smaller.0.insert(name.to_owned(), value),
            None => smaller.0.shift_remove(name),
        };
        smaller
    };
    let mut out: Vec<Event> = event.0.keys().map(|name| with(name, None)).collect();
    for (name, value) in &event.0 {
        out.extend(smaller_values(value).into_iter().map(|value| with(name, Some(value))));
    }
    out
}

fn smaller_values(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => smaller_texts(text).into_iter().map(Value::from).collect(),
        Value::Array(items) => {
            let without = |number: usize| {
                let rest = items.iter().enumerate().filter(|(i, _)| *i != number).map(|(_, item)| item.clone());
                Value::Array(rest.collect())
            };
            items.iter().cloned().chain((0..items.len()).map(without)).collect()
        }
        Value::Object(object) => object.values().cloned().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The text without one of its halves, quarters and so on down to single characters.
fn smaller_texts(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut size = chars.len();
    while size > 0 {
        // A long text is not tried at every place: it gets shorter first.
        for start in (0..chars.len()).step_by(size).take(64) {
            let rest = chars.iter().take(start).chain(chars.iter().skip(start + size));
            out.push(rest.collect());
        }
        size /= 2;
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_difference_does_not_need_goes_away() {
        let Value::Object(event) = json!({"a": "some text with x% in it", "b": ["p", "q"], "c": 1, "d": "keep"}) else {
            panic!("an object")
        };
        let differs = |event: &Event| {
            event.0.get("a").and_then(Value::as_str).is_some_and(|text| text.contains("x%"))
                && event.0.contains_key("d")
        };
        let small = shrink(&Event(event), |events| events.iter().position(differs));
        assert_eq!(Value::Object(small.0), json!({"a": "x%", "d": ""}));
    }
}
