//! Telemetry: JSON lines that are not lost, rotated by themselves, and summarised exactly.
//!
//! * [`writer::Writer`]: a bounded queue, a thread, one `write` a line. Safe among threads, processes and forks.
//! * `sink`, `rotation`, `segment`: the file, how it becomes a segment, and what segments are called.
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
