//! Ranks the rows of an Arrow array of interests, and keeps the answer in columns that Arrow can share.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::{Array, wrong};
use crate::engine::catalog::{Catalog, Narrow, Place};
use crate::engine::error::Error;
use crate::engine::memory;
use crate::engine::ranking::score::Scorer;

/// The number of rows of one task.
const TASK: usize = 256;
/// The number of sessions whose ids one task looks up.
const IDS: usize = 2048;
/// The ends of lists and texts are numbers of 32 bits.
const MOST: usize = i32::MAX as usize;

/// The best sessions of each row, row after row.
#[derive(Debug, Default)]
pub struct RankedRows {
    /// The places of the sessions.
    pub places: Vec<Place>,
    /// Their positions in the catalogue.
    pub positions: Vec<i64>,
    /// Their scores.
    pub scores: Vec<f64>,
    /// Where the sessions of each row end.
    pub ends: Vec<i32>,
    /// A bit for each row, which is 0 if its interests were null. Empty if none were.
    pub valid: Vec<u8>,
}

/// The ids of sessions, as Arrow stores texts.
#[derive(Debug)]
pub struct Ids {
    /// The bytes of all ids, in UTF-8.
    pub bytes: Vec<u8>,
    /// 0, and then where each id ends.
    pub ends: Vec<i32>,
    /// A bit for each session, which is 0 if it has no id.
    pub valid: Vec<u8>,
    /// The number of sessions without an id.
    pub nulls: usize,
}

/// What a row may come to.
enum Row {
    Null,
    Ranked(usize),
    Unproven,
}

#[derive(Default)]
struct Piece {
    rows: Vec<Row>,
    places: Vec<Place>,
    positions: Vec<i64>,
    scores: Vec<f64>,
}

impl Catalog {
    /// Ranks the rows of some arrays of lists of texts: the best `top` sessions of each, of those that the filter
    /// admits. A null row stays null. Returns `None` if the order of one row cannot be proven.
    ///
    /// # Errors
    ///
    /// Fails if an interest is null or damaged, and names the row; also if there are too many sessions for one array.
    pub fn rank_rows(
        &self,
        pool: &ThreadPool,
        arrays: &[Array],
        scorer: &Scorer,
        top: usize,
        narrow: Option<Narrow<'_>>,
    ) -> Result<Option<RankedRows>, Error> {
        let selections = self.selections(narrow);
        let selections = selections.as_deref();
        let top = top.min(self.len());
        let count: usize = arrays.iter().map(Array::len).sum();
        let most = count.saturating_mul(top);
        if most > MOST {
            return Err(wrong(format!(
                "{count} rows of {top} sessions, and one array holds at most {MOST}: rank fewer rows at once"
            )));
        }
        memory::check("the answers", most.saturating_mul(64))?;
        let mut first = 0;
        let mut tasks = Vec::new();
        for array in arrays {
            let starts = (0..array.len()).step_by(TASK);
            tasks.extend(starts.map(|start| (array, start, first + start)));
            first += array.len();
        }
        let rank = |(array, start, first): (&Array, usize, usize)| -> Result<Piece, Error> {
            let mut piece = Piece::default();
            for row in start..array.len().min(start + TASK) {
                let interests = array.interests(row);
                let interests = interests
                    .map_err(|error| wrong(format!("row {}: {error}", first + row - start)))?;
                let Some(interests) = interests else {
                    piece.rows.push(Row::Null);
                    continue;
                };
                let scorer = scorer.for_interests(interests.len());
                let Some(best) = self.top_k_of(&interests, &scorer, top, selections) else {
                    piece.rows.push(Row::Unproven);
                    break;
                };
                piece.rows.push(Row::Ranked(best.len()));
                for best in best {
                    let position = self.position(best.place);
                    piece.places.push(best.place);
                    piece
                        .positions
                        .push(position.map_or(-1, |position| position as i64));
                    piece.scores.push(best.score);
                }
            }
            Ok(piece)
        };
        let pieces: Result<Vec<Piece>, Error> =
            pool.install(|| tasks.into_par_iter().map(rank).collect());
        Ok(RankedRows::joined(pieces?, count))
    }

    /// Returns the ids of some sessions; `None` if the engine does not hold the text of all.
    ///
    /// # Errors
    ///
    /// Fails if an id is not Unicode text, or if there are too many bytes for one array.
    pub fn ids_of(&self, pool: &ThreadPool, places: &[Place]) -> Option<Result<Ids, Error>> {
        let mut members = Vec::new();
        for segment in self.segments() {
            let text = segment.text.as_ref()?;
            members.push((text, text.member("id")));
        }
        let read = |places: &[Place]| -> Result<(Vec<u8>, Vec<u32>), Error> {
            let (mut bytes, mut lengths) = (Vec::new(), Vec::with_capacity(places.len()));
            for place in places {
                let start = bytes.len();
                let held = members.get(place.part as usize);
                let id = held.and_then(|(text, id)| text.get(place.local as usize)?.get(id));
                let Some(id) = id else {
                    lengths.push(u32::MAX);
                    continue;
                };
                match id.as_str() {
                    Some(id) if core::str::from_utf8(&id).is_ok() => bytes.extend_from_slice(&id),
                    Some(id) => return Err(not_unicode(&id)),
                    None => id.dump(&mut bytes),
                }
                if bytes.get(start..) == Some(b"null") && id.as_str().is_none() {
                    bytes.truncate(start);
                    lengths.push(u32::MAX);
                } else {
                    lengths.push((bytes.len() - start) as u32);
                }
            }
            Ok((bytes, lengths))
        };
        let pieces: Result<Vec<_>, Error> =
            pool.install(|| places.par_chunks(IDS).map(read).collect());
        Some(pieces.and_then(|pieces| {
            let mut ids = Ids::with_capacity(places.len());
            for (bytes, lengths) in pieces {
                let mut rest = &bytes[..];
                for length in lengths {
                    let id = (length != u32::MAX).then(|| rest.split_at(length as usize));
                    ids.push(id.map(|(id, after)| {
                        rest = after;
                        id
                    }))?;
                }
            }
            Ok(ids)
        }))
    }
}

/// Makes the error for an id that Arrow cannot hold.
pub fn not_unicode(id: &[u8]) -> Error {
    let shown = String::from_utf8_lossy(id);
    wrong(format!(
        "the id {shown:?} is not Unicode text, which Arrow needs"
    ))
}

impl Ids {
    /// Makes room for the ids of some sessions.
    pub fn with_capacity(count: usize) -> Self {
        let mut ends = Vec::with_capacity(count + 1);
        ends.push(0);
        Self {
            bytes: Vec::with_capacity(count * 8),
            ends,
            valid: vec![0; count.div_ceil(8)],
            nulls: 0,
        }
    }

    /// Adds the id of the next session.
    ///
    /// # Errors
    ///
    /// Fails if there are too many bytes.
    pub fn push(&mut self, id: Option<&[u8]>) -> Result<(), Error> {
        let number = self.ends.len() - 1;
        match id {
            Some(id) => {
                self.bytes.extend_from_slice(id);
                set(&mut self.valid, number);
            }
            None => self.nulls += 1,
        }
        let end = i32::try_from(self.bytes.len());
        let end = end.map_err(|_| {
            wrong(format!(
                "more than {MOST} bytes of ids: rank fewer rows at once"
            ))
        })?;
        self.ends.push(end);
        Ok(())
    }
}

impl RankedRows {
    fn joined(pieces: Vec<Piece>, count: usize) -> Option<Self> {
        let found = pieces.iter().map(|piece| piece.places.len()).sum();
        let mut rows = Self {
            places: Vec::with_capacity(found),
            positions: Vec::with_capacity(found),
            scores: Vec::with_capacity(found),
            ends: Vec::with_capacity(count + 1),
            valid: vec![0; count.div_ceil(8)],
        };
        let (mut end, mut nulls) = (0, 0);
        rows.ends.push(0);
        for piece in pieces {
            for row in &piece.rows {
                match row {
                    Row::Unproven => return None,
                    Row::Null => nulls += 1,
                    Row::Ranked(sessions) => {
                        set(&mut rows.valid, rows.ends.len() - 1);
                        end += *sessions as i32;
                    }
                }
                rows.ends.push(end);
            }
            rows.places.extend_from_slice(&piece.places);
            rows.positions.extend_from_slice(&piece.positions);
            rows.scores.extend_from_slice(&piece.scores);
        }
        if nulls == 0 {
            rows.valid = Vec::new();
        }
        Some(rows)
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of null rows.
    pub fn nulls(&self) -> usize {
        let valid: u32 = self.valid.iter().map(|byte| byte.count_ones()).sum();
        if self.valid.is_empty() {
            0
        } else {
            self.len() - valid as usize
        }
    }
}

fn set(bits: &mut [u8], at: usize) {
    if let Some(byte) = bits.get_mut(at / 8) {
        *byte |= 1 << (at % 8);
    }
}
