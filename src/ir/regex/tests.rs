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
    for pattern in ["a++", "a*+", "a?+", "a{2}+", "(?:ab)++"] {
        assert!(refused(pattern).contains("possessive"), "{pattern}");
    }
    for pattern in ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)"] {
        assert!(refused(pattern).contains("look-around"), "{pattern}");
    }
    for pattern in ["(?u)a", "(?-u:a)", "(?a)b"] {
        assert!(refused(pattern).contains("flags other than"), "{pattern}");
    }
    for pattern in [r"(a)\1", r"\k<n>", r"\g{1}", "(?P=n)"] {
        assert!(refused(pattern).contains("back-references"), "{pattern}");
    }
    for (pattern, what) in [
        ("(?>a)", "atomic groups"),
        ("(?(1)a|b)", "conditional groups"),
        ("(?R)", "recursions"),
        ("(?1)", "recursions"),
        ("(?&n)", "recursions"),
        ("(*UCP)a", "verbs"),
        (r"\X", "grapheme clusters"),
        ("[[:<:]]a", "directed word boundaries"),
        (r"a\Z", r"`\Z`"),
        (r"\p{Nowhere}", "`Nowhere`"),
        ("a{2}{3}", "nothing here"),
        ("[a-\\d]", "both ends"),
    ] {
        assert!(refused(pattern).contains(what), "{pattern}: {}", refused(pattern));
    }
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
    assert!(finds("^(?:a{2}){3}$", "aaaaaa"));
    assert!(!finds("^(?:a{2}){3}$", "aaaaa"));
    assert!(finds("^a{,2}$", "aa") && finds("^a{x}$", "a{x}") && finds("^{$", "{"));
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
    assert!(!finds("(?i)[[:upper:]]", "\u{212a}"));
    assert!(!finds("(?i)\u{df}", "ss"));
}

#[test]
fn brackets_are_pcres_and_have_no_set_operations() {
    for (pattern, yes, no) in [
        ("^[|&&;]$", "&", "a"),
        ("^[^&&]+$", "ab", "a&"),
        ("^[a--b]$", "", "a"),
        ("^[!--b]$", "-", "a"),
        ("^[a-c~~b-d]$", "~", "e"),
        ("^[a[b]$", "[", "c"),
        ("^[a[b]]$", "a]", "a"),
        ("^[]a]$", "]", "b"),
        ("^[^]a]$", "b", "]"),
        ("^[[:^alpha:]]$", "1", "a"),
        (r"^[\p{Greek}_]$", "α", "a"),
        (r"^\P{Greek}$", "a", "α"),
        (r"^[\v]$", "\u{2028}", "v"),
        (r"^\h$", "\u{a0}", "\n"),
        (r"^[\b]$", "\u{8}", "b"),
        (r"^\Qa.b\E$", "a.b", "axb"),
        (r"^\/\>\<\x22$", "/><\x22", "/>< "),
        (r"^\0\x{e9}\cA\101$", "\0é\u{1}A", "0"),
        (r"(?x) ^ a # note", "a", "b"),
        ("^a(?#note)b$", "ab", "a"),
    ] {
        if yes.is_empty() {
            assert!(refused(pattern).contains("range ends"), "{pattern}");
            continue;
        }
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

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        if let Ok(read) = Regex::parse(&text, Flags::default()) {
            prop_assert!(read.tree.compile().is_ok());
        }
    }
}
