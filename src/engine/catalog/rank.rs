//! Ranks the sessions of a catalogue: asks each part for its best sessions, and merges them.
//!
//! A part gets the scores of the best sessions of the parts before it, and skips what cannot be better. If `r` sessions
//! were removed from a part, it is asked for `r` more.

use core::cmp::Ordering;

use super::filter::Selection;
use super::{Best, Catalog, Narrow, Part, Place};
use crate::engine::ranking::index::{Ranked, TagId};
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Number, Scorer};

impl Catalog {
    /// Returns the best `k` of the admitted sessions by (score descending, position ascending).
    ///
    /// Returns `None` if the order cannot be proven: a score is NaN, or an int leaves the exact range.
    pub fn top_k(
        &self,
        interests: &InterestSet,
        scorer: &Scorer,
        k: usize,
        narrow: Option<Narrow<'_>>,
    ) -> Option<Vec<Best>> {
        let selections = self.selections(narrow);
        self.top_k_of(interests, scorer, k, selections.as_deref())
    }

    /// Compiles a filter for each part, for many queries.
    pub fn selections(&self, narrow: Option<Narrow<'_>>) -> Option<Vec<Selection<'_>>> {
        let narrow = narrow?;
        let mut selections = Vec::with_capacity(self.parts.len());
        for (number, part) in (0..).zip(&self.parts) {
            selections.push(narrow.select(number, &part.segment));
        }
        Some(selections)
    }

    /// Does what [`Self::top_k`] does, with a filter that [`Self::selections`] compiled.
    pub fn top_k_of(
        &self,
        interests: &InterestSet,
        scorer: &Scorer,
        k: usize,
        filter: Option<&[Selection<'_>]>,
    ) -> Option<Vec<Best>> {
        let mut best = Vec::new();
        let mut scores = Vec::new();
        let mut tags = Vec::new();
        for (number, part) in (0..).zip(&self.parts) {
            let vocabulary = &part.segment.vocabulary;
            tags.clear();
            tags.extend(interests.iter().filter_map(|text| vocabulary.get(text)));
            scores.clear();
            scores.extend(best.iter().map(|best: &Best| best.score));
            let ranked = part.top_k(&tags, scorer, k, selection(filter, number), &scores)?;
            merge(&mut best, number, ranked, k);
        }
        Some(best)
    }
}

/// Returns what a filter that was compiled for each part selects in one of them.
pub(super) fn selection<'a>(filter: Option<&'a [Selection<'a>]>, part: u32) -> &'a Selection<'a> {
    let selection = filter.and_then(|filter| filter.get(part as usize));
    selection.unwrap_or(&Selection::Everything)
}

/// Merges the best sessions of a part into the best `k` of the parts before it.
pub(super) fn merge(best: &mut Vec<Best>, part: u32, ranked: Vec<Ranked>, k: usize) {
    if ranked.is_empty() {
        return;
    }
    let earlier = best.len();
    best.extend(ranked.into_iter().map(|ranked| Best {
        place: Place {
            part,
            local: ranked.position,
        },
        matched: Number::Int(i64::from(ranked.hits)),
        popularity: ranked.popularity,
        score: ranked.score,
    }));
    if earlier > 0 {
        // Both pieces are in order, and the parts are in order of position. So a stable sort merges them.
        best.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
        best.truncate(k);
    }
}

impl Part {
    /// Up to this number of removed sessions, asking for that many more is cheaper than testing each candidate.
    const FEW: usize = 64;

    /// Returns the best `k` of the selected sessions, but without some that are not among the best `k` of them and of
    /// `earlier` ones, whose scores are given, best first. The query is given by the tags of this part.
    pub(super) fn top_k(
        &self,
        query: &[TagId],
        scorer: &Scorer,
        k: usize,
        selection: &Selection<'_>,
        earlier: &[f64],
    ) -> Option<Vec<Ranked>> {
        let index = &self.segment.index;
        match selection {
            Selection::Everything if self.removed.is_empty() => {
                index.top_k_after(query, scorer, k, &|_| true, earlier)
            }
            Selection::Everything if self.removed.len() <= Self::FEW => {
                let most = k + self.removed.len();
                let mut ranked = index.top_k_after(query, scorer, most, &|_| true, earlier)?;
                ranked.retain(|ranked| self.holds(ranked.position));
                ranked.truncate(k);
                Some(ranked)
            }
            Selection::Everything => {
                let admits = |position| self.holds(position);
                index.top_k_after(query, scorer, k, &admits, earlier)
            }
            Selection::Nothing => Some(Vec::new()),
            Selection::Some(sieve) => {
                let admits = |position| sieve.admits(position) && self.holds(position);
                index.top_k_after(query, scorer, k, &admits, earlier)
            }
        }
    }
}
