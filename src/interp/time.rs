//! SEMANTICS.md, "Time parts": numbers taken from a timestamp, in UTC.

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::ir::TimePart;

/// The part of the timestamp that the text is; `None` where it is none. Text without an offset is UTC.
pub(super) fn part(part: TimePart, text: &str) -> Option<i64> {
    let time: DateTime<Utc> = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}Z")))
        .ok()?
        .with_timezone(&Utc);
    Some(match part {
        TimePart::Minute => time.minute().into(),
        TimePart::Hour => time.hour().into(),
        TimePart::Day => time.day().into(),
        TimePart::Week => time.iso_week().week().into(),
        TimePart::Month => time.month().into(),
        TimePart::Year => time.year().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_that_count() {
        for text in [
            "2024-12-30T23:59:58Z",
            "2024-12-30 23:59:58",
            "2024-12-30T23:59:58.123456789",
            "2024-12-31T01:59:58+02:00",
            "2024-12-30t23:59:58z",
        ] {
            let all =
                [TimePart::Minute, TimePart::Hour, TimePart::Day, TimePart::Week, TimePart::Month, TimePart::Year];
            assert_eq!(all.map(|p| part(p, text)), [59, 23, 30, 1, 12, 2024].map(Some), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_timestamps() {
        for text in [
            "",
            "2024-12-30",
            "2024-12-30T23:59",
            "2024-12-30T23:59:58.",
            "2024-1-2T3:4:5",
            "2024-02-30T00:00:00Z",
            "2024-12-30T23:59:58 ",
            " 2024-12-30T23:59:58Z",
            "2024-12-30  23:59:58",
            "1735603198",
            "20241230T235958Z",
            "2024-12-30T24:00:00Z",
        ] {
            assert_eq!(part(TimePart::Year, text), None, "{text}");
        }
    }
}
