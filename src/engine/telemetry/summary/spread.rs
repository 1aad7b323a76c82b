//! Counts how often each latency occurred, exactly as long as the table fits, then in buckets.
//!
//! Latencies of whole microseconds repeat, and one table holds them all. If there are too many different values, the table
//! keeps only their leading bits, and fewer of them until it fits. To get the exact value of a rank, the caller finds its
//! bucket and counts the values of that bucket in another pass.

use hashbrown::HashMap;

/// The leading bits that are given up at a time.
const STEP: u32 = 4;

/// Which table entries belong together.
pub(super) type Group = u32;

/// An integer that ascends as the float does.
pub(super) fn key_of(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits(); // -0.0 becomes 0.0
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// The inverse of [`key_of`].
pub(super) fn value_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key & !(1 << 63)
    } else {
        !key
    })
}

/// See the module.
#[derive(Debug)]
pub(super) struct Spread {
    shift: u32,
    most: usize,
    counts: HashMap<(Group, u64), u64, foldhash::fast::RandomState>,
}

impl Spread {
    /// A table of at most so many entries.
    pub(super) fn new(most: usize) -> Self {
        Self {
            shift: 0,
            most,
            counts: HashMap::default(),
        }
    }

    /// How many trailing bits are missing; 0 when all values are exact.
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

    /// Adds what another one has counted.
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

    /// All entries, ascending.
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
