//! Collects the words of sessions and compiles them.
//!
//! Linear in the text, apart from the sort of the distinct words. A word is hashed once for each time it is said.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;
use fst::MapBuilder;
use hashbrown::HashTable;

use super::index::{TextIndex, write_number};
use super::lexicon::{is_function_word, is_name, is_welcome};
use super::points::{Code, Field};
use super::words::{Source, each_word};
use crate::engine::error::Error;
use crate::engine::text::head_word;

/// What is known of a distinct word.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The first eight bytes: most words are compared by them alone.
    head: u64,
    /// Where its bytes are in the arena.
    start: u32,
    len: u32,
    /// The last session that held it, plus 1.
    session: u32,
    /// Its entry in that session.
    entry: u32,
    /// How many sessions hold it; [`DROPPED`] for a function word, which is not kept.
    sessions: u32,
}

const DROPPED: u32 = u32::MAX;

/// Collects sessions in order.
#[derive(Debug, Default)]
pub struct TextBuilder {
    arena: Vec<u8>,
    known: Vec<Known>,
    table: HashTable<u32>,
    hasher: FixedState,
    /// The words of all sessions, one session after the other.
    entries: Vec<(u32, Code)>,
    ends: Vec<u32>,
    whole: String,
}

impl TextBuilder {
    /// Adds a text of the session that the next [`Self::finish_session`] closes.
    pub fn push(&mut self, field: Field, text: &str) {
        let source = match field {
            Field::Tags | Field::Track => Source::Query,
            _ => Source::Text,
        };
        // A welcome's title names the room, as a track does.
        let field = if field == Field::Title && is_welcome(text) {
            Field::Track
        } else {
            field
        };
        if field == Field::Tags {
            self.push_tag(text);
        } else {
            each_word(text, source, |word, _| self.push_word(word, field));
        }
    }

    fn push_tag(&mut self, tag: &str) {
        let mut whole = core::mem::take(&mut self.whole);
        whole.clear();
        each_word(tag, Source::Query, |word, own| {
            if own {
                whole.push(if whole.is_empty() { '=' } else { ' ' });
                whole.push_str(word);
            }
            self.push_word(word, Field::Tags);
        });
        if !whole.is_empty() {
            self.push_word(&whole, Field::Tags);
        }
        self.whole = whole;
    }

    #[inline]
    fn push_word(&mut self, word: &str, field: Field) {
        let Some(id) = self.intern(word) else { return };
        let session = self.ends.len() as u32 + 1;
        let Some(known) = self.known.get_mut(id as usize) else {
            return;
        };
        if known.sessions == DROPPED {
            return;
        }
        if known.session == session {
            if let Some((_, code)) = self.entries.get_mut(known.entry as usize) {
                code.add(field);
            }
            return;
        }
        known.session = session;
        known.entry = self.entries.len() as u32;
        known.sessions += 1;
        let mut code = Code::default();
        code.add(field);
        self.entries.push((id, code));
    }

    /// Returns the number of a word; `None` once 2³² − 1 bytes of words are held.
    #[inline]
    fn intern(&mut self, word: &str) -> Option<u32> {
        let word = word.as_bytes();
        let (hash, head) = (self.hasher.hash_one(word), head_word(word));
        let (arena, known) = (&self.arena, &self.known);
        let same = |&id: &u32| {
            known.get(id as usize).is_some_and(|known| {
                known.head == head
                    && known.len as usize == word.len()
                    && (word.len() <= 8 || known.bytes(arena) == word)
            })
        };
        if let Some(&id) = self.table.find(hash, same) {
            return Some(id);
        }
        let id = u32::try_from(self.known.len()).ok()?;
        let start = u32::try_from(self.arena.len()).ok()?;
        u32::try_from(self.arena.len() + word.len()).ok()?;
        self.arena.extend_from_slice(word);
        let text = core::str::from_utf8(word).unwrap_or_default();
        let dropped = is_function_word(text) && !is_name(text);
        self.known.push(Known {
            head,
            start,
            len: word.len() as u32,
            session: 0,
            entry: 0,
            sessions: if dropped { DROPPED } else { 0 },
        });
        let (arena, known, hasher) = (&self.arena, &self.known, &self.hasher);
        self.table
            .insert_unique(hash, id, |&id| hasher.hash_one(bytes(arena, known, id)));
        Some(id)
    }

    /// Closes a session.
    ///
    /// # Errors
    ///
    /// More words than 32 bits can number.
    pub fn finish_session(&mut self) -> Result<(), Error> {
        const LIMIT: usize = u32::MAX as usize - 1;
        let end = u32::try_from(self.entries.len()).ok();
        let end = end.filter(|_| self.entries.len() < LIMIT);
        let end = end.ok_or_else(|| Error::too_large("words", self.entries.len(), LIMIT))?;
        self.ends.push(end);
        Ok(())
    }

    /// Compiles what was collected.
    ///
    /// # Errors
    ///
    /// More postings than 32 bits can number.
    pub fn finish(self) -> Result<TextIndex, Error> {
        let mut order: Vec<u32> = (0..self.known.len() as u32)
            .filter(|&id| {
                let sessions = self.known.get(id as usize).map(|known| known.sessions);
                sessions.is_some_and(|sessions| sessions != DROPPED && sessions > 0)
            })
            .collect();
        order.sort_unstable_by(|&a, &b| {
            bytes(&self.arena, &self.known, a).cmp(bytes(&self.arena, &self.known, b))
        });
        let places = self.grouped();
        let mut words = MapBuilder::memory();
        let mut postings = Vec::with_capacity(self.entries.len() * 5 / 2);
        for &id in &order {
            let start = u32::try_from(postings.len());
            let start = start.map_err(|_| {
                Error::too_large("bytes of postings", postings.len(), u32::MAX as usize)
            })?;
            words
                .insert(bytes(&self.arena, &self.known, id), start.into())
                .map_err(|error| Error::inconsistent(error.to_string()))?;
            let held = places.of(id);
            write_number(&mut postings, held.len() as u32);
            let mut before = 0;
            for &(session, code) in held {
                write_number(&mut postings, session - before);
                postings.push(code.0);
                before = session;
            }
        }
        let words = words
            .into_inner()
            .map_err(|error| Error::inconsistent(error.to_string()))?;
        TextIndex::new(words, postings, self.ends.len() as u32)
    }

    /// Sorts the entries by word, and by session within a word: a counting sort.
    fn grouped(&self) -> Grouped {
        let mut starts = Vec::with_capacity(self.known.len() + 1);
        let mut start = 0_u32;
        for known in &self.known {
            starts.push(start);
            if known.sessions != DROPPED {
                start += known.sessions;
            }
        }
        starts.push(start);
        let mut next = starts.clone();
        let mut entries = vec![(0_u32, Code::default()); self.entries.len()];
        let mut first = 0;
        for (session, &end) in (0_u32..).zip(&self.ends) {
            let held = self
                .entries
                .get(first as usize..end as usize)
                .unwrap_or_default();
            for &(word, code) in held {
                if let Some(next) = next.get_mut(word as usize) {
                    if let Some(entry) = entries.get_mut(*next as usize) {
                        *entry = (session, code);
                    }
                    *next += 1;
                }
            }
            first = end;
        }
        Grouped { starts, entries }
    }
}

/// The sessions of each word.
struct Grouped {
    starts: Vec<u32>,
    entries: Vec<(u32, Code)>,
}

impl Grouped {
    fn of(&self, word: u32) -> &[(u32, Code)] {
        let at = |number: usize| self.starts.get(number).copied().unwrap_or_default() as usize;
        self.entries
            .get(at(word as usize)..at(word as usize + 1))
            .unwrap_or_default()
    }
}

impl Known {
    #[inline]
    fn bytes<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        arena
            .get(start..start + self.len as usize)
            .unwrap_or_default()
    }
}

/// The bytes of a word; none for a number that was never given out.
#[inline]
fn bytes<'a>(arena: &'a [u8], known: &[Known], id: u32) -> &'a [u8] {
    known
        .get(id as usize)
        .map_or(&[], |known| known.bytes(arena))
}
