//! The Boolean skeleton of every rule's query in every target: the text reads as the tree that was planned.
//!
//! KQL, EQL and SPL are read by their models, SQL by the crate `sqlparser`. Leaves that are wrapped against NULL
//! (`COALESCE(x, FALSE)`) count as what they wrap.

use std::path::Path;

use rayon::prelude::*;
use sigmaglot::ir::Rule;
use sigmaglot::lang::{Skeleton, eql, kql, spl};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{NAMES, Options, Outline, Target, Templates};
use sigmaglot::verify::skeleton::{Mismatch, Reader, compare};
use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArguments, SetExpr, Statement,
    UnaryOperator, Value,
};
use sqlparser::dialect::{
    ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;

use crate::common::corpus;

/// Nests deeper than any query.
const DEPTH: usize = 500;

/// A query's skeleton in the target's language.
fn read(target: &str, query: &str) -> Result<Skeleton, String> {
    match target {
        "kql" => kql::parse(query).map(|query| query.skeleton()).map_err(|e| e.to_string()),
        "eql" => eql::parse(query).map(|query| query.skeleton()).map_err(|e| e.to_string()),
        "spl" => spl::parse(query).map(|query| query.skeleton()).map_err(|e| e.to_string()),
        _ => read_sql(target, query),
    }
}

fn read_sql(target: &str, query: &str) -> Result<Skeleton, String> {
    let dialect: &dyn Dialect = match target {
        "sql:duckdb" => &DuckDbDialect {},
        "sql:postgres" => &PostgreSqlDialect {},
        "sql:clickhouse" => &ClickHouseDialect {},
        "sql:spark" => &DatabricksDialect {},
        _ => &SQLiteDialect {},
    };
    let parser = Parser::new(dialect).with_recursion_limit(DEPTH).try_with_sql(query).map_err(|e| e.to_string());
    let statements = parser?.parse_statements().map_err(|e| e.to_string())?;
    let [Statement::Query(query)] = statements.as_slice() else { return Err("not one query".to_owned()) };
    let SetExpr::Select(select) = &*query.body else { return Err("no SELECT".to_owned()) };
    Ok(select.selection.as_ref().map_or(Skeleton::True, sql))
}

fn sql(expr: &Expr) -> Skeleton {
    match expr {
        Expr::BinaryOp { op: BinaryOperator::And, .. } => Skeleton::And(chain(expr, &BinaryOperator::And)),
        Expr::BinaryOp { op: BinaryOperator::Or, .. } => Skeleton::Or(chain(expr, &BinaryOperator::Or)),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Skeleton::Not(Box::new(sql(expr))),
        Expr::Nested(inner) => sql(inner),
        Expr::Value(value) if value.value == Value::Boolean(true) => Skeleton::True,
        Expr::Value(value) if value.value == Value::Boolean(false) => Skeleton::False,
        other => match coalesced(other) {
            Some(inner) => inner,
            None => Skeleton::Leaf(other.to_string()),
        },
    }
}

/// The operands of a chain of one operator, which leans to the left.
fn chain(mut expr: &Expr, operator: &BinaryOperator) -> Vec<Skeleton> {
    let mut out = Vec::new();
    while let Expr::BinaryOp { left, op, right } = expr
        && op == operator
    {
        out.push(sql(right));
        expr = left;
    }
    out.push(sql(expr));
    out.reverse();
    out
}

/// `x` of `COALESCE(x, FALSE)`.
fn coalesced(expr: &Expr) -> Option<Skeleton> {
    let Expr::Function(function) = expr else { return None };
    let FunctionArguments::List(list) = &function.args else { return None };
    let [wrapped, FunctionArg::Unnamed(FunctionArgExpr::Expr(other))] = list.args.as_slice() else { return None };
    if function.name.to_string() != "COALESCE" || sql(other) != Skeleton::False {
        return None;
    }
    match wrapped {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(inner)) => Some(sql(inner)),
        // The crate takes `a = b` for a named argument in DuckDB's functions; of COALESCE, which is syntax, that is wrong.
        FunctionArg::Named { operator: FunctionArgOperator::Equals, .. } => Some(Skeleton::Leaf(wrapped.to_string())),
        _ => None,
    }
}

/// A condition that stands alone in a part of a query.
fn alone(target: &str, part: &str, condition: &str) -> Result<Skeleton, String> {
    let query = match (target, part) {
        ("kql", _) => format!("T | where {condition}"),
        ("eql", _) => format!("any where {condition}"),
        ("spl", "search") => condition.to_owned(),
        ("spl", _) => format!("* | where {condition}"),
        _ => format!("SELECT * FROM t WHERE {condition}"),
    };
    let skeleton = read(target, &query)?;
    // The `*` before a pipe is no part of the condition.
    Ok(match skeleton {
        Skeleton::And(mut parts) if target == "spl" && part != "search" && parts.len() > 1 => {
            parts.remove(0);
            if parts.len() == 1 { parts.remove(0) } else { Skeleton::And(parts) }
        }
        other => other,
    })
}

/// Whether the rule's query reads as planned; `None` where the target refuses the rule.
fn check(target: &Target, name: &str, rule: &Rule) -> Option<Result<(), Mismatch>> {
    let mut session = target.session();
    let query = session.convert(rule, &Options::default()).query?;
    let outline = session.outline(rule, &Options::default()).ok()?;
    let skeleton = match read(name, &query) {
        Ok(skeleton) => skeleton,
        Err(words) => return Some(Err(Mismatch::Unreadable(query, words))),
    };
    // SPL's filter is left out where it says nothing.
    let said = |(part, tree): &(&str, Outline)| *part != "filter" || !is_always(tree);
    let outline: Vec<_> = outline.into_iter().filter(said).collect();
    let readers: Vec<_> = outline.iter().map(|(part, _)| move |text: &str| alone(name, part, text)).collect();
    let parts: Vec<(Outline, Reader<'_>)> =
        outline.iter().zip(&readers).map(|((_, tree), read)| (tree.clone(), read as Reader<'_>)).collect();
    Some(compare(&skeleton, &parts))
}

/// The filter that says nothing.
fn is_always(outline: &Outline) -> bool {
    matches!(outline, Outline::Leaf(text) if text == "true()")
}

/// Every rule in every target; the number of queries that were read.
fn check_all(rules: &[Rule]) -> usize {
    let mut count = 0;
    for name in NAMES {
        let target = Target::load(name, &Templates::embedded()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let results: Vec<_> = rules.par_iter().filter_map(|rule| Some((rule, check(&target, name, rule)?))).collect();
        let wrong: Vec<String> = results
            .iter()
            .filter_map(|(rule, result)| Some(format!("{}: {:?}", rule.meta.title, result.as_ref().err()?)))
            .collect();
        println!("{name}: {} queries read, {} not as planned", results.len(), wrong.len());
        assert!(
            wrong.is_empty(),
            "{name}: {} queries, some:\n{}",
            wrong.len(),
            wrong.iter().take(5).map(|w| w.as_str()).collect::<Vec<_>>().join("\n")
        );
        count += results.len();
    }
    count
}

#[test]
fn example_rules_read_as_planned() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let rules: Vec<Rule> = corpus::files(&folder, "yml").iter().flat_map(|file| corpus::rules(file)).collect();
    assert!(check_all(&rules) >= rules.len() * NAMES.len() / 2, "most rules are said in most targets");
}

#[test]
fn the_corpus_reads_as_planned() {
    let Some(root) = corpus::root() else { return };
    let files = corpus::rule_files(&root);
    let rules: Vec<Rule> = files.par_iter().flat_map(|file| corpus::rules(file)).collect();
    assert!(check_all(&rules) >= rules.len() * NAMES.len() / 2, "most rules are said in most targets");
}

/// A rule with three selections and this condition.
fn rule(condition: &str) -> Vec<Rule> {
    let selections = "  a: {f: x}\n  b: {g: y}\n  c: {h: z}\n";
    let text = format!("title: t\nlogsource: {{category: test}}\ndetection:\n{selections}  condition: {condition}\n");
    sigma::read(&Source::new("rule".to_owned(), text), &sigma::Options::default()).rules
}

/// A group without parentheses, planted in each target's templates, is seen.
#[test]
fn a_group_without_parentheses_is_noticed() {
    let planted = "{% macro group(part, layout) %}{{ part }}{% endmacro %}";
    for (name, file, condition) in [
        ("eql", "eql/predicates.j2", "a and (b or c)"),
        ("kql", "kql/predicates.j2", "a and (b or c)"),
        // There OR binds stronger than AND.
        ("spl", "spl/search.j2", "a or (b and c)"),
        ("sql", "sql/predicates.j2", "a and (b or c)"),
        ("sql:duckdb", "sql/predicates.j2", "a and (b or c)"),
        ("sql:postgres", "sql/predicates.j2", "a and (b or c)"),
        ("sql:clickhouse", "sql/predicates.j2", "a and (b or c)"),
        ("sql:spark", "sql/predicates.j2", "a and (b or c)"),
    ] {
        // Of two macros of one name the later counts.
        let text = format!("{}\n{planted}", Templates::embedded().get(file).unwrap_or_default());
        let templates = Templates::embedded().with_override(file, text);
        let target = Target::load(name, &templates).unwrap_or_else(|e| panic!("{name}: {e}"));
        for rule in rule(condition) {
            let result = check(&target, name, &rule);
            assert!(matches!(result, Some(Err(Mismatch::Differs(_)))), "{name}: {result:?}");
        }
    }
}
