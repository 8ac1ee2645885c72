//! Regexes against PCRE2 itself: what is read means the same there, and what is refused either is no expression there or is
//! one of the constructs that a tree cannot hold.
//!
//! `SIGMAGLOT_REGEX_PAIRS` sets how many pairs of pattern and subject are compared.

use pcre2::bytes::RegexBuilder;
use sigmaglot::ir::Regex;
use sigmaglot::ir::regex::Flags;

use crate::common::random::Random;

/// Pieces that have a meaning, or look as if they had one.
const PIECES: &[&str] = &[
    "a",
    "b",
    "A",
    "k",
    "s",
    "é",
    "É",
    "0",
    "1",
    "_",
    "-",
    " ",
    "#",
    "&",
    "~",
    "{",
    "}",
    "]",
    "/",
    "\"",
    "'",
    "<",
    ">",
    ",",
    "=",
    ":",
    "!",
    "%",
    "@",
    "|",
    ".",
    "^",
    "$",
    r"\\",
    r"\.",
    r"\/",
    r#"\""#,
    r"\'",
    r"\<",
    r"\>",
    r"\-",
    r"\_",
    r"\ ",
    r"\#",
    r"\[",
    r"\]",
    r"\{",
    r"\}",
    r"\(",
    r"\)",
    r"\|",
    r"\*",
    r"\+",
    r"\?",
    r"\^",
    r"\$",
    r"\&",
    r"\~",
    r"\é",
    r"\%",
    r"\@",
    r"\`",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\h",
    r"\H",
    r"\v",
    r"\V",
    r"\N",
    r"\b",
    r"\B",
    r"\A",
    r"\z",
    r"\G",
    r"\K",
    r"\R",
    r"\n",
    r"\r",
    r"\t",
    r"\f",
    r"\e",
    r"\a",
    r"\0",
    r"\01",
    r"\012",
    r"\0601",
    r"\1",
    r"\10",
    r"\12",
    r"\61",
    r"\101",
    r"\377",
    r"\400",
    r"\8",
    r"\x41",
    r"\x6",
    r"\xZ",
    r"\x",
    r"\x{61}",
    r"\x{e9}",
    r"\x{212A}",
    r"\x{}",
    r"\x{110000}",
    r"\x{d800}",
    r"\x{ 61 }",
    r"\o{141}",
    r"\o{9}",
    r"\o",
    r"\cA",
    r"\ca",
    r"\c[",
    r"\c",
    r"\N{U+61}",
    r"\Qa.b\E",
    r"\Q[\E",
    r"\Q",
    r"\E",
    r"\Q\E",
    r"\pL",
    r"\PL",
    r"\p{Lu}",
    r"\P{Lu}",
    r"\p{^Lu}",
    r"\p{Ll}",
    r"\p{L&}",
    r"\p{N}",
    r"\p{Nd}",
    r"\p{Any}",
    r"\p{Greek}",
    r"\p{}",
    r"\p{Nowhere}",
    r"\p",
    r"\pQ",
    r"\j",
    r"\i",
    r"\m",
    r"\q",
    r"\y",
    r"\Y",
    r"\T",
    r"\u",
    r"\U",
    r"\L",
    r"\l",
    r"\F",
    r"\Z",
    r"\X",
    r"\k<n>",
    r"\g1",
    r"\g{1}",
    "(?i)",
    "(?-i)",
    "(?s)",
    "(?m)",
    "(?x)",
    "(?-x)",
    "(?xx)",
    "(?n)",
    "(?U)",
    "(?J)",
    "(?^)",
    "(?^i)",
    "(?i-s)",
    "(?)",
    "(?-)",
    "(?--i)",
    "(?iz)",
    "(?a)",
    "(?#note)",
    "(?#",
    "# note\n",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<!a)",
    "(?>a)",
    "(?R)",
    "(?1)",
    "(?(1)a|b)",
    "(?P=n)",
    "(*ANYCRLF)",
    "(*FAIL)",
    "{1}",
    "{2,1}",
    "{,2}",
    "{",
    "{a}",
    "{1",
    "{,}",
    "{ 1 }",
    "{1 ,2}",
    "{ , 2}",
    "*",
    "+",
    "?",
    "(",
    ")",
    "[",
    "\u{2028}",
    "\u{85}",
];

/// What may stand in brackets.
const MEMBERS: &[&str] = &[
    "a",
    "b",
    "c",
    "z",
    "A",
    "K",
    "k",
    "s",
    "0",
    "9",
    "é",
    "-",
    "--",
    "&",
    "&&",
    "~~",
    "[",
    "[[",
    "]",
    "^",
    "|",
    ";",
    ".",
    "*",
    "\\\\",
    r"\]",
    r"\[",
    r"\-",
    r"\^",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\h",
    r"\H",
    r"\v",
    r"\V",
    r"\b",
    r"\B",
    r"\N",
    r"\R",
    r"\n",
    r"\t",
    r"\0",
    r"\1",
    r"\12",
    r"\61",
    r"\8",
    r"\x41",
    r"\x{212A}",
    r"\x{7a}",
    r"\cA",
    r"\Qa-c\E",
    r"\Q]\E",
    r"\E",
    r"\Q\E",
    r"\pL",
    r"\p{Lu}",
    r"\P{Lu}",
    r"\p{Ll}",
    r"\p{^L}",
    r"\/",
    r#"\""#,
    r"\>",
    r"\~",
    r"\&",
    r"\é",
    "a-c",
    "a-z",
    "A-Z",
    "0-9",
    "!-~",
    "z-a",
    "a-\\d",
    "\\d-z",
    "[:alpha:]",
    "[:^alpha:]",
    "[:upper:]",
    "[:lower:]",
    "[:digit:]",
    "[:space:]",
    "[:punct:]",
    "[:word:]",
    "[:xdigit:]",
    "[:ascii:]",
    "[:^ascii:]",
    "[:cntrl:]",
    "[:graph:]",
    "[:print:]",
    "[:blank:]",
    "[:alnum:]",
    "[:nope:]",
    "[:alpha",
    "[.a.]",
    "[=a=]",
    "[:<:]",
    " ",
    "\t",
    "#",
    "(",
    ")",
    "{",
    "}",
    "\u{2028}",
];

const SUBJECT: &[&str] = &[
    "a", "b", "c", "z", "A", "B", "K", "k", "\u{212A}", "s", "S", "\u{17f}", "é", "É", "α", "Α", "0", "1", "9", "_",
    "-", " ", "\t", "\n", "\r", "\u{b}", "\u{c}", "\u{8}", "\u{1}", "\0", "\u{85}", "\u{a0}", "\u{2028}", "[", "]",
    "{", "}", "(", ")", "&", "~", "|", ";", ".", "^", "$", "*", "\\", "/", "\"", "<", ">", "#", ":", "Q", "E",
    "\u{1b}", "\u{ff}", "\u{100}", "x", "{1}", "{,}", "ab", "aa", "a.b",
];

fn class(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&["[", "[", "[^", "[]", "[^]"]));
    for _ in 0..=random.below(4) {
        out.push_str(random.pick(MEMBERS));
    }
    if !random.one_in(20) {
        out.push(']');
    }
}

fn quantifier(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&["*", "+", "?", "{1}", "{2}", "{1,2}", "{0,}", "{,2}", "{1,}", "{ 1, 2 }"]));
    out.push_str(random.pick(&["", "", "", "?", "", "", "", "+", " ?"]));
}

fn pattern(random: &mut Random, depth: usize, out: &mut String) {
    for _ in 0..=random.below(4) {
        match random.below(12) {
            0..=2 => class(random, out),
            3 if depth < 3 => {
                out.push_str(
                    random.pick(&[
                        "(", "(?:", "(?i:", "(?s-i:", "(?x:", "(?|", "(?<n>", "(?P<m>", "(?'o'", "(?^:", "(?xx:",
                    ]),
                );
                pattern(random, depth + 1, out);
                if random.one_in(3) {
                    out.push('|');
                    pattern(random, depth + 1, out);
                }
                out.push(')');
            }
            4 | 5 => out.push_str(random.pick(&["a", "b", "k", "é", "0", " ", "\n", "."])),
            _ => out.push_str(random.pick(PIECES)),
        }
        if random.one_in(4) {
            quantifier(random, out);
        }
    }
}

/// One character of some patterns is dropped, doubled or replaced: most mistakes are that small.
fn slip(random: &mut Random, text: String) -> String {
    if !random.one_in(8) {
        return text;
    }
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len());
    match random.below(3) {
        _ if chars.is_empty() => {}
        0 => drop(chars.remove(at)),
        1 => chars.insert(at, chars[at]),
        _ => {
            chars[at] = random.pick(&["(", ")", "[", "]", "\\", "{", "?", "-", "^", ":"]).chars().next().unwrap_or('a')
        }
    }
    chars.into_iter().collect()
}

/// Constructs that PCRE has and a tree has not; their message says so.
fn is_refused_on_purpose(message: &str) -> bool {
    message.contains("are not part of Sigma's regular expressions") || message.contains("`\\Z`")
}

/// Constructs that are read though PCRE refuses them, because they can mean one thing only.
fn is_read_beyond_pcre(pattern: &str) -> bool {
    pattern.contains(r"\u")
}

/// Whether the answer of PCRE depends on what SEMANTICS.md decides otherwise: `$` before a last line break, and a `\R`
/// that gives back half of a `\r\n`, or stands after a repetition that PCRE takes for unable to hold a `\r`.
fn is_decided_here(pattern: &str, subject: &str) -> bool {
    (pattern.contains('$') && subject.ends_with('\n')) || (pattern.contains(r"\R") && subject.contains('\r'))
}

#[derive(Debug, Default)]
struct Tally {
    compared: usize,
    matched: usize,
    refused_by_both: usize,
    refused_here: usize,
    differences: Vec<String>,
}

fn compare(random: &mut Random, tally: &mut Tally) {
    let mut text = String::new();
    pattern(random, 0, &mut text);
    let text = slip(random, text);
    let flags = Flags { ignore_case: random.one_in(3), multi_line: random.one_in(4), dot_all: random.one_in(4) };
    let ours = Regex::parse(&text, flags);
    let theirs = RegexBuilder::new()
        .utf(true)
        .caseless(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dotall(flags.dot_all)
        .build(&text);
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return tally.refused_by_both += 1,
        (Err(error), Ok(_)) if is_refused_on_purpose(&error.message) => return tally.refused_here += 1,
        (Ok(_), Err(_)) if is_read_beyond_pcre(&text) => return,
        (Err(error), Ok(_)) => return tally.differences.push(format!("{text:?} is refused: {error}")),
        (Ok(ours), Err(error)) => {
            return tally.differences.push(format!("{text:?} is read as {:?}, though {error}", ours.tree));
        }
    };
    let engine = ours.tree.compile().unwrap_or_else(|e| panic!("`{text}`: {e}"));
    for _ in 0..8 {
        let subject: String = (0..random.below(6)).map(|_| random.pick(SUBJECT)).collect();
        if is_decided_here(&text, &subject) {
            continue;
        }
        let Ok(expected) = theirs.is_match(subject.as_bytes()) else { continue };
        tally.compared += 1;
        tally.matched += usize::from(expected);
        if engine.is_match(&subject) != expected {
            tally.differences.push(format!("{text:?} {flags:?} on {subject:?}: PCRE2 says {expected}"));
        }
    }
}

#[test]
fn regexes_mean_what_pcre_means() {
    let pairs = std::env::var("SIGMAGLOT_REGEX_PAIRS").ok().and_then(|n| n.parse().ok()).unwrap_or(120_000);
    let mut random = Random::new(11);
    let mut tally = Tally::default();
    while tally.compared < pairs && tally.differences.len() < 40 {
        compare(&mut random, &mut tally);
    }
    assert!(tally.differences.is_empty(), "{}", tally.differences.join("\n"));
    // A generator that makes only nonsense, or only matches, compares nothing.
    assert!(tally.matched > pairs / 10 && tally.matched < pairs * 9 / 10, "{tally:?}");
    assert!(tally.refused_here > 100 && tally.refused_by_both > 100, "{tally:?}");
    println!(
        "{} pairs, {} of them matches, 0 differences; {} patterns refused by both, {} here only",
        tally.compared, tally.matched, tally.refused_by_both, tally.refused_here
    );
}
