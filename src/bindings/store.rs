//! The snapshots of this process: few, found by the address of their list, dropped when stale or abandoned.
//!
//! A list is compiled at its second recommendation, because a compilation costs about four scans and many lists are seen
//! once. A snapshot that goes stale before it has paid for itself doubles what its list needs next time, so that a caller
//! who changes the manifest before every call pays for scans only. The lock is never held while Python code could run,
//! and always taken by a thread that is attached to the interpreter: it cannot deadlock, nor be found locked after a fork.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

use super::errors::Answer;
use super::functions::on_collection;
use super::snapshot::Snapshot;

/// Shorter lists are scanned: below this the scan is as fast as the proof and the index together (bench `recommend`).
const MIN_SESSIONS: usize = 32;
/// So many snapshots are kept, the least recently used goes first.
const MAX_SNAPSHOTS: usize = 8;
/// So many lists without a snapshot are remembered, by address only.
const MAX_SIGHTINGS: usize = 16;
/// A list is compiled when the sights of it weigh as much as two recommendations.
const FIRST_NEED: u32 = 2 * Sight::Recommend as u32;
const MAX_NEED: u32 = 32 * FIRST_NEED;

static STORE: Mutex<Store> = Mutex::new(Store::new());

struct Store {
    entries: Vec<Entry>,
    sightings: Vec<Sighting>,
    clock: u64,
    hits: u64,
    misses: u64,
}

/// What a list is looked at for, weighed by the work that a snapshot saves: an explanation reads half the titles.
#[derive(Clone, Copy)]
pub(super) enum Sight {
    /// One `explain`.
    Explain = 2,
    /// One `recommend`.
    Recommend = 8,
}

/// What a caller finds out about a snapshot before it uses it.
pub(super) enum Proof<T> {
    /// The list is what was compiled.
    Current(T),
    /// It is not: the snapshot must go.
    Stale,
    /// The snapshot is of no use for this call.
    Unneeded,
}

struct Entry {
    address: usize,
    snapshot: Arc<Snapshot>,
    need: u32,
    served: u32,
    used: u64,
}

/// A list seen without a snapshot. The address may be reused by another list: that costs a compilation, never an answer.
struct Sighting {
    address: usize,
    weight: u32,
    need: u32,
}

impl Store {
    const fn new() -> Self {
        Self {
            entries: Vec::new(),
            sightings: Vec::new(),
            clock: 0,
            hits: 0,
            misses: 0,
        }
    }

    fn lock() -> MutexGuard<'static, Self> {
        STORE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&mut self, address: usize) -> Option<Arc<Snapshot>> {
        self.clock += 1;
        let used = self.clock;
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.address == address)?;
        entry.used = used;
        Some(Arc::clone(&entry.snapshot))
    }

    fn serve(&mut self, address: usize) {
        self.hits += 1;
        if let Some(entry) = self
            .entries
            .iter_mut()
            .find(|entry| entry.address == address)
        {
            entry.served = entry.served.saturating_add(1);
        }
    }

    /// Takes a stale snapshot out and remembers its list.
    fn remove(&mut self, address: usize) -> Option<Entry> {
        let place = self
            .entries
            .iter()
            .position(|entry| entry.address == address)?;
        let entry = self.entries.swap_remove(place);
        let paid = entry.served >= entry.need;
        let need = if paid {
            FIRST_NEED
        } else {
            (entry.need * 2).min(MAX_NEED)
        };
        self.remember(address, need);
        Some(entry)
    }

    fn remember(&mut self, address: usize, need: u32) {
        if self.sightings.len() == MAX_SIGHTINGS {
            self.sightings.remove(0);
        }
        self.sightings.push(Sighting {
            address,
            weight: 0,
            need,
        });
    }

    /// Notes a sight of a list; its need once that is met.
    fn sight(&mut self, address: usize, sight: Sight) -> Option<u32> {
        self.misses += 1;
        if !self
            .sightings
            .iter()
            .any(|sighting| sighting.address == address)
        {
            self.remember(address, FIRST_NEED);
        }
        let place = self
            .sightings
            .iter()
            .position(|sighting| sighting.address == address)?;
        let sighting = self.sightings.get_mut(place)?;
        sighting.weight += sight as u32;
        (sighting.weight >= sighting.need).then(|| self.sightings.remove(place).need)
    }

    /// Adds a snapshot; returns those that must go, for the caller to drop without the lock.
    fn insert(&mut self, address: usize, snapshot: Arc<Snapshot>, need: u32) -> Vec<Entry> {
        self.clock += 1;
        self.entries.push(Entry {
            address,
            snapshot,
            need,
            served: 0,
            used: self.clock,
        });
        let mut gone = Vec::new();
        while self.entries.len() > MAX_SNAPSHOTS {
            let oldest = self
                .entries
                .iter()
                .enumerate()
                .min_by_key(|(_, entry)| entry.used);
            let Some(place) = oldest.map(|(place, _)| place) else {
                break;
            };
            gone.push(self.entries.swap_remove(place));
        }
        gone
    }

    fn take_abandoned(&mut self, py: Python<'_>) -> Vec<Entry> {
        self.entries
            .extract_if(.., |entry| entry.snapshot.is_abandoned(py))
            .collect()
    }
}

/// The current snapshot of the list, compiled now if the list was seen often enough; `None` where a scan is due.
pub(super) fn current(sessions: &Bound<'_, PyList>) -> Answer<Option<Arc<Snapshot>>> {
    let found = current_if(sessions, Sight::Recommend, |snapshot| {
        Ok(if snapshot.is_current(sessions) {
            Proof::Current(())
        } else {
            Proof::Stale
        })
    });
    found.map(|found| found.map(|(snapshot, ())| snapshot))
}

/// As [`current`], with the caller's own proof, and what came of it.
pub(super) fn current_if<T>(
    sessions: &Bound<'_, PyList>,
    sight: Sight,
    prove: impl Fn(&Snapshot) -> Answer<Proof<T>>,
) -> Answer<Option<(Arc<Snapshot>, T)>> {
    if sessions.len() < MIN_SESSIONS {
        return Ok(None);
    }
    let address = sessions.as_ptr() as usize;
    let found = Store::lock().find(address);
    if let Some(snapshot) = found {
        match prove(&snapshot)? {
            Proof::Current(proof) => {
                Store::lock().serve(address);
                return Ok(Some((snapshot, proof)));
            }
            Proof::Unneeded => return Ok(None),
            Proof::Stale => drop(Store::lock().remove(address)),
        }
    }
    sweep(sessions.py());
    let due = Store::lock().sight(address, sight);
    let Some(need) = due else { return Ok(None) };
    let snapshot = match Snapshot::compile(sessions) {
        Ok(snapshot) => Arc::new(snapshot),
        Err(super::errors::Stop::Declined) => {
            // Not provable: do not try again soon.
            Store::lock().remember(address, MAX_NEED);
            return Ok(None);
        }
        Err(raised) => return Err(raised),
    };
    watch_collections(sessions.py())?;
    let gone = Store::lock().insert(address, Arc::clone(&snapshot), need);
    drop(gone);
    Ok(match prove(&snapshot)? {
        Proof::Current(proof) => Some((snapshot, proof)),
        Proof::Stale | Proof::Unneeded => None,
    })
}

/// Adds [`on_collection`] to `gc.callbacks` once. Python tells nobody that a list was deleted, but the collector runs often
/// enough afterwards. An import alone adds nothing: this is called with the first snapshot.
fn watch_collections(py: Python<'_>) -> PyResult<()> {
    static WATCHING: PyOnceLock<()> = PyOnceLock::new();
    WATCHING
        .get_or_try_init(py, || {
            let callback = wrap_pyfunction!(on_collection, py)?;
            let callbacks = py.import("gc")?.getattr("callbacks")?;
            callbacks.call_method1("append", (callback,)).map(drop)
        })
        .copied()
}

/// Drops the snapshots whose list nobody holds any more.
pub(super) fn sweep(py: Python<'_>) {
    let gone = Store::lock().take_abandoned(py);
    drop(gone);
}

/// Drops all snapshots and forgets all sights.
pub(super) fn clear() {
    let mut store = Store::lock();
    let gone = core::mem::replace(&mut *store, Store::new());
    drop(store);
    drop(gone);
}

/// What `cache_info()` shows.
pub(super) struct Info {
    pub(super) snapshots: u64,
    pub(super) max_snapshots: u64,
    pub(super) sessions: u64,
    pub(super) bytes: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
}

/// What is held now.
pub(super) fn info(py: Python<'_>) -> Info {
    sweep(py);
    let store = Store::lock();
    let sum = |measure: fn(&Snapshot) -> usize| {
        let measures = store.entries.iter().map(|entry| measure(&entry.snapshot));
        measures.sum::<usize>() as u64
    };
    Info {
        snapshots: store.entries.len() as u64,
        max_snapshots: MAX_SNAPSHOTS as u64,
        sessions: sum(Snapshot::len),
        bytes: sum(Snapshot::nbytes),
        hits: store.hits,
        misses: store.misses,
    }
}
