//! Adds up the sparse posting lists of a query in bit-sliced counters, one window of lanes after the other.
//!
//! Invariant: between two calls of [`Sparse::rewind`], lanes are requested in ascending order, so a cursor never goes
//! back. Costs O(lists) for each window and O(1) for each posting. The lists of a damaged file may hold any ranks in any
//! order: ranks outside the window are skipped.

use core::ops::Range;

use super::lane::Planes;
use super::order::LANE_IDS;

/// The number of lanes in a window. The first windows are small, because many queries end there. The counters of the
/// largest window still fit into the first-level cache.
const SMALLEST_WINDOW: usize = 4;
const LARGEST_WINDOW: usize = 32;

/// Cursors into the lists and the counters of the current window.
#[derive(Debug)]
pub(super) struct Sparse<'a, const P: usize> {
    lists: &'a [&'a [u32]],
    /// The unread rest of every list.
    rest: Vec<&'a [u32]>,
    counters: Vec<Planes<P>>,
    window: Range<usize>,
    /// The number of lanes in the next window.
    size: usize,
}

impl<'a, const P: usize> Sparse<'a, P> {
    /// Cursors at the start of the lists.
    pub(super) fn new(lists: &'a [&'a [u32]]) -> Self {
        Self {
            lists,
            rest: lists.to_vec(),
            counters: Vec::new(),
            window: 0..0,
            size: SMALLEST_WINDOW,
        }
    }

    /// Returns the number of lists.
    pub(super) fn len(&self) -> u32 {
        self.lists.len() as u32
    }

    /// Puts the cursors back to the start of the lists.
    pub(super) fn rewind(&mut self) {
        self.rest.clear();
        self.rest.extend_from_slice(self.lists);
        self.window = 0..0;
    }

    /// Returns the counters from `lanes.start` on, and the lane at which they end.
    ///
    /// Returns `Err` with the next lane to read if no session before it can reach `level`, even with a bit from each
    /// of `rows` rows.
    #[inline]
    pub(super) fn counters(
        &mut self,
        lanes: Range<usize>,
        level: u32,
        rows: usize,
    ) -> Result<(&[Planes<P>], usize), usize> {
        if self.lists.is_empty() {
            return if (rows as u32) < level {
                Err(lanes.end)
            } else {
                Ok((&[], lanes.end))
            };
        }
        if !self.window.contains(&lanes.start) {
            self.enter(lanes.clone(), level, rows)?;
            self.add();
        }
        let offset = lanes.start - self.window.start;
        Ok((&self.counters[offset..], self.window.end))
    }

    /// Moves the window to the start of `lanes`.
    fn enter(&mut self, lanes: Range<usize>, level: u32, rows: usize) -> Result<(), usize> {
        let window = lanes.start..lanes.end.min(lanes.start + self.size);
        self.size = LARGEST_WINDOW.min(2 * self.size);
        let start = window.start * LANE_IDS;
        let end = window.end * LANE_IDS;
        let (mut reaching, mut next) = (rows as u32, usize::MAX);
        self.rest.retain_mut(|rest| {
            if rest.first().is_some_and(|&rank| (rank as usize) < start) {
                let passed = rest.partition_point(|&rank| (rank as usize) < start);
                *rest = &rest[passed..];
            }
            let Some(&first) = rest.first() else {
                return false;
            };
            reaching += u32::from((first as usize) < end);
            next = next.min(first as usize);
            true
        });
        if reaching >= level {
            self.window = window;
            return Ok(());
        }
        // The rows alone do not reach the level, so the search continues at the next posting.
        Err(if (rows as u32) < level {
            lanes.end.min(window.end.max(next / LANE_IDS))
        } else {
            window.end
        })
    }

    /// Adds up the postings of the window.
    fn add(&mut self) {
        self.counters.clear();
        self.counters.resize(self.window.len(), Planes::ZERO);
        let start = self.window.start * LANE_IDS;
        let end = self.window.end * LANE_IDS;
        for rest in &mut self.rest {
            while let Some((&rank, after)) = rest.split_first()
                && (rank as usize) < end
            {
                let at = (rank as usize).wrapping_sub(start);
                if let Some(counters) = self.counters.get_mut(at / LANE_IDS) {
                    counters.increment(at % LANE_IDS);
                }
                *rest = after;
            }
        }
    }
}
