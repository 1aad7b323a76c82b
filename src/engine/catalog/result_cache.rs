//! Keeps the results of recent queries of a catalogue: a bounded cache with a time to live.
//!
//! Invariant: there are at most `capacity` entries. An entry expires when the time since its insertion reaches the time
//! to live. When the cache is full, the longest unused entry is removed. The caller passes the time, as a duration
//! since any fixed moment of a monotonic clock. Every operation is O(1).

use core::hash::Hash;
use core::time::Duration;

use foldhash::fast::FixedState;
use hashlink::LruCache;

use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Number, Scorer};

/// Counts of what a result cache did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResultCacheStats {
    /// Look-ups that found a value.
    pub hits: u64,
    /// Look-ups that found none.
    pub misses: u64,
    /// Entries removed to make room.
    pub evictions: u64,
    /// Entries that had expired when they were looked up.
    pub expirations: u64,
}

impl ResultCacheStats {
    /// Returns the share of look-ups that found a value; 0 without look-ups.
    pub fn hit_rate(&self) -> f64 {
        match self.hits + self.misses {
            0 => 0.0,
            lookups => self.hits as f64 / lookups as f64,
        }
    }
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    expires: Duration,
}

/// A bounded cache whose entries expire.
#[derive(Debug)]
pub struct ResultCache<K, V> {
    entries: LruCache<K, Entry<V>, FixedState>,
    time_to_live: Duration,
    stats: ResultCacheStats,
}

impl<K: Eq + Hash, V: Clone> ResultCache<K, V> {
    /// Creates an empty cache.
    pub fn new(capacity: usize, time_to_live: Duration) -> Self {
        Self {
            entries: LruCache::with_hasher(capacity, FixedState::default()),
            time_to_live,
            stats: ResultCacheStats::default(),
        }
    }

    /// Returns the value of a key, unless it has expired.
    pub fn get(&mut self, key: &K, now: Duration) -> Option<V> {
        if let Some(entry) = self.entries.get(key) {
            if now < entry.expires {
                self.stats.hits += 1;
                return Some(entry.value.clone());
            }
            self.entries.remove(key);
            self.stats.expirations += 1;
        }
        self.stats.misses += 1;
        None
    }

    /// Inserts or replaces the value of a key.
    pub fn insert(&mut self, key: K, value: V, now: Duration) {
        if self.entries.capacity() == 0 {
            return;
        }
        let count = self.entries.len();
        let expires = now.saturating_add(self.time_to_live);
        let before = self.entries.insert(key, Entry { value, expires });
        if before.is_none() && self.entries.len() == count {
            self.stats.evictions += 1;
        }
    }

    /// Returns the number of entries, including expired ones that were not looked up since.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the largest number of entries.
    pub fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// Returns the statistics.
    pub fn stats(&self) -> ResultCacheStats {
        self.stats
    }
}

/// Encodes everything that decides the result of a query, as a key for the cache.
pub fn query_key(interests: &InterestSet, scorer: &Scorer, most: usize) -> Box<[u8]> {
    let mut key = Vec::with_capacity(128);
    let weights = scorer.weights();
    for weight in [
        Some(weights.interest),
        Some(weights.popularity),
        weights.diversity,
    ] {
        let (kind, bits) = match weight {
            None => (0, 0),
            Some(Number::Int(value)) => (1, value.cast_unsigned()),
            Some(Number::Float(value)) => (2, value.to_bits()),
        };
        key.push(kind);
        key.extend_from_slice(&bits.to_le_bytes());
    }
    key.extend_from_slice(&(most as u64).to_le_bytes());
    for interest in interests.iter() {
        key.extend_from_slice(&(interest.len() as u64).to_le_bytes());
        key.extend_from_slice(interest);
    }
    key.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_entry_expires_exactly_at_its_time_to_live() {
        let mut cache = ResultCache::new(2, at(300));
        cache.insert("a", 1, at(1000));
        assert_eq!(cache.get(&"a", at(1299)), Some(1));
        assert_eq!(cache.get(&"a", at(1300)), None);
        assert!(cache.is_empty());
        let stats = ResultCacheStats {
            hits: 1,
            misses: 1,
            expirations: 1,
            ..ResultCacheStats::default()
        };
        assert_eq!(cache.stats(), stats);
    }

    #[test]
    fn the_longest_unused_entry_is_evicted() {
        let mut cache = ResultCache::new(2, at(300));
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
    fn replacing_a_value_renews_it_and_capacity_zero_stores_nothing() {
        let mut cache = ResultCache::new(1, at(10));
        cache.insert("a", 1, at(0));
        cache.insert("a", 2, at(5));
        assert_eq!(cache.get(&"a", at(14)), Some(2));
        let mut none = ResultCache::new(0, at(10));
        none.insert("a", 1, at(0));
        assert_eq!(none.get(&"a", at(0)), None);
    }
}
