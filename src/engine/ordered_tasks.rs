//! Runs tasks on a thread pool, and gives their results in order to the caller's thread.
//!
//! The caller's thread makes the tasks and takes their results in the same order. So its own work (joining, lowering by
//! the interpreter, progress) overlaps with the tasks. At most `2 × threads + 2` tasks exist at a time, which limits
//! the memory.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvError, sync_channel};
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;

/// Buffers for reuse. New memory for every piece means new pages for every piece, and the threads of a process wait for
/// one another when they map pages.
#[derive(Debug, Default)]
pub(super) struct BufferPool<T>(Mutex<Vec<T>>);

impl<T: Default> BufferPool<T> {
    pub(super) fn take(&self) -> T {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.pop().unwrap_or_default()
    }

    pub(super) fn give(&self, spare: T) {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.push(spare);
    }
}

/// Runs `tasks` and passes each result to `consume`, in order, until it returns false.
///
/// `wait` receives a result; a caller that holds a lock may release it meanwhile. Without a pool, or on a thread of that
/// pool (which must not wait for itself), everything runs on this thread.
pub(super) fn in_order<T: Send, F: FnOnce() -> T + Send, E>(
    pool: Option<&ThreadPool>,
    mut tasks: impl Iterator<Item = Result<F, E>>,
    wait: impl Fn(Receiver<T>) -> Result<T, RecvError>,
    mut consume: impl FnMut(T) -> Result<bool, E>,
) -> Result<(), E> {
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
                // The receiver is gone if an earlier result ended the work.
                scope.spawn(move |_| drop(sender.send(task())));
                waiting.push_back(receiver);
            }
            let Some(receiver) = waiting.pop_front() else {
                return Ok(());
            };
            // The sender disappears only after a panic, which the scope resumes when it ends.
            let Ok(result) = wait(receiver) else {
                return Ok(());
            };
            if !consume(result)? {
                return Ok(());
            }
        }
    })
}
