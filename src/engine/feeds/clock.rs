//! Dates, times and durations as feeds write them, and ISO 8601 text of a moment.

use crate::engine::time::{DAY, Moment, Scale, civil};

pub(super) const MINUTE: i64 = 60_000;

/// Reads a date with a time, with or without an offset. Also takes a space before the offset.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    let found = Moment::parse(text.as_bytes());
    let found = if found.scale().is_none() && text.contains([' ']) {
        // `2012-02-04 11:00:00 +0100`
        let (head, offset) = text.rsplit_once(' ')?;
        let offset = match offset {
            "UTC" | "GMT" => "Z",
            offset => offset,
        };
        Moment::parse(format!("{}{offset}", head.trim_end()).as_bytes())
    } else {
        found
    };
    matches!(found.scale(), Some(Scale::Local | Scale::Instant)).then_some(found)
}

/// Reads a date with a time as [`moment`]; a date alone has no time, and is `None`.
pub(super) fn timed(text: &str) -> Option<Moment> {
    text.contains(':').then(|| moment(text)).flatten()
}

/// Reads `YYYY-MM-DD`, perhaps with a time behind it, as the milliseconds of its midnight.
pub(super) fn date(text: &str) -> Option<i64> {
    let date = text.trim().get(..10)?;
    let moment = Moment::parse(date.as_bytes());
    (moment.scale() == Some(Scale::Local)).then(|| moment.ms())
}

/// Returns the milliseconds of the midnight that begins a day; `None` if there is no such day.
pub(super) fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    let possible = (1..=9999).contains(&year) && (1..=12).contains(&month);
    // Years start in March here, as in `civil`.
    let from_march = (month + 9) % 12;
    let year_from_march = year - i64::from(month < 3);
    let (era, of_era) = (
        year_from_march.div_euclid(400),
        year_from_march.rem_euclid(400),
    );
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (possible && civil(days) == (year, month, day)).then_some(days * DAY)
}

/// Reads `H:MM`, `HH:MM` or `HH:MM:SS` as milliseconds since midnight.
pub(super) fn time_of_day(text: &str) -> Option<i64> {
    let moment = Moment::parse(text.trim().as_bytes());
    (moment.scale() == Some(Scale::Clock)).then(|| moment.ms())
}

/// Reads a duration: `H:MM`, `HH:MM:SS`, `D:HH:MM` (one digit for the days), a bare number of minutes, or `PT45M`.
pub(super) fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.starts_with('P') {
        return iso_duration(text);
    }
    let parts = text
        .split(':')
        .map(|part| part.parse::<u32>().ok().map(i64::from))
        .collect::<Option<Vec<_>>>()?;
    let small = |value: &i64| *value < 60;
    match parts.as_slice() {
        [minutes] => Some(minutes * MINUTE),
        [hours, minutes] if small(minutes) => Some((hours * 60 + minutes) * MINUTE),
        [days, hours, minutes] if text.find(':') == Some(1) && *hours < 24 && small(minutes) => {
            Some(((days * 24 + hours) * 60 + minutes) * MINUTE)
        }
        [hours, minutes, seconds] if small(minutes) && small(seconds) => {
            Some((hours * 60 + minutes) * MINUTE + seconds * 1000)
        }
        _ => None,
    }
}

/// Returns a moment that is `ms` later, with the same offset. After a time of day comes a time of day.
pub(super) fn later(start: Moment, ms: i64) -> Moment {
    match start.offset() {
        Some(minutes) => Moment::at_offset(start.wall_ms() + ms, minutes),
        None if start.scale() == Some(Scale::Clock) => {
            Moment::clock((start.wall_ms() + ms).rem_euclid(DAY))
        }
        None => Moment::local(start.wall_ms() + ms),
    }
}

/// Writes `2026-01-31T09:30:00+01:00`, or without the offset if there is none.
pub(super) fn iso(moment: Moment) -> String {
    let wall = moment.wall_ms();
    let seconds = wall.rem_euclid(DAY) / 1000;
    let mut text = String::with_capacity("2026-01-31T09:30:00+01:00".len());
    push_day(&mut text, wall);
    push_pair(&mut text, 'T', seconds / 3600);
    push_pair(&mut text, ':', seconds / 60 % 60);
    push_pair(&mut text, ':', seconds % 60);
    if let Some(minutes) = moment.offset() {
        let sign = if minutes < 0 { '-' } else { '+' };
        push_pair(&mut text, sign, minutes.abs() / 60);
        push_pair(&mut text, ':', minutes.abs() % 60);
    }
    text
}

/// Writes the date of a wall time: `2026-01-31`.
pub(super) fn day(wall_ms: i64) -> String {
    let mut text = String::with_capacity("2026-01-31".len());
    push_day(&mut text, wall_ms);
    text
}

/// Writes the time of day of a wall time: `09:30`.
pub(super) fn hour(wall_ms: i64) -> String {
    let minutes = wall_ms.rem_euclid(DAY) / MINUTE;
    let mut text = String::with_capacity("09:30".len());
    push_digits(&mut text, minutes / 60);
    push_pair(&mut text, ':', minutes % 60);
    text
}

fn push_day(text: &mut String, wall_ms: i64) {
    let (year, month, day) = civil(wall_ms.div_euclid(DAY));
    push_digits(text, year / 100);
    push_digits(text, year % 100);
    push_pair(text, '-', month);
    push_pair(text, '-', day);
}

fn push_pair(text: &mut String, mark: char, number: i64) {
    text.push(mark);
    push_digits(text, number);
}

/// Writes two digits. `format!` takes six times as long for a whole date.
fn push_digits(text: &mut String, number: i64) {
    let digit = |value: i64| char::from(b'0' + (value % 10).unsigned_abs() as u8);
    text.push(digit(number / 10));
    text.push(digit(number));
}

/// Reads a duration of ISO 8601 in weeks, days, hours, minutes and whole seconds: `PT1H30M`, `P1D`, `P0Y0M0DT0H45M0.000S`.
pub(super) fn iso_duration(text: &str) -> Option<i64> {
    let body = text.trim().strip_prefix('P')?;
    let (mut total, mut number, mut in_time) = (0_i64, String::new(), false);
    let mut fraction = false;
    for character in body.chars() {
        let unit = match (character, in_time) {
            ('T', false) => {
                in_time = true;
                continue;
            }
            ('0'..='9', _) => {
                // What is less than a second is of no use here, and other fractions are not written.
                if fraction && character != '0' {
                    return None;
                }
                if !fraction {
                    number.push(character);
                }
                continue;
            }
            ('.', true) => {
                fraction = true;
                continue;
            }
            // Years and months have no length of their own, so that only none of them is read.
            ('Y' | 'M', false) if number.bytes().all(|digit| digit == b'0') => 0,
            ('W', false) => 7 * DAY,
            ('D', false) => DAY,
            ('H', true) => 60 * MINUTE,
            ('M', true) => MINUTE,
            ('S', true) => 1000,
            _ => return None,
        };
        let count: i64 = number.parse().ok()?;
        total = total.checked_add(count.checked_mul(unit)?)?;
        number.clear();
    }
    (number.is_empty() && body.len() > 1).then_some(total)
}
