//! Ranks many queries at once: all of them in the first part, then all of them in the next one.
//!
//! The bitmaps of one part stay in the processor's cache meanwhile. Each different interest is looked up once for the
//! batch and not once for each query and part.
//!
//! # Performance notes
//!
//! 1,000,000 sessions in ten parts, queries of 3 to 7 interests, one thread of a 2-core machine with AVX2, as a share of
//! the rate with one part: 0.34 query by query, 0.37 in batches of 64, 0.47 in batches of 256, 0.56 in batches of 1,000
//! and 0.59 in batches of 4,000, before interests were looked up only once. A query in ten parts tries 31 sessions
//! instead of 13, and starts 119 reads of bitmaps instead of 33; the cache decides what those cost.
//!
//! Dropped: the popularity at both ends of each lane in a column of its own (0.37 instead of 0.35 query by query, and
//! nothing in batches), and long reads from the start once `most` sessions are known (no gain).

use super::filter::Selection;
use super::rank::{merge, selection};
use super::vocabulary::Vocabulary;
use super::{Best, Catalog};
use crate::engine::ranking::index::TagId;
use crate::engine::ranking::score::Scorer;

/// The fewest and the most queries of a batch.
const SIZES: (usize, usize) = (64, 2048);
/// Batches for each thread, so that one that is slow does not keep the others waiting.
const EACH: usize = 4;

/// Returns the number of queries of a batch, if `queries` are divided among some threads.
pub(crate) fn size(queries: usize, threads: usize) -> usize {
    (queries / (EACH * threads.max(1))).clamp(SIZES.0, SIZES.1)
}

/// Queries that are ranked together.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    catalog: &'a Catalog,
    /// The different interests of all queries.
    names: Vocabulary,
    /// By interest and part: the number of its tag, or [`Self::UNKNOWN`].
    tags: Vec<TagId>,
    /// By interest: the last query that has it, counted from 1.
    last: Vec<usize>,
    /// The numbers of the interests of each query, one query after the other.
    interests: Vec<u32>,
    queries: Vec<Query>,
}

#[derive(Debug)]
struct Query {
    /// Where its interests end.
    end: usize,
    scorer: Scorer,
    most: usize,
}

impl<'a> Batch<'a> {
    /// Stands for an interest that is no tag of a part.
    const UNKNOWN: TagId = TagId(u32::MAX);

    /// Makes a batch without queries.
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            names: Vocabulary::default(),
            tags: Vec::new(),
            last: Vec::new(),
            interests: Vec::new(),
            queries: Vec::new(),
        }
    }

    /// Adds an interest to the next query; one that it has already is ignored. Returns `None` if the batch holds more
    /// text than can be numbered.
    pub(crate) fn push_interest(&mut self, interest: &[u8]) -> Option<()> {
        let name = self.names.intern(interest)?;
        let number = name.0 as usize;
        if number == self.last.len() {
            self.last.push(0);
            let parts = self.catalog.parts.iter();
            let found = parts.map(|part| part.segment.vocabulary.get(interest));
            self.tags
                .extend(found.map(|tag| tag.unwrap_or(Self::UNKNOWN)));
        }
        let query = self.queries.len() + 1;
        if let Some(last) = self.last.get_mut(number)
            && *last != query
        {
            *last = query;
            self.interests.push(name.0);
        }
        Some(())
    }

    /// Returns the number of different interests that were added since the last query.
    pub(crate) fn pending(&self) -> usize {
        self.interests.len() - self.queries.last().map_or(0, |query| query.end)
    }

    /// Ends the query whose interests were added. It asks for the best `most` sessions.
    pub(crate) fn push_query(&mut self, scorer: Scorer, most: usize) {
        let end = self.interests.len();
        self.queries.push(Query { end, scorer, most });
    }

    /// Returns the best sessions of each query, as [`Catalog::top_k_of`] does; `None` if the order of one cannot be
    /// proven.
    pub(crate) fn rank(&self, filter: Option<&[Selection<'_>]>) -> Option<Vec<Vec<Best>>> {
        let parts = self.catalog.parts.len();
        let mut best = vec![Vec::new(); self.queries.len()];
        let (mut reached, mut tags) = (Vec::new(), Vec::new());
        for (number, part) in (0..).zip(&self.catalog.parts) {
            let selection = selection(filter, number);
            let of_part = self.tags.iter().skip(number as usize).step_by(parts);
            let of_part: Vec<TagId> = of_part.copied().collect();
            let mut start = 0;
            for (query, best) in self.queries.iter().zip(&mut best) {
                let names = self.interests.get(start..query.end).unwrap_or_default();
                start = query.end;
                let found = names.iter().filter_map(|&name| of_part.get(name as usize));
                tags.clear();
                tags.extend(found.filter(|&&tag| tag != Self::UNKNOWN).copied());
                reached.clear();
                reached.extend(best.iter().map(|best: &Best| best.score));
                let (scorer, most) = (&query.scorer, query.most);
                let ranked = part.top_k(number, &tags, scorer, most, selection, &reached)?;
                merge(best, ranked, most);
            }
        }
        Some(best)
    }
}
