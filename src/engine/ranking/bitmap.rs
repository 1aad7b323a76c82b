//! A set of positions with one bit for each.
//!
//! A new set asks the allocator for zeroed memory, which the system provides page by page at the first use. So a set of
//! few positions is cheap also in a large catalogue.

/// A set of the numbers below its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// Makes an empty set of numbers below `len`.
    pub fn new(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(64)],
            len,
        }
    }

    /// Makes the set of the numbers below `len` for which `belongs` returns true.
    pub fn from_fn(len: usize, mut belongs: impl FnMut(usize) -> bool) -> Self {
        let word = |base: usize| {
            let bits = base..len.min(base + 64);
            bits.fold(0, |word, number| {
                word | u64::from(belongs(number)) << (number - base)
            })
        };
        Self {
            words: (0..len).step_by(64).map(word).collect(),
            len,
        }
    }

    /// Returns the length: the set holds numbers below it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true if the length is 0.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a number. Ignores one that is not below the length.
    #[inline]
    pub fn insert(&mut self, number: u32) {
        let number = number as usize;
        if number < self.len
            && let Some(word) = self.words.get_mut(number / 64)
        {
            *word |= 1 << (number % 64);
        }
    }

    /// Returns true if the set holds a number.
    #[inline]
    pub fn contains(&self, number: u32) -> bool {
        let word = self.words.get(number as usize / 64).copied();
        word.unwrap_or_default() >> (number % 64) & 1 == 1
    }

    /// Removes the numbers that the other set does not hold.
    pub fn intersect(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Turns the set into its complement.
    pub fn invert(&mut self) {
        for word in &mut self.words {
            *word = !*word;
        }
        if let (spare @ 1.., Some(last)) = (self.len % 64, self.words.last_mut()) {
            *last &= (1 << spare) - 1;
        }
    }

    /// Returns how many numbers the set holds.
    pub fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Iterates over the numbers of the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0_u32..)
            .step_by(64)
            .zip(&self.words)
            .flat_map(|(base, &word)| {
                let rest =
                    core::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)));
                let bits = rest.take_while(|&word| word != 0);
                bits.map(move |word| base + word.trailing_zeros())
            })
    }

    /// Returns the bits: number `n` is bit `n % 64` of word `n / 64`. Bits beyond the length are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_set_it_was_filled_with() {
        for len in [0, 1, 63, 64, 65, 200] {
            let mut threes = Bitmap::new(len);
            for number in (0..300).step_by(3) {
                threes.insert(number);
            }
            let expected: Vec<u32> = (0..len as u32).step_by(3).collect();
            assert_eq!(threes, Bitmap::from_fn(len, |number| number % 3 == 0));
            assert_eq!(threes.iter().collect::<Vec<_>>(), expected);
            assert_eq!(threes.count(), expected.len());
            let mut others = threes.clone();
            others.invert();
            assert_eq!(others.count(), len - expected.len());
            assert!((0..300).all(|n| others.contains(n) == ((n as usize) < len && n % 3 != 0)));
            others.intersect(&threes);
            assert_eq!(others, Bitmap::new(len));
            assert!(!threes.contains(u32::MAX));
        }
    }
}
