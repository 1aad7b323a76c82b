//! Reads sessions into columns: the values that the index needs, and the packed text of each session.
//!
//! A title, a tag or a popularity of an unusual type is reported as "unsupported", and Python reads the text instead.
//! Reading costs O(bytes), and only the columns allocate memory.

use core::hash::BuildHasher;
use core::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::cursor::Cursor;
use super::error::JsonError;
use super::error::{EXPECTING_COMMA, EXPECTING_VALUE};
use super::key::{self, KeyId, KeyTable};
use super::pack::Packer;
use super::string;
use super::token::{Token, Tokens};
use crate::engine::catalog::directory::hash;
use crate::engine::ranking::score::Number;
use crate::engine::text::with_lowered;

/// The offsets of the values of `start`, `end` and `location` in the packed text of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    start: u32,
    end: u32,
    location: u32,
}

impl Spans {
    const ABSENT: u32 = u32::MAX;

    const NONE: Self = Self {
        start: Self::ABSENT,
        end: Self::ABSENT,
        location: Self::ABSENT,
    };

    /// Returns the offset of `start`, for [`SessionView::value_at`](super::SessionView::value_at).
    pub fn start(self) -> Option<u32> {
        (self.start != Self::ABSENT).then_some(self.start)
    }

    /// Returns the offset of `end`.
    pub fn end(self) -> Option<u32> {
        (self.end != Self::ABSENT).then_some(self.end)
    }

    /// Returns the offset of `location`.
    pub fn location(self) -> Option<u32> {
        (self.location != Self::ABSENT).then_some(self.location)
    }

    #[inline]
    pub(super) fn set(&mut self, key: KeyId, offset: u32) {
        match key {
            key::START => self.start = offset,
            key::END => self.end = offset,
            key::LOCATION => self.location = offset,
            _ => {}
        }
    }

    /// Finds the offsets in an object that was rewritten.
    fn find(packed: &[u8]) -> Self {
        let mut spans = Self::NONE;
        let mut tokens = Tokens::new(packed);
        tokens.next();
        while let Some(token) = tokens.next() {
            match token {
                Token::Key(id) => spans.set(id, tokens.at() as u32),
                Token::Comma | Token::Name(_) => {}
                _ => break,
            }
            if token != Token::Comma {
                tokens.value();
            }
        }
        spans
    }
}

/// The different tags as they are written in the source, numbered in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct RawTags {
    table: HashTable<u32>,
    /// The range of each tag between its quotes.
    pub(super) places: Vec<Range<usize>>,
    hasher: FixedState,
}

impl RawTags {
    #[inline]
    pub(super) fn intern(&mut self, source: &[u8], place: Range<usize>) -> u32 {
        let (hasher, places) = (&self.hasher, &self.places);
        let spelled = |place: &Range<usize>| source.get(place.clone()).unwrap_or_default();
        let held = |id: u32| places.get(id as usize).map(spelled).unwrap_or_default();
        let tag = spelled(&place);
        let entry = self.table.entry(
            hasher.hash_one(tag),
            |&id| held(id) == tag,
            |&id| hasher.hash_one(held(id)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get(),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let id = places.len() as u32;
                entry.insert(id);
                self.places.push(place);
                id
            }
        }
    }
}

/// The columns of the sessions that were read so far.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) text: Vec<u8>,
    /// The end of each session in `text`.
    pub(super) ends: Vec<usize>,
    pub(super) popularity: Vec<Number>,
    /// The end of each session's tags in `tags`.
    pub(super) tag_ends: Vec<usize>,
    /// The tags of all sessions, as numbers of `raw_tags`.
    pub(super) tags: Vec<u32>,
    pub(super) raw_tags: RawTags,
    /// The hash of each lowered title. Not yet known for titles in `foreign`.
    pub(super) titles: Vec<u32>,
    /// Titles that only Python can lower, by session.
    pub(super) foreign: Vec<(usize, String)>,
    /// The hash of each id, by session.
    pub(super) ids: Vec<(u32, u32)>,
    pub(super) spans: Vec<Spans>,
}

impl Columns {
    /// Removes the sessions and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.popularity.clear();
        self.tag_ends.clear();
        self.tags.clear();
        self.raw_tags.table.clear();
        self.raw_tags.places.clear();
        self.titles.clear();
        self.foreign.clear();
        self.ids.clear();
        self.spans.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Ends a session whose tags and text were added. The text ends at `end`.
    pub(super) fn push(&mut self, row: &Row, title: &[u8], end: usize) {
        let position = self.ends.len();
        if title.is_ascii() {
            self.titles.push(with_lowered(title, hash));
        } else {
            let title = String::from_utf8_lossy(title).into_owned();
            self.foreign.push((position, title));
            self.titles.push(0);
        }
        if let Some(id) = row.id {
            self.ids.push((position as u32, id));
        }
        self.ends.push(end);
        self.popularity.push(row.popularity);
        self.tag_ends.push(self.tags.len());
        self.spans.push(row.spans);
    }
}

/// Why a reader stopped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// The next session begins at or after the limit.
    Border,
    /// The array or the text ended.
    End,
    Error(JsonError),
}

/// Reads one session after the other.
#[derive(Debug)]
pub(super) struct SessionReader<'a, 'k> {
    packer: Packer<'a, 'k>,
    columns: Columns,
}

/// The values of the session that is being read.
#[derive(Debug)]
pub(super) struct Row {
    /// The place of its title, without the quotes.
    pub(super) title: Option<Range<usize>>,
    pub(super) id: Option<u32>,
    pub(super) popularity: Number,
    /// The start of its text.
    pub(super) text: usize,
    /// The start of its tags.
    tags: usize,
    pub(super) spans: Spans,
}

impl<'a, 'k> SessionReader<'a, 'k> {
    pub(super) fn new(cursor: Cursor<'a>, keys: &'k KeyTable) -> Self {
        Self::reusing(Columns::default(), cursor, keys)
    }

    /// Creates a reader that reuses the memory of old columns.
    pub(super) fn reusing(mut columns: Columns, cursor: Cursor<'a>, keys: &'k KeyTable) -> Self {
        columns.clear();
        let mut packer = Packer::new(cursor, keys);
        packer.out = core::mem::take(&mut columns.text);
        Self { packer, columns }
    }

    pub(super) fn cursor(&mut self) -> &mut Cursor<'a> {
        &mut self.packer.cursor
    }

    /// Starts to collect names that are not in the key table. [`SessionReader::finish_names`] returns them.
    pub(super) fn collect_names(&mut self) {
        self.packer.unknown = Some(Vec::new());
    }

    pub(super) fn finish_names(self) -> Vec<String> {
        self.packer.unknown.unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn finish(self) -> Columns {
        Columns {
            text: self.packer.out,
            ..self.columns
        }
    }

    /// Reads elements of an array up to the first that begins at or after `limit`. The cursor must be at an element.
    pub(super) fn array(&mut self, limit: usize) -> Stop {
        loop {
            if self.packer.cursor.at >= limit {
                return Stop::Border;
            }
            match self.element() {
                Ok(true) => {}
                Ok(false) => return Stop::End,
                Err(fault) => return Stop::Error(fault),
            }
        }
    }

    /// Reads a session and the comma or bracket after it. Returns true if another session follows.
    fn element(&mut self) -> Result<bool, JsonError> {
        self.session()?;
        let cursor = &mut self.packer.cursor;
        cursor.space();
        if cursor.take(b']') {
            return Ok(false);
        }
        cursor.expect(b',', EXPECTING_COMMA)?;
        cursor.space();
        Ok(true)
    }

    /// Reads the session at the cursor. If it fails, the columns keep the sessions before it.
    pub(super) fn session(&mut self) -> Result<(), JsonError> {
        let at = self.packer.cursor.at;
        let mut row = Row::new(self.packer.out.len(), self.columns.tags.len());
        if !self.packer.cursor.take(b'{') {
            return Err(self.odd("a session is no object", row.text));
        }
        let columns = &mut self.columns;
        let seen = self
            .packer
            .members(|packer, key| row.member(packer, columns, key))?;
        if seen.suspicious() && self.packer.merge_members(row.text) {
            row.spans = Spans::find(self.packer.out.get(row.text..).unwrap_or_default());
        }
        let Some(title) = row.title.clone() else {
            return Err(JsonError::unsupported(at, "a session has no title"));
        };
        let title = self.packer.cursor.bytes.get(title).unwrap_or_default();
        let end = self.packer.out.len();
        self.columns.push(&row, &string::decode(title), end);
        Ok(())
    }

    /// Returns the error for a value that Python must judge, or a syntax error if the value has one.
    #[cold]
    fn odd(&mut self, message: &'static str, text: usize) -> JsonError {
        let fault = odd(&mut self.packer, message);
        self.packer.out.truncate(text);
        fault
    }
}

#[cold]
fn odd(packer: &mut Packer<'_, '_>, message: &'static str) -> JsonError {
    let at = packer.cursor.at;
    match packer.value(1) {
        Ok(_) => JsonError::unsupported(at, message),
        Err(fault) => fault,
    }
}

impl Row {
    pub(super) fn new(text: usize, tags: usize) -> Self {
        Self {
            title: None,
            id: None,
            popularity: Number::Int(0),
            text,
            tags,
            spans: Spans::NONE,
        }
    }

    /// Reads the value of a member. If a name is repeated, the last value is used.
    #[inline]
    fn member(
        &mut self,
        packer: &mut Packer<'_, '_>,
        columns: &mut Columns,
        key: Option<KeyId>,
    ) -> Result<(), JsonError> {
        match key {
            Some(key::TITLE) => {
                if packer.cursor.peek() != Some(b'"') {
                    return Err(odd(packer, "a title is no string"));
                }
                self.title = Some(packer.string()?);
            }
            Some(key::TAGS) => self.tags(packer, columns)?,
            Some(key::POPULARITY) => self.popularity = popularity(packer)?,
            Some(key::ID) => {
                let from = packer.out.len();
                packer.value(1)?;
                self.id = id_hash(packer.out.get(from..).unwrap_or_default());
            }
            Some(key @ (key::START | key::END | key::LOCATION)) => {
                let offset = u32::try_from(packer.out.len() - self.text);
                let offset = offset.ok().filter(|&offset| offset != Spans::ABSENT);
                let Some(offset) = offset else {
                    return Err(JsonError::unsupported(
                        packer.cursor.at,
                        "a session of more than 4 GiB",
                    ));
                };
                self.spans.set(key, offset);
                packer.value(1)?;
            }
            _ => packer.value(1).map(drop)?,
        }
        Ok(())
    }

    #[inline]
    fn tags(
        &mut self,
        packer: &mut Packer<'_, '_>,
        columns: &mut Columns,
    ) -> Result<(), JsonError> {
        const ODD: &str = "the tags are no list of strings";
        if packer.cursor.peek() != Some(b'[') {
            return Err(odd(packer, ODD));
        }
        packer.cursor.at += 1;
        packer.out.push(b'[');
        packer.cursor.space();
        columns.tags.truncate(self.tags);
        if !packer.cursor.take(b']') {
            loop {
                if packer.cursor.peek() != Some(b'"') {
                    return Err(odd(packer, ODD));
                }
                let place = packer.string()?;
                columns
                    .tags
                    .push(columns.raw_tags.intern(packer.cursor.bytes, place));
                packer.cursor.space();
                if packer.cursor.take(b']') {
                    break;
                }
                packer.comma()?;
            }
        }
        packer.out.push(b']');
        Ok(())
    }
}

/// Reads a popularity. `true` counts as 1, as in Python.
fn popularity(packer: &mut Packer<'_, '_>) -> Result<Number, JsonError> {
    let at = packer.cursor.at;
    match packer.cursor.peek() {
        Some(b't') => packer.value(1).map(|_| Number::Int(1)),
        Some(b'f') => packer.value(1).map(|_| Number::Int(0)),
        Some(b'-' | b'0'..=b'9') => {
            let value = packer.number()?.value;
            value.ok_or_else(|| JsonError::unsupported(at, "a popularity beyond 64 bits"))
        }
        Some(_) => Err(odd(packer, "a popularity is no number")),
        None => Err(JsonError::syntax(at, EXPECTING_VALUE)),
    }
}

/// Returns the hash by which an id is found: that of the decoded string, or that of the text of a number or a word.
/// Returns `None` for an array or an object.
pub(super) fn id_hash(packed: &[u8]) -> Option<u32> {
    match packed {
        [b'{' | b'[', ..] => None,
        [b'"', raw @ .., b'"'] => Some(hash(&string::decode(raw))),
        _ => Some(hash(packed)),
    }
}
