//! How loads end: what they brought is kept, what they ran into is remembered, what makes no sense any more goes.
//!
//! Invariant: a load stores what it brings only while it is the one in the table.

use core::time::Duration;

use super::flight::Departure;
use super::keeper::{Cooling, Held, Keeper};
use super::key::Key;
use super::outcome::{Cargo, Discarded, Ended, Mishap, Outcome};

impl<V: Clone, E: Clone, W> Keeper<V, E, W> {
    /// Takes a flight out of the table; whether it was there, and not overtaken.
    fn arrive(&mut self, departure: &Departure) -> bool {
        self.settle_process();
        if departure.process != self.process {
            return false;
        }
        if departure.background {
            self.refreshing = self.refreshing.saturating_sub(1);
        }
        let place = departure.key.exact();
        let current = self
            .flights
            .get(place)
            .is_some_and(|flight| flight.departure.id == departure.id);
        if current {
            // Its leader has it too: nothing is dropped here.
            self.flights.remove(place);
        }
        current
    }

    /// A load brought something.
    pub fn land(
        &mut self,
        departure: &Departure,
        cargo: Cargo<V>,
        now: Duration,
    ) -> Ended<V, E, W> {
        let current = self.arrive(departure);
        let mut discarded = Discarded::default();
        self.stats.loads += 1;
        self.stats.load_time += now.saturating_sub(departure.started);
        let outcome = Outcome::Loaded(cargo.value.clone(), cargo.age);
        if current {
            self.store(&departure.key, cargo, now, &mut discarded);
        } else {
            self.stats.overtaken += 1;
            discarded.values.push(cargo.value);
        }
        Ended {
            outcome,
            current,
            discarded,
        }
    }

    fn store(
        &mut self,
        key: &Key,
        cargo: Cargo<V>,
        now: Duration,
        discarded: &mut Discarded<V, E, W>,
    ) {
        let place = self.place(key);
        let longer = self
            .entries
            .peek(place)
            .is_some_and(|held| held.top > key.top() && now.saturating_sub(held.loaded) < held.ttl);
        // What does not fit alone is not worth emptying the cache for.
        if longer || cargo.weight > self.policy.max_bytes || self.policy.max_entries == 0 {
            discarded.values.push(cargo.value);
            return;
        }
        let random = self.next_random();
        let held = Held {
            value: cargo.value,
            top: key.top(),
            loaded: now.saturating_sub(cargo.age),
            ttl: self.policy.lifetime(random),
            cooling: None,
        };
        let before = self.entries.insert(place, held, cargo.weight);
        if let Some(before) = before {
            before.discard(discarded);
        }
        self.sweep(now, discarded);
        self.make_room(discarded);
    }

    /// Drops up to two of the longest unused entries that nobody can be given any more: as fast as entries come.
    fn sweep(&mut self, now: Duration, discarded: &mut Discarded<V, E, W>) {
        for _ in 0..2 {
            let dead = self.entries.oldest().is_some_and(|held| {
                held.beyond(now.saturating_sub(held.loaded)) >= self.policy.grace()
                    && now.saturating_sub(held.loaded) >= held.ttl
            });
            if !dead || self.policy.keep_expired {
                return;
            }
            self.stats.expirations += 1;
            if let Some(held) = self.entries.pop_oldest() {
                held.discard(discarded);
            }
        }
    }

    fn make_room(&mut self, discarded: &mut Discarded<V, E, W>) {
        while self.entries.len() > self.policy.max_entries
            || self.entries.weight() > self.policy.max_bytes
        {
            let Some(held) = self.entries.pop_oldest() else {
                return;
            };
            self.stats.evictions += 1;
            held.discard(discarded);
        }
    }

    /// An entry has grown, if `is_it` still is what is held.
    pub fn grow(
        &mut self,
        key: &Key,
        weight: usize,
        is_it: impl FnOnce(&V) -> bool,
    ) -> Discarded<V, E, W> {
        let mut discarded = Discarded::default();
        let place = self.place(key);
        if self
            .entries
            .peek(place)
            .is_some_and(|held| is_it(&held.value))
        {
            self.entries.grow(place, weight);
            self.make_room(&mut discarded);
        }
        discarded
    }

    /// A load failed.
    pub fn fail(
        &mut self,
        departure: &Departure,
        mishap: Mishap<E>,
        now: Duration,
    ) -> Ended<V, E, W> {
        let current = self.arrive(departure);
        let mut discarded = Discarded::default();
        self.stats.errors += 1;
        self.stats.load_time += now.saturating_sub(departure.started);
        let Mishap {
            error,
            lasting,
            transient,
            retry_after,
        } = mishap;
        if let Some(wait) = retry_after.filter(|wait| !wait.is_zero()) {
            let gone = self
                .gates
                .close(departure.key.mailbox(), wait, lasting.clone(), now);
            discarded.errors.extend(gone);
        }
        let key = &departure.key;
        let place = self.place(key);
        let mut outcome = Outcome::Failed(error.clone());
        if let Some(held) = self.entries.get(place).filter(|held| held.top >= key.top()) {
            let age = now.saturating_sub(held.loaded);
            if transient && !departure.background && held.beyond(age) < self.policy.stale_if_error {
                self.stats.stale_errors += 1;
                outcome = Outcome::Stale(held.value.clone(), age, error);
            }
            let cooling = Cooling {
                until: now.saturating_add(self.policy.cool_down),
                error: lasting,
                transient,
            };
            let before = held.cooling.replace(cooling);
            discarded.errors.extend(before.map(|cooling| cooling.error));
        } else {
            discarded.errors.push(lasting);
        }
        Ended {
            outcome,
            current,
            discarded,
        }
    }

    /// The leader of a load died.
    pub fn abandon(&mut self, departure: &Departure) {
        self.stats.abandoned += 1;
        self.arrive(departure);
    }

    /// Forgets all keys that begin so: entries, and the loads that are under way.
    pub fn invalidate(&mut self, prefix: &[u8]) -> Discarded<V, E, W> {
        self.settle_process();
        let mut discarded = Discarded::default();
        let entries = self.entries.take_if(|key| key.starts_with(prefix));
        for held in entries {
            held.discard(&mut discarded);
        }
        let flights = self.flights.extract_if(|key, _| key.starts_with(prefix));
        discarded.flights.extend(flights.map(|(_, flight)| flight));
        discarded
    }
}
