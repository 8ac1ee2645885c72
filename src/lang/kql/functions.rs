//! The scalar functions whose arguments are plain values: their names, their types, what they give.
//!
//! Functions that need a constant argument, or choose among their arguments, are nodes of their own: see `check`.

use chrono::{Datelike, NaiveDateTime, Timelike};
use serde_json::Value as Json;
use std::borrow::Cow;

use super::literal;
use super::network::{Family, Network, limit};
use super::text::map_case;
use super::value::{Cell, Type};

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Param {
    /// Any type.
    Any,
    /// Any type whose text form is documented: all but `real` and `decimal`.
    Printable,
    /// `string`
    Text,
    /// `int` or `long`
    Integer,
    /// `long`
    Long,
    /// `dynamic`
    Dynamic,
    /// `string` or `dynamic`
    Json,
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    IsEmpty,
    IsNotEmpty,
    IsNull,
    IsNotNull,
    ToLower,
    ToUpper,
    ToText,
    ToHex,
    ToLong,
    ToInt,
    ToReal,
    ToBool,
    ToDateTime,
    StrLen,
    Substring,
    IndexOf,
    StrCat,
    ArrayLength,
    ParseJson,
    BagKeys,
    IsMatch(Family),
    IsInRange(Family),
    ParseIpv4,
}

/// A function's parameters, how many of them are needed, and the type of its result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    pub(super) function: Function,
    pub(super) params: &'static [Param],
    pub(super) required: usize,
    pub(super) result: Type,
}

/// Looks a function up; names are case-sensitive.
pub(super) fn signature(name: &str) -> Option<Signature> {
    use Function as F;
    use Param::{Any, Dynamic, Integer, Json, Long, Printable, Text};
    let (function, params, required, result): (F, &'static [Param], usize, Type) = match name {
        "isempty" => (F::IsEmpty, &[Any], 1, Type::Bool),
        "isnotempty" => (F::IsNotEmpty, &[Any], 1, Type::Bool),
        "isnull" => (F::IsNull, &[Any], 1, Type::Bool),
        "isnotnull" => (F::IsNotNull, &[Any], 1, Type::Bool),
        "tolower" => (F::ToLower, &[Text], 1, Type::String),
        "toupper" => (F::ToUpper, &[Text], 1, Type::String),
        "tostring" => (F::ToText, &[Printable], 1, Type::String),
        // An `int` below zero has fewer digits, and a second argument pads.
        "tohex" => (F::ToHex, &[Long], 1, Type::String),
        "tolong" => (F::ToLong, &[Any], 1, Type::Long),
        "toint" => (F::ToInt, &[Any], 1, Type::Int),
        "todouble" | "toreal" => (F::ToReal, &[Any], 1, Type::Real),
        "todecimal" => (F::ToReal, &[Any], 1, Type::Decimal),
        "tobool" | "toboolean" => (F::ToBool, &[Any], 1, Type::Bool),
        "todatetime" => (F::ToDateTime, &[Any], 1, Type::DateTime),
        "strlen" => (F::StrLen, &[Text], 1, Type::Long),
        "substring" => (F::Substring, &[Text, Integer, Integer], 2, Type::String),
        "indexof" => (F::IndexOf, &[Text, Text, Integer, Integer], 2, Type::Long),
        "strcat" => (F::StrCat, &[Printable; 64], 1, Type::String),
        "array_length" => (F::ArrayLength, &[Dynamic], 1, Type::Long),
        "parse_json" => (F::ParseJson, &[Json], 1, Type::Dynamic),
        "bag_keys" => (F::BagKeys, &[Dynamic], 1, Type::Dynamic),
        "ipv4_is_match" => (F::IsMatch(Family::V4), &[Text, Text, Integer], 2, Type::Bool),
        "ipv6_is_match" => (F::IsMatch(Family::V6), &[Text, Text, Integer], 2, Type::Bool),
        "ipv4_is_in_range" => (F::IsInRange(Family::V4), &[Text, Text], 2, Type::Bool),
        "ipv6_is_in_range" => (F::IsInRange(Family::V6), &[Text, Text], 2, Type::Bool),
        "parse_ipv4" => (F::ParseIpv4, &[Text], 1, Type::Long),
        _ => return None,
    };
    Some(Signature { function, params, required, result })
}

impl Param {
    /// Whether an argument of this type may stand here.
    pub(super) fn admits(self, argument: Type) -> bool {
        match self {
            Param::Any => true,
            Param::Printable => !matches!(argument, Type::Real | Type::Decimal),
            Param::Text => argument == Type::String,
            Param::Long => argument == Type::Long,
            Param::Integer => matches!(argument, Type::Int | Type::Long),
            Param::Dynamic => argument == Type::Dynamic,
            Param::Json => matches!(argument, Type::String | Type::Dynamic),
        }
    }
}

/// Calls a function; the check of types has seen that the arguments fit.
pub(super) fn call<'a>(function: Function, args: &[Cell<'_>]) -> Cell<'a> {
    let arg = |at: usize| args.get(at).unwrap_or(&Cell::Null);
    let first = arg(0);
    let integer = |at: usize| match arg(at) {
        Cell::Long(value) => Some(*value),
        _ => None,
    };
    match function {
        Function::IsEmpty => Cell::Bool(is_empty(first)),
        Function::IsNotEmpty => Cell::Bool(!is_empty(first)),
        Function::IsNull => Cell::Bool(first.is_null()),
        Function::IsNotNull => Cell::Bool(!first.is_null()),
        Function::ToLower => text(map_case(first.text(), char::to_lowercase)),
        Function::ToUpper => text(map_case(first.text(), char::to_uppercase)),
        Function::ToText => text(first.to_text()),
        // Page `tohex()`: digits in lower case, those of the complement below zero.
        Function::ToHex => text(integer(0).map_or(String::new(), |value| format!("{value:x}"))),
        Function::StrCat => text(args.iter().map(Cell::to_text).collect()),
        Function::ToLong => to_long(first).map_or(Cell::Null, Cell::Long),
        Function::ToInt => to_long(first).filter(|value| i32::try_from(*value).is_ok()).map_or(Cell::Null, Cell::Long),
        Function::ToReal => to_real(first).map_or(Cell::Null, Cell::Real),
        Function::ToBool => Cell::from_truth(to_bool(first)),
        Function::ToDateTime => to_date_time(first).map_or(Cell::Null, Cell::DateTime),
        Function::StrLen => count(first.text().chars().count()),
        Function::Substring => text(match (integer(1), args.len()) {
            (Some(start), 2) => substring(first.text(), start, i64::MAX),
            (Some(start), _) => integer(2).map_or(String::new(), |length| substring(first.text(), start, length)),
            (None, _) => String::new(),
        }),
        Function::IndexOf => index_of(first.text(), arg(1).text(), [integer(2), integer(3)], args.len()),
        Function::ArrayLength => match first {
            Cell::Dynamic(value) => value.as_array().map_or(Cell::Null, |items| count(items.len())),
            _ => Cell::Null,
        },
        Function::ParseJson => match first {
            Cell::Dynamic(value) => Cell::Dynamic(Cow::Owned(value.as_ref().clone())),
            other => parse_json(other.text()),
        },
        Function::BagKeys => bag_keys(first),
        Function::IsMatch(family) => is_match(family, first.text(), arg(1).text(), integer(2), args.len()),
        Function::IsInRange(family) => Cell::from_truth(is_in_range(family, first.text(), arg(1).text())),
        Function::ParseIpv4 => {
            Network::parse(first.text(), Family::V4).map_or(Cell::Null, |network| Cell::Long(network.to_long()))
        }
    }
}

fn text<'a>(text: String) -> Cell<'a> {
    Cell::Text(Cow::Owned(text))
}

fn count<'a>(count: usize) -> Cell<'a> {
    i64::try_from(count).map_or(Cell::Null, Cell::Long)
}

/// "`true` if the argument is an empty string or is null" (page `isempty()`).
fn is_empty(cell: &Cell<'_>) -> bool {
    match cell {
        Cell::Null => true,
        Cell::Text(text) => text.is_empty(),
        Cell::Dynamic(value) => value.as_str() == Some(""),
        _ => false,
    }
}

fn to_long(cell: &Cell<'_>) -> Option<i64> {
    // A real is cut at the point (page `toint()`); one outside the range has no long.
    let cut = |value: f64| (value.abs() < 9.2e18).then_some(value as i64);
    match cell {
        Cell::Bool(value) => Some(i64::from(*value)),
        Cell::Long(value) => Some(*value),
        Cell::Real(value) => cut(*value),
        Cell::Text(text) => literal::integer(text),
        Cell::Dynamic(value) => match value.as_ref() {
            Json::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(cut)),
            Json::String(text) => literal::integer(text),
            _ => None,
        },
        Cell::Null | Cell::DateTime(_) => None,
    }
}

fn to_real(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Bool(value) => Some(f64::from(u8::from(*value))),
        Cell::Long(value) => Some(*value as f64),
        Cell::Real(value) => Some(*value),
        Cell::Text(text) => literal::number(text),
        Cell::Dynamic(value) => match value.as_ref() {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => literal::number(text),
            _ => None,
        },
        Cell::Null | Cell::DateTime(_) => None,
    }
}

/// Page `tobool()`: `"true"` and `"false"`, numbers other than 0 are true.
fn to_bool(cell: &Cell<'_>) -> Option<bool> {
    match cell {
        Cell::Bool(value) => Some(*value),
        Cell::Long(value) => Some(*value != 0),
        Cell::Text(text) => literal::boolean(text),
        Cell::Dynamic(value) => match value.as_ref() {
            Json::Bool(value) => Some(*value),
            Json::String(text) => literal::boolean(text),
            Json::Number(number) => number.as_i64().map(|value| value != 0),
            _ => None,
        },
        _ => None,
    }
}

fn to_date_time(cell: &Cell<'_>) -> Option<NaiveDateTime> {
    match cell {
        Cell::DateTime(value) => Some(*value),
        Cell::Text(text) => literal::date_time(text),
        Cell::Dynamic(value) => value.as_str().and_then(literal::date_time),
        _ => None,
    }
}

/// Page `substring()`: a negative start counts from the end.
fn substring(text: &str, start: i64, length: i64) -> String {
    let size = text.chars().count();
    let start = offset(start, size).max(0);
    let (skip, take) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(length).unwrap_or(0));
    text.chars().skip(skip).take(take).collect()
}

fn offset(start: i64, size: usize) -> i64 {
    if start < 0 { start.saturating_add(i64::try_from(size).unwrap_or(i64::MAX)) } else { start }
}

/// Page `indexof()`: the match must lie wholly within the searched range; a negative start counts from the end.
fn index_of<'a>(text: &str, needle: &str, [start, length]: [Option<i64>; 2], given: usize) -> Cell<'a> {
    let or_default = |value: Option<i64>, at: usize, default: i64| if given > at { value } else { Some(default) };
    let (Some(start), Some(length)) = (or_default(start, 2, 0), or_default(length, 3, -1)) else {
        return Cell::Null;
    };
    let (text, needle): (Vec<char>, Vec<char>) = (text.chars().collect(), needle.chars().collect());
    let start = offset(start, text.len());
    if start < 0 || length < -1 {
        return Cell::Null;
    }
    let start = usize::try_from(start).unwrap_or(usize::MAX).min(text.len());
    let end = match usize::try_from(length) {
        Ok(length) => start.saturating_add(length).min(text.len()),
        Err(_) => text.len(),
    };
    let last = (end + 1).saturating_sub(needle.len());
    let found = (start..last).find(|at| text.get(*at..at + needle.len()) == Some(&needle[..]));
    found.map_or(Cell::Long(-1), count)
}

/// Page `parse_json()`: a text that is not JSON becomes a dynamic string; `""` becomes null.
fn parse_json<'a>(text: &str) -> Cell<'a> {
    if text.is_empty() {
        return Cell::Null;
    }
    match serde_json::from_str::<Json>(text) {
        Ok(Json::Null) => Cell::Null,
        Ok(value) => Cell::Dynamic(Cow::Owned(value)),
        Err(_) => Cell::Dynamic(Cow::Owned(Json::String(text.to_owned()))),
    }
}

/// Page `bag_keys()`: the keys of a property bag; everything else has none and gives null.
fn bag_keys<'a>(cell: &Cell<'_>) -> Cell<'a> {
    match cell {
        Cell::Dynamic(value) => match value.as_ref() {
            Json::Object(slots) => Cell::Dynamic(Cow::Owned(slots.keys().cloned().map(Json::String).collect())),
            _ => Cell::Null,
        },
        _ => Cell::Null,
    }
}

fn is_match<'a>(family: Family, left: &str, right: &str, prefix: Option<i64>, given: usize) -> Cell<'a> {
    let bits = if given > 2 { prefix.and_then(|prefix| limit(prefix, family)) } else { Some(128) };
    Cell::from_truth(match (Network::parse(left, family), Network::parse(right, family), bits) {
        (Some(left), Some(right), Some(bits)) => Some(left.matches(right, bits)),
        _ => None,
    })
}

/// An address with a prefix of its own is no address: null.
fn is_in_range(family: Family, address: &str, range: &str) -> Option<bool> {
    let address = Network::parse(address, family).filter(|address| address.is_address())?;
    Some(address.matches(Network::parse(range, family)?, 128))
}

/// A part of a time that `datetime_part()` extracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimePart {
    Year,
    Quarter,
    Month,
    WeekOfYear,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl TimePart {
    /// The part of this name; the page's own examples differ in case from its list.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "year" => TimePart::Year,
            "quarter" => TimePart::Quarter,
            "month" => TimePart::Month,
            "week_of_year" => TimePart::WeekOfYear,
            "day" => TimePart::Day,
            "dayofyear" => TimePart::DayOfYear,
            "hour" => TimePart::Hour,
            "minute" => TimePart::Minute,
            "second" => TimePart::Second,
            "millisecond" => TimePart::Millisecond,
            "microsecond" => TimePart::Microsecond,
            "nanosecond" => TimePart::Nanosecond,
            _ => return None,
        })
    }

    /// The part's number; weeks are those of ISO 8601 (page `week_of_year()`).
    pub(super) fn of(self, time: NaiveDateTime) -> i64 {
        // `nanosecond()` counts on into a leap second; a tick is 100 ns.
        let nanos = i64::from(time.nanosecond() % 1_000_000_000) / 100 * 100;
        match self {
            TimePart::Year => i64::from(time.year()),
            TimePart::Quarter => i64::from(time.month0() / 3 + 1),
            TimePart::Month => i64::from(time.month()),
            TimePart::WeekOfYear => i64::from(time.iso_week().week()),
            TimePart::Day => i64::from(time.day()),
            TimePart::DayOfYear => i64::from(time.ordinal()),
            TimePart::Hour => i64::from(time.hour()),
            TimePart::Minute => i64::from(time.minute()),
            TimePart::Second => i64::from(time.second()),
            TimePart::Millisecond => nanos / 1_000_000,
            TimePart::Microsecond => nanos / 1_000,
            TimePart::Nanosecond => nanos,
        }
    }
}
