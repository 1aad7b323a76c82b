//! Finds the smallest weight with which a session enters the first places of an answer.
//!
//! A score is a line in each weight: for the weight of interests, `match × weight` plus a constant; for that of
//! popularity, `popularity × weight` plus a constant. So another session is ahead on a half-line of weights, and a
//! sweep over the ends of these half-lines counts how many are ahead. O(n log n).
//!
//! Scores are rounded, so near its end a half-line is not exact. The sweep therefore counts as ahead only what is ahead
//! beyond all rounding. Where that count allows it, the exact scores decide, which costs O(n) for a weight that does and
//! mostly O(top) for one that does not.
//! Weights are whole multiples of 1/[`STEP`] from -[`MOST`] to [`MOST`]; no smaller one of them would do.

use core::cmp::Ordering;

use super::Best;
use crate::engine::ranking::score::{Factor, Number, Scorer};

/// How many weights lie between 0 and 1.
pub const STEP: f64 = 100.0;
/// The largest weight that is tried; the smallest is the same below 0.
pub const MOST: f64 = 1000.0;

/// More than the rounding errors of a score, as a part of the sum of its terms.
const ROUNDING: f64 = 1.0 / (1_u64 << 48) as f64;

/// Returns the smallest weight above the present one with which `target`, a number in `ranked`, is among the first
/// `top`; `None` if there is none. `ranked` holds all sessions of the query.
pub fn smallest(
    ranked: &[Best],
    target: usize,
    scorer: &Scorer,
    factor: Factor,
    top: usize,
) -> Option<f64> {
    let session = ranked.get(target)?;
    let last = MOST * STEP;
    let first = (scorer.weights().of(factor).as_f64() * STEP).floor() + 1.0;
    // A weight that is not a number has no next one.
    if top == 0 || first.is_nan() || first > last {
        return None;
    }
    let first = first.max(-last);
    let (mut ahead, events) = sweep(ranked, session, scorer, factor, first, last);
    let mut from = first;
    let mut events = events.into_iter().peekable();
    loop {
        while let Some((_, change)) = events.next_if(|&(at, _)| at <= from) {
            ahead += change;
        }
        let end = events.peek().map_or(last, |&(at, _)| (at - 1.0).min(last));
        if ahead < top as i64 {
            let mut step = from;
            while step <= end {
                if is_among(
                    ranked,
                    session,
                    &scorer.reweighted(factor, step / STEP),
                    top,
                ) {
                    return Some(step / STEP);
                }
                step += 1.0;
            }
        }
        from = end + 1.0;
        if from > last {
            return None;
        }
    }
}

/// Counts the sessions that are certainly ahead at the first step, and where that number changes, in order.
fn sweep(
    ranked: &[Best],
    session: &Best,
    scorer: &Scorer,
    factor: Factor,
    first: f64,
    last: f64,
) -> (i64, Vec<(f64, i64)>) {
    let (slope, constant) = line(session, scorer, factor);
    let shared = scorer.diversity().unwrap_or_default();
    let mut ahead = 0;
    let mut events = Vec::new();
    for other in ranked.iter().filter(|other| other.place != session.place) {
        let (other_slope, other_constant) = line(other, scorer, factor);
        let same_kind = matches!(session.popularity, Number::Int(_))
            == matches!(other.popularity, Number::Int(_));
        if same_kind && (slope, constant) == (other_slope, other_constant) {
            // The scores are equal for every weight, to the last bit.
            ahead += i64::from(other.place < session.place);
            continue;
        }
        let slopes = slope.abs() + other_slope.abs();
        let constants = constant.abs() + other_constant.abs() + shared.abs();
        // Certainly ahead where `rise × weight > room`.
        let rise = (other_slope - slope) - ROUNDING * slopes;
        let room = ROUNDING * constants - (other_constant - constant);
        let bound = room / rise * STEP;
        if !(rise.is_finite() && room.is_finite()) || (rise == 0.0 && room >= 0.0) {
            continue;
        }
        if rise == 0.0 {
            ahead += 1;
        } else if rise > 0.0 {
            // One step of the grid more than the bound itself, which is rounded too.
            let starts = bound.floor() + 2.0;
            if starts <= first {
                ahead += 1;
            } else if starts <= last {
                events.push((starts, 1));
            }
        } else {
            let ends = bound.ceil() - 1.0;
            if ends > first {
                ahead += 1;
                if ends <= last {
                    events.push((ends, -1));
                }
            }
        }
    }
    events.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    (ahead, events)
}

/// Returns slope and constant of a session's score without the part that all sessions share.
fn line(session: &Best, scorer: &Scorer, factor: Factor) -> (f64, f64) {
    let (matched, popularity) = (session.matched.as_f64(), session.popularity.as_f64());
    let weights = scorer.weights();
    match factor {
        Factor::Interest => (matched, popularity * weights.popularity.as_f64()),
        Factor::Popularity => (popularity, matched * weights.interest.as_f64()),
    }
}

/// Returns true if fewer than `top` sessions are before this one, by their exact scores. False where a score has no
/// order or leaves the exact range.
fn is_among(ranked: &[Best], session: &Best, scorer: &Scorer, top: usize) -> bool {
    let score = |of: &Best| {
        let score = scorer.score_of(of.matched, of.popularity)?.as_f64();
        (!score.is_nan()).then_some(score)
    };
    let Some(own) = score(session) else {
        return false;
    };
    let mut before = 0;
    for other in ranked {
        let Some(score) = score(other) else {
            return false;
        };
        before += usize::from(match score.partial_cmp(&own) {
            Some(Ordering::Equal) => other.place < session.place,
            order => order == Some(Ordering::Greater),
        });
        if before >= top {
            return false;
        }
    }
    true
}
