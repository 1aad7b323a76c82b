//! Answers a query without skipping: counts the hits of every session, scores every session, and selects the best.
//!
//! For weights that are not finite, infinite popularity, and sessions with hundreds of hits (or a dozen, if a large part
//! of all sessions is wanted). O(n + postings) and one `u32` a session.

use super::order::{LANE_IDS, Order};
use super::pool::{Candidate, sorted_by_groups};
use super::posting::Matched;
use super::score::Scorer;

/// From this number of sessions of a lane on, their bits are not looked for one by one.
const MOST_ONES: u32 = LANE_IDS as u32 / 4;

/// Returns the hits of every rank.
pub(super) fn count_hits(order: &Order, matched: &Matched<'_>) -> Vec<u32> {
    let mut hits = vec![0_u32; order.ranks()];
    for row in &matched.rows {
        for (lane, chunk) in row.iter().zip(hits.chunks_exact_mut(LANE_IDS)) {
            if lane.count() < MOST_ONES {
                for column in lane.ones() {
                    chunk[column] += 1;
                }
                continue;
            }
            for (&word, chunk) in lane.0.iter().zip(chunk.chunks_exact_mut(64)) {
                for (bit, count) in chunk.iter_mut().enumerate() {
                    *count += (word >> bit & 1) as u32;
                }
            }
        }
    }
    for list in &matched.lists {
        for &rank in *list {
            // A damaged file may hold any number.
            if let Some(hits) = hits.get_mut(rank as usize) {
                *hits += 1;
            }
        }
    }
    hits
}

/// Returns the best `k` admitted sessions in order, or `None` if a score is NaN or leaves the exact range.
pub(super) fn top_k<F: Fn(u32) -> bool + ?Sized>(
    order: &Order,
    matched: &Matched<'_>,
    scorer: &Scorer,
    k: usize,
    admits: &F,
) -> Option<Vec<Candidate>> {
    let hits = count_hits(order, matched);
    let mut all = Vec::with_capacity(order.len());
    for segment in order.segments() {
        let ranks = segment.start..segment.end;
        for (rank, &hits) in ranks.clone().zip(&hits[ranks]) {
            let position = order.positions()[rank];
            if admits(position) {
                let score = scorer.score(hits, order.number(rank))?.as_f64();
                if score.is_nan() {
                    return None;
                }
                all.push(Candidate::new(score, position, rank, hits));
            }
        }
    }
    if k < all.len() {
        all.select_nth_unstable(k);
        all.truncate(k);
        all.sort_unstable();
        return Some(all);
    }
    Some(sorted_by_groups(all))
}
