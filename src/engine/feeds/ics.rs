//! iCalendar: RFC 5545.
//!
//! `calcard` reads the content lines, the rules of recurrences and the names of zones. An event that recurs becomes one
//! session for each time it takes place. A time in UTC is shown in the zone of the calendar, if it names one. An event
//! of whole days has no time of day, and ends when its last day is over. What a generator wrote before the calendar (a
//! comment, a front matter) is passed over.

use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::dates::TimeOrDelta;
use calcard::icalendar::timezone::TzResolver;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarValue,
};
use calcard::{Entry, Parser};

use hashbrown::HashMap;

use super::clock;
use super::detect::Format;
use super::fault::{Fault, shown};
use super::html;
use super::ics_repair;
use super::ics_session::{session, text_of};
use super::programme::{Programme, Session};
use super::vtimezone::{self, Clock, Observances};
use super::zone::Zone;
use crate::engine::time::{DAY, Moment};

/// How often an event is taken that recurs for ever.
const ENDLESS: u32 = 100;
/// How many times of recurring events are taken in all.
const MOST_TIMES: usize = 20_000;

/// Reads a calendar, wherever it begins in `text`.
pub(super) fn read(text: &str, programme: &mut Programme<'_>) -> Result<(), Fault> {
    const BEGIN: &str = "begin:vcalendar";
    let at = html::find_ignoring_case(text, BEGIN);
    programme.format = Format::Ics;
    let body = text.get(at..).unwrap_or_default();
    check_end(text, body)?;
    read_lines(body, programme)
}

/// Refuses a calendar that was cut off.
fn check_end(text: &str, body: &str) -> Result<(), Fault> {
    let tail = body
        .get(floor(body, body.len().saturating_sub(4096))..)
        .unwrap_or_default();
    if tail.to_ascii_uppercase().contains("END:VCALENDAR") {
        return Ok(());
    }
    let reason = "the calendar has no END:VCALENDAR: it was cut off";
    Err(Fault::at_offset(text.as_bytes(), text.len(), reason))
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Refuses a calendar of nothing but marks, which would take many times its size once it is taken apart: about 170 bytes
/// a property and 40 a value.
fn check_density(body: &str) -> Result<(), Fault> {
    const FREE: usize = 60 << 20;
    let bytes = body.as_bytes();
    let marks = memchr::memchr3_iter(b'\n', b',', b';', bytes);
    let cost = marks.map(|at| match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\n'), Some(b' ' | b'\t')) => 0,
        (Some(b'\n'), _) => 170,
        _ => 40,
    });
    if cost.sum::<usize>() <= FREE + body.len() {
        return Ok(());
    }
    Err(Fault::new(
        "the calendar has more properties and values than one of this size can hold",
    ))
}

/// Reads the content lines of calendars.
pub(super) fn read_lines(body: &str, programme: &mut Programme<'_>) -> Result<(), Fault> {
    check_density(body)?;
    let body = ics_repair::lines(body);
    let mut parser = Parser::new(&body);
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => read_calendar(calendar, programme),
            Entry::Eof => return Ok(()),
            Entry::TooManyComponents => {
                return Err(Fault::new("the calendar has too many components"));
            }
            _ => {}
        }
    }
}

fn read_calendar(mut calendar: ICalendar, programme: &mut Programme<'_>) {
    let (zone, before) = (programme.zone_in_use(), programme.sessions.len());
    if let Some(root) = calendar.components.first() {
        read_head(root, programme);
    }
    if zone != programme.zone_in_use() {
        // The local times of an earlier calendar are those of its own zone.
        programme.settle_first(before, zone);
    }
    end_rules(&mut calendar, programme);
    let zones = Zones {
        known: calendar.build_tz_resolver(),
        own: vtimezone::defined(&calendar),
    };
    let mut times = recurrences(&calendar, programme);
    let recurs = !times.is_empty();
    for (at, component) in calendar.components.iter().enumerate() {
        if component.component_type != ICalendarComponentType::VEvent {
            continue;
        }
        let event = Event::read(component, &zones, programme);
        let own = times.remove(&at).unwrap_or_default();
        if own.is_empty() && component.is_recurrent() {
            programme.skip(place(component), "its rule gives no time");
        } else if own.is_empty() && !(recurs && component.is_recurrence_override()) {
            programme.push(|| place(component), event.session(component, None));
        } else {
            for start in own {
                programme.push(|| place(component), event.session(component, Some(start)));
            }
        }
    }
}

fn read_head(root: &ICalendarComponent, programme: &mut Programme<'_>) {
    for entry in &root.entries {
        let name = match &entry.name {
            ICalendarProperty::Name => "NAME",
            ICalendarProperty::Other(name) => name.as_str(),
            _ => continue,
        };
        let text = text_of(entry);
        if name.eq_ignore_ascii_case("X-WR-TIMEZONE") {
            programme.set_zone(&text);
        } else if name == "NAME"
            || (name.eq_ignore_ascii_case("X-WR-CALNAME") && programme.name.is_empty())
        {
            programme.name = html::line(&text).into_owned().into();
        }
    }
}

/// Ends the rules that never end, and those that end on a date at the end of that day.
fn end_rules(calendar: &mut ICalendar, programme: &mut Programme<'_>) {
    for component in &mut calendar.components {
        let is_timed = ics_repair::is_timed_event(component);
        if !is_event(component) {
            continue;
        }
        for value in component
            .entries
            .iter_mut()
            .flat_map(|entry| &mut entry.values)
        {
            ics_repair::end_of_day(value, is_timed);
            if let ICalendarValue::RecurrenceRule(rule) = value
                && is_endless(rule)
            {
                rule.count = Some(ENDLESS);
                programme.note(format!(
                    "events that recur for ever are taken {ENDLESS} times"
                ));
            }
        }
    }
}

fn is_endless(rule: &ICalendarRecurrenceRule) -> bool {
    rule.count.is_none() && rule.until.is_none()
}

/// The local starts of recurring events and of the exceptions to them, by the number of their component.
fn recurrences(calendar: &ICalendar, programme: &mut Programme<'_>) -> HashMap<usize, Vec<Moment>> {
    if !calendar
        .components
        .iter()
        .any(|component| component.is_recurrent() && is_event(component))
    {
        return HashMap::new();
    }
    // Without a zone, so that each time is on the clock of its event, and a zone of our own gives the offset.
    let expanded = calendar.expand_dates(Tz::Floating, MOST_TIMES);
    let mut times: HashMap<usize, Vec<Moment>> = HashMap::new();
    let mut count = 0;
    for event in expanded.events {
        let at = event.comp_id as usize;
        let Some(component) = calendar.components.get(at) else {
            continue;
        };
        let repeated = component.is_recurrent_or_override();
        let span = match event.end {
            TimeOrDelta::Time(end) => end.timestamp() - event.start.timestamp(),
            TimeOrDelta::Delta(delta) => delta.num_seconds(),
        };
        if repeated && is_event(component) && span >= 0 {
            let wall = event.start.naive_local().and_utc().timestamp_millis();
            times.entry(at).or_default().push(Moment::local(wall));
            count += 1;
        }
    }
    if count >= MOST_TIMES {
        programme.note(format!(
            "only the first {MOST_TIMES} times of recurring events were taken"
        ));
    }
    for (at, starts) in &mut times {
        starts.sort_by_key(|start| start.ms());
        starts.dedup();
        let event = calendar.components.get(*at);
        let excepted = event
            .filter(|event| ics_repair::is_timed_event(event))
            .map(ics_repair::excepted_days)
            .unwrap_or_default();
        starts.retain(|start| !excepted.contains(&(start.wall_ms().div_euclid(DAY) * DAY)));
    }
    times
}

fn is_event(component: &ICalendarComponent) -> bool {
    component.component_type == ICalendarComponentType::VEvent
}

fn place(component: &ICalendarComponent) -> String {
    format!("event {}", component.uid().unwrap_or_default())
}

/// The zones of a calendar by their names.
struct Zones<'c> {
    known: TzResolver<&'c str>,
    own: HashMap<&'c str, Observances>,
}

impl Zones<'_> {
    /// The zone of a start or an end. One that is not known is noted.
    fn of(
        &self,
        entry: Option<&ICalendarEntry>,
        programme: &mut Programme<'_>,
    ) -> Option<Clock<'_>> {
        let name = entry.and_then(ICalendarEntry::tz_id)?;
        let known = self.known.resolve(name).and_then(Zone::of);
        let found = known
            .or_else(|| Zone::find(name))
            .map(Clock::Known)
            .or_else(|| self.own.get(name).map(Clock::Own));
        if found.is_none() {
            programme.note(format!(
                "the zone {} is not known, so it was not used",
                shown(name)
            ));
        }
        found
    }
}

/// When an event takes place.
#[derive(Debug)]
struct Event<'c> {
    start: Option<Moment>,
    length: Option<i64>,
    end: Option<Moment>,
    all_day: bool,
    zone: Option<Clock<'c>>,
    utc: bool,
}

impl<'c> Event<'c> {
    fn read(
        component: &ICalendarComponent,
        zones: &'c Zones<'_>,
        programme: &mut Programme<'_>,
    ) -> Self {
        let [from, to] = [ICalendarProperty::Dtstart, ICalendarProperty::Dtend]
            .map(|property| component.property(&property));
        let (start, end) = (from.and_then(date_of), to.and_then(date_of));
        let zone = zones.of(from, programme);
        let end_zone = zones.of(to, programme).or(zone);
        let all_day = start.is_some_and(|start| start.hour.is_none());
        let [exact_start, exact_end] = exact(component);
        let mut written = |entry| exact_or_noted(component, entry, programme);
        let begins = exact_start
            .or_else(|| start.map_or_else(|| written(from), |start| moment(start, zone)));
        let mut ends =
            exact_end.or_else(|| end.map_or_else(|| written(to), |end| moment(end, end_zone)));
        let mut length = duration(component);
        if all_day {
            // A missing end, or one on the first day, is the end of that day.
            let least = begins.map(|begins| Moment::local(begins.wall_ms() + DAY));
            ends = match length.take() {
                Some(length) => {
                    begins.map(|begins| Moment::local(begins.wall_ms() + length.max(DAY)))
                }
                None => ends
                    .filter(|ends| least.is_some_and(|least| ends.wall_ms() >= least.wall_ms()))
                    .or(least),
            };
        }
        Self {
            start: begins,
            length: length.or_else(|| Some(ends?.ms() - begins?.ms())),
            end: ends,
            all_day,
            zone,
            utc: start.is_some_and(|start| start.tz_hour.is_some()),
        }
    }

    /// The session at one start: that of the event, or a local one of its recurrences.
    fn session<'a>(&self, component: &ICalendarComponent, recurs: Option<Moment>) -> Session<'a> {
        let mut session = session(component);
        session.all_day = self.all_day;
        match recurs {
            None => {
                session.start = self.start;
                session.end = self.end;
                if session.end.is_none() {
                    session.lasts(self.length);
                }
            }
            Some(local) => {
                let start = match (self.all_day, self.utc, self.zone) {
                    (false, true, _) => Moment::at_offset(local.wall_ms(), 0),
                    (false, false, Some(zone)) => zone.place(local),
                    _ => local,
                };
                session.id = format!("{}/{}", session.id, clock::iso(local)).into();
                session.start = Some(start);
                session.lasts(self.length);
            }
        }
        session
    }
}

/// The start and the end that xCal of Pentabarf gives with their offsets.
fn exact(component: &ICalendarComponent) -> [Option<Moment>; 2] {
    ["X-PENTABARF-START", "X-PENTABARF-END"].map(|wanted| {
        let found = component.entries.iter().find(|entry| {
            matches!(&entry.name, ICalendarProperty::Other(name) if name.eq_ignore_ascii_case(wanted))
        });
        clock::timed(&text_of(found?)).filter(|moment| moment.offset().is_some())
    })
}

fn date_of(entry: &ICalendarEntry) -> Option<&PartialDateTime> {
    match entry.values.first() {
        Some(ICalendarValue::PartialDateTime(date)) => Some(date),
        _ => None,
    }
}

/// A time that is written as in ISO 8601, `2026-07-01T09:00:00`; any other text is noted.
fn exact_or_noted(
    component: &ICalendarComponent,
    entry: Option<&ICalendarEntry>,
    programme: &mut Programme<'_>,
) -> Option<Moment> {
    let text = text_of(entry?);
    let found = clock::timed(&text);
    if found.is_none() {
        programme.note(format!(
            "{}: {} is no date, so it was left out",
            place(component),
            shown(&text)
        ));
    }
    found
}

fn moment(date: &PartialDateTime, zone: Option<Clock<'_>>) -> Option<Moment> {
    let (year, month, day) = (date.year?, date.month?, date.day?);
    let (hour, minute, second) = (
        date.hour.unwrap_or_default(),
        date.minute.unwrap_or_default(),
        date.second.unwrap_or_default().min(59),
    );
    let midnight = clock::midnight(i64::from(year), i64::from(month), i64::from(day))?;
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    let in_day = hour < 24 && minute < 60;
    let local = in_day.then(|| Moment::local(midnight + seconds * 1000))?;
    if let Some(hours) = date.tz_hour {
        let minutes = i64::from(hours) * 60 + i64::from(date.tz_minute.unwrap_or_default());
        let minutes = if date.tz_minus { -minutes } else { minutes };
        return Some(Moment::at_offset(local.wall_ms(), minutes));
    }
    Some(match zone.filter(|_| date.hour.is_some()) {
        Some(zone) => zone.place(local),
        None => local,
    })
}

fn duration(component: &ICalendarComponent) -> Option<i64> {
    let entry = component.property(&ICalendarProperty::Duration)?;
    match entry.values.first() {
        Some(ICalendarValue::Duration(duration)) => duration.as_seconds().checked_mul(1000),
        _ => None,
    }
}
