//! The set of interests of one query. It tests whether a tag is one of them.
//!
//! Tags are lowered before they are compared and interests are not, so an interest with an ASCII capital never matches.
//! Invariant: `entries` are distinct. A test costs O(1) if no interest has the length of the tag. Otherwise it costs
//! O(interests) for up to 24 interests, and O(1) expected for more.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use crate::engine::text::{head_word, lower_word, with_lowered};

#[derive(Debug)]
struct Entry {
    start: usize,
    length: usize,
    head: u64,
}

/// The distinct interests of a query, as bytes.
#[derive(Debug, Default)]
pub struct InterestSet {
    /// The bytes of all interests, in one allocation.
    arena: Vec<u8>,
    entries: Vec<Entry>,
    /// The numbers of all entries, by hash. Without capacity up to [`LINEAR`] entries, which are then compared.
    hashed: HashTable<u32>,
    hasher: FixedState,
    /// Bit `min(length, 63)` is set if some interest has that length.
    lengths: u64,
}

/// Up to this number of interests are compared one by one, which is faster than a hash.
const LINEAR: usize = 24;
/// A set for a known number of interests begins with room for this many bytes of each.
const USUAL_LENGTH: usize = 16;
/// A set begins with room for this many interests at most, because a caller may ask for millions.
const MOST_ROOM: usize = 1024;

impl InterestSet {
    /// Makes the set of the given interests. Repeated ones count once.
    pub fn new<'a>(interests: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut set = Self::default();
        for interest in interests {
            set.insert(interest);
        }
        set
    }

    /// Makes an empty set with room for `count` interests, or for as many as memory surely allows.
    pub fn with_capacity(count: usize) -> Self {
        let count = count.min(MOST_ROOM);
        let hashed = if count > LINEAR { count } else { 0 };
        Self {
            arena: Vec::with_capacity(USUAL_LENGTH * count),
            entries: Vec::with_capacity(count),
            hashed: HashTable::with_capacity(hashed),
            ..Self::default()
        }
    }

    /// Adds an interest unless it is in the set already.
    pub fn insert(&mut self, interest: &[u8]) {
        let is_new = if self.is_hashing() {
            self.number(interest, self.entries.len())
        } else {
            !self.contains(interest)
        };
        if !is_new {
            return;
        }
        self.lengths |= length_bit(interest.len());
        self.entries.push(Entry {
            start: self.arena.len(),
            length: interest.len(),
            head: head_word(interest),
        });
        self.arena.extend_from_slice(interest);
        if self.entries.len() == LINEAR + 1 && !self.is_hashing() {
            for number in 0..self.entries.len() {
                let bytes = spelled(&self.arena, &self.entries, number).to_vec();
                self.number(&bytes, number);
            }
        }
    }

    /// Returns true if the entries are found by hash.
    #[inline]
    fn is_hashing(&self) -> bool {
        self.hashed.capacity() > 0
    }

    /// Gives a number to these bytes, unless they have one. Returns true if they had none.
    fn number(&mut self, bytes: &[u8], number: usize) -> bool {
        let (arena, entries, hasher) = (&self.arena, &self.entries, &self.hasher);
        let same = |&number: &u32| spelled(arena, entries, number as usize) == bytes;
        let rehash = |&number: &u32| hasher.hash_one(spelled(arena, entries, number as usize));
        match self.hashed.entry(hasher.hash_one(bytes), same, rehash) {
            Slot::Occupied(_) => false,
            Slot::Vacant(slot) => {
                slot.insert(number as u32);
                true
            }
        }
    }

    /// Returns the number of different interests.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there are no interests.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the interests in the order in which they were first given.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.entries.len()).map(|number| spelled(&self.arena, &self.entries, number))
    }

    /// Returns true if exactly these bytes are an interest.
    #[inline]
    pub fn contains(&self, bytes: &[u8]) -> bool {
        if self.lengths & length_bit(bytes.len()) == 0 {
            return false;
        }
        if self.is_hashing() {
            return self.is_hashed(bytes);
        }
        self.find(bytes.len(), head_word(bytes), |interest| interest == bytes)
    }

    /// Returns true if the ASCII bytes, lowered, are an interest.
    #[inline]
    pub fn contains_lowered(&self, ascii: &[u8]) -> bool {
        if self.lengths & length_bit(ascii.len()) == 0 {
            return false;
        }
        if self.is_hashing() {
            return with_lowered(ascii, |lowered| self.is_hashed(lowered));
        }
        self.find(ascii.len(), lower_word(head_word(ascii)), |interest| {
            let lowered = ascii.iter().map(u8::to_ascii_lowercase);
            interest.iter().copied().skip(8).eq(lowered.skip(8))
        })
    }

    fn is_hashed(&self, bytes: &[u8]) -> bool {
        let same = |&number: &u32| spelled(&self.arena, &self.entries, number as usize) == bytes;
        self.hashed
            .find(self.hasher.hash_one(bytes), same)
            .is_some()
    }

    #[inline]
    fn find(&self, length: usize, head: u64, same_bytes: impl Fn(&[u8]) -> bool) -> bool {
        self.entries.iter().enumerate().any(|(number, entry)| {
            entry.length == length
                && entry.head == head
                && (length <= 8 || same_bytes(spelled(&self.arena, &self.entries, number)))
        })
    }
}

/// Returns the bytes of an entry.
#[inline]
fn spelled<'a>(arena: &'a [u8], entries: &[Entry], number: usize) -> &'a [u8] {
    let bytes = entries
        .get(number)
        .and_then(|entry| arena.get(entry.start..)?.get(..entry.length));
    bytes.unwrap_or_default()
}

#[inline]
fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_lowered_and_interests_are_not() {
        let set = InterestSet::new([b"ai".as_slice(), b"ML", b"machine learning"]);
        assert!(set.contains_lowered(b"AI"));
        assert!(set.contains_lowered(b"Machine Learning"));
        assert!(!set.contains_lowered(b"Machine Yearning"));
        assert!(!set.contains_lowered(b"ml"));
        assert!(!set.contains_lowered(b"ML"));
        assert!(set.contains(b"ML"));
    }

    #[test]
    fn a_padded_head_does_not_match_a_longer_tag() {
        let set = InterestSet::new([b"ai".as_slice(), b"zzz"]);
        assert!(!set.contains_lowered(b"ai\0"));
        assert!(!set.contains_lowered(b"a"));
    }

    #[test]
    fn repeated_interests_count_once_and_the_empty_one_is_legal() {
        let set = InterestSet::new([b"x".as_slice(), b"", b"x", b""]);
        assert_eq!(set.len(), 2);
        assert!(set.contains_lowered(b""));
    }

    #[test]
    fn many_interests_answer_as_few_do() {
        let names: Vec<String> = (0..200)
            .map(|i| format!("tag-{i}-{}", "x".repeat(i % 70)))
            .collect();
        for room in [0, 1, 25, 200, 5000] {
            let mut set = InterestSet::with_capacity(room);
            for name in names.iter().chain(&names) {
                set.insert(name.as_bytes());
            }
            assert!(set.iter().eq(names.iter().map(String::as_bytes)));
            for name in &names {
                assert!(set.contains_lowered(name.to_ascii_uppercase().as_bytes()));
                assert!(!set.contains_lowered(format!("{name}!").as_bytes()));
            }
        }
    }
}
