//! Estimates the score of the last of many wanted sessions, so that a query for 1,000 need not collect thousands first.
//!
//! Some lanes are counted, level by level, and stand for the lanes around them. The estimate decides nothing: the
//! sessions that reach it are an answer only if there are `k` of them. They are collected by [`runs`](super::runs), or
//! by a [`Pool`](super::pool::Pool) where a weight is negative or many sessions tie. Costs O(rows · samples), 11 µs of
//! the 57 µs in which 1,000 of 100,000 sessions are found.

use super::bound::Bound;
use super::lane::{Lane, Wanted};
use super::order::{LANE_IDS, Order};
use super::posting::Matched;
use super::simd::Simd;
use super::sparse::Sparse;

/// From this number of wanted sessions on an estimate pays.
const FEWEST: usize = 256;
/// The number of lanes that are counted, at least one of each segment.
const SAMPLES: usize = 64;
/// The number of positions for which a filter is asked, and how many of these it must admit.
const ASKED: usize = 64;
const LEAST_ADMITTED: usize = 16;

/// Sessions of one level in one stretch of lanes.
#[derive(Clone, Copy)]
struct Group {
    /// Their number, estimated.
    count: f64,
    /// The bounds of their scores.
    best: f64,
    worst: f64,
}

/// Returns a score that somewhat more than `k` admitted sessions reach, as far as samples tell. `None` if an estimate
/// would not pay. Every session must have fewer than 2^`P` hits.
pub(super) fn estimate<const P: usize, F: Fn(u32) -> bool + ?Sized>(
    order: &Order,
    matched: &Matched<'_>,
    bound: Bound,
    k: usize,
    admits: &F,
) -> Option<f64> {
    if k < FEWEST {
        return None;
    }
    let asked = (0..ASKED).map(|number| (number * order.len() / ASKED) as u32);
    let admitted = asked.filter(|&position| admits(position)).count();
    if admitted < LEAST_ADMITTED {
        return None;
    }
    let stride = (order.ranks() / LANE_IDS).div_ceil(SAMPLES);
    // Three standard deviations of what the samples are expected to hold.
    let sampled = (k as f64 / stride as f64).max(1.0);
    let margin = 1.0 + 3.0 / sampled.sqrt();
    let mut wanted = k as f64 * margin * ASKED as f64 / admitted as f64;
    if admitted < ASKED {
        wanted *= 1.5;
    }
    let mut groups = groups::<P>(order, matched, bound, stride);
    groups.sort_unstable_by(|a, b| (b.best + b.worst).total_cmp(&(a.best + a.worst)));
    for group in groups {
        if group.count >= wanted {
            let share = wanted / group.count;
            return Some(group.best - share * (group.best - group.worst));
        }
        wanted -= group.count;
    }
    None
}

/// Counts one lane of each stretch of lanes.
fn groups<const P: usize>(
    order: &Order,
    matched: &Matched<'_>,
    bound: Bound,
    stride: usize,
) -> Vec<Group> {
    let simd = Simd::detect();
    let mut sparse = Sparse::<P>::new(&matched.lists);
    let mut groups = Vec::with_capacity(4 * SAMPLES);
    for segment in order
        .segments()
        .iter()
        .filter(|segment| !segment.is_empty())
    {
        let highest = segment
            .most_tags
            .min((matched.rows.len() + matched.lists.len()) as u32);
        let lanes = segment.start / LANE_IDS..segment.end.div_ceil(LANE_IDS);
        for from in lanes.clone().step_by(stride) {
            let until = lanes.end.min(from + stride);
            let lane = usize::midpoint(from, until - 1);
            let Ok((base, _)) = sparse.counters(lane..lane + 1, 0, matched.rows.len()) else {
                continue;
            };
            let counted = simd.seek(&matched.rows, base, lane..lane + 1, Wanted::at_least(0));
            let Some(counted) = counted else { continue };
            let held = Lane::before(segment.end - lane * LANE_IDS);
            let first = order.popularity()[from * LANE_IDS];
            let last = order.popularity()[segment.end.min(until * LANE_IDS) - 1];
            for hits in 0..=highest {
                let count = counted.planes.exactly(hits).and(held).count();
                if count > 0 {
                    let (a, b) = (bound.above(hits, first), bound.above(hits, last));
                    groups.push(Group {
                        count: f64::from(count) * (until - from) as f64,
                        best: a.max(b),
                        worst: a.min(b),
                    });
                }
            }
        }
    }
    groups
}
