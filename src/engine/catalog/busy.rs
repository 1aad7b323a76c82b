//! Times at which a visitor of a programme is busy, and which sessions they rule out.

use crate::engine::error::Error;
use crate::engine::time::{Axis, DAY, Scale, Span};

/// A span of time in which no session may be planned.
///
/// A span of times of day is busy on every day. One without an offset is compared with the wall clock of the session's
/// place. One with an offset is an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    span: Span,
    length: i64,
}

impl Busy {
    /// Reads a span as [`Span::parse`] does: an end that is a date alone is inclusive.
    ///
    /// # Errors
    ///
    /// A text is no time, one has an offset or a date and the other has not, or the end is before the start.
    pub fn parse(start: &[u8], end: &[u8]) -> Result<Self, Error> {
        let span = Span::parse(start, end);
        let busy = span.length().map(|length| Self { span, length });
        busy.ok_or_else(|| {
            let shown = |text| String::from_utf8_lossy(text).into_owned();
            Error::invalid_window(format!(
                "from {:?} to {:?}: expected two times of one kind, the end not before the start, such as \
                 2026-01-31T09:00 and 2026-01-31T10:00",
                shown(start),
                shown(end)
            ))
        })
    }

    /// Returns what the sessions' times lack to be compared with this one; `None` if they can be compared.
    pub fn lacks(&self, axis: Axis) -> Option<&'static str> {
        match (self.span.start.scale(), axis) {
            (Some(Scale::Local | Scale::Instant), Axis::Clock) => Some("a date"),
            (Some(Scale::Instant), Axis::Wall) => Some("an offset from UTC"),
            _ => None,
        }
    }

    /// Returns true if a session overlaps this time. `axis` is that of the plan.
    pub fn blocks(&self, session: Span, axis: Axis) -> bool {
        let axis = match self.span.start.scale() {
            Some(Scale::Clock) => Axis::Clock,
            Some(Scale::Local) => Axis::Wall,
            _ => axis,
        };
        let (Some(start), Some(length)) = (session.start_on(axis), session.length()) else {
            return false;
        };
        let from = self.span.start.ms();
        if axis == Axis::Clock {
            let since = (start - from).rem_euclid(DAY);
            return since < self.length || since + length > DAY;
        }
        start < from + self.length && from < start + length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(busy: [&str; 2], session: [&str; 2], axis: Axis) -> bool {
        let [start, end] = busy.map(str::as_bytes);
        let busy = Busy::parse(start, end).expect("a time");
        let [start, end] = session.map(str::as_bytes);
        busy.blocks(Span::parse(start, end), axis)
    }

    #[test]
    fn a_session_is_ruled_out_where_it_overlaps() {
        let lunch = ["12:00", "13:00"];
        assert!(blocks(lunch, ["12:30", "14:00"], Axis::Clock));
        assert!(!blocks(lunch, ["13:00", "14:00"], Axis::Clock));
        assert!(blocks(lunch, ["11:00", "12:01"], Axis::Clock));
        let dated = ["2026-01-31T12:30", "2026-01-31T14:00"];
        assert!(blocks(lunch, dated, Axis::Wall));
        assert!(blocks(["2026-01-31", "2026-01-31"], dated, Axis::Wall));
        assert!(!blocks(["2026-01-30", "2026-01-30"], dated, Axis::Wall));
        let instant = ["2026-01-31T11:30Z", "2026-01-31T12:00Z"];
        let session = ["2026-01-31T12:30+01:00", "2026-01-31T14:00+01:00"];
        assert!(blocks(instant, session, Axis::Instant));
        assert!(blocks(instant, dated, Axis::Offset(60)));
        assert!(blocks(instant, dated, Axis::Offset(120)));
        assert!(!blocks(instant, dated, Axis::Offset(180)));
    }

    #[test]
    fn what_cannot_be_compared_is_known() {
        let lacks = |start: &str, end: &str, axis| {
            Busy::parse(start.as_bytes(), end.as_bytes()).map(|busy| busy.lacks(axis))
        };
        let instant = ("2026-01-31T12:00Z", "2026-01-31T13:00Z");
        assert_eq!(
            lacks(instant.0, instant.1, Axis::Wall),
            Ok(Some("an offset from UTC"))
        );
        assert_eq!(lacks(instant.0, instant.1, Axis::Clock), Ok(Some("a date")));
        assert_eq!(lacks("12:00", "13:00", Axis::Wall), Ok(None));
        assert!(lacks("noon", "13:00", Axis::Wall).is_err());
        assert!(lacks("2026-01-31", "2026-01-30", Axis::Wall).is_err());
    }
}
