//! A catalogue: segments in order, less the sessions that were taken out.
//!
//! Invariant: positions number the sessions that are left, in order; `removed` is sorted, by position within its
//! segment. Segments are shared, so that a catalogue with a few other sessions costs what those cost. A query asks each
//! segment for its best and merges them: a removed session can push at most one of those it asks for out of sight, so
//! each is asked for as many more as were removed.

pub mod compile_policy;
pub mod conflict;
pub mod directory;
pub mod facet;
pub mod filter;
pub mod lexicon;
pub mod plan;
pub mod result_cache;
pub mod segment;
pub mod understood;
pub mod vocabulary;
pub mod window;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use self::filter::{Filter, Lookup, Selection};
use self::plan::{Candidate, Limits, Plan};
use self::segment::Segment;
use crate::engine::error::Error;
use crate::engine::ranking::index::Ranked;
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Number, Scorer};

/// Where a session is: the number of its part, and its position within the part's segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The number of the part.
    pub part: u32,
    /// The position within the segment.
    pub local: u32,
}

/// One session of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Where it is.
    pub place: Place,
    /// How many of its tags are interests.
    pub hits: u32,
    /// Its popularity.
    pub popularity: Number,
    /// Its score.
    pub score: f64,
}

/// The sessions that have an id, by id: found by its hash and confirmed by whoever holds the sessions.
pub type Identified = HashMap<Vec<u8>, Vec<Place>, FixedState>;

/// A filter, and where the sessions are whose ids it names.
#[derive(Clone, Copy, Debug)]
pub struct Narrow<'a> {
    /// The filter.
    pub filter: &'a Filter,
    /// The sessions of the ids that it excludes.
    pub identified: &'a Identified,
}

impl Narrow<'_> {
    fn select<'s>(&self, part: u32, segment: &'s Segment) -> Selection<'s> {
        let known = Known {
            segment,
            part,
            identified: self.identified,
        };
        self.filter.select(&segment.facets, &known)
    }
}

/// What a filter looks up in one part.
struct Known<'a> {
    segment: &'a Segment,
    part: u32,
    identified: &'a Identified,
}

impl Lookup for Known<'_> {
    fn visit_tag(&self, tag: &[u8], visit: &mut dyn FnMut(u32)) {
        if let Some(tag) = self.segment.vocabulary.get(tag) {
            self.segment.index.visit(tag, visit);
        }
    }

    fn visit_id(&self, id: &[u8], visit: &mut dyn FnMut(u32)) {
        let places = self.identified.get(id).into_iter().flatten();
        places
            .filter(|place| place.part == self.part)
            .for_each(|place| visit(place.local));
    }
}

#[derive(Clone, Debug)]
struct Part {
    segment: Arc<Segment>,
    /// The position of its first session in the catalogue.
    first: usize,
    removed: Arc<[u32]>,
}

impl Part {
    fn len(&self) -> usize {
        self.segment.len() - self.removed.len()
    }

    fn holds(&self, local: u32) -> bool {
        (local as usize) < self.segment.len() && self.removed.binary_search(&local).is_err()
    }
}

/// Compiled sessions that do not change.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    parts: Vec<Part>,
}

impl Catalog {
    /// A catalogue of one segment.
    pub fn new(segment: Segment) -> Self {
        let mut catalog = Self::default();
        catalog.push(Arc::new(segment));
        catalog
    }

    /// Adds the sessions of a segment behind the others.
    pub fn push(&mut self, segment: Arc<Segment>) {
        let part = Part {
            segment,
            first: self.len(),
            removed: Arc::default(),
        };
        self.parts.push(part);
    }

    /// Keeps the first `parts` parts.
    pub fn truncate(&mut self, parts: usize) {
        self.parts.truncate(parts);
    }

    /// Takes sessions out; those that are not there are passed over.
    pub fn remove(&mut self, mut places: Vec<Place>) {
        places.sort_unstable();
        places.dedup();
        let mut first = 0;
        for (number, part) in (0..).zip(&mut self.parts) {
            part.first = first;
            let gone = places.iter().filter(|place| place.part == number);
            let mut removed: Vec<u32> = gone
                .map(|place| place.local)
                .filter(|&local| part.holds(local))
                .collect();
            if !removed.is_empty() {
                removed.extend_from_slice(&part.removed);
                removed.sort_unstable();
                part.removed = removed.into();
            }
            first += part.len();
        }
    }

    /// The number of sessions.
    pub fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.first + part.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory it holds, shared segments included, in bytes.
    pub fn nbytes(&self) -> usize {
        let bytes = |part: &Part| part.segment.nbytes() + size_of_val(&*part.removed);
        self.parts.iter().map(bytes).sum()
    }

    /// The segments, in order.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = &Arc<Segment>> {
        self.parts.iter().map(|part| &part.segment)
    }

    /// The only segment, if it holds the text of its sessions and none was taken out.
    pub fn only_text(&self) -> Option<&Segment> {
        match self.parts.as_slice() {
            [part] if part.removed.is_empty() => {
                Some(&*part.segment).filter(|segment| segment.text.is_some())
            }
            _ => None,
        }
    }

    /// The position of a session.
    pub fn position(&self, place: Place) -> Option<usize> {
        let part = self.parts.get(place.part as usize)?;
        let before = part.removed.partition_point(|&local| local < place.local);
        Some(part.first + place.local as usize - before)
    }

    /// The session at a position.
    pub fn at(&self, position: usize) -> Option<Place> {
        let number = self
            .parts
            .partition_point(|part| part.first <= position)
            .checked_sub(1)?;
        let part = self.parts.get(number)?;
        let mut local = position - part.first;
        // Each removed session in front of it moves it one on.
        for &removed in &*part.removed {
            if removed as usize > local {
                break;
            }
            local += 1;
        }
        (local < part.segment.len()).then_some(Place {
            part: number as u32,
            local: local as u32,
        })
    }

    /// All sessions, in order.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        (0..self.parts.len() as u32).flat_map(|number| self.places_of(number))
    }

    /// The sessions of one part, in order.
    pub fn places_of(&self, number: u32) -> impl Iterator<Item = Place> {
        self.parts
            .get(number as usize)
            .into_iter()
            .flat_map(move |part| {
                let locals = 0..part.segment.len() as u32;
                locals
                    .filter(move |&local| part.holds(local))
                    .map(move |local| Place {
                        part: number,
                        local,
                    })
            })
    }

    /// The best `k` by (score descending, position ascending), of those that the filter admits.
    ///
    /// `None` where the order is not provable: a score is NaN, or an int leaves the exact range.
    pub fn top_k(
        &self,
        interests: &InterestSet,
        scorer: &Scorer,
        k: usize,
        narrow: Option<Narrow<'_>>,
    ) -> Option<Vec<Best>> {
        let mut best = Vec::new();
        for (number, part) in (0..).zip(&self.parts) {
            let ranked = part.top_k(number, interests, scorer, k, narrow)?;
            best.extend(ranked.into_iter().map(|ranked| Best {
                place: Place {
                    part: number,
                    local: ranked.position,
                },
                hits: ranked.hits,
                popularity: ranked.popularity,
                score: ranked.score,
            }));
        }
        if self.parts.len() > 1 {
            // Each part is in order already, and places are in order of position: a stable sort merges them.
            best.sort_by(|a, b| {
                b.score
                    .partial_cmp(&a.score)
                    .unwrap_or(core::cmp::Ordering::Equal)
            });
            best.truncate(k);
        }
        Some(best)
    }

    /// Returns the offset from UTC, in minutes, that most of the sessions name; 0 where none names one. O(sessions).
    ///
    /// This is the zone of the programme, as far as its sessions say: a manifest has no setting for it. Of offsets that
    /// are named equally often, the westernmost is taken.
    pub fn usual_offset(&self) -> i64 {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for part in &self.parts {
            let facets = &part.segment.facets;
            let held = (0..facets.len() as u32).filter(|&local| part.holds(local));
            for offset in held.filter_map(|local| facets.span(local).start.offset()) {
                *counts.entry(offset).or_default() += 1;
            }
        }
        let most = counts.iter().rev().max_by_key(|(_, count)| **count);
        most.map_or(0, |(&offset, _)| offset)
    }

    /// Plans an itinerary of ranked sessions. Returns the sessions of the plan in order of time, and the plan.
    ///
    /// Sessions that match no interest are left out: their scores are above 0 too, and they would fill every free hour.
    ///
    /// # Errors
    ///
    /// Fails as [`plan::best`] does.
    pub fn best_plan(
        &self,
        mut ranked: Vec<Best>,
        top: Option<usize>,
        gap: Duration,
    ) -> Result<(Vec<Best>, Plan), Error> {
        ranked.retain(|session| session.hits > 0);
        ranked.sort_by_key(|session| session.place);
        let limits = Limits {
            top,
            gap,
            offset: self.usual_offset(),
        };
        let plan = plan::best(&self.plannable(&ranked), &limits)?;
        let chosen = plan.positions.iter();
        let chosen = chosen.filter_map(|&number| ranked.get(number as usize).copied());
        Ok((chosen.collect(), plan))
    }

    /// Returns what a plan needs to know of sessions, numbered in their order here.
    fn plannable(&self, best: &[Best]) -> Vec<Candidate> {
        // Places are numbered by segment: two segments know one place under two numbers.
        let mut places: HashMap<&[u8], u32, FixedState> = HashMap::default();
        let candidate = |(number, best): (u32, &Best)| {
            let segment = &self.parts.get(best.place.part as usize)?.segment;
            let next = places.len() as u32;
            let place = segment.facets.place(best.place.local);
            let place =
                place.map(|place| *places.entry(segment.facets.name(place)).or_insert(next));
            let span = segment.facets.span(best.place.local);
            Some(Candidate {
                position: number,
                score: best.score,
                span,
                place,
            })
        };
        (0..).zip(best).filter_map(candidate).collect()
    }

    /// The sessions that the filter admits, in order.
    pub fn admitted(&self, narrow: Narrow<'_>) -> Vec<Place> {
        let mut places = Vec::new();
        for (number, part) in (0..).zip(&self.parts) {
            let selection = narrow.select(number, &part.segment);
            let admitted = selection.to_bitmap(part.segment.len());
            let held = admitted.iter().filter(|&local| part.holds(local));
            places.extend(held.map(|local| Place {
                part: number,
                local,
            }));
        }
        places
    }

    /// The sessions whose lowered title may be this, in order; the caller compares the titles.
    pub fn titled(&self, lowered: &[u8]) -> impl Iterator<Item = Place> {
        self.candidates(move |segment| segment.titles.candidates(lowered).collect())
    }

    /// The sessions whose id may be this, in order; the caller compares the ids.
    pub fn identified(&self, id: &[u8]) -> impl Iterator<Item = Place> {
        self.candidates(move |segment| segment.ids.candidates(id).collect())
    }

    fn candidates(&self, find: impl Fn(&Segment) -> Vec<u32>) -> impl Iterator<Item = Place> {
        (0..).zip(&self.parts).flat_map(move |(number, part)| {
            let locals = find(&part.segment).into_iter();
            locals
                .filter(|&local| part.holds(local))
                .map(move |local| Place {
                    part: number,
                    local,
                })
        })
    }

    /// A session in front of which every title can be read, if some title cannot.
    pub fn untitled(&self) -> Option<Place> {
        (0..).zip(&self.parts).find_map(|(part, held)| {
            Some(Place {
                part,
                local: held.segment.untitled?,
            })
        })
    }
}

impl Part {
    /// Up to so many removed sessions, asking for that many more is cheaper than testing each candidate.
    const FEW: usize = 64;

    fn top_k(
        &self,
        number: u32,
        interests: &InterestSet,
        scorer: &Scorer,
        k: usize,
        narrow: Option<Narrow<'_>>,
    ) -> Option<Vec<Ranked>> {
        let segment = &*self.segment;
        let query: Vec<_> = interests
            .iter()
            .filter_map(|interest| segment.vocabulary.get(interest))
            .collect();
        let selection = narrow.map_or(Selection::Everything, |narrow| {
            narrow.select(number, segment)
        });
        match selection {
            Selection::Everything if self.removed.is_empty() => {
                segment.index.top_k(&query, scorer, k)
            }
            Selection::Everything if self.removed.len() <= Self::FEW => {
                let mut ranked = segment
                    .index
                    .top_k(&query, scorer, k + self.removed.len())?;
                ranked.retain(|ranked| self.holds(ranked.position));
                ranked.truncate(k);
                Some(ranked)
            }
            Selection::Everything => segment
                .index
                .top_k_where(&query, scorer, k, &|position| self.holds(position)),
            Selection::Nothing => Some(Vec::new()),
            Selection::Some(sieve) => segment.index.top_k_where(&query, scorer, k, &|position| {
                sieve.admits(position) && self.holds(position)
            }),
        }
    }
}
