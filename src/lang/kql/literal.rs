//! Texts to values: typed literals, and the conversions `tolong`, `todouble`, `tobool`, `todatetime`.
//!
//! A literal that cannot be read is an error of the query; a conversion of such a text is null.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::ast::Literal;

/// An integer literal with its sign; `None` where it does not fit.
pub(super) fn signed(magnitude: u64, negative: bool) -> Option<Literal> {
    let value = i128::from(magnitude) * if negative { -1 } else { 1 };
    i64::try_from(value).ok().map(|value| Literal::Long(Some(value)))
}

/// A literal such as `long(5)`, from its type and the text between its parentheses.
pub(super) fn typed(kind: &str, body: &str) -> Result<Literal, String> {
    let body = body.trim();
    let null = body == "null";
    let wrong = || format!("`{body}` is not a value of type {kind}");
    Ok(match kind {
        "bool" if null => Literal::Bool(None),
        "bool" => Literal::Bool(Some(boolean(body).ok_or_else(wrong)?)),
        "long" | "int64" if null => Literal::Long(None),
        "long" | "int64" => Literal::Long(Some(integer(body).ok_or_else(wrong)?)),
        "int" | "int32" if null => Literal::Int(None),
        "int" | "int32" => {
            Literal::Int(Some(integer(body).and_then(|value| i32::try_from(value).ok()).ok_or_else(wrong)?))
        }
        "real" | "double" if null => Literal::Real(None),
        "real" | "double" => Literal::Real(Some(match body {
            "nan" => f64::NAN,
            "+inf" => f64::INFINITY,
            "-inf" => f64::NEG_INFINITY,
            _ => number(body).ok_or_else(wrong)?,
        })),
        "decimal" if null => Literal::Decimal(None),
        "decimal" => Literal::Decimal(Some(number(body).ok_or_else(wrong)?)),
        "datetime" if null => Literal::DateTime(None),
        "datetime" => Literal::DateTime(Some(date_time(body).ok_or_else(wrong)?)),
        _ => return Err(format!("literals of type {kind} are not modelled")),
    })
}

/// `true` or `false` in any case, as `tobool` reads them.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Decimal digits with a sign, or `0x` and hexadecimal digits.
pub(super) fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => i64::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// A decimal number with an optional sign, point and exponent.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    plain.then(|| text.parse().ok()).flatten()
}

/// The ISO 8601 forms of the `datetime` page, in UTC: a date, then perhaps a time with minutes, seconds and a fraction,
/// then perhaps `Z` or an offset. The RFC 822 and RFC 850 forms are not modelled.
pub(super) fn date_time(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    let Some(time) = time else { return Some(date.and_time(NaiveTime::MIN)) };
    let (clock, offset) = split_offset(time)?;
    let clock = ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(clock, form).ok())?;
    date.and_time(clock).checked_sub_signed(chrono::TimeDelta::minutes(offset))
}

/// Cuts `Z`, `+01:00` or `-0130` off a time; the offset is in minutes.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let sign = if time.get(at..)?.starts_with('-') { -1 } else { 1 };
    let digits = time.get(at + 1..)?.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits.get(..2)?.parse::<i64>().ok()?, digits.get(2..)?.parse::<i64>().ok()?);
    (hours < 15 && minutes < 60).then(|| (time.get(..at).unwrap_or(""), sign * (hours * 60 + minutes)))
}
