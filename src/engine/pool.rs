//! The best `k` sessions seen so far, by (score descending, input position ascending).
//!
//! Invariant: at most `k` are held, and no session that was offered and is not held precedes one that is. An offer costs
//! O(1) when it is refused, O(log k) when it is taken.

use core::cmp::Ordering;
use std::collections::BinaryHeap;

/// A session with its computed score, which is not NaN.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The computed score.
    pub score: f64,
    /// The input position, which decides ties.
    pub position: u32,
    /// The rank, for the caller to find the session's other columns.
    pub rank: u32,
    /// The hits that gave the score.
    pub hits: u32,
}

impl Ord for Candidate {
    /// The earlier in the answer, the less. `total_cmp` would set `-0.0` under `0.0`, which Python ties.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = other.score.partial_cmp(&self.score);
        by_score
            .unwrap_or(Ordering::Equal)
            .then(self.position.cmp(&other.position))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// The best `k` so far.
#[derive(Debug)]
pub struct Pool {
    k: usize,
    /// The worst on top.
    held: BinaryHeap<Candidate>,
    worst_score: f64,
    worst_position: u32,
}

impl Pool {
    /// An empty pool for `k` sessions of `len`.
    pub fn new(k: usize, len: usize) -> Self {
        let k = k.min(len);
        Self {
            k,
            held: BinaryHeap::with_capacity(k),
            worst_score: if k == 0 { f64::INFINITY } else { f64::NEG_INFINITY },
            worst_position: if k == 0 { 0 } else { u32::MAX },
        }
    }

    /// The score of the last place, below which none can enter; `-inf` while a place is free.
    #[inline]
    pub fn worst_score(&self) -> f64 {
        self.worst_score
    }

    /// Whether a session of that score and position would be taken.
    #[inline]
    pub fn admits(&self, score: f64, position: u32) -> bool {
        score > self.worst_score
            || (score == self.worst_score && position < self.worst_position)
    }

    /// Takes the candidate if it is among the best; whether it did.
    #[inline]
    pub fn offer(&mut self, candidate: Candidate) -> bool {
        let admitted = self.admits(candidate.score, candidate.position);
        if admitted {
            self.take(candidate);
        }
        admitted
    }

    fn take(&mut self, candidate: Candidate) {
        if self.held.len() < self.k {
            self.held.push(candidate);
            if self.held.len() < self.k {
                return;
            }
        } else if let Some(mut worst) = self.held.peek_mut() {
            *worst = candidate;
        }
        if let Some(worst) = self.held.peek() {
            self.worst_score = worst.score;
            self.worst_position = worst.position;
        }
    }

    /// The sessions held, best first.
    pub fn into_sorted(self) -> Vec<Candidate> {
        let mut held = self.held.into_vec();
        held.sort_unstable();
        held
    }
}
