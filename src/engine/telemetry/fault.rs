//! Kills the process at chosen points, so that tests can check that a rotation survives it.
//!
//! `EVENTKIT_TELEMETRY_KILL_AT=n` kills this process at the n-th point. Only rotation has points, not the writing of
//! lines.

#[cfg(feature = "fault-injection")]
use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// Marks a point between two system calls.
#[cfg(feature = "fault-injection")]
pub(super) fn point() {
    static KILL_AT: OnceLock<Option<u64>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    let at = KILL_AT.get_or_init(|| {
        let wanted = std::env::var("EVENTKIT_TELEMETRY_KILL_AT").ok()?;
        wanted.parse().ok()
    });
    if at.is_some_and(|at| PASSED.fetch_add(1, Ordering::Relaxed) + 1 == at) {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Does nothing: this build has no fault injection.
#[cfg(not(feature = "fault-injection"))]
#[inline]
pub(super) fn point() {}
