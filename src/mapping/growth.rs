//! Whether the variables of a template can grow beyond all bounds: `{% set s = s ~ s %}` forty times fills any memory.
//!
//! The engine limits instructions and what is written, not the length of a text. The assignments of a template are therefore read before it
//! runs: how long each variable can be, as a multiple of what the template is given, if all of them are run again and again.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// How often the assignments are run: loops repeat them.
const ROUNDS: usize = 40;
/// The most that a variable can be, as a multiple of what the template is given.
const MOST: f64 = 16_777_216.0;

/// The variable that grows too much, if there is one.
pub(super) fn unbounded(template: &str) -> Option<String> {
    static SET: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\{%[-+]?\s*set\s+([A-Za-z_][\w.]*)\s*=((?s:.*?))[-+]?%\}").ok());
    static PART: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[A-Za-z_][\w.]*|\*\s*(\d+)|(\d+)\s*\*"#).ok()
    });
    let (set, part) = (SET.as_ref()?, PART.as_ref()?);
    let mut assignments: Vec<(&str, Vec<&str>, f64)> = Vec::new();
    for found in set.captures_iter(template) {
        let (name, value) = (found.get(1)?.as_str(), found.get(2)?.as_str());
        let mut names = Vec::new();
        let mut times = 1.0;
        let mut asks = false;
        for found in part.captures_iter(value) {
            // What is asked in `a if asked else b` is no part of the value.
            match found.get(0).map_or("", |word| word.as_str()) {
                "if" => asks = true,
                "else" => asks = false,
                _ => {}
            }
            if asks {
                continue;
            }
            match found.get(1).or(found.get(2)).map(|number| number.as_str().parse::<f64>()) {
                Some(number) => times *= number.unwrap_or(f64::INFINITY),
                None => names.extend(found.get(0).map(|name| name.as_str())),
            }
        }
        assignments.push((name, names, times));
    }
    let mut sizes: HashMap<&str, f64> = HashMap::new();
    for _ in 0..ROUNDS {
        for (name, parts, times) in &assignments {
            let of = |part: &&str| sizes.get(part).copied().unwrap_or(1.0);
            let size = parts.iter().map(of).sum::<f64>().max(1.0) * times;
            if size > MOST {
                return Some((*name).to_owned());
            }
            // A loop may repeat the later assignments alone, so that an earlier one never makes a variable short again.
            sizes.entry(name).and_modify(|old| *old = old.max(size)).or_insert(size);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_double_are_told_from_those_that_are_added_to() {
        for text in [
            "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
            "{% set ns.a = query %}{% for i in x %}{% set t = ns.a %}{%- set ns.a = t ~ ns.a -%}{% endfor %}",
            "{% set s = 'x' * 100000000 %}",
            "{% set l = [l, l] %}",
            "{% set s = s|replace('a', s) %}",
        ] {
            assert!(unbounded(text).is_some(), "{text}");
        }
        let chain: String = (0..40).map(|i| format!("{{% set s{} = s{i} ~ s{i} %}}", i + 1)).collect();
        assert!(unbounded(&chain).is_some());
        let many: String = (0..100).map(|i| format!("{{% set s{i} = rule.title ~ ': ' ~ query %}}")).collect();
        for text in [
            "{% set ns.s = ns.s ~ ', ' ~ tag.name %}{% set n = ns.s ~ query %}",
            "{% set ns.s = ns.s ~ ', ' ~ x if ns.s else x %}",
            "{% set x = query %}{% set y = x|replace('a', 'b') %}{% set i = loop.index * 2 %}",
            many.as_str(),
        ] {
            assert_eq!(unbounded(text), None, "{text}");
        }
    }
}
