//! A page of Graph events, from its JSON to what sessions are made of. O(bytes), text borrowed from the page.
//!
//! Strict on purpose: a page that holds anything but what Graph writes (a flag that is a number, an instant in another
//! form, a name given twice, a lone surrogate) is refused whole, and Python's own reader judges it.

use core::fmt;
use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::event::{ClockTime, Fractions, Signals, clock_time};

/// Text of the page: its own bytes, unless an escape is in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

/// What a name stands for.
#[derive(Debug, Default, PartialEq, Eq)]
enum Field<T> {
    #[default]
    Missing,
    Null,
    Value(T),
}

impl<T: PartialEq> Field<T> {
    fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }
}

impl Field<Text<'_>> {
    fn has_text(&self) -> bool {
        matches!(self, Self::Value(text) if !text.0.is_empty())
    }
}

impl Field<bool> {
    fn is_true(&self) -> bool {
        *self == Self::Value(true)
    }
}

/// How far an instant's place on the time line is known.
#[derive(Debug, PartialEq, Eq)]
pub enum Zone<'a> {
    /// It is in UTC.
    Utc,
    /// Its zone has this name.
    Named(Text<'a>),
    /// Nothing says where.
    Unknown,
}

/// One side of a session.
#[derive(Debug, PartialEq, Eq)]
pub struct Moment<'a> {
    /// As `YYYY-MM-DDTHH:MM:SS…`.
    text: Text<'a>,
    /// Hour and minute.
    pub clock: ClockTime,
    /// Its zone.
    pub zone: Zone<'a>,
}

impl Moment<'_> {
    /// Date and time to the second, without a zone.
    pub fn local(&self) -> &str {
        self.text.0.get(..19).unwrap_or_default()
    }
}

/// What a session is made of.
#[derive(Debug, PartialEq)]
pub struct Draft<'a> {
    /// Graph's id, where it gave one.
    pub id: Option<Text<'a>>,
    /// The subject; the outer `None` where the event has none, the inner where it is null.
    #[allow(clippy::option_option)]
    pub title: Option<Option<Text<'a>>>,
    /// When it starts.
    pub start: Moment<'a>,
    /// When it ends.
    pub end: Moment<'a>,
    /// The name of its place; `None` where that is null.
    pub location: Option<Text<'a>>,
    /// Its categories: the first few.
    pub categories: Vec<Text<'a>>,
    /// Whether it is an online meeting.
    pub online: bool,
    /// Whether a reminder is set.
    pub reminder: bool,
    /// From 0 to 1.
    pub popularity: f64,
}

/// A page.
#[derive(Debug, PartialEq)]
pub struct EventPage<'a> {
    /// Its events, without those that are cancelled, timeless or unreadable.
    pub drafts: Vec<Draft<'a>>,
    /// Where the next page is.
    pub next_link: Option<Text<'a>>,
}

/// Reads a page; `None` for one that is not as Graph writes it.
pub fn read(bytes: &[u8]) -> Option<EventPage<'_>> {
    // Checked as a whole: strings that nobody wants would not be, and Python's reader checks them.
    let text = core::str::from_utf8(bytes).ok()?;
    let page: Raw<'_> = serde_json::from_str(text).ok()?;
    let mut drafts = Vec::with_capacity(page.value.len());
    for event in page.value {
        if let Some(draft) = event.into_draft()? {
            drafts.push(draft);
        }
    }
    Some(EventPage {
        drafts,
        next_link: page.next_link.into_value(),
    })
}

#[derive(serde::Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    value: Vec<Event<'a>>,
    #[serde(rename = "@odata.nextLink", borrow, default)]
    next_link: Field<Text<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow, default)]
    id: Field<Text<'a>>,
    #[serde(borrow, default)]
    subject: Field<Text<'a>>,
    #[serde(borrow, default)]
    body_preview: Field<Text<'a>>,
    #[serde(borrow, default)]
    body: Field<Body<'a>>,
    #[serde(default)]
    is_cancelled: Field<bool>,
    #[serde(default)]
    is_online_meeting: Field<bool>,
    #[serde(default)]
    is_reminder_on: Field<bool>,
    #[serde(borrow, default)]
    categories: Field<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    start: Field<When<'a>>,
    #[serde(borrow, default)]
    end: Field<When<'a>>,
    #[serde(borrow, default)]
    location: Field<Place<'a>>,
    #[serde(default)]
    attendees: Field<Count>,
}

#[derive(serde::Deserialize, PartialEq)]
struct Body<'a> {
    #[serde(borrow, default)]
    content: Field<Text<'a>>,
}

#[derive(serde::Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct When<'a> {
    #[serde(borrow, default)]
    date_time: Field<Text<'a>>,
    #[serde(borrow, default)]
    time_zone: Field<Text<'a>>,
}

#[derive(serde::Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    #[serde(borrow, default)]
    display_name: Field<Text<'a>>,
}

/// How many elements an array has.
#[derive(PartialEq)]
struct Count(usize);

impl<'a> Event<'a> {
    /// The inner `None` leaves the event out, the outer one declines it.
    #[allow(clippy::option_option)]
    fn into_draft(self) -> Option<Option<Draft<'a>>> {
        if self.is_cancelled.is_true() {
            return Some(None);
        }
        let (Some(start), Some(end)) = (self.start.into_value(), self.end.into_value()) else {
            return Some(None);
        };
        let (Field::Value(starts), Field::Value(ends)) = (start.date_time, end.date_time) else {
            return Some(None);
        };
        let start = moment(starts, start.time_zone)?;
        let end = moment(ends, end.time_zone)?;
        let located =
            matches!(&self.location, Field::Value(place) if place.display_name.has_text());
        let location = match self.location {
            Field::Null => return Some(None),
            Field::Missing => Some(Text::default()),
            Field::Value(place) => match place.display_name {
                Field::Missing => Some(Text::default()),
                name => name.into_value(),
            },
        };
        let categories = match self.categories {
            Field::Null => return Some(None),
            Field::Missing => Vec::new(),
            Field::Value(categories) => categories,
        };
        let described = self.body_preview.has_text()
            || match self.body {
                Field::Null => return Some(None),
                Field::Missing => false,
                Field::Value(body) => body.content.has_text(),
            };
        let online = self.is_online_meeting.is_true();
        let signals = Signals {
            described,
            attendees: self.attendees.into_value().map_or(0, |count| count.0),
            located,
            online,
        };
        Some(Some(Draft {
            id: self.id.into_value(),
            title: match self.subject {
                Field::Missing => None,
                subject => Some(subject.into_value()),
            },
            start,
            end,
            location,
            categories,
            online,
            reminder: self.is_reminder_on.is_true(),
            popularity: signals.popularity(),
        }))
    }
}

fn moment<'a>(text: Text<'a>, zone: Field<Text<'a>>) -> Option<Moment<'a>> {
    let clock = clock_time(text.0.as_bytes(), Fractions::Any)?;
    let zone = match zone.into_value() {
        _ if text.0.ends_with('Z') => Zone::Utc,
        Some(zone) if zone.0 == "UTC" => Zone::Utc,
        Some(zone) => Zone::Named(zone),
        None => Zone::Unknown,
    };
    Some(Moment { text, clock, zone })
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| value.map_or(Self::Null, Self::Value))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Count;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Count, A::Error> {
                let mut count = 0;
                while array.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHEN: &str = r#"{"dateTime": "2026-02-01T10:30:00.0000000", "timeZone": "UTC"}"#;

    fn page(event: &str) -> String {
        format!(r#"{{"value": [{event}], "@odata.nextLink": null}}"#)
    }

    #[test]
    fn what_is_left_out_and_what_is_declined() {
        // How many sessions it gives; `None` where it is declined.
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
            (r#", "body": null, "bodyPreview": "x""#, Some(1)),
            (r#", "attendees": [{}, {"a": [1, 2]}]"#, Some(1)),
            (r#", "attendees": {}"#, None),
            (r#", "subject": "a", "subject": "b""#, None),
            (r#", "subject": "\ud800""#, None),
            (r#", "other": {"deep": [1e5, "x", null]}"#, Some(1)),
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
    fn a_moment_keeps_its_date_and_zone() {
        let event = format!(
            r#"{{"start": {WHEN}, "end": {{"dateTime": "2026-02-01T11:00:00", "timeZone": "Pacific Standard Time"}}}}"#
        );
        let text = page(&event);
        let read = read(text.as_bytes()).expect("it is as Graph writes it");
        let [draft] = read.drafts.as_slice() else {
            unreachable!("one event")
        };
        assert_eq!(draft.start.local(), "2026-02-01T10:30:00");
        assert_eq!(&draft.start.clock, b"10:30");
        assert_eq!(draft.start.zone, Zone::Utc);
        let named = Text(Cow::Borrowed("Pacific Standard Time"));
        assert_eq!(draft.end.zone, Zone::Named(named));
        assert_eq!(draft.title, None);
    }
}
