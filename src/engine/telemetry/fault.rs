//! Kills the process at chosen points, so that tests can check that a rotation survives it.
//!
//! `EVENTKIT_TELEMETRY_KILL_AT=n` kills this process at the n-th point. Only rotation has points, not the writing of
//! lines.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

static KILL_AT: OnceLock<Option<u64>> = OnceLock::new();
static PASSED: AtomicU64 = AtomicU64::new(0);

/// Marks a point between two system calls.
pub(super) fn point() {
    let at = KILL_AT.get_or_init(|| {
        let wanted = std::env::var("EVENTKIT_TELEMETRY_KILL_AT").ok()?;
        wanted.parse().ok()
    });
    if at.is_some_and(|at| PASSED.fetch_add(1, Ordering::Relaxed) + 1 == at) {
        let _ = kill_process(getpid(), Signal::KILL);
    }
}
