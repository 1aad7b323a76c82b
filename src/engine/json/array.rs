//! Reads a JSON array of sessions in parallel.
//!
//! In the middle of JSON text, a brace may begin a session, or be inside a session or a string. So each piece guesses:
//! it begins at the first place after its border where a whole session can be read, and ends at the first session after
//! the next border. A guess was right if and only if the piece before ends exactly there. The
//! beginning of the first piece is known, so by induction the joined result equals that of reading from end to end.
//! After a wrong guess the caller's thread reads the piece again: at worst the array is read twice.

use core::ops::Range;

use super::cursor::Cursor;
use super::error::JsonError;
use super::key::KeyTable;
use super::loaded::{Hooks, Joiner};
use super::session::{Columns, SessionReader, Stop};
use crate::engine::error::Error;
use crate::engine::ordered_tasks::{BufferPool, in_order};

/// The bytes of a piece: large enough for tags to repeat, small enough for a hundred thousand sessions to make a dozen.
const PIECE: usize = if cfg!(fuzzing) { 64 } else { 1 << 20 };

/// The number of first sessions whose names make the key table.
const SAMPLE: usize = 64;

/// The result of reading a piece.
struct Piece {
    /// Where its first session begins, or `None` if no guess was found.
    start: Option<usize>,
    /// Where the reader stopped.
    at: usize,
    stop: Stop,
    columns: Columns,
}

/// Reads the array whose first element may begin at `start`, after its bracket. Returns where the text continues.
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
    let buffers = BufferPool::default();
    let source = PieceReader {
        bytes,
        keys: &keys,
        buffers: &buffers,
    };
    let borders = Borders {
        source,
        next,
        first: true,
    };
    in_order(
        hooks.pool,
        borders,
        |result| result.recv(),
        |(piece, border): (Piece, usize)| {
            let piece = if piece.start == Some(next) {
                piece
            } else if next >= border {
                return Ok(true);
            } else {
                source.read(next, border)
            };
            joiner.push(&piece.columns, bytes)?;
            buffers.give(piece.columns);
            next = piece.at;
            if let Stop::Error(fault) = piece.stop {
                return Err(fault.into_error(bytes, 1, Some(joiner.len())));
            }
            hooks.report(next as u64, joiner.len())?;
            finished = matches!(piece.stop, Stop::End);
            Ok(!finished)
        },
    )?;
    if finished {
        return Ok((next, keys));
    }
    Err(
        JsonError::syntax(next, super::error::EXPECTING_VALUE).into_error(
            bytes,
            1,
            Some(joiner.len()),
        ),
    )
}

/// The data that all pieces share.
#[derive(Clone, Copy)]
struct PieceReader<'a> {
    bytes: &'a [u8],
    keys: &'a KeyTable,
    buffers: &'a BufferPool<Columns>,
}

impl PieceReader<'_> {
    /// Reads from the session that begins at `start` up to the first session at or behind `border`.
    fn read(self, start: usize, border: usize) -> Piece {
        let cursor = Cursor::new(self.bytes, start);
        let mut reader = SessionReader::reusing(self.buffers.take(), cursor, self.keys);
        let stop = reader.array(border);
        let at = match stop {
            Stop::Error(fault) => fault.at,
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

/// Returns the pieces of an array as tasks.
struct Borders<'a> {
    source: PieceReader<'a>,
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
        // The last piece goes to the end of the text.
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

/// Guesses where the first session at or behind `from` begins: at a brace behind a comma, if a session can be read
/// there and a comma or the array's end follows. It looks at no more bytes than a piece has, however often it has to
/// try.
fn guess(bytes: &[u8], from: usize, keys: &KeyTable) -> Option<usize> {
    let window = bytes.get(..bytes.len().min(from.saturating_add(PIECE)))?;
    let mut budget = PIECE;
    let mut at = from;
    loop {
        at += window.get(at..)?.iter().position(|&byte| byte == b'{')?;
        let before = window.get(..at)?.trim_ascii_end();
        if before.ends_with(b",") {
            let mut reader = SessionReader::new(Cursor::new(window, at), keys);
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

/// Builds the key table from the names in the first sessions.
fn sample(bytes: &[u8], start: usize) -> KeyTable {
    let keys = KeyTable::default();
    let mut reader = SessionReader::new(Cursor::new(bytes, start), &keys);
    reader.collect_names();
    while reader.len() < SAMPLE {
        let before = reader.cursor().at;
        // Read one at a time. An error here is ignored, because the piece that meets it reports it again.
        if !matches!(reader.array(before + 1), Stop::Border) {
            break;
        }
    }
    KeyTable::from_names(reader.finish_names().iter().map(String::as_str))
}
