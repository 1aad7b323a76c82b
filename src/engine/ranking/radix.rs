//! Sorts positions by (popularity descending, position ascending), faster than by comparing.
//!
//! The 32 highest bits in which the popularities differ are packed above the position into one `u64`. These are sorted
//! by three stable counting passes of 11 bits. Popularities that differ only in lower bits are rare (one in a hundred
//! among ten million random floats); they are sorted by comparing afterwards. The cost is O(n), or O(n log n) if nearly
//! all popularities are neighbouring floats.

/// The lowest bit of each digit of the packed key, the lowest digit first.
const DIGITS: [u32; 3] = [32, 43, 54];
const DIGIT_BITS: u32 = 11;
const BUCKETS: usize = 1 << DIGIT_BITS;
/// Shorter inputs are sorted by comparing, because clearing and summing the buckets would cost more.
const SHORT: usize = 2048;

/// Returns a key that ascends while the popularity descends. `-0.0` and `0.0` have the same key.
#[inline]
pub(super) fn descending(popularity: f64) -> u64 {
    let bits = (popularity + 0.0).to_bits();
    if bits >> 63 == 1 {
        bits
    } else {
        !bits ^ (1 << 63)
    }
}

/// Returns the number whose [`descending`] key this is.
#[inline]
pub(super) fn ascending(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key
    } else {
        !key ^ (1 << 63)
    })
}

/// Packs keys and positions for [`sort`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing {
    shift: u32,
}

impl Packing {
    /// Makes a packing for keys from `low` to `high`.
    pub(super) fn new(low: u64, high: u64) -> Self {
        let differing = u64::BITS - (low ^ high).leading_zeros();
        Self {
            shift: differing.saturating_sub(32),
        }
    }

    /// Packs the highest differing bits of the key above the position.
    #[inline]
    pub(super) fn pack(self, key: u64, position: u32) -> u64 {
        // All keys agree above these 32 bits, so the cast loses no information.
        u64::from((key >> self.shift) as u32) << 32 | u64::from(position)
    }

    /// Returns true if equal packed keys mean equal keys.
    pub(super) fn is_exact(self) -> bool {
        self.shift == 0
    }
}

/// Sorts packed keys whose positions ascend. `spare` must have the same length.
pub(super) fn sort(packed: &mut [u64], spare: &mut [u64]) {
    if packed.len() < SHORT {
        packed.sort_unstable();
        return;
    }
    let (mut from, mut to) = (packed, spare);
    let mut swapped = false;
    for digit in DIGITS {
        if pass(from, to, digit) {
            (from, to) = (to, from);
            swapped = !swapped;
        }
    }
    if swapped {
        to.copy_from_slice(from);
    }
}

/// Moves `from` to `to`, sorted stably by one digit. Returns false and moves nothing if all keys have the same digit.
fn pass(from: &[u64], to: &mut [u64], digit: u32) -> bool {
    let bucket = |key: u64| (key >> digit) as usize % BUCKETS;
    let mut next = [0_u32; BUCKETS];
    for &key in from {
        next[bucket(key)] += 1;
    }
    if from
        .first()
        .is_some_and(|&key| next[bucket(key)] as usize == from.len())
    {
        return false;
    }
    let mut sum = 0;
    for count in &mut next {
        sum += core::mem::replace(count, sum);
    }
    for &key in from {
        let slot = &mut next[bucket(key)];
        to[*slot as usize] = key;
        *slot += 1;
    }
    true
}
