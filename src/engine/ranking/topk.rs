//! The fast road: read the ranks from the best popularity on, and only while some session could still enter the answer.
//!
//! A *level* is a number of hits, counted from the worst that a session of the segment can have: level 0 is no hit, or
//! the most hits where the interests have a negative weight. Hit counts come 512 at a time from
//! [`seek`](super::lane::seek), which stops only where a count reaches the lowest *open* level: the worst with which a
//! session from here on could still enter. Two rules close a level, both exact: its [`Bound`] at the popularity reached
//! lies under the worst score of the full [`Pool`]; or, where all sessions of a lane have the same popularity or the
//! popularity has no weight, its very score ties or loses at the lane's first position. When the highest level is
//! closed the segment is done. Only admitted sessions enter the pool, so neither rule passes over one for the sake of
//! one that is not.
//!
//! Ranks descend in popularity. Where the popularity has a negative weight the segment is read in blocks of lanes from
//! its end; inside a block the lanes ascend as ever, so that positions grow along a run of equal popularity.
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

use core::ops::Range;

use super::bound::Bound;
use super::floor;
use super::lane::{Found, Lane, Wanted};
use super::order::{LANE_IDS, Order, RankSegment};
use super::pool::{Candidate, Pool};
use super::posting::Matched;
use super::runs;
use super::score::{Number, Scorer};
use super::simd::Simd;
use super::sparse::Sparse;

/// The largest number of lanes that are read before the open levels are computed again.
const MOST_STRIDE: usize = 32;
/// Up to this number of sessions of a lane are taken in order of rank. More are taken level by level, highest first, so
/// that the worst score of the pool rises early.
const FEW: u32 = 8;
/// If a floor admits this multiple of the wanted sessions, as where many tie, the pool reads fewer.
const MOST_COLLECTED: usize = 4;
/// After this number of refusals, the filter is tested before the scores are computed.
const MOST_REFUSED: usize = 256;

/// Returns the admitted sessions that are among the best `k` of them and of earlier ones, whose scores are given, best
/// first. Every session must have fewer than 2^`P` hits.
pub(super) fn top_k<const P: usize, F: Fn(u32) -> bool + ?Sized>(
    order: &Order,
    matched: &Matched<'_>,
    scorer: &Scorer,
    bound: Bound,
    k: usize,
    admits: &F,
    earlier: &[f64],
) -> Vec<Candidate> {
    let read = |pool| {
        let mut scan = Scan::new(order, scorer, bound, pool, admits);
        let mut sparse = Sparse::<P>::new(&matched.lists);
        let simd = Simd::detect();
        for segment in order.segments() {
            scan.segment(segment, &matched.rows, &mut sparse, simd);
        }
        scan.pool
    };
    let pool = || Pool::new(k, order.len(), earlier);
    let estimate = |k| floor::estimate::<P, F>(order, matched, bound, k, admits);
    let mut floor = estimate(k);
    if bound.is_usual() && P <= runs::MOST_PLANES {
        // An estimate that is too high is rare, and the next one is far lower.
        for more in [k.saturating_mul(2), k.saturating_mul(4)] {
            let Some(least) = floor else { break };
            let most = k.saturating_mul(MOST_COLLECTED);
            let found = runs::at_least::<P, F>(order, matched, scorer, bound, least, most, admits);
            let Some(mut found) = found else { break };
            let earlier = earlier.iter().take_while(|&&score| score >= least);
            if found.len().saturating_add(earlier.count()) >= k {
                found.truncate(k);
                return found;
            }
            floor = estimate(more);
        }
    }
    if let Some(floor) = floor {
        let found = read(pool().with_floor(floor));
        if found.is_full() {
            return found.into_sorted();
        }
    }
    read(pool()).into_sorted()
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

/// The levels of a segment that are still open.
struct Levels {
    /// All below are closed for the rest of the segment.
    lowest: u32,
    /// The level of the best sessions that the segment can hold.
    highest: u32,
    /// Whether fewer hits are better.
    few_hits: bool,
}

impl Levels {
    /// Returns the hits of a level.
    #[inline]
    fn hits(&self, level: u32) -> u32 {
        if self.few_hits {
            self.highest - level
        } else {
            level
        }
    }

    /// Returns the fewest hits of a level and those above it, and what to look for.
    #[inline]
    fn wanted<const P: usize>(&self, level: u32) -> (u32, Wanted) {
        if self.few_hits {
            (0, Wanted::at_most(self.hits(level), P))
        } else {
            (level, Wanted::at_least(level))
        }
    }
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
    fn new(order: &'a Order, scorer: &'a Scorer, bound: Bound, pool: Pool, admits: &'a F) -> Self {
        let mixed = order.has_kinds() == (true, true);
        Self {
            order,
            scorer,
            bound,
            pool,
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
        let start = segment.start / LANE_IDS;
        let mut until = segment.end.div_ceil(LANE_IDS);
        let mut levels = Levels {
            lowest: 0,
            highest: segment.most_tags.min(rows.len() as u32 + sparse.len()),
            few_hits: self.bound.prefers_few_hits(),
        };
        if !self.bound.prefers_unpopular() {
            self.lanes(start..until, segment, &mut levels, rows, sparse, simd);
            return;
        }
        let mut size = 1;
        while until > start && levels.lowest <= levels.highest {
            let from = start.max(until.saturating_sub(size));
            sparse.rewind();
            self.lanes(from..until, segment, &mut levels, rows, sparse, simd);
            until = from;
            size = MOST_STRIDE.min(2 * size);
        }
    }

    /// Reads some lanes of a segment; all that are left of it, if more popularity is better.
    fn lanes<const P: usize>(
        &mut self,
        lanes: Range<usize>,
        segment: &RankSegment,
        levels: &mut Levels,
        rows: &[&[Lane]],
        sparse: &mut Sparse<'_, P>,
        simd: Simd,
    ) {
        let Range {
            start: mut lane,
            end,
        } = lanes;
        let mut run = Run::default();
        let mut stride = 1;
        while lane < end {
            let (level, limit) = match self.open(segment, lane..end, levels, &mut run) {
                Open::Nothing => return,
                Open::From(next) => {
                    lane = next;
                    continue;
                }
                Open::Level { level, limit } => (level, limit),
            };
            let (fewest, wanted) = levels.wanted::<P>(level);
            let (base, until) = match sparse.counters(lane..end, fewest, rows.len()) {
                Ok((base, until)) => (base, limit.min(until).min(lane + stride)),
                Err(next) => {
                    lane = limit.min(next);
                    continue;
                }
            };
            if let Some(mut found) = simd.seek(rows, base, lane..until, wanted) {
                self.sift(&mut found);
                self.take(&found, level, levels, segment);
                lane = found.lane + 1;
            } else {
                lane = until;
                stride = MOST_STRIDE.min(2 * stride);
            }
        }
    }

    /// Returns what to read of some lanes, and closes levels for the rest of the segment.
    #[inline]
    fn open(
        &self,
        segment: &RankSegment,
        lanes: Range<usize>,
        levels: &mut Levels,
        run: &mut Run,
    ) -> Open {
        let popularity = &self.order.popularity()[..segment.end];
        let rank = lanes.start * LANE_IDS;
        let best = if self.bound.prefers_unpopular() {
            segment.end.min(lanes.end * LANE_IDS) - 1
        } else {
            rank
        };
        let worst_score = self.pool.worst_score();
        while self
            .bound
            .above(levels.hits(levels.lowest), popularity[best])
            < worst_score
        {
            levels.lowest += 1;
            if levels.lowest > levels.highest {
                return Open::Nothing;
            }
        }
        let (level, limit) = (levels.lowest, lanes.end);
        if self.bound.ignores_popularity() {
            return self.open_by_hits(&lanes, levels);
        }
        let last = segment.end.min(rank + LANE_IDS) - 1;
        if popularity[last] != popularity[rank] {
            return Open::Level { level, limit };
        }
        let position = self.order.positions()[rank];
        let mut open = level..=levels.highest;
        let open =
            open.find(|&level| self.may_enter(levels.hits(level), popularity[rank], position));
        if open == Some(level) {
            return Open::Level { level, limit };
        }
        // The lane in which the run ends holds sessions of the next one.
        let limit = match run.end(popularity, last) {
            end if end == segment.end => limit,
            end => limit.min(end / LANE_IDS),
        };
        open.map_or(Open::From(limit), |level| Open::Level { level, limit })
    }

    /// Returns what to read of some lanes if the popularity changes no score.
    fn open_by_hits(&self, lanes: &Range<usize>, levels: &Levels) -> Open {
        let first = self.order.first_positions();
        let enters = |level, position| self.may_enter(levels.hits(level), 0.0, position);
        // Most queries end with all lanes at which the best level only ties.
        let lane = lanes
            .clone()
            .find(|&lane| enters(levels.highest, first[lane]));
        let Some(lane) = lane else {
            return Open::From(lanes.end);
        };
        if lane > lanes.start {
            return Open::From(lane);
        }
        let mut open = levels.lowest..=levels.highest;
        let level = open.find(|&level| enters(level, first[lane]));
        let level = level.unwrap_or(levels.highest);
        // Another lane may have an earlier position, at which a level below this one is open.
        let everywhere = level == levels.lowest && enters(level, u32::MAX);
        let limit = if everywhere { lanes.end } else { lane + 1 };
        Open::Level { level, limit }
    }

    /// Returns true if a session of these hits and that popularity, at that position or later, could enter.
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
        levels: &Levels,
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
        let best_first = (level..=levels.highest).rev();
        let best_first = best_first.map(|level| levels.hits(level));
        if self.bound.ignores_popularity() {
            best_first.for_each(|hits| self.take_by_position(found, hits, in_segment));
            return;
        }
        for hits in best_first {
            let members = found.planes.exactly(hits).and(found.mask);
            let mut refused = f64::NAN;
            for column in members.ones().take_while(|&column| column < in_segment) {
                let rank = start + column;
                let popularity = self.order.popularity()[rank];
                // It has the same score at a later position.
                if popularity == refused {
                    continue;
                }
                if self.bound.above(hits, popularity) < self.pool.worst_score() {
                    if self.bound.prefers_unpopular() {
                        continue;
                    }
                    // Not the levels below: they may begin with more popular sessions.
                    break;
                }
                if !self.offer(rank, hits) && self.kinds_tie {
                    refused = popularity;
                }
            }
        }
    }

    /// Offers the sessions of a lane that have these hits, if the popularity changes no score.
    fn take_by_position<const P: usize>(&mut self, found: &Found<P>, hits: u32, in_segment: usize) {
        let start = found.lane * LANE_IDS;
        let score = self.scorer.score(hits, Number::Float(0.0));
        let Some(score) = score.map(Number::as_f64) else {
            return;
        };
        if !self
            .pool
            .admits(score, self.order.first_positions()[found.lane])
        {
            return;
        }
        let members = found.planes.exactly(hits).and(found.mask);
        for column in members.ones().take_while(|&column| column < in_segment) {
            let position = self.order.positions()[start + column];
            if self.pool.admits(score, position) {
                self.offer(start + column, hits);
            }
        }
    }

    /// Takes the session if its score is good enough and it is admitted; whether the first was so.
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
