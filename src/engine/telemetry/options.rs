//! The options of a telemetry writer.

use core::time::Duration;
use std::path::PathBuf;

/// When a line counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A background thread writes it some milliseconds after the call. After a flush it survives a crash of the
    /// process.
    Background,
    /// The kernel has it when the call returns. It survives a crash of the process.
    Sync,
    /// The disk has it when the call returns. It survives a power failure.
    Fsync,
}

impl Durability {
    /// Returns the durability of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "background" => Some(Self::Background),
            "sync" => Some(Self::Sync),
            "fsync" => Some(Self::Fsync),
            _ => None,
        }
    }
}

/// How a writer works.
#[derive(Clone, Debug)]
pub struct Options {
    /// The path of the log.
    pub path: PathBuf,
    /// The log is rotated before it exceeds this size.
    pub max_bytes: Option<u64>,
    /// Whether the log is rotated when the day changes in UTC.
    pub daily: bool,
    /// Segments older than this are compressed.
    pub compress_after: Option<Duration>,
    /// Segments older than this are deleted.
    pub delete_after: Option<Duration>,
    /// When a line counts as written.
    pub durability: Durability,
    /// The capacity of the queue in bytes. When it is full, lines are dropped.
    pub queue_bytes: usize,
}
