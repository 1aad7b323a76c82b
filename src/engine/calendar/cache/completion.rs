//! Ends loads: stores their results, remembers their errors, updates the statistics.
//!
//! Invariant: a result is stored only if its load is still the current one of its key.

use core::time::Duration;

use super::key::Key;
use super::load::LoadInfo;
use super::outcome::{Discarded, EndedLoad, LoadFailure, Loaded, Outcome};
use super::state::{CacheState, Entry, FailedLoad};

impl<V: Clone, E: Clone, W> CacheState<V, E, W> {
    /// Removes a load from the table of running loads.
    ///
    /// Returns true if it was still the current load of its key, false if an invalidation overtook it.
    fn remove_load(&mut self, load: &LoadInfo) -> bool {
        self.forget_loads_of_parent();
        if load.process != self.process {
            return false;
        }
        if load.background {
            self.refreshing = self.refreshing.saturating_sub(1);
        }
        let key = load.key.exact();
        let current = self
            .loads
            .get(key)
            .is_some_and(|running| running.info.id == load.id);
        if current {
            // The leader holds a reference too, so this drops nothing.
            self.loads.remove(key);
        }
        current
    }

    /// Stores the result of a finished load and updates the statistics.
    pub fn complete_load(
        &mut self,
        load: &LoadInfo,
        loaded: Loaded<V>,
        now: Duration,
    ) -> EndedLoad<V, E, W> {
        let current = self.remove_load(load);
        let mut discarded = Discarded::default();
        self.stats.loads += 1;
        self.stats.load_time += now.saturating_sub(load.started);
        let outcome = Outcome::Loaded(loaded.value.clone(), loaded.age);
        if current {
            self.store(&load.key, loaded, now, &mut discarded);
        } else {
            self.stats.overtaken += 1;
            discarded.values.push(loaded.value);
        }
        EndedLoad {
            outcome,
            current,
            discarded,
        }
    }

    fn store(
        &mut self,
        key: &Key,
        loaded: Loaded<V>,
        now: Duration,
        discarded: &mut Discarded<V, E, W>,
    ) {
        let place = self.place(key);
        let has_more = self.entries.peek(place).is_some_and(|entry| {
            entry.top > key.top() && now.saturating_sub(entry.loaded) < entry.ttl
        });
        // A value that alone exceeds the limit is not stored: it would evict everything else for nothing.
        if has_more || loaded.weight > self.policy.max_bytes || self.policy.max_entries == 0 {
            discarded.values.push(loaded.value);
            return;
        }
        let random = self.next_random();
        let entry = Entry {
            value: loaded.value,
            top: key.top(),
            loaded: now.saturating_sub(loaded.age),
            ttl: self.policy.lifetime(random),
            failure: None,
        };
        let before = self.entries.insert(place, entry, loaded.weight);
        if let Some(before) = before {
            before.discard(discarded);
        }
        self.drop_expired(now, discarded);
        self.make_room(discarded);
    }

    /// Removes up to two of the longest unused entries if they are too old to be served.
    ///
    /// Each stored value removes up to two, so expired entries go at least as fast as new ones come.
    fn drop_expired(&mut self, now: Duration, discarded: &mut Discarded<V, E, W>) {
        for _ in 0..2 {
            let expired = self.entries.oldest().is_some_and(|entry| {
                entry.overdue(now.saturating_sub(entry.loaded)) >= self.policy.grace()
                    && now.saturating_sub(entry.loaded) >= entry.ttl
            });
            if !expired || self.policy.keep_expired {
                return;
            }
            self.stats.expirations += 1;
            if let Some(entry) = self.entries.pop_oldest() {
                entry.discard(discarded);
            }
        }
    }

    /// Evicts the longest unused entries until the limits hold.
    fn make_room(&mut self, discarded: &mut Discarded<V, E, W>) {
        while self.entries.len() > self.policy.max_entries
            || self.entries.weight() > self.policy.max_bytes
        {
            let Some(entry) = self.entries.pop_oldest() else {
                return;
            };
            self.stats.evictions += 1;
            entry.discard(discarded);
        }
    }

    /// Adds to the weight of an entry whose value has grown, if `is_same` confirms that it is still the entry's value.
    ///
    /// Returns what was evicted to make room.
    pub fn add_weight(
        &mut self,
        key: &Key,
        weight: usize,
        is_same: impl FnOnce(&V) -> bool,
    ) -> Discarded<V, E, W> {
        let mut discarded = Discarded::default();
        let place = self.place(key);
        if self
            .entries
            .peek(place)
            .is_some_and(|entry| is_same(&entry.value))
        {
            self.entries.add_weight(place, weight);
            self.make_room(&mut discarded);
        }
        discarded
    }

    /// Records that a load failed. The outcome is a stale value if the policy allows one, otherwise the error.
    pub fn fail_load(
        &mut self,
        load: &LoadInfo,
        failure: LoadFailure<E>,
        now: Duration,
    ) -> EndedLoad<V, E, W> {
        let current = self.remove_load(load);
        let mut discarded = Discarded::default();
        self.stats.errors += 1;
        self.stats.load_time += now.saturating_sub(load.started);
        let LoadFailure {
            error,
            lasting,
            transient,
            retry_after,
        } = failure;
        if let Some(wait) = retry_after.filter(|wait| !wait.is_zero()) {
            let replaced = self
                .retry_after
                .insert(load.key.mailbox(), wait, lasting.clone(), now);
            discarded.errors.extend(replaced);
        }
        let key = &load.key;
        let place = self.place(key);
        let mut outcome = Outcome::Failed(error.clone());
        let entry = self.entries.get(place);
        if let Some(entry) = entry.filter(|entry| entry.top >= key.top()) {
            let age = now.saturating_sub(entry.loaded);
            if transient && !load.background && entry.overdue(age) < self.policy.stale_if_error {
                self.stats.stale_errors += 1;
                outcome = Outcome::Stale(entry.value.clone(), age, error);
            }
            let failure = FailedLoad {
                retry_at: now.saturating_add(self.policy.cool_down),
                error: lasting,
                transient,
            };
            let before = entry.failure.replace(failure);
            discarded.errors.extend(before.map(|failure| failure.error));
        } else {
            discarded.errors.push(lasting);
        }
        EndedLoad {
            outcome,
            current,
            discarded,
        }
    }

    /// Records that a leader gave its load up without a result.
    pub fn abandon_load(&mut self, load: &LoadInfo) {
        self.stats.abandoned += 1;
        self.remove_load(load);
    }

    /// Removes the entries and the running loads whose keys start with a prefix.
    pub fn invalidate(&mut self, prefix: &[u8]) -> Discarded<V, E, W> {
        self.forget_loads_of_parent();
        let mut discarded = Discarded::default();
        let entries = self.entries.remove_where(|key| key.starts_with(prefix));
        for entry in entries {
            entry.discard(&mut discarded);
        }
        let loads = self.loads.extract_if(|key, _| key.starts_with(prefix));
        discarded.loads.extend(loads.map(|(_, load)| load));
        discarded
    }
}
