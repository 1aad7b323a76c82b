//! The sessions from which an index is built: columns in input order, with numbers for tags.
//!
//! Invariant of checked [`Sessions`]: `offsets` has one entry more than there are sessions, never falls, and ends
//! inside `tags`. Every tag is below the size of the vocabulary. [`Sessions::check`] costs O(sessions + tags).

use bytemuck::{Pod, Zeroable};

use super::score::Number;
use crate::engine::error::Error;

/// The number of a tag in the caller's vocabulary, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct TagId(pub u32);

/// The columns of a catalogue, in input order.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    /// The popularity of each session; a missing one is `Int(0)`.
    pub popularity: &'a [Number],
    /// Session `i` has the tags `tags[offsets[i]..offsets[i + 1]]`.
    pub offsets: &'a [u32],
    /// A tag that a session has twice counts twice.
    pub tags: &'a [TagId],
}

impl<'a> Sessions<'a> {
    /// The largest number of sessions. Ranks are `u32`, and some of them are padding.
    pub const LIMIT: usize = u32::MAX as usize - (1 << 16);

    /// Returns the number of sessions.
    pub fn len(&self) -> usize {
        self.popularity.len()
    }

    /// Returns true if there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.popularity.is_empty()
    }

    /// Returns the tags of the session at `position`, or none if there is no such session.
    #[inline]
    pub fn tags_of(&self, position: u32) -> &'a [TagId] {
        let at = position as usize;
        match self.offsets.get(at..=at + 1) {
            Some(&[start, end]) => self
                .tags
                .get(start as usize..end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    /// Checks that the columns fit each other and a vocabulary of `tag_count` tags.
    ///
    /// # Errors
    ///
    /// Names the first contradiction, or a number of sessions above [`Self::LIMIT`].
    pub fn check(&self, tag_count: usize) -> Result<(), Error> {
        if self.len() > Self::LIMIT {
            return Err(Error::too_large("sessions", self.len(), Self::LIMIT));
        }
        if self.offsets.len() != self.len() + 1 {
            return Err(Error::inconsistent(format!(
                "{} offsets for {} sessions, expected one more than sessions",
                self.offsets.len(),
                self.len()
            )));
        }
        if !self.offsets.is_sorted() {
            return Err(Error::inconsistent("the offsets fall somewhere".into()));
        }
        let end = self.offsets.last().map_or(0, |&end| end as usize);
        if end > self.tags.len() {
            return Err(Error::inconsistent(format!(
                "the last offset is {end}, and there are {} tags",
                self.tags.len()
            )));
        }
        match self.tags.iter().map(|tag| tag.0).max() {
            Some(largest) if largest as usize >= tag_count => Err(Error::inconsistent(format!(
                "tag {largest} in a vocabulary of {tag_count}"
            ))),
            _ => Ok(()),
        }
    }
}
