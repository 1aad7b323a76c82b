//! Events of schema.org in JSON-LD: a document of its own, or the scripts of a page.

use std::borrow::Cow;

use hashbrown::HashSet;

use super::graph::{self, Graph};
use super::node::{self, Node};
use crate::engine::feeds::clock;
use crate::engine::feeds::date;
use crate::engine::feeds::detect::Format;
use crate::engine::feeds::fault::{Fault, shown};
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
    let holds = |name: &str| root.get(name).list().iter().any(typed);
    typed(root) || (root.has("@context") && (holds("@graph") || holds("itemListElement")))
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    read_script(root, &mut Seen::new(), programme);
}

/// The events that were taken: one page may hold the same in several scripts.
type Seen = HashSet<String>;

fn read_script<'a>(root: &Node<'a>, seen: &mut Seen, programme: &mut Programme<'a>) {
    let graph = Graph::of(root);
    let followed = HashSet::new();
    let mut walk = Walk {
        graph,
        followed,
        seen,
    };
    walk.walk(root, 0, programme);
}

/// Reads the scripts of an HTML page. Returns false if there are no events in them.
pub(in crate::engine::feeds) fn read_page<'a>(
    page: &'a str,
    programme: &mut Programme<'a>,
) -> Result<bool, Fault> {
    let mut rest = page;
    let (mut broken, mut seen) = (None, Seen::new());
    loop {
        let script = rest.get(html::find_ignoring_case(rest, "<script")..);
        let Some((tag, body)) = script.and_then(|script| script.split_once('>')) else {
            break;
        };
        let body_end = html::find_ignoring_case(body, "</script");
        if tag.to_ascii_lowercase().contains("application/ld+json") {
            match node::parse(without_marks(body.get(..body_end).unwrap_or_default())) {
                Ok(root) => read_script(&root, &mut seen, programme),
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
    for mark in [";", "-->", "*/", "]]>", "//", "/*"] {
        script = script.strip_suffix(mark).unwrap_or(script).trim_end();
    }
    script
}

/// Goes through a document.
struct Walk<'n, 'a, 's> {
    graph: Graph<'n, 'a>,
    /// The objects to which a reference was followed, so that circles end.
    followed: HashSet<*const Node<'a>>,
    seen: &'s mut Seen,
}

impl<'n, 'a> Walk<'n, 'a, '_> {
    /// Takes an event that holds no others, or what is in it. Returns true if there was any event.
    fn walk(&mut self, node: &'n Node<'a>, depth: usize, programme: &mut Programme<'a>) -> bool {
        const MOST_DEPTH: usize = 16;
        if depth > MOST_DEPTH {
            return false;
        }
        let reference = node;
        let node = self.graph.resolve(reference);
        if !core::ptr::eq(node, reference) && !self.followed.insert(node) {
            return is_event(node);
        }
        let mut found = false;
        for item in node.list() {
            found |= self.walk(item, depth + 1, programme);
        }
        let is_outermost = programme.name.is_empty();
        let mut has_parts = false;
        for name in INSIDE {
            let inner = graph::member(node, name);
            if inner.is_object() || inner.is_list() {
                has_parts |= self.walk(inner, depth + 1, programme);
            }
        }
        if !is_event(node) {
            return found || has_parts;
        }
        if !has_parts && !self.graph.is_parent(node) {
            self.take(node, programme);
        } else if is_outermost {
            programme.name = self.graph.get(node, "name").line();
        }
        true
    }

    fn take(&mut self, event: &'n Node<'a>, programme: &mut Programme<'a>) {
        let title = self.graph.line(event, "name");
        let id = event.first(&["@id", "url", "identifier"]).id();
        let start = date_text(self.graph.get(event, "startDate"));
        if !id.is_empty() && !self.seen.insert(format!("{id} {title} {start}")) {
            programme.note(format!(
                "{}: it occurs twice and was taken once",
                shown(&title)
            ));
            return;
        }
        for member in ["startDate", "endDate"] {
            let text = date_text(self.graph.get(event, member));
            if !text.trim().is_empty() && moment(text).is_none() {
                programme.note(format!(
                    "{}: {} is no {member}, so it was left out",
                    shown(&title),
                    shown(text)
                ));
            }
        }
        if start.is_empty() && event.has("eventSchedule") {
            programme
                .note("the `eventSchedule` of events is not read, so these have no times".into());
        }
        let place = format!("event {title:?}");
        programme.push(|| place, session(event, title, &self.graph));
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

fn session<'a>(event: &Node<'a>, title: Cow<'a, str>, graph: &Graph<'_, 'a>) -> Session<'a> {
    let (start, end) = (graph.get(event, "startDate"), graph.get(event, "endDate"));
    let mut session = Session {
        id: event.first(&["identifier", "@id"]).id(),
        title,
        start: moment(date_text(start)),
        end: moment(date_text(end)),
        location: place(graph.get(event, "location"), graph),
        summary: description(graph.get(event, "description")),
        language: graph.line(event, "inLanguage"),
        url: event.get("url").line(),
        cancelled: is_cancelled(graph.get(event, "eventStatus")),
        ..Session::default()
    };
    if !date_text(start).contains(':') && session.start.is_some() {
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
        let people = graph.get(event, people);
        let listed = people.get("@list").list();
        for person in people.list().iter().chain(listed).chain([people]) {
            // The Events Calendar of WordPress writes a type in the place of a performer.
            if !matches!(person.str(), "Organization" | "Person") {
                session.speaker(person_name(graph.resolve(person)));
            }
        }
    }
    session
}

fn person_name<'a>(person: &Node<'a>) -> Cow<'a, str> {
    let name = person.line();
    if !name.is_empty() {
        return name;
    }
    let [given, family] = ["givenName", "familyName"].map(|part| person.get(part).line());
    format!("{given} {family}").trim().to_owned().into()
}

/// The text of a description, which may be HTML that is escaped once more: `&lt;p&gt;`.
fn description<'a>(text: &Node<'a>) -> Cow<'a, str> {
    let cleaned = text.block();
    if text.str().trim_start().starts_with("&lt;") {
        return html::block(&cleaned.replace("\\n", "\n"))
            .into_owned()
            .into();
    }
    cleaned
}

fn is_cancelled(status: &Node<'_>) -> bool {
    let mut all = status.list().iter().chain([status]);
    all.any(|state| {
        let name = if state.is_object() {
            state.get("@id").str()
        } else {
            state.str()
        };
        name.ends_with("EventCancelled") || name.ends_with("EventCanceled")
    })
}

/// The text of a date, which may be the only one of a list, or an object that names its type.
fn date_text<'n>(date: &'n Node<'_>) -> &'n str {
    match date {
        Node::List(dates) => dates.first().map_or("", date_text),
        Node::Object(_) => date.get("@value").str(),
        _ => date.str(),
    }
}

/// Reads a date with or without a time; also one that lacks zeros: `2026-5-1T9:00`.
fn moment(text: &str) -> Option<Moment> {
    if let Some(moment) = clock::moment(text) {
        return Some(moment);
    }
    let cell = date::parse(text).ok().filter(|cell| cell.until.is_none())?;
    let Some(date::Date::Known(midnight)) = cell.date else {
        return cell.moment;
    };
    let wall = midnight + cell.time.unwrap_or_default();
    Some(match cell.offset {
        Some(minutes) => Moment::at_offset(wall, minutes),
        None => Moment::local(wall),
    })
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
fn place<'a>(location: &Node<'a>, graph: &Graph<'_, 'a>) -> Cow<'a, str> {
    let places: Vec<&Node<'a>> = location
        .list()
        .iter()
        .map(|one| graph.resolve(one))
        .collect();
    let named = places.iter().find(|place| !place.line().is_empty());
    let first = named.or(places.first()).copied().unwrap_or(location);
    let name = first.line();
    if !name.is_empty() {
        return name;
    }
    let address = graph.get(first, "address");
    match address {
        Node::Text(_) => address.line(),
        _ => address.first(&["streetAddress", "addressLocality"]).line(),
    }
}
