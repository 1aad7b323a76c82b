//! Holds values by key in the order of their last use, each with a weight.
//!
//! Invariant: `weight` is the sum of the weights of all entries. Every operation is O(1), but [`Recency::remove_where`]
//! is O(n).

use foldhash::fast::RandomState;
use hashlink::LinkedHashMap;

#[derive(Debug)]
struct Weighted<T> {
    value: T,
    weight: usize,
}

/// A map whose entries are ordered by their last use.
#[derive(Debug)]
pub struct Recency<T> {
    /// From the longest unused entry to the one used last. Users choose the keys, so each process has its own hash
    /// seed.
    entries: LinkedHashMap<Box<[u8]>, Weighted<T>, RandomState>,
    weight: usize,
}

impl<T> Default for Recency<T> {
    fn default() -> Self {
        Self {
            entries: LinkedHashMap::default(),
            weight: 0,
        }
    }
}

impl<T> Recency<T> {
    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the sum of the weights.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Returns the value of a key and marks it as used now.
    pub fn get(&mut self, key: &[u8]) -> Option<&mut T> {
        self.entries.to_back(key).map(|entry| &mut entry.value)
    }

    /// Returns the value of a key without marking it as used.
    pub fn peek(&self, key: &[u8]) -> Option<&T> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Inserts a value as the one used last. Returns the value that the key had before.
    pub fn insert(&mut self, key: &[u8], value: T, weight: usize) -> Option<T> {
        let before = self.entries.insert(key.into(), Weighted { value, weight });
        self.weight += weight;
        self.without(before)
    }

    /// Adds to the weight of an entry, if the key has one.
    pub fn add_weight(&mut self, key: &[u8], weight: usize) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.weight += weight;
            self.weight += weight;
        }
    }

    /// Returns the longest unused value.
    pub fn oldest(&self) -> Option<&T> {
        self.entries.front().map(|(_, entry)| &entry.value)
    }

    /// Removes and returns the longest unused value.
    pub fn pop_oldest(&mut self) -> Option<T> {
        let oldest = self.entries.pop_front();
        self.without(oldest.map(|(_, entry)| entry))
    }

    /// Removes and returns the values whose keys satisfy a condition. O(n).
    ///
    /// They are returned and not dropped, because dropping a value may run the caller's code.
    pub fn remove_where(&mut self, condition: impl Fn(&[u8]) -> bool) -> Vec<T> {
        let keys = self.entries.keys().filter(|key| condition(key));
        let keys: Vec<_> = keys.cloned().collect();
        let removed = keys.iter().filter_map(|key| {
            let removed = self.entries.remove(key);
            self.weight -= removed.as_ref().map_or(0, |entry| entry.weight);
            removed
        });
        removed.map(|entry| entry.value).collect()
    }

    /// Subtracts the weight of an entry that was removed, and returns its value.
    fn without(&mut self, removed: Option<Weighted<T>>) -> Option<T> {
        let removed = removed?;
        self.weight -= removed.weight;
        Some(removed.value)
    }
}
