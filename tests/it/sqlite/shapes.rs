//! What the queries look like, that each dialect's parser takes them, and what is refused or warned of.

use std::collections::BTreeMap;

use rayon::prelude::*;
use sigmaglot::diagnostic::{Code, codes};
use sigmaglot::ir::regex::Flags;
use sigmaglot::ir::{
    Case, CompareOp, Expr, Field, FieldType, Node, Number, Origin, PatternOp, Predicate, Regex, Subject, Test, TimePart,
};
use sigmaglot::target::{Layout, Options};
use sqlparser::dialect::{
    ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;

use crate::sqlite::build::{TARGETS, all, any, convert, keyword, on, pattern, query, rule, target};
use crate::sqlite::corpus::{corpus, rules};

fn matches(text: &str, case: Case) -> Expr {
    on("Image", Test::Pattern(pattern(text, case)))
}

/// The condition's text in each dialect, in the order of [`TARGETS`].
fn shown(condition: Expr) -> Vec<String> {
    let texts = TARGETS.iter().map(|name| {
        let query = query(&target(name), condition.clone());
        query.split_once(" WHERE ").map(|(_, condition)| condition.to_owned()).unwrap_or(query)
    });
    texts.collect()
}

#[test]
fn plain_sql_where_plain_sql_is_exact() {
    for (condition, expected) in [
        (
            matches("⁎\\cmd.exe", Case::Fold),
            [
                r"[Image] LIKE '%\cmd.exe'",
                r#""Image" ILIKE '%\cmd.exe'"#,
                r#""Image" ILIKE '%\cmd.exe' ESCAPE '!'"#,
                r"`Image` ILIKE '%\\\\cmd.exe'",
                r"`Image` ILIKE '%\\cmd.exe' ESCAPE '!'",
            ],
        ),
        (
            matches("⁎100%!⁎", Case::Exact),
            [
                "[Image] GLOB '*100%!*'",
                r#""Image" LIKE '%100!%!!%' ESCAPE '!'"#,
                r#""Image" LIKE '%100!%!!%' ESCAPE '!'"#,
                r"`Image` LIKE '%100\\%!%'",
                "`Image` LIKE '%100!%!!%' ESCAPE '!'",
            ],
        ),
        (
            matches("It's.EXE", Case::Fold),
            [
                "[Image] COLLATE NOCASE = 'It''s.EXE'",
                "lower(\"Image\") = 'it''s.exe'",
                "lower(\"Image\") = 'it''s.exe'",
                r"lowerUTF8(`Image`) = 'it\'s.exe'",
                r"lower(`Image`) = 'it\'s.exe'",
            ],
        ),
        (
            any(vec![on("EventID", Test::Number(Number::Int(1))), on("EventID", Test::Number(Number::Int(2)))]),
            [
                "[EventID] IN (1, '1', 2, '2')",
                "\"EventID\" IN ('1', '2')",
                "\"EventID\" IN ('1', '2')",
                "`EventID` IN ('1', '2')",
                "`EventID` IN ('1', '2')",
            ],
        ),
        (
            all(vec![on("A", Test::Null), on("B", Test::Null).negate(), matches("x", Case::Exact).negate()]),
            [
                "[A] IS NULL AND [B] IS NOT NULL AND NOT COALESCE([Image] = 'x', FALSE)",
                "\"A\" IS NULL AND \"B\" IS NOT NULL AND NOT COALESCE(\"Image\" = 'x', FALSE)",
                "\"A\" IS NULL AND \"B\" IS NOT NULL AND NOT COALESCE(\"Image\" = 'x', FALSE)",
                "`A` IS NULL AND `B` IS NOT NULL AND NOT COALESCE(`Image` = 'x', FALSE)",
                "`A` IS NULL AND `B` IS NOT NULL AND NOT COALESCE(`Image` = 'x', FALSE)",
            ],
        ),
        (
            matches("⁎ ⟨-/⟩enc⁎", Case::Fold),
            [
                "lower([Image]) GLOB '* [/-]enc*'",
                r#"regexp_matches("Image", '(?i) [\-/]enc')"#,
                r#""Image" ~ '(?i) [\-/]enc'"#,
                r"match(`Image`, '(?i) [\\-/]enc')",
                r"`Image` RLIKE '(?iu) [\\-/]enc'",
            ],
        ),
    ] {
        assert_eq!(shown(condition), expected);
    }
}

#[test]
fn pretty_and_compact_are_the_same_query() {
    let x = |text: &str| matches(text, Case::Fold);
    let condition = all(vec![any(vec![x("a"), all(vec![x("⁎b"), x("c⁎")])]), any(vec![x("⁎d⁎"), x("⁎e⁎")]).negate()]);
    for name in TARGETS {
        let target = target(name);
        let layout = |layout| target.convert(&rule(condition.clone()), &Options { layout, table: None }).query;
        let (compact, pretty) = (layout(Layout::Compact).expect(name), layout(Layout::Pretty).expect(name));
        let squeeze =
            |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")");
        assert_eq!(squeeze(&pretty), squeeze(&compact), "{name}");
        assert!(pretty.lines().count() > 10, "{pretty}");
    }
    let sql = target("sql").convert(&rule(condition), &Options { layout: Layout::Pretty, table: None }).query;
    let expected = "\
SELECT *
FROM [events]
WHERE
  (
    [Image] COLLATE NOCASE = 'a'
    OR (
      [Image] LIKE '%b'
      AND [Image] LIKE 'c%'
    )
  )
  AND NOT COALESCE((
    [Image] LIKE '%d%'
    OR [Image] LIKE '%e%'
  ), FALSE)";
    assert_eq!(sql.as_deref(), Some(expected));
}

#[test]
fn columns_of_known_types_compare_by_their_type() {
    let field = |kind| Field { name: "n".into(), kind };
    let test =
        |kind, test| Expr::new(Node::Test(Predicate { subject: Subject::Field(field(kind)), test }), Origin::default());
    let duckdb = |condition| shown(condition).swap_remove(1);
    assert_eq!(duckdb(test(FieldType::Integer, Test::Number(Number::Int(5)))), "\"n\" = 5");
    assert_eq!(duckdb(test(FieldType::Integer, Test::Compare(CompareOp::Ge, Number::Int(5)))), "\"n\" >= 5");
    assert_eq!(duckdb(test(FieldType::Boolean, Test::Bool(true))), "\"n\" = TRUE");
    let starts = Test::Pattern(pattern("46⁎", Case::Fold));
    assert_eq!(duckdb(test(FieldType::Integer, starts)), "CAST(\"n\" AS VARCHAR) ILIKE '46%'");
}

/// Which errors and warnings a condition gives.
fn codes_of(name: &str, condition: Expr) -> Vec<Code> {
    convert(&target(name), condition).diagnostics.iter().map(|d| d.code).collect()
}

#[test]
fn what_a_dialect_cannot_say_is_refused_or_warned_of() {
    let network = |net: &str| on("ip", Test::Network(net.parse().expect(net)));
    for name in TARGETS {
        let six: &[Code] = match name {
            "sql" | "sql:clickhouse" => &[],
            _ => &[codes::PREDICATE_UNSUPPORTED],
        };
        assert_eq!(codes_of(name, network("fe80::/10")), six, "{name}");
        assert_eq!(codes_of(name, network("10.0.0.0/8")), [], "{name}");
        assert_eq!(codes_of(name, matches("a\0b", Case::Fold)), [codes::LITERAL_UNSUPPORTED], "{name}");
        assert_eq!(codes_of(name, on("a\0b", Test::Null)), [codes::LITERAL_UNSUPPORTED], "{name}");
        assert_eq!(codes_of(name, on("f", Test::Exists(true))), [codes::DATA_MODEL], "{name}");
        assert_eq!(codes_of(name, on("f", Test::Null)), [], "{name}");
        let sigma: &[Code] = if name == "sql" { &[] } else { &[codes::FOLDING_LIMITED] };
        assert_eq!(codes_of(name, matches("⁎Σ⁎", Case::Fold)), sigma, "{name}");
        let umlaut: &[Code] = if name == "sql:postgres" { &[codes::FOLDING_LIMITED] } else { &[] };
        assert_eq!(codes_of(name, matches("⁎Ä⁎", Case::Fold)), umlaut, "{name}");
        assert_eq!(codes_of(name, matches("⁎Σ⁎", Case::Exact)), [], "{name}");
        let two = all(vec![on("Status", Test::Null), on("status", Test::Null)]);
        let one_column: &[Code] =
            if matches!(name, "sql:postgres" | "sql:clickhouse") { &[] } else { &[codes::DATA_MODEL] };
        assert_eq!(codes_of(name, two), one_column, "{name}");
    }
    assert_eq!(codes_of("sql:postgres", on(&"f".repeat(64), Test::Null)), [codes::LITERAL_UNSUPPORTED]);
    assert_eq!(
        codes_of("sql:duckdb", on("f", Test::Compare(CompareOp::Gt, Number::Int(1 << 60)))),
        [codes::PREDICATE_UNSUPPORTED]
    );
    assert_eq!(codes_of("sql", any(vec![])), [codes::CONDITION_CONSTANT]);
    assert_eq!(query(&target("sql"), all(vec![])), "SELECT * FROM [events] WHERE 1 = 1");
    let deep = (0..170).fold(matches("a", Case::Fold), |inner, _| {
        any(vec![matches("b", Case::Fold), all(vec![matches("c", Case::Fold), inner])]).negate()
    });
    assert_eq!(codes_of("sql", deep), [codes::QUERY_TOO_LARGE]);
}

fn parser(name: &str) -> Box<dyn Dialect> {
    match name {
        "sql" => Box::new(SQLiteDialect {}),
        "sql:duckdb" => Box::new(DuckDbDialect {}),
        "sql:postgres" => Box::new(PostgreSqlDialect {}),
        "sql:clickhouse" => Box::new(ClickHouseDialect {}),
        _ => Box::new(DatabricksDialect {}),
    }
}

fn parses(name: &str, query: &str) {
    match Parser::parse_sql(&*parser(name), query) {
        Ok(statements) => assert_eq!(statements.len(), 1, "{name}: {query}"),
        Err(error) => panic!("{name}: {error}: {}", query.chars().take(2_000).collect::<String>()),
    }
}

#[test]
fn each_leaf_parses_in_its_dialect() {
    let regex = Test::Regex(Regex::parse(r"(?i)^a\.b\s[c-f]{2,}$", Flags::default()).expect("a regex"));
    let mut conditions: Vec<Expr> = ["abc", "⁎a_b\\⁎", "a⁇c⁎", "⁎ ⟨-/⟩enc⁎", "⁎", "", "Äß", "⁎'⁎", "4688", "04688"]
        .iter()
        .flat_map(|text| [matches(text, Case::Fold), matches(text, Case::Exact)])
        .collect();
    for text in ["⁎a%b⁎", "⁎\\c⁎", "⁎É⁎"] {
        conditions.push(keyword(Test::Pattern(pattern(text, Case::Fold))));
    }
    conditions.push(any(vec![keyword(regex.clone()), keyword(Test::Pattern(pattern("⁎x⁎", Case::Exact)))]));
    let tests = [
        regex,
        Test::Number(Number::Float(0.5)),
        Test::Bool(true),
        Test::Exists(false),
        Test::Compare(CompareOp::Le, Number::Int(-5)),
        Test::Network("172.16.0.0/12".parse().expect("a network")),
        Test::Network("fe80::/10".parse().expect("a network")),
        Test::TimePart { part: TimePart::Hour, op: CompareOp::Ge, n: 8 },
    ];
    conditions.extend(tests.map(|test| on("f", test)));
    for op in [PatternOp::Equals, PatternOp::Contains, PatternOp::StartsWith, PatternOp::EndsWith] {
        for case in [Case::Fold, Case::Exact] {
            conditions.push(on("f", Test::FieldPattern { op, other: Field::new("g"), case }));
        }
    }
    for name in TARGETS {
        let target = target(name);
        let mut converted = 0;
        for condition in conditions.iter().flat_map(|c| [c.clone(), c.clone().negate()]) {
            if let Some(query) = convert(&target, condition).query {
                parses(name, &query);
                converted += 1;
            }
        }
        assert!(converted + 4 >= conditions.len() * 2, "{name}: {converted}");
    }
}

#[test]
fn the_corpus_parses_in_every_dialect() {
    let root = match corpus() {
        Ok(root) => root,
        Err(skipped) => return println!("{skipped}"),
    };
    let rules = rules(&root);
    for name in TARGETS {
        let target = target(name);
        let conversions: Vec<_> = rules.par_iter().map(|rule| target.convert(rule, &Options::default())).collect();
        conversions.par_iter().filter_map(|c| c.query.as_deref()).for_each(|query| parses(name, query));
        let mut refusals: BTreeMap<Code, usize> = BTreeMap::new();
        for conversion in conversions.iter().filter(|c| c.query.is_none()) {
            let code = conversion.diagnostics.iter().find(|d| d.is_error()).map(|d| d.code);
            *refusals.entry(code.expect("a refusal has a code")).or_default() += 1;
        }
        let converted = conversions.iter().filter(|c| c.query.is_some()).count();
        println!("{name}: {converted} of {} rules; refused: {refusals:?}", rules.len());
        assert!(converted * 100 >= rules.len() * 98, "{name}: {converted} of {}", rules.len());
    }
}
