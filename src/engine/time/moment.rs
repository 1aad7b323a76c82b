//! A point in time of a session, with its scale.

use bytemuck::{Pod, Zeroable};

use super::parse::read;
use super::{DAY, MINUTE};

/// The point from which a time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// `09:00`: from midnight of an unknown day.
    Clock,
    /// `2026-01-31T09:00:00` or `2026-01-31`: from 1970, on the wall clock of the place.
    Local,
    /// `2026-01-31T09:00:00+01:00`: from 1970, in UTC.
    Instant,
}

/// A point in time in milliseconds with its scale and offset, or [`Moment::UNKNOWN`], in 8 bytes.
///
/// Every pattern of bits is a moment, so a column of moments can be read from any file.
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

    /// Reads a time. Returns [`Moment::UNKNOWN`] if the text has none of the forms below.
    ///
    /// A date-time is `YYYY-MM-DD`, then optionally `T` or a space, `HH:MM[:SS[.fraction]]`, and optionally an offset
    /// (`Z`, `±HH:MM`, `±HHMM`, `±HH`). A date alone is its midnight. A time of day is `H:MM` or
    /// `HH:MM[:SS[.fraction]]`. `24:00` is the end of a day. White space around the text is ignored, and so are all
    /// digits of a fraction after the third.
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

    /// Returns the offset in minutes east of UTC, or `None` for a time without one.
    #[inline]
    pub fn offset(self) -> Option<i64> {
        (self.scale()? == Scale::Instant).then(|| (self.wall_ms() - self.ms()) / MINUTE)
    }

    /// Reads a time as the end of a session that starts at `start`. A date alone means the end of that day.
    pub(super) fn parse_end(text: &[u8], start: Self) -> Self {
        const DATE: usize = "2026-01-31".len();
        let end = Self::parse(text);
        let is_date = end.scale() == Some(Scale::Local) && text.trim_ascii().len() == DATE;
        let over = end.ms() + DAY;
        if !is_date || over <= start.ms() {
            // An end before the start is returned as it is.
            return end;
        }
        Self::new(Scale::Local, over, 0)
    }

    /// Returns a time of a day that is not named.
    pub(in crate::engine) fn clock(ms: i64) -> Self {
        Self::new(Scale::Clock, ms, 0)
    }

    /// Returns a time on the wall clock of a place whose offset is not named.
    pub(in crate::engine) fn local(wall_ms: i64) -> Self {
        Self::new(Scale::Local, wall_ms, 0)
    }

    /// Returns a time on the wall clock of a place that is `minutes` east of UTC.
    pub(in crate::engine) fn at_offset(wall_ms: i64, minutes: i64) -> Self {
        Self::new(Scale::Instant, wall_ms - minutes * MINUTE, minutes)
    }

    pub(super) fn new(scale: Scale, ms: i64, offset: i64) -> Self {
        let scale = match scale {
            Scale::Clock => 1,
            Scale::Local => 2,
            Scale::Instant => 3,
        };
        let ms = (ms + Self::MS_BIAS).cast_unsigned();
        let offset = (offset + Self::OFFSET_BIAS).cast_unsigned();
        Self(scale << Self::SCALE_SHIFT | ms << Self::MS_SHIFT | offset)
    }

    /// Returns the scale of [`Self::ms`], or `None` for an unknown time.
    #[inline]
    pub fn scale(self) -> Option<Scale> {
        match self.0 >> Self::SCALE_SHIFT {
            1 => Some(Scale::Clock),
            2 => Some(Scale::Local),
            3 => Some(Scale::Instant),
            _ => None,
        }
    }

    /// Returns the milliseconds on its scale. The value of an unknown time has no meaning.
    #[inline]
    pub fn ms(self) -> i64 {
        let mask = 2 * Self::MS_BIAS.cast_unsigned() - 1;
        (self.0 >> Self::MS_SHIFT & mask).cast_signed() - Self::MS_BIAS
    }

    /// Returns the milliseconds on the wall clock: [`Self::ms`] plus the offset.
    #[inline]
    pub fn wall_ms(self) -> i64 {
        let mask = 2 * Self::OFFSET_BIAS.cast_unsigned() - 1;
        self.ms() + ((self.0 & mask).cast_signed() - Self::OFFSET_BIAS) * MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::{Axis, Span};
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
}
