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
use super::outcome::{Boarding, CacheFlight, Discarded, Look, Passenger, Stats};
use super::policy::Policy;
use super::recency::Recency;

#[derive(Debug)]
pub(super) struct Held<V, E> {
    pub(super) value: V,
    pub(super) top: i64,
    pub(super) loaded: Duration,
    pub(super) ttl: Duration,
    pub(super) cooling: Option<Cooling<E>>,
}

#[derive(Debug)]
pub(super) struct Cooling<E> {
    pub(super) until: Duration,
    pub(super) error: E,
    pub(super) transient: bool,
}

impl<V, E> Held<V, E> {
    pub(super) fn beyond(&self, age: Duration) -> Duration {
        age.saturating_sub(self.ttl)
    }

    pub(super) fn discard<W>(self, discarded: &mut Discarded<V, E, W>) {
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
    pub(super) policy: Policy,
    pub(super) entries: Recency<Held<V, E>>,
    pub(super) flights: Flights<V, E, W>,
    pub(super) gates: Gates<E>,
    pub(super) stats: Stats,
    pub(super) process: u32,
    departures: u64,
    pub(super) refreshing: usize,
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

    pub(super) fn place<'k>(&self, key: &'k Key) -> &'k [u8] {
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
    pub(super) fn settle_process(&mut self) {
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

    /// A number that nobody can foresee who does not know the seed (splitmix64).
    pub(super) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
