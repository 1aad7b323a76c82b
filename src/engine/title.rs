//! Finds sessions by their lowered title.
//!
//! Invariant: `places` is sorted by (hash, position). A look-up is O(log n) and yields candidates only: the caller
//! compares the titles themselves, so a collision of hashes costs a comparison and never an answer.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;

/// The hash of each title and where it stands, 8 bytes a session.
#[derive(Debug, Default)]
pub struct TitleIndex {
    places: Vec<(u32, u32)>,
    unreadable: Option<u32>,
}

impl TitleIndex {
    /// Adds the lowered title of the session at `position`.
    pub fn push(&mut self, position: u32, lowered: &[u8]) {
        self.places.push((hash(lowered), position));
    }

    /// Sorts the titles pushed so far; `unreadable` is the first session whose title is missing or no string.
    pub fn finish(&mut self, unreadable: Option<u32>) {
        self.places.sort_unstable();
        self.places.shrink_to_fit();
        self.unreadable = unreadable;
    }

    /// The positions that may have this lowered title, in order.
    pub fn candidates(&self, lowered: &[u8]) -> impl Iterator<Item = u32> {
        let wanted = hash(lowered);
        let start = self.places.partition_point(|&(hash, _)| hash < wanted);
        let places = self.places.get(start..).unwrap_or_default();
        places
            .iter()
            .take_while(move |&&(hash, _)| hash == wanted)
            .map(|&(_, position)| position)
    }

    /// The first session whose title is missing or no string. Titles behind it are not held: a search never gets there.
    pub fn unreadable(&self) -> Option<u32> {
        self.unreadable
    }

    /// The memory it holds, in bytes.
    pub fn nbytes(&self) -> usize {
        size_of::<(u32, u32)>() * self.places.capacity()
    }
}

fn hash(lowered: &[u8]) -> u32 {
    FixedState::default().hash_one(lowered) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_in_order_of_position() {
        let mut titles = TitleIndex::default();
        for (position, title) in (0..).zip(["b", "a", "b", "", "a", "b"]) {
            titles.push(position, title.as_bytes());
        }
        titles.finish(Some(6));
        assert_eq!(titles.candidates(b"b").collect::<Vec<_>>(), [0, 2, 5]);
        assert_eq!(titles.candidates(b"a").next(), Some(1));
        assert_eq!(titles.candidates(b"").next(), Some(3));
        assert_eq!(titles.candidates(b"c").next(), None);
        assert_eq!(titles.unreadable(), Some(6));
    }
}
