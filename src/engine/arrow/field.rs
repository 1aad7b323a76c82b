//! Writes one value of an array as packed text.

use std::io::Write;

use chrono::offset::{Offset, TimeZone};
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use chrono_tz::Tz;

use super::{Array, Data, Numbers, wrong};
use crate::engine::error::Error;
use crate::engine::json::{KeyTable, Name, scan, write_float};

/// Returns the name of a type in words.
pub(super) fn words(format: &str, is_dictionary: bool) -> String {
    let name = match format {
        "n" => "null",
        "b" => "bool",
        "c" | "C" | "s" | "S" | "i" | "I" | "l" | "L" => "integer",
        "e" => "half float",
        "f" => "float",
        "g" => "double",
        "u" | "U" | "vu" => "text",
        "z" | "Z" | "vz" => "binary",
        "+l" | "+L" | "+vl" | "+vL" => "list",
        "+s" => "struct",
        "+m" => "map",
        "tdD" | "tdm" => "date",
        "tts" | "ttm" | "ttu" | "ttn" => "time",
        _ if format.starts_with("ts") => "timestamp",
        _ if format.starts_with("d:") => "decimal",
        _ if format.starts_with("+w:") => "list of fixed size",
        _ if format.starts_with("tD") => "duration",
        _ => return format!("the type {format:?}"),
    };
    if is_dictionary {
        format!("dictionary with {name} numbers")
    } else {
        name.to_owned()
    }
}

impl Array {
    /// Returns true if a value is null or NaN, which stands for a missing value in tables.
    pub(super) fn is_missing(&self, at: usize) -> bool {
        if self.is_null(at) {
            return true;
        }
        let at = self.offset + at;
        match &self.data {
            Data::Number(Numbers::F32(values)) => {
                values.get(at).is_some_and(|value| value.is_nan())
            }
            Data::Number(Numbers::F64(values)) => {
                values.get(at).is_some_and(|value| value.is_nan())
            }
            Data::Dictionary(numbers, values) => {
                let number = numbers.index(at).filter(|&number| number < values.len);
                number.is_some_and(|number| values.is_missing(number))
            }
            _ => false,
        }
    }

    /// Appends a value as compact JSON, with the names of members as packed text has them. A null is `null`.
    ///
    /// # Errors
    ///
    /// Fails if JSON cannot hold the value, or if its type is not supported.
    pub(super) fn pack(&self, at: usize, keys: &KeyTable, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.is_null(at) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        let inner = self.offset + at;
        match &self.data {
            Data::Null => out.extend_from_slice(b"null"),
            Data::Bool(bits) => {
                let byte = bits.get(inner / 8).copied().unwrap_or_default();
                let is_true = byte >> (inner % 8) & 1 == 1;
                out.extend_from_slice(if is_true { b"true" } else { b"false" });
            }
            Data::Number(numbers) => self.write_number(numbers, inner, out)?,
            Data::Text(_) => quote(self.text(at)?.unwrap_or_default(), out)?,
            Data::List(_, child) => {
                out.push(b'[');
                for (number, item) in self.list(at)?.unwrap_or_default().enumerate() {
                    if number > 0 {
                        out.push(b',');
                    }
                    child.pack(item, keys, out)?;
                }
                out.push(b']');
            }
            Data::Struct(children) => {
                out.push(b'{');
                let start = out.len();
                for (number, child) in children.iter().enumerate() {
                    // As in a dict, a name has its first place and its last value.
                    let same = |other: &&Array| other.name == child.name;
                    if children.iter().take(number).any(|other| same(&other)) {
                        continue;
                    }
                    if out.len() > start {
                        out.push(b',');
                    }
                    let mut quoted = Vec::new();
                    quote(child.name.as_bytes(), &mut quoted)?;
                    out.extend_from_slice(Name::new(&child.name, &quoted, keys).packed());
                    let last = children.iter().rfind(same).unwrap_or(child);
                    last.pack(inner, keys, out)?;
                }
                out.push(b'}');
            }
            Data::Dictionary(numbers, values) => {
                let number = numbers.index(inner).filter(|&number| number < values.len);
                let number =
                    number.ok_or_else(|| wrong("a number outside its dictionary".into()))?;
                values.pack(number, keys, out)?;
            }
            Data::Other => {
                return Err(wrong(format!(
                    "a value of type {}, expected texts, numbers, times, lists or structs",
                    self.kind()
                )));
            }
        }
        Ok(())
    }

    fn write_number(&self, numbers: &Numbers, at: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let outside = || wrong("a buffer that is too short".into());
        let integer: i128 = match numbers {
            Numbers::F32(values) => {
                return write_finite(f64::from(*values.get(at).ok_or_else(outside)?), out);
            }
            Numbers::F64(values) => return write_finite(*values.get(at).ok_or_else(outside)?, out),
            Numbers::I8(values) => (*values.get(at).ok_or_else(outside)?).into(),
            Numbers::I16(values) => (*values.get(at).ok_or_else(outside)?).into(),
            Numbers::I32(values) => (*values.get(at).ok_or_else(outside)?).into(),
            Numbers::I64(values) => (*values.get(at).ok_or_else(outside)?).into(),
            Numbers::U8(values) => (*values.get(at).ok_or_else(outside)?).into(),
            Numbers::U16(values) => (*values.get(at).ok_or_else(outside)?).into(),
            Numbers::U32(values) => (*values.get(at).ok_or_else(outside)?).into(),
            Numbers::U64(values) => (*values.get(at).ok_or_else(outside)?).into(),
        };
        if self.format.starts_with('t') {
            return write_time(&self.format, integer as i64, out);
        }
        let _ = write!(out, "{integer}"); // A vector takes all.
        Ok(())
    }
}

fn write_finite(value: f64, out: &mut Vec<u8>) -> Result<(), Error> {
    if !value.is_finite() {
        return Err(wrong(format!("the number {value}, which JSON cannot hold")));
    }
    write_float(out, value);
    Ok(())
}

/// Appends a date, a time of day, or a timestamp as ISO 8601 text.
fn write_time(format: &str, value: i64, out: &mut Vec<u8>) -> Result<(), Error> {
    let outside = || wrong(format!("the time {value}, which no calendar has"));
    let mut letters = format.get(2..).unwrap_or_default().chars();
    let (units, seconds_each): (i64, i64) = match letters.next() {
        Some('D') => (1, 86_400),
        Some('m') => (1_000, 1),
        Some('u') => (1_000_000, 1),
        Some('n') => (1_000_000_000, 1),
        _ => (1, 1),
    };
    let seconds = value.div_euclid(units).checked_mul(seconds_each);
    let nanoseconds = u32::try_from(value.rem_euclid(units) * (1_000_000_000 / units));
    let utc = seconds.zip(nanoseconds.ok());
    let utc = utc.and_then(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds));
    let utc = utc.ok_or_else(outside)?.naive_utc();
    out.push(b'"');
    match format.as_bytes().get(1) {
        Some(b'd') => write_date(utc, out),
        Some(b't') => write_clock(utc, out),
        _ => {
            let zone = letters.as_str().strip_prefix(':').unwrap_or_default();
            let offset = offset(zone, utc)?;
            let local = offset.map_or(Some(utc), |offset| {
                utc.checked_add_signed(chrono::TimeDelta::try_seconds(offset.into())?)
            });
            let local = local.ok_or_else(outside)?;
            write_date(local, out);
            out.push(b'T');
            write_clock(local, out);
            if let Some(offset) = offset {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.abs() / 60;
                let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
            }
        }
    }
    out.push(b'"');
    Ok(())
}

/// Returns the offset of a zone from UTC in seconds; `None` for a time without a zone.
fn offset(zone: &str, utc: NaiveDateTime) -> Result<Option<i32>, Error> {
    if zone.is_empty() {
        return Ok(None);
    }
    if let Ok(zone) = zone.parse::<Tz>() {
        return Ok(Some(
            zone.offset_from_utc_datetime(&utc).fix().local_minus_utc(),
        ));
    }
    let fixed = || {
        let (sign, rest) = match zone.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, zone.strip_prefix('+')?),
        };
        let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        ((0..=24).contains(&hours) && (0..60).contains(&minutes))
            .then_some(sign * (hours * 3600 + minutes * 60))
    };
    fixed()
        .map(Some)
        .ok_or_else(|| wrong(format!("the time zone {zone:?}, which is not known")))
}

fn write_date(at: NaiveDateTime, out: &mut Vec<u8>) {
    let _ = write!(out, "{:04}-{:02}-{:02}", at.year(), at.month(), at.day());
}

fn write_clock(at: NaiveDateTime, out: &mut Vec<u8>) {
    let _ = write!(
        out,
        "{:02}:{:02}:{:02}",
        at.hour(),
        at.minute(),
        at.second()
    );
    match at.nanosecond() {
        0 => {}
        nanoseconds if nanoseconds % 1000 == 0 => {
            let _ = write!(out, ".{:06}", nanoseconds / 1000);
        }
        nanoseconds => {
            let _ = write!(out, ".{nanoseconds:09}");
        }
    }
}

/// Appends a text as a JSON string.
pub(super) fn quote(text: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    out.push(b'"');
    let mut rest = text;
    let mut plain = true;
    loop {
        let run = scan::run(rest);
        plain &= run.plain;
        let (quiet, after) = rest.split_at(run.len);
        out.extend_from_slice(quiet);
        let Some((&byte, after)) = after.split_first() else {
            break;
        };
        let _ = match byte {
            b'"' | b'\\' => out.write_all(&[b'\\', byte]),
            _ => write!(out, "\\u{byte:04x}"),
        };
        rest = after;
    }
    out.push(b'"');
    if !plain && core::str::from_utf8(text).is_err() {
        return Err(wrong("a text that is not UTF-8".into()));
    }
    Ok(())
}
