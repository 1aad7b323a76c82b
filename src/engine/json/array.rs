//! Reads an array of sessions on several cores.
//!
//! The text is cut into pieces. From the middle of JSON nobody can tell whether a brace opens a session or stands inside one or
//! inside a string. So each piece *guesses*: it begins at the first place after its border where a whole session can be read,
//! and ends at the first session after the next border. A guess is right if the piece before ended exactly there. The beginning
//! of the first piece is known, so by induction the joined result is that of a sequential read. A piece with a wrong guess is
//! read again on the caller's thread; at worst the array is read twice.

use core::ops::{ControlFlow, Range};

use super::cursor::Cursor;
use super::fault::Fault;
use super::key::KeyTable;
use super::loaded::{Hooks, Joiner, Progress};
use super::order::{Spares, in_order};
use super::session::{Columns, Reader, Stop};
use crate::engine::error::Error;

/// Bytes of a piece: large enough that its tags repeat, small enough that a hundred thousand sessions make a dozen.
const PIECE: usize = if cfg!(fuzzing) { 64 } else { 1 << 20 };

/// Sessions whose names make the key table.
const SAMPLE: usize = 64;

/// What was read of a piece.
struct Piece {
    /// Where its first session begins; `None` where no guess was found.
    start: Option<usize>,
    /// Where the reader stood at the end.
    at: usize,
    stop: Stop,
    columns: Columns,
}

/// Reads the array whose first element may begin at `start`, behind its bracket; returns where the text goes on.
pub(super) fn read(
    bytes: &[u8],
    start: usize,
    joiner: &mut Joiner<'_>,
    hooks: &mut Hooks<'_>,
) -> Result<(usize, KeyTable), Error> {
    let mut cursor = Cursor::new(bytes, start);
    cursor.space();
    if cursor.take(b']') {
        return Ok((cursor.at, KeyTable::default()));
    }
    let keys = sample(bytes, cursor.at);
    let mut next = cursor.at;
    let mut finished = false;
    let spares = Spares::default();
    let source = Source {
        bytes,
        keys: &keys,
        spares: &spares,
    };
    let borders = Borders {
        source,
        next,
        first: true,
    };
    in_order(hooks.pool, borders, |(piece, border): (Piece, usize)| {
        let piece = if piece.start == Some(next) {
            piece
        } else if next >= border {
            return Ok(true);
        } else {
            source.read(next, border)
        };
        joiner.push(&piece.columns, bytes)?;
        spares.give(piece.columns);
        next = piece.at;
        if let Stop::Fault(fault) = piece.stop {
            return Err(fault.into_error(bytes, 1, Some(joiner.len())));
        }
        let progress = Progress {
            bytes: next as u64,
            sessions: joiner.len(),
        };
        if let ControlFlow::Break(()) = (hooks.progress)(progress) {
            return Err(Error::cancelled());
        }
        finished = matches!(piece.stop, Stop::End);
        Ok(!finished)
    })?;
    if finished {
        return Ok((next, keys));
    }
    Err(Fault::syntax(next, super::pack::EXPECTING_VALUE).into_error(bytes, 1, Some(joiner.len())))
}

/// What all pieces share.
#[derive(Clone, Copy)]
struct Source<'a> {
    bytes: &'a [u8],
    keys: &'a KeyTable,
    spares: &'a Spares<Columns>,
}

impl Source<'_> {
    /// Reads from the session that begins at `start` to the first at or behind `border`.
    fn read(self, start: usize, border: usize) -> Piece {
        let cursor = Cursor::new(self.bytes, start);
        let mut reader = Reader::reusing(self.spares.take(), cursor, self.keys);
        let stop = reader.array(border);
        let at = match stop {
            Stop::Fault(fault) => fault.at,
            Stop::Border | Stop::End => reader.cursor().at,
        };
        Piece {
            start: Some(start),
            at,
            stop,
            columns: reader.finish(),
        }
    }

    fn guess_and_read(self, range: Range<usize>) -> Piece {
        match guess(self.bytes, range.start, self.keys) {
            Some(start) => self.read(start, range.end),
            None => Piece {
                start: None,
                at: range.start,
                stop: Stop::Border,
                columns: Columns::default(),
            },
        }
    }
}

/// The pieces of an array as tasks.
struct Borders<'a> {
    source: Source<'a>,
    next: usize,
    first: bool,
}

impl<'a> Iterator for Borders<'a> {
    type Item = Result<Box<dyn FnOnce() -> (Piece, usize) + Send + 'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (source, start, first) = (self.source, self.next, self.first);
        if start >= source.bytes.len() && !first {
            return None;
        }
        // The last piece goes to the end, whatever stands there.
        let border = start.saturating_add(PIECE);
        let border = if border >= source.bytes.len() {
            usize::MAX
        } else {
            border
        };
        self.next = border;
        self.first = false;
        Some(Ok(Box::new(move || {
            let piece = if first {
                source.read(start, border)
            } else {
                source.guess_and_read(start..border)
            };
            (piece, border)
        })))
    }
}

/// Where the first session at or behind `from` seems to begin: at a brace behind a comma, if a session can be read there and a
/// comma or the array's end follows. Looks at no more than a piece's bytes, however often it has to try.
fn guess(bytes: &[u8], from: usize, keys: &KeyTable) -> Option<usize> {
    let window = bytes.get(..bytes.len().min(from.saturating_add(PIECE)))?;
    let mut budget = PIECE;
    let mut at = from;
    loop {
        at += window.get(at..)?.iter().position(|&byte| byte == b'{')?;
        let before = window.get(..at)?.trim_ascii_end();
        if before.ends_with(b",") {
            let mut reader = Reader::new(Cursor::new(window, at), keys);
            let read = reader.session();
            let cursor = reader.cursor();
            cursor.space();
            if read.is_ok() && matches!(cursor.peek(), Some(b',' | b']')) {
                return Some(at);
            }
            budget = budget.checked_sub(cursor.at.saturating_sub(at))?;
        }
        at += 1;
    }
}

/// The table of the names in the first sessions.
fn sample(bytes: &[u8], start: usize) -> KeyTable {
    let keys = KeyTable::default();
    let mut reader = Reader::new(Cursor::new(bytes, start), &keys);
    reader.collect_names();
    while reader.len() < SAMPLE {
        let before = reader.cursor().at;
        // One element at a time; a fault is found again, and reported, by the piece that meets it.
        if !matches!(reader.array(before + 1), Stop::Border) {
            break;
        }
    }
    KeyTable::from_names(reader.finish_names().iter().map(String::as_str))
}
