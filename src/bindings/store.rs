//! Keeps the snapshots of this process: compiled lists, dropped when they are stale or their list is gone.
//!
//! [`CompilePolicy`] decides which lists are compiled. The lock is never held while Python code could run, and only
//! threads attached to the interpreter take it. So it cannot deadlock, and a forked child never finds it locked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

use super::errors::Answer;
use super::snapshot::Snapshot;
use crate::engine::catalog::compile_policy::{CompilePolicy, MAX_COMPILED, Use};

/// Shorter lists are scanned: a scan is as fast as checking a snapshot and using its index (bench `recommend`).
const MIN_SESSIONS: usize = 32;

static STORE: Mutex<CompilePolicy<Arc<Snapshot>>> = Mutex::new(CompilePolicy::new());

fn lock() -> MutexGuard<'static, CompilePolicy<Arc<Snapshot>>> {
    STORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The result of a caller's check of a snapshot before it is used.
pub(super) enum Proof<T> {
    /// The list has not changed since it was compiled.
    Current(T),
    /// The list has changed, so the snapshot must be dropped.
    Stale,
    /// The snapshot is of no use for this call.
    Unneeded,
}

/// Returns the current snapshot of a list, which is compiled now if the list was used often enough. `None` means that
/// the caller has to scan the list.
pub(super) fn current(sessions: &Bound<'_, PyList>) -> Answer<Option<Arc<Snapshot>>> {
    let found = current_if(sessions, Use::Recommend, |snapshot| {
        Ok(if snapshot.is_current(sessions) {
            Proof::Current(())
        } else {
            Proof::Stale
        })
    });
    found.map(|found| found.map(|(snapshot, ())| snapshot))
}

/// Does the same as [`current`] with the caller's own check, and returns its result too.
pub(super) fn current_if<T>(
    sessions: &Bound<'_, PyList>,
    purpose: Use,
    prove: impl Fn(&Snapshot) -> Answer<Proof<T>>,
) -> Answer<Option<(Arc<Snapshot>, T)>> {
    if sessions.len() < MIN_SESSIONS {
        return Ok(None);
    }
    let address = sessions.as_ptr() as usize;
    let found = lock().find(address).map(Arc::clone);
    if let Some(snapshot) = found {
        match prove(&snapshot)? {
            Proof::Current(proof) => {
                lock().count_hit(address);
                return Ok(Some((snapshot, proof)));
            }
            Proof::Unneeded => return Ok(None),
            Proof::Stale => drop(lock().remove_stale(address)),
        }
    }
    sweep(sessions.py());
    let need = lock().count_miss(address, purpose);
    let Some(need) = need else { return Ok(None) };
    let snapshot = match Snapshot::compile(sessions) {
        Ok(snapshot) => Arc::new(snapshot),
        Err(super::errors::Stop::Declined) => {
            // The engine cannot compile this list.
            lock().postpone(address);
            return Ok(None);
        }
        Err(raised) => return Err(raised),
    };
    watch_collections(sessions.py())?;
    let removed = lock().insert(address, Arc::clone(&snapshot), need);
    drop(removed);
    Ok(match prove(&snapshot)? {
        Proof::Current(proof) => Some((snapshot, proof)),
        Proof::Stale | Proof::Unneeded => None,
    })
}

/// Adds [`on_collection`] to `gc.callbacks` once. Python tells nobody that a list was deleted, but the collector runs often
/// enough afterwards. An import alone adds nothing: this is called with the first snapshot.
fn watch_collections(py: Python<'_>) -> PyResult<()> {
    static WATCHING: PyOnceLock<()> = PyOnceLock::new();
    WATCHING
        .get_or_try_init(py, || {
            let callback = wrap_pyfunction!(on_collection, py)?;
            let callbacks = py.import("gc")?.getattr("callbacks")?;
            callbacks.call_method1("append", (callback,)).map(drop)
        })
        .copied()
}

/// Drops the snapshots of lists that nobody holds any more. For `gc.callbacks`.
#[pyfunction]
#[pyo3(signature = (phase, info, /))]
fn on_collection(py: Python<'_>, phase: &str, info: &Bound<'_, PyAny>) {
    let _ = info;
    if phase == "start" {
        sweep(py);
    }
}

/// Drops the snapshots of lists to which only the snapshot still refers.
pub(super) fn sweep(py: Python<'_>) {
    let removed = lock().remove_where(|snapshot| snapshot.is_abandoned(py));
    drop(removed);
}

/// Drops all snapshots and forgets all uses of lists.
pub(super) fn clear() {
    let mut store = lock();
    let removed = core::mem::take(&mut *store);
    drop(store);
    drop(removed);
}

/// Returns the figures of `cache_info()`, by name.
pub(super) fn info(py: Python<'_>) -> [(&'static str, u64); 6] {
    sweep(py);
    let store = lock();
    let sum = |measure: fn(&Snapshot) -> usize| {
        let measures = store.values().map(|snapshot| measure(snapshot));
        measures.sum::<usize>() as u64
    };
    [
        ("snapshots", store.values().count() as u64),
        ("max_snapshots", MAX_COMPILED as u64),
        ("sessions", sum(Snapshot::len)),
        ("bytes", sum(Snapshot::nbytes)),
        ("hits", store.hits()),
        ("misses", store.misses()),
    ]
}
