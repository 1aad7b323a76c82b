//! Answers many queries of a catalogue on a thread pool.
//!
//! The caller's thread, which holds the interpreter, only copies the interests ([`Rows`]). The pool's threads compare
//! and look up the copies, and rank. A task ranks [`TASK`] queries: enough to hide the cost of a task, and few enough
//! for the caller to start early. Fewer than [`GRAIN`] queries are ranked on the caller's thread.

use std::ops::Range;
use std::sync::mpsc::{Receiver, RecvError};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::batch::{self, Batch};
use super::filter::Selection;
use super::{Best, Catalog, Narrow};
use crate::engine::error::Error;
use crate::engine::memory::{filled, reserve};
use crate::engine::ordered_tasks::in_order;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Scorer, SumRegime, Weights};

/// The number of queries from which on waking a thread pays.
pub const GRAIN: usize = 16;
/// The number of queries of one task.
pub const TASK: usize = 64;

/// What the queries of one call have in common.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// The weights of the scores.
    pub weights: Weights,
    /// How the interpreter adds.
    pub regime: SumRegime,
    /// How many sessions a query returns.
    pub most: usize,
}

/// The interests of some queries, copied one after another.
#[derive(Debug)]
pub struct Rows {
    /// The bytes of all interests.
    bytes: Vec<u8>,
    /// 0, and where each interest ends in `bytes`.
    ends: Vec<usize>,
    /// The number of interests up to the end of each row, and whether the engine may rank it.
    closed: Vec<(usize, bool)>,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            closed: Vec::new(),
        }
    }
}

impl Rows {
    /// Adds an interest to the row that [`Self::close`] ends.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for it.
    #[inline]
    pub fn push(&mut self, interest: &[u8]) -> Result<(), Error> {
        reserve(&mut self.bytes, interest.len())?;
        let end = self.bytes.len() + interest.len();
        self.ends
            .try_reserve(1)
            .map_err(|_| Error::memory("the interests", end))?;
        self.bytes.extend_from_slice(interest);
        self.ends.push(end);
        Ok(())
    }

    /// Ends a row. The engine will not rank it if it is not `readable`.
    pub fn close(&mut self, readable: bool) {
        self.closed.push((self.ends.len() - 1, readable));
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.closed.len()
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.closed.is_empty()
    }

    /// Returns true if the engine may rank every row.
    pub fn are_readable(&self) -> bool {
        self.closed.iter().all(|&(_, readable)| readable)
    }

    /// Returns the interests of a row, some of them perhaps twice; `None` if the engine may not rank it.
    fn interests(&self, row: usize) -> Option<impl Iterator<Item = &[u8]>> {
        let &(end, true) = self.closed.get(row)? else {
            return None;
        };
        let start = match row.checked_sub(1) {
            Some(before) => self.closed.get(before)?.0,
            None => 0,
        };
        let bounds = self.ends.get(start..=end)?.windows(2);
        Some(bounds.filter_map(|bounds| self.bytes.get(*bounds.first()?..*bounds.last()?)))
    }
}

/// The best sessions of a query, and what scored them.
#[derive(Debug)]
pub struct Found {
    /// The sessions, best first.
    pub best: Vec<Best>,
    /// Scores sessions for the interests of the query.
    pub scorer: Scorer,
}

/// The results of some queries. `None` stands for one that cannot be ranked exactly.
pub type Ranked = Vec<Option<Found>>;

/// Positions and scores, row by row.
pub type Table = (Vec<i64>, Vec<f64>);

impl Catalog {
    /// Calls `consume` with the result of each query, in order. It is `None` if the query or its order cannot be exact.
    ///
    /// The caller's thread reads the next rows and consumes results while the pool ranks. `wait` receives the results of
    /// a task; it may release a lock while it waits.
    ///
    /// # Errors
    ///
    /// Returns the first error of `rows` or of `consume`.
    pub fn rank_each<E>(
        &self,
        pool: Option<&ThreadPool>,
        shared: Shared,
        rows: impl Iterator<Item = Result<Rows, E>>,
        wait: impl Fn(Receiver<Ranked>) -> Result<Ranked, RecvError>,
        mut consume: impl FnMut(Option<Found>) -> Result<(), E>,
    ) -> Result<(), E> {
        let tasks = rows.map(|rows| {
            let rows = rows?;
            Ok(move || -> Ranked {
                let numbers = 0..rows.len();
                numbers
                    .map(|row| self.rank(&rows, row, shared, None))
                    .collect()
            })
        });
        in_order(pool, tasks, wait, |ranked: Ranked| {
            ranked.into_iter().try_for_each(&mut consume)?;
            Ok(true)
        })
    }

    /// Ranks queries into a table of positions and a table of scores, row by row with `shared.most` columns.
    ///
    /// Each query chooses from the sessions that the filter admits. Cells without a session hold -1 and NaN. Returns
    /// `None` if the order of one query cannot be proven. Without a pool, this thread ranks.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for the tables.
    pub fn rank_table(
        &self,
        pool: Option<&ThreadPool>,
        shared: Shared,
        rows: &Rows,
        narrow: Option<Narrow<'_>>,
    ) -> Result<Option<Table>, Error> {
        let filter = self.selections(narrow);
        let filter = filter.as_deref();
        let mut positions = filled(-1_i64, rows.len(), shared.most)?;
        let mut scores = filled(f64::NAN, rows.len(), shared.most)?;
        let threads = pool.map_or(1, ThreadPool::current_num_threads);
        let size = batch::size(rows.len(), threads);
        let width = shared.most.max(1);
        let fill = |(number, (positions, scores)): (usize, (&mut [i64], &mut [f64]))| {
            let first = number * size;
            let numbers = first..rows.len().min(first + size);
            let Some(ranked) = self.rank_batch(rows, numbers, shared, filter) else {
                return false;
            };
            let cells = positions.chunks_mut(width).zip(scores.chunks_mut(width));
            for (best, (positions, scores)) in ranked.into_iter().zip(cells) {
                for ((position, score), best) in positions.iter_mut().zip(scores).zip(best) {
                    *position = self.position(best.place).map_or(-1, |place| place as i64);
                    *score = best.score;
                }
            }
            true
        };
        let complete = if let Some(pool) = pool {
            let cells = positions
                .par_chunks_mut(width.saturating_mul(size))
                .zip(scores.par_chunks_mut(width.saturating_mul(size)));
            pool.install(|| cells.enumerate().all(fill))
        } else {
            let cells = positions
                .chunks_mut(width.saturating_mul(size))
                .zip(scores.chunks_mut(width.saturating_mul(size)));
            cells.enumerate().all(fill)
        };
        Ok(complete.then_some((positions, scores)))
    }

    fn rank_batch(
        &self,
        rows: &Rows,
        numbers: Range<usize>,
        shared: Shared,
        filter: Option<&[Selection<'_>]>,
    ) -> Option<Vec<Vec<Best>>> {
        if numbers.len() == 1 {
            // A batch of one would look up each interest twice.
            let found = self.rank(rows, numbers.start, shared, filter)?;
            return Some(vec![found.best]);
        }
        let mut batch = Batch::new(self);
        for row in numbers {
            for interest in rows.interests(row)? {
                batch.push_interest(interest)?;
            }
            let scorer = Scorer::new(shared.weights, batch.pending(), shared.regime);
            batch.push_query(scorer, shared.most);
        }
        batch.rank(filter)
    }

    fn rank(
        &self,
        rows: &Rows,
        row: usize,
        shared: Shared,
        filter: Option<&[Selection<'_>]>,
    ) -> Option<Found> {
        let given = rows.interests(row)?;
        let most = given.size_hint().1.unwrap_or_default();
        let mut interests = InterestSet::with_capacity(most);
        for interest in given {
            interests.insert(interest);
        }
        let scorer = Scorer::new(shared.weights, interests.len(), shared.regime);
        let best = self.top_k_of(&interests, &scorer, shared.most, filter)?;
        Some(Found { best, scorer })
    }
}
