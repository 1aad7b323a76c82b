//! The ticket that a caller gets after a miss: to run the load as its leader, or to wait for it.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyList;

use super::errors::unwind;
use super::graph_events::{Stored, Value};
use super::graph_last_result::{Failure, SharedFailure};
use super::graph_shared::{NativeLoad, SharedCache, Waker};
use super::replica;
use crate::engine::calendar::cache::key::Key;
use crate::engine::calendar::cache::load::LoadEnd;
use crate::engine::calendar::cache::outcome::{EndedLoad, LoadFailure, Loaded, Outcome};
use crate::engine::calendar::last_answer::AnswerSource;

/// How often the main thread checks for signals while it waits.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// A caller's part in a load: leader or waiter. A leader's ticket that is dropped abandons the load.
#[pyclass(frozen, module = "eventkit._eventkit")]
pub(super) struct Ticket {
    cache: Arc<SharedCache>,
    load: Arc<NativeLoad>,
    key: Key,
    shared: bool,
    #[pyo3(get)]
    is_leader: bool,
    /// The stale answer for the caller, if the load is a refresh.
    #[pyo3(get)]
    pub(super) answer: Option<Py<PyAny>>,
    ended: AtomicBool,
}

#[pymethods]
impl Ticket {
    /// Returns the number of the load.
    #[getter]
    fn load_id(&self) -> u64 {
        self.load.info.id
    }

    /// Returns how many events to request.
    #[getter]
    fn top(&self) -> i64 {
        self.key.top()
    }

    /// Returns the state that an incremental load starts from, or `None`.
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let value = unwind(|| self.cache.lock().peek(&self.key))?;
        Ok(value.and_then(|value| value.state.as_ref().map(|state| state.clone_ref(py))))
    }

    /// Waits for the end of the load, at most `timeout` seconds, without holding the interpreter.
    ///
    /// Returns true if the load ended in time. An `interruptible` wait checks for signals.
    #[pyo3(signature = (timeout, interruptible, /))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>, interruptible: bool) -> PyResult<bool> {
        // A time that an Instant cannot hold is no limit.
        let until = timeout
            .and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
            .and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let check = interruptible.then(|| Instant::now() + SIGNAL_INTERVAL);
            let slice = match (until, check) {
                (Some(until), Some(check)) => Some(until.min(check)),
                (until, check) => until.or(check),
            };
            // Dropped after this thread is attached again: only then shall the next one wake and attach.
            let woken = unwind(|| py.detach(|| self.load.wait(slice)))?;
            if woken.is_some() {
                return Ok(true);
            }
            py.check_signals()?;
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(false);
            }
        }
    }

    /// Registers `wake()`, which the thread that ends the load calls. Returns `False` if the load has ended already.
    #[pyo3(signature = (wake, /))]
    fn watch(&self, wake: Py<PyAny>) -> PyResult<bool> {
        let ended = unwind(|| self.load.watch(wake))?;
        Ok(ended.is_none())
    }

    /// Returns how the load ended: the answer; a tuple of error, traceback and `None`; or `None` if it was abandoned.
    fn outcome<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match unwind(|| self.load.end())? {
            Some(LoadEnd::Finished(outcome)) => self.answer_of(py, outcome),
            Some(LoadEnd::Abandoned) | None => Ok(py.None().into_bound(py)),
        }
    }

    /// Ends the load with its events, of which the cache stores copies.
    ///
    /// Returns the caller's answer, and true unless an invalidation overtook the load.
    #[pyo3(signature = (events, age, from_store, state, /))]
    fn complete<'py>(
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
        let loaded = Loaded {
            value,
            weight,
            age: Duration::try_from_secs_f64(age).unwrap_or_default(),
        };
        let now = self.cache.clock.now(py)?;
        let ended = unwind(|| {
            self.cache
                .lock()
                .complete_load(&self.load.info, loaded, now)
        })?;
        let current = ended.current;
        let outcome = self.end(py, ended)?;
        Ok((self.answer_of(py, outcome)?, current))
    }

    /// Ends the load with an error. `lasting` is the same error without a traceback, to be kept.
    ///
    /// Returns the stale answer if the cache serves one, otherwise `None`.
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
        let failure = LoadFailure {
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
        // The failure is recorded even if the caller's clock raises.
        let now = self.cache.clock.now(py).unwrap_or(self.load.info.started);
        let ended = unwind(|| self.cache.lock().fail_load(&self.load.info, failure, now))?;
        match self.end(py, ended)? {
            Outcome::Failed(_) => Ok(py.None().into_bound(py)),
            outcome => self.answer_of(py, outcome),
        }
    }

    /// Gives the load up. One of those who wait takes over.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        if self.ended.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        unwind(|| self.cache.lock().abandon_load(&self.load.info))?;
        let wakers = if self.is_here() {
            unwind(|| self.load.abandon())?
        } else {
            Vec::new()
        };
        wake(py, wakers)
    }
}

/// The bytes of an entry beside its events and its key.
const OVERHEAD: usize = 256;

impl Ticket {
    pub(super) fn new(
        cache: Arc<SharedCache>,
        load: Arc<NativeLoad>,
        key: Key,
        shared: bool,
        is_leader: bool,
        answer: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            cache,
            load,
            key,
            shared,
            is_leader,
            answer,
            ended: AtomicBool::new(!is_leader),
        }
    }

    /// Returns true if the load started in this process. A forked child must not touch its lock: a thread that does not
    /// exist there may hold it.
    fn is_here(&self) -> bool {
        self.load.info.process == std::process::id()
    }

    /// Ends the load for everybody who waits, and returns the outcome.
    fn end(
        &self,
        py: Python<'_>,
        ended: EndedLoad<Value, SharedFailure, Waker>,
    ) -> PyResult<Outcome<Value, SharedFailure>> {
        self.ended.store(true, Ordering::Relaxed);
        let outcome = ended.outcome.clone();
        let wakers = if self.is_here() {
            unwind(|| self.load.finish(ended.outcome))?
        } else {
            Vec::new()
        };
        drop(ended.discarded);
        wake(py, wakers)?;
        Ok(outcome)
    }

    /// Builds the answer of an outcome, and remembers where it came from.
    fn answer_of<'py>(
        &self,
        py: Python<'py>,
        outcome: Outcome<Value, SharedFailure>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let cache = &self.cache;
        match outcome {
            Outcome::Loaded(value, age) => {
                let source = if value.from_store {
                    AnswerSource::Store
                } else {
                    AnswerSource::Fresh
                };
                cache.remember(source, age, None);
                cache.answer(py, &self.key, &value, self.shared)
            }
            Outcome::Stale(value, age, failure) => {
                cache.remember(AnswerSource::StaleIfError, age, Some(failure));
                cache.answer(py, &self.key, &value, self.shared)
            }
            Outcome::Failed(failure) => {
                let traceback = failure.traceback.as_ref();
                let traceback = traceback.map(|traceback| traceback.clone_ref(py));
                let raised = (failure.error.clone_ref(py), traceback, py.None());
                Ok(raised.into_pyobject(py)?.into_any())
            }
        }
    }
}

/// Calls all wakers, even if one raises: an interrupt must not leave the other callers asleep.
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
            // The object may be dropped while an exception is being raised. That exception is kept.
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
