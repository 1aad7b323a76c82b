//! Ranks the rows of an Arrow array of interests, and keeps the answer in columns that Arrow can share.

use core::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::ThreadPool;
use rayon::prelude::*;

use super::{Array, wrong};
use crate::engine::catalog::batch::{self, Batch};
use crate::engine::catalog::filter::Selection;
use crate::engine::catalog::{Catalog, Narrow, Place};
use crate::engine::error::Error;
use crate::engine::json::ValueView;
use crate::engine::memory;
use crate::engine::ranking::score::Scorer;

/// The smallest number of sessions whose ids one task looks up.
const IDS: usize = 1 << 14;
/// The number of sessions whose texts are fetched from memory together.
const AHEAD: usize = 16;
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

/// The rows of one task.
#[derive(Default)]
struct Piece {
    /// For each row the number of its sessions, or `None` if the row is null.
    rows: Vec<Option<usize>>,
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
        let size = batch::size(count, pool.current_num_threads());
        let mut first = 0;
        let mut tasks = Vec::new();
        for array in arrays {
            let starts = (0..array.len()).step_by(size);
            tasks.extend(starts.map(|start| {
                let rows = start..array.len().min(start + size);
                (array, rows, first)
            }));
            first += array.len();
        }
        let rank = |(array, rows, first): (&Array, Range<usize>, usize)| {
            self.rank_piece(array, rows, first, scorer, top, selections)
        };
        let pieces: Result<Option<Vec<Piece>>, Error> =
            pool.install(|| tasks.into_par_iter().map(rank).collect::<Result<_, _>>());
        Ok(pieces?.map(|pieces| RankedRows::joined(pieces, count)))
    }

    /// Ranks some rows of an array, whose row 0 is the row `first` of the whole.
    fn rank_piece(
        &self,
        array: &Array,
        rows: Range<usize>,
        first: usize,
        scorer: &Scorer,
        top: usize,
        selections: Option<&[Selection<'_>]>,
    ) -> Result<Option<Piece>, Error> {
        let mut batch = Batch::new(self);
        let mut piece = Piece::default();
        for row in rows {
            let of_row = |error| wrong(format!("row {}: {error}", first + row));
            let held = array.visit_interests(row, |interest| {
                let numbered = batch.push_interest(interest);
                numbered.ok_or_else(|| wrong("too much text: rank fewer rows at once".into()))
            });
            if held.map_err(of_row)? {
                batch.push_query(scorer.for_interests(batch.pending()), top);
                piece.rows.push(Some(0));
            } else {
                piece.rows.push(None);
            }
        }
        let Some(ranked) = batch.rank(selections) else {
            return Ok(None);
        };
        let found = ranked.iter().map(Vec::len).sum();
        piece.places.reserve_exact(found);
        piece.positions.reserve_exact(found);
        piece.scores.reserve_exact(found);
        for (row, ranked) in piece.rows.iter_mut().flatten().zip(ranked) {
            *row = ranked.len();
            for best in ranked {
                let position = self.position(best.place);
                piece.places.push(best.place);
                let position = position.map_or(-1, |position| position as i64);
                piece.positions.push(position);
                piece.scores.push(best.score);
            }
        }
        Ok(Some(piece))
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
        let read = |places: &[Place]| -> Result<Ids, Error> {
            // Many rows have the same sessions, and an id is read from the text of its session only once.
            let mut numbers: HashMap<Place, u32, FixedState> = HashMap::default();
            let mut different = Vec::new();
            let number = |&place: &Place| {
                *numbers.entry(place).or_insert_with(|| {
                    different.push(place);
                    different.len() as u32 - 1
                })
            };
            let numbers: Vec<u32> = places.iter().map(number).collect();
            let mut read = Ids::with_capacity(different.len());
            for places in different.chunks(AHEAD) {
                let held = places.iter().map(|place| {
                    let (text, id) = members.get(place.part as usize)?;
                    let session = text.get(place.local as usize)?;
                    memory::prefetch(session.packed().as_ptr() as usize);
                    Some((session, id))
                });
                // The processor fetches all of these before the first is needed.
                let held: Vec<_> = held.collect();
                for held in held {
                    read.push_json(held.and_then(|(session, id)| session.get(id)))?;
                }
            }
            let mut ids = Ids::with_capacity(places.len());
            for number in numbers {
                ids.repeat(&read, number as usize)?;
            }
            Ok(ids)
        };
        let each = places.len().div_ceil(pool.current_num_threads());
        let pieces: Result<Vec<Ids>, Error> =
            pool.install(|| places.par_chunks(each.max(IDS)).map(read).collect());
        Some(pieces.and_then(|mut pieces| {
            if pieces.len() == 1 {
                return Ok(pieces.remove(0));
            }
            let mut ids = Ids::with_capacity(places.len());
            for piece in pieces {
                ids.append(&piece)?;
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
            valid: vec![u8::MAX; count.div_ceil(8)],
            nulls: 0,
        }
    }

    /// Adds the id of the next session.
    ///
    /// # Errors
    ///
    /// Fails if there are too many bytes.
    pub fn push(&mut self, id: Option<&[u8]>) -> Result<(), Error> {
        if let Some(id) = id {
            self.bytes.extend_from_slice(id);
        }
        self.finish(id.is_some())
    }

    /// Adds the id of the next session, as it is in the text of the session.
    fn push_json(&mut self, id: Option<ValueView<'_>>) -> Result<(), Error> {
        let Some(id) = id else {
            return self.finish(false);
        };
        match id.as_str() {
            Some(id) if core::str::from_utf8(&id).is_err() => Err(not_unicode(&id)),
            Some(id) => self.push(Some(&id)),
            None => {
                let start = self.bytes.len();
                id.dump(&mut self.bytes);
                let is_null = self.bytes.get(start..) == Some(b"null");
                if is_null {
                    self.bytes.truncate(start);
                }
                self.finish(!is_null)
            }
        }
    }

    /// Adds an id of others, by its number.
    fn repeat(&mut self, of: &Self, number: usize) -> Result<(), Error> {
        let end = |number: usize| {
            let end = of.ends.get(number).copied();
            end.map_or(0, |end| usize::try_from(end).unwrap_or(0))
        };
        let id = of.bytes.get(end(number)..end(number + 1));
        self.bytes.extend_from_slice(id.unwrap_or_default());
        self.finish(bit(&of.valid, number))
    }

    /// Adds the ids of some sessions after the others.
    fn append(&mut self, piece: &Self) -> Result<(), Error> {
        let start = self.bytes.len();
        let number = self.ends.len() - 1;
        let end = Self::checked(start + piece.bytes.len())?;
        self.bytes.extend_from_slice(&piece.bytes);
        let ends = piece.ends.iter().skip(1);
        self.ends
            .extend(ends.map(|piece_end| start as i32 + piece_end));
        debug_assert_eq!(self.ends.last(), Some(&end));
        if piece.nulls > 0 {
            self.nulls += piece.nulls;
            let nulls = (0..piece.ends.len() - 1).filter(|&at| !bit(&piece.valid, at));
            nulls.for_each(|at| clear(&mut self.valid, number + at));
        }
        Ok(())
    }

    /// Ends an id whose bytes were added.
    fn finish(&mut self, valid: bool) -> Result<(), Error> {
        if !valid {
            clear(&mut self.valid, self.ends.len() - 1);
            self.nulls += 1;
        }
        let end = Self::checked(self.bytes.len())?;
        self.ends.push(end);
        Ok(())
    }

    fn checked(end: usize) -> Result<i32, Error> {
        i32::try_from(end).map_err(|_| {
            wrong(format!(
                "more than {MOST} bytes of ids: rank fewer rows at once"
            ))
        })
    }
}

impl RankedRows {
    fn joined(pieces: Vec<Piece>, count: usize) -> Self {
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
                    None => nulls += 1,
                    Some(sessions) => {
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
        rows
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

fn clear(bits: &mut [u8], at: usize) {
    if let Some(byte) = bits.get_mut(at / 8) {
        *byte &= !(1 << (at % 8));
    }
}

fn bit(bits: &[u8], at: usize) -> bool {
    bits.get(at / 8)
        .is_some_and(|byte| byte >> (at % 8) & 1 == 1)
}
