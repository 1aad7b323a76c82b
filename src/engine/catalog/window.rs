//! The time window of a filter.
//!
//! A window is half-open, `[from, to)`. Its own ends decide what is compared. Ends with an offset compare instants.
//! Ends without one compare the wall clock of the session's place. Times of day compare the time of day on every day,
//! also past midnight. A session whose times are unknown, or cannot be compared in that way, is not admitted. Testing a
//! session costs O(1).

use crate::engine::error::Error;
use crate::engine::time::{Axis, DAY, Moment, Scale, Span};

/// How a session must lie relative to the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// The session starts and ends inside.
    #[default]
    Within,
    /// Some of the session is inside. Of a session without a known end, only the start counts.
    Overlapping,
    /// The session starts inside, whenever it ends.
    Starting,
}

impl Fit {
    /// Returns the fit of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "within" => Some(Self::Within),
            "overlapping" => Some(Self::Overlapping),
            "starting" => Some(Self::Starting),
            _ => None,
        }
    }
}

/// A span of time that sessions are tested against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    axis: Axis,
    from: i64,
    to: i64,
    fit: Fit,
}

impl Window {
    /// Makes the window between two texts that [`Moment::parse`] reads. Returns `None` if neither is given.
    ///
    /// Without one of the ends, the window is open on that side; a window of times of day then reaches to midnight. A
    /// window of times of day whose end is before its start runs past midnight. If both are equal, it admits nothing.
    ///
    /// # Errors
    ///
    /// Fails if a text is not a time, if the ends are of two kinds (one with an offset, the other without), or if the
    /// end is before the start.
    ///
    /// ```
    /// use eventkit::engine::time::Span;
    /// use eventkit::engine::catalog::window::{Fit, Window};
    ///
    /// let morning = Window::parse(Some(b"09:00"), Some(b"12:00"), Fit::Within)?.expect("two ends");
    /// assert!(morning.admits(Span::parse(b"2026-01-31T11:00+01:00", b"2026-01-31T12:00+01:00")));
    /// assert!(!morning.admits(Span::parse(b"2026-01-31T11:00+01:00", b"2026-01-31T12:01+01:00")));
    /// # Ok::<(), eventkit::engine::error::Error>(())
    /// ```
    pub fn parse(from: Option<&[u8]>, to: Option<&[u8]>, fit: Fit) -> Result<Option<Self>, Error> {
        let (start, end) = (from.map(read).transpose()?, to.map(read).transpose()?);
        let Some((_, axis)) = start.or(end) else {
            return Ok(None);
        };
        if start
            .zip(end)
            .is_some_and(|((_, start), (_, end))| start != end)
        {
            return Err(Error::invalid_window(format!(
                "a window from {} to {}: give both ends with an offset, both without, or both as times of day",
                shown(from),
                shown(to)
            )));
        }
        let open = if axis == Axis::Clock {
            (0, DAY)
        } else {
            (i64::MIN, i64::MAX)
        };
        let from_ms = start.map_or(open.0, |(moment, _)| moment.ms());
        let mut to_ms = end.map_or(open.1, |(moment, _)| moment.ms());
        if to_ms < from_ms {
            if axis != Axis::Clock {
                let message = format!(
                    "a window from {} to {} ends before it starts",
                    shown(from),
                    shown(to)
                );
                return Err(Error::invalid_window(message));
            }
            to_ms += DAY;
        }
        Ok(Some(Self {
            axis,
            from: from_ms,
            to: to_ms,
            fit,
        }))
    }

    /// Returns true if a session of this span is admitted.
    #[inline]
    pub fn admits(&self, span: Span) -> bool {
        let Some(start) = span.start_on(self.axis) else {
            return false;
        };
        let length = match (self.fit, span.length()) {
            (_, Some(length)) => length,
            (Fit::Within, None) => return false,
            (Fit::Overlapping | Fit::Starting, None) => 1,
        };
        match self.axis {
            Axis::Clock => self.admits_daily(start, length),
            Axis::Instant | Axis::Offset(_) | Axis::Wall => self.admits_once(start, start + length),
        }
    }

    fn admits_once(&self, start: i64, end: i64) -> bool {
        match self.fit {
            Fit::Within => start >= self.from && end <= self.to,
            Fit::Overlapping => start < self.to && end > self.from && self.from < self.to,
            Fit::Starting => start >= self.from && start < self.to,
        }
    }

    /// Tests a window that opens every day, by the time from its last opening to the start of the session.
    fn admits_daily(&self, start: i64, length: i64) -> bool {
        let open = self.to - self.from;
        let since = (start - self.from).rem_euclid(DAY);
        match self.fit {
            Fit::Within => since + length <= open,
            Fit::Overlapping => open > 0 && (since < open || since + length > DAY),
            Fit::Starting => since < open,
        }
    }
}

/// Returns a moment, and the axis on which a window of such moments compares.
fn read(text: &[u8]) -> Result<(Moment, Axis), Error> {
    let moment = Moment::parse(text);
    let axis = match moment.scale() {
        Some(Scale::Clock) => Axis::Clock,
        Some(Scale::Local) => Axis::Wall,
        Some(Scale::Instant) => Axis::Instant,
        None => {
            let message = format!(
                "{} is no time: expected one such as 2026-01-31T09:00 or 09:00",
                shown(Some(text))
            );
            return Err(Error::invalid_window(message));
        }
    };
    Ok((moment, axis))
}

fn shown(text: Option<&[u8]>) -> String {
    format!("{:?}", String::from_utf8_lossy(text.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::Fit::{Overlapping, Starting, Within};
    use super::*;

    fn window(text: &str, fit: Fit) -> Window {
        let (from, to) = text.split_once("..").expect("two ends");
        let end = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        let (from, to) = (end(from), end(to));
        Window::parse(from.as_deref(), to.as_deref(), fit)
            .expect("a window")
            .expect("an end")
    }

    /// Each row has the window, the session, and whether the session is within, overlaps and starts inside.
    #[test]
    #[allow(clippy::too_many_lines)] // A table of rows.
    fn the_three_fits() {
        let rows = [
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T09:00/2026-01-31T12:00",
                [1, 1, 1],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T08:00/2026-01-31T09:00",
                [0, 0, 0],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T08:00/2026-01-31T09:01",
                [0, 1, 0],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T11:00/2026-01-31T13:00",
                [0, 1, 1],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T08:00/2026-01-31T13:00",
                [0, 1, 0],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T09:00/2026-01-31T09:00",
                [1, 1, 1],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T12:00/2026-01-31T12:00",
                [0, 0, 0],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T11:00/?",
                [0, 1, 1],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T08:00/?",
                [0, 0, 0],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "?/2026-01-31T11:00",
                [0, 0, 0],
            ),
            (
                "2026-01-31T09:00..2026-01-31T09:00",
                "2026-01-31T08:00/2026-01-31T10:00",
                [0, 0, 0],
            ),
            // Wall clocks. A time of day is on no day, so it is not admitted.
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "2026-01-31T09:00-08:00/2026-01-31T12:00-08:00",
                [1, 1, 1],
            ),
            (
                "2026-01-31T09:00..2026-01-31T12:00",
                "10:00/11:00",
                [0, 0, 0],
            ),
            // Instants. A time without an offset is not admitted.
            (
                "2026-01-31T09:00Z..2026-01-31T12:00+00:00",
                "2026-01-31T10:00+01:00/2026-01-31T13:00+01:00",
                [1, 1, 1],
            ),
            (
                "2026-01-31T09:00Z..2026-01-31T12:00+00:00",
                "2026-01-31T10:00/2026-01-31T11:00",
                [0, 0, 0],
            ),
            // Open ends.
            (
                "2026-01-31..",
                "2026-01-30T23:00/2026-01-31T00:00",
                [0, 0, 0],
            ),
            (
                "2026-01-31..",
                "2026-01-30T23:00/2026-01-31T01:00",
                [0, 1, 0],
            ),
            (
                "..2026-01-31",
                "2026-01-30T23:00/2026-01-31T00:00",
                [1, 1, 1],
            ),
            // Times of day.
            ("09:00..12:00", "09:00/12:00", [1, 1, 1]),
            ("09:00..12:00", "08:00/09:00", [0, 0, 0]),
            ("09:00..12:00", "23:00/09:01", [0, 1, 0]),
            (
                "09:00..12:00",
                "2026-01-31T09:00+05:00/2026-01-31T10:00+05:00",
                [1, 1, 1],
            ),
            (
                "09:00..12:00",
                "2026-01-31T11:00/2026-02-01T11:00",
                [0, 1, 1],
            ),
            (
                "09:00..12:00",
                "2026-01-31T13:00/2026-02-01T08:00",
                [0, 0, 0],
            ),
            (
                "09:00..12:00",
                "2026-01-31T13:00/2026-02-03T08:00",
                [0, 1, 0],
            ),
            ("22:00..02:00", "23:00/01:00", [1, 1, 1]),
            ("22:00..02:00", "01:00/02:00", [1, 1, 1]),
            ("22:00..02:00", "02:00/22:00", [0, 0, 0]),
            ("22:00..02:00", "21:00/22:30", [0, 1, 0]),
            ("18:00..", "18:00/24:00", [1, 1, 1]),
            ("18:00..", "23:00/00:30", [0, 1, 1]),
            ("..12:00", "00:00/00:30", [1, 1, 1]),
            ("09:00..09:00", "08:00/10:00", [0, 0, 0]),
            ("00:00..24:00", "08:00/10:00", [1, 1, 1]),
            ("00:00..24:00", "23:00/01:00", [0, 1, 1]),
        ];
        for (text, session, expected) in rows {
            let (start, end) = session.split_once('/').expect("two times");
            let span = Span::parse(start.as_bytes(), end.as_bytes());
            let got = [Within, Overlapping, Starting]
                .map(|fit| i32::from(window(text, fit).admits(span)));
            assert_eq!(got, expected, "{text} {session}");
        }
    }

    #[test]
    fn what_is_no_window_says_why() {
        let message = |from: &str, to: &str| {
            let window = Window::parse(Some(from.as_bytes()), Some(to.as_bytes()), Within);
            window.expect_err("no window").to_string()
        };
        let rows = [
            (
                "noon",
                "13:00",
                "\"noon\" is no time: expected one such as 2026-01-31T09:00 or 09:00",
            ),
            (
                "2026-01-31T09:00",
                "2026-01-31T12:00Z",
                "a window from \"2026-01-31T09:00\" to \"2026-01-31T12:00Z\": \
                 give both ends with an offset, both without, or both as times of day",
            ),
            (
                "2026-02-01",
                "2026-01-31",
                "a window from \"2026-02-01\" to \"2026-01-31\" ends before it starts",
            ),
        ];
        for (from, to, expected) in rows {
            assert_eq!(message(from, to), expected);
        }
        assert_eq!(Window::parse(None, None, Within), Ok(None));
    }
}
