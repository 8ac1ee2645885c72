//! What the `search` command can say exactly, and its leaves. It never writes regular expressions or functions.
//!
//! A `*` at either end of a value is exact. One between other characters is not: Splunk looks values up in its index by
//! the segments between breakers first, and documents that `productID="S*G01"` fails to find `SC-MG-G01` (Search Manual,
//! "Wildcards"). Such patterns go to `where`. Equality compares text, numbers too: `"1"` is not `"1.0"`.

use super::quote;
use super::{limits, subject_name};
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Case, Expr, Origin, Pattern, Piece, Predicate, Shape, Subject, Test};
use crate::target::plan::{Context, Leaves, Plan};
use crate::target::quote::Quoted;

/// The most literals that one value of a rule is written out to (two sets of five dashes).
const EXPANSION: usize = 25;

/// Names that `search` reads as modifiers of the search itself (time range, search peers, saved searches) and not as fields.
const MODIFIERS: &[&str] = &[
    "daysago",
    "earliest",
    "enddaysago",
    "endhoursago",
    "endminutesago",
    "endmonthsago",
    "endtime",
    "endtimeu",
    "eventtype",
    "eventtypetag",
    "hosttag",
    "hoursago",
    "index_earliest",
    "index_latest",
    "_index_earliest",
    "_index_latest",
    "latest",
    "minutesago",
    "monthsago",
    "savedsearch",
    "savedsplunk",
    "searchtimespandays",
    "searchtimespanhours",
    "searchtimespanminutes",
    "searchtimespanmonths",
    "splunk_server_group",
    "startdaysago",
    "starthoursago",
    "startminutesago",
    "startmonthsago",
    "starttime",
    "starttimeu",
    "timeformat",
];

/// Splunk's field of the tags of an event: `search` takes the name of a tag for it, and nothing else.
const TAGS: &str = "tag";

/// The form of a predicate in `search`.
enum Form {
    /// The value matches one of these literals.
    Values(Vec<Quoted>),
    /// The field has a value.
    Present,
    /// The field has no value.
    Missing,
}

/// Whether `search` can say the whole expression exactly.
pub fn can_say(expr: &Expr) -> bool {
    let mut all = true;
    expr.for_each_predicate(&mut |predicate, _| all = all && form(&predicate.subject, &predicate.test).is_some());
    all
}

fn form(subject: &Subject, test: &Test) -> Option<Form> {
    let name = subject_name(subject);
    if MODIFIERS.contains(&name) {
        return None;
    }
    if name == TAGS && !matches!(test, Test::Pattern(pattern) if is_tag(pattern)) {
        return None;
    }
    match test {
        Test::Pattern(pattern) => match pattern.shape() {
            Shape::Anything => Some(Form::Present),
            Shape::Equals("") => Some(Form::Missing),
            _ => values(pattern).map(Form::Values),
        },
        Test::Number(number) => Some(Form::Values(vec![quote::search_word(&number.to_string())])),
        Test::Bool(value) => Some(Form::Values(vec![quote::search_word(&value.to_string())])),
        Test::Exists(true) => Some(Form::Present),
        Test::Exists(false) | Test::Null => Some(Form::Missing),
        _ => None,
    }
}

/// Whether the pattern is the name of a tag.
fn is_tag(pattern: &Pattern) -> bool {
    let named = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    matches!(pattern.shape(), Shape::Equals(text) if !text.is_empty() && named(text))
}

/// The literals whose alternatives are the pattern; sets are written out.
fn values(pattern: &Pattern) -> Option<Vec<Quoted>> {
    let inner = pattern.pieces().get(1..pattern.pieces().len().saturating_sub(1)).unwrap_or_default();
    if pattern.case == Case::Exact || inner.contains(&Piece::AnyString) {
        return None;
    }
    let mut variants: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pattern.pieces() {
        match piece {
            Piece::OneOf(set) if variants.len() * set.len() <= EXPANSION => {
                let extend = |variant: &Vec<Piece>, c: &char| {
                    let mut variant = variant.clone();
                    variant.push(Piece::Literal(c.to_string().into()));
                    variant
                };
                variants = variants.iter().flat_map(|v| set.iter().map(move |c| extend(v, c))).collect();
            }
            Piece::OneOf(_) | Piece::AnyChar => return None,
            piece => variants.iter_mut().for_each(|variant| variant.push(piece.clone())),
        }
    }
    variants.into_iter().map(|pieces| quote::search_value(Pattern::new(pieces, pattern.case).pieces())).collect()
}

/// The leaves of the `search` part.
pub struct Search;

impl Leaves for Search {
    fn leaf(&self, predicate: &Predicate, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        limits::note(predicate, origin, cx);
        let field = quote::search_name(subject_name(&predicate.subject))?;
        match form(&predicate.subject, &predicate.test) {
            Some(Form::Values(values)) => Ok(Plan::leaf("one_of", [field.into(), values.into()])),
            Some(Form::Present) => Ok(present(field)),
            Some(Form::Missing) => Ok(present(field).negate()),
            // Not reached: the split sends here only what has a form.
            None => Err(Diagnostic::new(codes::PREDICATE_UNSUPPORTED, "the search command cannot say this test")),
        }
    }
}

fn present(field: Quoted) -> Plan {
    Plan::leaf("present", [field.into()])
}
