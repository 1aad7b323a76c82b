//! `conference.json` of PyCon US: one list `schedule`, with kinds and sections for types.

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};
use crate::engine::feeds::row;

pub(super) fn fits(entry: &Node<'_>) -> bool {
    entry.has("start") && entry.has("name") && (entry.has("conf_key") || entry.has("kind"))
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    programme.name = root.get("conference").first(&["name", "title"]).line();
    let entries = if root.is_list() {
        root
    } else {
        root.get("schedule")
    };
    for entry in entries.list() {
        programme.push(
            || format!("entry {}", entry.get("conf_key").id()),
            session(entry),
        );
    }
}

fn session<'a>(entry: &Node<'a>) -> Session<'a> {
    let kind = entry.get("kind").line();
    let mut session = Session {
        id: entry.first(&["conf_key", "id"]).id(),
        title: entry.first(&["name", "title"]).line(),
        start: clock::moment(entry.get("start").str()),
        end: clock::moment(entry.get("end").str()),
        location: entry.get("room").line(),
        language: if kind == "charla" {
            "es".into()
        } else {
            "".into()
        },
        url: entry.first(&["conf_url", "url"]).line(),
        service: kind == "break",
        cancelled: entry.get("cancelled").is_true(),
        ..Session::default()
    };
    if session.location.is_empty() {
        let rooms = entry.get("rooms").list().iter().map(Node::line);
        session.location = rooms.collect::<Vec<_>>().join(", ").into();
    }
    if session.end.is_none() {
        session.lasts(
            entry
                .get("duration")
                .int()
                .map(|minutes| minutes * clock::MINUTE),
        );
    }
    session.set_texts(
        entry.get("abstract").block(),
        entry.get("description").block(),
    );
    session.set_kind(kind);
    session.set_track(entry.get("section").line());
    for tag in row::split_list(entry.get("tags").str()) {
        session.tag("keyword", tag.into_owned().into());
    }
    for tag in entry.get("tags").list() {
        session.tag("keyword", tag.line());
    }
    let named = entry.get("speakers").list();
    let authors = entry.get("authors").list();
    for speaker in if named.is_empty() { authors } else { named } {
        session.speaker(speaker.line());
    }
    session
}
