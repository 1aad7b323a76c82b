//! A caller's part in a load: its leader's, or that of one who waits.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyList;

use super::errors::unwind;
use super::graph_cache::{Failure, GraphCacheBase, NativeFlight, Shared, Waker};
use super::graph_events::{Stored, Value};
use super::graph_note::Source;
use super::replica;
use crate::engine::calendar::cache::flight::Landing;
use crate::engine::calendar::cache::key::Key;
use crate::engine::calendar::cache::outcome::{Cargo, Ended, Mishap, Outcome};

/// The main thread looks for signals so often while it waits.
const PATIENCE: Duration = Duration::from_millis(50);

/// Leads a load, or waits for one. A leader's that is dropped gives the load up.
#[pyclass(frozen, module = "eventkit._eventkit")]
pub(super) struct Ticket {
    cache: Py<GraphCacheBase>,
    flight: Arc<NativeFlight>,
    key: Key,
    shared: bool,
    #[pyo3(get)]
    leads: bool,
    /// What the caller gets at once, where the load is a refresh.
    #[pyo3(get)]
    pub(super) answer: Option<Py<PyAny>>,
    ended: AtomicBool,
}

#[pymethods]
impl Ticket {
    /// The number of the load.
    #[getter]
    fn flight(&self) -> u64 {
        self.flight.departure.id
    }

    /// How many events to ask for.
    #[getter]
    fn top(&self) -> i64 {
        self.key.top()
    }

    /// What an incremental load starts from.
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let held = unwind(|| self.cache.get().lock().held(&self.key))?;
        Ok(held.and_then(|value| value.state.as_ref().map(|state| state.clone_ref(py))))
    }

    /// Waits for the end, for so many seconds at most; whether it came. Other threads run meanwhile.
    #[pyo3(signature = (timeout, interruptible, /))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>, interruptible: bool) -> PyResult<bool> {
        // Beyond what an Instant can hold is for ever.
        let until = timeout
            .and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
            .and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let look = interruptible.then(|| Instant::now() + PATIENCE);
            let slice = match (until, look) {
                (Some(until), Some(look)) => Some(until.min(look)),
                (until, look) => until.or(look),
            };
            // Dropped with the interpreter in hand: only then is it the next one's turn to wait for that.
            let woken = unwind(|| py.detach(|| self.flight.wait(slice)))?;
            if woken.is_some() {
                return Ok(true);
            }
            py.check_signals()?;
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(false);
            }
        }
    }

    /// Has `wake()` called at the end, by whichever thread makes it; `False` where it came already.
    #[pyo3(signature = (wake, /))]
    fn watch(&self, wake: Py<PyAny>) -> PyResult<bool> {
        let ended = unwind(|| self.flight.watch(wake))?;
        Ok(ended.is_none())
    }

    /// How it ended: the caller's answer; an error, its traceback and `None`; or `None` where the leader died.
    fn outcome<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match unwind(|| self.flight.landing())? {
            Some(Landing::Landed(outcome)) => self.told(py, outcome),
            Some(Landing::Abandoned) | None => Ok(py.None().into_bound(py)),
        }
    }

    /// Ends it with events that nobody else may hold on to: copies are kept. The caller's answer, and whether the load
    /// was not overtaken by an invalidation.
    #[pyo3(signature = (events, age, from_store, state, /))]
    fn land<'py>(
        &self,
        py: Python<'py>,
        events: &Bound<'py, PyList>,
        age: f64,
        from_store: bool,
        state: Option<Py<PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, bool)> {
        let copies = unwind(|| replica::events(events, usize::MAX))??;
        let weight = replica::weight(&copies)? + 2 * self.key.exact().len() + OVERHEAD;
        let value = Stored::new(copies, self.key.top(), state, from_store);
        let cargo = Cargo {
            value,
            weight,
            age: Duration::try_from_secs_f64(age).unwrap_or_default(),
        };
        let cache = self.cache.get();
        let now = cache.now(py)?;
        let ended = unwind(|| cache.lock().land(&self.flight.departure, cargo, now))?;
        let current = ended.current;
        let outcome = self.end(py, ended)?;
        Ok((self.told(py, outcome)?, current))
    }

    /// Ends it with an error, `lasting` being the same without what its traceback holds. The caller's answer where old
    /// events stand in, else `None`.
    #[pyo3(signature = (error, lasting, transient, retry_after, /))]
    fn fail<'py>(
        &self,
        py: Python<'py>,
        error: &Bound<'py, PyAny>,
        lasting: Py<PyAny>,
        transient: bool,
        retry_after: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.ended.load(Ordering::Relaxed) {
            return Ok(py.None().into_bound(py));
        }
        let traceback = error.getattr("__traceback__").ok().map(Bound::unbind);
        let mishap = Mishap {
            error: Arc::new(Failure {
                error: lasting.clone_ref(py),
                traceback,
            }),
            lasting: Arc::new(Failure {
                error: lasting,
                traceback: None,
            }),
            transient,
            retry_after: retry_after.and_then(|wait| Duration::try_from_secs_f64(wait).ok()),
        };
        let cache = self.cache.get();
        // The load failed, whatever the clock says to that.
        let now = cache.now(py).unwrap_or(self.flight.departure.started);
        let ended = unwind(|| cache.lock().fail(&self.flight.departure, mishap, now))?;
        match self.end(py, ended)? {
            Outcome::Failed(_) => Ok(py.None().into_bound(py)),
            outcome => self.told(py, outcome),
        }
    }

    /// Ends it for whoever waits: one of them takes over.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        if self.ended.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        unwind(|| self.cache.get().lock().abandon(&self.flight.departure))?;
        let wakers = if self.is_here() {
            unwind(|| self.flight.abandon())?
        } else {
            Vec::new()
        };
        wake(py, wakers)
    }
}

/// What an entry takes beside its events and its key.
const OVERHEAD: usize = 256;

impl Ticket {
    pub(super) fn new(
        cache: Py<GraphCacheBase>,
        flight: Arc<NativeFlight>,
        key: Key,
        shared: bool,
        leads: bool,
        answer: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            cache,
            flight,
            key,
            shared,
            leads,
            answer,
            ended: AtomicBool::new(!leads),
        }
    }

    /// Whether the flight started in this process: its lock is not touched in a forked child, where it may be held by
    /// nobody.
    fn is_here(&self) -> bool {
        self.flight.departure.process == std::process::id()
    }

    /// Tells those who wait.
    fn end(
        &self,
        py: Python<'_>,
        ended: Ended<Value, Shared, Waker>,
    ) -> PyResult<Outcome<Value, Shared>> {
        self.ended.store(true, Ordering::Relaxed);
        let outcome = ended.outcome.clone();
        let wakers = if self.is_here() {
            unwind(|| self.flight.land(ended.outcome))?
        } else {
            Vec::new()
        };
        drop(ended.discarded);
        wake(py, wakers)?;
        Ok(outcome)
    }

    fn told<'py>(
        &self,
        py: Python<'py>,
        outcome: Outcome<Value, Shared>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let cache = self.cache.get();
        match outcome {
            Outcome::Loaded(value, age) => {
                let source = if value.from_store {
                    Source::Store
                } else {
                    Source::Fresh
                };
                cache.note(source, age, None);
                cache.given(py, &self.key, &value, self.shared)
            }
            Outcome::Stale(value, age, failure) => {
                cache.note(Source::StaleIfError, age, Some(failure));
                cache.given(py, &self.key, &value, self.shared)
            }
            Outcome::Failed(failure) => {
                let traceback = failure.traceback.as_ref();
                let traceback = traceback.map(|traceback| traceback.clone_ref(py));
                let told = (failure.error.clone_ref(py), traceback, py.None());
                Ok(told.into_pyobject(py)?.into_any())
            }
        }
    }
}

/// Wakes everybody, whatever one of them raises: an interrupt in between must not leave the others asleep.
fn wake(py: Python<'_>, wakers: Vec<Waker>) -> PyResult<()> {
    let mut interrupt = None;
    for waker in wakers {
        if let Err(error) = waker.call0(py) {
            if error.is_instance_of::<pyo3::exceptions::PyException>(py) {
                error.write_unraisable(py, Some(waker.bind(py)));
            } else {
                interrupt = Some(error);
            }
        }
    }
    interrupt.map_or(Ok(()), Err)
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if *self.ended.get_mut() {
            return;
        }
        let _ = Python::try_attach(|py| {
            // An object dies in the middle of whatever is being raised.
            let raised = PyErr::take(py);
            if let Err(error) = self.abandon(py) {
                error.write_unraisable(py, None);
            }
            if let Some(raised) = raised {
                raised.restore(py);
            }
        });
    }
}
