//! The transformations of one detection item whose values become others, or tests on other fields.

use std::sync::Arc;

use super::apply::Work;
use super::last_part::LastParts;
use super::pipeline::Item;
use super::split::Division;
use super::text::{self, Text};
use super::transformation::Transformation;
use super::values::Change;
use super::{completion, item};
use crate::diagnostic::{Diagnostic, Severity, codes};
use crate::ir::{Expr, Field, Node, Origin, Pattern, Piece, Predicate, Subject, Test};

/// What a detection item becomes.
pub(super) fn item(work: &mut Work<'_>, item: &Item, part: Expr) -> Expr {
    match &item.transformation {
        Transformation::Values(change) => {
            let written = part.clone();
            if let Change::Encoding(encoding) = change {
                part.for_each_predicate(&mut |predicate, origin| {
                    let Some(text) = encoding.doubtful(&predicate.test) else { return };
                    let message = format!(
                        "`{text}` also finds `&amp;`, `&lt;` or `&gt;`, as the product spells `&`, `<` and `>`"
                    );
                    let diagnostic = Diagnostic::new(codes::MAPPING_SPELLING, message).at(origin.span);
                    work.diagnostics
                        .push(diagnostic.help("put more of the text before it, so that it cannot begin within one"));
                });
            }
            let changed = item::map_tests(part, &mut |predicate, place| match change.apply(
                &predicate.subject,
                &predicate.test,
                &mut work.budget,
            ) {
                Ok(None) => Expr::new(Node::Test(predicate), place.origin.clone()),
                Ok(Some(tests)) if pays(work, &tests) => any(&predicate.subject, tests, &place.origin),
                Ok(Some(_)) => Expr::new(Node::Test(predicate), place.origin.clone()),
                Err(message) => {
                    work.fail(codes::MAPPING_VALUE_UNFIT, item, message, &place.origin);
                    Expr::new(Node::Test(predicate), place.origin.clone())
                }
            });
            match change {
                Change::Map(mapping) => completion::complete(work, item, &written, changed, mapping),
                Change::Closed(values) => completion::complete(work, item, &written, changed, values.pairs()),
                _ => changed,
            }
        }
        Transformation::Hashes { algorithms, prefix, drop_algorithm, fields } => {
            let Some(old) = item::field(&part).filter(|name| fields.contains(name)) else { return part };
            let name =
                |algorithm: &str| if *drop_algorithm { prefix.to_string() } else { format!("{prefix}{algorithm}") };
            apart(work, item, part, &old, &|test| hash(test, algorithms, &name))
        }
        Transformation::Extract { regex, prefix, keep } => {
            let Some(old) = item::field(&part) else { return part };
            apart(work, item, part, &old, &|test| extract(test, regex, prefix, *keep))
        }
        Transformation::Split(division) => {
            let Some(old) = item::field(&part) else { return part };
            divide(work, item, part, &old, division)
        }
        Transformation::LastParts(parts) => {
            let Some(path) = item::field(&part) else { return part };
            let Some(name) = parts.names.get(&path) else { return part };
            by_name(work, item, part, (&path, name), parts)
        }
        Transformation::Spread { field, columns } if item::field(&part).as_ref() == Some(field) => {
            note(work, item, field, columns);
            let more = item::size(&part).saturating_mul(columns.len());
            if work.budget.tests(more) { spread(part, columns) } else { part }
        }
        _ => part,
    }
}

/// Charges what a test became.
fn pays(work: &mut Work<'_>, tests: &[Test]) -> bool {
    let bytes = |test: &Test| if let Test::Pattern(pattern) = test { pattern.size() } else { 0 };
    work.budget.tests(tests.len().saturating_sub(1)) && work.budget.text(tests.iter().map(bytes).sum())
}

fn any(subject: &Subject, tests: Vec<Test>, origin: &Origin) -> Expr {
    let test = |test| Expr::new(Node::Test(Predicate { subject: subject.clone(), test }), origin.clone());
    let mut tests: Vec<Expr> = tests.into_iter().map(test).collect();
    if tests.len() == 1
        && let Some(test) = tests.pop()
    {
        return test;
    }
    Expr::new(Node::Any(tests), origin.clone())
}

/// What one value becomes: tests on fields that must all hold; `Ok(None)` leaves it.
type Parts = Result<Option<Vec<(Arc<str>, Test)>>, String>;

/// Makes every value tests on fields of its own.
fn apart(work: &mut Work<'_>, item: &Item, part: Expr, old: &Arc<str>, change: &dyn Fn(&Test) -> Parts) -> Expr {
    let changed = item::map_tests(item::split(part), &mut |predicate, place| match change(&predicate.test) {
        Ok(None) => Expr::new(Node::Test(predicate), place.origin.clone()),
        Ok(Some(parts)) if !work.budget.tests(parts.len().saturating_sub(1)) => {
            Expr::new(Node::Test(predicate), place.origin.clone())
        }
        Ok(Some(parts)) => {
            let mut tests = Vec::with_capacity(parts.len());
            for (name, test) in parts {
                note(work, item, old, std::slice::from_ref(&name));
                tests.push(any(&Subject::Field(Field::new(name)), vec![test], &place.origin));
            }
            if tests.len() == 1 { tests.remove(0) } else { Expr::new(Node::All(tests), without_item(&place.origin)) }
        }
        Err(message) => {
            work.fail(codes::MAPPING_VALUE_UNFIT, item, message, &place.origin);
            Expr::new(Node::Test(predicate), place.origin.clone())
        }
    });
    item::split(changed)
}

fn without_item(origin: &Origin) -> Origin {
    Origin { item: None, ..origin.clone() }
}

fn note(work: &mut Work<'_>, item: &Item, old: &Arc<str>, new: &[Arc<str>]) {
    work.tracking.renamed(Some(old), new, item.id.as_ref());
    work.record.field(old, new, &item.label);
}

/// Notes the fields that a value became.
pub(super) fn note_parts(work: &mut Work<'_>, item: &Item, old: &Arc<str>, parts: &Expr) {
    let mut names: Vec<Arc<str>> = Vec::new();
    parts.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject
            && field.name != *old
        {
            names.push(field.name.clone());
        }
    });
    if !names.is_empty() {
        note(work, item, old, &names);
    }
}

/// The length of a hash in hexadecimal digits.
pub(super) fn digits(algorithm: &str) -> Option<usize> {
    match algorithm {
        "MD5" | "IMPHASH" => Some(32),
        "SHA1" => Some(40),
        "SHA256" => Some(64),
        "SHA512" => Some(128),
        _ => None,
    }
}

/// The algorithm whose hashes have the length of this one.
pub(super) fn algorithm_of(hash: &str) -> Option<&'static str> {
    ["MD5", "SHA1", "SHA256", "SHA512"].into_iter().find(|name| digits(name) == Some(hash.len()))
}

/// `ALGORITHM=digits` or `ALGORITHM|digits`, or digits whose number tells the algorithm.
fn hash(test: &Test, algorithms: &[Arc<str>], name: &dyn Fn(&str) -> String) -> Parts {
    let Test::Pattern(pattern) = test else {
        return match test {
            Test::Null | Test::Exists(_) => Ok(None),
            _ => Err("only text can be taken apart into hashes".into()),
        };
    };
    let view = Text::new(pattern.pieces());
    let (algorithm, from) = match view.text.find(['=', '|']) {
        Some(at) => (view.text[..at].trim_start_matches('*').to_uppercase(), at + 1),
        None => {
            let bare = view.text.trim_matches('*');
            (algorithm_of(bare).unwrap_or("").to_owned(), view.text.len() - view.text.trim_start_matches('*').len())
        }
    };
    if !algorithms.iter().any(|known| **known == *algorithm) {
        let known: Vec<&str> = algorithms.iter().map(AsRef::as_ref).collect();
        return Err(format!("`{}` is no hash of {}", view.text, known.join(", ")));
    }
    let mut pieces = view.pieces(from..view.text.len());
    // A whole hash is all of its field: what came after it in the list of hashes is elsewhere now.
    if let [Piece::Literal(hash), Piece::AnyString] = pieces.as_slice()
        && digits(&algorithm) == Some(hash.len())
    {
        pieces.pop();
    }
    Ok(Some(vec![(name(&algorithm).into(), Test::Pattern(Pattern::new(pieces, pattern.case)))]))
}

/// The named groups of the expression as fields.
fn extract(test: &Test, regex: &::regex::Regex, prefix: &str, keep: bool) -> Parts {
    let Test::Pattern(pattern) = test else { return Ok(None) };
    let view = Text::new(pattern.pieces());
    let captures = regex.captures(&view.text);
    let fields: Vec<(Arc<str>, Test)> = regex
        .capture_names()
        .flatten()
        .filter_map(|name| {
            let range = captures.as_ref()?.name(name)?.range();
            let pattern = Pattern::new(view.pieces(range), pattern.case);
            Some((format!("{prefix}{name}").into(), Test::Pattern(pattern)))
        })
        .collect();
    match (fields.is_empty(), keep) {
        (false, _) => Ok(Some(fields)),
        (true, true) => Ok(None),
        (true, false) => Err(format!("the expression finds no field in `{}`", view.text)),
    }
}

/// `sigmaglot_names` on an item: tests for the name of a file, on the column of that name.
fn by_name(
    work: &mut Work<'_>,
    item: &Item,
    part: Expr,
    (path, name): (&Arc<str>, &Arc<str>),
    parts: &LastParts,
) -> Expr {
    if !item::tests(&part).iter().any(|(_, test)| parts.test(test).is_some()) {
        return part;
    }
    note(work, item, path, std::slice::from_ref(name));
    item::split(item::map_tests(part, &mut |predicate, place| {
        let predicate = match parts.test(&predicate.test) {
            Some(test) => Predicate { subject: Subject::Field(Field::new(name.clone())), test },
            None => predicate,
        };
        Expr::new(Node::Test(predicate), place.origin.clone())
    }))
}

/// `sigmaglot_spread` on an item: each test for itself looks into every column, as a value for `all` may lie in another one.
fn spread(part: Expr, columns: &[Arc<str>]) -> Expr {
    item::split(item::map_tests(part, &mut |predicate, place| {
        let absent = matches!(predicate.test, Test::Null | Test::Exists(false));
        let test = |name: &Arc<str>| {
            let subject = Subject::Field(Field::new(name.clone()));
            Expr::new(Node::Test(Predicate { subject, ..predicate.clone() }), place.origin.clone())
        };
        let tests = columns.iter().map(test).collect();
        Expr::new(if absent { Node::All(tests) } else { Node::Any(tests) }, place.origin.clone())
    }))
}

/// `sigmaglot_split` on an item.
fn divide(work: &mut Work<'_>, item: &Item, part: Expr, old: &Arc<str>, division: &Division) -> Expr {
    let names: Vec<Arc<str>> = division.first.iter().chain([&division.last]).cloned().collect();
    note(work, item, old, &names);
    let changed =
        item::map_tests(part, &mut |predicate, place| match divided(work, division, &predicate.test, place) {
            None => Expr::new(Node::Test(predicate), place.origin.clone()),
            Some(Ok(expr)) => {
                if division.loses(&predicate.test) {
                    let last = &division.last;
                    let message =
                        format!("`{last}` has the last part of `{old}` alone: what this asks of the rest never holds");
                    work.lose(old, codes::FIELD_MISSING, message, &place.origin);
                } else if expr.node == Node::Any(Vec::new()) {
                    let text = match &predicate.test {
                        Test::Pattern(pattern) => Text::new(text::value_pieces(&predicate.subject, pattern)).text,
                        _ => String::new(),
                    };
                    let message = format!("`{text}` never matches: no value of `{old}` is divided like it");
                    let mut diagnostic = Diagnostic::new(codes::MAPPING_VALUE_UNFIT, message).at(place.origin.span);
                    diagnostic.severity = Severity::Warning;
                    work.diagnostics.push(diagnostic);
                }
                expr
            }
            Some(Err(message)) => {
                work.fail(codes::MAPPING_VALUE_UNFIT, item, message, &place.origin);
                Expr::new(Node::Test(predicate), place.origin.clone())
            }
        });
    item::split(changed)
}

/// The test on the two fields; `None` where there are more ways to cut it than the budget allows.
fn divided(work: &mut Work<'_>, division: &Division, test: &Test, place: &Expr) -> Option<Result<Expr, String>> {
    if let Test::Pattern(pattern) = test {
        let cuts = division.places(pattern);
        let fits = work.budget.tests(cuts.saturating_mul(2)) && work.budget.text(cuts.saturating_mul(pattern.size()));
        return fits.then(|| division.divide(test, place));
    }
    Some(division.divide(test, place))
}
