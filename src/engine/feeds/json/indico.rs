//! Indico's HTTP export: an event with its contributions or sessions (`detail`), and the timetable by day.
//!
//! A time is an object of a date, a time and a zone.

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};
use crate::engine::feeds::zone::Zone;
use crate::engine::time::Moment;

pub(super) fn fits(root: &Node<'_>) -> bool {
    let results = root.get("results");
    let is_event = results
        .list()
        .first()
        .is_some_and(|event| event.has("startDate") || event.has("contributions"));
    is_event
        || results
            .object()
            .iter()
            .any(|(_, days)| days.object().iter().any(|(day, _)| is_day(day)))
}

fn is_day(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let results = root.get("results");
    let events = results.list();
    let mut zones = events.iter().map(|event| event.get("timezone").str());
    // A list of several events has no one name, and may have several zones.
    if let Some(zone) = zones
        .next()
        .filter(|first| zones.all(|zone| zone == *first))
    {
        programme.set_zone(zone);
    }
    if let [only] = events {
        programme.name = only.get("title").line();
    }
    for event in events {
        read_event(event, programme);
    }
    for (_, days) in results.object() {
        for (_, entries) in days.object().iter().filter(|(day, _)| is_day(day)) {
            for (_, entry) in entries.object() {
                read_entry(entry, &Node::Null, programme);
            }
        }
    }
}

/// Takes what an event consists of; an event without parts is a session itself.
fn read_event<'a>(event: &Node<'a>, programme: &mut Programme<'a>) {
    let before = programme.sessions.len();
    for part in event.get("contributions").list() {
        take(part, &Node::Null, programme);
    }
    for block in event.get("sessions").list() {
        if block.get("contributions").list().is_empty() {
            take(block, &Node::Null, programme);
        }
        for part in block.get("contributions").list() {
            take(part, block, programme);
        }
    }
    if programme.sessions.len() == before {
        take(event, &Node::Null, programme);
    }
}

/// Takes an entry of a timetable: what is inside it, or itself.
fn read_entry<'a>(entry: &Node<'a>, block: &Node<'a>, programme: &mut Programme<'a>) {
    let inner = entry.get("entries").object();
    if inner.is_empty() {
        take(entry, block, programme);
    }
    for (_, part) in inner {
        read_entry(part, entry, programme);
    }
}

fn take<'a>(entry: &Node<'a>, block: &Node<'a>, programme: &mut Programme<'a>) {
    let mut session = Session {
        id: entry.first(&["friendly_id", "contributionId", "id"]).id(),
        guid: entry.first(&["uniqueId", "id", "db_id"]).id(),
        title: entry.get("title").line(),
        start: moment(entry.get("startDate")),
        end: moment(entry.get("endDate")),
        location: entry.first(&["room", "roomFullname", "location"]).line(),
        summary: entry.first(&["description", "abstract"]).block(),
        url: entry.get("url").line(),
        service: entry.get("entryType").str() == "Break",
        ..Session::default()
    };
    if session.end.is_none() {
        session.lasts(
            entry
                .get("duration")
                .int()
                .map(|minutes| minutes * clock::MINUTE),
        );
    }
    if session.location.is_empty() {
        session.location = block.first(&["room", "location"]).line();
    }
    session.set_track(entry.get("track").line());
    session.set_kind(entry.first(&["type", "contributionType"]).line());
    let group = entry.get("session").line();
    session.tag(
        "session",
        if group.is_empty() {
            block.get("title").line()
        } else {
            group
        },
    );
    for keyword in entry.get("keywords").list() {
        session.tag("keyword", keyword.line());
    }
    for people in ["presenters", "speakers", "chairs"] {
        for person in entry.get(people).list() {
            session.speaker(name(person));
        }
    }
    programme.push(|| format!("entry {}", entry.get("id").id()), session);
}

fn name<'a>(person: &Node<'a>) -> std::borrow::Cow<'a, str> {
    let (first, last) = (
        person.first(&["first_name", "firstName"]),
        person.first(&["last_name", "familyName"]),
    );
    if first.is_empty() && last.is_empty() {
        return person.first(&["fullName", "name"]).line();
    }
    format!("{} {}", first.line(), last.line())
        .trim()
        .to_owned()
        .into()
}

fn moment(time: &Node<'_>) -> Option<Moment> {
    let text = format!("{}T{}", time.get("date").str(), time.get("time").str());
    let local = clock::timed(&text)?;
    Some(match Zone::find(time.get("tz").str()) {
        Some(zone) => zone.place(local),
        None => local,
    })
}
