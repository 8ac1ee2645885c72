//! Rules that must be refused, with the code that says why.

use super::{HEAD, check_findings, check_rejects, with_detection, with_search};

#[test]
fn values_that_do_not_fit() {
    check_rejects(
        &[
            ("f|cased: 5", "SG0203"),
            ("f|cased: null", "SG0203"),
            ("f|contains: true", "SG0203"),
            ("f|contains: null", "SG0203"),
            ("f|startswith: ~", "SG0203"),
            ("f|windash: 5", "SG0203"),
            ("f|windash: null", "SG0203"),
            ("f|expand: 5", "SG0203"),
            ("f|base64: 5", "SG0203"),
            ("f|base64: true", "SG0203"),
            ("f|base64offset|contains: 'a?b'", "SG0209"),
            ("f|base64: ['a', 'b*']", "SG0209"),
            ("f|expand|base64: '%Admins%'", "SG0209"),
            ("f|re: null", "SG0203"),
            ("f|re: true", "SG0203"),
            ("f|re: '*'", "SG0207"),
            ("f|re: '[a'", "SG0207"),
            ("f|re: 'a{3,2}'", "SG0207"),
            ("f|re: '(?>a)'", "SG0207"),
            ("f|re: 'a++'", "SG0207"),
            ("f|re: 'a*+'", "SG0207"),
            ("f|re: '(?<=a)b'", "SG0207"),
            ("f|re: '(?P=n)'", "SG0207"),
            (r"f|re: '\k<n>'", "SG0207"),
            ("f|re: ['ok', 'a(?!b)']", "SG0207"),
            ("f|cidr: ''", "SG0208"),
            ("f|cidr: 10.0.0.0/-1", "SG0208"),
            ("f|cidr: 'fe80::/129'", "SG0208"),
            ("f|cidr: 'fe80::1/64'", "SG0208"),
            ("f|cidr: '10.0.0.*'", "SG0208"),
            ("f|cidr: ' 10.0.0.0/8'", "SG0208"),
            ("f|cidr: true", "SG0203"),
            ("f|cidr: [10.0.0.0/8, x]", "SG0208"),
            ("f|gt: '5'", "SG0203"),
            ("f|gte: true", "SG0203"),
            ("f|lt: null", "SG0203"),
            ("f|lte: [1, a]", "SG0203"),
            ("f|gt: .inf", "SG0213"),
            ("f|exists: 1", "SG0203"),
            ("f|exists: null", "SG0203"),
            ("f|exists: 'true'", "SG0203"),
            ("f|fieldref: null", "SG0203"),
            ("f|fieldref: true", "SG0203"),
            ("f|fieldref: ''", "SG0203"),
            ("f|fieldref: 'a?'", "SG0209"),
            ("f|minute: 60", "SG0210"),
            ("f|minute: -1", "SG0210"),
            ("f|day: 0", "SG0210"),
            ("f|week: 54", "SG0210"),
            ("f|month: 13", "SG0210"),
            ("f|hour|gt: 24", "SG0210"),
            ("f|hour: '5'", "SG0203"),
            ("f|hour: 5.0", "SG0203"),
            ("f|hour: null", "SG0203"),
            ("f|expand: '%Nobody%'", "SG0406"),
            ("f|expand: '%admins%'", "SG0406"),
            ("f: -.inf", "SG0213"),
            ("f: [1, .NaN]", "SG0213"),
            ("f: [null]", "SG0205"),
            ("f: [a, ~]", "SG0205"),
            ("f|neq: [a, null]", "SG0205"),
            ("f: [[]]", "SG0206"),
            ("f: [{}]", "SG0206"),
            ("f: {}", "SG0206"),
            ("- null", "SG0205"),
            ("- []", "SG0204"),
            ("- f: []", "SG0204"),
            ("'|all': []", "SG0204"),
            ("'|all': null", "SG0205"),
            ("'': null", "SG0205"),
            ("'|neq': a", "SG0211"),
            ("'|exists': true", "SG0211"),
            ("'|fieldref': f", "SG0211"),
            ("'f||contains': a", "SG0201"),
            ("'f|contains|': a", "SG0201"),
            ("'f| contains': a", "SG0201"),
            ("'f|RE': a", "SG0201"),
            ("true: a", "SG0212"),
            ("1.5: a", "SG0212"),
            ("~: a", "SG0212"),
            ("? [a]\n: b", "SG0005"),
            ("? {a: b}\n: b", "SG0005"),
            ("f: a\nf: b", "SG0004"),
            ("f: a\n'f': b", "SG0004"),
            ("- {f: a, f: b}", "SG0004"),
            ("f: !x a", "SG0005"),
            ("f: !!binary YQ==", "SG0005"),
            ("f: &a [*a]", "SG0006"),
            ("f: *nowhere", "SG0003"),
        ],
        with_search,
    );
}

#[test]
fn detections_and_conditions() {
    let with = |condition: &str| with_detection(&format!("a: {{f: x}}\nb: {{f: y}}\ncondition: {condition}\n"));
    check_rejects(
        &[
            ("''", "SG0302"),
            ("' '", "SG0302"),
            ("null", "SG0301"),
            ("~", "SG0301"),
            ("true", "SG0301"),
            ("{a: b}", "SG0301"),
            ("[]", "SG0301"),
            ("[a, '']", "SG0302"),
            ("[a, null]", "SG0301"),
            ("[a, [b]]", "SG0301"),
            ("[a, c]", "SG0303"),
            ("a and", "SG0302"),
            ("and a", "SG0302"),
            ("a or or b", "SG0302"),
            ("a not b", "SG0302"),
            ("a and not", "SG0302"),
            ("a b", "SG0302"),
            ("()", "SG0302"),
            ("(a))", "SG0302"),
            ("((a)", "SG0302"),
            ("a Or b", "SG0302"),
            ("Not a", "SG0302"),
            ("1 Of them", "SG0302"),
            ("All of them", "SG0302"),
            ("1 of Them", "SG0304"),
            ("1 of", "SG0302"),
            ("of them", "SG0302"),
            ("them", "SG0302"),
            ("all", "SG0302"),
            ("all of (a, b)", "SG0302"),
            ("1 of a, b", "SG0302"),
            ("3 of them", "SG0302"),
            ("01 of them", "SG0302"),
            ("some of them", "SG0302"),
            ("1 of [ab]", "SG0302"),
            ("1 of a.", "SG0302"),
            ("a*", "SG0302"),
            ("A", "SG0303"),
            ("1", "SG0301"),
            ("'1'", "SG0303"),
            ("1 of A*", "SG0304"),
            ("not 1 of x*", "SG0304"),
            ("1 of _*", "SG0304"),
            ("a & b", "SG0302"),
            ("'!a'", "SG0302"),
            ("a | near b", "SG0305"),
            ("a|count()>5", "SG0305"),
        ],
        with,
    );
    check_rejects(
        &[
            ("condition: a", "SG0308"),
            ("a: {f: x}", "SG0301"),
            ("a: null\ncondition: a", "SG0204"),
            ("a: []\ncondition: a", "SG0204"),
            ("a: {}\ncondition: a", "SG0204"),
            ("all: {f: x}\ncondition: 1 of a*", "SG0307"),
            ("them: {f: x}\na: {f: y}\ncondition: a", "SG0307"),
            ("1: {f: x}\na: {f: y}\ncondition: a", "SG0212"),
            ("'1': {f: x}\na: {f: y}\ncondition: a", "SG0307"),
            ("_a: {f: x}\ncondition: 1 of them", "SG0304"),
            ("_a: {f: x}\ncondition: all of *", "SG0304"),
            ("a: {f: x}\na: {f: y}\ncondition: a", "SG0004"),
            ("a: {f: x}\ncondition: a\ncondition: a", "SG0004"),
            ("true: {f: x}\na: {f: y}\ncondition: a", "SG0212"),
        ],
        with_detection,
    );
}

#[test]
fn attributes() {
    let rule = |line: &str| format!("{}{line}\n", with_search("f: a"));
    check_findings(
        &[
            ("status: draft", "SG0104"),
            ("status: [test]", "SG0103"),
            ("level: severe", "SG0104"),
            ("level: 5", "SG0104"),
            ("date: 2024-13-01", "SG0105"),
            ("date: 01.02.2024", "SG0105"),
            ("modified: 2023-02-29", "SG0105"),
            ("taxonomy: ecs", "SG0110"),
            ("taxonomy: ''", "SG0103"),
            ("name: ''", "SG0103"),
            ("name: 5", "SG0103"),
            ("author: [a, b]", "SG0103"),
            ("references: x", "SG0103"),
            ("tags: attack.t1059", "SG0103"),
            ("tags: [attack]", "SG0106"),
            ("tags: [.x]", "SG0106"),
            ("fields: f", "SG0103"),
            ("falsepositives: none", "SG0103"),
            ("related: x", "SG0103"),
            ("related: [{id: x}]", "SG0102"),
            ("related: [{id: x, type: obsoletes}]", "SG0104"),
            ("title: again", "SG0004"),
        ],
        rule,
    );
    // What the rule is written for changes its meaning.
    check_rejects(&[("sigma-version: 3", "SG0111"), ("sigma-version: '3.0'", "SG0111")], rule);
    let documents = [
        ("- a\n- b\n", "SG0101"),
        ("text\n", "SG0101"),
        ("5\n", "SG0101"),
        ("title: t\nlogsource: {product: p}\n", "SG0102"),
        ("title: t\nlogsource: {product: p}\ndetection: null\n", "SG0102"),
        ("title: t\nlogsource: {product: p}\ndetection: [a]\n", "SG0103"),
        ("title: t\ndetection: {a: {f: x}, condition: a}\n", "SG0102"),
        ("title: t\nlogsource: x\ndetection: {a: {f: x}, condition: a}\n", "SG0103"),
        ("title: t\nlogsource: {}\ndetection: {a: {f: x}, condition: a}\n", "SG0109"),
        ("title: t\nlogsource: {product: 5}\ndetection: {a: {f: x}, condition: a}\n", "SG0103"),
        (
            "title: t\nlogsource: {product: p}\nlogsource: {product: p}\ndetection: {a: {f: x}, condition: a}\n",
            "SG0004",
        ),
    ];
    check_rejects(&documents, str::to_owned);
    let titles = [
        ("logsource: {product: p}\ndetection: {a: {f: x}, condition: a}\n", "SG0102"),
        ("title: null\nlogsource: {product: p}\ndetection: {a: {f: x}, condition: a}\n", "SG0102"),
        ("title: 5\nlogsource: {product: p}\ndetection: {a: {f: x}, condition: a}\n", "SG0103"),
    ];
    check_findings(&titles, str::to_owned);
    let long =
        format!("title: {}\nlogsource: {{product: p}}\ndetection: {{a: {{f: x}}, condition: a}}\n", "é".repeat(257));
    check_findings(&[(&long, "SG0103")], str::to_owned);
}

#[test]
fn filters_and_actions() {
    let rule = with_search("f: a");
    let filter = |body: &str| format!("{rule}---\ntitle: f\nlogsource: {{product: test}}\nfilter: {body}\n");
    check_rejects(
        &[
            ("{s: {g: b}, condition: not s}", "SG0403"),
            ("{rules: null, s: {g: b}, condition: not s}", "SG0403"),
            ("{rules: any, s: {g: b}}", "SG0301"),
            ("{rules: any, condition: not sel}", "SG0308"),
            ("{rules: any, s: {g: b}, condition: not sel}", "SG0303"),
            ("{rules: any, _s: {g: b}, condition: not 1 of them}", "SG0304"),
            ("[a]", "SG0103"),
        ],
        filter,
    );
    let after = |text: &str| format!("{rule}---\n{text}\n");
    check_rejects(
        &[
            ("action: delete", "SG0405"),
            ("action: Global", "SG0405"),
            ("action: null", "SG0405"),
            ("action: [global]", "SG0405"),
            ("action: global\ntitle: g\n---\ntext", "SG0101"),
            ("action: global\ntitle: g\n---\n- a", "SG0101"),
        ],
        after,
    );
    let rule = format!("action: repeat\n---\n{HEAD}detection: {{a: {{f: x}}, condition: a}}\n");
    check_rejects(&[(&rule, "SG0405")], str::to_owned);
}

#[test]
fn slips_of_yaml_are_met_with_a_way_out() {
    for (search, help) in [
        ("f: *.exe", "begins with `*` needs quotes"),
        ("f: %x%", "needs quotes"),
        ("f: @x", "needs quotes"),
        ("f: \"C:\\Windows\"", "use single quotes"),
        ("f: a: b", "needs quotes"),
        ("\tf: a", "indent with blanks"),
    ] {
        let text = match search.strip_prefix('\t') {
            Some(line) => format!("{HEAD}\t{line}\n"),
            None => with_search(search),
        };
        let read = super::read(&text);
        let shown = super::errors(&read).iter().map(|d| d.help.join(" ")).collect::<String>();
        assert!(shown.contains(help), "{search:?}: {shown:?}");
    }
}
