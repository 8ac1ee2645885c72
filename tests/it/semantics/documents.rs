//! YAML, conditions, collections and filters: what whole documents mean.

use sigmaglot::diagnostic::codes;

use super::{HEAD, check, with_detection, with_search};

#[test]
fn scalars_of_yaml() {
    let part = "YAML";
    check(
        &[
            (part, "f: yes", r#"{"f":"YES"}"#, true),
            (part, "f: n", r#"{"f":"n"}"#, true),
            (part, "f: TRUE", r#"{"f":true}"#, true),
            (part, "f: tRUE", r#"{"f":true}"#, true),
            (part, "f: Null", r#"{}"#, true),
            (part, "f: nULL", r#"{}"#, false),
            (part, "f: ~", r#"{"f":null}"#, true),
            (part, "f:", r#"{"f":null}"#, true),
            (part, "f: 'null'", r#"{"f":"NULL"}"#, true),
            (part, "f: 2024-03-01", r#"{"f":"2024-03-01"}"#, true),
            (part, "f: 12:30:45", r#"{"f":"12:30:45"}"#, true),
            (part, "f: 1.2.3", r#"{"f":"1.2.3"}"#, true),
            (part, "f: 0b11", r#"{"f":"0b11"}"#, true),
            (part, "f: 0o18", r#"{"f":"0o18"}"#, true),
            (part, "f: +.5", r#"{"f":0.5}"#, true),
            (part, "f: 5.", r#"{"f":5}"#, true),
            (part, "f: '5'", r#"{"f":"5.0"}"#, false),
            (part, "f: !!str 5", r#"{"f":"5"}"#, true),
            (part, "f: !!str 05", r#"{"f":"05"}"#, true),
            (part, "f: ! 05", r#"{"f":"05"}"#, true),
            (part, r#"f: "a\tb\u00e9\x41""#, r#"{"f":"a\tbéA"}"#, true),
            (part, r#"f: "a\\b""#, r#"{"f":"a\\b"}"#, true),
            (part, r#"f: "a\\*""#, r#"{"f":"a*"}"#, true),
            (part, r#"f: "a\\\\*""#, r#"{"f":"a\\x"}"#, true),
            (part, "f: 'it''s'", r#"{"f":"it's"}"#, true),
            (part, "f: a # b", r#"{"f":"a"}"#, true),
            (part, "f: a#b", r#"{"f":"a#b"}"#, true),
            (part, "f: |\n  a\n  b", r#"{"f":"a\nb\n"}"#, true),
            (part, "f: |-\n  a\n  b", r#"{"f":"a\nb"}"#, true),
            (part, "f: |+\n  a\n\ng: x", r#"{"f":"a\n\n","g":"x"}"#, true),
            (part, "f: >-\n  a\n  b", r#"{"f":"a b"}"#, true),
            (part, "f: |2-\n    a", r#"{"f":"  a"}"#, true),
            (part, "f: |-\n  17", r#"{"f":"17"}"#, true),
            (part, "f: a\n  b", r#"{"f":"a b"}"#, true),
            (part, "{f: a, g: [b, 'c d']}", r#"{"f":"a","g":"c d"}"#, true),
            (part, "f:\n- a\n- b", r#"{"f":"b"}"#, true),
            (part, "'f': a", r#"{"f":"a"}"#, true),
            (part, "\"f|contains\": a", r#"{"f":"xax"}"#, true),
            (part, "? f\n: a", r#"{"f":"a"}"#, true),
            (part, "f: &x [a, b]\ng: *x", r#"{"f":"a","g":"b"}"#, true),
            (part, "f: 'a\tb'", r#"{"f":"a\tb"}"#, true),
            (part, "f: 'a---b'", r#"{"f":"a---b"}"#, true),
        ],
        with_search,
    );
}

#[test]
fn streams() {
    let rule = with_search("f: a");
    let other = with_search("f: b");
    for text in [
        format!("\u{feff}{rule}"),
        format!("---\n{rule}"),
        format!("--- # c\n{rule}"),
        format!("# c\n---\n{rule}...\n"),
        format!("%YAML 1.2\n---\n{rule}"),
        format!("---\n---\n{rule}---\n# c\n---\n"),
        format!("{rule}---\n{other}"),
        format!("{other}...\n---\n{rule}"),
        format!("{other}---\nnull\n---\n{rule}"),
        rule.replace('\n', "\r\n"),
        format!("\u{feff}{}", format!("{rule}---\n{other}").replace('\n', "\r\n")),
        rule.trim_end().to_owned(),
        rule.replace("f: a", "f: a   \n        # c\n"),
    ] {
        check(&[("YAML", &text, r#"{"f":"a"}"#, true), ("YAML", &text, r#"{"f":"c"}"#, false)], str::to_owned);
    }
    let block = with_search("f: |-\n  a\n  b").replace('\n', "\r\n");
    check(&[("YAML", &block, r#"{"f":"a\nb"}"#, true)], str::to_owned);
    for nothing in ["", "\n", "# c\n", "---\n", "---\n...\n", "\u{feff}", "null\n", "~\n---\n"] {
        let codes: Vec<_> = super::read(nothing).diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [codes::SOURCE_EMPTY], "{nothing:?}");
    }
}

#[test]
fn conditions() {
    let searches = "a: {f: a}\nb: {g: b}\n_c: {h: c}\nand_x: {f: a}\nnotepad: {f: a}\n1st: {f: a}\nall-x: {f: a}\nOR: {g: b}\nNot: {g: b}\nAny: {f: a}\nd e: {h: c}\nd.f: {f: a}\n";
    let with = |condition: &str| with_detection(&format!("{searches}condition: {condition}\n"));
    let a = r#"{"f":"a"}"#;
    let b = r#"{"g":"b"}"#;
    let part = "Conditions";
    check(
        &[
            (part, "a", a, true),
            (part, "not a", a, false),
            (part, "not not a", a, true),
            (part, "not(a)and(b)", b, true),
            (part, "not a and b", b, true),
            (part, "not (a and b)", b, true),
            (part, "not a or a", a, true),
            (part, "a or b and _c", a, true),
            (part, "(a or b) and _c", a, false),
            (part, "b or a and not b", a, true),
            (part, "and_x and notepad and 1st and all-x", a, true),
            (part, "not and_x", a, false),
            (part, "((((a))))", a, true),
            (part, "\"a\\nand\\tnot\\r\\nb\"", a, true),
            (part, "|\n    a\n    or b", b, true),
            (part, ">-\n    a\n    or b", b, true),
            (part, "a\n    or b", b, true),
            (part, "[a, b]", b, true),
            (part, "[a and b, b]", a, false),
            (part, "1 of them", r#"{"h":"c"}"#, true),
            (part, "1 of a", a, true),
            (part, "any of a*", a, true),
            (part, "all of a*", a, true),
            (part, "all of *d*", a, false),
            (part, "1 of _*", r#"{"h":"c"}"#, true),
            (part, "1 of _c", r#"{"h":"c"}"#, true),
            (part, "all of d*", a, false),
            (part, "1 of d*", r#"{"h":"c"}"#, true),
            (part, "all of *st", a, true),
            (part, "1 of 1*", a, true),
            (part, "not 1 of a* and b", b, true),
            (part, "not all of them", a, true),
            (part, "1 of a* and all of n*d", a, true),
            (part, "OR", b, true),
            (part, "Any and a", a, true),
            (part, "Not or a", b, true),
            (part, "not Not", b, false),
            (part, "a or OR", b, true),
            (part, "OR or Not", b, true),
        ],
        with,
    );
}

#[test]
fn collections() {
    let rule = |search: &str| format!("---\ndetection:\n    s: {{{search}}}\n");
    let global = |more: &str| format!("action: global\n{HEAD}detection:\n    condition: s\n{more}");
    let part = "Collections";
    let rows = [
        (format!("{}{}{}", global(""), rule("f: a"), rule("f: b")), r#"{"f":"b"}"#, true),
        (format!("{}{}", global("    s: {g: x}\n"), rule("f: a")), r#"{"f":"a"}"#, false),
        (format!("{}{}", global("    s: {g: x}\n"), rule("f: a")), r#"{"f":"a","g":"x"}"#, true),
        (format!("{}{}", global("    s: {f: x}\n"), rule("f: a")), r#"{"f":"x"}"#, true),
        (
            format!("{}---\naction: global\ndetection:\n    s: {{g: x}}\n{}", global(""), rule("f: a")),
            r#"{"f":"a"}"#,
            false,
        ),
        (
            format!("{}{}---\naction: reset\n---\n{}", global("    s: {g: x}\n"), rule("f: a"), with_search("f: a")),
            r#"{"f":"a"}"#,
            true,
        ),
        (format!("{}---\naction: repeat\ndetection:\n    sel: {{g: b}}\n", with_search("f: a")), r#"{"g":"b"}"#, false),
        (
            format!(
                "{}---\naction: repeat\ndetection:\n    sel: {{f: b}}\n---\naction: repeat\ndetection:\n    sel: {{f: c}}\n",
                with_search("f: a\ng: x")
            ),
            r#"{"f":"c","g":"x"}"#,
            true,
        ),
        (
            format!("{}---\naction: repeat\ndetection:\n    condition: not sel\n", with_search("f: a")),
            r#"{"f":"b"}"#,
            true,
        ),
        (
            format!("{}{}---\naction: repeat\ndetection:\n    s: {{f: b}}\n", global("    s: {g: x}\n"), rule("f: a")),
            r#"{"f":"b","g":"x"}"#,
            true,
        ),
    ];
    for (text, event, wanted) in &rows {
        check(&[(part, text, event, *wanted)], str::to_owned);
    }
}

#[test]
fn filters() {
    let rule = "title: r\nid: 5F0D3C2A-1b7e-4c64-9a53-0d2f6f1e8a01\nname: base\nlogsource: {category: c, product: p}\n\
                detection:\n    sel: {f: a}\n    also: {f: b}\n    condition: [sel, also]\n";
    let filter = |source: &str, body: &str| format!("title: f\nlogsource: {{{source}}}\nfilter: {{{body}}}\n");
    let a = r#"{"f":"a","u":"x"}"#;
    let rows = [
        ("product: p", "rules: any, s: {u: x}, condition: not s", false),
        ("category: c", "rules: [base], s: {u: x}, condition: not s", false),
        ("category: c", "rules: base, s: {u: x}, condition: not s", false),
        ("product: p", "rules: [], s: {u: x}, condition: not s", false),
        ("product: p", "rules: [other], s: {u: x}, condition: not s", true),
        ("product: p", "rules: [Base], s: {u: x}, condition: not s", true),
        ("product: p", "rules: [5f0d3c2a-1b7e-4c64-9a53-0d2f6f1e8a01], s: {u: x}, condition: not s", false),
        ("product: P", "rules: any, s: {u: x}, condition: not s", true),
        ("product: p, service: s", "rules: any, s: {u: x}, condition: not s", true),
        ("product: p, category: d", "rules: any, s: {u: x}, condition: not s", true),
        ("product: p", "rules: any, s: {u: x}, condition: s", true),
        ("product: p", "rules: any, s: {u: y}, condition: s", false),
        ("product: p", "rules: any, sel: {u: x}, condition: not sel", false),
        ("product: p", "rules: any, s1: {u: x}, s2: {u: y}, condition: not all of them", true),
        ("product: p", "rules: any, s1: {u: x}, s2: {u: y}, condition: not 1 of s*", false),
        ("product: p", "rules: any, s1: {u: x}, s2: {u: y}, condition: [not s1, not s2]", true),
        ("product: p", "rules: any, s: [x], condition: not s", false),
    ];
    for (source, body, wanted) in rows {
        let filter = filter(source, body);
        for text in [format!("{rule}---\n{filter}"), format!("{filter}---\n{rule}")] {
            check(&[("Filters", &text, a, wanted)], str::to_owned);
        }
    }
    let not = |u: &str| filter("product: p", &format!("rules: any, s: {{u: {u}}}, condition: not s"));
    let both = format!("{}---\n{rule}---\n{}", not("x"), not("y"));
    check(
        &[
            ("Filters", &both, a, false),
            ("Filters", &both, r#"{"f":"b","u":"y"}"#, false),
            ("Filters", &both, r#"{"f":"b"}"#, true),
        ],
        str::to_owned,
    );
}
