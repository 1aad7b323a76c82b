//! The native half of `eventkit.graph.CachedGraphEventService`: look-ups, and who may load.
//!
//! Loads are called from Python's half: a daemon thread that is in one when the interpreter ends must have no frame of
//! this crate on its stack, which CPython before 3.14 would unwind. The lock is taken by attached threads only, nothing
//! of Python runs under it, and what leaves the cache is dropped behind it.

#![allow(clippy::doc_markdown, clippy::doc_link_with_quotes)] // Docstrings of Python.

use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::cache::Clock;
use super::errors::{Answer, unwind};
use super::graph_events::Value;
use super::graph_note::{self, Source, Told};
use super::graph_ticket::Ticket;
use super::intern::intern;
use super::search::settled;
use super::{input, replica};
use crate::engine::calendar::cache::keeper::Keeper;
use crate::engine::calendar::cache::key::Key;
use crate::engine::calendar::cache::outcome::{Boarding, CacheFlight, Look, Passenger};
use crate::engine::calendar::cache::policy::Policy;

/// What a failed load leaves: the error, and where it came from while somebody may still wait for it.
pub(super) struct Failure {
    pub(super) error: Py<PyAny>,
    pub(super) traceback: Option<Py<PyAny>>,
}

pub(super) type Shared = Arc<Failure>;
/// What wakes an asynchronous caller.
pub(super) type Waker = Py<PyAny>;
pub(super) type NativeFlight = CacheFlight<Value, Shared, Waker>;
pub(super) type NativeKeeper = Keeper<Value, Shared, Waker>;

/// Keeps calendars. `eventkit.graph.CachedGraphEventService` adds the loading.
#[pyclass(frozen, subclass, module = "eventkit._eventkit")]
pub(super) struct GraphCacheBase {
    keeper: Mutex<NativeKeeper>,
    clock: Clock,
    weights: Py<PyAny>,
    one_mailbox: bool,
    number: u64,
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
        Ok(Self {
            keeper: Mutex::new(Keeper::new(policy, seed)),
            clock: Clock::new(clock),
            weights,
            one_mailbox,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// What memory has: copies, or `SharedEvents`; a `Ticket` that has an answer and leads its refresh; an error, its
    /// traceback and the seconds until the source may be asked; or `None`.
    #[pyo3(signature = (user_id, top, start, end, shared, /))]
    fn _look<'py>(
        slf: &Bound<'py, Self>,
        user_id: &Bound<'py, PyAny>,
        top: &Bound<'py, PyAny>,
        start: Option<&Bound<'py, PyString>>,
        end: Option<&Bound<'py, PyString>>,
        shared: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let this = slf.get();
        let key = this.key(user_id, top, start, end)?;
        let now = this.clock.now(slf.py())?;
        let look = unwind(|| this.lock().look(&key, now))?;
        Self::told(slf, &key, look, shared)
    }

    /// What to do where memory has nothing: as `_look`, or a `Ticket` to load or to wait with, or whether to load for
    /// itself alone (`True`), or to give up (`False`).
    #[allow(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value
    )] // As Python's signature.
    #[pyo3(signature = (user_id, top, start, end, shared, within, asynchronous, again, /))]
    fn _board<'py>(
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
        let (py, this) = (slf.py(), slf.get());
        let key = this.key(user_id, top, start, end)?;
        let now = this.clock.now(py)?;
        let who = Passenger {
            within: &within,
            asynchronous,
            again,
        };
        let boarding = unwind(|| this.lock().board(&key, now, who))?;
        let (flight, leads) = match boarding {
            Boarding::Answered(look) => return Self::told(slf, &key, look, shared),
            Boarding::Bypass => return Ok(true.into_pyobject(py)?.to_owned().into_any()),
            Boarding::Recursion => return Ok(false.into_pyobject(py)?.to_owned().into_any()),
            Boarding::Lead(flight) => (flight, true),
            Boarding::Join(flight) => (flight, false),
        };
        let ticket = Ticket::new(slf.clone().unbind(), flight, key, shared, leads, None);
        Ok(Bound::new(py, ticket)?.into_any())
    }

    /// Takes note of an answer that no flight gave.
    #[pyo3(signature = (source, age, /))]
    fn _note(&self, source: &str, age: f64) {
        let source = if source == "store" {
            Source::Store
        } else {
            Source::Fresh
        };
        let age = Duration::try_from_secs_f64(age).unwrap_or_default();
        self.note(source, age, None);
    }

    /// Where this thread's last answer came from, its age in seconds, and why it is old; `None` before the first.
    fn _last<'py>(&self, py: Python<'py>) -> PyResult<Option<Told<'py>>> {
        unwind(|| graph_note::last(py, self.number))
    }

    /// Forgets a user.
    #[pyo3(signature = (user_id, /))]
    fn _forget(&self, user_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let prefix = with_user(user_id, Key::prefix_of)?;
        let discarded = unwind(|| self.lock().invalidate(&prefix))?;
        drop(discarded);
        Ok(())
    }

    /// Forgets everybody.
    fn _clear(&self) -> PyResult<()> {
        let discarded = unwind(|| self.lock().invalidate(&[]))?;
        drop(discarded);
        Ok(())
    }

    /// Return what the cache did and what it holds.
    ///
    /// Returns:
    ///     Of all calls: `hits` (answered by fresh events), `stale_hits` (answered at once by older ones), `misses` (had
    ///     to load, or to wait for who did) and `refusals` (the source had asked for patience); `hit_rate`, the share of
    ///     the first two. `stale_errors`, the answers that were old because the source fails. Of loads: `loads`,
    ///     `load_seconds`, `errors`, `abandoned` (the leader died), `overtaken` (by an invalidation), `skipped`
    ///     (refreshes, when too many were under way) and `bypasses` (calls from within the load that they would have
    ///     waited for). `entries` and `bytes` held, `max_entries`, `max_bytes`, `evictions` and `expirations`.
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
            let keeper = self.lock();
            (
                keeper.stats(),
                keeper.len(),
                keeper.bytes(),
                *keeper.policy(),
            )
        })?;
        let answered = stats.hits + stats.stale_hits;
        let calls = answered + stats.misses + stats.refusals;
        let hit_rate = if calls == 0 {
            0.0
        } else {
            answered as f64 / calls as f64
        };
        let shown = PyDict::new(py);
        let counts = [
            (intern!(py, "hits"), stats.hits),
            (intern!(py, "stale_hits"), stats.stale_hits),
            (intern!(py, "misses"), stats.misses),
            (intern!(py, "refusals"), stats.refusals),
            (intern!(py, "stale_errors"), stats.stale_errors),
            (intern!(py, "loads"), stats.loads),
            (intern!(py, "errors"), stats.errors),
            (intern!(py, "abandoned"), stats.abandoned),
            (intern!(py, "overtaken"), stats.overtaken),
            (intern!(py, "skipped"), stats.skipped),
            (intern!(py, "bypasses"), stats.bypasses),
            (intern!(py, "evictions"), stats.evictions),
            (intern!(py, "expirations"), stats.expirations),
            (intern!(py, "entries"), entries as u64),
            (intern!(py, "max_entries"), policy.max_entries as u64),
            (intern!(py, "bytes"), bytes as u64),
            (intern!(py, "max_bytes"), policy.max_bytes as u64),
        ];
        for (name, count) in counts {
            shown.set_item(name, count)?;
        }
        shown.set_item(intern!(py, "load_seconds"), stats.load_time.as_secs_f64())?;
        shown.set_item(intern!(py, "hit_rate"), hit_rate)?;
        Ok(shown)
    }
}

impl GraphCacheBase {
    pub(super) fn lock(&self) -> MutexGuard<'_, NativeKeeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self, py: Python<'_>) -> PyResult<Duration> {
        self.clock.now(py)
    }

    /// Remembers where this thread's answer came from.
    pub(super) fn note(&self, source: Source, age: Duration, error: Option<Shared>) {
        graph_note::note(self.number, source, age, error);
    }

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
                Key::new(user, None, None, top, self.one_mailbox)
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
                self.one_mailbox,
            )
        })
    }

    /// What a look came to, for Python; see `_look`.
    fn told<'py>(
        slf: &Bound<'py, Self>,
        key: &Key,
        look: Look<Value, Shared, Waker>,
        shared: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        match look {
            Look::Hit(value, age) => {
                this.note(Source::Hit, age, None);
                this.given(py, key, &value, shared)
            }
            Look::Stale {
                value,
                age,
                error,
                refresh,
            } => {
                let source = if error.is_some() {
                    Source::StaleIfError
                } else {
                    Source::Stale
                };
                this.note(source, age, error);
                let answer = this.given(py, key, &value, shared);
                let Some(flight) = refresh else { return answer };
                // Made even where the answer failed: a ticket that is dropped gives its flight up.
                let key = flight.departure.key.clone();
                let mut ticket = Ticket::new(slf.clone().unbind(), flight, key, shared, true, None);
                ticket.answer = Some(answer?.unbind());
                Ok(Bound::new(py, ticket)?.into_any())
            }
            Look::Refused(failure, wait) => {
                let told = (failure.error.clone_ref(py), py.None(), wait.as_secs_f64());
                Ok(told.into_pyobject(py)?.into_any())
            }
            Look::Miss => Ok(py.None().into_bound(py)),
        }
    }

    /// An answer of the caller's own: copies of the events, or the events that are shared and cannot be changed.
    pub(super) fn given<'py>(
        &self,
        py: Python<'py>,
        key: &Key,
        value: &Value,
        shared: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        // A service may give more than it was asked for; only an answer to a bigger question is cut.
        let most = if value.top > key.top() {
            usize::try_from(key.top()).unwrap_or(usize::MAX)
        } else {
            usize::MAX
        };
        if !shared {
            return Ok(replica::events(value.events.bind(py), most)?.into_any());
        }
        let (found, grown) = value.shared(py, most, &self.weights)?;
        if grown > 0 {
            let is_it = |held: &Value| Arc::ptr_eq(held, value);
            let discarded = unwind(|| self.lock().grow(key, grown, is_it))?;
            drop(discarded);
        }
        Ok(found.into_bound(py).into_any())
    }
}

fn seconds(name: &str, value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value).map_err(|_| {
        PyValueError::new_err(format!("{name} is {value}, expected seconds from 0 up"))
    })
}

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
