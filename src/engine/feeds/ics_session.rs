//! What an event of iCalendar says beside its times: texts, categories and people.

use std::borrow::Cow;

use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarParameterValue,
    ICalendarProperty, ICalendarStatus, ICalendarValue,
};

use super::html;
use super::programme::{Session, is_cancelled};

/// Takes what an event says but its times.
pub(super) fn session<'a>(component: &ICalendarComponent) -> Session<'a> {
    let mut session = Session {
        cancelled: component.status() == Some(&ICalendarStatus::Cancelled),
        ..Session::default()
    };
    let mut html = Cow::Borrowed("");
    for entry in &component.entries {
        let line = || Cow::Owned(html::line(&text_of(entry)).into_owned());
        let block = || Cow::Owned(html::block(&text_of(entry)).into_owned());
        match &entry.name {
            ICalendarProperty::Uid => session.id = line(),
            ICalendarProperty::Summary if session.title.is_empty() || is_english(entry) => {
                session.title = line();
            }
            ICalendarProperty::Description if session.summary.is_empty() || is_english(entry) => {
                session.summary = block();
            }
            ICalendarProperty::Location => session.location = line(),
            ICalendarProperty::Url => session.url = line(),
            ICalendarProperty::Status => session.cancelled |= is_cancelled(&text_of(entry)),
            ICalendarProperty::Categories => {
                for value in entry.values.iter().filter_map(ICalendarValue::as_text) {
                    session.tag("category", Cow::Owned(html::line(value).into_owned()));
                }
            }
            ICalendarProperty::Attendee => session.speaker(attendee(entry)),
            ICalendarProperty::Other(name) if name.eq_ignore_ascii_case("X-ALT-DESC") => {
                html = Cow::Owned(html::block(body_of(&text_of(entry))).into_owned());
            }
            ICalendarProperty::Other(name) => set_other(&mut session, name, &text_of(entry)),
            _ => {}
        }
    }
    // Outlook writes the text again in HTML, and sometimes only there.
    if session.summary.is_empty() {
        session.summary = html;
    }
    session
}

/// What is inside the body of a page; a text without one is returned as it is.
fn body_of(page: &str) -> &str {
    let start = html::find_ignoring_case(page, "<body");
    let after = page.get(start..).and_then(|rest| rest.split_once('>'));
    let body = after.map_or(page, |(_, body)| body);
    body.get(..html::find_ignoring_case(body, "</body"))
        .unwrap_or(body)
}

/// Whether a property is one of several translations, and the English one.
fn is_english(entry: &ICalendarEntry) -> bool {
    let language = entry.parameter(&ICalendarParameterName::Language);
    let language = language.and_then(ICalendarParameterValue::as_text);
    language.is_some_and(|name| name.to_ascii_lowercase().starts_with("en"))
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

/// The name of somebody who attends: in a programme, a speaker. A room has none, and neither has an address in the place
/// of a name.
fn attendee<'a>(entry: &ICalendarEntry) -> Cow<'a, str> {
    let kind = entry.parameter(&ICalendarParameterName::Cutype);
    let kind = kind.and_then(ICalendarParameterValue::as_text);
    if kind.is_some_and(|kind| matches!(kind, "ROOM" | "RESOURCE")) {
        return Cow::Borrowed("");
    }
    let named = entry
        .parameters(&ICalendarParameterName::Cn)
        .find_map(|value| value.as_text());
    let text = text_of(entry);
    let address = text.rsplit(':').next().unwrap_or_default();
    let named = named.filter(|name| !address.contains('@') || !name.eq_ignore_ascii_case(address));
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
