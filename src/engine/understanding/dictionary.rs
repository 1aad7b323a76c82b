//! The distinct words of compiled sessions in order, and where the postings of each are.
//!
//! Words stand in blocks of [`BLOCK`]. The first word of a block is whole. Each other word has the number of bytes that it
//! shares with the word before it, and the rest of its bytes (front coding). Behind each word follows the length of its
//! postings. A look-up is a binary search for the block, and reads the block. Any stored bytes are safe to search.
//!
//! An automaton (the crate `fst`) was here before. To build it took 1.3 µs a word, which was most of the time to compile
//! the titles of 1,000 sessions (`benches/understanding.py`), and a look-up was no faster.

use std::sync::OnceLock;

use super::distance::{Near, Rows};
use super::encoding::{WordId, read_number, write_number};
use super::word_filter::WordFilter;
use crate::engine::error::Error;
use crate::engine::file::column::Column;
use crate::engine::file::{Reader, Writer};

/// The words of a block.
const BLOCK: usize = 16;
/// The largest number in half a byte; it stands for itself and the number that follows.
const NIBBLE: usize = 15;
/// The words that are visited for a prefix or a misspelling, at most.
const MOST_VISITED: usize = 256;

/// Words, and where the postings of each are.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    entries: Column<u8>,
    /// Where each block starts in the entries, and the postings of its first word.
    blocks: Column<u32>,
    starts: Column<u32>,
    /// Made when the first word is looked up.
    filter: OnceLock<WordFilter>,
}

/// Collects words in order.
#[derive(Debug, Default)]
pub(super) struct DictionaryBuilder {
    entries: Vec<u8>,
    blocks: Vec<u32>,
    starts: Vec<u32>,
    before: Vec<u8>,
    words: usize,
}

impl DictionaryBuilder {
    /// Adds a word, which is greater than those before it. The postings of all words follow one another.
    ///
    /// # Errors
    ///
    /// More bytes of words than 32 bits can number.
    pub(super) fn push(&mut self, word: &[u8], id: WordId) -> Result<(), Error> {
        const LIMIT: usize = u32::MAX as usize;
        let mut shared = 0;
        if self.words.is_multiple_of(BLOCK) {
            let at = u32::try_from(self.entries.len());
            let at = at.map_err(|_| Error::too_large("words", self.entries.len(), LIMIT))?;
            self.blocks.push(at);
            self.starts.push(id.start);
        } else {
            shared = common(&self.before, word);
        }
        let rest = word.get(shared..).unwrap_or_default();
        let halves = (shared.min(NIBBLE) << 4) | rest.len().min(NIBBLE);
        self.entries.push(halves as u8);
        for count in [shared, rest.len()] {
            if count >= NIBBLE {
                write_number(&mut self.entries, (count - NIBBLE) as u32);
            }
        }
        self.entries.extend_from_slice(rest);
        write_number(&mut self.entries, id.shape);
        self.before.truncate(shared);
        self.before.extend_from_slice(rest);
        self.words += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Dictionary {
        Dictionary {
            entries: self.entries.into(),
            blocks: self.blocks.into(),
            starts: self.starts.into(),
            filter: OnceLock::new(),
        }
    }
}

/// A word behind another one.
struct Entry<'a> {
    /// How many bytes it shares with the one before it.
    shared: usize,
    rest: &'a [u8],
    id: WordId,
}

/// The words of a block that are not read yet.
struct Entries<'a> {
    bytes: &'a [u8],
    /// Where the postings of the next word start.
    start: u32,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        let (&halves, mut bytes) = self.bytes.split_first()?;
        let mut count = |half: u8| match usize::from(half) {
            NIBBLE => NIBBLE + read_number(&mut bytes) as usize,
            count => count,
        };
        let (shared, rest) = (count(halves >> 4), count(halves & 0xf));
        let (rest, after) = bytes.split_at_checked(rest)?;
        self.bytes = after;
        let id = WordId {
            start: self.start,
            shape: read_number(&mut self.bytes),
        };
        self.start = self.start.saturating_add(id.len());
        Some(Entry { shared, rest, id })
    }
}

impl Dictionary {
    /// The memory it holds, in bytes.
    pub(super) fn nbytes(&self) -> usize {
        let filter = self.filter.get().map_or(0, WordFilter::nbytes);
        self.entries.nbytes() + self.blocks.nbytes() + self.starts.nbytes() + filter
    }

    /// Its bytes, in memory or in the file.
    pub(super) fn size(&self) -> usize {
        self.entries.len() + size_of_val(&*self.blocks) + size_of_val(&*self.starts)
    }

    fn entries(&self, block: usize) -> Entries<'_> {
        let at = |block: usize| self.blocks.get(block).map(|&at| at as usize);
        let start = at(block).unwrap_or(self.entries.len());
        let end = at(block + 1).unwrap_or(self.entries.len());
        Entries {
            bytes: self.entries.get(start..end).unwrap_or_default(),
            start: self.starts.get(block).copied().unwrap_or_default(),
        }
    }

    fn first(&self, block: usize) -> &[u8] {
        self.entries(block).next().map_or(&[], |entry| entry.rest)
    }

    /// Returns the last block whose first word is not greater.
    fn block_of(&self, word: &[u8]) -> Option<usize> {
        let (mut least, mut end) = (0, self.blocks.len());
        while least < end {
            let middle = usize::midpoint(least, end);
            if self.first(middle) <= word {
                least = middle + 1;
            } else {
                end = middle;
            }
        }
        least.checked_sub(1)
    }

    fn filter(&self) -> &WordFilter {
        self.filter.get_or_init(|| {
            let mut filter = WordFilter::with_capacity(BLOCK * self.blocks.len());
            let mut word = Vec::new();
            for entry in (0..self.blocks.len()).flat_map(|block| self.entries(block)) {
                word.truncate(entry.shared);
                word.extend_from_slice(entry.rest);
                filter.push(&word);
            }
            filter
        })
    }

    /// Finds a word.
    pub(super) fn get(&self, word: &[u8]) -> Option<WordId> {
        if !self.filter().may_hold(word) {
            return None;
        }
        // How many bytes of the word are those of the entry that was read last.
        let mut matched = 0;
        for entry in self.entries(self.block_of(word)?) {
            if entry.shared > matched {
                continue;
            }
            if entry.shared < matched {
                return None;
            }
            let wanted = word.get(matched..)?;
            let more = common(entry.rest, wanted);
            match (entry.rest.get(more), wanted.get(more)) {
                (None, None) => return Some(entry.id),
                (Some(_), None) => return None,
                (Some(held), Some(wanted)) if held > wanted => return None,
                _ => matched += more,
            }
        }
        None
    }

    /// Visits words that start with a prefix, in their order.
    pub(super) fn visit_prefixed(&self, prefix: &str, mut visit: impl FnMut(&str, WordId)) {
        let mut word = Vec::new();
        let mut visited = 0;
        let first = self.block_of(prefix.as_bytes()).unwrap_or(0);
        for block in first..self.blocks.len() {
            for entry in self.entries(block) {
                word.truncate(entry.shared);
                word.extend_from_slice(entry.rest);
                if word.as_slice() < prefix.as_bytes() {
                    continue;
                }
                if !word.starts_with(prefix.as_bytes()) || visited == MOST_VISITED {
                    return;
                }
                visited += 1;
                if let Ok(word) = core::str::from_utf8(&word) {
                    visit(word, entry.id);
                }
            }
        }
    }

    /// Visits the words that are near another one, in their order. A prefix that no near word has is passed over with all
    /// its words.
    pub(super) fn visit_near(&self, near: &Near<'_>, mut visit: impl FnMut(&str, WordId)) {
        // The word that was read last, and a state of the automaton for each of its prefixes up to the first bad one.
        let mut word: Vec<u8> = Vec::new();
        let mut states: Vec<Rows> = vec![near.start()];
        // The length of the bad prefix.
        let mut bad = usize::MAX;
        let mut visited = 0;
        for block in 0..self.blocks.len() {
            let start = common(self.first(block), &word);
            if start >= bad
                && self.blocks.len() > block + 1
                && common(self.first(block + 1), &word) >= bad
            {
                continue;
            }
            for (number, entry) in self.entries(block).enumerate() {
                let (shared, rest) = match number {
                    0 => (start, entry.rest.get(start..).unwrap_or_default()),
                    _ => (entry.shared, entry.rest),
                };
                if shared >= bad {
                    continue;
                }
                bad = usize::MAX;
                word.truncate(shared);
                word.extend_from_slice(rest);
                states.truncate(shared + 1);
                while let (Some(rows), Some(&byte)) = (states.last(), word.get(states.len() - 1)) {
                    let next = near.accept(rows, byte);
                    if !near.can_match(&next) {
                        bad = states.len();
                        break;
                    }
                    states.push(next);
                }
                let whole = states.last().filter(|_| bad == usize::MAX);
                if whole.is_some_and(|rows| near.is_match(rows)) {
                    visited += 1;
                    if let Ok(word) = core::str::from_utf8(&word) {
                        visit(word, entry.id);
                    }
                    if visited == MOST_VISITED {
                        return;
                    }
                }
            }
        }
    }

    /// Writes the columns.
    ///
    /// # Errors
    ///
    /// As [`Writer::column`].
    pub(super) fn save(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        writer.column("entries", &self.entries)?;
        writer.column("blocks", &self.blocks)?;
        writer.column("starts", &self.starts)
    }

    /// Reads the columns that [`Self::save`] wrote, and checks their checksums.
    ///
    /// # Errors
    ///
    /// As [`Reader::column`], and if columns are damaged.
    pub(super) fn open(reader: &Reader) -> Result<Self, Error> {
        for name in ["entries", "blocks", "starts"] {
            reader.verify_section(name)?;
        }
        let dictionary = Self {
            entries: reader.column("entries")?,
            blocks: reader.column("blocks")?,
            starts: reader.column("starts")?,
            filter: OnceLock::new(),
        };
        if dictionary.blocks.len() != dictionary.starts.len() {
            return Err(reader.refuse("the blocks of its words have no postings"));
        }
        Ok(dictionary)
    }
}

/// Returns how many bytes two words share from the first on.
#[inline]
fn common(one: &[u8], other: &[u8]) -> usize {
    let both = one.iter().zip(other);
    both.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of few letters, so that many share their beginnings; some are long.
    fn words() -> Vec<Vec<u8>> {
        let mut words = vec![b"=a tag of several words".to_vec(), "é".repeat(40).into()];
        let mut number = 1_u32;
        for _ in 0..600 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let len = 1 + (number >> 28) as usize % 9;
            let letter = |at: usize| b"abcz"[(number >> (8 + 2 * at)) as usize % 4];
            words.push((0..len).map(letter).collect());
        }
        words.sort();
        words.dedup();
        words
    }

    fn dictionary(words: &[Vec<u8>]) -> Dictionary {
        let mut builder = DictionaryBuilder::default();
        for (number, word) in (0..).zip(words) {
            let id = WordId {
                start: 3 * number,
                shape: 3 << 2,
            };
            builder.push(word, id).expect("few words");
        }
        builder.finish()
    }

    #[test]
    fn words_are_found_and_others_are_not() {
        for count in [0, 1, 2, 16, 17, 400] {
            let mut words = words();
            words.truncate(count);
            let dictionary = dictionary(&words);
            for (number, word) in (0..).zip(&words) {
                let found = dictionary.get(word).map(|id| id.start);
                assert_eq!(found, Some(3 * number), "{word:?}");
                for other in [[word.as_slice(), b"a"].concat(), word[1..].to_vec()] {
                    let held = words.contains(&other);
                    assert_eq!(dictionary.get(&other).is_some(), held, "{other:?}");
                }
            }
        }
    }

    #[test]
    fn prefixes_and_misspellings_are_those_of_a_scan() {
        let words = words();
        let dictionary = dictionary(&words);
        let texts: Vec<&str> = words.iter().flat_map(|word| str::from_utf8(word)).collect();
        for asked in [
            "a", "ab", "abcabc", "zzzzz", "=a t", "cab", "bazbaz", "é", "y",
        ] {
            let mut found = Vec::new();
            dictionary.visit_prefixed(asked, |word, _| found.push(word.to_owned()));
            let all = texts.iter().filter(|word| word.starts_with(asked));
            let all: Vec<_> = all.take(MOST_VISITED).copied().collect();
            assert_eq!(found, all, "{asked}");
            for most in 0..3 {
                let near = Near::new(asked, most).expect("short");
                let mut found = Vec::new();
                dictionary.visit_near(&near, |word, _| found.push(word.to_owned()));
                let all = texts.iter().filter(|word| accepts(&near, word));
                let all: Vec<_> = all.take(MOST_VISITED).copied().collect();
                assert_eq!(found, all, "{asked} {most}");
            }
        }
    }

    fn accepts(near: &Near<'_>, word: &str) -> bool {
        let start = near.start();
        let rows = word
            .bytes()
            .fold(start, |rows, byte| near.accept(&rows, byte));
        near.is_match(&rows)
    }

    #[test]
    fn any_bytes_are_safe_to_search() {
        let mut number = 7_u32;
        for _ in 0..200 {
            let mut bytes = || {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (number >> 24) as u8
            };
            let entries: Vec<u8> = (0..120).map(|_| bytes()).collect();
            let blocks: Vec<u32> = (0..4).map(|_| u32::from(bytes())).collect();
            let dictionary = Dictionary {
                entries: entries.into(),
                starts: blocks.clone().into(),
                blocks: blocks.into(),
                filter: OnceLock::new(),
            };
            dictionary.get(b"word");
            dictionary.visit_prefixed("w", |_, _| {});
            let near = Near::new("word", 2).expect("short");
            dictionary.visit_near(&near, |_, _| {});
        }
    }
}
