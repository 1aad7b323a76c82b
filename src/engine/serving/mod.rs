//! Supports a server of several processes: metrics that they share, and a rate limiter.

#[cfg(unix)] // Locks that end with their process.
pub mod metrics;
pub mod rate;
