//! Collects the words of sessions and compiles them.
//!
//! Linear in the text, apart from the sort of the distinct words. A word is hashed once for each time it is said.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::index::TextIndex;
use super::lexicon::{is_break, is_function_word, is_name, is_welcome};
use super::points::{Code, Field};
use super::sorted::{SortedWords, Word, compile};
use super::words::{Source, each_word};
use crate::engine::error::Error;
use crate::engine::text::head_word;

/// What is known of a distinct word. It stands in the hash table itself, so a word that was seen before is found in one
/// place of the memory.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The first eight bytes, and the last eight of a longer word: nearly all words are compared by them alone.
    head: u64,
    tail: u64,
    /// Where its bytes are in the arena.
    start: u32,
    len: u32,
    /// Its number; [`DROPPED`] for a function word, which is not kept.
    id: u32,
    /// The last session that held it, plus 1.
    session: u32,
    /// Its entry in that session.
    entry: u32,
    /// How many sessions hold it.
    sessions: u32,
}

const DROPPED: u32 = u32::MAX;

/// The distinct words.
#[derive(Debug, Default)]
struct Dictionary {
    arena: Vec<u8>,
    known: HashTable<Known>,
    hasher: FixedState,
    /// How many words have a number.
    numbered: u32,
}

/// Collects sessions in order.
#[derive(Debug, Default)]
pub struct TextBuilder {
    dictionary: Dictionary,
    /// The numbers of the words of all sessions, one session after the other, and where each stands.
    ids: Vec<u32>,
    codes: Vec<Code>,
    ends: Vec<u32>,
    whole: Vec<u8>,
    /// Of the session that is read: the entries of its whole tags, and whether its title is that of a break.
    whole_tags: Vec<u32>,
    is_break: bool,
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
        self.is_break |= field == Field::Title && is_break(text);
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
                whole.push(if whole.is_empty() { b'=' } else { b' ' });
                whole.extend_from_slice(word);
            }
            self.push_word(word, Field::Tags);
        });
        if !whole.is_empty() {
            let entry = self.ids.len();
            self.push_word(&whole, Field::Tags);
            if self.ids.len() > entry {
                self.whole_tags.push(entry as u32);
            }
        }
        self.whole = whole;
    }

    #[inline]
    fn push_word(&mut self, word: &[u8], field: Field) {
        let Some(known) = self.dictionary.intern(word) else {
            return;
        };
        let session = self.ends.len() as u32 + 1;
        if known.session == session {
            if let Some(code) = self.codes.get_mut(known.entry as usize) {
                code.add(field);
            }
            return;
        }
        known.session = session;
        known.entry = self.ids.len() as u32;
        known.sessions += 1;
        let mut code = Code::default();
        code.add(field);
        self.ids.push(known.id);
        self.codes.push(code);
    }

    /// Closes a session.
    ///
    /// # Errors
    ///
    /// More words than 32 bits can number.
    pub fn finish_session(&mut self) -> Result<(), Error> {
        const LIMIT: usize = u32::MAX as usize - 1;
        let end = u32::try_from(self.ids.len()).ok();
        let end = end.filter(|_| self.ids.len() < LIMIT);
        let end = end.ok_or_else(|| Error::too_large("words", self.ids.len(), LIMIT))?;
        if self.is_break {
            self.forget_tags();
        }
        self.whole_tags.clear();
        self.is_break = false;
        self.ends.push(end);
        Ok(())
    }

    /// Takes the words of tags and tracks from the session that is read. Whole tags stay, for interests that are the same.
    fn forget_tags(&mut self) {
        let first = self.ends.last().map_or(0, |&end| end as usize);
        for (entry, code) in self.codes.iter_mut().enumerate().skip(first) {
            if !self.whole_tags.contains(&(entry as u32)) {
                code.forget_tags();
            }
        }
    }

    /// Compiles what was collected.
    ///
    /// # Errors
    ///
    /// More postings than 32 bits can number.
    pub fn finish(self) -> Result<TextIndex, Error> {
        compile(&[self.sorted()])
    }

    /// Sorts what was collected by word, and by session within a word: a counting sort. [`compile`] puts several such
    /// parts together.
    pub fn sorted(self) -> SortedWords {
        let Dictionary {
            arena,
            known,
            numbered,
            ..
        } = self.dictionary;
        let mut known: Vec<Known> = known.into_iter().collect();
        known.retain(|known| known.id != DROPPED);
        known.sort_unstable_by(|a, b| {
            let heads = a.head.swap_bytes().cmp(&b.head.swap_bytes());
            heads.then_with(|| a.bytes(&arena).cmp(b.bytes(&arena)))
        });
        let mut next = vec![0_u32; numbered as usize];
        let mut words = Vec::with_capacity(known.len());
        let mut end = 0;
        for known in &known {
            if let Some(next) = next.get_mut(known.id as usize) {
                *next = end;
            }
            end += known.sessions;
            words.push(Word {
                head: known.head.swap_bytes(),
                start: known.start,
                len: known.len,
                end,
            });
        }
        let mut entries = vec![(0_u32, Code::default()); self.ids.len()];
        let mut first = 0;
        for (session, &end) in (0_u32..).zip(&self.ends) {
            let held = first as usize..end as usize;
            let ids = self.ids.get(held.clone()).unwrap_or_default();
            let codes = self.codes.get(held).unwrap_or_default();
            for (&id, &code) in ids.iter().zip(codes) {
                if let Some(next) = next.get_mut(id as usize) {
                    if let Some(entry) = entries.get_mut(*next as usize) {
                        *entry = (session, code);
                    }
                    *next += 1;
                }
            }
            first = end;
        }
        SortedWords {
            arena,
            words,
            entries,
            sessions: self.ends.len() as u32,
        }
    }
}

impl Dictionary {
    /// Returns a word, and adds a new one. Returns `None` for a function word, and for a new word once 2³² − 1 bytes of
    /// words are held.
    #[inline]
    fn intern(&mut self, word: &[u8]) -> Option<&mut Known> {
        let head = head_word(word);
        let tail = word
            .last_chunk()
            .map_or(0, |tail| u64::from_le_bytes(*tail));
        let (arena, hasher) = (&self.arena, &self.hasher);
        let same = |known: &Known| {
            known.head == head
                && known.tail == tail
                && known.len as usize == word.len()
                && (word.len() <= 16 || known.bytes(arena) == word)
        };
        let rehash = |known: &Known| hash(hasher, known.head, known.tail, known.bytes(arena));
        let known = match self
            .known
            .entry(hash(hasher, head, tail, word), same, rehash)
        {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let new = new_word(&mut self.arena, self.numbered, (head, tail), word)?;
                self.numbered += u32::from(new.id != DROPPED);
                free.insert(new).into_mut()
            }
        };
        (known.id != DROPPED).then_some(known)
    }
}

/// Adds the bytes of a word to the arena. Returns `None` if 32 bits cannot number them.
#[cold]
fn new_word(arena: &mut Vec<u8>, id: u32, (head, tail): (u64, u64), word: &[u8]) -> Option<Known> {
    let start = u32::try_from(arena.len()).ok()?;
    u32::try_from(arena.len() + word.len()).ok()?;
    arena.extend_from_slice(word);
    let text = core::str::from_utf8(word).unwrap_or_default();
    let dropped = is_function_word(text) && !is_name(text);
    Some(Known {
        head,
        tail,
        start,
        len: word.len() as u32,
        id: if dropped { DROPPED } else { id },
        session: 0,
        entry: 0,
        sessions: 0,
    })
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

/// The hash of a word; that of its head and tail for words of up to sixteen bytes.
#[inline]
fn hash(hasher: &FixedState, head: u64, tail: u64, word: &[u8]) -> u64 {
    if word.len() <= 16 {
        hasher.hash_one((head, tail))
    } else {
        hasher.hash_one(word)
    }
}
