//! Zones that a calendar defines itself, in a `VTIMEZONE` whose name no database knows: `Customized Time Zone`.
//!
//! An observance begins at its `DTSTART`, at the dates that it lists, and by a yearly rule of a month and a weekday.
//! Zones with any other rule are not used, which the caller notes.

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarFrequency, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarValue,
};
use hashbrown::HashMap;

use super::clock::{MINUTE, midnight};
use super::zone::Zone;
use crate::engine::time::{DAY, Moment, civil};

/// What gives the local times of an event their offset.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock<'c> {
    Known(Zone),
    Own(&'c Observances),
}

impl Clock<'_> {
    /// Gives a local time its offset.
    pub(super) fn place(self, local: Moment) -> Moment {
        match self {
            Self::Known(zone) => zone.place(local),
            Self::Own(zone) => Moment::at_offset(local.wall_ms(), zone.offset(local.wall_ms())),
        }
    }
}

/// The observances of one zone.
#[derive(Debug)]
pub(super) struct Observances(Vec<Observance>);

/// An offset, and when it begins. All times are local, in the offset before.
#[derive(Debug)]
struct Observance {
    from: i64,
    to: i64,
    first: i64,
    listed: Vec<i64>,
    yearly: Option<Yearly>,
}

#[derive(Debug)]
struct Yearly {
    month: i64,
    day: OfMonth,
    until: Option<i64>,
}

/// A day of a month: its date, or which of its weekdays it is, counted from the end where negative.
#[derive(Clone, Copy, Debug)]
enum OfMonth {
    Date(i64),
    Weekday(i64, i64),
}

/// Returns the zones that a calendar defines, by name.
pub(super) fn defined(calendar: &ICalendar) -> HashMap<&str, Observances> {
    let is_zone = |component: &&ICalendarComponent| {
        component.component_type == ICalendarComponentType::VTimezone
    };
    let zones = calendar.components.iter().filter(is_zone);
    zones
        .filter_map(|zone| {
            let id = zone.property(&ICalendarProperty::Tzid)?;
            let name = id.values.first()?.as_text()?;
            let parts = zone.component_ids.iter();
            let parts = parts.filter_map(|at| calendar.components.get(*at as usize));
            let observances = parts.map(Observance::read).collect::<Option<Vec<_>>>()?;
            (!observances.is_empty()).then_some((name, Observances(observances)))
        })
        .collect()
}

impl Observances {
    /// Minutes from UTC at a local time. A time that occurs twice is the first of the two; one that the clocks skip has
    /// the offset before the change.
    fn offset(&self, wall: i64) -> i64 {
        let begun = self.0.iter().filter_map(|one| {
            let skipped = (one.to - one.from).max(0) * MINUTE;
            Some((one.last_onset(wall - skipped)?, one.to))
        });
        begun.max().map_or_else(
            || {
                let earliest = self.0.iter().min_by_key(|one| one.first);
                earliest.map_or(0, |one| one.from)
            },
            |(_, offset)| offset,
        )
    }
}

impl Observance {
    fn read(part: &ICalendarComponent) -> Option<Self> {
        let value = |property: &ICalendarProperty| part.property(property)?.values.first();
        let date = |property| match value(property) {
            Some(ICalendarValue::PartialDateTime(date)) => Some(date.as_ref()),
            _ => None,
        };
        let rule = match value(&ICalendarProperty::Rrule) {
            Some(ICalendarValue::RecurrenceRule(rule)) => Some(rule.as_ref()),
            _ => None,
        };
        let entries = part.entries.iter();
        let dates = entries.filter(|entry| entry.name == ICalendarProperty::Rdate);
        let listed = dates
            .flat_map(|entry| &entry.values)
            .map(|value| match value {
                ICalendarValue::PartialDateTime(date) => local(date),
                _ => None,
            });
        let first = date(&ICalendarProperty::Dtstart)?;
        let from = offset(date(&ICalendarProperty::Tzoffsetfrom)?);
        let yearly = match rule {
            Some(rule) => Some(Yearly::read(rule, first, from)?),
            None => None,
        };
        Some(Self {
            from,
            to: offset(date(&ICalendarProperty::Tzoffsetto)?),
            first: local(first)?,
            listed: listed.collect::<Option<_>>()?,
            yearly,
        })
    }

    /// The last begin of this observance up to a local time.
    fn last_onset(&self, wall: i64) -> Option<i64> {
        let (year, _, _) = civil(wall.div_euclid(DAY));
        let yearly = self.yearly.iter().flat_map(|rule| {
            let onsets = [year, year - 1]
                .into_iter()
                .filter_map(|year| rule.day_in(year));
            onsets
                .map(|day| day + self.first.rem_euclid(DAY))
                .filter(|onset| *onset >= self.first && rule.until.is_none_or(|end| *onset <= end))
        });
        let fixed = self.listed.iter().copied().chain([self.first]);
        yearly.chain(fixed).filter(|onset| *onset <= wall).max()
    }
}

impl Yearly {
    /// Reads a yearly rule: in one month, on one weekday of it or on the date of the first onset. Returns `None` for any
    /// other rule.
    fn read(rule: &ICalendarRecurrenceRule, first: &PartialDateTime, from: i64) -> Option<Self> {
        let plain = rule.freq == ICalendarFrequency::Yearly
            && rule.interval.is_none_or(|years| years == 1)
            && rule.count.is_none()
            && rule.bymonthday.is_empty()
            && rule.byyearday.is_empty()
            && rule.byweekno.is_empty()
            && rule.bysetpos.is_empty();
        let month = match rule.bymonth.as_slice() {
            [] => i64::from(first.month?),
            [only] => i64::from(only.month()),
            _ => return None,
        };
        let day = match rule.byday.as_slice() {
            [] => OfMonth::Date(i64::from(first.day?)),
            [only] => OfMonth::Weekday(i64::from(only.ordwk?), only.weekday as i64),
            _ => return None,
        };
        let until = match &rule.until {
            Some(until) if until.tz_hour.is_some() => Some(local(until)? + from * MINUTE),
            Some(until) => Some(local(until)?),
            None => None,
        };
        plain.then_some(Self { month, day, until })
    }

    /// Returns the midnight that begins the day on which the rule applies in a year.
    fn day_in(&self, year: i64) -> Option<i64> {
        // 0 is Sunday, and the first of January 1970 was a Thursday.
        let weekday_of = |at: i64| (at.div_euclid(DAY) + 4).rem_euclid(7);
        match self.day {
            OfMonth::Date(day) => midnight(year, self.month, day),
            OfMonth::Weekday(count @ 1.., weekday) => {
                let first = midnight(year, self.month, 1)?;
                let days = (weekday - weekday_of(first)).rem_euclid(7) + (count - 1) * 7;
                Some(first + days * DAY)
            }
            OfMonth::Weekday(count, weekday) => {
                let last = (28..=31)
                    .rev()
                    .find_map(|day| midnight(year, self.month, day))?;
                let days = (weekday_of(last) - weekday).rem_euclid(7) + (-1 - count) * 7;
                (count < 0).then_some(last - days * DAY)
            }
        }
    }
}

/// Minutes from UTC.
fn offset(value: &PartialDateTime) -> i64 {
    let hours = i64::from(value.tz_hour.unwrap_or_default());
    let minutes = hours * 60 + i64::from(value.tz_minute.unwrap_or_default());
    if value.tz_minus { -minutes } else { minutes }
}

/// Milliseconds of a date and its time.
fn local(date: &PartialDateTime) -> Option<i64> {
    let day = midnight(date.year?.into(), date.month?.into(), date.day?.into())?;
    let hours = i64::from(date.hour.unwrap_or_default());
    let minutes = hours * 60 + i64::from(date.minute.unwrap_or_default());
    Some(day + minutes * MINUTE)
}
