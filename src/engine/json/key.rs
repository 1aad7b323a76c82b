//! The names of a catalogue's object members, so that its text holds each of them as one byte.
//!
//! Sessions of one catalogue share their keys. Outside strings compact JSON is ASCII, which leaves the bytes from 0x80 on
//! free to stand for `"key":`: a third of a usual session's text, and the time to scan and compare it. Names beyond the
//! table's 128, and long ones, stand in the text as they are. Invariant: a name in the table is *always* written as its byte, so a byte
//! comparison finds a member. A look-up is one comparison for the name that usually follows, else O(1) expected.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::string;
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};

/// The number of a name: its place in the table.
pub type KeyId = u8;

/// How many names a table holds.
const LIMIT: usize = 128;
/// Longer names stand in the text as they are: a byte of a damaged text may not grow to a file's worth of name.
const LONGEST: usize = 64;

/// What a session's own member is read for. The first names of every table, in this order.
pub(super) const ROLES: [&str; 7] = [
    "title",
    "tags",
    "popularity",
    "id",
    "start",
    "end",
    "location",
];
pub(super) const TITLE: KeyId = 0;
pub(super) const TAGS: KeyId = 1;
pub(super) const POPULARITY: KeyId = 2;
pub(super) const ID: KeyId = 3;
pub(super) const START: KeyId = 4;
pub(super) const END: KeyId = 5;
pub(super) const LOCATION: KeyId = 6;

#[derive(Clone, Debug)]
struct Key {
    name: Box<str>,
    /// `"name"` as it most likely stands in the source.
    token: Box<[u8]>,
    /// `"name": ` as `json.dumps` writes it.
    dumped: Box<[u8]>,
}

impl Key {
    fn new(name: &str) -> Self {
        let mut dumped = Vec::with_capacity(name.len() + 4);
        string::write_str(&mut dumped, name);
        let token = dumped.as_slice().into();
        dumped.extend_from_slice(b": ");
        Self {
            name: name.into(),
            token,
            dumped: dumped.into(),
        }
    }
}

/// The names that stand as bytes.
#[derive(Clone, Debug)]
pub struct KeyTable {
    keys: Vec<Key>,
    ids: HashMap<Box<str>, KeyId, FixedState>,
}

impl Default for KeyTable {
    fn default() -> Self {
        let mut table = Self {
            keys: Vec::new(),
            ids: HashMap::default(),
        };
        for name in ROLES {
            table.insert(name);
        }
        table
    }
}

impl KeyTable {
    /// The table of these names, numbered in this order (behind those that every table begins with).
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self::default();
        for name in names {
            table.insert(name);
        }
        table
    }

    /// Writes the names.
    pub(super) fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        let lens = self.names().map(|name| name.len() as u8);
        writer.column("lens", &lens.collect::<Vec<u8>>())?;
        writer.chunks("names", self.names())
    }

    /// The table whose names [`Self::save`] wrote.
    pub(super) fn open(reader: &Reader) -> Result<Self, Error> {
        let (lens, names) = (reader.column::<u8>("lens")?, reader.column::<u8>("names")?);
        let mut table = Self::default();
        let mut rest = &*names;
        for (number, &len) in lens.iter().enumerate() {
            let split = rest.split_at_checked(usize::from(len));
            let name = split.and_then(|(name, after)| {
                rest = after;
                // Copied before it is checked: the bytes of a mapped file can change in between.
                String::from_utf8(name.to_vec()).ok()
            });
            let name = name.inspect(|name| table.insert(name));
            let held = table.keys.get(number).map(|key| &*key.name);
            if name.is_none() || held != name.as_deref() {
                return Err(reader.refuse("its table of names holds what no table does"));
            }
        }
        Ok(table)
    }

    /// Adds a name; nothing once the table is full or holds it, or if the name is long.
    pub(super) fn insert(&mut self, name: &str) {
        if self.keys.len() < LIMIT && name.len() <= LONGEST && self.find(name).is_none() {
            self.ids.insert(name.into(), self.keys.len() as KeyId);
            self.keys.push(Key::new(name));
        }
    }

    /// The names, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &*key.name)
    }

    /// The memory it holds, in bytes.
    pub fn nbytes(&self) -> usize {
        let spelled = |key: &Key| 2 * key.name.len() + key.token.len() + key.dumped.len();
        (size_of::<Key>() + size_of::<(Box<str>, KeyId)>()) * self.keys.capacity()
            + self.keys.iter().map(spelled).sum::<usize>()
    }

    /// The number of a name, spelled out.
    pub(super) fn find(&self, name: &str) -> Option<KeyId> {
        self.ids.get(name).copied()
    }

    /// Whether `source` begins with this key in quotes; how many bytes it takes.
    #[inline]
    pub(super) fn at_head(&self, id: KeyId, source: &[u8]) -> Option<usize> {
        let token = &*self.keys.get(usize::from(id))?.token;
        source.starts_with(token).then_some(token.len())
    }

    /// The byte that stands for a key.
    #[inline]
    pub(super) fn byte(id: KeyId) -> u8 {
        id | 0x80
    }

    /// The number of the key that a byte stands for.
    #[inline]
    pub(super) fn id(byte: u8) -> KeyId {
        byte & 0x7f
    }

    /// The name of a key; empty for a number that the table does not hold.
    pub(super) fn name(&self, id: KeyId) -> &str {
        self.keys.get(usize::from(id)).map_or("", |key| &key.name)
    }

    /// `"name": ` as `json.dumps` writes it.
    #[inline]
    pub(super) fn dumped(&self, id: KeyId) -> &[u8] {
        self.keys
            .get(usize::from(id))
            .map_or(b"\"\": ", |key| &key.dumped)
    }
}

/// Which name followed which, so that the next is guessed: objects of one kind keep the order of their members.
#[derive(Debug)]
pub(super) struct NamePredictor {
    /// By the name before; then, by the name of the member that holds the object, the first name in it.
    next: [KeyId; 2 * LIMIT + 1],
    last: usize,
}

impl NamePredictor {
    const TOP: usize = 2 * LIMIT;

    pub(super) fn new() -> Self {
        Self {
            next: [0; 2 * LIMIT + 1],
            last: Self::TOP,
        }
    }

    /// An object begins, in the member that was last learned. What it returns belongs to [`NamePredictor::leave`].
    #[inline]
    pub(super) fn enter(&mut self) -> usize {
        let outer = self.last;
        self.last = if outer < LIMIT {
            LIMIT + outer
        } else {
            Self::TOP
        };
        outer
    }

    /// The object that began with [`NamePredictor::enter`] ends.
    #[inline]
    pub(super) fn leave(&mut self, outer: usize) {
        self.last = outer;
    }

    /// The name that came here before.
    #[inline]
    pub(super) fn guess(&self) -> KeyId {
        self.next.get(self.last).copied().unwrap_or_default()
    }

    #[inline]
    pub(super) fn learn(&mut self, id: KeyId) {
        if let Some(next) = self.next.get_mut(self.last) {
            *next = id;
        }
        self.last = usize::from(id);
    }
}
