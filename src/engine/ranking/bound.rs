//! An upper bound on computed scores that holds in spite of rounding.
//!
//! A computed score is not monotone. Additions round, and compensated addition rounds unevenly. So of two sessions with
//! equal hits, the less popular one may score the same or, in the last bit, more. The real number S = A + P + D is
//! monotone: A is the rounded product of hits and weight, P the rounded product of popularity and weight (rounding
//! keeps order), and D the diversity. With u = 2⁻⁵³, three additions of either kind give a computed score within
//! 3u(1 + 2u)·(|A| + |P| + |D|) of S. (Sums of floats do not underflow, so there is no other error.) Therefore
//! *A + P + D + 16u·(|A| + |P| + |D|)*, computed in floats, exceeds the computed score of every session with at most
//! these hits and this popularity. For a session with a very negative popularity |P| is larger, but S falls by more
//! than its error can grow.
//!
//! Invariant of a [`Bound`]: both weights are finite and not negative, every A + P + D is finite, and every int product
//! is in the exact range. All other queries are answered by [`super::exhaustive`].

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
        let hits = f64::from(most_hits) * bound.interest;
        let (has_int, _) = order.has_kinds();
        let popular = order.largest() * bound.popularity;
        let exact = Number::INT_LIMIT as f64;
        let is_exact = |weight, product| !matches!(weight, Number::Int(_)) || product <= exact;
        let holds = bound.interest >= 0.0
            && bound.popularity >= 0.0
            && hits + popular + bound.diversity.abs() < Self::HUGE
            && is_exact(weights.interest, hits)
            && (!has_int || is_exact(weights.popularity, popular));
        holds.then_some(bound)
    }

    /// Returns a number above the computed score of every session with at most these hits and this popularity.
    #[inline]
    pub(super) fn above(&self, hits: u32, popularity: f64) -> f64 {
        let hits = f64::from(hits) * self.interest;
        let popular = popularity * self.popularity;
        let size = hits + popular.abs() + self.diversity.abs();
        (hits + popular) + self.diversity + Self::SLACK * size
    }
}
