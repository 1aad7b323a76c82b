//! The engine: takes plain data, returns positions and scores. Nothing here imports Python.
//!
//! * [`ranking`]: everything between tags and the best k sessions.
//! * [`catalog`]: sessions that stay, with filters, plans and changes.
//! * [`understanding`]: interests as people type them, and the words of titles and abstracts.
//! * [`text`]: ASCII case folding.
//! * [`json`] and [`file`]: sessions from JSON text, and the memory-mapped file of a catalogue.
//! * [`calendar`]: events of Microsoft Graph, and the cache in front of it.
//! * [`telemetry`] and [`serving`]: the log of answers; metrics and rate limits of a server.
//! * [`time`] and [`error`]: dates and times of day; the one error type.

pub mod calendar;
pub mod catalog;
pub mod error;
pub mod file;
pub mod json;
pub mod memory;
pub mod ranking;
pub mod serving;
pub mod telemetry;
pub mod text;
pub mod time;
pub mod understanding;
