//! A catalogue: compiled sessions in segments, without those that were removed.
//!
//! Invariant: positions number the remaining sessions in order, and `removed` is sorted by position within its segment.
//! Catalogues share segments, so a changed catalogue costs only its new sessions.

pub(crate) mod batch;
pub mod busy;
mod ceiling;
pub mod compile_policy;
pub mod conflict;
pub mod directory;
pub mod facet;
pub mod filter;
pub mod itinerary;
pub mod lexicon;
mod lookup;
pub mod many;
pub mod nearest;
pub mod place_map;
pub mod plan;
pub mod planning;
pub mod raise;
mod rank;
pub mod ranker;
pub mod result_cache;
pub mod segment;
pub mod sharing;
pub mod stored;
pub mod touch_log;
pub mod understood;
pub mod understood_query;
pub mod vocabulary;
pub mod why_not;
pub mod window;

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use self::filter::{Filter, Lookup, Selection};
use self::segment::Segment;
use crate::engine::ranking::score::Number;

/// The place of a session: the number of its part, and its position within the segment of that part.
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
    /// Its place.
    pub place: Place,
    /// The number of its tags that are interests, an int; or its match where interests were understood, a float.
    pub matched: Number,
    /// Its popularity.
    pub popularity: Number,
    /// Its score.
    pub score: f64,
}

impl Best {
    /// Returns true if the session matches an interest.
    pub fn is_match(&self) -> bool {
        self.matched.as_f64() > 0.0
    }
}

/// The sessions that have an id, by id. The caller found them by hash and compared the ids.
pub type Identified = HashMap<Vec<u8>, Vec<Place>, FixedState>;

/// A filter, with the places of the sessions whose ids it names.
#[derive(Clone, Copy, Debug)]
pub struct Narrow<'a> {
    /// The filter.
    pub filter: &'a Filter,
    /// The sessions of the ids that it excludes.
    pub identified: &'a Identified,
}

impl Narrow<'_> {
    fn select<'s>(&self, part: u32, segment: &'s Segment) -> Selection<'s> {
        let known = PartLookup {
            segment,
            part,
            identified: self.identified,
        };
        self.filter.select(&segment.facets, &known)
    }
}

/// Looks up tags and ids in one part, for a filter.
struct PartLookup<'a> {
    segment: &'a Segment,
    part: u32,
    identified: &'a Identified,
}

impl Lookup for PartLookup<'_> {
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
    /// Makes a catalogue of one segment.
    pub fn new(segment: Segment) -> Self {
        let mut catalog = Self::default();
        catalog.push(Arc::new(segment));
        catalog
    }

    /// Adds the sessions of a segment after the others.
    pub fn push(&mut self, segment: Arc<Segment>) {
        let part = Part {
            segment,
            first: self.len(),
            removed: Arc::default(),
        };
        self.parts.push(part);
    }

    /// Adds the sessions of a segment after the others, without those at the `removed` positions. Does nothing and
    /// returns false if these are not in ascending order, or if the segment has no such session.
    #[must_use]
    pub fn push_without(&mut self, segment: Arc<Segment>, removed: &[u32]) -> bool {
        let inside = removed
            .last()
            .is_none_or(|&last| (last as usize) < segment.len());
        if !inside || !removed.is_sorted_by(|a, b| a < b) {
            return false;
        }
        let part = Part {
            segment,
            first: self.len(),
            removed: removed.into(),
        };
        self.parts.push(part);
        true
    }

    /// Returns the positions of the sessions that were removed from the segment of a part, in order.
    pub fn removed_of(&self, number: u32) -> &[u32] {
        let part = self.parts.get(number as usize);
        part.map_or(&[], |part| &part.removed)
    }

    /// Keeps only the first `parts` parts.
    pub fn truncate(&mut self, parts: usize) {
        self.parts.truncate(parts);
    }

    /// Removes sessions. Ignores places without a session.
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

    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.first + part.len())
    }

    /// Returns true if there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the memory used, including shared segments, in bytes.
    pub fn nbytes(&self) -> usize {
        let bytes = |part: &Part| part.segment.nbytes() + size_of_val(&*part.removed);
        self.parts.iter().map(bytes).sum()
    }

    /// Returns the segments, in order.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = &Arc<Segment>> {
        self.parts.iter().map(|part| &part.segment)
    }

    /// Returns the only segment, if it holds the text of its sessions and none was removed.
    pub fn only_text(&self) -> Option<&Segment> {
        match self.parts.as_slice() {
            [part] if part.removed.is_empty() => {
                Some(&*part.segment).filter(|segment| segment.text.is_some())
            }
            _ => None,
        }
    }

    /// Returns the position of a session.
    #[inline]
    pub fn position(&self, place: Place) -> Option<usize> {
        let part = self.parts.get(place.part as usize)?;
        let before = part.removed.partition_point(|&local| local < place.local);
        Some(part.first + place.local as usize - before)
    }

    /// Returns the place of the session at a position.
    pub fn at(&self, position: usize) -> Option<Place> {
        let number = self
            .parts
            .partition_point(|part| part.first <= position)
            .checked_sub(1)?;
        let part = self.parts.get(number)?;
        let mut local = position - part.first;
        // Each removed session before it adds one.
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

    /// Returns all sessions, in order.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        (0..self.parts.len() as u32).flat_map(|number| self.places_of(number))
    }

    /// Returns the sessions of one part, in order.
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

    /// Returns the first session whose title cannot be read, if there is one.
    pub fn untitled(&self) -> Option<Place> {
        (0..).zip(&self.parts).find_map(|(part, held)| {
            Some(Place {
                part,
                local: held.segment.untitled?,
            })
        })
    }
}
