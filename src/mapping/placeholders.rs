//! The placeholders of a rule get values from a pipeline.

use std::sync::Arc;

use super::apply::Work;
use super::item;
use super::pipeline::Item;
use super::transformation::{PlaceholderSource, Selection};
use crate::diagnostic::codes;
use crate::ir::{Expr, Node, Pattern, Piece, Placeholder, PlaceholderPart, Predicate, Test};
use crate::sigma::pattern;

/// A detection item with those placeholders resolved that the transformation is for.
pub(super) fn resolve(
    work: &mut Work<'_>,
    item: &Item,
    select: &Selection,
    source: &PlaceholderSource,
    part: Expr,
) -> Expr {
    item::map_tests(part, &mut |predicate, place| {
        let keep = |predicate| Expr::new(Node::Test(predicate), place.origin.clone());
        let Test::Placeholder(value) = &predicate.test else { return keep(predicate) };
        match alternatives(work, select, source, value) {
            Ok(tests) => {
                let subject = &predicate.subject;
                let test =
                    |test| Expr::new(Node::Test(Predicate { subject: subject.clone(), test }), place.origin.clone());
                let mut parts: Vec<Expr> = tests.into_iter().map(test).collect();
                match (parts.len(), parts.pop()) {
                    (1, Some(part)) => part,
                    (_, last) => Expr::new(Node::Any(parts.into_iter().chain(last).collect()), place.origin.clone()),
                }
            }
            Err(message) => {
                work.fail(codes::MAPPING_VALUE_UNFIT, item, message, &place.origin);
                keep(predicate)
            }
        }
    })
}

fn alternatives(
    work: &mut Work<'_>,
    select: &Selection,
    source: &PlaceholderSource,
    value: &Placeholder,
) -> Result<Vec<Test>, String> {
    let is_wanted = |part: &PlaceholderPart| matches!(part, PlaceholderPart::Name(name) if select.has(name));
    if value.parts.is_empty() && select.has(&value.name) {
        let name = &value.name;
        return Err(format!(
            "`%{name}%` stands in a value that is encoded, so it needs its values when the rule is read"
        ));
    }
    if !value.parts.iter().any(is_wanted) {
        return Ok(vec![Test::Placeholder(value.clone())]);
    }
    let mut out: Vec<Vec<PlaceholderPart>> = vec![Vec::new()];
    for part in &value.parts {
        let values = match part {
            PlaceholderPart::Name(name) if select.has(name) => values(work, source, name)?,
            other => vec![vec![other.clone()]],
        };
        let bytes = size(&out).saturating_mul(values.len()).saturating_add(size(&values).saturating_mul(out.len()));
        let tests = out.len().saturating_mul(values.len()).saturating_sub(out.len());
        if !work.budget.tests(tests) || !work.budget.text(bytes) {
            return Ok(vec![Test::Placeholder(value.clone())]);
        }
        out = out.iter().flat_map(|left| values.iter().map(|right| [left.as_slice(), right].concat())).collect();
    }
    Ok(out.into_iter().map(|parts| test(parts, value)).collect())
}

/// The values of one placeholder, each as parts.
fn values(work: &Work<'_>, source: &PlaceholderSource, name: &Arc<str>) -> Result<Vec<Vec<PlaceholderPart>>, String> {
    let read = |texts: &[Arc<str>]| {
        let parts = |text: &Arc<str>| pattern::parse(text).into_iter().map(PlaceholderPart::Piece).collect();
        texts.iter().map(parts).collect::<Vec<_>>()
    };
    match source {
        PlaceholderSource::Wildcard => Ok(vec![vec![PlaceholderPart::Piece(Piece::AnyString)]]),
        PlaceholderSource::Vars => match work.var(name) {
            Some(value) => match texts(value) {
                Some(texts) => Ok(read(&texts)),
                None => Err(format!("the variable `{name}` is neither text nor a number nor a list of such")),
            },
            None => Err(format!("no pipeline has a variable `{name}` for the placeholder `%{name}%`")),
        },
        PlaceholderSource::File(list) => {
            let Some(text) = work.options.files.get(&list.path) else {
                return Err(format!("the file `{}` for the placeholder `%{name}%` was not read", list.path));
            };
            let texts = list.values(text).map_err(|why| format!("the file `{}` cannot be used: {why}", list.path))?;
            if texts.is_empty() {
                return Err(format!("the file `{}` for the placeholder `%{name}%` has no values", list.path));
            }
            Ok(read(&texts))
        }
    }
}

/// The texts of a variable.
fn texts(value: &serde_json::Value) -> Option<Vec<Arc<str>>> {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.as_str().into()),
        serde_json::Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    };
    match value {
        serde_json::Value::Array(items) => {
            items.iter().map(text).collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty())
        }
        value => text(value).map(|text| vec![text]),
    }
}

/// The bytes of some values.
fn size(values: &[Vec<PlaceholderPart>]) -> usize {
    let of = |part: &PlaceholderPart| match part {
        PlaceholderPart::Piece(Piece::Literal(text)) => text.len(),
        PlaceholderPart::Piece(_) | PlaceholderPart::Name(_) => 1,
    };
    values.iter().flatten().map(of).sum()
}

/// The test for parts: a pattern once no name is among them.
fn test(parts: Vec<PlaceholderPart>, value: &Placeholder) -> Test {
    let first = parts.iter().find_map(|part| match part {
        PlaceholderPart::Name(name) => Some(name.clone()),
        PlaceholderPart::Piece(_) => None,
    });
    match first {
        Some(name) => Test::Placeholder(Placeholder { name, parts, case: value.case }),
        None => {
            let pieces = parts.into_iter().filter_map(|part| match part {
                PlaceholderPart::Piece(piece) => Some(piece),
                PlaceholderPart::Name(_) => None,
            });
            Test::Pattern(Pattern::new(pieces, value.case))
        }
    }
}
