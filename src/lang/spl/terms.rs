//! The conditions of `search`, ready to be asked of an event. They are true or false, never null.

use std::cmp::Ordering;

use super::ast::{CompareOp, Pattern, Piece, SearchExpr, SearchKind};
use super::network::Network;
use super::value::{Row, number};
use crate::lang::{Error, Folding};

/// Sequences that end a segment, folded: `MAJOR` and `MINOR` of the default `segmenters.conf` (page "Event segmentation
/// and searching").
const BREAKERS: &str = "[ ] < > ( ) { } | ! ; , ' \" * & ? + -- / : = @ . - $ # % \\ _ %21 %26 %2526 %3b %7c %20 %2b \
    %3d %2520 %5d %5b %3a %0a %2c %28 %29";

/// A condition of `search`.
#[derive(Debug)]
pub(super) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    /// One value of the field equals one of these; or, negated, one value of the field equals none of them.
    Equal {
        field: String,
        values: Vec<Matcher>,
        negated: bool,
    },
    /// `< <= > >=` with a number.
    Order {
        field: String,
        op: CompareOp,
        text: String,
        number: f64,
    },
    /// `*` alone: "you are asking to match everything" (page "Wildcards").
    All,
    Term(Term),
}

impl Test {
    /// Checks a condition.
    ///
    /// # Errors
    /// An order between texts: whether it minds the case is not documented.
    pub(super) fn new(expr: &SearchExpr) -> Result<Self, Error> {
        let all = |parts: &[SearchExpr]| parts.iter().map(Test::new).collect::<Result<Vec<_>, _>>();
        let equal = |field: &str, values: &[Pattern], negated| Test::Equal {
            field: field.to_owned(),
            values: values.iter().map(Matcher::new).collect(),
            negated,
        };
        Ok(match &expr.kind {
            SearchKind::And(parts) => Test::And(all(parts)?),
            SearchKind::Or(parts) => Test::Or(all(parts)?),
            SearchKind::Not(inner) => Test::Not(Box::new(Test::new(inner)?)),
            SearchKind::In(field, values) => equal(&field.text, values, false),
            SearchKind::Compare(field, op @ (CompareOp::Equal | CompareOp::NotEqual), value) => {
                equal(&field.text, std::slice::from_ref(value), *op == CompareOp::NotEqual)
            }
            SearchKind::Compare(field, op, value) => {
                let Some((text, number)) = value.literal().and_then(|text| Some((text, number(text)?))) else {
                    return Err(Error::new("an order is modelled between numbers only", value.span));
                };
                Test::Order { field: field.text.clone(), op: *op, text: text.to_owned(), number }
            }
            SearchKind::Term(pattern) if pattern.pieces == [Piece::AnyString] => Test::All,
            SearchKind::Term(pattern) => Test::Term(Term::new(pattern)),
        })
    }

    pub(super) fn holds(&self, row: &Row) -> bool {
        match self {
            Test::And(parts) => parts.iter().all(|part| part.holds(row)),
            Test::Or(parts) => parts.iter().any(|part| part.holds(row)),
            Test::Not(inner) => !inner.holds(row),
            Test::Equal { field, values, negated } => row.values(field).iter().any(|value| {
                let folded = Folding::Simple.fold(value);
                values.iter().any(|matcher| matcher.matches(&folded)) != *negated
            }),
            Test::Order { field, op, text, number: limit } => row.values(field).iter().any(|value| {
                let order = number(value).and_then(|value| value.partial_cmp(limit));
                op.holds(order.unwrap_or_else(|| value.as_str().cmp(text)))
            }),
            Test::All => true,
            Test::Term(term) => row.values("_raw").iter().any(|raw| term.is_in(&Folding::Simple.fold(raw))),
        }
    }
}

impl CompareOp {
    /// Whether the operator holds between two values of this order.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            CompareOp::Equal => order.is_eq(),
            CompareOp::NotEqual => order.is_ne(),
            CompareOp::Less => order.is_lt(),
            CompareOp::LessOrEqual => order.is_le(),
            CompareOp::Greater => order.is_gt(),
            CompareOp::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// A value with wildcards, folded; also a network, where the value is one.
#[derive(Debug)]
pub(super) struct Matcher {
    pieces: Vec<Piece>,
    network: Option<Network>,
}

impl Matcher {
    fn new(pattern: &Pattern) -> Self {
        let pieces = pattern.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Piece::Text(Folding::Simple.fold(text)),
            Piece::AnyString => Piece::AnyString,
        });
        Self { pieces: pieces.collect(), network: pattern.literal().and_then(Network::parse) }
    }

    /// Whether a folded value equals the pattern or lies in the network.
    fn matches(&self, value: &str) -> bool {
        glob(&self.pieces, value) || self.network.is_some_and(|network| network.contains(value))
    }
}

/// Whether the pattern covers the whole text. Each text takes its first place after a wildcard, the last one the end.
fn glob(pieces: &[Piece], text: &str) -> bool {
    let mut rest = text;
    let mut any = false;
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Text(literal) = piece else {
            any = true;
            continue;
        };
        let last = at + 1 == pieces.len();
        let found = match (any, last) {
            (false, _) => rest.starts_with(literal.as_str()).then_some(0),
            (true, false) => rest.find(literal.as_str()),
            (true, true) => rest.ends_with(literal.as_str()).then(|| rest.len() - literal.len()),
        };
        let Some(found) = found else { return false };
        rest = rest.get(found + literal.len()..).unwrap_or("");
        any = false;
    }
    any || rest.is_empty()
}

/// A word or phrase that must stand in the raw text between breakers; a wildcard at an end lifts that end's border.
#[derive(Debug)]
pub(super) struct Term {
    text: String,
    open_start: bool,
    open_end: bool,
}

impl Term {
    fn new(pattern: &Pattern) -> Self {
        let text: String = pattern
            .pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(Folding::Simple.fold(text)),
                Piece::AnyString => None,
            })
            .collect();
        let is_any = |piece: Option<&Piece>| piece == Some(&Piece::AnyString);
        Self { text, open_start: is_any(pattern.pieces.first()), open_end: is_any(pattern.pieces.last()) }
    }

    /// Whether the term is in a folded text.
    fn is_in(&self, raw: &str) -> bool {
        let mut from = 0;
        while let Some(found) = raw.get(from..).and_then(|rest| rest.find(&self.text)) {
            let start = from + found;
            if self.fits(raw, start) {
                return true;
            }
            // The next place may overlap this one.
            let Some(step) = raw.get(start..).and_then(|rest| rest.chars().next()) else { return false };
            from = start + step.len_utf8();
        }
        false
    }

    fn fits(&self, raw: &str, start: usize) -> bool {
        let end = start + self.text.len();
        let (before, after) = (raw.get(..start).unwrap_or(""), raw.get(end..).unwrap_or(""));
        let starts = self.open_start || border(before, &self.text);
        let ends = self.open_end || border(&self.text, after);
        starts && ends
    }
}

/// Whether a segment ends between these two texts: one of them is empty, or a breaker ends or starts there.
fn border(before: &str, after: &str) -> bool {
    before.is_empty()
        || after.is_empty()
        || before.ends_with(char::is_whitespace)
        || after.starts_with(char::is_whitespace)
        || BREAKERS.split(' ').any(|breaker| before.ends_with(breaker) || after.starts_with(breaker))
}
