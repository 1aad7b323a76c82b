//! The engine's one error type: a value with a kind, made by named constructors, so that a message is worded once.

use std::fmt;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// More sessions, or tags, than 32-bit ranks can name.
    TooLarge,
    /// Columns that contradict each other.
    Inconsistent,
}

/// A failure of the engine, with the offending value and the limit in its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    pub(crate) fn too_large(what: &str, count: usize, limit: usize) -> Self {
        Self {
            kind: ErrorKind::TooLarge,
            message: format!("{count} {what}, and an index holds at most {limit}"),
        }
    }

    pub(crate) fn inconsistent(message: String) -> Self {
        Self {
            kind: ErrorKind::Inconsistent,
            message,
        }
    }

    /// What went wrong, for callers who branch on it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
