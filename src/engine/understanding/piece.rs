//! Copies the texts of sessions, so that another thread reads their words. Linear in the texts.

use super::builder::TextBuilder;
use super::points::Field;
use super::sorted::SortedWords;
use crate::engine::error::Error;
use crate::engine::memory;

/// The texts of consecutive sessions.
#[derive(Debug, Default)]
pub struct Piece {
    bytes: Vec<u8>,
    /// The field of each text, and where it ends in the bytes.
    texts: Vec<(Field, usize)>,
    /// How many texts there are at the end of each session.
    ends: Vec<usize>,
}

impl Piece {
    /// Adds a text of the session that the next [`Self::finish_session`] closes.
    ///
    /// # Errors
    ///
    /// No memory for a copy of the text.
    pub fn push(&mut self, field: Field, text: &[u8]) -> Result<(), Error> {
        memory::reserve(&mut self.bytes, text.len())?;
        self.bytes.extend_from_slice(text);
        self.texts.push((field, self.bytes.len()));
        Ok(())
    }

    /// Closes a session.
    pub fn finish_session(&mut self) {
        self.ends.push(self.texts.len());
    }

    /// Returns the words of the sessions.
    ///
    /// # Errors
    ///
    /// More words than 32 bits can number.
    pub fn sorted(&self) -> Result<SortedWords, Error> {
        let mut builder = TextBuilder::default();
        let mut texts = self.texts.iter();
        let (mut read, mut start) = (0, 0);
        for &end in &self.ends {
            for &(field, end) in texts.by_ref().take(end - read) {
                let text = self.bytes.get(start..end).unwrap_or_default();
                builder.push(field, &String::from_utf8_lossy(text));
                start = end;
            }
            read = end;
            builder.finish_session()?;
        }
        Ok(builder.sorted())
    }
}
