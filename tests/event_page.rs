//! Compares the reader of Graph pages with a slow reading of the same text by `serde_json::Value`.

#![allow(missing_docs, clippy::expect_used, clippy::option_option)]

mod json {
    #[allow(dead_code)] // The laws of JSON use the rest.
    pub mod document;
}

use std::borrow::Cow;

use eventkit::engine::calendar::event::{Fractions, Signals, clock_time};
use eventkit::engine::calendar::event_page::{Draft, EventTime, Zone, read};
use json::document::{Value, any_text, value};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

/// Date and time, clock time, zone.
type Instant = (String, String, Option<String>);

/// A session that borrows nothing.
#[derive(Debug, PartialEq)]
struct Plain {
    #[allow(clippy::option_option)]
    id: Option<Option<String>>,
    title: Option<Option<String>>,
    start: Instant,
    end: Instant,
    location: Option<String>,
    categories: Vec<String>,
    online: bool,
    reminder: bool,
    popularity: f64,
}

fn plain(draft: &Draft<'_>) -> Plain {
    let owned = |text: &Cow<'_, str>| text.clone().into_owned();
    let instant = |moment: &EventTime<'_>| {
        let zone = match &moment.zone {
            Zone::Utc => Some("UTC".to_owned()),
            Zone::Named(name) => Some(owned(name)),
            Zone::Unknown => None,
        };
        let ascii = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is ASCII");
        (ascii(&moment.local), ascii(&moment.clock), zone)
    };
    Plain {
        id: draft.id.as_ref().map(|id| id.as_ref().map(owned)),
        title: draft.title.as_ref().map(|title| title.as_ref().map(owned)),
        start: instant(&draft.start),
        end: instant(&draft.end),
        location: draft
            .location
            .as_ref()
            .map_or_else(|| Some(String::new()), |name| name.as_ref().map(owned)),
        categories: draft.categories.iter().map(owned).collect(),
        online: draft.online,
        reminder: draft.reminder,
        popularity: draft.popularity,
    }
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn has_text(value: &Json) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn instant(value: &Json) -> Option<Instant> {
    let written = value["dateTime"].as_str()?;
    let clock = clock_time(written.as_bytes(), Fractions::Any)?;
    let clock = String::from_utf8(clock.to_vec()).expect("it is ASCII");
    let zone = if written.ends_with('Z') {
        Some("UTC".to_owned())
    } else {
        text(&value["timeZone"])
    };
    Some((written.get(..19)?.to_owned(), clock, zone))
}

/// The session of an event whose members are of the types that Graph gives them; `None` where it is left out.
fn session(event: &Json) -> Option<Plain> {
    let left_out = event["isCancelled"] == true
        || ["location", "categories"]
            .iter()
            .any(|name| event.get(name) == Some(&Json::Null));
    let (start, end) = (instant(&event["start"])?, instant(&event["end"])?);
    let described = has_text(&event["bodyPreview"]);
    if left_out || !described && event.get("body") == Some(&Json::Null) {
        return None;
    }
    let name = event["location"].get("displayName");
    let signals = Signals {
        described: described || has_text(&event["body"]["content"]),
        attendees: event["attendees"].as_array().map_or(0, Vec::len),
        located: name.is_some_and(has_text),
        online: event["isOnlineMeeting"] == true,
    };
    Some(Plain {
        id: event.get("id").map(text),
        title: event.get("subject").map(text),
        start,
        end,
        location: name.map_or_else(|| Some(String::new()), text),
        categories: event["categories"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect(),
        online: signals.online,
        reminder: event["isReminderOn"] == true,
        popularity: signals.popularity(),
    })
}

/// Checks that a page that is accepted is JSON and has the same sessions in the other reader. Returns false if it is
/// declined.
fn agrees(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let Some(page) = read(bytes) else {
        return Ok(false);
    };
    prop_assert!(core::str::from_utf8(bytes).is_ok());
    prop_assert!(serde_json::from_slice::<IgnoredAny>(bytes).is_ok());
    // Only `Value` refuses numbers that are too large.
    if let Ok(document) = serde_json::from_slice::<Json>(bytes) {
        let events = document["value"].as_array().expect("others are declined");
        let expected: Vec<_> = events.iter().filter_map(session).collect();
        let got: Vec<_> = page.drafts.iter().map(plain).collect();
        prop_assert_eq!(got, expected);
        let link = page.next_link.map(Cow::into_owned);
        prop_assert_eq!(link, text(&document["@odata.nextLink"]));
    }
    Ok(true)
}

type Member = (String, Value);

fn string(text: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Value> {
    text.prop_map(Value::Str).boxed()
}

fn or_null(value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop_oneof![9 => value, 1 => Just(Value::Word("null"))].boxed()
}

/// Generates an object with some of the known members and some unknown ones, in any order.
fn object(known: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let known = known.into_iter().map(|(name, value)| {
        prop::option::weighted(0.9, value.prop_map(move |value| (name.to_owned(), value)))
    });
    let other = prop::collection::vec(("x[a-c]{0,2}", value()), 0..2);
    (
        known.collect::<Vec<_>>(),
        other,
        any::<bool>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(known, other, in_order, turn)| {
            let mut members: Vec<Member> = known.into_iter().flatten().collect();
            if !in_order {
                members.extend(other);
                let middle = turn.index(members.len() + 1);
                members.rotate_left(middle);
            }
            Value::Object(members)
        })
        .boxed()
}

fn when() -> BoxedStrategy<Value> {
    let instant =
        string("20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?Z?");
    let zone = string(prop_oneof!["UTC", "Europe/Berlin", any_text()]);
    or_null(object(vec![
        ("dateTime", or_null(instant)),
        ("timeZone", or_null(zone)),
    ]))
}

fn attendee() -> BoxedStrategy<Value> {
    let status = object(vec![
        ("response", string("none|accepted")),
        ("time", string("[0-9T:Z]{4}")),
    ]);
    let address = object(vec![
        ("name", string(any_text())),
        ("address", string("[a-z]{2}@[a-z]{2}")),
    ]);
    prop_oneof![
        9 => object(vec![("type", string("required")), ("status", status), ("emailAddress", address)]),
        1 => value(),
    ]
    .boxed()
}

fn list(item: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(item, 0..5)
        .prop_map(Value::Array)
        .boxed()
}

fn event() -> BoxedStrategy<Value> {
    let flag = || {
        or_null(
            prop::sample::select(vec!["true", "false"])
                .prop_map(Value::Word)
                .boxed(),
        )
    };
    object(vec![
        ("id", or_null(string(any_text()))),
        ("subject", or_null(string(any_text()))),
        ("bodyPreview", or_null(string(any_text()))),
        (
            "body",
            or_null(object(vec![("content", or_null(string(any_text())))])),
        ),
        ("isCancelled", flag()),
        ("isOnlineMeeting", flag()),
        ("isReminderOn", flag()),
        ("categories", or_null(list(string(any_text())))),
        ("start", when()),
        ("end", when()),
        (
            "location",
            or_null(object(vec![("displayName", or_null(string(any_text())))])),
        ),
        ("attendees", or_null(list(attendee()))),
    ])
}

fn page() -> impl Strategy<Value = Value> {
    let link = or_null(string(any_text()));
    (prop::collection::vec(event(), 0..5), link).prop_map(|(events, link)| {
        let events = ("value".to_owned(), Value::Array(events));
        Value::Object(vec![events, ("@odata.nextLink".to_owned(), link)])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn pages_as_graph_writes_them_are_read(page in page(), style in any::<u64>()) {
        prop_assert!(agrees(page.render(style).as_bytes())?);
    }

    #[test]
    fn damaged_pages_are_declined_or_mean_the_same(
        page in page(),
        style in any::<u64>(),
        at in any::<prop::sample::Index>(),
        gone in 0_usize..24,
        put in prop_oneof![Just(Vec::new()), any_text().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 1..3)],
    ) {
        let mut bytes = page.render(style).into_bytes();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + gone);
        bytes.splice(at..end, put);
        agrees(&bytes)?;
    }

    /// A piece of a page is copied to another place: names come twice, objects in objects.
    #[test]
    fn shuffled_pages_are_declined_or_mean_the_same(
        page in page(),
        style in any::<u64>(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        length in 1_usize..80,
    ) {
        let mut bytes = page.render(style).into_bytes();
        let from = from.index(bytes.len());
        let piece = bytes.get(from..bytes.len().min(from + length)).unwrap_or_default().to_vec();
        let to = to.index(bytes.len());
        bytes.splice(to..to, piece);
        agrees(&bytes)?;
    }
}
