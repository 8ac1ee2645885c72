//! No query names a column that its table lacks, over the corpus: each name is one of the schema, made by the query, or asked for with
//! `column_ifexists`.

use std::collections::BTreeSet;

use sigmaglot::lang::kql::{self, Expr, ExprKind, Subject};
use sigmaglot::mapping;

use super::{NAMES, convert, kql as target, kusto, pipelines, read_file};
use crate::common::corpus;

/// The columns that an expression looks at.
fn columns(expr: &Expr, out: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Literal(_) => {}
        ExprKind::Column(name) => {
            out.insert(name.clone());
        }
        ExprKind::Key(base, _) | ExprKind::Element(base, _) => columns(base, out),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Call(_, parts) => {
            parts.iter().for_each(|part| columns(part, out));
        }
        ExprKind::Compare(_, left, right) => [left, right].into_iter().for_each(|part| columns(part, out)),
        ExprKind::Text(_, subject, right) => {
            if let Subject::Expr(left) = subject {
                columns(left, out);
            }
            columns(right, out);
        }
        ExprKind::List(_, left, items) => {
            columns(left, out);
            items.iter().for_each(|item| columns(item, out));
        }
        ExprKind::Between { subject, low, high, .. } => {
            [subject, low, high].into_iter().for_each(|part| columns(part, out));
        }
    }
}

/// The columns of a query that neither the table has nor the query makes.
fn strangers(query: &str, has: impl Fn(&str) -> bool) -> Vec<String> {
    let query = kql::parse(query).unwrap_or_else(|e| panic!("{e}: {query}"));
    let mut made: BTreeSet<String> = BTreeSet::new();
    let mut strange = Vec::new();
    let mut see = |expr: &Expr, made: &BTreeSet<String>| {
        let mut names = BTreeSet::new();
        columns(expr, &mut names);
        strange.extend(names.into_iter().filter(|name| !has(name) && !made.contains(name)));
    };
    for (name, expr) in query.extends.iter().flatten() {
        see(expr, &made);
        made.insert(name.text.clone());
    }
    query.filters.iter().for_each(|filter| see(filter, &made));
    strange
}

#[test]
fn a_strange_column_is_found() {
    let has = |name: &str| name == "A";
    assert_eq!(strangers("T | where A == 1 and B == 2 and not(C =~ 'x')", has), ["B", "C"]);
    assert_eq!(strangers("T | extend B = tostring(A.b), D = tostring(E) | where B == 'x'", has), ["E"]);
    assert_eq!(strangers("T | extend B = column_ifexists('B', '') | where B == 'x'", has), [""; 0]);
}

#[test]
fn a_query_of_the_corpus_names_no_column_that_its_table_lacks() {
    let Some(root) = corpus::root() else { return };
    let files = corpus::rule_files(&root);
    let target = target();
    for name in NAMES {
        let pipelines = pipelines(name);
        let chain = mapping::resolve(&pipelines, "kql").expect("the mapping is for kql");
        let schema = kusto::schema(name);
        let mut queries = 0;
        for rule in files.iter().flat_map(|file| read_file(file)) {
            let title = rule.meta.title.clone();
            let outcome = convert(&chain, &target, rule);
            let Ok(query) = outcome.query else { continue };
            let table = outcome.table.expect("every log source has a table");
            let columns = schema.get(&table).unwrap_or_else(|| panic!("{name}: no schema of {table}"));
            assert_eq!(strangers(&query, |name| columns.contains_key(name)), [""; 0], "{name}, {title}: {query}");
            assert_eq!(outcome.unmapped, [""; 0], "{name}, {title}");
            queries += 1;
        }
        println!("{name}: {queries} queries, none with a column that its table lacks");
        assert!(queries > 0, "{name} converts something");
    }
}
