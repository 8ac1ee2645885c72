//! Columns of the engine's own types: addresses and points in time.
//!
//! Such a column gives its values back in one spelling, so a test of the text becomes one of the value where it can, which an index
//! serves; the rest is asked of the text that the manifest's `[words.native]` makes. No literal is written that the type cannot
//! parse: that would be an error for every row. Which types there are and how they are written stands in the manifest.

use std::net::IpAddr;

use chrono::{Months, NaiveDate, NaiveDateTime, TimeDelta};
use ipnet::IpNet;

use super::Leaves;
use super::dialect::Native;
use super::pattern::Equality;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Case, Field, FieldType, Network, Origin, Pattern, Shape, Test};
use crate::target::plan::{Context, Plan};
use crate::target::quote::Quoted;

/// What becomes of a test on such a column.
pub(super) enum Form {
    /// One of a list of values.
    Equality(Equality),
    /// Anything else.
    Plan(Plan),
}

impl Leaves<'_> {
    /// The test on a column of the engine's own type; `None` where the column is none, or its text is to be asked.
    ///
    /// # Errors
    /// Where the dialect has no such type.
    pub(super) fn native(
        &self,
        field: &Field,
        test: &Test,
        origin: &Origin,
        cx: &mut Context<'_>,
    ) -> Result<Option<Form>, Diagnostic> {
        let kind = self.quoter.kind(field);
        if kind.general() == kind {
            return Ok(None);
        }
        let native = self.quoter.native(kind)?;
        let found = match test {
            Test::Pattern(pattern) => self.native_pattern(field, kind, native, pattern)?,
            Test::Network(network) if kind.general() == FieldType::Ip => {
                Some(Form::Plan(self.native_network(field, kind, *network)?))
            }
            // An address and a point in time are no numbers and no truth values, and no point in time is an address.
            Test::Number(_) | Test::Bool(_) | Test::Compare(..) | Test::Network(_) => Some(Form::Plan(Plan::False)),
            _ => None,
        };
        if matches!(found, Some(Form::Plan(Plan::False))) {
            let message = format!("no value of the column `{}` can be so: it is of type {}", field.name, noun(kind));
            let help = "write the value as the column's type spells it, or declare the column as text";
            cx.say(Diagnostic::new(codes::NEVER_IN_COLUMN, message).at(origin.span).help(help));
        }
        Ok(found)
    }

    fn native_pattern(
        &self,
        field: &Field,
        kind: FieldType,
        native: &Native,
        pattern: &Pattern,
    ) -> Result<Option<Form>, Diagnostic> {
        let is_time = kind.general() == FieldType::Time;
        match pattern.shape() {
            Shape::Equals(text) => {
                let literal = if is_time {
                    point(text, pattern.case).map(|point| self.quoter.point(native, point)).transpose()?
                } else {
                    address(text, pattern.case, kind)
                        .map(|address| self.quoter.address(native, kind, address))
                        .transpose()?
                };
                Ok(Some(match literal {
                    Some(value) => Form::Equality(Equality {
                        name: "equals",
                        operand: self.quoter.column(field)?,
                        values: vec![value],
                    }),
                    None => Form::Plan(Plan::False),
                }))
            }
            Shape::StartsWith(text) if is_time => match span(text, pattern.case) {
                Some((first, end)) => {
                    let bounds = [self.quoter.point(native, first)?, self.quoter.point(native, end)?];
                    let column = [self.quoter.column(field)?];
                    Ok(Some(Form::Plan(Plan::leaf("between", column.into_iter().chain(bounds).map(Into::into)))))
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// Addresses of a network. Families do not mix, although one type may hold both.
    fn native_network(&self, field: &Field, kind: FieldType, network: Network) -> Result<Plan, Diagnostic> {
        let column = self.quoter.column(field)?;
        let within = |net: String| -> Result<Plan, Diagnostic> {
            Ok(Plan::leaf("address_in", [column.clone().into(), self.quoter.string(&net)?.into()]))
        };
        match (network.net(), kind) {
            (IpNet::V4(net), FieldType::Inet6) => {
                within(format!("{}/{}", net.network().to_ipv6_mapped(), u32::from(net.prefix_len()) + 96))
            }
            (IpNet::V6(net), FieldType::Inet6) => {
                let six = within(net.to_string())?;
                let four = "::ffff:0:0/96".parse::<ipnet::Ipv6Net>().is_ok_and(|four| net.contains(&four));
                if four { Ok(Plan::all([six, within("::ffff:0.0.0.0/96".into())?.negate()])) } else { Ok(six) }
            }
            (IpNet::V6(_), FieldType::Inet4) => Ok(Plan::False),
            (net, _) => within(net.to_string()),
        }
    }
}

impl super::quote::Quoter<'_> {
    /// How the dialect writes the type.
    ///
    /// # Errors
    /// Where it has none.
    pub(super) fn native(&self, kind: FieldType) -> Result<&Native, Diagnostic> {
        let word = match kind {
            FieldType::Inet => "inet",
            FieldType::Inet4 => "inet4",
            FieldType::Inet6 => "inet6",
            FieldType::Timestamp => "timestamp",
            _ => "timestamptz",
        };
        self.dialect.native.get(word).ok_or_else(|| {
            let message = format!("{} has no type {}", self.target, noun(kind));
            Diagnostic::new(codes::PREDICATE_UNSUPPORTED, message)
                .help("declare the column as `text`, `ip` or `time` in `sigmaglot_types`, which are kept as text")
        })
    }

    /// A literal of a point in time in UTC.
    fn point(&self, native: &Native, point: NaiveDateTime) -> Result<Quoted, Diagnostic> {
        let zone = if native.zone { "+00:00" } else { "" };
        let text = format!("{}{zone}", point.format("%Y-%m-%d %H:%M:%S%.f"));
        Ok(Quoted::by_quoter(native.literal.replacen("{}", self.string(&text)?.as_str(), 1)))
    }

    /// A literal of an address.
    fn address(&self, native: &Native, kind: FieldType, address: IpAddr) -> Result<Quoted, Diagnostic> {
        let text = match (kind, address) {
            (FieldType::Inet6, IpAddr::V4(four)) => four.to_ipv6_mapped().to_string(),
            _ => address.to_string(),
        };
        Ok(Quoted::by_quoter(native.literal.replacen("{}", self.string(&text)?.as_str(), 1)))
    }
}

/// The type in words.
fn noun(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Inet => "`inet`",
        FieldType::Inet4 => "`ipv4`",
        FieldType::Inet6 => "`ipv6`",
        FieldType::Timestamp => "`timestamp`",
        _ => "`timestamptz`",
    }
}

/// The address that the engine writes as this text: others never match.
fn address(text: &str, case: Case, kind: FieldType) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok()?;
    let written = if kind == FieldType::Inet6 { address.to_canonical() } else { address };
    let same = match case {
        Case::Fold => written.to_string().eq_ignore_ascii_case(text),
        Case::Exact => written.to_string() == text,
    };
    (same && (kind != FieldType::Inet4 || written.is_ipv4())).then_some(written)
}

/// The point in time whose spelling this is: `2024-01-02T03:04:05Z`, with as many digits of a second as it needs.
fn point(text: &str, case: Case) -> Option<NaiveDateTime> {
    let text = spelled(text, case)?;
    let point = NaiveDateTime::parse_from_str(text.strip_suffix('Z')?, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    (written(point)? == text).then_some(point)
}

/// How the text of a point in time is written: the years that all engines write with four digits, a second's fraction as far as
/// microseconds without zeros at its end.
pub(crate) fn written(point: NaiveDateTime) -> Option<String> {
    let text = point.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let (whole, fraction) = text.split_once('.')?;
    let fraction = fraction.trim_end_matches('0');
    let fits =
        whole.len() == 19 && !whole.starts_with('0') && point.and_utc().timestamp_subsec_nanos().is_multiple_of(1_000);
    fits.then(|| if fraction.is_empty() { format!("{whole}Z") } else { format!("{whole}.{fraction}Z") })
}

/// The text with the letters that the engine writes.
fn spelled(text: &str, case: Case) -> Option<String> {
    match case {
        Case::Exact => Some(text.to_owned()),
        Case::Fold => text.is_ascii().then(|| text.to_ascii_uppercase()),
    }
}

/// The points in time whose text begins so, from the first on and before the other.
fn span(text: &str, case: Case) -> Option<(NaiveDateTime, NaiveDateTime)> {
    // What a text lacks to the first point that begins with it.
    const FIRST: &str = "1000-01-01T00:00:00";
    let text = spelled(text, case)?;
    let rest = match text.len() {
        4 | 5 | 7 | 8 | 10 | 11 | 13 | 14 | 16 | 17 | 19 => FIRST.get(text.len()..)?,
        _ => return None,
    };
    let first = NaiveDateTime::parse_from_str(&format!("{text}{rest}"), "%Y-%m-%dT%H:%M:%S").ok()?;
    // A text that is no such beginning reads as something else, or not at all.
    if !written(first)?.starts_with(&text) {
        return None;
    }
    let end = match text.len() {
        4 | 5 => first.checked_add_months(Months::new(12)),
        7 | 8 => first.checked_add_months(Months::new(1)),
        10 | 11 => first.checked_add_signed(TimeDelta::days(1)),
        13 | 14 => first.checked_add_signed(TimeDelta::hours(1)),
        16 | 17 => first.checked_add_signed(TimeDelta::minutes(1)),
        _ => first.checked_add_signed(TimeDelta::seconds(1)),
    }?;
    // The last year's end has five digits.
    (end.date() <= NaiveDate::from_ymd_opt(9999, 12, 31)?).then_some((first, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_in_the_spelling_that_engines_write() {
        let read = |text| point(text, Case::Fold).map(|point| point.to_string());
        assert_eq!(read("2024-01-02T03:04:05Z").as_deref(), Some("2024-01-02 03:04:05"));
        assert_eq!(read("2024-01-02t03:04:05.25z").as_deref(), Some("2024-01-02 03:04:05.250"));
        for text in [
            "2024-01-02 03:04:05Z",
            "2024-01-02T03:04:05",
            "2024-01-02T03:04:05+00:00",
            "2024-01-02T03:04:05.250Z",
            "2024-01-02T03:04:05.1234567Z",
            "2024-02-30T03:04:05Z",
            "0999-01-02T03:04:05Z",
            "2024-1-2T3:4:5Z",
            "",
            "Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(point("2024-01-02t03:04:05Z", Case::Exact), None);
    }

    #[test]
    fn beginnings_are_spans() {
        let span = |text| span(text, Case::Fold).map(|(first, end)| format!("{first} {end}"));
        assert_eq!(span("2024").as_deref(), Some("2024-01-01 00:00:00 2025-01-01 00:00:00"));
        assert_eq!(span("2024-02-").as_deref(), Some("2024-02-01 00:00:00 2024-03-01 00:00:00"));
        assert_eq!(span("2024-02-29t").as_deref(), Some("2024-02-29 00:00:00 2024-03-01 00:00:00"));
        assert_eq!(span("2024-02-29T23:59").as_deref(), Some("2024-02-29 23:59:00 2024-03-01 00:00:00"));
        for text in
            ["", "20", "2024-0", "2024-13", "2024-02-30", "2024-02-29 ", "9999", "2024-02-29T24", "0001", "+024"]
        {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_read_in_the_spelling_that_engines_write() {
        let read = |text, kind| address(text, Case::Fold, kind).map(|address| address.to_string());
        assert_eq!(read("10.7.5.2", FieldType::Inet).as_deref(), Some("10.7.5.2"));
        assert_eq!(read("2001:DB8::1", FieldType::Inet).as_deref(), Some("2001:db8::1"));
        assert_eq!(read("::ffff:10.7.5.2", FieldType::Inet).as_deref(), Some("::ffff:10.7.5.2"));
        assert_eq!(read("::ffff:10.7.5.2", FieldType::Inet6), None);
        assert_eq!(read("2001:db8::1", FieldType::Inet4), None);
        for text in ["foo", "10.7.5", "10.7.5.0/24", "2001:db8:0::1", "010.7.5.2", ""] {
            assert_eq!(read(text, FieldType::Inet), None, "{text}");
        }
    }
}
