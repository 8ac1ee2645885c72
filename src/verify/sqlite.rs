//! SQLite as an engine: the functions that SQLite's queries may call, and tables of events.
//!
//! [`register`] makes the functions known to a connection. Queries call them only for what SQLite's own SQL cannot say
//! exactly:
//!
//! | function | value |
//! |---|---|
//! | `regexp(pattern, x)`, for `x REGEXP pattern` | whether the pattern (syntax of the `regex` crate) is found in the text |
//! | `sigma_like(x, pattern)` | as `x LIKE pattern ESCAPE '!'`, letters of every script folding |
//! | `sigma_fold(x)` | the text with each character in its simple case folding |
//! | `sigma_compare(x, relation, number)` | whether the number, or the text that spells one, is in the relation to the number |
//! | `sigma_cidr(x, network)` | whether the text is an address of the network |
//! | `sigma_time(x, part)` | this part of the timestamp in UTC, NULL where the text is none |
//!
//! NULL gives NULL throughout. [`EventTable`] holds projected events (see [`super::project`]) in the columns that the queries
//! expect.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Timelike, Utc};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Error, Result, params_from_iter};
use serde_json::Value;

use crate::interp::Event;
use crate::ir::{Network, Number};

/// The column that holds the whole event as a JSON object.
pub const EVENT_COLUMN: &str = "event_json";
/// The column that numbers an [`EventTable`]'s rows, from 0.
const ROW_COLUMN: &str = "sigmaglot row";

/// Makes the functions known to a connection.
///
/// # Errors
/// What SQLite says where a function cannot be registered.
pub fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("regexp", 2, flags, regexp)?;
    connection.create_scalar_function("sigma_like", 2, flags, sigma_like)?;
    connection.create_scalar_function("sigma_fold", 1, flags, |cx| Ok(text(cx, 0)?.map(|text| fold(&text))))?;
    connection.create_scalar_function("sigma_compare", 3, flags, sigma_compare)?;
    connection.create_scalar_function("sigma_cidr", 2, flags, sigma_cidr)?;
    connection.create_scalar_function("sigma_time", 2, flags, sigma_time)
}

/// Whether an event holds one of the two characters beyond ASCII that fold to ASCII letters (U+212A to `k`, U+017F to
/// `s`). `LIKE` and `NOCASE` do not know them: such events are outside the data model, and comparisons leave them out.
pub fn folding_gap(text: &str) -> bool {
    text.contains(['\u{212A}', '\u{17F}'])
}

fn failed(message: String) -> Error {
    Error::UserFunctionError(message.into())
}

/// The text of an argument; numbers in decimal.
fn text(cx: &Context<'_>, index: usize) -> Result<Option<String>> {
    Ok(match cx.get_raw(index) {
        ValueRef::Null => None,
        ValueRef::Integer(n) => Some(n.to_string()),
        ValueRef::Real(x) => Some(Number::Float(x).to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    })
}

fn word(cx: &Context<'_>, index: usize) -> Result<String> {
    text(cx, index)?.ok_or_else(|| failed(format!("argument {} must not be NULL", index + 1)))
}

fn regexp(cx: &Context<'_>) -> Result<Option<bool>> {
    let compile = |value: ValueRef<'_>| -> std::result::Result<_, Box<dyn std::error::Error + Send + Sync>> {
        Ok(regex::RegexBuilder::new(value.as_str()?).size_limit(64 << 20).build()?)
    };
    let regex = cx.get_or_create_aux(0, compile)?;
    Ok(text(cx, 1)?.map(|text| regex.is_match(&text)))
}

/// A piece of a `sigma_like` pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LikePiece {
    Char(char),
    AnyChar,
    AnyString,
}

fn sigma_like(cx: &Context<'_>) -> Result<Option<bool>> {
    let compile = |value: ValueRef<'_>| -> std::result::Result<_, Box<dyn std::error::Error + Send + Sync>> {
        Ok(like_pieces(value.as_str()?))
    };
    let pieces = cx.get_or_create_aux(1, compile)?;
    Ok(text(cx, 0)?.map(|text| like(&pieces, &fold(&text).chars().collect::<Vec<_>>())))
}

fn like_pieces(pattern: &str) -> Vec<LikePiece> {
    let mut out = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '%' => LikePiece::AnyString,
            '_' => LikePiece::AnyChar,
            '!' => LikePiece::Char(fold_char(chars.next().unwrap_or('!'))),
            c => LikePiece::Char(fold_char(c)),
        });
    }
    out
}

/// Whether the pieces match the whole text: on a mismatch the last `%` takes one character more.
fn like(pieces: &[LikePiece], text: &[char]) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match (pieces.get(piece), text.get(at)) {
            (Some(LikePiece::AnyString), _) => {
                retry = Some((piece, at));
                piece += 1;
            }
            (Some(LikePiece::AnyChar), _) => (piece, at) = (piece + 1, at + 1),
            (Some(LikePiece::Char(wanted)), Some(found)) if wanted == found => (piece, at) = (piece + 1, at + 1),
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (piece, at) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pieces.get(piece..).is_some_and(|rest| rest.iter().all(|piece| *piece == LikePiece::AnyString))
}

fn fold_char(c: char) -> char {
    unicode_case_mapping::case_folded(c).and_then(|n| char::from_u32(n.get())).unwrap_or(c)
}

fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn sigma_compare(cx: &Context<'_>) -> Result<Option<bool>> {
    let number = word(cx, 2)?;
    let number = spelled(&number).ok_or_else(|| failed(format!("`{number}` is no number")))?;
    let holds: fn(Ordering) -> bool = match word(cx, 1)?.as_str() {
        "<" => Ordering::is_lt,
        "<=" => Ordering::is_le,
        ">" => Ordering::is_gt,
        ">=" => Ordering::is_ge,
        "=" => Ordering::is_eq,
        other => return Err(failed(format!("`{other}` is no relation"))),
    };
    let found = match cx.get_raw(0) {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(n) => Some(Number::Int(n.into())),
        ValueRef::Real(x) => Some(Number::Float(x)),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => std::str::from_utf8(bytes).ok().and_then(spelled),
    };
    Ok(Some(found.is_some_and(|found| holds(found.compare(number)))))
}

/// The texts that spell numbers.
static NUMBER: LazyLock<Option<regex::Regex>> =
    LazyLock::new(|| regex::Regex::new(r"^[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$").ok());

/// The number that a text spells: whole numbers exactly up to 38 digits, others as the nearest double.
fn spelled(text: &str) -> Option<Number> {
    if !NUMBER.as_ref()?.is_match(text) {
        return None;
    }
    text.parse().map(Number::Int).ok().or_else(|| text.parse().map(Number::Float).ok())
}

fn sigma_cidr(cx: &Context<'_>) -> Result<Option<bool>> {
    let network: Network = word(cx, 1)?.parse().map_err(failed)?;
    Ok(match cx.get_raw(0) {
        ValueRef::Null => None,
        ValueRef::Text(bytes) => {
            let address = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<IpAddr>().ok());
            Some(address.is_some_and(|address| network.contains(address)))
        }
        _ => Some(false),
    })
}

fn sigma_time(cx: &Context<'_>) -> Result<Option<i64>> {
    let ValueRef::Text(bytes) = cx.get_raw(0) else { return Ok(None) };
    let part = word(cx, 1)?;
    let Some(time) = std::str::from_utf8(bytes).ok().and_then(timestamp) else { return Ok(None) };
    Ok(Some(match part.as_str() {
        "minute" => time.minute().into(),
        "hour" => time.hour().into(),
        "day" => time.day().into(),
        "week" => time.iso_week().week().into(),
        "month" => time.month().into(),
        "year" => time.year().into(),
        other => return Err(failed(format!("`{other}` is no part of a timestamp"))),
    }))
}

/// RFC 3339; without an offset UTC.
fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    let with_offset = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}Z")));
    with_offset.ok().map(|time| time.with_timezone(&Utc))
}

/// A table of projected events for the queries of target `sql`.
#[derive(Debug)]
pub struct EventTable<'c> {
    connection: &'c Connection,
    insert: String,
    columns: Vec<String>,
    rows: i64,
}

impl<'c> EventTable<'c> {
    /// Creates the table `name` with a column for each field, which must differ in more than the case of ASCII letters, and
    /// the column [`EVENT_COLUMN`].
    ///
    /// # Errors
    /// What SQLite says, for instance where two columns are one.
    pub fn create<'f>(
        connection: &'c Connection,
        name: &str,
        fields: impl IntoIterator<Item = &'f str>,
    ) -> Result<Self> {
        let columns: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        let names: Vec<String> =
            [ROW_COLUMN, EVENT_COLUMN].into_iter().chain(columns.iter().map(String::as_str)).map(quoted).collect();
        // No types: each value keeps its own.
        connection.execute(&format!("CREATE TABLE {} ({})", quoted(name), names.join(", ")), [])?;
        let marks = vec!["?"; names.len()].join(", ");
        let insert = format!("INSERT INTO {} VALUES ({marks})", quoted(name));
        Ok(Self { connection, insert, columns, rows: 0 })
    }

    /// Adds a projected event and gives its number.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn insert(&mut self, projected: &Event) -> Result<i64> {
        let row = self.rows;
        let json = Value::Object(projected.0.clone()).to_string();
        let values = self.columns.iter().map(|column| cell(projected.0.get(column)));
        let all = [Sql::Integer(row), Sql::Text(json)].into_iter().chain(values);
        self.connection.prepare_cached(&self.insert)?.execute(params_from_iter(all))?;
        self.rows += 1;
        Ok(row)
    }

    /// The numbers of the events that a query over the table selects, ascending.
    ///
    /// # Errors
    /// What SQLite says of the query.
    pub fn select(&self, query: &str) -> Result<Vec<i64>> {
        select(self.connection, query)
    }
}

/// The numbers of the events that a query over an [`EventTable`] selects, ascending.
///
/// # Errors
/// What SQLite says of the query.
pub fn select(connection: &Connection, query: &str) -> Result<Vec<i64>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    let mut numbers: Vec<i64> = rows.collect::<Result<_>>()?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// A value of a projected event as SQLite stores it.
fn cell(value: Option<&Value>) -> Sql {
    match value {
        None | Some(Value::Null) => Sql::Null,
        Some(Value::String(text)) => Sql::Text(text.clone()),
        Some(Value::Number(number)) => number.as_i64().map_or_else(|| Sql::Text(number.to_string()), Sql::Integer),
        Some(other) => Sql::Text(other.to_string()),
    }
}

/// A name in backticks.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(expression: &str) -> Sql {
        let connection = Connection::open_in_memory().expect("a connection");
        register(&connection).expect("registered functions");
        connection.query_row(&format!("SELECT {expression}"), [], |row| row.get(0)).expect(expression)
    }

    #[test]
    fn functions_answer_as_documented() {
        for (expression, expected) in [
            ("'Änd' REGEXP '(?i)^äN.$'", Sql::Integer(1)),
            ("4688 REGEXP '^46'", Sql::Integer(1)),
            ("NULL REGEXP 'a'", Sql::Null),
            ("sigma_like('ÄRGER%!', '%rger!%!!')", Sql::Integer(1)),
            ("sigma_like('xäby', '_Ä%Y')", Sql::Integer(1)),
            ("sigma_like('ab', 'ab%c')", Sql::Integer(0)),
            ("sigma_like('', '')", Sql::Integer(1)),
            ("sigma_like(NULL, '%')", Sql::Null),
            ("sigma_fold('ΣςK')", Sql::Text("σσk".into())),
            ("sigma_compare('9007199254740993', '>', '9007199254740992')", Sql::Integer(1)),
            ("sigma_compare(9007199254740993, '=', '9007199254740993')", Sql::Integer(1)),
            ("sigma_compare('1e3', '>=', '1000')", Sql::Integer(1)),
            ("sigma_compare('junk', '<', '5')", Sql::Integer(0)),
            ("sigma_compare(NULL, '<', '5')", Sql::Null),
            ("sigma_cidr('FE80:0::1', 'fe80::/10')", Sql::Integer(1)),
            ("sigma_cidr('fe80::1%eth0', 'fe80::/10')", Sql::Integer(0)),
            ("sigma_time('2024-12-31T01:59:58+02:00', 'week')", Sql::Integer(1)),
            ("sigma_time('2024-12-31T01:59:58+02:00', 'day')", Sql::Integer(30)),
            ("sigma_time('yesterday', 'day')", Sql::Null),
        ] {
            assert_eq!(ask(expression), expected, "{expression}");
        }
    }

    #[test]
    fn spelled_numbers_follow_the_grammar() {
        for good in ["1", "+1", "-.5", "1.5E-3", "007"] {
            assert!(spelled(good).is_some(), "{good}");
        }
        for bad in ["", ".", "1.", "1e", "e5", " 1", "0x1", "inf", "1.2.3", "1e5.5", "--1"] {
            assert!(spelled(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_table_keeps_types_and_refuses_columns_that_are_one() {
        let connection = Connection::open_in_memory().expect("a connection");
        let mut table = EventTable::create(&connection, "events", ["a.b", "it`s"]).expect("a table");
        let Value::Object(event) = serde_json::json!({"a.b": 5, "it`s": "x"}) else { panic!("an object") };
        assert_eq!(table.insert(&Event(event)).expect("a row"), 0);
        assert_eq!(table.insert(&Event(Default::default())).expect("a row"), 1);
        let select = |query: &str| table.select(query).expect(query);
        assert_eq!(select("SELECT * FROM events WHERE typeof([a.b]) = 'integer' AND `it``s` = 'x'"), [0]);
        assert_eq!(select("SELECT * FROM events WHERE [a.b] IS NULL"), [1]);
        assert_eq!(select("SELECT * FROM events WHERE event_json = '{\"a.b\":5,\"it`s\":\"x\"}'"), [0]);
        assert!(table.select("SELECT * FROM events WHERE [nothing] = 'nothing'").is_err());
        assert!(EventTable::create(&connection, "other", ["Status", "status"]).is_err());
    }
}
