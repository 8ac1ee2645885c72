//! The model against the examples of the vendor's pages, and against its own promises.

use super::*;
use crate::lang::Skeleton;
use proptest::prelude::*;

/// A field of every type: `k` and `k2` keyword, `w` wildcard, `t` text, `n` long, `x` double, `b` boolean, `ip` ip.
fn mapping() -> Mapping {
    let fields = [
        ("event.category", FieldType::Keyword),
        ("k", FieldType::Keyword),
        ("k2", FieldType::Keyword),
        ("w", FieldType::Wildcard),
        ("t", FieldType::Text),
        ("n", FieldType::Long),
        ("x", FieldType::Double),
        ("b", FieldType::Boolean),
        ("ip", FieldType::Ip),
        ("my-field", FieldType::Keyword),
        ("a.my`field", FieldType::Keyword),
    ];
    Mapping::new(fields.map(|(name, field)| (name.to_owned(), field)), OtherFields::Unmapped)
}

fn document(fields: &[(&str, &[Value])]) -> Document {
    fields.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect()
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn keyword(text: &str) -> Document {
    document(&[("k", &[string(text)])])
}

fn ask(condition: &str, document: &Document) -> Result<bool, String> {
    let query = parse(&format!("any where {condition}")).map_err(|e| e.message)?;
    query.matches(document, &mapping(), Folding::Simple).map_err(|e| e.message)
}

/// `Some(true)`, `Some(false)`, or `None` where neither the condition nor its negation matches.
fn truth(condition: &str, document: &Document) -> Result<Option<bool>, String> {
    match (ask(condition, document)?, ask(&format!("not ({condition})"), document)?) {
        (true, false) => Ok(Some(true)),
        (false, true) => Ok(Some(false)),
        (false, false) => Ok(None),
        (true, true) => Err("true and false at once".to_owned()),
    }
}

fn assert_errors(conditions: &[&str]) {
    for condition in conditions {
        assert!(ask(condition, &Document::new()).is_err(), "{condition}");
    }
}

/// Page "EQL syntax reference", section "Wildcards". The page's `like "DOC*"` row lists "DOCs" as a match and its `like
/// "D*C"` row "DisC": both end as the pattern does, or in what `*` takes.
#[test]
fn wildcards_of_the_syntax_page() {
    for (condition, yes, no) in [
        ("k : \"doc*\"", &["doc", "docs", "document", "DOCS"][..], &["DOS"][..]),
        ("k : \"*doc\"", &["adoc", "asciidoc"], &["docs"]),
        ("k : \"d*c\"", &["doc", "disc"], &["docs"]),
        ("k like \"DOC*\"", &["DOC", "DOCS", "DOCs", "DOCUMENT"], &["DOS", "docs"]),
        ("k like \"D*C\"", &["DOC", "DISC", "DisC"], &["doc"]),
        ("k : \"doc?\"", &["docs"], &["doc", "document", "DOS"]),
        ("k : \"?doc\"", &["adoc"], &["asciidoc"]),
        ("k : \"d?c\"", &["doc"], &["disc"]),
        ("k like \"DOC?\"", &["DOCS", "DOCs"], &["DOC", "DOCUMENT", "DOS"]),
        ("k like \"D?c\"", &["DOc"], &["DISC"]),
        ("k : (\"doc*\", \"f*o\", \"ba?\", \"qux\")", &["docs", "foo", "bar", "QUX"], &["quux"]),
        ("k like (\"Doc*\", \"F*O\", \"BA?\", \"QUX\")", &["Docs", "FOO", "BAR", "QUX"], &["foo"]),
        ("k like~ \"a?c\"", &["A\nC", "a\u{1F600}c"], &["ac"]),
    ] {
        for text in yes {
            assert_eq!(ask(condition, &keyword(text)), Ok(true), "{condition} {text}");
        }
        for text in no {
            assert_eq!(ask(condition, &keyword(text)), Ok(false), "{condition} {text}");
        }
    }
}

/// Same page, sections "Comparison operators", "Pattern comparison keywords", "Lookup operators".
#[test]
fn operators_of_the_syntax_page() {
    for (condition, text, expected) in [
        ("k == \"Ab\"", "Ab", true),
        ("k == \"Ab\"", "ab", false),
        ("k == \"a*\"", "ab", false),
        ("k == \"a*\"", "a*", true),
        ("k : \"AB\"", "ab", true),
        ("k : \"ÄB\"", "äb", true),
        ("k != \"ab\"", "ab", false),
        ("k in (\"Value-1\", \"VALUE2\", \"VAL3\")", "VALUE2", true),
        ("k in (\"Value-1\", \"VALUE2\", \"VAL3\")", "value2", false),
        ("k in~ (\"value-1\", \"value2\", \"val3\")", "VALUE2", true),
        ("k in~ (\"test*\", \"best\")", "TEST*", true),
        ("k in~ (\"test*\", \"best\")", "tests", false),
        ("k not in (\"a\")", "b", true),
        ("k not in~ (\"a\")", "A", false),
        ("k : (\"value-1\", \"value2\", \"val3\")", "VAL3", true),
        ("k regex \"VALUE[^Z].?\"", "VALUEab", true),
        ("k regex \"VALUE[^Z].?\"", "VALUEZ", false),
        ("k regex~ \"value[^z].?\"", "VALUEA", true),
        ("k regex (\"[vV]alue-[0-9]\", \"VALUE[^2].?\", \"VAL3\")", "value-7", true),
        ("k regex~ (\"value-[0-9]\", \"value[^2].?\", \"val3\")", "VAL3", true),
        ("k > \"a\"", "b", true),
        ("k > \"a\"", "B", false),
        ("k : \"*\\\\red_ttp\\\\wininit.*\"", "C:\\red_ttp\\wininit.exe", true),
        ("w : \"x\"", "x", false),
    ] {
        assert_eq!(ask(condition, &keyword(text)), Ok(expected), "{condition} {text}");
    }
}

#[test]
fn older_versions_fold_ascii_only() {
    let query = parse("any where k : \"ÄB*\" or k in~ (\"Ä\") or startsWith~(k, \"Ä\") or k regex~ \"Ä.*\"");
    let ask = |folding| query.clone().and_then(|q| q.matches(&keyword("äb"), &mapping(), folding));
    assert_eq!(ask(Folding::Ascii), Ok(false));
    assert_eq!(ask(Folding::Simple), Ok(true));
}

/// Golden translations `mixedTypeFilter`, `notFilter`, `fieldNoEquals`, `fieldNotEqualsFalse`, `functionNotEqualsTrue`,
/// `lengthFunctionWithExactField`, `stringFunction`, `numberFunctionFoldedComparison`.
#[test]
fn typed_fields() {
    let full = document(&[
        ("n", &[Value::Long(12)]),
        ("x", &[Value::Double(1.5)]),
        ("b", &[Value::Bool(true)]),
        ("ip", &[string("10.1.2.3")]),
        ("k", &[string("regsvr32.exe")]),
        ("k2", &[string("1337")]),
    ]);
    for (condition, expected) in [
        ("n < 12.5 and n >= 12", true),
        ("not (n > -1)", false),
        ("n in (0, 1, 12)", true),
        ("n == 12.0", true),
        ("5 < n", true),
        ("x == 1.5", true),
        ("b", true),
        ("b == true and b != false", true),
        ("b == false", false),
        ("ip == \"10.1.2.3\"", true),
        ("ip == \"::ffff:10.1.2.3\"", true),
        ("ip in (\"10.0.0.1\", \"10.1.2.3\")", true),
        ("cidrMatch(ip, \"10.0.0.0/8\")", true),
        ("cidrMatch(ip, \"10.6.48.157/8\") == true", true),
        ("cidrMatch(ip, \"10.0.0.0/8\") != true", false),
        ("cidrMatch(ip, \"192.168.0.0/16\", \"2001:db8::/32\") == false", true),
        ("12 == length(k)", true),
        ("string(n) : \"12\"", true),
        ("string(ip) like \"10.*\"", true),
        ("number(k2) == 1337", true),
        ("startsWith~(string(ip), \"10.\")", true),
        ("concat(k, \" \", n) == \"regsvr32.exe 12\"", true),
    ] {
        assert_eq!(ask(condition, &full), Ok(expected), "{condition}");
    }
}

/// Page "EQL function reference".
#[test]
fn function_examples() {
    for condition in [
        "concat(\"process is \", \"regsvr32.exe\") == \"process is regsvr32.exe\"",
        "concat(\"regsvr32.exe\", \" \", 42) == \"regsvr32.exe 42\"",
        "concat(\"regsvr32.exe\", \" \", 42.5) == \"regsvr32.exe 42.5\"",
        "concat(\"regsvr32.exe\", \" \", true) == \"regsvr32.exe true\"",
        "concat(\"regsvr32.exe\") == \"regsvr32.exe\"",
        "endsWith(\"regsvr32.exe\", \".exe\")",
        "not endsWith(\"regsvr32.exe\", \".EXE\")",
        "endsWith(\"\", \"\")",
        "endsWith~(\"regsvr32.exe\", \".EXE\")",
        "length(\"explorer.exe\") == 12",
        "length(\"\") == 0",
        "number(\"42.5\") == 42.5",
        "number(\"deadbeef\", 16) == 3735928559",
        "number(\"0xdeadbeef\") == 3735928559",
        "number(\"0xdeadbeef\", 16) == 3735928559",
        "number(\"0xdeadbeef\", null) == 3735928559",
        "number(\"+1337\") == 1337",
        "number(\"-1337\") == -1337",
        "number(\"  1337  \") == 1337",
        "startsWith(\"regsvr32.exe\", \"regsvr32\")",
        "not startsWith(\"regsvr32.exe\", \"Regsvr32\")",
        "startsWith~(\"regsvr32.exe\", \"Regsvr32\")",
        "startswith~(\"regsvr32.exe\", \"Regsvr32\")",
        "startsWith(\"regsvr32.exe\", k)",
        "not endsWith(\"ntdll.dll\", k)",
        "string(42) == \"42\"",
        "string(42.5) == \"42.5\"",
        "string(true) == \"true\"",
        "stringContains(\"start regsvr32.exe\", k)",
        "not stringContains(\"\", \"\")",
    ] {
        assert_eq!(truth(condition, &keyword("regsvr32")), Ok(Some(true)), "{condition}");
    }
    for condition in [
        "endsWith(\"regsvr32.exe\", null)",
        "startsWith(null, null)",
        "cidrMatch(null, \"10.0.0.0/8\")",
        "cidrMatch(ip, null)",
        "length(null) == 0",
        "number(null, 16) == 1",
        "string(null) : \"x\"",
        "concat(k, null) == \"x\"",
        "stringContains(k, null)",
    ] {
        assert_eq!(truth(condition, &keyword("regsvr32")), Ok(None), "{condition}");
    }
}

/// `stringContains` and `endsWith` on a field become `wildcard` queries with the constant as it is.
#[test]
fn constants_of_string_functions_are_live_wildcards() {
    for (condition, text, expected) in [
        ("endsWith(k, \".exe\")", "a.exe", true),
        ("stringContains~(k, \"FOO\")", "a foo b", true),
        ("stringContains(k, \"a*b\")", "a--b", true),
        ("endsWith~(k, \"\\\\cmd.exe\")", "xcmd.exe", true),
        ("endsWith~(k, \"\\\\cmd.exe\")", "x\\Cmd.exe", false),
        ("endsWith(k, \"\\\\\")", "dir\\", true),
        ("endsWith(k, \"\\\\\")", "dir", false),
        ("stringContains(k, \"\\\\\")", "a\\b", false),
        ("stringContains(k, \"\\\\\")", "ab*", true),
        ("startsWith~(k, \"A*\")", "a*b", true),
        ("startsWith~(k, \"A*\")", "ab", false),
    ] {
        assert_eq!(ask(condition, &keyword(text)), Ok(expected), "{condition} {text}");
    }
}

/// A mapped field that the document lacks: every leaf is false, every negation true.
#[test]
fn a_missing_mapped_field_is_false() {
    for leaf in [
        "k : \"x\"",
        "k == \"x\"",
        "k in (\"x\")",
        "k like \"*\"",
        "k regex \".*\"",
        "n > 5",
        "b",
        "cidrMatch(ip, \"::/0\")",
        "length(k) >= 0",
        "startsWith(k, \"\")",
        "?k : \"x\"",
        "k != null",
        "k == \"\"",
    ] {
        assert_eq!(truth(leaf, &Document::new()), Ok(Some(false)), "{leaf}");
    }
    for condition in ["k != \"x\"", "k == null", "k not in (\"x\")", "n != 5", "cidrMatch(ip, \"::/0\") == false"] {
        assert_eq!(truth(condition, &Document::new()), Ok(Some(true)), "{condition}");
    }
    assert_eq!(ask("k != null and k == \"\"", &keyword("")), Ok(true), "an empty string exists");
}

/// Page "EQL syntax reference", section "Optional fields": one that no index has is null.
#[test]
fn an_unmapped_optional_field_is_null() {
    for leaf in [
        "?u : \"x\"",
        "?u == 5",
        "?u != 5",
        "?u in (1)",
        "?u not in (1)",
        "?u > 1",
        "?u",
        "length(?u) > 0",
        "?u == true",
    ] {
        assert_eq!(truth(leaf, &Document::new()), Ok(None), "{leaf}");
    }
    assert_eq!(truth("?u == null", &Document::new()), Ok(Some(true)));
    assert_eq!(truth("?u != null", &Document::new()), Ok(Some(false)));
    assert_eq!(truth("null != null", &Document::new()), Ok(Some(false)));
    assert_eq!(ask("not (?u != null and ?u : \"x\")", &Document::new()), Ok(true));
    assert_eq!(ask("?u : \"x\" or true", &Document::new()), Ok(true));
    assert_errors(&["u : \"x\"", "u == null", "not u : \"x\""]);
}

/// Golden translation `twoRangesOnASingleField`: different elements of an array may pass different leaves.
#[test]
fn any_element_of_an_array_passes_a_leaf() {
    let array = document(&[("n", &[Value::Long(50), Value::Long(250)]), ("k", &[string("a"), string("b")])]);
    for (condition, expected) in [
        ("n > 100 and n < 200", true),
        ("k : \"B\"", true),
        ("not k : \"B\"", false),
        ("k != \"a\"", false),
        ("not k : \"c\"", true),
        ("length(k) == 1", true),
    ] {
        assert_eq!(ask(condition, &array), Ok(expected), "{condition}");
    }
}

#[test]
fn the_category_is_a_case_sensitive_term() {
    let process = document(&[("event.category", &[string("process"), string("my event")])]);
    for (query, expected) in [
        ("process where true", true),
        ("Process where true", false),
        ("any where true", true),
        ("\"my event\" where true", true),
        ("\"\"\"my event\"\"\" where true", true),
        ("process where false", false),
        ("process where true | head 5 | tail 3", true),
    ] {
        let found = parse(query).and_then(|q| q.matches(&process, &mapping(), Folding::Simple));
        assert_eq!(found, Ok(expected), "{query}");
    }
    let unmapped = parse("process where true").and_then(|q| q.prepare(&Mapping::default(), Folding::Simple));
    assert!(unmapped.is_err());
}

#[test]
fn not_binds_tighter_than_and_tighter_than_or() {
    let skeleton = |condition: &str| parse(&format!("any where {condition}")).map(|q| q.skeleton());
    let leaf = |text: &str| Skeleton::Leaf(text.to_owned());
    assert_eq!(
        skeleton("not k : \"a\" and (n == 1) or ?u != null or (true and not not b)"),
        Ok(Skeleton::Or(vec![
            Skeleton::And(vec![Skeleton::Not(Box::new(leaf("k : \"a\""))), leaf("n == 1")]),
            leaf("?u != null"),
            Skeleton::And(vec![Skeleton::True, Skeleton::Not(Box::new(Skeleton::Not(Box::new(leaf("b")))))]),
        ]))
    );
    assert_eq!(ask("true or false and false", &Document::new()), Ok(true));
}

/// Sections "Escape a field name"; comments nest.
#[test]
fn names_and_comments() {
    for condition in
        ["`my-field` == null", "a.`my``field` == null", "k == null // and\n", "k /* a /* b */ c */ == null"]
    {
        assert_eq!(ask(condition, &Document::new()), Ok(true), "{condition}");
    }
    assert_errors(&[
        "my-field == null",
        "`nope` == null",
        "k /* /* */ == null",
        "event.any == 1",
        "6k == 1",
        "k[0] : \"a\"",
    ]);
}

/// What the verifier refuses, or the model does not know.
#[test]
fn wrong_types_and_unknown_things_are_errors() {
    assert_errors(&[
        "n : \"5\"",
        "n : 5",
        "ip : \"10.*\"",
        "b : \"true\"",
        "n like \"5\"",
        "t : \"x\"",
        "t == null",
        "k == 5",
        "n == \"5\"",
        "ip == \"junk\"",
        "ip > \"10.0.0.1\"",
        "b > true",
        "k",
        "n",
        "\"x\"",
        "5",
        "k = \"x\"",
        "k == k2",
        "k : k2",
        "length(k) == length(k2)",
        "k in ()",
        "k in (k2)",
        "k in (\"a\", 5)",
        "n in~ (5)",
        "1 < n < 3",
        "k : ()",
        "k : (\"a\",)",
        "cidrMatch(k, \"10.0.0.0/8\")",
        "cidrMatch(ip, \"10.0.0.0\")",
        "cidrMatch(ip, \"junk/8\")",
        "cidrMatch(ip)",
        "cidrMatch~(ip, \"10.0.0.0/8\")",
        "foo(k)",
        "startsWith(k)",
        "startsWith(n, \"1\")",
        "length(n) > 1",
        "k regex \"\\\\b\"",
        "k regex \"(\"",
        "k regex \"a&b\"",
        "k == \"\\*\"",
        "k == 'a'",
        "k !: \"a\"",
        "n + 1 == 2",
        "k not : \"a\"",
        "k : \"a\" | count",
        "k : \"a\" | head",
        "stringContains(k, \"\")",
        "length(k) == null",
        "1 == 1",
        "number(k) == null",
        "?(k) == 1",
        "not",
        "k : \"a\" and",
        "(k : \"a\"",
        "k : \"a\" b",
        "string(x) : \"1\"",
        "number(k, 99) == 1",
    ]);
    for query in [
        "",
        "where true",
        "process",
        "process where",
        "sequence [any where true] [any where true]",
        "sample by a [any where true]",
    ] {
        assert!(parse(query).is_err(), "{query}");
    }
}

#[test]
fn documents_that_the_index_would_refuse_are_errors() {
    assert!(ask("n == 5", &document(&[("n", &[string("5")])])).is_err());
    assert!(ask("ip == \"::1\"", &document(&[("ip", &[string("junk")])])).is_err());
    assert!(ask("number(k) == 5", &keyword("junk")).is_err());
    let many: Vec<_> = (0..200).map(|n| string(&n.to_string())).collect();
    assert!(ask("concat(k, k, k) == \"\"", &document(&[("k", &many)])).is_err());
}

#[test]
fn deep_nesting_is_an_error_and_wide_is_not() {
    for condition in [
        format!("{}true{}", "(".repeat(5000), ")".repeat(5000)),
        format!("{}true", "not ".repeat(5000)),
        format!("{}k{} == \"\"", "string(".repeat(5000), ")".repeat(5000)),
    ] {
        assert!(ask(&condition, &Document::new()).is_err());
    }
    let wide = vec!["not k : (\"a*\", \"b\") and (n > 5)"; 5000].join(" or ");
    assert_eq!(ask(&wide, &Document::new()), Ok(false));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = parse(&text).map(|q| q.prepare(&mapping(), Folding::Simple));
        let _ = regexp::compile(&text, pattern::Case::Fold(Folding::Simple));
    }

    #[test]
    fn no_mix_of_tokens_makes_the_model_panic(parts in prop::collection::vec(prop::sample::select(vec![
        "any", "where", "k", "n", "ip", "?u", "==", "!=", ":", "like~", "regex", "in", "in~", "not", "(", ")", ",", "and", "or",
        "\"x*\"", "\"[a-\"", "\"\"\"a\"\"\"", "5", "-", "1.5", ".", "null", "true", "`my-field`", "cidrMatch(", "length(", "concat(",
        "number(", "startsWith~(", "|", "head", "/*", "//", "[", "\"10.0.0.0/8\"",
    ]), 0..20), text in "\\PC{0,8}") {
        let query = format!("any where {}", parts.join(" "));
        if let Ok(prepared) = parse(&query).and_then(|q| q.prepare(&mapping(), Folding::Ascii)) {
            let _ = prepared.matches(&keyword(&text));
        }
    }

    #[test]
    fn like_agrees_with_its_definition(pattern in "[ab*?]{0,5}", text in "[ab\n]{0,5}") {
        fn naive(pattern: &[u8], text: &[u8]) -> bool {
            match (pattern.split_first(), text.split_first()) {
                (None, None) => true,
                (Some((b'*', rest)), _) => naive(rest, text) || text.split_first().is_some_and(|(_, t)| naive(pattern, t)),
                (Some((b'?', rest)), Some((_, t))) => naive(rest, t),
                (Some((c, rest)), Some((d, t))) => c == d && naive(rest, t),
                _ => false,
            }
        }
        let expected = naive(pattern.as_bytes(), text.as_bytes());
        prop_assert_eq!(ask(&format!("k like \"{pattern}\""), &keyword(&text)), Ok(expected));
    }
}
