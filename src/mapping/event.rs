//! Events through a mapping: what a product stores of an event of a rule's log source.
//!
//! Every value of the event is a detection item that asks for exactly this value, and goes through the same items of the same
//! pipelines as the rule did. The gates on rules stay as they were decided for the rule; conditions on items and fields look at
//! the event's. What comes out is read back as fields. Nothing here changes a rule, and nothing is guessed: an event that the
//! product would not have in this way is [`Unfit`], with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Number as JsonNumber, Value};

use super::apply::{self, Replay};
use super::record;
use super::unfit::{Reason, Unfit};
use super::wishes::Wishes;
use super::{Chain, Mapped, Options};
use crate::interp::{Event, Matcher};
use crate::ir::{
    Author, Case, Expr, Field, FieldType, ItemId, ItemIds, Node, Number, Origin, Pattern, Piece, Predicate, Rule,
    Subject, Table, Test,
};

/// The most events that are made of one because the mapping leaves a choice.
const MOST_CHOICES: usize = 16;
/// The field of Elasticsearch that holds what EQL calls the category.
const CATEGORY: &str = "event.category";

/// The way of a rule's events through the mapping of the rule.
#[derive(Debug)]
pub struct Events<'a> {
    chain: &'a Chain<'a>,
    options: &'a Options,
    logsource: &'a crate::ir::Logsource,
    mapped: &'a Mapped,
    /// Of the mapped rule, for what the mapping added to it.
    matcher: Matcher<'a>,
    conditions: Vec<&'a Expr>,
    category: Option<&'a Table>,
    /// The fields that the rule tests, each with a text for each test.
    tested: BTreeMap<&'a str, Vec<Value>>,
    /// The columns that hold fields of the rule, with those fields.
    columns: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The keywords of the rule as alternatives, if it has some.
    keywords: Option<Rule>,
    /// Columns for which the mapping asks a value: every event of the source has them.
    asked: BTreeSet<&'a str>,
    /// The column of the raw text, where the mapping searches keywords in one.
    text: Option<&'a Arc<str>>,
}

impl Chain<'_> {
    /// The way of events through this mapping, as it was decided for a rule; `None` where the mapping refuses the rule.
    pub fn events<'a>(&'a self, rule: &'a Rule, mapped: &'a Mapped, options: &'a Options) -> Option<Events<'a>> {
        let result = mapped.rule.as_ref()?;
        let mut conditions = Vec::new();
        added(&result.condition, &mut conditions);
        let mut tested: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        rule.condition.for_each_predicate(&mut |predicate, _| {
            if let Subject::Field(field) = &predicate.subject {
                tested.entry(&field.name).or_default().extend(text(&predicate.test).map(Value::String));
            }
        });
        let mut asked = BTreeSet::new();
        for condition in &conditions {
            condition.for_each_predicate(&mut |predicate, _| {
                if let Subject::Field(field) = &predicate.subject {
                    asked.insert(field.name.as_ref());
                }
            });
        }
        let mut keywords = Vec::new();
        result.condition.for_each_predicate(&mut |predicate, origin| {
            if predicate.subject == Subject::AnyValue {
                keywords.push(Expr::new(Node::Test(predicate.clone()), origin.clone()));
            }
        });
        let any = |parts| Rule { condition: Expr::new(Node::Any(parts), Origin::default()), ..result.clone() };
        Some(Events {
            chain: self,
            keywords: (!keywords.is_empty()).then(|| any(keywords)),
            options,
            logsource: &rule.logsource,
            mapped,
            matcher: Matcher::new(result),
            conditions,
            category: result.table.as_ref().filter(|table| self.names_categories() && *table.name != *"any"),
            tested,
            columns: columns(rule, result),
            asked,
            text: match mapped.record.fields.get(record::KEYWORD).map(|keywords| keywords.to.as_slice()) {
                Some([column]) => Some(column),
                _ => None,
            },
        })
    }
}

/// The conjuncts that the mapping added.
fn added<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    let (mut all, mut any) = (true, false);
    expr.for_each_predicate(&mut |_, origin| {
        all &= origin.author == Author::Mapping;
        any = true;
    });
    match &expr.node {
        _ if all && any => out.push(expr),
        Node::All(parts) => parts.iter().for_each(|part| added(part, out)),
        _ => {}
    }
}

/// The columns of the mapped rule, each with the fields of the rule that are tested there.
fn columns<'a>(rule: &'a Rule, mapped: &'a Rule) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let place = |origin: &Origin| (origin.selection.clone(), origin.item, origin.span);
    let mut before = BTreeMap::new();
    rule.condition.for_each_predicate(&mut |predicate, origin| {
        if let Subject::Field(field) = &predicate.subject {
            before.insert(place(origin), field.name.as_ref());
        }
    });
    let mut columns: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    mapped.condition.for_each_predicate(&mut |predicate, origin| {
        if let (Subject::Field(field), Some(old)) = (&predicate.subject, before.get(&place(origin))) {
            columns.entry(&field.name).or_default().insert(old);
        }
    });
    columns
}

/// A value on its way: its column, what it is there, and which field it comes from.
struct Cell<'t> {
    column: &'t Field,
    test: &'t Test,
    source: Option<ItemId>,
}

/// The field of the event that each item stands for.
type Sources = BTreeMap<ItemId, Arc<str>>;

impl Events<'_> {
    /// The event as the product stores it: one event for each choice that the mapping leaves, such as the one of several columns.
    ///
    /// # Errors
    /// Each with the reason why this is no event of the log source, or cannot be stored.
    pub fn stored(&self, event: &Event) -> Vec<Result<Event, Unfit>> {
        match self.tree(event) {
            Err(unfit) => vec![Err(unfit)],
            Ok((tree, sources)) => {
                let asked = self.conditions.iter().map(|condition| choices(condition)).max().unwrap_or(0);
                let choices = choices(&tree).max(asked).clamp(1, MOST_CHOICES);
                (0..choices).map(|choice| self.read(&tree, &sources, choice)).collect()
            }
        }
    }

    /// The event with the fields that it lacks although their column has a value: another field of the rule is the same column,
    /// or the mapping asks for a value there. The product stores both events alike, so that it cannot tell them apart. `None`
    /// where nothing is missing, or where the product tells them apart all the same.
    pub fn whole(&self, event: &Event, mapped: &Event) -> Option<Event> {
        let mut rests = vec![event.clone()];
        for (column, fields) in &self.columns {
            let has = |field: &&str| event.values(field).is_some();
            let asked = self.asked.contains(column);
            let Some(value) = mapped.0.get(*column).filter(|_| asked || fields.iter().any(has)) else { continue };
            // What is in the column, and what another field has for it, where the mapping changes values.
            let own = fields.iter().find_map(|field| event.0.get(*field));
            for field in fields.iter().filter(|field| !has(field)) {
                let filled = |rest: &Event, value: &Value| {
                    let mut rest = rest.clone();
                    rest.0.entry(*field).or_insert_with(|| value.clone());
                    rest
                };
                // A value of a list stands for another one; the rule says which.
                let asked = self.tested.get(field).into_iter().flatten();
                let values =
                    || [Some(value), own.filter(|own| *own != value)].into_iter().flatten().chain(asked.clone());
                rests = rests
                    .iter()
                    .flat_map(|rest| values().map(|value| filled(rest, value)))
                    .take(MOST_CHOICES)
                    .collect();
            }
        }
        let is_alike = |whole: &Event| whole != event && self.stored(whole).iter().flatten().any(|form| form == mapped);
        rests.into_iter().find(is_alike)
    }

    /// The event's values after all items of the pipelines, and which fields they are of.
    fn tree(&self, event: &Event) -> Result<(Expr, Sources), Unfit> {
        let mut flat = IndexMap::new();
        for (name, value) in &event.0 {
            self.flatten(name.clone(), value, &mut flat)?;
        }
        let mut sources = Sources::new();
        let mut ids = ItemIds::default();
        // A constant, so that the list is never empty.
        let mut parts = vec![Expr::new(Node::True, Origin::default())];
        for (name, values) in flat {
            let name: Arc<str> = name.into();
            for test in values {
                let item = ids.give();
                let origin = Origin { item: Some(item), ..Origin::default() };
                let subject = Subject::Field(Field::new(name.clone()));
                parts.push(Expr::new(Node::Test(Predicate { subject, test }), origin));
                sources.insert(item, name.clone());
            }
        }
        let rule = Rule {
            meta: Default::default(),
            logsource: self.logsource.clone(),
            table: None,
            condition: Expr::new(Node::All(parts), Origin::default()),
        };
        let replay = Replay {
            steps: &self.mapped.record.steps,
            missing: &self.mapped.record.missing,
            passed_over: &self.mapped.passed_over,
            unfit: None,
        };
        match apply::replay(&self.chain.pipelines, rule, self.options, replay) {
            Ok(condition) => Ok((condition, sources)),
            Err((item, reason)) => {
                let field = item.and_then(|item| sources.get(&item).cloned());
                Err(Unfit { field: field.unwrap_or_default(), reason })
            }
        }
    }

    /// The values of a field by dotted path, an item each; a field without values has a null.
    fn flatten(&self, name: String, value: &Value, out: &mut IndexMap<String, Vec<Test>>) -> Result<(), Unfit> {
        match value {
            Value::Object(_) if self.tested.contains_key(name.as_str()) => {
                Err(Unfit { field: name.into(), reason: Reason::Object })
            }
            Value::Object(object) => {
                object.iter().try_for_each(|(key, value)| self.flatten(format!("{name}.{key}"), value, out))
            }
            Value::Array(items) if !items.is_empty() => {
                items.iter().try_for_each(|item| self.flatten(name.clone(), item, out))
            }
            scalar => {
                out.entry(name).or_default().push(exactly(scalar));
                Ok(())
            }
        }
    }

    /// The fields of the tree with one of its choices.
    fn read(&self, tree: &Expr, sources: &Sources, choice: usize) -> Result<Event, Unfit> {
        let mut cells = Vec::new();
        leaves(tree, choice, &mut cells);
        let mut columns: IndexMap<&Arc<str>, IndexMap<&str, Vec<Value>>> = IndexMap::new();
        let mut raw: Vec<String> = Vec::new();
        for cell in &cells {
            let source = cell.source.and_then(|item| sources.get(&item)).map_or("", AsRef::as_ref);
            if cell.column.name.as_ref() == source && !self.mapped.tracking.is_known(source) {
                raw.extend(text(cell.test));
            }
            let value = held(cell.column.kind, cell.test)
                .map_err(|reason| Unfit { field: cell.column.name.clone(), reason })?;
            columns.entry(&cell.column.name).or_default().entry(source).or_default().push(value);
        }
        let mut out = Map::new();
        for (column, by_source) in columns {
            let mut lists = by_source.into_values();
            let Some(first) = lists.next() else { continue };
            if lists.any(|other| !same(&first, &other)) {
                return Err(Unfit { field: column.clone(), reason: Reason::OneColumn });
            }
            out.insert(column.to_string(), one_or_many(first));
        }
        // What the product has no column for stands in the text of the event.
        if let (Some(column), false) = (self.text, raw.is_empty()) {
            out.entry(column.as_ref()).or_insert_with(|| raw.join("\n").into());
        }
        self.complete(Event(out), choice)
    }

    /// Gives the event what the mapping asks of the events of the log source.
    fn complete(&self, mut event: Event, choice: usize) -> Result<Event, Unfit> {
        let fixed: BTreeSet<String> = event.0.keys().cloned().collect();
        if let Some(table) = self.category {
            let other = |values: Vec<&Value>| !values.iter().any(|value| value.as_str() == Some(&table.name));
            if event.values(CATEGORY).is_some_and(other) {
                return Err(Unfit { field: CATEGORY.into(), reason: Reason::OtherSource });
            }
            event.0.entry(CATEGORY).or_insert_with(|| table.name.as_ref().into());
        }
        let wishes = Wishes { matcher: &self.matcher, fixed: &fixed, choice };
        for condition in &self.conditions {
            wishes.grant(condition, true, &mut event)?;
        }
        // A later condition may have undone an earlier one.
        for condition in &self.conditions {
            wishes.check(condition, &event)?;
        }
        self.unseen(&event, &fixed)?;
        Ok(event)
    }

    /// Whether no keyword finds what the mapping gave the event: the product keeps that beside the text of the event.
    fn unseen(&self, event: &Event, own: &BTreeSet<String>) -> Result<(), Unfit> {
        let Some(rule) = &self.keywords else { return Ok(()) };
        let matcher = Matcher::new(rule);
        for (name, value) in event.0.iter().filter(|(name, _)| !own.contains(*name)) {
            let alone = Event([(name.clone(), value.clone())].into_iter().collect());
            if matcher.matches(&alone) {
                return Err(Unfit { field: name.as_str().into(), reason: Reason::Keyword });
            }
        }
        Ok(())
    }
}

/// The test for exactly this value.
fn exactly(value: &Value) -> Test {
    match value {
        Value::String(text) => Test::Pattern(Pattern::literal(text, Case::Exact)),
        Value::Bool(b) => Test::Bool(*b),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(n), ..) => Test::Number(Number::Int(n.into())),
            (_, Some(n), _) => Test::Number(Number::Int(n.into())),
            (.., Some(x)) => Test::Number(Number::Float(x)),
            _ => Test::Pattern(Pattern::literal(&number.to_string(), Case::Exact)),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => Test::Null,
    }
}

/// The text of an exact test; a null has none.
pub(super) fn text(test: &Test) -> Option<String> {
    match test {
        Test::Pattern(pattern) => Some(sample(pattern.pieces())),
        Test::Number(number) => Some(number.to_string()),
        Test::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// A text that the pieces match: a replacement may bring wildcards in.
pub(super) fn sample(pieces: &[Piece]) -> String {
    let one = |piece: &Piece| match piece {
        Piece::Literal(text) => text.to_string(),
        Piece::AnyString => "1".to_owned(),
        Piece::AnyChar => "0".to_owned(),
        Piece::OneOf(set) => set.first().map(char::to_string).unwrap_or_default(),
    };
    pieces.iter().map(one).collect()
}

/// The most alternatives at one place.
fn choices(expr: &Expr) -> usize {
    match &expr.node {
        Node::Any(parts) => parts.iter().map(choices).max().unwrap_or(0).max(parts.len()),
        Node::All(parts) => parts.iter().map(choices).max().unwrap_or(0),
        Node::Not(part) => choices(part),
        Node::True | Node::False | Node::Test(_) => 0,
    }
}

/// The values of the tree: of alternatives one.
fn leaves<'t>(expr: &'t Expr, choice: usize, out: &mut Vec<Cell<'t>>) {
    match &expr.node {
        Node::All(parts) => parts.iter().for_each(|part| leaves(part, choice, out)),
        Node::Any(parts) => {
            if let Some(part) = parts.get(choice % parts.len().max(1)) {
                leaves(part, choice, out);
            }
        }
        Node::Test(Predicate { subject: Subject::Field(column), test }) => {
            out.push(Cell { column, test, source: expr.origin.item });
        }
        Node::True | Node::False | Node::Not(_) | Node::Test(_) => {}
    }
}

/// The value as a column of this type holds it.
pub(super) fn held(kind: FieldType, test: &Test) -> Result<Value, Reason> {
    let Some(text) = text(test) else { return Ok(Value::Null) };
    let plain = match test {
        Test::Number(number) => json(*number).unwrap_or_else(|| text.clone().into()),
        Test::Bool(b) => Value::Bool(*b),
        _ => Value::String(text.clone()),
    };
    match kind.general() {
        FieldType::Text => Ok(text.into()),
        FieldType::Integer => match text.parse::<i64>() {
            Ok(n) if n.to_string() == text => Ok(n.into()),
            _ => Err(Reason::NotAnInteger),
        },
        FieldType::Real => match text.parse::<f64>() {
            Ok(x) if x.is_finite() && Number::Float(x).to_string() == text => {
                JsonNumber::from_f64(x).map(Value::Number).ok_or(Reason::NotANumber)
            }
            _ => Err(Reason::NotANumber),
        },
        FieldType::Boolean => match [true, false].into_iter().find(|b| text.eq_ignore_ascii_case(&b.to_string())) {
            Some(b) => Ok(b.into()),
            None => Err(Reason::NotABoolean),
        },
        FieldType::Ip => match text.parse::<IpAddr>() {
            Ok(address) if address.to_canonical().to_string().eq_ignore_ascii_case(&text) => {
                Ok(address.to_string().into())
            }
            _ => Err(Reason::NotAnAddress),
        },
        FieldType::Time => match chrono::DateTime::parse_from_rfc3339(&text) {
            Ok(_) => Ok(text.into()),
            Err(_) => Err(Reason::NotATime),
        },
        _ => Ok(plain),
    }
}

fn json(number: Number) -> Option<Value> {
    match number {
        Number::Int(n) => i64::try_from(n).map(Value::from).or_else(|_| u64::try_from(n).map(Value::from)).ok(),
        Number::Float(x) => JsonNumber::from_f64(x).map(Value::Number),
    }
}

/// Whether two lists have the same texts.
fn same(a: &[Value], b: &[Value]) -> bool {
    let texts = |values: &[Value]| values.iter().map(|v| text(&exactly(v))).collect::<BTreeSet<_>>();
    texts(a) == texts(b)
}

fn one_or_many(mut values: Vec<Value>) -> Value {
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}
