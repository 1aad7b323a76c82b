//! Finds the top k without reading all sessions: reads ranks from the most popular down, and stops when no later
//! session can enter the answer.
//!
//! Hit counts come 512 at a time from [`seek`](super::lane::seek). It stops only where a count reaches the lowest
//! *open* level, which is the smallest number of hits with which a later session could still enter. Two exact rules
//! close a level. First: its [`Bound`] at the current popularity is below the worst score of the full [`Pool`]. Second:
//! inside a run of equal popularity, its score does not beat the worst score of the pool, and later positions lose
//! ties. When the highest level is closed, the segment is finished. Only admitted sessions enter the pool, so a session
//! that the filter refuses never closes a level for one that it admits.
//!
//! # Performance notes
//!
//! `cargo bench --bench top_k`, one thread of a 2-core machine with AVX-512; ratios are worth more than times.
//!
//! Kept:
//! * Segments by number of tags. With uniform tags, mostly sessions with 4 and 5 tags are read: 7 µs instead of 16 µs
//!   for 1,000,000 sessions. With frequent tags, the highest level fills the pool in the first lanes, and every other
//!   segment ends after one comparison (0.6 µs at any size).
//! * Four rows for each adder tree, and planes in registers: 7 µs instead of 25 µs (1,000,000 sessions, uniform tags).
//!   Indexing the planes by a variable kept them on the stack, and made AVX-512 slower than the baseline.
//! * Instructions chosen at run time: 20 µs baseline, 9 µs AVX2, 7 µs AVX-512 on the same query.
//! * A bitmap for each tag that at least one session in 2,048 has, as far as memory allows. 10 of 300 uniform tags
//!   take 7 µs; 20 µs if the limit is one in 256, and 136 µs if it is one in 64 (1,000,000 sessions).
//! * Sparse postings added without a branch on the carry, in windows that grow from 4 to 32 lanes: 250 µs instead of
//!   470 µs for 350,000 postings in 100 lists.
//! * Scores as integer keys in the pool, and a score of three floats without the loop over types: 21 µs instead of
//!   49 µs for a full ranking of 1,000.
//!
//! Dropped:
//! * Sorting by comparing when building: 3 million sessions a second. Counting passes reach 7 million.
//! * Windows of 8 lanes for sparse postings (twice the time with 100 lists), and of 64 lanes (no gain).
//! * Blocks like those of Roaring bitmaps. The order is by popularity, so a tag is equally dense everywhere.
//!
//! The worst case is O(ranks · (rows / 512 + 1 / 512) + postings of the lists + candidates · log k).

// Runs consist of exactly equal floats.
#![allow(clippy::float_cmp)]

use super::bound::Bound;
use super::lane::{Found, Lane};
use super::order::{LANE_IDS, Order, RankSegment};
use super::pool::{Candidate, Pool};
use super::posting::Matched;
use super::score::{Number, Scorer};
use super::simd::Simd;
use super::sparse::Sparse;

/// The largest number of lanes that are read before the open levels are computed again.
const MOST_STRIDE: usize = 32;
/// Up to this number of sessions of a lane are taken in order of rank. More are taken level by level, highest first, so
/// that the worst score of the pool rises early.
const FEW: u32 = 8;
/// After this number of refusals, the filter is tested before the scores are computed.
const MOST_REFUSED: usize = 256;

/// Returns the best `k` admitted sessions, best first. Every session must have fewer than 2^`P` hits.
pub(super) fn top_k<const P: usize, F: Fn(u32) -> bool + ?Sized>(
    order: &Order,
    matched: &Matched<'_>,
    scorer: &Scorer,
    bound: Bound,
    k: usize,
    admits: &F,
) -> Vec<Candidate> {
    let mut scan = Scan::new(order, scorer, bound, k, admits);
    let mut sparse = Sparse::<P>::new(&matched.lists);
    let simd = Simd::detect();
    for segment in order.segments() {
        scan.segment(segment, &matched.rows, &mut sparse, simd);
    }
    scan.pool.into_sorted()
}

/// What remains to be read of a segment, from some lane on.
enum Open {
    /// Nothing.
    Nothing,
    /// Only lanes from this one on.
    From(usize),
    /// The sessions with at least `level` hits in the lanes before `limit`.
    Level { level: u32, limit: usize },
}

struct Scan<'a, F: ?Sized> {
    order: &'a Order,
    scorer: &'a Scorer,
    bound: Bound,
    pool: Pool,
    /// True if an int and a float of equal value give the same score.
    kinds_tie: bool,
    admits: &'a F,
    /// The number of sessions that were good enough and not admitted.
    refused: usize,
}

impl<'a, F: Fn(u32) -> bool + ?Sized> Scan<'a, F> {
    fn new(order: &'a Order, scorer: &'a Scorer, bound: Bound, k: usize, admits: &'a F) -> Self {
        let mixed = order.has_kinds() == (true, true);
        Self {
            order,
            scorer,
            bound,
            pool: Pool::new(k, order.len()),
            kinds_tie: !mixed || matches!(scorer.weights().popularity, Number::Float(_)),
            admits,
            refused: 0,
        }
    }

    fn segment<const P: usize>(
        &mut self,
        segment: &RankSegment,
        rows: &[&[Lane]],
        sparse: &mut Sparse<'_, P>,
        simd: Simd,
    ) {
        let most = segment.most_tags.min(rows.len() as u32 + sparse.len());
        let end = segment.end.div_ceil(LANE_IDS);
        let mut lane = segment.start / LANE_IDS;
        let mut run = Run::default();
        let (mut lowest, mut stride) = (0, 1);
        while lane < end {
            let (level, limit) = match self.open(segment, lane, &mut lowest, most, &mut run) {
                Open::Nothing => return,
                Open::From(next) => {
                    lane = next;
                    continue;
                }
                Open::Level { level, limit } => (level, limit),
            };
            let (base, until) = match sparse.counters(lane..end, level, rows.len()) {
                Ok((base, until)) => (base, limit.min(until).min(lane + stride)),
                Err(next) => {
                    lane = limit.min(next);
                    continue;
                }
            };
            if let Some(mut found) = simd.seek(rows, base, lane..until, level) {
                self.sift(&mut found);
                self.take(&found, level, most, segment);
                lane = found.lane + 1;
            } else {
                lane = until;
                stride = MOST_STRIDE.min(2 * stride);
            }
        }
    }

    /// Returns what to read from `lane` on. `lowest` is raised past levels that are closed for the rest of the segment.
    #[inline]
    fn open(
        &self,
        segment: &RankSegment,
        lane: usize,
        lowest: &mut u32,
        most: u32,
        run: &mut Run,
    ) -> Open {
        let popularity = &self.order.popularity()[..segment.end];
        let rank = lane * LANE_IDS;
        let reached = popularity[rank];
        while self.bound.above(*lowest, reached) < self.pool.worst_score() {
            *lowest += 1;
            if *lowest > most {
                return Open::Nothing;
            }
        }
        let level = *lowest;
        let last = segment.end.min(rank + LANE_IDS) - 1;
        let limit = segment.end.div_ceil(LANE_IDS);
        if popularity[last] != reached {
            return Open::Level { level, limit };
        }
        let position = self.order.positions()[rank];
        let open = (level..=most).find(|&hits| self.may_enter(hits, reached, position));
        if open == Some(level) {
            return Open::Level { level, limit };
        }
        // The lane in which the run ends holds sessions of the next one.
        let limit = match run.end(popularity, last) {
            end if end == segment.end => limit,
            end => end / LANE_IDS,
        };
        open.map_or(Open::From(limit), |level| Open::Level { level, limit })
    }

    /// Returns true if a session with these hits and this popularity, at this position or later, could enter the pool.
    fn may_enter(&self, hits: u32, popularity: f64, position: u32) -> bool {
        let admits = |number| {
            let score = self.scorer.score(hits, number);
            score.is_none_or(|score| self.pool.admits(score.as_f64(), position))
        };
        let (has_int, has_float) = self.order.has_kinds();
        (has_float && admits(Number::Float(popularity)))
            || (has_int && popularity.fract() == 0.0 && admits(Number::Int(popularity as i64)))
    }

    /// Removes the sessions of a lane that are not admitted, if many were refused before.
    ///
    /// A filter may refuse all sessions of the highest levels. A query over 1,000,000 sessions, with a filter that
    /// admits only sessions without hits, took 45 ms without this step.
    #[inline]
    fn sift<const P: usize>(&self, found: &mut Found<P>) {
        if self.refused > MOST_REFUSED && found.mask.count() > FEW {
            let mut lanes = self.order.positions().chunks_exact(LANE_IDS);
            let positions = lanes.nth(found.lane).unwrap_or_default();
            let admits = |column| positions.get(column).is_some_and(|&at| (self.admits)(at));
            found.mask = found.mask.and(Lane::from_fn(admits));
        }
    }

    /// Offers the sessions of a lane that reached `level` to the pool.
    fn take<const P: usize>(
        &mut self,
        found: &Found<P>,
        level: u32,
        most: u32,
        segment: &RankSegment,
    ) {
        let start = found.lane * LANE_IDS;
        let in_segment = segment.end - start;
        if found.mask.count() <= FEW {
            for column in found.mask.ones().take_while(|&column| column < in_segment) {
                self.offer(start + column, found.planes.count(column));
            }
            return;
        }
        for hits in (level..=most).rev() {
            let members = found.planes.exactly(hits).and(found.mask);
            let mut refused = f64::NAN;
            for column in members.ones().take_while(|&column| column < in_segment) {
                let rank = start + column;
                let popularity = self.order.popularity()[rank];
                // It has the same score at a later position.
                if popularity == refused {
                    continue;
                }
                // Only this level ends here: lower levels may begin with more popular sessions.
                if self.bound.above(hits, popularity) < self.pool.worst_score() {
                    break;
                }
                if !self.offer(rank, hits) && self.kinds_tie {
                    refused = popularity;
                }
            }
        }
    }

    /// Adds the session to the pool if its score is good enough and it is admitted. Returns true if its score was good
    /// enough.
    ///
    /// The score is computed before the filter is tested, because scoring reads neighbouring memory.
    #[inline]
    fn offer(&mut self, rank: usize, hits: u32) -> bool {
        let score = self.scorer.score(hits, self.order.number(rank));
        score.is_some_and(|score| {
            let position = self.order.positions()[rank];
            let candidate = Candidate::new(score.as_f64(), position, rank, hits);
            let is_wanted = self.pool.wants(&candidate);
            if is_wanted {
                if (self.admits)(position) {
                    self.pool.take(candidate);
                } else {
                    self.refused += 1;
                }
            }
            is_wanted
        })
    }
}

/// The end of the last run of equal popularity that was searched.
#[derive(Default)]
struct Run {
    end: usize,
}

impl Run {
    /// Returns one past the last rank with the popularity of `rank`. Costs O(log run), or O(1) inside the last run.
    fn end(&mut self, popularity: &[f64], rank: usize) -> usize {
        if rank >= self.end {
            let (value, rest) = (popularity[rank], &popularity[rank..]);
            let mut step = 1;
            while step < rest.len() && rest[step] == value {
                step *= 2;
            }
            let near = &rest[step / 2..rest.len().min(step)];
            self.end = rank + step / 2 + near.partition_point(|&other| other == value);
        }
        self.end
    }
}
