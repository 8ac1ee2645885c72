//! The regular expressions that stand before Kusto's lenient functions let through what Sigma reads, and nothing else.

use super::injection::{lex, texts};
use super::*;

/// The first literal of the condition, as a regular expression.
fn guard(test: Test) -> regex::Regex {
    let tokens = lex(&kql(f(test))).expect("lexes");
    regex::Regex::new(texts(&tokens)[0]).expect("a regular expression")
}

#[track_caller]
fn check(guard: &regex::Regex, through: &[&str], kept_out: &[&str]) {
    for text in through {
        assert!(guard.is_match(text), "{text:?} must pass {guard}");
    }
    for text in kept_out {
        assert!(!guard.is_match(text), "{text:?} must not pass {guard}");
    }
}

#[test]
fn numbers_are_decimal() {
    check(
        &guard(Test::Compare(CompareOp::Gt, Number::Int(5))),
        &["0", "-7", "+7", "007", "1.5", ".5", "1e3", "1.5E-10", "99999999999999999999"],
        &["", "0x3e7", "1.", "1e", "1,5", " 1", "1 ", "1\n", "١", "NaN", "inf", "1_000", "--1", "true"],
    );
}

#[test]
fn ipv4_addresses_are_four_plain_numbers() {
    check(
        &guard(cidr("10.0.0.0/8")),
        &["10.1.2.3", "0.0.0.0", "255.255.255.255"],
        &[
            "10.1.2.3/32",
            "10.1.2",
            "10.1.2.3.4",
            "010.1.2.3",
            "10.1.2.3 ",
            "10.1.2.3\n",
            "::ffff:10.1.2.3",
            "167838211",
            "",
        ],
    );
}

#[test]
fn ipv6_addresses_have_a_colon_and_no_prefix_or_zone() {
    check(
        &guard(cidr("fe80::/10")),
        &["::", "fe80::1", "FE80:0:0:0:0:0:0:1", "::ffff:10.1.2.3"],
        &["10.1.2.3", "fe80::1/64", "fe80::1%eth0", "[::1]", " ::1", "::1\n", ""],
    );
}

#[test]
fn times_are_dates_with_seconds() {
    check(
        &guard(Test::TimePart { part: TimePart::Hour, op: CompareOp::Eq, n: 3 }),
        &["2024-01-02T03:04:05Z", "2024-01-02 03:04:05", "2024-01-02T03:04:05.123456789+02:00"],
        &["2024-01-02", "2024-01-02T03:04", "Sat, 8 Nov 14 15:05:02 GMT", "1704164645", "03:04:05", ""],
    );
}
