//! Reads the forms of date-times and times of day that [`Moment::parse`] accepts.

use super::{DAY, MINUTE, Moment, Scale};

/// Reads a date-time or a time of day, or returns `None`.
pub(super) fn read(mut text: &[u8]) -> Option<Moment> {
    if text.get(4) != Some(&b'-') {
        let width = if text.get(1) == Some(&b':') { 1 } else { 2 };
        let ms = time_of_day(&mut text, width)?;
        return text.is_empty().then(|| Moment::new(Scale::Clock, ms, 0));
    }
    let midnight = date(&mut text)? * DAY;
    let Some((separator, mut text)) = text.split_first() else {
        return Some(Moment::new(Scale::Local, midnight, 0));
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let wall = midnight + time_of_day(&mut text, 2)?;
    if text.is_empty() {
        return Some(Moment::new(Scale::Local, wall, 0));
    }
    let offset = offset(text)?;
    Some(Moment::new(Scale::Instant, wall - offset * MINUTE, offset))
}

/// Reads the `YYYY-MM-DD` at the start of `text`. Returns the days since 1970.
fn date(text: &mut &[u8]) -> Option<i64> {
    let year = number(text, 4)?;
    skip(text, b'-')?;
    let month = number(text, 2)?;
    skip(text, b'-')?;
    let day = number(text, 2)?;
    let first = first_of_month(year, month);
    let exists = year > 0
        && (1..=12).contains(&month)
        && day > 0
        && (day <= 28 || day <= first_of_month(year, month + 1) - first);
    exists.then_some(first + day - 1)
}

/// Returns the days from 1970 to the first day of a month. Month 13 is January of the next year.
///
/// Internally, years start in March, so that the leap day is the last day of a year.
fn first_of_month(year: i64, month: i64) -> i64 {
    let months = year * 12 + month - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 - 719_468
}

/// Reads the time at the start of `text`, with `width` digits for the hour. Returns milliseconds since midnight.
fn time_of_day(text: &mut &[u8], width: usize) -> Option<i64> {
    let hour = number(text, width)?;
    skip(text, b':')?;
    let minute = number(text, 2)?;
    let (mut second, mut ms) = (0, 0);
    if skip(text, b':').is_some() {
        second = number(text, 2)?;
        if skip(text, b'.').or_else(|| skip(text, b',')).is_some() {
            ms = fraction(text)?;
        }
    }
    let time = (hour * 60 + minute) * MINUTE + second * 1000 + ms;
    (minute < 60 && second < 60 && (hour < 24 || time == DAY)).then_some(time)
}

/// Reads a fraction of a second. Returns its milliseconds, and ignores all digits after the third.
fn fraction(text: &mut &[u8]) -> Option<i64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut head = text.get(..digits.min(3))?;
    *text = text.get(digits..)?;
    match head.len() {
        0 => None,
        1 => Some(number(&mut head, 1)? * 100),
        2 => Some(number(&mut head, 2)? * 10),
        _ => number(&mut head, 3),
    }
}

/// Reads an offset, which must be the whole text. Returns minutes east of UTC.
fn offset(mut text: &[u8]) -> Option<i64> {
    if matches!(text, [b'Z' | b'z']) {
        return Some(0);
    }
    let sign = if skip(&mut text, b'+').is_some() {
        1
    } else {
        skip(&mut text, b'-')?;
        -1
    };
    let hours = number(&mut text, 2)?;
    let minutes = if text.is_empty() {
        0
    } else {
        // The colon is optional.
        let _ = skip(&mut text, b':');
        number(&mut text, 2)?
    };
    (text.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Reads a number of `width` digits.
#[inline]
fn number(text: &mut &[u8], width: usize) -> Option<i64> {
    let (digits, rest) = text.split_at_checked(width)?;
    let mut value = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    *text = rest;
    Some(value)
}

/// Skips one byte if it is the expected one.
#[inline]
fn skip(text: &mut &[u8], expected: u8) -> Option<()> {
    let (first, rest) = text.split_first()?;
    (*first == expected).then(|| *text = rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(Scale, i64, i64)> {
        let moment = Moment::parse(text.as_bytes());
        let scale = moment.scale()?;
        Some((scale, moment.ms(), moment.wall_ms() - moment.ms()))
    }

    /// Milliseconds recorded from Python's `datetime`.
    #[test]
    fn the_forms_that_catalogues_write() {
        use Scale::{Clock, Instant, Local};
        let rows = [
            ("2026-01-31T09:30:00+01:00", Instant, 1_769_848_200_000, 60),
            (
                "2017-08-17T14:00:00-04:00",
                Instant,
                1_502_992_800_000,
                -240,
            ),
            ("2026-01-31T08:30:00Z", Instant, 1_769_848_200_000, 0),
            ("2026-01-31t08:30z", Instant, 1_769_848_200_000, 0),
            ("2026-01-31 14:15+0545", Instant, 1_769_848_200_000, 345),
            ("2026-01-31T18:30+10", Instant, 1_769_848_200_000, 600),
            ("2024-02-29T23:59:59.9999999", Local, 1_709_251_199_999, 0),
            ("2024-02-29T23:59:59,5", Local, 1_709_251_199_500, 0),
            ("2023-12-31T24:00:00", Local, 1_704_067_200_000, 0),
            ("1970-01-01", Local, 0, 0),
            ("0001-01-01T00:00", Local, -62_135_596_800_000, 0),
            (
                "9999-12-31T23:59:59.999-23:59",
                Instant,
                253_402_387_139_999,
                -1439,
            ),
            ("9:05", Clock, 32_700_000, 0),
            (" 09:05\n", Clock, 32_700_000, 0),
            ("23:59:59.25", Clock, 86_399_250, 0),
            ("24:00", Clock, DAY, 0),
        ];
        for (text, scale, ms, minutes) in rows {
            assert_eq!(parse(text), Some((scale, ms, minutes * MINUTE)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_unknown() {
        let rows = [
            "",
            "9",
            "9:5",
            "09:60",
            "24:01",
            "25:00",
            "09:00:",
            "09:00:60",
            "09:00:00.",
            "09:00Z",
            "9am",
            "009:00",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-04-31",
            "0000-01-01",
            "2026-1-1",
            "20260131",
            "2026-W05-6",
            "2026-01-31T",
            "2026-01-31X09:00",
            "2026-01-31T9:00",
            "2026-01-31T09:00+",
            "2026-01-31T09:00+1",
            "2026-01-31T09:00+24:00",
            "2026-01-31T09:00+01:60",
            "2026-01-31T09:00+01:00:00",
            "2026-01-31T09:00 UTC",
            "-2026-01-31",
            "２026-01-31",
            "TBD",
        ];
        for text in rows {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_nine_thousand_years_follows_the_one_before() {
        let mut expected = first_of_month(1, 1);
        assert_eq!(expected, -719_162);
        for year in 1..=9999 {
            for month in 1..=12 {
                assert_eq!(first_of_month(year, month), expected);
                let length = match month {
                    2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
                    2 => 28,
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                expected += length;
            }
        }
    }
}
