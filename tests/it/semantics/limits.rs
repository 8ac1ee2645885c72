//! Files made to take time or memory: each is read or refused in bounded time.

use std::fmt::Write;

use super::{HEAD, errors, read, with_detection, with_search};

/// The codes of the errors, each once.
fn codes(text: &str) -> Vec<&'static str> {
    let mut codes: Vec<_> = errors(&read(text)).iter().map(|d| d.code.id()).collect();
    codes.dedup();
    codes
}

/// Lines from a number each.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut out, n| {
        let _ = writeln!(out, "{}", line(n)); // writing to a string cannot fail
        out
    })
}

#[test]
fn selectors_over_many_searches_are_refused() {
    let searches = lines(20_000, |n| format!("s{n}: {{f: a}}"));
    let selectors = |pattern: &str, count: usize| format!("{searches}condition: {}", vec![pattern; count].join(" or "));
    assert_eq!(codes(&with_detection(&selectors("1 of z*", 5_000))), ["SG0304", "SG0306"]);
    assert_eq!(codes(&with_detection(&selectors("1 of s1999*", 300))), ["SG0306"]);
    assert_eq!(codes(&with_detection(&selectors("1 of s1999*", 200))), [""; 0]);
}

#[test]
fn large_collections_are_merged_by_key() {
    let searches = |name: &str| lines(30_000, |n| format!("    {name}{n}: {{f: a}}"));
    let text = format!(
        "action: global\n{HEAD}detection:\n{}---\ndetection:\n{}    condition: s1 and t1\n",
        searches("s"),
        searches("t")
    );
    assert_eq!(codes(&text), [""; 0]);
}

#[test]
fn many_filters_stay_flat_and_bounded() {
    let filter = |n: usize| {
        format!("---\ntitle: f\nlogsource: {{product: test}}\nfilter: {{rules: any, s: {{g: {n}}}, condition: not s}}")
    };
    let rule = with_search("f: a");
    let text = format!("{rule}{}", lines(5_000, filter));
    assert_eq!(codes(&text), [""; 0]);
    assert_eq!(super::verdict(&text, r#"{"f":"a","g":4999}"#), Ok(false));
    assert_eq!(super::verdict(&text, r#"{"f":"a","g":5000}"#), Ok(true));
    let rules = lines(1_000, |_| format!("---\n{rule}"));
    assert_eq!(codes(&format!("{rules}{}", lines(1_000, filter))), ["SG0002"]);
}
