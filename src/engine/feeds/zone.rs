//! Time zones: their names, and the offset of a local time.

use core::str::FromStr;

use calcard::common::timezone::Tz;
use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone};

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
    /// write it), or a name of Windows.
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
        found.map(|zone| Self(Tz::Tz(*zone)))
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
