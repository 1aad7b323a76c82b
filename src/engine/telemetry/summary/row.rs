//! Parses one line of telemetry, written by eventkit, by the original, or by a program with a similar format.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::engine::telemetry::civil;

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Row<'a> {
    pub(super) action: Option<Cow<'a, str>>,
    pub(super) error: Option<Cow<'a, str>>,
    pub(super) source: Option<Cow<'a, str>>,
    pub(super) success: Option<bool>,
    pub(super) exception: bool,
    /// Milliseconds, fractions and all.
    pub(super) latency: Option<f64>,
    /// Seconds since 1970.
    pub(super) time: Option<f64>,
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// A row, and whether the line began with the remains of another.
    Row(Box<Row<'a>>, bool),
    /// JSON, but no telemetry.
    Foreign,
    /// No JSON.
    Torn,
}

/// Reads a line. `scratch` is for lines that have to be repaired first.
pub(super) fn read<'a>(line: &'a [u8], scratch: &'a mut Vec<u8>) -> Line<'a> {
    match parse(line) {
        Ok(Some(row)) => Line::Row(row, false),
        Ok(None) => Line::Foreign,
        Err(_) => repaired(line, scratch),
    }
}

/// A line that is no JSON, for two reasons that are known: Python's NaN, and a record glued to a torn one.
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

/// Replaces `NaN`, `Infinity` and `-Infinity` outside of strings by `null`; whether there was any.
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
    let row = deserializer.deserialize_any(RowVisitor)?;
    deserializer.end()?;
    Ok(row)
}

#[derive(Clone, Copy)]
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
    Other,
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Key;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }
    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(match key {
            "action" => Key::Action,
            "error" => Key::Error,
            "source" => Key::Source,
            "success" => Key::Success,
            "event" => Key::Event,
            "latency_ms" => Key::LatencyMs,
            "duration_ms" => Key::DurationMs,
            "ts" => Key::Ts,
            "timestamp" => Key::Timestamp,
            "start" => Key::Start,
            "payload" => Key::Payload,
            _ => Key::Other,
        })
    }
}

/// A value of which only scalars matter.
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Bool(bool),
    Nothing,
}

impl<'a> Scalar<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self {
            Some(*number)
        } else {
            None
        }
    }

    /// As Python tells truth.
    fn truth(&self) -> Option<bool> {
        match self {
            Self::Text(text) => Some(!text.is_empty()),
            Self::Number(number) => Some(*number != 0.0),
            Self::Bool(truth) => Some(*truth),
            Self::Nothing => None,
        }
    }

    fn time(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => civil::parse(text),
            Self::Bool(_) | Self::Nothing => None,
        }
    }
}

struct ScalarSeed;

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Scalar<'de>;
    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Scalar<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Scalar<'de>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value as f64))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value as f64))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value))
    }
    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
}

/// A payload, of which only the source matters.
struct PayloadSeed;

impl<'de> DeserializeSeed<'de> for PayloadSeed {
    type Value = Option<Cow<'de, str>>;
    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PayloadSeed {
    type Value = Option<Cow<'de, str>>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut source = None;
        while let Some(key) = members.next_key_seed(KeySeed)? {
            if matches!(key, Key::Source) {
                source = members.next_value_seed(ScalarSeed)?.text();
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(source)
    }
}

/// The whole line; nothing where it is no record.
struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Option<Box<Row<'de>>>;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a record")
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut row = Row::default();
        let (mut duration, mut start, mut inner) = (None, None, None);
        while let Some(key) = members.next_key_seed(KeySeed)? {
            match key {
                Key::Action => row.action = members.next_value_seed(ScalarSeed)?.text(),
                Key::Error => row.error = members.next_value_seed(ScalarSeed)?.text(),
                Key::Source => row.source = members.next_value_seed(ScalarSeed)?.text(),
                Key::Success => row.success = members.next_value_seed(ScalarSeed)?.truth(),
                Key::Event => {
                    row.exception =
                        members.next_value_seed(ScalarSeed)?.text().as_deref() == Some("exception");
                }
                Key::LatencyMs => row.latency = members.next_value_seed(ScalarSeed)?.number(),
                Key::DurationMs => duration = members.next_value_seed(ScalarSeed)?.number(),
                Key::Ts | Key::Timestamp => row.time = members.next_value_seed(ScalarSeed)?.time(),
                Key::Start => start = members.next_value_seed(ScalarSeed)?.time(),
                Key::Payload => inner = members.next_value_seed(PayloadSeed)?,
                Key::Other => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        row.latency = row.latency.or(duration);
        row.time = row.time.or(start);
        row.source = row.source.or(inner);
        Ok(row.action.is_some().then(|| Box::new(row)))
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
    fn lines_of_all_kinds() {
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
