//! Mends what calendars write beside the letter of RFC 5545 before it is read, where it would be misread or lost: line ends
//! of old Macs, times without seconds, zones whose unquoted names hold a colon, and dates that end or except recurrences
//! of timed events.

use std::borrow::Cow;

use calcard::icalendar::{ICalendarComponent, ICalendarEntry, ICalendarProperty, ICalendarValue};

use hashbrown::HashSet;

use super::clock::midnight;

/// The properties that hold times.
const TIMED: [&str; 5] = ["DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"];

/// Returns the content lines of a calendar as its parser understands them. O(bytes).
pub(super) fn lines(body: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\n', body.as_bytes()).is_none() {
        let body = body.replace('\r', "\n");
        return Cow::Owned(dates(&body).unwrap_or(body));
    }
    dates(body).map_or(Cow::Borrowed(body), Cow::Owned)
}

/// Mends the lines that hold times; `None` if there is nothing to mend.
fn dates(body: &str) -> Option<String> {
    let mut mended = String::new();
    let (mut from, mut start) = (0, 0);
    while start < body.len() {
        let rest = body.get(start..)?;
        let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let line = rest.get(..length)?.trim_end_matches('\r');
        if is_timed(line)
            && let Some(new) = date(line)
        {
            mended.push_str(body.get(from..start)?);
            mended.push_str(&new);
            from = start + line.len();
        }
        start += length + 1;
    }
    mended.push_str(body.get(from..)?);
    (from > 0).then_some(mended)
}

fn is_timed(line: &str) -> bool {
    TIMED.iter().any(|name| {
        let head = line.get(..name.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(name))
            && matches!(line.as_bytes().get(name.len()), Some(b':' | b';'))
    })
}

/// Mends one line; `None` if it needs none, or holds no times of the basic form.
fn date(line: &str) -> Option<String> {
    let (head, values) = line.rsplit_once(':')?;
    let is_basic = |value: &str| {
        let day = value.trim().get(..8);
        day.is_some_and(|day| day.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if !values.split(',').all(is_basic) {
        return None;
    }
    let quoted = quoted_zone(head);
    let completed: Vec<Cow<'_, str>> = values.split(',').map(with_seconds).collect();
    let is_changed = completed.iter().any(|value| matches!(value, Cow::Owned(_)));
    (quoted.is_some() || is_changed).then(|| {
        let head = quoted.unwrap_or_else(|| head.to_owned());
        format!("{head}:{}", completed.join(","))
    })
}

/// `20260131T0930Z` as `20260131T093000Z`.
fn with_seconds(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    let bare = value.strip_suffix(['Z', 'z']).unwrap_or(value);
    if bare.len() == 13 && matches!(bare.as_bytes().get(8), Some(b'T' | b't')) {
        let zulu = if bare.len() == value.len() { "" } else { "Z" };
        return Cow::Owned(format!("{bare}00{zulu}"));
    }
    Cow::Borrowed(value)
}

/// The name and parameters of a line with its zone in quotes, if the zone holds a colon and has none:
/// `TZID=tzone://Microsoft/Utc`.
fn quoted_zone(head: &str) -> Option<String> {
    let at = head.to_ascii_uppercase().find(";TZID=")? + ";TZID=".len();
    let (before, after) = head.split_at_checked(at)?;
    let end = after.find(';').unwrap_or(after.len());
    let (zone, rest) = after.split_at_checked(end)?;
    let is_open = zone.contains(':') && !zone.starts_with('"');
    is_open.then(|| format!("{before}\"{zone}\"{rest}"))
}

/// Lets a rule that ends on a date include that day, as calendar programs do.
pub(super) fn end_of_day(value: &mut ICalendarValue, is_timed: bool) {
    if let ICalendarValue::RecurrenceRule(rule) = value
        && let Some(until) = rule.until.as_mut().filter(|until| until.hour.is_none())
        && is_timed
    {
        (until.hour, until.minute, until.second) = (Some(23), Some(59), Some(59));
    }
}

/// Whether an event has a start with a time.
pub(super) fn is_timed_event(component: &ICalendarComponent) -> bool {
    let start = component.property(&ICalendarProperty::Dtstart);
    let value = start.and_then(|start| start.values.first());
    matches!(value, Some(ICalendarValue::PartialDateTime(date)) if date.hour.is_some())
}

/// The midnights of the days on which an event with times does not recur.
pub(super) fn excepted_days(component: &ICalendarComponent) -> HashSet<i64> {
    let is_exception = |entry: &&ICalendarEntry| entry.name == ICalendarProperty::Exdate;
    let entries = component.entries.iter().filter(is_exception);
    let days = entries.flat_map(|entry| &entry.values).filter_map(|value| {
        let ICalendarValue::PartialDateTime(date) = value else {
            return None;
        };
        let is_day = date.hour.is_none();
        midnight(date.year?.into(), date.month?.into(), date.day?.into()).filter(|_| is_day)
    });
    days.collect()
}
