//! The first `k` of a stable descending sort, without sorting the rest.
//!
//! Equal to `sorted(scores, reverse=True)[:k]` on scores without NaN: ties keep their position. A small `k` keeps a
//! sorted list of the best so far (O(n + k·m) for m improvements); a large one selects, then sorts the selected part
//! (O(n + k log k)).

/// Keeps the `k` best of a sequence of scores pushed in order of position.
#[derive(Debug)]
pub struct Selection<T> {
    k: usize,
    best: Vec<(f64, T)>,
    /// The score that a newcomer must exceed, once `k` are held.
    threshold: f64,
}

impl<T> Selection<T> {
    /// Up to so many are kept sorted by insertion; beyond, all are collected and selected at the end.
    const SMALL: usize = 64;

    /// A selection of the best `k`.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            best: Vec::new(),
            threshold: f64::NEG_INFINITY,
        }
    }

    /// Offers the next score in order of position, which must not be NaN; `item` is made only if it is kept for now.
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

    /// The best, in order.
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
            // `total_cmp` would set -0.0 under 0.0, which Python ties; NaN does not occur.
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
