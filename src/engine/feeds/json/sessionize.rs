//! The three JSON views of Sessionize: `All`, `GridSmart` and `Sessions`; also the apps of DroidKaigi, which use the
//! first with translated texts.
//!
//! Times are local and name no zone, unless the event's settings ask for UTC. `All` keeps speakers, rooms and categories
//! in side tables. A session of several categories is listed once in each group of `Sessions`, and is taken once.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};

type Table<'n, 'a> = HashMap<Cow<'a, str>, &'n Node<'a>>;

/// Whether a session is one of the view `All`.
pub(super) fn fits(entry: &Node<'_>) -> bool {
    let own = [
        "isServiceSession",
        "isPlenumSession",
        "categoryItems",
        "roomId",
    ];
    entry.has("startsAt") && own.iter().any(|name| entry.has(name))
}

/// Whether a day is one of the view `GridSmart`.
pub(super) fn has_rooms(day: &Node<'_>) -> bool {
    let rooms = day.get("rooms").list().iter();
    let mut sessions = rooms.flat_map(|room| room.get("sessions").list());
    sessions.any(|entry| entry.has("startsAt"))
}

pub(super) fn read_all<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let (rooms, speakers) = (table(root.get("rooms")), table(root.get("speakers")));
    let mut items = HashMap::new();
    for category in root.get("categories").list() {
        for item in category.get("items").list() {
            items.insert(item.get("id").id(), (category, item));
        }
    }
    for entry in root.get("sessions").list() {
        let mut session = session(entry);
        if let Some(room) = rooms.get(&entry.get("roomId").id()) {
            session.location = room.get("name").line();
        }
        for speaker in entry.get("speakers").list() {
            let known = speakers.get(&speaker.id()).copied().unwrap_or(speaker);
            session.speaker(full_name(known));
        }
        let single = entry.get("sessionCategoryItemId");
        for item in entry.get("categoryItems").list().iter().chain([single]) {
            if let Some((category, item)) = items.get(&item.id()) {
                categorise(&mut session, category, item);
            }
        }
        programme.push(|| place(entry), session);
    }
}

pub(super) fn read_groups<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let mut seen = HashSet::new();
    // A day or a group may stand alone, and sessions without their group.
    let groups = if root.is_list() {
        root.list()
    } else {
        core::slice::from_ref(root)
    };
    for group in groups {
        if group.has("startsAt") {
            programme.push(|| place(group), grouped(group, &Node::Null));
        }
        for entry in group.get("sessions").list() {
            if seen.insert(entry.get("id").id()) {
                programme.push(|| place(entry), grouped(entry, &Node::Null));
            }
        }
        for room in group.get("rooms").list() {
            for entry in room.get("sessions").list() {
                programme.push(|| place(entry), grouped(entry, room));
            }
        }
    }
}

fn place(entry: &Node<'_>) -> String {
    format!("session {}", entry.get("id").id())
}

fn grouped<'a>(entry: &Node<'a>, room: &Node<'a>) -> Session<'a> {
    let mut session = session(entry);
    if session.location.is_empty() {
        session.location = room.get("name").line();
    }
    for speaker in entry.get("speakers").list() {
        session.speaker(full_name(speaker));
    }
    for category in entry.get("categories").list() {
        for item in category.get("categoryItems").list() {
            categorise(&mut session, category, item);
        }
    }
    session
}

fn session<'a>(entry: &Node<'a>) -> Session<'a> {
    let mut session = Session {
        id: entry.get("id").id(),
        title: entry.get("title").line(),
        start: clock::moment(entry.get("startsAt").str()),
        end: clock::moment(entry.get("endsAt").str()),
        location: entry.get("room").line(),
        summary: entry.first(&["description", "i18nDesc"]).block(),
        language: entry.get("language").line(),
        url: entry.first(&["url", "liveUrl"]).line(),
        service: entry.get("isServiceSession").is_true(),
        cancelled: ["Declined", "Cancelled", "Decline_Queue"].contains(&entry.get("status").str()),
        ..Session::default()
    };
    if let Node::Text(_) = entry.get("sessionType") {
        session.set_kind(entry.get("sessionType").line());
    }
    session
}

/// Makes an item of a category a track, a type, a language or a tag, by the title of its category.
fn categorise<'a>(session: &mut Session<'a>, category: &Node<'a>, item: &Node<'a>) {
    let title = category.first(&["title", "name"]).line().to_lowercase();
    let name = item.first(&["name", "title"]).line();
    match title.as_str() {
        "track" | "tracks" | "session track" | "stream" if session.track.is_empty() => {
            session.set_track(name);
        }
        "session format" | "format" | "session type" | "type" if session.kind.is_empty() => {
            session.set_kind(name);
        }
        "language" | "session language" | "sprache" => session.language = name,
        "day" | "days" => {}
        _ => session.tag("category", name),
    }
}

fn full_name<'a>(speaker: &Node<'a>) -> Cow<'a, str> {
    let name = speaker.first(&["fullName", "name"]).line();
    if !name.is_empty() || !speaker.is_object() {
        return name;
    }
    let (first, last) = (
        speaker.get("firstName").line(),
        speaker.get("lastName").line(),
    );
    format!("{first} {last}").trim().to_owned().into()
}

fn table<'n, 'a>(entries: &'n Node<'a>) -> Table<'n, 'a> {
    let entries = entries.list().iter();
    entries.map(|entry| (entry.get("id").id(), entry)).collect()
}
