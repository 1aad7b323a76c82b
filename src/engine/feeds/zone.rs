//! Time zones: their names, and the offset of a local time.

use core::str::FromStr;

use calcard::common::timezone::Tz;
use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone};

use super::fault::Fault;
use crate::engine::time::{Moment, Scale};

/// A zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Zone(chrono_tz::Tz);

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
        if let Ok(zone) = chrono_tz::Tz::from_str(name) {
            return Some(Self(zone));
        }
        if let Ok(Tz::Tz(zone)) = Tz::from_str(name) {
            return Some(Self(zone));
        }
        let spelled = name.replace('-', "/");
        let last_two = name.rsplitn(3, '/').take(2).collect::<Vec<_>>();
        let tail = last_two.into_iter().rev().collect::<Vec<_>>().join("/");
        chrono_tz::TZ_VARIANTS
            .iter()
            .find(|zone| {
                [name, &spelled, &tail]
                    .iter()
                    .any(|name| zone.name().eq_ignore_ascii_case(name))
            })
            .map(|zone| Self(*zone))
    }

    /// The IANA name.
    pub(super) fn name(self) -> &'static str {
        self.0.name()
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
        let seconds = self.0.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        let minutes = i64::from(seconds) / 60;
        Moment::at_offset(instant.ms() + minutes * 60_000, minutes)
    }
}

fn naive(ms: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .naive_utc()
}
