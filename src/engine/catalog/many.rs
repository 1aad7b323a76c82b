//! Answers many queries of a catalogue on a thread pool.
//!
//! A task ranks [`TASK`] queries: enough to hide the cost of a task, and few enough for the caller to start early.
//! Fewer than [`GRAIN`] queries are ranked on the caller's thread.

use std::sync::mpsc::{Receiver, RecvError};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::batch::{self, Batch};
use super::filter::Selection;
use super::{Best, Catalog, Narrow};
use crate::engine::error::Error;
use crate::engine::memory::filled;
use crate::engine::ordered_tasks::in_order;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::Scorer;

/// The number of queries from which on waking a thread pays.
pub const GRAIN: usize = 16;
/// The number of queries of one task.
const TASK: usize = 64;

/// One of many queries.
#[derive(Debug)]
pub struct Query {
    /// The interests.
    pub interests: InterestSet,
    /// Scores sessions for these interests.
    pub scorer: Scorer,
    /// How many sessions to return.
    pub most: usize,
}

/// The best sessions of each query, or `None` for a query that cannot be ranked exactly.
pub type Ranked = Vec<Option<Vec<Best>>>;

/// Positions and scores, row by row.
pub type Table = (Vec<i64>, Vec<f64>);

impl Catalog {
    /// Calls `consume` with the number of each query and its best sessions, in order.
    ///
    /// The sessions are `None` if there is no query, or if its order cannot be proven. The pool ranks while the caller's
    /// thread consumes. `wait` receives the results of a task; it may release a lock while it waits.
    ///
    /// # Errors
    ///
    /// Returns the first error of `consume`.
    pub fn rank_each<E>(
        &self,
        pool: Option<&ThreadPool>,
        queries: &[Option<Query>],
        wait: impl Fn(Receiver<Ranked>) -> Result<Ranked, RecvError>,
        mut consume: impl FnMut(usize, Option<Vec<Best>>) -> Result<(), E>,
    ) -> Result<(), E> {
        let rank = |query: &Option<Query>| self.rank(query.as_ref()?);
        let tasks = queries
            .chunks(TASK)
            .map(|task| Ok(move || task.iter().map(rank).collect()));
        let mut number = 0;
        in_order(pool, tasks, wait, |ranked: Ranked| {
            for best in ranked {
                consume(number, best)?;
                number += 1;
            }
            Ok(true)
        })
    }

    /// Ranks queries into a table of positions and a table of scores, row by row with `columns` columns.
    ///
    /// Each query chooses from the sessions that the filter admits. Cells without a session hold -1 and NaN. Returns `None`
    /// if the order of one query cannot be proven.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for the tables.
    pub fn rank_table(
        &self,
        pool: &ThreadPool,
        queries: &[&Query],
        columns: usize,
        narrow: Option<Narrow<'_>>,
    ) -> Result<Option<Table>, Error> {
        let filter = self.selections(narrow);
        let filter = filter.as_deref();
        let mut positions = filled(-1_i64, queries.len(), columns)?;
        let mut scores = filled(f64::NAN, queries.len(), columns)?;
        let size = batch::size(queries.len(), pool.current_num_threads());
        let row = columns.max(1);
        let rows = positions
            .par_chunks_mut(row * size)
            .zip(scores.par_chunks_mut(row * size));
        let fill = |(queries, (positions, scores)): (&[&Query], (&mut [i64], &mut [f64]))| {
            let Some(ranked) = self.rank_batch(queries, filter) else {
                return false;
            };
            let rows = positions.chunks_mut(row).zip(scores.chunks_mut(row));
            for (best, (positions, scores)) in ranked.into_iter().zip(rows) {
                for ((position, score), best) in positions.iter_mut().zip(scores).zip(best) {
                    *position = self.position(best.place).map_or(-1, |place| place as i64);
                    *score = best.score;
                }
            }
            true
        };
        let batches = queries.par_chunks(size).zip(rows);
        let complete = pool.install(|| batches.all(fill));
        Ok(complete.then_some((positions, scores)))
    }

    fn rank_batch(
        &self,
        queries: &[&Query],
        filter: Option<&[Selection<'_>]>,
    ) -> Option<Vec<Vec<Best>>> {
        let mut batch = Batch::new(self);
        for query in queries {
            for interest in query.interests.iter() {
                batch.push_interest(interest)?;
            }
            batch.push_query(query.scorer, query.most);
        }
        batch.rank(filter)
    }

    fn rank(&self, query: &Query) -> Option<Vec<Best>> {
        self.top_k(&query.interests, &query.scorer, query.most, None)
    }
}
