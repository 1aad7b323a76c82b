//! The pool: the best `k` sessions that a query has found so far, by (score descending, input position ascending).
//!
//! Invariant: the pool holds at most `2k` sessions, and the best `k` of all that were taken are among them. The test
//! whether a session is wanted costs O(1). Taking it costs O(1) on average, or O(k) for a small `k`.

use core::cmp::Ordering;

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

    /// Stands for a session before all of the index, which wins every tie: it has the next better score and the last
    /// position. So the candidates that come before it are those with a better score than its own.
    fn earlier(score: f64) -> Self {
        Self {
            key: descending(score).saturating_sub(1),
            position: u32::MAX,
            rank: u32::MAX,
            hits: 0,
        }
    }

    /// Returns true if this is a session of the index.
    fn is_indexed(&self) -> bool {
        self.position != u32::MAX
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
    /// Compares two candidates: one is less than another one if it comes earlier in the answer.
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

/// Sorts candidates that came in order of rank. Those of a segment with equal hits are in order already, but for
/// rounding: they are put together, and a stable sort, which finds pieces in order, merges them.
pub(super) fn sorted_by_groups(all: Vec<Candidate>) -> Vec<Candidate> {
    const GROUPS: usize = 64;
    let group = |candidate: &Candidate| GROUPS - 1 - (candidate.hits as usize).min(GROUPS - 1);
    let mut next = [0_usize; GROUPS];
    for candidate in &all {
        next[group(candidate)] += 1;
    }
    let mut sum = 0;
    for count in &mut next {
        sum += core::mem::replace(count, sum);
    }
    let mut grouped = all.clone();
    for candidate in all {
        let place = &mut next[group(&candidate)];
        grouped[*place] = candidate;
        *place += 1;
    }
    grouped.sort();
    grouped
}

/// The best `k` so far.
#[derive(Debug)]
pub(super) struct Pool {
    k: usize,
    /// The number of candidates at which the worst ones are dropped.
    room: usize,
    held: Vec<Candidate>,
    /// A candidate enters only if its place is less than this.
    worst_place: u128,
    worst_score: f64,
}

impl Pool {
    /// The largest `k` for which the pool holds exactly the best `k`, in order. A larger pool collects up to `2k`
    /// candidates and then drops the worse half at once. With a heap instead, a query for the best 1,000 took twice as
    /// long.
    const FEW: usize = 32;

    /// Makes a pool for the best `k` of `len` sessions and of earlier ones, whose scores are given, best first.
    pub(super) fn new(k: usize, len: usize, earlier: &[f64]) -> Self {
        let earlier = earlier.get(..k).unwrap_or(earlier);
        let k = k.min(len + earlier.len());
        let room = if k <= Self::FEW { k } else { 2 * k };
        let mut pool = Self {
            k,
            room,
            held: Vec::with_capacity(room),
            worst_place: if k == 0 { 0 } else { u128::MAX },
            worst_score: if k == 0 {
                f64::INFINITY
            } else {
                f64::NEG_INFINITY
            },
        };
        let earlier = earlier.iter().map(|&score| Candidate::earlier(score));
        pool.held.extend(earlier);
        if pool.held.len() == k {
            pool.raise(pool.held.last().copied());
        }
        pool
    }

    /// Lets only sessions enter that score at least `floor`. They are the best if the pool [is full](Self::is_full) in
    /// the end.
    pub(super) fn with_floor(mut self, floor: f64) -> Self {
        let least = Candidate::new(floor, u32::MAX, 0, 0);
        self.held.retain(|earlier| *earlier < least);
        if self.held.len() < self.k {
            self.raise(Some(least));
        }
        self
    }

    /// Returns true if the pool holds as many sessions as are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= self.k
    }

    /// Returns a score below which no candidate can enter, or `-inf` while fewer than `k` are held. In a large pool it
    /// is the worst score of the last time that candidates were dropped.
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
        if self.k <= Self::FEW {
            self.insert(candidate);
            return;
        }
        self.held.push(candidate);
        if self.held.len() == self.room {
            self.held.select_nth_unstable(self.k - 1);
            self.held.truncate(self.k);
        }
        if self.held.len() == self.k {
            let worst = self.held.iter().max().copied();
            self.raise(worst);
        }
    }

    /// Inserts a candidate into the few that are held in order, and drops the last.
    fn insert(&mut self, candidate: Candidate) {
        if self.held.len() == self.k {
            self.held.pop();
        }
        let place = self.held.partition_point(|held| *held < candidate);
        self.held.insert(place, candidate);
        if self.held.len() == self.k {
            let worst = self.held.last().copied();
            self.raise(worst);
        }
    }

    fn raise(&mut self, worst: Option<Candidate>) {
        if let Some(worst) = worst {
            self.worst_place = worst.place();
            self.worst_score = worst.score();
        }
    }

    /// Returns those of the best `k` that are in the index, best first.
    pub(super) fn into_sorted(self) -> Vec<Candidate> {
        let mut held = self.held;
        if self.k <= Self::FEW {
            held.sort_unstable();
        } else {
            held = sorted_by_groups(held);
            held.truncate(self.k);
        }
        held.retain(Candidate::is_indexed);
        held
    }
}
