//! Every chain of modifiers up to three long, and a part of those of four, against the rules of combination: written a
//! second time, as sentences about the whole chain, where the product fills slots from left to right.

use super::{errors, read, with_search};

const MODIFIERS: [&str; 24] = [
    "contains",
    "startswith",
    "endswith",
    "all",
    "cased",
    "exists",
    "neq",
    "re",
    "i",
    "m",
    "ignorecase",
    "cidr",
    "gt",
    "lte",
    "hour",
    "week",
    "base64",
    "base64offset",
    "wide",
    "utf16be",
    "utf16",
    "windash",
    "expand",
    "fieldref",
];

const PARTS_OF_TEXT: [&str; 3] = ["contains", "startswith", "endswith"];
const COMPARISONS: [&str; 2] = ["gt", "lte"];
const TIMES: [&str; 2] = ["hour", "week"];
const FLAGS: [&str; 3] = ["i", "m", "ignorecase"];
const BYTES: [&str; 3] = ["wide", "utf16be", "utf16"];
const BASE64: [&str; 2] = ["base64", "base64offset"];
const EXPANSIONS: [&str; 2] = ["windash", "expand"];

/// What an item of the chain does: one operator, or two that belong together.
fn operator<'m>(chain: &[&'m str]) -> Result<&'m str, &'static str> {
    let is_operator = |m: &str| {
        PARTS_OF_TEXT.contains(&m)
            || COMPARISONS.contains(&m)
            || TIMES.contains(&m)
            || ["re", "cidr", "exists", "fieldref"].contains(&m)
    };
    let operators: Vec<&str> = chain.iter().copied().filter(|m| is_operator(m)).collect();
    match operators.as_slice() {
        [] => Ok(""),
        [one] => Ok(one),
        [first, second] if *first == "fieldref" && PARTS_OF_TEXT.contains(second) => Ok(first),
        [first, second] if TIMES.contains(first) && COMPARISONS.contains(second) => Ok(first),
        _ => Err("two operators"),
    }
}

/// The rules of combination; the reason where the chain breaks one.
fn judge(chain: &[&str]) -> Result<(), &'static str> {
    let place = |among: &[&str]| chain.iter().position(|m| among.contains(m));
    let count = |among: &[&str]| chain.iter().filter(|m| among.contains(m)).count();
    let rule = |holds: bool, reason| if holds { Ok(()) } else { Err(reason) };
    let operator = operator(chain)?;
    let on_text = operator.is_empty() || PARTS_OF_TEXT.contains(&operator);
    let rest: Vec<&str> = chain.iter().copied().filter(|m| !["all", "neq"].contains(m)).collect();

    rule((1..chain.len()).all(|i| !chain[..i].contains(&chain[i])), "no modifier stands twice")?;
    rule(count(&["i", "ignorecase"]) <= 1, "synonyms are one modifier")?;
    rule(count(&BYTES) <= 1 && count(&BASE64) <= 1, "one encoding of each kind")?;
    if let Some(bytes) = place(&BYTES) {
        rule(place(&BASE64).is_some_and(|base64| bytes < base64), "bytes come before Base64 and never alone")?;
    }
    if let Some(flag) = place(&FLAGS) {
        rule(place(&["re"]).is_some_and(|re| re < flag), "flags follow `re`")?;
    }
    rule(on_text || count(&EXPANSIONS) + count(&BASE64) == 0, "expansions and encodings need an operator on text")?;
    rule(on_text || operator == "fieldref" || count(&["cased"]) == 0, "`cased` is about text")?;
    if ["re", "cidr"].contains(&operator) {
        rule(rest.first() == Some(&operator), "types stand first")?;
    }
    if operator == "exists" {
        rule(rest == ["exists"] && count(&["all"]) == 0, "`exists` stands alone")?;
    }
    for encoding in [place(&BYTES), place(&BASE64)].into_iter().flatten() {
        rule(place(&PARTS_OF_TEXT).is_none_or(|part| encoding < part), "encode, then wrap")?;
        rule(EXPANSIONS.iter().all(|e| place(&[e]).is_none_or(|e| e < encoding)), "expand, then encode")?;
    }
    Ok(())
}

/// A value that fits the chain, so that only the chain can be wrong.
fn value(chain: &[&str]) -> &'static str {
    match operator(chain) {
        Ok("exists") => "true",
        Ok("cidr") => "10.0.0.0/8",
        Ok(operator) if COMPARISONS.contains(&operator) || TIMES.contains(&operator) => "5",
        _ => "abcd",
    }
}

fn disagreement(chain: &[&str]) -> Option<String> {
    let text = with_search(&format!("f|{}: {}", chain.join("|"), value(chain)));
    let read = read(&text);
    let codes: Vec<&str> = errors(&read).iter().map(|d| d.code.id()).collect();
    let agree = match judge(chain) {
        Ok(()) => codes.is_empty(),
        Err(_) => codes == ["SG0202"],
    };
    (!agree).then(|| format!("{}: {:?}, but the product says {codes:?}", chain.join("|"), judge(chain)))
}

#[test]
fn chains_are_accepted_and_refused_as_the_rules_say() {
    let mut chains: Vec<Vec<&str>> = vec![Vec::new()];
    let mut failures = Vec::new();
    for length in 1..=4 {
        // The long ones are many: a stride without a common factor with their number takes some of everything.
        let stride = if length == 4 { 37 } else { 1 };
        chains = chains.iter().flat_map(|chain| MODIFIERS.map(|m| [&chain[..], &[m]].concat())).collect();
        failures.extend(chains.iter().step_by(stride).filter_map(|chain| disagreement(chain)));
    }
    assert!(failures.is_empty(), "{} chains\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn order_that_means_nothing_gives_the_same_condition() {
    for (one, other) in [
        ("f|windash|contains|all", "f|all|contains|windash"),
        ("f|expand|endswith|cased", "f|cased|endswith|expand"),
        ("f|neq|re|i|m", "f|re|m|i|neq"),
        ("f|wide|base64offset|contains|cased", "f|cased|utf16le|base64offset|contains"),
        ("f|cased|fieldref|endswith", "f|fieldref|endswith|cased"),
        ("f|all|neq|cidr", "f|cidr|neq|all"),
        ("f|windash|expand", "f|expand|windash"),
    ] {
        let value = if one.contains("cidr") { "[10.0.0.0/8, 10.1.0.0/16]" } else { "['-ab', '-cd']" };
        let condition = |key: &str| {
            let mut read = read(&with_search(&format!("{key}: {value}")));
            let mut tests = Vec::new();
            let rule = read.rules.pop().unwrap_or_else(|| panic!("{key}: {:?}", read.diagnostics));
            rule.condition.for_each_predicate(&mut |predicate, _| tests.push(predicate.clone()));
            tests
        };
        assert_eq!(condition(one), condition(other), "{one} and {other}");
    }
}
