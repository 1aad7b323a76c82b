//! Converts between seconds since 1970 and dates of the proleptic Gregorian calendar in UTC.

use crate::engine::time::civil as date;

const DAY: i64 = 86_400;

/// Returns the number of the day, which rises by one at midnight.
pub(super) fn day(seconds: i64) -> i64 {
    seconds.div_euclid(DAY)
}

/// Formats a time as `20261123T150100.123456789Z`, which sorts by time and is valid in a file name.
pub(super) fn stamp(unix_ns: u64) -> String {
    let seconds = i64::try_from(unix_ns / 1_000_000_000).unwrap_or(i64::MAX);
    let (year, month, day_of_month) = date(day(seconds));
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let fraction = unix_ns % 1_000_000_000;
    format!("{year:04}{month:02}{day_of_month:02}T{hour:02}{minute:02}{second:02}.{fraction:09}Z")
}

/// Formats an hour as `2026-11-23T15Z`.
pub(super) fn hour_label(seconds: i64) -> String {
    let (year, month, day_of_month) = date(day(seconds));
    let hour = seconds.rem_euclid(DAY) / 3600;
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}Z")
}

/// Parses an ISO 8601 time with a date. Returns the seconds since 1970; a time without an offset counts as UTC.
pub(super) fn parse(text: &str) -> Option<f64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten()
    };
    let (year, month, of_month) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let rest = text.get(19..)?;
    let fraction_length = rest.strip_prefix('.').map_or(0, |digits| {
        1 + digits.bytes().take_while(u8::is_ascii_digit).count()
    });
    let (fraction, offset) = rest.split_at_checked(fraction_length)?;
    let fraction: f64 = if fraction.len() > 1 {
        format!("0{fraction}").parse().ok()?
    } else {
        0.0
    };
    let offset = match offset.as_bytes() {
        [] | [b'Z'] => 0,
        [sign @ (b'+' | b'-'), ..] if offset.len() == 6 => {
            let at = text.len() - 5;
            let minutes = number(at, at + 2)? * 60 + number(at + 3, at + 5)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds =
        days(year, month, of_month) * DAY + hour * 3600 + minute * 60 + second - offset * 60;
    Some(seconds as f64 + fraction)
}

/// Returns the day number of a date: the inverse of [`date`].
fn days(year: i64, month: i64, of_month: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + of_month - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (day, expected) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_780, (2026, 11, 23)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(day), expected, "{day}");
            assert_eq!(days(expected.0, expected.1, expected.2), day);
        }
    }

    #[test]
    fn iso_times() {
        assert_eq!(parse("2026-11-23T15:01:00.5+01:00"), Some(1_795_442_460.5));
        assert_eq!(parse("2026-11-23 15:01:00"), Some(1_795_446_060.0));
        for wrong in [
            "",
            "2026-11-23",
            "2026-11-23T15:01:00 CET",
            "yyyy-11-23T15:01:00Z",
            "é026-11-23T15:01:00",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn stamps_sort_as_times_do() {
        let times = [0, 1, 999_999_999, 1_000_000_000, 1_795_446_060_123_456_789];
        let stamps: Vec<String> = times.into_iter().map(stamp).collect();
        assert!(stamps.is_sorted());
        assert_eq!(
            stamps.last().map(String::as_str),
            Some("20261123T150100.123456789Z")
        );
        assert_eq!(hour_label(1_795_446_060), "2026-11-23T15Z");
    }
}
