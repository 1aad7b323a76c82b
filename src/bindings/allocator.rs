//! The allocator of the extension: the system's, with a reserve for small requests.
//!
//! A failed allocation of Rust ends the process. So memory whose size a caller chooses is checked or reserved first, with
//! an error where it cannot be had ([`memory`](crate::engine::memory)). The reserve covers the small requests in between.
//! When it is spent, [`memory::is_low`] is true: loops stop, the call raises `MemoryError`, and no further call begins
//! before the reserve is whole again. Nothing of the reserve is ever written to, so it costs address space only.

#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::alloc::System;

use crate::engine::memory;

const SIZE: usize = 8 << 20;
/// Larger requests fail at once: each of them is one of a size that a caller chose.
const MOST_COVERED: usize = 2 << 20;
const LAYOUT: Layout = Layout::new::<[u64; SIZE / size_of::<u64>()]>();

#[global_allocator]
static ALLOCATOR: Reserving = Reserving;
static RESERVE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

struct Reserving;

/// Makes the reserve whole. Returns false where there is no memory for it.
#[inline]
pub(super) fn refill() -> bool {
    !RESERVE.load(Ordering::Relaxed).is_null() || refill_now()
}

#[cold]
fn refill_now() -> bool {
    // SAFETY: the layout is not empty.
    let new = unsafe { System.alloc(LAYOUT) };
    if new.is_null() {
        return false;
    }
    let held = RESERVE.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire);
    if held.is_err() {
        // SAFETY: it was allocated above, and another thread's is held.
        unsafe { System.dealloc(new, LAYOUT) };
    }
    memory::set_low(false);
    true
}

/// Gives the reserve back to the system. Returns true if the request is worth another attempt.
#[cold]
fn spend(size: usize) -> bool {
    if size > MOST_COVERED {
        return false;
    }
    memory::set_low(true);
    let held = RESERVE.swap(ptr::null_mut(), Ordering::AcqRel);
    if !held.is_null() {
        // SAFETY: it came from `refill_now`, and nobody else has it any more.
        unsafe { System.dealloc(held, LAYOUT) };
    }
    true
}

// SAFETY: every request is passed to the system's allocator as it is, at most twice.
unsafe impl GlobalAlloc for Reserving {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe {
            let new = System.alloc(layout);
            if new.is_null() && spend(layout.size()) {
                return System.alloc(layout);
            }
            new
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe {
            let new = System.alloc_zeroed(layout);
            if new.is_null() && spend(layout.size()) {
                return System.alloc_zeroed(layout);
            }
            new
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises; a failed attempt leaves the block as it was.
        unsafe {
            let new = System.realloc(block, layout, size);
            if new.is_null() && spend(size) {
                return System.realloc(block, layout, size);
            }
            new
        }
    }
}
