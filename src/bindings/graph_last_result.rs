//! Remembers, for each thread, where its last answer of a calendar cache came from. `LastResult` shows it.

use core::cell::RefCell;
use std::sync::Arc;

use pyo3::prelude::*;

use crate::engine::calendar::last_answer::{LastAnswer, LastAnswers};

/// A failed load: its error, and the traceback while somebody may still wait for it.
pub(super) struct Failure {
    pub(super) error: Py<PyAny>,
    pub(super) traceback: Option<Py<PyAny>>,
}

/// A failure that the cache and several callers share.
pub(super) type SharedFailure = Arc<Failure>;

/// The parts of a `LastResult`: source, age in seconds, error.
pub(super) type LastResult<'py> = (&'static str, f64, Option<Bound<'py, PyAny>>);

thread_local! {
    static LAST: RefCell<LastAnswers<SharedFailure>> = const { RefCell::new(LastAnswers::new()) };
}

/// Remembers an answer of a cache, which is identified by its number.
pub(super) fn remember(answer: LastAnswer<SharedFailure>) {
    let replaced = LAST.with_borrow_mut(|known| known.remember(answer));
    // Dropped after the borrow ends: dropping an error may run code that calls this function.
    drop(replaced);
}

/// Returns what this thread remembers of a cache, or `None` before the first answer.
pub(super) fn last_result(py: Python<'_>, cache: u64) -> Option<LastResult<'_>> {
    LAST.with_borrow(|known| {
        let last = known.of(cache)?;
        let error = last.error.as_ref();
        let error = error.map(|failure| failure.error.bind(py).clone());
        Some((last.source.name(), last.age.as_secs_f64(), error))
    })
}
