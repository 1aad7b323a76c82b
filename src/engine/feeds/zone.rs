//! Time zones: their names, and the offset of a local time.

use core::str::FromStr;

use calcard::common::timezone::Tz;
use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone};

use super::fault::Fault;
use crate::engine::time::{Moment, Scale};

/// A zone of the IANA database, or a fixed offset.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Zone(Tz);

impl Zone {
    /// Reads the name of a zone, in any case.
    pub(super) fn parse(name: &str) -> Result<Self, Fault> {
        Self::find(name).ok_or_else(|| {
            Fault::new(format!(
                "zone {name:?}: expected a name of the IANA database such as Europe/Berlin"
            ))
        })
    }

    /// Returns the zone that a feed names: an IANA name in any case, one with a prefix or with hyphens (as old calendars
    /// write it), a name of Windows, or an offset such as `UTC+2`.
    pub(super) fn find(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches('"');
        if let Ok(zone) = Tz::from_str(name) {
            return Self::of(zone);
        }
        let spelled = name.replace('-', "/");
        let mut parts = name.rsplitn(3, '/');
        let (last, before) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let tail = format!("{before}/{last}");
        let found = chrono_tz::TZ_VARIANTS.iter().find(|zone| {
            let is_named = |name: &&str| zone.name().eq_ignore_ascii_case(name);
            [name, spelled.as_str(), tail.as_str()].iter().any(is_named)
        });
        found
            .map(|zone| Tz::Tz(*zone))
            .or_else(|| fixed(name))
            .map(Self)
    }

    /// A zone of a calendar, unless it is the absence of one.
    pub(super) fn of(zone: Tz) -> Option<Self> {
        (!zone.is_floating()).then_some(Self(zone))
    }

    /// The IANA name; `None` for an offset that has none.
    pub(super) fn name(self) -> Option<&'static str> {
        match self.0 {
            Tz::Tz(zone) => Some(zone.name()),
            _ => None,
        }
    }

    /// Gives a local time the offset of this zone.
    ///
    /// A time that occurs twice is the first of the two. A time that the clocks skip has the offset before the change,
    /// as RFC 5545 says.
    pub(super) fn place(self, local: Moment) -> Moment {
        let mut wall = naive(local.wall_ms());
        for _ in 0..48 {
            let found = self.0.offset_from_local_datetime(&wall);
            if let Some(offset) = found.earliest() {
                let minutes = i64::from(offset.fix().local_minus_utc()) / 60;
                return Moment::at_offset(local.wall_ms(), minutes);
            }
            wall -= TimeDelta::minutes(30);
        }
        local
    }

    /// Shows an instant on the clocks of this zone.
    pub(super) fn show(self, instant: Moment) -> Moment {
        if instant.scale() != Some(Scale::Instant) {
            return instant;
        }
        let utc = naive(instant.ms());
        let seconds = self
            .0
            .offset_from_utc_datetime(&utc)
            .fix()
            .local_minus_utc();
        let minutes = i64::from(seconds) / 60;
        Moment::at_offset(instant.ms() + minutes * 60_000, minutes)
    }
}

/// A zone that is named by its offset: `UTC+2`, `GMT-05:00`, `UTC+5.5`, `+0200`, `Z`.
fn fixed(name: &str) -> Option<Tz> {
    const UTC: [&str; 3] = ["z", "utc", "gmt"];
    let name = name.to_ascii_lowercase();
    if UTC.contains(&name.as_str()) || name == "tzone://microsoft/utc" {
        return Some(Tz::Tz(chrono_tz::UTC));
    }
    let offset = name
        .trim_start_matches("utc")
        .trim_start_matches("gmt")
        .trim_start();
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) =
        match (digits.split_once(':'), digits.split_once('.'), digits.len()) {
            (Some((hours, minutes)), _, _) => (hours.parse().ok()?, minutes.parse().ok()?),
            (_, Some((hours, part)), _) => (
                hours.parse().ok()?,
                (format!("0.{part}").parse::<f64>().ok()? * 60.0) as i32,
            ),
            (_, _, 4) => (
                digits.get(..2)?.parse().ok()?,
                digits.get(2..)?.parse().ok()?,
            ),
            _ => (digits.parse().ok()?, 0),
        };
    let exists = (0..=14).contains(&hours) && (0..60).contains(&minutes);
    let seconds: i32 = exists.then(|| sign * (hours * 60 + minutes) * 60)?;
    FixedOffset::east_opt(seconds).map(Tz::Fixed)
}

impl core::fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.name().unwrap_or("offset"))
    }
}

fn naive(ms: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .naive_utc()
}
