//! Supports a server of several processes: metrics that they share, and a rate limiter.

pub mod metrics;
pub mod rate;
