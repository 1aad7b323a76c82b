//! One load, and all who wait for it.
//!
//! Invariant: a flight ends once, by [`Flight::land`] or [`Flight::abandon`]; whatever comes later changes nothing. Whoever
//! waits sees the end, whether it was there before the wait or not: threads by the condition, others by the wakers that
//! the end hands to whoever made it. Proven over all interleavings by `loom/flight.rs`.
//!
//! Threads wake one after another: each has its [`Woken`] wake the next. All at once, a thousand of them compete for the
//! interpreter, for which each wakes up every 5 ms only to find it taken: 1.2 s of mostly system time on two cores, where
//! this takes 0.2 s (`make bench-graph`, cold burst).

use core::time::Duration;
use std::thread::ThreadId;
use std::time::Instant;

#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex, MutexGuard};

use super::key::Key;

/// How a flight ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing<T> {
    /// With something for everybody: an answer, or an error.
    Landed(T),
    /// Its leader died: somebody else must lead.
    Abandoned,
}

/// What is known of a flight from its start.
#[derive(Clone, Debug)]
pub struct Departure {
    /// What is loaded.
    pub key: Key,
    /// No two flights of a process have the same.
    pub id: u64,
    /// When it started, by the clock of the cache.
    pub started: Duration,
    /// Whether nobody waits for it: a refresh.
    pub background: bool,
    /// The process of its leader: a forked child inherits no flight.
    pub process: u32,
    /// The thread of its leader, who may not wait for itself.
    pub thread: Option<ThreadId>,
}

#[derive(Debug)]
struct State<T, W> {
    landing: Option<Landing<T>>,
    wakers: Vec<W>,
}

/// See the module.
#[derive(Debug)]
pub struct Flight<T, W> {
    /// Where it comes from.
    pub departure: Departure,
    state: Mutex<State<T, W>>,
    over: Condvar,
}

/// A wait that saw the end; dropped, it wakes the next who waits.
#[derive(Debug)]
#[must_use = "those who still wait are woken when it is dropped"]
pub struct Woken<'a> {
    over: &'a Condvar,
}

impl Drop for Woken<'_> {
    fn drop(&mut self) {
        self.over.notify_one();
    }
}

impl<T: Clone, W> Flight<T, W> {
    /// A flight that is under way.
    pub fn new(departure: Departure) -> Self {
        let state = State {
            landing: None,
            wakers: Vec::new(),
        };
        Self {
            departure,
            state: Mutex::new(state),
            over: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T, W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it ended, if it did.
    pub fn landing(&self) -> Option<Landing<T>> {
        self.state().landing.clone()
    }

    /// Waits for the end, until a moment if one is given; `None` where that comes first.
    pub fn wait(&self, until: Option<Instant>) -> Option<Woken<'_>> {
        let mut state = self.state();
        loop {
            if state.landing.is_some() {
                return Some(Woken { over: &self.over });
            }
            state = match until {
                None => self
                    .over
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    let woken = self.over.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Leaves a waker with the flight; how it ended, and the waker back, where it has.
    pub fn watch(&self, waker: W) -> Option<(Landing<T>, W)> {
        let mut state = self.state();
        if let Some(landing) = &state.landing {
            return Some((landing.clone(), waker));
        }
        state.wakers.push(waker);
        None
    }

    /// Ends it with something for everybody; the wakers to wake.
    pub fn land(&self, landed: T) -> Vec<W> {
        self.end(Landing::Landed(landed))
    }

    /// Ends it with nothing; the wakers to wake.
    pub fn abandon(&self) -> Vec<W> {
        self.end(Landing::Abandoned)
    }

    fn end(&self, landing: Landing<T>) -> Vec<W> {
        let mut state = self.state();
        if state.landing.is_some() {
            // Dropped behind the lock's end: it may be the caller's objects.
            drop(state);
            drop(landing);
            return Vec::new();
        }
        state.landing = Some(landing);
        let wakers = core::mem::take(&mut state.wakers);
        drop(state);
        self.over.notify_one();
        wakers
    }
}
