//! The bounded queue between callers and the background thread.
//!
//! Callers format their lines into one growing buffer, and the thread swaps it for an empty one. So no line needs an
//! allocation. The size is limited in bytes. A line that does not fit is refused, and the caller counts it.
//!
//! Waking the thread is a system call that costs a caller more than the line itself. So after each batch the thread
//! waits a moment before it sleeps, and a caller wakes it only if it sleeps.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the thread waits for more lines after a batch before it sleeps.
const LINGER: Duration = Duration::from_millis(2);
/// The capacity that a buffer keeps from one batch to the next.
const KEPT: usize = 1 << 20;

/// Lines, one after another.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    /// Creates a batch of one line.
    pub(super) fn of(line: Vec<u8>) -> Self {
        let ends = vec![line.len()];
        Self { bytes: line, ends }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the lines, each with its newline.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.ends.clear();
        self.ends.shrink_to(KEPT / 64);
    }
}

/// The result of pushing a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Accepted,
    Full,
    Closed,
}

#[derive(Debug, Default)]
struct State {
    pending: Batch,
    accepted: u64,
    settled: u64,
    asleep: bool,
    closed: bool,
}

/// A bounded queue of lines.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    settled: Condvar,
    most_bytes: usize,
}

impl Queue {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            settled: Condvar::new(),
            most_bytes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends the line that `write` writes.
    pub(super) fn push(&self, write: impl FnOnce(&mut Vec<u8>)) -> Pushed {
        let mut state = self.lock();
        if state.closed {
            return Pushed::Closed;
        }
        if state.pending.bytes.len() >= self.most_bytes {
            return Pushed::Full;
        }
        write(&mut state.pending.bytes);
        let end = state.pending.bytes.len();
        state.pending.ends.push(end);
        state.accepted += 1;
        let asleep = std::mem::take(&mut state.asleep);
        drop(state);
        if asleep {
            self.wake.notify_one();
        }
        Pushed::Accepted
    }

    /// Waits for lines and takes all of them, in exchange for an empty batch. Returns `None` if the queue is closed and
    /// empty.
    pub(super) fn take(&self, mut spare: Batch) -> Option<Batch> {
        spare.clear();
        let mut state = self.lock();
        let mut lingered = false;
        loop {
            if state.pending.len() > 0 {
                return Some(std::mem::replace(&mut state.pending, spare));
            }
            if state.closed {
                return None;
            }
            state = if lingered {
                state.asleep = true;
                self.wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner)
            } else {
                lingered = true;
                self.wake
                    .wait_timeout(state, LINGER)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            };
        }
    }

    /// Counts lines that the thread has written or given up.
    pub(super) fn settle(&self, lines: usize) {
        self.lock().settled += lines as u64;
        self.settled.notify_all();
    }

    /// Waits until every line accepted so far is written or given up. Returns false if that takes longer than
    /// `patience`.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        let target = state.accepted;
        let deadline = Instant::now() + patience;
        while state.settled < target {
            self.wake.notify_one();
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .settled
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// Refuses further lines.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Returns the number of accepted lines, and of those that are neither written nor given up.
    pub(super) fn counts(&self) -> (u64, u64) {
        let state = self.lock();
        (state.accepted, state.accepted - state.settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_keeps_its_order() {
        let queue = Queue::new(4);
        let put = |text: &'static str| queue.push(|out| out.extend_from_slice(text.as_bytes()));
        assert_eq!(put("ab\n"), Pushed::Accepted);
        assert_eq!(put("cd\n"), Pushed::Accepted);
        assert_eq!(put("ef\n"), Pushed::Full);
        let batch = queue.take(Batch::default()).unwrap();
        assert_eq!(batch.lines().collect::<Vec<_>>(), [b"ab\n", b"cd\n"]);
        assert!(!queue.flush(Duration::ZERO));
        queue.settle(batch.len());
        assert!(queue.flush(Duration::ZERO));
        queue.close();
        assert_eq!(put("gh\n"), Pushed::Closed);
        assert!(queue.take(batch).is_none());
        assert_eq!(queue.counts(), (2, 0));
    }
}
