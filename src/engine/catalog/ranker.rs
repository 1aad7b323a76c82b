//! Ranks the sessions of a query whose interests may get more: by whole tags, or by points of what was understood.
//!
//! In both ways a match is a sum over the interests, so one more interest adds its own term to the match of each session.
//! The points of an interest do not depend on the other interests. They are computed once for each text that may be
//! added.

use super::{Best, Catalog, Narrow, Place};
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::Scorer;
use crate::engine::understanding::Texts;
use crate::engine::understanding::matching::{Points, added};

/// Ranks sessions for the interests of a query, and for some more. Those are named by their numbers.
pub trait Ranker: Sync {
    /// Returns the sessions of the query.
    fn catalog(&self) -> &Catalog;

    /// Returns the numbers of the texts that may become interests.
    fn candidates(&self) -> Vec<usize>;

    /// Returns the scorer of the query with some more interests.
    fn scorer(&self, more: &[usize]) -> Scorer;

    /// Ranks the best `most` of the admitted sessions. Returns `None` where their order is not provable.
    fn rank(&self, more: &[usize], most: usize, narrow: Option<Narrow<'_>>) -> Option<Vec<Best>>;

    /// Returns a session that is not ranked, because it matches no interest.
    fn unmatched(&self, place: Place) -> Option<Best>;
}

/// Ranks by whole tags.
#[derive(Clone, Copy, Debug)]
pub struct ByTags<'a> {
    /// The sessions.
    pub catalog: &'a Catalog,
    /// The interests of the query.
    pub interests: &'a InterestSet,
    /// The scores of the query.
    pub scorer: &'a Scorer,
    /// The tags that may become interests, lowered.
    pub tags: &'a [Vec<u8>],
}

impl ByTags<'_> {
    fn extended(&self, more: &[usize]) -> InterestSet {
        let tags = more.iter().filter_map(|&tag| self.tags.get(tag));
        InterestSet::new(self.interests.iter().chain(tags.map(Vec::as_slice)))
    }
}

impl Ranker for ByTags<'_> {
    fn catalog(&self) -> &Catalog {
        self.catalog
    }

    fn candidates(&self) -> Vec<usize> {
        let tags = self.tags.iter().enumerate();
        let new = tags.filter(|(_, tag)| !self.interests.contains(tag));
        new.map(|(number, _)| number).collect()
    }

    fn scorer(&self, more: &[usize]) -> Scorer {
        self.scorer.for_interests(self.extended(more).len())
    }

    fn rank(&self, more: &[usize], most: usize, narrow: Option<Narrow<'_>>) -> Option<Vec<Best>> {
        let interests = self.extended(more);
        let scorer = self.scorer.for_interests(interests.len());
        let most = most.min(self.catalog.len());
        self.catalog.top_k(&interests, &scorer, most, narrow)
    }

    fn unmatched(&self, _place: Place) -> Option<Best> {
        // Every admitted session is ranked.
        None
    }
}

/// Ranks by the points of interests that were understood. Sessions without points are not ranked.
#[derive(Debug)]
pub struct ByPoints<'a> {
    /// The sessions.
    pub catalog: &'a Catalog,
    /// Their words.
    pub texts: &'a Texts<'a>,
    /// The points for the interests of the query together.
    pub points: &'a [(u32, u32)],
    /// The points for each text that may become an interest.
    pub more: &'a [Points],
    /// The scores of the query.
    pub scorer: &'a Scorer,
    /// How many different interests the query has.
    pub interests: usize,
}

impl Ranker for ByPoints<'_> {
    fn catalog(&self) -> &Catalog {
        self.catalog
    }

    fn candidates(&self) -> Vec<usize> {
        (0..self.more.len()).collect()
    }

    fn scorer(&self, more: &[usize]) -> Scorer {
        self.scorer.for_interests(self.interests + more.len())
    }

    fn rank(&self, more: &[usize], most: usize, narrow: Option<Narrow<'_>>) -> Option<Vec<Best>> {
        let lists = more.iter().filter_map(|&number| self.more.get(number));
        let lists = lists.map(Vec::as_slice);
        let lists: Vec<&[(u32, u32)]> = core::iter::once(self.points).chain(lists).collect();
        let points = added(&lists);
        let scorer = self.scorer(more);
        self.catalog
            .best_understood(self.texts, &points, &scorer, most, narrow)
    }

    fn unmatched(&self, place: Place) -> Option<Best> {
        self.catalog.scored(place, 0, self.scorer)
    }
}
