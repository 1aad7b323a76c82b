//! What goes in and out of the state machine.

use core::time::Duration;
use std::sync::Arc;

use super::flight::Flight;

/// What a cache did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Answered by an entry that was fresh.
    pub hits: u64,
    /// Answered at once by an entry that was not.
    pub stale_hits: u64,
    /// Had to load, or to wait for who loads.
    pub misses: u64,
    /// Not answered: the source asked for patience, and there was nothing to give instead.
    pub refusals: u64,
    /// Answers, of those above, that were old because the source fails.
    pub stale_errors: u64,
    /// Loads that brought something.
    pub loads: u64,
    /// The time that loads took, failed ones too.
    pub load_time: Duration,
    /// Loads that failed.
    pub errors: u64,
    /// Loads whose leader died.
    pub abandoned: u64,
    /// Loads that an invalidation overtook.
    pub overtaken: u64,
    /// Refreshes that were due and not started, because too many were under way.
    pub skipped: u64,
    /// Calls from within the load that they would have waited for.
    pub bypasses: u64,
    /// Entries that made room for others.
    pub evictions: u64,
    /// Entries that were dropped for their age.
    pub expirations: u64,
}

/// What a load came to, for everybody who waits.
#[derive(Clone, Debug)]
pub enum Outcome<V, E> {
    /// Events, and how old they were when they came.
    Loaded(V, Duration),
    /// The last good events, their age, and why they are not new.
    Stale(V, Duration, E),
    /// Nothing but the reason.
    Failed(E),
}

/// A flight of this cache.
pub type CacheFlight<V, E, W> = Flight<Outcome<V, E>, W>;

/// What memory says to a request.
#[derive(Debug)]
pub enum Look<V, E, W> {
    /// Younger than its time to live.
    Hit(V, Duration),
    /// Older, and good enough.
    Stale {
        /// The old answer.
        value: V,
        /// Its age.
        age: Duration,
        /// Why it is not being replaced, if the source fails.
        error: Option<E>,
        /// The load that replaces it, if the caller shall see to that.
        refresh: Option<Arc<CacheFlight<V, E, W>>>,
    },
    /// The source may not be asked for so long, and there is nothing to give instead.
    Refused(E, Duration),
    /// Nothing of use.
    Miss,
}

/// What a caller whom memory does not help has to do.
#[derive(Debug)]
pub enum Boarding<V, E, W> {
    /// Nothing: there is an answer by now.
    Answered(Look<V, E, W>),
    /// Load.
    Lead(Arc<CacheFlight<V, E, W>>),
    /// Wait.
    Join(Arc<CacheFlight<V, E, W>>),
    /// Load for itself alone: it would wait for a load that waits for it.
    Bypass,
    /// Give up: it does so again and again.
    Recursion,
}

/// Who boards.
#[derive(Clone, Copy, Debug)]
pub struct Passenger<'a> {
    /// The flights that this call is made from within, outermost first.
    pub within: &'a [u64],
    /// Whether it waits by a waker, so that its thread goes on.
    pub asynchronous: bool,
    /// Whether it was counted already.
    pub again: bool,
}

/// What left the cache, to be dropped without its lock.
#[derive(Debug)]
pub struct Discarded<V, E, W> {
    pub(super) values: Vec<V>,
    pub(super) errors: Vec<E>,
    pub(super) flights: Vec<Arc<CacheFlight<V, E, W>>>,
}

impl<V, E, W> Default for Discarded<V, E, W> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            errors: Vec::new(),
            flights: Vec::new(),
        }
    }
}

impl<V, E, W> Discarded<V, E, W> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// What an ended load left behind.
#[derive(Debug)]
pub struct Ended<V, E, W> {
    /// For everybody who waits.
    pub outcome: Outcome<V, E>,
    /// Whether the load was the current one, and not overtaken by an invalidation.
    pub current: bool,
    /// To be dropped without the lock.
    pub discarded: Discarded<V, E, W>,
}

/// What a load brought.
#[derive(Debug)]
pub struct Cargo<V> {
    /// The events.
    pub value: V,
    /// Their bytes.
    pub weight: usize,
    /// How old they are already.
    pub age: Duration,
}

/// Why a load failed.
#[derive(Debug)]
pub struct Mishap<E> {
    /// For those who wait.
    pub error: E,
    /// For those who come later: it may be kept for an hour.
    pub lasting: E,
    /// Whether trying again may help: only then old answers stand in.
    pub transient: bool,
    /// When the source may be asked again.
    pub retry_after: Option<Duration>,
}
