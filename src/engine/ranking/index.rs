//! The index: sessions compiled for exact top-k queries.
//!
//! [`Index::top_k`] returns what scoring every session with [`Scorer::score`] and sorting stably by descending score
//! would return, with the same bits and the same ties. If it cannot prove that, it returns `None`. The memory is 12
//! bytes for each session, up to 44 more for its bitmaps, 4 bytes for each posting in a list, and 8 bytes for each
//! tag: see [`Index::nbytes`].

use super::bound::Bound;
use super::order::Order;
use super::pool::Candidate;
use super::posting::{Matched, Postings};
use super::score::{Number, Scorer};
use super::{constant, exhaustive, runs, topk};
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};

pub use super::session::{Sessions, TagId};

/// One session of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The position of the session in the input.
    pub position: u32,
    /// The number of its tags that are in the query.
    pub hits: u32,
    /// Its popularity, an `int` or a `float` as in the input.
    pub popularity: Number,
    /// Its score, as a float.
    pub score: f64,
}

/// Sessions compiled for exact top-k.
#[derive(Debug)]
pub struct Index {
    order: Order,
    postings: Postings,
}

impl Index {
    /// If an answer is longer than this fraction of the catalogue, every session is scored: skipping would not pay.
    const LONG_ANSWER: usize = 4;

    /// Compiles sessions whose tags have numbers below `tag_count`.
    ///
    /// # Errors
    ///
    /// Fails if the columns contradict each other or `tag_count`, or if there are more than [`Sessions::LIMIT`]
    /// sessions.
    pub fn build(sessions: &Sessions<'_>, tag_count: usize) -> Result<Self, Error> {
        sessions.check(tag_count)?;
        let order = Order::build(sessions);
        let postings = Postings::build(sessions, &order, tag_count);
        Ok(Self { order, postings })
    }

    /// Writes the columns.
    ///
    /// # Errors
    ///
    /// Fails as [`Writer::column`] does.
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        self.order.save(&mut writer.under("order"))?;
        self.postings.save(&mut writer.under("postings"))
    }

    /// Opens what [`Self::save`] wrote, in O(tags). It reads no column of sessions.
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::column`] does, and if the columns contradict each other.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        let order = Order::open(&reader.under("order"))?;
        let postings = Postings::open(&reader.under("postings"), &order)?;
        Ok(Self { order, postings })
    }

    /// Returns the number of tags in the vocabulary.
    pub fn tag_count(&self) -> usize {
        self.postings.tag_count()
    }

    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns true if there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the memory used, in bytes.
    pub fn nbytes(&self) -> usize {
        size_of::<Self>() + self.order.nbytes() + self.postings.nbytes()
    }

    /// Returns the best `k` sessions by (score descending, input position ascending). The tags of `query` are distinct.
    ///
    /// Returns `None` if the order cannot be proven: a popularity or a score is NaN, or an int leaves the exact range.
    pub fn top_k(&self, query: &[TagId], scorer: &Scorer, k: usize) -> Option<Vec<Ranked>> {
        self.top_k_where(query, scorer, k, &|_| true)
    }

    /// Returns the best `k` of the sessions for whose position `admits` returns true, in the order of [`Self::top_k`].
    ///
    /// `admits` is called for sessions that are good enough so far. If it refuses many, it is called for whole lanes.
    #[inline]
    pub fn top_k_where<F: Fn(u32) -> bool + ?Sized>(
        &self,
        query: &[TagId],
        scorer: &Scorer,
        k: usize,
        admits: &F,
    ) -> Option<Vec<Ranked>> {
        self.top_k_after(query, scorer, k, admits, &[], |ranked| ranked)
    }

    /// Returns what `make` makes of each session that [`Self::top_k_where`] returns, but leaves out some that are not
    /// among the best `k` of them and of earlier sessions. `earlier` has the scores of these, best first. They win ties.
    #[inline]
    pub fn top_k_after<F: Fn(u32) -> bool + ?Sized, T>(
        &self,
        query: &[TagId],
        scorer: &Scorer,
        k: usize,
        admits: &F,
        earlier: &[f64],
        make: impl Fn(Ranked) -> T,
    ) -> Option<Vec<T>> {
        if self.order.largest().is_nan() {
            return None;
        }
        let matched = self.postings.matched(query);
        let best = self.candidates(&matched, scorer, k, admits, earlier)?;
        // Always true, except for a damaged file.
        let holds = |candidate: &Candidate| {
            (candidate.position as usize) < self.len() && !candidate.score().is_nan()
        };
        let ranked = |candidate: Candidate| {
            make(Ranked {
                position: candidate.position,
                hits: candidate.hits,
                popularity: self.order.number(candidate.rank as usize),
                score: candidate.score(),
            })
        };
        let sound = best.iter().all(holds);
        sound.then(|| best.into_iter().map(ranked).collect())
    }

    /// Returns the popularity of each session, by position. O(sessions).
    pub fn popularity_by_position(&self) -> Vec<Number> {
        let mut popularity = vec![Number::Int(0); self.len()];
        for segment in self.order.segments() {
            for rank in segment.start..segment.end {
                let position = self.order.positions().get(rank).copied();
                let held = position.and_then(|position| popularity.get_mut(position as usize));
                if let Some(held) = held {
                    *held = self.order.number(rank);
                }
            }
        }
        popularity
    }

    /// Calls `visit` with the position of each session that has the tag, once for each time that the session has it.
    pub fn visit(&self, tag: TagId, visit: &mut dyn FnMut(u32)) {
        let matched = self.postings.matched(core::slice::from_ref(&tag));
        let position = |rank: usize| self.order.positions().get(rank).copied();
        for row in &matched.rows {
            for (lane, first) in row.iter().zip((0..).step_by(super::order::LANE_IDS)) {
                for (word, first) in lane.0.iter().zip((first..).step_by(64)) {
                    let mut bits = *word;
                    while bits != 0 {
                        if let Some(position) = position(first + bits.trailing_zeros() as usize) {
                            visit(position);
                        }
                        bits &= bits - 1;
                    }
                }
            }
        }
        for list in &matched.lists {
            list.iter()
                .filter_map(|&rank| position(rank as usize))
                .for_each(&mut *visit);
        }
    }

    fn candidates<F: Fn(u32) -> bool + ?Sized>(
        &self,
        matched: &Matched<'_>,
        scorer: &Scorer,
        k: usize,
        admits: &F,
        earlier: &[f64],
    ) -> Option<Vec<Candidate>> {
        let most_tags = self
            .order
            .segments()
            .iter()
            .map(|segment| segment.most_tags)
            .max();
        let most_hits = (matched.rows.len() + matched.lists.len()).min(most_tags? as usize) as u32;
        let order = &self.order;
        let bound = Bound::new(order, scorer, most_hits);
        let Some(bound) = bound else {
            return exhaustive::top_k(order, matched, scorer, k, admits);
        };
        if k > self.len() / Self::LONG_ANSWER {
            return match most_hits {
                0..4 => runs::top_k::<2, F>(order, matched, scorer, bound, k, admits),
                4..16 => runs::top_k::<4, F>(order, matched, scorer, bound, k, admits),
                _ => exhaustive::top_k(order, matched, scorer, k, admits),
            };
        }
        if bound.is_below(order, most_hits, k, earlier) {
            return Some(Vec::new());
        }
        if bound.is_constant() {
            return constant::top_k(order, matched, scorer, k, admits, earlier);
        }
        let road = match most_hits {
            0..4 => topk::top_k::<2, F>,
            4..8 => topk::top_k::<3, F>,
            8..16 => topk::top_k::<4, F>,
            16..256 => topk::top_k::<8, F>,
            _ => return exhaustive::top_k(order, matched, scorer, k, admits),
        };
        Some(road(order, matched, scorer, bound, k, admits, earlier))
    }
}
