//! Reads one page of Microsoft Graph events from JSON: everything that sessions are made of. O(bytes).
//!
//! A page with anything that Graph does not write is declined as a whole, and Python's own code judges it: a flag that
//! is a number, a time in another form, a name given twice, a lone surrogate. Members that no session needs are checked
//! too, so no page is read here that Python's `json` would refuse.
//!
//! # Performance notes
//! A scanner of our own, which compared each event with the one before, took 740 more lines to be faster. A fetch takes
//! some 300 ms, so `serde` is fast enough: 3.3 ms for 1,000 events with their Python objects, against 1.1 ms, measured on
//! two busy cores with the page of `benches/graph_transform.py`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::event::{ClockTime, Fractions, Signals, clock_time};
use crate::engine::json::Cursor;

/// How far the place of a time on the time line is known.
#[derive(Debug, PartialEq, Eq)]
pub enum Zone<'a> {
    /// It is in UTC.
    Utc,
    /// It is in the zone of this name.
    Named(Cow<'a, str>),
    /// The event does not say.
    Unknown,
}

/// The start or the end of a session.
#[derive(Debug, PartialEq, Eq)]
pub struct EventTime<'a> {
    /// Date and time to the second, without a zone, in ASCII.
    pub local: [u8; 19],
    /// Hour and minute.
    pub clock: ClockTime,
    /// The zone.
    pub zone: Zone<'a>,
}

/// What a session is made of.
#[derive(Debug, PartialEq)]
pub struct Draft<'a> {
    /// Graph's id. The outer `None` says that the event has none, the inner that it is null.
    #[allow(clippy::option_option)]
    pub id: Option<Option<Cow<'a, str>>>,
    /// The subject. The outer `None` says that the event has none, the inner that it is null.
    #[allow(clippy::option_option)]
    pub title: Option<Option<Cow<'a, str>>>,
    /// When it starts.
    pub start: EventTime<'a>,
    /// When it ends.
    pub end: EventTime<'a>,
    /// The name of its place. The outer `None` says that there is none, the inner that it is null.
    #[allow(clippy::option_option)]
    pub location: Option<Option<Cow<'a, str>>>,
    /// Its categories.
    pub categories: Vec<Cow<'a, str>>,
    /// Whether it is an online meeting.
    pub online: bool,
    /// Whether a reminder is set.
    pub reminder: bool,
    /// The popularity from 0 to 1.
    pub popularity: f64,
}

/// One page of events.
#[derive(Debug, Default, PartialEq)]
pub struct EventPage<'a> {
    /// Its events, without those that are cancelled, have no times, or that the original leaves out because they cannot
    /// be read.
    pub drafts: Vec<Draft<'a>>,
    /// The link to the next page.
    pub next_link: Option<Cow<'a, str>>,
}

/// Reads a page. Returns `None` if it is not as Graph writes it.
pub fn read(bytes: &[u8]) -> Option<EventPage<'_>> {
    check(bytes)?;
    let mut reader = serde_json::Deserializer::from_str(core::str::from_utf8(bytes).ok()?);
    let page = Object::<Page<'_>>::deserialize(&mut reader).ok()?.0;
    let drafts = page
        .value
        .into_iter()
        .filter_map(|event| match event.0.into_draft() {
            Ok(draft) => draft.map(Some),
            Err(Declined) => Some(None),
        });
    Some(EventPage {
        drafts: drafts.collect::<Option<_>>()?,
        next_link: text(page.next_link),
    })
}

/// Checks that the bytes are one JSON value that Python accepts. `serde` does not check the members that it ignores.
fn check(bytes: &[u8]) -> Option<()> {
    let mut cursor = Cursor::new(bytes, 0);
    cursor.space();
    cursor.skip(0).ok()?;
    cursor.space();
    cursor.peek().is_none().then_some(())
}

/// Says that only Python can judge the page.
struct Declined;

/// A JSON object. `serde` would also read the members of a struct from an array.
#[derive(Debug)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        let members = deserializer.deserialize_map(Members(PhantomData))?;
        Ok(Self(members))
    }
}

/// A string that is borrowed from the page if it holds no escape. `Option<Cow<str>>` alone would always copy.
#[derive(Debug, serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn text(text: Option<Text<'_>>) -> Option<Cow<'_, str>> {
    text.map(|text| text.0)
}

/// Reads a member that is present. So `None` means missing, and `Some(None)` means null.
#[allow(clippy::option_option)]
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[derive(Debug, serde::Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<Object<Event<'a>>>,
    #[serde(borrow, default, rename = "@odata.nextLink")]
    next_link: Option<Text<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(clippy::option_option)]
struct Event<'a> {
    #[serde(borrow, deserialize_with = "present")]
    id: Option<Option<Text<'a>>>,
    #[serde(borrow, deserialize_with = "present")]
    subject: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    body_preview: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "present")]
    body: Option<Option<Object<Body<'a>>>>,
    is_cancelled: Option<bool>,
    is_online_meeting: Option<bool>,
    is_reminder_on: Option<bool>,
    #[serde(borrow, deserialize_with = "present")]
    categories: Option<Option<Vec<Text<'a>>>>,
    #[serde(borrow)]
    start: Option<Object<When<'a>>>,
    #[serde(borrow)]
    end: Option<Object<When<'a>>>,
    #[serde(borrow, deserialize_with = "present")]
    location: Option<Option<Object<Place<'a>>>>,
    attendees: Option<Vec<IgnoredAny>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct When<'a> {
    #[serde(borrow)]
    date_time: Option<Text<'a>>,
    #[serde(borrow)]
    time_zone: Option<Text<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(clippy::option_option)]
struct Place<'a> {
    #[serde(borrow, deserialize_with = "present")]
    display_name: Option<Option<Text<'a>>>,
}

fn has_text(text: Option<&Text<'_>>) -> bool {
    text.is_some_and(|text| !text.0.is_empty())
}

impl<'a> Event<'a> {
    /// Returns the draft of a session, or `None` if the original leaves the event out.
    fn into_draft(self) -> Result<Option<Draft<'a>>, Declined> {
        let online = self.is_online_meeting == Some(true);
        let (Some(start), Some(end)) = (self.start, self.end) else {
            return Ok(None);
        };
        let (Some(starts), Some(ends)) = (start.0.date_time, end.0.date_time) else {
            return Ok(None);
        };
        if self.is_cancelled == Some(true) {
            return Ok(None);
        }
        let start = event_time(&starts.0, start.0.time_zone)?;
        let end = event_time(&ends.0, end.0.time_zone)?;
        let location = match self.location {
            Some(None) => return Ok(None),
            None => None,
            Some(Some(place)) => place.0.display_name.map(text),
        };
        let categories = match self.categories {
            Some(None) => return Ok(None),
            None => Vec::new(),
            Some(Some(categories)) => categories.into_iter().map(|category| category.0).collect(),
        };
        let described = has_text(self.body_preview.as_ref())
            || match self.body {
                Some(None) => return Ok(None),
                None => false,
                Some(Some(body)) => has_text(body.0.content.as_ref()),
            };
        let signals = Signals {
            described,
            attendees: self.attendees.map_or(0, |attendees| attendees.len()),
            located: location
                .iter()
                .flatten()
                .any(|name: &Cow<'_, str>| !name.is_empty()),
            online,
        };
        Ok(Some(Draft {
            id: self.id.map(text),
            title: self.subject.map(text),
            start,
            end,
            location,
            categories,
            online,
            reminder: self.is_reminder_on == Some(true),
            popularity: signals.popularity(),
        }))
    }
}

fn event_time<'a>(written: &str, zone: Option<Text<'a>>) -> Result<EventTime<'a>, Declined> {
    let bytes = written.as_bytes();
    let clock = clock_time(bytes, Fractions::Any).ok_or(Declined)?;
    let zone = match text(zone) {
        _ if bytes.ends_with(b"Z") => Zone::Utc,
        Some(zone) if zone == "UTC" => Zone::Utc,
        Some(zone) => Zone::Named(zone),
        None => Zone::Unknown,
    };
    Ok(EventTime {
        local: *bytes.first_chunk().ok_or(Declined)?,
        clock,
        zone,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHEN: &str = r#"{"dateTime": "2026-02-01T10:30:00.0000000", "timeZone": "UTC"}"#;

    fn page(event: &str) -> String {
        format!(r#"{{"value": [{event}], "@odata.nextLink": null}}"#)
    }

    #[test]
    fn events_are_left_out_and_pages_declined() {
        // The number of sessions, or `None` if the page is declined.
        let rows = [
            ("", Some(1)),
            (r#", "isCancelled": true"#, Some(0)),
            (r#", "isCancelled": null"#, Some(1)),
            (r#", "isCancelled": 1"#, None),
            (r#", "location": null"#, Some(0)),
            (r#", "location": {"displayName": null}"#, Some(1)),
            (r#", "location": "Room 1""#, None),
            (r#", "categories": null"#, Some(0)),
            (r#", "categories": ["a", 1]"#, None),
            (r#", "body": null"#, Some(0)),
            (r#", "body": ["x"]"#, None),
            (r#", "location": []"#, None),
            (r#", "location": ["x"]"#, None),
            (r#", "body": null, "bodyPreview": "x""#, Some(1)),
            (r#", "attendees": [{}, {"a": [1, 2]}]"#, Some(1)),
            (r#", "attendees": {}"#, None),
            (r#", "subject": "a", "subject": "b""#, None),
            (r#", "subject": "\ud800""#, None),
            (r#", "s\u0075bject": "a""#, Some(1)),
            (r#", "body": {"c\u006fntent": "a"}"#, Some(1)),
            (
                r#", "other": {"deep": [1e5, "x", null], "\u0061": "\n"}"#,
                Some(1),
            ),
            (r#", "other": NaN"#, None),
            (r#", "attendees": [{"a": "x"}, {"a": "\ud800"}]"#, None),
            (r#", "attendees": [{"a": "x"}, {"a": "\x"}]"#, None),
            (r#", "attendees": [{"a": "x"}, {"a": "y"} {}]"#, None),
            (r#", "attendees": [1, 12, "x", "y"]"#, Some(1)),
        ];
        for (more, expected) in rows {
            let text = page(&format!(r#"{{"start": {WHEN}, "end": {WHEN}{more}}}"#));
            let read = read(text.as_bytes());
            assert_eq!(read.map(|page| page.drafts.len()), expected, "{more}");
        }
        for body in ["", "[]", "null", r#"{"value": 1}"#, r#"{"value": [null]}"#] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn ignored_members_are_checked_as_strictly_as_python_does() {
        let deep = |depth| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        let rows = [
            (b"\"caf\xc3\xa9 \x7f\"".to_vec(), true),
            (b"\"caf\xe9\"".to_vec(), false),
            (b"\"a\nb\"".to_vec(), false),
            (b"9".repeat(640), true),
            (b"9".repeat(641), false),
            (deep(125), true),
            (deep(126), false),
        ];
        for (value, expected) in rows {
            let body = [&b"{\"value\": [{\"other\": "[..], &value, b"}]}"].concat();
            let shown = String::from_utf8_lossy(&value);
            assert_eq!(read(&body).is_some(), expected, "{shown}");
        }
    }

    #[test]
    fn a_time_keeps_its_date_and_zone() {
        let event = format!(
            r#"{{"start": {WHEN}, "end": {{"dateTime": "2026-02-01T11:00:00", "timeZone": "Pacific Standard Time"}}}}"#
        );
        let text = page(&event);
        let read = read(text.as_bytes()).expect("it is as Graph writes it");
        let [draft] = read.drafts.as_slice() else {
            unreachable!("one event")
        };
        assert_eq!(&draft.start.local, b"2026-02-01T10:30:00");
        assert_eq!(&draft.start.clock, b"10:30");
        assert_eq!(draft.start.zone, Zone::Utc);
        let Zone::Named(zone) = &draft.end.zone else {
            unreachable!("it has a name")
        };
        assert_eq!(zone, "Pacific Standard Time");
        assert_eq!(draft.title, None);
    }
}
