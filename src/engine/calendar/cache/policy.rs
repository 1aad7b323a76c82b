//! The settings of a calendar cache: how long entries live and how many there may be.

use core::time::Duration;

/// The settings of a cache.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The time to live: an entry is fresh while its age is less.
    pub ttl: Duration,
    /// For how long after its time to live an entry is served while a refresh runs in the background.
    pub stale_ttl: Duration,
    /// For how long after its time to live an entry is served if the service fails.
    pub stale_if_error: Duration,
    /// For how long after a failed load no other load starts, while there is an entry to serve.
    pub cool_down: Duration,
    /// The largest share of its time to live by which an entry expires earlier, at random.
    pub jitter: f64,
    /// The largest number of entries.
    pub max_entries: usize,
    /// The largest sum of the entries' weights, in bytes.
    pub max_bytes: usize,
    /// The largest number of refreshes that run at the same time.
    pub refreshers: usize,
    /// Whether a request for fewer events is answered by the first events of a larger entry.
    pub reuse: bool,
    /// Whether expired entries are kept, because an incremental load starts from them.
    pub keep_expired: bool,
}

impl Policy {
    /// Returns for how long after its time to live an entry may be served at all.
    pub fn grace(&self) -> Duration {
        self.stale_ttl.max(self.stale_if_error)
    }

    /// Returns the time to live of one entry, shortened at random by up to `jitter`.
    pub fn lifetime(&self, random: u64) -> Duration {
        if self.jitter <= 0.0 {
            return self.ttl;
        }
        let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
        self.ttl
            .mul_f64((1.0 - self.jitter * share).clamp(0.0, 1.0))
    }
}
