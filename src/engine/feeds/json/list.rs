//! Lists of sessions that follow no specification. Members are known by their names, as columns of a table are; rooms,
//! speakers and tags may be ids of tables beside the list.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::find::{self, Entry, Shared};
use super::node::Node;
use super::tables::{Tables, name_of};
use crate::engine::feeds::column::{self, Role};
use crate::engine::feeds::fault::{Fault, shown};
use crate::engine::feeds::programme::{MOST_SESSIONS, Programme};
use crate::engine::feeds::row::{self, Row, Value};
use crate::engine::feeds::table_shape::subject;

pub(super) fn fits(root: &Node<'_>) -> bool {
    !find::entries(root).is_empty()
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) -> Result<(), Fault> {
    let entries = find::entries(root);
    let names = find::names(&entries);
    let roles = column::roles(&names);
    let role_of: HashMap<&str, Role> = names
        .iter()
        .zip(&roles)
        .filter_map(|(name, role)| Some((name.as_ref(), (*role)?)))
        .collect();
    if !roles.contains(&Some(Role::Title)) {
        return Err(no_titles(root));
    }
    if entries.len() > MOST_SESSIONS {
        return Err(Fault::new(format!(
            "the list has more than {MOST_SESSIONS} entries, the most that are read"
        )));
    }
    let all: Vec<String> = names.iter().map(ToString::to_string).collect();
    if let Some(reason) = subject(&all, &roles) {
        return Err(Fault::new(reason));
    }
    read_head(root, programme);
    let tables = Tables::of(root);
    let mut nested = 0;
    let mut rows = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let mut row = Row::new(format!("entry {}", at + 1));
        for (name, node) in entry.members() {
            match role_of.get(name.as_ref()) {
                Some(Role::Start) if set_slot(&mut row, node, &tables) => {}
                Some(role @ (Role::Title | Role::Id)) if !is_absent(&row, *role) => {}
                Some(Role::Status) => set_status(&mut row, name, node),
                Some(role) => set(&mut row, *role, node, &tables),
                None => drop(set_slot(&mut row, node, &tables)),
            }
            let parts = node
                .list()
                .iter()
                .filter(|part| part.has("title") && part.has("start"));
            nested += parts.count();
        }
        set_other_title(&mut row, entry, &role_of);
        for (name, node) in entry
            .members()
            .filter(|(name, _)| !role_of.contains_key(name.as_ref()))
        {
            set_ids(&mut row, name, node, &tables);
        }
        set_around(&mut row, entry, &tables);
        rows.push(row);
    }
    if nested > 0 {
        programme.note(format!(
            "{nested} entries inside other entries were not taken: they are parts of these"
        ));
    }
    let column = |role: Role| {
        let at = roles.iter().position(|found| *found == Some(role));
        let around = || {
            let shares =
                |entry: &Entry<'_, '_>| entry.around.iter().any(|(known, _)| *known == role);
            entries.iter().any(shares).then(|| "day".to_owned())
        };
        at.and_then(|at| names.get(at))
            .map(ToString::to_string)
            .or_else(around)
            .unwrap_or_default()
    };
    row::take(rows, column, programme)
}

/// Sets the title of an entry that calls it otherwise than most do, such as the `name` of a break among the `title`s of
/// talks.
fn set_other_title<'a>(row: &mut Row<'a>, entry: &Entry<'_, 'a>, role_of: &HashMap<&str, Role>) {
    let is_usual = |name: &str| role_of.get(name) == Some(&Role::Title);
    if entry.members().any(|(name, _)| is_usual(name)) {
        return;
    }
    let is_free = |name: &str| !role_of.contains_key(name);
    let members: Vec<_> = entry.members().filter(|(name, _)| is_free(name)).collect();
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    let roles = column::roles(&names);
    let mut titles = members.iter().zip(&roles);
    if let Some(((_, title), _)) = titles.find(|(_, role)| **role == Some(Role::Title)) {
        let title = title.line();
        if !title.is_empty() {
            row.set(Role::Title, Value::Text(title));
        }
    }
}

fn no_titles(root: &Node<'_>) -> Fault {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in root.list().iter().flat_map(Node::object) {
        if names.len() < 12 && !names.contains(&name.as_ref()) {
            names.push(name);
        }
    }
    let listed: Vec<String> = names.into_iter().map(shown).collect();
    Fault::new(format!(
        "this list of objects is no programme that is known: no member holds titles among {}",
        listed.join(", ")
    ))
}

/// Reads the name and the zone of the conference beside the list.
fn read_head<'a>(root: &Node<'a>, programme: &mut Programme<'a>) {
    for head in [root, root.get("conference"), root.get("event")] {
        if let zone @ Node::Text(_) =
            head.first(&["timezone", "timeZone", "time_zone", "tz", "timezone_name"])
        {
            programme.set_zone(zone.str());
        }
    }
    let name = root.first(&["conference", "event", "name", "title"]);
    if !name.is_list() && programme.name.is_empty() {
        programme.name = name.line();
    }
}

fn is_absent(row: &Row<'_>, role: Role) -> bool {
    matches!(row.get(role), Value::Absent)
}

/// Sets the state of a session, which a member such as `isCancelled` gives as true.
fn set_status<'a>(row: &mut Row<'a>, name: &str, node: &Node<'a>) {
    let state = match node {
        Node::Bool(true) if column::bare(name).contains("cancel") => Cow::Borrowed("cancelled"),
        _ => node.line(),
    };
    if !state.is_empty() && is_absent(row, Role::Status) {
        row.set(Role::Status, Value::Text(state));
    }
}

/// Sets what ids such as `trackId` and `speakerIds` stand for in the tables beside the list.
fn set_ids<'a>(row: &mut Row<'a>, name: &str, node: &Node<'a>, tables: &Tables<'a>) {
    let words = column::words(name);
    let Some((last, before)) = words.split_last() else {
        return;
    };
    if !matches!(last.as_str(), "id" | "ids") || before.is_empty() {
        return;
    }
    let Some(Some(role)) = column::roles(&[before.concat()]).first().copied() else {
        return;
    };
    let refers = matches!(
        role,
        Role::Room | Role::Speakers | Role::Tags | Role::Track | Role::Kind
    );
    let ids = node.list().iter().chain((!node.is_list()).then_some(node));
    let names: Vec<Cow<'a, str>> = ids
        .filter_map(|id| tables.name(role, &id.id()).cloned())
        .collect();
    let is_free = is_absent(row, role) || role == Role::Tags;
    if refers && is_free && !names.is_empty() {
        row.add(role, Value::Many(names));
    }
}

/// Sets what the objects around a session say, where it says nothing itself.
fn set_around<'a>(row: &mut Row<'a>, entry: &Entry<'_, 'a>, tables: &Tables<'a>) {
    if let Some(key) = entry.key.filter(|_| is_absent(row, Role::Id)) {
        row.set(Role::Id, Value::Text(key.clone()));
    }
    let own_start = !is_absent(row, Role::Start);
    for (role, shared) in &entry.around {
        let of_slot = matches!(role, Role::Start | Role::End) && own_start;
        if of_slot || !is_absent(row, *role) {
            continue;
        }
        match shared {
            Shared::Value(node) => set(row, *role, node, tables),
            Shared::Name(name) => row.set(*role, Value::Text((*name).clone())),
        }
    }
}

/// Sets the times and the room of a slot: an object without a title. Returns false if it is none.
fn set_slot<'a>(row: &mut Row<'a>, node: &Node<'a>, tables: &Tables<'a>) -> bool {
    let node = match node.list() {
        [only] => only,
        _ => node,
    };
    let names: Vec<&str> = node
        .object()
        .iter()
        .map(|(name, _)| name.as_ref())
        .collect();
    let roles = column::roles(&names);
    let parts = [Role::End, Role::Room, Role::Date, Role::Duration];
    let is_slot = roles.contains(&Some(Role::Start))
        && !roles.contains(&Some(Role::Title))
        && parts.iter().any(|part| roles.contains(&Some(*part)));
    if !is_slot || !matches!(row.get(Role::Start), Value::Absent) {
        return false;
    }
    for ((_, value), role) in node.object().iter().zip(&roles) {
        if let Some(role) = role
            && matches!(
                role,
                Role::Start | Role::End | Role::Date | Role::Room | Role::Duration | Role::Zone
            )
            && matches!(row.get(*role), Value::Absent)
        {
            set(row, *role, value, tables);
        }
    }
    true
}

fn set<'a>(row: &mut Row<'a>, role: Role, node: &Node<'a>, tables: &Tables<'a>) {
    if node.is_empty() {
        return;
    }
    if !matches!(role, Role::Start | Role::End | Role::Date | Role::EndDate) {
        let value = value(node, role, tables);
        if !matches!(value, Value::Absent) {
            row.add(role, value);
        }
        return;
    }
    let bounds = match node {
        Node::List(items) => match items.as_slice() {
            [only] => [Some(only), None],
            [start, end] => [Some(start), Some(end)],
            _ => [None; 2],
        },
        Node::Object(_) => [["start", "from", "begin"], ["end", "to", "until"]].map(|names| {
            let bound = node.first(&names);
            (!bound.is_empty()).then_some(bound)
        }),
        _ => [Some(node), None],
    };
    match bounds {
        [Some(start), end] if role == Role::Start => {
            row.set(role, time(start));
            if let Some(end) = end {
                row.set(Role::End, time(end));
            }
        }
        [Some(one), None] => row.set(role, time(one)),
        _ => row.set(role, time(node)),
    }
}

/// The value of a member that holds a time, as Google, Firestore and others write it.
fn time<'a>(node: &Node<'a>) -> Value<'a> {
    const TIMES: &[&str] = &[
        "dateTime",
        "datetime",
        "iso",
        "$date",
        "date",
        "local",
        "value",
        "utc",
        "timestamp",
        "seconds",
        "_seconds",
        "time",
        "text",
    ];
    match node {
        Node::Int(number) => Value::Number(*number as f64),
        Node::Float(number) => Value::Number(*number),
        Node::Text(text) => Value::Text(text.clone()),
        Node::Object(members) => {
            let (day, clock) = (node.get("date"), node.get("time"));
            if !day.str().is_empty() && !clock.str().is_empty() {
                return Value::Text(format!("{} {}", day.str(), clock.str()).into());
            }
            let inner = node.first(TIMES);
            match inner {
                Node::Int(_) | Node::Float(_) | Node::Text(_) => time(inner),
                _ => {
                    let names: Vec<String> = members
                        .iter()
                        .take(4)
                        .map(|(name, _)| shown(name))
                        .collect();
                    Value::Text(format!("an object with {}", names.join(", ")).into())
                }
            }
        }
        Node::List(items) => Value::Text(format!("a list of {} times", items.len()).into()),
        _ => Value::Absent,
    }
}

fn value<'a>(node: &Node<'a>, role: Role, tables: &Tables<'a>) -> Value<'a> {
    let refers = matches!(
        role,
        Role::Room | Role::Speakers | Role::Tags | Role::Track | Role::Kind
    );
    let known = |node: &Node<'a>| refers.then(|| tables.name(role, &node.id())).flatten();
    let resolved = |node: &Node<'a>| {
        known(node).cloned().unwrap_or_else(|| match node {
            Node::Int(_) | Node::Float(_) => node.id(),
            Node::Object(_) if refers => inner_name(node, role, tables),
            _ => node.line(),
        })
    };
    match node {
        Node::List(items) => Value::Many(
            items
                .iter()
                .map(resolved)
                .filter(|text| !text.is_empty())
                .collect(),
        ),
        Node::Int(number) if known(node).is_none() => Value::Number(*number as f64),
        Node::Float(number) => Value::Number(*number),
        Node::Text(text) if known(node).is_none() => Value::Text(text.clone()),
        Node::Object(_) | Node::Text(_) | Node::Int(_) => match node.label() {
            Some(text) if !refers => Value::Text(text.clone()),
            _ => Value::Text(resolved(node)),
        },
        _ => Value::Absent,
    }
}

/// The name of an object that stands for a room, a person or a tag: its own, or that of the table at its id.
fn inner_name<'a>(node: &Node<'a>, role: Role, tables: &Tables<'a>) -> Cow<'a, str> {
    let own = if role == Role::Speakers {
        name_of(node)
    } else {
        node.line()
    };
    if !own.is_empty() {
        return own;
    }
    let by_id = ["id", "code", "slug"].map(|name| tables.name(role, &node.get(name).id()));
    by_id
        .into_iter()
        .flatten()
        .next()
        .cloned()
        .unwrap_or_else(|| node.line())
}
