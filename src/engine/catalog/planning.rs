//! What plans need of a catalogue: candidates with their times and places, and the offset of the programme.

use core::time::Duration;
use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::busy::Busy;
use super::itinerary::{self, Itinerary, Reason, Refusal, Wishes};
use super::plan::{Candidate, Limits};
use super::{Best, Catalog, Place};

/// What an itinerary must keep to: [`Wishes`], with the places of sessions.
#[derive(Clone, Debug, Default)]
pub struct PlanWishes {
    /// They are in the plan.
    pub must: Vec<Place>,
    /// They are not in the plan.
    pub avoid: Vec<Place>,
    /// No session of the plan overlaps one of these times.
    pub busy: Vec<Busy>,
}

/// Returns the sessions that a plan leaves out with their reasons, the highest score first.
pub fn best_first(left_out: &[(u32, Reason)], ranked: &[Best]) -> Vec<(Best, Reason)> {
    let of = |&(number, reason): &(u32, Reason)| Some((*ranked.get(number as usize)?, reason));
    let mut rows: Vec<(Best, Reason)> = left_out.iter().filter_map(of).collect();
    rows.sort_by(|(a, _), (b, _)| b.score.total_cmp(&a.score));
    rows
}

impl Catalog {
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

    /// Plans an itinerary of ranked sessions. Returns the sessions that could be in it, and the itinerary, which numbers
    /// them as they are returned.
    ///
    /// Sessions that match no interest are left out, unless they must be in: their scores are above 0 too, and they
    /// would fill every free hour.
    ///
    /// # Errors
    ///
    /// Fails as [`itinerary::arrange`] does.
    pub fn best_plan(
        &self,
        mut ranked: Vec<Best>,
        wishes: &PlanWishes,
        top: Option<usize>,
        gap: Duration,
    ) -> (Vec<Best>, Result<Itinerary, Refusal>) {
        ranked.retain(|session| session.is_match() || wishes.must.contains(&session.place));
        ranked.sort_by_key(|session| session.place);
        let limits = Limits {
            top,
            gap,
            offset: self.usual_offset(),
        };
        let numbers = |places: &[Place]| {
            let number = |place| ranked.binary_search_by_key(place, |session| session.place);
            let numbers = places.iter().filter_map(|place| number(place).ok());
            numbers.map(|number| number as u32).collect()
        };
        let wishes = Wishes {
            must: numbers(&wishes.must),
            avoid: numbers(&wishes.avoid),
            busy: wishes.busy.clone(),
        };
        let arranged = itinerary::arrange(&self.plannable(&ranked), &wishes, &limits);
        (ranked, arranged)
    }

    /// Returns the numbers of the ranked sessions that overlap one of them in time, in order; `None` if that one has no
    /// time, or is not among them.
    pub fn overlapping(&self, place: Place, ranked: &[Best]) -> Option<Vec<usize>> {
        let number = ranked.iter().position(|best| best.place == place)?;
        let candidates = self.plannable(ranked);
        let overlapping = itinerary::overlapping(&candidates, number as u32, self.usual_offset())?;
        Some(
            overlapping
                .into_iter()
                .map(|number| number as usize)
                .collect(),
        )
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
}
