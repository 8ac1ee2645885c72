//! Random and mutated texts for the readers of rules: no panic, no error without a place, and what is read can be used.
//!
//! `SIGMAGLOT_FUZZ` sets how many inputs each reader gets; CI takes few, docs/reliability.md has the figures of a long run.

use sigmaglot::ir::Regex;
use sigmaglot::ir::regex::Flags;
use sigmaglot::sigma::{self, pattern};
use sigmaglot::source::Source;

use crate::common::random::Random;

fn count() -> usize {
    std::env::var("SIGMAGLOT_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

/// A text of pieces, with some characters dropped, doubled or replaced.
fn text(random: &mut Random, pieces: &[&str], most: usize) -> String {
    let mut chars: Vec<char> = (0..=random.below(most)).flat_map(|_| random.pick(pieces).chars()).collect();
    for _ in 0..random.below(4) {
        let at = random.below(chars.len());
        match random.below(3) {
            _ if chars.is_empty() => {}
            0 => drop(chars.remove(at)),
            1 => chars.insert(at, chars[at]),
            _ => chars[at] = char::from_u32(u32::try_from(random.below(0x2ff)).unwrap_or(0)).unwrap_or('x'),
        }
    }
    chars.into_iter().collect()
}

const REGEX: &[&str] = &[
    "a",
    "é",
    ".",
    "*",
    "+",
    "?",
    "{1,3}",
    "{",
    "}",
    "(",
    ")",
    "(?:",
    "(?i)",
    "(?#",
    "(?x)",
    "(?<n>",
    "[",
    "]",
    "[^",
    "-",
    "|",
    "^",
    "$",
    "\\",
    r"\d",
    r"\pL",
    r"\p{",
    r"\x{",
    r"\Q",
    r"\E",
    r"\1",
    r"\N{U+61}",
    "[:alpha:]",
    "&&",
    "~~",
    "\u{1f600}",
    "\0",
    "\n",
    "#",
    " ",
];

#[test]
fn regexes() {
    let mut random = Random::new(1);
    for _ in 0..count() {
        let text = text(&mut random, REGEX, 12);
        let flags = Flags { ignore_case: random.one_in(2), multi_line: random.one_in(2), dot_all: random.one_in(2) };
        match Regex::parse(&text, flags) {
            Ok(regex) => assert!(regex.tree.compile().is_ok(), "{text:?}"),
            Err(error) => assert!(text.get(error.range.clone()).is_some(), "{text:?}: {error:?}"),
        }
    }
}

#[test]
fn patterns() {
    let mut random = Random::new(2);
    for _ in 0..count() {
        let text = text(&mut random, &["a", "*", "?", "\\", "\\\\", "é", "\u{1f600}", "-", "/", " ", "%x%"], 12);
        let pieces = pattern::parse(&text);
        assert_eq!(pattern::parse(&pattern::escape(&pieces)), pieces, "{text:?}");
    }
}

#[test]
fn conditions() {
    let mut random = Random::new(3);
    let pieces = [
        "a",
        "b_*",
        "*",
        "1 of ",
        "all of ",
        "any of ",
        "them",
        " and ",
        " or ",
        " not ",
        "(",
        ")",
        "|",
        "count()",
        "\u{1f600}",
        "\t",
        "-",
        "_",
    ];
    for _ in 0..count() {
        let text = text(&mut random, &pieces, 12);
        let written = serde_json::Value::String(text.clone());
        let rule = format!(
            "title: t\nlogsource: {{product: windows}}\ndetection:\n  a: {{A: b}}\n  b_c: {{A: c}}\n  condition: {written}\n"
        );
        let source = Source::new("r.yml", rule.as_str());
        let read = sigma::read(&source, &sigma::Options::default());
        assert!(read.rules.len() == 1 || read.diagnostics.iter().any(|d| d.is_error()), "{text:?}");
        for span in read.diagnostics.iter().filter_map(|d| d.span) {
            assert!(rule.get(span.range()).is_some(), "{text:?}: {span:?}");
        }
    }
}

const YAML: &[&str] = &[
    "title: t\n",
    "id: x\n",
    "logsource:\n",
    "  product: windows\n",
    "  category: process_creation\n",
    "detection:\n",
    "  sel:\n",
    "    A|contains: b\n",
    "    - x\n",
    "  condition: sel\n",
    "---\n",
    "action: global\n",
    "correlation:\n",
    "filter:\n",
    "  rules: any\n",
    "\"\\ud83d\\ude00\"",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "|\n",
    ">\n",
    "# c\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "\0",
    "é",
    "A|re: '\\p{L}'\n",
    "    A|expand: '%p%'\n",
    "    A|exists: yes\n",
    "tags: [a]\n",
    "null",
    "status: x\n",
];

#[test]
fn rules() {
    let mut random = Random::new(4);
    for _ in 0..count() {
        let text = text(&mut random, YAML, 24);
        let source = Source::new("r.yml", text.as_str());
        let read = sigma::read(&source, &sigma::Options::default());
        for diagnostic in &read.diagnostics {
            let span = diagnostic.span.unwrap_or_default();
            assert!(text.get(span.range()).is_some(), "{text:?}: {diagnostic} at {span:?}");
        }
        let quiet = read.diagnostics.is_empty() && read.rules.is_empty() && read.filters.is_empty();
        assert!(!quiet || text.contains("action"), "nothing is said of {text:?}");
    }
}
