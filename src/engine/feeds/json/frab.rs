//! `schedule.json` of frab, pretalx and the tools of the c3voc.
//!
//! An event has a date with an offset in new files. Old ones have only a time of day, and the day that they are listed
//! under; a time before that day's begin is one of the next morning. There is a duration instead of an end.

use std::borrow::Cow;

use super::node::Node;
use super::tables::name_of;
use crate::engine::feeds::clock;
use crate::engine::feeds::day::Day;
use crate::engine::feeds::programme::{Programme, Session};

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let conference = root.get("schedule").get("conference");
    programme.name = conference.first(&["title", "acronym"]).line();
    programme.set_zone(conference.first(&["time_zone_name", "timezone"]).str());
    for day in conference.get("days").list() {
        let listed = Day::new(
            day.get("date").str(),
            day.get("day_start").str(),
            day.get("day_end").str(),
            None,
        );
        let rooms = day.get("rooms");
        let keyed = rooms.object().iter();
        let keyed = keyed.map(|(room, events)| (room.clone(), events));
        let listed_rooms = rooms.list().iter();
        let listed_rooms = listed_rooms.map(|room| (room.get("name").line(), room.get("events")));
        for (room, events) in keyed.chain(listed_rooms) {
            for event in events.list() {
                let session = session(event, &room, &listed);
                programme.push(
                    || format!("event {} in {room}", event.get("id").id()),
                    session,
                );
            }
        }
    }
}

fn session<'a>(event: &Node<'a>, room: &Cow<'a, str>, day: &Day) -> Session<'a> {
    let mut session = Session {
        id: event.get("id").id(),
        guid: event.get("guid").id(),
        title: event.get("title").line(),
        subtitle: event.get("subtitle").line(),
        start: day.start(event.get("date").str(), event.get("start").str()),
        day: day.label().into(),
        location: event.get("room").line(),
        language: event.get("language").line(),
        url: event.first(&["url", "origin_url"]).line(),
        cancelled: event.first(&["status", "state"]).is_cancelled(),
        ..Session::default()
    };
    if session.location.is_empty() && !event.has("room") {
        session.location = Node::Text(room.clone()).line();
    }
    session.lasts(duration(event.get("duration")));
    session.set_track(event.get("track").line());
    session.set_kind(event.get("type").line());
    for tag in event.first(&["tags", "keywords"]).list() {
        session.tag("keyword", tag.line());
    }
    session.set_texts(
        event.get("abstract").block(),
        event.get("description").block(),
    );
    for person in event.first(&["persons", "speakers"]).list() {
        let names = [
            "public_name",
            "full_public_name",
            "name",
            "full_name",
            "display_name",
        ];
        let name = person.first(&names).line();
        session.speaker(if name.is_empty() {
            name_of(person)
        } else {
            name
        });
    }
    session
}

fn duration(node: &Node<'_>) -> Option<i64> {
    match node {
        Node::Text(text) => clock::duration(text),
        _ => node.int().map(|minutes| minutes * clock::MINUTE),
    }
}
