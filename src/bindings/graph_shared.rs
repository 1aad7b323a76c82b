//! The part of a calendar cache that its Python object and its tickets share: the locked state, the clock, the answers.
//!
//! Only threads attached to the interpreter take the lock. No Python code runs while it is held; values that leave the
//! cache are dropped after it is released.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use super::cache::Clock;
use super::errors::unwind;
use super::graph_events::Value;
use super::graph_last_result::{SharedFailure, remember};
use super::replica;
use crate::engine::calendar::cache::key::Key;
use crate::engine::calendar::cache::outcome::CacheLoad;
use crate::engine::calendar::cache::state::CacheState;
use crate::engine::calendar::last_answer::{AnswerSource, LastAnswer};

/// A callable that wakes an asynchronous caller.
pub(super) type Waker = Py<PyAny>;
pub(super) type NativeLoad = CacheLoad<Value, SharedFailure, Waker>;
pub(super) type NativeState = CacheState<Value, SharedFailure, Waker>;

/// A calendar cache, shared by its Python object and its tickets.
pub(super) struct SharedCache {
    pub(super) state: Mutex<NativeState>,
    pub(super) clock: Clock,
    pub(super) weights: Py<PyAny>,
    /// Whether all users share one mailbox.
    pub(super) one_mailbox: bool,
    /// A number that no other cache of this process has.
    pub(super) number: u64,
}

impl SharedCache {
    /// Locks the state.
    pub(super) fn lock(&self) -> MutexGuard<'_, NativeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers where this thread's answer came from.
    pub(super) fn remember(
        &self,
        source: AnswerSource,
        age: Duration,
        error: Option<SharedFailure>,
    ) {
        let cache = self.number;
        remember(LastAnswer {
            cache,
            source,
            age,
            error,
        });
    }

    /// Builds an answer: copies of the events, or compiled events that callers share and cannot change.
    pub(super) fn answer<'py>(
        &self,
        py: Python<'py>,
        key: &Key,
        value: &Value,
        shared: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        // A service may return more events than requested. Only the answer to a request for more events is cut.
        let most = key.most_of(value.top);
        if !shared {
            return Ok(replica::events(value.events.bind(py), most)?.into_any());
        }
        let (events, bytes) = value.shared(py, most, &self.weights)?;
        if bytes > 0 {
            let is_same = |held: &Value| Arc::ptr_eq(held, value);
            let discarded = unwind(|| self.lock().add_weight(key, bytes, is_same))?;
            drop(discarded);
        }
        Ok(events.into_bound(py).into_any())
    }
}
