//! The best `k` sessions seen so far, by (score descending, input position ascending).
//!
//! Invariant: at most `k` are held, and no session that was wanted and is not held precedes one that is. Asking whether
//! one is wanted costs O(1), taking it O(log k).

use core::cmp::Ordering;
use std::collections::BinaryHeap;

use super::radix::{ascending, descending};

/// A session with its computed score, which is not NaN.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Ascends while the score descends: integers compare without a branch, which halves the time of sorting them.
    key: u64,
    /// The input position, which decides ties.
    pub(super) position: u32,
    /// The rank, for the caller to find the session's other columns.
    pub(super) rank: u32,
    /// The hits that gave the score.
    pub(super) hits: u32,
}

impl Candidate {
    /// A candidate with its computed score.
    #[inline]
    pub(super) fn new(score: f64, position: u32, rank: usize, hits: u32) -> Self {
        Self {
            key: descending(score),
            position,
            rank: rank as u32,
            hits,
        }
    }

    /// The computed score. Never `-0.0`, which no `sum()` gives.
    pub(super) fn score(&self) -> f64 {
        ascending(self.key)
    }

    #[inline]
    fn place(&self) -> u128 {
        u128::from(self.key) << 32 | u128::from(self.position)
    }
}

impl Ord for Candidate {
    /// The earlier in the answer, the less.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Candidate {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
    #[inline]
    fn lt(&self, other: &Self) -> bool {
        self.place() < other.place()
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Candidate {}

/// The best `k` so far.
#[derive(Debug)]
pub(super) struct Pool {
    k: usize,
    /// The worst on top.
    held: BinaryHeap<Candidate>,
    /// Must be undercut to enter.
    worst_place: u128,
    worst_score: f64,
}

impl Pool {
    /// An empty pool for `k` sessions of `len`.
    pub(super) fn new(k: usize, len: usize) -> Self {
        let k = k.min(len);
        Self {
            k,
            held: BinaryHeap::with_capacity(k),
            worst_place: if k == 0 { 0 } else { u128::MAX },
            worst_score: if k == 0 {
                f64::INFINITY
            } else {
                f64::NEG_INFINITY
            },
        }
    }

    /// The score of the last place, below which none can enter; `-inf` while a place is free.
    #[inline]
    pub(super) fn worst_score(&self) -> f64 {
        self.worst_score
    }

    /// Whether a session of that score and position would be taken.
    #[inline]
    pub(super) fn admits(&self, score: f64, position: u32) -> bool {
        self.wants(&Candidate::new(score, position, 0, 0))
    }

    /// Whether the candidate is among the best, so that it may be [taken](Self::take).
    #[inline]
    pub(super) fn wants(&self, candidate: &Candidate) -> bool {
        candidate.place() < self.worst_place
    }

    /// Takes a candidate that it [wants](Self::wants).
    pub(super) fn take(&mut self, candidate: Candidate) {
        if self.held.len() < self.k {
            self.held.push(candidate);
            if self.held.len() < self.k {
                return;
            }
        } else if let Some(mut worst) = self.held.peek_mut() {
            *worst = candidate;
        }
        if let Some(worst) = self.held.peek() {
            self.worst_place = worst.place();
            self.worst_score = worst.score();
        }
    }

    /// The sessions held, best first.
    pub(super) fn into_sorted(self) -> Vec<Candidate> {
        let mut held = self.held.into_vec();
        held.sort_unstable();
        held
    }
}
