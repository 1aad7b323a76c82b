//! A page of Graph events, from its JSON to what sessions are made of. O(bytes), text borrowed from the page.
//!
//! Strict on purpose: a page that holds anything but what Graph writes (a flag that is a number, an instant in another
//! form, a name given twice, a lone surrogate) is refused whole, and Python's own reader judges it. What no session needs is passed
//! over, and checked all the same: JSON that Python would refuse is never read here.
//!
//! # Performance notes
//!
//! Events of a page are written alike, which saves reading most of it: names are compared with those of the event before
//! (`habit`), whoever is invited with the one before (`Skeleton` of `json`), and only the strings between are scanned. Measured
//! with the page of `benches/graph_transform.py`, without the making of Python's objects: 0.47 of the time of reading every
//! token; and 0.79 of that again since texts are compared in blocks instead of by `memcmp`, strings with what stood in their place
//! the last time, and a session keeps places in the page instead of slices of it.

use std::borrow::Cow;

use core::num::NonZeroU32;
use core::ops::Range;

use super::event::ClockTime;
use crate::engine::json::decode;

mod event;
mod habit;
mod reader;

/// Where some text of the page stands in it: see [`EventPage::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// Behind the opening quote, so never 0.
    start: NonZeroU32,
    /// In bytes; [`Text::ESCAPED`] is set where an escape is among them.
    len: u32,
}

impl Text {
    const ESCAPED: u32 = 1 << 31;

    /// `None` in a page of 2 GiB and more.
    fn new(place: &Range<usize>, escaped: bool) -> Option<Self> {
        let start = NonZeroU32::new(u32::try_from(place.start).ok()?)?;
        let len = i32::try_from(place.len()).ok()?.cast_unsigned();
        let len = if escaped { len | Self::ESCAPED } else { len };
        Some(Self { start, len })
    }

    /// Whether it is `""`.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// How far an instant's place on the time line is known.
#[derive(Debug, PartialEq, Eq)]
pub enum Zone {
    /// It is in UTC.
    Utc,
    /// Its zone has this name.
    Named(Text),
    /// Nothing says where.
    Unknown,
}

/// One side of a session.
#[derive(Debug, PartialEq, Eq)]
pub struct Moment {
    /// Date and time to the second, without a zone: ASCII.
    pub local: [u8; 19],
    /// Hour and minute.
    pub clock: ClockTime,
    /// Its zone.
    pub zone: Zone,
}

/// What a session is made of.
#[derive(Debug, PartialEq)]
pub struct Draft {
    /// Graph's id, where it gave one.
    pub id: Option<Text>,
    /// The subject; the outer `None` where the event has none, the inner where it is null.
    #[allow(clippy::option_option)]
    pub title: Option<Option<Text>>,
    /// When it starts.
    pub start: Moment,
    /// When it ends.
    pub end: Moment,
    /// The name of its place; the outer `None` where it has none, the inner where it is null.
    #[allow(clippy::option_option)]
    pub location: Option<Option<Text>>,
    /// Where its categories are: [`EventPage::categories`].
    categories: Range<u32>,
    /// Whether it is an online meeting.
    pub online: bool,
    /// Whether a reminder is set.
    pub reminder: bool,
    /// From 0 to 1.
    pub popularity: f64,
}

/// A page.
#[derive(Debug, Default, PartialEq)]
pub struct EventPage<'a> {
    bytes: &'a [u8],
    /// Its events, without those that are cancelled, timeless or unreadable.
    pub drafts: Vec<Draft>,
    /// Of all its events, one after another: an allocation a page, not one an event.
    categories: Vec<Text>,
    /// Where the next page is.
    pub next_link: Option<Text>,
}

impl<'a> EventPage<'a> {
    /// The categories of one of its drafts.
    pub fn categories(&self, draft: &Draft) -> &[Text] {
        let Range { start, end } = draft.categories;
        let range = start as usize..end as usize;
        self.categories.get(range).unwrap_or_default()
    }

    /// The bytes of a text as they stand in the page: the same ones say the same.
    pub fn written(&self, text: Text) -> &'a [u8] {
        let start = text.start.get() as usize;
        let end = start + (text.len & !Text::ESCAPED) as usize;
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// What a text says, in UTF-8: its bytes in the page, unless an escape is among them.
    pub fn text(&self, text: Text) -> Cow<'a, [u8]> {
        let written = self.written(text);
        if text.len & Text::ESCAPED == 0 {
            Cow::Borrowed(written)
        } else {
            decode(written)
        }
    }
}

/// Reads a page; `None` for one that is not as Graph writes it.
pub fn read(bytes: &[u8]) -> Option<EventPage<'_>> {
    reader::Reader::new(bytes).page().ok()
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
            (r#", "s\u0075bject": "a""#, None),
            (r#", "body": {"c\u006fntent": "a"}"#, None),
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
    fn what_is_passed_over_is_checked_as_python_would() {
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
    fn a_moment_keeps_its_date_and_zone() {
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
        let Zone::Named(zone) = draft.end.zone else {
            unreachable!("it has a name")
        };
        assert_eq!(*read.text(zone), *b"Pacific Standard Time");
        assert_eq!(draft.title, None);
    }
}
