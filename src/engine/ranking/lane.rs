//! Counts the set bits in each column of a bit matrix, 512 columns at a time.
//!
//! The counters are bit-sliced: plane `i` holds bit `i` of the count of every column, and rows are added by
//! carry-save adders. The code is independent of the instruction set: [`super::simd`] compiles [`seek`] several times.
//! Cost: about four operations on a [`Lane`] for each row.

// Must be inlined into the functions of `simd`. Otherwise it would be compiled for the baseline instructions.
#![allow(clippy::inline_always)]

use core::ops::Range;

use bytemuck::{Pod, Zeroable};

/// 512 bits, one for each rank, aligned to a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Lane(pub(super) [u64; 8]);

impl Lane {
    /// No bit set.
    pub(super) const ZERO: Self = Self([0; 8]);
    /// Every bit set.
    pub(super) const ONES: Self = Self([u64::MAX; 8]);

    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = [0; 8];
        for (word, (a, b)) in words.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            *word = operation(a, b);
        }
        Self(words)
    }

    /// Returns the bits that are set in both.
    #[inline(always)]
    pub(super) fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }

    /// Adds three bits in each column. Returns (low bits, high bits).
    #[inline(always)]
    fn add(self, b: Self, c: Self) -> (Self, Self) {
        let half = self.xor(b);
        (half.xor(c), self.and(b).or(half.and(c)))
    }

    /// Returns the bits of the columns for which `belongs` returns true.
    #[inline]
    pub(super) fn from_fn(mut belongs: impl FnMut(usize) -> bool) -> Self {
        let mut lane = Self::ZERO;
        for (start, word) in (0..).step_by(64).zip(&mut lane.0) {
            for bit in 0..64 {
                *word |= u64::from(belongs(start + bit)) << bit;
            }
        }
        lane
    }

    /// Returns the bits of the first `columns` columns, of all if there are more.
    #[inline]
    pub(super) fn before(columns: usize) -> Self {
        let mut lane = Self::ONES;
        for (start, word) in (0..).step_by(64).zip(&mut lane.0) {
            *word = match columns.saturating_sub(start) {
                bits @ 0..64 => (1 << bits) - 1,
                _ => u64::MAX,
            };
        }
        lane
    }

    /// Returns true if no bit is set.
    #[inline(always)]
    pub(super) fn is_zero(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    /// Iterates over the columns of the set bits, ascending.
    #[inline]
    pub(super) fn ones(&self) -> impl Iterator<Item = usize> {
        (0..).step_by(64).zip(self.0).flat_map(|(start, word)| {
            let rest = core::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)));
            rest.take_while(|&rest| rest != 0)
                .map(move |rest| start + rest.trailing_zeros() as usize)
        })
    }

    /// Calls `visit` with the column of each set bit, ascending. Faster than [`Self::ones`] where there are many.
    #[inline]
    pub(super) fn each_one(&self, mut visit: impl FnMut(usize)) {
        for (start, &word) in (0..).step_by(64).zip(&self.0) {
            let mut rest = word;
            while rest != 0 {
                visit(start + rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        }
    }

    /// Returns the number of set bits.
    #[inline]
    pub(super) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

/// Bit-sliced counters of 512 columns: counts below 2^`P`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes<const P: usize>(pub(super) [Lane; P]);

impl<const P: usize> Planes<P> {
    /// All counts 0.
    pub(super) const ZERO: Self = Self([Lane::ZERO; P]);

    /// Adds `carry` to the bits from plane `from` on.
    #[inline(always)]
    fn ripple(&mut self, from: usize, mut carry: Lane) {
        // The loop runs from 0 to `P` so that it is unrolled and the planes stay in registers.
        for (index, plane) in self.0.iter_mut().enumerate() {
            if index >= from {
                let next = plane.and(carry);
                *plane = plane.xor(carry);
                carry = next;
            }
        }
    }

    /// Adds 1 to a single column, without a branch on the carry, because that branch cannot be predicted.
    #[inline]
    pub(super) fn increment(&mut self, column: usize) {
        let (word, mut carry) = (column / 64 % 8, 1_u64 << (column % 64));
        for plane in &mut self.0 {
            let bits = plane.0[word];
            plane.0[word] = bits ^ carry;
            carry &= bits;
        }
    }

    /// Adds one bit in each column from every row.
    #[inline(always)]
    fn add_rows(&mut self, rows: &[&[Lane]], lane: usize) {
        let mut fours = rows.chunks_exact(4);
        for four in &mut fours {
            let (low, carry_a) = self.0[0].add(four[0][lane], four[1][lane]);
            let (low, carry_b) = low.add(four[2][lane], four[3][lane]);
            let (middle, carry) = self.0[1].add(carry_a, carry_b);
            self.0[0] = low;
            self.0[1] = middle;
            self.ripple(2, carry);
        }
        match fours.remainder() {
            [a] => self.ripple(0, a[lane]),
            [a, b] => {
                let (low, carry) = self.0[0].add(a[lane], b[lane]);
                self.0[0] = low;
                self.ripple(1, carry);
            }
            [a, b, c] => {
                let (low, carry) = self.0[0].add(a[lane], b[lane]);
                self.0[0] = low;
                self.ripple(1, carry);
                self.ripple(0, c[lane]);
            }
            _ => {}
        }
    }

    /// Returns the columns with counts of `level` and more.
    #[inline(always)]
    pub(super) fn at_least(&self, level: u32) -> Lane {
        let mut mask = Lane::ONES;
        for (bit, plane) in self.0.iter().enumerate() {
            // Where the level has a bit, the count needs it too. Where the level has none, a set bit is enough.
            let lacks = u64::from(level >> bit & 1).wrapping_sub(1);
            mask = mask.zip(*plane, |mask, plane| {
                (mask & plane) | ((mask | plane) & lacks)
            });
        }
        mask
    }

    /// Returns the columns whose count is `level`.
    #[inline]
    pub(super) fn exactly(&self, level: u32) -> Lane {
        let mut mask = Lane::ONES;
        for (bit, plane) in self.0.iter().enumerate() {
            mask = if level >> bit & 1 == 1 {
                mask.and(*plane)
            } else {
                mask.zip(*plane, |a, b| a & !b)
            };
        }
        mask
    }

    /// Returns the count of one column.
    #[inline]
    pub(super) fn count(&self, column: usize) -> u32 {
        let planes = self.0.iter().enumerate();
        planes.fold(0, |count, (bit, plane)| {
            count | ((plane.0[column / 64 % 8] >> (column % 64) & 1) as u32) << bit
        })
    }
}

/// The counts that a search looks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Columns whose count is at least this...
    level: u32,
    /// ...if no bit is set, or all other columns if every bit is.
    inverted: u64,
}

impl Wanted {
    /// Returns the columns with counts of `level` and more.
    #[inline]
    pub(super) fn at_least(level: u32) -> Self {
        Self { level, inverted: 0 }
    }

    /// Returns the columns with counts of `most` and fewer, of counters with `planes` planes.
    #[inline]
    pub(super) fn at_most(most: u32, planes: usize) -> Self {
        if (most + 1) >> planes == 0 {
            Self {
                level: most + 1,
                inverted: u64::MAX,
            }
        } else {
            Self::at_least(0)
        }
    }
}

/// A lane in which some column has a wanted count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<const P: usize> {
    /// The number of the lane.
    pub(super) lane: usize,
    /// Its counters.
    pub(super) planes: Planes<P>,
    /// The columns with a wanted count.
    pub(super) mask: Lane,
}

/// Returns the first of `lanes` in which some column's count is wanted.
///
/// A count starts from `base` (counters of `lanes`, or empty for 0), and each row adds one bit. Every row must cover
/// `lanes`, and no count may reach 2^`P`.
#[inline(always)]
pub(super) fn seek<const P: usize>(
    rows: &[&[Lane]],
    base: &[Planes<P>],
    lanes: Range<usize>,
    wanted: Wanted,
) -> Option<Found<P>> {
    let first = lanes.start;
    for lane in lanes {
        let mut planes = base
            .get(lane - first)
            .map_or(Planes::ZERO, |counters| *counters);
        planes.add_rows(rows, lane);
        let reached = planes.at_least(wanted.level);
        let mask = reached.zip(Lane::ZERO, |word, _| word ^ wanted.inverted);
        if !mask.is_zero() {
            return Some(Found { lane, planes, mask });
        }
    }
    None
}
