//! Remembers which objects were changed last, by address, and finds out whether some of a set were among them.
//!
//! The log is a ring. A reader keeps the count of changes that it has seen; what was logged since then is all that it
//! has to look through. If more was logged than the ring holds, the answer is "perhaps", which counts as yes.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// Up to this many addresses are looked for one by one: a scan of a column is faster than a set.
const FEW: usize = 8;

/// The last `SIZE` changes.
#[derive(Debug)]
pub struct TouchLog<const SIZE: usize> {
    slots: [AtomicUsize; SIZE],
    count: AtomicU64,
}

impl<const SIZE: usize> Default for TouchLog<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SIZE: usize> TouchLog<SIZE> {
    /// Creates an empty log. It may be a `static`: pages that are not written take no memory.
    pub const fn new() -> Self {
        Self {
            slots: [const { AtomicUsize::new(0) }; SIZE],
            count: AtomicU64::new(0),
        }
    }

    /// Adds a change of the object at this address. One thread at a time may do this.
    #[inline]
    pub fn push(&self, address: usize) {
        let count = self.count.load(Ordering::Relaxed);
        if let Some(slot) = self.slots.get(Self::place(count)) {
            slot.store(address, Ordering::Relaxed);
        }
        self.count.store(count + 1, Ordering::Release);
    }

    /// Makes every earlier mark useless, because changes were missed.
    pub fn lose(&self) {
        self.count.fetch_add(SIZE as u64 + 1, Ordering::Release);
    }

    /// Returns how many changes were logged so far: the mark from which a later look starts.
    #[inline]
    pub fn mark(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Returns true if none of the objects at `addresses` was changed since the mark. O(changes), or O(changes +
    /// addresses) if there were more than a few changes.
    pub fn is_clean(&self, since: u64, addresses: &[u64]) -> bool {
        let now = self.mark();
        let changes = now.saturating_sub(since);
        if changes == 0 {
            return true;
        }
        if changes > SIZE as u64 {
            return false;
        }
        let changes = changes as usize;
        let mut touched = (since..now).filter_map(|count| {
            let slot = self.slots.get(Self::place(count))?;
            Some(slot.load(Ordering::Relaxed) as u64)
        });
        if changes <= FEW {
            return touched.all(|address| !addresses.contains(&address));
        }
        // The set is made of the smaller side.
        if changes < addresses.len() {
            is_disjoint(touched, changes, addresses.iter().copied())
        } else {
            is_disjoint(addresses.iter().copied(), addresses.len(), touched)
        }
    }

    const fn place(count: u64) -> usize {
        (count % SIZE as u64) as usize
    }
}

/// Returns true if the two have nothing in common, and false if there is no memory to find out.
fn is_disjoint(
    few: impl Iterator<Item = u64>,
    count: usize,
    mut many: impl Iterator<Item = u64>,
) -> bool {
    let mut set = HashSet::with_hasher(FixedState::default());
    if set.try_reserve(count).is_err() {
        return false;
    }
    set.extend(few);
    !many.any(|address| set.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_by_those_who_hold_the_object_and_by_no_other() {
        for noise in [0, 3, 7, 8, 9, 40] {
            let log = TouchLog::<64>::new();
            let since = log.mark();
            let (mine, others) = ([10, 20, 30], [11, 21, 31]);
            assert!(log.is_clean(since, &mine));
            for other in 0..noise {
                log.push(1_000 + other);
            }
            assert!(log.is_clean(since, &mine), "{noise}");
            log.push(20);
            assert!(!log.is_clean(since, &mine), "{noise}");
            assert!(log.is_clean(since, &others), "{noise}");
            assert!(log.is_clean(log.mark(), &mine), "{noise}");
        }
    }

    #[test]
    fn both_sides_may_be_the_smaller_one() {
        let log = TouchLog::<1024>::new();
        (0..500).for_each(|address| log.push(address * 2));
        let odd: Vec<u64> = (0..2_000).map(|address| address * 2 + 1).collect();
        assert!(log.is_clean(0, &odd));
        assert!(log.is_clean(0, &odd[..20]));
        let even = [odd.as_slice(), &[998]].concat();
        assert!(!log.is_clean(0, &even));
        assert!(!log.is_clean(0, &even[even.len() - 1..]));
    }

    #[test]
    fn a_full_ring_is_read_and_an_overrun_one_is_not() {
        let log = TouchLog::<16>::new();
        (0..16).for_each(|address| log.push(address));
        assert!(log.is_clean(0, &[99]));
        assert!(!log.is_clean(0, &[0]) && !log.is_clean(0, &[15]));
        log.push(16);
        assert!(!log.is_clean(0, &[99]), "change 0 is overwritten");
        assert!(log.is_clean(1, &[99]) && log.is_clean(1, &[0]));
        let mark = log.mark();
        log.lose();
        assert!(!log.is_clean(mark, &[99]) && !log.is_clean(mark, &[]));
    }
}
