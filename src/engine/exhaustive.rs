//! The road that always holds: count every session's hits, score every session, select.
//!
//! For weights that are negative or not finite, infinite popularity, sessions with hundreds of hits, and answers so
//! long that skipping gains nothing. O(n + postings) and one `u32` a session. Of few admitted sessions only these are
//! counted: O(n / 8 + admitted · (rows + lists · log n)).

use super::bitmap::Bitmap;
use super::lane::Lane;
use super::order::{LANE_IDS, Order};
use super::pool::Candidate;
use super::posting::Matched;
use super::score::Scorer;

/// The hits of every rank.
pub(super) fn count_hits(order: &Order, matched: &Matched<'_>) -> Vec<u32> {
    let mut hits = vec![0_u32; order.ranks()];
    for row in &matched.rows {
        for (lane, chunk) in row.iter().zip(hits.chunks_exact_mut(LANE_IDS)) {
            for (&word, chunk) in lane.0.iter().zip(chunk.chunks_exact_mut(64)) {
                for (bit, count) in chunk.iter_mut().enumerate() {
                    *count += (word >> bit & 1) as u32;
                }
            }
        }
    }
    for list in &matched.lists {
        for &rank in *list {
            // A damaged file may hold any.
            if let Some(hits) = hits.get_mut(rank as usize) {
                *hits += 1;
            }
        }
    }
    hits
}

/// The first `k` of the admitted sessions, best first; `None` where the score of one is NaN or leaves the exact range.
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
            if admits(order.positions()[rank]) {
                all.push(scored(order, scorer, rank, hits)?);
            }
        }
    }
    Some(first(k, all))
}

/// The same, of the few sessions at these positions.
pub(super) fn top_k_among(
    order: &Order,
    matched: &Matched<'_>,
    scorer: &Scorer,
    k: usize,
    admitted: &Bitmap,
) -> Option<Vec<Candidate>> {
    let mut all = Vec::new();
    for segment in order.segments() {
        let ranks = segment.start..segment.end;
        for (rank, &position) in ranks.clone().zip(&order.positions()[ranks]) {
            if admitted.contains(position) {
                all.push(scored(order, scorer, rank, hits_of(rank, matched))?);
            }
        }
    }
    Some(first(k, all))
}

/// The hits of one rank.
fn hits_of(rank: usize, matched: &Matched<'_>) -> u32 {
    let bit = |row: &&[Lane]| {
        let lane = row.get(rank / LANE_IDS);
        lane.map_or(0, |lane| (lane.0[rank / 64 % 8] >> (rank % 64) & 1) as u32)
    };
    let listed = |list: &&&[u32]| list.binary_search(&(rank as u32)).is_ok();
    let rows: u32 = matched.rows.iter().map(bit).sum();
    rows + matched.lists.iter().filter(listed).count() as u32
}

fn scored(order: &Order, scorer: &Scorer, rank: usize, hits: u32) -> Option<Candidate> {
    let score = scorer.score(hits, order.number(rank))?.as_f64();
    let position = order.positions()[rank];
    (!score.is_nan()).then(|| Candidate::new(score, position, rank, hits))
}

/// The first `k`, in order.
fn first(k: usize, mut all: Vec<Candidate>) -> Vec<Candidate> {
    if k < all.len() {
        all.select_nth_unstable(k);
        all.truncate(k);
    }
    all.sort_unstable();
    all
}
