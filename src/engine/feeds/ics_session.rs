//! What an event of iCalendar says beside its times: texts, categories and people.

use std::borrow::Cow;

use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarProperty, ICalendarStatus,
    ICalendarValue,
};

use super::html;
use super::programme::Session;

/// Takes what an event says but its times.
pub(super) fn session<'a>(component: &ICalendarComponent) -> Session<'a> {
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

/// The text of a property; several are joined by commas.
pub(super) fn text_of(entry: &ICalendarEntry) -> Cow<'_, str> {
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
