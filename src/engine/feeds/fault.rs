//! The error of a feed that cannot be read.

use core::fmt;

/// Says what is wrong with a feed, and where, if one place is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    reason: String,
    place: Option<(usize, usize)>,
}

impl Fault {
    /// A fault of the whole feed.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            place: None,
        }
    }

    /// A fault at a line and a column, both from 1.
    pub(super) fn at(line: usize, column: usize, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            place: Some((line, column)),
        }
    }

    /// A fault at an offset in bytes of `text`.
    pub(super) fn at_offset(text: &[u8], offset: usize, reason: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default())
            .chars()
            .count()
            + 1;
        Self::at(line, column, reason)
    }

    /// The same fault, in a place of the feed that `place` names.
    pub(super) fn within(self, place: Option<String>) -> Self {
        let Some(place) = place else {
            return self;
        };
        Self {
            reason: format!("{place}: {}", self.reason),
            ..self
        }
    }

    /// What is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Line and column of the fault, from 1, if it has a place.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place
    }
}

/// Quotes a value for a message, and cuts it where it is long.
pub(super) fn shown(value: &str) -> String {
    const MOST: usize = 60;
    let mut characters = value.chars();
    let head: String = characters.by_ref().take(MOST).collect();
    match characters.next() {
        Some(_) => format!("{head:?}…"),
        None => format!("{head:?}"),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(formatter, "{line}:{column}: {}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}

impl std::error::Error for Fault {}
