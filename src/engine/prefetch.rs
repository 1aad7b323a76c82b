//! Fetches memory into the processor's cache before it is read. One of the few `unsafe` files of the crate.

#![allow(unsafe_code)]

/// Fetches what lies at an address into the processor's cache. A hint, for any address.
#[inline]
pub fn prefetch(address: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint and never faults, whatever the address.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>((address as *const i8).wrapping_add(8));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
