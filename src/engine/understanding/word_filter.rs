//! Tells for most words that are not held that they are not, without a search: a Bloom filter.
//!
//! An interest asks for some fifty forms of a word, and nearly none of them is held. Eight bits for each word let three or
//! four in a hundred other words pass. O(1) for each word.

use core::hash::BuildHasher;

use foldhash::fast::FixedState;

/// A set of words that may also seem to hold others.
#[derive(Clone, Debug, Default)]
pub(super) struct WordFilter {
    /// A power of two of blocks, or none for no words. All bits of a word are in one block.
    blocks: Box<[u64]>,
    hasher: FixedState,
}

/// The words for each block of 64 bits.
const WORDS: usize = 8;

impl WordFilter {
    /// Makes a filter that holds no words yet and has room for `words`.
    pub(super) fn with_capacity(words: usize) -> Self {
        let blocks = words.div_ceil(WORDS).next_power_of_two();
        Self {
            blocks: vec![0; if words == 0 { 0 } else { blocks }].into(),
            hasher: FixedState::default(),
        }
    }

    /// The memory it holds, in bytes.
    pub(super) fn nbytes(&self) -> usize {
        size_of_val(&*self.blocks)
    }

    /// Adds a word.
    pub(super) fn push(&mut self, word: &[u8]) {
        let (block, bits) = self.place(word);
        if let Some(held) = self.blocks.get_mut(block) {
            *held |= bits;
        }
    }

    /// Returns true for each word that was added, and for a few others.
    #[inline]
    pub(super) fn may_hold(&self, word: &[u8]) -> bool {
        let (block, bits) = self.place(word);
        self.blocks
            .get(block)
            .is_some_and(|held| held & bits == bits)
    }

    /// Returns the block of a word, and its bits there.
    #[inline]
    fn place(&self, word: &[u8]) -> (usize, u64) {
        let hash = self.hasher.hash_one(word);
        let bit = |number: u32| 1_u64 << ((hash >> (6 * number)) & 63);
        let block = (hash >> 32) as usize & self.blocks.len().saturating_sub(1);
        (block, bit(0) | bit(1) | bit(2) | bit(3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_pass_and_few_others() {
        let word = |number: u32| format!("word{number}");
        for count in [0, 1, 8, 9, 5000] {
            let mut filter = WordFilter::with_capacity(count as usize);
            (0..count).for_each(|number| filter.push(word(number).as_bytes()));
            assert!((0..count).all(|number| filter.may_hold(word(number).as_bytes())));
            let others = (10_000..12_000).filter(|&other| filter.may_hold(word(other).as_bytes()));
            assert!(others.count() < 200, "{count}");
        }
    }
}
