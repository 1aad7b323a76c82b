//! The result cache of a `Catalog`: what the index found, by interests, number and weights.
//!
//! It keeps places and not objects: every caller gets an answer of its own, made of the places as after a search.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::intern::intern;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::engine::catalog::Best;
use crate::engine::catalog::cache::{Cache, Stats};
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::{Number, Scorer};

/// All that decides what the index finds, as bytes.
type Key = Box<[u8]>;

/// A cache and its clock.
pub(super) struct ResultCache {
    cache: Mutex<Cache<Key, Arc<[Best]>>>,
    capacity: usize,
    clock: Clock,
}

/// Monotonic time: the system's, or what a callable returns in seconds.
pub(super) enum Clock {
    System(Instant),
    Python(Py<PyAny>),
}

impl Clock {
    /// The system's, where no other is given.
    pub(super) fn new(clock: Option<Py<PyAny>>) -> Self {
        clock.map_or_else(|| Self::System(Instant::now()), Self::Python)
    }

    pub(super) fn now(&self, py: Python<'_>) -> PyResult<Duration> {
        match self {
            Self::System(start) => Ok(start.elapsed()),
            Self::Python(clock) => {
                let now: f64 = clock.call0(py)?.extract(py)?;
                Duration::try_from_secs_f64(now).map_err(|_| {
                    PyValueError::new_err(format!(
                        "the clock says {now}, expected seconds from 0 up"
                    ))
                })
            }
        }
    }
}

impl ResultCache {
    pub(super) fn new(
        capacity: usize,
        time_to_live: f64,
        clock: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let time_to_live = Duration::try_from_secs_f64(time_to_live).map_err(|_| {
            PyValueError::new_err(format!(
                "cache_ttl is {time_to_live}, expected seconds from 0 up"
            ))
        })?;
        Ok(Self {
            cache: Mutex::new(Cache::new(capacity, time_to_live)),
            capacity,
            clock: Clock::new(clock),
        })
    }

    /// What was found before, or what `search` finds now.
    pub(super) fn get_or(
        &self,
        py: Python<'_>,
        interests: &InterestSet,
        scorer: &Scorer,
        most: usize,
        search: impl FnOnce() -> Option<Vec<Best>>,
    ) -> PyResult<Option<Vec<Best>>> {
        let key = key(interests, scorer, most);
        let now = self.clock.now(py)?;
        // Nothing of Python runs while the lock is held.
        let held = self
            .cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key, now);
        if let Some(best) = held {
            return Ok(Some(best.to_vec()));
        }
        let found = search();
        if let Some(best) = &found {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.insert(key, best.as_slice().into(), now);
        }
        Ok(found)
    }

    /// Its counts, or zeros where there is none.
    pub(super) fn show<'py>(this: Option<&Self>, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (stats, entries) = this.map_or((Stats::default(), 0), |this| {
            let cache = this.cache.lock().unwrap_or_else(PoisonError::into_inner);
            (cache.stats(), cache.len())
        });
        let lookups = stats.hits + stats.misses;
        let hit_rate = if lookups == 0 {
            0.0
        } else {
            stats.hits as f64 / lookups as f64
        };
        let shown = PyDict::new(py);
        shown.set_item(intern!(py, "hits"), stats.hits)?;
        shown.set_item(intern!(py, "misses"), stats.misses)?;
        shown.set_item(intern!(py, "evictions"), stats.evictions)?;
        shown.set_item(intern!(py, "expirations"), stats.expirations)?;
        shown.set_item(intern!(py, "hit_rate"), hit_rate)?;
        shown.set_item(intern!(py, "entries"), entries)?;
        shown.set_item(
            intern!(py, "max_entries"),
            this.map_or(0, |this| this.capacity),
        )?;
        Ok(shown)
    }
}

fn key(interests: &InterestSet, scorer: &Scorer, most: usize) -> Key {
    let mut key = Vec::with_capacity(128);
    let weights = scorer.weights();
    for weight in [
        Some(weights.interest),
        Some(weights.popularity),
        weights.diversity,
    ] {
        let (kind, bits) = match weight {
            None => (0, 0),
            Some(Number::Int(value)) => (1, value.cast_unsigned()),
            Some(Number::Float(value)) => (2, value.to_bits()),
        };
        key.push(kind);
        key.extend_from_slice(&bits.to_le_bytes());
    }
    key.extend_from_slice(&(most as u64).to_le_bytes());
    for interest in interests.iter() {
        key.extend_from_slice(&(interest.len() as u64).to_le_bytes());
        key.extend_from_slice(interest);
    }
    key.into()
}
