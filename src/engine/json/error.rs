//! The error of the JSON readers, and its conversion to an [`Error`] with line and column.
//!
//! A [`JsonError`] is small because every step of a reader may return one. Line and column are counted only when the
//! error leaves the readers, in O(bytes before it).

use crate::engine::error::{Error, TextPlace};

/// The deepest nesting that is read here. How deep Python reads depends on its version and its stack.
pub(super) const DEPTH: usize = 128;

pub(super) const EXPECTING_VALUE: &str = "Expecting value";
pub(super) const EXPECTING_COMMA: &str = "Expecting ',' delimiter";
pub(super) const EXPECTING_COLON: &str = "Expecting ':' delimiter";
pub(super) const EXPECTING_NAME: &str = "Expecting property name enclosed in double quotes";

/// Why the text cannot be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Reason {
    /// It is not JSON. The message is that of Python's `json`.
    Syntax(&'static str),
    /// Python may accept it, but this loader does not.
    Unsupported(&'static str),
}

/// A reason and its byte offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct JsonError {
    pub(super) at: usize,
    pub(super) reason: Reason,
}

impl JsonError {
    #[cold]
    pub(super) fn syntax(at: usize, message: &'static str) -> Self {
        Self {
            at,
            reason: Reason::Syntax(message),
        }
    }

    #[cold]
    pub(in crate::engine) fn unsupported(at: usize, message: &'static str) -> Self {
        Self {
            at,
            reason: Reason::Unsupported(message),
        }
    }

    /// Returns the error for the caller. `bytes` start at line `first_line`; `session` is the number of the current
    /// session.
    #[cold]
    pub(super) fn into_error(
        self,
        bytes: &[u8],
        first_line: usize,
        session: Option<usize>,
    ) -> Error {
        let before = bytes.get(..self.at).unwrap_or(bytes);
        let line = first_line + line_breaks(before);
        let tail = before
            .rsplit(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        // Columns are counted in characters, as Python counts them: a continuation byte begins none.
        let column = 1 + tail.iter().filter(|&byte| byte & 0xc0 != 0x80).count();
        let place = |message| TextPlace {
            message,
            line,
            column,
            session,
        };
        match self.reason {
            Reason::Syntax(message) => Error::syntax(place(message)),
            Reason::Unsupported(message) => Error::unsupported(place(message)),
        }
    }
}

/// Returns the number of line breaks in `bytes`.
pub(super) fn line_breaks(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let text = "[\n\"\u{e9}\" x]";
        let error = JsonError::syntax(
            text.find('x').expect("there is one"),
            "Expecting ',' delimiter",
        );
        let error = error.into_error(text.as_bytes(), 1, Some(0));
        assert_eq!(
            error.to_string(),
            "Expecting ',' delimiter: line 2 column 5 (session 0)"
        );
        let start = JsonError::unsupported(0, "a tag is no string").into_error(b"5", 7, None);
        assert_eq!(
            start.to_string(),
            "not read natively, a tag is no string: line 7 column 1"
        );
    }
}
