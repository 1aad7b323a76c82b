//! Durations of a table: `45 min`, `1 h 30 min`, `1h30`, `1,5 h`, `PT45M`, or numbers whose unit the column tells.

use super::clock::{self, MINUTE};
use super::column::words;
use super::programme::Programme;
use super::row::Value;

/// Milliseconds of each number of a column without a unit; `None` if the numbers leave their unit open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit(Option<f64>);

impl Unit {
    /// Decides the unit of the numbers of a column: the one that its name says, or else the only one in which sessions
    /// have a likely length. That is seconds for `1800` and `3600`, and minutes for `45` and `90`.
    pub(super) fn decide<'v>(
        name: &str,
        values: impl Iterator<Item = &'v Value<'v>>,
        programme: &mut Programme<'_>,
    ) -> Self {
        let numbers: Vec<f64> = values.filter_map(number).filter(|one| *one > 0.0).collect();
        let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let most = numbers.iter().copied().fold(0.0, f64::max);
        let whole = |of: f64| numbers.iter().all(|one| one % of == 0.0);
        let hour = 60.0 * MINUTE as f64;
        let found = match named(name) {
            Some(unit) => Some(unit),
            None if numbers.is_empty() => None,
            None if whole(60_000.0) && least >= 300_000.0 => Some(1.0),
            None if whole(60.0) && least >= 300.0 && most > 1440.0 => Some(1000.0),
            None if !whole(1.0) && most <= 12.0 => Some(hour),
            None if most <= 4.0 || most > 100_000.0 => None,
            None => Some(MINUTE as f64),
        };
        let shown = match found {
            _ if numbers.is_empty() => return Self(found),
            Some(60_000.0) => return Self(found),
            Some(1.0) => "were read in milliseconds",
            Some(1000.0) => "were read in seconds",
            Some(_) => "were read in hours",
            None => "do not tell their unit, so they were left out",
        };
        programme.note(format!("the numbers of column {name:?} {shown}"));
        Self(found)
    }

    /// Reads a duration in milliseconds.
    pub(super) fn read(self, value: &Value<'_>) -> Option<i64> {
        if let Some(number) = number(value) {
            let ms = number * self.0?;
            return (ms > 0.0 && ms < 1e10).then_some(ms as i64);
        }
        let text = value.text().to_lowercase();
        hours_to_seconds(&text)
            .or_else(|| clock::duration(&text))
            .or_else(|| clock::iso_duration(&text.to_uppercase()))
            .or_else(|| of_words(&text))
    }
}

/// The unit that the name of a column says: `duration_seconds`, `Dauer (h)`.
fn named(name: &str) -> Option<f64> {
    words(name).iter().find_map(|word| match word.as_str() {
        "ms" | "millis" | "milliseconds" => Some(1.0),
        "s" | "sec" | "secs" | "seconds" | "sekunden" => Some(1000.0),
        "m" | "min" | "mins" | "minutes" | "minuten" | "minutos" | "minuti" => Some(60_000.0),
        "h" | "hrs" | "hours" | "std" | "stunden" | "heures" | "horas" | "ore" => Some(3_600_000.0),
        _ => None,
    })
}

/// A number without a unit, in text with a point or a comma.
fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number).filter(|number| number.is_finite()),
        _ => decimal(value.text()),
    }
}

fn decimal(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b','));
    let number = text.replace(',', ".").parse::<f64>();
    number.ok().filter(|_| plain && text.len() < 16)
}

/// `0:45:00`, which is 45 minutes in every spreadsheet; in `schedule.xml` the first number would be days.
fn hours_to_seconds(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(|part| part.trim().parse::<u32>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let is_time = minutes < 60 && seconds < 60 && parts.next().is_none();
    is_time
        .then(|| (i64::from(hours) * 60 + i64::from(minutes)) * MINUTE + i64::from(seconds) * 1000)
}

/// Numbers with their units; minutes may follow hours without one: `1h30`.
fn of_words(text: &str) -> Option<i64> {
    let (mut total, mut rest, mut after_hours) = (0.0, text, false);
    if text.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let is_digit = |mark: char| mark.is_ascii_digit() || matches!(mark, '.' | ',');
        let digits = rest.find(|mark| !is_digit(mark)).unwrap_or(rest.len());
        let count = decimal(rest.get(..digits)?).filter(|count| *count < 10_000.0)?;
        rest = rest.get(digits..)?.trim_start();
        let letters =
            rest.find(|mark: char| !mark.is_alphabetic() && !matches!(mark, '\'' | '’' | '′'));
        let (unit, after) = rest.split_at(letters.unwrap_or(rest.len()));
        let minutes = match unit {
            "h" | "hr" | "hrs" | "hour" | "hours" | "std" | "stunde" | "stunden" | "heure"
            | "heures" | "hora" | "horas" | "ora" | "ore" | "uur" => 60.0,
            "m" | "min" | "mins" | "minute" | "minutes" | "minuten" | "minuto" | "minutos"
            | "minuti" | "'" | "’" | "′" => 1.0,
            "" if after_hours => 1.0,
            _ => return None,
        };
        after_hours = minutes > 1.0;
        total += count * minutes;
        rest = after.trim_start_matches(['.', ',', ' ']);
    }
    Some((total * MINUTE as f64) as i64)
}
