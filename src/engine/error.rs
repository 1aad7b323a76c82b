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
    /// The operating system refused, for the reason of this number where it gave one.
    System(Option<i32>),
    /// A file of another kind.
    Foreign,
    /// A file that a newer release wrote.
    Newer,
    /// A file of a machine that orders the bytes of a number the other way.
    ByteOrder,
    /// A file that ends too early.
    Truncated,
    /// Bytes that are not those that were written.
    Damaged,
    /// A file that another program changed while it was open.
    Changed,
    /// Memory that the operating system does not give.
    Memory,
    /// A section that the file does not have.
    Missing,
    /// A time window that cannot be read, or that no session can lie in.
    InvalidWindow,
    /// Text that is no JSON.
    Syntax(TextPlace),
    /// JSON, perhaps, that only Python's own reader judges as it would.
    Unsupported(TextPlace),
    /// The caller asked to stop.
    Cancelled,
}

/// Where in a JSON text something was found, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPlace {
    /// What was found; a syntax error is worded as Python's `json` words it.
    pub message: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The session being read, from 0, if it is in one.
    pub session: Option<usize>,
}

impl fmt::Display for TextPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: line {} column {}",
            self.message, self.line, self.column
        )?;
        match self.session {
            Some(session) => write!(formatter, " (session {session})"),
            None => Ok(()),
        }
    }
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

    pub(crate) fn plan_too_large(top: usize, sessions: usize, limit: usize) -> Self {
        Self {
            kind: ErrorKind::TooLarge,
            message: format!(
                "a plan of {top} out of {sessions} sessions: their product may be {limit} at most"
            ),
        }
    }

    pub(crate) fn inconsistent(message: String) -> Self {
        Self {
            kind: ErrorKind::Inconsistent,
            message,
        }
    }

    pub(crate) fn invalid_window(message: String) -> Self {
        Self {
            kind: ErrorKind::InvalidWindow,
            message,
        }
    }

    pub(crate) fn syntax(place: TextPlace) -> Self {
        Self {
            kind: ErrorKind::Syntax(place),
            message: place.to_string(),
        }
    }

    pub(crate) fn unsupported(place: TextPlace) -> Self {
        Self {
            kind: ErrorKind::Unsupported(place),
            message: format!("not read natively, {place}"),
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self {
            kind: ErrorKind::Cancelled,
            message: "cancelled by the caller".into(),
        }
    }

    /// A failure of the file (or memory) called `origin`.
    pub(crate) fn file(kind: ErrorKind, origin: &str, message: &str) -> Self {
        Self {
            kind,
            message: format!("{origin}: {message}"),
        }
    }

    /// `bytes` of memory for `what` cannot be had.
    pub(crate) fn memory(what: &str, bytes: usize) -> Self {
        Self {
            kind: ErrorKind::Memory,
            message: format!("no memory for {what}: {bytes} bytes"),
        }
    }

    pub(crate) fn system(origin: &str, error: &std::io::Error) -> Self {
        Self::file(
            ErrorKind::System(error.raw_os_error()),
            origin,
            &error.to_string(),
        )
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
