//! Tests on one column: alternatives in, leaves out.
//!
//! Each test becomes a [`Slot`]; slots of one kind become one list (`in~`, `ipv4_is_in_any_range`). What a test means
//! depends on how the column [stores](Store) the value; what the store cannot tell apart is said in a warning.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Case, CompareOp, Field, FieldType, Network, Number, Origin, Pattern, PatternOp, Regex};
use crate::ir::{Shape, Test, TimePart};
use crate::target::plan::{Context, Plan};
use crate::target::quote::{Operand, Quoted};

use super::{folds_beyond_ascii, quote, regex_refused};

/// The plan of one or more alternative tests on a field. Refusals are noted at the places of their tests.
pub(super) fn any(field: &Field, tests: &[(&Test, &Origin)], cx: &mut Context<'_>) -> Plan {
    let column = Column::new(field);
    let mut slots: Vec<Slot> = Vec::new();
    for (test, origin) in tests {
        match column.slot(test, origin, cx) {
            Ok(slot) => Slot::add(slot, &mut slots),
            Err(refusal) => cx.say(refusal.at(origin.span)),
        }
    }
    let longest = cx.manifest.limits.list_values.unwrap_or(usize::MAX).max(1);
    Plan::any(slots.into_iter().map(|slot| column.plan(slot, longest)).collect::<Vec<_>>())
}

/// A test that is ready to be a leaf, or to share one with others of its kind.
#[derive(Debug, PartialEq)]
enum Slot {
    /// The text is one of these.
    Equals(Case, Vec<Quoted>),
    /// The number or boolean is one of these.
    Numbers(Vec<Quoted>),
    /// The text is an address of one of these IPv4 networks.
    V4(Vec<Quoted>),
    /// The text is an address of one of these IPv6 networks.
    V6(Vec<Quoted>),
    /// Nothing is there.
    Absent,
    /// A leaf of its own.
    Alone(Plan),
}

impl Slot {
    /// Adds a slot to those that stand: to the list of its kind where there is one.
    fn add(slot: Slot, slots: &mut Vec<Slot>) {
        for standing in slots.iter_mut() {
            let (list, more) = match (standing, &slot) {
                (Slot::Equals(case, list), Slot::Equals(other, more)) if case == other => (list, more),
                (Slot::Numbers(list), Slot::Numbers(more)) => (list, more),
                (Slot::V4(list), Slot::V4(more)) => (list, more),
                (Slot::V6(list), Slot::V6(more)) => (list, more),
                (Slot::Absent, Slot::Absent) => return,
                _ => continue,
            };
            list.extend(more.iter().cloned());
            return;
        }
        slots.push(slot);
    }
}

/// How a column holds values.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Store {
    /// As text, where empty is missing. Dynamic columns count: their text is cast.
    Text,
    /// As `long`.
    Integer,
    /// As `real`.
    Real,
    /// As `bool`.
    Boolean,
    /// As `datetime`.
    Time,
}

/// Integers below 2^53 and their neighbours are exact doubles.
const EXACT: RangeInclusive<i128> = -((1 << 53) - 1)..=(1 << 53) - 1;

/// A column as the operators see it.
struct Column<'f> {
    field: &'f Field,
    store: Store,
    name: Quoted,
    /// The column, or a cast of it, where its text is what the rule tests.
    text: Option<Quoted>,
}

impl<'f> Column<'f> {
    fn new(field: &'f Field) -> Self {
        let store = match field.kind.general() {
            FieldType::Real => Store::Real,
            FieldType::Integer => Store::Integer,
            FieldType::Boolean => Store::Boolean,
            FieldType::Time => Store::Time,
            _ => Store::Text,
        };
        Column { field, store, name: quote::name(&field.name), text: quote::text(field) }
    }

    fn slot(&self, test: &Test, origin: &Origin, cx: &mut Context<'_>) -> Result<Slot, Diagnostic> {
        match test {
            Test::Pattern(pattern) => self.pattern(pattern, origin, cx),
            Test::Regex(regex) => self.regex(regex, origin, cx).map(Slot::Alone),
            Test::Network(network) => Ok(self.network(*network)),
            Test::Compare(op, n) => self.compare(*op, *n, cx).map(Slot::Alone),
            Test::Number(n) => Ok(self.number(*n)),
            Test::Bool(b) => Ok(self.boolean(*b)),
            Test::Exists(true) => {
                self.warn("`exists` does not hold where the field is null or the empty text", origin, cx);
                Ok(Slot::Alone(self.present()))
            }
            Test::Exists(false) => {
                self.warn("its absence also holds where the field is null or the empty text", origin, cx);
                Ok(Slot::Absent)
            }
            Test::Null => {
                if self.store == Store::Text {
                    self.warn("the test for null also holds where the field is the empty text", origin, cx);
                }
                Ok(Slot::Absent)
            }
            Test::FieldPattern { op, other, case } => {
                if self.store == Store::Text {
                    self.warn("where it is compared with another field, two empty texts are not equal", origin, cx);
                }
                self.columns(*op, other, *case, cx).map(Slot::Alone)
            }
            Test::TimePart { part, op, n } => Ok(Slot::Alone(self.time_part(*part, *op, *n))),
            Test::Placeholder(_) => Ok(Slot::Alone(Plan::False)), // refused before it comes here
        }
    }

    /// The leaf, or the leaves where a list is too long for one.
    fn plan(&self, slot: Slot, longest: usize) -> Plan {
        let lists = |one: &'static str, many: &'static str, f: &Quoted, values: Vec<Quoted>| {
            let mut seen = HashSet::new();
            let distinct: Vec<Quoted> = values.iter().filter(|value| seen.insert(value.as_str())).cloned().collect();
            Plan::any(distinct.chunks(longest).map(|chunk| match chunk {
                [value] => Plan::leaf(one, [f.clone().into(), value.clone().into()]),
                values => Plan::leaf(many, [f.clone().into(), values.to_vec().into()]),
            }))
        };
        let text = self.text.as_ref().unwrap_or(&self.name);
        match slot {
            Slot::Equals(Case::Fold, values) => lists("equals", "one_of", text, values),
            Slot::Equals(Case::Exact, values) => lists("equals_cased", "one_of_cased", text, values),
            Slot::Numbers(values) => lists("number", "number_one_of", &self.name, values),
            Slot::V4(networks) => Plan::leaf("ipv4_in", [text.clone().into(), networks.into()]),
            Slot::V6(networks) => Plan::leaf("ipv6_in", [text.clone().into(), networks.into()]),
            Slot::Absent => self.absent(),
            Slot::Alone(plan) => plan,
        }
    }

    /// Whether there is a value.
    fn present(&self) -> Plan {
        match (&self.text, self.store) {
            (Some(text), Store::Text) => Plan::leaf("is_not_empty", [text.clone().into()]),
            _ => Plan::leaf("is_not_null", [self.name.clone().into()]),
        }
    }

    /// Whether there is none.
    fn absent(&self) -> Plan {
        match (&self.text, self.store) {
            (Some(text), Store::Text) => Plan::leaf("is_empty", [text.clone().into()]),
            _ => Plan::leaf("is_null", [self.name.clone().into()]),
        }
    }

    fn pattern(&self, pattern: &Pattern, origin: &Origin, cx: &mut Context<'_>) -> Result<Slot, Diagnostic> {
        match pattern.shape() {
            Shape::Anything => {
                if self.store == Store::Text {
                    self.warn("`*` does not hold where the field is the empty text", origin, cx);
                }
                Ok(Slot::Alone(self.present()))
            }
            Shape::Equals("") if self.store == Store::Text => {
                self.warn("the test for the empty text also holds where the field is missing or null", origin, cx);
                Ok(Slot::Absent)
            }
            Shape::Equals(text) => self.equals(text, pattern, cx),
            _ => self.matches(pattern, cx).map(Slot::Alone),
        }
    }

    /// The text in full. Where the column holds no text, the value whose text it is; where there is none, never.
    fn equals(&self, text: &str, pattern: &Pattern, cx: &Context<'_>) -> Result<Slot, Diagnostic> {
        let value = match self.store {
            Store::Text if pattern.case == Case::Fold && folds_beyond_ascii(text) => {
                return self.matches(pattern, cx).map(Slot::Alone);
            }
            Store::Text => return Ok(Slot::Equals(pattern.case, vec![quote::string(text)])),
            Store::Time => return Err(self.no_text(cx)),
            Store::Integer => text.parse().ok().filter(|n: &i64| n.to_string() == text).map(quote::integer),
            Store::Real => text
                .parse()
                .ok()
                .filter(|x: &f64| x.is_finite() && Number::Float(*x).to_string() == text)
                .map(quote::real),
            Store::Boolean => {
                return Ok(["true", "false"]
                    .into_iter()
                    .find(|word| match pattern.case {
                        Case::Fold => word.eq_ignore_ascii_case(text),
                        Case::Exact => *word == text,
                    })
                    .map_or(Slot::Alone(Plan::False), |word| self.boolean(word == "true")));
            }
        };
        Ok(value.map_or(Slot::Alone(Plan::False), |value| Slot::Numbers(vec![value])))
    }

    /// A pattern that is no plain equality.
    fn matches(&self, pattern: &Pattern, cx: &Context<'_>) -> Result<Plan, Diagnostic> {
        let text = self.text(cx)?;
        let plain =
            pattern.case == Case::Exact || !pattern.chars().any(|c| folds_beyond_ascii(c.encode_utf8(&mut [0; 4])));
        let cased = pattern.case == Case::Exact;
        let (leaf, value) = match pattern.shape() {
            Shape::StartsWith(value) if plain => (if cased { "starts_with_cased" } else { "starts_with" }, value),
            Shape::EndsWith(value) if plain => (if cased { "ends_with_cased" } else { "ends_with" }, value),
            Shape::Contains(value) if plain => (if cased { "contains_cased" } else { "contains" }, value),
            _ => {
                let regex = quote::pattern(pattern).map_err(|reason| regex_refused(&reason, cx))?;
                return Ok(Plan::leaf("regex", [text.into(), regex.into()]));
            }
        };
        Ok(Plan::leaf(leaf, [text.into(), quote::string(value).into()]))
    }

    fn regex(&self, regex: &Regex, origin: &Origin, cx: &mut Context<'_>) -> Result<Plan, Diagnostic> {
        let text = self.text(cx)?;
        let pattern = quote::regex(regex).map_err(|reason| regex_refused(&reason, cx))?;
        let leaf = if regex.matches_empty() { "regex_not_empty" } else { "regex" };
        if regex.matches_empty() && self.store == Store::Text {
            self.warn(
                "the regular expression matches the empty text, but does not hold where the field is that",
                origin,
                cx,
            );
        }
        Ok(Plan::leaf(leaf, [text.into(), pattern.into()]))
    }

    /// Numbers, booleans and times are never addresses.
    fn network(&self, network: Network) -> Slot {
        match self.store {
            Store::Text if quote::is_ipv4(network) => Slot::V4(vec![quote::network(network)]),
            Store::Text => Slot::V6(vec![quote::network(network)]),
            _ => Slot::Alone(Plan::False),
        }
    }

    fn number(&self, n: Number) -> Slot {
        let literal = match (self.store, n) {
            (Store::Text, n) => return Slot::Equals(Case::Exact, vec![quote::string(&n.to_string())]),
            (Store::Integer, n) => whole(n).and_then(|n| i64::try_from(n).ok()).map(quote::integer),
            (Store::Real, n) => double(n).map(quote::real),
            (Store::Boolean | Store::Time, _) => None,
        };
        literal.map_or(Slot::Alone(Plan::False), |literal| Slot::Numbers(vec![literal]))
    }

    fn boolean(&self, value: bool) -> Slot {
        let word = if value { "true" } else { "false" };
        match self.store {
            Store::Text => Slot::Equals(Case::Fold, vec![quote::string(word)]),
            Store::Boolean => Slot::Numbers(vec![quote::boolean(value)]),
            Store::Integer | Store::Real | Store::Time => Slot::Alone(Plan::False),
        }
    }

    /// An order. Booleans and times are no numbers.
    fn compare(&self, op: CompareOp, n: Number, cx: &Context<'_>) -> Result<Plan, Diagnostic> {
        let leaf = |name, f: &Quoted, literal: Quoted| {
            Plan::leaf(name, [f.clone().into(), Operand::Word(relation(op)), literal.into()])
        };
        let small = match n {
            Number::Int(n) => EXACT.contains(&n),
            Number::Float(x) => x.abs() < (1_i64 << 53) as f64,
        };
        let literal = || match n {
            Number::Int(n) => i64::try_from(n).map_or_else(|_| quote::real(n as f64), quote::integer),
            Number::Float(x) => quote::real(x),
        };
        match (self.store, &self.text) {
            (Store::Text, Some(text)) if small => Ok(leaf("compare_text", text, literal())),
            (Store::Integer, _) => Ok(match whole(n) {
                None => leaf("compare", &self.name, literal()), // a fraction, and so small
                Some(n) => match i64::try_from(n) {
                    Ok(n) => leaf("compare", &self.name, quote::integer(n)),
                    Err(_) if op.holds(0.cmp(&n)) => self.present(), // past every `long`
                    Err(_) => Plan::False,
                },
            }),
            (Store::Real, _) if double(n).is_some() => Ok(leaf("compare", &self.name, literal())),
            (Store::Boolean | Store::Time, _) => Ok(Plan::False),
            _ => Err(Diagnostic::new(
                codes::LITERAL_UNSUPPORTED,
                format!(
                    "{} compares `{}` as a double, which cannot hold {n} exactly",
                    cx.manifest.name, self.field.name
                ),
            )
            .help("use a bound below 2^53, or give the field the type `integer` in a mapping")),
        }
    }

    /// Two columns: the other must not be empty; then this one is not either where the relation holds.
    fn columns(&self, op: PatternOp, other: &Field, case: Case, cx: &Context<'_>) -> Result<Plan, Diagnostic> {
        let relation = match (op, case) {
            (PatternOp::Equals, Case::Fold) => "=~",
            (PatternOp::Equals, Case::Exact) => "==",
            (PatternOp::Contains, Case::Fold) => "contains",
            (PatternOp::Contains, Case::Exact) => "contains_cs",
            (PatternOp::StartsWith, Case::Fold) => "startswith",
            (PatternOp::StartsWith, Case::Exact) => "startswith_cs",
            (PatternOp::EndsWith, Case::Fold) => "endswith",
            (PatternOp::EndsWith, Case::Exact) => "endswith_cs",
        };
        let other = Column::new(other);
        Ok(Plan::leaf("columns", [self.text(cx)?.into(), Operand::Word(relation), other.text(cx)?.into()]))
    }

    /// Part of a time. Numbers are not taken as times, nor are booleans.
    fn time_part(&self, part: TimePart, op: CompareOp, n: i64) -> Plan {
        let word = match part {
            TimePart::Minute => "Minute",
            TimePart::Hour => "Hour",
            TimePart::Day => "Day",
            TimePart::Week => "week_of_year",
            TimePart::Month => "Month",
            TimePart::Year => "Year",
        };
        let rest = [Operand::Word(word), Operand::Word(relation(op)), quote::integer(n).into()];
        match (self.store, &self.text) {
            (Store::Time, _) => Plan::leaf("time_part", [self.name.clone().into()].into_iter().chain(rest)),
            (Store::Text, Some(text)) => Plan::leaf("time_part_text", [text.clone().into()].into_iter().chain(rest)),
            _ => Plan::False,
        }
    }

    /// The column's text as an operand.
    fn text(&self, cx: &Context<'_>) -> Result<Quoted, Diagnostic> {
        self.text.clone().ok_or_else(|| self.no_text(cx))
    }

    fn no_text(&self, cx: &Context<'_>) -> Diagnostic {
        let (kind, what) = match self.store {
            Store::Time => ("datetime", "time"),
            _ => ("real", "number"),
        };
        Diagnostic::new(
            codes::PREDICATE_UNSUPPORTED,
            format!(
                "{} keeps `{}` as `{kind}`, not as the text that the rule tests",
                cx.manifest.name, self.field.name
            ),
        )
        .help(format!("test it as a {what}, or map the field to a column of type `string`"))
    }

    /// Says what the column's store cannot tell apart.
    fn warn(&self, effect: &str, origin: &Origin, cx: &mut Context<'_>) {
        let message = match self.store {
            Store::Text => {
                format!("a Kusto column holds missing, null and empty `{}` alike: {effect}", self.field.name)
            }
            _ => format!("a Kusto column holds missing and null `{}` alike: {effect}", self.field.name),
        };
        cx.say(Diagnostic::new(codes::DATA_MODEL, message).at(origin.span));
    }
}

/// The operator's sign.
fn relation(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

/// The number as an integer, where it is one. A float past `i128` saturates, which keeps its place in the order.
fn whole(n: Number) -> Option<i128> {
    match n {
        Number::Int(n) => Some(n),
        Number::Float(x) if x.fract() == 0.0 => Some(x as i128),
        Number::Float(_) => None,
    }
}

/// The number as a double, where it is one.
fn double(n: Number) -> Option<f64> {
    match n {
        Number::Int(n) => Some(n as f64).filter(|x| Number::Float(*x) == Number::Int(n)),
        Number::Float(x) => Some(x),
    }
}
