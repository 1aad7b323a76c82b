//! Finds the tags whose spelling is nearest to a text, for interests that match nothing.
//!
//! Two texts are as near as the share of letter pairs that they have in common (the Dice coefficient of their bigrams),
//! with a blank before and after. O(letters of all tags).

use core::cmp::Reverse;

use super::Catalog;

/// Tags that share less than this part of their letter pairs with the text are not near.
const LEAST: (usize, usize) = (2, 5);

/// How like a text a tag must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They share two in five letter pairs or more.
    Near,
    /// The nearest tags are returned, however far they are.
    Any,
}

impl Likeness {
    fn least(self) -> (usize, usize) {
        match self {
            Self::Near => LEAST,
            Self::Any => (0, 1),
        }
    }
}

impl Catalog {
    /// Returns up to `most` tags of the catalogue, nearest first; of several, in the order of their bytes. The case of the
    /// text does not matter.
    pub fn nearest_tags(&self, text: &[u8], most: usize, likeness: Likeness) -> Vec<Vec<u8>> {
        let least = likeness.least();
        let wanted = pairs(text);
        let mut found: Vec<(Reverse<usize>, &[u8])> = Vec::new();
        for tag in self.tags() {
            let other = pairs(tag);
            let shared = 2 * shared(&wanted, &other);
            let all = wanted.len() + other.len();
            if tag != text && shared * least.1 >= all * least.0 {
                found.push((Reverse(shared * 1_000_000 / all.max(1)), tag));
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|found| found.1);
        // Sessions that were removed leave their tags behind.
        let tags = found.into_iter().map(|(_, tag)| tag);
        let held = tags.filter(|tag| self.has_tag(tag)).take(most);
        held.map(<[u8]>::to_vec).collect()
    }
}

/// Returns the sorted pairs of neighbouring characters.
fn pairs(text: &[u8]) -> Vec<(char, char)> {
    let mut pairs: Vec<_> = if text.is_ascii() {
        let letters = || {
            text.iter()
                .map(|byte| char::from(byte.to_ascii_lowercase()))
        };
        let first = core::iter::once(' ').chain(letters());
        first.zip(letters().chain(core::iter::once(' '))).collect()
    } else {
        let text = format!(" {} ", String::from_utf8_lossy(text).to_lowercase());
        text.chars().zip(text.chars().skip(1)).collect()
    };
    pairs.sort_unstable();
    pairs
}

/// Counts the pairs of two sorted lists that both have.
fn shared(one: &[(char, char)], other: &[(char, char)]) -> usize {
    let (mut a, mut b, mut count) = (0, 0, 0);
    while let (Some(first), Some(second)) = (one.get(a), other.get(b)) {
        match first.cmp(second) {
            core::cmp::Ordering::Less => a += 1,
            core::cmp::Ordering::Greater => b += 1,
            core::cmp::Ordering::Equal => (a, b, count) = (a + 1, b + 1, count + 1),
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_text_is_near_and_another_word_is_not() {
        let near = |a: &str, b: &str| {
            let (a, b) = (pairs(a.as_bytes()), pairs(b.as_bytes()));
            2 * shared(&a, &b) * LEAST.1 >= (a.len() + b.len()) * LEAST.0
        };
        assert!(near("kuberntes", "kubernetes"));
        assert!(near("security", "cybersecurity"));
        assert!(!near("rust", "python"));
    }
}
