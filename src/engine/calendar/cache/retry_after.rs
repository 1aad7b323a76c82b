//! Remembers which mailboxes must not be asked yet, because the service answered with `Retry-After`.

use core::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// The longest wait that is respected; a longer `Retry-After` is taken for a mistake. RFC 9110 sets no bound.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

#[derive(Debug)]
struct RetryAfter<E> {
    until: Duration,
    error: E,
}

/// The waits in force, by mailbox.
#[derive(Debug)]
pub struct RetryAfterTable<E> {
    waits: HashMap<Box<[u8]>, RetryAfter<E>, RandomState>,
    max_entries: usize,
}

impl<E: Clone> RetryAfterTable<E> {
    /// Creates an empty table that holds at most `max_entries` mailboxes, but at least one.
    pub fn new(max_entries: usize) -> Self {
        Self {
            waits: HashMap::default(),
            max_entries: max_entries.max(1),
        }
    }

    /// Returns the error to report and the time left, if the mailbox must not be asked now.
    pub fn get(&self, mailbox: &[u8], now: Duration) -> Option<(E, Duration)> {
        if self.waits.is_empty() {
            return None;
        }
        let wait = self.waits.get(mailbox)?;
        let left = wait.until.checked_sub(now)?;
        (!left.is_zero()).then(|| (wait.error.clone(), left))
    }

    /// Adds a wait for a mailbox. Returns the errors that are no longer needed, for the caller to drop.
    pub fn insert(&mut self, mailbox: &[u8], wait: Duration, error: E, now: Duration) -> Vec<E> {
        let mut removed = Vec::new();
        if self.waits.len() >= self.max_entries && !self.waits.contains_key(mailbox) {
            let over = self.waits.extract_if(|_, wait| wait.until <= now);
            removed.extend(over.map(|(_, wait)| wait.error));
            if self.waits.len() >= self.max_entries {
                // All waits are still in force. The one that ends first is removed, so that many users cannot fill the
                // memory.
                let first = self.waits.iter().min_by_key(|(_, wait)| wait.until);
                let first = first.map(|(mailbox, _)| mailbox.clone());
                let first = first.and_then(|mailbox| self.waits.remove(&mailbox));
                removed.extend(first.map(|wait| wait.error));
            }
        }
        let until = now.saturating_add(wait.min(LONGEST_WAIT));
        // Of two waits the longer one holds. A successful request in between ends neither.
        let longer = self.waits.get(mailbox).filter(|wait| wait.until > until);
        if longer.is_some() {
            removed.push(error);
            return removed;
        }
        let before = self
            .waits
            .insert(mailbox.into(), RetryAfter { until, error });
        removed.extend(before.map(|wait| wait.error));
        removed
    }

    /// Returns the number of mailboxes in the table.
    pub fn len(&self) -> usize {
        self.waits.len()
    }

    /// Returns true if the table is empty.
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty()
    }
}
