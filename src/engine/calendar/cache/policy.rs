//! What a cache was asked to do.

use core::time::Duration;

/// How long answers live, and how many of them.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// An entry is fresh while its age is less.
    pub ttl: Duration,
    /// For so long beyond that it is given at once while it is loaded anew in the background.
    pub stale_ttl: Duration,
    /// For so long beyond that it is given where the source fails.
    pub stale_if_error: Duration,
    /// After a failed load, none for so long while there is an entry to give instead.
    pub cool_down: Duration,
    /// An entry lives shorter by up to this share of its time, at random.
    pub jitter: f64,
    /// At most so many entries.
    pub max_entries: usize,
    /// At most so many bytes, by the weights that the entries are inserted with.
    pub max_bytes: usize,
    /// At most so many background loads at a time.
    pub refreshers: usize,
    /// Whether the first of many events are the answer for few.
    pub reuse: bool,
    /// Whether expired entries are of use for the next load.
    pub keep_expired: bool,
}

impl Policy {
    /// Beyond its time to live an entry is of no use to anybody after so long.
    pub fn grace(&self) -> Duration {
        self.stale_ttl.max(self.stale_if_error)
    }

    /// The time to live of one entry, by a random number.
    pub fn lifetime(&self, random: u64) -> Duration {
        if self.jitter <= 0.0 {
            return self.ttl;
        }
        let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
        self.ttl
            .mul_f64((1.0 - self.jitter * share).clamp(0.0, 1.0))
    }
}
