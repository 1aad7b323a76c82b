//! Remembers, for each thread, where its last answer of a calendar cache came from. `LastResult` shows it.

use core::cell::RefCell;
use core::time::Duration;
use std::sync::Arc;

use pyo3::prelude::*;

/// A failed load: its error, and the traceback while somebody may still wait for it.
pub(super) struct Failure {
    pub(super) error: Py<PyAny>,
    pub(super) traceback: Option<Py<PyAny>>,
}

/// A failure that the cache and several callers share.
pub(super) type SharedFailure = Arc<Failure>;

/// The parts of a `LastResult`: source, age in seconds, error.
pub(super) type LastResult<'py> = (&'static str, f64, Option<Bound<'py, PyAny>>);

/// Where an answer came from.
#[derive(Clone, Copy)]
pub(super) enum AnswerSource {
    Fresh,
    Hit,
    Stale,
    StaleIfError,
    Store,
}

impl AnswerSource {
    /// Returns the name that Python shows.
    fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::StaleIfError => "stale_if_error",
            Self::Store => "store",
        }
    }
}

struct LastAnswer {
    cache: u64,
    source: AnswerSource,
    age: Duration,
    error: Option<SharedFailure>,
}

/// The number of caches whose last answer a thread remembers.
const MAX_REMEMBERED: usize = 8;

thread_local! {
    static LAST: RefCell<Vec<LastAnswer>> = const { RefCell::new(Vec::new()) };
}

/// Remembers an answer of a cache, which is identified by its number.
pub(super) fn remember(
    cache: u64,
    source: AnswerSource,
    age: Duration,
    error: Option<SharedFailure>,
) {
    let answer = LastAnswer {
        cache,
        source,
        age,
        error,
    };
    let replaced = LAST.with_borrow_mut(|known| {
        if let Some(known) = known.iter_mut().find(|last| last.cache == cache) {
            return Some(core::mem::replace(known, answer));
        }
        let oldest = (known.len() >= MAX_REMEMBERED).then(|| known.remove(0));
        known.push(answer);
        oldest
    });
    // Dropped after the borrow ends: dropping an error may run code that calls this function.
    drop(replaced);
}

/// Returns what this thread remembers of a cache, or `None` before the first answer.
pub(super) fn last_result(py: Python<'_>, cache: u64) -> Option<LastResult<'_>> {
    LAST.with_borrow(|known| {
        let last = known.iter().find(|last| last.cache == cache)?;
        let error = last.error.as_ref();
        let error = error.map(|failure| failure.error.bind(py).clone());
        Some((last.source.name(), last.age.as_secs_f64(), error))
    })
}
