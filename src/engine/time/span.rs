//! The span of time of a session, and the axes on which spans are compared.

use bytemuck::{Pod, Zeroable};

use super::{DAY, MINUTE, Moment, Scale};

/// How the times of different sessions are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// As instants, everywhere in the world.
    Instant,
    /// As instants. A time without an offset gets this one, in minutes east of UTC.
    Offset(i64),
    /// By the wall clock of each session: instants and local times.
    Wall,
    /// By the time of day. Sessions with a date use their wall clock.
    Clock,
}

impl Axis {
    /// Returns the axis on which most of these sessions can be compared.
    ///
    /// That is the time of day if most sessions have no date, and the wall clock if none has an offset. Otherwise they
    /// are compared as instants, and sessions without an offset get `offset`, in minutes east of UTC.
    pub fn common(spans: impl IntoIterator<Item = Span>, offset: i64) -> Self {
        let (mut clocks, mut locals, mut instants) = (0, 0, 0);
        for span in spans {
            match span.start.scale() {
                Some(Scale::Clock) => clocks += 1,
                Some(Scale::Local) => locals += 1,
                Some(Scale::Instant) => instants += 1,
                None => {}
            }
        }
        match (clocks > locals + instants, locals, instants) {
            (true, ..) => Self::Clock,
            (false, 0, _) => Self::Instant,
            (false, _, 0) => Self::Wall,
            (false, ..) => Self::Offset(offset),
        }
    }
}

/// The start and the end of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(C)]
pub struct Span {
    /// Its start.
    pub start: Moment,
    /// Its end.
    pub end: Moment,
}

impl Span {
    /// Reads the span between two texts that [`Moment::parse`] reads. An end that is a date alone is inclusive: the
    /// session lasts until that day is over, as in an exported calendar.
    pub fn parse(start: &[u8], end: &[u8]) -> Self {
        let (start, end) = (
            Moment::parse(start),
            Moment::parse_end(end, Moment::parse(start)),
        );
        Self { start, end }
    }

    /// Returns the length in milliseconds, or `None` if an end is unknown, on another scale, or before the start.
    ///
    /// The length is at least 1, so that a session of no length still overlaps with others. An end before the start is
    /// on the next day if both are times of day.
    #[inline]
    pub fn length(self) -> Option<i64> {
        let scale = self.start.scale()?;
        if self.end.scale() != Some(scale) {
            return None;
        }
        let length = self.end.ms() - self.start.ms();
        match scale {
            Scale::Clock if length < 0 => Some(length + DAY),
            _ => (length >= 0).then_some(length.max(1)),
        }
    }

    /// Returns the start on an axis in milliseconds, or `None` if the start cannot be compared on that axis.
    #[inline]
    pub fn start_on(self, axis: Axis) -> Option<i64> {
        match (axis, self.start.scale()?) {
            (Axis::Instant | Axis::Offset(_), Scale::Instant) | (Axis::Clock, Scale::Clock) => {
                Some(self.start.ms())
            }
            (Axis::Offset(offset), Scale::Local) => Some(self.start.ms() - offset * MINUTE),
            (Axis::Wall, Scale::Instant | Scale::Local) => Some(self.start.wall_ms()),
            (Axis::Clock, _) => Some(self.start.wall_ms().rem_euclid(DAY)),
            _ => None,
        }
    }

    /// Returns `[start, end)` on an axis, in milliseconds on the clock of the start. It is never empty.
    #[inline]
    pub fn on(self, axis: Axis) -> Option<(i64, i64)> {
        let start = self.start_on(axis)?;
        Some((start, start + self.length()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn spans_are_read_on_the_axes_that_hold_them() {
        let hour = 60 * MINUTE;
        let on =
            |start: &str, end: &str, axis| Span::parse(start.as_bytes(), end.as_bytes()).on(axis);
        assert_eq!(
            on("09:00", "10:00", Axis::Clock),
            Some((9 * hour, 10 * hour))
        );
        assert_eq!(
            on("23:00", "01:00", Axis::Clock),
            Some((23 * hour, 25 * hour))
        );
        assert_eq!(
            on("09:00", "09:00", Axis::Clock),
            Some((9 * hour, 9 * hour + 1))
        );
        assert_eq!(on("09:00", "10:00", Axis::Wall), None);
        assert_eq!(on("09:00", "", Axis::Clock), None);
        assert_eq!(on("1970-01-01T09:00", "1970-01-01T08:59", Axis::Wall), None);
        assert_eq!(on("1970-01-01T09:00", "10:00", Axis::Wall), None);
        assert_eq!(
            on("1970-01-01T09:00", "1970-01-01T10:00", Axis::Instant),
            None
        );
        assert_eq!(
            on("1970-01-02T09:00+02:00", "1970-01-02T08:00Z", Axis::Instant),
            Some((31 * hour, 32 * hour))
        );
        assert_eq!(
            on("1970-01-02T09:00+02:00", "1970-01-02T08:00Z", Axis::Wall),
            Some((33 * hour, 34 * hour))
        );
        assert_eq!(
            on("1970-01-02T09:00+02:00", "1970-01-02T08:00Z", Axis::Clock),
            Some((9 * hour, 10 * hour))
        );
    }

    #[test]
    fn an_end_date_is_inclusive() {
        let length =
            |start: &str, end: &str| Span::parse(start.as_bytes(), end.as_bytes()).length();
        assert_eq!(length("2026-01-31", "2026-01-31"), Some(DAY));
        assert_eq!(length("2026-01-31", " 2026-02-01 "), Some(2 * DAY));
        assert_eq!(length("2026-01-31T22:00", "2026-01-31"), Some(DAY / 12));
        assert_eq!(length("2026-01-31", "2026-01-31T12:00"), Some(DAY / 2));
        assert_eq!(length("2026-01-31", "2026-01-30"), None);
        assert_eq!(length("2026-01-31", "2026-01-29"), None);
        assert_eq!(length("2026-01-31T09:00Z", "2026-01-31"), None);
        assert_eq!(length("9999-12-31", "9999-12-31"), Some(DAY));
    }

    #[test]
    fn a_time_without_an_offset_is_read_at_the_given_one() {
        let start = |text: &str| Span::parse(text.as_bytes(), b"").start_on(Axis::Offset(120));
        assert_eq!(start("1970-01-01T10:00+02:00"), start("1970-01-01T10:00"));
        assert_eq!(start("1970-01-01T09:00+01:00"), start("1970-01-01T10:00"));
        assert_eq!(start("10:00"), None);
        let offset = |text: &str| Moment::parse(text.as_bytes()).offset();
        assert_eq!(offset("1970-01-01T10:00-09:30"), Some(-570));
        assert_eq!((offset("1970-01-01T10:00"), offset("10:00")), (None, None));
    }

    #[test]
    fn the_common_axis_is_that_of_most() {
        let common = |starts: &[&str]| {
            Axis::common(
                starts
                    .iter()
                    .map(|start| Span::parse(start.as_bytes(), b"")),
                90,
            )
        };
        assert_eq!(common(&["09:00", "?"]), Axis::Clock);
        assert_eq!(
            common(&["09:00", "10:00", "2026-01-31T09:00Z"]),
            Axis::Clock
        );
        assert_eq!(common(&["09:00", "2026-01-31T09:00Z"]), Axis::Instant);
        assert_eq!(
            common(&["2026-01-31T09:00Z", "2026-01-31", "09:00"]),
            Axis::Offset(90)
        );
        assert_eq!(common(&["2026-01-31T09:00", "2026-01-31"]), Axis::Wall);
    }
}
