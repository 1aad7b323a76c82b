//! The session catalogue of Microsoft's events (Build, Ignite): a list of sessions in UTC, whose categories are objects
//! with a `displayValue` and a `logicalValue`.

use super::node::Node;
use crate::engine::feeds::clock;
use crate::engine::feeds::programme::{Programme, Session};
use crate::engine::feeds::row;

/// The members that become tags, and what they are called in a report.
const TAGS: &[(&str, &str)] = &[
    ("topic", "topic"),
    ("tags", "keyword"),
    ("product", "product"),
    ("products", "product"),
    ("programmingLanguages", "keyword"),
    ("solutionArea", "topic"),
    ("communityTopic", "topic"),
    ("learningZoneTopic", "topic"),
    ("contentArea", "topic"),
    ("industry", "topic"),
    ("sessionLevel", "level"),
    ("level", "level"),
];

pub(super) fn fits(entry: &Node<'_>) -> bool {
    entry.has("startDateTime") && (entry.has("sessionId") || entry.has("sessionCode"))
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    let wrapped = root.first(&["data", "value", "sessions", "results", "events"]);
    let entries = if root.is_list() { root } else { wrapped };
    for entry in entries.list() {
        programme.push(
            || format!("session {}", entry.get("sessionCode").id()),
            session(entry),
        );
    }
}

fn session<'a>(entry: &Node<'a>) -> Session<'a> {
    let mut session = Session {
        id: entry.first(&["sessionCode", "sessionId"]).id(),
        guid: entry.first(&["sessionInstanceId", "sessionId"]).id(),
        title: entry.get("title").line(),
        start: clock::moment(entry.get("startDateTime").str()),
        end: clock::moment(entry.get("endDateTime").str()),
        location: entry.get("location").line(),
        language: entry.first(&["langLocale"]).line(),
        url: entry.first(&["sessionUrl", "url", "onDemand"]).line(),
        ..Session::default()
    };
    if session.end.is_none() {
        let minutes = entry
            .get("durationInMinutes")
            .int()
            .filter(|minutes| *minutes > 0);
        session.lasts(minutes.map(|minutes| minutes * clock::MINUTE));
    }
    session.set_texts(
        entry.get("description").block(),
        entry.get("aiDescription").block(),
    );
    session.set_kind(entry.get("sessionType").line());
    for (member, source) in TAGS {
        let value = entry.get(member);
        for item in value.list().iter().chain([value]) {
            session.tag(source, item.line());
        }
    }
    let names = entry.get("speakerNames");
    match names {
        Node::Text(text) => {
            for name in row::split_names(text) {
                session.speaker(name.into_owned().into());
            }
        }
        _ => names
            .list()
            .iter()
            .for_each(|name| session.speaker(name.line())),
    }
    for speaker in entry.get("speakers").list() {
        session.speaker(speaker.first(&["displayName", "name", "fullName"]).line());
    }
    session
}
