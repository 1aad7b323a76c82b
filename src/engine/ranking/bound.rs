//! An upper bound on computed scores that holds in spite of rounding.
//!
//! A computed score is not monotone: adding rounds, and compensated addition rounds unevenly, so that of two sessions
//! with equal hits the less popular may score the same or, in the last bit, more. What is monotone is the real number
//! S = A + P + D, where A is the rounded product of hits and weight, P the rounded product of popularity and weight
//! (rounding keeps order) and D the diversity. With u = 2⁻⁵³, three additions of either kind give a computed score
//! within 3u(1 + 2u)·(|A| + |P| + |D|) of S (an addition of floats has no other error: sums do not underflow), so that
//! *A + P + D + 16u·(|A| + |P| + |D|)*, computed in floats, exceeds the computed score of every session whose A and P
//! are no larger. A session with an A or a P so negative that its size is larger has lost more in S than its error
//! gains. A weight below 0 turns an order around: the fewer hits, or the less popularity, the larger the product.
//!
//! Invariant of a [`Bound`]: both weights are finite, every A + P + D is finite, every int product is within the exact
//! range. All else takes the exhaustive road.

use super::order::Order;
use super::score::{Number, Scorer};

/// The upper bounds on the scores of one query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    interest: f64,
    popularity: f64,
    diversity: f64,
}

impl Bound {
    /// 16 units of rounding, 16u.
    const SLACK: f64 = 8.0 * f64::EPSILON;
    /// Contributions below this limit cannot overflow when they are added.
    const HUGE: f64 = 1e300;

    /// Makes the bounds. Returns `None` if they would not hold for every session with at most `most_hits` hits.
    pub(super) fn new(order: &Order, scorer: &Scorer, most_hits: u32) -> Option<Self> {
        let weights = scorer.weights();
        let bound = Self {
            interest: weights.interest.as_f64(),
            popularity: weights.popularity.as_f64(),
            diversity: scorer.diversity().unwrap_or(0.0),
        };
        let hits = f64::from(most_hits) * bound.interest.abs();
        let (has_int, _) = order.has_kinds();
        let popular = order.largest() * bound.popularity.abs();
        let exact = Number::INT_LIMIT as f64;
        let is_exact = |weight, product| !matches!(weight, Number::Int(_)) || product <= exact;
        let holds = hits + popular + bound.diversity.abs() < Self::HUGE
            && is_exact(weights.interest, hits)
            && (!has_int || is_exact(weights.popularity, popular));
        holds.then_some(bound)
    }

    /// Returns true if sessions with fewer hits score more.
    #[inline]
    pub(super) fn prefers_few_hits(&self) -> bool {
        self.interest < 0.0
    }

    /// Returns true if less popular sessions score more.
    #[inline]
    pub(super) fn prefers_unpopular(&self) -> bool {
        self.popularity < 0.0
    }

    /// Returns true if more popularity makes a score better, and more hits make none worse.
    pub(super) fn is_usual(&self) -> bool {
        self.interest >= 0.0 && self.popularity > 0.0
    }

    /// Returns true if the popularity changes no score.
    #[inline]
    pub(super) fn ignores_popularity(&self) -> bool {
        self.popularity == 0.0
    }

    /// Returns true if all sessions have the same score.
    pub(super) fn is_constant(&self) -> bool {
        self.interest == 0.0 && self.popularity == 0.0
    }

    /// Returns true if no session of the index can score more than the last of `k` earlier ones.
    pub(super) fn is_below(
        &self,
        order: &Order,
        most_hits: u32,
        k: usize,
        earlier: &[f64],
    ) -> bool {
        let last = k.checked_sub(1).and_then(|last| earlier.get(last));
        let hits = if self.prefers_few_hits() {
            0
        } else {
            most_hits
        };
        let popularity = if self.prefers_unpopular() {
            -order.largest()
        } else {
            order.largest()
        };
        last.is_some_and(|&last| self.above(hits, popularity) <= last)
    }

    /// Returns more than the computed score of any session whose hits and whose popularity are no better than these.
    #[inline]
    pub(super) fn above(&self, hits: u32, popularity: f64) -> f64 {
        let hits = f64::from(hits) * self.interest;
        let popular = popularity * self.popularity;
        let size = hits.abs() + popular.abs() + self.diversity.abs();
        (hits + popular) + self.diversity + Self::SLACK * size
    }
}
