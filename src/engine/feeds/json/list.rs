//! Lists of sessions that follow no specification: an array of objects, alone or as a member of the document, with rooms,
//! speakers and tags perhaps in tables beside it. Members are known by their names, as columns of a table are.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::node::Node;
use crate::engine::feeds::column::{self, Role};
use crate::engine::feeds::fault::{Fault, shown};
use crate::engine::feeds::programme::{MOST_SESSIONS, Programme};
use crate::engine::feeds::row::{self, Row, Value};

/// Members of a document that may hold the list.
const LISTS: &[&str] = &[
    "sessions",
    "talks",
    "events",
    "schedule",
    "presentations",
    "items",
    "data",
    "results",
    "program",
    "programme",
    "papers",
    "contributions",
    "value",
];

/// Names of objects from tables beside the list, by id.
type Names<'a> = HashMap<Cow<'a, str>, Cow<'a, str>>;

pub(super) fn fits(root: &Node<'_>) -> bool {
    find(root).is_some_and(|list| {
        let (_, roles) = columns(list);
        let has = |role| roles.contains(&Some(role));
        has(Role::Title)
            && (has(Role::Start) || has(Role::Date) || has(Role::Speakers) || has(Role::Summary))
    })
}

fn find<'n, 'a>(root: &'n Node<'a>) -> Option<&'n [Node<'a>]> {
    let is_list = |node: &Node<'_>| node.list().iter().any(Node::is_object);
    if is_list(root) {
        return Some(root.list());
    }
    let found = LISTS
        .iter()
        .map(|name| root.get(name))
        .find(|node| is_list(node))?;
    Some(found.list())
}

/// The names of the members of all objects, and what each means.
fn columns<'a>(list: &[Node<'a>]) -> (Vec<Cow<'a, str>>, Vec<Option<Role>>) {
    let mut names: Vec<Cow<'a, str>> = Vec::new();
    let mut known: HashMap<Cow<'a, str>, ()> = HashMap::new();
    for (name, _) in list.iter().flat_map(Node::object) {
        if known.insert(name.clone(), ()).is_none() {
            names.push(name.clone());
        }
    }
    let roles = column::roles(&names);
    (names, roles)
}

pub(super) fn read<'a>(root: &Node<'a>, programme: &mut Programme<'a>) -> Result<(), Fault> {
    let list = find(root).unwrap_or_default();
    let (names, roles) = columns(list);
    let role_of: HashMap<&str, Role> = names
        .iter()
        .zip(&roles)
        .filter_map(|(name, role)| Some((name.as_ref(), (*role)?)))
        .collect();
    if !roles.contains(&Some(Role::Title)) {
        let listed = names
            .iter()
            .take(12)
            .map(|name| shown(name))
            .collect::<Vec<_>>();
        return Err(Fault::new(format!(
            "this list of objects is no programme that is known: no member holds titles among {}",
            listed.join(", ")
        )));
    }
    let tables = tables(root);
    let mut nested = 0;
    let mut rows = Vec::new();
    for (at, entry) in list.iter().enumerate() {
        if rows.len() == MOST_SESSIONS {
            return Err(Fault::new(format!(
                "the list has more than {MOST_SESSIONS} entries, the most that are read"
            )));
        }
        let mut row = Row::new(format!("entry {}", at + 1));
        for (name, node) in entry.object() {
            if let Some(role) = role_of.get(name.as_ref()) {
                row.set(*role, value(node, *role, &tables));
            }
            let parts = node
                .list()
                .iter()
                .filter(|part| part.has("title") && part.has("start"));
            nested += parts.count();
        }
        rows.push(row);
    }
    if nested > 0 {
        programme.note(format!(
            "{nested} entries inside other entries were not taken: they are parts of these"
        ));
    }
    let column = |role: Role| {
        let at = roles.iter().position(|found| *found == Some(role));
        at.and_then(|at| names.get(at))
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    row::take(rows, column, programme)
}

/// Names by id of all tables of a document: lists of objects with an id, or objects by id.
fn tables<'a>(root: &Node<'a>) -> Names<'a> {
    let mut names = Names::new();
    for (_, table) in root.object() {
        let listed = table.list().iter().map(|entry| (None, entry));
        let keyed = table.object().iter().map(|(key, entry)| (Some(key), entry));
        for (key, entry) in listed.chain(keyed) {
            let name = entry.first(&["name", "title", "fullName"]).line();
            if name.is_empty() || entry.has("start") || entry.has("startTimestamp") {
                continue;
            }
            for id in ["id", "tag", "code", "slug"] {
                let id = entry.get(id).id();
                if !id.is_empty() {
                    names.entry(id).or_insert_with(|| name.clone());
                }
            }
            if let Some(key) = key {
                names.entry(key.clone()).or_insert(name);
            }
        }
    }
    names
}

fn value<'a>(node: &Node<'a>, role: Role, tables: &Names<'a>) -> Value<'a> {
    let refers = matches!(
        role,
        Role::Room | Role::Speakers | Role::Tags | Role::Track | Role::Kind
    );
    let resolved = |node: &Node<'a>| {
        let known = refers.then(|| tables.get(&node.id())).flatten();
        known.cloned().unwrap_or_else(|| match node {
            Node::Int(_) | Node::Float(_) => node.id(),
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
        Node::Int(number) if !refers || !tables.contains_key(&node.id()) => {
            Value::Number(*number as f64)
        }
        Node::Float(number) => Value::Number(*number),
        Node::Text(text) if !refers || !tables.contains_key(text) => Value::Text(text.clone()),
        Node::Object(_) | Node::Text(_) | Node::Int(_) => match node.label() {
            Some(text) if !refers => Value::Text(text.clone()),
            _ => Value::Text(resolved(node)),
        },
        _ => Value::Absent,
    }
}
