//! Puts the words of several runs of sessions together. So a programme is read in pieces, one for each thread.
//!
//! Linear in the postings, and in the words times the pieces.

use core::cmp::Ordering;

use super::index::{IndexWriter, TextIndex};
use super::points::Code;
use crate::engine::error::Error;

/// The words of some sessions in order, and the sessions of each.
#[derive(Debug)]
pub struct SortedWords {
    pub(super) arena: Vec<u8>,
    pub(super) words: Vec<Word>,
    /// The sessions of all words, one word after the other, and where the word stands in each.
    pub(super) entries: Vec<(u32, Code)>,
    pub(super) sessions: u32,
}

/// A word, and where its entries end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// The first eight bytes as a number of the same order.
    pub(super) head: u64,
    /// Where its bytes are in the arena.
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) end: u32,
}

/// Reads the words of one piece in order.
struct Cursor<'a> {
    piece: &'a SortedWords,
    /// The number of the piece's first session.
    first: u32,
    at: usize,
    /// The entries of the words that were read.
    read: u32,
}

impl<'a> Cursor<'a> {
    fn word(&self) -> Option<(u64, &'a [u8])> {
        let word = self.piece.words.get(self.at)?;
        let start = word.start as usize;
        let bytes = self.piece.arena.get(start..start + word.len as usize);
        Some((word.head, bytes.unwrap_or_default()))
    }

    /// Returns the entries of the word, and goes on to the next one.
    fn take(&mut self) -> &'a [(u32, Code)] {
        let end = self.piece.words.get(self.at).map_or(0, |word| word.end);
        let entries = self.piece.entries.get(self.read as usize..end as usize);
        self.at += 1;
        self.read = end;
        entries.unwrap_or_default()
    }
}

fn compare(one: &(u64, &[u8]), other: &(u64, &[u8])) -> Ordering {
    one.0.cmp(&other.0).then_with(|| one.1.cmp(other.1))
}

/// Compiles the words of consecutive sessions.
///
/// # Errors
///
/// More bytes of words or postings than 32 bits can number, or more sessions than 31 bits can.
pub fn compile(pieces: &[SortedWords]) -> Result<TextIndex, Error> {
    const LIMIT: usize = (u32::MAX >> 1) as usize;
    let sessions: usize = pieces.iter().map(|piece| piece.sessions as usize).sum();
    if sessions > LIMIT {
        return Err(Error::too_large("sessions", sessions, LIMIT));
    }
    let mut first = 0;
    let cursors = pieces.iter().map(|piece| {
        let cursor = Cursor {
            piece,
            first,
            at: 0,
            read: 0,
        };
        first += piece.sessions;
        cursor
    });
    let mut cursors: Vec<Cursor<'_>> = cursors.collect();
    let mut index = IndexWriter::default();
    let mut held: Vec<(u32, &[(u32, Code)])> = Vec::with_capacity(pieces.len());
    while let Some(least) = cursors.iter().filter_map(Cursor::word).min_by(compare) {
        held.clear();
        for cursor in &mut cursors {
            if cursor.word() == Some(least) {
                held.push((cursor.first, cursor.take()));
            }
        }
        let entries = held.iter().flat_map(|&(first, entries)| {
            let entries = entries.iter();
            entries.map(move |&(session, code)| (first + session, code))
        });
        index.push(least.1, entries)?;
    }
    Ok(index.finish(sessions as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::file::Writer;
    use crate::engine::understanding::{Field, Piece};

    #[test]
    fn sessions_that_are_read_in_pieces_give_the_same_bytes() {
        let text = |number: usize| format!("Rust {} and w{} w{}", number % 7, number / 3, number);
        let piece = |range: core::ops::Range<usize>| {
            let mut piece = Piece::default();
            for number in range {
                piece
                    .push(Field::Title, text(number).as_bytes())
                    .expect("short");
                piece
                    .push(Field::Abstract, text(number / 2).as_bytes())
                    .expect("short");
                piece.finish_session();
            }
            piece.sorted().expect("few words")
        };
        let bytes = |pieces: &[SortedWords]| {
            let index = compile(pieces).expect("few words");
            Writer::to_bytes(|writer| index.save(writer)).expect("names fit")
        };
        let whole = bytes(&[piece(0..90)]);
        for (first, second) in [(0, 90), (1, 45), (30, 31), (89, 90)] {
            let pieces = [piece(0..first), piece(first..second), piece(second..90)];
            assert_eq!(bytes(&pieces), whole, "{first} {second}");
        }
    }
}
