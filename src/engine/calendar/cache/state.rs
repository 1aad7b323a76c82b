//! Decides what a calendar cache serves, who loads, and who waits.
//!
//! Invariants: at most `max_entries` entries with at most `max_bytes` together; at most one load of a key at a time; a
//! load stores its result only while it is in the table, so an invalidation during a load wins; every request counts as
//! exactly one of hit, stale hit, miss or refusal. Removed values are returned as [`Discarded`] for the caller to drop
//! without the lock, because dropping them may run the caller's code.

use core::time::Duration;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::key::Key;
use super::load::{Load, LoadInfo};
use super::outcome::{CacheLoad, CacheStats, Caller, Discarded, Lookup, Role};
use super::policy::Policy;
use super::recency::Recency;
use super::retry_after::RetryAfterTable;

#[derive(Debug)]
pub(super) struct Entry<V, E> {
    pub(super) value: V,
    pub(super) top: i64,
    pub(super) loaded: Duration,
    pub(super) ttl: Duration,
    /// The failure of the last load, if it failed.
    pub(super) failure: Option<FailedLoad<E>>,
}

/// A failed load, after which the next one has to wait.
#[derive(Debug)]
pub(super) struct FailedLoad<E> {
    pub(super) retry_at: Duration,
    pub(super) error: E,
    pub(super) transient: bool,
}

impl<V, E> Entry<V, E> {
    /// Returns by how much an age exceeds the time to live.
    pub(super) fn overdue(&self, age: Duration) -> Duration {
        age.saturating_sub(self.ttl)
    }

    /// Moves the value and the error into `discarded`.
    pub(super) fn discard<W>(self, discarded: &mut Discarded<V, E, W>) {
        discarded.values.push(self.value);
        discarded
            .errors
            .extend(self.failure.map(|failure| failure.error));
    }
}

/// The running loads by key.
type Loads<V, E, W> = HashMap<Box<[u8]>, Arc<CacheLoad<V, E, W>>, RandomState>;

/// The state of a calendar cache.
#[derive(Debug)]
pub struct CacheState<V, E, W> {
    pub(super) policy: Policy,
    pub(super) entries: Recency<Entry<V, E>>,
    pub(super) loads: Loads<V, E, W>,
    pub(super) retry_after: RetryAfterTable<E>,
    pub(super) stats: CacheStats,
    pub(super) process: u32,
    started_loads: u64,
    pub(super) refreshing: usize,
    random: u64,
}

impl<V: Clone, E: Clone, W> CacheState<V, E, W> {
    /// Creates an empty cache. `seed` decides the jitter.
    pub fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            entries: Recency::default(),
            loads: HashMap::default(),
            retry_after: RetryAfterTable::new(policy.max_entries),
            stats: CacheStats::default(),
            process: std::process::id(),
            started_loads: 0,
            refreshing: 0,
            random: seed | 1,
        }
    }

    /// Returns the settings.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the statistics.
    pub fn stats(&self) -> CacheStats {
        self.stats
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the sum of the entries' weights, in bytes.
    pub fn bytes(&self) -> usize {
        self.entries.weight()
    }

    /// Returns the number of running loads.
    pub fn loads(&self) -> usize {
        self.loads.len()
    }

    /// Returns the part of a key that finds its entry.
    pub(super) fn place<'k>(&self, key: &'k Key) -> &'k [u8] {
        if self.policy.reuse {
            key.window()
        } else {
            key.exact()
        }
    }

    /// Returns what the cache holds for a request. It does not count a miss: [`Self::assign_role`] does.
    #[inline]
    pub fn look_up(&mut self, key: &Key, now: Duration) -> Lookup<V, E, W> {
        let place = self.place(key);
        if let Some(entry) = self
            .entries
            .get(place)
            .filter(|entry| entry.top >= key.top())
        {
            let age = now.saturating_sub(entry.loaded);
            if age < entry.ttl {
                self.stats.hits += 1;
                return Lookup::Hit(entry.value.clone(), age);
            }
        }
        self.look_up_stale(key, now)
    }

    /// Does the rest of [`Self::look_up`] if there is no fresh entry.
    fn look_up_stale(&mut self, key: &Key, now: Duration) -> Lookup<V, E, W> {
        let must_wait = self.retry_after.get(key.mailbox(), now);
        let place = self.place(key);
        let entry = self
            .entries
            .peek(place)
            .filter(|entry| entry.top >= key.top());
        if let Some(entry) = entry {
            let age = now.saturating_sub(entry.loaded);
            let overdue = entry.overdue(age);
            let (value, top) = (entry.value.clone(), entry.top);
            let failure = entry.failure.as_ref();
            let failure = failure.filter(|failure| now < failure.retry_at);
            let no_load = must_wait
                .as_ref()
                .map(|(error, _)| (error.clone(), true))
                .or_else(|| failure.map(|failure| (failure.error.clone(), failure.transient)));
            if let Some((error, transient)) = no_load {
                let grace = if transient {
                    self.policy.grace()
                } else {
                    self.policy.stale_ttl
                };
                if overdue < grace {
                    self.stats.stale_hits += 1;
                    self.stats.stale_errors += 1;
                    return Lookup::Stale {
                        value,
                        age,
                        error: Some(error),
                        refresh: None,
                    };
                }
            } else if overdue < self.policy.stale_ttl {
                self.stats.stale_hits += 1;
                return Lookup::Stale {
                    value,
                    age,
                    error: None,
                    refresh: self.start_refresh(key.with_top(top), now),
                };
            }
        }
        if let Some((error, wait)) = must_wait {
            self.stats.refusals += 1;
            return Lookup::Refused(error, wait);
        }
        Lookup::Miss
    }

    /// Decides what a caller has to do after a miss: lead a load, wait for one, or neither.
    pub fn assign_role(&mut self, key: &Key, now: Duration, caller: Caller<'_>) -> Role<V, E, W> {
        match self.look_up(key, now) {
            Lookup::Miss => {}
            lookup => return Role::Answered(lookup),
        }
        self.forget_loads_of_parent();
        self.stats.misses += u64::from(!caller.again);
        let Some(load) = self.loads.get(key.exact()) else {
            return Role::Leader(self.start_load(key.clone(), now, false));
        };
        let within = caller.within.iter().filter(|id| **id == load.info.id);
        let own = !caller.asynchronous && load.info.thread == Some(std::thread::current().id());
        match within.count() {
            0 if !own => return Role::Waiter(Arc::clone(load)),
            0 | 1 => {}
            _ => return Role::Recursion,
        }
        self.stats.bypasses += 1;
        Role::Bypass
    }

    /// Returns the value of a request whatever its age, for an incremental load to start from.
    pub fn peek(&self, key: &Key) -> Option<V> {
        let entry = self.entries.peek(self.place(key))?;
        (entry.top == key.top()).then(|| entry.value.clone())
    }

    /// Starts a load in the background, unless one of this key runs already or too many run.
    fn start_refresh(&mut self, key: Key, now: Duration) -> Option<Arc<CacheLoad<V, E, W>>> {
        self.forget_loads_of_parent();
        if self.loads.contains_key(key.exact()) {
            return None;
        }
        if self.refreshing >= self.policy.refreshers {
            self.stats.skipped += 1;
            return None;
        }
        self.refreshing += 1;
        Some(self.start_load(key, now, true))
    }

    fn start_load(&mut self, key: Key, now: Duration, background: bool) -> Arc<CacheLoad<V, E, W>> {
        self.started_loads += 1;
        let place: Box<[u8]> = key.exact().into();
        let load = Arc::new(Load::new(LoadInfo {
            key,
            id: self.started_loads,
            started: now,
            background,
            process: self.process,
            // A refresh runs in its own thread, which makes no requests.
            thread: (!background).then(|| std::thread::current().id()),
        }));
        self.loads.insert(place, Arc::clone(&load));
        load
    }

    /// Forgets the loads that were running when this process was forked: their leaders are in the parent process.
    pub(super) fn forget_loads_of_parent(&mut self) {
        let process = std::process::id();
        if self.process != process {
            self.process = process;
            self.refreshing = 0;
            // They are not dropped: a thread of the parent may have entry their locks during the fork.
            self.loads
                .drain()
                .for_each(|(_, load)| core::mem::forget(load));
        }
    }

    /// Returns a pseudo-random number (splitmix64). It cannot be predicted without the seed.
    pub(super) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
