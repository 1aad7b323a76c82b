//! Writes telemetry as lines of JSON, rotates the file, and summarises such files exactly.
//!
//! * [`writer::Writer`]: a bounded queue and a thread that calls `write` once a line. Threads, processes and forks may
//!   share the file.
//! * `sink`, `rotation`, `segment`: the open file, how it becomes a rotated file (a segment), and the names of segments.
//! * [`summary`]: counts and exact percentiles of any number of files, in constant memory.

mod civil;
mod fault;
pub mod line;
mod queue;
mod rotation;
pub mod segment;
mod sink;
pub mod summary;
pub mod writer;
