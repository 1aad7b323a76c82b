//! Values by key, in the order of their last use, each with a weight.
//!
//! Invariant: `slots` holds a doubly linked list from the newest use to the oldest, and a list of free places; `places`
//! finds a slot by key; `weight` is the sum of the weights. Every operation is O(1), [`Recency::take_if`] O(n).

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// The place of nothing.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Slot<T> {
    key: Arc<[u8]>,
    /// `None` in a free slot.
    value: Option<T>,
    weight: usize,
    newer: u32,
    older: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Recency<T> {
    places: HashMap<Arc<[u8]>, u32, RandomState>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    weight: usize,
}

impl<T> Default for Recency<T> {
    fn default() -> Self {
        Self {
            // Users choose their names: the seed is this process's own.
            places: HashMap::default(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            weight: 0,
        }
    }
}

impl<T> Recency<T> {
    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The sum of the weights.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The value of a key, used now.
    pub fn get(&mut self, key: &[u8]) -> Option<&mut T> {
        let place = *self.places.get(key)?;
        if place != self.newest {
            self.unlink(place);
            self.link(place);
        }
        self.slots.get_mut(place as usize)?.value.as_mut()
    }

    /// The value of a key, without a use of it.
    pub fn peek(&self, key: &[u8]) -> Option<&T> {
        let place = *self.places.get(key)?;
        self.slots.get(place as usize)?.value.as_ref()
    }

    /// Adds a value, or replaces the one of that key; the one that was there.
    pub fn insert(&mut self, key: &[u8], value: T, weight: usize) -> Option<T> {
        let before = self.remove(key);
        let slot = Slot {
            key: key.into(),
            value: Some(value),
            weight,
            newer: NONE,
            older: NONE,
        };
        let key = Arc::clone(&slot.key);
        let place = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(place as usize) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
        self.places.insert(key, place);
        self.weight += weight;
        self.link(place);
        before
    }

    /// Adds to the weight of a key's value.
    pub fn grow(&mut self, key: &[u8], weight: usize) {
        let place = self.places.get(key).copied().unwrap_or(NONE);
        if let Some(slot) = self.slots.get_mut(place as usize) {
            slot.weight += weight;
            self.weight += weight;
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &[u8]) -> Option<T> {
        let place = self.places.remove(key)?;
        self.take(place)
    }

    /// The value whose last use is the longest ago.
    pub fn oldest(&self) -> Option<&T> {
        self.slots.get(self.oldest as usize)?.value.as_ref()
    }

    /// Takes out the value whose last use is the longest ago.
    pub fn pop_oldest(&mut self) -> Option<T> {
        let key = Arc::clone(&self.slots.get(self.oldest as usize)?.key);
        self.remove(&key)
    }

    /// Takes out the values whose keys are so. O(n).
    pub fn take_if(&mut self, mut is_so: impl FnMut(&[u8]) -> bool) -> Vec<T> {
        let places: Vec<u32> = self
            .places
            .extract_if(|key, _| is_so(key))
            .map(|(_, place)| place)
            .collect();
        places
            .into_iter()
            .filter_map(|place| self.take(place))
            .collect()
    }

    /// Frees a slot that no key leads to any more.
    fn take(&mut self, place: u32) -> Option<T> {
        self.unlink(place);
        self.free.push(place);
        let slot = self.slots.get_mut(place as usize)?;
        self.weight -= slot.weight;
        slot.weight = 0;
        slot.key = Arc::default();
        slot.value.take()
    }

    fn unlink(&mut self, place: u32) {
        let Some(slot) = self.slots.get(place as usize) else {
            return;
        };
        let (newer, older) = (slot.newer, slot.older);
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// Makes a slot the newest.
    fn link(&mut self, place: u32) {
        let newest = self.newest;
        if let Some(slot) = self.slots.get_mut(place as usize) {
            slot.newer = NONE;
            slot.older = newest;
        }
        match self.slots.get_mut(newest as usize) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }
}
