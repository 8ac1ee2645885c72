//! Functions of single values (pages "Text functions", "Conversion functions", "Date and Time functions").

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::value::{Value, number};
use crate::lang::Error;
use crate::source::Span;

/// A function of single values; null where an argument is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Lower,
    Upper,
    Len,
    Substr,
    Trim,
    ToNumber,
    ToText,
    Floor,
    Min,
    Pow,
    Strftime,
    Strptime,
}

/// The letters of `strftime()` that mean the same in Splunk and in chrono, each a number of fixed width.
const TIME_LETTERS: &str = "YmdHMSjVF%T";

impl Function {
    /// The function of this name, with the least and greatest number of its arguments.
    pub(super) fn of(name: &str) -> Option<(Self, usize, usize)> {
        Some(match name {
            "lower" => (Function::Lower, 1, 1),
            "upper" => (Function::Upper, 1, 1),
            "len" => (Function::Len, 1, 1),
            "substr" => (Function::Substr, 2, 3),
            "trim" => (Function::Trim, 1, 1),
            "tonumber" => (Function::ToNumber, 1, 1),
            "tostring" => (Function::ToText, 1, 1),
            "floor" => (Function::Floor, 1, 1),
            "min" => (Function::Min, 1, usize::MAX),
            "pow" => (Function::Pow, 2, 2),
            "strftime" => (Function::Strftime, 2, 2),
            "strptime" => (Function::Strptime, 2, 2),
            _ => return None,
        })
    }
}

/// Calls a function; none of the values is null or of many values.
pub(super) fn call<'a>(function: Function, args: &[Value<'a>], span: Span) -> Result<Value<'a>, Error> {
    let text = args.first().map(Value::text).unwrap_or_default();
    let owned = |text: String| Value::Text(Cow::Owned(text));
    Ok(match function {
        Function::Lower => owned(map_case(&text, char::to_lowercase)),
        Function::Upper => owned(map_case(&text, char::to_uppercase)),
        Function::Len => Value::Number(text.chars().count() as f64),
        Function::Substr => owned(substr(&text, args.get(1), args.get(2), span)?),
        // "If X is not specified, spaces and tabs are removed from both sides."
        Function::Trim => owned(text.trim_matches([' ', '\t']).to_owned()),
        // "If the value is a field that cannot be converted to a number, the function returns NULL."
        Function::ToNumber => match args.first() {
            Some(Value::Number(number)) => Value::Number(*number),
            _ if is_doubtful_number(&text) => {
                return Err(Error::new("whether `tonumber()` reads this text is not documented", span));
            }
            _ => number(&text).map_or(Value::Null, Value::Number),
        },
        Function::ToText => owned(text.into_owned()),
        // Page "Mathematical functions": "rounds a number down to the nearest whole integer".
        Function::Floor => {
            args.first().and_then(Value::number).map_or(Value::Null, |number| Value::Number(number.floor()))
        }
        // Page "Statistical eval functions": "strings are greater than numbers", which is not modelled.
        Function::Min => {
            let numbers = args.iter().map(Value::number).collect::<Option<Vec<f64>>>();
            let numbers = numbers.ok_or_else(|| Error::new("`min()` is modelled for numbers", span))?;
            Value::Number(numbers.into_iter().fold(f64::INFINITY, f64::min))
        }
        // Page "Mathematical functions": "X to the power of Y".
        Function::Pow => {
            let power = args.first().and_then(Value::number).zip(args.get(1).and_then(Value::number));
            let power = power.map(|(x, y)| x.powf(y)).filter(|power| power.is_finite());
            Value::Number(power.ok_or_else(|| Error::new("this power is not documented", span))?)
        }
        Function::Strptime => {
            let format = args.get(1).map(Value::text).unwrap_or_default();
            strptime(&text, &format, span)?.map_or(Value::Null, Value::Number)
        }
        Function::Strftime => {
            let format = args.get(1).map(Value::text).unwrap_or_default();
            owned(strftime(args.first().and_then(Value::number), &format, span)?)
        }
    })
}

/// A text that some would call a number, though not digits, with a point between them or not, behind a `-` or nothing. One
/// with blanks around it is none: "for example if the value contains a leading and trailing space, the function returns NULL".
fn is_doubtful_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let spelled = unsigned.parse::<f64>().is_ok() && unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let plain = text.strip_prefix('-').unwrap_or(text);
    spelled && !plain.split_once('.').map_or_else(|| digits(plain), |(whole, rest)| digits(whole) && digits(rest))
}

/// One character to one character; those that would become several stay.
fn map_case<I: Iterator<Item = char>>(text: &str, mapping: impl Fn(char) -> I) -> String {
    let single = |c: char| {
        let mut mapped = mapping(c);
        match (mapped.next(), mapped.next()) {
            (Some(one), None) => one,
            _ => c,
        }
    };
    text.chars().map(single).collect()
}

/// "The indexes follow SQLite semantics; they start at 1. Negative indexes can be used to indicate a start from the end of
/// the string."
fn substr(text: &str, start: Option<&Value<'_>>, length: Option<&Value<'_>>, span: Span) -> Result<String, Error> {
    let integer = |value: &Value<'_>| {
        let number = value.number().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
        number.map(|number| number as i64).ok_or_else(|| Error::new("`substr()` needs whole numbers", span))
    };
    let count = text.chars().count() as i64;
    let start = start.map(integer).transpose()?.unwrap_or(1);
    let length = length.map(integer).transpose()?;
    if length.is_some_and(|length| length < 0) {
        return Err(Error::new("a negative length of `substr()` is not documented", span));
    }
    let first = if start < 0 { count + start } else { start - 1 };
    let end = length.map_or(count, |length| first + length);
    let (from, to) = (first.clamp(0, count), end.clamp(0, count));
    Ok(text.chars().skip(from as usize).take((to - from).max(0) as usize).collect())
}

/// Refuses formats with letters that the model does not know.
fn check_format(format: &str, span: Span) -> Result<(), Error> {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c == '%' && !chars.next().is_some_and(|letter| TIME_LETTERS.contains(letter)) {
            return Err(Error::new("this letter of the time format is not modelled", span));
        }
    }
    Ok(())
}

/// The time in UTC that a text of this format says, in seconds since 1970 (page "Date and Time functions").
///
/// # Errors
/// A year before 1970: what Splunk makes of one is not documented.
fn strptime(text: &str, format: &str, span: Span) -> Result<Option<f64>, Error> {
    check_format(format, span)?;
    let time = chrono::NaiveDateTime::parse_from_str(text, format).ok();
    let time = time.or_else(|| chrono::NaiveDate::parse_from_str(text, format).ok()?.and_hms_opt(0, 0, 0));
    match time.map(|time| time.and_utc().timestamp()) {
        Some(seconds) if seconds < 0 => Err(Error::new("times before 1970 are not documented", span)),
        seconds => Ok(seconds.map(|seconds| seconds as f64)),
    }
}

/// A time in UTC, in a format of the letters that the model knows.
fn strftime(time: Option<f64>, format: &str, span: Span) -> Result<String, Error> {
    check_format(format, span)?;
    let seconds = time.map(f64::floor).filter(|seconds| (0.0..253_402_300_800.0).contains(seconds));
    let time = seconds.and_then(|seconds| chrono::DateTime::from_timestamp(seconds as i64, 0));
    let time = time.ok_or_else(|| Error::new("this is no time between 1970 and 9999", span))?;
    Ok(time.format(format).to_string())
}

/// Compiles a pattern of `like()`: "use the percent ( % ) symbol as a wildcard for matching multiple characters, use the
/// underscore ( _ ) character to match a single character" (page "Wildcards"). It covers the whole text and minds case.
///
/// # Errors
/// A backslash: how the pattern reads it is not documented.
pub(super) fn like(pattern: &str, span: Span) -> Result<Regex, Error> {
    let mut regex = String::from("(?s)\\A");
    let mut buffer = [0; 4];
    for c in pattern.chars() {
        match c {
            '\\' => return Err(Error::new("how `like()` reads a backslash is not documented; use `match()`", span)),
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            _ => regex.push_str(&regex::escape(c.encode_utf8(&mut buffer))),
        }
    }
    regex.push_str("\\z");
    RegexBuilder::new(&regex).build().map_err(|_| Error::new("the pattern is too large", span))
}
