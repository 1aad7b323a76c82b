//! Compiles [`seek`](super::lane::seek) for several instruction sets, and calls the widest that the processor has.
//!
//! `unsafe` is needed to call a function that was compiled for instructions which the processor might lack. The
//! functions themselves are safe code, written once in [`super::lane`].

#![allow(unsafe_code)]

use core::ops::Range;

use super::lane::{self, Found, Lane, Planes, Wanted};

/// The instructions to use. Only [`Simd::detect`] makes a value, and the `unsafe` calls below rely on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Simd(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Simd {
    /// Returns the widest that the processor has. Costs two loads, because the standard library remembers the result.
    #[inline]
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vl")
            {
                return Self(Level::Avx512);
            }
            if std::is_x86_feature_detected!("avx2") {
                return Self(Level::Avx2);
            }
        }
        Self(Level::Baseline)
    }

    /// Calls [`lane::seek`].
    #[inline]
    pub(super) fn seek<const P: usize>(
        self,
        rows: &[&[Lane]],
        base: &[Planes<P>],
        lanes: Range<usize>,
        wanted: Wanted,
    ) -> Option<Found<P>> {
        match self.0 {
            Level::Baseline => lane::seek(rows, base, lanes, wanted),
            // SAFETY: a `Simd` of this level exists only where `detect` saw the processor's avx2.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { seek_avx2(rows, base, lanes, wanted) },
            // SAFETY: as above, for avx512f and avx512vl.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { seek_avx512(rows, base, lanes, wanted) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn seek_avx2<const P: usize>(
    rows: &[&[Lane]],
    base: &[Planes<P>],
    lanes: Range<usize>,
    wanted: Wanted,
) -> Option<Found<P>> {
    lane::seek(rows, base, lanes, wanted)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn seek_avx512<const P: usize>(
    rows: &[&[Lane]],
    base: &[Planes<P>],
    lanes: Range<usize>,
    wanted: Wanted,
) -> Option<Found<P>> {
    lane::seek(rows, base, lanes, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every width finds the same lane and counts as adding bit by bit.
    #[test]
    fn all_widths_agree() {
        let mut state = 1_u64;
        let mut word = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 7) & (state >> 23)
        };
        for height in 0..=7 {
            let rows: Vec<[Lane; 3]> = (0..height)
                .map(|_| [(); 3].map(|()| Lane([(); 8].map(|()| word()))))
                .collect();
            let rows: Vec<&[Lane]> = rows.iter().map(<[Lane; 3]>::as_slice).collect();
            let count = |lane: usize, column: usize| -> u32 {
                let bits = rows
                    .iter()
                    .map(|row| row[lane].0[column / 64] >> (column % 64) & 1);
                bits.sum::<u64>() as u32
            };
            let levels = 0..=u32::try_from(height).expect("few rows");
            for (level, most) in levels.flat_map(|level| [(level, false), (level, true)]) {
                let belongs = |count| if most { count <= level } else { count >= level };
                let reached = |lane: &usize| (0..512).any(|column| belongs(count(*lane, column)));
                let expected = (0..3).find(reached);
                let wanted = if most {
                    Wanted::at_most(level, 3)
                } else {
                    Wanted::at_least(level)
                };
                for simd in [Simd(Level::Baseline), Simd::narrow(), Simd::detect()] {
                    let found = simd.seek::<3>(&rows, &[], 0..3, wanted);
                    assert_eq!(found.map(|found| found.lane), expected);
                    for (found, column) in found
                        .iter()
                        .flat_map(|found| (0..512).map(move |column| (found, column)))
                    {
                        assert_eq!(found.planes.count(column), count(found.lane, column));
                        let is_member = found.mask.0[column / 64] >> (column % 64) & 1 == 1;
                        assert_eq!(is_member, belongs(count(found.lane, column)));
                    }
                }
            }
        }
    }

    impl Simd {
        /// Does the same on a processor without AVX-512.
        fn narrow() -> Self {
            #[cfg(target_arch = "x86_64")]
            if std::is_x86_feature_detected!("avx2") {
                return Self(Level::Avx2);
            }
            Self(Level::Baseline)
        }
    }
}
