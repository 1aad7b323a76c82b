//! Runs tasks on a pool and takes their results in order, on the caller's thread.
//!
//! The caller's thread joins results, lowers text by the interpreter and reports progress, while the pool runs further tasks.
//! At most `2 × threads + 2` tasks are pending, which bounds the memory.

use std::collections::VecDeque;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;

use crate::engine::error::Error;

/// What one task is done with and another can use. Fresh memory for every piece is fresh pages for every piece, and the
/// threads of a process wait for each other when they map them.
#[derive(Debug, Default)]
pub(super) struct Spares<T>(Mutex<Vec<T>>);

impl<T: Default> Spares<T> {
    pub(super) fn take(&self) -> T {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spares.pop().unwrap_or_default()
    }

    pub(super) fn give(&self, spare: T) {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spares.push(spare);
    }
}

/// Runs `tasks` and gives each result to `consume`, in order, until it returns `false`.
///
/// Without a pool, or from a thread of that pool (which must not wait for itself), everything runs on this thread.
pub(super) fn in_order<T: Send, F: FnOnce() -> T + Send>(
    pool: Option<&ThreadPool>,
    mut tasks: impl Iterator<Item = Result<F, Error>>,
    mut consume: impl FnMut(T) -> Result<bool, Error>,
) -> Result<(), Error> {
    let pool = pool.filter(|pool| pool.current_thread_index().is_none());
    let Some(pool) = pool else {
        for task in tasks {
            if !consume(task?())? {
                break;
            }
        }
        return Ok(());
    };
    let window = 2 * pool.current_num_threads() + 2;
    pool.in_place_scope(|scope| {
        let mut waiting = VecDeque::with_capacity(window);
        loop {
            while waiting.len() < window {
                let Some(task) = tasks.next() else { break };
                let (task, (sender, receiver)) = (task?, sync_channel(1));
                // Nobody waits any more where an earlier piece ended the work.
                scope.spawn(move |_| drop(sender.send(task())));
                waiting.push_back(receiver);
            }
            let Some(receiver) = waiting.pop_front() else {
                return Ok(());
            };
            // The sender is gone only after a panic, which the scope passes on when it ends.
            let Ok(result) = receiver.recv() else {
                return Err(Error::inconsistent("a piece of the text was lost".into()));
            };
            if !consume(result)? {
                return Ok(());
            }
        }
    })
}
