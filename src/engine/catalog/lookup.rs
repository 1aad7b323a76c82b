//! Finds sessions by their tags, titles and ids, and the tags of sessions.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::segment::Segment;
use super::{Best, Catalog, Narrow, Place};
use crate::engine::ranking::index::TagId;
use crate::engine::ranking::interest::InterestSet;

impl Catalog {
    /// Returns for each of the ranked sessions the numbers of the interests that it matches, in order.
    pub fn matches(&self, ranked: &[Best], interests: &InterestSet) -> Vec<Vec<u32>> {
        let places = ranked.iter().map(|best| best.place).zip(0..);
        let numbers: HashMap<Place, usize, FixedState> = places.collect();
        let mut matches = vec![Vec::new(); ranked.len()];
        for (interest, text) in (0..).zip(interests.iter()) {
            for (part, held) in (0..).zip(&self.parts) {
                let segment = &held.segment;
                let Some(tag) = segment.vocabulary.get(text) else {
                    continue;
                };
                segment.index.visit(tag, &mut |local| {
                    let number = numbers.get(&Place { part, local });
                    let found = number.and_then(|&number| matches.get_mut(number));
                    // A session that has the tag twice is visited twice.
                    if let Some(found) = found
                        && found.last() != Some(&interest)
                    {
                        found.push(interest);
                    }
                });
            }
        }
        matches
    }

    /// Returns true if a session has this tag, given lowered.
    pub fn has_tag(&self, text: &[u8]) -> bool {
        self.parts.iter().any(|part| {
            let segment = &part.segment;
            let mut held = false;
            if let Some(tag) = segment.vocabulary.get(text) {
                let mut look = |local| held |= part.holds(local);
                segment.index.visit(tag, &mut look);
            }
            held
        })
    }

    /// Returns the tags of all segments, lowered.
    pub(super) fn tags(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().flat_map(|part| {
            let tags = part.segment.vocabulary.len() as u32;
            (0..tags).map(|tag| part.segment.vocabulary.bytes(TagId(tag)))
        })
    }

    /// Returns the tags of all segments, lowered and sorted, none of them twice.
    pub fn sorted_tags(&self) -> Vec<&[u8]> {
        let mut tags: Vec<&[u8]> = self.tags().collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// Returns true if the filter admits a session.
    pub fn admits(&self, narrow: Narrow<'_>, place: Place) -> bool {
        let part = self.parts.get(place.part as usize);
        part.is_some_and(|part| narrow.select(place.part, &part.segment).admits(place.local))
    }

    /// Returns the sessions that the filter admits, in order.
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

    /// Returns the sessions that may have this lowered title, in order. The caller compares the titles.
    pub fn titled(&self, lowered: &[u8]) -> impl Iterator<Item = Place> {
        self.candidates(move |segment| segment.titles.candidates(lowered).collect())
    }

    /// Returns the sessions that may have this id, in order. The caller compares the ids.
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
}
