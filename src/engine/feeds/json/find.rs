//! Finds the sessions in a document that follows no specification: a list of objects, objects by id, or sessions within
//! days, slots, rooms and tracks, whose dates, times and names they share.

use std::borrow::Cow;

use super::node::Node;
use crate::engine::feeds::column::{self, Role, bare};
use crate::engine::feeds::date::{self, Form};

/// Members of a document that may hold the list.
const LISTS: &str = "sessions talks events schedule presentations items data results program programme papers contributions \
     value proposals submissions agenda timetable activities entries records lectures slots workshops";

/// Members that hold people and things, and no sessions.
const OTHERS: &str = "speakers speaker people persons authors presenters participants users hosts moderators chairs sponsors \
     partners organizers organisers committee team staff tags topics categories keywords venue venues location locations \
     images image photos links socials social faq faqs news tickets bookings metadata meta";

/// Members that hold the talk of a slot, where the slot has only its time and place.
const TALKS: &[&str] = &[
    "proposal",
    "talk",
    "session",
    "presentation",
    "submission",
    "contribution",
    "lecture",
    "paper",
    "break",
];

/// A session, and what the objects around it say of its place and time.
pub(super) struct Entry<'n, 'a> {
    pub(super) node: &'n Node<'a>,
    /// Its name, where sessions are members of an object.
    pub(super) key: Option<&'n Cow<'a, str>>,
    pub(super) around: Vec<(Role, Shared<'n, 'a>)>,
}

impl<'n, 'a> Entry<'n, 'a> {
    /// The members of the session: those of the talk in a slot come before those of the slot.
    pub(super) fn members(&self) -> impl Iterator<Item = &'n (Cow<'a, str>, Node<'a>)> {
        let talk = talk(self.node);
        let of_talk = talk.map_or(&[][..], Node::object);
        let is_new =
            move |(name, _): &&(Cow<'a, str>, Node<'a>)| !talk.is_some_and(|talk| talk.has(name));
        of_talk
            .iter()
            .chain(self.node.object().iter().filter(is_new))
    }
}

/// The talk of a slot that has no title of its own.
fn talk<'n, 'a>(slot: &'n Node<'a>) -> Option<&'n Node<'a>> {
    let mut members = slot.object().iter();
    if members.any(|(name, _)| matches!(bare(name).as_str(), "title" | "name")) {
        return None;
    }
    let mut talks = TALKS.iter().map(|name| slot.get(name));
    talks.find(|talk| talk.is_object() && titled(talk, &roles(talk)))
}

/// What sessions share: the value of a member around them, or the name of one.
#[derive(Clone, Copy)]
pub(super) enum Shared<'n, 'a> {
    Value(&'n Node<'a>),
    Name(&'n Cow<'a, str>),
}

/// Returns the sessions of a document; none if it holds no list of them.
pub(super) fn entries<'n, 'a>(root: &'n Node<'a>) -> Vec<Entry<'n, 'a>> {
    if let Some(list) = flat(root) {
        return list;
    }
    let mut found = Vec::new();
    walk(root, None, &[], 0, &mut found);
    if found.is_empty() {
        let objects = root.list().iter().filter(|node| node.is_object());
        found.extend(objects.map(|node| Entry {
            node,
            key: None,
            around: Vec::new(),
        }));
    }
    found
}

/// A list of sessions that stands alone or is a member of the document.
fn flat<'n, 'a>(root: &'n Node<'a>) -> Option<Vec<Entry<'n, 'a>>> {
    let named = LISTS.split_ascii_whitespace().filter_map(|name| {
        let member = root
            .object()
            .iter()
            .find(|(member, _)| bare(member) == name);
        member.map(|(_, node)| node)
    });
    [root].into_iter().chain(named).find_map(|node| {
        let listed = node.list().iter().map(|node| (None, node));
        let keyed = node.object().iter().map(|(key, node)| (Some(key), node));
        let all: Vec<Entry<'n, 'a>> = listed
            .chain(keyed)
            .filter(|(_, node)| node.is_object())
            .map(|(key, node)| Entry {
                node: unwrapped(node),
                key,
                around: Vec::new(),
            })
            .collect();
        // Members of an object are sessions only if all are alike.
        let members = node.object().len();
        (all.len() >= members.max(1) && members != 1 && is_programme(&all)).then_some(all)
    })
}

/// An entry of Airtable, Contentful and the like, without what is around it.
fn unwrapped<'n, 'a>(node: &'n Node<'a>) -> &'n Node<'a> {
    if roles(node).contains(&Some(Role::Title)) {
        return node;
    }
    let inner = ["fields", "attributes", "node", "properties"].map(|name| node.get(name));
    inner
        .into_iter()
        .find(|inner| inner.is_object())
        .unwrap_or(node)
}

fn is_programme(entries: &[Entry<'_, '_>]) -> bool {
    let names = names(entries);
    let roles = column::roles(&names);
    let has = |role| roles.contains(&Some(role));
    let timed = has(Role::Start) || has(Role::Date);
    if !has(Role::Title) || !(timed || has(Role::Speakers) || has(Role::Summary)) {
        return false;
    }
    let around = entries.iter().filter(|entry| is_around(entry.node));
    around.count() * 2 <= entries.len()
}

/// The names of the members of all entries, each once.
pub(super) fn names<'a>(entries: &[Entry<'_, 'a>]) -> Vec<Cow<'a, str>> {
    let mut names: Vec<Cow<'a, str>> = Vec::new();
    let mut known = hashbrown::HashSet::new();
    for (name, _) in entries.iter().flat_map(Entry::members) {
        if known.insert(name.as_ref()) {
            names.push(name.clone());
        }
    }
    names
}

fn roles(node: &Node<'_>) -> Vec<Option<Role>> {
    let names: Vec<&str> = node
        .object()
        .iter()
        .map(|(name, _)| name.as_ref())
        .collect();
    column::roles(&names)
}

/// Whether an object is a day, a slot or a room: it has no time of day of its own, and sessions in it.
fn is_around(node: &Node<'_>) -> bool {
    !has_time(node) && inner(node).any(|(_, part)| holds_sessions(part, 0))
}

/// Whether an object has a time or people of its own, beside its name.
fn tells_more(node: &Node<'_>) -> bool {
    has_time(node) || roles(node).contains(&Some(Role::Speakers))
}

fn has_time(node: &Node<'_>) -> bool {
    let roles = roles(node);
    let mut members = node.object().iter().zip(&roles);
    members.any(|((_, value), role)| {
        let text = value.str();
        *role == Some(Role::Start)
            && (value.int().is_some()
                || date::parse(text).is_ok_and(|cell| cell.time.is_some() || cell.moment.is_some()))
    })
}

/// The members of an object in which sessions may be.
fn inner<'n, 'a>(node: &'n Node<'a>) -> impl Iterator<Item = (&'n Cow<'a, str>, &'n Node<'a>)> {
    let members = node.object().iter().map(|(name, value)| (name, value));
    members.filter(|(name, value)| {
        let name = bare(name);
        (value.is_list() || value.is_object())
            && !OTHERS.split_ascii_whitespace().any(|other| other == name)
    })
}

/// Whether there are objects with a title and people or times.
fn holds_sessions(node: &Node<'_>, depth: usize) -> bool {
    const MOST_DEPTH: usize = 5;
    if depth > MOST_DEPTH {
        return false;
    }
    let is_session = |node: &Node<'_>| {
        let roles = roles(node);
        let has = |role| roles.contains(&Some(role));
        has(Role::Title) && (has(Role::Start) || has(Role::Speakers) || has(Role::Duration))
    };
    let mut listed = node.list().iter();
    is_session(node)
        || listed.any(|item| holds_sessions(item, depth + 1))
        || inner(node).any(|(_, part)| holds_sessions(part, depth + 1))
}

/// Takes the objects with a title that have a time, or are within something that has one.
fn walk<'n, 'a>(
    node: &'n Node<'a>,
    key: Option<&'n Cow<'a, str>>,
    around: &[(Role, Shared<'n, 'a>)],
    depth: usize,
    found: &mut Vec<Entry<'n, 'a>>,
) {
    const MOST_DEPTH: usize = 10;
    if depth > MOST_DEPTH {
        return;
    }
    for item in node.list() {
        walk(item, None, around, depth + 1, found);
    }
    if !node.is_object() {
        return;
    }
    let roles = roles(node);
    let title = titled(node, &roles);
    let timed = has_time(node)
        || around
            .iter()
            .any(|(role, _)| matches!(role, Role::Start | Role::Date));
    if title && timed && !is_around(node) {
        found.push(Entry {
            node,
            key,
            around: around.to_vec(),
        });
        return;
    }
    let mut shared = around.to_vec();
    let share = |shared: &mut Vec<(Role, Shared<'n, 'a>)>, role, value| {
        shared.retain(|(known, _)| *known != role);
        shared.push((role, value));
    };
    for ((_, value), role) in node.object().iter().zip(&roles) {
        let whole = matches!(value, Node::Text(_) | Node::Int(_)) && !value.is_empty();
        if let Some(role) = role.filter(|_| whole)
            && matches!(
                role,
                Role::Start | Role::End | Role::Date | Role::Room | Role::Track | Role::Zone
            )
        {
            share(&mut shared, role, Shared::Value(value));
        }
    }
    // The names of members are ids only where all of them hold objects.
    let members = node.object();
    let keyed = members.len() > 1 && members.iter().all(|(_, part)| part.is_object());
    for (name, part) in inner(node) {
        let mut shared = shared.clone();
        if let Some(role) = named(name) {
            share(&mut shared, role, Shared::Name(name));
        }
        let group = group_of(name);
        for item in part
            .list()
            .iter()
            .filter(|item| group.is_some() && is_around(item))
        {
            let own = ["name", "title"].map(|name| item.get(name));
            let own = own.into_iter().find(|own| !own.is_empty());
            let mut shared = shared.clone();
            if let (Some(role), Some(own)) = (group, own) {
                share(&mut shared, role, Shared::Value(own));
            }
            walk(item, None, &shared, depth + 1, found);
        }
        // A room or a track that holds no sessions is none itself.
        let rest = part
            .list()
            .iter()
            .filter(|item| group.is_none() || (!is_around(item) && tells_more(item)));
        rest.for_each(|item| walk(item, None, &shared, depth + 1, found));
        if let Some(role) = group {
            for (name, item) in part.object() {
                let mut shared = shared.clone();
                share(&mut shared, role, Shared::Name(name));
                walk(item, Some(name), &shared, depth + 1, found);
            }
        } else if part.is_object() {
            walk(part, keyed.then_some(name), &shared, depth + 1, found);
        }
    }
}

fn titled(node: &Node<'_>, roles: &[Option<Role>]) -> bool {
    let mut members = node.object().iter().zip(roles);
    members.any(|((_, value), role)| *role == Some(Role::Title) && !value.line().is_empty())
}

/// What the name of a member says of the sessions in it: a date, a day, a time, a room or a track.
fn named(name: &str) -> Option<Role> {
    const DAYS: &str = "day tag monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag \
         freitag samstag sonntag";
    let words = column::words(name);
    let first = words
        .first()
        .map(|word| word.trim_end_matches(|last: char| last.is_ascii_digit()))?;
    let numbered = words.len() > 1 || words.first().is_some_and(|word| word.len() > first.len());
    match (date::parse(name), first) {
        (Ok(cell), _) if cell.date.is_some() || cell.moment.is_some() => Some(Role::Date),
        (Ok(cell), _) if cell.time.is_some() && cell.form != Form::Digits => Some(Role::Start),
        (_, first) if DAYS.split(' ').any(|day| day == first) && (numbered || first.len() > 3) => {
            Some(Role::Date)
        }
        (_, "room" | "hall" | "stage" | "raum" | "saal") if numbered => Some(Role::Room),
        (_, "track" | "stream") if numbered => Some(Role::Track),
        _ => None,
    }
}

/// What the parts of a member are, where its name says so: `rooms` holds one object for each room.
fn group_of(name: &str) -> Option<Role> {
    match bare(name).as_str() {
        "rooms" | "stages" | "halls" | "locations" => Some(Role::Room),
        "tracks" | "streams" => Some(Role::Track),
        _ => None,
    }
}
