//! Finds sessions by their lowered title, or by their id.
//!
//! Invariant: `places` is sorted. An entry is the hash of the string above the position of the session. A look-up costs
//! O(log n) and returns candidates in order of position. The caller compares the strings, so a collision of hashes
//! costs one comparison and never changes an answer. Any content is safe to search, also that of a damaged file.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

/// A map from the hashes of strings to positions, with 8 bytes for each string.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    places: Column<u64>,
}

/// Collects the strings of a [`Directory`].
#[derive(Debug, Default)]
pub struct DirectoryBuilder {
    places: Vec<u64>,
}

impl DirectoryBuilder {
    /// Adds the string of the session at `position`.
    #[inline]
    pub fn push(&mut self, position: u32, string: &[u8]) {
        self.places.push(place(hash(string), position));
    }

    /// Sorts the entries. Costs O(n log n).
    pub fn finish(mut self) -> Directory {
        self.places.sort_unstable();
        Directory::from_sorted(self.places.into())
    }
}

impl Directory {
    /// Makes a directory of sorted entries, each `hash << 32 | position`.
    pub fn from_sorted(places: Column<u64>) -> Self {
        Self { places }
    }

    /// Returns the entries, in order.
    pub fn places(&self) -> &[u64] {
        &self.places
    }

    /// Returns the positions that may have this string, in order.
    pub fn candidates(&self, string: &[u8]) -> impl Iterator<Item = u32> {
        let wanted = hash(string);
        let start = self
            .places
            .partition_point(|&entry| entry < place(wanted, 0));
        let places = self.places.get(start..).unwrap_or_default();
        places
            .iter()
            .take_while(move |&&entry| entry >> 32 == u64::from(wanted))
            .map(|&entry| entry as u32)
    }

    /// Writes the entries as section `name`.
    ///
    /// # Errors
    ///
    /// Fails as [`Writer::column`] does.
    pub fn save(&self, writer: &mut Writer<'_>, name: &str) -> Result<(), Error> {
        writer.column(name, &self.places)
    }

    /// Opens the entries that [`Directory::save`] wrote, in O(1).
    ///
    /// # Errors
    ///
    /// Fails as [`Reader::column`] does.
    pub fn open(reader: &Reader, name: &str) -> Result<Self, Error> {
        reader.column(name).map(Self::from_sorted)
    }

    /// Returns the memory used, in bytes.
    pub fn nbytes(&self) -> usize {
        self.places.nbytes()
    }
}

/// Returns the hash of a string. Files contain it, so it must not change within a format version.
pub fn hash(string: &[u8]) -> u32 {
    FixedState::default().hash_one(string) as u32
}

fn place(hash: u32, position: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_in_order_of_position() {
        let mut titles = DirectoryBuilder::default();
        for (position, title) in (0..).zip(["b", "a", "b", "", "a", "b"]) {
            titles.push(position, title.as_bytes());
        }
        let titles = titles.finish();
        assert_eq!(titles.candidates(b"b").collect::<Vec<_>>(), [0, 2, 5]);
        assert_eq!(titles.candidates(b"a").next(), Some(1));
        assert_eq!(titles.candidates(b"").next(), Some(3));
        assert_eq!(titles.candidates(b"c").next(), None);
    }
}
