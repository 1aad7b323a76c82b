//! One load and everybody who waits for it.
//!
//! Invariant: a load ends once, by [`Load::finish`] or [`Load::abandon`]; later calls change nothing. Every waiter sees
//! the end, whether the load ended before the wait or during it. Threads wait on a condition variable. Other callers
//! leave a waker, and whoever ends the load gets the wakers back to call them. `loom/single_flight.rs` proves this over
//! all interleavings.
//!
//! Threads wake one after another: each wakes the next when it drops its [`Woken`]. If all woke at once, a thousand of
//! them would compete for the interpreter, and each would wake every 5 ms only to find it taken: 1.2 s of mostly system
//! time on two cores, against 0.2 s this way (`make bench-graph`, cold burst).

use core::time::Duration;
use std::thread::ThreadId;
use std::time::Instant;

#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex, MutexGuard};

use super::key::Key;

/// How a load ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadEnd<T> {
    /// With an outcome for everybody: a value or an error.
    Finished(T),
    /// Without an outcome, because its leader gave up. Another caller must lead.
    Abandoned,
}

/// What is known of a load from its start.
#[derive(Clone, Debug)]
pub struct LoadInfo {
    /// What is loaded.
    pub key: Key,
    /// A number that no other load of this process has.
    pub id: u64,
    /// When the load started, by the clock of the cache.
    pub started: Duration,
    /// Whether this is a refresh in the background, for which nobody waits.
    pub background: bool,
    /// The process of the leader. A forked child does not inherit its parent's loads.
    pub process: u32,
    /// The thread of the leader, which must not wait for its own load.
    pub thread: Option<ThreadId>,
}

#[derive(Debug)]
struct State<T, W> {
    end: Option<LoadEnd<T>>,
    wakers: Vec<W>,
}

/// A load that runs or has ended.
#[derive(Debug)]
pub struct Load<T, W> {
    /// What is known from the start.
    pub info: LoadInfo,
    state: Mutex<State<T, W>>,
    ended: Condvar,
}

/// Proof that a waiting thread saw the end. When it is dropped, the next waiting thread wakes.
#[derive(Debug)]
#[must_use = "the next waiting thread wakes when it is dropped"]
pub struct Woken<'a> {
    ended: &'a Condvar,
}

impl Drop for Woken<'_> {
    fn drop(&mut self) {
        self.ended.notify_one();
    }
}

impl<T: Clone, W> Load<T, W> {
    /// Creates a load that is running.
    pub fn new(info: LoadInfo) -> Self {
        let state = State {
            end: None,
            wakers: Vec::new(),
        };
        Self {
            info,
            state: Mutex::new(state),
            ended: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T, W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how the load ended, or `None` while it runs.
    pub fn end(&self) -> Option<LoadEnd<T>> {
        self.state().end.clone()
    }

    /// Blocks until the load ends. Returns `None` if `until` comes first.
    pub fn wait(&self, until: Option<Instant>) -> Option<Woken<'_>> {
        let mut state = self.state();
        loop {
            if state.end.is_some() {
                return Some(Woken { ended: &self.ended });
            }
            state = match until {
                None => self
                    .ended
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    let woken = self.ended.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Registers a waker to be called at the end. Returns the end and the waker if the load has ended already.
    pub fn watch(&self, waker: W) -> Option<(LoadEnd<T>, W)> {
        let mut state = self.state();
        if let Some(end) = &state.end {
            return Some((end.clone(), waker));
        }
        state.wakers.push(waker);
        None
    }

    /// Ends the load with an outcome for everybody. Returns the wakers that the caller must call.
    pub fn finish(&self, outcome: T) -> Vec<W> {
        self.end_with(LoadEnd::Finished(outcome))
    }

    /// Ends the load without an outcome. Returns the wakers that the caller must call.
    pub fn abandon(&self) -> Vec<W> {
        self.end_with(LoadEnd::Abandoned)
    }

    fn end_with(&self, end: LoadEnd<T>) -> Vec<W> {
        let mut state = self.state();
        if state.end.is_some() {
            // The outcome is dropped after the lock is released, because that may run the caller's code.
            drop(state);
            drop(end);
            return Vec::new();
        }
        state.end = Some(end);
        let wakers = core::mem::take(&mut state.wakers);
        drop(state);
        self.ended.notify_one();
        wakers
    }
}
