//! The result cache of a `Catalog`: keeps the best sessions of recent queries, by interests, number and weights.
//!
//! It keeps the positions of sessions, not answers, so every caller gets fresh objects.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::intern::intern;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::engine::catalog::Best;
use crate::engine::catalog::result_cache::{ResultCache, ResultCacheStats, query_key};
use crate::engine::ranking::interest::InterestSet;
use crate::engine::ranking::score::Scorer;

type Results = ResultCache<Box<[u8]>, Arc<[Best]>>;

/// A result cache and its clock.
pub(super) struct TimedCache {
    cache: Mutex<Results>,
    clock: Clock,
}

/// A monotonic clock: the system's, or a Python callable that returns seconds.
pub(super) enum Clock {
    System(Instant),
    Python(Py<PyAny>),
}

impl Clock {
    /// Returns a clock; the system's if no callable is given.
    pub(super) fn new(clock: Option<Py<PyAny>>) -> Self {
        clock.map_or_else(|| Self::System(Instant::now()), Self::Python)
    }

    /// Returns the time since a fixed moment. Raises what the callable raises, or `ValueError` if it returns no valid
    /// time.
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

impl TimedCache {
    /// Creates an empty cache; raises `ValueError` if the time to live is negative or not finite.
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
            cache: Mutex::new(ResultCache::new(capacity, time_to_live)),
            clock: Clock::new(clock),
        })
    }

    /// Returns the cached result, or the result of `search`, which is then cached.
    pub(super) fn get_or(
        &self,
        py: Python<'_>,
        interests: &InterestSet,
        scorer: &Scorer,
        most: usize,
        search: impl FnOnce() -> Option<Vec<Best>>,
    ) -> PyResult<Option<Vec<Best>>> {
        let key = query_key(interests, scorer, most);
        let now = self.clock.now(py)?;
        // No Python code runs while the lock is held.
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

    /// Returns the statistics as a dict; zeros if there is no cache.
    pub(super) fn show<'py>(this: Option<&Self>, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (stats, entries, capacity) = this.map_or((ResultCacheStats::default(), 0, 0), |this| {
            let cache = this.cache.lock().unwrap_or_else(PoisonError::into_inner);
            (cache.stats(), cache.len(), cache.capacity())
        });
        let shown = PyDict::new(py);
        shown.set_item(intern!(py, "hits"), stats.hits)?;
        shown.set_item(intern!(py, "misses"), stats.misses)?;
        shown.set_item(intern!(py, "evictions"), stats.evictions)?;
        shown.set_item(intern!(py, "expirations"), stats.expirations)?;
        shown.set_item(intern!(py, "hit_rate"), stats.hit_rate())?;
        shown.set_item(intern!(py, "entries"), entries)?;
        shown.set_item(intern!(py, "max_entries"), capacity)?;
        Ok(shown)
    }
}
