//! The types that go in and out of the cache's state: lookups, roles, outcomes, statistics.

use core::time::Duration;
use std::sync::Arc;

use super::load::Load;

/// Counts of what a calendar cache did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CacheStats {
    /// Requests answered by a fresh entry.
    pub hits: u64,
    /// Requests answered at once by a stale entry.
    pub stale_hits: u64,
    /// Requests that had to load, or to wait for a load.
    pub misses: u64,
    /// Requests that failed at once, because the service had asked to wait and there was no entry to serve.
    pub refusals: u64,
    /// Answers that were stale because the service fails. They are counted above, too.
    pub stale_errors: u64,
    /// Loads that succeeded.
    pub loads: u64,
    /// The total time of all loads, including failed ones.
    pub load_time: Duration,
    /// Loads that failed.
    pub errors: u64,
    /// Loads whose leader gave up.
    pub abandoned: u64,
    /// Loads whose result was not stored, because an invalidation came first.
    pub overtaken: u64,
    /// Refreshes that were due but did not start, because too many were running.
    pub skipped: u64,
    /// Requests made from within the load that they would have waited for.
    pub bypasses: u64,
    /// Entries removed to make room.
    pub evictions: u64,
    /// Entries removed because of their age.
    pub expirations: u64,
}

impl CacheStats {
    /// Returns the share of all calls that were answered at once by an entry, fresh or stale.
    pub fn hit_rate(&self) -> f64 {
        let answered = self.hits + self.stale_hits;
        match answered + self.misses + self.refusals {
            0 => 0.0,
            calls => answered as f64 / calls as f64,
        }
    }

    /// Returns each count with its name.
    pub fn counts(&self) -> [(&'static str, u64); 13] {
        [
            ("hits", self.hits),
            ("stale_hits", self.stale_hits),
            ("misses", self.misses),
            ("refusals", self.refusals),
            ("stale_errors", self.stale_errors),
            ("loads", self.loads),
            ("errors", self.errors),
            ("abandoned", self.abandoned),
            ("overtaken", self.overtaken),
            ("skipped", self.skipped),
            ("bypasses", self.bypasses),
            ("evictions", self.evictions),
            ("expirations", self.expirations),
        ]
    }
}

/// The result of a load, for everybody who waits for it.
#[derive(Clone, Debug)]
pub enum Outcome<V, E> {
    /// The value, and how old it was when it arrived.
    Loaded(V, Duration),
    /// The last good value, its age, and the error of the load.
    Stale(V, Duration, E),
    /// The error of the load.
    Failed(E),
}

/// A load of this cache.
pub type CacheLoad<V, E, W> = Load<Outcome<V, E>, W>;

/// What the cache holds for a request.
#[derive(Debug)]
pub enum Lookup<V, E, W> {
    /// A value that is younger than its time to live.
    Hit(V, Duration),
    /// An older value that the policy allows to serve.
    Stale {
        /// The old value.
        value: V,
        /// Its age.
        age: Duration,
        /// Why it is not being refreshed, if the service fails.
        error: Option<E>,
        /// The load that refreshes it, if the caller must run it.
        refresh: Option<Arc<CacheLoad<V, E, W>>>,
    },
    /// No value, and the service must not be asked for this long.
    Refused(E, Duration),
    /// No value.
    Miss,
}

/// What a caller has to do after a miss.
#[derive(Debug)]
pub enum Role<V, E, W> {
    /// Nothing: the cache holds an answer by now.
    Answered(Lookup<V, E, W>),
    /// Run this load.
    Leader(Arc<CacheLoad<V, E, W>>),
    /// Wait for this load.
    Waiter(Arc<CacheLoad<V, E, W>>),
    /// Load for itself alone. It was called from within the load that it would wait for.
    Bypass,
    /// Give up. It was called from within a bypass of the same load, so this would never end.
    Recursion,
}

/// Describes a caller after a miss.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The loads from within which the call is made, outermost first.
    pub within: &'a [u64],
    /// Whether the caller waits by a waker, so that its thread is not blocked.
    pub asynchronous: bool,
    /// Whether the miss was counted already.
    pub again: bool,
}

/// Values that were removed from the cache. The caller drops them after it has released the cache's lock.
#[derive(Debug)]
pub struct Discarded<V, E, W> {
    pub(super) values: Vec<V>,
    pub(super) errors: Vec<E>,
    pub(super) loads: Vec<Arc<CacheLoad<V, E, W>>>,
}

impl<V, E, W> Default for Discarded<V, E, W> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            errors: Vec::new(),
            loads: Vec::new(),
        }
    }
}

impl<V, E, W> Discarded<V, E, W> {
    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns true if there are no values.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// The end of a load, as the cache recorded it.
#[derive(Debug)]
pub struct EndedLoad<V, E, W> {
    /// The outcome for everybody who waits.
    pub outcome: Outcome<V, E>,
    /// Whether the load was still the current one, and not overtaken by an invalidation.
    pub current: bool,
    /// Values to drop after the lock is released.
    pub discarded: Discarded<V, E, W>,
}

/// What a successful load returned.
#[derive(Debug)]
pub struct Loaded<V> {
    /// The value.
    pub value: V,
    /// Its size in bytes.
    pub weight: usize,
    /// How old it is already.
    pub age: Duration,
}

/// Why a load failed.
#[derive(Debug)]
pub struct LoadFailure<E> {
    /// The error for those who wait now.
    pub error: E,
    /// The error for later requests. It may be kept for an hour.
    pub lasting: E,
    /// Whether a retry may succeed. Only then is a stale value served instead.
    pub transient: bool,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
}
