//! The native base class of `eventkit.graph.CachedGraphEventService`: looks up events and decides who loads.
//!
//! Python code calls the service, not this crate. When the interpreter exits while a daemon thread is in such a call,
//! the thread must have no frame of this crate on its stack, because CPython before 3.14 would unwind it.

#![allow(clippy::doc_markdown, clippy::doc_link_with_quotes)] // Docstrings of Python.

use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::cache::Clock;
use super::errors::{Answer, settled, unwind};
use super::graph_events::Value;
use super::graph_last_result::{LastResult, SharedFailure, last_result};
use super::graph_shared::{SharedCache, Waker};
use super::graph_ticket::Ticket;
use super::input;
use super::intern::intern;
use crate::engine::calendar::cache::key::Key;
use crate::engine::calendar::cache::outcome::{Caller, Lookup, Role};
use crate::engine::calendar::cache::policy::Policy;
use crate::engine::calendar::cache::state::CacheState;
use crate::engine::calendar::last_answer::AnswerSource;

/// Holds the events of calendars. `eventkit.graph.CachedGraphEventService` adds the loading.
#[pyclass(frozen, subclass, module = "eventkit._eventkit")]
pub(super) struct GraphCacheBase {
    shared: Arc<SharedCache>,
}

#[pymethods]
impl GraphCacheBase {
    #[new]
    #[allow(clippy::too_many_arguments)] // Python's half gives names and defaults to them.
    #[pyo3(signature = (ttl, stale_ttl, stale_if_error, cool_down, jitter, max_entries, max_bytes, refreshers, reuse,
        keep_expired, one_mailbox, weights, clock, /))]
    fn new(
        ttl: f64,
        stale_ttl: f64,
        stale_if_error: f64,
        cool_down: f64,
        jitter: f64,
        max_entries: usize,
        max_bytes: usize,
        refreshers: usize,
        reuse: bool,
        keep_expired: bool,
        one_mailbox: bool,
        weights: Py<PyAny>,
        clock: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if !(0.0..=1.0).contains(&jitter) {
            return Err(PyValueError::new_err(format!(
                "jitter is {jitter}, expected a share from 0 to 1"
            )));
        }
        let policy = Policy {
            ttl: seconds("cache_ttl", ttl)?,
            stale_ttl: seconds("stale_ttl", stale_ttl)?,
            stale_if_error: seconds("stale_if_error", stale_if_error)?,
            cool_down: seconds("cool_down", cool_down)?,
            jitter,
            max_entries,
            max_bytes,
            refreshers,
            reuse,
            keep_expired,
        };
        let seed = RandomState::new().build_hasher().finish();
        let shared = SharedCache {
            state: Mutex::new(CacheState::new(policy, seed)),
            clock: Clock::new(clock),
            weights,
            one_mailbox,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Looks up the events of a request.
    ///
    /// Returns one of: a list of copies, or `SharedEvents` if `shared`; a leader's `Ticket` of a refresh, with the
    /// stale answer; a tuple of error, traceback and seconds to wait, if the service must not be asked now; `None` on a
    /// miss.
    #[pyo3(signature = (user_id, top, start, end, shared, /))]
    fn _look_up<'py>(
        slf: &Bound<'py, Self>,
        user_id: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        start: Option<&Bound<'py, PyString>>,
        end: Option<&Bound<'py, PyString>>,
        shared: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let cache = &slf.get().shared;
        let key = slf.get().key(user_id, top, start, end)?;
        let now = cache.clock.now(slf.py())?;
        let lookup = unwind(|| cache.lock().look_up(&key, now))?;
        cache_answer(slf.py(), cache, &key, lookup, shared)
    }

    /// Decides what a caller has to do after a miss.
    ///
    /// Returns what `_look_up` returns if there is an answer by now; otherwise a `Ticket` to load or to wait with,
    /// `True` if the caller must load for itself alone, or `False` if it must give up.
    #[allow(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value
    )] // As Python's signature.
    #[pyo3(signature = (user_id, top, start, end, shared, within, asynchronous, again, /))]
    fn _assign_role<'py>(
        slf: &Bound<'py, Self>,
        user_id: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        start: Option<&Bound<'py, PyString>>,
        end: Option<&Bound<'py, PyString>>,
        shared: bool,
        within: Vec<u64>,
        asynchronous: bool,
        again: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, cache) = (slf.py(), &slf.get().shared);
        let key = slf.get().key(user_id, top, start, end)?;
        let now = cache.clock.now(py)?;
        let caller = Caller {
            within: &within,
            asynchronous,
            again,
        };
        let role = unwind(|| cache.lock().assign_role(&key, now, caller))?;
        let (load, is_leader) = match role {
            Role::Answered(lookup) => return cache_answer(py, cache, &key, lookup, shared),
            Role::Bypass => return Ok(true.into_pyobject(py)?.to_owned().into_any()),
            Role::Recursion => return Ok(false.into_pyobject(py)?.to_owned().into_any()),
            Role::Leader(load) => (load, true),
            Role::Waiter(load) => (load, false),
        };
        let ticket = Ticket::new(Arc::clone(cache), load, key, shared, is_leader, None);
        Ok(Bound::new(py, ticket)?.into_any())
    }

    /// Remembers an answer that came from no load of the cache.
    #[pyo3(signature = (source, age, /))]
    fn _remember(&self, source: &str, age: f64) {
        let source = if source == "store" {
            AnswerSource::Store
        } else {
            AnswerSource::Fresh
        };
        let age = Duration::try_from_secs_f64(age).unwrap_or_default();
        self.shared.remember(source, age, None);
    }

    /// Returns the source, the age in seconds and the error of this thread's last answer, or `None` before the first.
    fn _last<'py>(&self, py: Python<'py>) -> PyResult<Option<LastResult<'py>>> {
        unwind(|| last_result(py, self.shared.number))
    }

    /// Removes the entries of a user.
    #[pyo3(signature = (user_id, /))]
    fn _forget(&self, user_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let prefix = with_user(user_id, Key::prefix_of)?;
        let discarded = unwind(|| self.shared.lock().invalidate(&prefix))?;
        drop(discarded);
        Ok(())
    }

    /// Removes all entries.
    fn _clear(&self) -> PyResult<()> {
        let discarded = unwind(|| self.shared.lock().invalidate(&[]))?;
        drop(discarded);
        Ok(())
    }

    /// Return the statistics of the cache.
    ///
    /// Returns:
    ///     Counts of calls: `hits` (answered by fresh events), `stale_hits` (answered at once by stale ones), `misses`
    ///     (had to load, or to wait for a load) and `refusals` (failed at once, because the service had asked to wait).
    ///     `hit_rate` is the share of hits and stale hits. `stale_errors` counts answers that were stale because the
    ///     service fails. Counts of loads: `loads`, `errors`, `abandoned` (the leader gave up), `overtaken` (an
    ///     invalidation came first), `skipped` (refreshes that did not start because too many were running) and
    ///     `bypasses` (calls from within the load that they would have waited for); `load_seconds` is their total time.
    ///     What is held: `entries`, `bytes`, `max_entries`, `max_bytes`, `evictions` and `expirations`.
    ///
    /// Example:
    ///     >>> from eventkit.graph import CachedGraphEventService
    ///     >>> class Calendar:
    ///     ...     def get_events(self, top, user_id):
    ///     ...         return [{"title": "Standup"}]
    ///     >>> cached = CachedGraphEventService(Calendar())
    ///     >>> for _ in range(4):
    ///     ...     events = cached.get_events("ann@example.com")
    ///     >>> cached.stats()["loads"], cached.stats()["hit_rate"]
    ///     (1, 0.75)
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (stats, entries, bytes, policy) = unwind(|| {
            let state = self.shared.lock();
            (state.stats(), state.len(), state.bytes(), *state.policy())
        })?;
        let shown = PyDict::new(py);
        for (name, count) in stats.counts() {
            shown.set_item(name, count)?;
        }
        shown.set_item(intern!(py, "entries"), entries)?;
        shown.set_item(intern!(py, "max_entries"), policy.max_entries)?;
        shown.set_item(intern!(py, "bytes"), bytes)?;
        shown.set_item(intern!(py, "max_bytes"), policy.max_bytes)?;
        shown.set_item(intern!(py, "load_seconds"), stats.load_time.as_secs_f64())?;
        shown.set_item(intern!(py, "hit_rate"), stats.hit_rate())?;
        Ok(shown)
    }
}

impl GraphCacheBase {
    /// Builds the key of a request.
    fn key(
        &self,
        user_id: &Bound<'_, PyAny>,
        top: &Bound<'_, PyAny>,
        start: Option<&Bound<'_, PyString>>,
        end: Option<&Bound<'_, PyString>>,
    ) -> PyResult<Key> {
        let top: i64 = top.extract()?;
        if top <= 0 {
            return Err(PyValueError::new_err("top must be a positive integer"));
        }
        if start.is_none() && end.is_none() {
            return with_user(user_id, |user| {
                Key::new(user, None, None, top, self.shared.one_mailbox)
            });
        }
        let bytes = |text: Option<&Bound<'_, PyString>>| -> PyResult<Option<Vec<u8>>> {
            text.map(|text| taken(input::with_bytes(text, <[u8]>::to_vec)))
                .transpose()
        };
        let (start, end) = (bytes(start)?, bytes(end)?);
        with_user(user_id, |user| {
            Key::new(
                user,
                start.as_deref(),
                end.as_deref(),
                top,
                self.shared.one_mailbox,
            )
        })
    }
}

/// Builds what `_look_up` returns.
fn cache_answer<'py>(
    py: Python<'py>,
    cache: &Arc<SharedCache>,
    key: &Key,
    lookup: Lookup<Value, SharedFailure, Waker>,
    shared: bool,
) -> PyResult<Bound<'py, PyAny>> {
    match lookup {
        Lookup::Hit(value, age) => {
            cache.remember(AnswerSource::Hit, age, None);
            cache.answer(py, key, &value, shared)
        }
        Lookup::Stale {
            value,
            age,
            error,
            refresh,
        } => {
            let source = if error.is_some() {
                AnswerSource::StaleIfError
            } else {
                AnswerSource::Stale
            };
            cache.remember(source, age, error);
            let answer = cache.answer(py, key, &value, shared);
            let Some(load) = refresh else { return answer };
            // The ticket is made even if the answer failed: a ticket that is dropped abandons its load.
            let key = load.info.key.clone();
            let mut ticket = Ticket::new(Arc::clone(cache), load, key, shared, true, None);
            ticket.answer = Some(answer?.unbind());
            Ok(Bound::new(py, ticket)?.into_any())
        }
        Lookup::Refused(failure, wait) => {
            let refusal = (failure.error.clone_ref(py), py.None(), wait.as_secs_f64());
            Ok(refusal.into_pyobject(py)?.into_any())
        }
        Lookup::Miss => Ok(py.None().into_bound(py)),
    }
}

/// Converts seconds, or raises a `ValueError` that names the argument.
fn seconds(name: &str, value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value).map_err(|_| {
        PyValueError::new_err(format!("{name} is {value}, expected seconds from 0 up"))
    })
}

/// Calls `use_user` with the bytes of a user id; raises `TypeError` if it is neither a str nor None.
fn with_user<R>(user: &Bound<'_, PyAny>, use_user: impl FnOnce(Option<&[u8]>) -> R) -> PyResult<R> {
    if user.is_none() {
        return Ok(use_user(None));
    }
    let Ok(user) = user.cast::<PyString>() else {
        return Err(PyTypeError::new_err(format!(
            "user_id is {}, expected a str or None",
            user.repr()?
        )));
    };
    taken(input::with_bytes(user, |user| use_user(Some(user))))
}

fn taken<R>(answer: Answer<R>) -> PyResult<R> {
    settled(Ok(answer), "a string cannot be encoded")
}
