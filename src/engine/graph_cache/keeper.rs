//! The state machine: what is held, who loads, what must wait.
//!
//! Invariants: at most `max_entries` entries of at most `max_bytes` together; at most one flight a request; a flight stores
//! what it brings only while it is the one in the table, so that an invalidation during a load wins; each call counts as
//! one of hit, stale hit, miss or refusal. What it drops is handed to the caller as [`Discarded`], who drops it without
//! the lock: the values may be objects whose end runs code.

use core::time::Duration;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::flight::{Departure, Flight};
use super::gate::Gates;
use super::key::Key;
use super::outcome::{
    Boarding, CacheFlight, Cargo, Discarded, Ended, Look, Mishap, Outcome, Passenger, Stats,
};
use super::policy::Policy;
use super::recency::Recency;

#[derive(Debug)]
struct Held<V, E> {
    value: V,
    top: i64,
    loaded: Duration,
    ttl: Duration,
    cooling: Option<Cooling<E>>,
}

#[derive(Debug)]
struct Cooling<E> {
    until: Duration,
    error: E,
    transient: bool,
}

impl<V, E> Held<V, E> {
    fn beyond(&self, age: Duration) -> Duration {
        age.saturating_sub(self.ttl)
    }

    fn discard<W>(self, discarded: &mut Discarded<V, E, W>) {
        discarded.values.push(self.value);
        discarded
            .errors
            .extend(self.cooling.map(|cooling| cooling.error));
    }
}

/// The loads that are under way, by what they load.
type Flights<V, E, W> = HashMap<Box<[u8]>, Arc<CacheFlight<V, E, W>>, RandomState>;

/// See the module.
#[derive(Debug)]
pub struct Keeper<V, E, W> {
    policy: Policy,
    entries: Recency<Held<V, E>>,
    flights: Flights<V, E, W>,
    gates: Gates<E>,
    stats: Stats,
    process: u32,
    departures: u64,
    refreshing: usize,
    random: u64,
}

impl<V: Clone, E: Clone, W> Keeper<V, E, W> {
    /// An empty cache; `seed` decides the jitter.
    pub fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            entries: Recency::default(),
            flights: HashMap::default(),
            gates: Gates::new(policy.max_entries),
            stats: Stats::default(),
            process: std::process::id(),
            departures: 0,
            refreshing: 0,
            random: seed | 1,
        }
    }

    /// What it was asked to do.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What it did.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The bytes of its entries.
    pub fn bytes(&self) -> usize {
        self.entries.weight()
    }

    /// How many loads are under way.
    pub fn flights(&self) -> usize {
        self.flights.len()
    }

    fn place<'k>(&self, key: &'k Key) -> &'k [u8] {
        if self.policy.reuse {
            key.window()
        } else {
            key.exact()
        }
    }

    /// What memory says; a miss is not counted, because [`Self::board`] follows it.
    #[inline]
    pub fn look(&mut self, key: &Key, now: Duration) -> Look<V, E, W> {
        let place = self.place(key);
        if let Some(held) = self.entries.get(place).filter(|held| held.top >= key.top()) {
            let age = now.saturating_sub(held.loaded);
            if age < held.ttl {
                self.stats.hits += 1;
                return Look::Hit(held.value.clone(), age);
            }
        }
        self.look_past(key, now)
    }

    /// [`Self::look`] where there is nothing fresh.
    fn look_past(&mut self, key: &Key, now: Duration) -> Look<V, E, W> {
        let closed = self.gates.closed(key.mailbox(), now);
        let place = self.place(key);
        let held = self
            .entries
            .peek(place)
            .filter(|held| held.top >= key.top());
        if let Some(held) = held {
            let age = now.saturating_sub(held.loaded);
            let beyond = held.beyond(age);
            let (value, top) = (held.value.clone(), held.top);
            let cooling = held.cooling.as_ref().filter(|cooling| now < cooling.until);
            let barred = closed
                .as_ref()
                .map(|(error, _)| (error.clone(), true))
                .or_else(|| cooling.map(|cooling| (cooling.error.clone(), cooling.transient)));
            if let Some((error, transient)) = barred {
                let grace = if transient {
                    self.policy.grace()
                } else {
                    self.policy.stale_ttl
                };
                if beyond < grace {
                    self.stats.stale_hits += 1;
                    self.stats.stale_errors += 1;
                    return Look::Stale {
                        value,
                        age,
                        error: Some(error),
                        refresh: None,
                    };
                }
            } else if beyond < self.policy.stale_ttl {
                self.stats.stale_hits += 1;
                return Look::Stale {
                    value,
                    age,
                    error: None,
                    refresh: self.depart_in_background(key.with_top(top), now),
                };
            }
        }
        if let Some((error, wait)) = closed {
            self.stats.refusals += 1;
            return Look::Refused(error, wait);
        }
        Look::Miss
    }

    /// What to do about a miss.
    pub fn board(&mut self, key: &Key, now: Duration, who: Passenger<'_>) -> Boarding<V, E, W> {
        match self.look(key, now) {
            Look::Miss => {}
            look => return Boarding::Answered(look),
        }
        self.settle_process();
        self.stats.misses += u64::from(!who.again);
        let Some(flight) = self.flights.get(key.exact()) else {
            return Boarding::Lead(self.depart(key.clone(), now, false));
        };
        let within = who.within.iter().filter(|id| **id == flight.departure.id);
        let own = !who.asynchronous && flight.departure.thread == Some(std::thread::current().id());
        match within.count() {
            0 if !own => return Boarding::Join(Arc::clone(flight)),
            0 | 1 => {}
            _ => return Boarding::Recursion,
        }
        self.stats.bypasses += 1;
        Boarding::Bypass
    }

    /// The value that is held for a request, whatever its age: what an incremental load starts from.
    pub fn held(&self, key: &Key) -> Option<V> {
        let held = self.entries.peek(self.place(key))?;
        (held.top == key.top()).then(|| held.value.clone())
    }

    fn depart_in_background(
        &mut self,
        key: Key,
        now: Duration,
    ) -> Option<Arc<CacheFlight<V, E, W>>> {
        self.settle_process();
        if self.flights.contains_key(key.exact()) {
            return None;
        }
        if self.refreshing >= self.policy.refreshers {
            self.stats.skipped += 1;
            return None;
        }
        self.refreshing += 1;
        Some(self.depart(key, now, true))
    }

    fn depart(&mut self, key: Key, now: Duration, background: bool) -> Arc<CacheFlight<V, E, W>> {
        self.departures += 1;
        let place: Box<[u8]> = key.exact().into();
        let flight = Arc::new(Flight::new(Departure {
            key,
            id: self.departures,
            started: now,
            background,
            process: self.process,
            // A refresh runs in a thread of its own, which asks for nothing.
            thread: (!background).then(|| std::thread::current().id()),
        }));
        self.flights.insert(place, Arc::clone(&flight));
        flight
    }

    /// Forgets the flights of the parent: their leaders are not in this process.
    fn settle_process(&mut self) {
        let process = std::process::id();
        if self.process != process {
            self.process = process;
            self.refreshing = 0;
            // Not dropped, because a thread of the parent's may have held their locks when it forked.
            self.flights
                .drain()
                .for_each(|(_, flight)| core::mem::forget(flight));
        }
    }

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

    /// A number that nobody can foresee who does not know the seed (splitmix64).
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
