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
        let mut reached = Vec::new();
        let mut tags = Vec::with_capacity(interests.len());
        for (number, part) in (0..).zip(&self.parts) {
            let vocabulary = &part.segment.vocabulary;
            tags.clear();
            tags.extend(interests.iter().filter_map(|text| vocabulary.get(text)));
            reached.clear();
            reached.extend(best.iter().map(|best: &Best| best.score));
            let selection = selection(filter, number);
            let ranked = part.top_k(number, &tags, scorer, k, selection, &reached)?;
            merge(&mut best, ranked, k);
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
pub(super) fn merge(best: &mut Vec<Best>, ranked: Vec<Best>, k: usize) {
    if best.is_empty() {
        *best = ranked;
    } else if !ranked.is_empty() {
        best.extend(ranked);
        // Both pieces are in order, and the parts are in order of position. So a stable sort merges them.
        best.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
        best.truncate(k);
    }
}

impl Part {
    /// Up to this number of removed sessions, asking for that many more is cheaper than testing each candidate.
    const FEW: usize = 64;

    /// Returns the best `k` of the selected sessions, but without some that are not among the best `k` of them and of
    /// `earlier` ones, whose scores are given, best first. The query is given by the tags of this part, which is the
    /// one with that number.
    pub(super) fn top_k(
        &self,
        number: u32,
        query: &[TagId],
        scorer: &Scorer,
        k: usize,
        selection: &Selection<'_>,
        earlier: &[f64],
    ) -> Option<Vec<Best>> {
        let index = &self.segment.index;
        let best = |ranked: Ranked| Best {
            place: Place {
                part: number,
                local: ranked.position,
            },
            matched: Number::Int(i64::from(ranked.hits)),
            popularity: ranked.popularity,
            score: ranked.score,
        };
        match selection {
            Selection::Everything if self.removed.is_empty() => {
                index.top_k_after(query, scorer, k, &|_| true, earlier, best)
            }
            Selection::Everything if self.removed.len() <= Self::FEW => {
                let most = k + self.removed.len();
                let mut found = index.top_k_after(query, scorer, most, &|_| true, earlier, best)?;
                found.retain(|found| self.holds(found.place.local));
                found.truncate(k);
                Some(found)
            }
            Selection::Everything => {
                let admits = |position| self.holds(position);
                index.top_k_after(query, scorer, k, &admits, earlier, best)
            }
            Selection::Nothing => Some(Vec::new()),
            Selection::Some(sieve) => {
                let admits = |position| sieve.admits(position) && self.holds(position);
                index.top_k_after(query, scorer, k, &admits, earlier, best)
            }
        }
    }
}
