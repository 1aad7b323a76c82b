//! The pool: the best `k` sessions that a query has found so far, by (score descending, input position ascending).
//!
//! Invariant: the pool holds at most `k` sessions, and they are the best of all that were taken. The test whether a
//! session is wanted costs O(1), and taking it costs O(log k).

use core::cmp::Ordering;
use std::collections::BinaryHeap;

use super::radix::{ascending, descending};

/// A session with its computed score. The score is not NaN.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Ascends while the score descends. Integers compare without a branch, which halves the time to sort them.
    key: u64,
    /// The input position, which decides ties.
    pub(super) position: u32,
    /// The rank, by which the caller finds the other columns of the session.
    pub(super) rank: u32,
    /// The hits that gave the score.
    pub(super) hits: u32,
}

impl Candidate {
    /// Makes a candidate with its computed score.
    #[inline]
    pub(super) fn new(score: f64, position: u32, rank: usize, hits: u32) -> Self {
        Self {
            key: descending(score),
            position,
            rank: rank as u32,
            hits,
        }
    }

    /// Returns the computed score. It is never `-0.0`, because no `sum()` is.
    pub(super) fn score(&self) -> f64 {
        ascending(self.key)
    }

    #[inline]
    fn place(&self) -> u128 {
        u128::from(self.key) << 32 | u128::from(self.position)
    }
}

impl Ord for Candidate {
    /// A candidate is less than another one if it comes earlier in the answer.
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
    /// A heap with the worst candidate on top.
    held: BinaryHeap<Candidate>,
    /// A candidate enters only if it is less than this one.
    worst_place: u128,
    worst_score: f64,
}

impl Pool {
    /// Makes an empty pool for the best `k` of `len` sessions.
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

    /// Returns the worst score in the pool, or `-inf` while the pool is not full. No lower score can enter.
    #[inline]
    pub(super) fn worst_score(&self) -> f64 {
        self.worst_score
    }

    /// Returns true if a session of that score and position would enter.
    #[inline]
    pub(super) fn admits(&self, score: f64, position: u32) -> bool {
        self.wants(&Candidate::new(score, position, 0, 0))
    }

    /// Returns true if the candidate is among the best, so that it may be [taken](Self::take).
    #[inline]
    pub(super) fn wants(&self, candidate: &Candidate) -> bool {
        candidate.place() < self.worst_place
    }

    /// Adds a candidate that the pool [wants](Self::wants).
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

    /// Returns the sessions of the pool, best first.
    pub(super) fn into_sorted(self) -> Vec<Candidate> {
        let mut held = self.held.into_vec();
        held.sort_unstable();
        held
    }
}
