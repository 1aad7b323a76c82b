//! The times of sessions: ISO 8601 date-times, with or without an offset, and times of day.
//!
//! Times that name an offset, times that do not, and bare times of day are three different [`Scale`]s. A [`Span`] is
//! read on one [`Axis`], so that only what can be compared ever is. Reading a time costs O(its length).

use bytemuck::{Pod, Zeroable};

/// Milliseconds of a day.
pub const DAY: i64 = 24 * 60 * MINUTE;
const MINUTE: i64 = 60_000;

/// What a time is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// `09:00`: from midnight of a day that is not named.
    Clock,
    /// `2026-01-31T09:00:00` or `2026-01-31`: from 1970 on the wall clock of the place.
    Local,
    /// `2026-01-31T09:00:00+01:00`: from 1970 in UTC.
    Instant,
}

/// A point in time to the millisecond with its scale and offset, or [`Moment::UNKNOWN`], in 8 bytes.
///
/// Every pattern of bits is a moment, so that a column of them can be read from a file as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Moment(u64);

impl Moment {
    /// A time that is missing or cannot be read.
    pub const UNKNOWN: Self = Self(0);

    // Two bits of scale (0: unknown), 50 of milliseconds, 12 of offset in minutes: the years 1 to 9999 need 49 bits.
    const SCALE_SHIFT: u32 = 62;
    const MS_SHIFT: u32 = 12;
    const MS_BIAS: i64 = 1 << 49;
    const OFFSET_BIAS: i64 = 1 << 11;

    /// Reads a time; what is not one of the forms below is [`Moment::UNKNOWN`].
    ///
    /// `YYYY-MM-DD`, alone (its midnight) or followed by `T` or a space, `HH:MM[:SS[.fraction]]` and perhaps an offset
    /// (`Z`, `±HH:MM`, `±HHMM`, `±HH`); or `H:MM`, `HH:MM`, `HH:MM:SS[.fraction]` alone. `24:00` is the end of a day.
    /// White space around it is ignored, and so are digits after the third of a fraction.
    ///
    /// ```
    /// use eventkit::engine::time::{Moment, Scale};
    ///
    /// let start = Moment::parse(b"2026-01-31T09:30:00+01:00");
    /// assert_eq!(start.scale(), Some(Scale::Instant));
    /// assert_eq!(start.ms(), Moment::parse(b"2026-01-31T08:30:00Z").ms());
    /// assert_eq!(Moment::parse(b"9:30").ms(), 34_200_000);
    /// assert_eq!(Moment::parse(b"after lunch"), Moment::UNKNOWN);
    /// ```
    pub fn parse(text: &[u8]) -> Self {
        read(text.trim_ascii()).unwrap_or(Self::UNKNOWN)
    }

    /// Minutes east of UTC; `None` for a time that names no offset.
    #[inline]
    pub fn offset(self) -> Option<i64> {
        (self.scale()? == Scale::Instant).then(|| (self.wall_ms() - self.ms()) / MINUTE)
    }

    /// Reads a time as the end of what starts at `start`. A date alone is inclusive: it ends when that day is over.
    fn parse_end(text: &[u8], start: Self) -> Self {
        const DATE: usize = "2026-01-31".len();
        let end = Self::parse(text);
        let is_date = end.scale() == Some(Scale::Local) && text.trim_ascii().len() == DATE;
        let over = end.ms() + DAY;
        if !is_date || over <= start.ms() {
            // An end before the start stays one.
            return end;
        }
        Self::new(Scale::Local, over, 0)
    }

    /// A time of a day that is not named.
    pub(in crate::engine) fn clock(ms: i64) -> Self {
        Self::new(Scale::Clock, ms, 0)
    }

    /// A time on the wall clock of a place whose offset is not named.
    pub(in crate::engine) fn local(wall_ms: i64) -> Self {
        Self::new(Scale::Local, wall_ms, 0)
    }

    /// A time on the wall clock of a place that is `minutes` east of UTC.
    pub(in crate::engine) fn at_offset(wall_ms: i64, minutes: i64) -> Self {
        Self::new(Scale::Instant, wall_ms - minutes * MINUTE, minutes)
    }

    fn new(scale: Scale, ms: i64, offset: i64) -> Self {
        let scale = match scale {
            Scale::Clock => 1,
            Scale::Local => 2,
            Scale::Instant => 3,
        };
        let ms = (ms + Self::MS_BIAS).cast_unsigned();
        let offset = (offset + Self::OFFSET_BIAS).cast_unsigned();
        Self(scale << Self::SCALE_SHIFT | ms << Self::MS_SHIFT | offset)
    }

    /// What [`Self::ms`] is counted from; `None` for an unknown time.
    #[inline]
    pub fn scale(self) -> Option<Scale> {
        match self.0 >> Self::SCALE_SHIFT {
            1 => Some(Scale::Clock),
            2 => Some(Scale::Local),
            3 => Some(Scale::Instant),
            _ => None,
        }
    }

    /// Milliseconds on its scale; of an unknown time, no particular value.
    #[inline]
    pub fn ms(self) -> i64 {
        let mask = 2 * Self::MS_BIAS.cast_unsigned() - 1;
        (self.0 >> Self::MS_SHIFT & mask).cast_signed() - Self::MS_BIAS
    }

    /// Milliseconds as the clock on the wall shows them: [`Self::ms`] and the offset.
    #[inline]
    pub fn wall_ms(self) -> i64 {
        let mask = 2 * Self::OFFSET_BIAS.cast_unsigned() - 1;
        self.ms() + ((self.0 & mask).cast_signed() - Self::OFFSET_BIAS) * MINUTE
    }
}

/// What the times of different sessions are compared on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Instants, wherever they are.
    Instant,
    /// Instants; a time that names no offset has this one, in minutes east of UTC.
    Offset(i64),
    /// What the wall clock showed: instants and local times.
    Wall,
    /// Times of day, those of dated sessions on the wall clock.
    Clock,
}

impl Axis {
    /// Returns the axis on which most of these sessions can be compared.
    ///
    /// That is the time of day where most sessions have no date, and the wall clock where none names an offset.
    /// Otherwise sessions are compared as instants, and those that name no offset have `offset`, in minutes east of
    /// UTC.
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

/// When a session starts and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(C)]
pub struct Span {
    /// Its start.
    pub start: Moment,
    /// Its end.
    pub end: Moment,
}

impl Span {
    /// Reads the span between two texts, each as [`Moment::parse`] reads it. An end that is a date alone is inclusive:
    /// the session lasts until that day is over, as in an exported calendar.
    pub fn parse(start: &[u8], end: &[u8]) -> Self {
        let (start, end) = (
            Moment::parse(start),
            Moment::parse_end(end, Moment::parse(start)),
        );
        Self { start, end }
    }

    /// How long it lasts, in milliseconds; `None` if an end is unknown, on another scale, or before the start.
    ///
    /// At least one: nobody is at two places at one moment, so a session that starts as it ends still takes it up.
    /// A time of day before the start is one of the next day.
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

    /// Where it starts on an axis, in milliseconds; `None` where its start has no place there.
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

    /// The time it takes on an axis, `[start, end)` in milliseconds, on the clock of its start; never empty.
    #[inline]
    pub fn on(self, axis: Axis) -> Option<(i64, i64)> {
        let start = self.start_on(axis)?;
        Some((start, start + self.length()?))
    }
}

/// Returns year, month and day of a number of days since 1970. It counts in eras of 400 years, which all have 146,097
/// days.
pub(in crate::engine) fn civil(day: i64) -> (i64, i64, i64) {
    // Years start in March here, so that the leap day comes last.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day_of_month,
    )
}

fn read(mut text: &[u8]) -> Option<Moment> {
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

/// Days since 1970 of the `YYYY-MM-DD` that `text` starts with.
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

/// Days since 1970 of the first day of a month, counted in years that start with March: month 13 is the next January.
fn first_of_month(year: i64, month: i64) -> i64 {
    let months = year * 12 + month - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 - 719_468
}

/// Milliseconds since midnight of the time that `text` starts with, its hour in `width` digits.
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

/// Milliseconds of a fraction of a second; more digits than three are cut off.
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

/// Minutes east of UTC, for all of `text`.
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
        // The colon may be left out.
        let _ = skip(&mut text, b':');
        number(&mut text, 2)?
    };
    (text.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Takes `width` digits.
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

/// Takes one byte if it is the expected one.
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

    #[test]
    fn any_bits_are_a_moment() {
        for bits in [
            0,
            1,
            u64::MAX,
            1 << 63,
            3 << 61,
            0x0123_4567_89ab_cdef,
            !0 >> 1,
        ] {
            let span = Span {
                start: Moment(bits),
                end: Moment(!bits),
            };
            for axis in [Axis::Instant, Axis::Offset(-90), Axis::Wall, Axis::Clock] {
                assert!(span.on(axis).is_none_or(|(start, end)| start < end));
            }
        }
    }

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
