//! Sessions compiled for exact top-k.
//!
//! The answer of [`Index::top_k`] is that of scoring every session with [`Scorer::score`] and sorting stably by score,
//! descending: to the bit and to the tie, or `None`. Memory is 12 bytes a session, up to 44 for bitmaps, 4 a posting
//! outside them, 8 a tag: see [`Index::nbytes`].

use super::bound::Bound;
use super::order::Order;
use super::pool::Candidate;
use super::posting::{Matched, Postings};
use super::score::{Number, Scorer};
use super::{exhaustive, topk};
use crate::engine::error::Error;
use crate::engine::file::{Reader, Writer};

pub use super::session::{Sessions, TagId};

/// One session of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Where the session stood in the input.
    pub position: u32,
    /// How many of its tags are in the query.
    pub hits: u32,
    /// Its popularity, `int` or `float` as it came in.
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
    /// An answer longer than this part of the catalogue is selected from all sessions: skipping would gain nothing.
    const LONG_ANSWER: usize = 4;

    /// Compiles the columns.
    ///
    /// # Errors
    ///
    /// Columns that contradict each other or a vocabulary of `tag_count`, or more than [`Sessions::LIMIT`] sessions.
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
    /// As [`Writer::column`].
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        self.order.save(&mut writer.under("order"))?;
        self.postings.save(&mut writer.under("postings"))
    }

    /// What [`Self::save`] wrote, in O(tags): no column of sessions is read.
    ///
    /// # Errors
    ///
    /// As [`Reader::column`], and columns that contradict each other.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        let order = Order::open(&reader.under("order"))?;
        let postings = Postings::open(&reader.under("postings"), &order)?;
        Ok(Self { order, postings })
    }

    /// How many tags its sessions' numbers come from.
    pub fn tag_count(&self) -> usize {
        self.postings.tag_count()
    }

    /// How many sessions are compiled.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held.
    pub fn nbytes(&self) -> usize {
        size_of::<Self>() + self.order.nbytes() + self.postings.nbytes()
    }

    /// The first `k` sessions by (score descending, input position ascending); the tags of `query` are distinct.
    ///
    /// `None` where the order is not provable here: a popularity or score is NaN, an int leaves the exact range.
    pub fn top_k(&self, query: &[TagId], scorer: &Scorer, k: usize) -> Option<Vec<Ranked>> {
        self.top_k_where(query, scorer, k, &|_| true)
    }

    /// The first `k` of the sessions that `admits` admits by their position, in the order of [`Self::top_k`].
    ///
    /// It is asked about the sessions that are good enough so far, or about all of a lane where it refuses many.
    #[inline]
    pub fn top_k_where<F: Fn(u32) -> bool + ?Sized>(
        &self,
        query: &[TagId],
        scorer: &Scorer,
        k: usize,
        admits: &F,
    ) -> Option<Vec<Ranked>> {
        if self.order.largest().is_nan() {
            return None;
        }
        let matched = self.postings.matched(query);
        let best = self.candidates(&matched, scorer, k, admits)?;
        let ranked = |candidate: Candidate| Ranked {
            position: candidate.position,
            hits: candidate.hits,
            popularity: self.order.number(candidate.rank as usize),
            score: candidate.score(),
        };
        let best: Vec<Ranked> = best.into_iter().map(ranked).collect();
        // Holds but for a file that is not what was written.
        let holds =
            |ranked: &Ranked| (ranked.position as usize) < self.len() && !ranked.score.is_nan();
        best.iter().all(holds).then_some(best)
    }

    /// The popularity of each session, by position. O(sessions).
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

    /// Calls `visit` with the position of every session that has the tag; more than once for one that has it twice.
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
        let Some(bound) = bound.filter(|_| k <= self.len() / Self::LONG_ANSWER) else {
            return exhaustive::top_k(order, matched, scorer, k, admits);
        };
        let road = match most_hits {
            0..4 => topk::top_k::<2, F>,
            4..8 => topk::top_k::<3, F>,
            8..16 => topk::top_k::<4, F>,
            16..256 => topk::top_k::<8, F>,
            _ => return exhaustive::top_k(order, matched, scorer, k, admits),
        };
        Some(road(order, matched, scorer, bound, k, admits))
    }
}
