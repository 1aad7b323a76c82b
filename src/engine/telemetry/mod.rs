//! Writes telemetry as JSON lines that are not lost, rotates the log, and summarises it exactly.
//!
//! * [`writer::Writer`]: a bounded queue and a background thread. Safe with threads, processes and forks.
//! * `sink`, `rotation`, [`log_segment`]: the open log, its rotation, and the names of segments.
//! * [`summary`]: counts and exact percentiles of any number of files, in constant memory.

mod civil;
mod fault;
pub mod line;
pub mod log_segment;
pub mod options;
mod queue;
mod rotation;
mod sink;
pub mod summary;
pub mod writer;
