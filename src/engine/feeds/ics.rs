//! iCalendar: RFC 5545.
//!
//! `calcard` reads the content lines, the rules of recurrences and the names of zones. An event that recurs becomes one
//! session for each time it takes place. A time in UTC is shown in the zone of the calendar, if it names one. An event
//! of whole days has no time of day, and ends when its last day is over. What a generator wrote before the calendar (a
//! comment, a front matter) is passed over.

use std::borrow::Cow;

use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::dates::TimeOrDelta;
use calcard::icalendar::timezone::TzResolver;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameterName,
    ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus, ICalendarValue,
};
use calcard::{Entry, Parser};

use hashbrown::HashMap;

use super::clock;
use super::detect::Format;
use super::fault::{Fault, shown};
use super::html;
use super::programme::{Programme, Session};
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
    let mut parser = Parser::new(body);
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
    if let Some(root) = calendar.components.first() {
        read_head(root, programme);
    }
    limit_endless(&mut calendar, programme);
    let zones = calendar.build_tz_resolver();
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

/// Ends the rules that never end.
fn limit_endless(calendar: &mut ICalendar, programme: &mut Programme<'_>) {
    for component in &mut calendar.components {
        let is_event = component.component_type == ICalendarComponentType::VEvent;
        for value in component
            .entries
            .iter_mut()
            .flat_map(|entry| &mut entry.values)
        {
            if let ICalendarValue::RecurrenceRule(rule) = value
                && is_event
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
    for starts in times.values_mut() {
        starts.sort_by_key(|start| start.ms());
        starts.dedup();
    }
    times
}

fn is_event(component: &ICalendarComponent) -> bool {
    component.component_type == ICalendarComponentType::VEvent
}

fn place(component: &ICalendarComponent) -> String {
    format!("event {}", component.uid().unwrap_or_default())
}

/// When an event takes place.
#[derive(Debug)]
struct Event {
    start: Option<Moment>,
    length: Option<i64>,
    end: Option<Moment>,
    all_day: bool,
    zone: Option<Zone>,
    utc: bool,
}

impl Event {
    fn read(
        component: &ICalendarComponent,
        zones: &TzResolver<&str>,
        programme: &mut Programme<'_>,
    ) -> Self {
        let start = component
            .property(&ICalendarProperty::Dtstart)
            .and_then(date_of);
        let end = component
            .property(&ICalendarProperty::Dtend)
            .and_then(date_of);
        let mut zone_of = |entry: Option<&ICalendarEntry>| {
            let name = entry.and_then(ICalendarEntry::tz_id)?;
            let known = zones
                .resolve(name)
                .and_then(Zone::of)
                .or_else(|| Zone::find(name));
            if known.is_none() {
                programme.note(format!(
                    "the zone {} is not known, so it was not used",
                    shown(name)
                ));
            }
            known
        };
        let zone = zone_of(component.property(&ICalendarProperty::Dtstart));
        let end_zone = zone_of(component.property(&ICalendarProperty::Dtend)).or(zone);
        let all_day = start.is_some_and(|start| start.hour.is_none());
        let [exact_start, exact_end] = exact(component);
        let begins = exact_start.or_else(|| moment(start?, zone));
        let mut ends = exact_end.or_else(|| moment(end?, end_zone));
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

fn moment(date: &PartialDateTime, zone: Option<Zone>) -> Option<Moment> {
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

fn session<'a>(component: &ICalendarComponent) -> Session<'a> {
    let mut session = Session {
        cancelled: component.status() == Some(&ICalendarStatus::Cancelled),
        ..Session::default()
    };
    for entry in &component.entries {
        let line = || Cow::Owned(html::line(&text_of(entry)).into_owned());
        match &entry.name {
            ICalendarProperty::Uid => session.id = line(),
            ICalendarProperty::Summary => session.title = line(),
            ICalendarProperty::Location => session.location = line(),
            ICalendarProperty::Url => session.url = line(),
            ICalendarProperty::Description => {
                session.summary = Cow::Owned(html::block(&text_of(entry)).into_owned());
            }
            ICalendarProperty::Categories => {
                for value in entry.values.iter().filter_map(ICalendarValue::as_text) {
                    session.tag("category", Cow::Owned(html::line(value).into_owned()));
                }
            }
            ICalendarProperty::Attendee => session.speaker(attendee(entry)),
            ICalendarProperty::Other(name) => set_other(&mut session, name, &text_of(entry)),
            _ => {}
        }
    }
    session
}

/// The properties of Pentabarf and frab, which `xcal` writes too, and the id that our own calendars keep beside the UID.
fn set_other(session: &mut Session<'_>, name: &str, text: &str) {
    let line = || Cow::Owned(html::line(text).into_owned());
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("X-PENTABARF-SUBTITLE") {
        session.subtitle = line();
    } else if is("X-PENTABARF-TRACK") {
        session.set_track(line());
    } else if is("X-PENTABARF-LANGUAGE-CODE") {
        session.language = line();
    } else if is("X-TYPE") || is("X-PENTABARF-TYPE") {
        session.set_kind(line());
    } else if is("X-EVENTKIT-ID") {
        session.id = line();
    }
}

/// The name of somebody who attends: in a programme, a speaker.
fn attendee<'a>(entry: &ICalendarEntry) -> Cow<'a, str> {
    let named = entry
        .parameters(&ICalendarParameterName::Cn)
        .find_map(|value| value.as_text());
    let text = text_of(entry);
    let name = named.unwrap_or_else(|| if text.contains(':') { "" } else { &text });
    Cow::Owned(html::line(&decoded(name)).into_owned())
}

/// Resolves the escapes of a parameter's value: RFC 6868.
fn decoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value.chars().peekable();
    while let Some(character) = rest.next() {
        let meant = match (character, rest.peek()) {
            ('^', Some('\'')) => '"',
            ('^', Some('n')) => '\n',
            ('^', Some('^')) => '^',
            _ => {
                text.push(character);
                continue;
            }
        };
        text.push(meant);
        rest.next();
    }
    text
}

fn text_of(entry: &ICalendarEntry) -> Cow<'_, str> {
    let mut texts = entry.values.iter().filter_map(ICalendarValue::as_text);
    match (texts.next(), entry.values.len()) {
        (Some(only), 1) => Cow::Borrowed(only),
        (Some(first), _) => Cow::Owned(
            [first]
                .into_iter()
                .chain(texts)
                .collect::<Vec<_>>()
                .join(","),
        ),
        (None, _) => Cow::Borrowed(""),
    }
}
