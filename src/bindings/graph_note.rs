//! Where each thread's last answer of a calendar cache came from: `LastResult`.

use core::cell::RefCell;
use core::time::Duration;

use pyo3::prelude::*;

use super::graph_cache::Shared;

/// The parts of a `LastResult`.
pub(super) type Told<'py> = (&'static str, f64, Option<Bound<'py, PyAny>>);

/// Where an answer came from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    Fresh,
    Hit,
    Stale,
    StaleIfError,
    Store,
}

impl Source {
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

struct Last {
    cache: u64,
    source: Source,
    age: Duration,
    error: Option<Shared>,
}

/// A thread remembers the last answer of so many caches.
const MOST_LAST: usize = 8;

thread_local! {
    static LAST: RefCell<Vec<Last>> = const { RefCell::new(Vec::new()) };
}

/// Remembers an answer of a cache, by its number.
pub(super) fn note(cache: u64, source: Source, age: Duration, error: Option<Shared>) {
    let last = Last {
        cache,
        source,
        age,
        error,
    };
    let before = LAST.with_borrow_mut(|known| {
        if let Some(place) = known.iter_mut().find(|last| last.cache == cache) {
            return Some(core::mem::replace(place, last));
        }
        let oldest = (known.len() >= MOST_LAST).then(|| known.remove(0));
        known.push(last);
        oldest
    });
    // Behind the borrow: the end of an error may run code that calls this.
    drop(before);
}

/// What was remembered; `None` before the first answer.
pub(super) fn last(py: Python<'_>, cache: u64) -> Option<Told<'_>> {
    LAST.with_borrow(|known| {
        let last = known.iter().find(|last| last.cache == cache)?;
        let error = last.error.as_ref();
        let error = error.map(|failure| failure.error.bind(py).clone());
        Some((last.source.name(), last.age.as_secs_f64(), error))
    })
}
