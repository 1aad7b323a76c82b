//! Answers queries for many sessions: collects whole *runs* of sessions, and puts them in order once.
//!
//! A run holds the sessions of a segment that have equally many hits. Its ranks descend in popularity, so its scores are
//! in order already, but for rounding and ties. So a query for many sessions needs no pool and hardly a sort: each run is read
//! down to the popularity at which its [`Bound`] falls below a least score, and the runs are merged.
//!
//! Costs O(ranks · rows / 512 + sessions found) and a merge of the runs. `Index::top_k` alone, on a busy machine,
//! with a pool and with runs: the best 1,000 of 1,000 sessions 25 µs and 10 µs, of 10,000 63 µs and 29 µs, of 100,000
//! 97 µs and 57 µs.
//!
//! Dropped: an unstable sort of all that was collected (twice the time of the merge at 100,000 sessions), and counting
//! the bits of each level of the estimate by AVX2 and `popcnt` (no gain).

use super::bound::Bound;
use super::lane::{Found, Lane, Wanted};
use super::order::{LANE_IDS, Order, RankSegment};
use super::pool::Candidate;
use super::posting::Matched;
use super::score::{Number, Scorer};
use super::simd::Simd;
use super::sparse::Sparse;

/// Sessions may have up to 2^this − 1 hits. More levels make more runs than are worth their search.
pub(super) const MOST_PLANES: usize = 4;

/// Returns the best `k` admitted sessions in order, for a `k` that is a large part of all sessions. Every session must
/// have fewer than 2^`P` hits. Returns `None` for a damaged file.
pub(super) fn top_k<const P: usize, F: Fn(u32) -> bool + ?Sized>(
    order: &Order,
    matched: &Matched<'_>,
    scorer: &Scorer,
    bound: Bound,
    k: usize,
    admits: &F,
) -> Option<Vec<Candidate>> {
    let (floor, most) = (f64::NEG_INFINITY, order.len());
    let mut all = at_least::<P, F>(order, matched, scorer, bound, floor, most, admits)?;
    all.truncate(k);
    Some(all)
}

/// Collects the admitted sessions that score at least `floor`, best first. Returns `None` if there are more than
/// `most` of them. Every session must have fewer than 2^`P` hits. Unless `floor` is `-inf`, neither more hits nor more
/// popularity may make a score worse.
pub(super) fn at_least<const P: usize, F: Fn(u32) -> bool + ?Sized>(
    order: &Order,
    matched: &Matched<'_>,
    scorer: &Scorer,
    bound: Bound,
    floor: f64,
    most: usize,
    admits: &F,
) -> Option<Vec<Candidate>> {
    let simd = Simd::detect();
    let mut sparse = Sparse::<P>::new(&matched.lists);
    let mut counted = Vec::new();
    let mut all = Vec::with_capacity(most.min(order.len()));
    for segment in order.segments() {
        let (positions, popularity) = (order.positions(), order.popularity());
        let held = &popularity[segment.start..segment.end];
        let highest = segment
            .most_tags
            .min((matched.rows.len() + matched.lists.len()) as u32);
        // By hits: one past the last rank that may score enough.
        let end = |hits| {
            let reaches = |&popularity: &f64| bound.above(hits, popularity) >= floor;
            segment.start + held.partition_point(reaches)
        };
        let ends: Vec<usize> = (0..=highest).map(end).collect();
        count(
            segment,
            &ends,
            &matched.rows,
            &mut sparse,
            simd,
            &mut counted,
        );
        for (hits, &end) in ends.iter().enumerate().rev() {
            let hits = hits as u32;
            let float = scorer.float_scores(hits);
            let run = counted
                .iter()
                .take_while(|found| found.lane * LANE_IDS < end);
            for found in run {
                let start = found.lane * LANE_IDS;
                let members = found.planes.exactly(hits).and(Lane::before(end - start));
                let mut take = |rank: usize, score: f64| {
                    let position = positions[rank];
                    // A damaged file may hold NaN, which the caller must see.
                    if score < floor || !admits(position) {
                        return;
                    }
                    all.push(Candidate::new(score, position, rank, hits));
                };
                match float {
                    Some(float) => members.each_one(|column| {
                        let rank = start + column;
                        take(rank, float.score(popularity[rank]));
                    }),
                    None => members.each_one(|column| {
                        let rank = start + column;
                        let score = scorer.score(hits, order.number(rank));
                        take(rank, score.map_or(f64::NAN, Number::as_f64));
                    }),
                }
                if all.len() > most {
                    return None;
                }
            }
        }
    }
    if !all.is_sorted() {
        // A stable sort finds the runs and merges them.
        all.sort();
    }
    Some(all)
}

/// Counts the hits in the lanes of a segment in which some session may score enough, given the end of each run.
fn count<const P: usize>(
    segment: &RankSegment,
    ends: &[usize],
    rows: &[&[Lane]],
    sparse: &mut Sparse<'_, P>,
    simd: Simd,
    counted: &mut Vec<Found<P>>,
) {
    counted.clear();
    let mut lane = segment.start / LANE_IDS;
    // The fewer hits, the earlier a run ends. So the lanes are read level by level.
    for (hits, end) in (0..).zip(ends) {
        let end = end.div_ceil(LANE_IDS);
        while lane < end {
            let (base, until) = match sparse.counters(lane..end, hits, rows.len()) {
                Ok((base, until)) => (base, until.min(end)),
                Err(next) => {
                    lane = next;
                    continue;
                }
            };
            let found = simd.seek(rows, base, lane..until, Wanted::at_least(hits));
            lane = found.as_ref().map_or(until, |found| found.lane + 1);
            counted.extend(found);
        }
    }
}
