//! Formats a telemetry line: the action, its duration and its result. It holds counts, never contents.
//!
//! The format is that of Python's `json.dumps`: `", "` and `": "` as separators, and everything beyond ASCII escaped.

use std::io::Write;

/// Longer actions are cut: an action is a name, not a text.
const MOST_ACTION: usize = 64;

/// The fields of one line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a> {
    /// When it was logged, in microseconds since 1970.
    pub unix_us: u64,
    /// The action.
    pub action: &'a str,
    /// Whether the action succeeded.
    pub success: bool,
    /// Whether this line reports an exception, which `log` may have counted as a failure already.
    pub exception: bool,
    /// The kind of error, never its text.
    pub error: Option<&'a str>,
    /// The duration in microseconds.
    pub latency_us: Option<u64>,
    /// The number of sessions returned.
    pub sessions: Option<u64>,
    /// The number of time slots that are used more than once.
    pub conflicts: Option<u64>,
    /// Where the sessions came from.
    pub source: Option<&'a str>,
    /// A pseudonym of the user.
    pub user: Option<&'a str>,
    /// An identifier that connects the line with other logs.
    pub correlation_id: Option<&'a str>,
}

/// Returns the microseconds from a time of the wall clock until now, or `None` if it is not a number.
pub fn elapsed_us(start: f64, now: u64) -> Option<u64> {
    let elapsed = now as f64 - start * 1e6;
    #[allow(clippy::cast_sign_loss)] // A clock that was stepped back gives 0.
    elapsed.is_finite().then(|| elapsed.max(0.0).round() as u64)
}

/// Returns as much of an action as a line holds.
pub fn cut_action(text: &str) -> &str {
    // The last boundary of a character that is not beyond the limit.
    (0..=MOST_ACTION.min(text.len()))
        .rev()
        .find_map(|end| text.get(..end))
        .unwrap_or_default()
}

impl Record<'_> {
    /// Appends the line with its newline.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let (seconds, fraction) = (self.unix_us / 1_000_000, self.unix_us % 1_000_000);
        put(
            out,
            format_args!("{{\"ts\": {seconds}.{fraction:06}, \"action\": "),
        );
        text(out, self.action);
        out.extend_from_slice(if self.success {
            b", \"success\": true"
        } else {
            b", \"success\": false"
        });
        if self.exception {
            out.extend_from_slice(b", \"event\": \"exception\"");
        }
        optional(out, "error", self.error);
        if let Some(latency) = self.latency_us {
            // Both names are written, because the original's writer and its summary use different ones.
            let (whole, thousandths) = (latency / 1_000, latency % 1_000);
            put(
                out,
                format_args!(
                    ", \"latency_ms\": {whole}.{thousandths:03}, \"duration_ms\": {whole}"
                ),
            );
        }
        if let Some(sessions) = self.sessions {
            put(out, format_args!(", \"sessions\": {sessions}"));
        }
        if let Some(conflicts) = self.conflicts {
            put(out, format_args!(", \"conflicts\": {conflicts}"));
        }
        optional(out, "source", self.source);
        optional(out, "user", self.user);
        optional(out, "correlation_id", self.correlation_id);
        out.extend_from_slice(b"}\n");
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text); // Writing to a vector cannot fail.
}

fn optional(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.extend_from_slice(b", \"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\": ");
        text(out, value);
    }
}

/// Appends a JSON string.
pub fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    let plain = |byte: u8| (b' '..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if value.bytes().all(plain) {
        out.extend_from_slice(value.as_bytes());
    } else {
        for character in value.chars() {
            escaped(out, character);
        }
    }
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, character: char) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        ' '..='~' => out.push(character as u8),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                put(out, format_args!("\\u{unit:04x}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(record: &Record<'_>) -> String {
        let mut out = Vec::new();
        record.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_full_line() {
        let record = Record {
            unix_us: 1_795_446_060_000_042,
            action: "recommend",
            success: true,
            latency_us: Some(12_345),
            sessions: Some(3),
            conflicts: Some(0),
            source: Some("graph"),
            user: Some("9f86d081884c7d65"),
            correlation_id: Some("4bf92f35"),
            ..Record::default()
        };
        assert_eq!(
            written(&record),
            "{\"ts\": 1795446060.000042, \"action\": \"recommend\", \"success\": true, \"latency_ms\": 12.345, \
             \"duration_ms\": 12, \"sessions\": 3, \"conflicts\": 0, \"source\": \"graph\", \
             \"user\": \"9f86d081884c7d65\", \"correlation_id\": \"4bf92f35\"}\n"
        );
    }

    #[test]
    fn nothing_breaks_out_of_a_line() {
        let record = Record {
            action: "a\n\"\\\u{7f}é😀\u{2028}",
            ..Record::default()
        };
        let line = written(&record);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(
            line.contains(r#""a\n\"\\\u007f\u00e9\ud83d\ude00\u2028""#),
            "{line}"
        );
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["action"], record.action);
    }
}
