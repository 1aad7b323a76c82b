//! Tables beside a list of sessions: rooms, tracks, types, tags and speakers by their ids.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::node::Node;
use crate::engine::feeds::column::{Role, bare};

/// Names of objects by id, for one role or for all others.
type Names<'a> = HashMap<Cow<'a, str>, Cow<'a, str>>;

/// The members of a document that hold the objects of a role.
const KINDS: &[(Role, &str)] = &[
    (
        Role::Room,
        "rooms room locations location venues stages halls places microlocations",
    ),
    (
        Role::Speakers,
        "speakers speaker presenters people persons authors participants users hosts",
    ),
    (Role::Track, "tracks track streams"),
    (
        Role::Kind,
        "types type formats kinds sessiontypes submissiontypes eventtypes talktypes",
    ),
    (
        Role::Tags,
        "tags topics categories category labels keywords",
    ),
];

/// The tables of a document.
#[derive(Default)]
pub(super) struct Tables<'a> {
    by_role: Vec<(Role, Names<'a>)>,
    others: Names<'a>,
}

impl<'a> Tables<'a> {
    /// Takes the tables among the members of a document: lists of objects with an id, or objects by id.
    pub(super) fn of(root: &Node<'a>) -> Self {
        let mut tables = Self::default();
        for (member, table) in root.object() {
            let member = bare(member);
            let kind = KINDS
                .iter()
                .find(|(_, words)| words.split_ascii_whitespace().any(|word| word == member));
            let names = match kind {
                Some((role, _)) => tables.names_of(*role),
                None => &mut tables.others,
            };
            take(table, names);
        }
        tables
    }

    fn names_of(&mut self, role: Role) -> &mut Names<'a> {
        let at = self.by_role.iter().position(|(known, _)| *known == role);
        let at = at.unwrap_or_else(|| {
            self.by_role.push((role, Names::new()));
            self.by_role.len() - 1
        });
        // The position is one of the list.
        self.by_role
            .get_mut(at)
            .map_or(&mut self.others, |(_, names)| names)
    }

    /// The name for an id in a member of this role. Ids of rooms and of tracks may be the same numbers.
    pub(super) fn name(&self, role: Role, id: &str) -> Option<&Cow<'a, str>> {
        let own = self.by_role.iter().find(|(known, _)| *known == role);
        own.and_then(|(_, names)| names.get(id))
            .or_else(|| self.others.get(id))
    }
}

fn take<'a>(table: &Node<'a>, names: &mut Names<'a>) {
    let listed = table.list().iter().map(|entry| (None, entry));
    let keyed = table.object().iter().map(|(key, entry)| (Some(key), entry));
    for (key, entry) in listed.chain(keyed) {
        let name = name_of(entry);
        if name.is_empty() || entry.has("start") || entry.has("startTimestamp") {
            continue;
        }
        for id in ["id", "tag", "code", "slug", "uid", "guid", "key"] {
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

/// The name of an object: its own, or the first and last name of a person.
pub(super) fn name_of<'a>(entry: &Node<'a>) -> Cow<'a, str> {
    let own = entry.first(&[
        "name",
        "fullName",
        "full_name",
        "displayName",
        "public_name",
        "title",
    ]);
    if !own.is_empty() || !entry.is_object() {
        return own.line();
    }
    let part = |names: &[&str]| entry.first(names).line();
    let (first, last) = (
        part(&["firstName", "first_name", "firstname", "first"]),
        part(&["lastName", "last_name", "lastname", "surname", "last"]),
    );
    format!("{first} {last}").trim().to_owned().into()
}
