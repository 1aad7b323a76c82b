//! The words of compiled sessions, and the sessions that hold each.
//!
//! Invariant: the [`Dictionary`] leads to where a word's postings start, and how many bytes they have. They are one number
//! for each session, in order: twice the distance from the one before it, and 1 if a [`Code`] follows. Without one, the
//! code is the word's main code. Numbers are written seven bits to a byte. The postings of a title take little more than
//! a byte a word, those of abstracts less: a word that is said again costs nothing.
//!
//! A whole tag is a word too: its words, joined by blanks, behind a `=`.

use super::dictionary::{Dictionary, DictionaryBuilder};
use super::distance::Near;
use super::encoding::{WordId, read_number, write_number};
use super::points::{Code, Field};
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

/// The words of some sessions.
#[derive(Clone, Debug)]
pub struct TextIndex {
    words: Dictionary,
    postings: Column<u8>,
    len: u32,
}

/// The codes that are the main code of most words.
const MAIN: [Field; 3] = [Field::Title, Field::Abstract, Field::Tags];
const OTHER: u32 = 3;

/// Writes words and their postings, in the order of the words.
#[derive(Debug, Default)]
pub(super) struct IndexWriter {
    words: DictionaryBuilder,
    postings: Vec<u8>,
}

impl IndexWriter {
    /// Adds a word and the sessions that hold it, in order.
    ///
    /// # Errors
    ///
    /// More bytes than 32 bits can number.
    pub(super) fn push(
        &mut self,
        word: &[u8],
        held: impl Iterator<Item = (u32, Code)> + Clone,
    ) -> Result<(), Error> {
        const LIMIT: usize = (u32::MAX >> 2) as usize;
        let before = self.postings.len();
        let main = majority(held.clone().map(|(_, code)| code));
        let number = (0..).zip(MAIN).find(|(_, field)| Code::of(*field) == main);
        let number = number.map_or(OTHER, |(number, _)| number);
        if number == OTHER {
            self.postings.push(main.0);
        }
        let mut last = 0;
        for (session, code) in held {
            let other = code != main;
            write_number(&mut self.postings, (session - last) << 1 | u32::from(other));
            if other {
                self.postings.push(code.0);
            }
            last = session;
        }
        let all = self.postings.len();
        let too_large = |_| Error::too_large("bytes of postings", all, LIMIT);
        let start = u32::try_from(before).map_err(too_large)?;
        let len = u32::try_from(all - before).map_err(too_large)?;
        if len as usize > LIMIT {
            return Err(Error::too_large("bytes of postings", all, LIMIT));
        }
        let shape = (len << 2) | number;
        self.words.push(word, WordId { start, shape })
    }

    /// Returns the index of a number of sessions.
    pub(super) fn finish(self, len: u32) -> TextIndex {
        TextIndex {
            words: self.words.finish(),
            postings: self.postings.into(),
            len,
        }
    }
}

/// Returns the code that more than half of the codes are, if there is one, or any of them.
fn majority(codes: impl Iterator<Item = Code>) -> Code {
    let (mut main, mut more) = (Code::default(), 0_u32);
    for code in codes {
        if more == 0 {
            main = code;
        }
        if code == main {
            more += 1;
        } else {
            more -= 1;
        }
    }
    main
}

impl TextIndex {
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
        self.words.nbytes() + self.postings.nbytes()
    }

    /// The bytes of the index, in memory or in the file.
    pub fn size(&self) -> usize {
        self.words.size() + self.postings.len()
    }

    /// Finds a word.
    #[inline]
    pub(super) fn get(&self, word: &str) -> Option<WordId> {
        self.words.get(word.as_bytes())
    }

    /// The sessions that hold a word, in order.
    #[inline]
    pub(super) fn postings(&self, word: WordId) -> Postings<'_> {
        let start = word.start as usize;
        let bytes = self.postings.get(start..start + word.len() as usize);
        let mut bytes = bytes.unwrap_or_default();
        let main = match MAIN.get((word.shape & 3) as usize) {
            Some(&field) => Code::of(field),
            None => Code(take(&mut bytes)),
        };
        Postings {
            bytes,
            main,
            session: 0,
            len: self.len,
        }
    }

    /// Visits words that start with a prefix, in their order.
    pub(super) fn visit_prefixed(&self, prefix: &str, visit: impl FnMut(&str, WordId)) {
        self.words.visit_prefixed(prefix, visit);
    }

    /// Visits the words that are near another one, in their order.
    pub(super) fn visit_near(&self, near: &Near<'_>, visit: impl FnMut(&str, WordId)) {
        self.words.visit_near(near, visit);
    }

    /// Writes the columns.
    ///
    /// # Errors
    ///
    /// As [`Writer::column`].
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        self.words.save(writer)?;
        writer.column("postings", &self.postings)?;
        writer.value("len", self.len)
    }

    /// Reads the columns that [`Self::save`] wrote. The words are checked against their checksums.
    ///
    /// # Errors
    ///
    /// As [`Reader::column`], and words that are damaged.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        if reader.contains("automaton") {
            let message = "its words are those of format version 1; compile it again";
            return Err(reader.refuse(message));
        }
        Ok(Self {
            words: Dictionary::open(reader)?,
            postings: reader.column("postings")?,
            len: reader.value("len")?,
        })
    }
}

/// The sessions that hold a word.
#[derive(Clone, Debug)]
pub(super) struct Postings<'a> {
    bytes: &'a [u8],
    main: Code,
    session: u32,
    len: u32,
}

impl Iterator for Postings<'_> {
    type Item = (u32, Code);

    #[inline]
    fn next(&mut self) -> Option<(u32, Code)> {
        // Most sessions of a common word are near the one before them.
        let number = match *self.bytes {
            [] => return None,
            [byte @ 0..0x80, ref rest @ ..] => {
                self.bytes = rest;
                u32::from(byte)
            }
            _ => read_number(&mut self.bytes),
        };
        let code = match number & 1 {
            0 => self.main,
            _ => Code(take(&mut self.bytes)),
        };
        self.session = self.session.checked_add(number >> 1)?;
        // Only a damaged file holds a session that does not exist.
        (self.session < self.len).then_some((self.session, code))
    }
}

/// Takes the first byte; 0 from none, which only a damaged file has.
#[inline]
fn take(bytes: &mut &[u8]) -> u8 {
    bytes.split_off_first().copied().unwrap_or_default()
}
