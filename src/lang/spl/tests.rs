//! The model against the examples of the vendor's pages, and against its own promises.

use super::*;
use crate::lang::Skeleton;
use proptest::prelude::*;

fn row(fields: &[(&str, &[&str])]) -> Row {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let raw = fields.iter().find(|(name, _)| *name == "_raw").and_then(|(_, values)| values.first()).unwrap_or(&"");
    let rest = fields.iter().filter(|(name, _)| *name != "_raw");
    Row::new(raw, rest.map(|(name, values)| ((*name).to_owned(), owned(values))))
}

fn ask(query: &str, row: &Row) -> Result<bool, String> {
    parse(query).and_then(|query| query.matches(row)).map_err(|error| error.message)
}

/// The three-valued result of a predicate of `where`: `Some(None)` is null.
fn truth(predicate: &str, row: &Row) -> Result<Option<bool>, String> {
    let positive = ask(&format!("* | where {predicate}"), row)?;
    match (positive, ask(&format!("* | where NOT ({predicate})"), row)?) {
        (true, false) => Ok(Some(true)),
        (false, true) => Ok(Some(false)),
        (false, false) => Ok(None),
        (true, true) => Err("true and false at once".to_owned()),
    }
}

fn assert_search(row: &Row, yes: &[&str], no: &[&str]) {
    for (queries, expected) in [(yes, true), (no, false)] {
        for query in queries {
            assert_eq!(ask(query, row), Ok(expected), "{query}");
        }
    }
}

fn assert_where(row: &Row, yes: &[&str], no: &[&str], null: &[&str]) {
    for (predicates, expected) in [(yes, Some(true)), (no, Some(false)), (null, None)] {
        for predicate in predicates {
            assert_eq!(truth(predicate, row), Ok(expected), "{predicate}");
        }
    }
}

fn assert_errors(queries: &[&str], row: &Row) {
    for query in queries {
        assert!(ask(query, row).is_err(), "{query}");
    }
}

/// Page "Boolean expressions with logical operators": `search` reads `A=1 AND B=2 OR C=3` as `A=1 AND (B=2 OR C=3)`, `where`
/// as `(A=1 AND B=2) OR C=3`.
#[test]
fn or_binds_tighter_in_search_and_looser_in_where() {
    let only_c = row(&[("C", &["3"])]);
    assert_search(&only_c, &["* | where A=1 AND B=2 OR C=3"], &["A=1 AND B=2 OR C=3", "A=1 B=2 OR C=3"]);
    let a_and_c = row(&[("A", &["1"]), ("C", &["3"])]);
    assert_search(&a_and_c, &["A=1 AND B=2 OR C=3", "C=3 OR B=2 A=1"], &[]);
    // XOR binds loosest.
    assert_where(&only_c, &["true() OR true() XOR false()"], &["true() XOR true() OR false()"], &["true() XOR A=1"]);
    assert_errors(&["a XOR b", "* | where A=1 and B=2", "* | where not A=1", "a OR", "OR a", "(a", "a)"], &only_c);
}

/// Page "Boolean expressions with logical operators": "the NOT operator only applies to the term immediately following".
#[test]
fn not_applies_to_the_next_term_only() {
    let event = row(&[("a", &["1"]), ("b", &["2"])]);
    assert_search(&event, &["NOT a=2 b=2", "NOT a=1 OR b=2", "NOT NOT a=1"], &["NOT a=1 b=2", "NOT (a=1 OR b=3)"]);
    assert_where(&event, &["NOT a=2 AND b=2", "NOT a=1 OR b=2"], &["NOT a=1 AND b=2"], &[]);
}

/// Page "NOT expressions" / "Difference between NOT and !=": `!=` keeps only events that have the field.
#[test]
fn not_equal_is_false_where_the_field_is_missing_and_not_is_true() {
    let event = row(&[("f", &["Calaveras Farms"]), ("many", &["a", "b"])]);
    assert_search(
        &event,
        &["NOT g=\"x\"", "NOT f=\"x\"", "f!=\"x\"", "f=*", "NOT g=*", "many!=a", "many=b", "f=\"calaveras farms\""],
        &[
            "g!=\"x\"",
            "NOT f=\"Calaveras Farms\"",
            "f!=\"Calaveras Farms\"",
            "g=*",
            "NOT many=a",
            "F=*",
            "f=\"\"",
            "f!=*",
        ],
    );
}

/// Pages "search" and "Wildcards".
#[test]
fn values_of_search_fold_and_have_wildcards() {
    let event =
        row(&[("status", &["404"]), ("host", &["WebServer01"]), ("path", &["C:\\Temp\\a*b.exe"]), ("u", &["ÄÖ"])]);
    assert_search(
        &event,
        &[
            "host=webserver* (status=4* OR status=5*)",
            "search host=webserver* status IN(4*, 5*)",
            "host = \"WEBSERVER01\"",
            "\"host\"=webserver01",
            "host=*server*1",
            "path=\"*\\\\temp\\\\*\"",
            "path=C:\\\\Temp\\\\*",
            // "If Splunk software does not recognize a backslash sequence, it will not alter it."
            "path=\"C:\\Temp\\a*\"",
            "path=*.exe",
            "u=äö",
            "status>400 status<=404 status>=404 status<1000",
            "status!=405 | search host=* | where status=404",
        ],
        &[
            "host=server*",
            "host=web*02",
            "path=\"C:\\\\\\\\Temp*\"",
            "status=0404",
            "status IN (401, 403)",
            "status>404",
            "host>500.5 status=1",
        ],
    );
    assert_errors(
        &["path=\"a\\*b\"", "path=\"\\", "f=a\"b\"", "f=", "f=(a)", "f IN a", "f IN ()", "f>abc", "host*=a"],
        &event,
    );
}

#[test]
fn quotes_and_pipes_are_escaped_in_search() {
    let event = row(&[("q", &["a\"b|c"])]);
    assert_search(&event, &["q=\"a\\\"b\\|c\"", "q=\"a\\\"b|c\"", "q=a\\\"b\\|c"], &["q=\"ab|c\""]);
}

/// Page "search": "supports IPv4 and IPv6 addresses and subnets that use CIDR notation".
#[test]
fn equality_in_search_knows_networks() {
    let event = row(&[("v4", &["192.0.2.5"]), ("v6", &["2001:DB8::5"]), ("junk", &["192.0.2.300"])]);
    assert_search(
        &event,
        &[
            "v4=192.0.2.0/24",
            "v4=\"192.0.0.0/16\"",
            "v6=2001:db8::/32",
            "v4 IN (10.0.0.0/8, 192.0.2.4/31)",
            "v4=0.0.0.0/0",
        ],
        &["v4=192.0.3.0/24", "v6=2001:db9::/32", "junk=192.0.2.0/24", "v4!=192.0.2.0/24", "v4=::/0", "v4=192.0.2.0/33"],
    );
    assert_where(
        &event,
        &["cidrmatch(\"192.0.2.0/24\", v4)", "cidrmatch(\"2001:db8::/32\", v6)"],
        &["cidrmatch(\"123.132.32.0/25\", v4)", "cidrmatch(\"192.0.2.0/24\", junk)"],
        &["cidrmatch(\"192.0.2.0/24\", nope)"],
    );
    assert_errors(&["* | where cidrmatch(\"192.0.2.0\", v4)", "* | where cidrmatch(v4, v4)"], &event);
}

/// Pages "Search command primer" and "Event segmentation and searching".
#[test]
fn terms_are_found_between_breakers() {
    let event = row(&[("_raw", &["127.0.0.1 web Error: user=xfoox file=D:\\Digital\\RTFM%20end aaXaa_b"])]);
    assert_search(
        &event,
        &[
            "web error",
            "\"web error\"",
            "ERROR",
            "127.0.0.1",
            "*foo*",
            "D:\\\\Digital\\\\RTFM",
            "xfoo*",
            "*",
            "20end",
            "end",
            "NOT and",
        ],
        &["foo", "\"error web\"", "*foo", "foo*", "aa", "\"eb err\"", "NOT *"],
    );
    assert_errors(
        &["f*o", "\"\"", "", "TERM(127.0.0.1)", "CASE(error)", "host=CASE(X)", "`macro`", "[ search a ]", "a, b"],
        &event,
    );
}

/// Page "where": values are case-sensitive, "if the value is a string, it must be in quotation marks"; a bare word is a
/// field.
#[test]
fn where_minds_case_and_compares_fields() {
    let event = row(&[
        ("name", &["Maria"]),
        ("5minutes", &["late"]),
        ("host-name", &["b"]),
        ("copy", &["Maria"]),
        ("p.n", &["x"]),
    ]);
    assert_where(
        &event,
        &[
            "name=\"Maria\"",
            "name==copy",
            "'5minutes'=\"late\"",
            "'host-name'=\"b\"",
            "lower(name)=\"maria\"",
            "'p.n'==\"x\"",
            "name!=\"maria\"",
            "upper(name)=\"MARIA\"",
        ],
        &["name=\"maria\"", "name!=copy", "name=\"Mar*\""],
        &["nope=\"x\"", "nope!=\"x\"", "Name=\"Maria\"", "name=maria", "nope=name"],
    );
    assert_errors(
        &[
            "* | where 5minutes=\"late\"",
            "* | where host-name=\"b\"",
            "* | where name",
            "* | where name=copy=name",
            "* | where \"a\"",
            "* | where p.n=5 AND",
        ],
        &event,
    );
}

/// Page "Lexicographical order": numbers by their value, texts by code point.
#[test]
fn numbers_compare_as_numbers_and_texts_as_texts() {
    let event =
        row(&[("n", &["9"]), ("m", &["10"]), ("z", &["010"]), ("s", &["abc"]), ("f", &["1.50"]), ("b", &[" 9"])]);
    assert_where(
        &event,
        &[
            "n<10",
            "n<m",
            "m=z",
            "n=9",
            "f=1.5",
            "tonumber(z)=10",
            "s>5",
            "s!=5",
            "z=\"010\"",
            "\"10\"<\"9\"",
            "n>\"10\"",
            "-n = -9",
            "n+1=m",
            "m%4=2",
            "(n-1)*2=16",
            "n.m=\"910\"",
            "tostring(n+1)=m",
        ],
        &["n>10", "z=\"10\"", "s=5", "f=\"1.5\""],
        &["tonumber(s)=5", "tonumber(b)=9", "isnull(tonumber(b)) AND nope=1", "nope+1=2"],
    );
    for text in ["1e3", ".5", "5.", "+5", "-.5", "1.5E-1"] {
        assert_errors(&["* | where tonumber(t)<9"], &row(&[("t", &[text])]));
    }
    assert_where(&event, &["pow(2, min(3, n))=8", "pow(10, -1)=0.1", "tonumber(\"-1.5\")=-1.5"], &[], &[]);
    assert_errors(
        &[
            "* | where pow(10, 400)>1",
            "* | where min(s, 1)=1",
            "* | where lower(n)=9",
            "* | where s+1=2",
            "* | where n/0=1",
            "* | where n.m+1=5",
            "* | where 1+n.m=5",
        ],
        &event,
    );
}

#[test]
fn null_is_neither_true_nor_false() {
    let event = row(&[("f", &["x"])]);
    assert_where(
        &event,
        &[
            "g=1 OR true()",
            "isnull(g)",
            "isnotnull(f)",
            "NOT (isnotnull(g) AND g=\"x\")",
            "coalesce(g=1, true())",
            "if(g=1, false(), true())",
            "coalesce(g, f)=\"x\"",
            "if(isnull(g), \"a\", \"b\")=\"a\"",
            "case(g=1, \"a\", f=\"x\", \"b\")=\"b\"",
        ],
        &["g=1 AND false()", "isnull(f)", "isnotnull(g)", "case(f=\"x\", false())"],
        &[
            "g=1 OR false()",
            "g=1 AND true()",
            "match(g, \"x\")",
            "like(g, \"x\")",
            "g IN (\"x\")",
            "in(f, g)",
            "lower(g)=\"x\"",
            "case(f=\"y\", true())",
            "null()",
            "f=null()",
            "f.g=\"x\"",
        ],
    );
}

/// Page "Comparison and Conditional functions".
#[test]
fn conditional_functions() {
    let event = row(&[("status", &["403"]), ("ip", &["198.51.100.1"]), ("error", &["failure"]), ("nl", &["a\nb"])]);
    assert_where(
        &event,
        &[
            "status in(\"400\", \"401\", \"403\", \"404\")",
            "status IN (403)",
            "in(error, \"error\", \"failure\", \"severe\")",
            "like(ip, \"198.%\")",
            "ip LIKE \"198.__.%\"",
            "like(nl, \"a_b\")",
            "like(ip, \"198\".\"%\")",
            "match(ip, \"^\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}$\")",
        ],
        &[
            "status in(\"400\")",
            "in(error, \"FAIL%\")",
            "like(error, \"FAIL%\")",
            "like(ip, \"198\")",
            "match(error, \"^FAIL\")",
        ],
        &[],
    );
    assert_errors(
        &[
            "* | where like(ip, \"a\\\\b\")",
            "* | where like(ip, \"a\\%\")",
            "* | where match(ip, ip)",
            "* | where case(true())",
            "* | where nope(ip)",
            "* | where searchmatch(\"x\")",
        ],
        &event,
    );
}

/// Page "Types of expressions": `"C:\\windows"`, and `"C:\\windows\temp"`, where `\t` is a tab.
#[test]
fn strings_of_where_have_three_escapes() {
    let event = row(&[("a", &["C:\\windows"]), ("b", &["C:\\windows\temp"]), ("c", &["say \"x\""])]);
    assert_where(&event, &["a=\"C:\\\\windows\"", "b=\"C:\\\\windows\\temp\"", "c=\"say \\\"x\\\"\""], &[], &[]);
    assert_errors(&["* | where a=\"C:\\windows\"", "* | where a=\"\\n\"", "* | where a=\"x", "* | where 'a=1"], &event);
}

/// Pages "SPL and regular expressions" (`c:\\\\temp` for a literal backslash) and "regex".
#[test]
fn regexes() {
    let event = row(&[("p", &["c:\\temp"]), ("line", &["one\n"]), ("w", &["é ٣ x|y <z>"]), ("many", &["a", "b"])]);
    assert_where(
        &event,
        &[
            "match(p, \"c:\\\\\\\\temp\")",
            "match(p, \"(?i)^C:\")",
            "match(line, \"one$\")",
            "match(w, \"x[|]y\")",
            "match(w, \"\\<z\\>\")",
            "match(w, \"^\\W\")",
            "match(w, \"(?i)É\")",
            "match(line, \"(?s)e.$\")",
            "match(line, \"(?m)one$\")",
            "match(line, \"(?<![^\\n])one\")",
            "match(line, \"(?<![^\\n])\\z\")",
            "match(w, \"a|x\")",
            "match(p, \"[\\w:]+\\S\\btemp|(?:p$)\")",
        ],
        &[
            "match(p, \"C:\")",
            "match(w, \"\\d\")",
            "match(line, \"one\\z\")",
            "match(w, \"^\\w\")",
            "match(line, \"e.\")",
        ],
        &[],
    );
    assert_search(
        &event,
        &["* | regex p=\"^c\"", "* | regex p!=\"^d\""],
        &["* | regex p=\"^d\"", "* | regex nope=\"x\"", "* | regex \"x\""],
    );
    let refused = [
        "(?P<a.b>c)",
        "a{70000}",
        "(?=a)",
        "(a)\\1",
        "a++",
        "a{,3}",
        "\\p{L}",
        "[a&&b]",
        "[a[b]]",
        "\\B",
        "(?m)^a",
        "a$b",
        "(?x)a",
        "\\v",
        "\\u0041",
        "a\\|b",
        "(",
        "\\h",
    ];
    for regex in refused {
        assert!(ask(&format!("* | where match(p, \"{regex}\")"), &event).is_err(), "{regex}");
    }
    assert_errors(&["* | regex nope!=\"x\"", "* | regex many=\"a\"", "* | regex p", "* | regex NOT p=\"a\""], &event);
}

/// Page "Text functions".
#[test]
fn text_functions() {
    let event = row(&[("date", &["1/14/2023"]), ("s", &["string"]), ("t", &[" \tx "]), ("u", &["Äbc"])]);
    assert_where(
        &event,
        &[
            "replace(date, \"^(\\d{1,2})/(\\d{1,2})/\", \"\\2/\\1/\")=\"14/1/2023\"",
            "substr(\"string\", 1, 3).substr(\"string\", -3)=\"string\"",
            "substr(s, 0, 2)=\"s\"",
            "substr(s, -9)=\"string\"",
            "substr(s, 9)=\"\"",
            "len(u)=3",
            "trim(t)=\"x\"",
            "lower(u)=\"äbc\"",
        ],
        &[],
        &["substr(nope, 1)=\"x\""],
    );
    assert_errors(
        &[
            "* | where substr(s, 1, -1)=\"x\"",
            "* | where substr(s)=\"x\"",
            "* | where len(s, s)=1",
            "* | where replace(s, \"g$\", \"x\")=\"\"",
        ],
        &event,
    );
}

#[test]
fn times_are_in_utc() {
    let event = row(&[]).at(1_700_000_000.5);
    assert_where(
        &event,
        &[
            "tonumber(strftime(_time, \"%H\"))=22",
            "strftime(_time, \"%Y-%m-%d %V %M\")=\"2023-11-14 46 13\"",
            "_time>1700000000",
        ],
        &[],
        &[],
    );
    assert_errors(
        &[
            "* | where strftime(_time, \"%c\")=\"\"",
            "* | where strftime(_time, \"%\")=\"\"",
            "_time>5",
            "earliest=-1h a",
        ],
        &event,
    );
}

/// Page "Multivalue eval functions".
#[test]
fn fields_of_many_values() {
    let event = row(&[("email", &["a@x.net", "b@y.com", "c@z.org"]), ("one", &["q"])]);
    assert_where(
        &event,
        &[
            "mvcount(email)=3",
            "mvcount(one)=1",
            "isnull(mvcount(nope))",
            "mvcount(mvfilter(match(email, \"\\.net$\") OR match(email, \"\\.org$\")))=2",
            "isnull(mvfilter(email=\"x\"))",
            "mvfind(email, \"b@.+\")=1",
            "isnull(mvfind(email, \"^x\"))",
            "mvindex(email, 0)=\"a@x.net\"",
            "mvindex(email, -1)=\"c@z.org\"",
            "mvcount(mvindex(email, 1, 2))=2",
            "isnull(mvindex(email, 3))",
            "isnotnull(email)",
            "isnotnull(coalesce(nope, email))",
            "isnotnull(mvmap(email, if(email==\"b@y.com\", 1, null())))",
            "isnull(mvmap(email, if(email==\"nobody\", 1, null())))",
            "isnull(mvmap(nope, 1))",
            "mvcount(split(\"a,b,c\", \",\"))=3",
            "floor(1.9)=1",
            "strftime(strptime(\"2024-12-30\", \"%Y-%m-%d\"), \"%V\")=\"01\"",
            "isnull(strptime(\"junk\", \"%Y-%m-%d\"))",
            "isnotnull(mvmap(email, mvmap(one, if(one<email OR email==\"a@x.net\", 1, null()))))",
        ],
        &[],
        &["mvindex(email, 9)=\"x\""],
    );
    assert_errors(
        &[
            "* | where email=\"a@x.net\"",
            "* | where match(email, \"a\")",
            "* | where lower(email)=\"x\"",
            "* | where mvcount(mvfilter(email=one))=1",
            "* | where mvcount(\"a\")=1",
            "* | where isnull(mvmap(email, mvmap(email, 1)))",
            "* | where mvmap(one, 1)=1",
        ],
        &event,
    );
}

#[test]
fn what_is_not_modelled_is_an_error() {
    assert_errors(
        &[
            "| tstats count",
            "a | stats count",
            "a | eval x=1",
            "a |",
            "a | where",
            "a | where x=1 y",
            "a ```comment",
            "a | where `m`",
            "tag::host=x",
            "eventtype=x a",
            "a ! b",
            "a 'b'",
            "a | where x[0]=1",
            "a | where x=1.2.3",
            "a | WHERE x=1",
            "a | where x=$y",
        ],
        &row(&[]),
    );
    assert_eq!(ask("```why``` * | ```what``` where true()", &row(&[("f", &["x"])])), Ok(true));
}

#[test]
fn skeletons_keep_the_structure() {
    let leaf = |text: &str| Skeleton::Leaf(text.to_owned());
    let query = parse("a=1 b!=2 OR NOT (c | where x=1 OR NOT match(y, \"z\")");
    assert!(query.is_err());
    let query = parse("a=1 b!=2 OR NOT (c) | where x=1 OR NOT match(y, \"z\") AND true() | regex f!=\"q\"")
        .map(|q| q.skeleton());
    let search = Skeleton::And(vec![leaf("a=1"), Skeleton::Or(vec![leaf("b!=2"), Skeleton::Not(Box::new(leaf("c")))])]);
    let not_match = Skeleton::Not(Box::new(leaf("match(y, \"z\")")));
    let filter = Skeleton::Or(vec![leaf("x=1"), Skeleton::And(vec![not_match, Skeleton::True])]);
    assert_eq!(query, Ok(Skeleton::And(vec![search, filter, leaf("f!=\"q\"")])));
}

#[test]
fn deep_nesting_is_an_error_and_wide_is_not() {
    for open in ["(", "NOT ", "NOT ("] {
        assert!(parse(&format!("{}a", open.repeat(5000))).is_err());
        assert!(parse(&format!("a | where {}a", open.repeat(5000))).is_err());
    }
    assert!(parse(&format!("a | where {}1=1", "-".repeat(5000))).is_err());
    assert!(parse(&format!("a | where 1{}=1", "+1".repeat(5000))).is_err());
    assert!(parse(&format!("a | where {}1", "lower(".repeat(5000))).is_err());
    let wide = vec!["a=1"; 5000].join(" OR ");
    assert!(parse(&format!("{wide} | where {wide}")).is_ok());
}

#[test]
fn spans_point_at_the_fault() {
    let at = |query: &str| parse(query).and_then(|q| q.prepare().map(|_| ())).map_err(|e| e.span.range()).err();
    assert_eq!(at("a | where b=\"x\\qy\""), Some(14..16));
    assert_eq!(at("a | where nope(b)"), Some(10..14));
    assert_eq!(at("a | stats count"), Some(4..9));
}

/// A random condition over four leaves, written with the parentheses that the sub-language asks for.
fn conditions() -> impl Strategy<Value = Skeleton> {
    let leaf = (0..4_u8).prop_map(|n| Skeleton::Leaf(format!("f{n}=\"x\"")));
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Skeleton::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Skeleton::Or),
            inner.prop_map(|part| Skeleton::Not(Box::new(part))),
        ]
    })
}

/// Writes a condition; `tight` is the operator that binds tighter, `AND` or `OR`.
fn write(skeleton: &Skeleton, tight: &str, level: u8) -> String {
    let (word, parts) = match skeleton {
        Skeleton::And(parts) => ("AND", parts),
        Skeleton::Or(parts) => ("OR", parts),
        Skeleton::Not(inner) => return format!("NOT {}", write(inner, tight, 2)),
        Skeleton::Leaf(text) => return text.clone(),
        Skeleton::True | Skeleton::False => return "true()".to_owned(),
    };
    let own = u8::from(word == tight);
    let text = parts.iter().map(|part| write(part, tight, own + 1)).collect::<Vec<_>>().join(&format!(" {word} "));
    if own < level { format!("({text})") } else { text }
}

fn holds(skeleton: &Skeleton, bits: u8) -> bool {
    match skeleton {
        Skeleton::And(parts) => parts.iter().all(|part| holds(part, bits)),
        Skeleton::Or(parts) => parts.iter().any(|part| holds(part, bits)),
        Skeleton::Not(inner) => !holds(inner, bits),
        Skeleton::Leaf(text) => (0..4).any(|n| text.starts_with(&format!("f{n}")) && bits & (1 << n) != 0),
        Skeleton::True => true,
        Skeleton::False => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_condition_means_in_both_sub_languages_what_was_meant(meant in conditions(), bits in 0..16_u8) {
        let fields = (0..4).map(|n| (format!("f{n}"), vec![if bits & (1 << n) != 0 { "x" } else { "y" }.to_owned()]));
        let row = Row::new("", fields);
        for text in [write(&meant, "OR", 0), format!("f0=* | where {}", write(&meant, "AND", 0))] {
            let query = parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(query.matches(&row), Ok(holds(&meant, bits)), "{}", &text);
            let implied = parse(&text.replace(" AND ", if text.contains("where") { " AND " } else { " " }));
            prop_assert_eq!(implied.map(|q| q.matches(&row)), Ok(Ok(holds(&meant, bits))), "{}", &text);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = parse(&text).map(|q| q.prepare());
        let _ = parse(&format!("a | where {text}")).map(|q| q.prepare());
        let _ = parse(&format!("a | where match(f, \"{text}\")")).map(|q| q.prepare());
    }

    #[test]
    fn no_mix_of_tokens_makes_the_model_panic(parts in prop::collection::vec(prop::sample::select(vec![
        "|", "where", "search", "regex", "f", "g", "=", "!=", "<", "IN", "in", "(", ")", ",", "AND", "OR", "NOT", "XOR", "*", "*x*", "-", "+", ".",
        "\"x\"", "\"a\\\\\"", "'f'", "5", "1.5", "1.", "lower(", "substr(", "match(", "mvfilter(", "mvindex(", "if(", "case(", "null()", "true()", "`", "```", "\\", "!", "LIKE",
    ]), 0..16), value in "\\PC{0,8}") {
        let row = Row::new(&value, [("f".to_owned(), vec![value.clone()])]);
        for start in ["", "* | where "] {
            if let Ok(prepared) = parse(&format!("{start}{}", parts.join(" "))).and_then(|q| q.prepare()) {
                let _ = prepared.matches(&row);
            }
        }
    }

    #[test]
    fn a_value_with_wildcards_agrees_with_a_regex(text in "[aAb]{0,6}", pattern in "[ab*]{1,5}") {
        let regex = format!("^(?i:{})$", pattern.replace('*', ".*"));
        let expected = !text.is_empty() && Regex::new(&regex).is_ok_and(|regex| regex.is_match(&text));
        let row = Row::new("", [("f".to_owned(), vec![text])]);
        prop_assert_eq!(ask(&format!("f=\"{pattern}\""), &row), Ok(expected));
    }
}
