//! The engine: takes plain data, returns positions and scores. Nothing here imports Python.
//!
//! * [`ranking`]: everything between tags and the best k sessions.
//! * [`catalog`]: sessions that stay, with filters, plans and changes.
//! * [`understanding`]: interests as people type them, and the words of titles and abstracts.
//! * [`text`]: ASCII case folding.
//! * [`feeds`]: the programmes that conferences publish.
//! * [`json`] and [`file`]: sessions from JSON text, and the memory-mapped file of a catalogue.
//! * [`arrow`]: tables and lists in the memory format of Apache Arrow.
//! * [`calendar`]: events of Microsoft Graph, and the cache in front of it.
//! * [`telemetry`] and [`serving`]: the log of answers; metrics and rate limits of a server.
//! * [`time`] and [`error`]: dates and times of day; the one error type.
//! * [`memory`], [`allocator`] and [`threads`]: checks for memory, its reserve, and the threads of a process.

pub mod allocator;
pub mod arrow;
pub mod calendar;
pub mod catalog;
pub mod error;
pub mod feeds;
pub mod file;
pub mod json;
pub mod memory;
mod ordered_tasks;
mod prefetch;
pub mod ranking;
pub mod serving;
#[cfg(unix)] // Locks, and renames that never replace.
pub mod telemetry;
pub mod text;
pub mod threads;
pub mod time;
pub mod understanding;
