//! Keeps values of recent sessions in a table of fixed size, so that a look-up touches one entry.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::Place;

/// Values by the place of a session. A value that is set replaces another one with the same entry of the table.
#[derive(Debug)]
pub struct PlaceMap<T> {
    entries: Vec<Option<(Place, T)>>,
    hasher: FixedState,
}

impl<T> PlaceMap<T> {
    /// Returns the bytes of a table for a number of values.
    pub fn nbytes(count: usize) -> usize {
        Self::size(count).saturating_mul(size_of::<Option<(Place, T)>>())
    }

    fn size(count: usize) -> usize {
        count.max(1).next_power_of_two()
    }

    /// Makes an empty table with room for this number of values.
    pub fn new(count: usize) -> Self {
        Self {
            entries: (0..Self::size(count)).map(|_| None).collect(),
            hasher: FixedState::default(),
        }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.entries.iter_mut().for_each(|entry| *entry = None);
    }

    #[inline]
    fn at(&self, place: Place) -> usize {
        self.hasher.hash_one(place) as usize & (self.entries.len() - 1)
    }

    /// Returns the value of a session, if it is held.
    #[inline]
    pub fn get(&self, place: Place) -> Option<&T> {
        let (held, value) = self.entries.get(self.at(place))?.as_ref()?;
        (*held == place).then_some(value)
    }

    /// Sets the value of a session. `None` only removes what the table holds in its place.
    #[inline]
    pub fn set(&mut self, place: Place, value: Option<T>) {
        let at = self.at(place);
        if let Some(held) = self.entries.get_mut(at) {
            *held = value.map(|value| (place, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(local: u32) -> Place {
        Place { part: 1, local }
    }

    #[test]
    fn a_value_is_found_at_its_own_place_only() {
        let mut map = PlaceMap::new(1);
        map.set(place(1), Some("one"));
        assert_eq!((map.get(place(1)), map.get(place(2))), (Some(&"one"), None));
        map.set(place(2), Some("two"));
        assert_eq!((map.get(place(1)), map.get(place(2))), (None, Some(&"two")));
        map.set(place(1), None);
        assert_eq!(map.get(place(2)), None);
    }

    #[test]
    fn nothing_is_found_after_clearing() {
        let mut map = PlaceMap::new(100);
        (0..100).for_each(|local| map.set(place(local), Some(local)));
        assert!((0..100).any(|local| map.get(place(local)) == Some(&local)));
        map.clear();
        assert!((0..100).all(|local| map.get(place(local)).is_none()));
    }
}
