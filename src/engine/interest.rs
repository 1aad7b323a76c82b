//! The interests of one query: is this tag one of them?
//!
//! Tags are lowered before they are compared, interests are not, so an interest with an ASCII capital never matches.
//! Invariant: `entries` are distinct. A test costs O(1) for a tag of a length that no interest has, else O(interests)
//! up to [`InterestSet::LINEAR`] of them and O(1) expected beyond.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use super::text::{head_word, lower_word, with_lowered};

#[derive(Debug)]
struct Entry {
    length: usize,
    head: u64,
    bytes: Box<[u8]>,
}

/// The distinct interests of a query, as bytes.
#[derive(Debug, Default)]
pub struct InterestSet {
    entries: Vec<Entry>,
    /// Filled only when there are more than [`Self::LINEAR`] entries.
    hashed: HashSet<Box<[u8]>, FixedState>,
    /// Bit `min(length, 63)` is set where some interest has that length.
    lengths: u64,
}

impl InterestSet {
    /// Up to so many interests are compared one by one: a word compare each beats a hash (bench `interest`).
    const LINEAR: usize = 24;

    /// The set of the given interests; repeated ones count once.
    pub fn new<'a>(interests: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut set = Self::default();
        for interest in interests {
            set.insert(interest);
        }
        set
    }

    /// Adds an interest unless it is there already.
    pub fn insert(&mut self, interest: &[u8]) {
        if self.contains(interest) {
            return;
        }
        if self.entries.len() == Self::LINEAR {
            self.hashed = self
                .entries
                .iter()
                .map(|entry| entry.bytes.clone())
                .collect();
        }
        if self.entries.len() >= Self::LINEAR {
            self.hashed.insert(interest.into());
        }
        self.lengths |= Self::length_bit(interest.len());
        self.entries.push(Entry {
            length: interest.len(),
            head: head_word(interest),
            bytes: interest.into(),
        });
    }

    /// The number of different interests.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no interest at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The interests in the order in which they were first given.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().map(|entry| &*entry.bytes)
    }

    /// Whether these very bytes are an interest.
    #[inline]
    pub fn contains(&self, bytes: &[u8]) -> bool {
        if self.lengths & Self::length_bit(bytes.len()) == 0 {
            return false;
        }
        if self.entries.len() > Self::LINEAR {
            return self.hashed.contains(bytes);
        }
        self.find(bytes.len(), head_word(bytes), |interest| interest == bytes)
    }

    /// Whether the ASCII bytes, lowered, are an interest.
    #[inline]
    pub fn contains_lowered(&self, ascii: &[u8]) -> bool {
        if self.lengths & Self::length_bit(ascii.len()) == 0 {
            return false;
        }
        if self.entries.len() > Self::LINEAR {
            return with_lowered(ascii, |lowered| self.hashed.contains(lowered));
        }
        self.find(ascii.len(), lower_word(head_word(ascii)), |interest| {
            let lowered = ascii.iter().map(u8::to_ascii_lowercase);
            interest.iter().copied().skip(8).eq(lowered.skip(8))
        })
    }

    #[inline]
    fn find(&self, length: usize, head: u64, same_bytes: impl Fn(&[u8]) -> bool) -> bool {
        self.entries.iter().any(|entry| {
            entry.length == length
                && entry.head == head
                && (length <= 8 || same_bytes(&entry.bytes))
        })
    }

    #[inline]
    fn length_bit(length: usize) -> u64 {
        1 << length.min(63)
    }
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
        let set = InterestSet::new(names.iter().map(String::as_bytes));
        assert_eq!(set.len(), 200);
        for name in &names {
            assert!(set.contains_lowered(name.to_ascii_uppercase().as_bytes()));
            assert!(!set.contains_lowered(format!("{name}!").as_bytes()));
        }
    }
}
