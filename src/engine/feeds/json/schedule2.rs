//! `schedule2`, the format of the c3voc's hub: one list of events with full times; tracks and rooms in side tables.

use hashbrown::HashMap;

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let schedule = root.get("schedule");
    let conference = schedule.get("conference");
    programme.name = conference.first(&["title", "acronym"]).line();
    programme.set_zone(conference.get("time_zone_name").str());
    let tracks = by_key(conference.get("tracks"));
    let rooms = by_key(conference.get("rooms"));
    for event in schedule.get("events").list() {
        let mut session = session(event);
        session.set_track(named(event.get("track"), &tracks));
        session.location = named(event.first(&["room", "location"]), &rooms);
        let kind = event.get("type").line();
        if !matches!(kind.as_ref(), "OTHER" | "other") {
            session.set_kind(kind);
        }
        programme.push(
            || format!("event {}", event.first(&["code", "guid"]).id()),
            session,
        );
    }
}

fn session<'a>(event: &Node<'a>) -> Session<'a> {
    let mut session = Session {
        id: event.first(&["id", "code", "guid"]).id(),
        guid: event.get("guid").id(),
        title: event.get("title").line(),
        subtitle: event.get("subtitle").line(),
        start: clock::moment(event.first(&["start", "date"]).str()),
        end: clock::moment(event.get("end").str()),
        language: event.get("language").line(),
        url: event.first(&["url", "origin_url"]).line(),
        cancelled: event.get("status").is_cancelled(),
        ..Session::default()
    };
    if session.end.is_none() {
        session.lasts(clock::duration(event.get("duration").str()));
    }
    for tag in event.first(&["tags", "keywords"]).list() {
        session.tag("keyword", tag.line());
    }
    session.set_texts(
        event.get("abstract").block(),
        event.get("description").block(),
    );
    for person in event.first(&["participants", "persons"]).list() {
        let role = person.get("role").str();
        if role.is_empty()
            || role.eq_ignore_ascii_case("speaker")
            || role.eq_ignore_ascii_case("moderator")
        {
            session.speaker(person.first(&["name", "public_name"]).line());
        }
    }
    session
}

/// The entries of a table by each of their keys.
fn by_key<'n, 'a>(table: &'n Node<'a>) -> HashMap<String, &'n Node<'a>> {
    let mut entries = HashMap::new();
    for entry in table.list() {
        for key in ["guid", "slug", "id"] {
            let key = entry.get(key).id();
            if !key.is_empty() {
                entries.entry(key.into_owned()).or_insert(entry);
            }
        }
    }
    entries
}

/// The name of a reference: its own, or that of the entry of the table that it points to.
fn named<'a>(
    reference: &Node<'a>,
    table: &HashMap<String, &Node<'a>>,
) -> std::borrow::Cow<'a, str> {
    let own = match reference {
        Node::Object(_) => reference.get("name").line(),
        _ => std::borrow::Cow::Borrowed(""),
    };
    if !own.is_empty() {
        return own;
    }
    let keys = [
        reference.get("guid"),
        reference.get("slug"),
        reference.get("id"),
        reference,
    ];
    let found = keys.iter().find_map(|key| table.get(key.id().as_ref()));
    match found {
        Some(entry) => entry.first(&["name", "slug"]).line(),
        // A text that is no key is the name itself.
        None if !reference.is_object() => reference.line(),
        None => reference.first(&["slug"]).line(),
    }
}
