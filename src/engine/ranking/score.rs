//! Computes scores that equal those of the Python interpreter to the last bit.
//!
//! A score is the `sum()` of at most three contributions. Three things decide its bits and its type. Python
//! distinguishes `int` and `float` (`2 * 3` is an `int`, `2 * 0.5` is a `float`). The diversity factor is computed as
//! `(n * 0.01) * weight`. And `sum()` adds floats plainly up to CPython 3.11, and with Neumaier's compensation from
//! 3.12 on ([`SumRegime`]). Functions return `None` for a number that this model cannot hold exactly (an integer beyond
//! [`Number::INT_LIMIT`]), and the caller uses a slower exact method. Every function is O(1).

/// A Python `int` or `float`, in the range that scoring needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An `int` (or `bool`, which multiplies as one).
    Int(i64),
    /// A `float`.
    Float(f64),
}

impl Number {
    /// The largest product of ints, 2⁵². The sum of two such products is still exact as an `f64`.
    pub const INT_LIMIT: i64 = 1 << 52;

    /// Returns the value as a float, rounded to nearest even as CPython does.
    #[inline]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Returns true for a float, and for an int within the limit.
    pub fn is_exact(self) -> bool {
        match self {
            Self::Int(value) => value.unsigned_abs() <= Self::INT_LIMIT.unsigned_abs(),
            Self::Float(_) => true,
        }
    }

    /// Returns true if both are the same to Python in every respect: the type, the value and the sign of zero.
    #[inline]
    pub fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            _ => false,
        }
    }

    /// Returns Python's `self * other`, or `None` if an `int` product leaves ±[`Self::INT_LIMIT`].
    #[inline]
    pub fn times(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => {
                let product = a.checked_mul(b)?;
                (product.unsigned_abs() <= Self::INT_LIMIT.unsigned_abs())
                    .then_some(Self::Int(product))
            }
            _ => Some(Self::Float(self.as_f64() * other.as_f64())),
        }
    }
}

/// How the running interpreter's `sum()` adds floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumRegime {
    /// CPython up to 3.11: left to right, no compensation.
    Plain,
    /// CPython 3.12 and 3.13: Neumaier's compensation for floats, ints added plainly (CPython issue 100425).
    Compensated,
    /// CPython 3.14: ints after a float are compensated too (CPython issue 121149).
    CompensatedInts,
}

impl SumRegime {
    /// All regimes, oldest first.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Compensated, Self::CompensatedInts];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Compensated => "compensated",
            Self::CompensatedInts => "compensated_ints",
        }
    }

    /// Returns the regime whose sums of `(0.1, 0.2, 0.3)` and of `(0.1, 1, 0.03)` are these, if there is one.
    pub fn that_gives(floats: f64, mixed: f64) -> Option<Self> {
        let of_floats = [Number::Float(0.1), Number::Float(0.2), Number::Float(0.3)];
        let of_mixed = [Number::Float(0.1), Number::Int(1), Number::Float(0.03)];
        Self::ALL.into_iter().find(|regime| {
            regime.sum(&of_floats) == Number::Float(floats)
                && regime.sum(&of_mixed) == Number::Float(mixed)
        })
    }

    /// Returns `sum(items)`, starting from the int 0 as Python does.
    ///
    /// The sum of the leading ints is exact, and the first float is added to it. Only later additions are compensated.
    #[inline]
    pub fn sum(self, items: &[Number]) -> Number {
        let mut prefix = 0_i64;
        let mut rest = items.iter();
        let mut total = loop {
            match rest.next() {
                None => return Number::Int(prefix),
                Some(Number::Int(value)) => prefix += value,
                Some(Number::Float(value)) => break prefix as f64 + value,
            }
        };
        let mut compensation = 0.0;
        for item in rest {
            let value = item.as_f64();
            let sum = total + value;
            let compensated = match self {
                Self::Plain => false,
                Self::Compensated => matches!(item, Number::Float(_)),
                Self::CompensatedInts => true,
            };
            if compensated {
                compensation += if total.abs() >= value.abs() {
                    (total - sum) + value
                } else {
                    (value - sum) + total
                };
            }
            total = sum;
        }
        if compensation != 0.0 && compensation.is_finite() {
            total += compensation;
        }
        Number::Float(total)
    }

    /// Returns [`Self::sum`] of three floats, the usual case. A full ranking of 1,000 sessions takes a third less time.
    #[inline]
    fn sum_floats(self, first: f64, second: f64, third: f64) -> f64 {
        let lost = |total: f64, value: f64, sum: f64| {
            if total.abs() >= value.abs() {
                (total - sum) + value
            } else {
                (value - sum) + total
            }
        };
        // The sum starts from the int 0, as in Python, so `-0.0` becomes `0.0`.
        let one = 0.0 + first;
        let two = one + second;
        let three = two + third;
        if self == Self::Plain {
            return three;
        }
        let compensation = lost(one, second, two) + lost(two, third, three);
        // Adding 0 changes nothing here, because the sum is never `-0.0`. Testing for it costs a branch that nobody can
        // predict.
        if compensation.is_finite() {
            three + compensation
        } else {
            three
        }
    }
}

/// Scores sessions with the same number of hits, if all contributions are floats. See [`Scorer::float_scores`].
#[derive(Clone, Copy, Debug)]
pub struct FloatScores {
    interest_match: f64,
    popularity: f64,
    diversity: f64,
    regime: SumRegime,
}

impl FloatScores {
    /// Returns the score of a session with this popularity, an int or a float.
    #[inline]
    pub fn score(&self, popularity: f64) -> f64 {
        let popularity = popularity * self.popularity;
        self.regime
            .sum_floats(self.interest_match, popularity, self.diversity)
    }
}

/// The manifest's `weights`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Multiplies the number of matching tags.
    pub interest: Number,
    /// Multiplies the session's popularity.
    pub popularity: Number,
    /// Multiplies `distinct interests × 0.01`; `None` for the two-factor form of the original's guide.
    pub diversity: Option<Number>,
}

/// A weight that decides the order of sessions. The weight of diversity does not, because all sessions of a query share
/// that contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// The weight of matching tags.
    Interest,
    /// The weight of popularity.
    Popularity,
}

impl Weights {
    /// Returns the weight of a factor.
    pub fn of(&self, factor: Factor) -> Number {
        match factor {
            Factor::Interest => self.interest,
            Factor::Popularity => self.popularity,
        }
    }
}

/// The parts of one score, in the order in which they are added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contributions {
    /// `hits × weights.interest`.
    pub interest_match: Number,
    /// `popularity × weights.popularity`.
    pub popularity: Number,
    /// `(distinct interests × 0.01) × weights.diversity`, the same for every session of a query.
    pub diversity: Option<f64>,
}

/// Scores sessions of one query: the weights, the diversity contribution and the interpreter's `sum()`.
#[derive(Clone, Copy, Debug)]
pub struct Scorer {
    weights: Weights,
    diversity: Option<f64>,
    regime: SumRegime,
}

impl Scorer {
    /// Makes a scorer for a query of `distinct_interests` different interests.
    pub fn new(weights: Weights, distinct_interests: usize, regime: SumRegime) -> Self {
        let diversity = weights
            .diversity
            .map(|weight| (distinct_interests as f64 * 0.01) * weight.as_f64());
        Self {
            weights,
            diversity,
            regime,
        }
    }

    /// Returns a scorer for a query of another number of different interests.
    #[must_use]
    pub fn for_interests(&self, distinct_interests: usize) -> Self {
        Self::new(self.weights, distinct_interests, self.regime)
    }

    /// Returns a scorer with another weight, which is a float.
    #[must_use]
    pub fn reweighted(&self, factor: Factor, weight: f64) -> Self {
        let mut changed = *self;
        match factor {
            Factor::Interest => changed.weights.interest = Number::Float(weight),
            Factor::Popularity => changed.weights.popularity = Number::Float(weight),
        }
        changed
    }

    /// Returns the weights with which the scorer was made.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Returns the diversity contribution, which is the same for all sessions of the query.
    pub fn diversity(&self) -> Option<f64> {
        self.diversity
    }

    /// Returns the contributions of a session with `hits` matching tags, or `None` if an int leaves the exact range.
    #[inline]
    pub fn contributions(&self, hits: u32, popularity: Number) -> Option<Contributions> {
        self.contributions_of(Number::Int(i64::from(hits)), popularity)
    }

    /// Returns the contributions of a session whose match is a number of tags, or a part of one.
    #[inline]
    pub fn contributions_of(&self, matched: Number, popularity: Number) -> Option<Contributions> {
        Some(Contributions {
            interest_match: matched.times(self.weights.interest)?,
            popularity: popularity.times(self.weights.popularity)?,
            diversity: self.diversity,
        })
    }

    /// Returns the `sum()` of the contributions.
    #[inline]
    pub fn total(&self, parts: &Contributions) -> Number {
        if let (Number::Float(interest), Number::Float(popularity), Some(diversity)) =
            (parts.interest_match, parts.popularity, parts.diversity)
        {
            let total = self.regime.sum_floats(interest, popularity, diversity);
            return Number::Float(total);
        }
        let three = |diversity| {
            let parts = [
                parts.interest_match,
                parts.popularity,
                Number::Float(diversity),
            ];
            self.regime.sum(&parts)
        };
        parts.diversity.map_or_else(
            || self.regime.sum(&[parts.interest_match, parts.popularity]),
            three,
        )
    }

    /// Returns the score of a session, or `None` if an int leaves the exact range. The score may be NaN, which the
    /// caller must not sort by.
    #[inline]
    pub fn score(&self, hits: u32, popularity: Number) -> Option<Number> {
        self.score_of(Number::Int(i64::from(hits)), popularity)
    }

    /// Returns what [`Self::score`] does for all sessions with `hits` matching tags. `None` unless all contributions
    /// are floats.
    pub fn float_scores(&self, hits: u32) -> Option<FloatScores> {
        let (Number::Float(interest), Number::Float(popularity)) =
            (self.weights.interest, self.weights.popularity)
        else {
            return None;
        };
        Some(FloatScores {
            interest_match: f64::from(hits) * interest,
            popularity,
            diversity: self.diversity?,
            regime: self.regime,
        })
    }

    /// Returns the score of a session whose match is a number of tags, or a part of one. See [`Self::score`].
    #[inline]
    pub fn score_of(&self, matched: Number, popularity: Number) -> Option<Number> {
        self.contributions_of(matched, popularity)
            .map(|parts| self.total(&parts))
    }
}

#[cfg(test)]
mod tests {
    use super::Number::{Float, Int};
    use super::*;

    fn score(
        regime: SumRegime,
        weights: [Number; 3],
        hits: u32,
        popularity: Number,
        interests: usize,
    ) -> Number {
        let weights = Weights {
            interest: weights[0],
            popularity: weights[1],
            diversity: Some(weights[2]),
        };
        Scorer::new(weights, interests, regime)
            .score(hits, popularity)
            .expect("within the exact range")
    }

    /// Rows recorded from CPython 3.10 to 3.13 (parity cases of the group "sum").
    #[test]
    fn recorded_scores() {
        use SumRegime::{Compensated, Plain};
        let default = [Float(2.0), Float(0.5), Float(0.3)];
        let rows = [
            (Plain, default, 1, Float(0.01), 2, 2.010_999_999_999_999_7),
            (Compensated, default, 1, Float(0.01), 2, 2.011),
            (Plain, default, 1, Float(0.9), 1, 2.453_000_000_000_000_3),
            (Compensated, default, 1, Float(0.9), 1, 2.453),
            (
                Plain,
                [Float(0.1), Float(0.2), Float(10.0)],
                1,
                Float(1.0),
                3,
                0.600_000_000_000_000_1,
            ),
            (
                Compensated,
                [Float(0.1), Float(0.2), Float(10.0)],
                1,
                Float(1.0),
                3,
                0.6,
            ),
        ];
        for (regime, weights, hits, popularity, interests, expected) in rows {
            assert_eq!(
                score(regime, weights, hits, popularity, interests),
                Float(expected)
            );
        }
    }

    #[test]
    fn compensation_recovers_what_plain_addition_loses() {
        let items = [Float(1e16), Float(1.0), Float(-1e16)];
        assert_eq!(SumRegime::Plain.sum(&items), Float(0.0));
        assert_eq!(SumRegime::Compensated.sum(&items), Float(1.0));
    }

    /// Python model: interest .1, popularity weight 1, 1 hit, popularity 1, 10 interests.
    #[test]
    fn only_the_newest_regime_compensates_ints() {
        let items = [Float(0.1), Int(1), Float(0.03)];
        assert_eq!(
            SumRegime::Compensated.sum(&items),
            Float(1.130_000_000_000_000_1)
        );
        assert_eq!(SumRegime::CompensatedInts.sum(&items), Float(1.13));
    }

    #[test]
    fn types_survive() {
        assert_eq!(Int(3).times(Int(2)), Some(Int(6)));
        assert_eq!(Int(3).times(Float(2.0)), Some(Float(6.0)));
        assert_eq!(Int(i64::MAX).times(Int(2)), None);
        assert_eq!(Int(1 << 40).times(Int(1 << 13)), None);
        assert_eq!(SumRegime::Plain.sum(&[Int(1), Int(2)]), Int(3));
        assert_eq!(SumRegime::Plain.sum(&[]), Int(0));
    }

    #[test]
    fn a_negative_zero_contribution_keeps_its_sign_and_the_score_does_not() {
        let Some(Float(product)) = Int(0).times(Float(-2.0)) else {
            unreachable!("int × float is a float")
        };
        assert!(product == 0.0 && product.is_sign_negative());
        let Float(total) = SumRegime::Plain.sum(&[Float(product)]) else {
            unreachable!("a float item makes a float sum")
        };
        assert!(total.is_sign_positive());
    }

    #[test]
    fn infinite_compensation_is_not_added() {
        let items = [Float(1e308), Float(1e308), Float(-1e308)];
        assert_eq!(SumRegime::Compensated.sum(&items), Float(f64::INFINITY));
    }
}
