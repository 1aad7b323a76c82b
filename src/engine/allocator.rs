//! An allocator that passes requests to the system, with a reserve for small requests.
//!
//! A failed allocation of Rust ends the process. So memory whose size a caller chooses is checked or reserved first
//! ([`memory`]), and an error is returned if there is not enough. The reserve covers the small requests in between. When
//! it is spent, [`memory::is_low`] returns true: loops stop and return an error, and no call should begin before
//! [`refill`] succeeds. The reserve is never written to, so it costs address space only.

#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::alloc::System;

use super::memory;

/// The bytes of the reserve.
const SIZE: usize = 8 << 20;
/// Larger requests fail at once, because a caller chose their size.
const MOST_COVERED: usize = 2 << 20;
const LAYOUT: Layout = Layout::new::<[u64; SIZE / size_of::<u64>()]>();

static RESERVE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

/// The system's allocator with a reserve.
#[derive(Debug)]
pub struct Reserving;

/// Allocates the reserve, unless there is one. Returns false if there is no memory for it.
#[inline]
pub fn refill() -> bool {
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

/// Frees the reserve. Returns true if the request should be tried again.
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
