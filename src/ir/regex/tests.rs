//! Tests of reading and of the engine's expression.

use proptest::prelude::*;

use super::*;

fn finds(pattern: &str, text: &str) -> bool {
    finds_with(pattern, Flags::default(), text)
}

fn finds_with(pattern: &str, flags: Flags, text: &str) -> bool {
    let regex = Regex::parse(pattern, flags).unwrap_or_else(|e| panic!("`{pattern}`: {e}"));
    regex.tree.compile().unwrap_or_else(|e| panic!("`{pattern}`: {e}")).is_match(text)
}

fn refused(pattern: &str) -> String {
    match Regex::parse(pattern, Flags::default()) {
        Ok(regex) => panic!("`{pattern}` was read as {:?}", regex.tree),
        Err(error) => error.message,
    }
}

#[test]
fn what_other_engines_would_read_differently_is_refused() {
    for pattern in ["a++", "a*+", "a?+", "a{2}+", "(?:ab)++", "a+?+"] {
        assert!(refused(pattern).contains("possessive"), "{pattern}");
    }
    for pattern in ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)"] {
        assert!(refused(pattern).contains("look-around"), "{pattern}");
    }
    for pattern in ["(?x)a b", "(?U)a+", "(?u)a", "(?R)$", "(?-u:a)"] {
        assert!(refused(pattern).contains("flags other than"), "{pattern}");
    }
    assert!(refused(r"(a)\1").contains("back-references"));
    assert!(refused(r"(?>a)").len() > 3);
    assert!(refused(r"\b{start}a").contains("word boundaries"));
    assert!(refused(r"\p{Nowhere}").contains(r"\p{Nowhere}"));
}

#[test]
fn size_is_refused_when_read_and_not_when_run() {
    assert!(refused(&"a".repeat(TEXT_LIMIT + 1)).contains("64 KiB"));
    assert!(refused("((a{1000}){1000}){1000}").contains("too large"));
    assert!(refused(r"\pL{20000}").contains("too large"));
    assert!(refused(&"(".repeat(5000)).len() > 3);
    assert!(Regex::parse(&format!("{}a{}", "(".repeat(95), ")".repeat(95)), Flags::default()).is_ok());
    assert!(finds(&format!("{}a{}", "(?:".repeat(45), ")?".repeat(45)), "a"));
}

#[test]
fn what_passes_for_small_can_always_be_compiled() {
    for leaf in [
        r"\pL",
        r"(?i)\p{Lu}",
        r"\P{Ll}",
        r"[^\pL]",
        r"\p{Alphabetic}",
        ".",
        "(?s:.)",
        "(?i)k",
        r"(?i)[\x{80}-\x{1EFF}]",
    ] {
        let read = |n: u64| Regex::parse(&format!("(?:{leaf}){{{n}}}"), Flags::default()).expect(leaf).tree;
        let most = SURELY_SMALL / read(1).weight();
        let tree = read(most);
        assert!(tree.weight() <= SURELY_SMALL && tree.compile().is_ok(), "{leaf}");
    }
}

#[test]
fn repetitions() {
    assert!(finds("^a{2}{3}$", "aaaaaa"));
    assert!(!finds("^a{2}{3}$", "aaaaa"));
    assert!(finds("^a+?$", "aaa"));
    assert!(finds("^(a+)+$", "aaa"));
}

#[test]
fn shorthands_and_borders_are_ascii() {
    assert!(!finds(r"\d", "\u{0663}"));
    assert!(finds(r"\D", "\u{0663}"));
    assert!(!finds(r"\w", "é"));
    assert!(finds(r"\bb", "éb"));
    assert!(finds(r"a\B", "ab"));
    assert!(!finds(r"é\Bb", "éb"));
    assert!(!finds(r"\s", "\u{a0}"));
    assert!(!finds(r"(?i)\w", "\u{17f}"));
    assert!(!finds(r"(?i)[\w]", "\u{17f}"));
    assert!(!finds(r"(?i)^[\W]$", "s"));
}

#[test]
fn folding_in_classes() {
    assert!(finds("(?i)^[k]$", "\u{212a}"));
    assert!(!finds("(?i)^[^k]$", "\u{212a}"));
    assert!(finds(r"(?i)\p{Lu}", "a"));
    assert!(!finds(r"\p{Lu}", "a"));
    assert!(!finds(r"(?i)[^\p{Lu}]", "a"));
    assert!(finds("(?i)[[:upper:]]", "a"));
    assert!(!finds("(?i)\u{df}", "ss"));
}

#[test]
fn nested_classes_and_set_operations() {
    for (pattern, yes, no) in [
        ("^[a-z&&[^aeiou]]$", "b", "a"),
        ("^[a-z--[aeiou]]$", "b", "e"),
        ("^[a-c~~b-d]$", "d", "b"),
        ("^[x[0-9]]$", "7", "a"),
        ("^[^x[0-9]]$", "a", "7"),
        (r"^[\w&&[^\d]]$", "a", "1"),
        (r"^[\w&&\p{Greek}]$|^q$", "q", "α"),
        ("^[[:^alpha:]]$", "1", "a"),
        (r"^[\p{Greek}_]$", "α", "a"),
        (r"^\P{Greek}$", "a", "α"),
        ("(?i)^[a-z&&[^K]]$", "J", "k"),
        ("^(?:[a&&b]|c)$", "c", "a"),
    ] {
        assert!(finds(pattern, yes), "{pattern} on {yes}");
        assert!(!finds(pattern, no), "{pattern} on {no}");
    }
}

#[test]
fn flags_reach_where_rust_says() {
    assert!(finds("^(?:a(?i)b|c)$", "C"));
    assert!(!finds("^(?:a(?i)b|c)d$", "cD"));
    assert!(finds("^(?:x|(?i)a|b)$", "B"));
    assert!(!finds("^(?:x|(?i)a|b)$", "X"));
    assert!(!finds("(?i)a(?-i)b", "AB"));
    assert!(finds("(?s)a.b", "a\nb"));
    assert!(!finds("a.b", "a\nb"));
    assert!(!finds("a$", "a\n"));
    let multi = Flags { multi_line: true, ..Flags::default() };
    assert!(finds_with("^b$", multi, "a\nb\nc"));
    assert!(!finds_with(r"\Ab\z", multi, "a\nb\nc"));
}

const SIMPLE: &[&str] = &["a", "B", "c", "é", "0", "_", " ", r"\n", r"\.", "."];

const CLASSES: &[&str] = &[
    "[a-c]",
    "[^b]",
    "[éa]",
    "[[:alpha:]]",
    "[^[:digit:]]",
    "[a-z&&[^b]]",
    "[a-c--b]",
    r"\p{Lu}",
    r"\PL",
    r"[\p{Ll}0]",
    "[a-c~~[b]]",
];

/// Pairs of the same pattern: as Sigma has it, and as Rust has it with the shorthands written out as ASCII.
fn pairs() -> impl Strategy<Value = (String, String)> {
    let same = |s: &'static str| Just((s.to_string(), s.to_string()));
    let both = |a: &'static str, b: &'static str| Just((a.to_string(), b.to_string()));
    let leaf = prop_oneof![
        4 => prop::sample::select(SIMPLE).prop_map(|s| (s.into(), s.into())),
        1 => prop::sample::select(CLASSES).prop_map(|s| (s.into(), s.into())),
        1 => both(r"\d", "[0-9]"),
        1 => both(r"\w", "(?-i:[0-9A-Za-z_])"),
        1 => both(r"\W", "(?-i:[^0-9A-Za-z_])"),
        1 => both(r"\s", r"[\t\n\x0B\f\r ]"),
        1 => both(r"[\d.]", "[0-9.]"),
        1 => both(r"[^\w-]", "[^0-9A-Za-z_-]"),
        1 => both(r"\b", r"(?-u:\b)"),
        1 => both(r"\B", r"(?-u:\B)"),
        1 => same("^"),
        1 => same("$"),
        1 => same("(?i)"),
        1 => same("(?-i)"),
        1 => same("(?m)"),
        1 => same("(?s)"),
        1 => same(""),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let join = |with: &'static str| {
            move |parts: Vec<(String, String)>| {
                let (ours, rust): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
                (ours.join(with), rust.join(with))
            }
        };
        let wrap = |open: &'static str, close: &'static str| {
            move |(a, b): (String, String)| (format!("{open}{a}{close}"), format!("{open}{b}{close}"))
        };
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(join("")),
            1 => prop::collection::vec(inner.clone(), 2).prop_map(join("|")),
            1 => inner.clone().prop_map(wrap("(", ")")),
            1 => inner.clone().prop_map(wrap("(?i:", ")")),
            1 => inner.clone().prop_map(wrap("(?s-i:", ")")),
            1 => inner.clone().prop_map(wrap("(?:", ")*")),
            1 => inner.clone().prop_map(wrap("(?:", ")+?")),
            1 => inner.clone().prop_map(wrap("(?:", "){1,2}")),
            1 => inner.prop_map(wrap("(?:", "){2}{2}")),
        ]
    })
}

proptest! {
    #[test]
    fn the_tree_means_what_rust_means(
        (ours, rust) in pairs(),
        bits in (any::<bool>(), any::<bool>(), any::<bool>()),
        texts in prop::collection::vec("[aAbBcCéÉ0_ .\n-]{0,8}", 8),
    ) {
        let (ignore_case, multi_line, dot_all) = bits;
        let reference = regex::RegexBuilder::new(&rust)
            .case_insensitive(ignore_case).multi_line(multi_line).dot_matches_new_line(dot_all).build();
        let read = Regex::parse(&ours, Flags { ignore_case, multi_line, dot_all });
        prop_assert_eq!(read.is_ok(), reference.is_ok(), "{} {:?}", ours, read);
        if let (Ok(read), Ok(reference)) = (read, reference) {
            let built = read.tree.compile().expect("what is read can be run");
            for text in &texts {
                prop_assert_eq!(built.is_match(text), reference.is_match(text), "`{}` on {:?}", ours, text);
            }
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        if let Ok(read) = Regex::parse(&text, Flags::default()) {
            prop_assert!(read.tree.compile().is_ok());
        }
    }
}
