//! Represents the error of a reader in two machine words, and turns it into an error with a line and a column.
//!
//! A [`Fault`] is small because every step of the parser may return one. Line and column are counted only when it leaves the
//! parser, in O(bytes before it).

use crate::engine::error::{Error, TextPlace};

/// Why the text cannot be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Reason {
    /// It is no JSON; worded as Python's `json` words it.
    Syntax(&'static str),
    /// It may well be JSON for Python, and is not for this loader.
    Unsupported(&'static str),
}

/// A reason and the byte offset at which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Fault {
    pub(super) at: usize,
    pub(super) reason: Reason,
}

impl Fault {
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

    /// The error to hand out: `bytes` begin at line `first_line`, and `session` is the one being read, if any.
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

/// How many lines end in `bytes`.
pub(super) fn line_breaks(bytes: &[u8]) -> usize {
    bytes.iter().map(|&byte| usize::from(byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let text = "[\n\"\u{e9}\" x]";
        let error = Fault::syntax(
            text.find('x').expect("there is one"),
            "Expecting ',' delimiter",
        );
        let error = error.into_error(text.as_bytes(), 1, Some(0));
        assert_eq!(
            error.to_string(),
            "Expecting ',' delimiter: line 2 column 5 (session 0)"
        );
        let start = Fault::unsupported(0, "a tag is no string").into_error(b"5", 7, None);
        assert_eq!(
            start.to_string(),
            "not read natively, a tag is no string: line 7 column 1"
        );
    }
}
