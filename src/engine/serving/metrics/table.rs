//! The layout of the shared words: a header, routes, counters, gauges.
//!
//! A place is taken once and never given back. Its state goes from free to taken to named by compare-and-swap, and the
//! name is written before the last step. So threads find places without a lock, and other processes read only named
//! places.

use core::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

use super::total::{BOUNDS, BUCKETS, Totals};

/// The longest name of a route, counter or gauge, in bytes.
pub const MOST_NAME: usize = 8 * NAME;

/// The route that stands for all that find no place or whose names are too long.
const OTHER: &str = "other";

const NAME: usize = 8;
const MAGIC: u64 = u64::from_le_bytes(*b"ekmetri1");
/// The largest number of files that one merge takes.
pub(super) const MOST_ABSORBED: usize = 254;

const ROUTES: usize = 32;
const COUNTERS: usize = 128;
const GAUGES: usize = 32;
const LEAST_STATUS: u16 = 100;
const STATUSES: usize = 500;

/// Every place begins with its state and its name.
const HEAD: usize = 1 + NAME;
const ROUTE: usize = HEAD + 1 + STATUSES + BUCKETS;
const NUMBER: usize = HEAD + 1;

const AT_ABSORBED: usize = 2;
const AT_ROUTES: usize = AT_ABSORBED + MOST_ABSORBED;
const AT_COUNTERS: usize = AT_ROUTES + ROUTES * ROUTE;
const AT_GAUGES: usize = AT_COUNTERS + COUNTERS * NUMBER;
/// The number of words of a table.
pub(super) const WORDS: usize = AT_GAUGES + GAUGES * NUMBER;

const FREE: u64 = 0;
const TAKEN: u64 = 1;
const NAMED: u64 = 2;

/// The words of a table.
#[derive(Clone, Copy)]
pub(super) struct Table<'a>(&'a [AtomicU64]);

impl<'a> Table<'a> {
    /// Returns the table in these words, or `None` if they hold none.
    pub(super) fn of(words: &'a [AtomicU64]) -> Option<Self> {
        let table = Self(words.get(..WORDS)?);
        (table.word(0).load(Ordering::Acquire) == MAGIC).then_some(table)
    }

    /// Returns the table in words that are known to hold one.
    pub(super) fn over(words: &'a [AtomicU64]) -> Self {
        Self(words)
    }

    /// Turns zeros into a table. `absorbed` names the files that were merged into it.
    pub(super) fn init(words: &'a [AtomicU64], absorbed: &[u64]) -> Option<Self> {
        let table = Self(words.get(..WORDS)?);
        for (at, id) in (AT_ABSORBED..AT_ROUTES).zip(absorbed) {
            table.word(at).store(*id, Ordering::Relaxed);
        }
        let count = absorbed.len().min(MOST_ABSORBED) as u64;
        table.word(1).store(count, Ordering::Relaxed);
        table.word(0).store(MAGIC, Ordering::Release);
        Some(table)
    }

    /// Returns the numbers of the files that were merged into it.
    pub(super) fn absorbed(self) -> Vec<u64> {
        let count = self.word(1).load(Ordering::Relaxed) as usize;
        (AT_ABSORBED..AT_ROUTES)
            .take(count)
            .map(|at| self.word(at).load(Ordering::Relaxed))
            .collect()
    }

    pub(super) fn observe(self, route: &str, status: u16, seconds: f64) {
        let place = self.route(route);
        // A number that is not an HTTP status is the server's mistake. It counts as one status.
        let status = usize::from(status.checked_sub(LEAST_STATUS).unwrap_or(400));
        let status = if status < STATUSES { status } else { 400 };
        self.count(place + HEAD + 1 + status, 1);
        let seconds = if seconds > 0.0 { seconds } else { 0.0 };
        let bucket = BOUNDS.partition_point(|bound| *bound < seconds);
        self.count(place + HEAD + 1 + STATUSES + bucket, 1);
        #[allow(clippy::cast_sign_loss)] // Not below zero; beyond u64, it is cut.
        self.count(place + HEAD, (seconds * 1e9) as u64);
    }

    pub(super) fn add(self, name: &str, amount: u64) {
        if let Some(place) = self.place(AT_COUNTERS, COUNTERS, NUMBER, name) {
            self.count(place + HEAD, amount);
        }
    }

    pub(super) fn raise_to(self, name: &str, count: u64) {
        if let Some(place) = self.place(AT_COUNTERS, COUNTERS, NUMBER, name) {
            self.word(place + HEAD).fetch_max(count, Ordering::Relaxed);
        }
    }

    pub(super) fn set(self, name: &str, value: f64) {
        if let Some(place) = self.place(AT_GAUGES, GAUGES, NUMBER, name) {
            self.word(place + HEAD)
                .store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// Adds all counts to sums. Gauges are added only for a process that lives.
    pub(super) fn add_to(self, totals: &mut Totals, alive: bool) {
        totals.workers += u64::from(alive);
        for (place, name) in self.named(AT_ROUTES, ROUTES, ROUTE) {
            let route = totals.routes.entry(name).or_default();
            let read = |at: usize| self.word(place + HEAD + at).load(Ordering::Relaxed);
            route.nanos = route.nanos.saturating_add(read(0));
            for (status, at) in (LEAST_STATUS..).zip(1..=STATUSES) {
                let count = read(at);
                if count > 0 {
                    *route.statuses.entry(status).or_default() += count;
                }
            }
            for (bucket, at) in route.buckets.iter_mut().zip(1 + STATUSES..) {
                *bucket += read(at);
            }
        }
        for (place, name) in self.named(AT_COUNTERS, COUNTERS, NUMBER) {
            *totals.counters.entry(name).or_default() +=
                self.word(place + HEAD).load(Ordering::Relaxed);
        }
        for (place, name) in self.named(AT_GAUGES, GAUGES, NUMBER).filter(|_| alive) {
            let value = f64::from_bits(self.word(place + HEAD).load(Ordering::Relaxed));
            let most = totals.gauges.entry(name).or_insert(value);
            *most = most.max(value);
        }
    }

    /// Adds sums that were made of other tables.
    pub(super) fn absorb(self, totals: &Totals) {
        for (name, route) in &totals.routes {
            let place = self.route(name);
            self.count(place + HEAD, route.nanos);
            for (status, count) in &route.statuses {
                self.count(
                    place + HEAD + 1 + usize::from(status - LEAST_STATUS),
                    *count,
                );
            }
            for (at, count) in (place + HEAD + 1 + STATUSES..).zip(route.buckets) {
                self.count(at, count);
            }
        }
        for (name, count) in &totals.counters {
            self.add(name, *count);
        }
    }

    fn route(self, name: &str) -> usize {
        // The last place is kept for routes that find no other.
        let last = AT_ROUTES + (ROUTES - 1) * ROUTE;
        let place = (name != OTHER)
            .then(|| self.place(AT_ROUTES, ROUTES - 1, ROUTE, name))
            .flatten();
        place
            .or_else(|| self.place(last, 1, ROUTE, OTHER))
            .unwrap_or(last)
    }

    /// Finds the place of a name among `count` places of `width` words each. A free place is taken if there is none.
    fn place(self, start: usize, count: usize, width: usize, name: &str) -> Option<usize> {
        let packed = pack(name)?;
        let first = FixedState::default().hash_one(name) as usize % count;
        (0..count)
            .map(|step| start + (first + step) % count * width)
            .find(|place| self.is_of(*place, &packed))
    }

    fn is_of(self, place: usize, packed: &[u64; NAME]) -> bool {
        let state = self.word(place);
        let free = state.load(Ordering::Acquire) == FREE;
        if free
            && state
                .compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Acquire)
                .is_ok()
        {
            for (at, part) in (place + 1..).zip(packed) {
                self.word(at).store(*part, Ordering::Relaxed);
            }
            state.store(NAMED, Ordering::Release);
            return true;
        }
        // Another thread of this process is between the two stores above.
        while state.load(Ordering::Acquire) == TAKEN {
            core::hint::spin_loop();
        }
        (place + 1..)
            .zip(packed)
            .all(|(at, part)| self.word(at).load(Ordering::Relaxed) == *part)
    }

    fn named(
        self,
        start: usize,
        count: usize,
        width: usize,
    ) -> impl Iterator<Item = (usize, String)> {
        (0..count)
            .map(move |number| start + number * width)
            .filter(move |place| self.word(*place).load(Ordering::Acquire) == NAMED)
            .map(move |place| {
                let bytes: Vec<u8> = (place + 1..=place + NAME)
                    .flat_map(|at| self.word(at).load(Ordering::Relaxed).to_le_bytes())
                    .take_while(|byte| *byte != 0)
                    .collect();
                (place, String::from_utf8_lossy(&bytes).into_owned())
            })
    }

    fn count(self, at: usize, amount: u64) {
        self.word(at).fetch_add(amount, Ordering::Relaxed);
    }

    #[allow(clippy::indexing_slicing)] // Every place is within `WORDS`, by construction.
    fn word(self, at: usize) -> &'a AtomicU64 {
        &self.0[at]
    }
}

/// Returns true if Prometheus accepts the name, and a table holds it.
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= MOST_NAME
}

/// Encodes a name as words filled up with zeros. Returns `None` if it does not fit.
fn pack(name: &str) -> Option<[u64; NAME]> {
    if name.is_empty() || name.len() > MOST_NAME || name.contains('\0') {
        return None;
    }
    let mut words = [0; NAME];
    for (word, part) in words.iter_mut().zip(name.as_bytes().chunks(8)) {
        let mut bytes = [0; 8];
        for (byte, value) in bytes.iter_mut().zip(part) {
            *byte = *value;
        }
        *word = u64::from_le_bytes(bytes);
    }
    Some(words)
}
