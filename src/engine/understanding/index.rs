//! The words of compiled sessions, and the sessions that hold each.
//!
//! Invariant: `words` is an automaton that leads to where a word's postings start: their number, then for each session,
//! in order, the distance from the one before it and its [`Code`].
//! Numbers are written seven bits to a byte. A word's look-up is O(its length). The postings of a title take about 2
//! bytes a word, those of abstracts less: a word that is said again costs nothing.
//!
//! A whole tag is a word too: its words, joined by blanks, behind a `=`.

use fst::automaton::Str;
use fst::{Automaton, IntoStreamer, Map, Streamer};

use super::points::Code;
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

/// The bytes of the automaton: owned, or those of a file.
#[derive(Clone, Debug)]
struct Bytes(Column<u8>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The words of some sessions.
#[derive(Clone, Debug)]
pub struct TextIndex {
    words: Map<Bytes>,
    postings: Column<u8>,
    len: u32,
}

/// Where the postings of a word start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WordId(u32);

/// The words that are visited for a prefix or a misspelling, at most.
const MOST_VISITED: usize = 256;

impl TextIndex {
    /// Makes the index of columns that belong together.
    pub(super) fn new(words: Vec<u8>, postings: Vec<u8>, len: u32) -> Result<Self, Error> {
        let words = Map::new(Bytes(words.into()));
        Ok(Self {
            words: words.map_err(|error| Error::inconsistent(error.to_string()))?,
            postings: postings.into(),
            len,
        })
    }

    /// The number of sessions.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The memory it holds, in bytes.
    pub fn nbytes(&self) -> usize {
        self.words.as_fst().as_inner().0.nbytes() + self.postings.nbytes()
    }

    /// The bytes of the index, in memory or in the file.
    pub fn size(&self) -> usize {
        self.words.as_fst().as_bytes().len() + self.postings.len()
    }

    /// Finds a word.
    #[inline]
    pub(super) fn get(&self, word: &str) -> Option<WordId> {
        self.words.get(word).map(|id| WordId(id as u32))
    }

    /// The sessions that hold a word, in order.
    #[inline]
    pub(super) fn postings(&self, word: WordId) -> Postings<'_> {
        let bytes = self.postings.get(word.0 as usize..).unwrap_or_default();
        let mut postings = Postings {
            bytes,
            left: 0,
            session: 0,
            len: self.len,
        };
        postings.left = postings.number();
        postings
    }

    /// Visits words that start with a prefix, in their order.
    pub(super) fn visit_prefixed(&self, prefix: &str, visit: impl FnMut(&str, WordId)) {
        self.visit(Str::new(prefix).starts_with(), visit);
    }

    /// Visits the words that an automaton accepts, in their order.
    pub(super) fn visit(&self, automaton: impl Automaton, mut visit: impl FnMut(&str, WordId)) {
        let mut found = self.words.search(automaton).into_stream();
        for _ in 0..MOST_VISITED {
            let Some((word, id)) = found.next() else {
                return;
            };
            if let Ok(word) = core::str::from_utf8(word) {
                visit(word, WordId(id as u32));
            }
        }
    }

    /// Writes the columns.
    ///
    /// # Errors
    ///
    /// As [`Writer::column`].
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("automaton", self.words.as_fst().as_bytes())?;
        writer.column("postings", &self.postings)?;
        writer.value("len", self.len)
    }

    /// Reads the columns that [`Self::save`] wrote. The automaton is checked against its checksum, because only a whole
    /// one is safe to search.
    ///
    /// # Errors
    ///
    /// As [`Reader::column`], and an automaton that is damaged.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        reader.verify_section("automaton")?;
        let words = Map::new(Bytes(reader.column("automaton")?));
        let words = words.map_err(|error| reader.refuse(&format!("the words: {error}")))?;
        Ok(Self {
            words,
            postings: reader.column("postings")?,
            len: reader.value("len")?,
        })
    }
}

/// The sessions that hold a word.
#[derive(Clone, Debug)]
pub(super) struct Postings<'a> {
    bytes: &'a [u8],
    left: u32,
    session: u32,
    len: u32,
}

impl Postings<'_> {
    #[inline]
    fn number(&mut self) -> u32 {
        let mut number = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let Some((&byte, rest)) = self.bytes.split_first() else {
                return number;
            };
            self.bytes = rest;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }
}

impl Iterator for Postings<'_> {
    type Item = (u32, Code);

    #[inline]
    fn next(&mut self) -> Option<(u32, Code)> {
        self.left = self.left.checked_sub(1)?;
        // Most sessions of a common word are near the one before them.
        let (distance, code) = match *self.bytes {
            [distance @ 0..0x80, code, ref rest @ ..] => {
                self.bytes = rest;
                (u32::from(distance), code)
            }
            _ => {
                let distance = self.number();
                let (&code, rest) = self.bytes.split_first()?;
                self.bytes = rest;
                (distance, code)
            }
        };
        self.session = self.session.checked_add(distance)?;
        // Only a damaged file holds a session that does not exist.
        (self.session < self.len).then_some((self.session, Code(code)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left as usize))
    }
}

/// Appends a number, seven bits to a byte, the lowest first.
pub(super) fn write_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
