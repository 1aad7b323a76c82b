//! Counts how often each latency occurred: exactly while there is room, otherwise in buckets.
//!
//! Latencies in whole microseconds repeat, so a table usually holds every value. If there are too many different
//! values, the table keeps only their leading bits, fewer and fewer until they fit. To find an exact value, another
//! pass counts only the values of one bucket.

use hashbrown::HashMap;

/// The number of bits that are dropped at a time.
const STEP: u32 = 4;

/// Which group a table entry belongs to.
pub(super) type Group = u32;

/// Returns an integer that orders as the float does.
pub(super) fn key_of(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits(); // -0.0 becomes 0.0
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// Returns the float of a key: the inverse of [`key_of`].
pub(super) fn value_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key & !(1 << 63)
    } else {
        !key
    })
}

/// A table of latencies and their counts.
#[derive(Debug)]
pub(super) struct Spread {
    shift: u32,
    most: usize,
    counts: HashMap<(Group, u64), u64, foldhash::fast::RandomState>,
}

impl Spread {
    /// Creates a table of at most this many entries.
    pub(super) fn new(most: usize) -> Self {
        Self {
            shift: 0,
            most,
            counts: HashMap::default(),
        }
    }

    /// Returns how many trailing bits are missing; 0 if all values are exact.
    pub(super) fn shift(&self) -> u32 {
        self.shift
    }

    #[inline]
    pub(super) fn add(&mut self, group: Group, key: u64) {
        *self.counts.entry((group, key >> self.shift)).or_insert(0) += 1;
        if self.counts.len() > self.most {
            self.coarsen(self.shift + STEP);
        }
    }

    #[cold]
    fn coarsen(&mut self, shift: u32) {
        self.shift_to(shift);
        while self.counts.len() > self.most / 2 && self.shift < 63 {
            self.shift_to((self.shift + STEP).min(63));
        }
    }

    fn shift_to(&mut self, shift: u32) {
        let by = shift - self.shift;
        let mut coarser: HashMap<_, u64, _> = HashMap::default();
        for ((group, bucket), count) in std::mem::take(&mut self.counts) {
            *coarser.entry((group, bucket >> by)).or_insert(0) += count;
        }
        (self.shift, self.counts) = (shift, coarser);
    }

    /// Adds the counts of another table.
    pub(super) fn merge(&mut self, mut other: Self) {
        if other.shift < self.shift {
            other.shift_to(self.shift);
        } else if other.shift > self.shift {
            self.shift_to(other.shift);
        }
        for (entry, count) in other.counts {
            *self.counts.entry(entry).or_insert(0) += count;
        }
        if self.counts.len() > self.most {
            self.coarsen(self.shift + STEP);
        }
    }

    /// Returns all entries in ascending order.
    pub(super) fn into_sorted(self) -> Vec<(Group, u64, u64)> {
        let mut sorted: Vec<_> = self
            .counts
            .into_iter()
            .map(|((group, bucket), count)| (group, bucket, count))
            .collect();
        sorted.sort_unstable();
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ascend_as_floats_do() {
        let values = [
            f64::NEG_INFINITY,
            -2.5,
            -1e-300,
            0.0,
            1e-300,
            0.001,
            1.0,
            1e300,
            f64::INFINITY,
        ];
        assert!(values.map(key_of).is_sorted());
        let there_and_back = |value: f64| value_of(key_of(value)).to_bits() == value.to_bits();
        assert!(values.into_iter().all(there_and_back));
        assert_eq!(key_of(-0.0), key_of(0.0));
    }

    #[test]
    fn nothing_is_lost_by_coarser_buckets() {
        let (mut left, mut right) = (Spread::new(64), Spread::new(8));
        for step in 0..1_000_u32 {
            left.add(0, key_of(f64::from(step) * 0.37));
            right.add(1, key_of(f64::from(step) * 0.11));
        }
        left.merge(right);
        assert!(left.shift() > 0);
        let sorted = left.into_sorted();
        assert!(sorted.len() <= 64);
        for group in [0, 1] {
            assert_eq!(
                sorted
                    .iter()
                    .filter(|entry| entry.0 == group)
                    .map(|entry| entry.2)
                    .sum::<u64>(),
                1_000
            );
        }
    }
}
