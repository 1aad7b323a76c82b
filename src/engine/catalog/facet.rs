//! The times and places of sessions, for filters and plans.
//!
//! Many sessions share their span of time or their place (19,406 sessions of a real catalogue have 1,792 spans and
//! 1,458 places). So each span and place is stored once, and a session costs 8 bytes. Place names are sorted and
//! numbered in that order, so that a name is found by binary search. Building costs O(n + p log p) for p places.
//!
//! Reading never fails, also for columns of an untrusted file: an unknown number means an unknown span, or a session
//! without a place.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::vocabulary::Vocabulary;
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};
use crate::engine::ranking::session::TagId;
use crate::engine::time::Span;

/// The times and places of sessions, by position.
#[derive(Clone, Debug, Default)]
pub struct Facets {
    /// By position: the number of the session's span in `spans`.
    pub slots: Column<u32>,
    /// The different spans, in order of first appearance.
    pub spans: Column<Span>,
    /// By position: the number of the session's place, or [`Facets::NOWHERE`].
    pub places: Column<u32>,
    /// The names of the places, sorted, one after the other.
    pub names: Column<u8>,
    /// By number of place: the end of its name in `names`.
    pub ends: Column<u32>,
}

impl Facets {
    /// The number that stands for no place.
    pub const NOWHERE: u32 = u32::MAX;

    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns true if there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns the span of time of the session at a position.
    #[inline]
    pub fn span(&self, position: u32) -> Span {
        let slot = self.slots.get(position as usize);
        let span = slot.and_then(|&slot| self.spans.get(slot as usize));
        span.copied().unwrap_or_default()
    }

    /// Returns the number of the place of the session at a position.
    #[inline]
    pub fn place(&self, position: u32) -> Option<u32> {
        let place = self.places.get(position as usize).copied();
        place.filter(|&place| place != Self::NOWHERE)
    }

    /// Returns the number of different places.
    pub fn place_count(&self) -> usize {
        self.ends.len()
    }

    /// Returns the name of a place, or an empty name for an unknown number.
    pub fn name(&self, place: u32) -> &[u8] {
        let place = place as usize;
        let before = place
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let range = self
            .ends
            .get(place)
            .map(|&end| before.map_or(0, |&start| start as usize)..end as usize);
        range
            .and_then(|range| self.names.get(range))
            .unwrap_or_default()
    }

    /// Returns the number of the place with exactly this name.
    pub fn find_place(&self, name: &[u8]) -> Option<u32> {
        let (mut low, mut high) = (0, self.ends.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.name(middle).cmp(name) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Equal => return Some(middle),
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Writes the columns.
    ///
    /// # Errors
    ///
    /// Fails as [`Writer::column`] does.
    pub fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("slots", &self.slots)?;
        writer.column("spans", &self.spans)?;
        writer.column("places", &self.places)?;
        writer.column("names", &self.names)?;
        writer.column("ends", &self.ends)
    }

    /// Opens the columns that [`Facets::save`] wrote, in O(1).
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::column`] does, and if the columns are for different numbers of sessions.
    pub fn open(reader: &Reader) -> Result<Self, Error> {
        let facets = Self {
            slots: reader.column("slots")?,
            spans: reader.column("spans")?,
            places: reader.column("places")?,
            names: reader.column("names")?,
            ends: reader.column("ends")?,
        };
        if facets.slots.len() != facets.places.len() {
            let (times, places) = (facets.slots.len(), facets.places.len());
            return Err(Error::inconsistent(format!(
                "times of {times} sessions, and places of {places}"
            )));
        }
        Ok(facets)
    }

    /// Returns the memory used, in bytes.
    pub fn nbytes(&self) -> usize {
        self.slots.nbytes()
            + self.spans.nbytes()
            + self.places.nbytes()
            + self.names.nbytes()
            + self.ends.nbytes()
    }
}

/// Collects the spans and places of sessions, in order of position.
#[derive(Debug, Default)]
pub struct FacetBuilder {
    slots: Vec<u32>,
    spans: Vec<Span>,
    numbers: HashMap<Span, u32, FixedState>,
    places: Vec<u32>,
    names: Vocabulary,
}

impl FacetBuilder {
    /// Makes a builder with room for a number of sessions.
    pub fn with_capacity(sessions: usize) -> Self {
        Self {
            slots: Vec::with_capacity(sessions),
            places: Vec::with_capacity(sessions),
            ..Self::default()
        }
    }

    /// Adds the next session. The name of its place should be lowered, because names are compared exactly.
    ///
    /// # Errors
    ///
    /// Fails if there are more than 2³² − 1 bytes of place names.
    #[inline]
    pub fn push(&mut self, span: Span, place: Option<&[u8]>) -> Result<(), Error> {
        let place = match place {
            Some(name) => self.intern(name)?,
            None => Facets::NOWHERE,
        };
        let slot = self.number(span);
        self.slots.push(slot);
        self.places.push(place);
        Ok(())
    }

    /// Adds the sessions of another builder after its own, in O(their number). So parts can be collected in parallel.
    ///
    /// # Errors
    ///
    /// Fails if there are more than 2³² − 1 bytes of place names.
    pub fn append(&mut self, other: &Self) -> Result<(), Error> {
        let spans: Vec<u32> = other.spans.iter().map(|&span| self.number(span)).collect();
        let places =
            (0..other.names.len() as u32).map(|id| self.intern(other.names.bytes(TagId(id))));
        let places = places.collect::<Result<Vec<u32>, Error>>()?;
        self.slots.extend(translate(&other.slots, &spans));
        self.places.extend(translate(&other.places, &places));
        Ok(())
    }

    /// Returns the facets of all sessions that were added.
    pub fn finish(self) -> Facets {
        let names = &self.names;
        let mut sorted: Vec<u32> = (0..names.len() as u32).collect();
        sorted.sort_unstable_by_key(|&id| names.bytes(TagId(id)));
        let mut number_of = vec![0; sorted.len()];
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(sorted.len()));
        for (number, &id) in (0..).zip(&sorted) {
            if let Some(slot) = number_of.get_mut(id as usize) {
                *slot = number;
            }
            bytes.extend_from_slice(names.bytes(TagId(id)));
            ends.push(bytes.len() as u32);
        }
        Facets {
            slots: self.slots.into(),
            spans: self.spans.into(),
            places: translate(&self.places, &number_of).collect(),
            names: bytes.into(),
            ends: ends.into(),
        }
    }

    fn number(&mut self, span: Span) -> u32 {
        let next = self.spans.len() as u32;
        *self.numbers.entry(span).or_insert_with(|| {
            self.spans.push(span);
            next
        })
    }

    fn intern(&mut self, name: &[u8]) -> Result<u32, Error> {
        const LIMIT: usize = u32::MAX as usize;
        let place = self.names.intern(name);
        let place =
            place.ok_or_else(|| Error::too_large("bytes of place names", LIMIT + 1, LIMIT))?;
        Ok(place.0)
    }
}

/// Replaces each number by its new number, if it has one.
fn translate<'a>(numbers: &'a [u32], new: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    numbers
        .iter()
        .map(|&number| new.get(number as usize).copied().unwrap_or(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: [(&str, &str, Option<&str>); 6] = [
        ("09:00", "10:00", Some("red room")),
        ("10:00", "11:00", Some("blue room")),
        ("09:00", "10:00", None),
        ("soon", "later", Some("")),
        ("09:00", "10:00", Some("green room")),
        ("10:00", "11:00", Some("red room")),
    ];

    fn build(sessions: &[(&str, &str, Option<&str>)]) -> FacetBuilder {
        let mut builder = FacetBuilder::with_capacity(sessions.len());
        for (start, end, place) in sessions {
            let span = Span::parse(start.as_bytes(), end.as_bytes());
            builder
                .push(span, place.map(str::as_bytes))
                .expect("few names");
        }
        builder
    }

    fn check(facets: &Facets) {
        assert_eq!(
            (facets.len(), facets.spans.len(), facets.place_count()),
            (6, 3, 4)
        );
        for (position, (start, end, place)) in (0..).zip(SESSIONS) {
            assert_eq!(
                facets.span(position),
                Span::parse(start.as_bytes(), end.as_bytes())
            );
            let name = facets.place(position).map(|place| facets.name(place));
            assert_eq!(name, place.map(str::as_bytes));
            let found = place.and_then(|place| facets.find_place(place.as_bytes()));
            assert_eq!(found, facets.place(position));
        }
        assert_eq!(facets.find_place(b"yellow room"), None);
        assert_eq!(
            (facets.span(6), facets.place(6), facets.name(9)),
            (Span::default(), None, &b""[..])
        );
    }

    #[test]
    fn sessions_share_spans_and_places() {
        check(&build(&SESSIONS).finish());
        assert_eq!(FacetBuilder::default().finish().nbytes(), 0);
    }

    #[test]
    fn a_file_holds_them_all() {
        let facets = build(&SESSIONS).finish();
        let reopened = |facets: &Facets| {
            let bytes = Writer::to_bytes(|writer| facets.save(&mut writer.under("facets")))?;
            Facets::open(&Reader::from_bytes(&bytes)?.under("facets"))
        };
        check(&reopened(&facets).expect("just written"));
        let torn = Facets {
            places: vec![0].into(),
            ..facets
        };
        let message = reopened(&torn).expect_err("columns differ").to_string();
        assert_eq!(message, "times of 6 sessions, and places of 1");
    }

    #[test]
    fn parts_make_the_whole() {
        for cut in 0..=SESSIONS.len() {
            let (head, tail) = SESSIONS.split_at(cut);
            let mut whole = build(head);
            whole.append(&build(tail)).expect("few names");
            check(&whole.finish());
        }
    }
}
