//! Sessions of Open Event (FOSSASIA): a bare list with `kebab-case` or `snake_case` names, and the JSON:API of the server,
//! which keeps tracks, rooms and speakers in `included`.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};

/// Texts that the editor leaves where nobody wrote one.
const PLACEHOLDERS: &[&str] = &[
    "Short Abstract for the event",
    "Long Abstract for the event",
];

type Included<'n, 'a> = HashMap<(Cow<'a, str>, Cow<'a, str>), &'n Node<'a>>;

pub(super) fn fits(entry: &Node<'_>) -> bool {
    let fields = attributes(entry);
    let timed = ["starts-at", "starts_at", "start_time", "timestart"]
        .iter()
        .any(|name| fields.has(name));
    let own = [
        "microlocation",
        "session-type",
        "session_type",
        "long-abstract",
        "long_abstract",
    ];
    let related = fields.get("track").is_object() || own.iter().any(|name| fields.has(name));
    timed && (related || entry.get("type").str() == "session")
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let wrapped = root.first(&["data", "sessions", "value", "results", "events"]);
    let entries = if root.is_list() { root } else { wrapped };
    let included: Included<'_, 'a> = root
        .get("included")
        .list()
        .iter()
        .map(|item| ((item.get("type").id(), item.get("id").id()), item))
        .collect();
    for entry in entries.list() {
        programme.push(
            || format!("session {}", entry.get("id").id()),
            session(entry, &included),
        );
    }
}

fn attributes<'n, 'a>(entry: &'n Node<'a>) -> &'n Node<'a> {
    let inner = entry.get("attributes");
    if inner.is_object() { inner } else { entry }
}

fn session<'a>(entry: &Node<'a>, included: &Included<'_, 'a>) -> Session<'a> {
    let fields = attributes(entry);
    let mut session = Session {
        id: entry.get("id").id(),
        title: fields.get("title").line(),
        subtitle: fields.get("subtitle").line(),
        start: clock::moment(
            fields
                .first(&["starts-at", "starts_at", "start_time", "timestart"])
                .str(),
        ),
        end: clock::moment(
            fields
                .first(&["ends-at", "ends_at", "end_time", "timeend"])
                .str(),
        ),
        language: fields.get("language").line(),
        url: fields.first(&["signup-url", "signup_url"]).line(),
        cancelled: is_cancelled(fields),
        ..Session::default()
    };
    let related = |names: &[&str]| {
        let found = names.iter().map(|name| one(entry, fields, name, included));
        found
            .into_iter()
            .find(|node| !node.is_empty())
            .map(Node::line)
            .unwrap_or_default()
    };
    session.location = related(&["microlocation"]);
    session.set_track(related(&["track"]));
    session.set_kind(related(&["session-type", "session_type", "type"]));
    session.tag("level", fields.get("level").line());
    let real = |text: Cow<'a, str>| {
        if PLACEHOLDERS.contains(&text.as_ref()) {
            Cow::Borrowed("")
        } else {
            text
        }
    };
    session.set_texts(
        real(
            fields
                .first(&["short-abstract", "short_abstract", "abstract"])
                .block(),
        ),
        real(
            fields
                .first(&["long-abstract", "long_abstract", "description"])
                .block(),
        ),
    );
    let speakers = entry
        .get("relationships")
        .get("speakers")
        .get("data")
        .list();
    for speaker in fields.get("speakers").list().iter().chain(speakers) {
        let known = look_up(speaker, included).unwrap_or(speaker);
        session.speaker(attributes(known).get("name").line());
    }
    session
}

/// A related object: written out, or a reference to one of `included`.
fn one<'n, 'a>(
    entry: &'n Node<'a>,
    fields: &'n Node<'a>,
    name: &str,
    included: &Included<'n, 'a>,
) -> &'n Node<'a> {
    let own = fields.get(name);
    if !own.is_empty() {
        return own;
    }
    let reference = entry.get("relationships").get(name).get("data");
    look_up(reference, included).map_or(own, attributes)
}

fn look_up<'n, 'a>(reference: &Node<'a>, included: &Included<'n, 'a>) -> Option<&'n Node<'a>> {
    let key = (reference.get("type").id(), reference.get("id").id());
    included.get(&key).copied()
}

fn is_cancelled(fields: &Node<'_>) -> bool {
    let state = fields.get("state").str();
    let refused = ["rejected", "withdrawn", "canceled", "cancelled", "draft"];
    refused.contains(&state) || !fields.first(&["deleted-at", "deleted_at"]).is_empty()
}
