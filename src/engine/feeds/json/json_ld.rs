//! Events of schema.org in JSON-LD: a document of its own, or the scripts of a page.

use std::borrow::Cow;

use super::node::{self, Node};
use crate::engine::feeds::clock;
use crate::engine::feeds::detect::Format;
use crate::engine::feeds::fault::Fault;
use crate::engine::feeds::html;
use crate::engine::feeds::programme::{Programme, Session};
use crate::engine::time::{DAY, Moment, Scale};

/// Members that hold further events.
const INSIDE: &[&str] = &[
    "@graph",
    "subEvent",
    "subEvents",
    "event",
    "events",
    "itemListElement",
    "item",
    "mainEntity",
];

pub(super) fn fits(root: &Node<'_>) -> bool {
    let typed = |node: &Node<'_>| {
        node.has("@type") && (is_event(node) || INSIDE.iter().any(|name| node.has(name)))
    };
    typed(root) || (root.has("@context") && root.get("@graph").list().iter().any(typed))
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    walk(root, 0, programme);
}

/// Reads the scripts of an HTML page. Returns false if there are no events in them.
pub(in crate::engine::feeds) fn read_page<'a>(
    page: &'a str,
    programme: &mut Programme<'a>,
) -> Result<bool, Fault> {
    let mut rest = page;
    let mut broken = None;
    loop {
        let script = rest.get(html::find_ignoring_case(rest, "<script")..);
        let Some((tag, body)) = script.and_then(|script| script.split_once('>')) else {
            break;
        };
        let body_end = html::find_ignoring_case(body, "</script");
        if tag.to_ascii_lowercase().contains("application/ld+json") {
            match node::parse(without_marks(body.get(..body_end).unwrap_or_default())) {
                Ok(root) => read(&root, programme),
                Err(fault) => broken = Some(fault),
            }
        }
        rest = body.get(body_end..).unwrap_or_default();
    }
    programme.format = Format::JsonLd;
    let reason = broken.map(|fault| format!("a script of JSON-LD in this page: {fault}"));
    match (programme.sessions.is_empty(), reason) {
        (true, Some(reason)) => Err(Fault::new(reason)),
        (empty, reason) => {
            if let Some(reason) = reason {
                programme.note(reason);
            }
            Ok(!empty)
        }
    }
}

/// A script without the comment or the section of character data that hides it from old readers.
fn without_marks(script: &str) -> &str {
    let mut script = script.trim();
    for mark in ["<!--", "//", "/*", "<![CDATA[", "*/"] {
        script = script.strip_prefix(mark).unwrap_or(script).trim_start();
    }
    for mark in ["-->", "*/", "]]>", "//", "/*"] {
        script = script.strip_suffix(mark).unwrap_or(script).trim_end();
    }
    script
}

/// Takes an event that holds no others, or what is in it.
fn walk<'a>(node: &Node<'a>, depth: usize, programme: &mut Programme<'a>) {
    const MOST_DEPTH: usize = 16;
    if depth > MOST_DEPTH {
        return;
    }
    for item in node.list() {
        walk(item, depth + 1, programme);
    }
    let before = programme.sessions.len() + programme.report.skipped;
    let is_outermost = programme.name.is_empty();
    for name in INSIDE {
        let inner = node.get(name);
        if inner.is_object() || inner.is_list() {
            walk(inner, depth + 1, programme);
        }
    }
    let has_parts = programme.sessions.len() + programme.report.skipped > before;
    if has_parts && is_event(node) && is_outermost {
        programme.name = node.get("name").line();
    } else if !has_parts && is_event(node) {
        programme.push(
            || format!("event {:?}", node.get("name").line()),
            session(node),
        );
    }
}

fn is_event(node: &Node<'_>) -> bool {
    let kind = node.get("@type");
    kind.list().iter().chain([kind]).any(|kind| {
        let name = kind
            .str()
            .rsplit(['/', '#', ':'])
            .next()
            .unwrap_or_default();
        name.ends_with("Event") || matches!(name, "Festival" | "Hackathon" | "CourseInstance")
    })
}

fn session<'a>(event: &Node<'a>) -> Session<'a> {
    let (start, end) = (date(event, "startDate"), date(event, "endDate"));
    let mut session = Session {
        id: event.first(&["identifier", "@id"]).id(),
        title: event.get("name").line(),
        start: clock::moment(start),
        end: clock::moment(end),
        location: place(event.get("location")),
        summary: event.get("description").block(),
        language: event.get("inLanguage").line(),
        url: event.get("url").line(),
        cancelled: event.get("eventStatus").str().ends_with("EventCancelled"),
        ..Session::default()
    };
    if clock::timed(start).is_none() && session.start.is_some() {
        session.all_day = true;
        // A date alone is inclusive here.
        let last = session.end.or(session.start);
        session.end = last.map(|last| Moment::local(last.wall_ms() + DAY));
    }
    if session
        .end
        .is_none_or(|end| end.scale() == Some(Scale::Clock))
    {
        session.lasts(clock::iso_duration(event.get("duration").str()));
    }
    set_tags(&mut session, event);
    for people in ["performer", "performers", "organizer", "actor", "director"] {
        if !session.speakers.is_empty() {
            break;
        }
        let people = event.get(people);
        for person in people.list().iter().chain([people]) {
            session.speaker(person.line());
        }
    }
    session
}

/// A date, which may be an object that names its type.
fn date<'n>(event: &'n Node<'_>, member: &str) -> &'n str {
    let date = event.get(member);
    if date.is_object() {
        date.get("@value").str()
    } else {
        date.str()
    }
}

fn set_tags<'a>(session: &mut Session<'a>, event: &Node<'a>) {
    let keywords = event.get("keywords");
    match keywords {
        Node::Text(text) => {
            for keyword in crate::engine::feeds::row::split_list(text) {
                session.tag("keyword", keyword.into_owned().into());
            }
        }
        _ => keywords
            .list()
            .iter()
            .for_each(|keyword| session.tag("keyword", keyword.line())),
    }
    let about = event.get("about");
    for topic in about.list().iter().chain([about]) {
        session.tag("topic", topic.line());
    }
}

/// The name of a place, or its address.
fn place<'a>(location: &Node<'a>) -> Cow<'a, str> {
    let places = location.list().iter();
    let named = places.clone().find(|place| !place.line().is_empty());
    let first = named.or(places.clone().next()).unwrap_or(location);
    let name = first.line();
    if !name.is_empty() {
        return name;
    }
    let address = first.get("address");
    match address {
        Node::Text(_) => address.line(),
        _ => address.first(&["streetAddress", "addressLocality"]).line(),
    }
}
