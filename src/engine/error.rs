//! The error type of the engine: a kind and a message. Named constructors word each message once.

use std::fmt;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// More sessions, or tags, than 32-bit ranks can name.
    TooLarge,
    /// Columns that contradict each other.
    Inconsistent,
    /// The operating system returned an error, with this number if there is one.
    System(Option<i32>),
    /// A file of another kind.
    Foreign,
    /// A file of a newer release.
    Newer,
    /// A file of a machine with the other byte order.
    ByteOrder,
    /// A file that ends too early.
    Truncated,
    /// Bytes that do not match their checksum.
    Damaged,
    /// A file that another program changed while it was open.
    Changed,
    /// Memory that cannot be allocated.
    Memory,
    /// A section that the file does not have.
    Missing,
    /// A time window that cannot be read, or that no session can lie in.
    InvalidWindow,
    /// An array of Arrow that cannot be read.
    Arrow,
    /// Text that is not JSON.
    Syntax(TextPlace),
    /// Text that Python must read, because it may accept it in its own way.
    Unsupported(TextPlace),
    /// The caller asked to stop.
    Cancelled,
}

/// A place in a JSON text, and what was found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPlace {
    /// What was found. A syntax error has the words of Python's `json`.
    pub message: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The number of the session, from 0, if the place is in one.
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

/// An error of the engine, with the offending value and the limit in its message.
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

    pub(crate) fn arrow(message: String) -> Self {
        Self {
            kind: ErrorKind::Arrow,
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

    /// Makes the error for the file (or memory) called `origin`.
    pub(crate) fn file(kind: ErrorKind, origin: &str, message: &str) -> Self {
        Self {
            kind,
            message: format!("{origin}: {message}"),
        }
    }

    /// Makes the error for `bytes` of memory for `what` that cannot be allocated.
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

    /// Returns what went wrong, for callers that distinguish it.
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
