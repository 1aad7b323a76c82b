//! Reads one session a line (NDJSON, JSON Lines), with the memory of a few blocks.
//!
//! A JSON value on one line holds no raw line break. So a block is cut at its last line break, and blocks are read in
//! parallel without guessing. Lines of white space are skipped.

use std::io::Read;

use super::cursor::Cursor;
use super::error::{JsonError, line_breaks};
use super::key::KeyTable;
use super::loaded::{Hooks, Joiner, Loaded, Shape};
use super::session::{Columns, SessionReader};
use crate::engine::error::Error;
use crate::engine::ordered_tasks::{BufferPool, in_order};

/// The bytes read at a time. A longer line makes its block longer.
const BLOCK: usize = if cfg!(fuzzing) { 64 } else { 1 << 20 };

/// The number of first sessions whose names make the key table.
const SAMPLE: usize = 64;

/// A block, and the result of reading it.
struct Piece {
    bytes: Vec<u8>,
    columns: Columns,
    fault: Option<JsonError>,
}

/// Loads sessions from `source`, one a line.
///
/// # Errors
///
/// Fails as [`load`](super::load) does, and with `System` if `source` cannot be read.
///
/// ```
/// use core::ops::ControlFlow;
/// use eventkit::engine::json::{Hooks, load_ndjson};
///
/// let text = b"{\"title\": \"Agents\"}\n{\"title\": \"Boats\"}\n";
/// let mut hooks = Hooks {
///     lower: &|text| text.to_lowercase().into_bytes(),
///     progress: &mut |_| ControlFlow::Continue(()),
///     pool: None,
/// };
/// assert_eq!(load_ndjson(text.as_slice(), &mut hooks)?.len(), 2);
/// # Ok::<(), eventkit::engine::error::Error>(())
/// ```
pub fn load_ndjson(source: impl Read, hooks: &mut Hooks<'_>) -> Result<Loaded, Error> {
    let mut blocks = Blocks {
        source,
        rest: Vec::new(),
        ended: false,
    };
    let first = blocks.next().transpose()?.unwrap_or_default();
    let keys = sample(&first);
    let mut joiner = Joiner::new(Shape::Lines, hooks.lower);
    let mut lines = 1;
    let mut bytes = 0_u64;
    let blocks = core::iter::once(Ok(first)).chain(blocks);
    let buffers = BufferPool::default();
    let tasks = blocks.map(|block| block.map(|bytes| || read_block(bytes, buffers.take(), &keys)));
    in_order(
        hooks.pool,
        tasks,
        |result| result.recv(),
        |piece: Piece| {
            joiner.push(&piece.columns, &piece.bytes)?;
            buffers.give(piece.columns);
            if let Some(fault) = piece.fault {
                return Err(fault.into_error(&piece.bytes, lines, Some(joiner.len())));
            }
            lines += line_breaks(&piece.bytes);
            bytes += piece.bytes.len() as u64;
            hooks.report(bytes, joiner.len())?;
            Ok(true)
        },
    )?;
    Ok(joiner.finish(keys, hooks.pool))
}

/// Yields blocks of whole lines.
struct Blocks<R> {
    source: R,
    /// The beginning of a line whose end has not been read yet.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> Iterator for Blocks<R> {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut block = core::mem::take(&mut self.rest);
        while !self.ended {
            let before = block.len();
            block.reserve(BLOCK);
            let read = self
                .source
                .by_ref()
                .take(BLOCK as u64)
                .read_to_end(&mut block);
            if let Err(error) = read {
                self.ended = true;
                return Some(Err(Error::system("the sessions", &error)));
            }
            self.ended = block.len() - before < BLOCK;
            let fresh = block.get(before..).unwrap_or_default();
            if !self.ended
                && let Some(end) = fresh.iter().rposition(|&byte| byte == b'\n')
            {
                self.rest = block.split_off(before + end + 1);
                return Some(Ok(block));
            }
        }
        (!block.is_empty()).then_some(Ok(block))
    }
}

fn cursor(bytes: &[u8]) -> Cursor<'_> {
    let mut cursor = Cursor::new(bytes, 0);
    cursor.across_lines = false;
    cursor
}

fn read_block(bytes: Vec<u8>, spare: Columns, keys: &KeyTable) -> Piece {
    let mut reader = SessionReader::reusing(spare, cursor(&bytes), keys);
    let fault = loop {
        match line(&mut reader) {
            Ok(true) => {}
            Ok(false) => break None,
            Err(fault) => break Some(fault),
        }
    };
    let columns = reader.finish();
    Piece {
        bytes,
        columns,
        fault,
    }
}

/// Reads a line. Returns false if there is none left.
fn line(reader: &mut SessionReader<'_, '_>) -> Result<bool, JsonError> {
    reader.cursor().space();
    match reader.cursor().peek() {
        None => return Ok(false),
        Some(b'\n') => {}
        Some(_) => reader.session()?,
    }
    let cursor = reader.cursor();
    cursor.space();
    match cursor.peek() {
        None => Ok(true),
        Some(b'\n') => {
            cursor.at += 1;
            Ok(true)
        }
        Some(_) => Err(JsonError::syntax(cursor.at, "Extra data")),
    }
}

/// Builds the key table from the names in the first sessions.
fn sample(bytes: &[u8]) -> KeyTable {
    let keys = KeyTable::default();
    let mut reader = SessionReader::new(cursor(bytes), &keys);
    reader.collect_names();
    while reader.len() < SAMPLE {
        if !matches!(line(&mut reader), Ok(true)) {
            break;
        }
    }
    KeyTable::from_names(reader.finish_names().iter().map(String::as_str))
}
