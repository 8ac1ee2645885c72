//! The table under a query of KQL that computes columns with `extend`, as the post-processing of a mapping writes it.
//!
//! A mapped event has values of the computed columns. The table has what they are computed from: a bag of properties, a JSON
//! text, an address. Each expression is turned around as far as that goes, and then computed forward by the model: only
//! what comes out as it went in is a row. Nothing here judges an event, and no mapping or column is known by its name.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::engine::kql::type_of;
use super::engine::{Column, ColumnKind};
use crate::interp::Event;
use crate::lang::kql::{self, CompareOp, Expr, ExprKind, Literal, OtherColumns, Prepared, Row, Schema, Subject, Value};

/// The columns that a query computes, and those of the table that it computes them from.
#[derive(Debug)]
pub(super) struct Base {
    computed: Vec<(String, Expr)>,
    prepared: Prepared,
    /// The table's own columns.
    columns: Vec<Column>,
}

/// An event as the table holds it, and as the query sees it.
pub(super) struct Stored {
    /// Without the computed columns.
    pub row: Event,
    /// With the computed columns as the query computes them.
    pub seen: Event,
}

impl Base {
    /// The table under a query whose conditions look at these columns; `None` where it computes none, or the model does not know it.
    pub fn of(query: &str, columns: &[Column]) -> Option<Base> {
        let query = kql::parse(query).ok()?;
        let computed: Vec<(String, Expr)> =
            query.extends.iter().flatten().map(|(name, expr)| (name.text.clone(), expr.clone())).collect();
        if computed.is_empty() {
            return None;
        }
        let is_computed = |name: &str| computed.iter().any(|(other, _)| other == name);
        let mut kinds: BTreeMap<String, ColumnKind> = BTreeMap::new();
        for (name, expr) in &computed {
            let kind = columns.iter().find(|column| column.name == *name).map_or(ColumnKind::Text, |c| c.kind);
            sources(expr, kind, &mut kinds);
        }
        // What a mapping says of a column counts more than how an expression uses it.
        kinds.extend(columns.iter().filter(|c| !is_computed(&c.name)).map(|c| (c.name.clone(), c.kind)));
        let columns: Vec<Column> = kinds.into_iter().map(|(name, kind)| Column { name, kind }).collect();
        let types = columns.iter().map(|column| (column.name.clone(), type_of(column.kind)));
        let schema = Schema::new(types, OtherColumns::Unknown);
        let prepared = query.prepare(&schema).ok()?;
        Some(Base { computed, prepared, columns })
    }

    /// The table's own columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The row from which the query computes the event's values; `None` where none was found.
    pub fn under(&self, event: &Event) -> Option<Stored> {
        let mut row = Row::new();
        let mut wanted: Vec<(&Expr, &str, Value)> = Vec::new();
        for (name, value) in &event.0 {
            match self.computed.iter().find(|(computed, _)| computed == name) {
                Some((_, expr)) => wanted.push((expr, name, cell(value)?)),
                None => {
                    row.insert(name.clone(), cell(value)?);
                }
            }
        }
        for (expr, name, value) in &wanted {
            row = self.candidates(expr, value, &row).into_iter().find(|row| self.gives(row, name, value))?;
        }
        // An event's own values are what they are: only what it lacks was to be found.
        let is_own = |(name, _): &(&String, &Json)| self.computed.iter().all(|(computed, _)| computed != *name);
        if event.0.iter().filter(is_own).any(|(name, value)| row.get(name) != cell(value).as_ref()) {
            return None;
        }
        let seen = self.prepared.extend(&row).ok()?;
        let mut out = Event(event.0.clone());
        for (name, _) in &self.computed {
            let value = seen.get(name).and_then(json).filter(|value| value.as_str() != Some(""));
            match (event.0.get(name), value) {
                (None, None) => {}
                (Some(before), Some(value)) if same(before, &value) => {
                    out.0.insert(name.clone(), value);
                }
                _ => return None,
            }
        }
        let row = row.iter().filter_map(|(name, value)| Some((name.clone(), json(value)?))).collect();
        Some(Stored { row: Event(row), seen: out })
    }

    /// Whether the query computes this of the row.
    fn gives(&self, row: &Row, name: &str, value: &Value) -> bool {
        let wanted = json(value);
        let found = self.prepared.extend(row).ok().and_then(|row| json(row.get(name)?));
        matches!((wanted, found), (Some(wanted), Some(found)) if same(&wanted, &found))
    }

    /// Rows with more cells, of which the expression may give this value.
    fn candidates(&self, expr: &Expr, value: &Value, row: &Row) -> Vec<Row> {
        match &expr.kind {
            ExprKind::Column(name) => match row.get(name) {
                Some(known) if known == value => vec![row.clone()],
                Some(_) => Vec::new(),
                None => vec![with(row, name, value.clone())],
            },
            ExprKind::Key(..) | ExprKind::Element(..) => {
                self.at_path(expr, &mut Vec::new(), value, row).into_iter().collect()
            }
            ExprKind::Call(name, args) => self.of_call(&name.text, args, value, row),
            ExprKind::Literal(Literal::String(text)) if *value == Value::String(text.clone()) => vec![row.clone()],
            _ => Vec::new(),
        }
    }

    /// The rows of the arms of `case` and `iff`. Which branch counts is seen when the row is computed; a condition of equality, or
    /// that something is there, can be made to hold.
    fn of_arms(&self, args: &[Expr], value: &Value, row: &Row) -> Vec<Row> {
        let mut out = Vec::new();
        let mut rest = args;
        while let [condition, arm, others @ ..] = rest {
            out.extend(self.candidates(arm, value, row));
            out.extend(fulfilled(condition, row).iter().flat_map(|row| self.candidates(arm, value, row)));
            rest = others;
        }
        if let [last] = rest {
            out.extend(self.candidates(last, value, row));
            // A value that no condition asks for.
            let none = args.first().and_then(compared).filter(|column| !row.contains_key(*column));
            let other = none.map(|column| with(row, column, Value::String("other".to_owned())));
            out.extend(other.iter().flat_map(|row| self.candidates(last, value, row)));
        }
        out
    }

    fn of_call(&self, name: &str, args: &[Expr], value: &Value, row: &Row) -> Vec<Row> {
        match (name, args, value) {
            ("tostring" | "tolong", [inner], _) => self.candidates(inner, value, row),
            ("tohex", [inner], Value::String(text)) => match i64::from_str_radix(text, 16) {
                Ok(number) => self.candidates(inner, &Value::Long(number), row),
                Err(_) => Vec::new(),
            },
            ("strcat", [head, inner], Value::String(text)) => {
                let rest = literal(head).and_then(|head| text.strip_prefix(head));
                rest.map_or_else(Vec::new, |rest| self.candidates(inner, &Value::String(rest.to_owned()), row))
            }
            ("iff" | "case", args, _) => self.of_arms(args, value, row),
            ("coalesce", args, _) => args.iter().flat_map(|arg| self.candidates(arg, value, row)).collect(),
            ("column_ifexists", [column, _], _) => match literal(column) {
                Some(name) if row.get(name).is_none_or(|known| known == value) => vec![with(row, name, value.clone())],
                _ => Vec::new(),
            },
            ("replace_regex", [inner, pattern, _], Value::String(text)) => {
                let dropped = literal(pattern).map(written).unwrap_or_default();
                let whole = |text: String| self.candidates(inner, &Value::String(text), row);
                [whole(format!("{dropped}{text}")), whole(text.clone())].concat()
            }
            ("extract", [pattern, _, Expr { kind: ExprKind::Column(column), .. }], Value::String(text))
                if literal(pattern).and_then(around).is_some() =>
            {
                let (before, after) = literal(pattern).and_then(around).unwrap_or_default();
                let known = match row.get(column) {
                    Some(Value::String(known)) => known.as_str(),
                    _ => "",
                };
                vec![with(row, column, Value::String(format!("{known}{before}{text}{after}")))]
            }
            ("extract", [_, _, Expr { kind: ExprKind::Column(column), .. }], Value::String(text)) => {
                let known = match row.get(column) {
                    Some(Value::String(known)) => known.as_str(),
                    _ => "",
                };
                let texts = [
                    known.to_owned(),
                    text.clone(),
                    format!("{known}{text}"),
                    format!("{known}?{text}"),
                    format!("{known}.{text}"),
                    format!("{known}/x.{text}"),
                ];
                texts.into_iter().map(|text| with(row, column, Value::String(text))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The row with a value at a path within a bag or within the JSON text of one.
    fn at_path(&self, expr: &Expr, path: &mut Vec<Step>, value: &Value, row: &Row) -> Option<Row> {
        match &expr.kind {
            ExprKind::Key(base, key) => {
                path.push(Step::Key(key.clone()));
                self.at_path(base, path, value, row)
            }
            ExprKind::Element(base, 0) => {
                path.push(Step::First);
                self.at_path(base, path, value, row)
            }
            ExprKind::Column(name) => {
                let mut bag = match row.get(name) {
                    Some(Value::Dynamic(bag)) => bag.clone(),
                    _ => Json::Null,
                };
                put(&mut bag, path, json(value)?)?;
                Some(with(row, name, Value::Dynamic(bag)))
            }
            ExprKind::Call(name, args) if name.text == "parse_json" => {
                let [Expr { kind: ExprKind::Column(name), .. }] = args.as_slice() else { return None };
                let mut bag = match row.get(name) {
                    Some(Value::String(text)) => serde_json::from_str(text).ok()?,
                    _ => Json::Null,
                };
                put(&mut bag, path, json(value)?)?;
                Some(with(row, name, Value::String(bag.to_string())))
            }
            _ => None,
        }
    }
}

/// A step into a value; the last one comes first in a path.
enum Step {
    Key(String),
    First,
}

/// Puts a value at a path where there is none.
fn put(bag: &mut Json, path: &mut Vec<Step>, value: Json) -> Option<()> {
    match path.pop() {
        None if bag.is_null() => {
            *bag = value;
            Some(())
        }
        None => (*bag == value).then_some(()),
        Some(step) => {
            if bag.is_null() {
                *bag = if matches!(step, Step::First) { Json::Array(Vec::new()) } else { Json::Object(Map::new()) };
            }
            match (step, bag) {
                (Step::Key(key), Json::Object(slots)) => put(slots.entry(key).or_insert(Json::Null), path, value),
                (Step::First, Json::Array(items)) => {
                    if items.is_empty() {
                        items.push(Json::Null);
                    }
                    put(items.first_mut()?, path, value)
                }
                _ => None,
            }
        }
    }
}

/// The columns that an expression of this kind of result looks at.
fn sources(expr: &Expr, kind: ColumnKind, out: &mut BTreeMap<String, ColumnKind>) {
    match &expr.kind {
        ExprKind::Column(name) => {
            out.entry(name.clone()).or_insert(kind);
        }
        ExprKind::Key(base, _) | ExprKind::Element(base, _) => sources(base, ColumnKind::Dynamic, out),
        ExprKind::Compare(_, left, right) => [left, right].iter().for_each(|part| sources(part, ColumnKind::Text, out)),
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            parts.iter().for_each(|part| sources(part, ColumnKind::Text, out));
        }
        ExprKind::Text(_, Subject::Expr(left), right) => {
            [left, right].iter().for_each(|part| sources(part, ColumnKind::Text, out));
        }
        ExprKind::List(_, left, _) => sources(left, ColumnKind::Text, out),
        ExprKind::Call(name, args) if name.text == "column_ifexists" => {
            if let Some(name) = args.first().and_then(literal) {
                out.entry(name.to_owned()).or_insert(kind);
            }
        }
        ExprKind::Call(name, args) => {
            let kinds: &[ColumnKind] = match name.text.as_str() {
                "iff" => &[ColumnKind::Boolean, kind, kind],
                "coalesce" => &[kind, kind, kind],
                "tohex" => &[ColumnKind::Integer],
                _ => &[],
            };
            let kinds = kinds.iter().copied().chain(std::iter::repeat(ColumnKind::Text));
            args.iter().zip(kinds).for_each(|(arg, kind)| sources(arg, kind, out));
        }
        _ => {}
    }
}

/// The rows in which a condition holds, as far as an equality or something there makes it hold.
fn fulfilled(condition: &Expr, row: &Row) -> Vec<Row> {
    match &condition.kind {
        ExprKind::Or(parts) => parts.iter().flat_map(|part| fulfilled(part, row)).collect(),
        ExprKind::And(parts) => parts
            .iter()
            .fold(vec![row.clone()], |rows, part| rows.iter().flat_map(|row| fulfilled(part, row)).collect()),
        ExprKind::Compare(CompareOp::Equal, left, right) => match (&left.kind, literal(right)) {
            (ExprKind::Column(name), Some(text)) => {
                let value = Value::String(text.to_owned());
                let fits = row.get(name).is_none_or(|known| *known == value);
                if fits { vec![with(row, name, value)] } else { Vec::new() }
            }
            _ => Vec::new(),
        },
        ExprKind::Call(name, args) if name.text == "isnotempty" => match args.first().map(|arg| &arg.kind) {
            Some(ExprKind::Column(name)) if row.contains_key(name) => vec![row.clone()],
            Some(ExprKind::Column(name)) => vec![with(row, name, Value::String("x".to_owned()))],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The column that a condition compares with a text.
fn compared(condition: &Expr) -> Option<&str> {
    match &condition.kind {
        ExprKind::Compare(CompareOp::Equal, left, _) => match &left.kind {
            ExprKind::Column(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// The texts before and after the one group of an expression that is plain text beside it.
fn around(pattern: &str) -> Option<(String, String)> {
    let (before, rest) = pattern.split_once('(')?;
    let (_, after) = rest.rsplit_once(')')?;
    let plain = |text: &str| regex_syntax::escape(text) == text;
    (plain(before) && plain(after) && !before.is_empty()).then(|| (before.to_owned(), after.to_owned()))
}

/// The text that an expression `^text` matches; backslashes stand before marks.
fn written(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.strip_prefix('^').unwrap_or("").chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

fn literal(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

fn with(row: &Row, name: &str, value: Value) -> Row {
    let mut row = row.clone();
    row.insert(name.to_owned(), value);
    row
}

/// Whether two values are one but for letter case: products write digits in their own.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::String(left), Json::String(right)) => left.eq_ignore_ascii_case(right),
        _ => left == right,
    }
}

fn cell(value: &Json) -> Option<Value> {
    Some(match value {
        Json::String(text) => Value::String(text.clone()),
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Long(whole),
            None => Value::Real(number.as_f64()?),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    })
}

fn json(value: &Value) -> Option<Json> {
    match value {
        Value::String(text) => Some(Json::String(text.clone())),
        Value::Bool(b) => Some(Json::Bool(*b)),
        Value::Long(number) => Some(Json::from(*number)),
        Value::Real(number) => serde_json::Number::from_f64(*number).map(Json::Number),
        Value::Dynamic(value) => Some(value.clone()),
        Value::Null | Value::DateTime(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The row under an event, and how the query sees it.
    fn under(extend: &str, event: Json) -> Option<(Json, Json)> {
        let query = format!("T | extend {extend} | where true");
        let Json::Object(fields) = event else { return None };
        let kind = |value: &Json| if value.is_number() { ColumnKind::Integer } else { ColumnKind::Text };
        let columns: Vec<Column> =
            fields.iter().map(|(name, value)| Column { name: name.clone(), kind: kind(value) }).collect();
        let stored = Base::of(&query, &columns)?.under(&Event(fields))?;
        Some((Json::Object(stored.row.0), Json::Object(stored.seen.0)))
    }

    #[test]
    fn members_are_put_where_the_query_looks_for_them() {
        let bag = "A = tostring(Bag.a), B = tostring(Bag['b'].c), C = tostring(L[0].d)";
        let event = json!({"A": "x", "B": "y", "C": "z", "Own": "o"});
        let row = json!({"Bag": {"a": "x", "b": {"c": "y"}}, "L": [{"d": "z"}], "Own": "o"});
        assert_eq!(under(bag, event.clone()), Some((row, event)));
        let access = r#"G = strcat("0x", tohex(tolong(parse_json(T).g)))"#;
        let (row, seen) = under(access, json!({"G": "0x1FF"})).expect("a row");
        assert_eq!((row, seen), (json!({"T": r#"{"g":511}"#}), json!({"G": "0x1ff"})), "the digits of the product");
        assert_eq!(under(access, json!({"G": "x"})), None);
        assert_eq!(under(access, json!({})), None, "no rights would be `0x`");
    }

    #[test]
    fn the_branch_that_counts_gets_the_value() {
        let side = r#"S = iff(K == "in", R, L), D = iff(K == "in", L, R)"#;
        let row = |kind: &str| under(side, json!({"S": 1, "D": 2, "K": kind})).expect("a row").0;
        assert_eq!(row("in"), json!({"K": "in", "R": 1, "L": 2}));
        assert_eq!(row("out"), json!({"K": "out", "R": 2, "L": 1}));
    }

    #[test]
    fn what_is_cut_off_is_there_before() {
        let pipe = r#"P = replace_regex(tostring(B.p), @"^\\Device\\X", "")"#;
        assert_eq!(under(pipe, json!({"P": r"\a"})).expect("a row").0, json!({"B": {"p": r"\Device\X\a"}}));
        let parts = r#"P = extract(@"^([^?]*)", 1, U), Q = extract(@"\?(.*)", 1, U)"#;
        assert_eq!(under(parts, json!({"P": "/a", "Q": "b"})).expect("a row").0, json!({"U": "/a?b"}));
        assert_eq!(under(parts, json!({"U": "/c?b", "P": "/a", "Q": "b"})), None, "not the parts of this");
        assert_eq!(under(parts, json!({"U": "/a?b", "P": "/a"})), None, "it has a second part");
    }
}
