//! Stores: what of a rule and of an event a target's store can hold, and what cannot be compared there.
//!
//! A query is compared with the interpreter on the *projected* rule and event. What a store does is said in `[store]` of the
//! target's manifest and executed here. What a store would refuse, or what its vendor does not document, is an
//! [`Exclusion`]: named by construct, never by rule.

mod taken;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::base::Base;
use super::document;
use super::engine::{Column, ColumnKind, Table};
use super::exclusion::Exclusion;
use super::project::{Arrays, flatten, is_flat, sql_text, sql_value, text_of};
use crate::interp::Event;
use crate::ir::{self, Case, Expr, Field, FieldType, Node, Predicate, Rule, Subject, TableShape, Test};
use crate::target::store::{ANY_TABLE, Empty, Keywords, Scalars, StoreModel, Types};
use crate::target::{EqlTypes, store, written_point};

/// From here on several integers are one double, so that a bound of a rule may be the double of a value beside it.
const EXACT_IN_DOUBLE: u64 = 1 << 53;

/// A target's store for one rule.
#[derive(Debug, Clone)]
pub struct Store {
    model: StoreModel,
    rule: Rule,
    columns: Vec<Column>,
    keywords: bool,
    /// Whether the rule names a field that the store keeps for itself.
    reserved: bool,
    /// Whether the rule compares two fields in a language that does so by lower case.
    lowers: bool,
    /// The fields whose numbers are computed from their text, as doubles.
    computed: BTreeSet<String>,
    /// What the query computes columns from.
    base: Option<Arc<Base>>,
    /// The table of the events, which the store has in a field of each.
    table: Option<Arc<str>>,
}

impl Store {
    /// The store of a target for the events of a rule.
    pub fn new(model: &StoreModel, rule: &Rule) -> Store {
        let json = matches!(rule.table, Some(ir::Table { shape: TableShape::Json { .. }, .. }));
        let meant = if json { document::project_expr(&rule.condition) } else { project_expr(model, &rule.condition) };
        let projected = Rule { condition: meant, ..rule.clone() };
        // The back end sees the normalized rule, which may lack the test that gave a field its type.
        let types = (model.types == Types::Inferred).then(|| EqlTypes::of(&ir::normalize(rule.condition.clone())));
        let (columns, _) = columns(model, types.as_ref(), &projected);
        let (named, keywords) = self::columns(model, types.as_ref(), rule);
        let reserved = named.iter().any(|column| model.reserves(&column.name));
        let (mut lowers, mut computed) = (false, BTreeSet::new());
        rule.condition.for_each_predicate(&mut |predicate, _| match (&predicate.subject, &predicate.test) {
            (_, Test::FieldPattern { case: Case::Fold, .. }) => lowers |= model.computes,
            (Subject::Field(field), Test::Compare(..)) if model.computes => {
                computed.insert(field.name.to_string());
            }
            _ => {}
        });
        let model = model.clone();
        Store { model, rule: projected, columns, keywords, reserved, lowers, computed, base: None, table: None }
    }

    /// The store of a target for the events of a mapped rule with its query. The fields that a store keeps for itself are those
    /// of the product here: the mapping names them on purpose.
    pub fn mapped(model: &StoreModel, rule: &Rule, query: &str) -> Store {
        let mut store = Store::new(model, rule);
        store.reserved = false;
        if model.computed_columns {
            store.base = Base::of(query, &store.columns).map(Arc::new);
        }
        match &rule.table {
            Some(table) => store.of_table(&table.name),
            None => store,
        }
    }

    /// The same with the events of this table, where the store has the table in a field: what a query names as its table is a
    /// test of that field.
    #[must_use]
    pub fn of_table(mut self, table: &str) -> Store {
        let is_table = !table.is_empty() && table != ANY_TABLE && !self.is_data_model();
        if let Some(field) = self.model.table_field.clone().filter(|_| is_table) {
            if self.columns.iter().all(|column| column.name != field) {
                self.columns.push(Column { name: field, kind: ColumnKind::Text });
            }
            self.table = Some(table.into());
        }
        self
    }

    /// The rule as it is meant in the store.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The event as the store holds it, cut to what the rule looks at.
    ///
    /// # Errors
    /// Where the event cannot be compared.
    pub fn project(&self, event: &Event) -> Result<Event, Exclusion> {
        if self.json_column().is_some() {
            return self.project_document(event);
        }
        if !self.model.value_and_fields && has_value_and_fields(event) {
            return Err(Exclusion::ValueAndFields);
        }
        let (arrays, hold) = self.holding();
        let all = self.sees_everything();
        let own = self.base.as_ref().map_or(&[][..], |base| base.columns());
        let columns = || self.columns.iter().chain(own);
        let wanted = |name: &str| all || columns().any(|column| column.name == name);
        let mut fields = flatten(event, arrays, wanted, hold);
        if self.is_data_model() {
            fields.retain(|_, value| {
                !value.as_str().is_some_and(|text| self.fills().is_some_and(|fills| text.eq_ignore_ascii_case(fills)))
            });
            if self.columns.iter().any(|column| fields.get(&column.name).is_some_and(Value::is_array)) {
                return Err(Exclusion::List);
            }
        }
        if let (Some(Keywords::Raw(field)), true) = (&self.model.keywords, self.keywords) {
            fields.remove(field);
            fields.extend(hold(&raw_text(event).into()).map(|raw| (field.clone(), raw)));
        }
        if let (Some(table), Some(field)) = (&self.table, &self.model.table_field) {
            fields.entry(field).or_insert_with(|| table.as_ref().into());
        }
        let kinds: BTreeMap<&str, ColumnKind> = columns().map(|column| (column.name.as_str(), column.kind)).collect();
        for (name, kind) in kinds {
            if let Some(value) = fields.get_mut(name) {
                *value = typed(kind, std::mem::take(value))?;
            }
        }
        self.nameable()?;
        if fields.values().any(folding_gap) {
            return Err(Exclusion::FoldingGap);
        }
        if self.lowers && fields.values().any(|value| !value.to_string().is_ascii()) {
            return Err(Exclusion::LowerCase);
        }
        let inexact = |name: &String| fields.get(name).is_some_and(computed_inexactly);
        if self.computed.iter().any(inexact) {
            return Err(Exclusion::NotADouble);
        }
        match &self.base {
            Some(base) => base.under(&Event(fields)).map(|stored| stored.seen).ok_or(Exclusion::NotComputed),
            None => Ok(Event(fields)),
        }
    }

    /// Whether the events are asked by a data model of Splunk.
    fn is_data_model(&self) -> bool {
        matches!(self.rule.table, Some(ir::Table { shape: TableShape::DataModel { .. }, .. }))
    }

    /// The JSON column that holds the events, if they are kept so.
    fn json_column(&self) -> Option<&str> {
        match &self.rule.table {
            Some(ir::Table { shape: TableShape::Json { column }, .. }) => Some(column),
            _ => None,
        }
    }

    fn project_document(&self, event: &Event) -> Result<Event, Exclusion> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let event = document::project(event, &names, self.keywords, self.model.json.objects_are_text)?;
        if event.0.values().any(folding_gap) { Err(Exclusion::FoldingGap) } else { Ok(event) }
    }

    /// A table of projected events.
    pub fn table(&self, name: &str, rows: Vec<Event>) -> Table {
        if let Some(column) = self.json_column() {
            let columns = vec![Column { name: column.to_owned(), kind: ColumnKind::Document }];
            return Table { name: name.to_owned(), columns, rows };
        }
        let mut columns = self.columns.clone();
        let rows = match &self.base {
            Some(base) => {
                columns = base.columns().to_vec();
                rows.into_iter().map(|row| base.under(&row).map_or(row, |stored| stored.row)).collect()
            }
            None => rows,
        };
        let rows = if self.is_data_model() { rows.into_iter().map(|row| self.filled(row)).collect() } else { rows };
        self.table_of(name, columns, rows)
    }

    /// A table of rows, with the columns that a keyword sees beside those that the rule names.
    fn table_of(&self, name: &str, mut columns: Vec<Column>, rows: Vec<Event>) -> Table {
        if self.sees_everything() {
            let known: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let more: BTreeSet<&String> =
                rows.iter().flat_map(|row| row.0.keys()).filter(|name| !known.contains(name.as_str())).collect();
            let more: Vec<Column> =
                more.into_iter().map(|name| Column { name: name.clone(), kind: ColumnKind::Text }).collect();
            if let Some(Keywords::Object(name)) = &self.model.keywords {
                columns.push(Column { name: name.clone(), kind: ColumnKind::WholeEvent });
            } else {
                columns.extend(more);
            }
        }
        Table { name: name.to_owned(), columns, rows }
    }

    /// A row of a data model: it fills some missing fields, and others it leaves, so here every other one.
    fn filled(&self, mut row: Event) -> Event {
        for column in self.columns.iter().step_by(2).filter(|_| self.fills().is_some()) {
            row.0.entry(&column.name).or_insert_with(|| self.fills().into());
        }
        row
    }

    /// What a data model fills missing values with.
    fn fills(&self) -> Option<&str> {
        self.model.data_model.fills.as_deref()
    }

    /// How lists are held, and how a value.
    fn holding(&self) -> (Arrays, fn(&Value) -> Option<Value>) {
        match (self.model.arrays, self.model.empty, self.model.scalars) {
            (store::Arrays::Values, Empty::Value, _) => (Arrays::Values, one_value),
            (store::Arrays::Values, Empty::Missing, _) => (Arrays::Values, no_empty_value),
            (store::Arrays::Json, Empty::Missing, _) => (Arrays::Json, no_empty_text),
            (store::Arrays::Json, Empty::Value, Scalars::TextAndIntegers) => (Arrays::Json, sql_value),
            (store::Arrays::Json, Empty::Value, Scalars::Text) => (Arrays::Json, sql_text),
        }
    }

    /// Whether a keyword of the rule looks at fields that the rule does not name.
    fn sees_everything(&self) -> bool {
        self.keywords && !matches!(self.model.keywords, Some(Keywords::Raw(_)))
    }

    /// Whether the store can have all the rule's columns.
    fn nameable(&self) -> Result<(), Exclusion> {
        if self.reserved {
            return Err(Exclusion::ReservedField);
        }
        let nested = matches!(self.rule.table, Some(ir::Table { shape: TableShape::Nested, .. }));
        let names = || self.columns.iter().map(|column| (column.name.clone(), Value::Null)).collect::<Map<_, _>>();
        if nested && self.columns.iter().any(|column| has_fields_of_its_own(&column.name, &names())) {
            return Err(Exclusion::ValueAndFields);
        }
        if !self.model.names_fold {
            return Ok(());
        }
        let distinct: BTreeSet<String> = self.columns.iter().map(|column| column.name.to_lowercase()).collect();
        if distinct.len() < self.columns.len() { Err(Exclusion::OneColumn) } else { Ok(()) }
    }
}

/// The columns that a rule looks at, by name, and whether it has keywords.
fn columns(model: &StoreModel, types: Option<&EqlTypes>, rule: &Rule) -> (Vec<Column>, bool) {
    let mut names: BTreeMap<&str, FieldType> = BTreeMap::new();
    let mut keywords = false;
    rule.condition.for_each_predicate(&mut |predicate, _| {
        match &predicate.subject {
            Subject::AnyValue => keywords = true,
            Subject::Field(field) => {
                names.entry(&field.name).or_insert(field.kind);
            }
        }
        if let Test::FieldPattern { other, .. } = &predicate.test {
            names.entry(&other.name).or_insert(other.kind);
        }
    });
    let kind = |name: &str, kind| column_kind(model.types, types.map_or(kind, |types| types.named(name)));
    let nested = matches!(rule.table, Some(ir::Table { shape: TableShape::Nested, .. }));
    let nested_kind = |own| if model.nested.types == Types::Text { ColumnKind::Text } else { nested_kind(own) };
    let kind = |name, own| if nested { nested_kind(own) } else { kind(name, own) };
    let columns = names.into_iter().map(|(name, own)| Column { name: name.to_owned(), kind: kind(name, own) });
    (columns.collect(), keywords)
}

/// The column of a field with the type that a mapping gives it, if any.
fn column_kind(types: Types, kind: FieldType) -> ColumnKind {
    match (kind, types) {
        (native, Types::Text) if native.general() != native => ColumnKind::Native(native),
        (_, Types::Text) => ColumnKind::Text,
        (FieldType::Integer, _) => ColumnKind::Integer,
        (FieldType::Real, _) => ColumnKind::Real,
        (FieldType::Boolean, _) => ColumnKind::Boolean,
        (FieldType::Ip, Types::Inferred) => ColumnKind::Ip,
        (FieldType::Time, Types::Declared) => ColumnKind::Time,
        (FieldType::Dynamic, Types::Declared) => ColumnKind::Dynamic,
        _ => ColumnKind::Text,
    }
}

/// The column of a field within columns, which have types in all engines.
fn nested_kind(kind: FieldType) -> ColumnKind {
    match kind {
        FieldType::Integer => ColumnKind::Integer,
        FieldType::Real => ColumnKind::Real,
        FieldType::Boolean => ColumnKind::Boolean,
        native if native.general() != native => ColumnKind::Native(native),
        _ => ColumnKind::Text,
    }
}

/// The condition as it is meant in the store.
fn project_expr(model: &StoreModel, expr: &Expr) -> Expr {
    let all = |parts: &[Expr]| parts.iter().map(|part| project_expr(model, part)).collect();
    let node = match &expr.node {
        Node::True => Node::True,
        Node::False => Node::False,
        Node::All(parts) => Node::All(all(parts)),
        Node::Any(parts) => Node::Any(all(parts)),
        Node::Not(part) => Node::Not(Box::new(project_expr(model, part))),
        Node::Test(predicate) => Node::Test(project_predicate(model, predicate)),
    };
    Expr::new(node, expr.origin.clone())
}

fn project_predicate(model: &StoreModel, predicate: &Predicate) -> Predicate {
    let Predicate { mut subject, mut test } = predicate.clone();
    if model.empty == Empty::Missing && matches!(&test, Test::Pattern(pattern) if pattern.pieces().is_empty()) {
        test = Test::Null;
    }
    if let (Some(Keywords::Raw(field)), Subject::AnyValue) = (&model.keywords, &subject) {
        subject = Subject::Field(Field::new(field.as_str()));
    }
    Predicate { subject, test }
}

/// The text of a value, lists and objects as JSON: nothing where there is no text.
fn no_empty_text(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        other => Some(text_of(other).into()),
    }
}

/// The text of a scalar.
fn one_value(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        scalar => Some(text_of(scalar).into()),
    }
}

/// The text of a scalar, if there is any.
fn no_empty_value(value: &Value) -> Option<Value> {
    one_value(value).filter(|text| text.as_str() != Some(""))
}

/// The text of all values, one a line.
fn raw_text(event: &Event) -> String {
    event.scalars().into_iter().map(text_of).collect::<Vec<_>>().join("\n")
}

/// Whether some field of the event has a value and fields below it.
pub(super) fn has_value_and_fields(event: &Event) -> bool {
    if is_flat(event) {
        return false;
    }
    let names = flatten(event, Arrays::Values, |_| true, one_value);
    names.keys().any(|name| has_fields_of_its_own(name, &names))
}

/// Whether another field's path leads through this one.
fn has_fields_of_its_own(name: &str, fields: &Map<String, Value>) -> bool {
    fields.keys().any(|other| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The value or values as a column of this kind holds them.
fn typed(kind: ColumnKind, value: Value) -> Result<Value, Exclusion> {
    match (kind, value) {
        (ColumnKind::Real | ColumnKind::Integer | ColumnKind::Boolean | ColumnKind::Ip, Value::Array(values)) => {
            values.into_iter().map(|value| typed(kind, value)).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        (ColumnKind::Real, value) => number(&value),
        (ColumnKind::Ip, Value::String(text)) => match text.parse::<IpAddr>() {
            Ok(address) => Ok(address.to_canonical().to_string().into()),
            Err(_) => Err(Exclusion::NotAnAddress),
        },
        (ColumnKind::Ip, _) => Err(Exclusion::NotAnAddress),
        (ColumnKind::Native(kind), Value::String(text)) => native(kind, &text).map(Value::String),
        (ColumnKind::Native(_), _) => Err(Exclusion::NotOfTheType),
        (ColumnKind::Integer, value) => {
            let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
            number.map(Value::from).ok_or(Exclusion::NotANumber)
        }
        (ColumnKind::Boolean, value) => {
            let boolean = value.as_str().and_then(|text| text.parse::<bool>().ok());
            boolean.map(Value::Bool).ok_or(Exclusion::NotABoolean)
        }
        (
            ColumnKind::Text | ColumnKind::Time | ColumnKind::Dynamic | ColumnKind::WholeEvent | ColumnKind::Document,
            value,
        ) => Ok(value),
    }
}

/// The text of a value of the engine's own type, as the engine writes it.
fn native(kind: FieldType, text: &str) -> Result<String, Exclusion> {
    if kind.general() == FieldType::Ip {
        let address: IpAddr = text.parse().map_err(|_| Exclusion::NotAnAddress)?;
        return match address {
            // PostgreSQL and ClickHouse write these with an IPv4 address at the end, others without.
            IpAddr::V6(six) if six.segments()[..6] == [0; 6] => Err(Exclusion::NotOfTheType),
            IpAddr::V6(_) if kind == FieldType::Inet4 => Err(Exclusion::NotAnAddress),
            IpAddr::V6(_) if kind == FieldType::Inet6 => Ok(address.to_canonical().to_string()),
            _ => Ok(address.to_string()),
        };
    }
    let point = chrono::DateTime::parse_from_rfc3339(text).map_err(|_| Exclusion::NotOfTheType)?;
    written_point(point.naive_utc()).ok_or(Exclusion::NotOfTheType)
}

/// The number that a text spells, as a `double` field holds it.
fn number(value: &Value) -> Result<Value, Exclusion> {
    let text = value.as_str().ok_or(Exclusion::NotANumber)?;
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Err(Exclusion::NotANumber);
    }
    if let Ok(whole) = text.parse::<i64>() {
        let exact = whole.unsigned_abs() < EXACT_IN_DOUBLE;
        return if exact { Ok(whole.into()) } else { Err(Exclusion::NotADouble) };
    }
    let number = text.parse::<f64>().map_err(|_| Exclusion::NotANumber)?;
    if number.abs() >= EXACT_IN_DOUBLE as f64 {
        return Err(Exclusion::NotADouble);
    }
    serde_json::Number::from_f64(number).map(Value::Number).ok_or(Exclusion::NotADouble)
}

/// Whether digits times or through a power of ten, each a double, may not be the double nearest to the number that the text
/// spells.
fn computed_inexactly(value: &Value) -> bool {
    let text = match value {
        Value::String(text) => text,
        Value::Array(values) => return values.iter().any(computed_inexactly),
        _ => return false,
    };
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return false;
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, ""));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.len() + fraction.len();
    match exponent.parse::<i64>().map(|exponent| (exponent < 0, exponent.unsigned_abs() as usize)) {
        // Without a point no bound of a rule lies between the number and its double.
        Err(_) if exponent.is_empty() => !fraction.is_empty() && digits > 15,
        Err(_) => true,
        Ok((true, power)) => digits > 15 || power + fraction.len() > 22,
        Ok((false, power)) => digits + power > 15,
    }
}

fn folding_gap(value: &Value) -> bool {
    match value {
        Value::String(text) => super::sqlite::folding_gap(text),
        Value::Array(values) => values.iter().any(folding_gap),
        Value::Object(object) => object.values().any(folding_gap),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ir::{Case, CompareOp, Network, Number, Origin, Pattern};

    fn rule(tests: Vec<(Subject, Test)>) -> Rule {
        let parts = tests
            .into_iter()
            .map(|(subject, test)| Expr::new(Node::Test(Predicate { subject, test }), Origin::default()));
        let condition = Expr::new(Node::All(parts.collect()), Origin::default());
        Rule { meta: Default::default(), logsource: Default::default(), table: None, condition }
    }

    fn model(target: &str) -> StoreModel {
        let target = crate::target::Target::load(target, &crate::target::Templates::embedded()).expect("a target");
        target.manifest().store.clone().expect("a store")
    }

    fn field(name: &str) -> Subject {
        Subject::Field(Field::new(name))
    }

    fn text(text: &str) -> Test {
        Test::Pattern(Pattern::literal(text, Case::Fold))
    }

    fn event(value: Value) -> Event {
        match value {
            Value::Object(fields) => Event(fields),
            _ => Event::default(),
        }
    }

    #[test]
    fn each_store_holds_an_event_in_its_way() {
        let names = ["n", "empty", "null", "list", "deep.er", "flag"];
        let rule = rule(names.iter().map(|name| (field(name), text("x"))).collect());
        let event = event(json!({
            "n": 17.0, "empty": "", "null": null, "list": ["a", "", null, 1], "deep": {"er": "d"}, "flag": true, "other": 1,
        }));
        for (target, expected) in [
            ("sql", json!({"n": "17", "empty": "", "list": "[\"a\",\"\",null,1]", "flag": "true", "deep.er": "d"})),
            ("kql", json!({"n": "17", "list": "[\"a\",\"\",null,1]", "flag": "true", "deep.er": "d"})),
            ("eql", json!({"n": "17", "empty": "", "list": ["a", "", "1"], "flag": "true", "deep.er": "d"})),
            ("spl", json!({"n": "17", "list": ["a", "1"], "flag": "true", "deep.er": "d"})),
        ] {
            let projected = Store::new(&model(target), &rule).project(&event).map(|event| Value::Object(event.0));
            assert_eq!(projected, Ok(expected), "{target}");
        }
    }

    #[test]
    fn typed_fields_of_elasticsearch() {
        let network: Network = "10.0.0.0/8".parse().expect("a network");
        let tests =
            vec![(field("ip"), Test::Network(network)), (field("n"), Test::Compare(CompareOp::Gt, Number::Int(1)))];
        let store = Store::new(&model("eql"), &rule(tests));
        let project = |value| store.project(&event(value)).map(|event| Value::Object(event.0));
        assert_eq!(project(json!({"ip": "::ffff:10.0.0.1", "n": "007"})), Ok(json!({"ip": "10.0.0.1", "n": 7})));
        assert_eq!(project(json!({"ip": "junk"})), Err(Exclusion::NotAnAddress));
        assert_eq!(project(json!({"n": "inf"})), Err(Exclusion::NotANumber));
        assert_eq!(project(json!({"n": u64::MAX})), Err(Exclusion::NotADouble));
        assert_eq!(project(json!({"n": {"m": 1}})), Ok(json!({})));
    }

    #[test]
    fn numbers_that_splunk_computes_must_be_exact() {
        let store = Store::new(&model("spl"), &rule(vec![(field("n"), Test::Compare(CompareOp::Gt, Number::Int(1)))]));
        for text in ["1e3", "-1.5E-1", ".5", "9007199254740993", "1.1e1", "text", "2024-01-01", "a.b.c.d.e.f.g.h"] {
            assert!(store.project(&event(json!({"n": text}))).is_ok(), "{text}");
        }
        for text in ["1e30", "1.5e-22", "0.1234567890123456", "1e99999999999999999999"] {
            assert_eq!(store.project(&event(json!({"n": ["1", text]}))), Err(Exclusion::NotADouble), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_named() {
        let both = rule(vec![(field("a"), text("x")), (field("A"), text("x"))]);
        let any = event(json!({"a": "x"}));
        assert_eq!(Store::new(&model("sql"), &both).project(&any), Err(Exclusion::OneColumn));
        assert!(Store::new(&model("kql"), &both).project(&any).is_ok());
        let gap = event(json!({"a": "\u{212A}"}));
        assert_eq!(Store::new(&model("kql"), &both).project(&gap), Err(Exclusion::FoldingGap));
        let nested = event(json!({"a": "x", "a.b": "y"}));
        let rule = rule(vec![(field("a"), text("x")), (field("a.b"), text("x"))]);
        assert_eq!(Store::new(&model("eql"), &rule).project(&nested), Err(Exclusion::ValueAndFields));
    }

    #[test]
    fn a_keyword_sees_the_whole_event_and_splunk_its_raw_text() {
        let rule = rule(vec![(Subject::AnyValue, text("x").clone())]);
        let event = event(json!({"a": "x", "b": {"c": 1}}));
        let sql = Store::new(&model("sql:duckdb"), &rule);
        let row = sql.project(&event).expect("a row");
        let table = sql.table("events", vec![row]);
        assert_eq!(table.columns[0].value(&table.rows[0]), json!("{\"a\":\"x\",\"b.c\":\"1\"}"));
        let spl = Store::new(&model("spl"), &rule);
        assert_eq!(spl.project(&event).map(|e| Value::Object(e.0)), Ok(json!({"_raw": "x\n1"})));
        let mut fields = Vec::new();
        spl.rule().condition.for_each_predicate(&mut |predicate, _| fields.push(predicate.subject.clone()));
        assert_eq!(fields, [field("_raw")]);
    }
}
