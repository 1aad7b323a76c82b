//! Numbers the names of object members, so that packed text holds each name as one byte.
//!
//! The sessions of a catalogue share their names. Compact JSON outside of strings is ASCII, so the bytes from 0x80 on
//! are free to stand for `"name":`. That saves a third of a usual session's text, and of the time to scan it. Names
//! beyond the table's 128, and long names, are written out. Invariant: a name in the table is *always* written as its
//! byte, so comparing bytes finds a member. A look-up is one comparison for the name that usually comes next, otherwise
//! O(1) expected.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::string;
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};

/// The number of a name in the table.
pub type KeyId = u8;

/// The largest number of names in a table.
const LIMIT: usize = 128;
/// Longer names are written out. Otherwise one byte of a damaged text could stand for a name as long as a file.
const LONGEST: usize = 64;

/// The members of a session that the engine reads. They are the first names of every table, in this order.
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

/// Returns true if the engine reads the member of this name.
pub(super) fn is_role(name: &[u8]) -> bool {
    ROLES.iter().any(|role| role.as_bytes() == name)
}

#[derive(Clone, Debug)]
struct Key {
    name: Box<str>,
    /// `"name"` as it usually appears in the source.
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

/// A table of names that are written as one byte.
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
    /// Creates a table of these names, numbered in this order after those that every table begins with.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self::default();
        for name in names {
            table.insert(name);
        }
        table
    }

    /// Writes the names to a file.
    pub(super) fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        let lens = self.names().map(|name| name.len() as u8);
        writer.column("lens", &lens.collect::<Vec<u8>>())?;
        writer.chunks("names", self.names())
    }

    /// Reads a table that [`Self::save`] wrote.
    pub(super) fn open(reader: &Reader) -> Result<Self, Error> {
        let (lens, names) = (reader.column::<u8>("lens")?, reader.column::<u8>("names")?);
        let mut table = Self::default();
        let mut rest = &*names;
        for (number, &len) in lens.iter().enumerate() {
            let split = rest.split_at_checked(usize::from(len));
            let name = split.and_then(|(name, after)| {
                rest = after;
                // Copied before it is checked, because the bytes of a mapped file can change in between.
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

    /// Returns true if further names are written out where they occur.
    pub(super) fn is_full(&self) -> bool {
        self.keys.len() >= LIMIT
    }

    /// Adds a name, unless the table is full or has it already, or the name is long.
    pub(super) fn insert(&mut self, name: &str) {
        if !self.is_full() && name.len() <= LONGEST && self.find(name).is_none() {
            self.ids.insert(name.into(), self.keys.len() as KeyId);
            self.keys.push(Key::new(name));
        }
    }

    /// Returns the names in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &*key.name)
    }

    /// Returns the memory that the table holds, in bytes.
    pub fn nbytes(&self) -> usize {
        let spelled = |key: &Key| 2 * key.name.len() + key.token.len() + key.dumped.len();
        (size_of::<Key>() + size_of::<(Box<str>, KeyId)>()) * self.keys.capacity()
            + self.keys.iter().map(spelled).sum::<usize>()
    }

    /// Returns the number of a name that is spelled out.
    pub(super) fn find(&self, name: &str) -> Option<KeyId> {
        self.ids.get(name).copied()
    }

    /// Returns how many bytes the key takes if `source` starts with it in quotes.
    #[inline]
    pub(super) fn at_head(&self, id: KeyId, source: &[u8]) -> Option<usize> {
        let token = &*self.keys.get(usize::from(id))?.token;
        source.starts_with(token).then_some(token.len())
    }

    /// Returns the byte that stands for a key.
    #[inline]
    pub(super) fn byte(id: KeyId) -> u8 {
        id | 0x80
    }

    /// Returns the number of the key that a byte stands for.
    #[inline]
    pub(super) fn id(byte: u8) -> KeyId {
        byte & 0x7f
    }

    /// Returns the name of a key, or an empty one if the table does not have it.
    pub(super) fn name(&self, id: KeyId) -> &str {
        self.keys.get(usize::from(id)).map_or("", |key| &key.name)
    }

    /// Returns `"name": ` as `json.dumps` writes it.
    #[inline]
    pub(super) fn dumped(&self, id: KeyId) -> &[u8] {
        self.keys
            .get(usize::from(id))
            .map_or(b"\"\": ", |key| &key.dumped)
    }
}

/// Remembers which name followed which, to predict the next one: objects of one kind have their members in the same
/// order.
#[derive(Debug)]
pub(super) struct NamePredictor {
    /// By the name before; then, by the name of the member that holds an object, the first name in that object.
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

    /// Enters the object that is the value of the last learned member. Pass the result to [`NamePredictor::leave`].
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

    /// Leaves the object that was entered by [`NamePredictor::enter`].
    #[inline]
    pub(super) fn leave(&mut self, outer: usize) {
        self.last = outer;
    }

    /// Returns the name that followed here the last time.
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
