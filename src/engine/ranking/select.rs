//! Finds the first `k` items of a stable descending sort, without sorting the rest.
//!
//! The result equals `sorted(scores, reverse=True)[:k]` for scores without NaN: ties keep their order. For a small `k`,
//! a sorted list of the best so far is kept (O(n + k·m) for m improvements). For a large `k`, the best are selected
//! first and sorted afterwards (O(n + k log k)).

/// Keeps the best `k` of a sequence of scores that are offered in order of position.
#[derive(Debug)]
pub struct Selection<T> {
    k: usize,
    best: Vec<(f64, T)>,
    /// The score that a new item must exceed once there are `k` items.
    threshold: f64,
}

impl<T> Selection<T> {
    /// The largest `k` for which the items are kept sorted by insertion.
    const SMALL: usize = 64;

    /// Makes a selection of the best `k`.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            best: Vec::new(),
            threshold: f64::NEG_INFINITY,
        }
    }

    /// Offers the score of the next position, which must not be NaN. Calls `item` only if the score is good enough.
    #[inline]
    pub fn push_with(&mut self, score: f64, item: impl FnOnce() -> T) {
        if self.k > Self::SMALL {
            self.best.push((score, item()));
        } else if self.best.len() < self.k || score > self.threshold {
            self.insert(score, item());
        }
    }

    fn insert(&mut self, score: f64, item: T) {
        if self.k == 0 {
            return;
        }
        if self.best.len() == self.k {
            self.best.pop();
        }
        let place = self.best.partition_point(|(held, _)| *held >= score);
        self.best.insert(place, (score, item));
        if self.best.len() == self.k {
            self.threshold = self
                .best
                .last()
                .map_or(f64::NEG_INFINITY, |(held, _)| *held);
        }
    }

    /// Returns the best items, in order.
    pub fn into_sorted(self) -> Vec<(f64, T)> {
        let Self { k, best, .. } = self;
        if k <= Self::SMALL {
            return best;
        }
        let mut order: Vec<(f64, usize, T)> = best
            .into_iter()
            .enumerate()
            .map(|(position, (score, item))| (score, position, item))
            .collect();
        let by_rank = |a: &(f64, usize, T), b: &(f64, usize, T)| {
            // Not `total_cmp`: it sorts -0.0 below 0.0, which are equal in Python. There is no NaN.
            b.0.partial_cmp(&a.0)
                .unwrap_or(core::cmp::Ordering::Equal)
                .then(a.1.cmp(&b.1))
        };
        if k < order.len() {
            order.select_nth_unstable_by(k, by_rank);
            order.truncate(k);
        }
        order.sort_unstable_by(by_rank);
        order
            .into_iter()
            .map(|(score, _, item)| (score, item))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scores: &[f64]) {
        let mut expected: Vec<(f64, usize)> = scores.iter().copied().zip(0..).collect();
        expected.sort_by(|a, b| b.0.partial_cmp(&a.0).expect("no NaN"));
        for k in (0..=scores.len() + 2).chain([1_000_000]) {
            let mut selection = Selection::new(k);
            for (position, &score) in scores.iter().enumerate() {
                selection.push_with(score, || position);
            }
            let got: Vec<usize> = selection
                .into_sorted()
                .into_iter()
                .map(|(_, p)| p)
                .collect();
            let want: Vec<usize> = expected.iter().take(k).map(|&(_, p)| p).collect();
            assert_eq!(got, want, "k = {k}, scores = {scores:?}");
        }
    }

    #[test]
    fn ties_infinities_and_signed_zeros_keep_their_position() {
        check(&[]);
        check(&[0.0, -0.0, 0.0]);
        check(&[
            1.0,
            f64::INFINITY,
            1.0,
            f64::NEG_INFINITY,
            f64::INFINITY,
            2.0,
        ]);
        check(&[f64::NEG_INFINITY; 5]);
        check(
            &(0..200)
                .map(|i| f64::from(i * 7919 % 13))
                .collect::<Vec<_>>(),
        );
    }
}
