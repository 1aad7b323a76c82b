//! Reads one line of a telemetry log for a summary: a line of this package, of the original, or one that resembles
//! them.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::engine::telemetry::civil;

/// What a summary needs of a line.
#[derive(Debug, Default)]
pub(super) struct Row<'a> {
    pub(super) action: Option<Cow<'a, str>>,
    pub(super) error: Option<Cow<'a, str>>,
    pub(super) source: Option<Cow<'a, str>>,
    pub(super) success: Option<bool>,
    pub(super) exception: bool,
    /// Milliseconds, with fractions.
    pub(super) latency: Option<f64>,
    /// Seconds since 1970.
    pub(super) time: Option<f64>,
}

/// The kind of a line.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// A row, and whether it stood behind the remains of a torn line.
    Row(Box<Row<'a>>, bool),
    /// JSON, but not telemetry.
    Foreign,
    /// Not JSON.
    Torn,
}

/// Reads a line. `scratch` is a buffer for lines that must be repaired first.
pub(super) fn read<'a>(line: &'a [u8], scratch: &'a mut Vec<u8>) -> Line<'a> {
    match parse(line) {
        Ok(Some(row)) => Line::Row(row, false),
        Ok(None) => Line::Foreign,
        Err(_) => repaired(line, scratch),
    }
}

/// Reads a line that is not JSON for one of two known reasons: Python's NaN, or a record behind a torn one.
#[cold]
fn repaired<'a>(line: &'a [u8], scratch: &'a mut Vec<u8>) -> Line<'a> {
    for start in [&b"{\"ts\": "[..], b"{\"action\": "] {
        let found = memmem::rfind(line, start).filter(|at| *at > 0);
        let tail = found.and_then(|at| line.get(at..));
        if let Some(Ok(Some(row))) = tail.map(parse) {
            return Line::Row(row, true);
        }
    }
    if !without_nan(line, scratch) {
        return Line::Torn;
    }
    match parse(scratch) {
        Ok(Some(row)) => Line::Row(row, false),
        Ok(None) => Line::Foreign,
        Err(_) => Line::Torn,
    }
}

/// Replaces `NaN`, `Infinity` and `-Infinity` outside of strings by `null`. Returns true if there was any.
fn without_nan(line: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let (mut in_string, mut escaped, mut found) = (false, false, false);
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        if !in_string {
            let word = [&b"NaN"[..], b"-Infinity", b"Infinity"]
                .into_iter()
                .find(|word| rest.starts_with(word));
            if let Some(word) = word {
                out.extend_from_slice(b"null");
                rest = rest.get(word.len()..).unwrap_or_default();
                found = true;
                continue;
            }
        }
        if byte == b'"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && byte == b'\\' && !escaped;
        out.push(byte);
        rest = after;
    }
    found
}

fn parse(line: &[u8]) -> serde_json::Result<Option<Box<Row<'_>>>> {
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let value = Level::Line.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(match value {
        Value::Record(row) => Some(row).filter(|row| row.action.is_some()),
        _ => None,
    })
}

/// The name of a member.
#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Action,
    Error,
    Source,
    Success,
    Event,
    LatencyMs,
    DurationMs,
    Ts,
    Timestamp,
    Start,
    Payload,
    #[serde(other)]
    Other,
}

/// A value of any type, as far as a summary needs it.
enum Value<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Bool(bool),
    Record(Box<Row<'a>>),
    Other,
}

impl<'a> Value<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns what Python's `bool` returns for it.
    fn truth(&self) -> Option<bool> {
        match self {
            Self::Text(text) => Some(!text.is_empty()),
            Self::Number(number) => Some(*number != 0.0),
            Self::Bool(truth) => Some(*truth),
            Self::Record(_) | Self::Other => None,
        }
    }

    /// Returns the seconds since 1970, from a number or a date and time.
    fn time(&self) -> Option<f64> {
        match self {
            Self::Text(text) => civil::parse(text),
            value => value.number(),
        }
    }

    fn source(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Record(row) => row.source,
            _ => None,
        }
    }
}

/// Where a value is, which decides what is read of an object.
#[derive(Clone, Copy)]
enum Level {
    /// The whole line: all members of [`Key`].
    Line,
    /// The payload of a line: only its source.
    Payload,
    /// Another member: nothing.
    Member,
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

// By hand and not derived: of two members of a name the last counts, as in Python, where `serde` reports an error.
impl<'de> Visitor<'de> for Level {
    type Value = Value<'de>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value as f64))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value as f64))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value))
    }
    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        if matches!(self, Self::Member) {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Other);
        }
        let mut row = Box::<Row<'de>>::default();
        let (mut duration, mut start, mut inner) = (None, None, None);
        while let Some(key) = members.next_key()? {
            if matches!(key, Key::Other)
                || matches!(self, Self::Payload) && !matches!(key, Key::Source)
            {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            if matches!(key, Key::Payload) {
                inner = members.next_value_seed(Self::Payload)?.source();
                continue;
            }
            let value = members.next_value_seed(Self::Member)?;
            match key {
                Key::Action => row.action = value.text(),
                Key::Error => row.error = value.text(),
                Key::Source => row.source = value.text(),
                Key::Success => row.success = value.truth(),
                Key::Event => row.exception = value.text().as_deref() == Some("exception"),
                Key::LatencyMs => row.latency = value.number(),
                Key::DurationMs => duration = value.number(),
                Key::Ts | Key::Timestamp => row.time = value.time(),
                Key::Start => start = value.time(),
                Key::Payload | Key::Other => {}
            }
        }
        row.latency = row.latency.or(duration);
        row.time = row.time.or(start);
        row.source = row.source.or(inner);
        Ok(Value::Record(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(line: &str) -> String {
        match read(line.as_bytes(), &mut Vec::new()) {
            Line::Row(row, after_torn) => {
                let Row {
                    action,
                    latency,
                    success,
                    time,
                    source,
                    ..
                } = *row;
                format!("{action:?} {latency:?} {success:?} {time:?} {source:?} {after_torn}")
                    .replace("Some", "")
            }
            Line::Foreign => "foreign".to_owned(),
            Line::Torn => "torn".to_owned(),
        }
    }

    #[test]
    fn rows_foreign_lines_and_torn_lines_are_told_apart() {
        for (line, expected) in [
            (
                r#"{"ts": 1.5, "action": "a", "success": true, "latency_ms": 2.25, "duration_ms": 2}"#,
                r#"("a") (2.25) (true) (1.5) None false"#,
            ),
            (
                r#"{"action": "a", "payload": {"x": [{}], "source": "graph"}, "start": 7, "success": 0, "duration_ms": 3}"#,
                r#"("a") (3.0) (false) (7.0) ("graph") false"#,
            ),
            (
                r#"{"action": "a", "latency_ms": NaN, "payload": {"t": "NaN\" {"}}"#,
                r#"("a") None None None None false"#,
            ),
            (
                r#"{"ts": 1, "act{"ts": 2, "action": "b"}"#,
                r#"("b") None None (2.0) None true"#,
            ),
            (
                r#"{"action": "a", "timestamp": "1970-01-02T00:00:01.5Z"}"#,
                r#"("a") None None (86401.5) None false"#,
            ),
            (r#"{"action": 5}"#, "foreign"),
            ("[1, 2]", "foreign"),
            ("17", "foreign"),
            (r#"{"action": "a""#, "torn"),
            (r#"{"action": "a"} x"#, "torn"),
            ("\u{0}junk", "torn"),
        ] {
            assert_eq!(described(line), expected, "{line}");
        }
    }
}
