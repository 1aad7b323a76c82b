//! The threads of this process, for many queries and for loading.
//!
//! Rayon's global pool is not used. Its threads do not survive `fork()`, and a child that uses the pool would wait for
//! them for ever. This pool remembers the process that made it, and a child makes a new one.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::MmapMut;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::error::{Error, ErrorKind};

/// The address space of a thread, in bytes.
const STACK: usize = 4 << 20;

static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Returns the pool of this process, with a thread for each processor.
///
/// # Errors
///
/// Fails if there is no memory for the threads, or if the system starts none.
pub fn pool() -> Result<Arc<ThreadPool>, Error> {
    let mut held = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let own = held
        .as_ref()
        .filter(|(process, _)| *process == process::id());
    if let Some((_, pool)) = own {
        return Ok(Arc::clone(pool));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Free memory of the heap is no room for a stack, so address space is asked for.
    let room = threads.saturating_mul(STACK);
    MmapMut::map_anon(room).map_err(|_| Error::memory("threads", room))?;
    let pool = ThreadPoolBuilder::new()
        .thread_name(|number| format!("eventkit-{number}"))
        .build()
        .map_err(|error| {
            let message = error.to_string();
            Error::file(ErrorKind::System(None), "cannot start threads", &message)
        })?;
    // A thread gets its thread-local data when it starts, and the C library ends the process if there is no memory for
    // them. So all start before the caller needs memory.
    pool.broadcast(|_| ());
    let pool = Arc::new(pool);
    if let Some((_, inherited)) = held.replace((process::id(), Arc::clone(&pool))) {
        // The parent's threads are not in this process, so dropping the pool would wait for them for ever.
        core::mem::forget(inherited);
    }
    Ok(pool)
}
