//! Holds loaded sessions: columns for the index, hashes for lookups, and the text. Joins the pieces of a load.
//!
//! Invariant: every column has one entry a session, but `offsets` has one more and `ids` only those of sessions with an
//! id. Joining a piece is O(its columns) and one lookup for each of its different tags.

use core::ops::ControlFlow;
use std::collections::HashMap;

use rayon::ThreadPool;
use rayon::slice::ParallelSliceMut;

use super::key::KeyTable;
use super::session::{Columns, Spans};
use super::string;
use super::text::SessionText;
use crate::engine::catalog::directory::hash;
use crate::engine::catalog::vocabulary::Vocabulary;
use crate::engine::error::Error;
use crate::engine::ranking::score::Number;
use crate::engine::ranking::session::{Sessions, TagId};
use crate::engine::text::with_lowered;

/// The progress of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The bytes read so far.
    pub bytes: u64,
    /// The sessions read so far.
    pub sessions: usize,
}

/// What a load needs from its caller. Both functions are called on the caller's thread.
pub struct Hooks<'a> {
    /// Returns what Python's `str.lower` returns for a string that is not ASCII, in UTF-8.
    pub lower: &'a dyn Fn(&str) -> Vec<u8>,
    /// Is called about once per mebibyte. `Break` ends the load with an error of kind `Cancelled`.
    pub progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    /// The threads to use. `None` means only the caller's.
    pub pool: Option<&'a ThreadPool>,
}

impl Hooks<'_> {
    /// Reports how far a load is.
    ///
    /// # Errors
    ///
    /// Fails with an error of kind `Cancelled` if the caller ends the load.
    pub(super) fn report(&mut self, bytes: u64, sessions: usize) -> Result<(), Error> {
        match (self.progress)(Progress { bytes, sessions }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::cancelled()),
        }
    }
}

/// The kind of text that sessions came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object with a member `sessions`.
    Manifest,
    /// A bare array.
    Array,
    /// One session a line.
    Lines,
}

/// Loaded sessions.
#[derive(Debug)]
pub struct Loaded {
    /// The kind of text they came from.
    pub shape: Shape,
    /// The popularities. A missing one is the int 0.
    pub popularity: Vec<Number>,
    /// The first tag of each session: session `i` has the tags `tags[offsets[i]..offsets[i + 1]]`.
    pub offsets: Vec<u32>,
    /// The tags of all sessions, as numbers in `vocabulary`.
    pub tags: Vec<TagId>,
    /// The lowered tags.
    pub vocabulary: Vocabulary,
    /// The hash of each lowered title and its session, as a [`Directory`](crate::engine::catalog::directory::Directory)
    /// keeps them.
    pub titles: Vec<u64>,
    /// The hash of each id and its session. An id that is not a string is hashed as its JSON.
    pub ids: Vec<u64>,
    /// The places of `start`, `end` and `location` in each session's text.
    pub spans: Vec<Spans>,
    /// The sessions as packed text.
    pub text: SessionText,
    /// The other members of a manifest in order: their names, and their values as written.
    pub fields: Vec<(String, Vec<u8>)>,
}

impl Loaded {
    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.popularity.len()
    }

    /// Returns true if there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.popularity.is_empty()
    }

    /// Returns the columns from which an [`Index`](crate::engine::ranking::index::Index) is built.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions {
            popularity: &self.popularity,
            offsets: &self.offsets,
            tags: &self.tags,
        }
    }

    /// Returns the JSON of a manifest's member as written.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let (_, text) = self.fields.iter().find(|(held, _)| held == name)?;
        Some(text)
    }
}

/// Joins pieces in order.
pub(super) struct Joiner<'l> {
    lower: &'l dyn Fn(&str) -> Vec<u8>,
    loaded: Loaded,
    text: Vec<u8>,
    ends: Vec<u64>,
    /// The numbers of tags that only Python can lower, by their source bytes.
    foreign: HashMap<Box<[u8]>, TagId>,
}

impl<'l> Joiner<'l> {
    pub(super) fn new(shape: Shape, lower: &'l dyn Fn(&str) -> Vec<u8>) -> Self {
        let loaded = Loaded {
            shape,
            popularity: Vec::new(),
            offsets: vec![0],
            tags: Vec::new(),
            vocabulary: Vocabulary::default(),
            titles: Vec::new(),
            ids: Vec::new(),
            spans: Vec::new(),
            text: SessionText::default(),
            fields: Vec::new(),
        };
        Self {
            lower,
            loaded,
            text: Vec::new(),
            ends: Vec::new(),
            foreign: HashMap::new(),
        }
    }

    /// Returns the number of sessions joined so far.
    pub(super) fn len(&self) -> usize {
        self.loaded.len()
    }

    /// Adds the columns that were read from `source`.
    pub(super) fn push(&mut self, columns: &Columns, source: &[u8]) -> Result<(), Error> {
        let first = self.len();
        let count = first + columns.len();
        if count > Sessions::LIMIT {
            return Err(Error::too_large("sessions", count, Sessions::LIMIT));
        }
        self.push_tags(columns, source)?;
        let loaded = &mut self.loaded;
        loaded.popularity.extend_from_slice(&columns.popularity);
        loaded.spans.extend_from_slice(&columns.spans);
        let base = self.text.len();
        self.text.extend_from_slice(&columns.text);
        self.ends
            .extend(columns.ends.iter().map(|end| (base + end) as u64));
        let titles = loaded.titles.len();
        let place = |(position, &hash): (usize, &u32)| place(hash, first + position);
        loaded
            .titles
            .extend(columns.titles.iter().enumerate().map(place));
        for (position, title) in &columns.foreign {
            let key = hash(&(self.lower)(title));
            if let Some(entry) = loaded.titles.get_mut(titles + position) {
                *entry = self::place(key, first + position);
            }
        }
        let ids = columns.ids.iter();
        loaded
            .ids
            .extend(ids.map(|&(position, hash)| self::place(hash, first + position as usize)));
        Ok(())
    }

    fn push_tags(&mut self, columns: &Columns, source: &[u8]) -> Result<(), Error> {
        let before = self.loaded.tags.len();
        let count = before + columns.tags.len();
        if u32::try_from(count).is_err() {
            return Err(Error::too_large("tags", count, u32::MAX as usize));
        }
        let places = columns.raw_tags.places.iter();
        let tags = places.map(|place| self.tag(source.get(place.clone()).unwrap_or_default()));
        let tags: Vec<TagId> = tags.collect::<Result<_, _>>()?;
        let number = |&tag: &u32| tags.get(tag as usize).copied().unwrap_or(TagId(u32::MAX));
        self.loaded.tags.extend(columns.tags.iter().map(number));
        let ends = columns.tag_ends.iter().map(|end| (before + end) as u32);
        self.loaded.offsets.extend(ends);
        Ok(())
    }

    /// Returns the number of a tag as written in the source.
    fn tag(&mut self, raw: &[u8]) -> Result<TagId, Error> {
        let vocabulary = &mut self.loaded.vocabulary;
        let too_large =
            || Error::too_large("bytes of tags", u32::MAX as usize + 1, u32::MAX as usize);
        let spelled = string::decode(raw);
        if spelled.is_ascii() {
            return with_lowered(&spelled, |tag| vocabulary.intern(tag)).ok_or_else(too_large);
        }
        if let Some(&tag) = self.foreign.get(raw) {
            return Ok(tag);
        }
        let lowered = (self.lower)(&String::from_utf8_lossy(&spelled));
        let tag = vocabulary.intern(&lowered).ok_or_else(too_large)?;
        self.foreign.insert(raw.into(), tag);
        Ok(tag)
    }

    /// Returns everything joined, with the key table that the pieces were packed with.
    pub(super) fn finish(self, keys: KeyTable, pool: Option<&ThreadPool>) -> Loaded {
        let mut loaded = self.loaded;
        let sort = |places: &mut Vec<u64>| match pool {
            Some(pool) => pool.install(|| places.par_sort_unstable()),
            None => places.sort_unstable(),
        };
        sort(&mut loaded.titles);
        sort(&mut loaded.ids);
        loaded.text = SessionText::from_parts(self.text.into(), self.ends.into(), keys);
        loaded
    }
}

fn place(hash: u32, position: usize) -> u64 {
    u64::from(hash) << 32 | position as u64
}
