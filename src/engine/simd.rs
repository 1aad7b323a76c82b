//! [`seek`](super::lane::seek), compiled for the widest instructions that the running processor has.
//!
//! The only `unsafe` of the engine: calling a function compiled for instructions that the processor might lack. What
//! they compute is safe code, written once in [`super::lane`].

#![allow(unsafe_code)]

use core::ops::Range;

use super::lane::{self, Found, Lane, Planes};

/// The instructions to use; only [`Simd::detect`] makes one, which is what the `unsafe` below relies on.
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
    /// The widest that the running processor has. Costs two loads: the standard library remembers the answer.
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

    /// [`lane::seek`].
    #[inline]
    pub(super) fn seek<const P: usize>(
        self,
        rows: &[&[Lane]],
        base: &[Planes<P>],
        lanes: Range<usize>,
        level: u32,
    ) -> Option<Found<P>> {
        match self.0 {
            Level::Baseline => lane::seek(rows, base, lanes, level),
            // SAFETY: a `Simd` of this level exists only where `detect` saw the processor's avx2.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { seek_avx2(rows, base, lanes, level) },
            // SAFETY: as above, for avx512f and avx512vl.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { seek_avx512(rows, base, lanes, level) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn seek_avx2<const P: usize>(
    rows: &[&[Lane]],
    base: &[Planes<P>],
    lanes: Range<usize>,
    level: u32,
) -> Option<Found<P>> {
    lane::seek(rows, base, lanes, level)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn seek_avx512<const P: usize>(
    rows: &[&[Lane]],
    base: &[Planes<P>],
    lanes: Range<usize>,
    level: u32,
) -> Option<Found<P>> {
    lane::seek(rows, base, lanes, level)
}
