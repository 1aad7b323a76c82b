//! A bounded cache with a time to live.
//!
//! Invariant: at most `capacity` entries; one is as old as its last insertion and is gone once that age reaches the time
//! to live; the one used longest ago makes room. The clock is the caller's: a monotonic one, as a duration since any
//! moment. Look-up is O(1) expected, making room O(capacity), which is small.

use core::hash::Hash;
use core::time::Duration;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// What a cache did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Entries that made room for others.
    pub evictions: u64,
    /// Entries that were looked up too late.
    pub expirations: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    expires: Duration,
    used: u64,
}

/// Values by key, few and young.
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: HashMap<K, Entry<V>, FixedState>,
    capacity: usize,
    time_to_live: Duration,
    uses: u64,
    stats: Stats,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// An empty cache.
    pub fn new(capacity: usize, time_to_live: Duration) -> Self {
        Self {
            entries: HashMap::default(),
            capacity,
            time_to_live,
            uses: 0,
            stats: Stats::default(),
        }
    }

    /// The value of a key, if it is younger than the time to live.
    pub fn get(&mut self, key: &K, now: Duration) -> Option<V> {
        self.uses += 1;
        let entry = self.entries.get_mut(key);
        if let Some(entry) = entry {
            if now < entry.expires {
                entry.used = self.uses;
                self.stats.hits += 1;
                return Some(entry.value.clone());
            }
            self.entries.remove(key);
            self.stats.expirations += 1;
        }
        self.stats.misses += 1;
        None
    }

    /// Adds or replaces a value.
    pub fn insert(&mut self, key: K, value: V, now: Duration) {
        if self.capacity == 0 {
            return;
        }
        self.uses += 1;
        let expires = now.saturating_add(self.time_to_live);
        let entry = Entry {
            value,
            expires,
            used: self.uses,
        };
        if self.entries.insert(key, entry).is_none() && self.entries.len() > self.capacity {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&key);
                self.stats.evictions += 1;
            }
        }
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What it did so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_entry_expires_at_its_age_exactly() {
        let mut cache = Cache::new(2, at(300));
        cache.insert("a", 1, at(1000));
        assert_eq!(cache.get(&"a", at(1299)), Some(1));
        assert_eq!(cache.get(&"a", at(1300)), None);
        assert!(cache.is_empty());
        let stats = Stats {
            hits: 1,
            misses: 1,
            expirations: 1,
            ..Stats::default()
        };
        assert_eq!(cache.stats(), stats);
    }

    #[test]
    fn the_one_used_longest_ago_makes_room() {
        let mut cache = Cache::new(2, at(300));
        cache.insert("a", 1, at(0));
        cache.insert("b", 2, at(0));
        assert_eq!(cache.get(&"a", at(1)), Some(1));
        cache.insert("c", 3, at(1));
        assert_eq!(cache.get(&"b", at(1)), None);
        assert_eq!(
            (cache.get(&"a", at(1)), cache.get(&"c", at(1))),
            (Some(1), Some(3))
        );
        assert_eq!((cache.len(), cache.stats().evictions), (2, 1));
    }

    #[test]
    fn replacing_renews_and_no_capacity_holds_nothing() {
        let mut cache = Cache::new(1, at(10));
        cache.insert("a", 1, at(0));
        cache.insert("a", 2, at(5));
        assert_eq!(cache.get(&"a", at(14)), Some(2));
        let mut none = Cache::new(0, at(10));
        none.insert("a", 1, at(0));
        assert_eq!(none.get(&"a", at(0)), None);
    }
}
