//! The threads of this process, for queries that come in great numbers.
//!
//! Not rayon's global pool: its threads do not survive `fork()`, and a child that uses it waits for them for ever. This
//! one is tagged with the id of the process that made it and made anew in a child.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use super::errors::room;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Bytes of address space that a thread takes.
const STACK: usize = 4 << 20;

static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// The pool of this process.
pub(super) fn pool() -> PyResult<Arc<ThreadPool>> {
    let mut held = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let own = held
        .as_ref()
        .filter(|(process, _)| *process == process::id());
    if let Some((_, pool)) = own {
        return Ok(Arc::clone(pool));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    room("threads", threads.saturating_mul(STACK))?;
    let pool = ThreadPoolBuilder::new()
        .thread_name(|number| format!("eventkit-{number}"))
        .build()
        .map_err(|error| PyRuntimeError::new_err(format!("cannot start threads: {error}")))?;
    let pool = Arc::new(pool);
    if let Some((_, inherited)) = held.replace((process::id(), Arc::clone(&pool))) {
        // The parent's threads are not in this process: waiting for them to end would never end.
        core::mem::forget(inherited);
    }
    Ok(pool)
}
