//! Rules as text against what they mean and what is said about them, with the exact place.

use super::*;
use crate::diagnostic::Severity;
use crate::ir::{Case, CompareOp, Expr, Node, Number, Pattern, PatternOp, Piece, Shape, Subject, Test, TimePart};

const HEAD: &str = "title: t\nlogsource:\n    product: test\n";

fn options() -> Options {
    let mut options = Options::default();
    options.placeholders.insert("Admins".into(), vec!["root".into(), "adm*".into()]);
    options.placeholders.insert("Many".into(), (0..150).map(|n| n.to_string().into()).collect());
    options
}

fn with_detection(detection: &str) -> String {
    format!("{HEAD}detection:\n{detection}")
}

/// A rule with one search of these lines.
fn with_search(lines: &str) -> String {
    let body = lines.lines().map(|line| format!("        {line}\n")).collect::<String>();
    with_detection(&format!("    sel:\n{body}    condition: sel\n"))
}

/// Everything that is said about a text: severity, code, and the text of the place.
fn said(text: &str) -> Vec<(Severity, &'static str, String)> {
    let source = Source::new("t.yml", text);
    let read = read(&source, &options());
    let place = |d: &Diagnostic| source.slice(d.span.unwrap_or_default()).to_owned();
    read.diagnostics.iter().map(|d| (d.severity, d.code.id(), place(d))).collect()
}

/// The one thing that is said about a text.
fn one(text: &str) -> (Severity, &'static str, String) {
    let mut all = said(text);
    assert_eq!(all.len(), 1, "{all:?}\n{text}");
    all.remove(0)
}

fn error(code: &'static str, place: &str) -> (Severity, &'static str, String) {
    (Severity::Error, code, place.to_owned())
}

fn warning(code: &'static str, place: &str) -> (Severity, &'static str, String) {
    (Severity::Warning, code, place.to_owned())
}

fn condition(text: &str) -> Expr {
    let mut read = read(&Source::new("t.yml", text), &options());
    assert_eq!(read.rules.len(), 1, "{:?}\n{text}", read.diagnostics);
    read.rules.remove(0).condition
}

/// A tree in short: patterns as Sigma strings, `!` for exact case, `@` for keywords.
fn show(expr: &Expr) -> String {
    let list = |word: &str, parts: &[Expr]| format!("{word}({})", parts.iter().map(show).collect::<Vec<_>>().join(" "));
    match &expr.node {
        Node::True => "true".into(),
        Node::False => "false".into(),
        Node::All(parts) => list("all", parts),
        Node::Any(parts) => list("any", parts),
        Node::Not(part) => format!("not({})", show(part)),
        Node::Test(predicate) => {
            let subject = match &predicate.subject {
                Subject::Field(field) => field.name.to_string(),
                Subject::AnyValue => "@".into(),
            };
            format!("{subject}:{}", show_test(&predicate.test))
        }
    }
}

fn show_test(test: &Test) -> String {
    match test {
        Test::Pattern(pattern) => {
            let exact = if pattern.case == Case::Exact { "!" } else { "" };
            format!("{exact}'{}'", pattern::escape(pattern.pieces()))
        }
        Test::Number(n) => format!("#{n}"),
        other => format!("{other:?}"),
    }
}

/// What the lines of one search mean.
fn meaning(lines: &str) -> String {
    show(&condition(&with_search(lines)))
}

fn single_test(lines: &str) -> Test {
    match condition(&with_search(lines)).node {
        Node::Test(predicate) => predicate.test,
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_without_modifiers() {
    assert_eq!(meaning("f: a*\\?"), r"f:'a*\?'");
    assert_eq!(meaning("f: ''"), "f:''");
    assert_eq!(meaning("f: 017"), "f:#17");
    assert_eq!(meaning("f: '17'"), "f:'17'");
    assert_eq!(meaning("f: 1.5e3"), "f:#1500");
    assert_eq!(meaning("f: [a, 1]"), "any(f:'a' f:#1)");
    assert_eq!(single_test("f: true"), Test::Bool(true));
    assert_eq!(single_test("f:"), Test::Null);
    assert_eq!(single_test("f: 18446744073709551615"), Test::Number(Number::Int(u64::MAX.into())));
    assert_eq!(meaning("f: a\ng.h: b"), "all(f:'a' g.h:'b')");
    assert_eq!(meaning("f: a\nf|contains: b"), "all(f:'a' f:'*b*')");
}

#[test]
fn operators_on_text() {
    assert_eq!(meaning("f|contains: 'a*b'"), "f:'*a*b*'");
    assert_eq!(meaning("f|contains: '*a'"), "f:'*a*'");
    assert_eq!(meaning("f|contains: ''"), "f:'*'");
    assert_eq!(meaning("f|contains: 5"), "f:'*5*'");
    assert_eq!(meaning(r"f|startswith: 'C:\'"), r"f:'C:\\*'");
    assert_eq!(meaning("f|endswith: a"), "f:'*a'");
    assert_eq!(meaning("f|contains|all: [a, b]"), "all(f:'*a*' f:'*b*')");
    assert_eq!(meaning("f|cased: a"), "f:!'a'");
    assert_eq!(meaning("f|cased|endswith: a"), "f:!'*a'");
    assert_eq!(meaning("f|neq: [a, b]"), "not(any(f:'a' f:'b'))");
    assert_eq!(meaning("f|contains|all|neq: [a, b]"), "not(all(f:'*a*' f:'*b*'))");
    assert_eq!(meaning("f|neq: null"), "not(f:Null)");
}

#[test]
fn types_and_comparisons() {
    assert_eq!(single_test("f|exists: false"), Test::Exists(false));
    assert_eq!(single_test("f|gte: 1.5"), Test::Compare(CompareOp::Ge, Number::Float(1.5)));
    assert_eq!(single_test("f|lt: -3"), Test::Compare(CompareOp::Lt, Number::Int(-3)));
    assert_eq!(single_test("f|week: 53"), Test::TimePart { part: TimePart::Week, op: CompareOp::Eq, n: 53 });
    assert_eq!(single_test("f|hour|lte: 6"), Test::TimePart { part: TimePart::Hour, op: CompareOp::Le, n: 6 });
    let other = |op, case| Test::FieldPattern { op, other: ir::Field::new("g"), case };
    assert_eq!(single_test("f|fieldref: g"), other(PatternOp::Equals, Case::Fold));
    assert_eq!(single_test("f|fieldref|endswith|cased: g"), other(PatternOp::EndsWith, Case::Exact));
    let Test::Network(network) = single_test("f|cidr: 10.0.0.1") else { panic!() };
    assert_eq!(network.to_string(), "10.0.0.1/32");
    let Test::Regex(regex) = single_test(r"f|re|i|s: 'a\\*'") else { panic!() };
    assert_eq!((regex.text.as_ref(), regex.flags.ignore_case, regex.flags.dot_all), (r"a\\*", true, true));
    let Test::Regex(regex) = single_test("f|re: 17") else { panic!() };
    assert_eq!(regex.text.as_ref(), "17");
}

#[test]
fn encodings() {
    assert_eq!(meaning("f|base64: foobar"), "f:'Zm9vYmFy'");
    assert_eq!(meaning(r"f|base64|contains: 'a\*'"), "f:'*YSo=*'");
    assert_eq!(meaning("f|base64offset|contains: foobar"), "any(f:'*Zm9vYmFy*' f:'*Zvb2Jhc*' f:'*mb29iYX*')");
    assert_eq!(meaning("f|base64offset|contains|all: [foobar, ab]").matches("any(").count(), 2);
    assert_eq!(meaning("f|wide|base64: a"), "f:'YQA='");
    assert_eq!(meaning("f|utf16be|base64: a"), "f:'AGE='");
    assert_eq!(meaning("f|utf16|base64|cased: a"), "f:!'//5hAA=='");
    assert_eq!(meaning("f|windash|base64: -a").matches("f:").count(), 5);
}

#[test]
fn windash_is_a_set_of_characters() {
    let Test::Pattern(pattern) = single_test("f|contains|windash: ' -a'") else { panic!() };
    let [Piece::AnyString, Piece::Literal(blank), Piece::OneOf(dashes), Piece::Literal(a), Piece::AnyString] =
        pattern.pieces()
    else {
        panic!("{pattern:?}")
    };
    assert_eq!((blank.as_ref(), dashes.as_slice(), a.as_ref()), (" ", &pattern::DASHES[..], "a"));
    assert_eq!(meaning("f|contains|windash|all: [-a, -b]"), "all(f:'*-a*' f:'*-b*')");
}

#[test]
fn placeholders() {
    assert_eq!(meaning("f|expand: '%Admins%'"), "any(f:'root' f:'adm*')");
    assert_eq!(meaning("f|contains|expand: 'x%Admins%'"), "any(f:'*xroot*' f:'*xadm**')".replace("**", "*"));
    assert_eq!(meaning("f|expand|all: ['%Admins%', b]"), "all(any(f:'root' f:'adm*') f:'b')");
    assert_eq!(meaning("f: '%Admins%'"), "f:'%Admins%'");
    assert_eq!(meaning("f|expand: '%Admins%%Admins%'").matches("f:").count(), 4);
    assert_eq!(one(&with_search("f|expand: 'a %Admin%'")), error("SG0406", "%Admin%"));
    assert_eq!(one(&with_search("f|expand: '%Many%%Many%%Many%'")), error("SG0407", "'%Many%%Many%%Many%'"));
    assert_eq!(one(&with_search(r"f|expand: 'C\%Admins%'")), (Severity::Note, "SG0408", r"\%".into()));
    assert_eq!(meaning(r"f|expand: 'C\%Admins%'"), r"any(f:'C\\root' f:'C\\adm*')");
}

#[test]
fn unresolved_placeholders_can_be_kept() {
    let text = with_search("f|expand: '%Nobody%'");
    let options = Options { unresolved: UnresolvedPlaceholders::Keep, ..Options::default() };
    let read = read(&Source::new("t.yml", text), &options);
    assert_eq!(
        read.diagnostics.iter().map(|d| (d.severity, d.code.id())).collect::<Vec<_>>(),
        [(Severity::Warning, "SG0406")]
    );
    let Node::Test(predicate) = &read.rules[0].condition.node else { panic!() };
    assert_eq!(predicate.test, Test::Placeholder("Nobody".into()));
}

#[test]
fn keywords() {
    assert_eq!(meaning("- a\n- 'b*c'\n- 17\n- true"), "any(@:'*a*' @:'*b*c*' @:'*17*' @:'*true*')");
    assert_eq!(show(&condition(&with_detection("    sel: a\n    condition: sel\n"))), "@:'*a*'");
    assert_eq!(meaning("'|all': [a, b]"), "all(@:'*a*' @:'*b*')");
    assert_eq!(meaning("'|cased': a"), "@:!'*a*'");
    assert_eq!(meaning("'|startswith': a"), "@:'*a*'");
    assert_eq!(meaning("'': a"), "@:'*a*'");
    assert!(matches!(single_test("'|re': 'a.c'"), Test::Regex(_)));
    assert_eq!(meaning("- a\n- f: b\n  g: c\n- - d\n  - e"), "any(@:'*a*' all(f:'b' g:'c') any(@:'*d*' @:'*e*'))");
}

#[test]
fn conditions_select_searches() {
    let searches = "    sel_a: {f: a}\n    sel_b: {f: b}\n    _c: {f: c}\n    d: {f: d}\n";
    let meaning = |text: &str| show(&condition(&with_detection(&format!("{searches}    condition: {text}\n"))));
    assert_eq!(meaning("1 of sel_*"), "any(f:'a' f:'b')");
    assert_eq!(meaning("all of them"), "all(f:'a' f:'b' f:'d')");
    assert_eq!(meaning("1 of *"), "any(f:'a' f:'b' f:'d')");
    assert_eq!(meaning("any of _*"), "f:'c'");
    assert_eq!(meaning("d and not 1 of sel_*"), "all(f:'d' not(any(f:'a' f:'b')))");
    assert_eq!(meaning("[d, sel_a and _c]"), "any(f:'d' all(f:'a' f:'c'))");
}

#[test]
fn origins_are_values_items_searches_and_conditions() {
    let text = with_detection("    sel:\n        f|contains: [a, 'b']\n        g: 1\n    condition: not sel\n");
    let source = Source::new("t.yml", text.clone());
    let expr = condition(&text);
    let at =
        |expr: &Expr| (source.slice(expr.origin.span).to_owned(), expr.origin.selection.as_deref().map(String::from));
    assert_eq!(at(&expr), ("not sel".into(), None));
    let Node::Not(sel) = &expr.node else { panic!() };
    assert_eq!(at(sel), ("f|contains: [a, 'b']\n        g: 1".into(), Some("sel".into())));
    let Node::All(items) = &sel.node else { panic!() };
    assert_eq!(at(&items[0]).0, "f|contains: [a, 'b']");
    let Node::Any(values) = &items[0].node else { panic!() };
    assert_eq!((at(&values[0]).0, at(&values[1]).0, at(&items[1]).0), ("a".into(), "'b'".into(), "1".into()));
}

#[test]
fn searches_keep_their_words() {
    let text = with_detection(
        "    sel: # why\n        f: 'ä' # x\n    kw:\n        - a\n        # c\n        - b\n    condition: sel or kw\n",
    );
    let source = Source::new("t.yml", text);
    let parsed = parse(&source);
    let [Document::Rule(rule)] = parsed.documents.as_slice() else { panic!("{:?}", parsed.diagnostics) };
    let slices = rule.detection.searches.iter().map(|s| source.slice(s.span)).collect::<Vec<_>>();
    assert_eq!(slices, ["sel: # why\n        f: 'ä'", "kw:\n        - a\n        # c\n        - b"]);
    assert_eq!(source.slice(rule.detection.conditions[0].span), "sel or kw");
    let (lowered, diagnostics) = lower(rule, &Options::default());
    assert_eq!((lowered.is_some(), diagnostics.len()), (true, 0));
}

#[test]
fn errors_of_keys_and_values_point_at_them() {
    for (lines, code, place) in [
        ("f|containz: a", "SG0201", "containz"),
        ("'f|': a", "SG0201", "|"),
        ("f|contains|re: a", "SG0202", "re"),
        ("f|re: 'ab(c'", "SG0207", "("),
        ("f|re: 'a(?=b)'", "SG0207", "(?=b)"),
        ("f|re: true", "SG0203", "true"),
        ("f|cidr: 10.1.2.3/8", "SG0208", "10.1.2.3/8"),
        ("f|cidr: 5", "SG0203", "5"),
        ("f|gt: '17'", "SG0203", "'17'"),
        ("f|gt: true", "SG0203", "true"),
        ("f|exists: [true, false]", "SG0203", "f|exists: [true, false]"),
        ("f|exists: x", "SG0203", "x"),
        ("f|contains: true", "SG0203", "true"),
        ("f|contains: null", "SG0203", "null"),
        ("f|cased: 5", "SG0203", "5"),
        ("f|windash: 5", "SG0203", "5"),
        ("f|base64: 5", "SG0203", "5"),
        ("f|base64: 'a*'", "SG0209", "'a*'"),
        ("f|base64offset|contains: a", "SG0203", "a"),
        ("f|fieldref: 'g*'", "SG0209", "'g*'"),
        ("f|fieldref: 5", "SG0203", "5"),
        ("f|hour: 24", "SG0210", "24"),
        ("f|hour: 1.5", "SG0203", "1.5"),
        ("'|exists': true", "SG0211", "'|exists'"),
        ("'|neq': a", "SG0211", "'|neq'"),
        ("4624: a", "SG0212", "4624"),
        ("f: .nan", "SG0213", ".nan"),
        ("f|windash|base64: '-a -b -c -d'", "SG0214", "'-a -b -c -d'"),
        ("f: []", "SG0204", "[]"),
        ("f: [a, null]", "SG0205", "null"),
        ("f: [a, [b]]", "SG0206", "[b]"),
        ("f: {g: h}", "SG0206", "{g: h}"),
        ("- a\n- ~", "SG0205", "~"),
        ("- a\n- {}", "SG0204", "{}"),
    ] {
        assert_eq!(one(&with_search(lines)), error(code, place), "{lines}");
    }
}

#[test]
fn lints_of_values_are_no_errors() {
    for (lines, code, place) in [
        ("f|contains|all: a", "SG0215", "f|contains|all"),
        ("f|base64offset: foobar", "SG0216", "f|base64offset"),
        (r"f: 'C:\Windows\*'", "SG0217", r"\*"),
        (r"f: '\\server\x'", "SG0218", r"\\"),
    ] {
        assert_eq!(one(&with_search(lines)), warning(code, place), "{lines}");
        assert!(!meaning(lines).is_empty());
    }
    for lines in [r"f: 'C:\Windows\\*'", r"f|contains: '\\x'", r"f: '\\\\server\x'", r"f: '\\*'", r"f: 'a\*'"] {
        assert_eq!(said(&with_search(lines)), [], "{lines}");
    }
    assert_eq!(one(&with_search("f: yes")), (Severity::Note, "SG0008", "yes".into()));
    assert_eq!(said(&with_search("f: 'yes'")), []);
}

#[test]
fn errors_of_detections_and_conditions_point_at_them() {
    for (detection, code, place) in [
        ("    sel: {f: a}\n", "SG0301", "sel: {f: a}"),
        ("    sel: {f: a}\n    condition: []\n", "SG0301", "[]"),
        ("    sel: {f: a}\n    condition: 5\n", "SG0301", "5"),
        ("    sel: {f: a}\n    condition: sel AND sel\n", "SG0302", "AND"),
        ("    sel: {f: a}\n    condition: 'sel and sle'\n", "SG0303", "sle"),
        ("    sel: {f: a}\n    condition: sel or 1 of x*\n", "SG0304", "1 of x*"),
        ("    sel: {f: a}\n    condition: sel | count() > 5\n", "SG0305", "| count() > 5"),
        ("    sel: {f: a}\n    all: {f: b}\n    condition: sel\n", "SG0307", "all"),
        ("    condition: sel\n", "SG0308", "condition: sel"),
        ("    sel: {}\n    condition: sel\n", "SG0204", "{}"),
        ("    sel:\n    condition: sel\n", "SG0204", "sel"),
    ] {
        assert_eq!(one(&with_detection(detection)), error(code, place), "{detection}");
    }
    let text = with_detection("    sel: {f: a}\n    b c: {f: b}\n    timeframe: 5m\n    condition: sel\n");
    let expected =
        [(Severity::Note, "SG0310", "b c".to_owned()), warning("SG0309", "b c"), warning("SG0219", "timeframe: 5m")];
    assert_eq!(said(&text), expected);
}

#[test]
fn suggestions() {
    let help = |text: String| {
        let read = read(&Source::new("t.yml", text), &options());
        read.diagnostics.iter().flat_map(|d| d.help.clone()).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(help(with_search("f|containz: a")), "did you mean `contains`?");
    assert_eq!(help(with_detection("    selection: {f: a}\n    condition: selektion\n")), "did you mean `selection`?");
    let filters = "    sel: {f: a}\n    filter_main: {f: a}\n    condition: sel and not 1 of fliter_*\n";
    assert_eq!(help(with_detection(filters)), "did you mean `filter_*`?");
    assert_eq!(help(format!("status: tst\n{}", with_search("f: a"))), "did you mean `test`?");
    assert_eq!(help(format!("falsepositive: [x]\n{}", with_search("f: a"))), "did you mean `falsepositives`?");
    assert_eq!(help(with_search("f|expand: '%Admin%'")), "did you mean `Admins`?");
    assert_eq!(help(with_search("f|gt: '5'")), "write the number without quotes");
}

#[test]
fn attributes_are_read() {
    let text = format!(
        "{}id: 5F0D3C2A-1b7e-4c64-9a53-0d2f6f1e8a01\nname: n\nstatus: Test\nlevel: HIGH\ndate: 2024/1/2\nmodified: 2024-02-03\n\
         tags: [attack.t1059]\nfields: [a, 5]\nreferences: [x]\nauthor: null\nrelated:\n    - {{id: x, type: similar}}\n\
         taxonomy: sigma\nsigma-version: 2\nextra: {{a: [1, b]}}\n",
        with_search("f: a")
    );
    assert_eq!(said(&text), []);
    let meta = read(&Source::new("t.yml", text), &options()).rules.remove(0).meta;
    assert_eq!((meta.status, meta.level), (Some(ir::Status::Test), Some(ir::Level::High)));
    assert_eq!((meta.date.as_deref(), meta.modified.as_deref()), (Some("2024-01-02"), Some("2024-02-03")));
    assert_eq!((meta.related.len(), meta.fields.len(), meta.author), (1, 2, None));
    assert_eq!(serde_json::json!(meta.custom), serde_json::json!({"extra": {"a": [1, "b"]}}));
}

#[test]
fn errors_of_attributes_point_at_them() {
    for (attribute, code, place) in [
        ("status: draft", "SG0104", "draft"),
        ("level: severe", "SG0104", "severe"),
        ("description: [a]", "SG0103", "[a]"),
        ("name: ''", "SG0103", "''"),
        ("tags: attack.t1", "SG0103", "attack.t1"),
        ("tags: [persistence]", "SG0106", "persistence"),
        ("date: 2024-02-30", "SG0105", "2024-02-30"),
        ("related: [{id: x}]", "SG0102", "{id: x}"),
        ("related: [{id: x, type: obsoletes}]", "SG0104", "obsoletes"),
        ("taxonomy: ecs", "SG0110", "ecs"),
        ("sigma-version: x", "SG0103", "x"),
        ("status: test\nstatus: stable", "SG0004", "status"),
        ("extra: !private x", "SG0005", "!private x"),
        ("condition: sel", "SG0116", "condition"),
    ] {
        assert_eq!(one(&format!("{attribute}\n{}", with_search("f: a"))), warning(code, place), "{attribute}");
    }
    for (attribute, code, place) in [("sigma-version: 3", "SG0111", "3"), ("sigma-version: '3.1'", "SG0111", "'3.1'")] {
        assert_eq!(one(&format!("{attribute}\n{}", with_search("f: a"))), error(code, place), "{attribute}");
    }
    for (attribute, code, place) in [
        ("id: my-rule", "SG0108", "my-rule"),
        ("tags: [attack.T1059]", "SG0107", "attack.T1059"),
        ("references: [x, x]", "SG0113", "x"),
        ("statuss: test", "SG0112", "statuss"),
    ] {
        assert_eq!(one(&format!("{attribute}\n{}", with_search("f: a"))), warning(code, place), "{attribute}");
    }
    let long = format!("title: {}\n", "a".repeat(257));
    assert_eq!(one(&with_search("f: a").replace("title: t\n", &long)).1, "SG0103");
    assert_eq!(one(&with_search("f: a").replace("title: t\n", "")), warning("SG0102", "logsource"));
    assert_eq!(one(&with_search("f: a").replace("product: test", "definition: x")), error("SG0109", "definition: x"));
    assert_eq!(one("- a"), error("SG0101", "a"));
}

#[test]
fn all_errors_of_a_file_are_reported_and_good_rules_read() {
    let good = with_search("f: a");
    let bad = with_detection("    sel: {f|containz: a, g|gt: x, h: []}\n    condition: sel and nope\n")
        .replace("title: t", "level: x");
    let text = format!("{good}---\n{bad}---\n{good}");
    let codes = said(&text).iter().map(|(_, code, _)| *code).collect::<Vec<_>>();
    assert_eq!(codes, ["SG0102", "SG0104", "SG0201", "SG0203", "SG0204", "SG0303"]);
    assert_eq!(read(&Source::new("t.yml", text), &options()).rules.len(), 2);
}

fn filter(logsource: &str, body: &str) -> String {
    format!("title: f\nlogsource: {{{logsource}}}\nfilter: {{{body}}}\n")
}

#[test]
fn filters_of_the_same_source_are_applied() {
    let rule = format!("name: r\nid: 5f0d3c2a-1b7e-4c64-9a53-0d2f6f1e8a01\n{}", with_search("f: a"));
    let with = |logsource, body| show(&condition(&format!("{rule}---\n{}", filter(logsource, body))));
    let applied = "all(f:'a' not(u:'x'))";
    assert_eq!(with("product: test", "rules: any, s: {u: x}, condition: not s"), applied);
    assert_eq!(with("product: test", "rules: [], s: {u: x}, condition: not s"), applied);
    assert_eq!(with("product: test", "rules: r, s: {u: x}, condition: not s"), applied);
    assert_eq!(
        with("product: test", "rules: [5F0D3C2A-1B7E-4C64-9A53-0D2F6F1E8A01], s: {u: x}, condition: not s"),
        applied
    );
    assert_eq!(with("product: test", "rules: [q], s: {u: x}, condition: not s"), "f:'a'");
    assert_eq!(with("product: linux", "rules: any, s: {u: x}, condition: not s"), "f:'a'");
    assert_eq!(with("product: test, service: s", "rules: any, s: {u: x}, condition: not s"), "f:'a'");
}

#[test]
fn filters_of_other_sources_are_applied_on_demand() {
    let mut rules = read(&Source::new("r.yml", with_search("f: a")), &options()).rules;
    let text = filter("product: test", "rules: any, sel: {u: x}, condition: not sel");
    let filters = read(&Source::new("f.yml", text), &options()).filters;
    let span = rules[0].condition.origin.span;
    assert_eq!(apply_filters(&mut rules, &filters), [1]);
    assert_eq!(show(&rules[0].condition), "all(f:'a' not(u:'x'))");
    rules[0].condition.for_each_predicate(&mut |_, origin| assert_eq!(origin.span, span));
    assert_eq!(apply_filters(&mut [], &filters), [0]);
}

#[test]
fn what_is_said_about_filters() {
    assert_eq!(one(&filter("product: test", "s: {u: x}, condition: not s")).1, "SG0403");
    assert_eq!(one(&filter("product: test", "rules: any, s: {u: x}, condition: s")), warning("SG0404", "s"));
    assert_eq!(one(&filter("product: test", "rules: any, s: {u: x}")).1, "SG0301");
    assert_eq!(one(&filter("product: test", "rules: any, s: {u: x}, condition: not sel")), error("SG0303", "sel"));
}

#[test]
fn collections_are_merged() {
    let meanings = |text: &str| {
        let read = read(&Source::new("t.yml", text), &options());
        (read.rules.iter().map(|r| show(&r.condition)).collect::<Vec<_>>(), read.diagnostics.len())
    };
    let global = format!("action: global\n{HEAD}detection:\n    condition: s\n");
    let rule = |v: &str| format!("---\ndetection:\n    s: {{f: {v}}}\n");
    let two = format!("{global}{}{}", rule("a"), rule("b"));
    assert_eq!(meanings(&two), (vec!["f:'a'".into(), "f:'b'".into()], 0));
    let more = format!("{global}---\naction: global\ndetection:\n    s: {{g: c}}\n{}", rule("a"));
    assert_eq!(meanings(&more), (vec!["all(f:'a' g:'c')".into()], 0));
    let wins = format!("{global}---\naction: global\ndetection:\n    s: {{f: c}}\n{}", rule("a"));
    assert_eq!(meanings(&wins), (vec!["f:'c'".into()], 0));
    let repeat = format!("{}---\naction: repeat\ndetection:\n    sel: {{f: b}}\n", with_search("f: a\ng: c"));
    assert_eq!(meanings(&repeat).0, ["all(f:'a' g:'c')", "all(f:'b' g:'c')"]);
    let reset = format!("{global}---\naction: reset\n---\n{}", with_search("f: a"));
    assert_eq!(meanings(&reset), (vec!["f:'a'".into()], 0));
    assert_eq!(one("action: repeat\n"), error("SG0405", "repeat"));
    assert_eq!(one("action: globl\n"), error("SG0405", "globl"));
}

#[test]
fn correlations_are_checked_and_not_yet_supported() {
    let with = |body: &str| format!("title: c\ncorrelation:\n    rules: [a]\n    timespan: 5m\n{body}");
    assert_eq!(one(&with("    type: event_count\n    condition: {gte: 5}\n")), error("SG0401", "correlation"));
    assert_eq!(
        one(&with("    type: temporal\n    aliases: {u: {a: User}}\ngenerate: true\n")),
        error("SG0401", "correlation")
    );
    for (body, place) in [
        ("    type: event_sum\n    condition: {gte: 5}\n", "event_sum"),
        ("    type: event_count\n", "correlation"),
        ("    type: value_count\n    condition: {gte: 5}\n", "correlation"),
        ("    type: value_percentile\n    condition: {gte: 5, field: x}\n", "correlation"),
        ("    type: event_count\n    condition: {gte: 5, ge: 3}\n", "ge"),
        ("    type: event_count\n    condition: {gte: 5}\n    group_by: [x]\n", "group_by"),
    ] {
        assert_eq!(one(&with(body)), error("SG0402", place), "{body}");
    }
    let text = with("    type: event_count\n    condition: {gte: 5}\n");
    assert_eq!(one(&text.replace("5m", "1h30m")), error("SG0402", "1h30m"));
    assert_eq!(one(&text.replace("    timespan: 5m\n", "")), error("SG0402", "correlation"));
}

#[test]
fn hostile_rules_end_in_bounded_time() {
    let start = std::time::Instant::now();
    let many = (0..200_000).map(|n| format!("            - v{n}\n")).collect::<String>();
    let text = with_detection(&format!("    sel:\n        f:\n{many}    condition: sel\n"));
    assert_eq!(read(&Source::new("t.yml", text), &options()).rules.len(), 1);
    let lints = (0..50_000).map(|_| "            - yes\n").collect::<String>();
    let text = with_detection(&format!("    sel:\n        f:\n{lints}    condition: sel\n"));
    assert_eq!(read(&Source::new("t.yml", text), &options()).diagnostics.len(), messages::LIMIT + 1);
    let bomb = format!("    condition: {}\n", ["sel"; 3_000].join(" or "));
    let many = "            - v\n".repeat(1_000);
    let text = with_detection(&format!("    sel:\n        f:\n{many}{bomb}"));
    assert_eq!(one(&text), error("SG0306", "sel"));
    let repeats = "---\naction: repeat\n".repeat(9_000);
    let text = format!("{}{repeats}", with_search(&format!("f: [{}]", ["a"; 5_000].join(", "))));
    assert_eq!(one(&text).1, "SG0002");
    let undefined = (0..5_000).map(|n| format!("q{n} or ")).collect::<String>();
    let searches = (0..5_000).map(|n| format!("    s{n}: {{f: a}}\n")).collect::<String>();
    let text = with_detection(&format!("{searches}    condition: {undefined}s1\n"));
    assert_eq!(read(&Source::new("t.yml", text), &options()).rules.len(), 0);
    let text = with_search(&format!("? f|{}\n: a", "é".repeat(1_000_000)));
    assert!(read(&Source::new("t.yml", text), &options()).diagnostics[0].message.len() < 2_000);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn shapes_reach_the_back_ends() {
    let Test::Pattern(pattern) = single_test("f|contains: a") else { panic!() };
    assert_eq!(pattern.shape(), Shape::Contains("a"));
    assert_eq!(pattern, Pattern::literal("a", Case::Fold).anywhere());
}

proptest::proptest! {
    #[test]
    fn any_rule_is_read_without_panic(parts in proptest::collection::vec(proptest::sample::select(vec![
        "f: a\n", "f|", "contains", "re", "|all", "|base64", ": ", "'%x%'\n", "[", "]", "{", "}", "a", "\n        ",
        "- ", "null", "1.5\n", "'\\*'\n", "é", "    condition: ", "sel", "of", "(", "*", "action: repeat\n", "---\n",
    ]), 0..40)) {
        let text = parts.concat();
        for text in [with_search(&text), with_detection(&text), text] {
            let source = Source::new("t.yml", text);
            for diagnostic in read(&source, &options()).diagnostics {
                let span = diagnostic.span.unwrap_or_default();
                proptest::prop_assert!(source.text().get(span.range()).is_some(), "{diagnostic}");
            }
        }
    }
}
